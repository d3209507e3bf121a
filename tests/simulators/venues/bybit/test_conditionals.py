"""Conditional orders of their own, and stops that are bound to a position."""

from __future__ import annotations

from typing import Any

import pytest

from .client import Client, order, stop

STOPS: dict[str, Any] = {"category": "linear", "symbol": "BTCUSDT"}


def statuses(client: Client, session: int) -> list[tuple[str, str]]:
    return [(row["stopOrderType"], row["orderStatus"]) for row in client.rows(session, "order")]


@pytest.mark.quirk("bybit.order.conditional-by-trigger")
@pytest.mark.quirk("bybit.order.status-untriggered")
def test_a_conditional_order_is_known_by_its_trigger_price(client: Client) -> None:
    plain, waits = client.place(), client.place(**stop())
    rows = {row["orderId"]: row for row in client.ask("order/realtime", **STOPS)["list"]}
    assert [rows[one]["orderType"] for one in (plain, waits)] == ["Limit", "Market"]
    assert [rows[one]["triggerPrice"] for one in (plain, waits)] == ["", "58000"]
    assert [rows[one]["orderStatus"] for one in (plain, waits)] == ["New", "Untriggered"]
    assert (rows[waits]["stopOrderType"], rows[waits]["triggerDirection"]) == ("Stop", 2)
    only = client.ask("order/realtime", **STOPS, orderFilter="StopOrder")["list"]
    assert [row["orderId"] for row in only] == [waits]


def test_it_fires_under_the_same_id(client: Client) -> None:
    session = client.listen("order")
    waits = client.place(**stop(orderLinkId="s-1"))
    client.move("58000")
    told = client.rows(session, "order")
    assert {(row["orderId"], row["orderLinkId"]) for row in told} == {(waits, "s-1")}
    assert [row["orderStatus"] for row in told] == ["Untriggered", "Triggered", "New", "Filled"]
    assert told[-1]["createType"] == "CreateByStopOrder"
    assert client.position()["side"] == "Sell"


def test_a_rise_buys_and_a_fall_takes(client: Client) -> None:
    rises = client.place(**stop(side="Buy", triggerPrice="61000", triggerDirection=1))
    takes = client.place(**stop(side="Buy", triggerPrice="59000", triggerDirection=2, orderType="Limit", price="59500"))
    client.move("61000")
    assert [client.shown(one)["orderStatus"] for one in (rises, takes)] == ["Filled", "Untriggered"]
    client.move("59000")
    assert client.shown(takes)["orderStatus"] == "Filled"


@pytest.mark.quirk("bybit.order.trailing-no-id")
def test_a_trailing_stop_follows_by_a_distance_and_is_answered_without_an_id(client: Client) -> None:
    client.market()
    session = client.listen("order")
    assert client.post("position/trading-stop", **STOPS, trailingStop="500", activePrice="60500") == {}
    client.move("60500")
    client.move("61000")
    assert client.position()["trailingStop"] == "500"
    client.move("60501")
    assert client.position()["size"] == "0.01"
    client.move("60500")
    told = client.rows(session, "order")
    assert told[-1]["createType"] == "CreateByTrailingStop"
    assert (told[-1]["orderStatus"], client.position()["size"]) == ("Filled", "0")


@pytest.mark.quirk("bybit.order.trading-stop")
def test_stops_of_a_position_end_with_it(client: Client) -> None:
    client.market()
    session = client.listen("order", "position")
    client.post("position/trading-stop", **STOPS, takeProfit="62000", stopLoss="58000")
    shown = client.position()
    assert (shown["takeProfit"], shown["stopLoss"]) == ("62000", "58000")
    client.market("Sell", reduceOnly=True)
    assert statuses(client, session)[-2:] == [("TakeProfit", "Deactivated"), ("StopLoss", "Deactivated")]
    assert client.ask("order/realtime", **STOPS)["list"] == []


def test_a_stop_is_set_anew_and_taken_away(client: Client) -> None:
    assert client.refused("position/trading-stop", **STOPS, stopLoss="58000")[0] == 10001
    client.market()
    client.post("position/trading-stop", **STOPS, stopLoss="58000")
    assert client.refused("position/trading-stop", **STOPS, stopLoss="58000") == (34040, "not modified")
    client.post("position/trading-stop", **STOPS, stopLoss="58500")
    assert client.position()["stopLoss"] == "58500"
    client.post("position/trading-stop", **STOPS, stopLoss="0")
    assert client.position()["stopLoss"] == ""
    assert client.refused("position/trading-stop", **STOPS, stopLoss="61000")[0] == 10001


def test_stops_that_come_with_an_order_begin_with_its_fill(client: Client) -> None:
    resting = client.place(takeProfit="62000", stopLoss="57000")
    row = client.shown(resting)
    assert (row["takeProfit"], row["stopLoss"], row["tpslMode"]) == ("62000", "57000", "Full")
    assert client.ask("order/realtime", **STOPS, orderFilter="StopOrder")["list"] == []
    client.move("59000")
    kinds = {row["stopOrderType"] for row in client.ask("order/realtime", **STOPS, orderFilter="StopOrder")["list"]}
    assert kinds == {"TakeProfit", "StopLoss"}


def test_partial_stops_close_a_part(client: Client) -> None:
    client.market(qty="0.02")
    client.post("position/trading-stop", **STOPS, tpslMode="Partial", takeProfit="61000", tpSize="0.01")
    client.move("61000")
    assert client.position()["size"] == "0.01"
    kind = client.ask("order/history", **STOPS)["list"][0]["stopOrderType"]
    assert kind == "PartialTakeProfit"


@pytest.mark.quirk("bybit.order.leftover-conditionals")
def test_conditional_orders_of_their_own_survive_a_flat_position(client: Client) -> None:
    client.market()
    waits = client.place(**stop())
    client.market("Sell", reduceOnly=True)
    [left] = client.ask("order/realtime", **STOPS, orderFilter="StopOrder")["list"]
    assert left["orderId"] == waits
    ended = client.post("order/cancel-all", **STOPS, orderFilter="StopOrder")
    assert ended == {"list": [{"orderId": waits, "orderLinkId": ""}], "success": "1"}


def test_quantity_nought_closes_the_whole_position(client: Client) -> None:
    client.market(qty="0.03")
    client.place(**stop(qty="0", reduceOnly=True, closeOnTrigger=True))
    client.move("58000")
    assert client.position()["size"] == "0"
    client.market(qty="0.02")
    client.market("Sell", qty="0", reduceOnly=True)
    assert client.position()["size"] == "0"


def test_ten_conditional_orders_may_wait(client: Client) -> None:
    for number in range(10):
        client.place(**stop(triggerPrice=str(50000 + number)))
    client.wait(1)
    assert client.refused("order/create", **stop())[0] == 110009
    client.place(**order())
