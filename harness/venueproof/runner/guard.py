"""Keeps a case inside the run: what leads out of it is refused and noted.

Python tells audit hooks of every connection and look-up before it is made, whatever library makes it, and of every
program that is started, which could connect to anything. A hook cannot be taken out again, so there is one for the
process; it is inert while no case runs.

Not seen: sockets and processes that C code opens by itself, past Python's own modules (uvloop, pycurl, forks).

Threads that were there before the case, and threads of theirs, are somebody else's (a test runner's, a monitor's) and
are let alone.
"""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import os
import socket
import sys
import threading
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
        self._here = threading.current_thread()
        self._strangers = weakref.WeakSet(thread for thread in threading.enumerate() if thread is not self._here)

    def allow(self, *ports: int) -> None:
        """Let connections to these ports of this machine pass."""
        self.ports.update(ports)

    def open_sockets(self) -> list[str]:
        """The adapter's sockets that are still open, described."""
        found = (reference() for reference in self._sockets)
        return [_describe(sock) for sock in found if sock is not None and sock.fileno() != -1]

    def is_stranger(self, thread: threading.Thread) -> bool:
        """Whether a thread has nothing to do with the case."""
        return thread in self._strangers

    def on_new_thread(self, function: object, *_: object) -> None:
        """A thread is being started."""
        thread = getattr(function, "__self__", None)
        if isinstance(thread, threading.Thread) and self.is_stranger(threading.current_thread()):
            self._strangers.add(thread)

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
        self._refuse(target, ConnectionRefusedError(errno.ECONNREFUSED, f"{target} {_REFUSED}"))

    def on_lookup(self, host: object, *_: object) -> None:
        """A name is about to be looked up. Raises OSError unless it names this machine."""
        name = host.decode(errors="replace") if isinstance(host, bytes) else host
        if not isinstance(name, str) or name in ("", "localhost") or _is_address(name):
            return
        self._refuse(name, socket.gaierror(socket.EAI_NONAME, f"{name} {_REFUSED}"))

    def on_program(self, *arguments: Any) -> None:
        """A program is about to be started. Raises OSError when it is the adapter that does."""
        if _asked_by() in _HARMLESS or not self._is_adapters():
            return
        name = f"the program {_program(arguments)}"
        self._refuse(name, PermissionError(errno.EPERM, f"{name} {_REFUSED}"))

    def _is_adapters(self) -> bool:
        """Whether the adapter is running: its context does not cross into the threads that it starts."""
        thread = threading.current_thread()
        return IN_ADAPTER.get() or (thread is not self._here and not self.is_stranger(thread))

    def _refuse(self, target: str, error: OSError) -> None:
        self.attempts.append(target)
        raise error


_HANDLERS: dict[str, Callable[..., None]] = {
    "socket.__new__": Guard.on_new_socket,
    "socket.connect": Guard.on_connect,
    "socket.sendto": Guard.on_connect,
    "socket.sendmsg": Guard.on_connect,
    "socket.getaddrinfo": Guard.on_lookup,
    "socket.gethostbyname": Guard.on_lookup,
    "socket.gethostbyaddr": Guard.on_lookup,
    "subprocess.Popen": Guard.on_program,
    "os.posix_spawn": Guard.on_program,
    "os.exec": Guard.on_program,
    "os.system": Guard.on_program,
    "_thread.start_new_thread": Guard.on_new_thread,
    "_thread.start_joinable_thread": Guard.on_new_thread,
}
_LETS_STRANGERS_BE = frozenset({Guard.on_connect, Guard.on_lookup})
_REFUSED = "is outside this run; venueproof refused it"
_HARMLESS = frozenset({"platform", "uuid", "ctypes.util", "sysconfig", "multiprocessing.resource_tracker"})
"""Modules of Python's own that ask programs of the system about the machine."""


class _State:
    installed = False
    guard: Guard | None = None


def _hook(event: str, args: tuple[Any, ...]) -> None:
    guard = _State.guard
    if guard is None or (handler := _HANDLERS.get(event)) is None:
        return
    if handler in _LETS_STRANGERS_BE and guard.is_stranger(threading.current_thread()):
        return
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


def _asked_by() -> str:
    """The module that starts a program, past those that do it for others."""
    frame = sys._getframe(2)  # pyright: ignore[reportPrivateUsage]  # an audit hook is told what, not by whom
    while frame.f_back is not None and frame.f_globals.get("__name__") in (__name__, "subprocess", "os"):
        frame = frame.f_back
    return str(frame.f_globals.get("__name__", ""))


def _program(arguments: tuple[Any, ...]) -> str:
    """What stands first in the arguments of any of the audit events about programs, without its folder."""
    first = arguments[0] or next(iter(arguments[1]), "")
    name: str = os.fsdecode(first)
    return os.path.basename(name.split()[0]) if name.split() else "without a name"


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
