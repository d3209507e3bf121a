"""Market streams over one or more connections: commands answered by number, feeds kept whole."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from itertools import count
from typing import Protocol

import msgspec
from msgspec import Struct

from venueproof_adapters.kit.backoff import Backoff
from venueproof_adapters.kit.catalog import Catalog
from venueproof_adapters.kit.feeds import BookFeed, CandlesFeed, Feed, MarketCalls, News, TickerFeed, TradesFeed
from venueproof_adapters.kit.parts import Parts
from venueproof_adapters.kit.socket import SocketOptions
from venueproof_adapters.kit.state import Events
from venueproof_contracts.errors import AdapterError, BadAnswer, VenueDown
from venueproof_contracts.model import Channel, Instrument, StreamState

log = logging.getLogger("venueproof_adapters.market_stream")

_ACK_WITHIN_S = 10.0
_UP_WITHIN_S = 30.0


class Heard(Struct, frozen=True):
    """A message of a channel, under the venue's spelling of the instrument."""

    channel: Channel
    spelling: str
    news: News


class Ack(Struct, frozen=True):
    """The answer to a command; without a number it answers the oldest one."""

    number: int | None
    error: AdapterError | None = None


class MarketSource(Protocol):
    """The venue's side of market streams."""

    lines: Sequence[str]
    """Names of its connections."""

    def address(self, line: str) -> str:
        """Where a connection goes."""
        ...

    def streams(self, channel: Channel, instrument: Instrument) -> Sequence[tuple[str, str]]:
        """Connection and name of each stream that makes up a channel."""
        ...

    def command(self, subscribe: bool, streams: Sequence[str], number: int) -> str:
        """The frame that asks for streams, or for their end."""
        ...

    def read(self, frame: str | bytes) -> Heard | Ack | None:
        """What a message says. Raises `BadAnswer` or msgspec's error when it cannot be read."""
        ...


class Line:
    """One connection: which streams it carries, and commands answered by number."""

    def __init__(
        self,
        name: str,
        source: MarketSource,
        parts: Parts,
        backoff: Backoff,
        now_ns: Callable[[], int],
        options: SocketOptions,
        on_heard: Callable[[Heard], None],
        on_open: Callable[[str], None],
        on_down: Callable[[str, str], None],
    ) -> None:
        self._name = name
        self._source = source
        self._on_heard = on_heard
        self._on_open = on_open
        self._on_down = on_down
        self._streams: dict[str, None] = {}
        self._numbers = count(1)
        self._pending: dict[int, asyncio.Future[None]] = {}
        self._up = asyncio.Event()
        self._socket = parts.socket(
            name=name,
            address=self._address,
            on_open=self._opened,
            on_frame=self._frame,
            on_down=self._down,
            backoff=backoff,
            now_ns=now_ns,
            options=options,
        )

    async def add(self, stream: str) -> None:
        """Have a stream delivered, now and after each reconnect."""
        self._streams[stream] = None
        if self._up.is_set():
            await self._command(True, [stream])
            return
        await self._socket.open()
        try:
            await asyncio.wait_for(self._up.wait(), _UP_WITHIN_S)
        except TimeoutError:
            raise VenueDown(f"{self._name}: not connected") from None

    async def remove(self, stream: str) -> None:
        """Deliver it no more."""
        self.forget(stream)
        if self._up.is_set():
            await self._command(False, [stream])

    def forget(self, stream: str) -> None:
        """Do not ask for a stream again."""
        self._streams.pop(stream, None)

    async def close(self) -> None:
        """Disconnect."""
        self._up.clear()
        await self._socket.close()
        self._fail("closed")

    async def _address(self) -> str:
        return self._source.address(self._name)

    async def _opened(self) -> None:
        asked: set[str] = set()
        while news := [
            stream for stream in self._streams if stream not in asked
        ]:  # some come while others are asked for
            await self._command(True, news)
            asked.update(news)
        self._up.set()
        self._on_open(self._name)

    def _down(self, reason: str) -> None:
        self._up.clear()
        self._fail(reason)
        self._on_down(self._name, reason)

    def _fail(self, reason: str) -> None:
        for answer in self._pending.values():
            if not answer.done():
                answer.set_exception(VenueDown(f"{self._name}: {reason}"))

    async def _command(self, subscribe: bool, streams: Sequence[str]) -> None:
        """Send a command and wait for its answer. Raises the venue's refusal, or `VenueDown` when none comes."""
        number = next(self._numbers)
        answer = self._pending[number] = asyncio.get_running_loop().create_future()
        try:
            await self._socket.send(self._source.command(subscribe, streams, number))
            await asyncio.wait_for(answer, _ACK_WITHIN_S)
        except TimeoutError:
            raise VenueDown(f"{self._name}: no answer to a command") from None
        finally:
            del self._pending[number]

    def _frame(self, frame: str | bytes) -> None:
        try:
            said = self._source.read(frame)
        except (msgspec.MsgspecError, ArithmeticError, BadAnswer) as error:
            log.warning("a message on %s could not be read: %s", self._name, type(error).__name__)
            self._socket.renew("a message could not be read")
            return
        if isinstance(said, Heard):
            self._on_heard(said)
        elif said is not None:
            self._acknowledge(said)

    def _acknowledge(self, ack: Ack) -> None:
        number = next(iter(self._pending), None) if ack.number is None else ack.number
        answer = self._pending.get(number) if number is not None else None
        if answer is None or answer.done():
            return
        if ack.error is None:
            answer.set_result(None)
        else:
            answer.set_exception(ack.error)


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
        feed = self._feeds[key] = self._feed(channel, symbol)
        streams = self._streams[key] = self._source.streams(channel, instrument)
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

    async def unsubscribe(self, channel: Channel, symbol: str) -> None:
        """Stop a channel of an instrument."""
        key = (channel, symbol)
        if self._feeds.pop(key, None) is None:
            return
        if task := self._priming.pop(key, None):
            task.cancel()
        for line, stream in self._streams[key]:
            await self._lines[line].remove(stream)

    async def close(self) -> None:
        """End everything."""
        tasks = list(self._priming.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for line in self._lines.values():
            await line.close()

    def _feed(self, channel: Channel, symbol: str) -> Feed:
        match channel:
            case Channel.BOOK:
                return BookFeed(self._parts.book(symbol), symbol, self._calls, self._events)
            case Channel.TRADES:
                return TradesFeed(symbol, self._calls, self._events)
            case Channel.TICKER:
                return TickerFeed(symbol, self._calls, self._events)
            case _:
                return CandlesFeed(symbol, self._calls, self._events)

    def _heard(self, heard: Heard) -> None:
        feed = self._feeds.get((heard.channel, self._catalog.symbol(heard.spelling)))
        if feed is not None and not feed.hear(heard.news):
            feed.say(StreamState.GAP, "a message was lost")
            self._make_whole(feed)

    def _opened(self, line: str) -> None:
        for feed in self._on_line(line):
            feed.say(StreamState.UP)
            self._make_whole(feed)

    def _down(self, line: str, reason: str) -> None:
        for feed in self._on_line(line):
            feed.lost()
            feed.say(StreamState.DOWN, reason)

    def _on_line(self, line: str) -> list[Feed]:
        return [feed for feed in self._feeds.values() if feed.ready and line in self._lines_of(feed)]

    def _lines_of(self, feed: Feed) -> set[str]:
        return {line for line, _ in self._streams[feed.channel, feed.symbol]}

    def _make_whole(self, feed: Feed) -> None:
        """Prime a feed in the background, trying until it succeeds."""
        key = (feed.channel, feed.symbol)
        if (task := self._priming.get(key)) is None or task.done():
            self._priming[key] = asyncio.create_task(self._prime(feed))

    async def _prime(self, feed: Feed) -> None:
        while True:
            try:
                await feed.prime()
            except AdapterError as error:
                log.debug("%s of %s could not be made whole: %s", feed.channel, feed.symbol, type(error).__name__)
                await asyncio.sleep(1)
            else:
                feed.say(StreamState.RESYNCED)
                return
