"""HTTP and WebSocket connections of one venue: bytes to requests, replies to bytes.

aiohttp speaks HTTP; an `Entrance` is one way in (a listener, or a tunnel of the proxy) and fixes the origin and the
address that limits count by. Requests are read raw. Whatever comes in, the answer is the venue's own, or an empty 4xx
where the venue has no error for it: never a text of the library, and never the client's own bytes.
"""

from __future__ import annotations

import asyncio
import email.utils
import http
import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from aiohttp import HttpVersion11, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import ERROR
from msgspec import Struct
from websockets.datastructures import Headers
from websockets.http11 import Request as Handshake
from websockets.server import ServerProtocol

from venueproof_simulators.host.answering import Answering
from venueproof_simulators.host.doorstep import Doorstep, Whole
from venueproof_simulators.host.driver import INTERNAL_ERROR
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
MALFORMED = "malformed-request"
"""The row of a venue's error table for what is no HTTP; `TOO_LARGE`, `TOO_SLOW`: for a body."""
TOO_LARGE = "body-too-large"
TOO_SLOW = "body-too-slow"
MOUNT_PREFIX = "/_venueproof/"
SERVER = "venueproof"
"""What every reply names as its server."""

Mount = Callable[[web.Request], Awaitable[web.StreamResponse]]
"""Whatever the harness serves under `MOUNT_PREFIX`."""
Broken = Callable[[web.RequestHandler, BaseException | None], web.StreamResponse]
"""What a connection answers that cannot be read."""


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
        self._doorsteps: dict[Doorstep, None] = {}
        self._logger = _FaultLogger(answering.driver.fault)
        self._date_s = -1
        self._date = ""

    def protocol(self, entrance: Entrance) -> asyncio.Protocol:
        """A protocol for one connection that came in through `entrance`."""
        server = self._server(entrance)
        if not self._answering.at_once():
            return server()
        doorstep = Doorstep(
            partial(self._answer_at_once, entrance),
            partial(self._take_over, server),
            lambda gone: self._doorsteps.pop(gone, None),
            self._head,
            IDLE_PATIENCE_S,
        )
        self._doorsteps[doorstep] = None
        return doorstep

    def _take_over(self, server: web.Server, doorstep: Doorstep) -> web.RequestHandler:
        handler = server()
        if doorstep.number:
            self._numbers[handler] = doorstep.number
        return handler

    def _server(self, entrance: Entrance) -> web.Server:
        server = self._servers.get(entrance)
        if server is None:
            server = self._servers[entrance] = self._new_server(entrance)
        return server

    async def stop(self) -> None:
        """End every connection."""
        for doorstep in tuple(self._doorsteps):
            if doorstep.transport is not None:
                doorstep.transport.abort()
        for server in self._servers.values():
            for connection in server.connections:
                if connection.transport is not None:
                    connection.transport.abort()
        for _ in range(20):
            if not self._doorsteps and not any(server.connections for server in self._servers.values()):
                return
            await asyncio.sleep(0)
        for server in self._servers.values():
            await server.shutdown(1.0)

    def _new_server(self, entrance: Entrance) -> web.Server:
        loop = asyncio.get_running_loop()

        def request(
            message: Any, payload: Any, protocol: Any, writer: AbstractStreamWriter, task: asyncio.Task[None]
        ) -> web.Request:
            if message is ERROR:  # aiohttp's stand-in for what it could not parse
                message = message._replace(version=HttpVersion11)
            return web.Request(message, payload, protocol, writer, task, loop, client_max_size=BODY_LIMIT)

        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            return await self._serve(entrance, request)

        return _Server(
            handle,
            request,
            broken=self._broken,
            forget=lambda connection: self._numbers.pop(connection, None),
            access_log=None,
            logger=self._logger,
            tcp_keepalive=False,
            keepalive_timeout=IDLE_PATIENCE_S,
            auto_decompress=False,
            max_line_size=LINE_LIMIT,
            max_field_size=LINE_LIMIT,
        )

    # --- one request on the spot --------------------------------------------------------------------------------------

    def _answer_at_once(self, entrance: Entrance, doorstep: Doorstep, asked: Whole) -> HttpReply | None:
        if not entrance.origin or asked.target.startswith(MOUNT_PREFIX) or not self._answering.at_once():
            return None
        if not doorstep.number:
            doorstep.number = self._answering.next_number()
        path, _, query = asked.target.partition("?")
        request = HttpRequest(entrance.origin, asked.method, path, query, asked.headers, asked.body, entrance.client)
        return self._answering.answer_at_once(doorstep.number, request)

    def _head(self, reply: HttpReply) -> str:
        lines = "".join([f"{name}: {value}\r\n" for name, value in reply.headers.items()])
        date = self._now_date()
        return f"Content-Type: {reply.content_type}\r\nDate: {date}\r\nServer: {SERVER}\r\n{lines}"

    # --- one request ----------------------------------------------------------------------------------------------

    async def _serve(self, entrance: Entrance, raw: web.BaseRequest) -> web.StreamResponse:
        if entrance.mount is not None and raw.raw_path.startswith(MOUNT_PREFIX) and isinstance(raw, web.Request):
            return await entrance.mount(raw)
        number = self._number(raw.protocol)
        host, path, query = split_target(raw.raw_path)
        origin = entrance.origin or self._origin_of_host(host) or ""
        if not origin:
            self._answering.refused(number, f"{raw.method} {host}", "not a host of this venue")
            return self._closing(HttpReply(403, b"not a host of this venue\n", content_type="text/plain"))
        try:
            body = await _read_body(raw)
        except _Unreadable as error:
            return self._turned_away(number, f"{raw.method} {path}", error)
        request = HttpRequest(origin, raw.method, path, query, _lowered(raw.headers), body, entrance.client)
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
        label = f"{raw.method} {request.path}"
        if raw.method != "GET" or raw.version < HttpVersion11:
            return self._turned_away(number, label, _Unreadable(400, MALFORMED, "a WebSocket begins with GET"))
        response = ServerProtocol().accept(_handshake(raw))
        if response.status_code != http.HTTPStatus.SWITCHING_PROTOCOLS:
            return self._turned_away(number, label, _Unreadable(400, MALFORMED, "the WebSocket handshake is malformed"))
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

    # --- what is no request ---------------------------------------------------------------------------------------

    def _broken(self, connection: web.RequestHandler, error: BaseException | None) -> web.Response:
        if isinstance(error, HttpProcessingError):
            return self._turned_away(self._number(connection), "", _Unreadable(400, MALFORMED, type(error).__name__))
        self._answering.driver.fault(f"while a request was served: {error!r}")
        return self._closing(INTERNAL_ERROR)

    def _turned_away(self, number: int, label: str, error: _Unreadable) -> web.Response:
        """The venue's own error for what never becomes a request, or an empty one."""
        self._answering.refused(number, label, error.why)
        empty = HttpReply(error.status, b"", content_type="text/plain")
        return self._closing(self._answering.driver.error_or(error.key, empty))

    # --- small parts ----------------------------------------------------------------------------------------------

    def _number(self, connection: web.RequestHandler) -> int:
        number = self._numbers.get(connection)
        if number is None:
            number = self._numbers[connection] = self._answering.next_number()
        return number

    def _response(self, reply: HttpReply) -> web.Response:
        headers = {"Content-Type": reply.content_type, "Date": self._now_date()}
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
    """A server that says when a connection is gone and what could not be read on it."""

    def __init__(
        self,
        handler: Any,
        request_factory: Any,
        *,
        broken: Broken,
        forget: Callable[[web.RequestHandler], object],
        **settings: Any,
    ) -> None:
        super().__init__(handler, request_factory=request_factory, handler_cancellation=True)
        self.broken = broken
        self._forget = forget
        self._settings = settings

    def __call__(self) -> web.RequestHandler:
        """A connection."""
        return _Connection(self, loop=asyncio.get_running_loop(), **self._settings)

    def connection_lost(self, handler: web.RequestHandler, exc: BaseException | None = None) -> None:
        """aiohttp says so."""
        self._forget(handler)
        super().connection_lost(handler, exc)


class _Connection(web.RequestHandler):
    """A connection whose errors and `Server` header are ours."""

    __slots__ = ("_broken",)

    def __init__(self, manager: _Server, *, loop: asyncio.AbstractEventLoop, **settings: Any) -> None:
        super().__init__(manager, loop=loop, **settings)
        self._broken = manager.broken

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """What is answered when aiohttp cannot parse, or a handler fails. Raises `ConnectionError` in mid-answer."""
        if request.writer.output_size > 0:
            raise ConnectionError("an answer has begun already")
        return self._broken(self, exc)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Every answer leaves through here, also what a mount raises."""
        resp.headers["Server"] = SERVER
        return await super().finish_response(request, resp, start_time)


class _Unreadable(Exception):
    """What cannot be had. `key` is the row of the venue's error table, `why` is for the journal."""

    def __init__(self, status: int, key: str, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.key = key
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
        raise _Unreadable(413, TOO_LARGE, f"the body is larger than {BODY_LIMIT} bytes") from None
    except TimeoutError:
        raise _Unreadable(408, TOO_SLOW, f"the body did not arrive within {BODY_PATIENCE_S:g} seconds") from None
    except (web.RequestPayloadError, HttpProcessingError):
        raise _Unreadable(400, MALFORMED, "the body is malformed") from None


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


def _lowered(sent: Mapping[str, str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in sent.items():
        name = name.lower()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _handshake(raw: web.BaseRequest) -> Handshake:
    headers = Headers()
    for name, value in raw.headers.items():
        headers[name] = value
    return Handshake(path=raw.raw_path, headers=headers)


class _FaultLogger(logging.Logger):
    """What aiohttp logs of its own: a broken connection is the client's affair, everything else is a fault."""

    def __init__(self, fault: Callable[[str], None]) -> None:
        super().__init__("venueproof.host.http", logging.CRITICAL)
        self._fault = fault

    def exception(self, msg: object, *args: object, **named: Any) -> None:
        """An exception that aiohttp met."""
        error = named.get("exc_info")
        if not isinstance(error, HttpProcessingError | web.RequestPayloadError | ConnectionError):
            self._fault(f"{msg} {args}: {error!r}")
