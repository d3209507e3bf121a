"""How long a message takes on its way out: one seeded draw for each reply and each broadcast."""

from __future__ import annotations

import random

from msgspec import Struct


class Latency(Struct, frozen=True):
    """Bounds of the draw, both included, in ns."""

    low_ns: int
    high_ns: int


NO_LATENCY = Latency(0, 0)
"""Real time's default: the network has its own."""
VIRTUAL_LATENCY = Latency(1_000_000, 5_000_000)
"""Virtual time's default. Time stands still while code runs, so without it all that a burst does bears one stamp."""


class Draws:
    """A sequence of draws that one seed fixes."""

    def __init__(self, latency: Latency, seed: int) -> None:
        """`seed` is the run's; the sequence is independent of what else is drawn from it."""
        self._latency = latency
        self.none = not latency.high_ns
        """Whether every draw is 0."""
        self._random = random.Random(f"{seed}/latency")

    def next_ns(self) -> int:
        """The next message's time on its way."""
        if self.none:
            return 0
        return self._random.randint(self._latency.low_ns, self._latency.high_ns)
