"""The WebSocket API: from a frame to its answer. Orders have connections of their own; these carry no streams.

Who sends a signature with every request needs nothing else. Who logs on with an Ed25519 key signs once, and then sends
a timestamp only. Checks come in the order of `gateway`.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from venueproof_simulators.host.facts import ErrorRow
from venueproof_simulators.host.routing import Route, Security
from venueproof_simulators.host.venue import Classified, HttpRequest, VenueTime
from venueproof_simulators.kit.documents import to_text
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.binance.limits import SOCKET_POOL
from venueproof_simulators.venues.binance.operations.desk import Account, Desk
from venueproof_simulators.venues.binance.operations.parameters import read_parameters
from venueproof_simulators.venues.binance.products import ProductRules
from venueproof_simulators.venues.binance.routes.admission import THROTTLED, Admission
from venueproof_simulators.venues.binance.routes.frame_reading import Frame, read_frame
from venueproof_simulators.venues.binance.routes.methods import METHODS, SURFACES
from venueproof_simulators.venues.binance.routes.table import NONE, SIGNED, Endpoint
from venueproof_simulators.venues.binance.signing import check_ed25519, check_text, well_formed_key

LOGON, STATUS, LOGOUT = "session.logon", "session.status", "session.logout"
_SESSION_METHODS = frozenset({LOGON, STATUS, LOGOUT})


class ApiSession(Struct):
    """One connection, and who logged on to it. Times are the venue's own, in ms."""

    number: int
    client: str
    surface: str
    product: ProductRules
    told: bool
    """Replies tell the budgets, unless a request says otherwise."""
    connected_ms: int
    account: Account | None = None
    authorized_ms: int = 0


class _Asked(Struct, frozen=True):
    """A frame that was looked at, and the method that it names."""

    session: int
    text: str | bytes
    frame: Frame
    route: Route[Endpoint] | None


class Frames:
    """Answers frames. `account` is the account that public requests are taken to come from."""

    def __init__(self, desk: Desk, admission: Admission, account: Account) -> None:
        self._desk = desk
        self._admission = admission
        self._account = account
        self._sessions: dict[int, ApiSession] = {}
        self._asked: _Asked | None = None

    # --- sessions -----------------------------------------------------------------------------------------------------

    def open(self, number: int, handshake: HttpRequest, time: VenueTime) -> None:
        """Let a session in. Raises `VenueError`."""
        self._charge(handshake.client, "handshake", time)
        path = handshake.path
        told = read_parameters(handshake.query, b"").flag("returnRateLimits") is not False
        self._sessions[number] = ApiSession(number, handshake.client, path, SURFACES[path], told, time.wire_ms)

    def _charge(self, client: str, key: str, time: VenueTime) -> None:
        budgets = self._desk.budgets
        budgets.charge(client, budgets.cost_row(key, ""), None, time, SOCKET_POOL)

    def holds(self, number: int) -> bool:
        """Whether a session is one of these."""
        return number in self._sessions

    def closed(self, number: int) -> None:
        """Forget a session."""
        self._sessions.pop(number, None)

    # --- frames -------------------------------------------------------------------------------------------------------

    def classify(self, number: int, text: str | bytes) -> Classified:
        """The neutral word for a frame."""
        asked = self._look(number, text)
        symbol = self._desk.symbol_of(asked.frame.parameters.raw("symbol") or "")
        operation = asked.route.operation if asked.route is not None else "other"
        return Classified(operation, symbol, asked.frame.method[:40])

    def _look(self, number: int, text: str | bytes) -> _Asked:
        """A frame is asked about twice in a row, and read once."""
        asked = self._asked
        if asked is None or asked.session != number or asked.text is not text:
            frame = read_frame(text)
            found = METHODS.find(self._sessions[number].surface, frame.method)
            asked = self._asked = _Asked(number, text, frame, found.route if found is not None else None)
        return asked

    def answer(self, number: int, text: str | bytes, time: VenueTime) -> dict[str, Any]:
        """Carry out a frame; gives what is said to it."""
        asked, session = self._look(number, text), self._sessions[number]
        try:
            result, counted = self._carry_out(session, asked, time)
        except VenueError as error:
            row = self._desk.errors.row(error.key, session.product.name)
            return self._refusal(session, asked.frame, row, dict(error.fields), time)
        document = {"id": asked.frame.id, "status": 200, "result": result}
        return document | self._counts(session, asked.frame, counted, time)

    def error(self, number: int, text: str | bytes, key: str, time: VenueTime) -> str:
        """The error row of a key as the answer to a frame. Raises `LookupError`."""
        session = self._sessions[number]
        row = self._desk.errors.row(key, session.product.name)
        document = self._refusal(session, self._look(number, text).frame, row, {}, time)
        return to_text(document)

    # --- carrying out; each raises `VenueError` -----------------------------------------------------------------------

    def _carry_out(self, session: ApiSession, asked: _Asked, time: VenueTime) -> tuple[object, Account | None]:
        """The result, and whose order counts to tell with it."""
        frame, route, admission = asked.frame, asked.route, self._admission
        if frame.method in _SESSION_METHODS:
            return self._manage(session, frame, time), None
        admission.charge(session.client, route, session.product, frame.parameters, time, SOCKET_POOL)
        admission.check_region()
        if frame.fault is not None:
            raise frame.fault
        if route is None:
            raise VenueError("method", method=frame.method[:40])
        admission.check_open(time)
        account = self._identify(session, route.security, frame, time)
        result = admission.carry_out(route.handler, account, frame.parameters, session.product, time)
        return result, account if route.handler.orders is not None else None

    def _identify(self, session: ApiSession, security: Security, frame: Frame, time: VenueTime) -> Account:
        """Who asks, as far as the method wants to know."""
        if security is NONE:
            return self._account
        if session.account is not None and not frame.parameters.has("apiKey"):
            account = session.account
        else:
            account = self._signer(security, frame)
        self._admission.check_address()
        if security is SIGNED:
            self._admission.check_window(frame.parameters, time)
        return account

    def _signer(self, security: Security, frame: Frame) -> Account:
        """Whose key a request names, and with which it was signed if it must be."""
        key, sent = well_formed_key(frame.parameters.raw("apiKey")), frame.parameters
        by_ed25519 = self._desk.account_of_ed25519_key(key)
        account = by_ed25519 or self._desk.accounts.holder(key, "api-key-unknown")
        if security is SIGNED:
            sent.text("timestamp")
            if by_ed25519 is not None:
                check_ed25519(account.ed25519_seed, frame.signed, sent)
            else:
                check_text(account.secret, frame.signed, sent)
        return account

    # --- the session itself -------------------------------------------------------------------------------------------

    def _manage(self, session: ApiSession, frame: Frame, time: VenueTime) -> dict[str, Any]:
        self._charge(session.client, "session", time)
        self._admission.check_region()
        if frame.fault is not None:
            raise frame.fault
        self._admission.check_open(time)
        if frame.method == LOGON:
            session.account = self._logged_on(frame, time)
            session.authorized_ms = time.wire_ms
        elif frame.method == LOGOUT:
            session.account = None
        return _status(session, time)

    def _logged_on(self, frame: Frame, time: VenueTime) -> Account:
        account = self._signer(SIGNED, frame)
        self._admission.check_address()
        self._admission.check_window(frame.parameters, time)
        if frame.parameters.raw("apiKey") != account.ed25519_key:
            raise VenueError("key-kind")
        return account

    # --- words --------------------------------------------------------------------------------------------------------

    def _refusal(
        self, session: ApiSession, frame: Frame, row: ErrorRow, fields: dict[str, Any], time: VenueTime
    ) -> dict[str, Any]:
        error = self._admission.worded(row, session.client, time, fields)
        if row.status in THROTTLED:
            wait_ms = self._admission.wait_ns(session.client, time, fields) // 1_000_000
            error["data"] = {"serverTime": time.wire_ms, "retryAfter": time.wire_ms + wait_ms}
        revoked = row.status == 401 and session.account is not None and not frame.parameters.has("apiKey")
        document = {"id": None if revoked else frame.id, "status": row.status, "error": error}
        return document | self._counts(session, frame, None, time)

    def _counts(self, session: ApiSession, frame: Frame, counted: Account | None, time: VenueTime) -> dict[str, Any]:
        wish = frame.parameters.raw("returnRateLimits")
        if not (session.told if wish not in {"true", "false"} else wish == "true"):
            return {}
        return {"rateLimits": self._admission.counts(session.client, counted, time, SOCKET_POOL)}


def _status(session: ApiSession, time: VenueTime) -> dict[str, Any]:
    account = session.account
    return {
        "apiKey": account.ed25519_key if account is not None else None,
        "authorizedSince": session.authorized_ms if account is not None else None,
        "connectedSince": session.connected_ms,
        "returnRateLimits": session.told,
        "serverTime": time.wire_ms,
    }
