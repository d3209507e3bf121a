"""Unmodified ccxt, REST and streams, against a Bybit simulator in a process of its own."""

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

LINEAR, DOLLARS, INVERSE = "BTC/USDT:USDT", "BTC/USDC:USDC", "BTC/USD:BTC"
AMOUNTS = {LINEAR: 0.02, DOLLARS: 0.02, INVERSE: 1000}
TOO_MUCH = {LINEAR: 1000, DOLLARS: 79, INVERSE: 20_000_000}
"""No more than an order may have, and more than the account has the margin for."""
KNOWN = {"acknowledged": True}
"""What ccxt wants to hear before it asks for one order: it can be one of the last few hundred only."""
Flow = Callable[[Exchange, Served, str], Awaitable[None]]


def run(serve: Serve, flow: Flow, symbol: str, *, proxy: bool = False) -> Served:
    """Play a flow on an exchange with local URLs, or with its own through the proxy."""
    served = serve("bybit", "--seed", "7", *(["--proxy"] if proxy else []))
    options = {"httpsProxy": served.ready["proxy"], "wssProxy": served.ready["proxy"], "cafile": served.ready["ca"]}

    async def main() -> None:
        async with opened(ccxt.pro.bybit, served, **(options if proxy else {})) as exchange:
            await exchange.load_markets()
            await flow(exchange, served, symbol)

    asyncio.run(main())
    return served


async def _price(exchange: Exchange, symbol: str, percent: int) -> float:
    bid = (await exchange.fetch_order_book(symbol, 5))["bids"][0][0]
    return float(exchange.price_to_precision(symbol, bid * percent / 100))


async def _read_the_market(exchange: Exchange, served: Served, symbol: str) -> None:
    market = exchange.market(symbol)
    assert (market["contractSize"], market["inverse"]) == (1, symbol == INVERSE)
    ticker = await exchange.fetch_ticker(symbol)
    assert ticker["low"] <= ticker["last"] <= ticker["high"]
    candles = await exchange.fetch_ohlcv(symbol, "1m", limit=50)
    assert len(candles) == 50
    assert {later[0] - earlier[0] for earlier, later in pairwise(candles)} == {60_000}
    assert (await exchange.fetch_funding_rate(symbol))["fundingRate"] == 0.0001
    assert len(await exchange.fetch_funding_rate_history(symbol, limit=5)) == 5
    assert (await exchange.fetch_open_interest(symbol))["symbol"] == symbol
    assert len(await exchange.fetch_trades(symbol, limit=10)) == 10
    assert abs(await exchange.fetch_time() - exchange.milliseconds()) < 5_000
    assert (await exchange.fetch_balance())["USDT"]["total"] == 100_000


async def _trade_whole_life(exchange: Exchange, served: Served, symbol: str) -> None:
    """An order that is partly filled, amended and cancelled, a position that is closed, fills."""
    amount = AMOUNTS[symbol]
    order = await exchange.create_order(symbol, "limit", "buy", amount, await _price(exchange, symbol, 98))
    served.do("partly_fill", instrument=symbol, order_id=order["id"], amount=str(amount / 4))
    partly = await exchange.fetch_order(order["id"], symbol, KNOWN)
    assert (partly["status"], partly["filled"], partly["remaining"]) == ("open", amount / 4, amount * 3 / 4)
    lower = await _price(exchange, symbol, 97)
    await exchange.edit_order(order["id"], symbol, "limit", "buy", amount, lower)
    [open_order] = await exchange.fetch_open_orders(symbol)
    assert (open_order["id"], open_order["price"], open_order["filled"]) == (order["id"], lower, amount / 4)
    await exchange.cancel_order(order["id"], symbol)
    ended = await exchange.fetch_order(order["id"], symbol, KNOWN)
    assert (ended["status"], ended["filled"]) == ("canceled", amount / 4)
    assert [one["id"] for one in await exchange.fetch_canceled_orders(symbol)] == [order["id"]]

    [position] = await exchange.fetch_positions([symbol])
    assert (position["side"], position["contracts"]) == ("long", amount / 4)
    await exchange.create_order(symbol, "market", "sell", amount / 4, None, {"reduceOnly": True})
    assert [one["contracts"] for one in await exchange.fetch_positions([symbol])] in ([], [0])
    trades = await exchange.fetch_my_trades(symbol)
    assert [(trade["side"], trade["amount"], trade["takerOrMaker"]) for trade in trades] == [
        ("buy", amount / 4, "maker"),
        ("sell", amount / 4, "taker"),
    ]
    assert all(trade["fee"]["cost"] > 0 for trade in trades)


async def _use_conditionals(exchange: Exchange, served: Served, symbol: str) -> None:
    """A stop of its own fires; stops of the position and a trailing one are bound to it."""
    amount = AMOUNTS[symbol]
    await exchange.create_order(symbol, "market", "buy", amount)
    below = await _price(exchange, symbol, 98)
    trigger = {"triggerPrice": below, "triggerDirection": "descending", "reduceOnly": True}
    stop = await exchange.create_order(symbol, "market", "sell", amount / 2, None, trigger)
    [waiting] = await exchange.fetch_open_orders(symbol, None, None, {"trigger": True})
    assert (waiting["id"], waiting["triggerPrice"], waiting["status"]) == (stop["id"], below, "open")
    served.do("trigger", instrument=symbol, order_id=stop["id"])
    for _ in range(50):
        fired = await exchange.fetch_order(stop["id"], symbol, KNOWN)
        if fired["status"] == "closed":
            break
    assert fired["filled"] == amount / 2

    distance = {"trailingAmount": 500, "trailingTriggerPrice": await _price(exchange, symbol, 101)}
    await exchange.create_order(symbol, "market", "sell", amount / 2, None, distance)
    [position] = await exchange.fetch_positions([symbol])
    assert position["info"]["trailingStop"] == "500"
    kinds = [one["info"]["stopOrderType"] for one in await exchange.fetch_open_orders(symbol)]
    assert kinds == ["TrailingStop"]
    await exchange.cancel_all_orders(symbol)
    assert await exchange.fetch_open_orders(symbol) == []


async def _set_up_the_account(exchange: Exchange, served: Served, symbol: str) -> None:
    """Leverage, margin mode, and on a USDT contract both legs."""
    await exchange.set_leverage(7, symbol)
    with pytest.raises(ccxt.BadRequest, match="110043"):
        await exchange.set_leverage(7, symbol)
    await exchange.set_margin_mode("isolated")
    assert (await exchange.fetch_leverage(symbol))["longLeverage"] == 7
    if symbol != LINEAR:
        with pytest.raises(ccxt.BadRequest, match="110029"):
            await exchange.set_position_mode(True, symbol)
        return
    await exchange.set_position_mode(True, symbol)
    for side in ("buy", "sell"):
        await exchange.create_order(symbol, "market", side, AMOUNTS[symbol], None, {"hedged": True})
    legs = {one["side"]: one["contracts"] for one in await exchange.fetch_positions([symbol])}
    assert legs == {"long": AMOUNTS[symbol], "short": AMOUNTS[symbol]}


async def _hear_the_account(exchange: Exchange, served: Served, symbol: str) -> None:
    """The book, trades, tickers and candles arrive; so do orders, fills, positions and the wallet."""
    book = await within(10, exchange.watch_order_book(symbol))
    assert book["bids"][0][0] < book["asks"][0][0]
    assert (await within(10, exchange.watch_ticker(symbol)))["symbol"] == symbol
    calls = (exchange.watch_orders, exchange.watch_my_trades, exchange.watch_trades)
    watching = [asyncio.ensure_future(call(symbol)) for call in calls]
    wallet = asyncio.ensure_future(exchange.watch_balance())
    await asyncio.sleep(1.0)
    order = await exchange.create_order(symbol, "market", "buy", AMOUNTS[symbol])
    orders, fills, trades = [await within(10, one) for one in watching]
    assert orders[-1]["id"] == order["id"]
    assert (fills[-1]["order"], fills[-1]["side"]) == (order["id"], "buy")
    assert trades[-1]["side"] == "buy"
    assert (await within(10, wallet))["info"]
    await within(10, exchange.watch_positions([symbol]))
    positions = asyncio.ensure_future(exchange.watch_positions([symbol]))
    await asyncio.sleep(1.0)
    await exchange.create_order(symbol, "market", "buy", AMOUNTS[symbol])
    assert (await within(10, positions))[-1]["contracts"] == 2 * AMOUNTS[symbol]


async def _order_over_the_socket(exchange: Exchange, served: Served, symbol: str) -> None:
    amount, price = AMOUNTS[symbol], await _price(exchange, symbol, 98)
    order = await within(10, exchange.create_order_ws(symbol, "limit", "buy", amount, price))
    lower = await _price(exchange, symbol, 97)
    await within(10, exchange.edit_order_ws(order["id"], symbol, "limit", "buy", amount, lower))
    assert [one["price"] for one in await exchange.fetch_open_orders(symbol)] == [lower]
    await within(10, exchange.cancel_order_ws(order["id"], symbol))
    assert await exchange.fetch_open_orders(symbol) == []


async def _be_refused(exchange: Exchange, served: Served, symbol: str) -> None:
    """ccxt finds its own error class behind each code."""
    amount, price = AMOUNTS[symbol], await _price(exchange, symbol, 98)
    with pytest.raises(ccxt.InsufficientFunds):
        await exchange.create_order(symbol, "limit", "buy", TOO_MUCH[symbol], price)
    with pytest.raises(ccxt.OrderNotFound):
        await exchange.cancel_order("nobody", symbol)
    with pytest.raises(ccxt.InvalidOrder):
        await exchange.create_order(symbol, "market", "sell", amount, None, {"reduceOnly": True})
    twice = {"clientOrderId": "only-once"}
    await exchange.create_order(symbol, "limit", "buy", amount, price, twice)
    with pytest.raises(ccxt.InvalidOrder, match="110072"):
        await exchange.create_order(symbol, "limit", "buy", amount, price, twice)


SYMBOLS = pytest.mark.parametrize("symbol", [LINEAR, INVERSE, DOLLARS])
FLOWS = [
    _read_the_market,
    _trade_whole_life,
    _use_conditionals,
    _set_up_the_account,
    _hear_the_account,
    _order_over_the_socket,
    _be_refused,
]


@SYMBOLS
@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.__name__.strip("_"))
def test_flow(serve: Serve, flow: Flow, symbol: str) -> None:
    run(serve, flow, symbol)


@pytest.mark.parametrize("flow", [_trade_whole_life, _hear_the_account], ids=["rest", "streams"])
def test_production_urls_through_the_proxy(serve: Serve, flow: Flow) -> None:
    run(serve, flow, LINEAR, proxy=True)


def test_the_venue_is_flat_after_a_whole_life(serve: Serve) -> None:
    served = run(serve, _trade_whole_life, LINEAR)
    assert all(Decimal(position["amount"]) == 0 for position in served.truth()["positions"])
