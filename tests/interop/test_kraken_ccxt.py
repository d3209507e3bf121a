"""Unmodified ccxt, REST and streams, against a Kraken simulator in a process of its own.

Where ccxt itself gets something wrong, the test says so next to what it sees (each is a row of the register).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise

import ccxt
import ccxt.pro
import pytest

from .ccxt_exchange import Exchange, opened, within
from .conftest import Serve, Served

pytestmark = pytest.mark.interop

LINEAR, COIN, DATED = "BTC/USD:USD", "BTC/USD:BTC", "BTC/USD:BTC-261225"
PRODUCTS = pytest.mark.parametrize(("symbol", "amount"), [(LINEAR, 0.02), (COIN, 500)], ids=["linear", "inverse"])
Flow = Callable[[Exchange, Served], Awaitable[None]]


def _run(serve: Serve, flow: Flow, *arguments: str) -> None:
    served = serve("kraken", "--seed", "7", *arguments)

    async def main() -> None:
        async with opened(ccxt.pro.krakenfutures, served) as exchange:
            await exchange.load_markets()
            await flow(exchange, served)

    asyncio.run(main())


async def _near(exchange: Exchange, symbol: str, percent: float) -> float:
    ticker = await exchange.fetch_ticker(symbol)
    return float(exchange.price_to_precision(symbol, ticker["last"] * percent / 100))


def test_markets_are_read(serve: Serve) -> None:
    async def flow(exchange: Exchange, served: Served) -> None:
        shapes = {
            symbol: (one["type"], one["linear"], one["settle"], one["precision"]["amount"], one["precision"]["price"])
            for symbol, one in exchange.markets.items()
            if one["contract"] and one["type"] != "index"
        }
        assert shapes == {
            LINEAR: ("swap", True, "USD", 0.0001, 1),
            "ETH/USD:USD": ("swap", True, "USD", 0.001, 0.1),
            COIN: ("swap", False, "BTC", 1, 0.5),
            DATED: ("future", False, "BTC", 1, 0.5),
        }
        assert exchange.markets[DATED]["expiryDatetime"] == "2026-12-25T16:00:00.000Z"
        tiers = await exchange.fetch_leverage_tiers([LINEAR])
        assert tiers[LINEAR][0]["maxLeverage"] == 50
        fees = await exchange.fetch_trading_fees()
        assert (fees[LINEAR]["maker"], fees[LINEAR]["taker"]) == (0.0002, 0.0005)

    _run(serve, flow)


@PRODUCTS
def test_the_market(serve: Serve, symbol: str, amount: float) -> None:
    async def flow(exchange: Exchange, served: Served) -> None:
        ticker = await exchange.fetch_ticker(symbol)
        assert ticker["bid"] < ticker["ask"]
        assert symbol in await exchange.fetch_tickers([symbol])
        book = await exchange.fetch_order_book(symbol)
        assert book["bids"][0][0] < book["asks"][0][0]
        since = exchange.milliseconds() - 3_600_000
        candles = await exchange.fetch_ohlcv(symbol, "1m", since, 50)
        assert {b[0] - a[0] for a, b in pairwise(candles)} == {60_000}
        assert candles[0][5] > 0
        assert (await exchange.fetch_mark_ohlcv(symbol, "1h", since))[-1][5] == 0
        trades = await exchange.fetch_trades(symbol, None, 10)
        assert [trade["side"] in {"buy", "sell"} for trade in trades] == [True] * 10
        rate = (await exchange.fetch_funding_rates([symbol]))[symbol]["fundingRate"]
        # ccxt divides the amount of an inverse contract by its price where the venue wants it multiplied.
        assert rate == pytest.approx(0.000006044 if symbol == LINEAR else 0.000006044 / 60000**2, rel=0.05)
        with pytest.raises(ccxt.NotSupported):
            await exchange.fetch_time()

    _run(serve, flow, "--profile", "vendor")


@PRODUCTS
def test_an_orders_whole_life(serve: Serve, symbol: str, amount: float) -> None:
    async def flow(exchange: Exchange, served: Served) -> None:
        price, lower = await _near(exchange, symbol, 98), await _near(exchange, symbol, 97)
        made = await exchange.create_order(symbol, "limit", "buy", amount, price, {"clientOrderId": "ccxt-1"})
        assert (made["status"], made["clientOrderId"]) == ("open", "ccxt-1")
        served.do("partly_fill", instrument=symbol, order_id=made["id"], amount=str(amount / 4))
        partly = await exchange.fetch_order(made["id"], symbol)
        assert (partly["status"], partly["filled"], partly["amount"]) == ("open", amount / 4, amount)
        edited = await exchange.edit_order(made["id"], symbol, "limit", "buy", amount, lower)
        assert edited["id"] == made["id"]
        [row] = await exchange.fetch_open_orders(symbol)
        # ccxt reads no price out of open orders.
        assert (row["id"], row["price"], float(row["info"]["limitPrice"])) == (made["id"], None, lower)
        assert (row["filled"], row["remaining"]) == (amount / 4, amount * 3 / 4)
        await exchange.cancel_order(made["id"], symbol)
        assert (await exchange.fetch_order(made["id"], symbol))["status"] == "canceled"
        with pytest.raises(ccxt.OrderNotFound):
            await exchange.cancel_order(made["id"], symbol)
        [position] = await exchange.fetch_positions([symbol])
        assert (position["side"], position["contracts"], position["entryPrice"]) == ("long", amount / 4, price)
        closed = await exchange.create_order(symbol, "market", "sell", amount / 4, None, {"reduceOnly": True})
        # Of inverse contracts ccxt reads no amount out of executions and fills.
        read = amount / 4 if symbol == LINEAR else None
        assert closed["filled"] == (read or 0)
        assert await exchange.fetch_positions([symbol]) == []
        fills = await exchange.fetch_my_trades(symbol)
        assert [(fill["side"], fill["takerOrMaker"]) for fill in fills] == [("buy", "maker"), ("sell", "taker")]
        assert [fill["amount"] for fill in fills] == [read] * 2
        histories = [await exchange.fetch_closed_orders(symbol), await exchange.fetch_canceled_orders(symbol)]
        assert [{one["id"] for one in rows} for rows in histories] == [{closed["id"]}, {made["id"]}]
        assert all(float(one["amount"]) == 0 for one in served.truth()["positions"])

    _run(serve, flow)


def test_orders_of_every_kind(serve: Serve) -> None:
    async def flow(exchange: Exchange, served: Served) -> None:
        below = await _near(exchange, LINEAR, 98)
        await exchange.create_order(LINEAR, "market", "buy", 0.02)
        post = await exchange.create_order(LINEAR, "limit", "buy", 0.01, below, {"postOnly": True})
        stop = await exchange.create_order(LINEAR, "market", "sell", 0.02, None, {"stopLossPrice": below})
        take = await exchange.create_order(LINEAR, "limit", "sell", 0.02, 61300, {"takeProfitPrice": 61200})
        trailing = {"trailingStopMaxDeviation": "1", "trailingStopDeviationUnit": "PERCENT"}
        trail = await exchange.create_order(LINEAR, "trailing_stop", "sell", 0.02, None, trailing)
        listed = {one["id"]: one for one in await exchange.fetch_open_orders(LINEAR)}
        assert set(listed) == {post["id"], stop["id"], take["id"], trail["id"]}
        assert listed[stop["id"]]["triggerPrice"] == below
        served.do("trigger", instrument=LINEAR, order_id=stop["id"])
        assert (await exchange.fetch_order(stop["id"], LINEAR))["status"] == "closed"
        [again] = await exchange.create_orders(
            [{"symbol": LINEAR, "type": "limit", "side": "buy", "amount": 0.01, "price": below}]
        )
        assert again["status"] == "open"
        cancelled = await exchange.cancel_orders([again["id"]], LINEAR)
        assert [one["status"] for one in cancelled] == ["canceled"]
        await exchange.cancel_all_orders_after(60_000)
        await exchange.cancel_all_orders(LINEAR)
        assert await exchange.fetch_open_orders(LINEAR) == []

    _run(serve, flow, "--profile", "vendor")


def test_refusals_are_what_they_are(serve: Serve) -> None:
    async def flow(exchange: Exchange, served: Served) -> None:
        with pytest.raises(ccxt.InsufficientFunds):
            await exchange.create_order(LINEAR, "market", "buy", 400)
        with pytest.raises(ccxt.ExchangeError, match="wouldNotReducePosition"):
            await exchange.create_order(LINEAR, "limit", "sell", 0.01, 61000, {"reduceOnly": True})
        with pytest.raises(ccxt.OrderImmediatelyFillable):
            await exchange.create_order(LINEAR, "limit", "buy", 0.01, 61000, {"postOnly": True})
        exchange.secret = "bm90IHRoZSBzZWNyZXQ="
        for call in (exchange.fetch_open_orders, exchange.fetch_closed_orders):
            with pytest.raises(ccxt.BaseError):
                await call(LINEAR)

    _run(serve, flow)


def test_money_and_settings(serve: Serve) -> None:
    async def flow(exchange: Exchange, served: Served) -> None:
        flex = await exchange.fetch_balance()
        assert (flex["USD"]["total"], flex["USDT"]["total"]) == (100_000, 10_000)
        single = await exchange.fetch_balance({"type": "fi_xbtusd"})
        assert single["BTC"]["total"] == 2
        assert (await exchange.fetch_balance({"type": "cash"}))["BTC"]["total"] == 0.5
        await exchange.transfer("USD", 100, "cash", "flex")
        assert (await exchange.fetch_balance())["USD"]["total"] == 100_100
        await exchange.set_leverage(5, LINEAR)
        assert (await exchange.fetch_leverage(LINEAR))["longLeverage"] == 5
        await exchange.create_order(LINEAR, "market", "buy", 0.1)
        [position] = await exchange.fetch_positions([LINEAR])
        assert (position["marginMode"], position["leverage"]) == ("isolated", 5)
        [entry] = [one for one in await exchange.fetch_ledger() if one["type"] == "trade"]
        assert (entry["currency"], entry["fee"]["cost"]) == ("USD", pytest.approx(3, rel=0.01))

    _run(serve, flow)


@PRODUCTS
def test_streams(serve: Serve, symbol: str, amount: float) -> None:
    async def flow(exchange: Exchange, served: Served) -> None:
        book = await within(10, exchange.watch_order_book(symbol))
        assert book["bids"][0][0] < book["asks"][0][0]
        assert (await within(10, exchange.watch_ticker(symbol)))["last"] > 0
        assert len(await within(10, exchange.watch_trades(symbol))) > 0
        watched = {
            "orders": exchange.watch_orders(symbol),
            "fills": exchange.watch_my_trades(symbol),
            "positions": exchange.watch_positions([symbol]),
        }
        tasks = {name: asyncio.ensure_future(call) for name, call in watched.items()}
        balance = await within(10, exchange.watch_balance())
        assert balance["USD"]["total"] == 5_000  # ccxt tells of cash first
        await asyncio.sleep(1)
        made = await exchange.create_order(symbol, "market", "buy", amount)
        assert (await within(10, tasks["orders"]))[-1]["id"] == made["id"]
        assert (await within(10, tasks["fills"]))[-1]["order"] == made["id"]
        held = await within(10, tasks["positions"])
        assert [(one["symbol"], one["contracts"]) for one in held if one["contracts"]] == [(symbol, amount)]

    _run(serve, flow)
