"""Binance's budgets: request weight per IP address, orders per account, bans for those who do not stop.

Fixed windows, measured on the age clock. Over the weight every request is answered 429; after some more of them the
address is banned (418) for two minutes, longer each time. In the field profile the first ban lasts two hours and
every request meanwhile makes it longer.
"""

from __future__ import annotations

from contextlib import suppress

from msgspec import Struct

from venueproof_simulators.host.facts import BanRow, Limits, WeightRow
from venueproof_simulators.host.switches import Switches
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.host.windows import FixedWindow
from venueproof_simulators.kit.bans import Throttle
from venueproof_simulators.kit.refusing import VenueError

ESCALATION = "binance.rate.ban-escalation"
ORDER_LIMITS = {"orders-10s": "10 SECOND", "orders-1m": "1 MINUTE"}
"""Ids of the limits that count orders, and what the venue calls their windows."""
WEIGHT = "weight"
"""The pool that costs count against where their row names no other."""
SOCKET_POOL = "socket-weight"
"""What takes its place for requests over WebSocket."""


class Ban(Struct):
    """One ban in force, or the last one there was. Times on the age clock."""

    until_ns: int
    begun_ns: int
    length_s: int


class Budgets:
    """Counts what clients and accounts spend, and refuses what is too much."""

    def __init__(self, limits: Limits, switches: Switches, throttle: Throttle) -> None:
        self._limits = limits
        self._switches = switches
        self._weights = limits.weights()
        self._rows: dict[tuple[str, str], WeightRow] = {}
        """(key, product) → the row that was found for it."""
        pools = sorted({row.pool for row in limits.weight} | {SOCKET_POOL})
        self._most = {id: limits.named(id).limit for id in (*pools, *ORDER_LIMITS)}
        self._pools = {pool: FixedWindow(limits.named(pool).interval_s) for pool in pools}
        self._orders = {id: FixedWindow(limits.named(id).interval_s) for id in ORDER_LIMITS}
        self._refused = FixedWindow(limits.named("weight").interval_s)
        self._connections = FixedWindow(limits.named("connections").interval_s)
        self._connections_most = limits.named("connections").limit
        self._bans: dict[str, Ban] = {}
        self._throttle = throttle

    # --- requests ---

    def cost_row(self, key: str, product: str) -> WeightRow:
        """The cost row `key`, or `PRODUCT:KEY` where there is one."""
        row = self._rows.get((key, product))
        if row is None:
            row = self._rows[key, product] = self._weights.get(f"{product}:{key}") or self._weights[key]
        return row

    def charge(self, client: str, row: WeightRow, value: str | None, time: VenueTime, usual: str = WEIGHT) -> None:
        """Count one request; `value` is that of the parameter its cost depends on.

        `usual` is the pool for costs that have none of their own. Raises `VenueError` when the client is banned, or the
        request is one too many.
        """
        if self._bans:
            self._check_ban(client, time)
        pool = usual if row.pool == WEIGHT else row.pool
        spent = self._pools[pool].add(client, row.cost(value), time.age_ns)
        if self._throttle.on(time):
            raise self._too_many()
        if spent > self._most[pool]:
            self._count_refusal(client, time)
            raise self._too_many()

    def connect(self, client: str, time: VenueTime) -> None:
        """Count one attempt to open a WebSocket. Raises `VenueError` when it is one too many."""
        self._check_ban(client, time)
        if self._connections.add(client, 1, time.age_ns) > self._connections_most:
            self._count_refusal(client, time)
            raise VenueError("too-many-connections", ends_ns=self._connections.ends_ns(time.age_ns))

    def cut_off(self, client: str, time: VenueTime) -> None:
        """A connection was ended for what came in on it; an address to which that happens often is banned."""
        with suppress(VenueError):
            self._count_refusal(client, time)

    def used(self, client: str, time: VenueTime, pool: str = WEIGHT) -> int:
        """Weight spent in this window."""
        return self._pools[pool].count(client, time.age_ns)

    def window_ends_ns(self, time: VenueTime) -> int:
        """When the weight window ends, on the age clock."""
        return self._pools["weight"].ends_ns(time.age_ns)

    def _too_many(self) -> VenueError:
        return VenueError("too-many-requests", limit=self._most["weight"])

    # --- bans ---

    def ban(self, client: str, until_age_ns: int, time: VenueTime) -> None:
        """Ban a client until then."""
        length_s = max(1, (until_age_ns - time.age_ns) // 10**9)
        self._bans[client] = Ban(until_age_ns, time.age_ns, length_s)

    def banned_until_ns(self, client: str, time: VenueTime) -> int | None:
        """When a client's ban ends, on the age clock; None when it has none."""
        ban = self._bans.get(client)
        return ban.until_ns if ban is not None and ban.until_ns > time.age_ns else None

    def ban_row(self) -> BanRow:
        """How this profile bans."""
        return self._limits.ban_named("field" if self._switches.on(ESCALATION) else "vendor")

    def _check_ban(self, client: str, time: VenueTime) -> None:
        ban = self._bans.get(client)
        if ban is None or ban.until_ns <= time.age_ns:
            return
        row = self.ban_row()
        until_ms = (ban.until_ns - time.age_ns + time.wire_ns) // 1_000_000
        longest_ns = ban.begun_ns + max(row.longest_s, ban.length_s) * 10**9
        ban.until_ns = min(ban.until_ns + row.longer_per_request_s * 10**9, longest_ns)
        raise VenueError("banned", until=until_ms)

    def _count_refusal(self, client: str, time: VenueTime) -> None:
        row = self.ban_row()
        if self._refused.add(client, 1, time.age_ns) <= row.after_requests:
            return
        last = self._bans.get(client)
        length_s = min(last.length_s * row.factor, row.longest_s) if last else row.first_s
        self._bans[client] = Ban(time.age_ns + length_s * 10**9, time.age_ns, length_s)
        self._check_ban(client, time)

    # --- orders ---

    def charge_orders(self, account: str, per_10s: int, per_minute: int, time: VenueTime) -> None:
        """Count orders of an account. Raises `VenueError` when they are too many."""
        for id, amount in (("orders-10s", per_10s), ("orders-1m", per_minute)):
            if self._orders[id].add(account, amount, time.age_ns) > self._most[id]:
                raise self._too_many_orders(id, time)

    def _too_many_orders(self, id: str, time: VenueTime) -> VenueError:
        ends_ns = self._orders[id].ends_ns(time.age_ns)
        return VenueError("too-many-new-orders", limit=self._most[id], interval=ORDER_LIMITS[id], ends_ns=ends_ns)

    def exhaust_orders(self, account: str, time: VenueTime) -> int:
        """Spend what the account has left in this 10 s window; returns the window's end on the age clock."""
        window = self._orders["orders-10s"]
        window.add(account, self._most["orders-10s"], time.age_ns)
        return window.ends_ns(time.age_ns)

    def orders_used(self, account: str, time: VenueTime) -> tuple[int, int]:
        """Orders of the last 10 s window and of the last minute."""
        seconds, minute = self._orders.values()
        return seconds.count(account, time.age_ns), minute.count(account, time.age_ns)

    def exhaust(self, client: str, weight: int, time: VenueTime, pool: str = WEIGHT) -> None:
        """Spend so much of a client's weight."""
        self._pools[pool].add(client, weight, time.age_ns)
