"""Stops that come with an order: they begin to hold once it fills."""

from __future__ import annotations

from venueproof_simulators.engine.conditional_state import TriggerKind
from venueproof_simulators.engine.events import OrderChanged
from venueproof_simulators.engine.state import OrderKind
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.venues.bybit.operations.desk import Desk
from venueproof_simulators.venues.bybit.operations.positions import Asked, set_stop
from venueproof_simulators.venues.bybit.wire.order_notes import Stop

_KINDS = {"takeProfit": ("TakeProfit", TriggerKind.TAKE), "stopLoss": ("StopLoss", TriggerKind.STOP)}


def follow_fill(desk: Desk, event: OrderChanged, time: VenueTime) -> None:
    """After a fill of an order that opened or enlarged a position, bind its stops to that position."""
    order, fill = event.order, event.fill
    stops = desk.notes.of(order).stops
    if not stops or fill is None:
        return
    listing = desk.listings[order.instrument]
    held = desk.engine.position(order.account, listing.name, order.position_side).lots
    if held * order.side.sign <= 0:
        return
    partial = desk.notes.of(order).partial
    for stop in stops:
        asked = _asked(stop, fill.lots if partial else 0)
        set_stop(desk, order.account, listing, order.position_side, order.side.opposite, asked, time)


def _asked(stop: Stop, lots: int) -> Asked:
    name, kind = _KINDS[stop.name]
    return Asked(
        name=f"Partial{name}" if lots else name,
        field=stop.name,
        trigger=kind,
        ticks=stop.ticks,
        by=stop.by,
        kind=OrderKind.LIMIT if stop.limit_ticks else OrderKind.MARKET,
        limit_ticks=stop.limit_ticks,
        lots=lots,
    )
