"""The venue's clock, worked out from its own answers and carried on by our monotonic clock.

Wall time is not used once a first synchronisation succeeded, so a step of the wall clock cannot shift a signature; it
is watched all the same, since a step is a sign that the computer slept and the monotonic clock may have stood still.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from statistics import median_low

from venueproof_adapters.kit.clock import SECOND_NS, Clock
from venueproof_contracts.errors import AdapterError

Sample = Callable[[], Awaitable[int]]
"""Asks the venue for its time, in ns."""

_STEP_NS = SECOND_NS // 2


class ClockSync:
    """Median of `samples` differences to the venue's clock, taken anew every `refresh_s` seconds."""

    def __init__(self, clock: Clock, *, samples: int = 5, refresh_s: float = 1800.0) -> None:
        self._clock = clock
        self._samples = samples
        self._refresh_ns = int(refresh_s * SECOND_NS)
        self._ahead_ns: int | None = None
        self._wall_ahead_ns = 0
        self._synced_at_ns = 0
        self._rounds = 0
        self._lock = asyncio.Lock()

    @property
    def rounds(self) -> int:
        """How often the clock was synchronised. Hand it to `resync` to say which reading turned out wrong."""
        return self._rounds

    def now_ns(self) -> int:
        """The venue's time; our wall clock's until the first `sync`."""
        if self._ahead_ns is None:
            return self._clock.wall_ns()
        return self._clock.monotonic_ns() + self._ahead_ns

    def due(self) -> bool:
        """True when the last reading is old, or the wall clock was stepped since."""
        if self._ahead_ns is None:
            return True
        old = self._clock.monotonic_ns() - self._synced_at_ns >= self._refresh_ns
        return old or abs(self._wall_ahead() - self._wall_ahead_ns) > _STEP_NS

    @property
    def refresh_s(self) -> float:
        """How long a reading is good for, in seconds."""
        return self._refresh_ns / SECOND_NS

    async def sync(self, sample: Sample) -> None:
        """Take the samples. One that fails is left out; raises the last error when most of them fail."""
        async with self._lock:
            await self._sync(sample)

    async def resync(self, sample: Sample, seen: int) -> None:
        """As `sync`, unless somebody did it since round `seen`."""
        async with self._lock:
            if self._rounds == seen:
                await self._sync(sample)

    async def _sync(self, sample: Sample) -> None:
        differences: list[int] = []
        failure: AdapterError | None = None
        for _ in range(self._samples):
            try:
                differences.append(await self._difference(sample))
            except AdapterError as error:
                failure = error
        if failure is not None and len(differences) <= self._samples // 2:
            raise failure
        self._ahead_ns = median_low(differences)
        self._wall_ahead_ns = self._wall_ahead()
        self._synced_at_ns = self._clock.monotonic_ns()
        self._rounds += 1

    async def _difference(self, sample: Sample) -> int:
        asked_ns = self._clock.monotonic_ns()
        venue_ns = await sample()
        return venue_ns - (asked_ns + self._clock.monotonic_ns()) // 2

    def _wall_ahead(self) -> int:
        return self._clock.wall_ns() - self._clock.monotonic_ns()
