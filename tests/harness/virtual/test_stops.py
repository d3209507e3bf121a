"""A program that cannot or must not go on is stopped, and the message says why."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import select
import socket
import subprocess
import sys
import threading
import weakref

import pytest

from venueproof import virtual
from venueproof.virtual import real_clock
from venueproof.virtual.errors import (
    Deadlock,
    ForeignPeer,
    InFlightStall,
    RealTimeExceeded,
    VirtualDeadline,
    VirtualTimeError,
)
from venueproof.virtual.loop import RealWaits, VirtualLoop
from venueproof.virtual.runner import COLLECT_ALL_EVERY, run_in

QUICK = RealWaits(idle_s=0.1, hold_s=0.1, stall_s=0.1)


async def _wait_for_a_reply_that_never_comes() -> None:
    await asyncio.get_running_loop().create_future()


def test_a_deadlock_names_the_tasks_and_the_lines_they_wait_in() -> None:
    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(_wait_for_a_reply_that_never_comes(), name="the-lost-one")
            await asyncio.sleep(60)

    with pytest.raises(Deadlock, match=r"the-lost-one .*test_stops\.py:\d+ in _wait_for_a_reply_that_never_comes"):
        virtual.run(main(), waits=QUICK)


def test_a_stuck_worker_is_named_as_what_holds_the_clock() -> None:
    never = threading.Event()

    def stuck() -> None:
        never.wait(2)

    async def main() -> None:
        asyncio.get_running_loop().call_later(1, never.set)
        await asyncio.to_thread(stuck)

    with pytest.raises(Deadlock, match=r"held by executor job .*; 1 task\(s\) wait"):
        virtual.run(main(), waits=QUICK)


def test_a_livelock_ends_at_the_virtual_deadline_exactly() -> None:
    seen: list[float] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        while True:
            await asyncio.sleep(1)
            seen.append(loop.elapsed_s())

    with pytest.raises(VirtualDeadline, match="virtual deadline is 3600 s"):
        virtual.run(main(), deadline_s=3600)
    assert seen == [float(second) for second in range(1, 3601)]


def test_a_program_that_only_ever_sleeps_in_blocking_calls_ends_there_too() -> None:
    import time

    async def main() -> None:
        while True:
            with contextlib.suppress(Exception):
                time.sleep(1)  # noqa: ASYNC251, TID251
            await asyncio.sleep(0)

    with pytest.raises(VirtualDeadline):
        virtual.run(main(), deadline_s=3600)


def test_tasks_get_their_turn_to_clean_up_after_the_deadline() -> None:
    cleaned: list[str] = []

    async def main() -> None:
        try:
            await asyncio.sleep(10_000)
        finally:
            await asyncio.sleep(30)
            cleaned.append("main")

    with pytest.raises(VirtualDeadline):
        virtual.run(main(), deadline_s=3600)
    assert cleaned == ["main"]


def test_a_busy_loop_is_stopped_by_the_watchdog() -> None:
    async def main() -> None:
        while True:  # noqa: ASYNC110
            await asyncio.sleep(0)

    with pytest.raises(RealTimeExceeded, match=r"not finished after 0\.1 real seconds"):
        virtual.run(main(), watchdog_s=0.1)


def test_a_spinning_program_is_stopped_too_even_if_it_swallows_exceptions() -> None:
    async def main() -> None:
        while True:
            with contextlib.suppress(Exception):
                sum(range(1000))

    started = real_clock.monotonic()
    with pytest.raises(RealTimeExceeded, match=r"not back in the loop.* at .*test_stops\.py:\d+ in main"):
        virtual.run(main(), watchdog_s=0.1)
    assert real_clock.monotonic() - started < 5


def test_what_goes_by_before_a_program_begins_is_not_counted_against_it() -> None:
    loop = VirtualLoop(watchdog_s=0.05)
    made = real_clock.monotonic()
    while real_clock.monotonic() < made + 0.1:
        sum(range(1000))
    run_in(loop, asyncio.sleep(1), watchdog_s=0.05)


def test_a_program_that_ignores_its_cancellation_does_not_hang_the_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("venueproof.virtual.runner.CLEANUP_REAL_S", 0.1)

    async def main() -> None:
        while True:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(0)

    with pytest.raises(RealTimeExceeded):
        virtual.run(main(), watchdog_s=0.1)
    gc.collect()  # asyncio's complaint about the task belongs to this test


def test_bytes_that_never_arrive_are_reported_as_a_stall() -> None:
    """They are taken away below the transport that waits for them, where nobody counts."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        accepted: list[asyncio.BaseTransport] = []

        class Server(asyncio.Protocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                accepted.append(transport)

        server = await loop.create_server(Server, "127.0.0.1", 0)
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        await asyncio.sleep(1)
        writer.write(b"stolen")
        fd = accepted[0].get_extra_info("socket").fileno()
        select.select([fd], [], [], 1)
        assert os.read(fd, 100) == b"stolen"
        try:
            await asyncio.sleep(3600)
        finally:
            writer.close()
            server.close()

    with pytest.raises(InFlightStall, match=r"6 bytes from 127\.0\.0\.1:\d+ to 127\.0\.0\.1:\d+ stayed inside"):
        virtual.run(main(), waits=QUICK)
    virtual.run(main(), waits=QUICK, strict=False)


def test_a_server_outside_the_loop_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        async def main() -> None:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()

        with pytest.raises(ForeignPeer, match=rf"to 127\.0\.0\.1:{port} leads out of the virtual loop"):
            virtual.run(main())
        virtual.run(main(), strict=False)


def test_a_distant_address_is_refused_before_anything_is_sent() -> None:
    async def main() -> None:
        await asyncio.open_connection("192.0.2.1", 443)

    with pytest.raises(ForeignPeer, match=r"192\.0\.2\.1:443"):
        virtual.run(main())


async def _serve_a_thread(held: bool) -> bytes:
    """A client in a thread that the loop knows nothing of."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    received: asyncio.Future[bytes] = loop.create_future()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.set_result(await reader.read(100))
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    address = server.sockets[0].getsockname()

    def send() -> None:
        with socket.create_connection(address) as client:
            client.sendall(b"from outside")
            client.recv(1)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        with loop.hold("a client in a thread") if held else contextlib.nullcontext():
            return await received
    finally:
        server.close()


def test_a_client_outside_the_loop_ends_the_run_unless_the_clock_is_held() -> None:
    with pytest.raises(ForeignPeer, match=r"leads out of the virtual loop"):
        virtual.run(_serve_a_thread(held=False))
    assert virtual.run(_serve_a_thread(held=True)) == b"from outside"


def test_a_closed_port_refuses_as_it_does_in_real_time() -> None:
    async def main() -> None:
        server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0)
        host, port = server.sockets[0].getsockname()
        server.close()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(host, port)

    virtual.run(main())


def test_what_the_program_left_open_is_counted_and_closed() -> None:
    left: list[socket.socket] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(asyncio.Protocol, "127.0.0.1", 0)
        transport, _ = await loop.create_connection(asyncio.Protocol, *server.sockets[0].getsockname())
        await asyncio.sleep(1)
        left.extend([transport.get_extra_info("socket"), server.sockets[0]])

    loop = VirtualLoop()
    run_in(loop, main())
    assert loop.left_open == 3  # both ends of the connection, and the listener
    assert [sock.fileno() for sock in left] == [-1, -1]


def test_the_first_error_is_the_one_reported() -> None:
    async def main() -> None:
        asyncio.create_task(_wait_for_a_reply_that_never_comes())  # noqa: RUF006
        raise KeyError("the program's own")

    with pytest.raises(KeyError, match="the program's own"):
        virtual.run(main())


def test_a_deadline_beyond_the_precision_of_the_clock_is_refused() -> None:
    async def main() -> None: ...

    coroutine = main()
    with pytest.raises(ValueError, match="deadline_s"):
        virtual.run(coroutine, deadline_s=1e9)


def test_every_verdict_is_a_virtual_time_error_and_loops_can_be_handed_in() -> None:
    loop = VirtualLoop(waits=QUICK)
    with pytest.raises(VirtualTimeError):
        run_in(loop, _wait_for_a_reply_that_never_comes())
    assert loop.is_closed()


TRACED = """
import asyncio, sys
from venueproof.virtual import errors, run

async def spin():
    while True:
        pass

sys.settrace(lambda *_: None)
run(asyncio.sleep(1))
try:
    run(spin(), watchdog_s=0.1)
except errors.RealTimeExceeded:
    run(asyncio.sleep(1))
    print("ended")
"""


def test_a_traced_program_ends() -> None:
    """Under a debugger or a coverage tool: in a process of its own, since one that does not end cannot be stopped."""
    done = subprocess.run([sys.executable, "-c", TRACED], timeout=30, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("ended\n", "")


class _World:
    """Something large that refers to itself, as engines and loops do."""

    def __init__(self) -> None:
        self.itself = self


def test_worlds_that_were_let_go_of_do_not_pile_up() -> None:
    """A case's result is read after its run: until then what it was made of is held, and out of every collection."""

    async def main() -> _World:
        return _World()

    seen = [weakref.ref(virtual.run(main())) for _ in range(2 * COLLECT_ALL_EVERY)]
    assert sum(one() is not None for one in seen) <= COLLECT_ALL_EVERY
