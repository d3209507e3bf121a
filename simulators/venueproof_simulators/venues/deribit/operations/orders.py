"""Placing, editing, cancelling, closing. Over HTTP, also by GET, and over WebSocket alike."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from venueproof_simulators.engine.commands import Amend, AmendConditional, Place
from venueproof_simulators.engine.conditional_state import ConditionalState, ConditionalStatus, TriggerKind
from venueproof_simulators.engine.events import ConditionalChanged, Event, OrderChanged
from venueproof_simulators.engine.state import LIVE, OrderKind, OrderState, OrderStatus, Side, TimeInForce
from venueproof_simulators.kit.documents import Document
from venueproof_simulators.kit.parameters import Parameters
from venueproof_simulators.kit.refusing import VenueError, check_refused
from venueproof_simulators.venues.deribit.operations.desk import SETTLEMENT_NS, Call
from venueproof_simulators.venues.deribit.operations.order_reading import (
    GOOD_TIL_DAY,
    Request,
    check_trading,
    check_valid_until,
    limits_of,
    passive,
    read_lots,
    read_price,
    read_request,
)
from venueproof_simulators.venues.deribit.operations.sessions import Placed
from venueproof_simulators.venues.deribit.wire.numbers import Listing, num
from venueproof_simulators.venues.deribit.wire.orders import Note, fill_document, order_document, trigger_document

EDIT_REFUSED = "deribit.order.edit-refused"
AnyOrder = OrderState | ConditionalState
_DAY_NS = 86_400 * 10**9
_ONE_CANCELS_OTHER = "one_cancels_other"
_BOTH = "one_triggers_one_cancels_other"
_LINKS = frozenset({_ONE_CANCELS_OTHER, "one_triggers_other", _BOTH})
_COMPLETE = "complete_fill"
_CONDITIONS = frozenset({"first_hit", _COMPLETE, "incremental"})
_CLOSING_TYPES = frozenset({"limit", "market"})
_WAITING = frozenset({ConditionalStatus.WAITING, ConditionalStatus.ACKNOWLEDGED})


def document_of(call: Call, order: AnyOrder) -> Document:
    """An order of either kind as a document."""
    listing, note = call.desk.listings[order.instrument], call.desk.note_of(order)
    if isinstance(order, ConditionalState):
        return trigger_document(listing, order, note, call.time)
    return order_document(listing, order, note, call.time)


# --- placing ----------------------------------------------------------------------------------------------------------


def buy(call: Call) -> Document:
    """private/buy."""
    return _place(call, Side.BUY)


def sell(call: Call) -> Document:
    """private/sell."""
    return _place(call, Side.SELL)


def _place(call: Call, side: Side) -> Document:
    link = call.parameters.word("linked_order_type", _LINKS, "not-valid", "")
    if not link:
        return _placed(call, read_request(call, side))
    if link == _ONE_CANCELS_OTHER:
        return _place_group(call, side)
    return _place_primary(call, side, call.desk.next_client_id() if link == _BOTH else "")


def _place_group(call: Call, side: Side) -> Document:
    """Orders of which one cancels the others: read in full before the first is placed."""
    group = call.desk.next_client_id()
    requests = [read_request(call, side, group), *_linked(call, side, group)]
    first, *others = [_placed(call, request) for request in requests]
    return first | {"oco_orders": [one["order"] for one in others]}


def _place_primary(call: Call, side: Side, group: str) -> Document:
    """An order that triggers others once it has filled whole; those cancel each other where they have a group.

    The venue's other two conditions, at the first fill and with each, are not built.
    """
    if call.parameters.word("trigger_fill_condition", _CONDITIONS, "not-valid", "first_hit") != _COMPLETE:
        raise VenueError("not-implemented")
    first = read_request(call, side)
    if not isinstance(first.command, Place):
        raise VenueError("combination")
    attached = tuple(request.command for request in _linked(call, side.opposite, group))
    note = replace(first.note, primary=bool(group))
    return _placed(call, Request(first.listing, replace(first.command, attached=attached), note))


def _linked(call: Call, side: Side, group: str) -> list[Request]:
    """The orders of `otoco_config`, on this side unless they say otherwise."""
    rows = call.parameters.rows("otoco_config")
    return [
        read_request(_with_parameters(call, _inheriting(sent, call.parameters)), _side(sent, side), group)
        for sent in rows
    ]


def _with_parameters(call: Call, parameters: Parameters) -> Call:
    return Call(call.desk, parameters, call.time, call.owner, call.token, call.session)


def _inheriting(sent: Parameters, first: Parameters) -> Parameters:
    """A linked order's parameters: of the same instrument, and of the same amount unless it says otherwise."""
    names = ("instrument_name",) if sent.has("amount") or sent.has("contracts") else _INHERITED
    return Parameters({**{name: first.raw(name) or "" for name in names if first.has(name)}, **_values(sent)})


_INHERITED = ("instrument_name", "amount", "contracts")
_LINKED = (
    "amount",
    "contracts",
    "direction",
    "type",
    "label",
    "price",
    "reduce_only",
    "time_in_force",
    "post_only",
    "reject_post_only",
    "trigger_price",
    "trigger_offset",
    "trigger",
)


def _values(sent: Parameters) -> dict[str, str]:
    return {name: sent.raw(name) or "" for name in _LINKED if sent.has(name)}


def _side(sent: Parameters, first: Side) -> Side:
    return sent.option("direction", {"buy": Side.BUY, "sell": Side.SELL}, "not-valid", first)


def _placed(call: Call, request: Request) -> Document:
    """Tell the engine, and say what became of it."""
    desk, command = call.desk, request.command
    before = desk.newest.get(command.instrument, 0)
    events = desk.command(command, call.time, request.note)
    check_refused(events, command.account, desk.errors)
    if not isinstance(command, Place):
        waiting = newest_conditional(events, command.account)
        _note_placed(call, waiting.instrument, waiting.conditional_id, waits=True)
        return {"trades": [], "order": document_of(call, waiting)}
    order = placed_order(events, command, before)
    _note_placed(call, order.instrument, order.order_id, waits=False)
    if request.note.time_in_force == GOOD_TIL_DAY and order.status in LIVE:
        end_ns = (call.time.age_ns - SETTLEMENT_NS) // _DAY_NS * _DAY_NS + _DAY_NS + SETTLEMENT_NS
        desk.expire_at(order, end_ns, GOOD_TIL_DAY)
    return {"trades": trades_of(call, events, order), "order": document_of(call, order)}


def _note_placed(call: Call, instrument: str, number: int, *, waits: bool) -> None:
    """A connection that is lost may take with it what was placed over it."""
    if call.session is not None:
        call.session.placed.append(Placed(call.account.name, instrument, number, waits))


def placed_order(events: Iterable[Event], command: Place, before: int) -> OrderState:
    """The order that a command made, as it stood last: the first one after those of before. What follows it was
    triggered by it.
    """
    states = [
        event.order
        for event in events
        if isinstance(event, OrderChanged)
        and (event.order.account, event.order.instrument) == (command.account, command.instrument)
        and event.order.order_id > before
    ]
    first = min(state.order_id for state in states)
    return [state for state in states if state.order_id == first][-1]


def newest_conditional(events: Iterable[Event], account: str) -> ConditionalState:
    """The trigger order that a command made, as it stood last."""
    states = [
        event.conditional
        for event in events
        if isinstance(event, ConditionalChanged) and event.conditional.account == account
    ]
    newest = max(state.conditional_id for state in states)
    return [state for state in states if state.conditional_id == newest][-1]


def trades_of(call: Call, events: Iterable[Event], order: OrderState) -> list[Document]:
    """The fills of an order among some events."""
    listing = call.desk.listings[order.instrument]
    note = call.desk.note_of(order)
    return [
        fill_document(listing, event.fill, event.order, note, call.desk.around(event.fill), call.time)
        for event in events
        if isinstance(event, OrderChanged)
        and event.fill is not None
        and (event.order.account, event.order.instrument, event.order.order_id)
        == (order.account, order.instrument, order.order_id)
    ]


# --- editing ----------------------------------------------------------------------------------------------------------


def edit(call: Call) -> Document:
    """private/edit: in place, under the same id; the amount is the new total."""
    check_valid_until(call)
    order = call.desk.order(call.account.name, call.parameters.text("order_id"), call.time)
    return _edit(call, order)


def edit_by_label(call: Call) -> Document:
    """private/edit_by_label: where exactly one live order has that label."""
    check_valid_until(call)
    listing, label = call.listing(), call.parameters.text("label")
    found = [order for order in live(call, [listing]) if order.client_id == label]
    if not found:
        raise VenueError("order-not-found")
    if len(found) > 1:
        raise VenueError("label-not-unique")
    return _edit(call, found[0])


def _edit(call: Call, order: AnyOrder) -> Document:
    listing = call.desk.listings[order.instrument]
    check_trading(call, listing)
    if call.desk.switches.on(EDIT_REFUSED):
        raise VenueError("price-not-allowed")
    if isinstance(order, ConditionalState):
        return _edit_trigger(call, listing, order)
    if order.status not in LIVE:
        raise VenueError("already-filled" if order.status is OrderStatus.FILLED else "already-closed")
    sent = call.parameters
    ticks = read_price(sent, listing) if sent.has("price") else order.ticks
    lots = read_lots(sent, listing) if sent.has("amount") or sent.has("contracts") else order.lots
    if order.post_only or sent.flag("post_only"):
        ticks = _passive_or_gone(call, listing, order, ticks)
    limits_of(call, listing, order.side, ticks)
    command = Amend(order.account, order.instrument, order.order_id, ticks, lots, keeps_place=True)
    events = call.desk.command(command, call.time)
    check_refused(events, order.account, call.desk.errors)
    now = call.desk.engine.order(order.account, order.instrument, order.order_id) or order
    return {"trades": trades_of(call, events, now), "order": document_of(call, now)}


def _passive_or_gone(call: Call, listing: Listing, order: OrderState, ticks: int) -> int:
    """The new price of a post-only order. One that would trade and may not be moved is cancelled and refused."""
    try:
        return passive(call, listing, order.side, ticks)
    except VenueError as refusal:
        if refusal.key == "post-only":
            call.desk.say_why(order, "edit_post_only_reject")
            call.desk.cancel(order, call.time)
        raise


def _edit_trigger(call: Call, listing: Listing, order: ConditionalState) -> Document:
    if order.status not in _WAITING:
        raise VenueError("already-closed")
    sent, trailing = call.parameters, order.trigger is TriggerKind.TRAILING
    moves = sent.has("trigger_offset" if trailing else "trigger_price")
    command = AmendConditional(
        account=order.account,
        instrument=order.instrument,
        conditional_id=order.conditional_id,
        trigger_ticks=read_price(sent, listing, "trigger_price") if moves and not trailing else None,
        callback_ticks=read_price(sent, listing, "trigger_offset") if moves and trailing else None,
        ticks=read_price(sent, listing) if sent.has("price") and order.kind is OrderKind.LIMIT else None,
        lots=read_lots(sent, listing) if sent.has("amount") or sent.has("contracts") else None,
    )
    events = call.desk.command(command, call.time)
    check_refused(events, order.account, call.desk.errors)
    now = call.desk.engine.conditional(order.account, order.instrument, order.conditional_id) or order
    return {"trades": [], "order": document_of(call, now)}


# --- cancelling -------------------------------------------------------------------------------------------------------


def cancel(call: Call) -> Document:
    """private/cancel: the order as it ended."""
    order = call.desk.order(call.account.name, call.parameters.text("order_id"), call.time)
    live_still = order.status in (_WAITING if isinstance(order, ConditionalState) else LIVE)
    if not live_still:
        raise VenueError("not-open")
    return _cancelled(call, order)


def _cancelled(call: Call, order: AnyOrder) -> Document:
    desk = call.desk
    if isinstance(order, ConditionalState):
        desk.cancel_conditional(order, call.time)
        ended: AnyOrder | None = desk.engine.conditional(order.account, order.instrument, order.conditional_id)
    else:
        desk.cancel(order, call.time)
        ended = desk.engine.order(order.account, order.instrument, order.order_id)
    return document_of(call, ended or order)


def live(call: Call, listings: Iterable[Listing]) -> list[AnyOrder]:
    """Orders of the caller that live or wait on some instruments, oldest first."""
    engine, account = call.desk.engine, call.account.name
    names = {listing.name for listing in listings}
    orders: list[AnyOrder] = [*engine.live_orders(account), *engine.waiting(account)]
    return sorted((one for one in orders if one.instrument in names), key=lambda one: one.created_ns)


def cancel_all(call: Call) -> int | list[Document]:
    """private/cancel_all."""
    return _cancel(call, live(call, call.desk.listings.values()))


def cancel_all_by_currency(call: Call) -> int | list[Document]:
    """private/cancel_all_by_currency."""
    call.currency()
    return _cancel(call, of_type(call, live(call, call.listings())))


def cancel_all_by_kind_or_type(call: Call) -> int | list[Document]:
    """private/cancel_all_by_kind_or_type."""
    return _cancel(call, of_type(call, live(call, call.listings())))


def cancel_all_by_instrument(call: Call) -> int | list[Document]:
    """private/cancel_all_by_instrument."""
    return _cancel(call, of_type(call, live(call, [call.listing()])))


def cancel_by_label(call: Call) -> int | list[Document]:
    """private/cancel_by_label: all that have it."""
    label = call.parameters.text("label")
    found = live(call, call.listings())
    return _cancel(call, [order for order in found if order.client_id == label])


def _cancel(call: Call, orders: list[AnyOrder]) -> int | list[Document]:
    """How many were cancelled, or which."""
    cancelled = [_cancelled(call, order) for order in orders]
    if not call.parameters.flag("detailed"):
        return len(cancelled)
    by_name: dict[str, list[Document]] = {}
    for document in cancelled:
        by_name.setdefault(document["instrument_name"], []).append(document)
    return [
        {
            "instrument_name": name,
            "currency": call.desk.listings[name].currency.lower(),
            "type": "limit",
            "result": documents,
        }
        for name, documents in by_name.items()
    ]


_TRIGGERS = {
    "trigger_all": frozenset({"stop_limit", "stop_market", "take_limit", "take_market", "trailing_stop"}),
    "stop_all": frozenset({"stop_limit", "stop_market"}),
    "take_all": frozenset({"take_limit", "take_market"}),
    "trailing_all": frozenset({"trailing_stop"}),
    "stop": frozenset({"stop_limit", "stop_market"}),
    "take": frozenset({"take_limit", "take_market"}),
}
_SINGLE = ("limit", "market", "stop_limit", "stop_market", "take_limit", "take_market", "trailing_stop")
_TYPES = {**_TRIGGERS, **{word: frozenset({word}) for word in _SINGLE}}
_TYPE_WORDS = frozenset({"all", *_TYPES})


def of_type(call: Call, orders: list[AnyOrder]) -> list[AnyOrder]:
    """Those of the types that parameter `type` means; all when it was not sent. Raises `VenueError`."""
    word = call.parameters.word("type", _TYPE_WORDS, "not-valid", "all")
    if word == "all":
        return orders
    return [order for order in orders if document_of(call, order)["order_type"] in _TYPES[word]]


# --- closing ----------------------------------------------------------------------------------------------------------


def close_position(call: Call) -> Document:
    """private/close_position: an order that only reduces, as large as the position."""
    sent, listing = call.parameters, call.listing()
    check_trading(call, listing)
    kind = sent.word("type", _CLOSING_TYPES, "not-valid", "")
    if not kind:
        raise VenueError("missing", parameter="type")
    position = call.desk.engine.position(call.account.name, listing.name)
    if not position.lots:
        raise VenueError("no-position")
    side = Side.SELL if position.lots > 0 else Side.BUY
    ticks = read_price(sent, listing) if kind == "limit" else 0
    if ticks:
        limits_of(call, listing, side, ticks)
    command = Place(
        account=call.account.name,
        instrument=listing.name,
        side=side,
        kind=OrderKind(kind),
        lots=abs(position.lots),
        ticks=ticks,
        time_in_force=TimeInForce.GTC if ticks else TimeInForce.IOC,
        reduce_only=True,
        unique_client_id=False,
    )
    return _placed(call, Request(listing, command, Note()))


def margins(call: Call) -> Document:
    """private/get_margins: what an order would tie up, and the band of its price."""
    listing = call.listing()
    lots, ticks = read_lots(call.parameters, listing), read_price(call.parameters, listing)
    face = listing.coin(lots, ticks * 10**9) if listing.inverse else listing.quote(ticks, lots)
    needed = num(round(face / listing.row.leverage_max, 8))
    mark, band = call.desk.engine.mark_ticks(listing.name), listing.instrument.price_band_ppm
    low, high = mark - mark * band // 1_000_000, mark + mark * band // 1_000_000
    prices = {"min_price": num(listing.price(low)), "max_price": num(listing.price(high))}
    return {"buy": needed, "sell": needed, **prices}
