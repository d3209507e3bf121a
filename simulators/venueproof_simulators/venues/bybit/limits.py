"""Bybit's budgets: requests of an account per endpoint and second, and all requests of an address in five seconds.

Measured on the age clock. Too many of an endpoint are refused with 10006 until the oldest are a second old; too many of
an address are answered 403 for ten minutes, whatever they ask.
"""

from __future__ import annotations

from msgspec import Struct

from venueproof_simulators.host.facts import Limits
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.host.windows import SlidingWindow
from venueproof_simulators.kit.bans import Bans, Throttle
from venueproof_simulators.kit.refusing import VenueError

ADDRESS, CONNECTIONS = "address", "connections"
_S = 10**9


class Left(Struct, frozen=True):
    """What an account has of an endpoint's budget now."""

    limit: int
    remaining: int
    reset_ms: int
    """When a request fits again; now, while the budget was not exceeded."""
    granted: int = 1
    """How many items of a batch it was enough for."""


class Budgets:
    """Counts what addresses and accounts spend, and refuses what is too much."""

    def __init__(self, limits: Limits, bans: Bans, throttle: Throttle) -> None:
        self._bans = bans
        self._most = {row.id: row.limit for row in limits.limit}
        self._windows = {row.id: SlidingWindow(row.interval_s * _S) for row in limits.limit if row.interval_s}
        self._throttle = throttle

    def charge_address(self, client: str, time: VenueTime, budget: str = ADDRESS) -> None:
        """Count one request, or one new connection. Raises `VenueError` when the address is blocked, or is now."""
        self._bans.check(client, time)
        if self._windows[budget].add(client, 1, time.age_ns) > self._most[budget]:
            self._bans.set(client, time.age_ns + self._most["address-block"] * _S)
            self._bans.check(client, time)

    def charge(self, account: str, budget: str, amount: int, time: VenueTime) -> Left:
        """Count requests of an account, or as many items of a batch as there is room for.

        Raises `VenueError` when there is no room at all. That a batch is taken in part is from memory of the vendor's
        rate limit page.
        """
        window, most, now_ns = self._windows[budget], self._most[budget], time.age_ns
        if self._throttle.on(time):
            raise _too_many(most, self._throttle.until_ns, time)
        granted = min(amount, most - window.count(account, now_ns))
        if granted <= 0:
            raise _too_many(most, window.room_ns(account, 1, most, now_ns), time)
        return Left(most, most - window.add(account, granted, now_ns), time.wire_ms, granted)

    def charge_session(self, session: int, time: VenueTime) -> None:
        """Count one request of a trade session. Raises `VenueError` when they come too fast."""
        window, most = self._windows["session-requests"], self._most["session-requests"]
        if not window.spend(str(session), 1, most, time.age_ns):
            raise VenueError("socket-session-busy")

    def sweep(self, time: VenueTime) -> None:
        """Let go of addresses and accounts of which nothing counts any more."""
        for window in self._windows.values():
            window.sweep(time.age_ns)

    def forget_session(self, session: int) -> None:
        """A trade session is gone."""
        self._windows["session-requests"].forget(str(session))


def _too_many(most: int, until_age_ns: int, time: VenueTime) -> VenueError:
    reset_ms = -(-(until_age_ns - time.age_ns + time.wire_ns) // 1_000_000)
    return VenueError("too-many-requests", left=Left(most, 0, reset_ms))
