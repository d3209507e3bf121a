"""Unmodified ccxt, REST and streams, against a Binance simulator in a process of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from itertools import pairwise

import ccxt
import ccxt.async_support
import ccxt.pro
import pytest

from .ccxt_exchange import Exchange, opened, within
from .conftest import Serve, Served

pytestmark = pytest.mark.interop

SYMBOL = "BTC/USDT:USDT"
COIN = "BTC/USD:BTC"


async def _trade_whole_life(exchange: Exchange, served: Served) -> None:
    """Markets, balance, an order that is partly filled, amended, cancelled, a position opened and closed, fills."""
    markets = await exchange.load_markets()
    assert markets[SYMBOL]["linear"] is True
    assert markets[SYMBOL]["contractSize"] == 1
    assert (await exchange.fetch_balance())["USDT"]["free"] > 0
    best_bid = (await exchange.fetch_order_book(SYMBOL, 5))["bids"][0][0]

    price = exchange.price_to_precision(SYMBOL, best_bid * 0.98)
    order = await exchange.create_order(SYMBOL, "limit", "buy", 0.02, float(price))
    assert order["status"] == "open"
    served.do("partly_fill", instrument=SYMBOL, order_id=order["id"], amount="0.005")
    partly = await exchange.fetch_order(order["id"], SYMBOL)
    assert (partly["status"], partly["filled"], partly["remaining"]) == ("open", 0.005, 0.015)

    lower = float(exchange.price_to_precision(SYMBOL, best_bid * 0.97))
    await exchange.edit_order(order["id"], SYMBOL, "limit", "buy", 0.02, lower)
    amended = await exchange.fetch_order(order["id"], SYMBOL)
    assert (amended["price"], amended["amount"], amended["filled"]) == (lower, 0.02, 0.005)
    assert [one["id"] for one in await exchange.fetch_open_orders(SYMBOL)] == [order["id"]]
    await exchange.cancel_order(order["id"], SYMBOL)
    ended = await exchange.fetch_order(order["id"], SYMBOL)
    assert (ended["status"], ended["filled"]) == ("canceled", 0.005)
    assert await exchange.fetch_open_orders(SYMBOL) == []

    [position] = await exchange.fetch_positions([SYMBOL])
    assert (position["side"], position["contracts"]) == ("long", 0.005)
    await exchange.create_order(SYMBOL, "market", "sell", 0.005, None, {"reduceOnly": True})
    assert await exchange.fetch_positions([SYMBOL]) == []
    trades = await exchange.fetch_my_trades(SYMBOL)
    assert [(trade["side"], trade["amount"], trade["takerOrMaker"]) for trade in trades] == [
        ("buy", 0.005, "maker"),
        ("sell", 0.005, "taker"),
    ]
    assert all(trade["fee"]["currency"] == "USDT" and trade["fee"]["cost"] > 0 for trade in trades)


async def _read_the_market(exchange: Exchange) -> None:
    """Every public call of the slice answers something that ccxt can parse."""
    await exchange.load_markets()
    ticker = await exchange.fetch_ticker(SYMBOL)
    assert ticker["low"] <= ticker["last"] <= ticker["high"]
    candles = await exchange.fetch_ohlcv(SYMBOL, "1m", limit=50)
    assert len(candles) == 50
    assert {b[0] - a[0] for a, b in pairwise(candles)} == {60_000}
    assert (await exchange.fetch_funding_rate(SYMBOL))["fundingRate"] == 0.0001
    assert (await exchange.fetch_open_interest(SYMBOL))["openInterestAmount"] >= 0
    assert len(await exchange.fetch_trades(SYMBOL, limit=10)) == 10
    assert SYMBOL in await exchange.fetch_tickers([SYMBOL])
    assert abs(await exchange.fetch_time() - exchange.milliseconds()) < 5_000


async def _hear_the_account(exchange: Exchange, symbol: str = SYMBOL, amount: float = 0.01) -> None:
    """Orders, fills and the book arrive on the streams."""
    await exchange.load_markets()
    book = await within(10, exchange.watch_order_book(symbol))
    assert book["bids"][0][0] < book["asks"][0][0]
    watching = asyncio.ensure_future(exchange.watch_orders(symbol))
    fills = asyncio.ensure_future(exchange.watch_my_trades(symbol))
    await asyncio.sleep(1.0)
    order = await exchange.create_order(symbol, "market", "buy", amount)
    heard = await within(10, watching)
    assert heard[-1]["id"] == order["id"]
    [fill] = (await within(10, fills))[-1:]
    assert (fill["order"], fill["side"]) == (order["id"], "buy")


async def _use_conditionals(exchange: Exchange, served: Served, symbol: str, amount: float) -> None:
    """A stop, a take-profit and a trailing order wait apart from ordinary ones; one fires and fills."""
    await exchange.load_markets()
    bid = (await exchange.fetch_order_book(symbol, 5))["bids"][0][0]

    def at(percent: int) -> float:
        return float(exchange.price_to_precision(symbol, bid * percent / 100))

    await exchange.create_order(symbol, "market", "buy", amount)
    stop = await exchange.create_order(symbol, "market", "sell", amount, None, {"stopLossPrice": at(98)})
    take = await exchange.create_order(symbol, "limit", "sell", amount, at(103), {"takeProfitPrice": at(102)})
    activation = {"trailingPercent": 1.5, "trailingTriggerPrice": at(101)}
    trail = await exchange.create_order(symbol, "market", "sell", amount, None, activation)
    assert (stop["triggerPrice"], take["price"], trail["status"]) == (at(98), at(103), "open")
    assert await exchange.fetch_open_orders(symbol) == []
    waiting = await exchange.fetch_open_orders(symbol, None, None, {"trigger": True})
    assert {one["id"] for one in waiting} == {stop["id"], take["id"], trail["id"]}
    served.do("trigger", instrument=symbol, order_id=stop["id"])
    for _ in range(50):
        fired = await exchange.fetch_order(stop["id"], symbol, {"trigger": True})
        if fired["status"] == "closed" and fired["info"]["algoStatus"] == "FINISHED":
            break
    became = await exchange.fetch_order(fired["info"]["actualOrderId"], symbol)
    assert (became["status"], became["filled"]) == ("closed", amount)
    await exchange.cancel_order(take["id"], symbol, {"trigger": True})
    await exchange.cancel_all_orders(symbol, {"trigger": True})
    assert await exchange.fetch_open_orders(symbol, None, None, {"trigger": True}) == []


async def _hold_both_legs(exchange: Exchange, symbol: str, amount: float) -> None:
    """Leverage, margin mode, hedge mode, both legs, isolated margin."""
    await exchange.load_markets()
    await exchange.set_leverage(7, symbol)
    await exchange.set_margin_mode("isolated", symbol)
    await exchange.set_position_mode(True, symbol)
    for side in ("buy", "sell"):
        await exchange.create_order(symbol, "market", side, amount, None, {"hedged": True})
    legs = {one["side"]: one for one in await exchange.fetch_positions([symbol])}
    assert {side: (one["contracts"], one["marginMode"]) for side, one in legs.items()} == {
        "long": (amount, "isolated"),
        "short": (amount, "isolated"),
    }
    assert {one["leverage"] for one in legs.values()} in ({7.0}, {None})
    await exchange.create_order(symbol, "market", "sell", amount, None, {"hedged": True, "reduceOnly": True})
    assert [one["side"] for one in await exchange.fetch_positions([symbol])] == ["short"]


async def _trade_coin(exchange: Exchange, served: Served) -> None:
    """COIN-M: contracts of 100 dollars, settled in bitcoin."""
    markets = await exchange.load_markets()
    assert (markets[COIN]["inverse"], markets[COIN]["contractSize"], markets[COIN]["settle"]) == (True, 100, "BTC")
    assert (await exchange.fetch_balance())["BTC"]["free"] > 0
    ticker = await exchange.fetch_ticker(COIN)
    assert ticker["low"] <= ticker["last"] <= ticker["high"]
    assert len(await exchange.fetch_ohlcv(COIN, "1m", limit=50)) == 50
    assert (await exchange.fetch_funding_rate(COIN))["fundingRate"] == 0.0001
    price = float(exchange.price_to_precision(COIN, ticker["last"] * 0.98))
    order = await exchange.create_order(COIN, "limit", "buy", 10, price)
    served.do("partly_fill", instrument=COIN, order_id=order["id"], amount="4")
    partly = await exchange.fetch_order(order["id"], COIN)
    assert (partly["filled"], partly["remaining"], partly["average"]) == (4, 6, price)
    lower = float(exchange.price_to_precision(COIN, ticker["last"] * 0.97))
    await exchange.edit_order(order["id"], COIN, "limit", "buy", 10, lower)
    assert [one["price"] for one in await exchange.fetch_open_orders(COIN)] == [lower]
    await exchange.cancel_order(order["id"], COIN)
    [position] = await exchange.fetch_positions([COIN])
    assert (position["side"], position["contracts"], position["entryPrice"]) == ("long", 4, price)
    await exchange.create_order(COIN, "market", "sell", 4, None, {"reduceOnly": True})
    assert await exchange.fetch_positions([COIN]) == []
    trades = await exchange.fetch_my_trades(COIN)
    assert [(trade["side"], trade["amount"], trade["fee"]["currency"]) for trade in trades] == [
        ("buy", 4, "BTC"),
        ("sell", 4, "BTC"),
    ]


async def _order_over_the_socket(exchange: Exchange, symbol: str, amount: float) -> None:
    """Orders over the WebSocket API."""
    await exchange.load_markets()
    bid = (await exchange.fetch_order_book(symbol, 5))["bids"][0][0]
    price, lower = (float(exchange.price_to_precision(symbol, bid * share)) for share in (0.98, 0.97))
    order = await within(10, exchange.create_order_ws(symbol, "limit", "buy", amount, price))
    assert order["status"] == "open"
    edited = await within(10, exchange.edit_order_ws(order["id"], symbol, "limit", "buy", amount, lower))
    assert edited["price"] == lower
    canceled = await within(10, exchange.cancel_order_ws(order["id"], symbol))
    assert canceled["status"] == "canceled"


Flow = Callable[[Exchange, Served], Awaitable[None]]
KINDS: dict[str, tuple[str, float]] = {"binanceusdm": (SYMBOL, 0.02), "binancecoinm": (COIN, 5)}
"""ccxt's exchange of each product, its instrument and an amount of contracts."""


def _run(serve: Serve, kind: str, flow: Flow, *, proxy: bool) -> None:
    """With its own URLs, as through the proxy, ccxt picks its own error classes."""
    served = serve("binance", "--seed", "7", *(["--proxy"] if proxy else []))
    options = {"httpsProxy": served.ready["proxy"], "wssProxy": served.ready["proxy"], "cafile": served.ready["ca"]}

    async def main() -> None:
        async with opened(getattr(ccxt.pro, kind), served, **(options if proxy else {})) as exchange:
            await flow(exchange, served)

    asyncio.run(main())


WAYS = pytest.mark.parametrize("proxy", [True, False], ids=["proxy", "urls"])
PRODUCTS = pytest.mark.parametrize("kind", KINDS)


@WAYS
@PRODUCTS
def test_conditional_orders(serve: Serve, kind: str, proxy: bool) -> None:
    _run(serve, kind, lambda exchange, served: _use_conditionals(exchange, served, *KINDS[kind]), proxy=proxy)


@WAYS
@PRODUCTS
def test_margin_and_hedge_mode(serve: Serve, kind: str, proxy: bool) -> None:
    _run(serve, kind, lambda exchange, _: _hold_both_legs(exchange, *KINDS[kind]), proxy=proxy)


@WAYS
@PRODUCTS
def test_orders_over_the_websocket_api(serve: Serve, kind: str, proxy: bool) -> None:
    _run(serve, kind, lambda exchange, _: _order_over_the_socket(exchange, *KINDS[kind]), proxy=proxy)


@WAYS
def test_coin_settled_whole_life(serve: Serve, proxy: bool) -> None:
    _run(serve, "binancecoinm", _trade_coin, proxy=proxy)


def test_coin_streams(serve: Serve) -> None:
    _run(serve, "binancecoinm", lambda exchange, _: _hear_the_account(exchange, COIN, 5), proxy=True)


def test_rest_whole_life(serve: Serve) -> None:
    served = serve("binance", "--seed", "7")

    async def flow() -> None:
        async with opened(ccxt.async_support.binanceusdm, served) as exchange:
            await _read_the_market(exchange)
            await _trade_whole_life(exchange, served)

    asyncio.run(flow())
    assert all(Decimal(position["amount"]) == 0 for position in served.truth()["positions"])


def test_streams(serve: Serve) -> None:
    served = serve("binance", "--seed", "7")

    async def flow() -> None:
        async with opened(ccxt.pro.binanceusdm, served) as exchange:
            await _hear_the_account(exchange)

    asyncio.run(flow())


def test_production_urls_through_the_proxy(serve: Serve) -> None:
    """With its own URLs ccxt picks its own error classes."""
    served = serve("binance", "--proxy")
    proxy = {"httpsProxy": served.ready["proxy"], "wssProxy": served.ready["proxy"]}

    async def flow() -> None:
        async with opened(ccxt.pro.binanceusdm, served, cafile=served.ready["ca"], **proxy) as exchange:
            with pytest.raises(ccxt.InsufficientFunds):
                await exchange.create_order(SYMBOL, "market", "buy", 100)
            await _hear_the_account(exchange)

    asyncio.run(flow())
