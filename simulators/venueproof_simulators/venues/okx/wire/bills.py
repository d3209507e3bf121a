"""What kind of row of the statement an entry is: `type` and `subType`.

Source: the vendor's page on bills, from memory; 173 and 174 are what ccxt 4.5.90 takes for funding.
"""

from __future__ import annotations

from venueproof_simulators.engine.events import BalanceCause
from venueproof_simulators.engine.state import FillState, PositionSide, Side
from venueproof_simulators.kit.statement import Entry

FUNDING = "8"
_TYPES = {
    BalanceCause.FILL: "2",
    BalanceCause.FUNDING: FUNDING,
    BalanceCause.MARGIN: "6",
    BalanceCause.INSURANCE: "5",
}
_TRANSFER = "1"
_SUBTYPES = {
    BalanceCause.FUNDING: ("173", "174"),
    BalanceCause.MARGIN: ("160", "161"),
    BalanceCause.INSURANCE: ("110", "110"),
}
"""Cause → for money that went out, and for money that came in."""
_TRANSFERS = ("12", "11")


def type_of(entry: Entry) -> str:
    """`type`: 2 trade, 8 funding, 6 margin moved, 5 liquidation, 1 transfer."""
    return _TYPES.get(entry.cause, _TRANSFER)


def subtype_of(entry: Entry) -> str:
    """`subType`."""
    if entry.fill is not None:
        return fill_subtype(entry.fill)
    gone, come = _SUBTYPES.get(entry.cause, _TRANSFERS)
    return gone if entry.change_atoms < 0 else come


def fill_subtype(fill: FillState) -> str:
    """1 buy and 2 sell of a net position; 3 and 4 open long and short, 5 and 6 close them."""
    leg, side = fill.position_side, fill.side
    if leg is PositionSide.NET:
        return "1" if side is Side.BUY else "2"
    opens = (side is Side.BUY) is (leg is PositionSide.LONG)
    if opens:
        return "3" if leg is PositionSide.LONG else "4"
    return "5" if leg is PositionSide.LONG else "6"
