from __future__ import annotations

import pytest

from venueproof_simulators.engine.commands import FillOrder

from .client import Client, order

ORDER = "/fapi/v1/order"
DAY_MS = 86_400_000


@pytest.mark.quirk("binance.order.all-orders-both-products")
def test_all_orders_without_a_symbol_are_those_of_both_products(client: Client) -> None:
    client.limit()
    client.ask("POST", "/dapi/v1/order", **order(symbol="BTCUSD_PERP", quantity="10"))
    client.limit(symbol="ETHUSDT", price="2900", quantity="1")
    named = [row["symbol"] for row in client.ask("GET", "/fapi/v1/allOrders")]
    assert sorted(named) == ["BTCUSDT", "BTCUSD_PERP", "ETHUSDT"]
    assert client.refused("GET", "/fapi/v1/allOrders", symbol="BTCUSD_PERP") == (400, -1121)
    (row,) = client.ask("GET", "/dapi/v1/allOrders", symbol="BTCUSD_PERP")
    assert row["symbol"] == "BTCUSD_PERP"


@pytest.mark.quirk("binance.cost.cumquote-cumbase")
def test_order_document_has_the_cost_of_both_products(client: Client) -> None:
    placed = client.market()
    document = client.ask("GET", ORDER, symbol="BTCUSDT", orderId=placed["orderId"])
    assert (document["cumQuote"], document["cumBase"], document["avgPrice"]) == ("600.00100", "0", "60000.10000")
    assert "cumQty" not in document
    assert {document["time"], document["updateTime"]} == {client.time().wire_ms}
    assert document["reduceOnly"] is False


def test_one_document_in_every_list(client: Client) -> None:
    placed = client.limit()
    document = client.ask("GET", ORDER, symbol="BTCUSDT", orderId=placed["orderId"])
    by_name = {"symbol": "BTCUSDT", "origClientOrderId": placed["clientOrderId"]}
    assert client.ask("GET", "/fapi/v1/openOrder", **by_name) == document
    assert client.ask("GET", "/fapi/v1/openOrders") == [document]
    assert client.ask("GET", "/fapi/v1/openOrders", symbol="BTCUSDT") == [document]
    assert client.ask("GET", "/fapi/v1/openOrders", symbol="ETHUSDT") == []
    assert client.ask("GET", "/fapi/v1/allOrders", symbol="BTCUSDT") == [document]


def test_all_orders_ascend_and_can_be_cut(client: Client) -> None:
    ids = []
    for _ in range(4):
        ids.append(client.limit()["orderId"])
        client.wait(1)

    def listed(**parameters: object) -> list[int]:
        rows = client.ask("GET", "/fapi/v1/allOrders", symbol="BTCUSDT", **parameters)
        return [row["orderId"] for row in rows]

    assert listed() == ids
    assert listed(limit=2) == ids[2:]
    assert listed(orderId=ids[1], limit=2) == ids[1:3]
    assert listed(startTime=client.time().wire_ms - 2500) == ids[2:]
    assert listed(endTime=client.time().wire_ms - 2500) == ids[:2]


def test_periods_are_bounded(client: Client) -> None:
    for path in ("/fapi/v1/allOrders", "/fapi/v1/userTrades"):
        wide = {"symbol": "BTCUSDT", "startTime": 0, "endTime": 7 * DAY_MS + 1}
        assert client.refused("GET", path, **wide) == (400, -4165)
        assert client.refused("GET", path, symbol="BTCUSDT", startTime=2, endTime=1) == (400, -1023)
        assert client.refused("GET", path, symbol="BTCUSDT", limit=1001) == (400, -1130)
        assert client.refused("GET", path, symbol="BTCUSDT", limit=0) == (400, -1130)


def test_fill_row_is_what_happened(client: Client) -> None:
    resting = client.limit(side="SELL", price="60001", quantity="0.010")
    client.command(FillOrder("BTCUSDT", resting["orderId"], 4))
    row = client.ask("GET", "/fapi/v1/userTrades", symbol="BTCUSDT")[0]
    assert row.pop("id") > 0
    assert row == {
        "buyer": False,
        "commission": "0.04800080",
        "commissionAsset": "USDT",
        "maker": True,
        "orderId": resting["orderId"],
        "price": "60001",
        "qty": "0.004",
        "quoteQty": "240.004",
        "baseQty": "0.004",
        "marginAsset": "USDT",
        "realizedPnl": "0",
        "side": "SELL",
        "positionSide": "BOTH",
        "symbol": "BTCUSDT",
        "pair": "BTCUSDT",
        "time": client.time().wire_ms,
    }


def test_fills_ascend_and_can_be_cut(client: Client) -> None:
    orders = [client.market()["orderId"] for _ in range(3)]
    rows = client.ask("GET", "/fapi/v1/userTrades", symbol="BTCUSDT")
    ids = [row["id"] for row in rows]
    assert ids == sorted(set(ids))

    def listed(**parameters: object) -> list[int]:
        return [row["id"] for row in client.ask("GET", "/fapi/v1/userTrades", symbol="BTCUSDT", **parameters)]

    assert listed(fromId=ids[1], limit=1) == ids[1:2]
    assert listed(orderId=orders[2]) == ids[2:]
    assert listed(limit=1) == ids[2:]
    assert client.ask("GET", "/fapi/v1/userTrades", symbol="ETHUSDT") == []
    for name in ("startTime", "endTime"):
        both = {"symbol": "BTCUSDT", "fromId": ids[0], name: client.time().wire_ms}
        assert client.refused("GET", "/fapi/v1/userTrades", **both) == (400, -1128)


def test_income_tells_what_fills_cost_and_earned(client: Client) -> None:
    client.market(quantity="0.100")
    client.market("SELL", quantity="0.100")
    rows = client.ask("GET", "/fapi/v1/income")
    assert [row["incomeType"] for row in rows] == ["COMMISSION", "REALIZED_PNL", "COMMISSION"]
    assert rows[1]["income"] == "-0.02000000"
    assert len({row["tranId"] for row in rows}) == 3
    assert client.ask("GET", "/fapi/v1/income", incomeType="REALIZED_PNL") == [rows[1]]
    assert client.ask("GET", "/fapi/v1/income", incomeType="FUNDING_FEE", symbol="BTCUSDT") == []
    assert client.refused("GET", "/fapi/v1/income", incomeType="LOTTERY") == (400, -1130)
