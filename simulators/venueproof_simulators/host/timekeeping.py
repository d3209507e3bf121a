"""The clocks of one running venue: true time, what the venue prints, and what ages are measured by."""

from __future__ import annotations

from venueproof_simulators.host.clock import Clock
from venueproof_simulators.host.venue import VenueTime

NS_PER_MS = 1_000_000


class Timekeeper:
    """Makes a `VenueTime` of the clock that was handed in. `skew_ns` and `aged_ns` are the levers."""

    def __init__(self, clock: Clock) -> None:
        """Start with all three clocks alike."""
        self.clock = clock
        self.now_ns = clock.now_ns
        """True time."""
        self.skew_ns = 0
        self.aged_ns = 0

    def wire_ns(self) -> int:
        """What the venue prints."""
        return self.now_ns() + self.skew_ns

    def time(self) -> VenueTime:
        """All clocks of this moment."""
        true_ns = self.now_ns()
        return VenueTime(true_ns, true_ns + self.skew_ns, true_ns + self.aged_ns)
