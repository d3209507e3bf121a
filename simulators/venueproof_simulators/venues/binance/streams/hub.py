"""All sessions of the venue: the engine's events and the clock go in, messages come out."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import msgspec

from venueproof_simulators.engine.events import BookChanged, Event, MarkMoved, OrderChanged, PriceMoved, Traded
from venueproof_simulators.host.alarms import Alarms
from venueproof_simulators.host.venue import CloseSession, HttpRequest, Message, Outgoing, Ping, VenueTime
from venueproof_simulators.host.windows import FixedWindow
from venueproof_simulators.venues.binance.operations.desk import Desk
from venueproof_simulators.venues.binance.streams.account import AccountMessage, account_messages
from venueproof_simulators.venues.binance.streams.control import FrameError, Request, read_frame
from venueproof_simulators.venues.binance.streams.feeds import TOPICS, Documents, Feed, make_feed
from venueproof_simulators.venues.binance.streams.names import Channel, Kind, is_listen_key, read_name
from venueproof_simulators.venues.binance.streams.sessions import STREAMS_LIMIT, Opening, Session, products_served
from venueproof_simulators.venues.binance.wire.events import expired_event

DELTA_FIRST = "binance.ws.delta-before-ack"
EXPIRED_AS_TEXT = "binance.ws.listen-key-expired-text"
_ACK_HELD_NS = 500_000_000
_GOING_AWAY = 1001
_POLICY = 1008
_encode = msgspec.json.Encoder().encode


class Hub:
    """Every session and feed. The host may copy it whole, so nothing here closes over itself."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.timers = Alarms()
        """What is due on the true clock."""
        self._sessions: dict[int, Session] = {}
        self._feeds: dict[str, Feed] = {}
        self._of_instrument: dict[str, dict[str, Feed]] = {name: {} for name in desk.listings}
        self._holders: dict[str, dict[int, None]] = {}
        """Listen key in force → sessions on it."""
        self._outgoing: list[Outgoing] = []
        self._frames = FixedWindow(desk.limits.named("stream-messages").interval_s)
        self._quiet = False
        """Market channels say nothing: the venue is closed."""
        desk.publish = self.publish
        desk.listen_keys.gone = self.key_gone

    def take_outgoing(self) -> list[Outgoing]:
        """What is to be sent since the last call."""
        taken, self._outgoing = self._outgoing, []
        return taken

    def send(self, message: Message) -> None:
        """Send a message after what was said before."""
        self._outgoing.append(message)

    def account_sessions(self) -> frozenset[int]:
        """Sessions that carry account events, or did until their listen key ended."""
        return frozenset(number for number, session in self._sessions.items() if session.account)

    # --- sessions -----------------------------------------------------------------------------------------------------

    def open(self, number: int, opening: Opening, handshake: HttpRequest, time: VenueTime) -> None:
        """Let a session in."""
        products = products_served(opening.family, handshake.origin)
        session = Session(number, handshake.client, opening.family, products, opening.combined, opening.events)
        self._sessions[number] = session
        names = (*opening.names, opening.listen_key) if opening.listen_key else opening.names
        self._subscribe(session, names, time)
        life_ns = self._desk.limits.named("stream-life").interval_s * 10**9
        self._desk.ages.set(("life", number), time.age_ns + life_ns, partial(self._cut, number))
        self._plan_ping(number, time)

    def closed(self, number: int, time: VenueTime) -> None:
        """Forget a session."""
        session = self._sessions.pop(number, None)
        if session is not None:
            self._unsubscribe(session, tuple(session.names))
            self._desk.ages.clear(("life", number))
            self._frames.forget(str(number))
            self.timers.clear(("ping", number))
            self.timers.clear(("ack", number))

    def _cut(self, number: int, time: VenueTime) -> None:
        """A day is over: the venue ends the session."""
        self._end(number, _GOING_AWAY, "connection lived for 24 hours", time)

    def _end(self, number: int, code: int, reason: str, time: VenueTime) -> None:
        self._outgoing.append(CloseSession(number, code, reason))
        self.closed(number, time)

    def _plan_ping(self, number: int, time: VenueTime) -> None:
        row = self._desk.limits.named("stream-ping")
        self.timers.set(("ping", number), time.true_ns + row.interval_s * 10**9, partial(self._ping, number))

    def _ping(self, number: int, time: VenueTime) -> None:
        timeout_ns = self._desk.limits.named("stream-ping").limit * 10**9
        self._outgoing.append(Ping(number, str(time.wire_ms).encode(), timeout_ns))
        self._plan_ping(number, time)

    # --- frames -------------------------------------------------------------------------------------------------------

    def receive(self, number: int, frame: str | bytes, time: VenueTime) -> None:
        """Carry out one frame; more than ten in a second end the session."""
        session = self._sessions.get(number)
        if session is None:
            return
        if self._frames.add(str(number), 1, time.true_ns) > self._desk.limits.named("stream-messages").limit:
            self._desk.budgets.cut_off(session.client, time)
            self._end(number, _POLICY, "Too many requests", time)
            return
        try:
            answer = self._answer(session, read_frame(frame), time)
        except FrameError as error:
            answer = error.document()
        if answer is not None:
            self._send_text((number,), answer, "session")

    def _answer(self, session: Session, request: Request, time: VenueTime) -> object:
        if request.method == "LIST_SUBSCRIPTIONS":
            return {"result": list(session.names), "id": request.id}
        if request.method == "GET_PROPERTY":
            return {"result": session.combined, "id": request.id}
        if request.method == "SET_PROPERTY":
            session.combined = request.value
        elif request.method == "UNSUBSCRIBE":
            self._unsubscribe(session, request.names)
        else:
            return self._subscribe_answer(session, request, time)
        return {"result": None, "id": request.id}

    def _subscribe_answer(self, session: Session, request: Request, time: VenueTime) -> object:
        most = self._desk.limits.named(STREAMS_LIMIT).limit
        if len(session.names.keys() | set(request.names)) > most:
            raise FrameError(2, f"Invalid request: more than {most} streams on one connection", request.id)
        self._subscribe(session, request.names, time)
        answer = {"result": None, "id": request.id}
        if self._desk.switches.on(DELTA_FIRST) and any("@depth" in name for name in request.names):
            session.held_acks.append(_encode(answer).decode())
            self.timers.set(("ack", session.number), time.true_ns + _ACK_HELD_NS, partial(self._ack, session.number))
            return None
        return answer

    def _ack(self, number: int, time: VenueTime) -> None:
        """Send acknowledgements that were held back."""
        session = self._sessions.get(number)
        if session is not None:
            self.timers.clear(("ack", number))
            held, session.held_acks = session.held_acks, []
            self._outgoing += [Message((number,), text, topic="session") for text in held]

    # --- subscriptions ------------------------------------------------------------------------------------------------

    def _subscribe(self, session: Session, names: Iterable[str], time: VenueTime) -> None:
        for name in names:
            if name in session.names:
                continue
            session.names[name] = None
            if is_listen_key(name):
                self._hold_key(session, name)
                continue
            channel = read_name(name, self._desk.listings)
            if channel is not None and session.serves(channel, self._desk.listings):
                feed = self._feeds.get(name) or self._start_feed(channel, time)
                feed.sessions[session.number] = None

    def _unsubscribe(self, session: Session, names: Iterable[str]) -> None:
        for name in names:
            session.names.pop(name, None)
            self._holders.get(name, {}).pop(session.number, None)
            feed = self._feeds.get(name)
            if feed is not None:
                feed.sessions.pop(session.number, None)
                if not feed.sessions:
                    self._stop_feed(feed)

    def _start_feed(self, channel: Channel, time: VenueTime) -> Feed:
        name = channel.name
        feed = self._feeds[name] = make_feed(channel, self._desk.engine, self._desk.listings, time)
        for instrument in feed.listings:
            self._of_instrument[instrument][name] = feed
        if feed.ticking:
            self._plan(feed, time)
        self._plan_close(feed)
        return feed

    def _stop_feed(self, feed: Feed) -> None:
        name = feed.channel.name
        del self._feeds[name]
        for instrument in feed.listings:
            del self._of_instrument[instrument][name]
        self.timers.clear(("feed", name))
        self.timers.clear(("close", name))

    # --- the market ---------------------------------------------------------------------------------------------------

    def set_quiet(self, quiet: bool, time: VenueTime) -> None:
        """Let market channels say nothing; afterwards each tells what it has to."""
        self._quiet = quiet
        if not quiet:
            for feed in self._feeds.values():
                self._send_feed(feed, feed.catch_up(time), time)
                if feed.channel.interval_ns:
                    self._plan(feed, time)

    def publish(self, events: list[Event], time: VenueTime) -> None:
        """Tell everybody whom it concerns of what happened in the engine."""
        if self._holders:
            for message in account_messages(self._desk, events, time):
                self._send_account(message, time)
        if not self._feeds:
            return
        for event in events:
            if isinstance(event, BookChanged | PriceMoved | MarkMoved):
                self._spread(event.instrument, event, time)
            elif isinstance(event, Traded):
                self._spread(event.trade.instrument, event, time)
            elif isinstance(event, OrderChanged):
                self._spread(event.order.instrument, event, time)

    def _spread(self, instrument: str, event: Event, time: VenueTime) -> None:
        for feed in tuple(self._of_instrument[instrument].values()):
            changed = feed.changed(instrument, event)
            if self._quiet:
                continue
            self._send_feed(feed, feed.hear(instrument, event, time), time)
            if changed and not self.timers.is_set(("feed", feed.channel.name)):
                self._plan(feed, time)

    def _plan(self, feed: Feed, time: VenueTime) -> None:
        """Send at the next multiple of the interval."""
        name, step_ns = feed.channel.name, feed.channel.interval_ns
        self.timers.set(("feed", name), (time.true_ns // step_ns + 1) * step_ns, partial(self._feed_due, name))

    def _plan_close(self, feed: Feed) -> None:
        close_ns = feed.next_close_ns()
        if close_ns is not None:
            self.timers.set(("close", feed.channel.name), close_ns, partial(self._feed_due, feed.channel.name))

    def _feed_due(self, name: str, time: VenueTime) -> None:
        if self._quiet:
            return
        feed = self._feeds[name]
        self._send_feed(feed, feed.due(time), time)
        if feed.ticking:
            self._plan(feed, time)
        self._plan_close(feed)

    def _send_feed(self, feed: Feed, documents: Documents, time: VenueTime) -> None:
        if not documents:
            return
        name, topic = feed.channel.name, TOPICS[feed.channel.kind]
        plain = tuple(number for number in feed.sessions if not self._sessions[number].combined)
        wrapped = tuple(number for number in feed.sessions if self._sessions[number].combined)
        for symbol, document in documents:
            if plain:
                self._send_text(plain, document, topic, symbol, name)
            if wrapped:
                self._send_text(wrapped, {"stream": name, "data": document}, topic, symbol, name)
        if feed.channel.kind is Kind.DEPTH:
            for number in feed.sessions:
                if self._sessions[number].held_acks:
                    self._ack(number, time)

    def _send_text(
        self, sessions: tuple[int, ...], document: object, topic: str, symbol: str = "", label: str = ""
    ) -> None:
        text = _encode(document).decode()
        self._outgoing.append(Message(sessions, text, topic=topic, instrument=symbol, label=label))

    # --- the account --------------------------------------------------------------------------------------------------

    def _hold_key(self, session: Session, key: str) -> None:
        owner = self._desk.listen_keys.owner(key)
        if owner is not None and session.carries(owner.product):
            session.account = owner.account
            self._holders.setdefault(key, {})[session.number] = None

    def _send_account(self, message: AccountMessage, time: VenueTime) -> None:
        for key in self._desk.listen_keys.heard_by(message.account, message.product):
            for session in [self._sessions[number] for number in self._holders.get(key, {})]:
                if session.events and message.event not in session.events:
                    continue
                document = {"stream": key, "data": message.document} if session.combined else message.document
                self._send_text((session.number,), document, message.topic, message.symbol, message.event)

    def key_gone(self, key: str, told: bool, time: VenueTime) -> None:
        """A listen key ended: its sessions stay open and hear nothing more, at most that it ended."""
        if told:
            document = expired_event(key, time, as_text=self._desk.switches.on(EXPIRED_AS_TEXT))
            for number in self._holders.get(key, {}):
                wrapped = {"stream": key, "data": document} if self._sessions[number].combined else document
                self._send_text((number,), wrapped, "session", label="listenKeyExpired")
        self._holders.pop(key, None)
