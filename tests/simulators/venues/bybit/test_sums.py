"""Sums agree with their parts, in lists and on streams alike."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from venueproof_simulators.engine.commands import FillOrder

from .client import Client, order, stop


def closed(client: Client, category: str = "linear") -> Any:
    """The newest row of closed-pnl."""
    return client.ask("position/closed-pnl", category=category, limit=1)["list"][0]


def amounts(row: Any, *names: str) -> list[Decimal]:
    return [Decimal(row[name]) for name in names]


@pytest.mark.parametrize(("category", "symbol", "lots"), [("linear", "BTCUSDT", "0.02"), ("inverse", "BTCUSD", "1000")])
def test_a_closed_profit_has_the_fees_of_both_ends_taken_off(
    client: Client, category: str, symbol: str, lots: str
) -> None:
    where = {"category": category, "symbol": symbol}
    client.market(qty=lots, **where)
    opened = client.ask("execution/list", **where)["list"][0]
    session = client.listen("order", "execution")
    client.move("61000", symbol)
    client.market("Sell", lots, reduceOnly=True, **where)
    row, fill = closed(client, category), client.rows(session, "execution")[-1]
    assert (row["openFee"], row["closeFee"]) == (opened["execFee"], fill["execFee"])
    assert (row["cumEntryValue"], row["avgEntryPrice"]) == (opened["execValue"], opened["execPrice"])
    profit, open_fee, close_fee = amounts(row, "closedPnl", "openFee", "closeFee")
    assert profit == Decimal(fill["execPnl"]) - open_fee - close_fee
    assert row["orderPrice"] == fill["orderPrice"] != fill["execPrice"]


def test_the_order_stream_tells_the_same_closed_profit(client: Client) -> None:
    client.market(qty="0.02")
    session = client.listen("order")
    client.market("Sell", "0.01")
    assert client.rows(session, "order")[-1]["closedPnl"] == closed(client)["closedPnl"]


def test_what_a_maker_paid_for_opening_is_told_when_a_taker_closes(client: Client) -> None:
    client.place(qty="0.02")
    client.command(FillOrder("BTCUSDT", 1, 0))
    client.market("Sell", "0.01")
    row = closed(client)
    assert (row["openFee"], row["cumEntryValue"]) == ("0.118", "590")


def test_of_an_order_that_turns_a_position_only_the_closing_part_counts(client: Client) -> None:
    client.market(qty="0.01")
    client.market("Sell", "0.03")
    row = closed(client)
    [fill] = client.ask("execution/list", category="linear", limit=1)["list"]
    assert row["closedSize"] == "0.01"
    assert Decimal(row["closeFee"]) * 3 == Decimal(fill["execFee"])
    held = client.position()
    opened = Decimal(fill["execFee"]) - Decimal(row["closeFee"])
    assert Decimal(held["curRealisedPnl"]) == -opened


def test_what_is_realised_on_the_present_position_begins_anew_with_it(client: Client) -> None:
    client.market(qty="0.02")
    client.market("Sell", "0.02", reduceOnly=True)
    first = client.position()
    assert first["curRealisedPnl"] == first["cumRealisedPnl"] == closed(client)["closedPnl"]
    client.market(qty="0.01")
    now = client.position()
    [fill] = client.ask("execution/list", category="linear", limit=1)["list"]
    assert Decimal(now["curRealisedPnl"]) == -Decimal(fill["execFee"])
    assert Decimal(now["cumRealisedPnl"]) == Decimal(first["cumRealisedPnl"]) - Decimal(fill["execFee"])


def test_a_stop_for_a_part_says_that_it_is_one(client: Client) -> None:
    client.market(qty="0.02")
    where = {"category": "linear", "symbol": "BTCUSDT"}
    client.post("position/trading-stop", **where, takeProfit="70000", tpslMode="Full")
    client.post("position/trading-stop", **where, takeProfit="72000", tpslMode="Partial", tpSize="0.01")
    rows = client.ask("order/realtime", **where)["list"]
    told = {row["stopOrderType"]: row["tpslMode"] for row in rows}
    assert told == {"TakeProfit": "Full", "PartialTakeProfit": "Partial"}


def test_a_reducing_order_is_told_whether_there_is_a_position_at_all(client: Client) -> None:
    sent = order(orderType="Market", price=None, reduceOnly=True)
    nothing = client.refused("order/create", **sent)
    client.market(qty="0.01")
    wrong_side = client.refused("order/create", **sent)
    whole = client.refused("order/create", **sent | {"qty": "0"})
    assert nothing == (110017, "current position is zero, cannot fix reduce-only order qty")
    assert wrong_side == whole == (110017, "Reduce-only rule not satisfied")


def test_candles_of_no_category_are_those_of_linear_contracts(client: Client) -> None:
    for path in ("kline", "mark-price-kline", "index-price-kline", "premium-index-price-kline"):
        told = client.public(f"market/{path}", symbol="BTCUSDT", interval="1", limit=2)
        assert (told["retCode"], told["result"]["category"]) == (0, "linear"), path
    assert client.public("market/kline", symbol="BTCUSD", interval="1")["retCode"] == 10001
    assert client.public("market/tickers", symbol="BTCUSDT")["retCode"] == 10001


def test_there_are_no_candles_of_the_future(client: Client) -> None:
    later = client.time().wire_ms + 3_600_000
    told = client.public("market/kline", category="linear", symbol="BTCUSDT", interval="1", start=later)
    assert told["result"]["list"] == []


@pytest.mark.quirk("bybit.ws.topic-there-already")
def test_a_topic_that_is_there_already_is_refused_and_so_is_what_came_with_it(client: Client) -> None:
    session = client.watch("publicTrade.BTCUSDT")
    answer = client.subscribe(session, "tickers.ETHUSDT", "publicTrade.BTCUSDT")
    assert answer["success"] is False
    assert answer["ret_msg"] == "error:already subscribed,topic:publicTrade.BTCUSDT"
    assert client.take(session) == []
    assert client.subscribe(session, "tickers.ETHUSDT")["success"]
    client.send(session, {"op": "unsubscribe", "args": ["publicTrade.BTCUSDT"]})
    assert client.subscribe(session, "publicTrade.BTCUSDT")["success"]


def test_a_frame_without_an_op_is_answered_without_one(client: Client) -> None:
    session = client.open("/v5/public/linear")
    assert client.answer(session, {"op": None})["request"] == {"op": "", "args": None}


def test_whether_to_close_is_said_as_a_flag(client: Client) -> None:
    assert client.refused("order/create", **order(closeOnTrigger="maybe"))[0] == 10001


def test_a_stop_that_is_put_on_an_order_is_told(client: Client) -> None:
    session = client.listen("order")
    rising = stop(side="Buy", triggerPrice="62000", triggerDirection=1)
    for placed in (client.place(), client.place(**rising)):
        client.take(session)
        client.post("order/amend", category="linear", symbol="BTCUSDT", orderId=placed, takeProfit="70000")
        [row] = client.rows(session, "order")
        assert (row["orderId"], row["takeProfit"]) == (placed, "70000")
        assert client.shown(placed)["takeProfit"] == "70000"


def test_the_guard_needs_its_time(client: Client) -> None:
    code, text = client.refused("order/disconnected-cancel-all")
    assert (code, "timeWindow" in text) == (10001, True)


def test_a_batch_of_nothing_and_a_failed_row_say_so(client: Client) -> None:
    code, text = client.refused("order/create-batch", category="linear", request=[])
    assert (code, text) == (10001, "params error: request is required")
    sent = {name: value for name, value in order(qty="x", orderLinkId="a-1").items() if name != "category"}
    [row] = client.post("order/create-batch", category="linear", request=[sent])["list"]
    assert row == {"category": "linear", "symbol": "BTCUSDT", "orderId": "", "orderLinkId": "", "createAt": ""}


def test_an_isolated_position_takes_in_the_margin_of_a_lower_leverage_where_there_is_some(client: Client) -> None:
    client.post("account/set-margin-mode", setMarginMode="ISOLATED_MARGIN")
    client.market(qty="10")
    before = Decimal(client.position()["positionBalance"])
    sent = {"category": "linear", "symbol": "BTCUSDT", "buyLeverage": "5", "sellLeverage": "5"}
    assert client.post("position/set-leverage", **sent) == {}
    assert client.position()["leverage"] == "5"
    assert abs(Decimal(client.position()["positionBalance"]) - 2 * before) <= Decimal("0.00000001")
    few = sent | {"buyLeverage": "1", "sellLeverage": "1"}
    assert client.refused("position/set-leverage", **few) == (110012, "Insufficient available balance.")
    assert client.position()["leverage"] == "5"
