"""Margin of isolated positions: moving it, and what was moved."""

from __future__ import annotations

from decimal import Decimal

from venueproof_simulators.engine.commands import MoveMargin
from venueproof_simulators.engine.events import Refused
from venueproof_simulators.engine.instruments import ASSET_DECIMALS
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.kit.documents import Document
from venueproof_simulators.kit.numbers import Grid, wire_ms
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.binance.operations.desk import Call
from venueproof_simulators.venues.binance.operations.order_reading import read_position_side
from venueproof_simulators.venues.binance.wire.account import MARGIN_IN, MARGIN_OUT, margin_move_document

_ATOMS = Grid(Decimal(1).scaleb(-ASSET_DECIMALS))
_TYPES = {"1": MARGIN_IN, "2": MARGIN_OUT}
_DAY_MS = 86_400_000


def move(call: Call) -> Document:
    """POST positionMargin: money of the wallet into an isolated position (type 1), or out of it (type 2)."""
    listing = call.listing()
    text = call.parameters.number("amount")
    kind = call.parameters.choice("type", _TYPES, "not-valid")
    atoms = _ATOMS.count(text)
    if atoms is None:
        raise VenueError("precision")
    if not atoms:
        raise VenueError("margin-not-positive")
    command = MoveMargin(
        account=call.account.name,
        instrument=listing.name,
        side=read_position_side(call),
        atoms=atoms if kind == MARGIN_IN else -atoms,
    )
    for event in call.desk.command(command, call.time):
        if isinstance(event, Refused) and event.account == call.account.name:
            short = event.refusal is Refusal.MARGIN_AMOUNT and kind == MARGIN_IN
            raise VenueError("margin-cross" if short else call.desk.errors.for_refusal(event.refusal).key)
    return {"amount": float(text), "code": 200, "msg": "Successfully modify position margin.", "type": kind}


def history(call: Call) -> list[Document]:
    """GET positionMargin/history: of one symbol, ascending, of no more than 30 days."""
    listing = call.listing()
    kind = call.parameters.option("type", _TYPES, "not-valid", 0)
    days = call.desk.limits.named("margin-history-span").limit
    start_ms, end_ms = call.parameters.period_ms(days)
    limit = call.parameters.limit(500, 500)
    oldest_ms = max(start_ms or 0, call.time.wire_ms - days * _DAY_MS)
    rows = [
        margin_move_document(listing, moved, call.time)
        for moved in call.desk.cash.moves(call.account.name)
        if moved.instrument == listing.name
        and kind in {0, MARGIN_IN if moved.atoms > 0 else MARGIN_OUT}
        and oldest_ms <= wire_ms(call.time, moved.position.updated_ns)
        and (end_ms is None or wire_ms(call.time, moved.position.updated_ns) <= end_ms)
    ]
    return rows[-limit:]
