"""Signs of life, sent by the client and answered, or sent by the venue: without them a connection is dead."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from msgspec import Struct
from websockets.exceptions import ConnectionClosed

_PONG_MOST = 500
"""No answer to a ping is longer; so the many long messages need not be looked through."""


class Heartbeat(Struct, frozen=True):
    """The frame sent at once and every `every_s` seconds; an answer with `pong` in it must come in `within_s`.

    Without a frame the venue beats, every `every_s` seconds, and every message is a sign of life.
    """

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
        """Beat, or listen, until no sign of life comes; why the connection is given up."""
        return await self._ping(send) if self._heartbeat.frame else await self._listen()

    async def _listen(self) -> str:
        beat = self._heartbeat
        while True:
            self._answered.clear()
            try:
                await asyncio.wait_for(self._answered.wait(), beat.every_s + beat.within_s)
            except TimeoutError:
                return "no heartbeat came"

    async def _ping(self, send: Callable[[str], Awaitable[None]]) -> str:
        """Until a ping is not answered, whatever else comes."""
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
        if not self._heartbeat.frame:
            self._answered.set()
            return False
        if len(frame) > _PONG_MOST:
            return False
        text = frame if isinstance(frame, str) else frame.decode("utf-8", "replace")
        if self._heartbeat.pong not in text:
            return False
        self._answered.set()
        return True
