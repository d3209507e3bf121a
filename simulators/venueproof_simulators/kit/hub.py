"""All sessions of a venue: the engine's events and the clock go in, messages come out.

A venue extends `Hub`: it reads frames, knows who hears what of an account (`tell_accounts`), and wraps what feeds send
(`send_feed`). The host may copy a hub whole, so nothing in it closes over itself.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from venueproof_simulators.engine.events import Event
from venueproof_simulators.host.alarms import Alarms
from venueproof_simulators.host.venue import Classified, CloseSession, Message, Outgoing, Ping, VenueTime
from venueproof_simulators.kit.desk import Desk
from venueproof_simulators.kit.documents import to_text
from venueproof_simulators.kit.feeds import Documents, Feed, Feeds
from venueproof_simulators.kit.sessions import Clocks, Session

DeskT = TypeVar("DeskT", bound=Desk[Any, Any])
SessionT = TypeVar("SessionT", bound=Session)


class Hub(Generic[DeskT, SessionT]):
    """Every session, and what is to be sent."""

    def __init__(self, desk: DeskT) -> None:
        self.desk = desk
        self.timers = Alarms()
        """What is due on the true clock."""
        self.clocks = Clocks(self.timers, desk.ages, self.end)
        self.feeds: Feeds[Any, Any] = Feeds(self.timers, desk.listings, self.send_feed)
        self.sessions: dict[int, SessionT] = {}
        self._outgoing: list[Outgoing] = []
        desk.publish = self.publish

    # --- what is to be sent -------------------------------------------------------------------------------------------

    def take_outgoing(self) -> list[Outgoing]:
        """What is to be sent since the last call."""
        taken, self._outgoing = self._outgoing, []
        return taken

    def send(self, said: Outgoing) -> None:
        """Send something after what was said before."""
        self._outgoing.append(said)

    def say(self, sessions: tuple[int, ...], document: object, topic: str, symbol: str = "", label: str = "") -> None:
        """Send a document. `topic` is the neutral word, `symbol` the unified one, `label` the venue's own."""
        self._outgoing.append(Message(sessions, to_text(document), topic=topic, instrument=symbol, label=label))

    def answer(self, number: int, document: object, said: Classified) -> None:
        """Send the answer to a frame that asked for an operation, with what that was."""
        text = to_text(document)
        words = (said.instrument, said.operation, said.label)
        self._outgoing.append(Message((number,), text, "session", *words))

    def ping(self, number: int, payload: bytes, timeout_ns: int) -> None:
        """Ask by a protocol-level ping whether a client is there; the host closes the session when no pong comes."""
        self._outgoing.append(Ping(number, payload, timeout_ns))

    def end(self, number: int, code: int, reason: str, time: VenueTime) -> None:
        """The venue ends a session."""
        self._outgoing.append(CloseSession(number, code, reason))
        self.closed(number, time)

    # --- sessions -----------------------------------------------------------------------------------------------------

    def closed(self, number: int, time: VenueTime) -> None:
        """Forget a session: what it listened to, and its clocks."""
        session = self.sessions.pop(number, None)
        if session is not None:
            self.left(session, time)
            self.clocks.forget(number)

    def left(self, session: SessionT, time: VenueTime) -> None:
        """A session is gone: end what it listened to. A venue ends its private channels besides."""
        for name in session.names:
            self.feeds.leave(name, session.number)
            if session.account:
                self.feeds.leave(name, session.number, account=session.account)

    def account_sessions(self) -> frozenset[int]:
        """Sessions that carry account events, or did until their credential ended."""
        return frozenset(number for number, session in self.sessions.items() if session.account)

    # --- what happens -------------------------------------------------------------------------------------------------

    def publish(self, events: list[Event], time: VenueTime) -> None:
        """Tell everybody whom it concerns of what happened in the engine: accounts first, then the market.

        Nothing is asked of the venue while nobody is connected.
        """
        if not self.sessions:
            return
        self.tell_accounts(events, time)
        self.feeds.hear(events, time)

    def tell_accounts(self, events: list[Event], time: VenueTime) -> None:
        """Tell sessions of accounts what concerns them. The venue's."""

    def send_feed(self, feed: Feed[Any, Any], documents: Documents, sessions: tuple[int, ...], time: VenueTime) -> None:
        """Send what a feed says, as it is. A venue that wraps messages does it here."""
        for symbol, document in documents:
            self.say(sessions, document, feed.channel.topic, symbol, feed.channel.name)
