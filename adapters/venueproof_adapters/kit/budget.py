"""What we may still send: fixed windows counted by us and corrected by the venue's headers, pauses, and bans.

A ban is obeyed without a single request. A short pause, or the turn of a spent window, is waited for; of a long one the
caller is told at once, since an order that is sent a minute late is another order than the one that was meant.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from msgspec import Struct

from venueproof_adapters.kit.clock import MS_NS, SECOND_NS
from venueproof_contracts.errors import Banned, RateLimited

_SLACK_NS = 50 * MS_NS


class Window(Struct, frozen=True):
    """At most `limit` units in each `length_s` seconds of the venue's clock; `header` tells how many are spent."""

    name: str
    limit: int
    length_s: int
    header: str


class Budget:
    """All windows of one account and address.

    `share` of each limit is used, the rest is left for urgent requests; nobody waits longer than `patience_s`.
    """

    def __init__(self, now_ns: Callable[[], int], *, share: float = 0.9, patience_s: float = 10.0) -> None:
        self._now_ns = now_ns
        self._patience_ns = int(patience_s * SECOND_NS)
        self._share = share
        self._windows: dict[str, Window] = {}
        self._spent: dict[str, tuple[int, int]] = {}
        self._paused_until_ns = 0
        self._banned_until_ns = 0

    def set_windows(self, windows: list[Window]) -> None:
        """Count in these windows from now on; what was spent stays spent."""
        self._windows = {window.name: window for window in windows}

    def ban(self, until_ns: int) -> None:
        """Nothing may be sent before `until_ns`."""
        self._banned_until_ns = max(self._banned_until_ns, until_ns)

    def pause(self, until_ns: int) -> None:
        """Everything waits until `until_ns`."""
        self._paused_until_ns = max(self._paused_until_ns, until_ns)

    @property
    def banned_until_ns(self) -> int:
        """End of the ban in force, 0 without one."""
        return self._banned_until_ns if self._now_ns() < self._banned_until_ns else 0

    def learn(self, headers: Mapping[str, str]) -> None:
        """Take over what the venue says is spent."""
        for window in self._windows.values():
            told = headers.get(window.header, "")
            if told.isdigit():
                turn, spent = self._now(window)
                self._spent[window.name] = (turn, max(spent, int(told)))

    def spent_out(self) -> int:
        """When the last of the windows that are used up turns; 0 when none is."""
        ends = [self._turns_ns(window) for window in self._windows.values() if self._now(window)[1] >= window.limit]
        return max(ends, default=0)

    async def admit(self, costs: Mapping[str, int], *, urgent: bool = False) -> None:
        """Wait until a request of these costs may be sent, and count it.

        Raises `Banned` during a ban, and `RateLimited` when the wait would be longer than our patience.
        """
        await self._clear(costs, urgent)
        for name, cost in costs.items():
            if window := self._windows.get(name):
                turn, spent = self._now(window)
                self._spent[name] = (turn, spent + cost)

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
        until_ns = self._paused_until_ns
        for name, cost in costs.items():
            window = self._windows.get(name)
            if window and self._now(window)[1] + cost > window.limit * (1 if urgent else self._share):
                until_ns = max(until_ns, self._turns_ns(window))
        if until_ns - now_ns > self._patience_ns:
            raise RateLimited(until_ns, "the budget is spent; nothing was sent")
        return max(0, until_ns - now_ns)

    def _now(self, window: Window) -> tuple[int, int]:
        turn = self._now_ns() // (window.length_s * SECOND_NS)
        kept, spent = self._spent.get(window.name, (turn, 0))
        return turn, spent if kept == turn else 0

    def _turns_ns(self, window: Window) -> int:
        length_ns = window.length_s * SECOND_NS
        return (self._now_ns() // length_ns + 1) * length_ns + _SLACK_NS
