"""Subscriptions to the market: how messages become events, and how each is made whole after a break."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

from msgspec import Struct, structs

from venueproof_adapters.kit.book import BookBuilder, BookChange
from venueproof_adapters.kit.recent import Recent
from venueproof_adapters.kit.state import Events
from venueproof_contracts.model import (
    BookEvent,
    Candle,
    CandleEvent,
    Channel,
    Level,
    StreamEvent,
    StreamState,
    Ticker,
    TickerEvent,
    Trade,
    TradeEvent,
)

INTERVAL = "1m"
"""Of the candles that are streamed: a subscription names none."""

_LEVELS = 1000
_SNAPSHOT_AGAIN_S = 0.5


class Snapshot(Struct, frozen=True):
    """A deep book as of update `last`."""

    last: int
    bids: Sequence[Level]
    asks: Sequence[Level]
    at_ns: int


class Prices(Struct, frozen=True):
    """Some figures of a ticker; None is not told."""

    at_ns: int
    last: Decimal | None = None
    bid: Decimal | None = None
    ask: Decimal | None = None
    mark: Decimal | None = None
    index: Decimal | None = None
    funding_rate: Decimal | None = None
    volume_24h: Decimal | None = None


News = BookChange | Trade | Prices | Candle
"""What a streamed message can tell."""


class MarketCalls(Protocol):
    """The questions that make a feed whole."""

    async def snapshot(self, symbol: str) -> Snapshot:
        """A deep book."""
        ...

    async def trades_after(self, symbol: str, trade_id: str) -> Sequence[Trade]:
        """Public trades after one, oldest first."""
        ...

    async def ticker(self, instrument: str) -> Ticker:
        """All figures now."""
        ...

    async def candles(self, instrument: str, interval: str, since_ns: int | None, limit: int | None) -> list[Candle]:
        """Candles from a time on."""
        ...


class Feed:
    """One subscription."""

    def __init__(self, channel: Channel, symbol: str, calls: MarketCalls, events: Events) -> None:
        self.channel = channel
        self.symbol = symbol
        self.ready = False
        """Subscribed, and told for the first time."""
        self._calls = calls
        self._events = events

    def say(self, state: StreamState, reason: str = "") -> None:
        """Tell how the feed is."""
        self._events.put(StreamEvent(self.channel, state, self.symbol, reason))

    def lost(self) -> None:
        """The connection is gone."""

    async def prime(self) -> None:
        """Ask for what a new connection does not tell."""

    def hear(self, news: News) -> bool:
        """Take in a message; False when one before it is missing."""
        raise NotImplementedError


class BookFeed(Feed):
    """A book: snapshot and changes."""

    def __init__(self, builder: BookBuilder, symbol: str, calls: MarketCalls, events: Events) -> None:
        super().__init__(Channel.BOOK, symbol, calls, events)
        self._builder = builder

    def lost(self) -> None:
        """What is known is worth nothing without the changes after it."""
        self._builder.reset()

    async def prime(self) -> None:
        """Take snapshots until one connects to the changes that came in meanwhile."""
        while True:
            taken = await self._calls.snapshot(self.symbol)
            if self._builder.start(taken.last, taken.bids, taken.asks):
                self._events.put(BookEvent(self._builder.book(_LEVELS, taken.at_ns)))
                return
            await asyncio.sleep(_SNAPSHOT_AGAIN_S)

    def hear(self, news: News) -> bool:
        """A change of the book."""
        assert isinstance(news, BookChange)
        if not self._builder.change(news):
            self._builder.reset()
            return False
        if self._builder.ready:
            self._events.put(BookEvent(self._builder.book(_LEVELS, news.at_ns)))
        return True


class TradesFeed(Feed):
    """Public trades; after a break those that were missed are asked for."""

    def __init__(self, symbol: str, calls: MarketCalls, events: Events) -> None:
        super().__init__(Channel.TRADES, symbol, calls, events)
        self._known: Recent[str, None] = Recent(5_000)
        self._last = ""

    async def prime(self) -> None:
        """What was traded since the last trade that was heard."""
        if self._last:
            for trade in await self._calls.trades_after(self.symbol, self._last):
                self.hear(trade)

    def hear(self, news: News) -> bool:
        """A trade."""
        assert isinstance(news, Trade)
        if news.trade_id not in self._known:
            self._known[news.trade_id] = None
            self._last = news.trade_id
            self._events.put(TradeEvent(news))
        return True


class TickerFeed(Feed):
    """Prices, as many as each message tells."""

    def __init__(self, symbol: str, calls: MarketCalls, events: Events) -> None:
        super().__init__(Channel.TICKER, symbol, calls, events)
        self._ticker = Ticker(symbol, None)

    async def prime(self) -> None:
        """All figures at once."""
        self._ticker = await self._calls.ticker(self.symbol)
        self._events.put(TickerEvent(self._ticker))

    def hear(self, news: News) -> bool:
        """Some of the figures."""
        assert isinstance(news, Prices)
        told = {name: value for name, value in structs.asdict(news).items() if value is not None}
        self._ticker = structs.replace(self._ticker, **told)
        self._events.put(TickerEvent(self._ticker))
        return True


class CandlesFeed(Feed):
    """Candles of `INTERVAL`; after a break those that were missed are asked for."""

    def __init__(self, symbol: str, calls: MarketCalls, events: Events) -> None:
        super().__init__(Channel.CANDLES, symbol, calls, events)
        self._last_open_ns = 0

    async def prime(self) -> None:
        """The candles since the last one that was heard, which may have closed meanwhile."""
        if self._last_open_ns:
            for candle in await self._calls.candles(self.symbol, INTERVAL, self._last_open_ns, None):
                self.hear(candle)

    def hear(self, news: News) -> bool:
        """A candle as it is now."""
        assert isinstance(news, Candle)
        self._last_open_ns = max(self._last_open_ns, news.open_ns)
        self._events.put(CandleEvent(self.symbol, INTERVAL, news))
        return True
