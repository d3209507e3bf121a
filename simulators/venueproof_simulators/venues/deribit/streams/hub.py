"""All sessions of the venue: the engine's events and the clock go in, messages come out."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from venueproof_simulators.engine.commands import ExpireConditional, ExpireOrder
from venueproof_simulators.engine.state import LIVE
from venueproof_simulators.host.venue import HttpRequest, VenueTime
from venueproof_simulators.kit.feeds import Documents, Feed
from venueproof_simulators.kit.hub import Hub as KitHub
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.deribit.operations.desk import Desk
from venueproof_simulators.venues.deribit.operations.sessions import Session
from venueproof_simulators.venues.deribit.streams.account import make_account_feed, topic_of
from venueproof_simulators.venues.deribit.streams.feeds import StateFeed, make_feed
from venueproof_simulators.venues.deribit.streams.names import Channel, Kind, Reader
from venueproof_simulators.venues.deribit.wire.envelope import heartbeat, notification
from venueproof_simulators.venues.deribit.wire.numbers import Listing

SNAPSHOT_FIRST = "deribit.book.snapshot-first"
CANCELLED_ON_DISCONNECT = "cancel_on_disconnect"
_NORMAL, _GOING_AWAY, _POLICY = 1000, 1001, 1008


class Hub(KitHub[Desk, Session]):
    """Every session and feed. The host may copy it whole, so nothing here closes over itself."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._reader = Reader(desk.listings, desk.currencies)
        desk.channels = self
        desk.tell_state = self.tell_state

    # --- sessions -----------------------------------------------------------------------------------------------------

    def open(self, number: int, handshake: HttpRequest, testnet: bool, time: VenueTime) -> None:
        """Let a session in."""
        self.sessions[number] = Session(number=number, client=handshake.client, testnet=testnet, heard_ns=time.true_ns)

    def left(self, session: Session, time: VenueTime) -> None:
        """A session is gone: what it listened to, and its orders where it wanted that."""
        self.unsubscribe(session, tuple(session.names))
        self.desk.budgets.disconnect(session.client)
        if session.cancels:
            self._cancel_orders(session, time)

    def cut_off(self, number: int, reason: str, time: VenueTime) -> None:
        """The venue ends a session for what came in on it."""
        self.end(number, _POLICY, reason, time)

    def log_out(self, session: Session, time: VenueTime) -> None:
        """End a session at its own wish: orders stay."""
        session.cancels = False
        self.end(session.number, _NORMAL, "", time)

    def _cancel_orders(self, session: Session, time: VenueTime) -> None:
        """End what was placed over a connection that is lost."""
        for placed in session.placed:
            name, number = placed.instrument, placed.number
            if placed.waits:
                self.desk.command(ExpireConditional(name, number, CANCELLED_ON_DISCONNECT), time)
                continue
            order = self.desk.engine.order(placed.account, name, number)
            if order is not None and order.status in LIVE:
                self.desk.command(ExpireOrder(name, number, CANCELLED_ON_DISCONNECT), time)

    # --- signs of life ------------------------------------------------------------------------------------------------

    def heard(self, session: Session, method: str, time: VenueTime) -> None:
        """A session sent something."""
        session.heard_ns = time.true_ns
        if method == "public/test":
            session.tested = False
        if session.cancels:
            self.watch_silence(session, time)

    def set_heartbeat(self, session: Session, interval_s: int, time: VenueTime) -> None:
        """Send signs of life from now on; 0: none."""
        session.heartbeat_s, session.tested = interval_s, False
        if interval_s:
            self.clocks.every(session.number, "beat", interval_s * 10**9, self._beat, time)
        else:
            self.clocks.stop(session.number, "beat")

    def _beat(self, number: int, time: VenueTime) -> None:
        """A sign of life, or a call for one; who does not answer that is cut off."""
        session = self.sessions[number]
        if session.tested:
            self.end(number, _GOING_AWAY, "heartbeat timeout", time)
            return
        session.tested = time.true_ns - session.heard_ns >= session.heartbeat_s * 10**9
        kind = "test_request" if session.tested else "heartbeat"
        self.say((number,), heartbeat(kind), "session", label=f"heartbeat {kind}")

    def watch_silence(self, session: Session, time: VenueTime) -> None:
        """End a session that cancels orders when it says nothing for too long."""
        span_ns = self.desk.limits.named("silence").interval_s * 10**9
        self.clocks.expect(session.number, span_ns, _GOING_AWAY, "silent for too long", time)

    # --- subscriptions ------------------------------------------------------------------------------------------------

    def subscribe(self, session: Session, names: Iterable[str], *, private: bool, time: VenueTime) -> list[str]:
        """Listen to channels; returns those that were accepted. Raises `VenueError`."""
        found = {name: self._reader.read(name) for name in names}
        wanted = {name: one for name, one in found.items() if one is not None and (private or not one.private)}
        if session.token is None and any(channel.raw for channel in wanted.values()):
            raise VenueError("raw-feed")
        if len(session.names.keys() | wanted.keys()) > self.desk.limits.named("channels").limit:
            raise VenueError("subscriptions")
        for name, channel in wanted.items():
            if name not in session.names:
                session.names[name] = None
                session.joining.append(channel.name)
                self._enter(session, channel, time)
        if self.desk.switches.on(SNAPSHOT_FIRST):
            self.greet(session, time)
        return list(wanted)

    def _enter(self, session: Session, channel: Channel, time: VenueTime) -> None:
        if not channel.private:
            for listing in self._wanted(channel):
                self.desk.open_market(listing, time)
            self.feeds.enter(channel.name, session.number, partial(make_feed, channel, self.desk), time)
            return
        if session.token is not None:
            session.account = session.token.account.name
        make = partial(make_account_feed, session.account, channel, self.desk)
        self.feeds.enter(channel.name, session.number, make, time, account=session.account)

    def _wanted(self, channel: Channel) -> list[Listing]:
        """The instruments without whose prices a channel has nothing to tell."""
        if channel.kind is Kind.OPTION_MARKS:
            return [one for one in self.desk.listings.values() if one.option and channel.covers(one)]
        return [self.desk.listings[channel.instrument]] if channel.instrument else []

    def greet(self, session: Session, time: VenueTime) -> None:
        """Tell a session what its new channels begin with: once its request is answered."""
        joining, session.joining = session.joining, []
        for name in joining:
            self.feeds.greet(name, session.number, time, account=self._owner(session, name))

    def _owner(self, session: Session, name: str) -> str:
        return session.account if name.startswith("user.") else ""

    def unsubscribe(self, session: Session, names: Iterable[str]) -> list[str]:
        """Listen no more; returns what was left."""
        gone = [name for name in names if name in session.names]
        for name in gone:
            del session.names[name]
            channel = self._reader.read(name)
            told = name if channel is None else channel.name
            self.feeds.leave(told, session.number, account=self._owner(session, told))
        return gone

    # --- what is told -------------------------------------------------------------------------------------------------

    def send_feed(self, feed: Feed[Any, Any], documents: Documents, sessions: tuple[int, ...], time: VenueTime) -> None:
        """Send what a channel says, with its name."""
        channel = feed.channel
        for symbol, data in documents:
            self.say(sessions, notification(channel.name, data), topic_of(channel, data), symbol, channel.name)

    def tell_state(self, names: list[str], time: VenueTime) -> None:
        """Trading pauses, or goes on, and instruments come and go."""
        for feed in self.feeds:
            if isinstance(feed, StateFeed):
                feed.note(names)
            if feed.channel.kind in (Kind.PLATFORM, Kind.STATE):
                self.send_feed(feed, feed.due(time), tuple(feed.sessions), time)
