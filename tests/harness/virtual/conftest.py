"""How the tests run a program: with all remedies, or with one left out to show that it is needed."""

from __future__ import annotations

import resource
from collections.abc import Coroutine, Iterator
from typing import Any, Protocol, TypeVar

import pytest

from venueproof.virtual.loop import RealWaits, Remedy, VirtualLoop
from venueproof.virtual.runner import run_in

T = TypeVar("T")

SOCKETS_NEEDED = 4096


class RunWithout(Protocol):
    def __call__(self, main: Coroutine[Any, Any, T], *missing: Remedy) -> T: ...


@pytest.fixture
def run_without() -> RunWithout:
    def call(main: Coroutine[Any, Any, T], *missing: Remedy) -> T:
        loop = VirtualLoop(waits=RealWaits(idle_s=0.2), _without=frozenset(missing))
        return run_in(loop, main, watchdog_s=60)

    return call


@pytest.fixture
def many_sockets() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = SOCKETS_NEEDED if hard == resource.RLIM_INFINITY else min(SOCKETS_NEEDED, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
