"""A proxy on loopback through which unmodified clients keep their production URLs.

`CONNECT` to an official host of a venue ends in that venue's own server, behind a certificate for that host; plain
requests in absolute form do too. Nothing is ever passed on: any other host is refused with 403 and journalled.
All that comes through one proxy counts as one client address.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import cast
from urllib.parse import urlsplit

from venueproof_simulators.host.serving import Entrance, split_target
from venueproof_simulators.host.simulator import BACKLOG, Simulator
from venueproof_simulators.host.tls import Authority

HEAD_LIMIT = 64 << 10
"""Bytes of the first request's head."""
HEAD_PATIENCE_S = 30.0
"""How long a client may take to send it."""
PLAIN_PORTS = frozenset({80})
"""Ports to which a tunnel carries HTTP; to all others it carries TLS."""
_HEAD_END = b"\r\n\r\n"


class Proxy:
    """One listener, for the hosts of several venues."""

    def __init__(self, simulators: Sequence[Simulator], authority: Authority, *, client: str = "192.0.2.1") -> None:
        """`client` is the address by which the venues know everybody who comes through here."""
        self.authority = authority
        self.url = ""
        self._simulators = tuple(simulators)
        self._client = client
        self._listener: asyncio.Server | None = None
        self._ways: dict[_Way, None] = {}

    async def start(self, *, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen. Raises `OSError` when the port is taken."""
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(lambda: _Way(self, self._ways), host, port, backlog=BACKLOG)
        name = self._listener.sockets[0].getsockname()
        self.url = f"http://{name[0]}:{name[1]}"

    async def stop(self) -> None:
        """Stop listening, and end the connections that have not reached a venue; a venue ends its own."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        for way in list(self._ways):
            way.abort()

    def venue_of(self, host: str) -> tuple[Simulator, str] | None:
        """Whose official host this is: the simulator and its origin's name."""
        for simulator in self._simulators:
            origin = simulator.origin_of_host(host)
            if origin is not None:
                return simulator, origin
        return None

    def tunnel(self, simulator: Simulator, origin: str) -> asyncio.Protocol:
        """The venue's own protocol, behind a tunnel to one origin."""
        return simulator.protocol(Entrance(origin, self._client))

    def plain(self, simulator: Simulator) -> asyncio.Protocol:
        """The venue's own protocol, for requests that each name their host."""
        return simulator.protocol(Entrance("", self._client))

    def refuse(self, label: str, why: str) -> None:
        """Let every journal say that somebody wanted to go elsewhere."""
        for simulator in self._simulators:
            simulator.refused(label, why)


class _Way(asyncio.Protocol):
    """A connection to the proxy until it is known where it leads."""

    def __init__(self, proxy: Proxy, ways: dict[_Way, None]) -> None:
        self._proxy = proxy
        self._ways = ways
        self._head = b""
        self._transport: asyncio.Transport | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    def abort(self) -> None:
        """End it at once."""
        if self._task is not None:
            self._task.cancel()
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._ways[self] = None
        self._patience = asyncio.get_running_loop().call_later(HEAD_PATIENCE_S, self.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()

    def data_received(self, data: bytes) -> None:
        self._head += data
        if _HEAD_END in self._head:
            self._find_way()
        elif len(self._head) > HEAD_LIMIT:
            self._answer("431 Request Header Fields Too Large", "the head is too long")

    def _leave(self) -> None:
        self._ways.pop(self, None)
        if self._patience is not None:
            self._patience.cancel()

    def _find_way(self) -> None:
        words = self._head.partition(b"\r\n")[0].decode("latin-1").split(" ")
        if len(words) != 3:
            self._answer("400 Bad Request", "not a request")
        elif words[0] == "CONNECT":
            self._connect(words[1])
        elif split_target(words[1])[0]:
            self._go_plain(f"{words[0]} {words[1].partition('?')[0]}", split_target(words[1])[0])
        else:
            self._answer("400 Bad Request", "this is a proxy: ask for http://host/path or CONNECT")

    def _connect(self, target: str) -> None:
        host, port = _host_and_port(target)
        found = self._proxy.venue_of(host)
        if found is None:
            self._refuse(f"CONNECT {target}", host)
        elif not self._head.endswith(_HEAD_END):
            self._answer("400 Bad Request", "nothing may follow CONNECT before it is answered")
        else:
            self._write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            protocol = self._proxy.tunnel(*found)
            if port in PLAIN_PORTS:
                self._hand_over(protocol)
            else:
                self._task = asyncio.get_running_loop().create_task(self._begin_tls(host, protocol))

    def _go_plain(self, label: str, host: str) -> None:
        found = self._proxy.venue_of(host)
        if found is None:
            self._refuse(label, host)
        else:
            self._hand_over(self._proxy.plain(found[0]))

    def _hand_over(self, protocol: asyncio.Protocol) -> None:
        assert self._transport is not None
        self._leave()
        rest = b"" if self._head.startswith(b"CONNECT ") else self._head
        _hand_over(self._transport, protocol, rest)

    async def _begin_tls(self, host: str, protocol: asyncio.Protocol) -> None:
        assert self._transport is not None
        loop = asyncio.get_running_loop()
        context = self._proxy.authority.server_context(host)
        early = _Early()
        try:
            transport = await loop.start_tls(self._transport, early, context, server_side=True)
        except OSError as error:
            self._proxy.refuse(f"CONNECT {host}", f"the client ended the TLS handshake: {error}")
            return
        finally:
            self._leave()
        if transport is not None and not early.lost:
            _hand_over(transport, protocol, early.data)

    def _refuse(self, label: str, host: str) -> None:
        self._proxy.refuse(label, f"{host} is no host of a venue of this run")
        self._answer("403 Forbidden", f"{host} is no host of a venue of this run")

    def _answer(self, status: str, why: str) -> None:
        body = f"{why}\n".encode()
        head = (
            f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        self._write(head.encode() + body)
        if self._transport is not None:
            self._transport.close()

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)


class _Early(asyncio.Protocol):
    """Keeps what arrives in the same breath as the end of a TLS handshake."""

    def __init__(self) -> None:
        self.data = b""
        self.lost = False

    def data_received(self, data: bytes) -> None:
        self.data += data

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True


def _hand_over(transport: asyncio.Transport, protocol: asyncio.Protocol, data: bytes) -> None:
    transport.set_protocol(protocol)
    protocol.connection_made(transport)
    if data:
        protocol.data_received(data)


def _host_and_port(target: str) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{target}")
        return parts.hostname or "", parts.port or 443
    except ValueError:
        return "", 0
