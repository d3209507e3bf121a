"""Things to do at a time: one queue in order of time and then of entry, and one timer of the loop behind it.

The loop's own clock must run with the clock handed in (both virtual, or both real): the loop's timer wakes the agenda,
the clock decides what is due.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable

from venueproof_simulators.host.clock import Clock

NS_PER_S = 1_000_000_000


class Entry:
    """One thing to do. It is taken back by `Agenda.cancel`."""

    __slots__ = ("action", "due_ns", "order")

    def __init__(self, due_ns: int, order: int, action: Callable[[], None]) -> None:
        """`order` decides between entries of one time."""
        self.due_ns = due_ns
        self.order = order
        self.action: Callable[[], None] | None = action

    def __lt__(self, other: Entry) -> bool:
        """Earlier first, then first entered."""
        return (self.due_ns, self.order) < (other.due_ns, other.order)


class Agenda:
    """A queue of entries. Lives inside one running loop."""

    def __init__(self, clock: Clock) -> None:
        """An empty agenda."""
        self._clock = clock
        self._entries: list[Entry] = []
        self._orders = itertools.count()
        self._timer: asyncio.TimerHandle | None = None
        self._armed_ns = 0

    def __len__(self) -> int:
        """How many entries wait."""
        return sum(entry.action is not None for entry in self._entries)

    def at(self, due_ns: int, action: Callable[[], None]) -> Entry:
        """Do `action` at `due_ns`, from the loop and never from within this call."""
        entry = Entry(due_ns, next(self._orders), action)
        heapq.heappush(self._entries, entry)
        self._arm()
        return entry

    def cancel(self, entry: Entry) -> None:
        """Do not do it after all; without effect on one that was done."""
        entry.action = None
        while self._entries and self._entries[0].action is None:
            heapq.heappop(self._entries)
        self._arm()

    def postpone(self, until_ns: int) -> None:
        """Nothing is done before `until_ns`; what was due until then is done at that time in order of entry."""
        for entry in self._entries:
            entry.due_ns = max(entry.due_ns, until_ns)
        heapq.heapify(self._entries)
        self._arm()

    async def until(self, due_ns: int) -> None:
        """Return at `due_ns`, in order with the other entries."""
        done = asyncio.get_running_loop().create_future()

        def wake() -> None:
            if not done.done():
                done.set_result(None)

        entry = self.at(due_ns, wake)
        try:
            await done
        finally:
            if not done.done() or done.cancelled():
                self.cancel(entry)

    def close(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._arm()

    def _arm(self) -> None:
        if not self._entries:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            return
        due_ns = self._entries[0].due_ns
        if self._timer is not None:
            if self._armed_ns == due_ns:
                return
            self._timer.cancel()
        self._armed_ns = due_ns
        wait_s = max(due_ns - self._clock.now_ns(), 0) / NS_PER_S
        self._timer = asyncio.get_running_loop().call_later(wait_s, self._run)

    def _run(self) -> None:
        self._timer = None
        now_ns = self._clock.now_ns()
        try:
            while self._entries and self._entries[0].due_ns <= now_ns:
                action = heapq.heappop(self._entries).action
                if action is not None:
                    action()
        finally:
            self._arm()
