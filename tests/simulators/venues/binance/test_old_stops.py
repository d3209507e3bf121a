"""Conditional orders on COIN-M's order endpoint, as before the algo service: among ordinary orders, one id for life."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from .client import Client, events

COIN = "BTCUSD_PERP"
ORDER, OPEN, ALGOS = "/dapi/v1/order", "/dapi/v1/openOrders", "/dapi/v1/openAlgoOrders"
QUIRK = "binance.order.conditional-on-order-endpoint"


def stop(**changes: object) -> dict[str, object]:
    """A stop below the market."""
    given = {"symbol": COIN, "side": "SELL", "type": "STOP_MARKET", "quantity": "10", "stopPrice": "58000.0"}
    return {name: value for name, value in {**given, **changes}.items() if value is not None}


def named(client: Client, own_id: str) -> Any:
    return client.ask("GET", ORDER, symbol=COIN, origClientOrderId=own_id)


@pytest.fixture
def old(client: Client) -> Client:
    """The venue while COIN-M still takes them."""
    client.venue.switch_quirk(QUIRK, True)
    return client


@pytest.mark.quirk("binance.order.conditional-on-order-endpoint")
def test_only_coin_margined_orders_and_only_while_the_register_says_so(client: Client) -> None:
    assert client.refused("POST", ORDER, **stop()) == (400, -4120)
    client.venue.switch_quirk(QUIRK, True)
    shown = client.ask("POST", ORDER, **stop(newClientOrderId="sl", workingType="MARK_PRICE", reduceOnly="true"))
    wanted = ("NEW", "STOP_MARKET", "STOP_MARKET", "58000.0", "MARK_PRICE", True, "sl", "10")
    keys = ("status", "type", "origType", "stopPrice", "workingType", "reduceOnly", "clientOrderId", "origQty")
    assert tuple(shown[key] for key in keys) == wanted
    linear = stop(symbol="BTCUSDT", quantity="0.010")
    assert client.refused("POST", "/fapi/v1/order", **linear) == (400, -4120)
    assert client.ask("GET", ALGOS) == []
    client.venue.switch_quirk(QUIRK, False)
    assert client.refused("POST", ORDER, **stop()) == (400, -4120)


def test_one_that_fires_goes_on_under_its_id(old: Client) -> None:
    session = old.open("/ws/" + old.listen_key(prefix="/dapi"), origin="dstream")
    placed = old.ask("POST", ORDER, **stop(newClientOrderId="sl"))
    other = old.ask("POST", ORDER, symbol=COIN, side="BUY", type="MARKET", quantity="10")
    assert other["orderId"] == placed["orderId"] + 1
    assert [row["orderId"] for row in old.ask("GET", OPEN, symbol=COIN)] == [placed["orderId"]]
    old.move("58000", COIN)
    stands = old.ask("GET", ORDER, symbol=COIN, orderId=placed["orderId"])
    assert (stands["status"], stands["type"], stands["origType"]) == ("FILLED", "MARKET", "STOP_MARKET")
    assert named(old, "sl") == stands
    assert [row["orderId"] for row in old.ask("GET", "/dapi/v1/allOrders", symbol=COIN)] == [1, 2]
    told = [one for one in events(old, session, "ORDER_TRADE_UPDATE") if one["i"] == placed["orderId"]]
    assert [(one["x"], one["X"], one["o"], one["ot"], one["sp"]) for one in told] == [
        ("NEW", "NEW", "STOP_MARKET", "STOP_MARKET", "58000"),
        ("EXPIRED", "EXPIRED", "STOP_MARKET", "STOP_MARKET", "58000"),
        ("NEW", "NEW", "MARKET", "STOP_MARKET", "58000"),
        ("TRADE", "FILLED", "MARKET", "STOP_MARKET", "58000"),
    ]
    assert old.ask("GET", "/dapi/v1/allAlgoOrders", symbol=COIN) == []


def test_one_ends_like_an_order(old: Client) -> None:
    session = old.open("/ws/" + old.listen_key(prefix="/dapi"), origin="dstream")
    for own_id in ("a", "b", "c", "d"):
        old.ask("POST", ORDER, **stop(newClientOrderId=own_id))
    algo = old.ask("POST", "/dapi/v1/algoOrder", **stop(stopPrice=None, triggerPrice="57000", algoType="CONDITIONAL"))
    canceled = old.ask("DELETE", ORDER, symbol=COIN, origClientOrderId="a")
    assert (canceled["status"], canceled["type"]) == ("CANCELED", "STOP_MARKET")
    assert named(old, "a")["status"] == "CANCELED"
    assert old.refused("DELETE", ORDER, symbol=COIN, origClientOrderId="a") == (400, -2011)
    old.ask("DELETE", "/dapi/v1/algoOpenOrders", symbol=COIN)
    assert [row["clientOrderId"] for row in old.ask("GET", OPEN)] == ["b", "c", "d"]
    many = msgspec.json.encode(["b"]).decode()
    assert old.ask("DELETE", "/dapi/v1/batchOrders", symbol=COIN, origClientOrderIdList=many)[0]["status"] == "CANCELED"
    algo = old.ask("POST", "/dapi/v1/algoOrder", **stop(stopPrice=None, triggerPrice="57000", algoType="CONDITIONAL"))
    old.ask("DELETE", "/dapi/v1/allOpenOrders", symbol=COIN)
    assert old.ask("GET", OPEN) == []
    assert [row["algoId"] for row in old.ask("GET", ALGOS)] == [algo["algoId"]]
    told = [(one["c"], one["x"]) for one in events(old, session, "ORDER_TRADE_UPDATE")]
    assert told == [(one, "NEW") for one in "abcd"] + [(one, "CANCELED") for one in "abcd"]
    old.wait(4 * 86_400)
    assert old.refused("GET", ORDER, symbol=COIN, origClientOrderId="a") == (400, -2013)


def test_a_countdown_ends_those_as_well(old: Client) -> None:
    old.ask("POST", ORDER, **stop())
    old.ask("POST", "/dapi/v1/countdownCancelAll", symbol=COIN, countdownTime=1000)
    old.wait(1)
    assert old.ask("GET", OPEN) == []


def test_one_that_closes_the_position_expires_with_it(old: Client) -> None:
    session = old.open("/ws/" + old.listen_key(prefix="/dapi"), origin="dstream")
    old.ask("POST", ORDER, symbol=COIN, side="BUY", type="MARKET", quantity="10")
    old.ask("POST", ORDER, **stop(newClientOrderId="sl", quantity=None, closePosition="true"))
    assert named(old, "sl")["closePosition"] is True
    old.ask("POST", ORDER, symbol=COIN, side="SELL", type="MARKET", quantity="10", reduceOnly="true")
    assert named(old, "sl")["status"] == "EXPIRED"
    last = [one for one in events(old, session, "ORDER_TRADE_UPDATE") if one["c"] == "sl"][-1]
    assert (last["x"], last["er"]) == ("EXPIRED", "6")


@pytest.mark.parametrize(
    ("changes", "refusal", "words"),
    [
        ({"stopPrice": None}, (400, -1102), "stopPrice"),
        ({"stopPrice": "61000"}, (400, -2021), "trigger"),
        ({"newClientOrderId": "rests"}, (400, -4116), "duplicated"),
        ({"newClientOrderId": "waits"}, (400, -4116), "duplicated"),
        (
            {"type": "LIMIT", "stopPrice": None, "price": "58000", "timeInForce": "GTC", "newClientOrderId": "waits"},
            (400, -4116),
            "duplicated",
        ),
        ({"type": "TRAILING_STOP_MARKET", "stopPrice": None}, (400, -1102), "callbackRate"),
    ],
)
def test_what_is_wrong_is_told_in_the_endpoints_words(
    old: Client, changes: dict[str, object], refusal: tuple[int, int], words: str
) -> None:
    rests = {"type": "LIMIT", "price": "50000", "timeInForce": "GTC", "side": "BUY", "stopPrice": None}
    old.ask("POST", ORDER, **stop(**rests, newClientOrderId="rests"))
    old.ask("POST", ORDER, **stop(newClientOrderId="waits", stopPrice="50000"))
    reply = old.signed("POST", ORDER, **stop(**changes))
    found = msgspec.json.decode(reply.body)
    assert (reply.status, found["code"]) == refusal
    assert words in found["msg"]


def test_a_batch_takes_them_and_none_can_be_amended(old: Client) -> None:
    limit = stop(type="STOP", price="57900.0", timeInForce="GTC", newClientOrderId="limit")
    trail = stop(type="TRAILING_STOP_MARKET", stopPrice=None, callbackRate="1", activationPrice="61000.0")
    both = msgspec.json.encode([limit, trail]).decode()
    first, second = old.ask("POST", "/dapi/v1/batchOrders", batchOrders=both)
    assert (first["price"], first["type"], second["type"]) == ("57900.0", "STOP", "TRAILING_STOP_MARKET")
    assert (second["activatePrice"], second["priceRate"]) == ("61000.0", "1.0")
    ask = {"symbol": COIN, "side": "SELL", "quantity": "10", "price": "57000"}
    assert old.refused("PUT", ORDER, **ask, origClientOrderId="limit") == (400, -4196)
