"""Market streams: two connections (`public`: depth and best prices, `market`: the rest), commands by id, books rebuilt.

Source: the vendor's market stream pages; a stream asked for on the wrong connection is acknowledged and stays silent.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from itertools import count

import msgspec
from msgspec import structs

from venueproof_adapters.kit.backoff import Backoff
from venueproof_adapters.kit.book import BookBuilder, BookChange
from venueproof_adapters.kit.clock import MS_NS
from venueproof_adapters.kit.parts import Parts
from venueproof_adapters.kit.recent import Recent
from venueproof_adapters.kit.socket import SocketOptions
from venueproof_adapters.native.binance import wire
from venueproof_adapters.native.binance.instruments import Catalog
from venueproof_adapters.native.binance.parse import candle_update, levels, public_trade
from venueproof_adapters.native.binance.questions import MarketQuestions
from venueproof_adapters.native.binance.state import Events
from venueproof_contracts.errors import AdapterError, Reason, Rejected, VenueDown
from venueproof_contracts.model import (
    BookEvent,
    CandleEvent,
    Channel,
    StreamEvent,
    StreamState,
    Ticker,
    TickerEvent,
    TradeEvent,
)

log = logging.getLogger("venueproof_adapters.native.binance")

INTERVAL = "1m"
"""Of the candles that are streamed: a subscription names none."""

_ACK_WITHIN_S = 10.0
_UP_WITHIN_S = 30.0
_BOOK_LEVELS = 1000
_SNAPSHOT_AGAIN_S = 0.5

PUBLIC, MARKET = "public", "market"
_STREAMS: dict[Channel, tuple[tuple[str, str], ...]] = {
    Channel.BOOK: ((PUBLIC, "depth@100ms"),),
    Channel.TRADES: ((MARKET, "aggTrade"),),
    Channel.TICKER: ((MARKET, "ticker"), (MARKET, "markPrice"), (PUBLIC, "bookTicker")),
    Channel.CANDLES: ((MARKET, f"kline_{INTERVAL}"),),
}

FeedKey = tuple[Channel, str]


class Feed:
    """One subscription: how its messages become events, and how it is made whole."""

    channel: Channel

    def __init__(self, symbol: str, questions: MarketQuestions, events: Events) -> None:
        self.symbol = symbol
        self._questions = questions
        self._events = events
        self.ready = False
        """Subscribed and told for the first time."""

    def say(self, state: StreamState, reason: str = "") -> None:
        """Tell how the feed is."""
        self._events.put(StreamEvent(self.channel, state, self.symbol, reason))

    def lost(self) -> None:
        """The connection is gone."""

    async def prime(self) -> None:
        """Ask for what a new connection does not tell."""

    def hear(self, event: str, frame: str | bytes) -> bool:
        """Take in a message; False when one before it is missing."""
        raise NotImplementedError


class BookFeed(Feed):
    """A book: snapshot and changes."""

    channel = Channel.BOOK

    def __init__(self, builder: BookBuilder, symbol: str, questions: MarketQuestions, events: Events) -> None:
        super().__init__(symbol, questions, events)
        self._builder = builder

    def lost(self) -> None:
        """What is known is worth nothing without the changes after it."""
        self._builder.reset()

    async def prime(self) -> None:
        """Take snapshots until one connects to the changes that came in meanwhile."""
        while True:
            row = await self._questions.depth(self.symbol)
            if self._builder.start(row.last_update_id, levels(row.bids), levels(row.asks)):
                self._events.put(BookEvent(self._builder.book(_BOOK_LEVELS, row.event_ms * MS_NS)))
                return
            await asyncio.sleep(_SNAPSHOT_AGAIN_S)

    def hear(self, event: str, frame: str | bytes) -> bool:
        """A change of the book."""
        told = msgspec.json.decode(frame, type=wire.DepthUpdate)
        at_ns = told.at_ms * MS_NS
        change = BookChange(told.first, told.last, told.previous, levels(told.bids), levels(told.asks), at_ns)
        if not self._builder.change(change):
            self._builder.reset()
            return False
        if self._builder.ready:
            self._events.put(BookEvent(self._builder.book(_BOOK_LEVELS, at_ns)))
        return True


class TradesFeed(Feed):
    """Public trades; after a break those that were missed are asked for."""

    channel = Channel.TRADES

    def __init__(self, symbol: str, questions: MarketQuestions, events: Events) -> None:
        super().__init__(symbol, questions, events)
        self._known: Recent[str, None] = Recent(5_000)
        self._last = 0

    async def prime(self) -> None:
        """What was traded since the last trade that was heard."""
        if self._last:
            for trade in await self._questions.trades_from(self.symbol, self._last + 1):
                self._tell(TradeEvent(trade))

    def hear(self, event: str, frame: str | bytes) -> bool:
        """A trade."""
        self._tell(TradeEvent(public_trade(msgspec.json.decode(frame, type=wire.AggTradeRow), self.symbol)))
        return True

    def _tell(self, event: TradeEvent) -> None:
        if event.trade.trade_id not in self._known:
            self._known[event.trade.trade_id] = None
            self._last = max(self._last, int(event.trade.trade_id))
            self._events.put(event)


class TickerFeed(Feed):
    """Prices out of three streams."""

    channel = Channel.TICKER

    def __init__(self, symbol: str, questions: MarketQuestions, events: Events) -> None:
        super().__init__(symbol, questions, events)
        self._ticker = Ticker(symbol, None)

    async def prime(self) -> None:
        """All figures at once."""
        self._ticker = await self._questions.ticker(self.symbol)
        self._events.put(TickerEvent(self._ticker))

    def hear(self, event: str, frame: str | bytes) -> bool:
        """Some of the figures."""
        match event:
            case "24hrTicker":
                day = msgspec.json.decode(frame, type=wire.DayTicker)
                told = structs.replace(self._ticker, last=day.last, volume_24h=day.volume, at_ns=day.at_ms * MS_NS)
            case "bookTicker":
                best = msgspec.json.decode(frame, type=wire.BestPrices)
                told = structs.replace(self._ticker, bid=best.bid, ask=best.ask, at_ns=best.at_ms * MS_NS)
            case _:
                mark = msgspec.json.decode(frame, type=wire.MarkPrice)
                told = structs.replace(
                    self._ticker,
                    mark=mark.mark,
                    index=mark.index,
                    funding_rate=mark.funding_rate,
                    at_ns=mark.at_ms * MS_NS,
                )
        self._ticker = told
        self._events.put(TickerEvent(told))
        return True


class CandlesFeed(Feed):
    """One-minute candles; after a break those that were missed are asked for."""

    channel = Channel.CANDLES

    def __init__(self, symbol: str, questions: MarketQuestions, events: Events) -> None:
        super().__init__(symbol, questions, events)
        self._last_open_ns = 0

    async def prime(self) -> None:
        """The candles since the last one that was heard, which may have closed meanwhile."""
        if self._last_open_ns:
            for candle in await self._questions.candles(self.symbol, INTERVAL, self._last_open_ns, None):
                self._events.put(CandleEvent(self.symbol, INTERVAL, candle))

    def hear(self, event: str, frame: str | bytes) -> bool:
        """A candle as it is now."""
        candle = candle_update(msgspec.json.decode(frame, type=wire.KlineMessage).kline)
        self._last_open_ns = max(self._last_open_ns, candle.open_ns)
        self._events.put(CandleEvent(self.symbol, INTERVAL, candle))
        return True


_FEEDS: dict[str, Channel] = {
    "depthUpdate": Channel.BOOK,
    "aggTrade": Channel.TRADES,
    "24hrTicker": Channel.TICKER,
    "bookTicker": Channel.TICKER,
    "markPriceUpdate": Channel.TICKER,
    "kline": Channel.CANDLES,
}


class Line:
    """One connection: which streams it carries, and commands answered by id."""

    def __init__(
        self,
        name: str,
        ws: str,
        parts: Parts,
        backoff: Backoff,
        now_ns: Callable[[], int],
        options: SocketOptions,
        on_event: Callable[[str, str, str | bytes], None],
        on_open: Callable[[str], None],
        on_down: Callable[[str, str], None],
    ) -> None:
        self._name = name
        self._url = f"{ws}/{name}/ws"
        self._on_event = on_event
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

    async def add(self, streams: list[str]) -> None:
        """Have these streams delivered, now and after each reconnect."""
        self._streams |= dict.fromkeys(streams)
        if self._up.is_set():
            await self._command("SUBSCRIBE", streams)
            return
        await self._socket.open()
        try:
            await asyncio.wait_for(self._up.wait(), _UP_WITHIN_S)
        except TimeoutError:
            raise VenueDown(f"{self._name}: not connected") from None

    async def remove(self, streams: list[str]) -> None:
        """Deliver them no more."""
        for stream in streams:
            self.forget(stream)
        if self._up.is_set():
            await self._command("UNSUBSCRIBE", streams)

    def forget(self, stream: str) -> None:
        """Do not ask for a stream again."""
        self._streams.pop(stream, None)

    async def close(self) -> None:
        """Disconnect."""
        self._up.clear()
        await self._socket.close()
        self._fail("closed")

    async def _address(self) -> str:
        return self._url

    async def _opened(self) -> None:
        if self._streams:
            await self._command("SUBSCRIBE", list(self._streams))
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

    async def _command(self, method: str, streams: list[str]) -> None:
        """Send a command and wait for its answer. Raises `Rejected` or `VenueDown`."""
        number = next(self._numbers)
        answer = self._pending[number] = asyncio.get_running_loop().create_future()
        text = msgspec.json.encode({"method": method, "params": streams, "id": number}).decode()
        try:
            await self._socket.send(text)
            await asyncio.wait_for(answer, _ACK_WITHIN_S)
        except TimeoutError:
            raise VenueDown(f"{self._name}: no answer to {method}") from None
        finally:
            del self._pending[number]

    def _frame(self, frame: str | bytes) -> None:
        try:
            head = msgspec.json.decode(frame, type=wire.Head)
            if head.event:
                self._on_event(head.event, head.symbol, frame)
            else:
                self._answer(head)
        except (msgspec.MsgspecError, ArithmeticError) as error:
            log.warning("a message on %s could not be read: %s", self._name, type(error).__name__)
            self._socket.renew("a message could not be read")

    def _answer(self, head: wire.Head) -> None:
        """An error may come bare and without the command's id: then it is the oldest command's."""
        number = head.id if head.id is not None else next(iter(self._pending), None)
        answer = self._pending.get(number) if number is not None else None
        if answer is None or answer.done():
            return
        if head.error is None and head.code is None:
            answer.set_result(None)
            return
        text = str(head.error.get("msg", "")) if head.error else head.msg
        answer.set_exception(Rejected(Reason.BAD_PARAMETER, text=text, code=str(head.code or "")))


class Market:
    """All subscriptions to the market."""

    def __init__(
        self,
        parts: Parts,
        catalog: Catalog,
        questions: MarketQuestions,
        events: Events,
        now_ns: Callable[[], int],
        ws: str,
        backoff: Backoff,
        options: SocketOptions,
    ) -> None:
        self._parts = parts
        self._catalog = catalog
        self._questions = questions
        self._events = events
        self._feeds: dict[FeedKey, Feed] = {}
        self._priming: dict[FeedKey, asyncio.Task[None]] = {}
        self._lines = {
            name: Line(name, ws, parts, backoff, now_ns, options, self._event, self._opened, self._down)
            for name in (PUBLIC, MARKET)
        }

    async def subscribe(self, channel: Channel, symbol: str) -> None:
        """Deliver a channel of an instrument; returns when the venue confirmed it and its first state was told."""
        spelling = self._catalog.find(symbol).spelling.lower()
        key = (channel, symbol)
        if key in self._feeds:
            return
        # Heard from the start on: the first messages may come before the confirmation.
        feed = self._feeds[key] = self._feed(channel, symbol)
        try:
            for line, stream in _STREAMS[channel]:
                await self._lines[line].add([f"{spelling}@{stream}"])
            await feed.prime()
        except BaseException:
            del self._feeds[key]
            for line, stream in _STREAMS[channel]:
                self._lines[line].forget(f"{spelling}@{stream}")
            raise
        feed.ready = True
        feed.say(StreamState.UP)

    async def unsubscribe(self, channel: Channel, symbol: str) -> None:
        """Stop a channel of an instrument."""
        spelling = self._catalog.find(symbol).spelling.lower()
        if self._feeds.pop((channel, symbol), None) is None:
            return
        if task := self._priming.pop((channel, symbol), None):
            task.cancel()
        for line, stream in _STREAMS[channel]:
            await self._lines[line].remove([f"{spelling}@{stream}"])

    async def close(self) -> None:
        """End everything."""
        tasks = list(self._priming.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for line in self._lines.values():
            await line.close()

    def _feed(self, channel: Channel, symbol: str) -> Feed:
        if channel is Channel.BOOK:
            return BookFeed(self._parts.book(symbol), symbol, self._questions, self._events)
        kinds = {one.channel: one for one in (TradesFeed, TickerFeed, CandlesFeed)}
        return kinds[channel](symbol, self._questions, self._events)

    def _event(self, event: str, spelling: str, frame: str | bytes) -> None:
        channel = _FEEDS.get(event)
        symbol = self._catalog.symbol(spelling)
        feed = self._feeds.get((channel, symbol)) if channel else None
        if feed is not None and not feed.hear(event, frame):
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
        ready = [feed for feed in self._feeds.values() if feed.ready]
        return [feed for feed in ready if any(line == one for one, _ in _STREAMS[feed.channel])]

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
