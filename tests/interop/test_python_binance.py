"""Unmodified python-binance, REST and user stream, against a Binance simulator in a process of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
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
        self.FUTURES_COIN_URL = f"{served.ready['origins']['https://dapi.binance.com']}/dapi"
        self.WS_FUTURES_URL = f"{served.ready['origins']['wss://ws-fapi.binance.com']}/ws-fapi/v1"
        super().__init__(served.credentials["apiKey"], served.credentials["secret"])


def _stream_manager(client: AsyncClient, served: Served) -> BinanceSocketManager:
    manager = BinanceSocketManager(client)
    manager.FSTREAM_URL = f"{served.ws}/"
    manager.DSTREAM_URL = f"{served.ready['origins']['wss://dstream.binance.com']}/"
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


async def _conditionals_and_modes(client: LocalClient, served: Served) -> None:
    """The algo service, its events, hedge mode, and what is refused on the way."""
    async with _stream_manager(client, served).futures_user_socket() as socket:
        stop = await client.futures_create_algo_order(
            symbol=SYMBOL, side="SELL", type="STOP_MARKET", quantity="0.02", triggerPrice=await _rest_price(client, 98)
        )
        heard = await _next(socket, "ALGO_UPDATE")
        assert (heard["o"]["aid"], heard["o"]["X"]) == (stop["algoId"], "NEW")
        [listed] = await client.futures_get_open_algo_orders(symbol=SYMBOL)
        assert (listed["algoId"], listed["orderType"]) == (stop["algoId"], "STOP_MARKET")
        await client.futures_create_order(symbol=SYMBOL, side="BUY", type="MARKET", quantity="0.02")
        served.do("trigger", instrument="BTC/USDT:USDT", order_id=str(stop["algoId"]))
        while (heard := await _next(socket, "ALGO_UPDATE"))["o"]["X"] != "FINISHED":
            pass
        became = await client.futures_get_order(symbol=SYMBOL, orderId=int(heard["o"]["ai"]))
        assert (became["status"], became["executedQty"]) == ("FILLED", "0.020")
    with pytest.raises(BinanceAPIException) as refused:
        await client.futures_cancel_algo_order(algoId=stop["algoId"])
    assert refused.value.code == -2011

    await client.futures_change_position_mode(dualSidePosition="true")
    for side, leg in (("BUY", "LONG"), ("SELL", "SHORT")):
        order = {"symbol": SYMBOL, "side": side, "type": "MARKET", "quantity": "0.01", "positionSide": leg}
        await client.futures_create_order(**order)
    rows = await client.futures_position_information(symbol=SYMBOL)
    assert {row["positionSide"]: row["positionAmt"] for row in rows} == {"LONG": "0.010", "SHORT": "-0.010"}


async def _over_the_websocket_api(client: LocalClient) -> None:
    price = await _rest_price(client, 98)
    order = {"symbol": SYMBOL, "side": "BUY", "quantity": "0.02"}
    placed = await client.ws_futures_create_order(**order, type="LIMIT", timeInForce="GTC", price=price)
    named = {"symbol": SYMBOL, "orderId": placed["orderId"]}
    lower = await _rest_price(client, 97)
    await client.ws_futures_edit_order(**order, orderId=placed["orderId"], price=lower)
    asked = await client.ws_futures_get_order(**named)
    assert (asked["status"], Decimal(asked["price"])) == ("NEW", Decimal(lower))
    assert (await client.ws_futures_cancel_order(**named))["status"] == "CANCELED"
    stop = await client.ws_futures_create_order(**order, type="STOP_MARKET", stopPrice=await _rest_price(client, 103))
    assert (await client.ws_futures_cancel_order(algoId=stop["algoId"]))["code"] == "200"


COIN = "BTCUSD_PERP"


async def _coin_life(client: LocalClient, served: Served) -> None:
    """COIN-M: contracts of 100 dollars, settled in bitcoin."""
    info = await client.futures_coin_exchange_info()
    assert {row["symbol"]: row["contractSize"] for row in info["symbols"]}[COIN] == 100
    book = await client.futures_coin_order_book(symbol=COIN, limit=5)
    price = str((Decimal(book["bids"][0][0]) * Decimal("0.98")).quantize(Decimal("0.1")))
    async with _stream_manager(client, served).coin_futures_user_socket() as socket:
        order = await client.futures_coin_create_order(
            symbol=COIN, side="BUY", type="LIMIT", timeInForce="GTC", quantity="10", price=price
        )
        heard = await _next(socket, "ORDER_TRADE_UPDATE")
        assert (heard["o"]["i"], heard["o"]["x"]) == (order["orderId"], "NEW")
        served.do("partly_fill", instrument="BTC/USD:BTC", order_id=str(order["orderId"]), amount="4")
        heard = await _next(socket, "ORDER_TRADE_UPDATE")
        assert (heard["o"]["X"], heard["o"]["z"], heard["o"]["ma"]) == ("PARTIALLY_FILLED", "4", "BTC")
        canceled = await client.futures_coin_cancel_order(symbol=COIN, orderId=order["orderId"])
        assert (canceled["status"], canceled["executedQty"]) == ("CANCELED", "4")
    rows = {row["symbol"]: row for row in await client.futures_coin_position_information(pair="BTCUSD")}
    assert (rows[COIN]["positionAmt"], Decimal(rows[COIN]["entryPrice"])) == ("4", Decimal(price))
    [fill] = await client.futures_coin_account_trades(symbol=COIN)
    assert (fill["qty"], fill["marginAsset"]) == ("4", "BTC")
    assert {row["asset"] for row in await client.futures_coin_account_balance()} >= {"BTC", "ETH"}
    await client.futures_coin_change_leverage(symbol=COIN, leverage=7)


def _run(serve: Serve, flow: Callable[[LocalClient, Served], Awaitable[None]]) -> None:
    served = serve("binance", "--seed", "7")

    async def main() -> None:
        client = LocalClient(served)
        try:
            await flow(client, served)
        finally:
            await client.ws_future.__aexit__(None, None, None)  # the client leaves it open
            await client.close_connection()

    asyncio.run(main())


def test_whole_life(serve: Serve) -> None:
    _run(serve, _whole_life)


def test_conditional_orders_and_hedge_mode(serve: Serve) -> None:
    _run(serve, _conditionals_and_modes)


def test_orders_over_the_websocket_api(serve: Serve) -> None:
    _run(serve, lambda client, _: _over_the_websocket_api(client))


def test_whole_life_of_a_coin_settled_position(serve: Serve) -> None:
    _run(serve, _coin_life)
