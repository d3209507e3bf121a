"""Account configuration: settings of the account as a whole."""

from __future__ import annotations

from venueproof_contracts.capabilities import Capability
from venueproof_contracts.case import Case
from venueproof_contracts.clause import clause
from venueproof_contracts.model import PositionMode


@clause(
    "CFG-010",
    "setting the position mode that is set succeeds",
    why="A bot that makes sure of its mode at every start must start, also with orders and a position open.",
    capabilities={Capability.PLACE, Capability.POSITION_MODE},
)
async def position_mode(case: Case) -> None:
    """Setting the position mode that the account has succeeds, with and without orders and a position, and orders are
    placed afterwards."""
    await case.adapter.set_position_mode(PositionMode.NET)
    await case.trade()
    await case.rest()
    await case.adapter.set_position_mode(PositionMode.NET)
    await case.rest(percent=3)
