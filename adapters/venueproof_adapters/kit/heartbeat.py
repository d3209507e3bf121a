"""Signs of life that a client sends by itself, and a connection that answers none of them is dead."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from msgspec import Struct
from websockets.exceptions import ConnectionClosed

_PONG_MOST = 500
"""No answer to a ping is longer; so the many long messages need not be looked through."""


class Heartbeat(Struct, frozen=True):
    """The frame sent at once and every `every_s` seconds; an answer with `pong` in it must come in `within_s`."""

    frame: str
    pong: str
    every_s: float = 15.0
    within_s: float = 5.0


class Pulse:
    """The heartbeat of one connection."""

    def __init__(self, heartbeat: Heartbeat) -> None:
        self._heartbeat = heartbeat
        self._answered = asyncio.Event()

    async def beat(self, send: Callable[[str], Awaitable[None]]) -> str:
        """Ping until one is not answered, whatever else comes; why the connection is given up."""
        beat = self._heartbeat
        while True:
            self._answered.clear()
            try:
                async with asyncio.timeout(beat.within_s):
                    await send(beat.frame)
                    await self._answered.wait()
            except TimeoutError:
                return "a ping was not answered"
            except ConnectionClosed:
                return "the connection ended"
            await asyncio.sleep(beat.every_s)

    def hears(self, frame: str | bytes) -> bool:
        """True for the answer to a ping, which says nothing else."""
        if len(frame) > _PONG_MOST:
            return False
        text = frame if isinstance(frame, str) else frame.decode("utf-8", "replace")
        if self._heartbeat.pong not in text:
            return False
        self._answered.set()
        return True
