"""Orders: how they are placed, changed, canceled and told of, and what is refused in which word."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.simulators.venues.support.client import ADDRESS

from venueproof_simulators.engine.commands import AddLiquidity
from venueproof_simulators.engine.state import Side
from venueproof_simulators.host.venue import HttpRequest

from .client import PF, PI, V3, Client, decoded, exact, order


def test_a_limit_order_rests_and_is_told_in_full(client: Client) -> None:
    document = client.ask("POST", "sendorder", **order(cliOrdId="a1"))
    status = document["sendStatus"]
    (event,) = status["orderEvents"]
    assert list(document) == ["result", "sendStatus", "serverTime"]
    assert (status["status"], status["cliOrdId"], status["receivedTime"]) == ("placed", "a1", document["serverTime"])
    assert event == {
        "type": "PLACE",
        "order": {
            "orderId": status["order_id"],
            "cliOrdId": "a1",
            "type": "lmt",
            "symbol": PF,
            "side": "buy",
            "quantity": 0.5,
            "filled": 0,
            "limitPrice": 59000,
            "reduceOnly": False,
            "timestamp": document["serverTime"],
            "lastUpdateTimestamp": document["serverTime"],
        },
        "reducedQuantity": None,
    }
    (row,) = client.ask("GET", "openorders")["openOrders"]
    assert row == {
        "order_id": status["order_id"],
        "cliOrdId": "a1",
        "symbol": PF,
        "side": "buy",
        "orderType": "lmt",
        "limitPrice": 59000,
        "unfilledSize": 0.5,
        "filledSize": 0,
        "receivedTime": document["serverTime"],
        "lastUpdateTime": document["serverTime"],
        "status": "untouched",
        "reduceOnly": False,
    }


def test_an_order_without_an_id_of_its_own_has_none(client: Client) -> None:
    status = client.submit()
    assert "cliOrdId" not in status
    assert status["orderEvents"][0]["order"]["cliOrdId"] is None
    assert "cliOrdId" not in client.ask("GET", "openorders")["openOrders"][0]


@pytest.mark.quirk("kraken.order.market-is-ioc-1pct")
def test_a_market_order_is_an_immediate_one_within_one_percent(client: Client) -> None:
    document = client.market(size="0.1")
    (event,) = document["orderEvents"]
    prior = event["orderPriorExecution"]
    assert (document["status"], event["type"], event["price"], event["amount"]) == ("placed", "EXECUTION", 60001, 0.1)
    assert (prior["type"], prior["limitPrice"], prior["filled"]) == ("ioc", 60602, 0)
    client.market(size="200")
    fills = client.ask("GET", "fills")["fills"]
    assert max(fill["price"] for fill in fills) <= 60602
    assert sum(fill["size"] for fill in fills) < 200
    assert client.ask("GET", "openorders")["openOrders"] == []


@pytest.mark.quirk("kraken.error.nested-status")
@pytest.mark.quirk("kraken.order.insufficient-funds")
@pytest.mark.quirk("kraken.order.invalid-size")
@pytest.mark.quirk("kraken.order.invalid-price")
@pytest.mark.quirk("kraken.order.outside-collar")
@pytest.mark.quirk("kraken.order.post-would-execute")
@pytest.mark.quirk("kraken.order.would-not-reduce")
@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"size": 400}, "insufficientAvailableFunds"),
        ({"size": "0.00005"}, "invalidSize"),
        ({"size": 0}, "invalidSize"),
        ({"size": 501}, "invalidSize"),
        ({"limitPrice": "59000.5"}, "invalidPrice"),
        ({"limitPrice": 0}, "invalidPrice"),
        ({"limitPrice": 70000}, "outsidePriceCollar"),
        ({"orderType": "post", "limitPrice": 60500}, "postWouldExecute"),
        ({"reduceOnly": "true"}, "wouldNotReducePosition"),
        ({"orderType": "limit"}, "invalidOrderType"),
        ({"side": "long"}, "invalidSide"),
        ({"cliOrdId": "x" * 101}, "clientOrderIdTooLong"),
        ({"cliOrdId": "\t1"}, "clientOrderIdInvalid"),
        ({"processBefore": "2026-11-24T12:04:59Z"}, "wouldProcessAfterSpecifiedTime"),
        ({"orderType": "fok"}, "iocWouldNotExecute"),
        ({"orderType": "ioc"}, "iocWouldNotExecute"),
    ],
)
def test_a_refused_order_is_a_status_inside_a_success(client: Client, changes: dict[str, Any], word: str) -> None:
    assert client.submit(**changes)["status"] == word
    assert client.ask("GET", "openorders")["openOrders"] == []


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"orderType": "post", "limitPrice": 60500, "cliOrdId": "p1"}, "POST_WOULD_EXECUTE"),
        ({"orderType": "fok", "cliOrdId": "f1"}, "IOC_WOULD_NOT_EXECUTE"),
        ({"orderType": "ioc", "cliOrdId": "i1"}, "IOC_WOULD_NOT_EXECUTE"),
    ],
)
def test_what_the_book_does_not_let_in_is_told_with_an_id(client: Client, changes: dict[str, Any], word: str) -> None:
    sent = client.submit(**changes)
    (event,) = sent["orderEvents"]
    assert (event["type"], event["reason"], event["uid"]) == ("REJECT", word, sent["order_id"])
    told = event["order"]
    assert (told["orderId"], told["cliOrdId"]) == (sent["order_id"], changes["cliOrdId"])
    assert (told["type"], told["filled"]) == (changes["orderType"], 0)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"orderType": None}, "requiredArgumentMissing"),
        ({"symbol": None}, "requiredArgumentMissing"),
        ({"limitPrice": None}, "requiredArgumentMissing"),
        ({"size": None}, "requiredArgumentMissing"),
        ({"symbol": "PF_NONEUSD"}, "invalidArgument: symbol"),
        ({"size": "many"}, "invalidArgument: size"),
        ({"size": "-1"}, "invalidArgument: size"),
        ({"size": "NaN"}, "invalidArgument: size"),
        ({"size": "1e999"}, "invalidArgument: size"),
        ({"limitPrice": "Infinity"}, "invalidArgument: limitPrice"),
        ({"reduceOnly": "maybe"}, "invalidArgument: reduceOnly"),
        ({"processBefore": "soon"}, "invalidArgument: processBefore"),
    ],
)
def test_malformed_parameters_are_errors(client: Client, changes: dict[str, Any], word: str) -> None:
    assert client.refused("POST", "sendorder", **order(**changes)) == (200, word)


def test_a_client_id_is_refused_while_it_lives(client: Client) -> None:
    uid = client.placed(cliOrdId="a1")
    assert client.submit(cliOrdId="a1")["status"] == "clientOrderIdAlreadyExist"
    assert client.stop(cliOrdId="a1")["status"] == "clientOrderIdAlreadyExist"
    client.ask("POST", "cancelorder", order_id=uid)
    assert client.submit(cliOrdId="a1")["status"] == "placed"


@pytest.mark.quirk("kraken.error.unknown-status-swallowed")
@pytest.mark.parametrize(
    ("error", "word"), [("liquidation", "wouldCauseLiquidation"), ("unknown-status", "someStatusNobodyKnows")]
)
def test_a_status_of_no_list_can_be_shown(client: Client, error: str, word: str) -> None:
    request = HttpRequest("futures", "POST", V3 + "editorder", "", {}, b"", ADDRESS)
    document = decoded(client.venue.error_reply("", error, request, client.time()))
    assert (document["result"], document["editStatus"]["status"]) == ("success", word)


# --- changing ---------------------------------------------------------------------------------------------------------


@pytest.mark.quirk("kraken.order.amend-in-place")
def test_an_edit_keeps_the_id(client: Client) -> None:
    session = client.listen("open_orders")
    uid = client.placed(cliOrdId="a1")
    client.fill(uid, 1000)
    client.take(session)
    status = client.ask("POST", "editorder", cliOrdId="a1", size="0.4", limitPrice=58900)["editStatus"]
    (event,) = status["orderEvents"]
    assert (status["orderId"], status["status"], event["type"]) == (uid, "edited", "EDIT")
    assert (event["old"]["quantity"], event["new"]["quantity"], event["new"]["limitPrice"]) == (0.5, 0.4, 58900)
    (frame,) = client.take(session)
    assert (frame["order"]["order_id"], frame["reason"], frame["is_cancel"]) == (uid, "edited_by_user", False)
    (row,) = client.ask("GET", "openorders")["openOrders"]
    assert (row["unfilledSize"], row["filledSize"], row["status"]) == (0.3, 0.1, "partiallyFilled")
    again = client.ask("POST", "editorder", orderId=uid, size="0.4", limitPrice=58900)["editStatus"]
    assert again["status"] == "edited"


def test_edits_are_refused_in_their_own_words(client: Client) -> None:
    uid, stop = client.placed(), client.stop()["order_id"]
    client.fill(uid, 1000)

    def edit(**changes: object) -> str:
        return str(client.ask("POST", "editorder", **changes)["editStatus"]["status"])

    assert edit(orderId="nothing", size=1) == "orderForEditNotFound"
    assert edit(orderId=uid, stopPrice=58000) == "orderForEditNotAStop"
    assert edit(orderId=uid, size="0.1") == "invalidSize"
    assert edit(orderId=uid, limitPrice=61000, size=0) == "invalidSize"
    assert edit(orderId=stop, stopPrice=57000, size="0.4") == "edited"
    assert edit(orderId=stop, trailingStopMaxDeviation=1, trailingStopDeviationUnit="PERCENT") == "orderForEditNotAStop"
    assert client.refused("POST", "editorder", size=1) == (200, "requiredArgumentMissing")
    row = next(row for row in client.ask("GET", "openorders")["openOrders"] if row["order_id"] == stop)
    assert (row["stopPrice"], row["unfilledSize"]) == (57000, 0.4)


# --- canceling --------------------------------------------------------------------------------------------------------


def test_one_order_is_canceled_and_told(client: Client) -> None:
    uid = client.placed()
    status = client.ask("POST", "cancelorder", order_id=uid)["cancelStatus"]
    assert (status["status"], status["order_id"]) == ("cancelled", uid)
    assert [event["type"] for event in status["orderEvents"]] == ["CANCEL"]
    assert client.ask("POST", "cancelorder", order_id=uid)["cancelStatus"]["status"] == "notFound"
    filled = client.market()["order_id"]
    assert client.ask("POST", "cancelorder", order_id=filled)["cancelStatus"]["status"] == "filled"
    assert client.refused("POST", "cancelorder") == (200, "requiredArgumentMissing")
    stop = client.stop(cliOrdId="st")["order_id"]
    gone = client.ask("POST", "cancelorder", cliOrdId="st")["cancelStatus"]
    assert (gone["order_id"], gone["orderEvents"][0]["orderTrigger"]["uid"]) == (stop, stop)


@pytest.mark.quirk("kraken.order.cancelall-status-lies")
def test_cancel_all_says_that_there_were_none_and_lists_them(client: Client) -> None:
    uids = [client.placed(cliOrdId="a1"), str(client.stop()["order_id"])]
    other = client.placed(symbol=PI, size=100)
    status = client.ask("POST", "cancelallorders", symbol=PF)["cancelStatus"]
    assert status["cancelledOrders"] == [{"order_id": uids[0], "cliOrdId": "a1"}, {"order_id": uids[1]}]
    assert (status["status"], status["cancelOnly"], status["orderEvents"]) == ("noOrdersToCancel", PF, [])
    assert [row["order_id"] for row in client.ask("GET", "openorders")["openOrders"]] == [other]


@pytest.mark.quirk("kraken.deadman.seconds")
def test_the_dead_mans_switch_counts_seconds(client: Client) -> None:
    session = client.listen("open_orders")
    client.placed()
    client.stop()
    client.take(session)
    status = client.ask("POST", "cancelallordersafter", timeout=60)["status"]
    assert status["triggerTime"] == "2026-11-24T12:06:00.000Z"
    client.wait(30)
    client.ask("POST", "cancelallordersafter", timeout=60)
    client.say(session, {"event": "ping"})
    client.wait(59)
    assert len(client.ask("GET", "openorders")["openOrders"]) == 2
    client.wait(1)
    assert client.ask("GET", "openorders")["openOrders"] == []
    assert [frame["reason"] for frame in client.take(session)] == ["dead_man_switch"] * 2
    assert client.ask("POST", "cancelallordersafter", timeout=0)["status"]["triggerTime"] == "0"
    assert client.refused("POST", "cancelallordersafter", timeout="soon") == (200, "invalidArgument: timeout")


# --- orders that wait -------------------------------------------------------------------------------------------------


@pytest.mark.quirk("kraken.openorders.stop-type-name")
def test_a_stop_is_sent_as_stp_and_listed_as_stop(client: Client) -> None:
    status = client.stop(triggerSignal="mark", reduceOnly="true")
    trigger = status["orderEvents"][0]["orderTrigger"]
    assert (trigger["type"], trigger["triggerSide"], trigger["triggerSignal"]) == ("ioc", "trigger_below", "mark_price")
    (row,) = client.ask("GET", "openorders")["openOrders"]
    assert (row["orderType"], row["stopPrice"], row["triggerSignal"]) == ("stop", 58000, "mark")
    assert "limitPrice" not in row
    take = client.stop(orderType="take_profit", stopPrice=62000, limitPrice=62000)
    assert take["orderEvents"][0]["orderTrigger"]["triggerSide"] == "trigger_above"
    assert client.ask("GET", "openorders")["openOrders"][0]["limitPrice"] == 62000


@pytest.mark.quirk("kraken.order.trigger-invalid-size")
@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"size": "0.00005"}, "invalidSize"),
        ({"stopPrice": "58000.5"}, "invalidPrice"),
        ({"stopPrice": 61000}, "invalidPrice"),
        ({"orderType": "trailing_stop", "stopPrice": None}, None),
        ({"triggerSignal": "bid"}, None),
        ({"stopPrice": None}, None),
    ],
)
def test_a_refused_stop_is_told_likewise(client: Client, changes: dict[str, Any], word: str | None) -> None:
    usual: dict[str, Any] = {"orderType": "stp", "side": "sell", "stopPrice": 58000, "limitPrice": None}
    document = decoded(client.signed("POST", V3 + "sendorder", **order(**(usual | changes))))
    assert (document["sendStatus"]["status"] if word else document["result"]) == (word or "error")
    assert client.ask("GET", "openorders")["openOrders"] == []


@pytest.mark.quirk("kraken.order.trigger-same-id")
def test_a_stop_keeps_its_id_when_it_fires(client: Client) -> None:
    session = client.listen("open_orders")
    uid = client.stop(limitPrice=58500, cliOrdId="st")["order_id"]
    client.move("57900")
    frames = [
        frame
        for frame in client.take(session)[1:]
        if frame.get("order_id", frame.get("order", {}).get("order_id")) == uid
    ]
    assert [frame["reason"] for frame in frames] == ["stop_order_triggered", "limit_order_from_stop"]
    (row,) = client.ask("GET", "openorders")["openOrders"]
    assert (row["order_id"], row["orderType"], row["cliOrdId"]) == (uid, "lmt", "st")
    assert client.ask("GET", "orders/status", orderIds=uid)["orders"][0]["order"]["type"] == "ORDER"
    kinds = [next(iter(row["event"])) for row in client.history("triggers")["elements"]]
    assert kinds == ["OrderTriggerActivated", "OrderTriggerPlaced"]
    client.move("58600")
    updated = client.history("orders")["elements"][0]["event"]["OrderUpdated"]
    assert (updated["newOrder"]["uid"], updated["reason"]) == (uid, "full_fill")


@pytest.mark.quirk("kraken.order.leftover-triggers")
def test_stops_survive_the_position(client: Client) -> None:
    client.market(size="0.5")
    client.stop(reduceOnly="true")
    client.stop(orderType="take_profit", stopPrice=60500, reduceOnly="true")
    client.move("60600")
    assert client.ask("GET", "openpositions")["openPositions"] == []
    assert [row["orderType"] for row in client.ask("GET", "openorders")["openOrders"]] == ["stop"]


# --- states -----------------------------------------------------------------------------------------------------------


@pytest.mark.quirk("kraken.order.status-5s-window")
def test_states_are_told_of_what_lives_or_ended_lately(client: Client) -> None:
    lives, ends, fills = client.placed(cliOrdId="a1"), client.placed(), client.market()["order_id"]
    waits = client.stop()["order_id"]
    client.ask("POST", "cancelorder", order_id=ends)

    def states() -> dict[str, str]:
        rows = client.ask("POST", "orders/status", orderIds=[lives, ends, fills, waits, "nothing"])["orders"]
        return {row["order"]["orderId"]: row["status"] for row in rows}

    client.wait(5)
    assert states() == {lives: "ENTERED_BOOK", ends: "CANCELLED", fills: "FULLY_EXECUTED", waits: "TRIGGER_PLACED"}
    client.wait(0.001)
    assert states() == {lives: "ENTERED_BOOK", waits: "TRIGGER_PLACED"}
    (row,) = client.ask("GET", "orders/status", cliOrdIds="a1")["orders"]
    assert (row["order"]["quantity"], row["order"]["filled"], row["error"]) == (0.5, 0, None)
    assert client.refused("GET", "orders/status") == (200, "requiredArgumentMissing")


def test_an_account_that_meets_itself_does_as_it_wants(client: Client) -> None:
    client.placed(limitPrice=60000)
    assert client.submit(side="sell", limitPrice=60000)["status"] == "selfFill"
    assert client.ask("GET", "self-trade-strategy")["strategy"] == "REJECT_TAKER"
    client.ask("PUT", "self-trade-strategy", strategy="CANCEL_MAKER_SELF")
    assert client.submit(side="sell", limitPrice=60000)["status"] == "placed"
    assert [row["side"] for row in client.ask("GET", "openorders")["openOrders"]] == ["sell"]
    assert client.refused("PUT", "self-trade-strategy", strategy="x") == (200, "invalidArgument: strategy")


def test_rows_of_a_batch_have_each_their_own_fate(client: Client) -> None:
    resting = client.placed()
    rows = [
        {"order": "send", "order_tag": "1", **order(size=0.5, cliOrdId="b1")},
        {"order": "send", "order_tag": "2", **order(size=400)},
        {"order": "send", "order_tag": "3", "orderType": "lmt"},
        {"order": "edit", "order_tag": "4", "orderId": resting, "limitPrice": 58000},
        {"order": "cancel", "order_tag": "5", "order_id": resting},
        {"order": "cancel", "cliOrdId": "nobody"},
        {"order": "amend"},
    ]
    body = "json=" + msgspec.json.encode({"batchOrder": rows}).decode()
    path = V3 + "batchorder"
    reply = client.request("POST", path, body=body.encode(), headers=client.headers(body, path))
    told = decoded(reply)["batchStatus"]
    assert [row["status"] for row in told] == [
        "placed",
        "insufficientAvailableFunds",
        "requiredArgumentMissing",
        "edited",
        "cancelled",
        "notFound",
        "invalidArgument: order",
    ]
    assert [row.get("order_tag") for row in told] == ["1", "2", "3", "4", None, None, None]
    assert [sorted(row) for row in told[1:3]] == [["orderEvents", "order_tag", "status"]] * 2
    assert (told[3]["order_id"], told[4]["order_id"], told[5]["cliOrdId"]) == (resting, resting, "nobody")
    assert "dateTimeReceived" in told[0]
    broken = "json={"
    reply = client.request("POST", path, body=broken.encode(), headers=client.headers(broken, path))
    assert decoded(reply)["error"] == "Json Parse Error"


def test_fills_come_newest_first_a_hundred_at_most(client: Client) -> None:
    for number in range(102):
        client.command(AddLiquidity(PF, Side.SELL, 60001, 10))
        client.venue.desk.budgets = type(client.venue.desk.budgets)(
            client.venue.desk.limits, client.venue.desk.switches, client.venue.desk.throttle
        )
        client.market(size="0.001", cliOrdId=f"m{number}")
        client.wait(0.01)
    fills = client.ask("GET", "fills")["fills"]
    assert len(fills) == 100
    assert fills[0]["cliOrdId"] == "m101"
    older = client.ask("GET", "fills", lastFillTime=fills[-1]["fillTime"])["fills"]
    assert [fill["cliOrdId"] for fill in older] == ["m1", "m0"]
    assert list(fills[0]) == [
        "fill_id",
        "symbol",
        "side",
        "order_id",
        "cliOrdId",
        "size",
        "price",
        "fillTime",
        "fillType",
    ]


@pytest.mark.quirk("kraken.rate.fills-lastfilltime-25")
def test_fills_with_a_time_are_dear(client: Client) -> None:
    for _ in range(20):
        client.ask("GET", "fills", lastFillTime="2026-11-24T12:00:00.000Z")
    assert client.refused("GET", "fills") == (429, "apiLimitExceeded")
    client.wait(10)
    for _ in range(250):
        client.ask("GET", "fills")
    assert client.refused("GET", "fills") == (429, "apiLimitExceeded")


def test_histories_of_orders_go_on_page_by_page(client: Client) -> None:
    uids = [client.placed(cliOrdId=f"h{number}") for number in range(5)]
    page = client.history("orders", count=2)
    rest = client.history("orders", count=10, continuation_token=page["continuationToken"])
    found = [row["event"]["OrderPlaced"]["order"]["uid"] for row in page["elements"] + rest["elements"]]
    assert found == uids[::-1]
    assert "continuationToken" not in rest
    element = client.history("orders", count=1, sort="asc")["elements"][0]
    placed = element["event"]["OrderPlaced"]
    assert (placed["reason"], placed["order"]["direction"], placed["order"]["orderType"]) == (
        "new_user_order",
        "Buy",
        "Limit",
    )
    assert [placed["order"][name] for name in ("quantity", "filled", "limitPrice")] == ["0.5", "0", "59000"]
    assert (element["timestamp"], placed["order"]["clientId"]) == (client.now_ns // 1_000_000, "h0")
    assert client.history("orders", tradeable=PI)["elements"] == []
    assert client.signed("GET", "/api/history/v2/orders", continuation_token="%%").status == 400


def test_what_trades_as_it_comes_in_is_told_once_as_it_stands_afterwards(client: Client) -> None:
    client.market(size="0.1")
    (element,) = client.history("orders")["elements"]
    order = element["event"]["OrderPlaced"]["order"]
    assert (order["quantity"], order["filled"], order["orderType"]) == ("0", "0.1", "IoC")
    (met,) = client.history("executions")["elements"]
    execution = met["event"]["Execution"]["execution"]
    public = client.public(f"/api/history/v3/market/{PF}/executions", count=1)["elements"][0]
    everybody = public["event"]["Execution"]["execution"]
    assert execution["makerOrder"] == everybody["makerOrder"], "the other side, of which nobody is told more"
    assert {"accountUid", "filled", "clientId"} <= set(execution["takerOrder"]) - set(everybody["takerOrder"])
    assert {name: execution[name] for name in ("uid", "price", "quantity", "markPrice", "usdValue")} == {
        name: everybody[name] for name in ("uid", "price", "quantity", "markPrice", "usdValue")
    }


def test_what_is_not_built_is_refused_and_a_size_may_be_what_is_left(client: Client) -> None:
    offset = {"orderType": "stp", "stopPrice": 58000, "limitPriceOffsetValue": 1}
    assert client.refused("POST", "sendorder", **order(**offset)) == (200, "invalidArgument: limitPriceOffsetValue")
    uid = client.placed()
    client.fill(uid, 1000)
    client.ask("POST", "editorder", orderId=uid, size="0.3", qtyMode="RELATIVE")
    assert client.ask("GET", "openorders")["openOrders"][0]["unfilledSize"] == 0.3
    client.ask("POST", "editorder", orderId=uid, size="0.3", qtyMode="ABSOLUTE")
    assert client.ask("GET", "openorders")["openOrders"][0]["unfilledSize"] == 0.2
    assert client.refused("POST", "editorder", orderId=uid, qtyMode="x", size=1) == (200, "invalidArgument: qtyMode")


def test_numbers_are_exact(client: Client) -> None:
    client.market(symbol="PF_ETHUSD", size="0.003")
    (row,) = exact(client.signed("GET", V3 + "fills"))["fills"]
    assert (str(row["size"]), str(row["price"])) == ("0.003", "3000.1")
