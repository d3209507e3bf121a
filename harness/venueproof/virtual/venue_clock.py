"""Clocks that are handed to a simulator: one in virtual time, its twin in real time.

A venue's clock is not the adapter's: it does not move when the adapter's wall clock is stepped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

from venueproof.virtual import real_clock
from venueproof.virtual.loop import NS_PER_S, VirtualLoop


class Clock(Protocol):
    """What a simulator may ask of time; all values are integer nanoseconds."""

    def now_ns(self) -> int:
        """Wall time since 1970."""
        ...

    def monotonic_ns(self) -> int:
        """Time that never goes back, from an arbitrary start."""
        ...

    async def sleep_ns(self, ns: int) -> None:
        """Wait for a span."""
        ...

    async def sleep_until(self, at_ns: int) -> None:
        """Wait until the wall shows `at_ns`; at once if it does already."""
        ...

    def call_at(self, at_ns: int, callback: Callable[..., object], *args: Any) -> asyncio.TimerHandle:
        """Call when the wall shows `at_ns`."""
        ...


class VirtualClock:
    """The clock of a venue inside a virtual loop; exact to the nanosecond."""

    def __init__(self, loop: VirtualLoop) -> None:
        """Follow `loop`, but not the steps of its wall clock."""
        self._loop = loop

    def now_ns(self) -> int:
        """Wall time since 1970."""
        return self._loop.venue_ns()

    def monotonic_ns(self) -> int:
        """Time since shortly before the loop's start."""
        return round(self._loop.time() * NS_PER_S)

    async def sleep_ns(self, ns: int) -> None:
        """Wait for a span."""
        await self.sleep_until(self.now_ns() + ns)

    async def sleep_until(self, at_ns: int) -> None:
        """Wait until the wall shows `at_ns`; gives others a turn in any case."""
        if at_ns <= self.now_ns():
            await asyncio.sleep(0)
            return
        due = self._loop.create_future()
        timer = self.call_at(at_ns, _fulfil, due)
        try:
            await due
        finally:
            timer.cancel()

    def call_at(self, at_ns: int, callback: Callable[..., object], *args: Any) -> asyncio.TimerHandle:
        """Call when the wall shows `at_ns`."""
        return self._loop.call_at(self._loop.at_venue_ns(at_ns), callback, *args)


class RealClock:
    """The machine's own clock, for simulators that are used from outside the process."""

    now_ns = staticmethod(real_clock.time_ns)
    """Wall time since 1970."""
    monotonic_ns = staticmethod(real_clock.monotonic_ns)
    """The machine's monotonic clock."""

    async def sleep_ns(self, ns: int) -> None:
        """Wait for at least a span."""
        await asyncio.sleep(max(0, ns) / NS_PER_S)

    async def sleep_until(self, at_ns: int) -> None:
        """Wait until the wall shows `at_ns`, also if it was set back meanwhile."""
        await asyncio.sleep(0)
        while (left_ns := at_ns - self.now_ns()) > 0:
            await self.sleep_ns(left_ns)

    def call_at(self, at_ns: int, callback: Callable[..., object], *args: Any) -> asyncio.TimerHandle:
        """Call when the wall shows about `at_ns`."""
        delay_s = max(0, at_ns - self.now_ns()) / NS_PER_S
        return asyncio.get_running_loop().call_later(delay_s, callback, *args)


def _fulfil(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
