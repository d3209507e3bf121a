"""The private asyncio names that virtual time needs, all of them, and a test that they are still what they were.

Five things cannot be had through asyncio's public interface: the exact due time of the next timer, what would run next,
the moment a server starts to listen, the transports that are open, and the refusal of ``sendfile`` (whose bytes nobody
could count).
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import platform
import selectors
import socket
from collections.abc import Callable, Iterable, Mapping
from contextvars import Context
from typing import Any, cast

from venueproof.virtual.errors import InternalsChanged

CLOCK_RESOLUTION_S = 1e-9
"""Timers that are due within this much fire together; a virtual clock is exact, so the finest value will do."""

_EXPECTED_PARAMETERS = {
    "_start_serving": ["self", "protocol_factory", "sock"],
    "_sock_sendfile_native": ["self", "sock", "file", "offset", "count"],
}

Select = Callable[[float | None], list[tuple[selectors.SelectorKey, int]]]


class InstrumentedLoop(asyncio.SelectorEventLoop):
    """A selector loop that tells its next due time and which sockets it listens on."""

    def __init__(self, selector: selectors.BaseSelector) -> None:
        """Use `selector` for all waiting; its ``select`` decides when the loop goes on."""
        super().__init__(selector)
        self._clock_resolution = CLOCK_RESOLUTION_S

    def next_due(self) -> float:
        """Loop time of the earliest timer; only valid while the selector was called with a positive time-out."""
        timers = cast("list[asyncio.TimerHandle]", vars(self)["_scheduled"])
        return timers[0].when()

    def open_transports(self) -> list[asyncio.Transport]:
        """The socket transports that have not been closed."""
        transports = cast("Mapping[int, asyncio.Transport]", vars(self)["_transports"])
        return [transport for transport in list(transports.values()) if not transport.is_closing()]

    def ready_contexts(self) -> tuple[Context, ...]:
        """The contexts of the callbacks that would run next."""
        handles = cast("Iterable[asyncio.Handle]", vars(self)["_ready"])
        return tuple(cast("Context", getattr(handle, "_context")) for handle in handles)  # noqa: B009

    def listening(self, sock: socket.socket) -> None:
        """Called for every socket on which a server of this loop starts to accept connections."""

    def _start_serving(self, protocol_factory: Any, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        self.listening(sock)
        _inherited("_start_serving")(self, protocol_factory, sock, *args, **kwargs)

    async def _sock_sendfile_native(self, sock: Any, file: Any, offset: Any, count: Any) -> Any:
        raise asyncio.SendfileNotAvailableError("sendfile is off in virtual time: its bytes cannot be counted")


def _inherited(name: str) -> Callable[..., Any]:
    return cast("Callable[..., Any]", getattr(asyncio.SelectorEventLoop, name))


@functools.cache
def check_internals() -> None:
    """Raise InternalsChanged, naming the first thing that differs, unless asyncio is as this package expects it."""
    _check_parameters()
    _check_due_times()


def _check_parameters() -> None:
    for name, expected in _EXPECTED_PARAMETERS.items():
        method = getattr(asyncio.SelectorEventLoop, name, None)
        if method is None:
            raise _changed(f"SelectorEventLoop.{name} is gone")
        found = list(inspect.signature(method).parameters)[: len(expected)]
        if found != expected:
            raise _changed(f"SelectorEventLoop.{name} takes {found}, expected {expected}")


class _ProbeSelector(selectors.DefaultSelector):
    timeouts: list[float | None]
    on_wait: Callable[[], None]

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.timeouts.append(timeout)
        if timeout != 0:
            self.on_wait()
        return []


class _ProbeLoop(InstrumentedLoop):
    now = 0.0

    def time(self) -> float:
        return self.now


def _check_due_times() -> None:
    """Run two timers, the earlier one cancelled, and see what the loop asks of its selector."""
    selector = _ProbeSelector()
    selector.timeouts = []
    loop = _ProbeLoop(selector)
    due: list[float] = []

    def jump() -> None:
        due.append(loop.next_due())
        loop.now = due[-1]

    selector.on_wait = jump
    try:
        loop.call_at(5.0, due.append, -1.0).cancel()
        loop.call_at(7.0, loop.stop)
        loop.run_forever()
        loop.open_transports()
        loop.call_soon(int)
        loop.ready_contexts()
    except (KeyError, IndexError, AttributeError, TypeError) as error:
        raise _changed(f"a private attribute could not be read ({type(error).__name__}: {error})") from error
    finally:
        loop.close()
    if due != [7.0] or 7.0 not in selector.timeouts:
        raise _changed(f"a loop with one timer at 7 s waited {selector.timeouts} and saw timers at {due}")


def _changed(what: str) -> InternalsChanged:
    return InternalsChanged(
        f"asyncio of Python {platform.python_version()} has changed: {what}; "
        "virtual time is not available here, use the real clock or a newer venueproof"
    )
