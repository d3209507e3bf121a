"""What each feed sends and on which events: those of products, and two of an account that wait or collect."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from venueproof_simulators.engine.events import (
    BalanceChanged,
    BookChanged,
    Event,
    MarkMoved,
    OrderChanged,
    PositionChanged,
    PriceMoved,
    Traded,
)
from venueproof_simulators.engine.state import TradeState
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit import feeds, market_feeds
from venueproof_simulators.kit.feeds import Documents
from venueproof_simulators.venues.kraken.operations.account import accrued, balance, flexible, held, single_listings
from venueproof_simulators.venues.kraken.operations.desk import Account, Desk
from venueproof_simulators.venues.kraken.wire import events as wire
from venueproof_simulators.venues.kraken.wire.account import COIN_NAMES
from venueproof_simulators.venues.kraken.wire.numbers import Document, Listing, coins

Feed = feeds.Feed[feeds.Channel, Listing]
Start = feeds.Start[feeds.Channel, Listing]
_SECOND_NS = 10**9
_MOVES = (BookChanged, Traded, PriceMoved, MarkMoved)
_WHOLE_BOOK = 10_000
_TRADES = 100
_TOPICS = {
    "ticker": "ticker",
    "ticker_lite": "ticker",
    "trade": "trade",
    "book": "book",
    "open_positions": "position",
    "balances": "balance",
    "heartbeat": "session",
}
_TICKING = frozenset({"ticker", "ticker_lite", "heartbeat", "open_positions"})
"""What is sent once a second."""


def channel(feed: str, product: str = "") -> feeds.Channel:
    """The channel of a feed, of one product or of none."""
    name = f"{feed}:{product}" if product else feed
    return feeds.Channel(name=name, topic=_TOPICS[feed], interval_ns=_SECOND_NS if feed in _TICKING else 0)


# --- of products ------------------------------------------------------------------------------------------------------


class BookFeed(Feed):
    """One level a frame, each with the next number."""

    def begin(self, time: VenueTime) -> None:
        """Numbers go on from those of the book."""
        self._book = self.engine.book(self.listing().name, _WHOLE_BOOK)
        self._seq = self._book.sequence

    def first(self, time: VenueTime) -> Documents:
        """The whole book."""
        one = self.listing()
        book = self.engine.book(one.name, _WHOLE_BOOK)
        return [(one.symbol, wire.book_snapshot(one, book, self._seq, time))]

    def hear(self, instrument: str, event: Event, time: VenueTime) -> Documents:
        """What changed, level by level."""
        if not isinstance(event, BookChanged):
            return []
        one = self.listings[instrument]
        told: Documents = []
        for level in event.levels:
            self._seq += 1
            told.append((one.symbol, wire.book_change(one, level.side, (level.ticks, level.lots), self._seq, time)))
        return told

    def catch_up(self, time: VenueTime) -> Documents:
        """The whole book again: its changes went by untold."""
        return self.first(time)


def _tickers(feed: Feed, touched: Sequence[Listing], time: VenueTime) -> Documents:
    return [(one.symbol, _ticker(feed, one, time)) for one in touched]


def _ticker(feed: Feed, one: Listing, time: VenueTime) -> Document:
    shape = wire.ticker if feed.channel.name.startswith("ticker:") else wire.ticker_lite
    return shape(one, feed.engine.ticker(one.name, time.true_ns), time)


def _ticker_now(feed: Feed, time: VenueTime) -> Documents:
    return _tickers(feed, [feed.listing()], time)


def _trade(seed: int, one: Listing, trades: Sequence[TradeState], time: VenueTime) -> Document:
    return wire.trade_object(one, trades[0], seed, time)


def _last_trades(seed: int, feed: Feed, time: VenueTime) -> Documents:
    one = feed.listing()
    trades = feed.engine.trades(one.name, time.true_ns, limit=_TRADES)
    return [(one.symbol, wire.trade_snapshot(one, trades, seed, time))]


def _beat(feed: Feed, time: VenueTime) -> Documents:
    return [("", wire.heartbeat(time))]


def make_feed(desk: Desk, feed: str, product: str, time: VenueTime) -> Feed:
    """A feed of a product, or the heartbeat."""
    listings = {product: desk.listings[product]} if product else {}
    begin = partial(Start, channel(feed, product), desk.engine, listings, time)
    if feed == "book":
        return BookFeed(begin())
    if feed == "trade":
        return market_feeds.TradesFeed(begin(partial(_last_trades, desk.seed)), partial(_trade, desk.seed))
    if feed == "heartbeat":
        return market_feeds.ClockFeed(begin(_beat), _beat)
    return market_feeds.TouchedFeed(begin(_ticker_now), _MOVES, _tickers)


# --- of an account ----------------------------------------------------------------------------------------------------


class PositionsFeed(Feed):
    """All positions there are, once a second when one of them changed."""

    def __init__(self, start: Start, desk: Desk, owner: Account) -> None:
        self._desk = desk
        self._owner = owner
        self._seq = 0
        super().__init__(start)

    def first(self, time: VenueTime) -> Documents:
        """Where they stand."""
        return [("", self._frame(time))]

    def changed(self, instrument: str, event: Event) -> bool:
        """A position, or an order that ties up margin."""
        return isinstance(event, PositionChanged | OrderChanged)

    def due(self, time: VenueTime) -> Documents:
        """All of them, numbered."""
        self._seq += 1
        return [("", self._frame(time))]

    def _frame(self, time: VenueTime) -> Document:
        rows = position_objects(self._desk, self._owner, time)
        return wire.positions_frame(self._owner.uid, rows, self._seq, time)


def position_objects(desk: Desk, owner: Account, time: VenueTime) -> list[Document]:
    """Positions as they are streamed."""
    rows: list[Document] = []
    account = flexible(desk, owner, time)
    for one in held(desk, owner.name):
        listing = one.listing
        index = desk.engine.ticker(listing.name, time.true_ns).index_nano_ticks
        wallet = balance(desk, owner.name, listing.row.settle)
        atoms = account.sums.discounted_atoms if listing.flexible else wallet.wallet_atoms + wallet.unrealized_atoms
        unit = owner.profit_units.get(listing.name, listing.unit)
        rows.append(wire.position_object(one, index, unit, coins(atoms), time))
    return rows


class BalancesFeed(Feed):
    """Wallets: all of them at first, then each group that changed."""

    def __init__(self, start: Start, desk: Desk, owner: Account) -> None:
        self._desk = desk
        self._owner = owner
        self._seq = 0
        self._touched: dict[str, None] = {}
        super().__init__(start)

    def first(self, time: VenueTime) -> Documents:
        """All of them."""
        groups: Document = {}
        for group in ("holding", "futures", "flex_futures"):
            groups |= self._group(group, time)
        return [("", wire.balances_frame("balances_snapshot", self._owner.uid, groups, self._seq, time))]

    def changed(self, instrument: str, event: Event) -> bool:
        """Money moved, or was tied up."""
        if isinstance(event, BalanceChanged):
            coin = event.balance.asset in single_listings(self._desk)
            self._touched["futures" if coin else "flex_futures"] = None
        elif isinstance(event, PositionChanged | OrderChanged):
            self._touched["flex_futures" if self._desk.listings[instrument].flexible else "futures"] = None
        return bool(self._touched)

    def due(self, time: VenueTime) -> Documents:
        """The groups that changed, a frame each."""
        touched, self._touched = self._touched, {}
        return [("", self.frame(group, time)) for group in touched]

    def frame(self, group: str, time: VenueTime) -> Document:
        """One group."""
        self._seq += 1
        return wire.balances_frame("balances", self._owner.uid, self._group(group, time), self._seq, time)

    def _group(self, group: str, time: VenueTime) -> Document:
        desk, owner = self._desk, self._owner
        if group == "holding":
            return {group: {COIN_NAMES[asset].upper(): coins(atoms) for asset, atoms in owner.cash.items()}}
        if group == "futures":
            singles = single_listings(desk).items()
            rows = [
                wire.futures_object(one, balance(desk, owner.name, asset), accrued(desk, owner.name, asset))
                for asset, one in singles
            ]
            return {group: {str(row["name"]): row for row in rows}}
        return {group: wire.flexible_object(flexible(desk, owner, time), held(desk, owner.name))}


def make_account_feed(desk: Desk, feed: str, owner: Account, time: VenueTime) -> Feed:
    """Positions or balances of an account."""
    start = Start(channel(feed), desk.engine, {}, time, account=owner.name)
    return PositionsFeed(start, desk, owner) if feed == "open_positions" else BalancesFeed(start, desk, owner)
