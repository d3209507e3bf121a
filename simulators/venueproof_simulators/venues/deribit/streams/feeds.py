"""One market channel with somebody listening: which events concern it, and what it sends.

A feed is marked by an event, and says what changed at once (raw) or at the next multiple of its interval.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from venueproof_simulators.engine.events import (
    BookChanged,
    Event,
    MarkMoved,
    PriceMoved,
    Traded,
)
from venueproof_simulators.engine.state import CandleState, Side, TradeState
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.documents import Document
from venueproof_simulators.kit.feeds import Documents, Start
from venueproof_simulators.kit.feeds import Feed as KitFeed
from venueproof_simulators.kit.numbers import wire_ms
from venueproof_simulators.venues.deribit.operations.desk import Desk
from venueproof_simulators.venues.deribit.operations.market import RESOLUTIONS, ticker_row
from venueproof_simulators.venues.deribit.streams.names import Channel, Kind
from venueproof_simulators.venues.deribit.wire import market as wire
from venueproof_simulators.venues.deribit.wire.numbers import Listing, num

_ALL_LEVELS = 10**6
_CENTS = Decimal("0.01")
_PRICES = (BookChanged, Traded, PriceMoved, MarkMoved)


class Feed(KitFeed[Channel, Listing]):
    """Base: `marks` says whether an event gives something to tell, `told` what that is."""

    def __init__(self, start: Start[Channel, Listing], desk: Desk) -> None:
        self.desk = desk
        super().__init__(start)

    def marks(self, event: Event) -> bool:
        """Whether an event gives something to tell."""
        return False

    def told(self, time: VenueTime) -> list[object]:
        """What to tell now."""
        return []

    def greeting(self, time: VenueTime) -> list[object]:
        """What who begins to listen is told."""
        return []

    def first(self, time: VenueTime) -> Documents:
        """The same with its symbol."""
        return self._with_symbol(self.greeting(time))

    def changed(self, instrument: str, event: Event) -> bool:
        """Whether an event gives something to tell."""
        return self.marks(event)

    def due(self, time: VenueTime) -> Documents:
        """What to tell now."""
        return self._with_symbol(self.told(time))

    def _with_symbol(self, documents: list[object]) -> Documents:
        symbol = self.listing().symbol if self.channel.instrument else ""
        return [(symbol, document) for document in documents]


class BookFeed(Feed):
    """book: a snapshot, then what changed, numbered so that a gap can be seen."""

    def begin(self, time: VenueTime) -> None:
        """The chain begins at the book as it is."""
        book = self.engine.book(self.channel.instrument, _ALL_LEVELS)
        self._sent = book.sequence
        self._sequence = book.sequence
        self._known = {
            (side, ticks) for side, rows in ((Side.BUY, book.bids), (Side.SELL, book.asks)) for ticks, _ in rows
        }
        self._levels: dict[tuple[Side, int], int] = {}

    def greeting(self, time: VenueTime) -> list[object]:
        """The book as it is; what is on its way to others was sent before."""
        listing = self.listing()
        book = self.engine.book(listing.name, _ALL_LEVELS)
        bids, asks = ([["new", *row] for row in wire.levels(listing, rows)] for rows in (book.bids, book.asks))
        head = {"type": "snapshot", **self._head(listing, time), "change_id": wire.change_id(book.sequence)}
        return [{**head, "bids": bids, "asks": asks}]

    def before_joining(self, time: VenueTime) -> Documents:
        """What was collected: the snapshot goes on from there."""
        return self.due(time)

    def _head(self, listing: Listing, time: VenueTime) -> Document:
        return {"timestamp": wire_ms(time, time.true_ns), "instrument_name": listing.name}

    def marks(self, event: Event) -> bool:
        """Collect a change of the book."""
        if not isinstance(event, BookChanged):
            return False
        self._sequence = event.sequence
        self._levels.update({(level.side, level.ticks): level.lots for level in event.levels})
        return True

    def told(self, time: VenueTime) -> list[object]:
        """What was collected."""
        if self._sequence == self._sent:
            return []
        listing = self.listing()
        rows: dict[Side, list[list[object]]] = {Side.BUY: [], Side.SELL: []}
        for (side, ticks), lots in self._levels.items():
            word = self._word(side, ticks, lots)
            if word:
                rows[side].append([word, num(listing.price(ticks)), num(listing.amount(lots))])
        head = {"type": "change", **self._head(listing, time)}
        ids = {"prev_change_id": wire.change_id(self._sent), "change_id": wire.change_id(self._sequence)}
        self._sent, self._levels = self._sequence, {}
        return [{**head, **ids, "bids": rows[Side.BUY], "asks": rows[Side.SELL]}]

    def _word(self, side: Side, ticks: int, lots: int) -> str:
        """What became of a level; nothing for one that came and went between two messages."""
        known = (side, ticks) in self._known
        if lots:
            self._known.add((side, ticks))
            return "change" if known else "new"
        self._known.discard((side, ticks))
        return "delete" if known else ""


class GroupedFeed(Feed):
    """book with group and depth: the best levels, whole, in two columns."""

    def greeting(self, time: VenueTime) -> list[object]:
        """The picture of now."""
        return self.told(time)

    def marks(self, event: Event) -> bool:
        """A change of the book."""
        return isinstance(event, BookChanged)

    def told(self, time: VenueTime) -> list[object]:
        """The picture of now."""
        listing = self.listing()
        book = self.engine.book(listing.name, _ALL_LEVELS)
        bids, asks = self._grouped(listing, book.bids, up=False), self._grouped(listing, book.asks, up=True)
        document = {
            "timestamp": wire_ms(time, time.true_ns),
            "instrument_name": listing.name,
            "change_id": wire.change_id(book.sequence),
            "bids": bids[: self.channel.depth],
            "asks": asks[: self.channel.depth],
        }
        return [document]

    def _grouped(self, listing: Listing, rows: Iterable[tuple[int, int]], *, up: bool) -> list[list[float]]:
        if self.channel.group == "none":
            return wire.levels(listing, rows)
        step = Decimal(self.channel.group) * (1 if listing.row.base == "BTC" else _CENTS)
        sums: dict[Decimal, Decimal] = {}
        for ticks, lots in rows:
            price = listing.price(ticks)
            rounded = (-(-price // step) if up else price // step) * step
            sums[rounded] = sums.get(rounded, Decimal(0)) + listing.amount(lots)
        return [[num(price), num(amount)] for price, amount in sums.items()]


class TickerFeed(Feed):
    """ticker: the whole of it, when a price or the book changed."""

    def greeting(self, time: VenueTime) -> list[object]:
        """The ticker of now."""
        return [self._document(time)]

    def marks(self, event: Event) -> bool:
        """A price or the book changed."""
        return isinstance(event, _PRICES)

    def told(self, time: VenueTime) -> list[object]:
        """The ticker of now."""
        return [self._document(time)]

    def _document(self, time: VenueTime) -> Document:
        listing = self.listing()
        return ticker_row(self.desk, listing, self.desk.state(listing, time), time)


class IncrementalFeed(TickerFeed):
    """incremental_ticker: all fields once, then those that changed."""

    def begin(self, time: VenueTime) -> None:
        """What is known to everybody."""
        self._last = self._document(time)

    def greeting(self, time: VenueTime) -> list[object]:
        """All fields."""
        return [{"type": "snapshot", **self._document(time)}]

    def told(self, time: VenueTime) -> list[object]:
        """The fields that changed."""
        now = self._document(time)
        changed = {name: value for name, value in now.items() if self._last.get(name) != value}
        self._last = now
        if not set(changed) - {"timestamp"}:
            return []
        head = {"type": "change", "instrument_name": now["instrument_name"], "timestamp": now["timestamp"]}
        return [head | changed]


class QuoteFeed(Feed):
    """quote: the best of either side, when it changed."""

    def begin(self, time: VenueTime) -> None:
        """What is known to everybody."""
        self._last = self._best(time)

    def _best(self, time: VenueTime) -> Document:
        return wire.best(self.listing(), self.engine.ticker(self.channel.instrument, time.true_ns))

    def greeting(self, time: VenueTime) -> list[object]:
        """The best of now."""
        return [wire.quote_document(self.listing(), self.engine.ticker(self.channel.instrument, time.true_ns), time)]

    def marks(self, event: Event) -> bool:
        """The book changed."""
        return isinstance(event, BookChanged)

    def told(self, time: VenueTime) -> list[object]:
        """The best of now, where it is another."""
        best = self._best(time)
        if best == self._last:
            return []
        self._last = best
        return self.greeting(time)


class TradesFeed(Feed):
    """trades: a list of what was traded."""

    def begin(self, time: VenueTime) -> None:
        """Nothing yet."""
        self._trades: list[TradeState] = []

    def marks(self, event: Event) -> bool:
        """A trade."""
        if not isinstance(event, Traded):
            return False
        self._trades.append(event.trade)
        return True

    def told(self, time: VenueTime) -> list[object]:
        """What was collected."""
        trades, self._trades = self._trades, []
        if not trades:
            return []
        desk = self.desk
        return [[wire.trade_document(desk.listings[one.instrument], one, desk.around(one), time) for one in trades]]


class ChartFeed(Feed):
    """chart.trades: the running candle when something traded in it, each once more when it closes, and the next."""

    def begin(self, time: VenueTime) -> None:
        """The running candle."""
        running = self._candles(time, None)[-1]
        self._open_ns, self._close_ns = running.open_ns, running.close_ns

    def _candles(self, time: VenueTime, start_ns: int | None) -> list[CandleState]:
        interval = RESOLUTIONS[self.channel.resolution]
        return self.engine.candles(self.channel.instrument, interval, time.true_ns, start_ns=start_ns, limit=500)

    def greeting(self, time: VenueTime) -> list[object]:
        """The running candle."""
        return [wire.candle_document(self.listing(), self._candles(time, None)[-1])]

    def marks(self, event: Event) -> bool:
        """A trade."""
        return isinstance(event, Traded)

    def next_close_ns(self) -> int | None:
        """The end of the running candle."""
        return self._close_ns

    def told(self, time: VenueTime) -> list[object]:
        """All candles since the one that was told last."""
        found = self._candles(time, self._open_ns)
        self._open_ns, self._close_ns = found[-1].open_ns, found[-1].close_ns
        return [wire.candle_document(self.listing(), candle) for candle in found]


class PerpetualFeed(Feed):
    """perpetual: interest and index, by the clock."""

    ticking = True

    def told(self, time: VenueTime) -> list[object]:
        """Interest of now."""
        listing = self.listing()
        ticker = self.engine.ticker(listing.name, time.true_ns)
        interest = num(Decimal(ticker.funding_rate_ppb).scaleb(-9))
        price = wire.index_price(listing, ticker)
        return [{"interest": interest, "index_price": price, "timestamp": wire_ms(time, time.true_ns)}]


class IndexFeed(Feed):
    """deribit_price_index: when it moves."""

    def greeting(self, time: VenueTime) -> list[object]:
        """The index of now."""
        return self.told(time)

    def marks(self, event: Event) -> bool:
        """The index moved."""
        return isinstance(event, PriceMoved | MarkMoved)

    def told(self, time: VenueTime) -> list[object]:
        """The index of now."""
        listing = self.listing()
        price = wire.index_price(listing, self.engine.ticker(listing.name, time.true_ns))
        return [{"index_name": self.channel.index, "price": price, "timestamp": wire_ms(time, time.true_ns)}]


class EstimatedFeed(IndexFeed):
    """estimated_expiration_price: what would be delivered at, and in how many seconds."""

    ticking = True

    def told(self, time: VenueTime) -> list[object]:
        """The estimate of now."""
        listing, day_s = self.listing(), 86_400
        price = wire.index_price(listing, self.engine.ticker(listing.name, time.true_ns))
        seconds = (8 * 3600 - time.wire_ns // 10**9) % day_s
        return [{"seconds": seconds, "price": price, "is_estimated": True}]


class OptionMarksFeed(Feed):
    """markprice.options: mark prices and volatilities of all options of an index, by the clock."""

    ticking = True

    def greeting(self, time: VenueTime) -> list[object]:
        """Those of now."""
        return self.told(time)

    def wants(self, listing: Listing) -> bool:
        """Also of one that is listed later."""
        return listing.option and self.channel.covers(listing)

    def told(self, time: VenueTime) -> list[object]:
        """Those of now."""
        rows: list[Document] = []
        for name, listing in self.listings.items():
            if listing.option and self.desk.is_open(listing) and self.desk.state(listing, time) != "delivered":
                mark = wire.mark_price(listing, self.engine.mark_nano_ticks(name, time.true_ns))
                volatility = num(self.engine.option(name).volatility)
                rows.append({"instrument_name": name, "mark_price": mark, "iv": volatility})
        return [rows]


class StateFeed(Feed):
    """instrument.state: an instrument is listed, or is no more. The desk says so, as the engine knows options late."""

    def begin(self, time: VenueTime) -> None:
        """Nothing yet."""
        self._names: list[str] = []

    def note(self, names: list[str]) -> None:
        """Instruments that came or went."""
        self._names += [name for name in names if self.channel.covers(self.desk.listings[name])]

    def told(self, time: VenueTime) -> list[object]:
        """Their states of now."""
        names, self._names = self._names, []
        return [self._told(self.desk.listings[name], time) for name in names]

    def _told(self, listing: Listing, time: VenueTime) -> Document:
        state = "terminated" if self.desk.state(listing, time) == "delivered" else "started"
        return {"timestamp": wire_ms(time, time.true_ns), "state": state, "instrument_name": listing.name}


class PlatformFeed(Feed):
    """platform_state: whether trading is off."""

    def told(self, time: VenueTime) -> list[object]:
        """Whether it is off now."""
        return [{"locked": bool(self.desk.locked)}]


_FEEDS: dict[Kind, Callable[[Start[Channel, Listing], Desk], Feed]] = {
    Kind.BOOK: BookFeed,
    Kind.GROUPED: GroupedFeed,
    Kind.TICKER: TickerFeed,
    Kind.INCREMENTAL: IncrementalFeed,
    Kind.QUOTE: QuoteFeed,
    Kind.TRADES: TradesFeed,
    Kind.CHART: ChartFeed,
    Kind.PERPETUAL: PerpetualFeed,
    Kind.INDEX: IndexFeed,
    Kind.ESTIMATED: EstimatedFeed,
    Kind.STATE: StateFeed,
    Kind.PLATFORM: PlatformFeed,
    Kind.PUBLIC_METHODS: Feed,
    Kind.OPTION_MARKS: OptionMarksFeed,
    Kind.SILENT: Feed,
}


def make_feed(channel: Channel, desk: Desk, time: VenueTime) -> Feed:
    """The feed of a market channel."""
    listings = {name: listing for name, listing in desk.listings.items() if channel.covers(listing)}
    return _FEEDS[channel.kind](Start(channel=channel, engine=desk.engine, listings=listings, time=time), desk)
