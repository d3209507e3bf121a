"""From a request to its answer: routes, budgets, identity, operation, and the venue's own error for all that fails.

Identity comes before anything that is private: which header is missing, whose key it is and of which environment, the
time, the passphrase, the signature. A refusal of an order stands in its row; all else at the top.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from venueproof_simulators.host.routing import Route, Security
from venueproof_simulators.host.venue import Classified, HttpReply, HttpRequest, VenueTime
from venueproof_simulators.kit.parameters import Parameters
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.kit.routes import Seen
from venueproof_simulators.venues.okx.operations.answers import (
    Answer,
    Names,
    answer_of,
    names_of,
    refusal_row,
    worded,
)
from venueproof_simulators.venues.okx.operations.desk import Account, Call, Desk
from venueproof_simulators.venues.okx.operations.orders import RESTRICTED
from venueproof_simulators.venues.okx.operations.parameters import NOTHING, read_body, read_query
from venueproof_simulators.venues.okx.routes.table import PATHS, ROUTES, Endpoint
from venueproof_simulators.venues.okx.signing import (
    DEMO_HEADER,
    KEY_HEADER,
    PASSPHRASE_HEADER,
    SIGN_HEADER,
    TIME_HEADER,
    genuine,
    iso_ns,
    signed_text,
    well_formed,
)

BOUND_ELSEWHERE = "okx.ip.whitelist-50110"
OTHER_REGIONS = frozenset({"eea", "us", "ws-eea", "ws-us"})
"""Origins on which the keys of this venue's accounts are not known."""
_STATUS_PATH = "/api/v5/system/status"
_HEADERS = (
    (KEY_HEADER, "key-missing"),
    (SIGN_HEADER, "sign-missing"),
    (TIME_HEADER, "timestamp-missing"),
    (PASSPHRASE_HEADER, "passphrase-missing"),
)
_WITHOUT_DATA = frozenset({401, 405})
_encode = msgspec.json.Encoder().encode


class _Seen(Struct, frozen=True):
    """What a request is about: its route, and its parameters or why they cannot be read."""

    route: Route[Endpoint] | None
    parameters: Parameters = NOTHING
    rows: tuple[Parameters, ...] | None = None
    unreadable: VenueError | None = None

    def instruments(self) -> list[str]:
        """The instruments that are named, one for each order."""
        named = (self.parameters,) if self.rows is None else self.rows
        return [one.raw("instId") or "" for one in named]


def _read(request: HttpRequest) -> _Seen:
    found = ROUTES.find(request.method, request.path)
    route = found.route if found is not None else None
    try:
        if request.method != "POST":
            return _Seen(route, read_query(request.query))
        parameters, rows = read_body(request.body)
    except VenueError as error:
        return _Seen(route, unreadable=error)
    wants_list = route is not None and route.handler.listed
    if wants_list and rows is None:
        return _Seen(route, NOTHING, (parameters,))
    if not wants_list and rows is not None:
        return _Seen(route, unreadable=VenueError("not-json"))
    return _Seen(route, parameters, rows)


class Gateway:
    """Answers HTTP requests. `account` is the account that public requests are taken to come from."""

    def __init__(self, desk: Desk, account: Account) -> None:
        self._desk = desk
        self._account = account
        self._seen = Seen(_read)

    # --- what is asked ------------------------------------------------------------------------------------------------

    def classify(self, request: HttpRequest) -> Classified:
        """The neutral word for a request."""
        seen, label = self._seen.of(request), f"{request.method} {request.path}"
        if seen.route is None:
            return Classified("other", label=label)
        name = next(iter(seen.instruments()), "")
        one_of_many = seen.route.operation == "place_many" and len(seen.rows or ()) == 1
        operation = "place" if one_of_many else seen.route.operation
        return Classified(operation, self._desk.symbol_of(name), label)

    # --- answering ----------------------------------------------------------------------------------------------------

    def handle(self, request: HttpRequest, time: VenueTime) -> HttpReply:
        """Carry out one request."""
        seen = self._seen.of(request)
        try:
            answer = self._carry_out(seen, request, time)
        except VenueError as error:
            return self.refuse(error, request, time)
        return _reply(200, envelope(answer, time, timed=_is_timed(seen)))

    def _carry_out(self, seen: _Seen, request: HttpRequest, time: VenueTime) -> Any:
        self._desk.bans.check(request.client, time)
        if seen.route is None:
            raise VenueError("method" if request.path in PATHS else "path")
        if self._desk.is_closed(time) and request.path != _STATUS_PATH:
            raise VenueError("upgrading")
        route, account = seen.route, self._account
        if route.security is Security.SIGNED:
            account = self._identify(request, time)
            self._check_region(route)
        self._charge(route, seen, request, account, time)
        _check_content(request)
        if seen.unreadable is not None:
            raise seen.unreadable
        expires = expires_ms(request.headers.get("exptime"))
        call = Call(self._desk, account, seen.parameters, time, seen.rows or (), expires)
        return route.handler.operation(call)

    def _charge(
        self, route: Route[Endpoint], seen: _Seen, request: HttpRequest, account: Account, time: VenueTime
    ) -> None:
        budgets, endpoint = self._desk.budgets, route.handler
        if endpoint.orders:
            budgets.charge_orders(endpoint.orders, account.name, seen.instruments(), time, batch=endpoint.batch)
        elif route.security is Security.SIGNED:
            budgets.charge_account(route.weight, account.name, time)
        else:
            about = " ".join(seen.parameters.raw(name) or "" for name in endpoint.about)
            budgets.charge_address(route.weight, request.client, about, time)

    def _check_region(self, route: Route[Endpoint]) -> None:
        """A restricted account is told so; of an order in its row."""
        if self._desk.switches.on(RESTRICTED) and route.handler.orders != "place":
            raise VenueError("region")

    # --- who asks -----------------------------------------------------------------------------------------------------

    def _identify(self, request: HttpRequest, time: VenueTime) -> Account:
        """Who asks. Raises `VenueError`."""
        headers = request.headers
        for name, missing in _HEADERS:
            if not headers.get(name):
                raise VenueError(missing)
        account = self._owner(headers[KEY_HEADER], request)
        if account.demo is not is_demo(request):
            raise VenueError("environment")
        stamp = headers[TIME_HEADER]
        if abs(time.wire_ns - iso_ns(stamp)) > self._desk.limits.named("signature").interval_s * 10**9:
            raise VenueError("timestamp")
        if self._desk.switches.on(BOUND_ELSEWHERE):
            raise VenueError("address", address=request.client, uid=account.uid)
        if headers[PASSPHRASE_HEADER] != account.passphrase:
            raise VenueError("passphrase")
        text = signed_text(stamp, request.method, request.path, request.query, request.body)
        if not genuine(account.secret, headers[SIGN_HEADER], text):
            raise VenueError("sign")
        return account

    def _owner(self, key: str, request: HttpRequest) -> Account:
        if not well_formed(key):
            raise VenueError("key-format")
        account = self._desk.accounts.of_key(key)
        if account is None or request.origin in OTHER_REGIONS:
            raise VenueError("key-unknown")
        return account

    # --- refusing -----------------------------------------------------------------------------------------------------

    def refuse(self, error: VenueError, request: HttpRequest | None, time: VenueTime) -> HttpReply:
        """An error as a reply. Raises `LookupError` for a key that the table has not."""
        row = self._desk.errors.row(error.key)
        if row.status == 403:
            return HttpReply(403, b"<html><head><title>403 Forbidden</title></head></html>", {}, "text/html")
        seen = None if request is None else self._seen.of(request)
        if seen is not None and row.status == 200 and row.reason and _answers_in_rows(seen):
            rows = seen.rows if seen.rows is not None else (seen.parameters,)
            call = Call(self._desk, self._account, NOTHING, time)
            refused = answer_of([refusal_row(call, _names(seen), one, error) for one in rows])
            return _reply(200, envelope(refused, time, timed=True))
        code, text = worded(self._desk, error)
        document: dict[str, Any] = {"code": code, "msg": text}
        return _reply(row.status, document if row.status in _WITHOUT_DATA else document | {"data": []})


def is_demo(request: HttpRequest) -> bool:
    """Whether a request is for demo trading."""
    return request.headers.get(DEMO_HEADER) == "1"


def _names(seen: _Seen) -> Names:
    route = seen.route
    return () if route is None else names_of(route.operation, algo="algo" in route.path)


def _answers_in_rows(seen: _Seen) -> bool:
    return seen.route is not None and seen.route.operation in {"place", "place_many", "amend", "cancel"}


def _is_timed(seen: _Seen) -> bool:
    return seen.route is not None and "/trade/" in seen.route.path and seen.route.method == "POST"


def envelope(answer: Any, time: VenueTime, *, timed: bool) -> dict[str, Any]:
    """What stands around every answer; those about orders tell when they came in and went out, in µs."""
    told = answer if isinstance(answer, Answer) else Answer(answer)
    document: dict[str, Any] = {"code": told.code, "msg": told.text, "data": told.data}
    return document | times(time) if timed else document


def times(time: VenueTime) -> dict[str, str]:
    """When a request came in and when its answer went out, in µs."""
    return {"inTime": str(time.wire_ns // 1000), "outTime": str(time.wire_ns // 1000)}


def _reply(status: int, document: dict[str, Any]) -> HttpReply:
    return HttpReply(status, _encode(document))


def _check_content(request: HttpRequest) -> None:
    """What is sent must be JSON, and say so. Raises `VenueError`."""
    kind = request.headers.get("content-type", "application/json")
    if request.method == "POST" and "json" not in kind.lower():
        raise VenueError("content-type")


def expires_ms(text: str | None) -> int | None:
    """`expTime` of a request or frame; None where there is none. Raises `VenueError`."""
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 16:
        raise VenueError("not-valid", parameter="expTime")
    return int(text)
