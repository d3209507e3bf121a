"""What we may still send: windows counted by us and corrected by the venue's headers, pauses, and bans.

A ban is obeyed without a single request. A short pause, or room in a spent window, is waited for; of a long one the
caller is told at once, since an order that is sent a minute late is another order than the one that was meant.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping

from venueproof_adapters.kit.clock import SECOND_NS
from venueproof_adapters.kit.windows import Counter, Window, counter
from venueproof_contracts.errors import Banned, RateLimited

_CONNECTIONS = "connections"


class Budget:
    """All windows of one account and address, by name: what a request costs is told by window.

    `share` of each limit is used, the rest is left for urgent requests; nobody waits longer than `patience_s`.
    """

    def __init__(self, now_ns: Callable[[], int], *, share: float = 0.9, patience_s: float = 10.0) -> None:
        self._now_ns = now_ns
        self._patience_ns = int(patience_s * SECOND_NS)
        self._share = share
        self._windows: dict[str, Window] = {}
        self._counters: dict[str, Counter] = {}
        self._paused: dict[str, int] = {}
        self._paused_until_ns = 0
        self._banned_until_ns = 0

    def set_windows(self, windows: list[Window]) -> None:
        """Count in these windows from now on; what was spent stays spent where the way of counting stays."""
        before, self._windows = self._windows, {window.name: window for window in windows}
        for window in windows:
            known = before.get(window.name)
            if known is None or _rhythm(known) != _rhythm(window):
                self._counters[window.name] = counter(window)

    def ban(self, until_ns: int) -> None:
        """Nothing may be sent before `until_ns`."""
        self._banned_until_ns = max(self._banned_until_ns, until_ns)

    def pause(self, until_ns: int, names: Collection[str] = ()) -> None:
        """Everything waits until `until_ns`, or only what counts in the windows of these names."""
        if not names:
            self._paused_until_ns = max(self._paused_until_ns, until_ns)
        for name in names:
            self._paused[name] = max(self._paused.get(name, 0), until_ns)

    @property
    def banned_until_ns(self) -> int:
        """End of the ban in force, 0 without one."""
        return self._banned_until_ns if self._now_ns() < self._banned_until_ns else 0

    def learn(self, headers: Mapping[str, str], names: Collection[str]) -> None:
        """Take over what the venue says is spent of the windows that a request counted in."""
        now_ns = self._now_ns()
        for name in names:
            window = self._windows.get(name)
            told = headers.get(window.header, "") if window is not None else ""
            if window is not None and told.isdigit():
                spent = window.limit - int(told) if window.tells_left else int(told)
                unknown = spent - self._counters[name].spent(now_ns)
                if unknown > 0:
                    self._counters[name].spend(unknown, now_ns)

    def spent_out(self, names: Collection[str]) -> int:
        """When the last of these windows that are used up has room again; 0 when none is."""
        now_ns = self._now_ns()
        used_up = [name for name in names if name in self._windows and self._full(name, now_ns)]
        ends = [self._counters[name].frees_ns(1, self._windows[name].limit, now_ns) for name in used_up]
        return max(ends, default=0)

    def _full(self, name: str, now_ns: int) -> bool:
        return self._counters[name].spent(now_ns) >= self._windows[name].limit

    async def admit(self, costs: Mapping[str, int], *, urgent: bool = False) -> None:
        """Wait until a request of these costs may be sent, and count it.

        Raises `Banned` during a ban, and `RateLimited` when the wait would be longer than our patience.
        """
        await self._clear(costs, urgent)
        now_ns = self._now_ns()
        for name, cost in costs.items():
            if name in self._windows:
                self._counters[name].spend(cost, now_ns)

    async def connect(self) -> None:
        """Wait for a turn to connect, where the venue counts new connections (the window `connections`)."""
        if _CONNECTIONS not in self._counters:
            return
        while True:
            now_ns = self._now_ns()
            wait_ns = self._free_ns(_CONNECTIONS, 1, True, now_ns) - now_ns
            if wait_ns <= 0:
                break
            await asyncio.sleep(wait_ns / SECOND_NS)
        self._counters[_CONNECTIONS].spend(1, now_ns)

    async def _clear(self, costs: Mapping[str, int], urgent: bool) -> None:
        while True:
            wait_ns = self._wait_ns(costs, urgent)
            if not wait_ns:
                return
            await asyncio.sleep(wait_ns / SECOND_NS)

    def _wait_ns(self, costs: Mapping[str, int], urgent: bool) -> int:
        if until_ns := self.banned_until_ns:
            raise Banned(until_ns, "banned by the venue; nothing was sent")
        now_ns = self._now_ns()
        until_ns = max(self._paused_until_ns, *(self._free_ns(name, costs[name], urgent, now_ns) for name in costs), 0)
        if until_ns - now_ns > self._patience_ns:
            raise RateLimited(until_ns, "the budget is spent; nothing was sent")
        return max(0, until_ns - now_ns)

    def _free_ns(self, name: str, cost: int, urgent: bool, now_ns: int) -> int:
        """When a cost can be borne: one that is larger than our share, by an untouched window."""
        window, paused_ns = self._windows.get(name), self._paused.get(name, 0) if cost else 0
        if window is None or not cost:
            return paused_ns
        most = max(cost, window.limit * (1 if urgent else self._share))
        return max(paused_ns, self._counters[name].frees_ns(cost, most, now_ns))


def _rhythm(window: Window) -> tuple[str, float]:
    return window.counting, window.length_s
