from __future__ import annotations

import pytest

from venueproof_simulators.engine.commands import FillOrder

from .client import Client

ORDER = "/fapi/v1/order"


def amend(client: Client, order_id: int, **changes: object) -> dict[str, object]:
    parameters: dict[str, object] = {
        "symbol": "BTCUSDT",
        "orderId": order_id,
        "side": "BUY",
        "quantity": "0.020",
        "price": "58000",
    }
    return {name: value for name, value in (parameters | changes).items() if value is not None}


@pytest.mark.quirk("binance.order.amend-in-place")
def test_amended_order_keeps_its_id_unless_the_row_is_on(client: Client, field: Client) -> None:
    placed = client.limit()
    reply = client.ask("PUT", ORDER, **amend(client, placed["orderId"], modifyId=5))
    assert (reply["orderId"], reply["price"], reply["origQty"]) == (placed["orderId"], "58000.00", "0.020")
    assert (reply["pair"], reply["modifyId"], reply["status"]) == ("BTCUSDT", 5, "NEW")
    placed = field.limit()
    field.venue.switch_quirk("binance.http.errors-are-4xx", False)
    assert field.refused("PUT", ORDER, **amend(field, placed["orderId"])) == (400, -5025)
    assert field.ask("GET", ORDER, symbol="BTCUSDT", orderId=placed["orderId"])["price"] == "59000.00"


def test_amendments_are_listed_with_before_and_after(client: Client) -> None:
    order_id = client.limit()["orderId"]
    client.ask("PUT", ORDER, **amend(client, order_id))
    client.ask("PUT", ORDER, **amend(client, order_id, quantity="0.030"))
    rows = client.ask("GET", "/fapi/v1/orderAmendment", symbol="BTCUSDT", orderId=order_id)
    assert [row["amendment"]["origQty"] for row in rows] == [
        {"before": "0.010", "after": "0.020"},
        {"before": "0.020", "after": "0.030"},
    ]


def test_amendments_can_be_cut(client: Client) -> None:
    order_id = client.limit()["orderId"]
    for amount in ("0.020", "0.030", "0.040"):
        client.ask("PUT", ORDER, **amend(client, order_id, quantity=amount))
        client.wait(1)

    def listed(**parameters: object) -> list[int]:
        asked = {"symbol": "BTCUSDT", "orderId": order_id, **parameters}
        return [row["amendmentId"] for row in client.ask("GET", "/fapi/v1/orderAmendment", **asked)]

    assert listed(limit=2) == [2, 3]
    assert listed(startTime=client.time().wire_ms - 1500) == [3]
    assert listed(endTime=client.time().wire_ms - 1500) == [1, 2]
    wide = {"symbol": "BTCUSDT", "orderId": order_id, "limit": 101}
    assert client.refused("GET", "/fapi/v1/orderAmendment", **wide) == (400, -1130)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"price": None}, -1102),
        ({"quantity": None}, -1102),
        ({"side": None}, -1102),
        ({"side": "SELL"}, -1117),
        ({"orderId": None}, -1102),
        ({"orderId": 77}, -2013),
        ({"price": "58000.05"}, -4014),
        ({"quantity": "0.0201"}, -1111),
        ({"price": "59000", "quantity": "0.010"}, -5027),
        ({"quantity": "0.001"}, -5029),
        ({"quantity": "40"}, -2019),
        ({"reduceOnly": "true"}, -5047),
        ({"modifyId": "x"}, -1100),
    ],
)
def test_refused_amendment_leaves_the_order_as_it_is(client: Client, changes: dict[str, object], code: int) -> None:
    placed = client.limit()
    assert client.refused("PUT", ORDER, **amend(client, placed["orderId"], **changes)) == (400, code)
    left = client.ask("GET", "/fapi/v1/openOrder", symbol="BTCUSDT", orderId=placed["orderId"])
    assert (left["price"], left["origQty"]) == ("59000.00", "0.010")
    assert client.ask("GET", "/fapi/v1/orderAmendment", symbol="BTCUSDT", orderId=placed["orderId"]) == []


def test_ended_order_cannot_be_amended(client: Client) -> None:
    assert client.refused("PUT", ORDER, **amend(client, client.market()["orderId"])) == (400, -2013)


@pytest.mark.quirk("binance.order.amend-can-cancel")
def test_amending_down_to_what_is_filled_cancels(client: Client) -> None:
    placed = client.limit(quantity="0.020")
    client.command(FillOrder("BTCUSDT", placed["orderId"], 15))
    reply = client.ask("PUT", ORDER, **amend(client, placed["orderId"], quantity="0.015", price="59000"))
    assert (reply["status"], reply["executedQty"]) == ("CANCELED", "0.015")


@pytest.mark.quirk("binance.order.amend-can-cancel")
def test_amending_a_post_only_order_into_the_book_cancels(client: Client) -> None:
    placed = client.limit(timeInForce="GTX")
    reply = client.ask("PUT", ORDER, **amend(client, placed["orderId"], price="60100"))
    assert reply["status"] == "CANCELED"
    assert client.ask("GET", "/fapi/v1/userTrades", symbol="BTCUSDT") == []


def test_batch_of_amendments_fails_item_by_item(client: Client) -> None:
    order_id = client.limit()["orderId"]
    right = f'{{"symbol":"BTCUSDT","orderId":{order_id},"side":"BUY","quantity":"0.020","price":"58000"}}'
    wrong = right.replace("58000", "58000.05")
    rows = client.ask("PUT", "/fapi/v1/batchOrders", batchOrders=f"[{right},{wrong}]")
    assert [row.get("price", row.get("code")) for row in rows] == ["58000.00", -4014]


def test_reduce_only_order_may_shrink_below_the_notional_where_the_amendment_says_so(
    client: Client, field: Client
) -> None:
    for one, says_so in ((client, 200), (field, 400)):
        one.venue.switch_quirk("binance.http.errors-are-4xx", False)
        one.venue.switch_quirk("binance.order.amend-in-place", False)
        one.market(quantity="0.010")
        placed = one.limit(side="SELL", price="61000", reduceOnly="true")
        change = {"symbol": "BTCUSDT", "orderId": placed["orderId"], "side": "SELL", "price": "61000"}
        assert one.refused("PUT", ORDER, **change, quantity="0.001") == (400, -5029)
        assert one.signed("PUT", ORDER, **change, quantity="0.001", reduceOnly="true").status == says_so
        assert one.signed("PUT", ORDER, **change, quantity="0.009").status == 200


@pytest.mark.parametrize("kind", ["STOP", "TAKE_PROFIT"])
def test_order_that_a_conditional_one_led_to_is_amended_like_any_other(client: Client, kind: str) -> None:
    trigger, price = ("58000", "58500") if kind == "STOP" else ("62000", "62500")
    client.algo(type=kind, triggerPrice=trigger, price=price)
    client.move(trigger)
    change = {"symbol": "BTCUSDT", "orderId": 1, "side": "SELL", "quantity": "0.010", "price": "62600"}
    amended = client.ask("PUT", ORDER, **change)
    assert (amended["price"], amended["origType"], amended["stopPrice"]) == ("62600.00", kind, f"{trigger}.00")


@pytest.mark.quirk("binance.order.amend-pending-5043")
def test_amendment_while_one_is_pending_is_refused(client: Client) -> None:
    placed = client.limit()
    for number, on in enumerate((True, False)):
        client.venue.switch_quirk("binance.order.amend-pending-5043", on)
        ask = {"symbol": "BTCUSDT", "orderId": placed["orderId"], "side": "BUY", "quantity": "0.010"}
        client.ask("PUT", ORDER, **ask, price=58_000 - number)
        again = client.signed("PUT", ORDER, **ask, price=58_100 - number)
        assert (again.status, b"-5043" in again.body) == ((400, True) if on else (200, False))
        client.wait(0.2)
        client.ask("PUT", ORDER, **ask, price=58_200 - number)
        client.wait(0.2)
