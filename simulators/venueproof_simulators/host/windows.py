"""Counting in fixed windows of time: how most venues measure a budget."""

from __future__ import annotations


class FixedWindow:
    """Counts per key; every count falls to 0 when a new window begins. Times in ns of the age clock."""

    def __init__(self, interval_s: int) -> None:
        self.interval_ns = interval_s * 10**9
        self._window = 0
        self._counts: dict[str, int] = {}
        """Of the last window in which anything was counted."""

    def add(self, key: str, amount: int, now_ns: int) -> int:
        """Count `amount` and return the sum of this window."""
        window = now_ns // self.interval_ns
        if window != self._window:
            self._window = window
            self._counts.clear()
        self._counts[key] = count = self._counts.get(key, 0) + amount
        return count

    def count(self, key: str, now_ns: int) -> int:
        """The sum of this window."""
        return self._counts.get(key, 0) if self._window == now_ns // self.interval_ns else 0

    def forget(self, key: str) -> None:
        """Stop counting a key that is gone."""
        self._counts.pop(key, None)

    def ends_ns(self, now_ns: int) -> int:
        """When the window that holds `now_ns` ends."""
        return (now_ns // self.interval_ns + 1) * self.interval_ns
