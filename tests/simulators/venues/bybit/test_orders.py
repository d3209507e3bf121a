"""Placing, amending, cancelling and asking for orders."""

from __future__ import annotations

from typing import Any

import pytest

from venueproof_simulators.engine.commands import FillOrder, PrintTrade
from venueproof_simulators.engine.state import Side

from .client import Client, order, stop


def half_filled(client: Client, session: int) -> str:
    """An order of 0.02 of which half was filled a moment ago."""
    placed = client.place(qty="0.02")
    client.take(session)
    client.command(FillOrder("BTCUSDT", 1, 10))
    return placed


@pytest.mark.quirk("bybit.order.status-new")
def test_a_resting_order_is_new_and_told_once_for_each_change(client: Client) -> None:
    session = client.listen("order")
    placed = client.place(orderLinkId="a-1")
    row = client.shown(placed)
    assert (row["orderStatus"], row["leavesQty"], row["cancelType"]) == ("New", "0.01", "UNKNOWN")
    client.post("order/cancel", category="linear", symbol="BTCUSDT", orderLinkId="a-1")
    assert [one["orderStatus"] for one in client.rows(session, "order")] == ["New", "Cancelled"]


@pytest.mark.quirk("bybit.order.partially-filled-live")
@pytest.mark.quirk("bybit.order.partial-then-cancel")
def test_a_partial_fill_is_not_the_end_and_a_cancel_keeps_it(client: Client) -> None:
    session = client.listen("order")
    placed = half_filled(client, session)
    [row] = client.ask("order/realtime", category="linear", symbol="BTCUSDT")["list"]
    told = [row["orderStatus"], row["cumExecQty"], row["leavesQty"], row["cumExecValue"], row["cumFeeDetail"]]
    assert told == ["PartiallyFilled", "0.01", "0.01", "590", {"USDT": "0.118"}]
    client.post("order/cancel", category="linear", symbol="BTCUSDT", orderId=placed)
    last = client.rows(session, "order")[-1]
    assert [last[name] for name in ("orderStatus", "cumExecQty", "leavesQty", "cancelType")] == [
        "Cancelled",
        "0.01",
        "0",
        "CancelByUser",
    ]
    assert last["avgPrice"] == "59000"


@pytest.mark.quirk("bybit.order.terminal-set")
def test_every_end_is_one_of_four_statuses(client: Client) -> None:
    ended = [client.market(), client.place(timeInForce="IOC"), client.place(timeInForce="FOK"), client.place(**stop())]
    client.post("order/cancel-all", category="linear", symbol="BTCUSDT")
    assert [client.shown(one)["orderStatus"] for one in ended] == ["Filled", "Cancelled", "Cancelled", "Deactivated"]
    reasons = [client.shown(one)["rejectReason"] for one in ended]
    assert reasons[1:] == ["EC_NoImmediateQtyToFill", "EC_NoEnoughQtyToFill", "EC_PerCancelRequest"]
    listed = client.ask("order/history", category="linear", symbol="BTCUSDT")["list"]
    assert {row["orderId"] for row in listed} == set(ended)
    assert client.ask("order/realtime", category="linear", symbol="BTCUSDT")["list"] == []


@pytest.mark.quirk("bybit.order.ack-is-not-acceptance")
@pytest.mark.quirk("bybit.order.post-only-async")
def test_a_crossing_post_only_order_is_taken_in_and_cancelled_on_the_stream(client: Client) -> None:
    session = client.listen("order")
    placed = client.place(price="60500", timeInForce="PostOnly")
    [told] = client.rows(session, "order")
    assert (told["orderId"], told["orderStatus"]) == (placed, "Cancelled")
    assert (told["rejectReason"], told["timeInForce"]) == ("EC_PostOnlyWillTakeLiquidity", "PostOnly")
    assert client.position()["size"] == "0"


@pytest.mark.quirk("bybit.order.rejected-margin")
def test_missing_margin_is_told_at_once_or_when_a_trigger_fires(client: Client) -> None:
    assert client.refused("order/create", **order(qty="400", price="60000")) == (110007, "ab not enough for new order")
    session = client.listen("order")
    waits = client.place(**stop(qty="400"))
    client.move("58000")
    told = client.rows(session, "order")
    assert {row["orderId"] for row in told} == {waits}
    assert [row["orderStatus"] for row in told] == ["Untriggered", "Triggered", "Rejected"]


@pytest.mark.quirk("bybit.order.category-required")
def test_every_order_call_wants_a_category(client: Client) -> None:
    for path in ("create", "amend", "cancel", "cancel-all"):
        for category in (None, "", "LINEAR", "futures"):
            sent = order(orderId="x", category=category)
            assert client.refused(f"order/{path}", **sent) == (10001, "Illegal category")
    assert client.refused("position/list", "GET", symbol="BTCUSDT")[0] == 10001


@pytest.mark.quirk("bybit.order.invalid-type-message")
def test_one_text_stands_for_several_faults(client: Client) -> None:
    faults = [order(orderType=word) for word in ("Stop", "LIMIT", "1")]
    assert {client.refused("order/create", **fault) for fault in faults} == {(10001, "Request parameter error.")}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"symbol": "NOPE"}, 10001),
        ({"symbol": None}, 10001),
        ({"side": "buy"}, 10001),
        ({"qty": None}, 10001),
        ({"qty": "abc"}, 10001),
        ({"qty": "-1"}, 10001),
        ({"qty": "0"}, 10001),
        ({"qty": "0.0005"}, 10001),
        ({"qty": "2000"}, 10001),
        ({"price": None}, 10001),
        ({"price": "0"}, 10001),
        ({"price": "59000.05"}, 10001),
        ({"price": "70000"}, 110003),
        ({"qty": "0.001", "price": "4000"}, 110094),
        ({"timeInForce": "GTD"}, 10001),
        ({"reduceOnly": True}, 110017),
        ({"reduceOnly": True, "qty": "0"}, 110017),
        ({"orderLinkId": "BTC/USDT:USDT"}, 10001),
        ({"orderLinkId": "x" * 37}, 10001),
        ({"takeProfit": "58000"}, 10001),
        ({"stopLoss": "61000"}, 10001),
        ({"triggerPrice": "58000"}, 10001),
        ({"triggerPrice": "58000", "triggerDirection": 3}, 10001),
        ({"triggerPrice": "58000", "triggerDirection": 1}, 110092),
        ({"triggerPrice": "62000", "triggerDirection": 2}, 110093),
        ({"positionIdx": 7}, 10001),
    ],
    ids=str,
)
def test_an_order_is_refused_with_the_venues_own_code(client: Client, changes: dict[str, Any], code: int) -> None:
    assert client.refused("order/create", **order(**changes))[0] == code
    assert client.ask("order/realtime", category="linear", symbol="BTCUSDT", openOnly=1)["list"] == []


def test_texts_tell_the_prices(client: Client) -> None:
    wrong = order(triggerPrice="58000", triggerDirection=1)
    text = "expect Rising, but trigger_price[580000000] <= current[600000000]??LastPrice"
    assert client.refused("order/create", **wrong) == (110092, text)
    text = "StopLoss:610000000 set for Buy position should lower than base_price:590000000??LastPrice"
    assert client.refused("order/create", **order(stopLoss="61000")) == (10001, text)


@pytest.mark.quirk("bybit.order.amend-in-place")
def test_an_amended_order_keeps_its_id(client: Client) -> None:
    placed = client.place()
    changes: dict[str, Any] = {"category": "linear", "symbol": "BTCUSDT", "orderId": placed}
    assert client.post("order/amend", **changes, price="58500", qty="0.02")["orderId"] == placed
    row = client.shown(placed)
    assert (row["price"], row["qty"], row["orderStatus"]) == ("58500", "0.02", "New")
    assert client.refused("order/amend", **changes, price="58500") == (10001, "order not modified")

    waiting = client.place(**stop())
    client.post("order/amend", **changes | {"orderId": waiting}, triggerPrice="57000")
    assert client.shown(waiting)["triggerPrice"] == "57000"
    gone = (110001, "order not exists or too late to replace")
    assert client.refused("order/amend", **changes | {"orderId": "0-0"}, price="1000") == gone


def test_an_amendment_cannot_go_below_what_was_filled(client: Client) -> None:
    placed = half_filled(client, client.listen("order"))
    changes = {"category": "linear", "symbol": "BTCUSDT", "orderId": placed, "qty": "0.01"}
    assert client.refused("order/amend", **changes)[0] == 110064


@pytest.mark.quirk("bybit.order.market-shows-price")
@pytest.mark.quirk("bybit.order.market-without-price")
def test_a_market_order_shows_a_price_of_its_own(client: Client) -> None:
    row = client.shown(client.place(orderType="Market", price="1.23"))
    assert (row["orderStatus"], row["timeInForce"], row["orderType"]) == ("Filled", "IOC", "Market")
    assert float(row["price"]) > 60000
    assert row["avgPrice"] == "60000.1"


@pytest.mark.quirk("bybit.order.cancel-idempotency")
def test_a_second_cancel_is_refused(client: Client) -> None:
    named = {"category": "linear", "symbol": "BTCUSDT", "orderId": client.place()}
    client.post("order/cancel", **named)
    assert client.refused("order/cancel", **named) == (110001, "order not exists or too late to cancel")
    assert client.ask("order/realtime", category="linear", orderId="nothing")["list"] == []


@pytest.mark.quirk("bybit.clientid.rules")
def test_a_client_id_is_used_once_in_a_life(client: Client) -> None:
    client.place(orderLinkId="A-b_9")
    client.post("order/cancel", category="linear", symbol="BTCUSDT", orderLinkId="A-b_9")
    duplicate = (110072, "OrderLinkedID is duplicate")
    assert client.refused("order/create", **order(orderLinkId="A-b_9")) == duplicate
    assert (
        client.refused("order/create", **stop(orderLinkId="A-b_9", symbol="ETHUSDT", triggerPrice="2000")) == duplicate
    )
    client.place(orderLinkId="x" * 36)


@pytest.mark.quirk("bybit.clientid.unknown-outcome")
def test_an_order_is_found_under_its_client_id(client: Client) -> None:
    client.place(orderLinkId="lost-1")
    [row] = client.ask("order/realtime", category="linear", symbol="BTCUSDT", orderLinkId="lost-1")["list"]
    assert row["orderStatus"] == "New"
    assert client.ask("order/realtime", category="linear", symbol="BTCUSDT", orderLinkId="never")["list"] == []


@pytest.mark.quirk("bybit.order.history-eviction")
def test_closed_orders_are_in_memory_until_a_restart_and_in_the_history_for_a_day(client: Client) -> None:
    placed = client.place()
    client.post("order/cancel", category="linear", symbol="BTCUSDT", orderId=placed)
    assert client.shown(placed)["orderStatus"] == "Cancelled"
    client.wait(1)
    client.venue.idle(client.time().age_ns + 10**9, client.time())
    assert client.ask("order/realtime", category="linear", orderId=placed)["list"] == []
    [row] = client.ask("order/history", category="linear", orderId=placed)["list"]
    assert row["orderStatus"] == "Cancelled"
    client.aged_ns = 25 * 3600 * 10**9
    assert client.ask("order/history", category="linear", orderId=placed)["list"] == []


@pytest.mark.quirk("bybit.http.batch-ext")
def test_what_failed_in_a_batch_stands_beside_its_result(client: Client) -> None:
    rows = [order(category=None), order(category=None, qty="0.0001"), order(category=None, symbol="NOPE")]
    answer = client.envelope("POST", "order/create-batch", category="linear", request=rows)
    assert answer["retCode"] == 0
    assert [one["code"] for one in answer["retExtInfo"]["list"]] == [0, 10001, 10001]
    made, *failed = answer["result"]["list"]
    assert client.shown(made["orderId"])["orderStatus"] == "New"
    assert [(one["orderId"], one["createAt"]) for one in failed] == [("", ""), ("", "")]

    client.wait(1)
    named = [{"symbol": "BTCUSDT", "orderId": made["orderId"]}, {"symbol": "BTCUSDT", "orderId": "x"}]
    answer = client.envelope("POST", "order/cancel-batch", category="linear", request=named)
    assert [one["code"] for one in answer["retExtInfo"]["list"]] == [0, 110001]
    for count in (0, 21):
        client.wait(1)
        assert client.refused("order/cancel-batch", category="linear", request=[named[1]] * count)[0] in {10001, 10006}


@pytest.mark.quirk("bybit.http.success-int")
@pytest.mark.quirk("bybit.http.200-errors")
def test_errors_come_with_a_status_of_success_and_a_number(client: Client) -> None:
    reply = client.signed("POST", "/v5/order/create", **order(qty="1000", price="60000"))
    answer = client.envelope("GET", "order/realtime", category="linear", symbol="BTCUSDT")
    assert reply.status == 200
    assert b'"retCode":110007' in reply.body
    assert (answer["retCode"], answer["retExtInfo"], type(answer["time"])) == (0, {}, int)


def test_orders_come_newest_first_in_pages(client: Client) -> None:
    placed = [client.place(price=str(58000 + number)) for number in range(5)]
    asked: dict[str, Any] = {"category": "linear", "symbol": "BTCUSDT", "limit": 2}
    found, cursor = list[str](), ""
    while True:
        page = client.ask("order/realtime", **asked, **({"cursor": cursor} if cursor else {}))
        found += [row["orderId"] for row in page["list"]]
        cursor = page["nextPageCursor"]
        if not cursor:
            break
    assert found == placed[::-1]
    assert client.refused("order/realtime", "GET", category="linear")[0] == 10001
    assert len(client.ask("order/realtime", category="linear", settleCoin="USDT")["list"]) == 5
    assert client.ask("order/realtime", category="linear", settleCoin="USDC")["list"] == []


def test_executions_tell_fees_and_what_was_closed(client: Client) -> None:
    client.market(qty="0.02")
    client.market("Sell", qty="0.01", reduceOnly=True)
    newest, oldest = client.ask("execution/list", category="linear", symbol="BTCUSDT")["list"]
    assert (newest["side"], newest["closedSize"], oldest["closedSize"]) == ("Sell", "0.01", "0")
    assert (oldest["execPrice"], oldest["execFee"], oldest["feeRate"]) == ("60000.1", "0.6600011", "0.00055")
    [closed] = client.ask("position/closed-pnl", category="linear")["list"]
    assert (closed["avgEntryPrice"], closed["avgExitPrice"], closed["closedSize"]) == ("60000.1", "59999.9", "0.01")


def test_strangers_fill_what_rests(client: Client) -> None:
    client.place()
    client.move("58900")
    client.command(PrintTrade("BTCUSDT", 589_000, 1, Side.SELL))
    assert client.position()["size"] == "0.01"
