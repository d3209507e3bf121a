"""A venue in a few lines: a WebSocket server on loopback that a test scripts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed


class Peer:
    """Keeps what came on each connection, and answers by `answer`."""

    def __init__(self, answer: Callable[[Peer, ServerConnection, str], Awaitable[None]]) -> None:
        self.frames: list[list[str]] = []
        self.connections: list[ServerConnection] = []
        self.url = ""
        self._answer = answer

    async def handle(self, connection: ServerConnection) -> None:
        """One connection from its opening to its end."""
        heard: list[str] = []
        self.frames.append(heard)
        self.connections.append(connection)
        try:
            async for frame in connection:
                heard.append(str(frame))
                await self._answer(self, connection, str(frame))
        except ConnectionClosed:
            pass

    async def push(self, **message: Any) -> None:
        """Send a message on the newest connection."""
        await self.connections[-1].send(msgspec.json.encode(message).decode())


@asynccontextmanager
async def venue(answer: Callable[[Peer, ServerConnection, str], Awaitable[None]]) -> AsyncGenerator[Peer]:
    """A peer that listens inside the block."""
    peer = Peer(answer)
    async with serve(peer.handle, "127.0.0.1", 0, ping_interval=None, close_timeout=1) as server:
        peer.url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        yield peer


async def until(true: Callable[[], bool], within_s: float = 90.0) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(within_s):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.05)
