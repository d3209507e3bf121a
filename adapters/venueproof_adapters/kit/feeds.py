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
from venueproof_contracts.errors import VenueDown
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
_STREAMED_WITHIN_S = 10.0


class Snapshot(Struct, frozen=True):
    """A book as of update `last`: asked for, or streamed before the changes after it."""

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


News = Snapshot | BookChange | Trade | Prices | Candle
"""What a streamed message can tell."""


class MarketCalls(Protocol):
    """The questions that make a feed whole."""

    async def snapshot(self, symbol: str) -> Snapshot | None:
        """A deep book; None where books are streamed with a snapshot of their own."""
        ...

    async def trades_after(self, symbol: str, last: Trade) -> Sequence[Trade]:
        """Public trades after one, oldest first; some that were before it do no harm."""
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
        self.restarts = False
        """Made whole by subscribing anew: the venue streams a snapshot then."""
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
    """A book: snapshot and changes. Whether the snapshot is asked for or streamed, it is told by `prime`."""

    def __init__(self, builder: BookBuilder, symbol: str, calls: MarketCalls, events: Events) -> None:
        super().__init__(Channel.BOOK, symbol, calls, events)
        self._builder = builder
        self._streamed = asyncio.Event()
        self._primed = False
        self._at_ns = 0

    def lost(self) -> None:
        """What is known is worth nothing without the changes after it."""
        self._primed = False
        self._streamed.clear()
        self._builder.reset()

    async def prime(self) -> None:
        """Take snapshots until one connects to the changes that came in meanwhile, or wait for the streamed one."""
        while True:
            if await self._begun():
                break
            await asyncio.sleep(_SNAPSHOT_AGAIN_S)
        self._primed = True
        self._tell()

    async def _begun(self) -> bool:
        taken = await self._calls.snapshot(self.symbol)
        if taken is not None:
            self._at_ns = taken.at_ns
            return self._builder.start(taken.last, taken.bids, taken.asks)
        self.restarts = True
        try:
            await asyncio.wait_for(self._streamed.wait(), _STREAMED_WITHIN_S)
        except TimeoutError:
            raise VenueDown(f"{self.symbol}: no snapshot of the book was streamed") from None
        return self._builder.ready

    def _tell(self) -> None:
        self._events.put(BookEvent(self._builder.book(_LEVELS, self._at_ns)))

    def hear(self, news: News) -> bool:
        """A change of the book, or all of it."""
        if isinstance(news, Snapshot):
            self._builder.stream(news.last, news.bids, news.asks)
            self._streamed.set()
        else:
            assert isinstance(news, BookChange)
            if not self._builder.change(news):
                self.lost()
                return False
        self._at_ns = news.at_ns
        if self._primed:
            self._tell()
        return True


class TradesFeed(Feed):
    """Public trades; after a break those that were missed are asked for."""

    def __init__(self, symbol: str, calls: MarketCalls, events: Events) -> None:
        super().__init__(Channel.TRADES, symbol, calls, events)
        self._known: Recent[str, None] = Recent(5_000)
        self._last: Trade | None = None

    async def prime(self) -> None:
        """What was traded since the last trade that was heard."""
        if self._last is not None:
            for trade in await self._calls.trades_after(self.symbol, self._last):
                self.hear(trade)

    def hear(self, news: News) -> bool:
        """A trade."""
        assert isinstance(news, Trade)
        if news.trade_id not in self._known:
            self._known[news.trade_id] = None
            self._last = news
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
    """Candles of `INTERVAL`; those that were missed, or are not streamed at all, are asked for."""

    def __init__(self, symbol: str, calls: MarketCalls, events: Events, *, polled: bool) -> None:
        super().__init__(Channel.CANDLES, symbol, calls, events)
        self._polled = polled
        self._last: Candle | None = None

    async def prime(self) -> None:
        """The candles since the last one that was heard, which may have closed meanwhile."""
        if self._last is None and not self._polled:
            return
        since_ns = None if self._last is None else self._last.open_ns
        for candle in await self._calls.candles(self.symbol, INTERVAL, since_ns, 2 if since_ns is None else None):
            if candle != self._last:
                self.hear(candle)

    def hear(self, news: News) -> bool:
        """A candle as it is now."""
        assert isinstance(news, Candle)
        if self._last is None or news.open_ns >= self._last.open_ns:
            self._last = news
        self._events.put(CandleEvent(self.symbol, INTERVAL, news))
        return True
