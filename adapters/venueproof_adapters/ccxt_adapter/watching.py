"""Which `watch_*` methods bring the events of a channel, and how their messages read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, NamedTuple

from venueproof_adapters.ccxt_adapter import reading
from venueproof_adapters.ccxt_adapter.exchanges import Exchange
from venueproof_adapters.ccxt_adapter.ids import ClientIds
from venueproof_adapters.ccxt_adapter.streams import Key, Watch
from venueproof_contracts.model import (
    BalanceEvent,
    BookEvent,
    CandleEvent,
    Channel,
    Event,
    FillEvent,
    OrderEvent,
    PositionEvent,
    TickerEvent,
    TradeEvent,
)

CANDLE_INTERVAL = "1m"


class Method(NamedTuple):
    """A method of ccxt and the key of `exchange.has` that tells whether there is one."""

    capability: str
    name: str


UNWATCH: dict[Channel, Method] = {
    Channel.BOOK: Method("unWatchOrderBook", "un_watch_order_book"),
    Channel.TRADES: Method("unWatchTrades", "un_watch_trades"),
    Channel.TICKER: Method("unWatchTicker", "un_watch_ticker"),
    Channel.CANDLES: Method("unWatchOHLCV", "un_watch_ohlcv"),
}
"""How each channel is left."""

Read = Callable[[Any], Iterable[Event]]


def watches(exchange: Exchange, key: Key, ids: ClientIds) -> list[Watch]:
    """The watches behind a channel, as far as the exchange has them."""
    channel, symbol = key
    rows = _account(exchange, ids) if channel is Channel.ACCOUNT else _market(exchange, channel, symbol)
    return [Watch(exchange, call, read) for has, call, read in rows if exchange.has.get(has)]


Row = tuple[str, Callable[[], Awaitable[Any]], Read]


def _account(exchange: Exchange, ids: ClientIds) -> list[Row]:
    def orders(found: Sequence[reading.Dict]) -> Iterable[Event]:
        return [OrderEvent(reading.order(one, ids)) for one in found]

    def fills(found: Sequence[reading.Dict]) -> Iterable[Event]:
        return [FillEvent(reading.fill(one, ids)) for one in found]

    def positions(found: Sequence[reading.Dict]) -> Iterable[Event]:
        return [PositionEvent(reading.position(one)) for one in found]

    def balances(found: reading.Dict) -> Iterable[Event]:
        return [BalanceEvent(one) for one in reading.balances(found)]

    return [
        ("watchOrders", lambda: exchange.watch_orders(), orders),
        ("watchMyTrades", lambda: exchange.watch_my_trades(), fills),
        ("watchPositions", lambda: exchange.watch_positions(), positions),
        ("watchBalance", lambda: exchange.watch_balance(), balances),
    ]


def _market(exchange: Exchange, channel: Channel, symbol: str) -> list[Row]:
    def book(found: reading.Dict) -> Iterable[Event]:
        return [BookEvent(reading.book(found, symbol))]

    def trades(found: Sequence[reading.Dict]) -> Iterable[Event]:
        return [TradeEvent(reading.trade(one)) for one in found]

    def ticker(found: reading.Dict) -> Iterable[Event]:
        return [TickerEvent(reading.ticker(found, exchange.markets))]

    def candles(found: Sequence[Sequence[Any]]) -> Iterable[Event]:
        interval_s, now_ms = int(exchange.parse_timeframe(CANDLE_INTERVAL)), exchange.milliseconds()
        return [CandleEvent(symbol, CANDLE_INTERVAL, reading.candle(row, interval_s, now_ms)) for row in found]

    rows: dict[Channel, Row] = {
        Channel.BOOK: ("watchOrderBook", lambda: exchange.watch_order_book(symbol), book),
        Channel.TRADES: ("watchTrades", lambda: exchange.watch_trades(symbol), trades),
        Channel.TICKER: ("watchTicker", lambda: exchange.watch_ticker(symbol), ticker),
        Channel.CANDLES: ("watchOHLCV", lambda: exchange.watch_ohlcv(symbol, CANDLE_INTERVAL), candles),
    }
    return [rows[channel]]
