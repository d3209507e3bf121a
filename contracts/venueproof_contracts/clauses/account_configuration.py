"""Account configuration: settings of the account as a whole."""

from __future__ import annotations

from venueproof_contracts.actions import SetMode
from venueproof_contracts.bench import TRUTH
from venueproof_contracts.capabilities import Capability
from venueproof_contracts.case import Case
from venueproof_contracts.clause import clause
from venueproof_contracts.errors import Reason, Rejected
from venueproof_contracts.model import PositionMode, PositionSide, Side

NEEDS = {Capability.PLACE, Capability.POSITION_MODE}


@clause(
    "CFG-010",
    "setting the position mode that is set succeeds",
    why="A bot that makes sure of its mode at every start must start, also with orders and a position open.",
    capabilities=NEEDS,
)
async def position_mode(case: Case) -> None:
    """Setting the position mode that the account has succeeds, with and without orders and a position, and orders are
    placed afterwards."""
    await case.adapter.set_position_mode(PositionMode.NET)
    await case.trade()
    await case.rest()
    await case.adapter.set_position_mode(PositionMode.NET)
    await case.rest(percent=3)


@clause(
    "CFG-020",
    "the position mode is switched both ways",
    why="A mode that did not arrive nets two legs into one, and what should have been a hedge is a closed position.",
    capabilities=NEEDS,
)
async def mode_switch(case: Case) -> None:
    """After switching to hedge mode a buy and a sell are two legs at the venue; once both are closed and the mode is
    net again, a buy is one net position."""
    await case.adapter.set_position_mode(PositionMode.HEDGE)
    for side, leg in ((Side.BUY, PositionSide.LONG), (Side.SELL, PositionSide.SHORT)):
        await case.trade(side, leg=leg)
    legs = set(await case.true_legs())
    case.check(legs == {PositionSide.LONG, PositionSide.SHORT}, f"hedge mode was set; at the venue: {sorted(legs)}")
    for side, leg in ((Side.SELL, PositionSide.LONG), (Side.BUY, PositionSide.SHORT)):
        await case.trade(side, leg=leg)
    await case.adapter.set_position_mode(PositionMode.NET)
    await case.trade()
    legs = set(await case.true_legs())
    case.check(legs == {PositionSide.NET}, f"net mode was set; at the venue: {sorted(legs)}")


@clause(
    "CFG-030",
    "a mode that was switched from behind is no surprise",
    why="Somebody switched the mode on the venue's page: a bot that goes by what it set trades the wrong leg.",
    capabilities=NEEDS | {Capability.CANCEL},
    powers=(TRUTH, SetMode),
)
async def mode_from_behind(case: Case) -> None:
    """When the mode was switched to hedge from behind, an order that names no leg raises `Rejected(position-side)` and
    nothing of it is executed, and one that names its leg trades that leg."""
    await case.adapter.cancel((await case.rest()).ref)
    await case.bench.do(SetMode(PositionMode.HEDGE))
    error = await case.expect(Rejected, case.adapter.place(case.crossing()))
    case.check(error.reason is Reason.POSITION_SIDE, f"reason {error.reason}")
    case.check(not await case.true_legs(), "refused, and yet a position is open")
    await case.trade(Side.SELL, leg=PositionSide.SHORT)
    legs = set(await case.true_legs())
    case.check(legs == {PositionSide.SHORT}, f"the short leg was traded; at the venue: {sorted(legs)}")


@clause(
    "CFG-040",
    "a refused mode is surfaced",
    why="A position on another product keeps the mode as it is; a bot that believes in two legs nets them away.",
    capabilities=NEEDS,
    kind="mode.refused",
)
async def refused_mode(case: Case) -> None:
    """A change of the position mode that the venue refuses raises `Rejected` with its reason."""
    provoked = await case.provoke()
    error = await case.expect(Rejected, case.adapter.set_position_mode(PositionMode.HEDGE))
    case.check_reason(error, provoked.reason)
