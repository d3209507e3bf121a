"""The trade connection: from a frame to its answer. It carries orders only; what came of them the streams tell."""

from __future__ import annotations

from typing import cast

from venueproof_simulators.host.tokens import token
from venueproof_simulators.host.venue import Classified, VenueTime
from venueproof_simulators.kit.documents import Document, to_text
from venueproof_simulators.kit.parameters import as_text
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.bybit.operations.desk import Desk
from venueproof_simulators.venues.bybit.operations.parameters import Parameters, read_object
from venueproof_simulators.venues.bybit.routes.admission import Admission, Answer, budget_headers
from venueproof_simulators.venues.bybit.routes.table import METHODS, TRADE
from venueproof_simulators.venues.bybit.streams.hub import PONG_SHAPES, Hub, mixed_pong, read_frame
from venueproof_simulators.venues.bybit.streams.sessions import Session, Surface

RESTARTING = "bybit.ws.trade-restart-10019"
NAMELESS = "bybit.ws.trade-missing-reqid"
_REQUESTS_KEPT = 10_000
_PERMISSION_KEYS = frozenset({"permission", "address", "region", "api-key-unknown", "not-logged-in"})


class Frames:
    """Answers frames of trade connections."""

    def __init__(self, desk: Desk, admission: Admission, hub: Hub) -> None:
        self._desk = desk
        self._admission = admission
        self._hub = hub
        self._seen: dict[int, dict[str, None]] = {}
        """Session → ids of the requests that it has sent."""

    def holds(self, number: int) -> bool:
        """Whether a session is one of these."""
        session = self._hub.sessions.get(number)
        return session is not None and session.surface is Surface.TRADE

    def closed(self, number: int) -> None:
        """Forget a session."""
        self._seen.pop(number, None)
        self._desk.budgets.forget_session(number)

    def classify(self, text: str | bytes) -> Classified:
        """The neutral word for a frame."""
        asked = read_frame(text)
        op = str(asked.get("op", ""))[:40]
        found = METHODS.find(TRADE, op)
        if found is None:
            return Classified("other", label=op)
        try:
            symbol = self._desk.symbol_of(_parameters(asked).raw("symbol") or "")
        except VenueError:
            symbol = ""
        return Classified(found.route.operation, symbol, op)

    # --- answering ----------------------------------------------------------------------------------------------------

    def receive(self, number: int, text: str | bytes, time: VenueTime) -> None:
        """Carry out one frame."""
        session, asked = self._hub.sessions[number], read_frame(text)
        op = asked.get("op")
        if op == "ping":
            self._say(session, text, self._pong(session, asked, time))
        elif op == "auth":
            self._say(session, text, self._login(session, asked, time))
        else:
            self._say(session, text, self._order(session, asked, time))

    def _say(self, session: Session, text: str | bytes, document: Document) -> None:
        said = self.classify(text)
        self._hub.answer(session.number, document, said)

    def _pong(self, session: Session, asked: Document, time: VenueTime) -> Document:
        session.active_ns = time.true_ns
        if self._desk.switches.on(PONG_SHAPES):
            return mixed_pong(session, str(asked.get("req_id", "")))
        return {"retCode": 0, "retMsg": "OK", "op": "pong", "data": [str(time.wire_ms)], "connId": session.name}

    def _login(self, session: Session, asked: Document, time: VenueTime) -> Document:
        code, text = 0, "OK"
        try:
            if session.account:
                raise VenueError("login-repeated")
            session.account = self._hub.login(session, asked, time)
        except VenueError as error:
            said, text = self._admission.said(error)
            code = int(said)
        return {"retCode": code, "retMsg": text, "op": "auth", "connId": session.name}

    def _order(self, session: Session, asked: Document, time: VenueTime) -> Document:
        try:
            found = self._carry_out(session, asked, time)
        except VenueError as error:
            return self._refusal(session, asked, error, time)
        return {
            "reqId": _request_id(asked),
            "retCode": 0,
            "retMsg": "OK",
            "op": asked.get("op"),
            "data": found.result,
            "retExtInfo": found.beside,
            "header": self._header(session, time) | budget_headers(found.left),
            "connId": session.name,
        }

    def _carry_out(self, session: Session, asked: Document, time: VenueTime) -> Answer:
        """What an order op gives. Raises `VenueError`."""
        self._desk.budgets.charge_session(session.number, time)
        if not asked:
            raise VenueError("not-json")
        found = METHODS.find(TRADE, str(asked.get("op", "")))
        if found is None:
            raise VenueError("method")
        if self._desk.switches.on(RESTARTING):
            raise VenueError("socket-restarting")
        self._check_request_id(session, asked)
        if not session.account:
            raise VenueError("not-logged-in")
        self._admission.check_window(_headers(asked), time)
        self._admission.check_key()
        sent = _parameters(asked)
        if sent.raw("category") not in {"linear", "inverse"}:
            raise VenueError("socket-category")
        return self._admission.carry_out(found.route.handler, self._desk.account(session.account), sent, time)

    def _check_request_id(self, session: Session, asked: Document) -> None:
        """An id that was used before on this connection, or is too long, is refused."""
        request = _request_id(asked)
        if len(request) > self._desk.limits.named("request-id").limit:
            raise VenueError("request-id")
        seen = self._seen.setdefault(session.number, {})
        if request and request in seen:
            raise VenueError("request-id-duplicate")
        seen[request] = None
        if len(seen) > _REQUESTS_KEPT:
            del seen[next(iter(seen))]

    def _header(self, session: Session, time: VenueTime) -> dict[str, str]:
        trace = token(self._desk.seed, f"trace-{session.name}-{time.true_ns}", 32, "0123456789abcdef")
        return {"Traceid": trace, "Timenow": str(time.wire_ms)}

    # --- refusing -----------------------------------------------------------------------------------------------------

    def error(self, number: int, text: str | bytes, error: VenueError, time: VenueTime) -> str:
        """An error as the answer to a frame. Raises `LookupError` for a key that the table has not."""
        return to_text(self._refusal(self._hub.sessions[number], read_frame(text), error, time))

    def _refusal(self, session: Session, asked: Document, error: VenueError, time: VenueTime) -> Document:
        code, text = self._admission.said(error)
        answer: Document = {
            "reqId": _request_id(asked),
            "retCode": code,
            "retMsg": text,
            "op": str(asked.get("op") or ""),
            "data": {},
            "retExtInfo": {},
            "header": self._header(session, time),
            "connId": session.name,
        }
        if error.key in _PERMISSION_KEYS and self._desk.switches.on(NAMELESS):
            del answer["reqId"]
        return answer


def _request_id(asked: Document) -> str:
    value = asked.get("reqId", "")
    return as_text(value) if isinstance(value, str | int) else ""


def _headers(asked: Document) -> dict[str, str]:
    """The headers that stand in a frame, as texts under names in small letters: some clients send numbers."""
    sent = asked.get("header")
    found = cast(Document, sent) if isinstance(sent, dict) else {}
    return {name.lower(): as_text(value) for name, value in found.items() if isinstance(value, str | int)}


def _parameters(asked: Document) -> Parameters:
    """The one object of `args`. Raises `VenueError`."""
    args = asked.get("args")
    found = cast(list[object], args) if isinstance(args, list) else []
    if len(found) != 1:
        raise VenueError("parameter", parameter="args")
    return read_object(found[0])
