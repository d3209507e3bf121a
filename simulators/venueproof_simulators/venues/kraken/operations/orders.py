"""Placing orders, and the events that the answer tells of them."""

from __future__ import annotations

from collections.abc import Sequence

from venueproof_simulators.engine.commands import Place, PlaceConditional
from venueproof_simulators.engine.conditional_state import ConditionalState
from venueproof_simulators.engine.events import (
    Cause,
    ConditionalCause,
    ConditionalChanged,
    Event,
    OrderChanged,
    Refused,
)
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.engine.state import LIVE, OrderState, OrderStatus
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.kraken.operations import holding
from venueproof_simulators.venues.kraken.operations.desk import Call, Desk, shown_id
from venueproof_simulators.venues.kraken.operations.order_reading import Request, read_request
from venueproof_simulators.venues.kraken.wire import orders as wire
from venueproof_simulators.venues.kraken.wire.numbers import Document, Listing, iso, trade_uid, uuid

_WORDS = {"self-trade": "selfFill", "reduce-only": "wouldNotReducePosition"}
"""Why the engine ended an order at once → what is said of it; anything else ended as immediate orders do."""
_REFUSED = {
    "selfFill": "WOULD_EXECUTE_SELF",
    "wouldNotReducePosition": "WOULD_NOT_REDUCE_POSITION",
    "iocWouldNotExecute": "IOC_WOULD_NOT_EXECUTE",
    "postWouldExecute": "POST_WOULD_EXECUTE",
}
"""The words of the event that tells of it."""
_BY_THE_BOOK = {Refusal.WOULD_CROSS: "postWouldExecute", Refusal.NOT_FILLABLE: "iocWouldNotExecute"}
"""What the book as it stood did not let in."""


def send(call: Call) -> Document:
    """POST sendorder."""
    return {"sendStatus": sent(call)}


def sent(call: Call) -> Document:
    """What became of the order that a request asks for. Raises `VenueError`."""
    request = read_request(call)
    named = shown_id(request.command.client_id)
    document = _placed(call, request)
    return document if named is None else {**document, "cliOrdId": named}


def _placed(call: Call, request: Request) -> Document:
    command = request.command
    _check_unused(call, command)
    if isinstance(command, PlaceConditional):
        return _waiting(call, request, call.desk.command(command, call.time))
    if holding.holds(call.desk, request.listing, command):
        return holding.hold(call, request.listing, command)
    events = call.desk.command(command, call.time)
    return _rejected(call, request.listing, command, events) or _told(call, request, events)


def _check_unused(call: Call, command: Place | PlaceConditional) -> None:
    """A client id must be that of no open order, whether it waits for a price or not."""
    engine, account, own = call.desk.engine, call.account.name, command.client_id
    order = engine.order_by_client_id(account, command.instrument, own)
    waits = any(stop.client_id == own for stop in engine.waiting(account))
    held = any(one.command.client_id == own for one in call.desk.held.values())
    if waits or held or (order is not None and order.status in LIVE):
        raise VenueError("duplicate-id")


def _waiting(call: Call, request: Request, events: Sequence[Event]) -> Document:
    """The answer to an order that waits for a price."""
    _check(call, request, events)
    stop = next(
        event.conditional
        for event in events
        if isinstance(event, ConditionalChanged)
        and event.cause is ConditionalCause.OPENED
        and event.conditional.client_id == request.command.client_id
    )
    uid = call.desk.stop_uid(stop)
    return _status(uid, "placed", call, [wire.trigger_event("PLACE", trigger_document(call.desk, stop, call.time))])


def _rejected(call: Call, one: Listing, command: Place, events: Sequence[Event]) -> Document | None:
    """The answer to an order that the book as it stood did not let in: the vendor gives it an id, and tells of it."""
    refused = (event for event in events if isinstance(event, Refused) and event.account == command.account)
    refusal = next((event.refusal for event in refused if event.client_id == command.client_id), None)
    if refusal is None or refusal not in _BY_THE_BOOK:
        return None
    uid = uuid(call.desk.seed, "refused", command.client_id, call.time.true_ns)
    status, order = _BY_THE_BOOK[refusal], holding.shown_order(command, call.time)
    if refusal is Refusal.WOULD_CROSS:
        call.desk.refuse_post(uid, order, call.time)
    shown = wire.order_document(one, order, uid, shown_id(command.client_id), call.time)
    return _status(uid, status, call, [wire.reject_event(uid, _REFUSED[status], shown)])


def _told(call: Call, request: Request, events: Sequence[Event]) -> Document:
    """The answer to an order that was carried out at once."""
    _check(call, request, events)
    own = [
        event
        for event in events
        if isinstance(event, OrderChanged)
        and event.order.client_id == request.command.client_id
        and event.order.account == call.account.name
    ]
    last = own[-1].order
    uid = call.desk.uid(last.instrument, last.order_id)
    told = [_execution(call.desk, event, call.time) for event in own if event.fill is not None]
    status = _end_word(last)
    if status != "placed":
        rejection = wire.reject_event(uid, _REFUSED[status], order_document(call.desk, last, call.time))
        return _status(uid, status, call, [*told, rejection])
    if last.status in LIVE:
        told.append(wire.place_event(order_document(call.desk, last, call.time)))
    return _status(uid, status, call, told)


def _end_word(order: OrderState) -> str:
    """Placed, unless it ended without having traded."""
    if order.status is OrderStatus.EXPIRED and not order.filled_lots:
        return _WORDS.get(order.reason, "iocWouldNotExecute")
    return "placed"


def _status(uid: str, status: str, call: Call, events: list[Document]) -> Document:
    received = iso(call.time, call.time.true_ns)
    return {"order_id": uid, "status": status, "receivedTime": received, "orderEvents": events}


def _check(call: Call, request: Request, events: Sequence[Event]) -> None:
    """Raises `VenueError` when the engine refused."""
    own = request.command.client_id
    for event in events:
        if isinstance(event, Refused) and event.client_id == own and event.account == call.account.name:
            raise VenueError(call.desk.errors.for_refusal(event.refusal).key, parameter="size")


def _execution(desk: Desk, event: OrderChanged, time: VenueTime) -> Document:
    order, fill = event.order, event.fill
    if fill is None or event.cause is not Cause.FILLED:
        raise LookupError("no execution without a fill")
    one = desk.listings[order.instrument]
    before = order_document(desk, order, time, filled=order.filled_lots - fill.lots)
    return wire.execution_event(one, fill, trade_uid(desk.seed, one.name, fill.trade_id), before)


def order_document(desk: Desk, order: OrderState, time: VenueTime, *, filled: int | None = None) -> Document:
    """An order inside an event."""
    uid = desk.uid(order.instrument, order.order_id)
    own = shown_id(order.client_id)
    return wire.order_document(desk.listings[order.instrument], order, uid, own, time, filled=filled)


def trigger_document(desk: Desk, stop: ConditionalState, time: VenueTime) -> Document:
    """An order that waits, inside an event."""
    one = desk.listings[stop.instrument]
    return wire.trigger_document(one, stop, desk.stop_uid(stop), shown_id(stop.client_id), time)
