"""The only place of the adapters that reads a clock: wall time for people, monotonic time for everything else."""
# ruff: noqa: TID251

from __future__ import annotations

import time
from typing import Protocol

SECOND_NS = 1_000_000_000
MS_NS = 1_000_000


class Clock(Protocol):
    """Two readings in ns. The wall may be stepped under us, the monotonic clock never is."""

    def wall_ns(self) -> int:
        """This computer's idea of the time since the epoch."""
        ...

    def monotonic_ns(self) -> int:
        """Time since some fixed moment."""
        ...


class SystemClock:
    """The computer's clocks, looked up at each reading so that a virtual clock installed later is obeyed."""

    def wall_ns(self) -> int:
        """This computer's idea of the time since the epoch."""
        return time.time_ns()

    def monotonic_ns(self) -> int:
        """Time since some fixed moment."""
        return time.monotonic_ns()
