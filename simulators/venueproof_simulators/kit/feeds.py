"""Channels of the market with somebody listening: which events concern one, what it sends, and when.

A feed either sends at once, or is marked as changed and sends at the next multiple of its interval. What goes on by
the clock is `ticking`; everything else keeps quiet while nothing changes. `market_feeds` has the usual ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Generic, TypeVar

from msgspec import Struct

from venueproof_simulators.engine.engine import Engine
from venueproof_simulators.engine.events import (
    BookChanged,
    Delivered,
    Event,
    Listed,
    MarkMoved,
    OrderChanged,
    PriceMoved,
    Traded,
)
from venueproof_simulators.host.alarms import Alarms
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.basis import ListingT

Documents = list[tuple[str, object]]
"""(unified symbol of the instrument or empty, message), in order."""


class Channel(Struct, frozen=True, kw_only=True):
    """One channel, read from its name. A venue extends it with what its names say."""

    name: str
    topic: str = "other"
    """The neutral word for what it tells."""
    interval_ns: int = 0
    """How often it may send; 0: at once."""


ChannelT = TypeVar("ChannelT", bound=Channel)


class Start(Struct, Generic[ChannelT, ListingT], frozen=True):
    """What a feed starts with."""

    channel: ChannelT
    engine: Engine
    listings: Mapping[str, ListingT]
    """The instruments that it tells of."""
    time: VenueTime
    first: Tell[ChannelT, ListingT] | None = None
    """What a session is told when it joins: a snapshot, where the channel has one."""


class Feed(Generic[ChannelT, ListingT]):
    """What every channel has, and a channel that never has anything to say. `sessions` listen, in order."""

    ticking = False
    """It sends by the clock, changed or not."""

    def __init__(self, start: Start[ChannelT, ListingT]) -> None:
        self.channel = start.channel
        self.engine = start.engine
        self.listings = dict(start.listings)
        self.sessions: dict[int, None] = {}
        self.tells_first = start.first
        self.begin(start.time)

    def begin(self, time: VenueTime) -> None:
        """Somebody listens for the first time."""

    def before_joining(self, time: VenueTime) -> Documents:
        """What those who listen must be told before another one is told where things stand."""
        return []

    def first(self, time: VenueTime) -> Documents:
        """What a session is told when it joins."""
        return [] if self.tells_first is None else self.tells_first(self, time)

    def wants(self, listing: ListingT) -> bool:
        """Whether it tells of an instrument that is listed while it runs."""
        return False

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

    def listing(self) -> ListingT:
        """The only instrument of a channel of one."""
        return next(iter(self.listings.values()))


Tell = Callable[[Feed[ChannelT, ListingT], VenueTime], Documents]
"""What a feed has to say now."""
Send = Callable[[Feed[ChannelT, ListingT], Documents, tuple[int, ...], VenueTime], None]
"""Sends a feed's messages to some sessions."""
Make = Callable[[VenueTime], Feed[ChannelT, ListingT]]
"""Starts a feed."""


class Feeds(Generic[ChannelT, ListingT]):
    """All feeds in use: each starts with its first listener and stops with its last."""

    def __init__(self, timers: Alarms, listings: Mapping[str, ListingT], send: Send[ChannelT, ListingT]) -> None:
        """`listings` are all instruments of the venue, also those listed later."""
        self._timers = timers
        self._listings = listings
        self._send = send
        self._feeds: dict[str, Feed[ChannelT, ListingT]] = {}
        self._of_instrument: dict[str, dict[str, Feed[ChannelT, ListingT]]] = {}
        self._quiet = False
        """Market channels say nothing: the venue is closed."""

    def __iter__(self) -> Iterator[Feed[ChannelT, ListingT]]:
        """All that somebody listens to."""
        return iter(self._feeds.values())

    # --- listening ----------------------------------------------------------------------------------------------------

    def join(self, name: str, session: int, make: Make[ChannelT, ListingT], time: VenueTime) -> None:
        """Let a session listen, and tell it where things stand where the channel does that; again on each call."""
        feed = self._feeds.get(name)
        if feed is None:
            feed = self._start(make(time), time)
        elif not self._quiet:
            self._tell(feed, feed.before_joining(time), time)
        feed.sessions[session] = None
        first = feed.first(time)
        if first:
            self._send(feed, first, (session,), time)

    def leave(self, name: str, session: int) -> None:
        """Let a session listen no more. Harmless when it did not."""
        feed = self._feeds.get(name)
        if feed is not None:
            feed.sessions.pop(session, None)
            if not feed.sessions:
                self._stop(feed)

    def _start(self, feed: Feed[ChannelT, ListingT], time: VenueTime) -> Feed[ChannelT, ListingT]:
        name = feed.channel.name
        self._feeds[name] = feed
        for instrument in feed.listings:
            self._of_instrument.setdefault(instrument, {})[name] = feed
        if feed.ticking:
            self._plan(feed, time)
        self._plan_close(feed)
        return feed

    def _stop(self, feed: Feed[ChannelT, ListingT]) -> None:
        name = feed.channel.name
        del self._feeds[name]
        for instrument in feed.listings:
            del self._of_instrument[instrument][name]
        self._timers.clear(("feed", name))
        self._timers.clear(("close", name))

    def _add(self, listing: ListingT) -> None:
        """An instrument was listed."""
        for name, feed in self._feeds.items():
            if feed.wants(listing):
                feed.listings[listing.name] = listing
                self._of_instrument.setdefault(listing.name, {})[name] = feed

    # --- telling ------------------------------------------------------------------------------------------------------

    def set_quiet(self, quiet: bool, time: VenueTime) -> None:
        """Let market channels say nothing; afterwards each tells what it has to."""
        self._quiet = quiet
        if not quiet:
            for feed in self._feeds.values():
                self._tell(feed, feed.catch_up(time), time)
                if feed.channel.interval_ns:
                    self._plan(feed, time)

    def hear(self, events: Iterable[Event], time: VenueTime) -> None:
        """Tell everybody whom it concerns of what happened in the engine."""
        if not self._feeds:
            return
        for event in events:
            if isinstance(event, BookChanged | PriceMoved | MarkMoved):
                self._spread(event.instrument, event, time)
            elif isinstance(event, Traded):
                self._spread(event.trade.instrument, event, time)
            elif isinstance(event, OrderChanged):
                self._spread(event.order.instrument, event, time)
            elif isinstance(event, Listed):
                self._add(self._listings[event.instrument.name])
                self._spread(event.instrument.name, event, time)
            elif isinstance(event, Delivered):
                self._spread(event.instrument, event, time)

    def _spread(self, instrument: str, event: Event, time: VenueTime) -> None:
        for feed in tuple(self._of_instrument.get(instrument, {}).values()):
            changed = feed.changed(instrument, event)
            if self._quiet:
                continue
            self._tell(feed, feed.hear(instrument, event, time), time)
            if changed and not self._timers.is_set(("feed", feed.channel.name)):
                self._plan(feed, time)

    def _plan(self, feed: Feed[ChannelT, ListingT], time: VenueTime) -> None:
        """Send at the next multiple of the interval."""
        name, step_ns = feed.channel.name, feed.channel.interval_ns
        self._timers.set(("feed", name), (time.true_ns // step_ns + 1) * step_ns, partial(self._due, name))

    def _plan_close(self, feed: Feed[ChannelT, ListingT]) -> None:
        close_ns = feed.next_close_ns()
        if close_ns is not None:
            self._timers.set(("close", feed.channel.name), close_ns, partial(self._due, feed.channel.name))

    def _due(self, name: str, time: VenueTime) -> None:
        if self._quiet:
            return
        feed = self._feeds[name]
        self._tell(feed, feed.due(time), time)
        if feed.ticking:
            self._plan(feed, time)
        self._plan_close(feed)

    def _tell(self, feed: Feed[ChannelT, ListingT], documents: Documents, time: VenueTime) -> None:
        if documents:
            self._send(feed, documents, tuple(feed.sessions), time)
