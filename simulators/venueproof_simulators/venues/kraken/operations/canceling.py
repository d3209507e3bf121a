"""Canceling orders: one, all, or all unless the caller is heard of again in time."""

from __future__ import annotations

from venueproof_simulators.engine.conditional_state import ConditionalState
from venueproof_simulators.engine.events import ConditionalCause, ConditionalChanged, Event, OrderChanged
from venueproof_simulators.engine.state import LIVE, OrderState, OrderStatus
from venueproof_simulators.kit.parameters import Parameters, needed
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.kraken.operations import holding
from venueproof_simulators.venues.kraken.operations.desk import BY_USER, Call, is_waiting, shown_id
from venueproof_simulators.venues.kraken.operations.order_reading import check_process_before
from venueproof_simulators.venues.kraken.operations.orders import order_document, trigger_document
from venueproof_simulators.venues.kraken.wire import orders as wire
from venueproof_simulators.venues.kraken.wire.numbers import Document, iso

_SILENT = "noOrdersToCancel"


def cancel(call: Call) -> Document:
    """POST cancelorder."""
    check_process_before(call)
    return {"cancelStatus": canceled(call)}


def canceled(call: Call) -> Document:
    """What became of the order that is to be canceled. Raises `VenueError` when none is named."""
    uid = named_uid(call, "order_id", "orderId")
    status, events = _end(call, uid)
    received: Document = {"status": status, "receivedTime": iso(call.time, call.time.true_ns)}
    return received if status == "notFound" else {**received, "order_id": uid, "orderEvents": events}


def named_uid(call: Call, *names: str) -> str:
    """The order that a request names by its id or by the caller's own. Raises `VenueError` when it names none."""
    given: Parameters = call.parameters
    uid = next((given.text(name) for name in names if given.has(name)), "")
    if uid:
        return uid.lower()
    return call.desk.own_uid(call.account.name, needed(names[0], given.raw("cliOrdId") or None))


def _end(call: Call, uid: str) -> tuple[str, list[Document]]:
    desk, account, time = call.desk, call.account.name, call.time
    held = desk.held.get(uid)
    if held is not None and held.command.account == account:
        holding.cancel(desk, uid)
        one = desk.listings[held.command.instrument]
        document = wire.order_document(one, held.shown, uid, shown_id(held.command.client_id), time)
        return "cancelled", [wire.cancel_event(uid, document)]
    stop = desk.stop(account, uid)
    if stop is not None and is_waiting(stop):
        document = trigger_document(desk, stop, time)
        desk.end_stop(stop, BY_USER, time)
        return "cancelled", [wire.trigger_event("CANCEL", document)]
    order = desk.order(account, uid)
    if order is not None and order.status in LIVE:
        document = order_document(desk, order, time)
        desk.end_order(order, BY_USER, time)
        return "cancelled", [wire.cancel_event(uid, document)]
    filled = order is not None and order.status is OrderStatus.FILLED
    return ("filled" if filled else "notFound"), []


def cancel_all(call: Call) -> Document:
    """POST cancelallorders. The status says that there were none, as recorded; the list says which there were."""
    listing = call.listing_or_none()
    name = "" if listing is None else listing.name
    events = call.desk.end_everything(call.account.name, name, BY_USER, call.time)
    ended = [_row(call, event) for event in events if _is_end(event)]
    return {
        "cancelStatus": {
            "receivedTime": iso(call.time, call.time.true_ns),
            "cancelOnly": name or "all",
            "status": _SILENT,
            "cancelledOrders": ended,
            "orderEvents": [],
        }
    }


def _is_end(event: Event) -> bool:
    if isinstance(event, OrderChanged):
        return event.order.status is OrderStatus.CANCELED
    return isinstance(event, ConditionalChanged) and event.cause is ConditionalCause.CANCELED


def _row(call: Call, event: Event) -> Document:
    one: OrderState | ConditionalState
    if isinstance(event, ConditionalChanged):
        one, uid = event.conditional, call.desk.stop_uid(event.conditional)
    elif isinstance(event, OrderChanged):
        one, uid = event.order, call.desk.uid(event.order.instrument, event.order.order_id)
    else:
        raise LookupError("no end of an order")
    own = shown_id(one.client_id)
    return {"order_id": uid} if own is None else {"order_id": uid, "cliOrdId": own}


def count_down(call: Call) -> Document:
    """POST cancelallordersafter: all orders end unless this is called again in time; 0 stops it."""
    seconds = needed("timeout", call.parameters.integer("timeout"))
    if seconds > 10**9:
        raise VenueError("not-valid", parameter="timeout")
    due_ns = call.time.age_ns + seconds * 10**9 if seconds else None
    call.desk.count_down(call.account.name, "", due_ns)
    now = call.time.true_ns
    trigger = iso(call.time, now + seconds * 10**9) if seconds else "0"
    return {"status": {"currentTime": iso(call.time, now), "triggerTime": trigger}}
