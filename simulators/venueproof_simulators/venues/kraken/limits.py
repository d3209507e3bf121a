"""Kraken's budgets: costs per account in windows of ten seconds, and a pool for histories that refills.

As reported from the field every private request counts as one of one number per ten seconds, without pools.
"""

from __future__ import annotations

from venueproof_simulators.host.facts import Limits
from venueproof_simulators.host.switches import Switches
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.host.windows import Bucket, FixedWindow
from venueproof_simulators.kit.bans import Throttle
from venueproof_simulators.kit.parameters import Parameters
from venueproof_simulators.kit.refusing import VenueError

BY_COST = "kraken.rate.cost-budget"
_HISTORY = "history"


class Budgets:
    """Counts what accounts spend, and refuses what is too much."""

    def __init__(self, limits: Limits, switches: Switches, throttle: Throttle) -> None:
        self._switches = switches
        self._rows = limits.weights()
        derivatives, history, requests = (limits.named(id) for id in ("derivatives", _HISTORY, "requests"))
        self._costs, self._costs_most = FixedWindow(derivatives.interval_s), derivatives.limit
        self._counts, self._counts_most = FixedWindow(requests.interval_s), requests.limit
        self._pool = Bucket(history.limit, history.limit, history.interval_s * 10**9)
        self._throttle = throttle

    def cost(self, key: str, parameters: Parameters, rows: int) -> tuple[str, int]:
        """Pool and cost of a request; `rows` are those of a batch."""
        row = self._rows[key]
        return row.pool, row.cost(parameters.raw(row.by) if row.by else None) + rows

    def charge(self, account: str, key: str, parameters: Parameters, rows: int, time: VenueTime) -> None:
        """Count one request. Raises `VenueError` when it is one too many."""
        pool, cost = self.cost(key, parameters, rows)
        if not cost:
            return
        if self._throttle.on(time) or not self._spend(account, pool, cost, time):
            raise VenueError("too-many-requests")

    def _spend(self, account: str, pool: str, cost: int, time: VenueTime) -> bool:
        if not self._switches.on(BY_COST):
            return self._counts.add(account, 1, time.age_ns) <= self._counts_most
        if pool == _HISTORY:
            return self._pool.spend(account, cost, time.age_ns)
        return self._costs.add(account, cost, time.age_ns) <= self._costs_most
