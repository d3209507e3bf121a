"""Unmodified python-binance, REST and user stream, against a Binance simulator in a process of its own."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from binance import AsyncClient, BinanceSocketManager
from binance.exceptions import BinanceAPIException

from .conftest import Serve, Served

pytestmark = pytest.mark.interop

SYMBOL = "BTCUSDT"


class LocalClient(AsyncClient):  # type: ignore[misc]
    """The client with its documented class attributes pointed at the simulator."""

    def __init__(self, served: Served) -> None:
        self.FUTURES_URL = f"{served.rest}/fapi"
        self.FUTURES_DATA_URL = f"{served.rest}/futures/data"
        self.API_URL = f"{served.rest}/api"
        super().__init__(served.credentials["apiKey"], served.credentials["secret"])


def _stream_manager(client: AsyncClient, served: Served) -> BinanceSocketManager:
    manager = BinanceSocketManager(client)
    manager.FSTREAM_URL = f"{served.ws}/"
    return manager


async def _next(socket: Any, kind: str) -> dict[str, Any]:
    """The next event of a kind on the user stream."""
    while True:
        event: dict[str, Any] = await asyncio.wait_for(socket.recv(), 10)
        if event.get("e") == kind:
            return event


async def _rest_price(client: LocalClient, percent: int) -> str:
    book = await client.futures_order_book(symbol=SYMBOL, limit=5)
    price = Decimal(book["bids"][0][0]) * percent / 100
    return str(price.quantize(Decimal("0.1")))


async def _whole_life(client: LocalClient, served: Served) -> None:
    info = await client.futures_exchange_info()
    assert SYMBOL in {symbol["symbol"] for symbol in info["symbols"]}
    [usdt] = [row for row in await client.futures_account_balance() if row["asset"] == "USDT"]
    assert Decimal(usdt["availableBalance"]) > 0

    async with _stream_manager(client, served).futures_user_socket() as socket:
        order = await client.futures_create_order(
            symbol=SYMBOL,
            side="BUY",
            type="LIMIT",
            timeInForce="GTC",
            quantity="0.02",
            price=await _rest_price(client, 98),
        )
        heard = await _next(socket, "ORDER_TRADE_UPDATE")
        assert (heard["o"]["i"], heard["o"]["x"]) == (order["orderId"], "NEW")
        served.do("partly_fill", instrument="BTC/USDT:USDT", order_id=str(order["orderId"]), amount="0.005")
        heard = await _next(socket, "ORDER_TRADE_UPDATE")
        assert (heard["o"]["x"], heard["o"]["X"], heard["o"]["z"]) == ("TRADE", "PARTIALLY_FILLED", "0.005")

        lower = await _rest_price(client, 97)
        await client.futures_modify_order(
            symbol=SYMBOL, orderId=order["orderId"], side="BUY", quantity="0.02", price=lower
        )
        amended = await client.futures_get_order(symbol=SYMBOL, orderId=order["orderId"])
        assert (Decimal(amended["price"]), amended["status"]) == (Decimal(lower), "PARTIALLY_FILLED")
        canceled = await client.futures_cancel_order(symbol=SYMBOL, orderId=order["orderId"])
        assert (canceled["status"], canceled["executedQty"]) == ("CANCELED", "0.005")

    [position] = await client.futures_position_information(symbol=SYMBOL)
    assert Decimal(position["positionAmt"]) == Decimal("0.005")
    [fill] = await client.futures_account_trades(symbol=SYMBOL)
    assert (fill["orderId"], fill["maker"], Decimal(fill["qty"])) == (order["orderId"], True, Decimal("0.005"))
    with pytest.raises(BinanceAPIException) as refused:
        await client.futures_create_order(symbol=SYMBOL, side="BUY", type="MARKET", quantity="1000000")
    assert refused.value.code == -4005


def test_whole_life(serve: Serve) -> None:
    served = serve("binance", "--seed", "7")

    async def flow() -> None:
        client = LocalClient(served)
        try:
            await _whole_life(client, served)
        finally:
            await client.close_connection()

    asyncio.run(flow())
