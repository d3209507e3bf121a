"""The one place where a venue is called: each call is guarded, timed and followed by sending what came of it.

A venue that raises has a bug. The run is told so (`faults`), the client gets an internal error, and the harness never
takes it for the adapter's failure.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from typing import ParamSpec, TypeVar, cast

import msgspec

from venueproof_simulators.engine.commands import Command
from venueproof_simulators.engine.events import Event
from venueproof_simulators.host.agenda import Agenda, Entry
from venueproof_simulators.host.delivery import Delivery, as_text
from venueproof_simulators.host.journal import Journal, RowKind
from venueproof_simulators.host.lagging import Input, LaggedVenue
from venueproof_simulators.host.session import Session
from venueproof_simulators.host.timekeeping import NS_PER_MS, Timekeeper
from venueproof_simulators.host.venue import (
    Classified,
    CloseSession,
    FrameErrors,
    HearsControl,
    HttpReply,
    HttpRequest,
    Idles,
    Message,
    Outgoing,
    Ping,
    Venue,
    VenueTime,
)

_LOGGER = logging.getLogger("venueproof.host")

ENGINE_OPERATIONS = frozenset(
    {"place", "place_many", "amend", "cancel", "cancel_all", "set_leverage", "set_margin_mode", "set_position_mode"}
)
"""Operations that a venue cannot carry out while its matching engine is away."""
ENGINE_AWAY = "engine-restart"
"""The row of a venue's error table for them."""
INTERNAL_ERROR = HttpReply(500, b"internal error of the simulator", content_type="text/plain")

_NOTHING: tuple[Sequence[Outgoing], int | None] = ((), None)

Send = Callable[[Message], None]
P = ParamSpec("P")
T = TypeVar("T")


def _instead(past: Message, send: Send, message: Message) -> None:
    """Send `past` in place of the answer to the same operation, and everything else as it is."""
    is_answer = message.operation == past.operation and message.sessions == past.sessions
    send(past if is_answer else message)


class Driver:
    """Tells the venue and sends what it says."""

    def __init__(self, venue: Venue, times: Timekeeper, delivery: Delivery, timers: Agenda, journal: Journal) -> None:
        """`timers` carries the wish of the venue to be woken."""
        self.venue = venue
        self.faults: list[str] = []
        self._times = times
        self._delivery = delivery
        self._timers = timers
        self._journal = journal
        self._wake: Entry | None = None
        self._lags: dict[str, LaggedVenue] = {}
        self._engine_away_until_ns = 0
        self._ban_until_ns = 0
        self._clients: dict[str, None] = {}

    # --- requests and frames --------------------------------------------------------------------------------------

    def classify(self, request: HttpRequest) -> Classified:
        """What a request asks for."""
        return self.guarded(Classified("other"), self.venue.classify, request)

    def handle(self, request: HttpRequest, operation: str) -> HttpReply:
        """Carry out a request."""
        self.meet_client(request.client)
        time = self._times.time()
        if self.engine_away(operation):
            return self.error_reply("", ENGINE_AWAY, request)
        reply = self.guarded(INTERNAL_ERROR, self.venue.handle, request, time)
        if self._lags:
            reply = self._lagged(request, operation, reply, time)
        self.pump(time=time)
        return reply

    def _lagged(self, request: HttpRequest, operation: str, reply: HttpReply, time: VenueTime) -> HttpReply:
        """What a lagging operation answers; `reply` for any other."""
        lagged = self._lags.get(operation)
        self._remember(operation, lambda venue, then: venue.handle(request, then), time)
        if lagged is None or reply.status >= 400:
            return reply
        past = self.guarded(reply, lagged.answer, request, time)
        return msgspec.structs.replace(past, headers=reply.headers)

    def open(self, session: Session, handshake: HttpRequest) -> HttpReply | None:
        """A WebSocket asks to be let in. What the venue says at once is sent by the next `pump`."""
        self.meet_client(handshake.client)
        number = session.number
        reply = self._told(lambda venue, time: venue.open(number, handshake, time), INTERNAL_ERROR)
        return reply if isinstance(reply, HttpReply) else None

    def classify_frame(self, session: Session, frame: str | bytes) -> Classified:
        """What a frame asks for."""
        return self.guarded(Classified("other"), self.venue.classify_frame, session.number, frame)

    def receive(self, session: Session, frame: str | bytes, operation: str, send: Send | None = None) -> None:
        """A frame came in. `send` decides about what the venue says to it; None sends it."""
        number, time = session.number, self._times.time()
        self._remember(operation, lambda venue, then: venue.receive(number, frame, then), time)
        self.guarded(None, self.venue.receive, number, frame, time)
        lagged = self._lags.get(operation)
        past = self.guarded(None, lagged.answer_frame, number, frame, time) if lagged is not None else None
        self.pump(send if past is None else partial(_instead, past, send or self._delivery.send))

    def heard(self, session: Session, label: str) -> None:
        """A ping or pong of the protocol came in."""
        number = session.number
        if isinstance(self.venue, HearsControl):
            self._told(lambda venue, time: cast(HearsControl, venue).heard(number, label, time), None)
            self.pump()

    def closed(self, session: Session) -> None:
        """A session is gone."""
        number = session.number
        self._told(lambda venue, time: venue.closed(number, time), None)
        self.pump()

    def engine_away(self, operation: str) -> bool:
        """Does an operation need the engine, and is it away?"""
        until_ns = self._engine_away_until_ns
        return until_ns > 0 and operation in ENGINE_OPERATIONS and self._times.time().age_ns < until_ns

    def error_frame(self, session: Session, frame: str | bytes, reason: str, error: str) -> str | bytes:
        """The venue's own error as an answer to a frame."""
        venue, time = self.venue, self._times.time()
        if isinstance(venue, FrameErrors):
            return venue.error_frame(session.number, frame, reason, error, time)
        return as_text(venue.error_reply(reason, error, None, time).body)

    def error_reply(self, reason: str, error: str, request: HttpRequest | None) -> HttpReply:
        """The venue's own error. Raises `LookupError` when its table has none for it."""
        return self.venue.error_reply(reason, error, request, self._times.time())

    def error_or(self, error: str, otherwise: HttpReply) -> HttpReply:
        """The venue's own error for what came in and is no request, `otherwise` when its table has none for it."""
        try:
            return self.error_reply("", error, None)
        except LookupError:
            return otherwise

    # --- from behind ----------------------------------------------------------------------------------------------

    def command(self, command: Command) -> list[Event]:
        """Tell the engine something. Errors are the caller's."""
        events: list[Event] = []
        self.tell(lambda venue, time: events.extend(venue.command(command, time)))
        return events

    def tell(self, told: Input) -> None:
        """Tell the venue something from behind; what it says to it is sent. Errors are the caller's."""
        time = self._times.time()
        told(self.venue, time)
        self._remember("", told, time)
        self.advance()

    def advance(self) -> None:
        """Let everything happen that is due."""
        self._told(lambda venue, time: venue.advance(time), None)
        self.pump()

    def lag(self, operation: str, by_ns: int) -> None:
        """Let replies to an operation lag; 0 ends it."""
        if by_ns <= 0:
            self._lags.pop(operation, None)
        elif operation in self._lags:
            self._lags[operation].by_ns = by_ns
        else:
            self._lags[operation] = LaggedVenue(self.venue, by_ns)

    def largest_lag_ns(self) -> int:
        """The longest lag in force."""
        return max((lagged.by_ns for lagged in self._lags.values()), default=0)

    def send_engine_away(self, for_ns: int) -> None:
        """The engine is away for so long. Raises `LookupError` when the venue has no error for that."""
        self.error_reply("", ENGINE_AWAY, None)
        until_ns = self._engine_away_until_ns = self._times.time().age_ns + for_ns
        if isinstance(self.venue, Idles):
            self.tell(lambda venue, time: cast(Idles, venue).idle(until_ns, time))

    def ban(self, for_ns: int) -> None:
        """Ban every client address, also one that shows up later."""
        self._ban_until_ns = self._times.time().age_ns + for_ns
        for client in self._clients:
            self._ban_client(client)

    def meet_client(self, client: str) -> None:
        """Note a client's address."""
        if client not in self._clients:
            self._clients[client] = None
            if self._times.time().age_ns < self._ban_until_ns:
                self._ban_client(client)

    def _ban_client(self, client: str) -> None:
        until_ns = self._ban_until_ns
        self.tell(lambda venue, time: venue.ban(client, until_ns, time))

    # --- what comes of it -----------------------------------------------------------------------------------------

    def pump(self, send: Send | None = None, time: VenueTime | None = None) -> None:
        """Send what the venue has said since the last time, and let it be woken when it wants to. `time` is now."""
        said, due_ns = self.guarded(_NOTHING, self._said, time or self._times.time())
        for outgoing in said:
            if isinstance(outgoing, Message):
                (send or self._delivery.send)(outgoing)
            elif isinstance(outgoing, CloseSession):
                self._close(outgoing)
            else:
                self._ping(outgoing)
        self._arm(due_ns)

    def _said(self, time: VenueTime) -> tuple[Sequence[Outgoing], int | None]:
        """What is to be sent, and when the venue wants to be woken."""
        return self.venue.take_outgoing(), self.venue.next_due_ns(time)

    def _close(self, close: CloseSession) -> None:
        session = self._delivery.sessions.get(close.session)
        if session is not None:
            note = partial(self._note, RowKind.CLOSE, session, f"{close.code} {close.reason}".strip())
            self._delivery.act(session, lambda one: one.close(close.code, close.reason), note)

    def _ping(self, ping: Ping) -> None:
        session = self._delivery.sessions.get(ping.session)
        if session is not None:
            note = partial(self._note, RowKind.FRAME_OUT, session, "ping")
            self._delivery.act(session, lambda one: one.ping(ping.payload, ping.timeout_ns), note)

    def _note(self, kind: RowKind, session: Session, label: str) -> None:
        self._journal.add(kind, self._times.now_ns(), (session.number,), label=label)

    def _arm(self, due_ns: int | None) -> None:
        wake = self._wake
        if wake is not None:
            if due_ns is not None and wake.due_ns == due_ns:
                return
            self._timers.cancel(wake)
            self._wake = None
        if due_ns is not None:
            self._wake = self._timers.at(due_ns, self._woken)

    def _woken(self) -> None:
        self._wake = None
        woken_ns = self._times.now_ns()
        self.advance()
        self._forbid_standstill(woken_ns)

    def _forbid_standstill(self, woken_ns: int) -> None:
        """What was due when the venue was woken is done; what fell due while it was busy is no fault."""
        wake = self._wake
        if wake is not None and wake.due_ns <= woken_ns:
            self.fault("the venue wants to be woken at a time that has passed")
            self._timers.cancel(wake)
            self._wake = self._timers.at(self._times.now_ns() + NS_PER_MS, self._woken)

    # --- guarding -------------------------------------------------------------------------------------------------

    def guarded(self, otherwise: T, call: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
        """What `call` gives; when it raises, that is a fault and `otherwise` is given."""
        try:
            return call(*given, **named)
        except Exception:
            self.fault(traceback.format_exc())
            return otherwise

    def fault(self, what: str) -> None:
        """The simulator itself broke."""
        what = self._journal.blank(what)
        self.faults.append(what)
        _LOGGER.error("the simulator of %s broke: %s", self.venue.manifest.name, what)

    def _told(self, told: Input, otherwise: object) -> object:
        time = self._times.time()
        self._remember("", told, time)
        return self.guarded(otherwise, told, self.venue, time)

    def _remember(self, operation: str, told: Input, time: VenueTime) -> None:
        for lagged_operation, lagged in self._lags.items():
            if lagged_operation != operation:
                lagged.hear(time, told)
