"""The same program takes the same course, in every process."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from venueproof.virtual.loop import Remedy, VirtualLoop
from venueproof.virtual.runner import run_in

WORKLOAD = Path(__file__).with_name("workload.py")
PROCESSES = 5


def test_five_processes_with_random_hash_seeds_give_one_digest() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONHASHSEED"}
    running = [
        subprocess.Popen(
            [sys.executable, str(WORKLOAD), str(number)],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(PROCESSES)
    ]
    digests = [process.communicate(timeout=60)[0].split() for process in running]
    assert [process.returncode for process in running] == [0] * PROCESSES
    assert len({digest for digest, _ in digests}) == 1
    assert int(digests[0][1]) > 500  # lines of log, so that there is something to differ in


async def _order_of_service(count: int) -> list[int]:
    """Which of several connections, readable at the same time, is served first?"""
    served: list[int] = []
    ages: dict[asyncio.BaseTransport, int] = {}

    class Server(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.age = ages[transport] = len(ages)

        def data_received(self, data: bytes) -> None:
            served.append(self.age)

    loop = asyncio.get_running_loop()
    server = await loop.create_server(Server, "127.0.0.1", 0)
    address = server.sockets[0].getsockname()
    clients: list[asyncio.Transport] = []
    for _ in range(count):
        transport, _ = await loop.create_connection(asyncio.Protocol, *address)
        clients.append(transport)
        await asyncio.sleep(1)
    for transport in reversed(clients):  # the youngest becomes readable first
        transport.write(b"x")
    await asyncio.sleep(1)
    for end in [*clients, *ages]:
        end.close()
    server.close()
    return served


@pytest.mark.skipif(sys.platform != "linux", reason="only epoll is known to report in the order of readiness")
def test_without_ages_the_order_is_the_kernels() -> None:
    loop = VirtualLoop(_without=frozenset({Remedy.AGE}))
    assert run_in(loop, _order_of_service(5)) == [4, 3, 2, 1, 0]


def test_connections_that_are_ready_together_are_served_oldest_first() -> None:
    assert run_in(VirtualLoop(), _order_of_service(5)) == [0, 1, 2, 3, 4]
