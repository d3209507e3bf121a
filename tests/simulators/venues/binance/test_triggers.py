"""What fires a conditional order, what becomes of it, and what the account hears of it."""

from __future__ import annotations

import pytest

from venueproof_simulators.engine.commands import PrintTrade, SetPrice
from venueproof_simulators.engine.state import Side

from .client import Client, events, stop, words

ALGO = "/fapi/v1/algoOrder"
EVENT_KEYS = words("caid aid at o s S ps f q X ai tp p V wt pm cp pP R tt gtd ia")
DONE_KEYS = words("caid aid at o s S ps f q X ai ap aq act tp p V wt pm cp pP R tt gtd ia")


def trailing(**changes: object) -> dict[str, object]:
    """A trailing stop of one percent below the market."""
    return stop(**{"type": "TRAILING_STOP_MARKET", "triggerPrice": None, "callbackRate": "1", **changes})


# --- what fires, and what is heard ------------------------------------------------------------------------------------


def test_life_of_a_stop_on_the_stream(client: Client) -> None:
    client.market(quantity="0.010")
    session = client.open_user_stream()
    shown = client.algo(clientAlgoId="sl", triggerPrice="58000.05", reduceOnly="true")
    assert shown["triggerPrice"] == "58000.05"
    client.command(SetPrice("BTCUSDT", 580_000))
    assert [one["X"] for one in events(client, session, "ALGO_UPDATE")] == ["NEW", "TRIGGERING"]
    assert client.refused("DELETE", ALGO, clientAlgoId="sl") == (400, -2011)
    client.wait(0.0099)
    assert client.take(session) == []
    client.wait(0.0001)
    heard = client.take(session)
    assert client.ask("GET", ALGO, clientAlgoId="sl")["algoStatus"] == "TRIGGERED"
    client.wait(0.001)
    heard += client.take(session)
    algo = [message["o"] for message in heard if message["e"] == "ALGO_UPDATE"]
    assert [(one["X"], one["ai"], one["aq"], one["act"]) for one in algo] == [
        ("TRIGGERED", "2", "0", "MARKET"),
        ("FINISHED", "2", "0.010", "MARKET"),
    ]
    assert all(list(one) == DONE_KEYS for one in algo)
    assert (algo[1]["ap"], algo[1]["tp"], algo[1]["tt"]) == ("57999.9", "58000.05", client.time().wire_ms - 11)
    orders = [message["o"] for message in heard if message["e"] == "ORDER_TRADE_UPDATE"]
    assert [(one["x"], one["c"], one["i"]) for one in orders] == [("NEW", "sl", 2), ("TRADE", "sl", 2)]
    assert [orders[0][key] for key in ("o", "ot", "sp", "wt", "cp", "R")] == [
        "MARKET",
        "STOP_MARKET",
        "58000.05",
        "CONTRACT_PRICE",
        False,
        True,
    ]
    assert "AP" not in orders[0]


def test_keys_of_an_event_go_by_its_status(client: Client) -> None:
    session = client.open_user_stream()
    shown = client.algo()
    client.ask("DELETE", ALGO, algoId=shown["algoId"])
    new, canceled = events(client, session, "ALGO_UPDATE")
    assert list(new) == EVENT_KEYS
    assert list(canceled) == [*DONE_KEYS[:-1], "rm", "ia"]
    assert [canceled[key] for key in ("X", "ai", "ap", "aq", "act", "rm")] == [
        "CANCELED",
        "",
        "0.00000",
        "0.00000",
        "0",
        "",
    ]


def test_order_that_is_refused_at_the_trigger_says_why(client: Client) -> None:
    session = client.open_user_stream()
    client.algo(quantity="90", side="BUY", triggerPrice="61000")
    client.algo(reduceOnly="true")
    client.move("61100")
    assert [(one["X"], one.get("rm")) for one in events(client, session, "ALGO_UPDATE")][-2:] == [
        ("TRIGGERING", None),
        ("REJECTED", "Margin is insufficient."),
    ]
    client.move("57900")
    assert [(one["X"], one.get("rm")) for one in events(client, session, "ALGO_UPDATE")] == [
        ("TRIGGERING", None),
        ("EXPIRED", "Reduce Only reject"),
    ]


@pytest.mark.parametrize(
    ("changes", "before", "there"),
    [
        ({"side": "BUY", "triggerPrice": "61000"}, "60999.9", "61000"),
        ({"side": "SELL", "triggerPrice": "59000"}, "59000.1", "59000"),
        ({"side": "BUY", "type": "TAKE_PROFIT_MARKET", "triggerPrice": "59000"}, "59000.1", "59000"),
        ({"side": "SELL", "type": "TAKE_PROFIT_MARKET", "triggerPrice": "61000"}, "60999.9", "61000"),
    ],
)
def test_price_that_fires_each_kind(client: Client, changes: dict[str, object], before: str, there: str) -> None:
    shown = client.algo(**changes)
    client.move(before)
    assert client.ask("GET", ALGO, algoId=shown["algoId"])["algoStatus"] == "NEW"
    client.move(there)
    assert client.ask("GET", ALGO, algoId=shown["algoId"])["algoStatus"] == "FINISHED"


def test_stop_limit_leaves_a_limit_order_with_its_own_time_in_force(client: Client) -> None:
    shown = client.algo(type="STOP", price="58500", timeInForce="GTX", triggerPrice="58000")
    assert (shown["price"], shown["timeInForce"]) == ("58500.00", "GTX")
    client.move("58000")
    left = client.ask("GET", "/fapi/v1/openOrders")
    assert [(row["type"], row["origType"], row["price"], row["timeInForce"]) for row in left] == [
        ("LIMIT", "STOP", "58500.00", "GTX")
    ]
    asked = client.ask("GET", ALGO, algoId=shown["algoId"])
    assert (asked["algoStatus"], asked["actualOrderId"], asked["actualQty"]) == ("TRIGGERED", "1", "0.000")
    session = client.open_user_stream()
    client.ask("DELETE", "/fapi/v1/order", symbol="BTCUSDT", orderId=1)
    client.wait(0.001)
    (finished,) = events(client, session, "ALGO_UPDATE")
    assert (finished["X"], finished["aq"], finished["act"]) == ("FINISHED", "0", "LIMIT")


@pytest.mark.parametrize(
    ("word", "side", "rank"), [("OPPONENT", "bids", 0), ("OPPONENT_5", "bids", 4), ("QUEUE", "asks", 0)]
)
def test_price_is_found_in_the_book_when_it_fires(client: Client, word: str, side: str, rank: int) -> None:
    shown = client.algo(type="STOP", priceMatch=word, timeInForce="GTC", quantity="20")
    assert (shown["priceMatch"], shown["price"]) == (word, "0.00")
    client.command(SetPrice("BTCUSDT", 580_000))
    client.wait(0.0099)
    book = client.get("/fapi/v1/depth", symbol="BTCUSDT", limit=20)
    client.wait(0.0001)
    order = client.ask("GET", "/fapi/v1/order", symbol="BTCUSDT", orderId=1)
    assert float(order["price"]) == float(book[side][rank][0])
    assert (order["priceMatch"], order["origType"]) == (word, "STOP")


def test_protected_order_waits_until_last_and_mark_price_are_close(client: Client) -> None:
    free, protected = (client.algo(priceProtect=flag) for flag in ("FALSE", "TRUE"))
    client.command(PrintTrade("BTCUSDT", 569_999, 1, Side.SELL))
    client.wait(0.1)
    assert client.ask("GET", ALGO, algoId=free["algoId"])["algoStatus"] == "FINISHED"
    assert client.ask("GET", ALGO, algoId=protected["algoId"])["algoStatus"] == "NEW"
    client.command(PrintTrade("BTCUSDT", 570_001, 1, Side.SELL))
    client.wait(0.1)
    assert client.ask("GET", ALGO, algoId=protected["algoId"])["algoStatus"] == "FINISHED"


@pytest.mark.quirk("binance.order.algo-stuck-triggering")
def test_fired_order_hangs_while_the_switch_is_on(client: Client) -> None:
    client.venue.switch_quirk("binance.order.algo-stuck-triggering", True)
    shown = client.algo()
    client.move("57900")
    client.wait(600)
    assert client.ask("GET", ALGO, algoId=shown["algoId"])["algoStatus"] == "TRIGGERING"
    assert client.ask("GET", "/fapi/v1/openAlgoOrders")[0]["actualOrderId"] == ""
    assert client.refused("DELETE", ALGO, algoId=shown["algoId"]) == (400, -2011)
    assert client.ask("GET", "/fapi/v1/allOrders", symbol="BTCUSDT") == []
    client.venue.switch_quirk("binance.order.algo-stuck-triggering", False)
    client.move("57900")
    assert client.ask("GET", ALGO, algoId=shown["algoId"])["algoStatus"] == "FINISHED"


# --- trailing ---------------------------------------------------------------------------------------------------------


@pytest.mark.quirk("binance.order.native-trailing-percent")
def test_trailing_stop_follows_by_percent_and_tells_of_its_activation(client: Client) -> None:
    session = client.open_user_stream()
    shown = client.ask("POST", ALGO, **trailing(activatePrice="60500", callbackRate="1.0"))
    assert (shown["activatePrice"], shown["callbackRate"], shown["triggerPrice"]) == ("60500.00", "1.0", "0.00")
    client.move("60499.9")
    client.move("60500")
    told = events(client, session, "ALGO_UPDATE")
    assert [(one["X"], one["ia"]) for one in told] == [("NEW", False), ("NEW", True)]
    client.move("62000")
    assert events(client, session, "ALGO_UPDATE") == []
    client.move("61380.1")
    assert client.ask("GET", ALGO, algoId=shown["algoId"])["algoStatus"] == "NEW"
    client.move("61380")
    heard = client.take(session)
    assert [one["o"]["X"] for one in heard if one["e"] == "ALGO_UPDATE"] == ["TRIGGERING", "TRIGGERED", "FINISHED"]
    made = next(one["o"] for one in heard if one["e"] == "ORDER_TRADE_UPDATE")
    assert (made["ot"], made["AP"], made["cr"]) == ("TRAILING_STOP_MARKET", "60500", "1.0")
    asked = client.ask("GET", "/fapi/v1/order", symbol="BTCUSDT", orderId=1)
    assert (asked["activatePrice"], asked["priceRate"]) == ("60500.00", "1.0")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"callbackRate": "0"}, -2007),
        ({"callbackRate": "0.09"}, -2007),
        ({"callbackRate": "0.05"}, -2007),
        ({"callbackRate": "20.1"}, -2007),
        ({"callbackRate": "99999999999999999999"}, -2007),
        ({"callbackRate": "0.15"}, -2007),
        ({"callbackRate": None}, -1102),
        ({"callbackRate": ""}, -1105),
        ({"callbackRate": "-1"}, -1100),
        ({"callbackRate": "1%"}, -1100),
        ({"activatePrice": "59999.9"}, -2021),
        ({"activatePrice": "60000"}, -2021),
        ({"side": "BUY", "activatePrice": "60000.1"}, -2021),
        ({"activatePrice": "0"}, -4135),
        ({"activatePrice": "60500.001"}, -1111),
        ({"triggerPrice": "58000"}, -1106),
        ({"closePosition": "true", "quantity": None}, -4136),
        ({"price": "58000"}, -1106),
    ],
)
def test_trailing_stop_refuses_what_makes_no_sense(client: Client, changes: dict[str, object], code: int) -> None:
    assert client.refused("POST", ALGO, **trailing(**changes)) == (400, code)
    assert client.ask("POST", ALGO, **trailing(callbackRate="20", side="BUY"))["callbackRate"] == "20.0"
    assert client.ask("POST", ALGO, **trailing(callbackRate="0.1"))["activatePrice"] == "60000.00"


def test_conditional_order_with_a_date_ends_at_it(client: Client) -> None:
    till_ms = (client.time().wire_ms // 1000 + 700) * 1000
    shown = client.algo(timeInForce="GTD", goodTillDate=till_ms + 456)
    assert (shown["timeInForce"], shown["goodTillDate"]) == ("GTD", till_ms)
    session = client.open_user_stream()
    client.aged_ns = 700 * 10**9
    client.wait(1)
    assert client.ask("GET", ALGO, algoId=shown["algoId"])["algoStatus"] == "EXPIRED"
    assert [one["X"] for one in events(client, session, "ALGO_UPDATE")] == ["EXPIRED"]
