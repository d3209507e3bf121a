"""Changing orders in place: they keep their id.

Source: the vendor's page on editorder. The size is the total, what has filled included,
unless `qtyMode` says RELATIVE.
"""

from __future__ import annotations

from venueproof_simulators.engine.commands import Amend, AmendConditional
from venueproof_simulators.engine.conditional_state import ConditionalState, TriggerKind
from venueproof_simulators.engine.events import Event, Refused
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.engine.state import LIVE, OrderState
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.kraken.operations.canceling import named_uid
from venueproof_simulators.venues.kraken.operations.desk import Call, is_waiting
from venueproof_simulators.venues.kraken.operations.order_reading import (
    check_process_before,
    read_deviation,
    read_price,
    read_size,
)
from venueproof_simulators.venues.kraken.operations.orders import order_document, trigger_document
from venueproof_simulators.venues.kraken.wire import orders as wire
from venueproof_simulators.venues.kraken.wire.numbers import Document, iso
from venueproof_simulators.venues.kraken.wire.orders import SIGNALS

TRAILING_FIXED = "kraken.order.trailing-not-amendable"
_TRAILING = frozenset({"trailingStopMaxDeviation", "trailingStopDeviationUnit"})


def edit(call: Call) -> Document:
    """POST editorder."""
    check_process_before(call)
    return {"editStatus": edited(call)}


def edited(call: Call) -> Document:
    """What became of the order that is to be changed. Raises `VenueError`."""
    uid = named_uid(call, "orderId", "order_id")
    stop = call.desk.stop(call.account.name, uid)
    if stop is not None and is_waiting(stop):
        event = _edit_stop(call, stop)
    else:
        event = _edit_order(call, call.desk.order(call.account.name, uid))
    received = iso(call.time, call.time.true_ns)
    return {"orderId": uid, "status": "edited", "receivedTime": received, "orderEvents": [event]}


def _edit_order(call: Call, order: OrderState | None) -> Document:
    if order is None or order.status not in LIVE:
        raise VenueError("edit-order")
    given = call.parameters
    if given.has("stopPrice") or not given.lacks(_TRAILING):
        raise VenueError("edit-not-stop")
    desk, one = call.desk, call.desk.listings[order.instrument]
    ticks = read_price(call, one, "limitPrice")
    lots = read_size(call, one) + _beyond(call, order) if given.has("size") else order.lots
    old = order_document(desk, order, call.time)
    command = Amend(
        account=order.account,
        instrument=order.instrument,
        order_id=order.order_id,
        ticks=order.ticks if ticks is None else ticks,
        lots=lots,
        keeps_place=True,
        cancels_on_failure=False,
    )
    _check(call, desk.command(command, call.time))
    now = desk.engine.order(order.account, order.instrument, order.order_id) or order
    return wire.edit_event(old, order_document(desk, now, call.time))


def _beyond(call: Call, order: OrderState) -> int:
    """What comes on top of the size that was sent: what has filled, where the size is what is to be left."""
    modes = {"ABSOLUTE": 0, "RELATIVE": order.filled_lots}
    return call.parameters.option("qtyMode", modes, "not-valid", default=0)


def _edit_stop(call: Call, stop: ConditionalState) -> Document:
    given, desk, one = call.parameters, call.desk, call.desk.listings[stop.instrument]
    trailing = stop.trigger is TriggerKind.TRAILING
    if trailing:
        _check_trailing(call)
    elif not given.lacks(_TRAILING):
        raise VenueError("edit-not-stop")
    old = trigger_document(desk, stop, call.time)
    ppm, ticks = read_deviation(call, one) if given.has("trailingStopMaxDeviation") else (None, None)
    command = AmendConditional(
        account=stop.account,
        instrument=stop.instrument,
        conditional_id=stop.conditional_id,
        trigger_ticks=read_price(call, one, "stopPrice"),
        ticks=read_price(call, one, "limitPrice"),
        lots=read_size(call, one) if given.has("size") else None,
        watches=given.choice("triggerSignal", SIGNALS, "not-valid") if given.has("triggerSignal") else None,
        callback_ppm=ppm or None,
        callback_ticks=ticks or None,
    )
    _check(call, desk.command(command, call.time))
    now = desk.engine.conditional(stop.account, stop.instrument, stop.conditional_id) or stop
    return wire.trigger_edit_event(old, trigger_document(desk, now, call.time))


def _check_trailing(call: Call) -> None:
    """Of a trailing order only its deviation may be changed, as reported from the field not even that."""
    given = call.parameters
    if given.has("limitPrice"):
        raise VenueError("edit-trailing-limit")
    if given.has("stopPrice") or call.desk.switches.on(TRAILING_FIXED):
        raise VenueError("edit-trailing-stop")


def _check(call: Call, events: list[Event]) -> None:
    """Raises `VenueError` when the engine refused; a change that changes nothing is carried out."""
    for event in events:
        if isinstance(event, Refused) and event.account == call.account.name and event.refusal is not Refusal.NO_CHANGE:
            raise VenueError(call.desk.errors.for_refusal(event.refusal).key, parameter="size")
