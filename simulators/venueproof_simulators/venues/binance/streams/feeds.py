"""One channel with somebody listening: which events concern it, and what it sends.

A feed either sends at once, or is marked as changed and sends at the next multiple of its interval. The mark price
goes on by the clock; everything else keeps quiet while nothing changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import cast

from venueproof_simulators.engine.engine import Engine
from venueproof_simulators.engine.events import BookChanged, Event, MarkMoved, OrderChanged, PriceMoved, Traded
from venueproof_simulators.engine.state import CandleState, Side
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.venues.binance.products import PRODUCTS
from venueproof_simulators.venues.binance.streams.names import Channel, Kind
from venueproof_simulators.venues.binance.wire import events as wire
from venueproof_simulators.venues.binance.wire import price_events as prices
from venueproof_simulators.venues.binance.wire.market import level_rows
from venueproof_simulators.venues.binance.wire.numbers import Listing
from venueproof_simulators.venues.binance.wire.orders import FORCED, Document

Documents = list[tuple[str, Document | list[Document]]]
"""(symbol of the instrument or empty, message), in order."""

TOPICS = {
    Kind.DEPTH: "book",
    Kind.LEVELS: "book",
    Kind.BEST: "ticker",
    Kind.TRADE: "trade",
    Kind.AGGREGATE: "trade",
    Kind.MARK: "ticker",
    Kind.CANDLE: "candle",
    Kind.CONTINUOUS: "candle",
    Kind.DAY: "ticker",
    Kind.MINI: "ticker",
    Kind.INDEX: "ticker",
    Kind.MARK_CANDLE: "candle",
    Kind.INDEX_CANDLE: "candle",
    Kind.ASSETS: "other",
    Kind.FORCED: "other",
}
"""The neutral word for what a channel tells."""
_UNPRICED = frozenset({"BNB"})
"""Margin assets that no instrument here has a price of."""


class Feed:
    """Base: what every channel has. `sessions` are those that listen, in order."""

    ticking = False
    """It sends by the clock, changed or not."""

    def __init__(self, channel: Channel, engine: Engine, listings: Mapping[str, Listing], time: VenueTime) -> None:
        self.channel = channel
        self.engine = engine
        self.sessions: dict[int, None] = {}
        self.listings = {
            name: one
            for name, one in listings.items()
            if channel.listing in {"", name} and channel.pair in {"", one.pair}
        }
        self.begin(time)

    def begin(self, time: VenueTime) -> None:
        """Somebody listens for the first time."""

    def hear(self, instrument: str, event: Event, time: VenueTime) -> Documents:
        """What to send at once because of an event on one of its instruments."""
        return []

    def changed(self, instrument: str, event: Event) -> bool:
        """Whether an event gives something to send at the next multiple of the interval."""
        return False

    def due(self, time: VenueTime) -> Documents:
        """What to send now that the interval is over."""
        return []

    def catch_up(self, time: VenueTime) -> Documents:
        """What to send at once when the venue opens again."""
        return []

    def next_close_ns(self) -> int | None:
        """A moment at which it sends although nothing changed."""
        return None

    def _listing(self) -> Listing:
        return self.listings[self.channel.listing]


class TradeFeed(Feed):
    """trade and aggTrade: at once."""

    def hear(self, instrument: str, event: Event, time: VenueTime) -> Documents:
        """The trade."""
        if not isinstance(event, Traded):
            return []
        listing = self.listings[instrument]
        shape = wire.trade_event if self.channel.kind is Kind.TRADE else wire.aggregate_event
        return [(listing.symbol, shape(listing, event.trade, time))]


class BestFeed(Feed):
    """bookTicker: at once, when the best level of a side is another."""

    def begin(self, time: VenueTime) -> None:
        """Remember what is known to everybody."""
        self._last = {name: self._best(name) for name in self.listings}

    def hear(self, instrument: str, event: Event, time: VenueTime) -> Documents:
        """The best levels, when they changed."""
        return self._told(instrument, event.sequence, time) if isinstance(event, BookChanged) else []

    def catch_up(self, time: VenueTime) -> Documents:
        """Where the best levels are others than they were."""
        told: Documents = []
        for name in self.listings:
            told += self._told(name, self.engine.book(name, 1).sequence, time)
        return told

    def _told(self, instrument: str, sequence: int, time: VenueTime) -> Documents:
        best = self._best(instrument)
        if best == self._last[instrument]:
            return []
        self._last[instrument] = best
        listing = self.listings[instrument]
        ticker = self.engine.ticker(instrument, time.true_ns)
        return [(listing.symbol, wire.best_event(listing, ticker, sequence, time))]

    def _best(self, instrument: str) -> tuple[object, object]:
        book = self.engine.book(instrument, 1)
        return book.bids, book.asks


class DepthFeed(Feed):
    """depth: the levels that changed in the interval, numbered so that a gap can be seen."""

    def begin(self, time: VenueTime) -> None:
        """The chain begins at the book as it is."""
        self._previous = self.engine.book(self.channel.listing, 1).sequence
        self._first = 0
        self._last = self._previous
        self._levels: dict[tuple[Side, int], int] = {}

    def changed(self, instrument: str, event: Event) -> bool:
        """Collect a change of the book."""
        if not isinstance(event, BookChanged):
            return False
        self._first = self._first or event.first_sequence
        self._last = event.sequence
        self._levels.update({(level.side, level.ticks): level.lots for level in event.levels})
        return True

    def due(self, time: VenueTime) -> Documents:
        """What was collected."""
        if not self._levels:
            return []
        listing = self._listing()
        ids = (self._first, self._last, self._previous)
        sides = [[(key[1], lots) for key, lots in self._levels.items() if key[0] is side] for side in Side]
        bids, asks = (level_rows(listing, levels) for levels in sides)
        self._previous, self._first, self._levels = self._last, 0, {}
        return [(listing.symbol, wire.depth_event(listing, ids, bids, asks, time))]


class LevelsFeed(Feed):
    """depth5, depth10, depth20: the best levels, whole, when the book changed."""

    def begin(self, time: VenueTime) -> None:
        """The chain begins at the book as it is."""
        self._previous = self.engine.book(self.channel.listing, 1).sequence

    def changed(self, instrument: str, event: Event) -> bool:
        """A change of the book."""
        return isinstance(event, BookChanged)

    def due(self, time: VenueTime) -> Documents:
        """The best levels."""
        listing = self._listing()
        book = self.engine.book(listing.name, self.channel.levels)
        ids = (self._previous + 1, book.sequence, self._previous)
        self._previous = book.sequence
        bids, asks = level_rows(listing, book.bids), level_rows(listing, book.asks)
        return [(listing.symbol, wire.depth_event(listing, ids, bids, asks, time))]


class MarkFeed(Feed):
    """markPrice: by the clock, every 3 s or every second."""

    ticking = True

    def due(self, time: VenueTime) -> Documents:
        """Mark price and funding rate."""
        rows = [
            (listing.symbol, wire.mark_event(listing, self.engine.ticker(name, time.true_ns), time))
            for name, listing in self.listings.items()
        ]
        if self.channel.listing:
            return [*rows]
        return [("", [document for _, document in rows])]


class IndexFeed(Feed):
    """indexPrice of a pair: by the clock."""

    ticking = True

    def due(self, time: VenueTime) -> Documents:
        """The index."""
        listing = self._listing()
        ticker = self.engine.ticker(listing.name, time.true_ns)
        return [(listing.symbol, prices.index_event(listing, ticker, time))]


class AssetsFeed(Feed):
    """assetIndex of all margin assets: by the clock."""

    ticking = True

    def due(self, time: VenueTime) -> Documents:
        """Every asset's index in dollars; stable coins are taken for one."""
        found = {asset: Decimal(1) for rules in PRODUCTS.values() for asset in rules.assets}
        for name, listing in self.listings.items():
            if listing.row.base in found:
                index = self.engine.ticker(name, time.true_ns).index_nano_ticks
                found[listing.row.base] = listing.mark(index)
        rows = [prices.asset_event(asset, price, time) for asset, price in found.items() if asset not in _UNPRICED]
        return [("", rows)]


class ForcedFeed(Feed):
    """forceOrder: the latest order of each symbol by which the venue closed a position, once a second."""

    def begin(self, time: VenueTime) -> None:
        """None yet."""
        self._latest: dict[str, OrderChanged] = {}

    def changed(self, instrument: str, event: Event) -> bool:
        """A fill of such an order."""
        forced = isinstance(event, OrderChanged) and event.fill is not None and event.order.origin in FORCED
        if forced:
            self._latest[instrument] = cast(OrderChanged, event)
        return forced

    def due(self, time: VenueTime) -> Documents:
        """The latest."""
        latest, self._latest = self._latest, {}
        return [(self.listings[name].symbol, self._shown(name, change, time)) for name, change in latest.items()]

    def _shown(self, name: str, change: OrderChanged, time: VenueTime) -> Document:
        filled = change.fill.lots if change.fill is not None else 0
        return prices.forced_event(self.listings[name], change.order, filled, time)


class DayFeed(Feed):
    """ticker and miniTicker: every second in which something traded; of all symbols, those that did."""

    def begin(self, time: VenueTime) -> None:
        """Nothing traded yet."""
        self._touched: dict[str, None] = {}

    def changed(self, instrument: str, event: Event) -> bool:
        """A trade or a move."""
        if not isinstance(event, Traded | PriceMoved):
            return False
        self._touched[instrument] = None
        return True

    def due(self, time: VenueTime) -> Documents:
        """The last 24 hours of what traded."""
        shape = wire.day_event if self.channel.kind is Kind.DAY else wire.mini_event
        touched, self._touched = self._touched, {}
        rows = [
            (self.listings[name].symbol, shape(self.listings[name], self.engine.ticker(name, time.true_ns), time))
            for name in touched
        ]
        if self.channel.listing:
            return [*rows]
        return [("", [document for _, document in rows])] if rows else []


class CandleFeed(Feed):
    """kline and continuousKline: the running candle when it changed, and each candle once more when it closes."""

    def begin(self, time: VenueTime) -> None:
        """The running candle."""
        running = self.engine.candles(self.channel.listing, self.channel.candles, time.true_ns, limit=1)[-1]
        self._open_ns, self._close_ns = running.open_ns, running.close_ns
        self._dirty = False

    def changed(self, instrument: str, event: Event) -> bool:
        """A trade."""
        self._dirty = self._dirty or isinstance(event, Traded)
        return self._dirty

    def next_close_ns(self) -> int | None:
        """The end of the running candle."""
        return self._close_ns

    def due(self, time: VenueTime) -> Documents:
        """Candles that closed, then the running one if something traded in it."""
        listing = self._listing()
        found = self.engine.candles(listing.name, self.channel.candles, time.true_ns, start_ns=self._open_ns)
        documents: Documents = []
        for candle in found:
            if candle.close_ns <= time.true_ns or self._shows_running(candle):
                later = sum(other.trades for other in found if other.open_ns > candle.open_ns)
                documents.append((listing.symbol, self._shown(candle, later, time)))
        self._open_ns, self._close_ns = found[-1].open_ns, found[-1].close_ns
        self._dirty = False
        return documents

    def _shows_running(self, candle: CandleState) -> bool:
        return self._dirty and bool(candle.trades)

    def _shown(self, candle: CandleState, later_trades: int, time: VenueTime) -> Document:
        """A candle that is followed by so many trades in later ones."""
        listing, channel = self._listing(), self.channel
        last_id = self.engine.ticker(listing.name, time.true_ns).last_trade_id - later_trades
        closed = candle.close_ns <= time.true_ns
        shape = wire.candle_event if channel.kind is Kind.CANDLE else wire.continuous_event
        return shape(listing, wire.candle_entry(listing, candle, channel.candles, last_id, closed=closed), time)


class PriceCandleFeed(CandleFeed):
    """markPriceKline and indexPriceKline: as the price moves, and each candle once more when it closes."""

    def changed(self, instrument: str, event: Event) -> bool:
        """A move of the base, of mark or of index."""
        self._dirty = self._dirty or isinstance(event, PriceMoved | MarkMoved)
        return self._dirty

    def _shows_running(self, candle: CandleState) -> bool:
        return self._dirty

    def _shown(self, candle: CandleState, later_trades: int, time: VenueTime) -> Document:
        shape = prices.mark_candle_event if self.channel.kind is Kind.MARK_CANDLE else prices.index_candle_event
        return shape(self._listing(), candle, self.channel.candles, time)


_FEEDS: dict[Kind, Callable[[Channel, Engine, Mapping[str, Listing], VenueTime], Feed]] = {
    Kind.DEPTH: DepthFeed,
    Kind.LEVELS: LevelsFeed,
    Kind.BEST: BestFeed,
    Kind.TRADE: TradeFeed,
    Kind.AGGREGATE: TradeFeed,
    Kind.MARK: MarkFeed,
    Kind.CANDLE: CandleFeed,
    Kind.CONTINUOUS: CandleFeed,
    Kind.DAY: DayFeed,
    Kind.MINI: DayFeed,
    Kind.INDEX: IndexFeed,
    Kind.MARK_CANDLE: PriceCandleFeed,
    Kind.INDEX_CANDLE: PriceCandleFeed,
    Kind.ASSETS: AssetsFeed,
    Kind.FORCED: ForcedFeed,
    Kind.SILENT: Feed,
}


def make_feed(channel: Channel, engine: Engine, listings: Mapping[str, Listing], time: VenueTime) -> Feed:
    """The feed of a channel."""
    return _FEEDS[channel.kind](channel, engine, listings, time)
