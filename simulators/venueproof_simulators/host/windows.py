"""Budgets over time: counts in fixed and in sliding windows, and buckets that refill. Times in ns of the age clock."""

from __future__ import annotations

from collections import deque


class FixedWindow:
    """Counts per key; every count falls to 0 when a new window begins."""

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


class SlidingWindow:
    """Counts per key of the last `interval_ns`, exactly: what was counted at t counts until t + `interval_ns`.

    Time does not run backwards; a time before the last one counts as the last one.
    """

    def __init__(self, interval_ns: int) -> None:
        self.interval_ns = interval_ns
        self._entries: dict[str, deque[tuple[int, int]]] = {}
        """Time and amount, oldest first."""
        self._counts: dict[str, int] = {}

    def add(self, key: str, amount: int, now_ns: int) -> int:
        """Count `amount` and return the sum with it."""
        count = self.count(key, now_ns) + amount
        entries = self._entries.setdefault(key, deque())
        entries.append((max(now_ns, entries[-1][0]) if entries else now_ns, amount))
        self._counts[key] = count
        return count

    def count(self, key: str, now_ns: int) -> int:
        """The sum now."""
        entries = self._entries.get(key)
        if entries is None:
            return 0
        while entries and entries[0][0] + self.interval_ns <= now_ns:
            self._counts[key] -= entries.popleft()[1]
        if not entries:
            self.forget(key)
        return self._counts.get(key, 0)

    def spend(self, key: str, amount: int, limit: int, now_ns: int) -> bool:
        """Count `amount` if the sum then is no more than `limit`; whether it was counted."""
        if self.count(key, now_ns) + amount > limit:
            return False
        self.add(key, amount, now_ns)
        return True

    def room_ns(self, key: str, amount: int, limit: int, now_ns: int) -> int:
        """The first time from `now_ns` on at which `amount` fits below `limit` if nothing else is counted.

        Raises `ValueError` for an amount that never fits.
        """
        if amount > limit:
            raise ValueError(f"an amount of {amount} never fits into {limit}")
        over = self.count(key, now_ns) + amount - limit
        at_ns = now_ns
        for counted_ns, counted in self._entries.get(key, ()):
            if over <= 0:
                break
            over -= counted
            at_ns = counted_ns + self.interval_ns
        return at_ns

    def forget(self, key: str) -> None:
        """Stop counting a key that is gone."""
        self._entries.pop(key, None)
        self._counts.pop(key, None)

    def sweep(self, now_ns: int) -> None:
        """Let go of every key of which nothing counts any more."""
        for key in list(self._entries):
            self.count(key, now_ns)


class Bucket:
    """Credits per key that refill steadily up to `capacity`: `refill` of them every `per_ns`, a fraction kept exactly.

    Full for a key that was never seen. Time does not run backwards; a time before the last one counts as the last one.
    """

    def __init__(self, capacity: int, refill: int, per_ns: int) -> None:
        self.capacity = capacity
        self.refill = refill
        self.per_ns = per_ns
        self._missing: dict[str, tuple[int, int]] = {}
        """What lacks to a full one, in credits ÷ `per_ns`, and when that was so. A full one is not kept."""

    def _lacks(self, key: str, now_ns: int) -> int:
        missing, at_ns = self._missing.get(key, (0, now_ns))
        return max(0, missing - max(0, now_ns - at_ns) * self.refill)

    def left(self, key: str, now_ns: int) -> int:
        """Whole credits that are there; below 0 after `take` took more than there were."""
        return (self.capacity * self.per_ns - self._lacks(key, now_ns)) // self.per_ns

    def spend(self, key: str, cost: int, now_ns: int) -> bool:
        """Take `cost` if so much is there; whether it was taken."""
        if cost * self.per_ns > self.capacity * self.per_ns - self._lacks(key, now_ns):
            return False
        self.take(key, cost, now_ns)
        return True

    def take(self, key: str, cost: int, now_ns: int) -> None:
        """Take `cost` in any case, also into debt. A negative one gives back, up to `capacity`."""
        lacks = self._lacks(key, now_ns) + cost * self.per_ns
        if lacks > 0:
            self._missing[key] = lacks, max(now_ns, self._missing.get(key, (0, now_ns))[1])
        else:
            self.forget(key)

    def wait_ns(self, key: str, cost: int, now_ns: int) -> int:
        """How long until `cost` is there if nothing else is taken; 0 for now. Raises `ValueError` if it never is."""
        if cost > self.capacity:
            raise ValueError(f"a cost of {cost} is more than the {self.capacity} of a full bucket")
        short = self._lacks(key, now_ns) - (self.capacity - cost) * self.per_ns
        since_ns = max(0, self._missing.get(key, (0, now_ns))[1] - now_ns)
        return since_ns + -(-short // self.refill) if short > 0 else 0

    def forget(self, key: str) -> None:
        """Take a key for a new one."""
        self._missing.pop(key, None)
