"""Unmodified ccxt, REST and streams, against an OKX simulator in a process of its own."""

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

LINEAR, INVERSE = "BTC/USDT:USDT", "BTC/USD:BTC"
AMOUNTS = {LINEAR: 2.0, INVERSE: 20.0}
SIZES = {LINEAR: 0.01, INVERSE: 100}
Flow = Callable[[Exchange, Served, str], Awaitable[None]]


def run(serve: Serve, flow: Flow, symbol: str, *, proxy: bool = False) -> Served:
    """Play a flow on an exchange with local URLs, or with its own through the proxy."""
    served = serve("okx", "--seed", "7", *(["--proxy"] if proxy else []))
    options = {"httpsProxy": served.ready["proxy"], "wssProxy": served.ready["proxy"], "cafile": served.ready["ca"]}

    async def main() -> None:
        async with opened(ccxt.pro.okx, served, **(options if proxy else {})) as exchange:
            await exchange.load_markets()
            await flow(exchange, served, symbol)

    asyncio.run(main())
    return served


async def read_the_market(exchange: Exchange, _: Served, symbol: str) -> None:
    """Every public call answers something that ccxt can parse."""
    market = exchange.markets[symbol]
    assert (market["contractSize"], market["linear"], market["active"]) == (SIZES[symbol], symbol == LINEAR, True)
    ticker = await exchange.fetch_ticker(symbol)
    assert ticker["low"] <= ticker["last"] <= ticker["high"]
    for interval, length_ms in (("1m", 60_000), ("1d", 86_400_000)):
        candles = await exchange.fetch_ohlcv(symbol, interval, limit=20)
        assert len(candles) == 20
        assert {b[0] - a[0] for a, b in pairwise(candles)} == {length_ms}
    since = exchange.milliseconds() - 3_600_000
    assert (await exchange.fetch_ohlcv(symbol, "1m", since=since, limit=10))[0][0] >= since - 60_000
    assert (await exchange.fetch_funding_rate(symbol))["fundingRate"] == 0.0001
    assert len(await exchange.fetch_funding_rate_history(symbol, limit=3)) == 3
    assert (await exchange.fetch_open_interest(symbol))["openInterestAmount"] > 0
    assert len(await exchange.fetch_trades(symbol, limit=10)) == 10
    assert symbol in await exchange.fetch_tickers([symbol])
    assert 59_000 < (await exchange.fetch_mark_price(symbol))["markPrice"] < 61_000
    assert (await exchange.fetch_market_leverage_tiers(symbol))[0]["maxLeverage"] == 100
    assert (await exchange.fetch_status())["status"] == "ok"
    assert abs(await exchange.fetch_time() - exchange.milliseconds()) < 5_000


async def trade(exchange: Exchange, served: Served, symbol: str) -> None:
    """An order that is partly filled, amended and canceled, a position opened and closed, fills, the ledger."""
    amount, settle = AMOUNTS[symbol], exchange.markets[symbol]["settle"]
    assert (await exchange.fetch_balance())[settle]["free"] > 0
    bid = (await exchange.fetch_order_book(symbol, 5))["bids"][0][0]
    price, lower = (float(exchange.price_to_precision(symbol, bid * share)) for share in (0.98, 0.97))
    order = await exchange.create_order(symbol, "limit", "buy", amount, price)
    assert order["id"]
    served.do("partly_fill", instrument=symbol, order_id=order["id"], amount=str(amount / 4))
    partly = await exchange.fetch_order(order["id"], symbol)
    assert (partly["status"], partly["filled"], partly["remaining"]) == ("open", amount / 4, amount * 3 / 4)
    await exchange.edit_order(order["id"], symbol, "limit", "buy", amount, lower)
    amended = await exchange.fetch_order(order["id"], symbol)
    assert (amended["price"], amended["amount"], amended["filled"]) == (lower, amount, amount / 4)
    assert [one["id"] for one in await exchange.fetch_open_orders(symbol)] == [order["id"]]
    await exchange.cancel_order(order["id"], symbol)
    assert (await exchange.fetch_order(order["id"], symbol))["status"] == "canceled"
    assert [one["id"] for one in await exchange.fetch_canceled_orders(symbol)] == [order["id"]]
    [position] = await exchange.fetch_positions([symbol])
    assert (position["side"], position["contracts"], position["entryPrice"]) == ("long", amount / 4, price)
    closing = await exchange.create_order(symbol, "market", "sell", amount / 4, None, {"reduceOnly": True})
    assert await exchange.fetch_positions([symbol]) == []
    assert [one["id"] for one in await exchange.fetch_closed_orders(symbol)] == [closing["id"]]
    trades = await exchange.fetch_my_trades(symbol)
    assert [(one["side"], one["amount"], one["takerOrMaker"]) for one in trades] == [
        ("buy", amount / 4, "maker"),
        ("sell", amount / 4, "taker"),
    ]
    assert all(one["fee"]["currency"] == settle and one["fee"]["cost"] > 0 for one in trades)
    assert len(await exchange.fetch_ledger(settle)) == 2
    assert all(Decimal(one["amount"]) == 0 for one in served.truth()["positions"])


async def hear(exchange: Exchange, _: Served, symbol: str) -> None:
    """The book, candles, orders, fills, positions and balances arrive on the streams."""
    book = await within(10, exchange.watch_order_book(symbol))
    assert book["bids"][0][0] < book["asks"][0][0]
    assert 59_000 < (await within(10, exchange.watch_ticker(symbol)))["last"] < 61_000
    watches = {
        "orders": exchange.watch_orders(symbol),
        "trades": exchange.watch_my_trades(symbol),
        "positions": exchange.watch_positions([symbol]),
        "balance": exchange.watch_balance(),
        "candles": exchange.watch_ohlcv(symbol, "1m"),
    }
    tasks = {name: asyncio.ensure_future(watch) for name, watch in watches.items()}
    await asyncio.sleep(1.0)
    order = await exchange.create_order(symbol, "market", "buy", AMOUNTS[symbol])
    heard = {name: await within(10, task) for name, task in tasks.items()}
    assert heard["orders"][-1]["id"] == order["id"]
    assert (heard["trades"][-1]["order"], heard["trades"][-1]["side"]) == (order["id"], "buy")
    positions = heard["positions"] or await within(10, exchange.watch_positions([symbol]))
    assert positions[-1]["contracts"] == AMOUNTS[symbol], "the first picture may be an empty one"
    assert heard["balance"]["USDT"]["total"] > 0
    assert heard["candles"][-1][4] > 0


async def use_conditionals(exchange: Exchange, served: Served, symbol: str) -> None:
    """A stop, a take-profit, both at once and a trailing one wait apart from ordinary orders; one fires and fills."""
    amount = AMOUNTS[symbol]
    bid = (await exchange.fetch_order_book(symbol, 5))["bids"][0][0]

    def at(percent: float) -> float:
        return float(exchange.price_to_precision(symbol, bid * percent / 100))

    reduces = {"reduceOnly": True}
    await exchange.create_order(symbol, "market", "buy", amount)
    stop = await exchange.create_order(symbol, "market", "sell", amount, None, {"stopLossPrice": at(98), **reduces})
    both = {"stopLossPrice": at(97), "takeProfitPrice": at(103), **reduces}
    pair = await exchange.create_order(symbol, "market", "sell", amount, None, both)
    trigger = {"triggerPrice": at(96), **reduces}
    plain = await exchange.create_order(symbol, "limit", "sell", amount, at(95), trigger)
    trail = await exchange.create_order(symbol, "market", "sell", amount, None, {"trailingPercent": 1.5, **reduces})
    assert await exchange.fetch_open_orders(symbol) == []
    found = {
        one["id"]
        for kind in ("conditional", "oco", "trigger", "move_order_stop")
        for one in await exchange.fetch_open_orders(symbol, None, None, {"trigger": True, "ordType": kind})
    }
    assert found == {stop["id"], pair["id"], plain["id"], trail["id"]}
    served.do("trigger", instrument=symbol, order_id=stop["id"])
    fired = await exchange.fetch_order(stop["id"], symbol, {"trigger": True})
    assert fired["info"]["state"] == "effective"
    became = await exchange.fetch_order(fired["info"]["ordId"], symbol)
    assert (became["status"], became["filled"]) == ("closed", amount)
    await exchange.cancel_orders([pair["id"], plain["id"]], symbol, {"trigger": True})
    await exchange.cancel_order(trail["id"], symbol, {"trailing": True})
    assert await exchange.fetch_open_orders(symbol, None, None, {"trigger": True}) == []


async def set_things(exchange: Exchange, _: Served, symbol: str) -> None:
    """Leverage of each margin mode, hedge mode, both legs isolated."""
    await exchange.set_leverage(7, symbol, {"mgnMode": "cross"})
    await exchange.set_margin_mode("cross", symbol, {"lever": 7})
    assert (await exchange.fetch_leverage(symbol, {"marginMode": "cross"}))["longLeverage"] == 7
    await exchange.set_position_mode(True, symbol)
    assert (await exchange.fetch_position_mode(symbol))["hedged"] is True
    amount = AMOUNTS[symbol]
    for side in ("buy", "sell"):
        await exchange.create_order(symbol, "market", side, amount, None, {"hedged": True, "tdMode": "isolated"})
    legs = {one["side"]: one for one in await exchange.fetch_positions([symbol])}
    assert {side: (one["contracts"], one["marginMode"]) for side, one in legs.items()} == {
        "long": (amount, "isolated"),
        "short": (amount, "isolated"),
    }
    with pytest.raises(ccxt.ExchangeError, match="59000"):
        await exchange.set_position_mode(False, symbol)


async def order_over_the_socket(exchange: Exchange, _: Served, symbol: str) -> None:
    """Orders over WebSocket, and a refusal there."""
    amount = AMOUNTS[symbol]
    bid = (await exchange.fetch_order_book(symbol, 5))["bids"][0][0]
    price, lower = (float(exchange.price_to_precision(symbol, bid * share)) for share in (0.98, 0.97))
    order = await within(10, exchange.create_order_ws(symbol, "limit", "buy", amount, price))
    await within(10, exchange.edit_order_ws(order["id"], symbol, "limit", "buy", amount, lower))
    assert (await exchange.fetch_order(order["id"], symbol))["price"] == lower
    await within(10, exchange.cancel_order_ws(order["id"], symbol))
    assert (await exchange.fetch_order(order["id"], symbol))["status"] == "canceled"
    with pytest.raises(ccxt.InsufficientFunds):
        await within(10, exchange.create_order_ws(symbol, "limit", "buy", 100_000, price))


async def be_refused(exchange: Exchange, served: Served, symbol: str) -> None:
    """ccxt's own classes come out of the venue's codes."""
    with pytest.raises(ccxt.InsufficientFunds):
        await exchange.create_order(symbol, "limit", "buy", 100_000, 58_000)
    with pytest.raises(ccxt.OrderNotFound):
        await exchange.cancel_order("1", symbol)
    good, exchange.password = exchange.password, "another"
    with pytest.raises(ccxt.AuthenticationError, match="50105"):
        await exchange.fetch_balance()
    exchange.password = good
    served.do("maintenance", for_s="1")
    with pytest.raises(ccxt.OnMaintenance):
        await exchange.fetch_balance()


FLOWS = (read_the_market, trade, hear, use_conditionals, set_things, order_over_the_socket, be_refused)


@pytest.mark.parametrize("symbol", AMOUNTS)
@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.__name__)
def test_with_local_urls(serve: Serve, flow: Flow, symbol: str) -> None:
    run(serve, flow, symbol)


@pytest.mark.parametrize("flow", [trade, hear], ids=lambda flow: flow.__name__)
def test_with_its_own_urls_through_the_proxy(serve: Serve, flow: Flow) -> None:
    run(serve, flow, LINEAR, proxy=True)


def test_demo_trading(serve: Serve) -> None:
    """ccxt's sandbox mode: the header, the broker in the address of the streams, and keys of their own."""
    served = serve("okx", "--seed", "7")
    keys = served.credentials

    async def main() -> None:
        async with opened(ccxt.pro.okx, served) as exchange:
            exchange.urls["test"] = dict(exchange.urls["api"])
            exchange.set_sandbox_mode(True)
            with pytest.raises(ccxt.AuthenticationError, match="50101"):
                await exchange.fetch_balance()
            exchange.apiKey, exchange.secret = keys["demoApiKey"], keys["demoSecret"]
            exchange.password = keys["demoPassword"]
            await exchange.load_markets()
            await hear(exchange, served, LINEAR)

    asyncio.run(main())
    assert served.truth()["positions"] == [], "the live account has none of it"
