"""An asyncio loop over real sockets whose clock is virtual.

The clock stands still while code runs, and jumps to the next timer when nothing can happen before it: no socket is
ready, no worker thread is busy, no connection is being made, no byte is inside the kernel on its way to a reader.
Until then the loop waits in real time, and every such wait has a limit.

It refuses connections that lead out of the loop (`strict`), and it does not see subprocesses or threads that were not
started through ``run_in_executor``: put these inside ``with loop.hold():``.
"""

from __future__ import annotations

import asyncio
import contextlib
import enum
import ipaddress
import socket
import threading
from collections.abc import Callable, Generator
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any, TypeVar, TypeVarTuple

import msgspec

from venueproof.virtual import real_clock
from venueproof.virtual.asyncio_internals import InstrumentedLoop, check_internals
from venueproof.virtual.dump import waiting_tasks
from venueproof.virtual.errors import (
    Deadlock,
    InFlightStall,
    RealTimeExceeded,
    VirtualDeadline,
    VirtualTimeError,
)
from venueproof.virtual.flows import Address, Flows, refuse_stranger
from venueproof.virtual.holds import Hold, Holds, SubmitSpy, as_job, current_job
from venueproof.virtual.selector import AgedSelector, Ready

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

NS_PER_S = 1_000_000_000

START_NS = 1_795_521_900_000_000_000
"""2026-11-24T12:05:00Z: after the API changes in the fact sheets, not on a funding hour, far from expiries."""

FIRST_TIME_S = 1.0
"""Loop time at the start. Near 0, where a float is finest, but not 0, which programs read as "never"."""

DEADLINE_S = 7 * 86_400.0
DEADLINE_MAX_S = 4_000_000.0
"""Beyond this (46 days) a float of seconds no longer carries nanoseconds."""

WATCHDOG_S = 120.0
BACKLOG = 4096


class RealWaits(msgspec.Struct, frozen=True):
    """How many real seconds the loop waits before it calls a silence what it is."""

    idle_s: float = 1.0
    hold_s: float = 30.0
    stall_s: float = 10.0


class Remedy(enum.Enum):
    """What keeps the clock from jumping too early; each can be left out, to prove that it is needed."""

    FLOWS = "bytes in flight are counted"
    CONNECTS = "pending connects are waited for"
    BACKLOG = "servers get a long accept queue"
    JOBS = "executor jobs are waited for"
    AGE = "ready sockets are reported oldest first"


class VirtualLoop(InstrumentedLoop):
    """The loop.

    `jumps` counts steps of the clock, `held` the real waits that prevented a false one, `left_open` the connections
    and listening sockets that the program had not closed when the loop was.
    """

    def __new__(cls, *_: Any, deadline_s: float = DEADLINE_S, **__: Any) -> VirtualLoop:
        """Refuse before there is a loop, which would have to be closed.

        Raises InternalsChanged if this Python is not what the loop was written for, ValueError for a deadline out of
        range.
        """
        check_internals()
        if not 0 < deadline_s <= DEADLINE_MAX_S:
            raise ValueError(f"deadline_s must be above 0 and at most {DEADLINE_MAX_S:.0f}, got {deadline_s}")
        return super().__new__(cls)

    def __init__(
        self,
        *,
        start_ns: int = START_NS,
        deadline_s: float = DEADLINE_S,
        watchdog_s: float = WATCHDOG_S,
        strict: bool = True,
        waits: RealWaits | None = None,
        _without: frozenset[Remedy] = frozenset(),
    ) -> None:
        """Start at wall time `start_ns`; stop after `deadline_s` virtual or `watchdog_s` real seconds."""
        self._now = FIRST_TIME_S
        self._base_ns = start_ns - round(FIRST_TIME_S * NS_PER_S)
        self._wall_step_ns = 0
        self._deadline = FIRST_TIME_S + deadline_s
        self._real_limit_s = watchdog_s
        self._real_deadline = real_clock.monotonic() + watchdog_s
        self._strict = strict
        self._waits = waits or RealWaits()
        self._without = _without
        self._failure: VirtualTimeError | None = None
        self._holds = Holds()
        self._jobs: dict[Hold, None] = {}
        self._jobs_done: asyncio.Future[None] | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._parked: dict[threading.Event, None] = {}
        self._connecting = 0
        self._flows = Flows(self._on_stranger)
        self.jumps = 0
        self.held = 0
        self.left_open = 0
        self.on_jump: Callable[[float], None] | None = None
        self.on_turn: Callable[[], None] | None = None
        self._aged = AgedSelector(by_age=Remedy.AGE not in _without)
        super().__init__(self._aged)
        self._aged.wait = self._wait

    # ---- clock

    def time(self) -> float:
        """Virtual seconds; `FIRST_TIME_S` at the start."""
        return self._now

    def elapsed_s(self) -> float:
        """Virtual seconds since the start."""
        return self._now - FIRST_TIME_S

    def wall_ns(self) -> int:
        """The wall clock of the program under the loop, in nanoseconds since 1970, with its steps."""
        return self._base_ns + round(self._now * NS_PER_S) + self._wall_step_ns

    def venue_ns(self) -> int:
        """The same without the steps: what a clock that nobody has touched shows."""
        return self._base_ns + round(self._now * NS_PER_S)

    def at_venue_ns(self, at_ns: int) -> float:
        """The loop time at which `venue_ns` shows `at_ns`."""
        return (at_ns - self._base_ns) / NS_PER_S

    def step_wall(self, delta_ns: int) -> None:
        """Move the wall clock alone, as an NTP correction does; timers and monotonic clocks go on."""
        self._wall_step_ns += delta_ns

    def advance(self, seconds: float) -> None:
        """Let time pass without giving anybody a turn, as a blocking sleep does; overdue timers fire afterwards.

        Raises VirtualDeadline if that leads past the deadline.
        """
        self._now += seconds
        if self._now > self._deadline:
            raise self._too_late(self._now)

    # ---- holding the clock

    @contextlib.contextmanager
    def hold(self, reason: str = "hold()") -> Generator[None, None, None]:
        """Keep the clock from jumping inside the block, for work that the loop cannot see; from any thread.

        No timer fires meanwhile. Connections may lead out of the loop while the clock is held.
        """
        token = Hold(reason)
        self._holds.add(token)
        try:
            yield
        finally:
            self._holds.discard(token)
            with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile
                self.call_soon_threadsafe(int)  # wakes a loop that waits in another thread

    def park(self, seconds: float) -> None:
        """Block the calling worker thread for `seconds` of virtual time."""
        woken = threading.Event()
        self._parked[woken] = None
        self.call_soon_threadsafe(self._arm, seconds, woken, current_job())
        woken.wait()

    def _arm(self, seconds: float, woken: threading.Event, token: Hold | None) -> None:
        self.call_later(seconds, self._wake, woken, token)
        if token is not None:
            self._holds.discard(token)

    def _wake(self, woken: threading.Event, token: Hold | None) -> None:
        if token is not None:
            self._holds.add(token)
        self._parked.pop(woken, None)
        woken.set()

    # ---- executor jobs

    def set_default_executor(self, executor: ThreadPoolExecutor) -> None:  # type: ignore[override]
        """Use this executor where none is named; its jobs are counted like all others."""
        self._pool = executor
        super().set_default_executor(executor)

    def run_in_executor(self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        """Run in a worker, and hold the clock until the worker has really ended."""
        target = executor if executor is not None else self._default_pool()
        token = Hold(f"executor job {getattr(func, '__qualname__', repr(func))}")
        call = as_job(token, func) if isinstance(target, ThreadPoolExecutor) else func
        spy = SubmitSpy(target)
        future = super().run_in_executor(spy, call, *args)
        if Remedy.JOBS not in self._without:
            self._jobs[token] = None
            self._holds.add(token)
            # Added after asyncio's own callback, so that the result reaches the loop before the hold ends.
            spy.future.add_done_callback(lambda _: self._job_ended(token))
        return future

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """Wait for all jobs in virtual time, then for the threads in real time; the watchdog is the only limit."""
        if self._pool is None:
            return
        if self._jobs:
            self._jobs_done = self.create_future()
            await self._jobs_done
        with self.hold("shutdown of the default executor"):
            await super().shutdown_default_executor()

    def _default_pool(self) -> ThreadPoolExecutor:
        if self._pool is None:
            self.set_default_executor(ThreadPoolExecutor(thread_name_prefix="virtual-loop"))
        assert self._pool is not None
        return self._pool

    def _job_ended(self, token: Hold) -> None:
        with contextlib.suppress(RuntimeError):  # the loop was closed before the worker ended
            self.call_soon_threadsafe(self._release_job, token)

    def _release_job(self, token: Hold) -> None:
        self._holds.discard(token)
        self._jobs.pop(token, None)
        if self._jobs_done is not None and not self._jobs and not self._jobs_done.done():
            self._jobs_done.set_result(None)

    # ---- sockets

    async def create_server(self, *args: Any, backlog: int = 100, **kwargs: Any) -> asyncio.Server:
        """Listen with a queue long enough for a burst of connections: a full one costs a second of real time."""
        if Remedy.BACKLOG not in self._without:
            backlog = max(backlog, BACKLOG)
        return await super().create_server(*args, backlog=backlog, **kwargs)

    async def create_connection(self, *args: Any, **kwargs: Any) -> Any:
        """As asyncio's; a socket that was connected elsewhere is counted from here."""
        if (sock := kwargs.get("sock")) is not None:
            self._count(sock)
        return await super().create_connection(*args, **kwargs)

    async def sock_connect(self, sock: socket.socket, address: Any) -> None:
        """As asyncio's; the clock waits while the connection is made.

        Raises ForeignPeer, in strict mode, if the other end is not in this loop.
        """
        self._refuse_distant(sock, address)
        self._connecting += 1
        try:
            await super().sock_connect(sock, address)
        finally:
            self._connecting -= 1
        self._count(sock)

    async def sock_accept(self, sock: socket.socket) -> tuple[socket.socket, Any]:
        """As asyncio's; the connection is counted."""
        self.listening(sock)
        return await super().sock_accept(sock)

    def listening(self, sock: socket.socket) -> None:
        """Count what arrives through this listening socket."""
        if Remedy.FLOWS not in self._without:
            self._flows.listen(sock)

    def _count(self, sock: socket.socket) -> None:
        if Remedy.FLOWS in self._without or self._flows.connected(sock):
            return
        if self._strict and not self._holds:
            raise refuse_stranger(sock.getsockname(), sock.getpeername())

    def _refuse_distant(self, sock: socket.socket, address: Any) -> None:
        if not self._strict or self._holds or sock.family not in (socket.AF_INET, socket.AF_INET6):
            return
        try:
            host = ipaddress.ip_address(address[0])
        except ValueError:
            return  # a name: looked at again when it is connected
        if not (host.is_loopback or host.is_unspecified):
            raise refuse_stranger(("this loop", 0), (address[0], address[1]))

    def _on_stranger(self, source: Address, target: Address) -> None:
        if self._strict and not self._holds:
            self._failure = refuse_stranger(source, target)

    # ---- waiting

    def _wait(self, timeout: float | None) -> Ready:
        """One turn of the loop: what is ready, else wait for what is under way, else jump."""
        self._check()
        ready = self._aged.poll(0)
        if ready or timeout == 0:
            return ready
        if self._holds:
            return self._wait_for_holds()
        if ready := self._wait_for_kernel():
            return ready
        if timeout is None:
            return self._wait_for_anything()
        self._jump(self.next_due())
        return []

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure
        if self._now > self._deadline:
            raise self._too_late(self._now)
        if real_clock.monotonic() > self._real_deadline:
            raise self._too_long()
        if self.on_turn is not None:
            self.on_turn()

    def _wait_for_holds(self) -> Ready:
        ready = self._poll(self._waits.hold_s)
        if not ready:
            raise Deadlock(
                f"nothing happened for {self._waits.hold_s:g} real seconds while the clock was held by {self._holds}; "
                f"{waiting_tasks(self)}"
            )
        return ready

    def _wait_for_kernel(self) -> Ready:
        cause = self._under_way()
        if cause is None:
            return []
        self.held += 1
        ready = self._poll(self._waits.stall_s)
        if not ready and self._strict:
            raise InFlightStall(
                f"{cause} stayed inside the kernel for {self._waits.stall_s:g} real seconds; {waiting_tasks(self)}"
            )
        return ready

    def _under_way(self) -> str | None:
        if self._connecting and Remedy.CONNECTS not in self._without:
            return f"{self._connecting} connection(s) being made"
        if self._flows.busy and (flow := self._flows.stalled(self._aged.reads)) is not None:
            return str(flow)
        return None

    def _wait_for_anything(self) -> Ready:
        ready = self._poll(self._waits.idle_s)
        if not ready:
            raise Deadlock(f"no timer is set, no data is under way, and {waiting_tasks(self)}")
        return ready

    def _poll(self, real_s: float) -> Ready:
        left_s = max(0.0, self._real_deadline - real_clock.monotonic())
        ready = self._aged.poll(min(real_s, left_s))
        if not ready and left_s < real_s:
            raise self._too_long()
        return ready

    def _jump(self, due: float) -> None:
        if due > self._deadline:
            raise self._too_late(due)
        self._now = max(self._now, due)
        self.jumps += 1
        if self.on_jump is not None:
            self.on_jump(self._now)

    def _too_late(self, due: float) -> VirtualDeadline:
        return VirtualDeadline(
            f"the next timer is due {due - FIRST_TIME_S:g} s after the start, the virtual deadline is "
            f"{self._deadline - FIRST_TIME_S:g} s; {waiting_tasks(self)}"
        )

    def _too_long(self) -> RealTimeExceeded:
        return RealTimeExceeded(
            f"not finished after {self._real_limit_s:g} real seconds ({self.elapsed_s():g} virtual, {self.jumps} "
            f"jumps); {waiting_tasks(self)}",
            ready=self.ready_contexts(),
        )

    # ---- the beginning and the end

    def begin(self) -> None:
        """Count the program's real seconds from now on: getting ready for it is not its doing."""
        self._real_deadline = real_clock.monotonic() + self._real_limit_s

    def begin_cleanup(self, virtual_s: float, real_s: float) -> None:
        """Give the tasks that are about to be cancelled their own time to end in, whatever has gone wrong before."""
        self._failure = None
        self.on_turn = None
        self._deadline = self._now + virtual_s
        self._real_limit_s = real_s
        self._real_deadline = real_clock.monotonic() + real_s

    def close(self) -> None:
        """Close the loop with every socket in it, and let go of threads that still sleep in its time."""
        if self.is_closed():
            return
        listeners = self._flows.open_listeners()
        self.left_open = len(listeners) + self._abort_transports()
        super().close()
        for listener in listeners:
            listener.close()
        self._flows.close()
        for woken in list(self._parked):
            woken.set()

    def _abort_transports(self) -> int:
        transports = self.open_transports()
        for transport in transports:
            transport.abort()
        if transports:
            self.begin_cleanup(virtual_s=1.0, real_s=1.0)
            with contextlib.suppress(VirtualTimeError):
                self.run_until_complete(asyncio.sleep(0))  # their protocols are told of the loss
        return len(transports)
