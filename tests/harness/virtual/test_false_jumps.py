"""The clock never jumps over something that is still under way; each case fails when its remedy is left out.

In every case a virtual time-out is pending that a correct clock never reaches. No case rests on chance: a kernel that
holds sent data back is had by corking a socket (the tail then stays in the kernel for 200 ms of real time, as it does
for 30-50 ms at random while an acknowledgement is delayed), a full accept queue by more connections than it can hold.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
import ssl
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

import pytest
import trustme

from venueproof import virtual
from venueproof.virtual import real_clock
from venueproof.virtual.loop import Remedy, VirtualLoop
from venueproof.virtual.runner import run_in

T = TypeVar("T")

HOST = "127.0.0.1"
MEGABYTE = b"m" * 1_000_000
NEVER_S = 3600.0
WORK_S = 0.2
ATTEMPTS = 10  # one is enough unless the machine is so busy that this process gets no turn for 200 ms
SOCKETS_NEEDED = 4096
TCP_CORK: int = getattr(socket, "TCP_CORK", 0)
needs_cork = pytest.mark.skipif(not TCP_CORK, reason="only Linux can be told to hold sent data back")


class RunWithout(Protocol):
    def __call__(self, main: Coroutine[Any, Any, T], *missing: Remedy) -> T: ...


@pytest.fixture
def run_without() -> RunWithout:
    def call(main: Coroutine[Any, Any, T], *missing: Remedy) -> T:
        return run_in(VirtualLoop(_without=frozenset(missing)), main)

    return call


@pytest.fixture
def many_sockets() -> Generator[None, None, None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = SOCKETS_NEEDED if hard == resource.RLIM_INFINITY else min(SOCKETS_NEEDED, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError, asyncio.CancelledError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@contextlib.asynccontextmanager
async def _serving(backlog: int = 100, tls: ssl.SSLContext | None = None) -> AsyncGenerator[int, None]:
    server = await asyncio.start_server(_echo, HOST, 0, backlog=backlog, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def _round_trip(port: int, body: bytes, *, cork: bool = False, tls: ssl.SSLContext | None = None) -> None:
    async with asyncio.timeout(NEVER_S):
        reader, writer = await asyncio.open_connection(HOST, port, ssl=tls)
        try:
            if cork:
                writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, TCP_CORK, 1)
            writer.write(body)
            assert await reader.readexactly(len(body)) == body
        finally:
            writer.close()


async def _timeouts_of(exchanges: list[Awaitable[None]]) -> int:
    results = await asyncio.gather(*exchanges, return_exceptions=True)
    failures = [result for result in results if result is not None]
    assert all(isinstance(failure, TimeoutError) for failure in failures), failures
    return len(failures)


async def _exchanges(count: int, body: bytes, **options: Any) -> tuple[int, float, int]:
    """How many of `count` simultaneous exchanges timed out, virtual seconds spent, real waits."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    async with _serving() as port:
        timeouts = await _timeouts_of([_round_trip(port, body, **options) for _ in range(count)])
        return timeouts, loop.elapsed_s(), loop.held


def test_megabyte_bodies_on_many_connections_arrive_in_no_time() -> None:
    timeouts, elapsed_s, _ = virtual.run(_exchanges(50, MEGABYTE))
    assert (timeouts, elapsed_s) == (0, 0.0)


@needs_cork
def test_the_clock_waits_for_megabyte_bodies_whose_tail_the_kernel_holds_back() -> None:
    def attempt() -> bool:
        timeouts, elapsed_s, held = virtual.run(_exchanges(50, MEGABYTE, cork=True))
        assert (timeouts, elapsed_s) == (0, 0.0)
        return held > 0

    assert any(attempt() for _ in range(ATTEMPTS))


@needs_cork
def test_without_counted_bytes_it_jumps_over_them(run_without: RunWithout) -> None:
    def attempt() -> bool:
        timeouts, elapsed_s, _ = run_without(_exchanges(50, MEGABYTE, cork=True), Remedy.FLOWS)
        return timeouts > 0 and elapsed_s == NEVER_S

    assert any(attempt() for _ in range(ATTEMPTS))


@needs_cork
def test_bytes_under_tls_are_counted_too(run_without: RunWithout) -> None:
    authority = trustme.CA()
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert(HOST).configure_cert(server)  # pyright: ignore[reportUnknownMemberType]
    authority.configure_trust(client)  # pyright: ignore[reportUnknownMemberType]

    async def main() -> float:
        async with _serving(tls=server) as port:
            with contextlib.suppress(TimeoutError):
                await _round_trip(port, b"held back", cork=True, tls=client)
            return asyncio.get_running_loop().time()

    assert virtual.run(main()) == 1.0
    assert any(run_without(main(), Remedy.FLOWS) == 1.0 + NEVER_S for _ in range(ATTEMPTS))


def test_a_reader_that_has_paused_does_not_hold_the_clock() -> None:
    async def main() -> None:
        async with _serving() as port:
            transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, HOST, port)
            transport.pause_reading()
            transport.write(b"unread")
            await asyncio.sleep(NEVER_S)
            transport.close()

    started = real_clock.monotonic()
    virtual.run(main())
    assert real_clock.monotonic() - started < 5  # a stall would be waited for twice as long, and reported


def test_a_server_that_drops_connections_at_once_does_not_hold_the_clock() -> None:
    async def drop(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async def main() -> list[bytes | BaseException]:
        server = await asyncio.start_server(drop, HOST, 0)
        port = server.sockets[0].getsockname()[1]
        answers: list[bytes | BaseException] = []
        for _ in range(20):
            reader, writer = await asyncio.open_connection(HOST, port)
            writer.write(b"x" * 1000)
            answers += await asyncio.gather(reader.read(), return_exceptions=True)
            writer.close()
            await asyncio.sleep(60)
        server.close()
        return answers

    answers = virtual.run(main())
    assert len(answers) == 20
    assert all(answer == b"" or isinstance(answer, ConnectionError) for answer in answers)


async def _connect_at_once(count: int) -> tuple[int, float]:
    loop = asyncio.get_running_loop()
    async with _serving(backlog=100) as port:
        timeouts = await _timeouts_of([_round_trip(port, b"hello") for _ in range(count)])
        return timeouts, loop.time()


@pytest.mark.usefixtures("many_sockets")
def test_a_thousand_simultaneous_connects_succeed_in_no_time(run_without: RunWithout) -> None:
    started = real_clock.monotonic()
    assert run_without(_connect_at_once(1000)) == (0, 1.0)
    assert real_clock.monotonic() - started < 10


@pytest.mark.usefixtures("many_sockets")
def test_with_a_short_accept_queue_the_clock_waits_for_them(run_without: RunWithout) -> None:
    assert run_without(_connect_at_once(1000), Remedy.BACKLOG) == (0, 1.0)


@pytest.mark.usefixtures("many_sockets")
def test_without_that_wait_most_of_them_time_out(run_without: RunWithout) -> None:
    timeouts, now = run_without(_connect_at_once(1000), Remedy.BACKLOG, Remedy.CONNECTS, Remedy.FLOWS)
    assert timeouts > 500
    assert now == 1.0 + NEVER_S


async def _real_work(executor: Executor | None) -> bool:
    """Did a worker that is busy for a while in real time make it before a virtual time-out?"""
    try:
        async with asyncio.timeout(NEVER_S):
            await asyncio.get_running_loop().run_in_executor(executor, real_clock.sleep, WORK_S)
    except TimeoutError:
        return False
    return True


def test_the_clock_waits_for_a_worker_thread(run_without: RunWithout) -> None:
    with ThreadPoolExecutor() as own:
        for executor in (None, own):
            assert virtual.run(_real_work(executor))
            assert not run_without(_real_work(executor), Remedy.JOBS)


def test_a_cancelled_job_counts_until_its_thread_has_ended() -> None:
    async def main() -> tuple[bool, float]:
        ended = threading.Event()

        def work() -> None:
            real_clock.sleep(WORK_S)
            ended.set()

        task = asyncio.create_task(asyncio.to_thread(work))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.sleep(NEVER_S)
        return ended.is_set(), asyncio.get_running_loop().time()

    assert virtual.run(main()) == (True, 1.0 + NEVER_S)


async def _foreign_thread(guard: Callable[[VirtualLoop], contextlib.AbstractContextManager[None]]) -> bool:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    done = asyncio.Event()

    def work() -> None:
        real_clock.sleep(WORK_S)
        loop.call_soon_threadsafe(done.set)

    thread = threading.Thread(target=work)
    with guard(loop):
        thread.start()
        try:
            async with asyncio.timeout(NEVER_S):
                await done.wait()
        except TimeoutError:
            return False
        finally:
            await asyncio.to_thread(thread.join)
    return True


def test_hold_keeps_the_clock_still_for_a_foreign_thread() -> None:
    assert virtual.run(_foreign_thread(VirtualLoop.hold))
    assert not virtual.run(_foreign_thread(lambda _: contextlib.nullcontext()))


def test_a_hold_released_in_another_thread_wakes_the_loop() -> None:
    async def main() -> float:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        held = threading.Event()

        def work() -> None:
            with loop.hold("a thread"):
                held.set()
                real_clock.sleep(WORK_S)

        thread = threading.Thread(target=work)
        thread.start()
        held.wait()
        await asyncio.sleep(NEVER_S)
        thread.join()
        return loop.elapsed_s()

    started = real_clock.monotonic()
    assert virtual.run(main()) == NEVER_S
    assert WORK_S / 2 < real_clock.monotonic() - started < 5
