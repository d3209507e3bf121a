"""From a request to its answer: routes, budgets, identity, operation, and the venue's own error for all that fails.

Nearly every error comes with HTTP 200 inside the same envelope as an answer. Only what never reaches the venue's own
servers has a status and a page: a blocked address, a wrong path or verb, a GET with a body, a closed venue.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from venueproof_simulators.host.routing import Route, Security
from venueproof_simulators.host.venue import Classified, HttpReply, HttpRequest, VenueTime
from venueproof_simulators.kit.documents import Document, to_json
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.kit.routes import Seen
from venueproof_simulators.venues.bybit.limits import Left
from venueproof_simulators.venues.bybit.operations.desk import DEMO, Account, Call, Desk, environment_of
from venueproof_simulators.venues.bybit.operations.parameters import NOTHING, Parameters, read_body, read_query
from venueproof_simulators.venues.bybit.routes.admission import Admission, Answer, budget_headers
from venueproof_simulators.venues.bybit.routes.table import ROUTES, Endpoint
from venueproof_simulators.venues.bybit.signing import KEY, SIGNATURE, STAMP, check_proof, proof_of

BLOCKED_COUNTRY = "bybit.account.region-page"
BARE_401 = "bybit.auth.bare-401"
_NOT_ON_DEMO = frozenset({"/v5/user/query-api"})
_NO_RESULT: Document = {}


class _Seen(Struct, frozen=True):
    """What a request is about: its route, and its parameters or why they cannot be read."""

    request: HttpRequest
    route: Route[Endpoint] | None
    parameters: Parameters
    unreadable: VenueError | None = None


def _seen(request: HttpRequest) -> _Seen:
    found = ROUTES.find(request.method, request.path)
    route = found.route if found is not None else None
    if environment_of(request.origin) == DEMO and request.path in _NOT_ON_DEMO:
        route = None
    try:
        sent = read_body(request.body) if request.method == "POST" else read_query(request.query)
    except VenueError as error:
        return _Seen(request, route, NOTHING, error)
    return _Seen(request, route, sent)


class Gateway:
    """Answers HTTP requests. `account` is the account that public requests are taken to come from."""

    def __init__(self, desk: Desk, admission: Admission, account: Account) -> None:
        self._desk = desk
        self._admission = admission
        self._account = account
        self._seen = Seen(_seen)

    # --- what is asked ------------------------------------------------------------------------------------------------

    def classify(self, request: HttpRequest) -> Classified:
        """The neutral word for a request."""
        seen, label = self._seen.of(request), f"{request.method} {request.path}"
        if seen.route is None:
            return Classified("other", label=label)
        return Classified(_operation(seen), self._desk.symbol_of(seen.parameters.raw("symbol") or ""), label)

    # --- answering ----------------------------------------------------------------------------------------------------

    def handle(self, request: HttpRequest, time: VenueTime) -> HttpReply:
        """Carry out one request."""
        seen = self._seen.of(request)
        try:
            found = self._carry_out(seen, time)
        except VenueError as error:
            return self.refuse(error, request, time)
        headers = budget_headers(found.left) if isinstance(found, Answer) else {}
        result, beside = (found.result, found.beside) if isinstance(found, Answer) else (found, _NO_RESULT)
        silent = seen.route is not None and seen.route.handler.silent
        return _reply(0, "" if silent else "OK", result, beside, time, headers)

    def _carry_out(self, seen: _Seen, time: VenueTime) -> object:
        request, route = seen.request, seen.route
        self._desk.budgets.charge_address(request.client, time)
        if self._desk.switches.on(BLOCKED_COUNTRY):
            raise VenueError("region-page")
        if request.method not in {"GET", "POST"}:
            raise VenueError("verb")
        if request.method == "GET" and request.body:
            raise VenueError("get-with-body")
        if route is None:
            raise VenueError("path")
        self._admission.check_open(time)
        if route.security is Security.NONE:
            if seen.unreadable is not None:
                raise seen.unreadable
            return route.handler.operation(Call(self._desk, self._account, seen.parameters, time))
        account = self._identify(request, time)
        if seen.unreadable is not None:
            raise seen.unreadable
        return self._admission.carry_out(route.handler, account, seen.parameters, time)

    def _identify(self, request: HttpRequest, time: VenueTime) -> Account:
        """Who asks. Raises `VenueError`."""
        sent = request.headers
        complete = all(sent.get(name) for name in (KEY, STAMP, SIGNATURE))
        account = self._desk.holder(sent.get(KEY, ""), request.origin)
        if self._desk.switches.on(BARE_401) and (not complete or account is None):
            raise VenueError("no-key")
        if not complete:
            given = {name: sent.get(name, "") for name in (KEY, STAMP, SIGNATURE)}
            raise VenueError("no-auth", stamp=given[STAMP], api_key=given[KEY], signature=given[SIGNATURE])
        if account is None:
            raise VenueError("api-key-unknown")
        self._admission.check_window(sent, time)
        check_proof(account.secret, proof_of(request))
        self._admission.check_key()
        return account

    # --- refusing -----------------------------------------------------------------------------------------------------

    def refuse(self, error: VenueError, request: HttpRequest | None, time: VenueTime) -> HttpReply:
        """An error as a reply. Raises `LookupError` for a key that the table has not."""
        row = self._desk.errors.row(error.key)
        code, text = self._admission.said(error)
        if row.status != 200:
            content = "text/html" if text else "text/plain"
            return HttpReply(row.status, text.encode(), content_type=content)
        left = error.fields.get("left")
        headers = budget_headers(left) if isinstance(left, Left) else {}
        return replace(_reply(code, text, _NO_RESULT, _NO_RESULT, time, headers), refused=row.refused)


def _operation(seen: _Seen) -> str:
    """The neutral word: asked for by an id, the open orders are one order."""
    word = seen.route.operation if seen.route is not None else "other"
    by_id = seen.parameters.has("orderId") or seen.parameters.has("orderLinkId")
    return "order" if word in {"open_orders", "order_history"} and by_id else word


def _reply(
    code: int | str, text: str, result: object, beside: Document, time: VenueTime, headers: dict[str, str]
) -> HttpReply:
    document = {"retCode": code, "retMsg": text, "result": result, "retExtInfo": beside, "time": time.wire_ms}
    return HttpReply(200, to_json(document), headers)
