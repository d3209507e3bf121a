"""From a request to its answer: routes, budgets, identity, operation, and the venue's own error for all that fails.

The order of the checks is the venue's: a banned address hears of nothing else, an unknown path is unknown to
everybody, and only who is identified is told what is wrong with the parameters.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from venueproof_simulators.host.facts import ErrorRow
from venueproof_simulators.host.routing import Route, Security
from venueproof_simulators.host.venue import Classified, HttpReply, HttpRequest, VenueTime
from venueproof_simulators.venues.binance.operations.desk import Account, Call, Desk
from venueproof_simulators.venues.binance.operations.parameters import Parameters, read_parameters
from venueproof_simulators.venues.binance.operations.refusing import VenueError
from venueproof_simulators.venues.binance.products import ProductRules, product_of_path
from venueproof_simulators.venues.binance.routes.table import ROUTES, Endpoint
from venueproof_simulators.venues.binance.signing import api_key, check_signature, check_time

ERRORS_IN_SUCCESS = "binance.http.errors-are-4xx"
RETRY_AFTER = "binance.rate.no-retry-after"
KEY_REFUSED_DURING_BAN = "binance.auth.2015-during-ban"
RESTRICTED = "binance.account.region-restricted"
BOUND_ELSEWHERE = "binance.auth.ip-whitelist"

TEST_SUFFIX = "-test"
"""What the names of test origins end with."""
_PATHS = {"fapi": ("/",), "api": ("/api/", "/sapi/"), "dapi": ("/dapi/", "/futures/data/")}
"""What paths begin with that an origin serves."""
_NOTHING = Parameters({})
_encode = msgspec.json.Encoder().encode
_REFUSED_STATUSES = frozenset({400, 401, 403})
_BLANKS = {
    "parameter": "symbol",
    "legal": "^[A-Z0-9-_.]{1,20}$",
    "days": 7,
    "hours": 1,
    "count": 0,
    "type": "LIMIT",
    "leverage": 0,
    "notional": "100",
    "price": "0",
    "interval": "1 MINUTE",
}
"""What a text is filled in with when nobody says better."""


class _Seen(Struct, frozen=True):
    """What a request is about: its route, and its parameters or why they cannot be read."""

    request: HttpRequest
    route: Route[Endpoint] | None
    parameters: Parameters = _NOTHING
    unreadable: VenueError | None = None

    def product(self, desk: Desk) -> ProductRules:
        """The product that it is asked of: that of the path, or of the arguments where paths are shared."""
        shared = self.route is not None and self.route.handler.product is None
        return desk.product_named(self.parameters) if shared else product_of_path(self.request.path)


def _seen(request: HttpRequest) -> _Seen:
    """A look at a request; the first origin serves all paths."""
    served = _PATHS.get(request.origin.removesuffix(TEST_SUFFIX), ())
    found = ROUTES.find(request.method, request.path) if request.path.startswith(served) else None
    route = found.route if found is not None else None
    try:
        return _Seen(request, route, read_parameters(request.query, request.body))
    except VenueError as error:
        return _Seen(request, route, unreadable=error)


class Gateway:
    """Answers HTTP requests. `account` is the account that public requests are taken to come from."""

    def __init__(self, desk: Desk, account: Account) -> None:
        self._desk = desk
        self._account = account
        self._window_ms = desk.limits.named("recv-window").limit
        self._ahead_ms = desk.limits.named("ahead").limit
        self.closed_until_ns = 0
        """The venue is closed until then (age clock)."""
        self._seen: _Seen | None = None

    # --- what is asked ------------------------------------------------------------------------------------------------

    def classify(self, request: HttpRequest) -> Classified:
        """The neutral word for a request."""
        seen, label = self._look(request), f"{request.method} {request.path}"
        route = seen.route
        if route is None:
            return Classified("other", label=label)
        listing = self._desk.listings.get(seen.parameters.raw("symbol") or "")
        return Classified(route.operation, listing.symbol if listing is not None else "", label)

    def _look(self, request: HttpRequest) -> _Seen:
        """A request is asked about twice in a row, and read once."""
        seen = self._seen
        if seen is None or seen.request is not request:
            seen = self._seen = _seen(request)
        return seen

    # --- answering ----------------------------------------------------------------------------------------------------

    def handle(self, request: HttpRequest, time: VenueTime) -> HttpReply:
        """Carry out one request."""
        headers: dict[str, str] = {}
        try:
            answer = self._carry_out(request, headers, time)
        except VenueError as error:
            return self.refusal(self.error_row(error.key, request), request, time, dict(error.fields))
        headers["X-MBX-USED-WEIGHT-1M"] = str(self._desk.budgets.used(request.client, time))
        return HttpReply(200, _encode(answer), headers)

    def _carry_out(self, request: HttpRequest, headers: dict[str, str], time: VenueTime) -> object:
        seen = self._look(request)
        route = seen.route
        self._charge(seen, request, time)
        if self._desk.switches.on(RESTRICTED):
            raise VenueError("region")
        if route is None:
            raise VenueError("path", path=request.path, method=request.method)
        if time.age_ns < self.closed_until_ns:
            raise VenueError("overloaded")
        if seen.unreadable is not None:
            raise seen.unreadable
        parameters = seen.parameters
        account = self._identify(route, request, parameters, time)
        endpoint = route.handler
        cost = endpoint.orders
        if cost is not None:
            self._desk.budgets.charge_orders(account.name, *cost, time)
        answer = endpoint.operation(Call(self._desk, account, parameters, time, seen.product(self._desk)))
        if cost is not None:
            counts = self._desk.budgets.orders_used(account.name, time)
            headers["X-MBX-ORDER-COUNT-10S"], headers["X-MBX-ORDER-COUNT-1M"] = map(str, counts)
        return answer

    def _charge(self, seen: _Seen, request: HttpRequest, time: VenueTime) -> None:
        budgets, route = self._desk.budgets, seen.route
        row = budgets.cost_row("default" if route is None else route.weight, seen.product(self._desk).name)
        value = seen.parameters.raw(row.by) if row.by else None
        try:
            budgets.charge(request.client, row, value, time)
        except VenueError as error:
            keyed = route is not None and route.security is not Security.NONE
            if error.key == "banned" and keyed and self._desk.switches.on(KEY_REFUSED_DURING_BAN):
                raise VenueError("api-key-unknown") from error
            raise

    def _identify(
        self, route: Route[Endpoint], request: HttpRequest, parameters: Parameters, time: VenueTime
    ) -> Account:
        """Who asks, as far as the route wants to know. Raises `VenueError`."""
        if route.security is Security.NONE:
            return self._account
        account = self._desk.account_of_key(api_key(request.headers))
        if self._desk.switches.on(BOUND_ELSEWHERE):
            raise VenueError("api-key-unknown")
        if route.security is Security.SIGNED:
            parameters.text("timestamp")
            check_signature(account.secret, request.query, request.body, parameters)
            check_time(parameters, self._window_ms, self._ahead_ms, time)
        return account

    # --- refusing -----------------------------------------------------------------------------------------------------

    def error_row(self, key: str, request: HttpRequest | None) -> ErrorRow:
        """The row of a key, as the product says it that was asked. Raises `LookupError`."""
        product = self._look(request).product(self._desk).name if request is not None else ""
        return self._desk.errors.row(key, product)

    def refusal(
        self, row: ErrorRow, request: HttpRequest | None, time: VenueTime, fields: dict[str, object]
    ) -> HttpReply:
        """An error row as a reply."""
        status, headers = row.status, dict[str, str]()
        if status in _REFUSED_STATUSES and self._desk.switches.on(ERRORS_IN_SUCCESS):
            status = 200
        if request is not None:
            headers["X-MBX-USED-WEIGHT-1M"] = str(self._desk.budgets.used(request.client, time))
            if row.status in {429, 418} and self._desk.switches.on(RETRY_AFTER):
                headers["Retry-After"] = str(self._retry_after_s(request.client, time, fields.get("ends_ns")))
        document = {"code": row.code, "msg": row.text.format_map(self._blanks(request, time) | fields)}
        return HttpReply(status, _encode(document), headers)

    def _blanks(self, request: HttpRequest | None, time: VenueTime) -> dict[str, Any]:
        client = request.client if request is not None else ""
        until_ns = self._desk.budgets.banned_until_ns(client, time) or self._desk.budgets.window_ends_ns(time)
        return _BLANKS | {
            "limit": self._desk.limits.named("weight").limit,
            "until": (until_ns - time.age_ns + time.wire_ns) // 1_000_000,
            "path": request.path if request is not None else "",
            "method": request.method if request is not None else "",
        }

    def _retry_after_s(self, client: str, time: VenueTime, ends_ns: object) -> int:
        """Until the ban is over, or the window that is spent: `ends_ns` of the age clock, else that of the weight."""
        budgets = self._desk.budgets
        spent_ns = ends_ns if isinstance(ends_ns, int) else budgets.window_ends_ns(time)
        until_ns = budgets.banned_until_ns(client, time) or spent_ns
        return -(-(until_ns - time.age_ns) // 10**9)
