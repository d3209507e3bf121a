"""Unmodified ccxt, REST and streams, against a Deribit simulator in a process of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from itertools import pairwise

import ccxt
import ccxt.pro
import pytest

from .ccxt_exchange import Exchange, opened, within
from .conftest import Serve, Served

pytestmark = pytest.mark.interop

INVERSE, LINEAR = "BTC/USD:BTC", "BTC/USDC:USDC"
AMOUNTS = {INVERSE: 1000, LINEAR: 0.04}
TOO_MUCH = {INVERSE: 20_000_000, LINEAR: 150}
MONEY = {INVERSE: "BTC", LINEAR: "USDC"}
Flow = Callable[[Exchange, Served, str], Awaitable[None]]


def run(serve: Serve, flow: Flow, symbol: str, *, proxy: bool = False) -> Served:
    """Play a flow on an exchange with local URLs, or with its own through the proxy."""
    served = serve("deribit", "--seed", "7", *(["--proxy"] if proxy else []))
    options = {"httpsProxy": served.ready["proxy"], "wssProxy": served.ready["proxy"], "cafile": served.ready["ca"]}

    async def main() -> None:
        async with opened(ccxt.pro.deribit, served, **(options if proxy else {})) as exchange:
            await exchange.load_markets()
            await flow(exchange, served, symbol)

    asyncio.run(main())
    return served


async def _price(exchange: Exchange, symbol: str, percent: int) -> float:
    bid = (await exchange.fetch_order_book(symbol, 5))["bids"][0][0]
    return float(exchange.price_to_precision(symbol, bid * percent / 100))


async def _read_the_market(exchange: Exchange, served: Served, symbol: str) -> None:
    market = exchange.market(symbol)
    assert (market["swap"], market["inverse"], market["settle"]) == (True, symbol == INVERSE, MONEY[symbol])
    ticker = await exchange.fetch_ticker(symbol)
    assert ticker["low"] <= ticker["last"] <= ticker["high"]
    candles = await exchange.fetch_ohlcv(symbol, "1m", limit=50)
    assert len(candles) == 50
    assert {later[0] - earlier[0] for earlier, later in pairwise(candles)} == {60_000}
    with pytest.raises(ccxt.BadRequest):
        await exchange.fetch_ohlcv(symbol, "4h", limit=5)
    assert (await exchange.fetch_funding_rate(symbol))["fundingRate"] == pytest.approx(0.0001, rel=1e-3)
    assert (await exchange.fetch_open_interest(symbol))["symbol"] == symbol
    assert len(await exchange.fetch_trades(symbol, limit=10)) == 10
    assert abs(await exchange.fetch_time() - exchange.milliseconds()) < 5_000
    assert (await exchange.fetch_balance())[MONEY[symbol]]["total"] > 0
    assert (await exchange.fetch_status())["status"] == "ok"


async def _trade_whole_life(exchange: Exchange, served: Served, symbol: str) -> None:
    """An order that is partly filled, edited and cancelled, a position that is closed, fills."""
    amount = AMOUNTS[symbol]
    order = await exchange.create_order(symbol, "limit", "buy", amount, await _price(exchange, symbol, 98))
    served.do("partly_fill", instrument=symbol, order_id=order["id"], amount=str(amount / 4))
    partly = await exchange.fetch_order(order["id"], symbol)
    assert (partly["status"], partly["filled"], partly["remaining"]) == ("open", amount / 4, amount * 3 / 4)
    lower = await _price(exchange, symbol, 97)
    await exchange.edit_order(order["id"], symbol, "limit", "buy", amount, lower)
    [open_order] = await exchange.fetch_open_orders(symbol)
    assert (open_order["id"], open_order["price"], open_order["filled"]) == (order["id"], lower, amount / 4)
    await exchange.cancel_order(order["id"], symbol)
    ended = await exchange.fetch_order(order["id"], symbol)
    assert (ended["status"], ended["filled"]) == ("canceled", amount / 4)

    [position] = await exchange.fetch_positions([symbol])
    assert position["side"] == "long"
    await exchange.create_order(symbol, "market", "sell", amount / 4, None, {"reduceOnly": True})
    assert await exchange.fetch_positions([symbol]) == []
    trades = await exchange.fetch_my_trades(symbol)
    assert sorted((trade["side"], trade["amount"], trade["takerOrMaker"]) for trade in trades) == [
        ("buy", amount / 4, "maker"),
        ("sell", amount / 4, "taker"),
    ]
    assert {trade["fee"]["currency"] for trade in trades} == {MONEY[symbol]}


async def _use_triggers(exchange: Exchange, served: Served, symbol: str) -> None:
    """A stop, a take-profit and a trailing stop wait among the open orders; one fires and is another order then."""
    amount = AMOUNTS[symbol]
    await exchange.create_order(symbol, "market", "buy", amount)
    below, above = await _price(exchange, symbol, 98), await _price(exchange, symbol, 102)
    stop = await exchange.create_order(symbol, "market", "sell", amount / 2, None, {"stopLossPrice": below})
    take = await exchange.create_order(symbol, "market", "sell", amount / 2, None, {"takeProfitPrice": above})
    trail = await exchange.create_order(symbol, "market", "sell", amount / 2, None, {"trailingAmount": 500})
    assert [one["id"].rpartition("-")[0][-4:] for one in (stop, take, trail)] == ["SLTS", "TPTS", "SLTS"]
    waiting = await exchange.fetch_open_orders(symbol)
    assert {one["id"] for one in waiting} == {stop["id"], take["id"], trail["id"]}
    served.do("trigger", instrument=symbol, order_id=stop["id"])
    for _ in range(50):
        if len(await exchange.fetch_my_trades(symbol)) > 1:
            break
    fired = await exchange.fetch_order((await exchange.fetch_my_trades(symbol))[-1]["order"], symbol)
    assert (fired["info"]["trigger_order_id"], fired["filled"]) == (stop["id"], amount / 2)
    await exchange.cancel_order(take["id"], symbol)
    await exchange.cancel_all_orders(symbol)
    assert await exchange.fetch_open_orders(symbol) == []


async def _hear_the_account(exchange: Exchange, served: Served, symbol: str) -> None:
    """The book, tickers, orders, fills and money arrive on the streams."""
    book = await within(10, exchange.watch_order_book(symbol))
    assert book["bids"][0][0] < book["asks"][0][0]
    assert (await within(10, exchange.watch_ticker(symbol)))["symbol"] == symbol
    balance = await within(10, exchange.watch_balance())
    assert balance["BTC"]["total"]["BTC"] > 0  # ccxt nests what is one currency's
    orders = asyncio.ensure_future(exchange.watch_orders(symbol))
    fills = asyncio.ensure_future(exchange.watch_my_trades(symbol))
    trades = asyncio.ensure_future(exchange.watch_trades(symbol))
    await asyncio.sleep(1.0)
    order = await exchange.create_order(symbol, "market", "buy", AMOUNTS[symbol])
    assert (await within(10, orders))[-1]["id"] == order["id"]
    assert (await within(10, fills))[-1]["order"] == order["id"]
    assert (await within(10, trades))[-1]["side"] == "buy"


async def _meet_refusals(exchange: Exchange, served: Served, symbol: str) -> None:
    """ccxt picks its own error classes by the codes."""
    with pytest.raises(ccxt.InsufficientFunds):
        await exchange.create_order(symbol, "market", "buy", TOO_MUCH[symbol])
    with pytest.raises(ccxt.OrderNotFound):
        await exchange.fetch_order("2108380009999", symbol)
    price = await _price(exchange, symbol, 101)
    with pytest.raises(ccxt.InvalidOrder):
        await exchange.create_order(symbol, "limit", "buy", AMOUNTS[symbol], price, {"postOnly": True})
    exchange.secret = "wrong"
    with pytest.raises(ccxt.AuthenticationError):
        await exchange.fetch_balance()


async def _trade_what_is_dated(exchange: Exchange, served: Served, symbol: str) -> None:
    """A dated future, and an option with greeks: bought and seen among the positions."""
    markets = exchange.markets.values()
    future = min((one for one in markets if one["future"]), key=lambda one: one["expiry"])
    middle = next(one for one in markets if one["option"] and one["base"] == "BTC" and one["strike"] == 60_000)
    greeks = await exchange.fetch_greeks(middle["symbol"])
    assert (0 < abs(greeks["delta"]) < 1, greeks["underlyingPrice"] > 0) == (True, True)
    await exchange.create_order(future["symbol"], "market", "buy", 100 if future["base"] == "BTC" else 10)
    await exchange.create_order(middle["symbol"], "market", "buy", 0.5)
    held = {one["symbol"] for one in await exchange.fetch_positions()}
    assert held == {future["symbol"], middle["symbol"]}
    assert len(await exchange.fetch_option_chain("BTC")) > 50


PRODUCTS = pytest.mark.parametrize("symbol", [INVERSE, LINEAR])
WAYS = pytest.mark.parametrize("proxy", [True, False], ids=["proxy", "urls"])


@PRODUCTS
def test_the_market(serve: Serve, symbol: str) -> None:
    run(serve, _read_the_market, symbol)


@PRODUCTS
def test_the_whole_life_of_an_order(serve: Serve, symbol: str) -> None:
    served = run(serve, _trade_whole_life, symbol)
    assert all(Decimal(position["amount"]) == 0 for position in served.truth()["positions"])


@PRODUCTS
def test_trigger_orders(serve: Serve, symbol: str) -> None:
    run(serve, _use_triggers, symbol)


@PRODUCTS
@WAYS
def test_streams(serve: Serve, symbol: str, proxy: bool) -> None:
    run(serve, _hear_the_account, symbol, proxy=proxy)


@PRODUCTS
def test_refusals(serve: Serve, symbol: str) -> None:
    run(serve, _meet_refusals, symbol)


def test_dated_contracts(serve: Serve) -> None:
    run(serve, _trade_what_is_dated, INVERSE)
