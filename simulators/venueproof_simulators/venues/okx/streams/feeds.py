"""Channels of the market: each is one of the usual feeds in the venue's shape."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import cast

from venueproof_simulators.engine.events import BookChanged, Event, MarkMoved, OrderChanged, PriceMoved, Traded
from venueproof_simulators.engine.state import BookState, CandleState, TickerState, TradeState
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit import feeds, market_feeds
from venueproof_simulators.kit.feeds import Documents, Start
from venueproof_simulators.kit.market_feeds import BookChanges
from venueproof_simulators.venues.okx.operations.bars import BARS
from venueproof_simulators.venues.okx.operations.desk import FORCED, Desk
from venueproof_simulators.venues.okx.operations.market import funding_of, index_of, ticker_of
from venueproof_simulators.venues.okx.streams.names import Channel
from venueproof_simulators.venues.okx.wire import market as wire
from venueproof_simulators.venues.okx.wire.numbers import Document, Listing, ms, now_ms
from venueproof_simulators.venues.okx.wire.orders import dollars

Feed = feeds.Feed[Channel, Listing]
Make = Callable[[Desk, Start[Channel, Listing]], Feed]
CHECKSUM_ZERO = "okx.book.checksum-zero"
_SEQUENCE_BASE = 10**9
_RESET_BY = 500_000
"""How far numbers of changes fall back after the matching engine was away."""
_QUIET_NS = 60 * 10**9
"""A book that does not change says so once in a minute."""
_LEVELS = 400
_CHECKED_LEVELS = 25


class BooksFeed(market_feeds.ChangesFeed[Channel, Listing]):
    """books: a snapshot for who joins, then changes, chained by their numbers; a sign of life on a quiet book."""

    def __init__(self, desk: Desk, start: Start[Channel, Listing], levels: int) -> None:
        self._desk = desk
        self._levels_shown = levels
        self._fell_by = 0
        self._told = 0
        self._said_ns = start.time.true_ns
        super().__init__(start, _changes)
        self._told = self._spelled(self._previous)

    def _spelled(self, sequence: int) -> int:
        return _SEQUENCE_BASE + sequence - self._fell_by

    def before_joining(self, time: VenueTime) -> Documents:
        """What was collected: the chain goes on from the snapshot."""
        return self.due(time) if self._levels else []

    def first(self, time: VenueTime) -> Documents:
        """The book as it is."""
        listing = self.listing()
        book = self.engine.book(listing.name, self._levels_shown)
        row: Document = wire.book_document(listing, book, time)
        row |= {"checksum": self._checksum(), "prevSeqId": -1, "seqId": self._spelled(self._previous)}
        return [(listing.symbol, {"arg": self.channel.arg, "action": "snapshot", "data": [row]})]

    def due(self, time: VenueTime) -> Documents:
        """What was collected; on a quiet book nothing, with a number that stands."""
        documents = super().due(time)
        if documents:
            self._said_ns = time.true_ns
            return [(symbol, self._chained(document)) for symbol, document in documents]
        if time.true_ns - self._said_ns < _QUIET_NS:
            return []
        self._said_ns = time.true_ns
        row: Document = {"asks": [], "bids": [], "ts": now_ms(time)}
        row |= {"checksum": self._checksum(), "prevSeqId": self._told, "seqId": self._told}
        return [(self.listing().symbol, self._update(row))]

    def _chained(self, row: object) -> Document:
        before, self._told = self._told, self._spelled(self._previous)
        numbers: Document = {"checksum": self._checksum(), "prevSeqId": before, "seqId": self._told}
        return self._update(cast(Document, row) | numbers)

    def _update(self, row: Document) -> Document:
        return {"arg": self.channel.arg, "action": "update", "data": [row]}

    def next_close_ns(self) -> int | None:
        """When a quiet book says so."""
        return self._said_ns + _QUIET_NS

    def catch_up(self, time: VenueTime) -> Documents:
        """The matching engine was away: its numbers fall back once, and the chain goes on from there."""
        self._fell_by += _RESET_BY
        return super().catch_up(time)

    def _checksum(self) -> int:
        if self._desk.switches.on(CHECKSUM_ZERO):
            return 0
        listing = self.listing()
        return checksum(listing, self.engine.book(listing.name, _CHECKED_LEVELS))


def checksum(listing: Listing, book: BookState) -> int:
    """What the venue sent until 2026: the signed CRC32 of the best 25 levels, one of each side by turns."""
    bids, asks = wire.level_rows(listing, book.bids), wire.level_rows(listing, book.asks)
    parts: list[str] = []
    for number in range(max(len(bids), len(asks))):
        parts += [f"{row[number][0]}:{row[number][1]}" for row in (bids, asks) if number < len(row)]
    crc = zlib.crc32(":".join(parts).encode())
    return crc - 2**32 if crc >= 2**31 else crc


def _changes(listing: Listing, changes: BookChanges, time: VenueTime) -> object:
    return {
        "asks": wire.level_rows(listing, list(changes.asks)),
        "bids": wire.level_rows(listing, list(changes.bids)),
        "ts": now_ms(time),
    }


def _push(arg: dict[str, str], rows: Sequence[object]) -> Document:
    return {"arg": arg, "data": list(rows)}


# --- whole books ------------------------------------------------------------------------------------------------------


class WholeFeed(market_feeds.LevelsFeed[Channel, Listing]):
    """books5 and bbo-tbt: the best levels, whole; without an action and without a checksum."""

    def __init__(self, start: Start[Channel, Listing], levels: int) -> None:
        self._count = levels
        self._shown: object = None
        super().__init__(start, levels, _whole)

    def first(self, time: VenueTime) -> Documents:
        """The levels as they are."""
        self._shown = self._best()
        return self._wrapped(super().due(time))

    def due(self, time: VenueTime) -> Documents:
        """The levels, if it is one of them that changed."""
        before, self._shown = self._shown, self._best()
        return [] if before == self._shown else self._wrapped(super().due(time))

    def _best(self) -> object:
        book = self.engine.book(self.listing().name, self._count)
        return book.bids, book.asks

    def _wrapped(self, documents: Documents) -> Documents:
        named = {"instId": self.listing().name} if self._count > 1 else {}
        return [(symbol, _push(self.channel.arg, [cast(Document, row) | named])) for symbol, row in documents]


def _whole(listing: Listing, book: BookState, previous: int, time: VenueTime) -> object:
    return wire.book_document(listing, book, time) | {"seqId": _SEQUENCE_BASE + book.sequence}


# --- one row at a time ------------------------------------------------------------------------------------------------

RowOf = Callable[[Desk, Listing, VenueTime], object]


class RowFeed(market_feeds.TouchedFeed[Channel, Listing]):
    """A row about an instrument: on joining, and whenever events of some kinds touched it."""

    def __init__(self, desk: Desk, start: Start[Channel, Listing], row: RowOf, kinds: tuple[type[Event], ...]) -> None:
        self._desk = desk
        self._row = row
        super().__init__(start, kinds, _untold)

    def first(self, time: VenueTime) -> Documents:
        """The row as it is."""
        listing = self.listing()
        return [(listing.symbol, _push(self.channel.arg, [self._row(self._desk, listing, time)]))]

    def due(self, time: VenueTime) -> Documents:
        """The row as it is now, if it was touched."""
        touched, self._touched = self._touched, {}
        return self.first(time) if touched else []


def _untold(feed: Feed, listings: Sequence[Listing], time: VenueTime) -> Documents:
    return []


class FundingFeed(feeds.Feed[Channel, Listing]):
    """funding-rate: on joining, and once in a minute."""

    ticking = True

    def __init__(self, desk: Desk, start: Start[Channel, Listing]) -> None:
        self._desk = desk
        super().__init__(start)

    def first(self, time: VenueTime) -> Documents:
        """The rate as it is."""
        listing = self.listing()
        return [(listing.symbol, _push(self.channel.arg, [funding_of(self._desk, listing, time)]))]

    def due(self, time: VenueTime) -> Documents:
        """The rate as it is now."""
        return self.first(time)


def _ticker(desk: Desk, listing: Listing, time: VenueTime) -> TickerState:
    return desk.engine.ticker(listing.name, time.true_ns)


def _mark(desk: Desk, listing: Listing, time: VenueTime) -> object:
    return wire.mark_document(listing, _ticker(desk, listing, time), time)


def _interest(desk: Desk, listing: Listing, time: VenueTime) -> object:
    return wire.open_interest_document(listing, _ticker(desk, listing, time), time)


def _limits(desk: Desk, listing: Listing, time: VenueTime) -> object:
    return wire.price_limit_document(listing, desk.engine.mark_nano_ticks(listing.name, time.true_ns), time)


# --- trades, candles, liquidations ------------------------------------------------------------------------------------


class TradesFeed(market_feeds.TradesFeed[Channel, Listing]):
    """trades and trades-all: at once, with how many matches one row stands for."""

    def __init__(self, start: Start[Channel, Listing]) -> None:
        super().__init__(start, _trades)

    def hear(self, instrument: str, event: Event, time: VenueTime) -> Documents:
        """The trade."""
        return [(symbol, _push(self.channel.arg, [row])) for symbol, row in super().hear(instrument, event, time)]


def _trades(listing: Listing, trades: Sequence[TradeState], time: VenueTime) -> object:
    return wire.trade_document(listing, trades[0], time) | {"count": "1", "seqId": _SEQUENCE_BASE + trades[0].trade_id}


class CandlesFeed(market_feeds.CandleFeed[Channel, Listing]):
    """candle…: on joining, when something traded, and once more when it is over."""

    def first(self, time: VenueTime) -> Documents:
        """The running candle."""
        listing = self.listing()
        running = self.engine.candles(listing.name, self._interval, time.true_ns, limit=1)[-1]
        return [(listing.symbol, self._shape(self, running, 0, time))]


def _candle(feed: Feed, candle: CandleState, later: int, time: VenueTime) -> object:
    return _push(feed.channel.arg, [wire.candle_row(feed.listing(), candle, time)])


def _price_candle(feed: Feed, candle: CandleState, later: int, time: VenueTime) -> object:
    return _push(feed.channel.arg, [wire.price_candle_row(feed.listing(), candle, time)])


class LiquidationsFeed(feeds.Feed[Channel, Listing]):
    """liquidation-orders: orders by which the venue closed a position, as they fill."""

    def hear(self, instrument: str, event: Event, time: VenueTime) -> Documents:
        """The fill of such an order."""
        if not isinstance(event, OrderChanged) or event.fill is None or event.order.origin not in FORCED:
            return []
        listing, fill = self.listings[instrument], event.fill
        detail = {
            "side": fill.side.value,
            "posSide": fill.position_side.value,
            "bkPx": listing.plain_price(fill.ticks),
            "sz": listing.size_text(fill.lots),
            "bkLoss": "0",
            "ccy": "",
            "ts": ms(time, fill.at_ns),
        }
        row = {
            "instType": "SWAP",
            "instId": listing.name,
            "uly": listing.family,
            "instFamily": listing.family,
            "details": [detail],
            "totalLoss": dollars(listing, fill.ticks, 0),
        }
        return [(listing.symbol, _push(self.channel.arg, [row]))]


# --- all of them ------------------------------------------------------------------------------------------------------

_PRICES = (PriceMoved, MarkMoved)


def _rows(row: RowOf, *kinds: type[Event]) -> Make:
    def make(desk: Desk, start: Start[Channel, Listing]) -> Feed:
        return RowFeed(desk, start, row, kinds)

    return make


_FEEDS: dict[str, Make] = {
    "tickers": _rows(ticker_of, Traded, PriceMoved, BookChanged),
    "mark-price": _rows(_mark, *_PRICES),
    "open-interest": _rows(_interest, Traded),
    "price-limit": _rows(_limits, *_PRICES),
    "index-tickers": _rows(index_of, *_PRICES),
}


def make_feed(desk: Desk, channel: Channel, time: VenueTime) -> Feed:
    """The feed of a channel."""
    listings = {channel.listing: desk.listings[channel.listing]} if channel.listing else dict(desk.listings)
    start = Start(channel, desk.engine, listings, time)
    word = channel.word
    if word in _FEEDS:
        return _FEEDS[word](desk, start)
    if word == "books" or (word.endswith("-tbt") and word != "bbo-tbt"):
        return BooksFeed(desk, start, 50 if word.startswith("books50") else _LEVELS)
    if word in ("books5", "bbo-tbt"):
        return WholeFeed(start, 5 if word == "books5" else 1)
    if word.startswith("trades"):
        return TradesFeed(start)
    if word == "funding-rate":
        return FundingFeed(desk, start)
    if word == "liquidation-orders":
        return LiquidationsFeed(start)
    return _candles(word, start)


def _candles(word: str, start: Start[Channel, Listing]) -> Feed:
    """A feed of candles; of what never has anything to say a silent one."""
    for prefix, kinds, shape in (
        ("mark-price-candle", _PRICES, _price_candle),
        ("index-candle", _PRICES, _price_candle),
        ("candle", (Traded,), _candle),
    ):
        if word.startswith(prefix):
            return CandlesFeed(start, BARS[word.removeprefix(prefix)], kinds, shape)
    return feeds.Feed(start)
