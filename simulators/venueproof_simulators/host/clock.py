"""The clock a host runs by. It is handed in: virtual inside the harness's loop, real under `serve`."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """True time for a venue. It never goes back and is not the adapter's wall clock."""

    def now_ns(self) -> int:
        """Nanoseconds since the epoch."""
        ...

    async def sleep_ns(self, ns: int) -> None:
        """Return `ns` later."""
        ...
