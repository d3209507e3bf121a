"""HTTP and WebSocket connections of one venue: bytes to requests, replies to bytes.

aiohttp speaks HTTP; an `Entrance` is one way in (a listener, or a tunnel of the proxy) and fixes the origin and the
address that limits count by. Requests are read raw. Whatever comes in, the answer is the venue's own, or a plain 4xx.
"""

from __future__ import annotations

import asyncio
import email.utils
import http
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import HttpVersion11, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_exceptions import HttpProcessingError
from msgspec import Struct
from websockets.datastructures import Headers
from websockets.http11 import Request as Handshake
from websockets.server import ServerProtocol

from venueproof_simulators.host.answering import Answering
from venueproof_simulators.host.outcomes import Fate
from venueproof_simulators.host.session import reset
from venueproof_simulators.host.venue import HttpReply, HttpRequest

BODY_LIMIT = 10 << 20
"""Bytes of a request's body."""
LINE_LIMIT = 64 << 10
"""Bytes of a request line, and of one header."""
BODY_PATIENCE_S = 30.0
"""How long a client may take to send a body that it has begun."""
IDLE_PATIENCE_S = 75.0
"""How long a connection may wait for a whole request."""
MOUNT_PREFIX = "/_venueproof/"

Mount = Callable[[web.Request], Awaitable[web.StreamResponse]]
"""Whatever the harness serves under `MOUNT_PREFIX`."""


class Entrance(Struct, frozen=True):
    """One way in. `origin` is empty where each request names its host (a proxy without a tunnel)."""

    origin: str
    client: str
    mount: Mount | None = None


class Gone(web.StreamResponse):
    """What a handler returns when its connection is no longer HTTP, or no longer there."""

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """There is nobody to send anything to."""
        raise ConnectionResetError("the connection was given away")


class Serving:
    """The connections of one venue."""

    def __init__(self, answering: Answering, origin_of_host: Callable[[str], str | None]) -> None:
        """`origin_of_host` knows the venue's official hosts."""
        self._answering = answering
        self._origin_of_host = origin_of_host
        self._numbers: dict[web.RequestHandler, int] = {}
        self._servers: dict[Entrance, web.Server] = {}
        self._logger = _FaultLogger(answering.driver.fault)
        self._date_s = -1
        self._date = ""

    def protocol(self, entrance: Entrance) -> asyncio.Protocol:
        """A protocol for one connection that came in through `entrance`."""
        return self.server(entrance)()

    def server(self, entrance: Entrance) -> web.Server:
        """The protocol factory of an entrance."""
        server = self._servers.get(entrance)
        if server is None:
            server = self._servers[entrance] = self._new_server(entrance)
        return server

    async def stop(self) -> None:
        """End every connection."""
        for server in self._servers.values():
            for connection in server.connections:
                if connection.transport is not None:
                    connection.transport.abort()
        for _ in range(20):
            if not any(server.connections for server in self._servers.values()):
                return
            await asyncio.sleep(0)
        for server in self._servers.values():
            await server.shutdown(1.0)

    def _new_server(self, entrance: Entrance) -> web.Server:
        loop = asyncio.get_running_loop()

        def request(
            message: Any, payload: Any, protocol: Any, writer: AbstractStreamWriter, task: asyncio.Task[None]
        ) -> web.Request:
            return web.Request(message, payload, protocol, writer, task, loop, client_max_size=BODY_LIMIT)

        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            return await self._serve(entrance, request)

        return _Server(
            handle,
            forget=lambda connection: self._numbers.pop(connection, None),
            request_factory=request,
            handler_cancellation=True,
            access_log=None,
            logger=self._logger,
            tcp_keepalive=False,
            keepalive_timeout=IDLE_PATIENCE_S,
            auto_decompress=False,
            max_line_size=LINE_LIMIT,
            max_field_size=LINE_LIMIT,
        )

    # --- one request ----------------------------------------------------------------------------------------------

    async def _serve(self, entrance: Entrance, raw: web.BaseRequest) -> web.StreamResponse:
        if entrance.mount is not None and raw.raw_path.startswith(MOUNT_PREFIX) and isinstance(raw, web.Request):
            return await entrance.mount(raw)
        number = self._number(raw)
        host, path, query = split_target(raw.raw_path)
        origin = entrance.origin or self._origin_of_host(host) or ""
        if not origin:
            self._answering.refused(number, f"{raw.method} {host}", "not a host of this venue")
            return self._closing(HttpReply(403, b"not a host of this venue\n", content_type="text/plain"))
        try:
            body = await _read_body(raw)
        except _Unreadable as error:
            self._answering.refused(number, f"{raw.method} {path}", error.why)
            return self._closing(HttpReply(error.status, f"{error.why}\n".encode(), content_type="text/plain"))
        request = HttpRequest(origin, raw.method, path, query, _headers(raw), body, entrance.client)
        if "upgrade" in request.headers and request.headers["upgrade"].lower() == "websocket":
            return await self._upgrade(number, raw, request)
        return await self._reply(number, raw, request)

    async def _reply(self, number: int, raw: web.BaseRequest, request: HttpRequest) -> web.StreamResponse:
        outcome = await self._answering.answer(number, request)
        if isinstance(outcome, HttpReply):
            return self._response(outcome)
        if outcome is Fate.RESET:
            reset(raw.transport)
            return Gone()
        await asyncio.get_running_loop().create_future()  # until the client gives up, which cancels this
        return Gone()

    async def _upgrade(self, number: int, raw: web.BaseRequest, request: HttpRequest) -> web.StreamResponse:
        transport = raw.transport
        if transport is None:
            return Gone()
        if raw.method != "GET" or raw.version < HttpVersion11:
            return self._closing(
                HttpReply(400, b"a WebSocket begins with GET and HTTP/1.1\n", content_type="text/plain")
            )
        response = ServerProtocol().accept(_handshake(raw))
        if response.status_code != http.HTTPStatus.SWITCHING_PROTOCOLS:
            return self._closing(
                HttpReply(response.status_code, bytes(response.body or b""), content_type="text/plain")
            )
        del response.headers["Date"]
        response.headers["Date"] = self._now_date()
        session = self._answering.session(number, transport)
        outcome = await self._answering.open(session, request, response.serialize())
        if isinstance(outcome, HttpReply):
            return self._response(outcome)
        if outcome is Fate.RESET:
            reset(transport)
            return Gone()
        raw.protocol.keep_alive(False)
        raw.protocol.set_parser(session)  # type: ignore[arg-type]  # it asks for feed_data and feed_eof only
        await asyncio.get_running_loop().create_future()  # until the connection is gone, which cancels this
        return Gone()

    # --- small parts ----------------------------------------------------------------------------------------------

    def _number(self, raw: web.BaseRequest) -> int:
        number = self._numbers.get(raw.protocol)
        if number is None:
            number = self._numbers[raw.protocol] = self._answering.next_number()
        return number

    def _response(self, reply: HttpReply) -> web.Response:
        headers = {"Content-Type": reply.content_type, "Date": self._now_date(), "Server": "venueproof"}
        headers.update(reply.headers)
        return web.Response(body=reply.body, status=reply.status, headers=headers)

    def _closing(self, reply: HttpReply) -> web.Response:
        response = self._response(reply)
        response.force_close()
        return response

    def _now_date(self) -> str:
        now_s = self._answering.wire_s()
        if now_s != self._date_s:
            self._date_s, self._date = now_s, email.utils.formatdate(now_s, usegmt=True)
        return self._date


class _Server(web.Server):
    """A server that says when a connection is gone."""

    def __init__(self, handler: Any, *, forget: Callable[[web.RequestHandler], object], **settings: Any) -> None:
        super().__init__(handler, **settings)
        self._forget = forget

    def connection_lost(self, handler: web.RequestHandler, exc: BaseException | None = None) -> None:
        """aiohttp says so."""
        self._forget(handler)
        super().connection_lost(handler, exc)


class _Unreadable(Exception):
    """A body that cannot be had."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


async def _read_body(raw: web.BaseRequest) -> bytes:
    if not raw.can_read_body:
        return b""
    if raw.content.is_eof() and raw.content.total_bytes <= BODY_LIMIT and raw.content.exception() is None:
        return raw.content.read_nowait()  # it is all there: no need to watch the time
    try:
        if raw.headers.get("Expect", "").lower() == "100-continue" and raw.transport is not None:
            raw.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        async with asyncio.timeout(BODY_PATIENCE_S):
            return await raw.read()
    except web.HTTPRequestEntityTooLarge:
        raise _Unreadable(413, f"the body is larger than {BODY_LIMIT} bytes") from None
    except TimeoutError:
        raise _Unreadable(408, f"the body did not arrive within {BODY_PATIENCE_S:g} seconds") from None
    except (web.RequestPayloadError, HttpProcessingError):
        raise _Unreadable(400, "the body is malformed") from None


def split_target(target: str) -> tuple[str, str, str]:
    """Host (empty where there is none), path and query of a request target, all still encoded."""
    host = ""
    if not target.startswith("/"):
        scheme, separator, rest = target.partition("://")
        if separator:
            host, slash, rest = rest.partition("/")
            host, target = host.rpartition("@")[2].lower(), slash + rest or "/"
        else:
            target = f"/{scheme.removeprefix('/')}"
    path, _, query = target.partition("?")
    return host, path, query


def _headers(raw: web.BaseRequest) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in raw.headers.items():
        name = name.lower()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _handshake(raw: web.BaseRequest) -> Handshake:
    headers = Headers()
    for name, value in raw.headers.items():
        headers[name] = value
    return Handshake(path=raw.raw_path, headers=headers)


class _FaultLogger(logging.Logger):
    """What aiohttp logs of its own: a malformed request is the client's affair, everything else is a fault."""

    def __init__(self, fault: Callable[[str], None]) -> None:
        super().__init__("venueproof.host.http", logging.CRITICAL)
        self._fault = fault

    def exception(self, msg: object, *args: object, **named: Any) -> None:
        """An exception that aiohttp met."""
        error = named.get("exc_info")
        if not isinstance(error, HttpProcessingError | web.RequestPayloadError | ConnectionError):
            self._fault(f"{msg} {args}: {error!r}")
