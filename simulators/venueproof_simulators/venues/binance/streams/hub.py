"""All sessions of the venue: who listens to what, how messages are wrapped, and what clients ask of their streams."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from venueproof_simulators.engine.events import Event
from venueproof_simulators.host.venue import HttpRequest, Message, VenueTime
from venueproof_simulators.host.windows import FixedWindow
from venueproof_simulators.kit import hub
from venueproof_simulators.kit.documents import to_text
from venueproof_simulators.kit.feeds import Documents
from venueproof_simulators.kit.sessions import Listeners
from venueproof_simulators.venues.binance.operations.desk import Desk
from venueproof_simulators.venues.binance.streams.account import AccountMessage, account_messages
from venueproof_simulators.venues.binance.streams.control import FrameError, Request, read_frame
from venueproof_simulators.venues.binance.streams.feeds import Feed, make_feed
from venueproof_simulators.venues.binance.streams.names import Channel, Kind, is_listen_key, read_name
from venueproof_simulators.venues.binance.streams.sessions import STREAMS_LIMIT, Opening, Session, products_served
from venueproof_simulators.venues.binance.wire.events import expired_event

DELTA_FIRST = "binance.ws.delta-before-ack"
EXPIRED_AS_TEXT = "binance.ws.listen-key-expired-text"
_ACK_HELD_NS = 500_000_000
_GOING_AWAY = 1001
_POLICY = 1008


class Hub(hub.Hub[Desk, Session]):
    """Every session of a stream."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._holders: Listeners[str] = Listeners()
        """Listen key in force → sessions on it."""
        self._frames = FixedWindow(desk.limits.named("stream-messages").interval_s)
        desk.listen_keys.gone = self.key_gone

    # --- sessions -----------------------------------------------------------------------------------------------------

    def open(self, number: int, opening: Opening, handshake: HttpRequest, time: VenueTime) -> None:
        """Let a session in."""
        session = self.sessions[number] = Session(
            number=number,
            client=handshake.client,
            family=opening.family,
            products=products_served(opening.family, handshake.origin),
            combined=opening.combined,
            events=opening.events,
        )
        names = (*opening.names, opening.listen_key) if opening.listen_key else opening.names
        self._subscribe(session, names, time)
        life_ns = self.desk.limits.named("stream-life").interval_s * 10**9
        self.clocks.live(number, life_ns, _GOING_AWAY, "connection lived for 24 hours", time)
        ping_ns = self.desk.limits.named("stream-ping").interval_s * 10**9
        self.clocks.every(number, "ping", ping_ns, self._ask, time)

    def left(self, session: Session, time: VenueTime) -> None:
        """A session is gone."""
        self._unsubscribe(session, tuple(session.names))
        self._frames.forget(str(session.number))

    def _ask(self, number: int, time: VenueTime) -> None:
        self.ping(number, str(time.wire_ms).encode(), self.desk.limits.named("stream-ping").limit * 10**9)

    # --- frames -------------------------------------------------------------------------------------------------------

    def receive(self, number: int, frame: str | bytes, time: VenueTime) -> None:
        """Carry out one frame; more than ten in a second end the session."""
        session = self.sessions.get(number)
        if session is None:
            return
        if self._frames.add(str(number), 1, time.true_ns) > self.desk.limits.named("stream-messages").limit:
            self.desk.budgets.cut_off(session.client, time)
            self.end(number, _POLICY, "Too many requests", time)
            return
        try:
            answer = self._answer(session, read_frame(frame), time)
        except FrameError as error:
            answer = error.document()
        if answer is not None:
            self.say((number,), answer, "session")

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
        most = self.desk.limits.named(STREAMS_LIMIT).limit
        if len(session.names.keys() | set(request.names)) > most:
            raise FrameError(2, f"Invalid request: more than {most} streams on one connection", request.id)
        self._subscribe(session, request.names, time)
        answer = {"result": None, "id": request.id}
        if self.desk.switches.on(DELTA_FIRST) and any("@depth" in name for name in request.names):
            session.held_acks.append(to_text(answer))
            self.clocks.after(session.number, "ack", _ACK_HELD_NS, self._ack, time)
            return None
        return answer

    def _ack(self, number: int, time: VenueTime) -> None:
        """Send acknowledgements that were held back."""
        session = self.sessions[number]
        self.clocks.stop(number, "ack")
        held, session.held_acks = session.held_acks, []
        for text in held:
            self.send(Message((number,), text, topic="session"))

    # --- subscriptions ------------------------------------------------------------------------------------------------

    def _subscribe(self, session: Session, names: Iterable[str], time: VenueTime) -> None:
        for name in names:
            if name in session.names:
                continue
            session.names[name] = None
            if is_listen_key(name):
                self._hold_key(session, name)
                continue
            channel = read_name(name, self.desk.listings)
            if channel is not None and session.serves(channel, self.desk.listings):
                self.feeds.join(name, session.number, partial(self._made, channel), time)

    def _made(self, channel: Channel, time: VenueTime) -> Feed:
        return make_feed(channel, self.desk.engine, self.desk.listings, time)

    def _unsubscribe(self, session: Session, names: Iterable[str]) -> None:
        for name in names:
            session.names.pop(name, None)
            self._holders.drop(name, session.number)
            self.feeds.leave(name, session.number)

    # --- the market ---------------------------------------------------------------------------------------------------

    def send_feed(self, feed: Feed, documents: Documents, sessions: tuple[int, ...], time: VenueTime) -> None:
        """Send what a feed says, with the stream's name around it where a session wants that."""
        name, topic = feed.channel.name, feed.channel.topic
        plain = tuple(number for number in sessions if not self.sessions[number].combined)
        wrapped = tuple(number for number in sessions if self.sessions[number].combined)
        for symbol, document in documents:
            if plain:
                self.say(plain, document, topic, symbol, name)
            if wrapped:
                self.say(wrapped, {"stream": name, "data": document}, topic, symbol, name)
        if feed.channel.kind is Kind.DEPTH:
            for number in sessions:
                if self.sessions[number].held_acks:
                    self._ack(number, time)

    # --- the account --------------------------------------------------------------------------------------------------

    def _hold_key(self, session: Session, key: str) -> None:
        owner = self.desk.listen_keys.owner(key)
        if owner is not None and session.carries(owner.product):
            session.account = owner.account
            self._holders.add(key, session.number)

    def tell_accounts(self, events: list[Event], time: VenueTime) -> None:
        """Tell the streams of accounts what concerns them."""
        if self._holders:
            for message in account_messages(self.desk, events, time):
                self._tell_account(message)

    def _tell_account(self, message: AccountMessage) -> None:
        for key in self.desk.listen_keys.heard_by(message.account, message.product):
            for session in [self.sessions[number] for number in self._holders.of(key)]:
                if session.events and message.event not in session.events:
                    continue
                document = {"stream": key, "data": message.document} if session.combined else message.document
                self.say((session.number,), document, message.topic, message.symbol, message.event)

    def key_gone(self, key: str, told: bool, time: VenueTime) -> None:
        """A listen key ended: its sessions stay open and hear nothing more, at most that it ended."""
        for number in self._holders.end(key) if told else ():
            document = expired_event(key, time, as_text=self.desk.switches.on(EXPIRED_AS_TEXT))
            wrapped = {"stream": key, "data": document} if self.sessions[number].combined else document
            self.say((number,), wrapped, "session", label="listenKeyExpired")
        self._holders.end(key)
