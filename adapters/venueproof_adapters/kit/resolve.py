"""What became of a request whose reply never came, or came as nonsense: ask, never send again blindly."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from venueproof_adapters.kit.clock import SECOND_NS, Clock
from venueproof_contracts.errors import AdapterError, Banned, OutcomeUnknown

Found = TypeVar("Found")


class Resolver:
    """Asks until the request shows its effect, or its lifetime is over and it can have none any more."""

    def __init__(self, clock: Clock, lifetime_s: float, *, tries_after: int = 3) -> None:
        self._clock = clock
        self._lifetime_ns = int(lifetime_s * SECOND_NS)
        self._tries_after = tries_after

    async def settle(self, look: Callable[[], Awaitable[Found | None]], sent_ns: int) -> Found | None:
        """What `look` finds; None when it found nothing after the lifetime of a request sent at monotonic `sent_ns`.

        Raises `OutcomeUnknown` when the venue cannot be asked.
        """
        delay_s, failures = 0.1, 0
        while True:
            left_ns = sent_ns + self._lifetime_ns - self._clock.monotonic_ns()
            try:
                found = await look()
            except Banned as error:
                raise OutcomeUnknown("the venue bans us, so it cannot be asked", code=error.code) from error
            except AdapterError as error:
                failures += 1
                if left_ns <= 0 and failures >= self._tries_after:
                    raise OutcomeUnknown(f"the venue cannot be asked: {error}", code=error.code) from error
            else:
                if found is not None or left_ns <= 0:
                    return found
                failures = 0
            await asyncio.sleep(min(delay_s, left_ns / SECOND_NS) if left_ns > 0 else delay_s)
            delay_s = min(2.0, delay_s * 2)
