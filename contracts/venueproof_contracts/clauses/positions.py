"""Positions: what is held after every way of getting there."""

from __future__ import annotations

from venueproof_contracts.capabilities import Capability
from venueproof_contracts.case import Case
from venueproof_contracts.clause import clause
from venueproof_contracts.clauses._common import near
from venueproof_contracts.model import PositionSide, Side
from venueproof_contracts.wording import words

STEPS: tuple[tuple[str, Side, int], ...] = (
    ("open", Side.BUY, 2),
    ("add", Side.BUY, 1),
    ("reduce", Side.SELL, 1),
    ("flip", Side.SELL, 4),
    ("add short", Side.SELL, 1),
)


@clause(
    "POS-010",
    "a position is the venue's, sign and entry included",
    why="A short read as a long is 'closed' by selling more of it.",
    capabilities={Capability.PLACE, Capability.POSITIONS},
)
async def position_figures(case: Case) -> None:
    """After opening, adding, reducing and turning, `positions()` has the venue's signed amount in contracts and its
    entry price, once per instrument."""
    for step, side, times in STEPS:
        await case.trade(side, times)
        await case.bench.settle()
        true = await case.true_position()
        seen = [one for one in await case.adapter.positions() if one.instrument == case.symbol and one.amount]
        amounts = [str(one.amount) for one in seen]
        case.check(true is not None and len(seen) == 1, f"after {step}: positions() lists {amounts}")
        if true is not None:
            case.check(seen[0].amount == true.amount, f"after {step}: {amounts}, at the venue {true.amount}")
            entry = near(seen[0].entry_price, true.entry_price, case.instrument.price_tick / 2)
            case.check(entry, f"after {step}: entry {seen[0].entry_price}, at the venue {true.entry_price}")


@clause(
    "POS-020",
    "a closed position is flat",
    why="A position that is remembered after it closed is closed again, which opens the opposite one.",
    capabilities={Capability.PLACE, Capability.POSITIONS, Capability.STREAM_POSITIONS},
)
async def closed_position(case: Case) -> None:
    """A position that was closed is gone from `positions()`, and its last event says zero."""
    await case.listen()
    await case.trade(Side.BUY)
    await case.wait_for(lambda: _heard(case), 10)
    await case.trade(Side.SELL)
    await case.bench.settle()
    await case.wait_for(lambda: not _heard(case), 10)
    listed = [one for one in await case.adapter.positions() if one.instrument == case.symbol and one.amount]
    case.check(not listed, f"flat at the venue, positions() lists {words(listed)}")
    heard = case.fold.positions.get((case.symbol, PositionSide.NET))
    case.check(heard is not None and not heard.amount, f"flat at the venue, the last event says {words(heard)}")


def _heard(case: Case) -> bool:
    held = case.fold.positions.get((case.symbol, PositionSide.NET))
    return held is not None and bool(held.amount)
