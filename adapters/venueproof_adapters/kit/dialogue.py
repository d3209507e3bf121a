"""Frames that are answered, over one connection: by number, by what was asked for, or in the order of asking.

What was asked waits under a key, and whoever reads the frames says what came for which key. An answer that nobody
waits for any more is dropped, and nothing waits for ever: a time-out and the end of the connection clear it away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from contextlib import suppress

from venueproof_contracts.errors import AdapterError, OutcomeUnknown, VenueDown

ANSWER_WITHIN_S = 10.0


class Dialogue:
    """Questions and answers over a connection that `send` writes to."""

    def __init__(self, name: str, send: Callable[[str], Awaitable[None]], within_s: float = ANSWER_WITHIN_S) -> None:
        self._name = name
        self._send = send
        self._within_s = within_s
        self._waiting: dict[Hashable, list[asyncio.Future[bytes]]] = {}
        self._telling: set[asyncio.Task[None]] = set()

    @property
    def pending(self) -> int:
        """How many answers are waited for."""
        return sum(map(len, self._waiting.values()))

    async def ask(self, frame: str, *keys: Hashable) -> list[bytes]:
        """Send a frame and wait for the answers under all `keys`, in their order; without keys none is waited for.

        Raises what one of them was refused with, `NotSent` or `VenueDown` when the frame did not leave, and
        `OutcomeUnknown` when it did and an answer is missing.
        """
        futures = {key: self._expect(key) for key in keys}
        try:
            async with asyncio.timeout(self._within_s):
                await self._send(frame)
                return list(await asyncio.gather(*futures.values()))
        except TimeoutError:
            raise OutcomeUnknown(f"{self._name}: no answer in time") from None
        finally:
            for key, future in futures.items():
                self._forget(key, future)

    async def demand(self, frame: str, *keys: Hashable) -> list[bytes]:
        """As `ask` of what may be asked again without harm: `VenueDown` when no answer came."""
        try:
            return await self.ask(frame, *keys)
        except OutcomeUnknown as error:
            raise VenueDown(str(error), code=error.code, text=error.text) from None

    def tell(self, frame: str) -> None:
        """Send a frame that nothing follows from, from where nobody can wait."""
        task = asyncio.create_task(self._tell(frame))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _tell(self, frame: str) -> None:
        with suppress(AdapterError):  # the connection is gone, and whoever keeps it knows
            await self._send(frame)

    def answer(self, key: Hashable, body: bytes | str = b"") -> bool:
        """An answer came; False when nobody waits for it (any more)."""
        future = self._oldest(key)
        if future is not None:
            future.set_result(body.encode() if isinstance(body, str) else body)
        return future is not None

    def refuse(self, key: Hashable, error: AdapterError) -> bool:
        """A refusal came; False when nobody waits for it (any more)."""
        future = self._oldest(key)
        if future is not None:
            future.set_exception(error)
        return future is not None

    def first(self) -> Hashable | None:
        """What was asked first and is unanswered: for answers that do not say what they answer."""
        return next(iter(self._waiting), None)

    def fail(self, reason: str) -> None:
        """The connection ended: what was asked has no answer any more."""
        for futures in self._waiting.values():
            for future in futures:
                if not future.done():
                    future.set_exception(OutcomeUnknown(f"{self._name}: {reason}"))

    def _expect(self, key: Hashable) -> asyncio.Future[bytes]:
        future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, []).append(future)
        return future

    def _oldest(self, key: Hashable) -> asyncio.Future[bytes] | None:
        return next((one for one in self._waiting.get(key, ()) if not one.done()), None)

    def _forget(self, key: Hashable, future: asyncio.Future[bytes]) -> None:
        future.cancel()
        if future.done() and not future.cancelled():
            future.exception()  # looked at, so that a second refusal of one frame is not reported as lost
        left = [one for one in self._waiting[key] if one is not future]
        if left:
            self._waiting[key] = left
        else:
            del self._waiting[key]
