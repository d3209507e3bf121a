"""From a request to its answer: routes, budgets, identity, operation, and the venue's own error for all that fails.

The order of the checks is the venue's: a banned address hears of nothing else, an unknown path is unknown to
everybody, and only who is identified is told what is wrong with the parameters.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from msgspec import Struct

from venueproof_simulators.host.facts import ErrorRow
from venueproof_simulators.host.routing import Route, Security
from venueproof_simulators.host.venue import Classified, HttpReply, HttpRequest, VenueTime
from venueproof_simulators.kit.documents import to_json
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.kit.routes import Seen
from venueproof_simulators.venues.binance.operations.desk import Account, Desk
from venueproof_simulators.venues.binance.operations.parameters import Parameters, read_parameters
from venueproof_simulators.venues.binance.products import USD_MARGINED, ProductRules, product_of_path
from venueproof_simulators.venues.binance.routes.admission import THROTTLED, Admission
from venueproof_simulators.venues.binance.routes.table import ROUTES, Endpoint
from venueproof_simulators.venues.binance.signing import api_key, check_signature

ERRORS_IN_SUCCESS = "binance.http.errors-are-4xx"
RETRY_AFTER = "binance.rate.no-retry-after"
TEST_SUFFIX = "-test"
"""What the names of test origins end with."""
_PATHS = {"fapi": ("/",), "api": ("/api/", "/sapi/"), "dapi": ("/dapi/", "/futures/data/")}
"""What paths begin with that an origin serves."""
_NOTHING = Parameters({})
_PUBLIC, _SIGNED = Security.NONE, Security.SIGNED
_REFUSED_STATUSES = frozenset({400, 401, 403})


class _Seen(Struct, frozen=True):
    """What a request is about: its route, and its parameters or why they cannot be read."""

    request: HttpRequest
    route: Route[Endpoint] | None
    product: ProductRules
    parameters: Parameters = _NOTHING
    unreadable: VenueError | None = None


def _read(desk: Desk, request: HttpRequest) -> _Seen:
    """A look at a request; the first origin serves all paths.

    It is asked of the product of its path, or of that of its arguments where paths are shared.
    """
    served = _PATHS.get(request.origin.removesuffix(TEST_SUFFIX), ())
    found = ROUTES.find(request.method, request.path) if request.path.startswith(served) else None
    route = found.route if found is not None else None
    product = product_of_path(request.path) if route is None else route.handler.product
    try:
        parameters = read_parameters(request.query, request.body)
    except VenueError as error:
        return _Seen(request, route, product or USD_MARGINED, unreadable=error)
    return _Seen(request, route, product or desk.product_named(parameters), parameters)


class Gateway:
    """Answers HTTP requests. `account` is the account that public requests are taken to come from."""

    def __init__(self, desk: Desk, admission: Admission, account: Account) -> None:
        self._desk = desk
        self._admission = admission
        self._account = account
        self._seen = Seen(partial(_read, desk))

    # --- what is asked ------------------------------------------------------------------------------------------------

    def classify(self, request: HttpRequest) -> Classified:
        """The neutral word for a request."""
        seen, label = self._seen.of(request), f"{request.method} {request.path}"
        route = seen.route
        if route is None:
            return Classified("other", label=label)
        return Classified(route.operation, self._desk.symbol_of(seen.parameters.raw("symbol") or ""), label)

    # --- answering ----------------------------------------------------------------------------------------------------

    def handle(self, request: HttpRequest, time: VenueTime) -> HttpReply:
        """Carry out one request."""
        headers: dict[str, str] = {}
        try:
            answer = self._carry_out(request, headers, time)
        except VenueError as error:
            return self.refuse(error, request, time)
        headers["X-MBX-USED-WEIGHT-1M"] = str(self._desk.budgets.used(request.client, time))
        return HttpReply(200, to_json(answer), headers)

    def _carry_out(self, request: HttpRequest, headers: dict[str, str], time: VenueTime) -> object:
        seen, admission = self._seen.of(request), self._admission
        route, parameters = seen.route, seen.parameters
        admission.charge(request.client, route, seen.product, parameters, time)
        admission.check_region()
        if route is None:
            raise VenueError("path", path=request.path, method=request.method)
        admission.check_open(time)
        if seen.unreadable is not None:
            raise seen.unreadable
        account = self._identify(route, request, parameters, time)
        answer = admission.carry_out(route.handler, account, parameters, seen.product, time)
        if route.handler.orders is not None:
            counts = self._desk.budgets.orders_used(account.name, time)
            headers["X-MBX-ORDER-COUNT-10S"], headers["X-MBX-ORDER-COUNT-1M"] = map(str, counts)
        return answer

    def _identify(
        self, route: Route[Endpoint], request: HttpRequest, parameters: Parameters, time: VenueTime
    ) -> Account:
        """Who asks, as far as the route wants to know. Raises `VenueError`."""
        if route.security is _PUBLIC:
            return self._account
        account = self._desk.accounts.holder(api_key(request.headers), "api-key-unknown")
        self._admission.check_address()
        if route.security is _SIGNED:
            parameters.text("timestamp")
            check_signature(account.secret, request.query, request.body, parameters)
            self._admission.check_window(parameters, time)
        return account

    # --- refusing -----------------------------------------------------------------------------------------------------

    def refuse(self, error: VenueError, request: HttpRequest | None, time: VenueTime) -> HttpReply:
        """An error as a reply. Raises `LookupError` for a key that the table has not."""
        return self._refusal(self._error_row(error.key, request), request, time, dict(error.fields))

    def _error_row(self, key: str, request: HttpRequest | None) -> ErrorRow:
        """The row of a key, as the product says it that was asked. Raises `LookupError`."""
        product = self._seen.of(request).product.name if request is not None else ""
        return self._desk.errors.row(key, product)

    def _refusal(
        self, row: ErrorRow, request: HttpRequest | None, time: VenueTime, fields: dict[str, Any]
    ) -> HttpReply:
        """An error row as a reply."""
        status, headers = row.status, dict[str, str]()
        client = request.client if request is not None else ""
        if status in _REFUSED_STATUSES and self._desk.switches.on(ERRORS_IN_SUCCESS):
            status = 200
        if request is not None:
            fields = {"path": request.path, "method": request.method} | fields
            headers["X-MBX-USED-WEIGHT-1M"] = str(self._desk.budgets.used(client, time))
            if row.status in THROTTLED and self._desk.switches.on(RETRY_AFTER):
                headers["Retry-After"] = str(-(-self._admission.wait_ns(client, time, fields) // 10**9))
        return HttpReply(status, to_json(self._admission.worded(row, client, time, fields)), headers)
