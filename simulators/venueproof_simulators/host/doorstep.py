"""A connection for as long as every request on it is whole, ordinary and can be answered on the spot.

Most are, where latency is 0: then a request is read by aiohttp's own parser, carried out and answered within one call,
without a task, a stream or a response object for each. Whatever is anything else (in pieces, chunked, malformed, an
upgrade, pipelined, for the control plane, watched by a rule) is not touched here: the connection is given to aiohttp
with all its bytes, and stays there.
"""

from __future__ import annotations

import asyncio
import http
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, cast

from aiohttp import HttpVersion11, web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http import HttpRequestParser, RawRequestMessage
from aiohttp.http_exceptions import HttpProcessingError

from venueproof_simulators.host.venue import HttpReply

BUFFER = 1 << 16
"""Bytes of a body that the parser holds before it asks to pause; bodies in one piece are smaller."""
_HEAD_END = b"\r\n\r\n"
_METHODS = frozenset({"GET", "POST", "PUT", "DELETE"})
_BODILESS = frozenset({http.HTTPStatus.NO_CONTENT, http.HTTPStatus.NOT_MODIFIED})

AtOnce = Callable[["Doorstep", RawRequestMessage, bytes], HttpReply | None]
"""Answers a request, or says that it cannot be answered on the spot; nothing was done then."""
Otherwise = Callable[["Doorstep"], web.RequestHandler]
"""Makes the protocol that takes a connection over."""


class Doorstep(BaseProtocol):
    """One connection. aiohttp's parser wants its base class."""

    __slots__ = ("_at_once", "_forget", "_head", "_idle", "_last_s", "_otherwise", "_patience_s", "_settings", "number")

    def __init__(
        self,
        at_once: AtOnce,
        otherwise: Otherwise,
        forget: Callable[[Doorstep], object],
        head: Callable[[HttpReply], str],
        patience_s: float,
        **settings: Any,
    ) -> None:
        """`head` gives the headers of a reply; `settings` are the parser's."""
        super().__init__(asyncio.get_running_loop())
        self._parser = HttpRequestParser(
            self, self._loop, BUFFER, payload_exception=web.RequestPayloadError, **settings
        )
        self._at_once = at_once
        self._otherwise = otherwise
        self._forget = forget
        self._head = head
        self._patience_s = patience_s
        self._last_s = 0.0
        self._idle: asyncio.TimerHandle | None = None
        self.number = 0
        """The ordinal of the connection; 0 until something was asked."""

    # --- life ---------------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody is at the door."""
        super().connection_made(transport)
        self._last_s = self._loop.time()
        self._idle = self._loop.call_later(self._patience_s, self._look)

    def connection_lost(self, exc: BaseException | None) -> None:
        """They went away."""
        self._leave()
        super().connection_lost(exc)

    def _leave(self) -> None:
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
        super().pause_writing()
        if self.transport is not None:
            self.transport.pause_reading()

    def resume_writing(self) -> None:
        """It reads again."""
        super().resume_writing()
        if self.transport is not None:
            self.transport.resume_reading()

    # --- requests -----------------------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Answer what came, or let somebody else do it."""
        self._last_s = self._loop.time()
        message, body = self._whole(data)
        reply = self._at_once(self, message, body) if message is not None else None
        transport = cast(asyncio.Transport, self.transport)
        if reply is None:
            self._hand_over(transport, data)
        else:
            transport.write(self._written(reply))

    def _whole(self, data: bytes) -> tuple[RawRequestMessage | None, bytes]:
        """The one request that these bytes are, with its body; None when they are anything else."""
        try:
            messages, upgraded, _ = self._parser.feed_data(data)  # type: ignore[union-attr]
        except HttpProcessingError:
            return None, b""
        if len(messages) != 1 or upgraded:
            return None, b""
        message = messages[0][0]
        body = data[data.find(_HEAD_END) + len(_HEAD_END) :]
        return (message, body) if _ordinary(message, len(body)) else (None, b"")

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


def _ordinary(message: RawRequestMessage, length: int) -> bool:
    """Whether there is nothing special about a request that came with so many bytes of body."""
    headers: Mapping[str, str] = message.headers
    return (
        headers.get("Content-Length", "0") == str(length)
        and message.method in _METHODS
        and message.version == HttpVersion11
        and not (message.chunked or message.upgrade or message.should_close)
        and "Expect" not in headers
    )


@cache
def _phrase(status: int) -> str:
    """The words behind a status, as aiohttp writes them: none for one that nobody knows."""
    return http.HTTPStatus(status).phrase if status in http.HTTPStatus._value2member_map_ else ""
