"""Unmodified ccxt, REST and streams, against a Binance simulator in a process of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import ccxt
import ccxt.async_support
import ccxt.pro
import pytest

from .conftest import Serve, Served

pytestmark = pytest.mark.interop

SYMBOL = "BTC/USDT:USDT"
Exchange = Any


def _redirect(urls: Any, rest: str, ws: str) -> Any:
    """The same tree of URLs with scheme and host exchanged, paths kept."""
    if isinstance(urls, dict):
        return {key: _redirect(value, rest, ws) for key, value in urls.items()}
    parts = urlsplit(urls)
    local = urlsplit(ws if parts.scheme.startswith("ws") else rest)
    return urlunsplit((local.scheme, local.netloc, parts.path, parts.query, parts.fragment))


@asynccontextmanager
async def _exchange(kind: Callable[[dict[str, Any]], Exchange], served: Served, **more: Any) -> AsyncIterator[Exchange]:
    exchange = kind({**served.credentials, "enableRateLimit": False, **more})
    if "httpsProxy" not in more:
        exchange.urls["api"] = _redirect(exchange.urls["api"], served.rest, served.ws)
    try:
        yield exchange
    finally:
        await exchange.close()


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


async def _within(seconds: float, call: Awaitable[Any]) -> Any:
    return await asyncio.wait_for(call, seconds)


async def _hear_the_account(exchange: Exchange) -> None:
    """Orders, fills and the book arrive on the streams."""
    await exchange.load_markets()
    book = await _within(10, exchange.watch_order_book(SYMBOL))
    assert book["bids"][0][0] < book["asks"][0][0]
    watching = asyncio.ensure_future(exchange.watch_orders(SYMBOL))
    fills = asyncio.ensure_future(exchange.watch_my_trades(SYMBOL))
    await asyncio.sleep(1.0)
    order = await exchange.create_order(SYMBOL, "market", "buy", 0.01)
    heard = await _within(10, watching)
    assert heard[-1]["id"] == order["id"]
    [fill] = (await _within(10, fills))[-1:]
    assert (fill["order"], fill["side"]) == (order["id"], "buy")


def test_rest_whole_life(serve: Serve) -> None:
    served = serve("binance", "--seed", "7")

    async def flow() -> None:
        async with _exchange(ccxt.async_support.binanceusdm, served) as exchange:
            await _read_the_market(exchange)
            await _trade_whole_life(exchange, served)

    asyncio.run(flow())
    assert all(Decimal(position["amount"]) == 0 for position in served.truth()["positions"])


def test_streams(serve: Serve) -> None:
    served = serve("binance", "--seed", "7")

    async def flow() -> None:
        async with _exchange(ccxt.pro.binanceusdm, served) as exchange:
            await _hear_the_account(exchange)

    asyncio.run(flow())


def test_production_urls_through_the_proxy(serve: Serve) -> None:
    """With its own URLs ccxt picks its own error classes."""
    served = serve("binance", "--proxy")
    proxy = {"httpsProxy": served.ready["proxy"], "wssProxy": served.ready["proxy"]}

    async def flow() -> None:
        async with _exchange(ccxt.pro.binanceusdm, served, cafile=served.ready["ca"], **proxy) as exchange:
            with pytest.raises(ccxt.InsufficientFunds):
                await exchange.create_order(SYMBOL, "market", "buy", 100)
            await _hear_the_account(exchange)

    asyncio.run(flow())
