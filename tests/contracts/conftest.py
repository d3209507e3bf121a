"""Runs a clause on a good adapter over a venue in memory, or on the same adapter wrapped in a mutant."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import pytest

from venueproof_adapters.mutants import Mutant
from venueproof_contracts.adapter import Adapter
from venueproof_contracts.bench import Provocation
from venueproof_contracts.case import Breach, Case
from venueproof_contracts.clause import Clause
from venueproof_contracts.errors import AdapterError
from venueproof_contracts.model import Credentials, Endpoint

from .memory_adapter import MemoryAdapter, MemorySurroundings  # importable from here on only
from .memory_prices import BTC
from .memory_venue import MemoryVenue


async def _pump(case: Case) -> None:
    while True:
        case.fold.hear(await case.adapter.next_event())


async def _judge(clause: Clause, mutant: Mutant | None) -> str:
    venue = MemoryVenue()

    def good(_: Endpoint, __: Credentials) -> Adapter:
        return MemoryAdapter(venue)

    factory = mutant.make(good) if mutant else good

    def make() -> Adapter:
        return factory(Endpoint("memory", "linear", "", ""), {})

    adapter = make()
    case = Case(
        adapter=adapter,
        bench=venue,
        declaration=await adapter.declare(),
        instrument=BTC,
        credentials={},
        surroundings=MemorySurroundings(make),
        provocation=Provocation(clause.kind, clause.kind, clause.kind) if clause.kind else None,
    )
    await case.prepare()
    pump = asyncio.create_task(_pump(case))
    try:
        await clause.code(case)
    except (Breach, AdapterError) as error:
        return repr(error)
    finally:
        pump.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await pump
    return ""


@pytest.fixture
def breach() -> Callable[[Clause, Mutant | None], str]:
    """Run a clause on the good adapter or on a mutant of it: what was broken, empty when the promise was kept."""

    def run(clause: Clause, mutant: Mutant | None = None) -> str:
        return asyncio.run(_judge(clause, mutant))

    return run
