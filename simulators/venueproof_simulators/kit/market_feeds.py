"""The usual channels of a market: what is to be sent when is the same everywhere, its shape is the venue's.

Each takes functions that make documents; those must be plain functions, as the host may copy a venue whole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from venueproof_simulators.engine.events import BookChanged, Event, Traded
from venueproof_simulators.engine.state import BookState, CandleState, Side, TradeState
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.basis import ListingT
from venueproof_simulators.kit.feeds import ChannelT, Documents, Feed, Start, Tell

Levels = Sequence[tuple[int, int]]
"""(ticks, lots), 0 lots where a level is gone."""


class BookChanges(Struct, frozen=True):
    """What changed in a book since `previous`: the numbers of the first and the last change, and the levels."""

    first: int
    last: int
    previous: int
    bids: Levels
    asks: Levels


class TradesFeed(Feed[ChannelT, ListingT]):
    """Trades: each in a message of its own, or (`together`) those of one command or interval in one."""

    def __init__(
        self,
        start: Start[ChannelT, ListingT],
        shape: Callable[[ListingT, Sequence[TradeState], VenueTime], object],
        *,
        together: bool = False,
    ) -> None:
        self._shape = shape
        self._together = together
        super().__init__(start)

    def begin(self, time: VenueTime) -> None:
        """None yet."""
        self._waiting: dict[str, list[TradeState]] = {}

    def hear(self, instrument: str, event: Event, time: VenueTime) -> Documents:
        """The trade, where nothing is collected."""
        if self._together or not isinstance(event, Traded):
            return []
        listing = self.listings[instrument]
        return [(listing.symbol, self._shape(listing, [event.trade], time))]

    def changed(self, instrument: str, event: Event) -> bool:
        """Collect a trade."""
        if not self._together or not isinstance(event, Traded):
            return False
        self._waiting.setdefault(instrument, []).append(event.trade)
        return True

    def due(self, time: VenueTime) -> Documents:
        """What was collected."""
        waiting, self._waiting = self._waiting, {}
        shown = [(self.listings[name], trades) for name, trades in waiting.items()]
        return [(listing.symbol, self._shape(listing, trades, time)) for listing, trades in shown]


class ChangesFeed(Feed[ChannelT, ListingT]):
    """Changes of one book, numbered so that a gap can be seen: at the interval, or each at once.

    Where a snapshot comes first, what was collected is sent before it, so that the chain goes on from the snapshot.
    """

    def __init__(
        self, start: Start[ChannelT, ListingT], shape: Callable[[ListingT, BookChanges, VenueTime], object]
    ) -> None:
        self._shape = shape
        super().__init__(start)

    def begin(self, time: VenueTime) -> None:
        """The chain begins at the book as it is."""
        self._previous = self.engine.book(self.listing().name, 1).sequence
        self._first = 0
        self._last = self._previous
        self._levels: dict[tuple[Side, int], int] = {}

    def before_joining(self, time: VenueTime) -> Documents:
        """What was collected, where a snapshot follows."""
        return [] if self.tells_first is None else self.due(time)

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
        listing = self.listing()
        bids, asks = ([(key[1], lots) for key, lots in self._levels.items() if key[0] is side] for side in Side)
        changes = BookChanges(self._first, self._last, self._previous, bids, asks)
        self._previous, self._first, self._levels = self._last, 0, {}
        return [(listing.symbol, self._shape(listing, changes, time))]


class LevelsFeed(Feed[ChannelT, ListingT]):
    """The best few levels of one book, whole, when it changed; `shape` gets the number of the last message as well."""

    def __init__(
        self,
        start: Start[ChannelT, ListingT],
        levels: int,
        shape: Callable[[ListingT, BookState, int, VenueTime], object],
    ) -> None:
        self._levels = levels
        self._shape = shape
        super().__init__(start)

    def begin(self, time: VenueTime) -> None:
        """The chain begins at the book as it is."""
        self._previous = self.engine.book(self.listing().name, 1).sequence

    def changed(self, instrument: str, event: Event) -> bool:
        """A change of the book."""
        return isinstance(event, BookChanged)

    def catch_up(self, time: VenueTime) -> Documents:
        """The levels, where no interval is waited for and they changed meanwhile."""
        changed = self.engine.book(self.listing().name, 1).sequence != self._previous
        return self.due(time) if changed and not self.channel.interval_ns else []

    def due(self, time: VenueTime) -> Documents:
        """The best levels."""
        listing = self.listing()
        book = self.engine.book(listing.name, self._levels)
        previous, self._previous = self._previous, book.sequence
        return [(listing.symbol, self._shape(listing, book, previous, time))]


class ClockFeed(Feed[ChannelT, ListingT]):
    """What goes on by the clock, changed or not."""

    ticking = True

    def __init__(self, start: Start[ChannelT, ListingT], tell: Tell[ChannelT, ListingT]) -> None:
        self._tell = tell
        super().__init__(start)

    def due(self, time: VenueTime) -> Documents:
        """What it says each time."""
        return self._tell(self, time)


class TouchedFeed(Feed[ChannelT, ListingT]):
    """Instruments on which something of these kinds happened: at the interval, or at once."""

    def __init__(
        self,
        start: Start[ChannelT, ListingT],
        kinds: tuple[type[Event], ...],
        tell: Callable[[Feed[ChannelT, ListingT], Sequence[ListingT], VenueTime], Documents],
    ) -> None:
        self._kinds = kinds
        self._tell = tell
        super().__init__(start)

    def begin(self, time: VenueTime) -> None:
        """Nothing happened yet."""
        self._touched: dict[str, None] = {}

    def changed(self, instrument: str, event: Event) -> bool:
        """Collect an instrument."""
        if not isinstance(event, self._kinds):
            return False
        self._touched[instrument] = None
        return True

    def due(self, time: VenueTime) -> Documents:
        """Those that were touched."""
        touched, self._touched = self._touched, {}
        return self._tell(self, [self.listings[name] for name in touched], time) if touched else []


class CandleFeed(Feed[ChannelT, ListingT]):
    """The running candle when one of these kinds of events changed it, and each candle once more when it closes.

    `shape` gets a candle and how many trades there were in later ones. Where trades are what changes it, a candle
    without any is not shown before it closes.
    """

    def __init__(
        self,
        start: Start[ChannelT, ListingT],
        interval: str,
        kinds: tuple[type[Event], ...],
        shape: Callable[[Feed[ChannelT, ListingT], CandleState, int, VenueTime], object],
    ) -> None:
        """`interval` in the engine's words."""
        self._interval = interval
        self._kinds = kinds
        self._shape = shape
        super().__init__(start)

    def begin(self, time: VenueTime) -> None:
        """The running candle."""
        running = self.engine.candles(self.listing().name, self._interval, time.true_ns, limit=1)[-1]
        self._open_ns, self._close_ns = running.open_ns, running.close_ns
        self._dirty = False

    def changed(self, instrument: str, event: Event) -> bool:
        """Something that moves the running candle."""
        self._dirty = self._dirty or isinstance(event, self._kinds)
        return self._dirty

    def next_close_ns(self) -> int | None:
        """The end of the running candle."""
        return self._close_ns

    def due(self, time: VenueTime) -> Documents:
        """Candles that closed, then the running one if it changed."""
        listing = self.listing()
        found = self.engine.candles(listing.name, self._interval, time.true_ns, start_ns=self._open_ns)
        documents: Documents = []
        for candle in found:
            if candle.close_ns <= time.true_ns or self._shows_running(candle):
                later = sum(other.trades for other in found if other.open_ns > candle.open_ns)
                documents.append((listing.symbol, self._shape(self, candle, later, time)))
        self._open_ns, self._close_ns = found[-1].open_ns, found[-1].close_ns
        self._dirty = False
        return documents

    def _shows_running(self, candle: CandleState) -> bool:
        return self._dirty and (Traded not in self._kinds or bool(candle.trades))
