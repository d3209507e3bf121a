"""Maker protection: what may take is held back for some milliseconds before the engine hears of it.

Source: the vendor's announcement of 2026-09. Post-only orders and cancels are never held. An order that is canceled
while it is held is released as an immediate one: it may still fill.
"""

from __future__ import annotations

from functools import partial

from msgspec import structs

from venueproof_simulators.engine.commands import Place
from venueproof_simulators.engine.state import OrderKind, OrderState, TimeInForce
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.notes import as_placed
from venueproof_simulators.kit.refusing import refused
from venueproof_simulators.venues.kraken.operations.desk import Call, Desk, Held, shown_id
from venueproof_simulators.venues.kraken.wire import orders as wire
from venueproof_simulators.venues.kraken.wire.numbers import Document, Listing, iso, uuid

HOLD = "kraken.order.maker-protection-hold"


def hold_ms(desk: Desk, one: Listing) -> int:
    """How long orders that may take are held back on a contract."""
    return desk.limits.named("trigger-hold").limit if one.protected and desk.switches.on(HOLD) else 0


def holds(desk: Desk, one: Listing, command: Place) -> bool:
    """Whether an order is held back."""
    return hold_ms(desk, one) > 0 and not command.post_only


def hold(call: Call, one: Listing, command: Place) -> Document:
    """Take in an order and hold it back; the answer looks like that of one that rests."""
    desk, time = call.desk, call.time
    uid = uuid(desk.seed, "held", call.account.name, command.client_id, time.true_ns)
    shown = shown_order(command, time)
    desk.held[uid] = Held(uid, command, shown)
    desk.ages.set(("held", uid), time.age_ns + hold_ms(desk, one) * 1_000_000, partial(release, desk, uid))
    event = wire.place_event(wire.order_document(one, shown, uid, shown_id(command.client_id), time))
    return {"order_id": uid, "status": "placed", "receivedTime": iso(time, time.true_ns), "orderEvents": [event]}


def release(desk: Desk, uid: str, time: VenueTime) -> None:
    """Let the engine hear of an order at last; one that was canceled meanwhile does not rest any more."""
    held = desk.held.pop(uid)
    command = held.command
    if held.canceled:
        command = structs.replace(command, time_in_force=TimeInForce.IOC)
    found = refused(desk.command(command, time, uid), command.account)
    if found is not None:
        desk.refuse_held(held, found.refusal, time)


def cancel(desk: Desk, uid: str) -> None:
    """Cancel an order that is held: it is acknowledged, and not final."""
    held = desk.held[uid]
    desk.held[uid] = structs.replace(held, canceled=True)


def shown_order(command: Place, time: VenueTime) -> OrderState:
    """An order that the engine does not know, as it is told of."""
    order = as_placed(command, time)
    return structs.replace(order, ticks=0, worst_ticks=order.ticks) if order.kind is OrderKind.MARKET else order
