"""A light load: requests that were written out before, over connections that are kept, one at a time on each.

It does less for a request than any server can, so that the server is what is measured.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from time import perf_counter
from urllib.parse import urlsplit

_OK = b"HTTP/1.1 200 "
_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length: "


class Caller(asyncio.Protocol):
    """One connection. It sends its next request when the whole answer to the last one is there."""

    def __init__(self, requests: Sequence[bytes]) -> None:
        self._requests = iter(requests)
        self._received = b""
        self._transport: asyncio.Transport | None = None
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for `begin`."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def begin(self) -> None:
        """Send the first request."""
        self._send_next()

    def data_received(self, data: bytes) -> None:
        """A part of an answer, mostly all of it."""
        self._received += data
        end = _end_of_answer(self._received)
        if len(self._received) < end:
            return
        if not self._received.startswith(_OK):
            self._fail(f"the server refused: {self._received.decode(errors='replace')}")
            return
        self._received = b""
        self._send_next()

    def connection_lost(self, error: Exception | None) -> None:
        """A server that closes before all is answered spoils the figure."""
        self._fail("the server closed a connection")

    def _send_next(self) -> None:
        assert self._transport is not None
        request = next(self._requests, None)
        if request is not None:
            self._transport.write(request)
        elif not self.done.done():
            self.done.set_result(None)
            self._transport.close()

    def _fail(self, why: str) -> None:
        if not self.done.done():
            self.done.set_exception(RuntimeError(why))


def _end_of_answer(received: bytes) -> int:
    """How long the answer is when it is whole; one more than there is while that cannot be told."""
    head_end = received.find(_HEAD_END)
    if head_end < 0:
        return len(received) + 1
    head = received[:head_end].lower()
    at = head.index(_LENGTH) + len(_LENGTH)
    return head_end + len(_HEAD_END) + int(head[at:].split(b"\r", 1)[0])


async def flood(url: str, requests: Sequence[Sequence[bytes]]) -> float:
    """Send each list of requests over a connection of its own; returns answers a second.

    Raises `RuntimeError` when any answer is not 200.
    """
    host, port = urlsplit(url).netloc.split(":")
    loop = asyncio.get_running_loop()
    callers: list[Caller] = []
    for wanted in requests:
        _, caller = await loop.create_connection(partial(Caller, wanted), host, int(port))
        callers.append(caller)
    begin = perf_counter()
    for caller in callers:
        caller.begin()
    await asyncio.gather(*(caller.done for caller in callers))
    return sum(map(len, requests)) / (perf_counter() - begin)
