"""What is told of money while one order trades several times, and how far back lists of it reach."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from venueproof_simulators.engine.commands import Deposit, FillOrder

from .client import Client

DAY_S = 86_400
DAY_MS = DAY_S * 1000
FILLS = "/fapi/v1/userTrades"
INCOME = "/fapi/v1/income"


def updates(client: Client, session: int) -> list[dict[str, Any]]:
    """The money messages heard since the last call."""
    return [message["a"] for message in client.take(session) if message["e"] == "ACCOUNT_UPDATE"]


@pytest.mark.parametrize("side", ["BUY", "SELL"])
def test_every_step_of_a_sweep_is_told_with_its_own_figures(client: Client, side: str) -> None:
    client.market(side, quantity="3.000")
    session = client.open_user_stream()
    client.market("SELL" if side == "BUY" else "BUY", quantity="3.000")
    steps = [update["P"][0] for update in updates(client, session)]
    assert len(steps) > 1
    for step in steps[:-1]:
        gained = (Decimal(60000) - Decimal(step["ep"])) * Decimal(step["pa"])
        assert abs(Decimal(step["up"]) - gained) < Decimal("1e-6")
        better = Decimal(step["bep"]) - Decimal(step["ep"])
        assert (better > 0) is (side == "BUY"), "fees move the break-even away from the entry"
    assert (steps[-1]["pa"], steps[-1]["ep"], steps[-1]["up"]) == ("0", "0.0", "0")
    assert Decimal(steps[-1]["bep"]) == 0


def test_closing_a_part_leaves_the_entry_price_as_it_is(client: Client) -> None:
    session = client.open_user_stream()
    client.market(quantity="3.005")
    for _ in range(3):
        client.market("SELL", quantity="0.777")
    told = [update["P"][0] for update in updates(client, session)]
    reached = next(place for place, step in enumerate(told) if step["pa"] == "3.005")
    assert len(told) > reached + 3
    assert {step["ep"] for step in told[reached:]} == {told[reached]["ep"]}


def test_margin_locked_in_grows_with_every_step(client: Client) -> None:
    client.ask("POST", "/fapi/v1/marginType", symbol="BTCUSDT", marginType="ISOLATED")
    session = client.open_user_stream()
    client.market(quantity="3.000")
    seen = updates(client, session)
    assert len(seen) > 1
    for update in seen:
        wallet, position = update["B"][0], update["P"][0]
        assert Decimal(wallet["wb"]) - Decimal(wallet["cw"]) == Decimal(position["iw"])


def test_last_money_message_agrees_with_every_list(client: Client) -> None:
    session = client.open_user_stream()
    client.market(quantity="3.000")
    client.market("SELL", quantity="1.234")
    last = updates(client, session)[-1]
    risk = client.ask("GET", "/fapi/v3/positionRisk")[0]
    position = last["P"][0]
    for told, asked in (
        ("pa", "positionAmt"),
        ("ep", "entryPrice"),
        ("up", "unRealizedProfit"),
        ("bep", "breakEvenPrice"),
    ):
        assert Decimal(position[told]) == Decimal(risk[asked])
    assert Decimal(last["B"][0]["wb"]) == Decimal(client.ask("GET", "/fapi/v3/balance")[0]["balance"])


def test_average_price_has_no_more_digits_than_a_price_can_use(client: Client) -> None:
    session = client.open_user_stream()
    client.market("SELL", quantity="3.100")
    averages = [message["o"]["ap"] for message in client.take(session) if message["e"] == "ORDER_TRADE_UPDATE"]
    assert max(len(average.partition(".")[2]) for average in averages) <= 8


def test_leverage_that_is_set_already_is_not_told_again(client: Client) -> None:
    session = client.open_user_stream()
    for _ in range(2):
        client.ask("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=7)
    assert [message["ac"]["l"] for message in client.take(session)] == [7]


def test_income_adds_up_to_what_the_wallet_gained(client: Client) -> None:
    before = Decimal(client.ask("GET", "/fapi/v3/balance")[0]["balance"])
    client.market(quantity="3.000")
    client.market("SELL", quantity="2.000")
    for atoms in (5 * 10**8, -3 * 10**8):
        client.command(Deposit(client.venue.account, "USDT", atoms))
    rows = client.ask("GET", INCOME, limit=1000)
    after = Decimal(client.ask("GET", "/fapi/v3/balance")[0]["balance"])
    assert sum(Decimal(row["income"]) for row in rows) == after - before
    paid = client.ask("GET", INCOME, incomeType="TRANSFER")
    assert [(row["income"], row["symbol"], row["tradeId"]) for row in paid] == [
        ("5.00000000", "", ""),
        ("-3.00000000", "", ""),
    ]
    assert "TRANSFER" not in {row["incomeType"] for row in client.ask("GET", INCOME, symbol="BTCUSDT")}
    pages = [client.ask("GET", INCOME, limit=2, page=page) for page in range(1, len(rows) // 2 + 2)]
    assert [row for page in pages for row in page] == rows, "a client that turns pages comes to an end"


def test_rows_of_income_can_be_told_apart_by_kind_and_id(client: Client) -> None:
    for symbol in ("BTCUSDT", "BTCUSDC"):
        client.market(symbol=symbol)
        client.market("SELL", symbol=symbol)
    fills = [row["id"] for symbol in ("BTCUSDT", "BTCUSDC") for row in client.ask("GET", FILLS, symbol=symbol)]
    assert len(set(fills)) < len(fills), "trade ids count up per symbol, so that two symbols share some"
    rows = client.ask("GET", INCOME)
    assert len({(row["incomeType"], row["tranId"]) for row in rows}) == len(rows) == 6


def test_lists_without_times_reach_back_a_week(client: Client) -> None:
    placed = client.limit()
    client.command(FillOrder("BTCUSDT", placed["orderId"]))
    client.market("SELL")
    at_ms = client.time().wire_ms
    trade_id = client.ask("GET", FILLS, symbol="BTCUSDT")[0]["id"]
    client.wait(7 * DAY_S)
    for path in (FILLS, "/fapi/v1/allOrders", INCOME):
        assert client.ask("GET", path, symbol="BTCUSDT"), path
    client.wait(1)
    for path in (FILLS, "/fapi/v1/allOrders", INCOME):
        assert client.ask("GET", path, symbol="BTCUSDT") == [], path
        assert client.ask("GET", path, symbol="BTCUSDT", startTime=at_ms), path
    for path in (FILLS, "/fapi/v1/allOrders"):
        assert client.ask("GET", path, symbol="BTCUSDT", startTime=at_ms - 7 * DAY_MS - 1) == [], path
        assert client.ask("GET", path, symbol="BTCUSDT", endTime=at_ms + 7 * DAY_MS + 1) == [], path
    assert client.ask("GET", FILLS, symbol="BTCUSDT", fromId=trade_id)
    assert client.ask("GET", FILLS, symbol="BTCUSDT", orderId=placed["orderId"])


def test_fills_and_income_are_kept_for_three_months(client: Client) -> None:
    client.market()
    client.market("SELL")
    at_ms = client.time().wire_ms
    client.wait(90 * DAY_S)
    for path in (FILLS, INCOME):
        assert client.ask("GET", path, symbol="BTCUSDT", startTime=at_ms), path
    client.wait(1)
    for path in (FILLS, INCOME):
        assert client.ask("GET", path, symbol="BTCUSDT", startTime=at_ms) == [], path
