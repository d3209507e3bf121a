"""Order entry over a connection of its own."""

from __future__ import annotations

from typing import Any

import pytest

from .client import Client, order


def framed(client: Client, request: str, args: object, op: str = "order.create") -> dict[str, Any]:
    stamped = {"X-BAPI-TIMESTAMP": client.time().wire_ms, "X-BAPI-RECV-WINDOW": "5000"}
    return {"reqId": request, "header": stamped, "op": op, "args": [args]}


@pytest.fixture
def trade(client: Client) -> int:
    session = client.open("/v5/trade", "max_active_time=1m")
    assert client.login(session)["retCode"] == 0
    return session


@pytest.mark.quirk("bybit.ws.trade-orders")
def test_orders_are_placed_amended_and_cancelled(client: Client, trade: int) -> None:
    made = client.answer(trade, framed(client, "1", order()))
    assert [made[name] for name in ("reqId", "retCode", "retMsg", "op", "retExtInfo")] == [
        "1",
        0,
        "OK",
        "order.create",
        {},
    ]
    assert made["header"].keys() == {
        "X-Bapi-Limit",
        "X-Bapi-Limit-Status",
        "X-Bapi-Limit-Reset-Timestamp",
        "Traceid",
        "Timenow",
    }
    named = {"category": "linear", "symbol": "BTCUSDT", "orderId": made["data"]["orderId"]}
    assert client.answer(trade, framed(client, "2", {**named, "price": "58000"}, "order.amend"))["retCode"] == 0
    assert client.shown(named["orderId"])["price"] == "58000"
    assert client.answer(trade, framed(client, "3", named, "order.cancel"))["data"]["orderId"] == named["orderId"]
    gone = client.answer(trade, framed(client, "4", named, "order.cancel"))
    assert (gone["retCode"], gone["data"], gone["reqId"]) == (110001, {}, "4")


def test_batches_tell_each_fault_beside_the_result(client: Client, trade: int) -> None:
    rows = {"category": "linear", "request": [order(category=None), order(category=None, qty="0")]}
    made = client.answer(trade, framed(client, "1", rows, "order.create-batch"))
    assert [one["code"] for one in made["retExtInfo"]["list"]] == [0, 10001]
    assert [bool(one["orderId"]) for one in made["data"]["list"]] == [True, False]


@pytest.mark.quirk("bybit.ws.trade-reqid-dup")
def test_a_request_id_is_used_once(client: Client, trade: int) -> None:
    assert client.answer(trade, framed(client, "1", order()))["retCode"] == 0
    assert client.answer(trade, framed(client, "1", order()))["retCode"] == 20006
    assert client.answer(trade, framed(client, "x" * 37, order()))["retCode"] == 10001
    for _ in range(2):
        assert client.answer(trade, framed(client, "", order()))["retCode"] == 0


FAULTS: list[tuple[str, object, int]] = [
    ("dance", [], 10404),
    ("subscribe", ["order"], 10404),
    ("order.create", [order(category="spot")], 10404),
    ("order.create", [order(category=None)], 10404),
    ("order.create", [1], 10001),
    ("order.create", [order(), order()], 10001),
    ("order.create", "x", 10001),
    ("order.create", [order(symbol="NOPE")], 10001),
]


@pytest.mark.parametrize(("op", "args", "code"), FAULTS, ids=str)
def test_a_frame_is_refused_with_the_venues_own_code(
    client: Client, trade: int, op: str, args: object, code: int
) -> None:
    header = {"X-BAPI-TIMESTAMP": str(client.time().wire_ms)}
    assert client.answer(trade, {"header": header, "op": op, "args": args})["retCode"] == code
    assert client.answer(trade, "{")["retCode"] == 10001


def test_a_frame_is_refused_for_its_time_and_without_a_login(client: Client, trade: int) -> None:
    late = framed(client, "1", order())
    client.wait(5.001)
    assert client.answer(trade, late)["retCode"] == 10002
    assert client.answer(trade, {"op": "order.create", "args": [order()]})["retCode"] == 10002
    stranger = client.open("/v5/trade")
    assert client.answer(stranger, framed(client, "1", order()))["retCode"] == 10003
    assert client.answer(stranger, {"op": "auth", "args": ["x"]})["retCode"] == 10001


@pytest.mark.quirk("bybit.ws.trade-own-socket")
def test_orders_are_refused_on_the_sockets_of_streams(client: Client) -> None:
    private = client.open("/v5/private")
    client.login(private)
    for session in (private, client.open("/v5/public/linear")):
        told = client.answer(session, framed(client, "1", order()))
        assert (told["success"], told["ret_msg"]) == (False, "error:invalid op")
    assert client.ask("order/realtime", category="linear", symbol="BTCUSDT")["list"] == []


def test_too_many_frames_are_refused(client: Client, trade: int) -> None:
    codes = [client.answer(trade, framed(client, str(number), order(qty="0"))).get("retCode") for number in range(120)]
    assert codes[0] == 10001
    assert codes[30] == 10006
    assert codes[-1] == 20003
