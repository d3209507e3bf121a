"""Numbers that only rise, for requests that a venue takes once."""

from __future__ import annotations


class Rising:
    """Gives the time as a number, and one more than the last number where the time has not moved on or went back."""

    def __init__(self) -> None:
        self._last = 0

    def next(self, now: int) -> int:
        """The number for now, in the unit of `now`."""
        self._last = max(now, self._last + 1)
        return self._last
