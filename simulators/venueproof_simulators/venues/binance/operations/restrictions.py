"""When the venue takes only orders that make a position smaller, or no conditional ones: for a region, under load.

Source: error codes -1008, -4401 and -4402. Which feature a region may lack is not said; here it is the algo service.
"""

from __future__ import annotations

from venueproof_simulators.engine.commands import Place, PlaceConditional
from venueproof_simulators.engine.state import PositionSide, Side
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.binance.operations.desk import Call

CLOSING_ONLY = "binance.account.region-reduce-only"
NO_CONDITIONALS = "binance.account.region-feature"
THROTTLED = "binance.http.overload-exempts-closing"
_CLOSES = {PositionSide.LONG: Side.SELL, PositionSide.SHORT: Side.BUY}


def check_restrictions(call: Call, command: Place | PlaceConditional) -> None:
    """Raises `VenueError` when the account may not place this now."""
    switches = call.desk.switches
    if isinstance(command, PlaceConditional) and switches.on(NO_CONDITIONALS):
        raise VenueError("region-feature")
    if switches.on(CLOSING_ONLY) and not _closes(command):
        raise VenueError("compliance-reduce-only")
    if switches.on(THROTTLED) and not _closes(command):
        raise VenueError("throttled")


def _closes(command: Place | PlaceConditional) -> bool:
    """Whether it can only make a position smaller. With two legs its side and leg say so."""
    if command.reduce_only or (isinstance(command, PlaceConditional) and command.close_position):
        return True
    return _CLOSES.get(command.position_side) is command.side
