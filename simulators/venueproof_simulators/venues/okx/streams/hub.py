"""All sessions: logins, subscriptions, what is sent to whom, silence, notices before the venue hangs up."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from venueproof_simulators.engine.events import Event
from venueproof_simulators.host.tokens import token
from venueproof_simulators.host.venue import HttpRequest, Message, VenueTime
from venueproof_simulators.host.windows import FixedWindow
from venueproof_simulators.kit import hub
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.kit.sessions import Listeners
from venueproof_simulators.venues.okx.operations.account import balance_of, position_of
from venueproof_simulators.venues.okx.operations.algos import document as algo_document
from venueproof_simulators.venues.okx.operations.answers import worded
from venueproof_simulators.venues.okx.operations.desk import Account, Desk
from venueproof_simulators.venues.okx.streams.account import ADVANCE_CHANNEL, Told, account_messages, both_document
from venueproof_simulators.venues.okx.streams.control import (
    LOGIN,
    SUBSCRIBE,
    UNSUBSCRIBE,
    Request,
    arg_of,
    read_frame,
)
from venueproof_simulators.venues.okx.streams.feeds import make_feed
from venueproof_simulators.venues.okx.streams.login import check_login
from venueproof_simulators.venues.okx.streams.names import (
    MARKET,
    MIGRATED,
    PRIVATE,
    Kind,
    check_private,
    check_url,
    described,
    key_of,
    read_channel,
)
from venueproof_simulators.venues.okx.streams.sessions import Opening, Session
from venueproof_simulators.venues.okx.wire.algos import advance_event, state_word
from venueproof_simulators.venues.okx.wire.numbers import Document, atoms_text, ms

SILENT_BEFORE_LOGIN = "okx.ws.subscribe-before-login"
FILLS_TIER = "okx.ws.fills-tier"
PING = ("ping", b"ping")
"""What a client says to stay connected: plain text."""
_IDLE_CODE, _IDLE_REASON = 4004, "no data received in 30s."
_LOGIN_FAILED = 4001
_GOING_AWAY = 1001
_UPDATE_NS = 5 * 10**9
_UPDATED = ("account", "positions")
"""Channels that go on by the clock."""
Orders = Callable[[Session, Request, VenueTime], Message]


class Hub(hub.Hub[Desk, Session]):
    """Every session."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._private: Listeners[tuple[str, str]] = Listeners()
        """(account, channel) → sessions that have subscribed to it."""
        self._operations = FixedWindow(desk.limits.named("socket-operations").interval_s)
        self._idle_ns = desk.limits.named("socket-idle").interval_s * 10**9
        self.orders: Orders | None = None
        """Carries out operations on orders."""

    # --- sessions -----------------------------------------------------------------------------------------------------

    def open(self, number: int, opening: Opening, handshake: HttpRequest, time: VenueTime) -> None:
        """Let a session in."""
        self.sessions[number] = Session(
            number=number,
            client=handshake.client,
            url=opening.url,
            demo=opening.demo,
            connection=token(self.desk.seed, f"connection-{number}", 8, "0123456789abcdef"),
            origin=handshake.origin,
        )
        self._watch(number, time)

    def _watch(self, number: int, time: VenueTime) -> None:
        self.clocks.after(number, "silence", self._idle_ns, self._silent, time)

    def _silent(self, number: int, time: VenueTime) -> None:
        """Nothing came in for so long: unless something went out meanwhile, that is the end."""
        session = self.sessions[number]
        if session.spoken:
            session.spoken = False
            self._watch(number, time)
        else:
            self.end(number, _IDLE_CODE, _IDLE_REASON, time)

    def left(self, session: Session, time: VenueTime) -> None:
        """A session is gone."""
        super().left(session, time)
        self._private.drop_session(session.number)
        self._operations.forget(str(session.number))

    def say(self, sessions: tuple[int, ...], document: object, topic: str, symbol: str = "", label: str = "") -> None:
        """Send a document."""
        for number in sessions:
            session = self.sessions.get(number)
            if session is not None:
                session.spoken = True
        super().say(sessions, document, topic, symbol, label)

    def announce_upgrade(self, time: VenueTime) -> None:
        """Every session is told that it will be closed, and is, a minute later."""
        for number, session in tuple(self.sessions.items()):
            self.announce(number, session, time)

    def announce(self, number: int, session: Session, time: VenueTime) -> None:
        """One session is told so."""
        row = self.desk.limits.named("service-upgrade")
        code, text = worded(self.desk, VenueError("ws-upgrade"))
        document = {"event": "notice", "code": code, "msg": text, "connId": session.connection}
        self.say((number,), document, "session", label="notice")
        self.clocks.after(number, "upgrade", row.interval_s * 10**9, self._hang_up, time)

    def hang_up_accounts(self, account: str, *, silent: bool, time: VenueTime) -> None:
        """End what is logged in: with a notice and a minute's grace, or without a word."""
        for number, session in tuple(self.sessions.items()):
            if session.account != account:
                continue
            if silent:
                self.left(session, time)
                for channel in _UPDATED:
                    self.clocks.stop(number, channel)
                session.args, session.names, session.account = {}, {}, ""
            else:
                self.announce(number, session, time)

    def _hang_up(self, number: int, time: VenueTime) -> None:
        self.end(number, _GOING_AWAY, "service upgrade", time)

    # --- frames -------------------------------------------------------------------------------------------------------

    def read(self, frame: str | bytes) -> Request:
        """What a frame asks for. Raises `VenueError`."""
        return read_frame(frame, self.desk.limits.named("frame-bytes").limit)

    def receive(self, number: int, frame: str | bytes, time: VenueTime) -> None:
        """Carry out one frame."""
        session = self.sessions.get(number)
        if session is None:
            return
        session.spoken = False
        self._watch(number, time)
        if frame in PING:
            self.send(Message((number,), "pong", topic="session", label="pong"))
            return
        try:
            self._carry_out(session, self.read(frame), time)
        except VenueError as error:
            self.refuse(session, error)

    def _carry_out(self, session: Session, request: Request, time: VenueTime) -> None:
        if request.op in (LOGIN, SUBSCRIBE, UNSUBSCRIBE):
            self._count(session, time)
        if request.op == LOGIN:
            self._login(session, request, time)
        elif request.op == SUBSCRIBE:
            for row in request.args:
                self._each(session, row, request, self._subscribe, time)
        elif request.op == UNSUBSCRIBE:
            for row in request.args:
                self._each(session, row, request, self._unsubscribe, time)
        elif self.orders is not None:
            self.send(self.orders(session, request, time))

    def _count(self, session: Session, time: VenueTime) -> None:
        most = self.desk.limits.named("socket-operations").limit
        if self._operations.add(str(session.number), 1, time.age_ns) > most:
            raise VenueError("ws-too-many")

    def _each(
        self,
        session: Session,
        row: dict[str, object],
        request: Request,
        deed: Callable[[Session, dict[str, str], str, VenueTime], None],
        time: VenueTime,
    ) -> None:
        """Each argument is acknowledged or refused by itself."""
        arg: dict[str, str] = {}
        try:
            arg = arg_of(row)
            deed(session, arg, request.id, time)
        except VenueError as error:
            named = VenueError(error.key, **{"channel": described(arg), **error.fields})
            self.refuse(session, named, request.id)

    def refuse(self, session: Session, error: VenueError, id: str = "") -> None:
        """Tell a session what was wrong."""
        code, text = worded(self.desk, error)
        document: Document = {"event": "error", "code": code, "msg": text, "connId": session.connection}
        self.say((session.number,), ({"id": id} if id else {}) | document, "session", label="error")

    # --- identity -----------------------------------------------------------------------------------------------------

    def _login(self, session: Session, request: Request, time: VenueTime) -> None:
        if session.account:
            raise VenueError("ws-logged-in")
        try:
            account = check_login(self.desk, session, request.args, time)
        except VenueError as error:
            self.refuse(session, error)
            self.end(session.number, _LOGIN_FAILED, "Login failed.", time)
            return
        session.account = account.name
        document = {"event": "login", "msg": "", "code": "0", "connId": session.connection}
        self.say((session.number,), document, "session", label="login")

    # --- subscriptions ------------------------------------------------------------------------------------------------

    def _subscribe(self, session: Session, arg: dict[str, str], id: str, time: VenueTime) -> None:
        if "uly" in arg:
            raise VenueError("ws-uly")
        kind = check_url(arg["channel"], session.url, migrated=self.desk.switches.on(MIGRATED))
        if arg["channel"] in MARKET:
            self._subscribe_market(session, arg, kind, id, time)
        else:
            self._subscribe_private(session, arg, kind, id, time)

    def _ack(self, session: Session, event: str, arg: dict[str, str], id: str) -> None:
        document: Document = {"event": event, "arg": arg, "connId": session.connection}
        self.say((session.number,), ({"id": id} if id else {}) | document, "session", label=event)

    def _subscribe_market(self, session: Session, arg: dict[str, str], kind: Kind, id: str, time: VenueTime) -> None:
        channel = read_channel(arg, kind, self.desk.listings)
        if kind.tier:
            if not session.account:
                raise VenueError("ws-login-first")
            raise VenueError(kind.tier)
        self._ack(session, SUBSCRIBE, arg, id)
        session.names[channel.name] = None
        self.feeds.join(channel.name, session.number, partial(make_feed, self.desk, channel), time)

    def _subscribe_private(self, session: Session, arg: dict[str, str], kind: Kind, id: str, time: VenueTime) -> None:
        check_private(arg, kind, self.desk.listings)
        if not session.account:
            if not self.desk.switches.on(SILENT_BEFORE_LOGIN):
                raise VenueError("ws-login-first")
            self._ack(session, SUBSCRIBE, arg, id)
            return
        if kind.tier and self.desk.switches.on(FILLS_TIER):
            raise VenueError(kind.tier)
        channel = arg["channel"]
        self._ack(session, SUBSCRIBE, arg, id)
        session.args[key_of(arg)] = arg
        self._private.add((session.account, channel), session.number)
        self._count_connections(session, channel)
        account = self.desk.account(session.account)
        self._first(session, arg, account, time)
        if channel in _UPDATED and '"updateInterval":"0"' not in arg.get("extraParams", "").replace(" ", ""):
            self.clocks.every(session.number, channel, _UPDATE_NS, partial(self._update, channel), time)

    def _count_connections(self, session: Session, channel: str) -> None:
        count = len(self._private.of((session.account, channel)))
        too_many = count > self.desk.limits.named("channel-connections").limit
        event = "channel-conn-count-error" if too_many else "channel-conn-count"
        document = {"event": event, "channel": channel, "connCount": str(count), "connId": session.connection}
        self.say((session.number,), document, "session", label=event)
        if too_many:
            self._forget_private(session, channel)

    def _unsubscribe(self, session: Session, arg: dict[str, str], id: str, time: VenueTime) -> None:
        kind = check_url(arg["channel"], session.url, migrated=self.desk.switches.on(MIGRATED))
        if arg["channel"] in PRIVATE:
            session.args.pop(key_of(arg), None)
            if not any(other["channel"] == arg["channel"] for other in session.args.values()):
                self._forget_private(session, arg["channel"])
        else:
            channel = read_channel(arg, kind, self.desk.listings)
            session.names.pop(channel.name, None)
            self.feeds.leave(channel.name, session.number)
        self._ack(session, UNSUBSCRIBE, arg, id)

    def _forget_private(self, session: Session, channel: str) -> None:
        session.args = {key: arg for key, arg in session.args.items() if arg["channel"] != channel}
        self._private.drop((session.account, channel), session.number)
        self.clocks.stop(session.number, channel)

    # --- the account --------------------------------------------------------------------------------------------------

    def _first(self, session: Session, arg: dict[str, str], account: Account, time: VenueTime) -> None:
        """What a channel of the account says on joining."""
        channel = arg["channel"]
        if channel in _UPDATED:
            self._whole(session, arg, account, "snapshot", time)
        elif channel == "balance_and_position":
            self._tell(session, arg, [self._both(account, time)], "position", "", "")
        elif channel == ADVANCE_CHANNEL:
            rows = [
                advance_event(algo_document(self.desk, algo, time), time)
                for algo in self.desk.keep.algos.values()
                if algo.account == account.name
                and algo.kind == "move_order_stop"
                and state_word(self.desk.waiting_of(algo)) == "live"
            ]
            self._tell(session, arg, rows, "order", "", "")

    def _both(self, account: Account, time: VenueTime) -> Document:
        balances: list[Document] = [
            {
                "ccy": one.asset,
                "cashBal": atoms_text(one.wallet_atoms),
                "uTime": ms(time, self.desk.cash.paid_ns(account.name, one.asset)),
            }
            for one in self.desk.engine.balances(account.name)
            if one.wallet_atoms
        ]
        rows = self._positions(account, time)
        return both_document("snapshot", balances, rows, [], time)

    def _positions(self, account: Account, time: VenueTime) -> list[Document]:
        held = self.desk.engine.positions(account.name)
        return [position_of(self.desk, account, state, time) for state in held if state.lots]

    def _whole(self, session: Session, arg: dict[str, str], account: Account, word: str, time: VenueTime) -> None:
        if arg["channel"] == "account":
            rows, topic = [balance_of(self.desk, account, time, _coins(arg))], "balance"
        else:
            rows = [row for row in self._positions(account, time) if _fits(arg, row)]
            topic = "position"
        self._tell(session, arg, rows, topic, "", word)

    def _update(self, channel: str, number: int, time: VenueTime) -> None:
        """What is sent every few seconds, changed or not."""
        session = self.sessions[number]
        account = self.desk.account(session.account)
        for arg in tuple(session.args.values()):
            if arg["channel"] == channel:
                self._whole(session, arg, account, "interval_update", time)

    def tell_accounts(self, events: list[Event], time: VenueTime) -> None:
        """Tell sessions of accounts what concerns them."""
        if not self._private:
            return
        for told in account_messages(self.desk, events, time):
            for number in self._private.of((told.account, told.channel)):
                self._tell_session(self.sessions[number], told)

    def _tell_session(self, session: Session, told: Told) -> None:
        symbol = self.desk.symbol_of(told.instrument)
        for arg in tuple(session.args.values()):
            if arg["channel"] != told.channel:
                continue
            rows = [row for row in told.rows if _fits(arg, row) or told.channel in ("account", "balance_and_position")]
            if rows:
                self._tell(session, arg, rows, told.topic, symbol, told.event_type)

    def _tell(
        self, session: Session, arg: dict[str, str], rows: list[Document], topic: str, symbol: str, word: str
    ) -> None:
        """One message of a channel of the account."""
        uid = self.desk.account(session.account).uid
        document: dict[str, Any] = {"arg": arg | {"uid": uid}}
        if word:
            document |= {"eventType": word, "curPage": 1, "lastPage": True}
        document["data"] = rows
        self.say((session.number,), document, topic, symbol, arg["channel"])


def _coins(arg: dict[str, str]) -> frozenset[str] | None:
    return frozenset({arg["ccy"]}) if "ccy" in arg else None


def _fits(arg: dict[str, str], row: Document) -> bool:
    """Whether a row is of what a subscription asks for."""
    name = str(row.get("instId", ""))
    return (
        arg.get("instType", "ANY") in ("ANY", row.get("instType", "SWAP"))
        and arg.get("instId", name) == name
        and arg.get("instFamily", "") in ("", name.removesuffix("-SWAP"))
        and arg.get("algoId", "") in ("", str(row.get("algoId", "")))
    )
