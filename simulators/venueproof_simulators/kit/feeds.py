"""Channels with somebody listening: which events concern one, what it sends, and when.

A feed that says to have `changed` sends what is `due`: at the next multiple of its interval, or without one when all
that a command brought about was heard. What must not wait even for that it says to what it can `hear`. What goes on by
the clock is `ticking`; everything else keeps quiet while nothing changes. `market_feeds` has the usual ones.

Feeds of an account hear of what is that account's, and go on while the market stands still.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Generic, TypeVar

from msgspec import Struct

from venueproof_simulators.engine.engine import Engine
from venueproof_simulators.engine.events import Event, Listed
from venueproof_simulators.host.alarms import Alarms
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.basis import ListingT
from venueproof_simulators.kit.whose import MARKET, account_of, instrument_of

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
    account: str = ""
    """Whose feed it is; empty for one of the market."""


class Feed(Generic[ChannelT, ListingT]):
    """What every channel has, and a channel that never has anything to say. `sessions` listen, in order."""

    ticking = False
    """It sends by the clock, changed or not."""
    rank = 0
    """Of one thing that happens, feeds of lower rank tell first."""

    def __init__(self, start: Start[ChannelT, ListingT]) -> None:
        self.channel = start.channel
        self.account = start.account
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
        """Whether an event gives something to send. `instrument` is empty for what is of no instrument."""
        return False

    def due(self, time: VenueTime) -> Documents:
        """What to send now."""
        return []

    def catch_up(self, time: VenueTime) -> Documents:
        """What to send at once when the venue opens again: nothing where the next interval will do."""
        return [] if self.channel.interval_ns else self.due(time)

    def next_close_ns(self) -> int | None:
        """A moment at which it sends although nothing changed."""
        return None

    def listing(self) -> ListingT:
        """The only instrument of a channel of one."""
        return next(iter(self.listings.values()))


Tell = Callable[[Feed[ChannelT, ListingT], VenueTime], Documents]
"""What a feed has to say now."""
Key = tuple[str, str]
"""Whose feed (empty: the market's), and its name."""
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
        self._feeds: dict[Key, Feed[ChannelT, ListingT]] = {}
        self._of_instrument: dict[str, dict[Key, Feed[ChannelT, ListingT]]] = {}
        self._of_account: dict[str, dict[Key, Feed[ChannelT, ListingT]]] = {}
        self._quiet = False
        """Market channels say nothing: the venue is closed."""

    def __iter__(self) -> Iterator[Feed[ChannelT, ListingT]]:
        """All that somebody listens to."""
        return iter(tuple(self._feeds.values()))

    # --- listening ----------------------------------------------------------------------------------------------------

    def join(
        self, name: str, session: int, make: Make[ChannelT, ListingT], time: VenueTime, *, account: str = ""
    ) -> None:
        """Let a session listen, and tell it where things stand where the channel does that; again on each call."""
        self.enter(name, session, make, time, account=account)
        self.greet(name, session, time, account=account)

    def enter(
        self, name: str, session: int, make: Make[ChannelT, ListingT], time: VenueTime, *, account: str = ""
    ) -> None:
        """Let a session listen; `greet` tells it where things stand, once what it asked has its answer."""
        feed = self._feeds.get((account, name))
        if feed is None:
            feed = self._start(make(time), time)
        elif not self._is_quiet(feed):
            self._tell(feed, feed.before_joining(time), time)
        feed.sessions[session] = None

    def greet(self, name: str, session: int, time: VenueTime, *, account: str = "") -> None:
        """Tell a session where things stand on a channel that it entered."""
        feed = self._feeds[account, name]
        first = feed.first(time)
        if first:
            self._send(feed, first, (session,), time)

    def leave(self, name: str, session: int, *, account: str = "") -> None:
        """Let a session listen no more. Harmless when it did not."""
        feed = self._feeds.get((account, name))
        if feed is not None:
            feed.sessions.pop(session, None)
            if not feed.sessions:
                self._stop(feed)

    def _start(self, feed: Feed[ChannelT, ListingT], time: VenueTime) -> Feed[ChannelT, ListingT]:
        key = _key(feed)
        self._feeds[key] = feed
        for kept, name in self._indexes(feed):
            kept.setdefault(name, {})[key] = feed
        if feed.ticking:
            self._plan(feed, time)
        self._plan_close(feed)
        return feed

    def _stop(self, feed: Feed[ChannelT, ListingT]) -> None:
        key = _key(feed)
        del self._feeds[key]
        for kept, name in self._indexes(feed):
            del kept[name][key]
        self._timers.clear(("feed", key))
        self._timers.clear(("close", key))

    def _indexes(
        self, feed: Feed[ChannelT, ListingT]
    ) -> list[tuple[dict[str, dict[Key, Feed[ChannelT, ListingT]]], str]]:
        """Where a feed is looked for: under its account, or else under its instruments."""
        if feed.account:
            return [(self._of_account, feed.account)]
        return [(self._of_instrument, instrument) for instrument in feed.listings]

    def _add(self, listing: ListingT) -> None:
        """An instrument was listed."""
        for key, feed in self._feeds.items():
            if feed.wants(listing):
                feed.listings[listing.name] = listing
                if not feed.account:
                    self._of_instrument.setdefault(listing.name, {})[key] = feed

    # --- telling ------------------------------------------------------------------------------------------------------

    def set_quiet(self, quiet: bool, time: VenueTime) -> None:
        """Let market channels say nothing; afterwards each tells what it has to."""
        self._quiet = quiet
        if quiet:
            return
        for feed in self:
            if not feed.account:
                self._tell(feed, feed.catch_up(time), time)
                if feed.channel.interval_ns:
                    self._plan(feed, time)

    def _is_quiet(self, feed: Feed[ChannelT, ListingT]) -> bool:
        return self._quiet and not feed.account

    def hear(self, events: Iterable[Event], time: VenueTime) -> None:
        """Tell everybody whom it concerns of what happened in the engine."""
        if not self._feeds:
            return
        touched: dict[Key, Feed[ChannelT, ListingT]] = {}
        for event in events:
            if type(event) is Listed:
                self._add(self._listings[event.instrument.name])
            if type(event) in MARKET:
                instrument = instrument_of(event)
                self._spread(self._of_instrument.get(instrument), instrument, event, touched, time)
            if self._of_account:
                found = self._of_account.get(account_of(event))
                self._spread(found, instrument_of(event), event, touched, time)
        for feed in sorted(touched.values(), key=_rank):
            self._tell(feed, feed.due(time), time)

    def _spread(
        self,
        feeds: Mapping[Key, Feed[ChannelT, ListingT]] | None,
        instrument: str,
        event: Event,
        touched: dict[Key, Feed[ChannelT, ListingT]],
        time: VenueTime,
    ) -> None:
        if not feeds:
            return
        for key, feed in tuple(feeds.items()):
            changed = feed.changed(instrument, event)
            if self._is_quiet(feed):
                continue
            said = feed.hear(instrument, event, time)
            if said:
                self._tell(feed, said, time)
            if changed and not feed.channel.interval_ns:
                touched[key] = feed
            elif changed and not self._timers.is_set(("feed", key)):
                self._plan(feed, time)

    def _plan(self, feed: Feed[ChannelT, ListingT], time: VenueTime) -> None:
        """Send at the next multiple of the interval."""
        key, step_ns = _key(feed), feed.channel.interval_ns
        self._timers.set(("feed", key), (time.true_ns // step_ns + 1) * step_ns, partial(self._due, key))

    def _plan_close(self, feed: Feed[ChannelT, ListingT]) -> None:
        close_ns = feed.next_close_ns()
        if close_ns is not None:
            self._timers.set(("close", _key(feed)), close_ns, partial(self._due, _key(feed)))

    def _due(self, key: Key, time: VenueTime) -> None:
        feed = self._feeds[key]
        if self._is_quiet(feed):
            return
        self._tell(feed, feed.due(time), time)
        if feed.ticking:
            self._plan(feed, time)
        self._plan_close(feed)

    def _tell(self, feed: Feed[ChannelT, ListingT], documents: Documents, time: VenueTime) -> None:
        if documents:
            self._send(feed, documents, tuple(feed.sessions), time)


def _key(feed: Feed[ChannelT, ListingT]) -> Key:
    return feed.account, feed.channel.name


def _rank(feed: Feed[ChannelT, ListingT]) -> int:
    return feed.rank
