"""Who is turned away for a while: banned addresses; everybody, as if another program had spent a budget."""

from __future__ import annotations

from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.refusing import VenueError


class Bans:
    """Who is banned until when (age clock)."""

    def __init__(self) -> None:
        self._until_ns: dict[str, int] = {}

    def set(self, client: str, until_ns: int) -> None:
        """Turn a client away until then."""
        self._until_ns[client] = until_ns

    def check(self, client: str, time: VenueTime) -> None:
        """Raises `VenueError(banned)`, with `until` on the venue's clock in ms, for a client that is turned away."""
        until_ns = self._until_ns.get(client, 0)
        if until_ns > time.age_ns:
            raise VenueError("banned", until=(until_ns - time.age_ns + time.wire_ns) // 1_000_000)


class Throttle:
    """Until when (age clock) everything that counts is one too many."""

    def __init__(self) -> None:
        self.until_ns = 0

    def on(self, time: VenueTime) -> bool:
        """Whether that is so now."""
        return time.age_ns < self.until_ns

    def check(self, time: VenueTime) -> None:
        """Raises `VenueError(too-many-requests)` when it is."""
        if self.on(time):
            raise VenueError("too-many-requests")
