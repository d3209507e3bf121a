"""Placing, amending and cancelling. An answer says that the request was received; what came of it the stream tells."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from venueproof_simulators.engine.commands import Amend, AmendConditional, Place, PlaceConditional
from venueproof_simulators.engine.conditional_state import ConditionalState, ConditionalStatus, TriggerKind
from venueproof_simulators.engine.events import (
    Acknowledged,
    Cause,
    ConditionalCause,
    ConditionalChanged,
    Event,
    OrderChanged,
    Refused,
)
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.engine.state import LIVE, OrderState
from venueproof_simulators.host.decimals import plain
from venueproof_simulators.host.venue import IdKind
from venueproof_simulators.kit.documents import Document
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.bybit.operations.desk import CATEGORIES, Call
from venueproof_simulators.venues.bybit.operations.order_reading import (
    Request,
    read_lots,
    read_price,
    read_request,
    read_stops,
    scaled,
)
from venueproof_simulators.venues.bybit.operations.parameters import Parameters
from venueproof_simulators.venues.bybit.wire.numbers import Listing

FILTERS = frozenset({"Order", "StopOrder", "tpslOrder", "OcoOrder", "BidirectionalTpslOrder"})
_DEFAULT_LEVERAGE = "10"


# --- placing ----------------------------------------------------------------------------------------------------------


def create(call: Call) -> Document:
    """POST order/create."""
    return place(call, call.parameters, call.listing())


def place(call: Call, sent: Parameters, listing: Listing) -> Document:
    """Place one order, alone or of a batch. Raises `VenueError`."""
    request = read_request(call, listing, sent)
    events = call.desk.command(request.command, call.time, request.note)
    check(call, request.listing, events, request)
    return {"orderId": _new_id(call, request, events), "orderLinkId": request.command.client_id}


def _new_id(call: Call, request: Request, events: Iterable[Event]) -> str:
    """The wire id of the order that a command began."""
    name, command = request.listing.name, request.command
    for event in events:
        if isinstance(event, ConditionalChanged) and isinstance(command, PlaceConditional):
            made = event.conditional
            if (made.account, made.client_id) == (command.account, command.client_id):
                return call.desk.spelled(IdKind.CONDITIONAL, name, made.conditional_id)
        elif isinstance(event, OrderChanged | Acknowledged) and isinstance(command, Place):
            order = event.order
            began = isinstance(event, Acknowledged) or event.cause in {Cause.OPENED, Cause.REJECTED}
            if began and (order.account, order.client_id) == (command.account, command.client_id):
                return call.desk.spelled(IdKind.ORDER, name, order.order_id)
    raise LookupError(f"the engine told nothing of the order {command.client_id!r}")


def check(call: Call, listing: Listing, events: Iterable[Event], request: Request | None = None) -> None:
    """Raises `VenueError` when the engine refused; not for a new order that it refuses after taking it in."""
    for event in events:
        taken_in = request is not None and isinstance(event, Refused) and event.order_id
        if isinstance(event, Refused) and event.account == call.account.name and not taken_in:
            raise refusal_error(call, listing, event.refusal, request)


def refusal_error(call: Call, listing: Listing, refusal: Refusal, request: Request | None) -> VenueError:
    """The venue's word for a refusal of the engine."""
    command = request.command if request is not None else None
    if refusal is Refusal.WOULD_TRIGGER and isinstance(command, PlaceConditional):
        return _would_trigger(call, listing, command)
    key = call.desk.errors.for_refusal(refusal).key
    if refusal is Refusal.REDUCE_ONLY and command is not None and _is_open(call, listing, command):
        key = "reduce-only-rule"
    return VenueError(
        key,
        symbol=listing.name,
        notional=plain(listing.row.notional_min),
        coin=listing.row.settle,
        orders=listing.row.open_orders_max,
        leverage=_DEFAULT_LEVERAGE,
    )


def _is_open(call: Call, listing: Listing, command: Place | PlaceConditional) -> bool:
    return bool(call.engine.position(call.account.name, listing.name, command.position_side).lots)


def _would_trigger(call: Call, listing: Listing, command: PlaceConditional) -> VenueError:
    rises = (command.trigger is TriggerKind.STOP) is (command.side.sign > 0)
    last = call.engine.ticker(listing.name, call.time.true_ns).last
    by = f"{command.watches.value.capitalize()}Price"
    trigger, current = scaled(listing, command.trigger_ticks), scaled(listing, last)
    return VenueError("rising" if rises else "falling", trigger=trigger, current=current, by=by)


# --- finding ----------------------------------------------------------------------------------------------------------


def find(call: Call, listing: Listing, sent: Parameters) -> OrderState | ConditionalState | None:
    """The order that `orderId` or `orderLinkId` names, live or ended; None when there is none. Raises `VenueError`."""
    named, linked = sent.raw("orderId"), sent.raw("orderLinkId")
    if named is None and linked is None:
        raise VenueError("missing", parameter="orderId")
    if named is not None:
        return call.desk.order_named(call.account.name, listing, named)
    return call.desk.order_linked(call.account.name, listing, linked or "")


def is_live(order: OrderState | ConditionalState) -> bool:
    """Whether anything can still happen to it."""
    if isinstance(order, ConditionalState):
        return order.status in {ConditionalStatus.WAITING, ConditionalStatus.ACKNOWLEDGED}
    return order.status in LIVE


def ids(call: Call, order: OrderState | ConditionalState) -> Document:
    """The two ids of an order."""
    if isinstance(order, ConditionalState):
        order_id = call.desk.spelled(IdKind.CONDITIONAL, order.instrument, order.conditional_id)
    else:
        order_id = call.desk.spelled(IdKind.ORDER, order.instrument, order.order_id)
    return {"orderId": order_id, "orderLinkId": order.client_id}


# --- amending ---------------------------------------------------------------------------------------------------------


def amend(call: Call) -> Document:
    """POST order/amend: in place, under the same id."""
    return amend_one(call, call.parameters, call.listing())


def amend_one(call: Call, sent: Parameters, listing: Listing) -> Document:
    """Amend one order, alone or of a batch. Raises `VenueError`."""
    order = find(call, listing, sent)
    if order is None or not is_live(order):
        raise VenueError("unknown-order-amend")
    noted = _amend_stops(call, listing, sent, order)
    if isinstance(order, ConditionalState):
        _amend_waiting(call, listing, sent, order, noted=noted)
    else:
        _amend_live(call, listing, sent, order, noted=noted)
    return ids(call, order)


def _amend_live(call: Call, listing: Listing, sent: Parameters, order: OrderState, *, noted: bool) -> None:
    lots = read_lots(listing, sent.number("qty")) if sent.has("qty") else order.lots
    ticks = read_price(listing, sent, "price") or order.ticks
    if lots <= order.filled_lots:
        raise VenueError("below-filled")
    if noted and (lots, ticks) == (order.lots, order.ticks):
        call.desk.publish([OrderChanged(order, Cause.AMENDED)], call.time)
        return
    command = Amend(call.account.name, listing.name, order.order_id, ticks, lots, keeps_place=True)
    check(call, listing, call.desk.command(command, call.time))


def _amend_waiting(call: Call, listing: Listing, sent: Parameters, order: ConditionalState, *, noted: bool) -> None:
    command = AmendConditional(
        account=call.account.name,
        instrument=listing.name,
        conditional_id=order.conditional_id,
        trigger_ticks=read_price(listing, sent, "triggerPrice") or None,
        ticks=read_price(listing, sent, "price") or None,
        lots=read_lots(listing, sent.number("qty")) if sent.has("qty") else None,
    )
    if noted and command.trigger_ticks is None and command.ticks is None and command.lots is None:
        call.desk.publish([ConditionalChanged(order, ConditionalCause.AMENDED)], call.time)
        return
    check(call, listing, call.desk.command(command, call.time))


def _amend_stops(call: Call, listing: Listing, sent: Parameters, order: OrderState | ConditionalState) -> bool:
    """Note other stops that come with an order; whether any were sent. "0" takes one away."""
    notes = call.desk.notes
    note = notes.of_waiting(order) if isinstance(order, ConditionalState) else notes.of(order)
    names = [name for name in ("takeProfit", "stopLoss") if sent.has(name)]
    if not names:
        return False
    base = order.ticks or note.last_ticks
    asked = read_stops(listing, sent, order.side, base)
    kept = tuple(stop for stop in note.stops if stop.name not in names)
    notes.set(order, replace(note, stops=(*kept, *asked)))
    return True


# --- cancelling -------------------------------------------------------------------------------------------------------


def cancel(call: Call) -> Document:
    """POST order/cancel."""
    return cancel_one(call, call.parameters, call.listing())


def cancel_one(call: Call, sent: Parameters, listing: Listing) -> Document:
    """Cancel one order, alone or of a batch. Raises `VenueError`."""
    order = find(call, listing, sent)
    if order is None or not is_live(order):
        raise VenueError("unknown-order")
    _end(call, order)
    return ids(call, order)


def _end(call: Call, order: OrderState | ConditionalState) -> None:
    if isinstance(order, ConditionalState):
        call.desk.cancel_conditional(order, call.time)
    else:
        call.desk.cancel(order, call.time)


def cancel_all(call: Call) -> Document:
    """POST order/cancel-all: of a symbol, or of what is settled or based in a coin."""
    wanted = order_filter(call)
    scope = scoped(call)
    ended = [order for listing in scope for order in open_of(call, listing, wanted)]
    for order in ended:
        _end(call, order)
    return {"list": [ids(call, order) for order in ended], "success": "1"}


def order_filter(call: Call) -> str:
    """Parameter `orderFilter`; empty for all. Raises `VenueError`."""
    return call.parameters.word("orderFilter", FILTERS, "parameter", "")


def open_of(call: Call, listing: Listing, wanted: str) -> list[OrderState | ConditionalState]:
    """Orders of an instrument to which something can still happen, as far as the filter lets them through."""
    account = call.account.name
    found = list[OrderState | ConditionalState]()
    if wanted in {"", "Order"}:
        found += call.engine.live_orders(account, listing.name)
    if wanted in {"", "StopOrder", "tpslOrder"}:
        found += call.engine.waiting(account, listing.name)
    return found


def scoped(call: Call) -> list[Listing]:
    """The instruments of `symbol`, `settleCoin` or `baseCoin`; of linear contracts one of these must be there."""
    category, sent = call.category(), call.parameters
    if sent.has("symbol"):
        return call.listings()
    settle, base = sent.raw("settleCoin"), sent.raw("baseCoin")
    if settle is None and base is None and category == CATEGORIES[0]:
        raise VenueError("scope")
    found = (one for one in call.desk.listings_of(category) if settle in {None, one.row.settle})
    return [one for one in found if base in {None, one.row.base}]
