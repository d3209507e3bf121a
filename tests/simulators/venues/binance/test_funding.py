"""Funding: paid every eight hours of the age clock, told, listed as income, and listed as history."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from tests.simulators.venues.support.client import SECOND_NS

from venueproof_simulators.engine.commands import PayFunding

from .client import Client

HOUR_S = 3600
UNTIL_FUNDING_S = 3 * HOUR_S + 55 * 60
"""From 12:05, when the venue opens, to 16:00."""


def updates(client: Client, session: int) -> list[Any]:
    """The money messages heard since the last call."""
    return [message["a"] for message in client.take(session) if message["e"] == "ACCOUNT_UPDATE"]


def income(client: Client) -> list[Any]:
    """What was paid for funding."""
    return list(client.ask("GET", "/fapi/v1/income", incomeType="FUNDING_FEE"))


def test_cross_position_pays_at_the_hour_that_was_announced(client: Client) -> None:
    client.market(quantity="0.100")
    announced = client.get("/fapi/v1/premiumIndex", symbol="BTCUSDT")
    before = Decimal(client.ask("GET", "/fapi/v3/balance")[0]["balance"])
    client.wait(UNTIL_FUNDING_S - 30)
    session = client.open_user_stream()
    client.wait(29)
    assert updates(client, session) == []
    client.wait(1)
    assert client.time().wire_ms == announced["nextFundingTime"]
    (told,) = updates(client, session)
    paid = Decimal("0.100") * Decimal(announced["markPrice"]) * Decimal(announced["lastFundingRate"])
    assert (told["m"], told["P"]) == ("FUNDING_FEE", [])
    assert (Decimal(told["B"][0]["bc"]), Decimal(told["B"][0]["wb"])) == (-paid, before - paid)
    (row,) = income(client)
    assert (row["symbol"], row["asset"], row["info"], row["tradeId"]) == ("BTCUSDT", "USDT", "FUNDING_FEE", "")
    assert (Decimal(row["income"]), row["time"]) == (-paid, announced["nextFundingTime"])
    newest = client.get("/fapi/v1/fundingRate", symbol="BTCUSDT", limit=2)
    assert [one["fundingTime"] - row["time"] for one in newest] == [-8 * HOUR_S * 1000, 0]
    assert newest[1]["fundingRate"] == announced["lastFundingRate"]
    assert newest[1]["markPrice"] == announced["markPrice"]
    assert client.get("/fapi/v1/premiumIndex", symbol="BTCUSDT")["nextFundingTime"] == row["time"] + 8 * HOUR_S * 1000


def test_isolated_position_pays_from_its_own_margin_and_a_short_one_receives(client: Client) -> None:
    client.ask("POST", "/fapi/v1/marginType", symbol="BTCUSDT", marginType="ISOLATED")
    client.market("SELL", quantity="0.100")
    held = client.ask("GET", "/fapi/v3/positionRisk")[0]["isolatedWallet"]
    session = client.open_user_stream()
    client.command(PayFunding("BTCUSDT", 100_000))
    (told,) = updates(client, session)
    assert told["m"] == "FUNDING_FEE"
    assert Decimal(told["B"][0]["bc"]) == Decimal("0.6") == Decimal(told["P"][0]["iw"]) - Decimal(held)


def test_nobody_without_a_position_pays_or_is_waited_for(client: Client) -> None:
    due_ms = client.get("/fapi/v1/premiumIndex", symbol="BTCUSDT")["nextFundingTime"]
    assert client.venue.next_due_ns(client.time()) is None
    client.wait(UNTIL_FUNDING_S + 7)
    client.market()
    assert income(client) == []
    assert client.get("/fapi/v1/fundingRate", symbol="BTCUSDT", limit=1)[0]["fundingTime"] == due_ms
    client.wait(1)
    next_ns = client.venue.next_due_ns(client.time())
    assert next_ns == due_ms * 1_000_000 + 8 * HOUR_S * SECOND_NS
    client.market("SELL")
    client.wait(1)
    assert client.venue.next_due_ns(client.time()) is None


@pytest.mark.parametrize("hours", [9, 30])
def test_ages_that_are_moved_bring_the_fundings_due_meanwhile(client: Client, hours: int) -> None:
    client.market(quantity="0.100")
    client.aged_ns = hours * HOUR_S * SECOND_NS
    client.wait(0)
    rows = income(client)
    assert len(rows) == (hours + 4) // 8
    assert {row["time"] for row in rows} == {client.time().wire_ms}
    history = client.get("/fapi/v1/fundingRate", symbol="BTCUSDT")
    assert len({row["fundingTime"] for row in history}) == len(history)
    assert [row["fundingTime"] >= client.time().wire_ms for row in history].count(True) == len(rows)
    due_ms = client.get("/fapi/v1/premiumIndex", symbol="BTCUSDT")["nextFundingTime"]
    client.wait((due_ms - client.time().wire_ms) / 1000)
    assert len(income(client)) == len(rows) + 1


def test_rate_of_a_funding_from_behind_is_listed_as_it_was(client: Client) -> None:
    client.command(PayFunding("BTCUSDT", -250_000))
    newest = client.get("/fapi/v1/fundingRate", symbol="BTCUSDT", limit=1)[0]
    assert (newest["fundingRate"], newest["fundingTime"]) == ("-0.00025000", client.time().wire_ms)
    start = {"symbol": "BTCUSDT", "startTime": newest["fundingTime"]}
    assert client.get("/fapi/v1/fundingRate", **start) == [newest]
    assert client.get("/fapi/v1/fundingRate", symbol="BTCUSDT", endTime=newest["fundingTime"] - 1, limit=1) != [newest]
