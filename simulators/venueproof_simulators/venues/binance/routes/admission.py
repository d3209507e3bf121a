"""What every way into the venue has in common: budgets, restrictions, the caller's clock, and the words of a refusal.

HTTP requests come through `gateway`, frames of the WebSocket API through `frames`; both end here.
"""

from __future__ import annotations

from typing import Any

from venueproof_simulators.host.facts import ErrorRow
from venueproof_simulators.host.routing import Route, Security
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.refusing import VenueError, worded
from venueproof_simulators.venues.binance.limits import ORDER_LIMITS, WEIGHT
from venueproof_simulators.venues.binance.operations.desk import Account, Call, Desk
from venueproof_simulators.venues.binance.operations.parameters import Parameters
from venueproof_simulators.venues.binance.products import ProductRules
from venueproof_simulators.venues.binance.routes.table import Endpoint
from venueproof_simulators.venues.binance.signing import check_time

KEY_REFUSED_DURING_BAN = "binance.auth.2015-during-ban"
RESTRICTED = "binance.account.region-restricted"
BOUND_ELSEWHERE = "binance.auth.ip-whitelist"

THROTTLED = frozenset({429, 418})
"""Statuses of what is refused because it is too much."""
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
    "path": "",
    "method": "",
}
"""What a text is filled in with when nobody says better."""


class Admission:
    """Lets callers in, one step after the other, and puts refusals into words."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._window_ms = desk.limits.named("recv-window").limit
        self._ahead_ms = desk.limits.named("ahead").limit

    # --- steps; each raises `VenueError` ------------------------------------------------------------------------------

    def charge(
        self,
        client: str,
        route: Route[Endpoint] | None,
        product: ProductRules,
        parameters: Parameters,
        time: VenueTime,
        pool: str = WEIGHT,
    ) -> None:
        """Count the request's weight, in `pool` where its cost row names no other."""
        budgets = self._desk.budgets
        row = budgets.cost_row("default" if route is None else route.weight, product.name)
        value = parameters.raw(row.by) if row.by else None
        try:
            budgets.charge(client, row, value, time, pool)
        except VenueError as error:
            keyed = route is not None and route.security is not Security.NONE
            if error.key == "banned" and keyed and self._desk.switches.on(KEY_REFUSED_DURING_BAN):
                raise VenueError("api-key-unknown") from error
            raise

    def check_region(self) -> None:
        """Nothing is served to a restricted region."""
        if self._desk.switches.on(RESTRICTED):
            raise VenueError("region")

    def check_open(self, time: VenueTime) -> None:
        """Nothing is served while the venue is closed."""
        if self._desk.is_closed(time):
            raise VenueError("overloaded")

    def check_address(self) -> None:
        """A key that is bound to another address is refused."""
        if self._desk.switches.on(BOUND_ELSEWHERE):
            raise VenueError("api-key-unknown")

    def check_window(self, parameters: Parameters, time: VenueTime) -> None:
        """The caller's timestamp must lie in the window that it allows."""
        check_time(parameters, self._window_ms, self._ahead_ms, time)

    def carry_out(
        self, endpoint: Endpoint, account: Account, parameters: Parameters, product: ProductRules, time: VenueTime
    ) -> object:
        """The operation's answer."""
        if endpoint.orders is not None:
            self._desk.budgets.charge_orders(account.name, *endpoint.orders, time)
        return endpoint.operation(Call(self._desk, account, parameters, time, product))

    # --- words --------------------------------------------------------------------------------------------------------

    def worded(self, row: ErrorRow, client: str, time: VenueTime, fields: dict[str, Any]) -> dict[str, Any]:
        """Code and text of an error."""
        until_ms = (self._over_ns(client, time, None) - time.age_ns + time.wire_ns) // 1_000_000
        blanks = _BLANKS | {"limit": self._desk.limits.named("weight").limit, "until": until_ms}
        return {"code": row.code, "msg": worded(row, fields, blanks)}

    def wait_ns(self, client: str, time: VenueTime, fields: dict[str, Any]) -> int:
        """How long a client that is told 429 or 418 must wait."""
        return self._over_ns(client, time, fields.get("ends_ns")) - time.age_ns

    def _over_ns(self, client: str, time: VenueTime, ends_ns: int | None) -> int:
        """When the ban is over, or the window that is spent: `ends_ns` of the age clock, else that of the weight."""
        budgets = self._desk.budgets
        banned_ns = budgets.banned_until_ns(client, time)
        return banned_ns or ends_ns or budgets.window_ends_ns(time)

    def counts(self, client: str, account: Account | None, time: VenueTime, pool: str) -> list[dict[str, Any]]:
        """The budgets as a reply over WebSocket tells them: those for orders of `account`, then the weight."""
        budgets = self._desk.budgets
        rows: list[dict[str, Any]] = []
        if account is not None:
            for (id, interval), count in zip(
                ORDER_LIMITS.items(), budgets.orders_used(account.name, time), strict=True
            ):
                rows.append(_count("ORDERS", interval, self._desk.limits.named(id).limit, count))
        limit = self._desk.limits.named(pool).limit
        return [*rows, _count("REQUEST_WEIGHT", "1 MINUTE", limit, budgets.used(client, time, pool))]


def _count(kind: str, interval: str, limit: int, count: int) -> dict[str, Any]:
    number, unit = interval.split()
    return {"rateLimitType": kind, "interval": unit, "intervalNum": int(number), "limit": limit, "count": count}
