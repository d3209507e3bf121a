"""Keeps a case inside the run: a connection to anything but its simulators is refused and noted.

Python tells audit hooks of every connection and look-up before it is made, whatever library makes it. A hook cannot be
taken out again, so there is one for the process; it is inert while no case runs.
"""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import socket
import sys
import weakref
from collections.abc import Callable, Generator
from contextvars import ContextVar
from typing import Any

IN_ADAPTER: ContextVar[bool] = ContextVar("venueproof_in_adapter", default=False)
"""True in code of the adapter and in every task, callback and connection that it started."""


class Guard:
    """What one case may reach, what it tried beyond that, and the sockets its adapter opened."""

    def __init__(self) -> None:
        """Nothing is allowed yet."""
        self.ports: set[int] = set()
        self.attempts: list[str] = []
        self._sockets: list[weakref.ref[socket.socket]] = []

    def allow(self, *ports: int) -> None:
        """Let connections to these ports of this machine pass."""
        self.ports.update(ports)

    def open_sockets(self) -> list[str]:
        """The adapter's sockets that are still open, described."""
        found = (reference() for reference in self._sockets)
        return [_describe(sock) for sock in found if sock is not None and sock.fileno() != -1]

    def on_new_socket(self, sock: socket.socket, *_: object) -> None:
        """A socket is being made."""
        if IN_ADAPTER.get():
            self._sockets.append(weakref.ref(sock))

    def on_connect(self, sock: socket.socket, address: Any, *_: object) -> None:
        """A connection or a datagram is about to leave. Raises OSError unless it stays inside the run."""
        if address is None:  # sent on a socket that is connected already
            return
        if sock.family in (socket.AF_INET, socket.AF_INET6) and _is_loopback(address[0]) and address[1] in self.ports:
            return
        target = f"{address[0]}:{address[1]}" if isinstance(address, tuple) else repr(address)
        self.attempts.append(target)
        raise ConnectionRefusedError(errno.ECONNREFUSED, f"{target} is outside this run; venueproof refused it")

    def on_lookup(self, host: object, *_: object) -> None:
        """A name is about to be looked up. Raises OSError unless it names this machine."""
        name = host.decode(errors="replace") if isinstance(host, bytes) else host
        if not isinstance(name, str) or name in ("", "localhost") or _is_address(name):
            return
        self.attempts.append(name)
        raise socket.gaierror(socket.EAI_NONAME, f"{name} is outside this run; venueproof refused it")


_HANDLERS: dict[str, Callable[..., None]] = {
    "socket.__new__": Guard.on_new_socket,
    "socket.connect": Guard.on_connect,
    "socket.sendto": Guard.on_connect,
    "socket.sendmsg": Guard.on_connect,
    "socket.getaddrinfo": Guard.on_lookup,
    "socket.gethostbyname": Guard.on_lookup,
    "socket.gethostbyaddr": Guard.on_lookup,
}


class _State:
    installed = False
    guard: Guard | None = None


def _hook(event: str, args: tuple[Any, ...]) -> None:
    guard = _State.guard
    if guard is not None and (handler := _HANDLERS.get(event)) is not None:
        handler(guard, *args)


@contextlib.contextmanager
def guarded() -> Generator[Guard]:
    """Guard everything inside the block. Raises RuntimeError inside another such block."""
    if _State.guard is not None:
        raise RuntimeError("a case is running in this process already; cases of one process run one after the other")
    if not _State.installed:
        sys.addaudithook(_hook)
        _State.installed = True
    _State.guard = Guard()
    try:
        yield _State.guard
    finally:
        _State.guard = None


@contextlib.contextmanager
def as_adapter() -> Generator[None]:
    """Mark what is started inside the block as the adapter's."""
    token = IN_ADAPTER.set(True)
    try:
        yield
    finally:
        IN_ADAPTER.reset(token)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


def _describe(sock: socket.socket) -> str:
    try:
        return f"socket to {sock.getpeername()[0]}"
    except OSError:
        return "socket that is not connected"
