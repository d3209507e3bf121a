"""The ways in which venues count requests: in windows of the clock, in windows that slide, in buckets that refill."""

from __future__ import annotations

from collections import deque
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from venueproof_adapters.kit.clock import MS_NS, SECOND_NS

_SLACK_NS = 50 * MS_NS


class Counting(StrEnum):
    """How a venue counts."""

    FIXED = "fixed"
    """Everything is free again when the clock passes a multiple of the length."""
    SLIDING = "sliding"
    """Each request counts for the length after it."""
    REFILLING = "refilling"
    """A bucket of `limit` units that fills at `limit` per length."""


class Window(Struct, frozen=True):
    """At most `limit` units in `length_s` seconds. `header` tells how many are spent, or with `tells_left` how many are
    left, of the windows that the answered request counts in; empty where the venue does not tell."""

    name: str
    limit: int
    length_s: float
    header: str = ""
    counting: Counting = Counting.FIXED
    tells_left: bool = False

    @property
    def length_ns(self) -> int:
        """The length in ns."""
        return int(self.length_s * SECOND_NS)


class Counter(Protocol):
    """What was spent of one window. Times are the venue's, in ns."""

    def spent(self, now_ns: int) -> float:
        """Units that count now."""
        ...

    def spend(self, units: float, now_ns: int) -> None:
        """Units are spent now."""
        ...

    def frees_ns(self, units: float, most: float, now_ns: int) -> int:
        """When `units` more make no more than `most`; `now_ns` when they do already."""
        ...


class FixedCounter:
    """Counts in windows of the clock."""

    def __init__(self, window: Window) -> None:
        self._length_ns = window.length_ns
        self._turn, self._spent = -1, 0.0

    def spent(self, now_ns: int) -> float:
        """Units in the window of `now_ns`."""
        return self._spent if self._turn == now_ns // self._length_ns else 0.0

    def spend(self, units: float, now_ns: int) -> None:
        """Count."""
        self._turn, self._spent = now_ns // self._length_ns, self.spent(now_ns) + units

    def frees_ns(self, units: float, most: float, now_ns: int) -> int:
        """The next turn, unless there is room."""
        if self.spent(now_ns) + units <= most:
            return now_ns
        return (now_ns // self._length_ns + 1) * self._length_ns + _SLACK_NS


class SlidingCounter:
    """Counts each request for the length after it."""

    def __init__(self, window: Window) -> None:
        self._length_ns = window.length_ns
        self._spendings: deque[tuple[int, float]] = deque()

    def spent(self, now_ns: int) -> float:
        """Units of the last length of time."""
        while self._spendings and self._spendings[0][0] + self._length_ns <= now_ns:
            self._spendings.popleft()
        return sum(units for _, units in self._spendings)

    def spend(self, units: float, now_ns: int) -> None:
        """Count."""
        if units:
            self._spendings.append((now_ns, units))

    def frees_ns(self, units: float, most: float, now_ns: int) -> int:
        """When enough of what was spent is too old to count."""
        over = self.spent(now_ns) + units - most
        for at_ns, gone in self._spendings:
            if over <= 0:
                break
            over -= gone
            freed_ns = at_ns + self._length_ns + _SLACK_NS
            if over <= 0:
                return freed_ns
        return now_ns if over <= 0 else now_ns + self._length_ns + _SLACK_NS


class RefillingCounter:
    """Counts what is missing in a bucket that fills steadily."""

    def __init__(self, window: Window) -> None:
        self._per_ns = window.limit / window.length_ns
        self._at_ns, self._missing = 0, 0.0

    def spent(self, now_ns: int) -> float:
        """What is missing now."""
        return max(0.0, self._missing - (now_ns - self._at_ns) * self._per_ns)

    def spend(self, units: float, now_ns: int) -> None:
        """Take out."""
        self._at_ns, self._missing = now_ns, self.spent(now_ns) + units

    def frees_ns(self, units: float, most: float, now_ns: int) -> int:
        """When it has filled far enough."""
        over = self.spent(now_ns) + units - most
        return now_ns if over <= 0 else now_ns + int(over / self._per_ns) + _SLACK_NS


_COUNTERS: dict[Counting, type[FixedCounter] | type[SlidingCounter] | type[RefillingCounter]] = {
    Counting.FIXED: FixedCounter,
    Counting.SLIDING: SlidingCounter,
    Counting.REFILLING: RefillingCounter,
}


def counter(window: Window) -> Counter:
    """The counter of a window, with nothing spent."""
    return _COUNTERS[window.counting](window)
