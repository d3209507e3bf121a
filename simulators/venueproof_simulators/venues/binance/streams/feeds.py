"""What each channel sends, and on which events: the feeds of the kit with the shapes of this venue.

The mark price goes on by the clock; everything else keeps quiet while nothing changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import cast

from venueproof_simulators.engine.engine import Engine
from venueproof_simulators.engine.events import BookChanged, Event, MarkMoved, OrderChanged, PriceMoved, Traded
from venueproof_simulators.engine.state import BookState, CandleState, TradeState
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit import feeds, market_feeds
from venueproof_simulators.kit.documents import Document
from venueproof_simulators.kit.feeds import Documents
from venueproof_simulators.kit.market_feeds import BookChanges
from venueproof_simulators.venues.binance.products import PRODUCTS
from venueproof_simulators.venues.binance.streams.names import Channel, Kind
from venueproof_simulators.venues.binance.wire import events as wire
from venueproof_simulators.venues.binance.wire import price_events as prices
from venueproof_simulators.venues.binance.wire.market import level_rows
from venueproof_simulators.venues.binance.wire.numbers import Listing
from venueproof_simulators.venues.binance.wire.orders import FORCED

Feed = feeds.Feed[Channel, Listing]
"""A channel with somebody listening."""
Start = feeds.Start[Channel, Listing]
"""What it starts with."""
_UNPRICED = frozenset({"BNB"})
"""Margin assets that no instrument here has a price of."""
_TRADED = (Traded,)
_DAY_MOVES = (Traded, PriceMoved)
_MOVES = (PriceMoved, MarkMoved)


# --- shapes -----------------------------------------------------------------------------------------------------------


def _trade(listing: Listing, trades: Sequence[TradeState], time: VenueTime) -> Document:
    return wire.trade_event(listing, trades[0], time)


def _aggregate(listing: Listing, trades: Sequence[TradeState], time: VenueTime) -> Document:
    return wire.aggregate_event(listing, trades[0], time)


def _depth(listing: Listing, changes: BookChanges, time: VenueTime) -> Document:
    ids = (changes.first, changes.last, changes.previous)
    return wire.depth_event(listing, ids, level_rows(listing, changes.bids), level_rows(listing, changes.asks), time)


def _levels(listing: Listing, book: BookState, previous: int, time: VenueTime) -> Document:
    ids = (previous + 1, book.sequence, previous)
    return wire.depth_event(listing, ids, level_rows(listing, book.bids), level_rows(listing, book.asks), time)


def _day(feed: Feed, touched: Sequence[Listing], time: VenueTime) -> Documents:
    """The last 24 hours of what traded; of all symbols in one message."""
    shape = wire.day_event if feed.channel.kind is Kind.DAY else wire.mini_event
    rows = [(one.symbol, shape(one, feed.engine.ticker(one.name, time.true_ns), time)) for one in touched]
    return _told(feed, rows)


def _mark(feed: Feed, time: VenueTime) -> Documents:
    """Mark price and funding rate."""
    rows = [
        (listing.symbol, wire.mark_event(listing, feed.engine.ticker(name, time.true_ns), time))
        for name, listing in feed.listings.items()
    ]
    return _told(feed, rows)


def _told(feed: Feed, rows: Sequence[tuple[str, Document]]) -> Documents:
    """Each by itself on a channel of one symbol, else all in one message."""
    return [*rows] if feed.channel.listing else [("", [document for _, document in rows])]


def _index(feed: Feed, time: VenueTime) -> Documents:
    listing = feed.listing()
    return [(listing.symbol, prices.index_event(listing, feed.engine.ticker(listing.name, time.true_ns), time))]


def _assets(feed: Feed, time: VenueTime) -> Documents:
    """Every margin asset's index in dollars; stable coins are taken for one."""
    found = {asset: Decimal(1) for rules in PRODUCTS.values() for asset in rules.assets}
    for name, listing in feed.listings.items():
        if listing.row.base in found:
            found[listing.row.base] = listing.mark(feed.engine.ticker(name, time.true_ns).index_nano_ticks)
    return [("", [prices.asset_event(asset, price, time) for asset, price in found.items() if asset not in _UNPRICED])]


def _candle(feed: Feed, candle: CandleState, later_trades: int, time: VenueTime) -> Document:
    listing, channel = feed.listing(), feed.channel
    last_id = feed.engine.ticker(listing.name, time.true_ns).last_trade_id - later_trades
    closed = candle.close_ns <= time.true_ns
    shape = wire.candle_event if channel.kind is Kind.CANDLE else wire.continuous_event
    return shape(listing, wire.candle_entry(listing, candle, channel.candles, last_id, closed=closed), time)


def _price_candle(feed: Feed, candle: CandleState, later_trades: int, time: VenueTime) -> Document:
    shape = prices.mark_candle_event if feed.channel.kind is Kind.MARK_CANDLE else prices.index_candle_event
    return shape(feed.listing(), candle, feed.channel.candles, time)


class BestFeed(Feed):
    """bookTicker: the best level of each side, at once, when one is another."""

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
        if best == self._last.get(instrument):
            return []
        self._last[instrument] = best
        listing = self.listings[instrument]
        return [
            (listing.symbol, wire.best_event(listing, self.engine.ticker(instrument, time.true_ns), sequence, time))
        ]

    def _best(self, instrument: str) -> tuple[object, object]:
        book = self.engine.book(instrument, 1)
        return book.bids, book.asks


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


# --- making them ------------------------------------------------------------------------------------------------------


def make_feed(channel: Channel, engine: Engine, listings: Mapping[str, Listing], time: VenueTime) -> Feed:
    """The feed of a channel."""
    concerned = {
        name: one for name, one in listings.items() if channel.listing in {"", name} and channel.pair in {"", one.pair}
    }
    start = Start(channel, engine, concerned, time)
    return _of_prices(start) or _of_trading(start)


def _of_prices(start: Start) -> Feed | None:
    match start.channel.kind:
        case Kind.MARK:
            return market_feeds.ClockFeed(start, _mark)
        case Kind.INDEX:
            return market_feeds.ClockFeed(start, _index)
        case Kind.ASSETS:
            return market_feeds.ClockFeed(start, _assets)
        case Kind.CANDLE | Kind.CONTINUOUS:
            return market_feeds.CandleFeed(start, start.channel.candles, _TRADED, _candle)
        case Kind.MARK_CANDLE | Kind.INDEX_CANDLE:
            return market_feeds.CandleFeed(start, start.channel.candles, _MOVES, _price_candle)
        case _:
            return None


def _of_trading(start: Start) -> Feed:
    match start.channel.kind:
        case Kind.DEPTH:
            return market_feeds.ChangesFeed(start, _depth)
        case Kind.LEVELS:
            return market_feeds.LevelsFeed(start, start.channel.levels, _levels)
        case Kind.BEST:
            return BestFeed(start)
        case Kind.TRADE:
            return market_feeds.TradesFeed(start, _trade)
        case Kind.AGGREGATE:
            return market_feeds.TradesFeed(start, _aggregate)
        case Kind.DAY | Kind.MINI:
            return market_feeds.TouchedFeed(start, _DAY_MOVES, _day)
        case Kind.FORCED:
            return ForcedFeed(start)
        case _:
            return feeds.Feed(start)
