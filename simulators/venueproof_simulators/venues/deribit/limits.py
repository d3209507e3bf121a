"""Budgets: credits that refill, buckets of the matching engine, connections. Source: the vendor's page on rate limits.

Who asks is an account, or an address where nobody is identified. In the field's reading requests are merely counted,
so many a second, and a connection survives it.
"""

from __future__ import annotations

from venueproof_simulators.host.facts import Limits
from venueproof_simulators.host.switches import Switches
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.host.windows import Bucket, FixedWindow
from venueproof_simulators.kit.bans import Throttle
from venueproof_simulators.kit.refusing import VenueError

SIMPLE_COUNTS = "deribit.ratelimit.simple-counts"
MATCHING = "matching"
_DEBT = 20
"""How many requests too many another program sent: what is refused for some seconds."""
_POOLS = ("credits", "subscribe-credits", "instruments-credits", MATCHING)


class Budgets:
    """What everybody has left."""

    def __init__(self, limits: Limits, switches: Switches, throttle: Throttle) -> None:
        self._limits = limits
        self._switches = switches
        self._buckets = {pool: _bucket(limits, pool) for pool in _POOLS}
        self._costs = limits.weights()
        simple = limits.named("simple-count")
        self.simple_most = simple.limit
        """How many requests a second the field's reading allows."""
        self._counts = FixedWindow(simple.interval_s)
        self._connections: dict[str, int] = {}
        self._throttle = throttle

    @property
    def cuts_off(self) -> bool:
        """Whether who asks too often loses the connection."""
        return not self._switches.on(SIMPLE_COUNTS)

    def charge(self, who: str, key: str, time: VenueTime) -> None:
        """Pay for a request. Raises `VenueError` when there is not enough left."""
        cost = self._costs[key]
        self._throttle.check(time)
        if self._switches.on(SIMPLE_COUNTS):
            if cost.weight and self._counts.add(who, 1, time.age_ns) > self.simple_most:
                raise VenueError("too-many-requests")
        elif not self._buckets[cost.pool].spend(who, cost.weight, time.age_ns):
            raise VenueError("too-many-requests")

    def exhaust_matching(self, who: str, time: VenueTime) -> int:
        """Spend what somebody may ask of the matching engine; returns in how many ns the next request is served."""
        if self._switches.on(SIMPLE_COUNTS):
            self._counts.add(who, self.simple_most, time.age_ns)
            return self._counts.ends_ns(time.age_ns) - time.age_ns
        bucket = self._buckets[MATCHING]
        bucket.take(who, bucket.left(who, time.age_ns) + _DEBT, time.age_ns)
        return bucket.wait_ns(who, 1, time.age_ns)

    # --- connections ---

    def connect(self, client: str) -> None:
        """One connection more. Raises `VenueError` when an address has too many."""
        self.check_request(client)
        self._connections[client] = self._connections.get(client, 0) + 1

    def check_request(self, client: str) -> None:
        """A request needs a connection as well. Raises `VenueError`."""
        if self._connections.get(client, 0) >= self._limits.named("connections").limit:
            raise VenueError("too-many-connections")

    def disconnect(self, client: str) -> None:
        """One connection less."""
        self._connections[client] = max(0, self._connections.get(client, 0) - 1)


def _bucket(limits: Limits, pool: str) -> Bucket:
    row = limits.named(pool)
    return Bucket(row.limit, row.limit, row.interval_s * 10**9)
