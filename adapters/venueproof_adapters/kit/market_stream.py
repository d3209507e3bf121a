"""Market streams over one or more connections: feeds kept whole, and those polled that a venue does not stream."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress

from venueproof_adapters.kit.backoff import Backoff
from venueproof_adapters.kit.catalog import Catalog
from venueproof_adapters.kit.clock import SECOND_NS
from venueproof_adapters.kit.feeds import BookFeed, CandlesFeed, Feed, MarketCalls, TickerFeed, TradesFeed
from venueproof_adapters.kit.line import Heard, Line, MarketSource
from venueproof_adapters.kit.parts import Parts
from venueproof_adapters.kit.socket import SocketOptions
from venueproof_adapters.kit.state import Events
from venueproof_contracts.errors import AdapterError
from venueproof_contracts.model import Channel, StreamState

log = logging.getLogger("venueproof_adapters.market_stream")

POLL_EVERY_S = 60.0
_POLL_AGAIN_S = 5.0
_AFTER_EXPIRY_S = 60.0


class MarketStream:
    """All subscriptions to the market."""

    def __init__(
        self,
        parts: Parts,
        source: MarketSource,
        calls: MarketCalls,
        catalog: Catalog,
        events: Events,
        now_ns: Callable[[], int],
        backoff: Backoff,
        options: SocketOptions,
    ) -> None:
        self._parts = parts
        self._source = source
        self._calls = calls
        self._catalog = catalog
        self._events = events
        self._feeds: dict[tuple[Channel, str], Feed] = {}
        self._streams: dict[tuple[Channel, str], Sequence[tuple[str, str]]] = {}
        """What each feed is made of, by line; kept, since an instrument may be listed no more."""
        self._priming: dict[tuple[Channel, str], asyncio.Task[None]] = {}
        self._expiring: dict[tuple[Channel, str], asyncio.Task[None]] = {}
        self._now_ns = now_ns
        self._lines = {
            name: Line(name, source, parts, backoff, now_ns, options, self._heard, self._opened, self._down)
            for name in source.lines
        }

    async def subscribe(self, channel: Channel, symbol: str) -> None:
        """Deliver a channel of an instrument; returns when the venue confirmed it and its first state was told."""
        instrument = self._catalog.find(symbol)
        key = (channel, symbol)
        if key in self._feeds:
            return
        # Heard from the start on: the first messages may come before the confirmation.
        streams = self._streams[key] = self._source.streams(channel, instrument)
        feed = self._feeds[key] = self._feed(channel, symbol, polled=not streams)
        try:
            for line, stream in streams:
                await self._lines[line].add(stream)
            await feed.prime()
        except BaseException:
            self._feeds.pop(key, None)
            for line, stream in streams:
                self._lines[line].forget(stream)
            raise
        feed.ready = True
        feed.say(StreamState.UP)
        if instrument.expires_ns:
            self._expiring[key] = asyncio.create_task(self._expire(key, instrument.expires_ns))
        if not streams:
            self._priming[key] = asyncio.create_task(self._poll(feed))

    async def unsubscribe(self, channel: Channel, symbol: str) -> None:
        """Stop a channel of an instrument."""
        key = (channel, symbol)
        if self._feeds.pop(key, None) is None:
            return
        for tasks in (self._priming, self._expiring):
            if (task := tasks.pop(key, None)) and task is not asyncio.current_task():
                task.cancel()
        for line, stream in self._streams[key]:
            await self._lines[line].remove(stream)

    async def _expire(self, key: tuple[Channel, str], expires_ns: int) -> None:
        """Give up a channel some time after its instrument ended: silent ones count against the venue's limits too."""
        await asyncio.sleep(max(0.0, (expires_ns - self._now_ns()) / SECOND_NS) + _AFTER_EXPIRY_S)
        feed = self._feeds[key]
        with suppress(AdapterError):  # a venue may end such streams by itself
            await self.unsubscribe(*key)
        feed.say(StreamState.DOWN, "the instrument expired")

    async def close(self) -> None:
        """End everything."""
        tasks = [*self._priming.values(), *self._expiring.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for line in self._lines.values():
            await line.close()

    def _feed(self, channel: Channel, symbol: str, *, polled: bool) -> Feed:
        match channel:
            case Channel.BOOK:
                return BookFeed(self._parts.book(symbol), symbol, self._calls, self._events)
            case Channel.TRADES:
                return TradesFeed(symbol, self._calls, self._events)
            case Channel.TICKER:
                return TickerFeed(symbol, self._calls, self._events)
            case _:
                return CandlesFeed(symbol, self._calls, self._events, polled=polled)

    def _heard(self, heard: Heard) -> None:
        feed = self._feeds.get((heard.channel, self._catalog.symbol(heard.spelling)))
        if feed is not None and not feed.hear(heard.news):
            feed.say(StreamState.GAP, "a message was lost")
            self._make_whole(feed, begin_anew=True)

    def _opened(self, line: str) -> None:
        for feed in self._on_line(line):
            if self._carried(feed):
                feed.say(StreamState.UP)
                self._make_whole(feed)

    def _down(self, line: str, reason: str) -> None:
        for feed in self._on_line(line):
            feed.lost()
            feed.say(StreamState.DOWN, reason)

    def _on_line(self, line: str) -> list[Feed]:
        return [feed for feed in self._feeds.values() if feed.ready and line in self._lines_of(feed)]

    def _carried(self, feed: Feed) -> bool:
        """False for what the venue streams no more: it stays down, as it was told when the connection ended."""
        return all(self._lines[line].carries(stream) for line, stream in self._streams[feed.channel, feed.symbol])

    def _lines_of(self, feed: Feed) -> set[str]:
        return {line for line, _ in self._streams[feed.channel, feed.symbol]}

    def _make_whole(self, feed: Feed, *, begin_anew: bool = False) -> None:
        """Prime a feed in the background, trying until it succeeds."""
        key = (feed.channel, feed.symbol)
        if (task := self._priming.get(key)) is None or task.done():
            self._priming[key] = asyncio.create_task(self._prime(feed, begin_anew))

    async def _prime(self, feed: Feed, begin_anew: bool) -> None:
        while True:
            try:
                if begin_anew and feed.restarts:
                    await self._begin_anew(feed)
                await feed.prime()
            except AdapterError as error:
                log.debug("%s of %s could not be made whole: %s", feed.channel, feed.symbol, type(error).__name__)
                begin_anew = True
                await asyncio.sleep(1)
            else:
                feed.say(StreamState.RESYNCED)
                return

    async def _begin_anew(self, feed: Feed) -> None:
        feed.lost()
        for line, stream in self._streams[feed.channel, feed.symbol]:
            await self._lines[line].again(stream)

    async def _poll(self, feed: Feed) -> None:
        """Ask every now and then; after a question that failed the next answer has what it missed."""
        failed = False
        while True:
            await asyncio.sleep(_POLL_AGAIN_S if failed else POLL_EVERY_S)
            try:
                await feed.prime()
            except AdapterError as error:
                if not failed:
                    feed.say(StreamState.DOWN, str(error))
                failed = True
            else:
                if failed:
                    feed.say(StreamState.UP)
                    feed.say(StreamState.RESYNCED)
                failed = False
