"""Things that a venue does at a certain time: kept under a key, so that setting one anew replaces it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from heapq import heapify, heappop, heappush

from venueproof_simulators.host.venue import VenueTime

Deed = Callable[[VenueTime], None]

_SLACK = 64
"""So many that were set anew or cleared may wait in the heap for their time beyond as many as there are others."""


class Alarms:
    """What is due when, on one clock (ns). What was set first goes first among those of one moment."""

    def __init__(self) -> None:
        self._serial = 0
        self._heap: list[tuple[int, int, Hashable]] = []
        self._set: dict[Hashable, tuple[int, int, Deed]] = {}

    def set(self, key: Hashable, due_ns: int, deed: Deed) -> None:
        """Do `deed` at `due_ns`, instead of what was set under this key."""
        self._serial += 1
        self._set[key] = (due_ns, self._serial, deed)
        heappush(self._heap, (due_ns, self._serial, key))
        if len(self._heap) > 2 * len(self._set) + _SLACK:
            self._heap = [(due_ns, serial, key) for key, (due_ns, serial, _) in self._set.items()]
            heapify(self._heap)

    def is_set(self, key: Hashable) -> bool:
        """Whether something is due under this key."""
        return key in self._set

    def clear(self, key: Hashable) -> None:
        """Do nothing after all. Harmless when nothing is set."""
        self._set.pop(key, None)

    def next_due_ns(self) -> int | None:
        """When the next deed is due; None when there is none."""
        while self._heap:
            due_ns, serial, key = self._heap[0]
            if self._current(key, serial) is not None:
                return due_ns
            heappop(self._heap)
        return None

    def run(self, now_ns: int, time: VenueTime) -> None:
        """Do everything that is due by `now_ns`, also what becomes due meanwhile."""
        while self._heap and self._heap[0][0] <= now_ns:
            _, serial, key = heappop(self._heap)
            deed = self._current(key, serial)
            if deed is not None:
                del self._set[key]
                deed(time)

    def _current(self, key: Hashable, serial: int) -> Deed | None:
        found = self._set.get(key)
        return found[2] if found is not None and found[1] == serial else None
