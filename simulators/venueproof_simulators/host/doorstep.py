"""A connection for as long as every request on it is whole, ordinary and can be answered on the spot.

Most are, where latency is 0: then a request is recognised by one regular expression, carried out and answered within
one call, without a parser, a task, a stream or a response object for each. Whatever is anything else (in pieces,
chunked, malformed, an upgrade, pipelined, for the control plane, watched by a rule) is not touched here: the connection
is given to aiohttp with all its bytes, and stays there. So nothing is parsed here that could be read in two ways.
"""

from __future__ import annotations

import asyncio
import http
import re
from collections.abc import Callable, Mapping
from functools import cache, lru_cache

from aiohttp import web
from msgspec import Struct

from venueproof_simulators.host.venue import HttpReply

HEAD_MAX = 1 << 14
"""Bytes of a head that is still ordinary."""
_HEAD_END = b"\r\n\r\n"
_FIRST_LINE = re.compile(rb"(GET|POST|PUT|DELETE) (/[!-~]*) HTTP/1\.1\r\n")
_LINES = re.compile(rb"(?:(?:^|\r\n)[A-Za-z0-9-]+: ?[!-~](?:[ -~]*[!-~])?)+")
_HEADS_KNOWN = 256
"""So many heads are remembered: what a client sends above its bodies is the same again and again."""
_SPECIAL = frozenset({"transfer-encoding", "expect", "upgrade", "trailer", "te"})
_BODILESS = frozenset({http.HTTPStatus.NO_CONTENT, http.HTTPStatus.NOT_MODIFIED})


class Whole(Struct, frozen=True):
    """One ordinary request. Names of headers are lower-case, and none comes twice."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


AtOnce = Callable[["Doorstep", Whole], HttpReply | None]
"""Answers a request, or says that it cannot be answered on the spot; nothing was done then."""
Otherwise = Callable[["Doorstep"], web.RequestHandler]
"""Makes the protocol that takes a connection over."""


class Doorstep(asyncio.Protocol):
    """One connection."""

    __slots__ = (
        "_at_once",
        "_forget",
        "_head",
        "_idle",
        "_last_s",
        "_loop",
        "_otherwise",
        "_patience_s",
        "number",
        "transport",
    )

    def __init__(
        self,
        at_once: AtOnce,
        otherwise: Otherwise,
        forget: Callable[[Doorstep], object],
        head: Callable[[HttpReply], str],
        patience_s: float,
    ) -> None:
        """`head` gives the headers of a reply."""
        self._loop = asyncio.get_running_loop()
        self._at_once = at_once
        self._otherwise = otherwise
        self._forget = forget
        self._head = head
        self._patience_s = patience_s
        self._last_s = 0.0
        self._idle: asyncio.TimerHandle | None = None
        self.transport: asyncio.Transport | None = None
        self.number = 0
        """The ordinal of the connection; 0 until something was asked."""

    # --- life ---------------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody is at the door."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._last_s = self._loop.time()
        self._idle = self._loop.call_later(self._patience_s, self._look)

    def connection_lost(self, exc: BaseException | None) -> None:
        """They went away."""
        self._leave()

    def _leave(self) -> None:
        self.transport = None
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        self._forget(self)

    def _look(self) -> None:
        """Close the connection if nothing was asked for too long."""
        left_s = self._last_s + self._patience_s - self._loop.time()
        if left_s > 0:
            self._idle = self._loop.call_later(left_s, self._look)
        elif self.transport is not None:
            self.transport.close()

    def pause_writing(self) -> None:
        """A client that does not read is not listened to."""
        if self.transport is not None:
            self.transport.pause_reading()

    def resume_writing(self) -> None:
        """It reads again."""
        if self.transport is not None:
            self.transport.resume_reading()

    # --- requests -----------------------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Answer what came, or let somebody else do it."""
        self._last_s = self._loop.time()
        transport, request = self.transport, whole(data)
        if transport is None:
            return
        reply = self._at_once(self, request) if request is not None else None
        if reply is None:
            self._hand_over(transport, data)
        else:
            transport.write(self._written(reply))

    def _hand_over(self, transport: asyncio.Transport, data: bytes) -> None:
        self._leave()
        handler = self._otherwise(self)
        transport.set_protocol(handler)
        handler.connection_made(transport)
        handler.data_received(data)

    def _written(self, reply: HttpReply) -> bytes:
        head = f"HTTP/1.1 {reply.status} {_phrase(reply.status)}\r\n{self._head(reply)}"
        if reply.status in _BODILESS:
            return f"{head}\r\n".encode()
        return f"{head}Content-Length: {len(reply.body)}\r\n\r\n".encode() + reply.body


def whole(data: bytes) -> Whole | None:
    """The one ordinary request that these bytes are; None when they are anything else."""
    end, first = data.find(_HEAD_END, 0, HEAD_MAX), _FIRST_LINE.match(data)
    headers = _headers(data[first.end() : end]) if first is not None and end > 0 else None
    if first is None or headers is None:
        return None
    body = data[end + len(_HEAD_END) :]
    if headers.get("content-length", "0") != str(len(body)):
        return None
    return Whole(first[1].decode(), first[2].decode(), headers, body)


@lru_cache(maxsize=_HEADS_KNOWN)
def _headers(lines: bytes) -> Mapping[str, str] | None:
    """The headers of an ordinary request; None for any other."""
    if _LINES.fullmatch(lines) is None:
        return None
    pairs = [line.partition(":") for line in lines.decode().split("\r\n")]
    headers = {name.lower(): value.lstrip() for name, _, value in pairs}
    if len(headers) < len(pairs) or not _SPECIAL.isdisjoint(headers) or "host" not in headers:
        return None
    return headers if headers.get("connection", "keep-alive").lower() == "keep-alive" else None


@cache
def _phrase(status: int) -> str:
    """The words behind a status, as aiohttp writes them: none for one that nobody knows."""
    return http.HTTPStatus(status).phrase if status in http.HTTPStatus._value2member_map_ else ""
