"""When the money behind a position runs out: the call before, the orders by which the venue closes, what is listed."""

from __future__ import annotations

from typing import Any

import pytest
from tests.simulators.venues.support.client import SECOND_NS

from venueproof_simulators.engine.commands import Deposit, PayFunding, SetInsurance, SetPrice

from .client import Client, words

FORCED = "/fapi/v1/forceOrders"
FORCED_KEYS = words(
    "orderId symbol pair status clientOrderId price avgPrice origQty executedQty cumQuote cumBase timeInForce type",
    "reduceOnly closePosition side positionSide stopPrice workingType origType time updateTime",
)


def lever(client: Client, *, margin_type: str = "ISOLATED", money: int = 0) -> None:
    """A long position of 0.1 at a leverage of 100; `money`: atoms that the account keeps."""
    if money:
        client.command(Deposit("trader", "USDT", money - 100_000 * 10**8))
    if margin_type == "ISOLATED":
        client.ask("POST", "/fapi/v1/marginType", symbol="BTCUSDT", marginType=margin_type)
    client.ask("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=100)
    client.market(quantity="0.100")


def heard(client: Client, session: int) -> dict[str, list[Any]]:
    """Messages by kind."""
    found: dict[str, list[Any]] = {}
    for message in client.take(session):
        found.setdefault(message["e"], []).append(message)
    return found


@pytest.mark.parametrize(("margin_type", "money"), [("ISOLATED", 0), ("CROSSED", 100 * 10**8)])
def test_margin_call_is_told_once_before_the_end(client: Client, margin_type: str, money: int) -> None:
    lever(client, margin_type=margin_type, money=money)
    session = client.open_user_stream()
    price = 59_690 if margin_type == "ISOLATED" else 59_300
    client.move(str(price))
    assert "MARGIN_CALL" in heard(client, session), client.ask("GET", "/fapi/v3/positionRisk")
    client.move(str(price - 10))
    assert "MARGIN_CALL" not in heard(client, session)


def test_margin_call_of_a_cross_position_has_the_documented_fields(client: Client) -> None:
    lever(client, margin_type="CROSSED", money=100 * 10**8)
    session = client.open_user_stream()
    client.move("59300")
    (called,) = heard(client, session)["MARGIN_CALL"]
    assert list(called) == ["e", "E", "cw", "p"]
    (position,) = called["p"]
    assert list(position) == words("s ps pa mt iw mp up mm")
    assert [position[key] for key in ("s", "ps", "pa", "mt", "iw")] == ["BTCUSDT", "BOTH", "0.100", "CROSSED", "0"]
    risk = client.ask("GET", "/fapi/v3/positionRisk")[0]
    assert float(position["mm"]) > 0.8 * (float(called["cw"]) + float(position["up"]))
    assert float(risk["maintMargin"]) == pytest.approx(float(position["mm"]), rel=1e-3)


def test_isolated_call_tells_nothing_of_the_wallet(client: Client) -> None:
    lever(client)
    session = client.open_user_stream()
    client.move("59690")
    (called,) = heard(client, session)["MARGIN_CALL"]
    assert list(called) == ["e", "E", "p"]
    assert called["p"][0]["mt"] == "ISOLATED"
    assert float(called["p"][0]["iw"]) > 0


def test_liquidation_is_told_and_listed_with_its_own_client_id(client: Client) -> None:
    lever(client)
    resting = client.limit(price="58000", quantity="0.010")
    closing = client.algo(closePosition="true", quantity=None, triggerPrice="50000")
    session = client.open_user_stream()
    client.move("59000")
    told = heard(client, session)
    orders = [message["o"] for message in told["ORDER_TRADE_UPDATE"]]
    ended = next(one for one in orders if one["i"] == resting["orderId"])
    assert (ended["x"], ended["X"], ended["er"]) == ("EXPIRED", "EXPIRED", "5")
    forced = [one for one in orders if one["c"].startswith("autoclose-")]
    assert {(one["o"], one["ot"], one["f"], one["S"]) for one in forced} == {("LIQUIDATION", "LIMIT", "IOC", "SELL")}
    assert (forced[0]["x"], forced[0]["X"]) == ("NEW", "NEW")
    assert (forced[-1]["x"], forced[-1]["X"], forced[-1]["z"]) == ("CALCULATED", "FILLED", "0.100")
    assert told["ACCOUNT_UPDATE"][-1]["a"]["m"] in {"ORDER", "INSURANCE_CLEAR"}
    closed = [row for message in told["ACCOUNT_UPDATE"] for row in message["a"]["P"]]
    assert closed[-1]["pa"] == "0"
    assert [message["o"]["X"] for message in told["ALGO_UPDATE"]] == ["EXPIRED"]
    assert client.ask("GET", "/fapi/v1/algoOrder", algoId=closing["algoId"])["algoStatus"] == "EXPIRED"
    (row,) = client.ask("GET", FORCED)
    assert list(row) == FORCED_KEYS
    assert (row["clientOrderId"], row["type"], row["status"]) == (forced[0]["c"], "LIMIT", "FILLED")
    assert client.ask("GET", FORCED, symbol="BTCUSDT", autoCloseType="LIQUIDATION") == [row]
    assert client.ask("GET", FORCED, autoCloseType="ADL") == client.ask("GET", FORCED, symbol="ETHUSDT") == []
    assert client.ask("GET", FORCED, endTime=row["time"] - 1) == []
    client.skew_ns = 5 * SECOND_NS
    asked = client.ask("GET", "/fapi/v1/order", symbol="BTCUSDT", origClientOrderId=row["clientOrderId"])
    assert (asked["orderId"], asked["status"]) == (row["orderId"], "FILLED")
    other = {"symbol": "BTCUSDT", "origClientOrderId": "autoclose-1"}
    assert client.refused("GET", "/fapi/v1/order", **other) == (400, -2013)


@pytest.mark.quirk("binance.order.conditional-outlives-liquidation")
def test_a_stop_of_a_fixed_quantity_waits_on_when_its_position_was_liquidated(client: Client) -> None:
    lever(client)
    left = client.algo(reduceOnly="true", triggerPrice="50000")
    client.move("59000")
    assert client.ask("GET", FORCED)
    assert client.ask("GET", "/fapi/v1/algoOrder", algoId=left["algoId"])["algoStatus"] == "NEW"
    client.move("50000")
    assert client.ask("GET", "/fapi/v1/algoOrder", algoId=left["algoId"])["algoStatus"] == "EXPIRED"


def test_debt_that_insurance_takes_over_is_told_and_is_income(client: Client) -> None:
    client.command(Deposit("trader", "USDT", (100 - 100_000) * 10**8))
    client.ask("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=100)
    client.market("SELL", quantity="0.100")
    session = client.open_user_stream()
    client.command(PayFunding("BTCUSDT", -1_500_000_000))
    told = [message["a"] for message in heard(client, session)["ACCOUNT_UPDATE"]]
    cleared = [one for one in told if one["m"] == "INSURANCE_CLEAR"]
    rows = client.ask("GET", "/fapi/v1/income", incomeType="INSURANCE_CLEAR")
    assert len(cleared) == len(rows) == 1
    assert float(cleared[0]["B"][0]["bc"]) == float(rows[0]["income"]) > 0
    assert client.ask("GET", "/fapi/v3/balance")[0]["balance"] == "0.00000000"


def test_position_that_deleveraging_reduces_is_told_so(client: Client) -> None:
    client.command(SetInsurance(funded=False))
    mine = client.keys
    client.keys = dict(client.venue.open_account("victim", client.time()))
    client.ask("POST", "/fapi/v1/marginType", symbol="BTCUSDT", marginType="ISOLATED")
    client.ask("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=100)
    client.market(quantity="0.100")
    client.keys = mine
    client.market("SELL", quantity="0.100")
    session = client.open_user_stream()
    client.command(SetPrice("BTCUSDT", 500_000, gap=True))
    orders = [message["o"] for message in heard(client, session)["ORDER_TRADE_UPDATE"]]
    assert {(one["c"], one["S"], one["R"]) for one in orders} == {("adl_autoclose", "BUY", True)}
    assert orders[-1]["X"] == "FILLED"
    (row,) = client.ask("GET", FORCED, autoCloseType="ADL")
    assert (row["clientOrderId"], row["executedQty"]) == ("adl_autoclose", "0.100")
    asked = client.ask("GET", "/fapi/v1/order", symbol="BTCUSDT", origClientOrderId="adl_autoclose")
    assert (asked["orderId"], asked["status"]) == (row["orderId"], "FILLED")
    assert client.ask("GET", "/fapi/v3/positionRisk") == []


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"autoCloseType": "liquidation"}, -1130),
        ({"limit": 101}, -1130),
        ({"symbol": "NOPE"}, -1121),
        ({"startTime": 2, "endTime": 1}, -1023),
    ],
)
def test_forced_orders_refuse_bad_values(client: Client, parameters: dict[str, object], code: int) -> None:
    status, found = client.refused("GET", FORCED, **parameters)
    assert (status, found) == (400, code)
