"""WebSocket: a JSON-RPC request a frame, its `id` given back. Answers need not come in the order of the requests."""

from __future__ import annotations

from venueproof_simulators.host.venue import Classified, Message, VenueTime
from venueproof_simulators.kit.documents import Document, to_text
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.kit.routes import Seen
from venueproof_simulators.venues.deribit.operations.desk import Desk
from venueproof_simulators.venues.deribit.operations.sessions import Session
from venueproof_simulators.venues.deribit.routes.calls import Caller, Calls
from venueproof_simulators.venues.deribit.routes.envelope import Request, read_text
from venueproof_simulators.venues.deribit.streams.hub import Hub
from venueproof_simulators.venues.deribit.wire.envelope import answer, error

_TOO_BIG = 1009
_CUTTING = frozenset({"too-many-requests"})


class Frames:
    """Answers frames."""

    def __init__(self, desk: Desk, calls: Calls, hub: Hub) -> None:
        self._desk = desk
        self._calls = calls
        self._hub = hub
        self._seen: Seen[str | bytes, Request] = Seen(read_text)

    def classify(self, text: str | bytes) -> Classified:
        """The neutral word for a frame."""
        request = self._seen.of(text)
        method = self._calls.method(request)
        neutral = method.neutral if method is not None else "other"
        return Classified(neutral, self._calls.symbol(request.parameters), request.method or "frame")

    def receive(self, number: int, text: str | bytes, time: VenueTime) -> None:
        """Carry out a frame, and answer it."""
        session = self._hub.sessions.get(number)
        if session is None:
            return
        if len(text.encode() if isinstance(text, str) else text) > self._desk.limits.named("frame-bytes").limit:
            self._hub.end(number, _TOO_BIG, "Message Too Big: limit 32768B", time)
            return
        request = self._seen.of(text)
        self._hub.heard(session, request.method, time)
        self._answer(session, text, request, time)

    def _answer(self, session: Session, text: str | bytes, request: Request, time: VenueTime) -> None:
        try:
            if request.fault is None and request.id is None:
                raise VenueError("id-required")
            result = self._calls.carry_out(request, Caller(session.client, session), time)
        except VenueError as refusal:
            self._send(session, text, self.error(session, text, refusal, time))
            if refusal.key in _CUTTING and self._desk.budgets.cuts_off:
                self._hub.cut_off(session.number, "too_many_requests", time)
            return
        method = self._calls.method(request)
        if method is not None and not method.silent:
            self._send(session, text, answer(request.id, result, session.testnet, time))
        if session.number in self._hub.sessions:
            self._hub.greet(session, time)

    def _send(self, session: Session, text: str | bytes, document: Document) -> None:
        said = self.classify(text)
        self._hub.send(
            Message(
                (session.number,),
                to_text(document),
                topic="session",
                instrument=said.instrument,
                operation=said.operation,
                label=said.label,
            )
        )

    def error(self, session: Session | None, text: str | bytes, refusal: VenueError, time: VenueTime) -> Document:
        """An error as the answer to a frame. Raises `LookupError` for a key that the table has not."""
        row, testnet = self._desk.errors.row(refusal.key), session is not None and session.testnet
        return error(self._seen.of(text).id, row, refusal.fields, testnet, time)
