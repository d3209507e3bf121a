"""OKX's budgets: so many requests in two seconds for each endpoint, counted by address, by account, or by account and
instrument; each apart, so that one runs out while the others go on.

In the field profile placements are counted over the whole account, and all else of a kind together. Over a budget the
answer is 429; nobody is banned for that.
"""

from __future__ import annotations

from venueproof_simulators.host.facts import Limits
from venueproof_simulators.host.switches import Switches
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.host.windows import FixedWindow
from venueproof_simulators.kit.bans import Throttle
from venueproof_simulators.kit.refusing import VenueError

FEWER = "okx.ratelimit.ip-and-uid-independent"
PLACE, AMEND, CANCEL = "place", "amend", "cancel"


class Budgets:
    """What everybody has left."""

    def __init__(self, limits: Limits, switches: Switches, throttle: Throttle) -> None:
        self._limits = limits
        self._switches = switches
        self._rows = {row.id: row for row in limits.limit}
        self._windows = {
            row.interval_s: FixedWindow(row.interval_s) for row in limits.limit if row.interval_s and ":" in row.id
        }
        self._orders = FixedWindow(limits.named("account-orders").interval_s)
        self._connections = FixedWindow(limits.named("connections").interval_s)
        self._throttle = throttle
        self._no_orders_ns = 0

    # --- requests -----------------------------------------------------------------------------------------------------

    def charge_address(self, row: str, client: str, about: str, time: VenueTime) -> None:
        """Count a public request; `about`: what the endpoint is counted by besides. Raises `VenueError`."""
        self._throttle.check(time)
        if self._switches.on(FEWER):
            self._count("field:public", client, 1, time)
        else:
            self._count(row, f"{client} {about}", 1, time)

    def charge_account(self, row: str, account: str, time: VenueTime) -> None:
        """Count a private request. Raises `VenueError`."""
        self._throttle.check(time)
        if self._switches.on(FEWER):
            self._count("field:private", account, 1, time)
        else:
            self._count(row, account, 1, time)

    def charge_orders(self, kind: str, account: str, instruments: list[str], time: VenueTime, *, batch: bool) -> None:
        """Count orders that are placed, amended or canceled, each against its instrument. Raises `VenueError`."""
        self._throttle.check(time)
        if time.age_ns < self._no_orders_ns:
            raise VenueError("too-many-requests")
        if kind != CANCEL and self._orders.add(account, len(instruments), time.age_ns) > self._most("account-orders"):
            raise VenueError("account-orders")
        if self._switches.on(FEWER):
            row = "field:place" if kind == PLACE else "field:private"
            self._count(row, account, len(instruments) if kind == PLACE else 1, time)
            return
        row = f"order:batch-{kind}" if batch else f"order:{kind}"
        for instrument in dict.fromkeys(instruments):
            self._count(row, f"{account} {instrument}", instruments.count(instrument), time)

    def _count(self, row: str, who: str, amount: int, time: VenueTime) -> None:
        found = self._rows[row]
        if self._windows[found.interval_s].add(f"{row} {who}", amount, time.age_ns) > found.limit:
            raise VenueError("too-many-requests")

    def _most(self, row: str) -> int:
        return self._rows[row].limit

    def connect(self, client: str, time: VenueTime) -> None:
        """Count a new connection. Raises `VenueError`."""
        if self._connections.add(client, 1, time.age_ns) > self._most("connections"):
            raise VenueError("too-many-requests")

    # --- levers -------------------------------------------------------------------------------------------------------

    def exhaust_orders(self, until_age_ns: int) -> None:
        """Refuse every order until then; all else goes on."""
        self._no_orders_ns = until_age_ns
