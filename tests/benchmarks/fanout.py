"""Book updates to 100 sockets: our host beside bare aiohttp, which sends the same bytes.

Each server has a process of its own and the sockets are in this one; latency is 0 and no rule is installed. Ours
besides takes a command for each update and journals it. Values are messages a second, delivered.
"""

from __future__ import annotations

import asyncio
import base64
from time import perf_counter
from urllib.parse import urlsplit

from figure import of_rounds
from processes import script, serving
from servers.fanout_payload import MESSAGES, UPDATE

SOCKETS = 100
ROUNDS = 15
FLOOR = 0.6
ROUND_BYTES = MESSAGES * (len(UPDATE) + 4)
"""What one socket receives in a round: texts of this length have a head of four bytes."""
HANDSHAKE = (
    b"GET /stream HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + base64.b64encode(bytes(16)) + b"\r\n\r\n"
)
GO = b"\x81\x82\x00\x00\x00\x00go"


class Socket(asyncio.Protocol):
    """Counts the bytes of a round; nothing else, so that the server is what is measured."""

    def __init__(self) -> None:
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport | None = None
        self._missing = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask to be let in."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(HANDSHAKE)

    def expect_round(self) -> None:
        """Count anew."""
        self._missing = ROUND_BYTES
        self.done = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        """The handshake's answer, or updates."""
        if not self.opened.done():
            self.opened.set_result(None)
            return
        self._missing -= len(data)
        if not self._missing:
            self.done.set_result(None)


async def opened(url: str) -> list[Socket]:
    """All sockets of one server."""
    host, port = urlsplit(url).netloc.split(":")
    loop = asyncio.get_running_loop()
    sockets = [(await loop.create_connection(Socket, host, int(port)))[1] for _ in range(SOCKETS)]
    await asyncio.gather(*(socket.opened for socket in sockets))
    return sockets


async def rounds(ours: str, bare: str) -> list[tuple[float, float]]:
    """Messages a second, ours and the reference's, in turn; the first round warms up and is left out."""
    both = await opened(ours), await opened(bare)
    found = [(await one_round(both[0]), await one_round(both[1])) for _ in range(ROUNDS + 1)]
    for socket in (*both[0], *both[1]):
        assert socket.transport is not None
        socket.transport.abort()
    return found[1:]


async def one_round(sockets: list[Socket]) -> float:
    """Let the server send its updates; returns messages a second."""
    for socket in sockets:
        socket.expect_round()
    begin = perf_counter()
    assert sockets[0].transport is not None
    sockets[0].transport.write(GO)
    await asyncio.gather(*(socket.done for socket in sockets))
    return SOCKETS * MESSAGES / (perf_counter() - begin)


def row() -> dict[str, object]:
    """One line of the benchmark table; values are messages a second."""
    with serving(script("fanout_host")) as ours, serving(script("fanout_aiohttp")) as bare:
        pairs = asyncio.run(rounds(ours["rest"], bare["rest"]))
    return of_rounds(pairs, FLOOR)


if __name__ == "__main__":
    print(row())
