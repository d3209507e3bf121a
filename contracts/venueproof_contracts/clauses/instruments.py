"""Instruments: what one step, one contract and the smallest order are."""

from __future__ import annotations

from venueproof_contracts.capabilities import Capability
from venueproof_contracts.case import Case
from venueproof_contracts.clause import clause

FACTS = (
    "product",
    "base",
    "quote",
    "settle",
    "price_tick",
    "amount_step",
    "amount_min",
    "notional_min",
    "contract_size",
    "contract_unit",
    "active",
)


@clause(
    "INS-010",
    "steps, minima and contract sizes are the venue's",
    why="A contract size that is wrong by a factor makes every position wrong by that factor.",
    capabilities={Capability.INSTRUMENTS},
    powers=(),
)
async def instrument_facts(case: Case) -> None:
    """Tick, step, smallest amount, smallest notional, settle currency, and the size and unit of a contract (what an
    order of amount 1 is for, whatever the venue's own field of that name says) of an instrument are the venue's."""
    found = next((one for one in await case.adapter.instruments() if one.symbol == case.symbol), None)
    case.check(found is not None, f"{case.symbol} is not listed")
    for name in FACTS:
        seen, true = getattr(found, name), getattr(case.instrument, name)
        case.check(seen == true, f"{name} of {case.symbol} is {seen}, at the venue it is {true}")
