"""All sessions: who listens to what, what frames on public and private connections ask for, and silence."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, cast

from venueproof_simulators.engine.events import Event
from venueproof_simulators.host.tokens import token
from venueproof_simulators.host.venue import HttpRequest, VenueTime
from venueproof_simulators.kit import feeds, hub
from venueproof_simulators.kit.documents import Document
from venueproof_simulators.kit.feeds import Documents
from venueproof_simulators.kit.parameters import decode_json
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.kit.sessions import Listeners
from venueproof_simulators.venues.bybit.operations.desk import Desk
from venueproof_simulators.venues.bybit.signing import check_login
from venueproof_simulators.venues.bybit.streams.account import WORDS, AccountMessage, account_messages
from venueproof_simulators.venues.bybit.streams.feeds import Deep, Feed, make_feed
from venueproof_simulators.venues.bybit.streams.names import ACCOUNT_TOPICS, Channel, category_of, read_topic
from venueproof_simulators.venues.bybit.streams.sessions import PATHS, Session, Surface, read_active_s

PONG_SHAPES = "bybit.ws.pong-shapes"
POISON_ALL = "bybit.ws.bad-topic-poisons"
STRICT_PING = "bybit.ws.ping-20s"
JSON_PING_ONLY = "bybit.ws.ping-json-only"
_AWAY = 1000
_SPOT_ARGS = 10
_LETTERS = "0123456789abcdefghijklmnopqrstuv"


class Hub(hub.Hub[Desk, Session]):
    """Every session."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._listeners: Listeners[tuple[str, str]] = Listeners()
        """(account, topic) → sessions."""
        self._envelopes = 0
        self._connections = 0

    # --- sessions -----------------------------------------------------------------------------------------------------

    def open(self, number: int, handshake: HttpRequest, time: VenueTime) -> None:
        """Let a session in. Raises `VenueError`."""
        surface, category = PATHS[handshake.path]
        limits = self.desk.limits
        most_s = limits.named("active").limit
        active_s = read_active_s(handshake.query, limits.named("active-least").limit, most_s)
        self._connections += 1
        self.sessions[number] = Session(
            number=number,
            client=handshake.client,
            surface=surface,
            category=category,
            name=token(self.desk.seed, f"connection-{self._connections}", 20, _LETTERS),
            origin=handshake.origin,
            active_s=active_s if surface in {Surface.PRIVATE, Surface.TRADE} else most_s,
            active_ns=time.true_ns,
        )
        self.clocks.every(number, "sweep", limits.named("sweep").limit * 10**9, self._sweep, time)

    def _sweep(self, number: int, time: VenueTime) -> None:
        """Cut off a session that gave no sign of life for too long."""
        session = self.sessions[number]
        strict_s = self.desk.limits.named("active-strict").limit
        allowed_s = strict_s if self.desk.switches.on(STRICT_PING) else session.active_s
        if time.true_ns - session.active_ns >= allowed_s * 10**9:
            self.end(number, _AWAY, "", time)

    def left(self, session: Session, time: VenueTime) -> None:
        """A session is gone."""
        super().left(session, time)
        guards = self._guards(session)
        self._listeners.drop_session(session.number)
        if guards and not self._guarded(session.account):
            self.desk.guard(self.desk.account(session.account), time)

    def _guards(self, session: Session) -> bool:
        return any(ACCOUNT_TOPICS.get(name) == "dcp" for name in session.names)

    def _guarded(self, account: str) -> bool:
        return any(self._listeners.of((account, name)) for name, topic in ACCOUNT_TOPICS.items() if topic == "dcp")

    def heard(self, number: int, time: VenueTime) -> None:
        """A ping or pong of the protocol itself came in: a sign of life, as far as is known."""
        session = self.sessions.get(number)
        if session is not None and not self.desk.switches.on(JSON_PING_ONLY):
            session.active_ns = time.true_ns

    def log_out(self, account: str, *, silent: bool, time: VenueTime) -> None:
        """Logins of an account are over: their connections end, or (silent) stay open and are dead."""
        for number, session in list(self.sessions.items()):
            if session.account == account and session.surface is Surface.PRIVATE:
                if silent:
                    session.muted = session.dead = True
                else:
                    self.end(number, _AWAY, "", time)

    def restart_books(self, time: VenueTime) -> None:
        """The service began anew: books begin again with a snapshot."""
        for feed in self.feeds:
            if isinstance(feed, Deep):
                self.send_feed(feed, feed.restart(time), tuple(feed.sessions), time)

    # --- frames -------------------------------------------------------------------------------------------------------

    def receive(self, number: int, frame: str | bytes, time: VenueTime) -> None:
        """Carry out one frame of a public or private connection."""
        session = self.sessions.get(number)
        if session is None or session.dead:
            return
        asked = read_frame(frame)
        op = asked.get("op")
        if op == "ping":
            self._pong(session, asked, time)
        elif op == "auth" and session.surface is Surface.PRIVATE:
            self._answer(session, self._login(session, asked, time))
        elif op == "subscribe":
            self._subscribe(session, asked, time)
        elif op == "unsubscribe":
            self._unsubscribe(session, asked)
        else:
            self._answer(session, self._refusal(session, "error:invalid op", asked))

    def _answer(self, session: Session, document: Document) -> None:
        self.say((session.number,), document, "session")

    def _pong(self, session: Session, asked: Document, time: VenueTime) -> None:
        session.active_ns = time.true_ns
        request = _request_id(asked)
        if self.desk.switches.on(PONG_SHAPES):
            document: Document = mixed_pong(session, request)
        elif session.surface is Surface.PRIVATE:
            document = {"req_id": request, "op": "pong", "args": [str(time.wire_ms)], "conn_id": session.name}
        else:
            document = {"success": True, "ret_msg": "pong", "conn_id": session.name, "req_id": request, "op": "ping"}
        self._answer(session, document)

    def _login(self, session: Session, asked: Document, time: VenueTime) -> Document:
        """The answer to an auth frame of the private connection."""
        try:
            session.account = self.login(session, asked, time)
        except VenueError:
            known = {"op": "auth", "args": asked.get("args")}
            return {"success": False, "ret_msg": "error:USVC1111", "conn_id": session.name, "request": known}
        answer: Document = {"success": True, "ret_msg": "", "op": "auth", "conn_id": session.name}
        return answer | {"req_id": _request_id(asked)} if "req_id" in asked else answer

    def login(self, session: Session, asked: Document, time: VenueTime) -> str:
        """Whose key and signature `[key, expires, signature]` are. Raises `VenueError`."""
        args = asked.get("args")
        if not isinstance(args, list) or len(cast(list[object], args)) != 3:
            raise VenueError("login-params")
        key, expires, signature = (str(part) for part in cast(list[object], args))
        account = self.desk.holder(key, session.origin)
        if account is None:
            raise VenueError("api-key-unknown")
        check_login(account.secret, expires, signature, time)
        return account.name

    # --- subscriptions ------------------------------------------------------------------------------------------------

    def _subscribe(self, session: Session, asked: Document, time: VenueTime) -> None:
        """All topics of a request, or none of them."""
        names = _names(asked)
        fault = self._fault(session, names)
        if fault:
            if self.desk.switches.on(POISON_ALL) and fault.startswith("error:handler"):
                session.muted = True
            self._answer(session, self._refusal(session, fault, asked, op="subscribe"))
            return
        said = "subscribe" if session.surface is Surface.PUBLIC else ""
        self._answer(session, _acknowledged(session, said, asked, "subscribe"))
        for name in names:
            self._join(session, name, time)

    def _fault(self, session: Session, names: Sequence[str]) -> str:
        """Why a request to subscribe is refused; empty when it is not."""
        if session.surface is Surface.PRIVATE and not session.account:
            return "Request not authorized"
        if not names:
            return "error:invalid args"
        if session.category == "spot" and len(names) > _SPOT_ARGS:
            return f"args size >{_SPOT_ARGS}"
        most = self.desk.limits.named("topics-text").limit
        if sum(len(name) for name in {*session.names, *names}) > most:
            return f"args text size >{most}"
        bad = next((name for name in names if not self._exists(session, name)), None)
        if bad is not None:
            return f"error:handler not found,topic:{bad}"
        again = next((name for name in names if name in session.names), None)
        if again is not None and session.surface is Surface.PUBLIC:
            return f"error:already subscribed,topic:{again}"
        return "error:args conflict" if _mixes(names) else ""

    def _exists(self, session: Session, name: str) -> bool:
        if session.surface is Surface.PRIVATE:
            return name in ACCOUNT_TOPICS
        if session.surface is Surface.STATUS:
            return name == "system.status"
        return read_topic(name, session.category, self.desk) is not None

    def _join(self, session: Session, name: str, time: VenueTime) -> None:
        session.names[name] = None
        if session.surface is Surface.PRIVATE:
            self._listeners.add((session.account, name), session.number)
            if ACCOUNT_TOPICS[name] == "dcp":
                self.desk.relieve(self.desk.account(session.account))
        elif session.surface is Surface.PUBLIC:
            channel = cast(Channel, read_topic(name, session.category, self.desk))
            self.feeds.join(name, session.number, partial(self._made, channel), time)

    def _made(self, channel: Channel, time: VenueTime) -> Feed:
        return make_feed(channel, self.desk, time)

    def _unsubscribe(self, session: Session, asked: Document) -> None:
        names = _names(asked)
        for name in names:
            session.names.pop(name, None)
            self.feeds.leave(name, session.number)
            self._listeners.drop((session.account, name), session.number)
        self._answer(session, _acknowledged(session, "", asked, "unsubscribe"))

    def _refusal(self, session: Session, text: str, asked: Document, op: str = "") -> Document:
        refusal: Document = {"success": False, "ret_msg": text, "conn_id": session.name}
        if op:
            return refusal | {"req_id": _request_id(asked), "op": op}
        return refusal | {"request": {"op": _op(asked), "args": None}}

    # --- what is sent -------------------------------------------------------------------------------------------------

    def send_feed(
        self, feed: feeds.Feed[Any, Any], documents: Documents, sessions: tuple[int, ...], time: VenueTime
    ) -> None:
        """Send what a feed says to those who may hear anything."""
        heard = self._alive(sessions, time)
        if heard:
            super().send_feed(feed, documents, heard, time)

    def _alive(self, numbers: Sequence[int], time: VenueTime) -> tuple[int, ...]:
        """Sessions that data is sent to; data is a sign of life, unless only pings are."""
        found = [self.sessions[number] for number in numbers if not self.sessions[number].muted]
        if not self.desk.switches.on(STRICT_PING):
            for session in found:
                session.active_ns = time.true_ns
        return tuple(session.number for session in found)

    def tell_accounts(self, events: list[Event], time: VenueTime) -> None:
        """Tell sessions of accounts what concerns them."""
        if self._listeners:
            for message in account_messages(self.desk, events, time):
                self._tell(message, time)

    def _tell(self, message: AccountMessage, time: VenueTime) -> None:
        names = [name for name, topic in ACCOUNT_TOPICS.items() if topic == message.topic]
        for name in names:
            wanted = category_of(name)
            listening = self._listeners.of((message.account, name))
            if not listening or wanted not in {"", message.category}:
                continue
            heard = self._alive(listening, time)
            document = self._envelope(name, message, time)
            if heard:
                self.say(heard, document, WORDS[message.topic], message.symbol, name)

    def _envelope(self, name: str, message: AccountMessage, time: VenueTime) -> Document:
        rest = {"topic": name, "creationTime": time.wire_ms, "data": [message.row]}
        if message.topic == "execution.fast":
            return rest
        self._envelopes += 1
        return {"id": f"{token(self.desk.seed, f'envelope-{self._envelopes}', 24, _LETTERS)}", **rest}

    def tell_status(self, state: str, begin_ms: int, end_ms: int, time: VenueTime) -> None:
        """Tell of a maintenance: scheduled, ongoing or completed."""
        row = {
            "id": f"maintenance-{begin_ms}",
            "title": "System maintenance",
            "state": state,
            "begin": str(begin_ms),
            "end": str(end_ms),
            "href": "",
            "serviceTypes": [1, 2, 3, 4, 5],
            "product": [1, 2],
            "uidSuffix": [],
            "maintainType": 1,
            "env": 1,
        }
        heard = tuple(number for number, one in self.sessions.items() if "system.status" in one.names)
        if heard:
            document = {"topic": "system.status", "ts": time.wire_ms, "data": [row]}
            self.say(self._alive(heard, time), document, "other", label="system.status")


def read_frame(frame: str | bytes) -> Document:
    """A frame as an object; an empty one for whatever is none."""
    try:
        found = decode_json(frame)
    except VenueError:
        return {}
    return cast(Document, found) if isinstance(found, dict) else {}


def mixed_pong(session: Session, request: str) -> Document:
    """The one shape that people report of every socket: it has something of all."""
    return {
        "op": "pong",
        "ret_msg": "pong",
        "conn_id": session.name,
        "ret_code": 0,
        "success": True,
        "req_id": request,
    }


def _op(asked: Document) -> str:
    value = asked.get("op")
    return "" if value is None else str(value)


def _request_id(asked: Document) -> str:
    value = asked.get("req_id", "")
    return str(value) if isinstance(value, str | int) else ""


def _names(asked: Document) -> list[str]:
    """The topics of a request; none where they are not a list of texts."""
    args = asked.get("args")
    found = cast(list[object], args) if isinstance(args, list) else []
    names = [name for name in found if isinstance(name, str)]
    return list(dict.fromkeys(names)) if len(names) == len(found) else []


def _mixes(names: Sequence[str]) -> bool:
    """Whether a request names a topic for all categories and the same for one."""
    whole = {ACCOUNT_TOPICS.get(name) for name in names if not category_of(name)}
    return any(ACCOUNT_TOPICS.get(name) in whole for name in names if category_of(name) and name in ACCOUNT_TOPICS)


def _acknowledged(session: Session, text: str, asked: Document, op: str) -> Document:
    return {"success": True, "ret_msg": text, "conn_id": session.name, "req_id": _request_id(asked), "op": op}
