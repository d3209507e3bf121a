"""Amending orders."""

from __future__ import annotations

from decimal import Decimal

from msgspec import structs

from venueproof_simulators.engine.commands import Amend
from venueproof_simulators.engine.events import Refused
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.engine.state import LIVE, OrderKind, OrderState, SelfTrade, Side
from venueproof_simulators.host.decimals import plain
from venueproof_simulators.kit.documents import Document
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.binance.operations.desk import Call
from venueproof_simulators.venues.binance.operations.order_reading import (
    REDUCE_ONLY_NOTIONAL,
    SIDES,
    read_lots,
    read_ticks,
)
from venueproof_simulators.venues.binance.operations.orders import (
    check_engine_window,
    find_order,
    refusal_error,
    state_of,
    tells_money,
)
from venueproof_simulators.venues.binance.wire.numbers import Listing
from venueproof_simulators.venues.binance.wire.orders import Amendment, OrderNote, amend_reply

AMEND_REFUSED = "binance.order.amend-in-place"
AMEND_PENDING = "binance.order.amend-pending-5043"


def amend(call: Call) -> Document:
    """PUT order: price and total of a live limit order; it keeps its id and loses its place in the queue.

    A total no larger than what is filled, or a post-only price that would trade, cancels the order. What it was to do
    when it meets an order of its account is forgotten: the venue's FAQ on self-trade prevention.
    """
    listing = call.listing()
    side = call.parameters.choice("side", SIDES, "side")
    modify_id = call.parameters.integer("modifyId")
    lots = read_lots(listing, call.parameters.number("quantity"))
    ticks = read_ticks(listing, call.parameters.number("price"))
    order = find_order(call, listing, "unknown-order-query")
    _check_amendable(call, order, side)
    if lots > order.filled_lots:
        _check_notional(call, listing, order, listing.quote(ticks, lots))
    check_engine_window(call)
    before = call.desk.notes.of(order)
    note = _amended_note(call, order, ticks, lots, modify_id)
    call.desk.notes.set(listing.name, order.order_id, note)
    command = Amend(order.account, listing.name, order.order_id, ticks, lots, self_trade=SelfTrade.NONE)
    events = call.desk.command(command, call.time)
    refusal = next((event.refusal for event in events if isinstance(event, Refused)), None)
    if refusal is not None:
        call.desk.notes.set(listing.name, order.order_id, before)
        raise _amend_error(call, listing, side, refusal)
    return amend_reply(listing, state_of(call.desk, order), note, call.time, paid=tells_money(call))


def _check_amendable(call: Call, order: OrderState, side: Side) -> None:
    desk = call.desk
    if order.status not in LIVE:
        raise VenueError("unknown-order-query")
    if order.kind is not OrderKind.LIMIT or desk.notes.of(order).waits or desk.switches.on(AMEND_REFUSED):
        raise VenueError("not-amendable")
    if side is not order.side:
        raise VenueError("side")
    if call.parameters.flag("reduceOnly") and not order.reduce_only:
        raise VenueError("amend-not-reduce-only")
    if _is_pending(call, order):
        raise VenueError("amend-pending")
    if order.amendments >= desk.limits.named("amendments").limit:
        raise VenueError("amend-too-often")


def _is_pending(call: Call, order: OrderState) -> bool:
    """Whether the last amendment is still under way, where the register says that they take a while."""
    last = call.desk.notes.of(order).amendments[-1:]
    pending_ns = call.desk.limits.named("amend-pending").limit * 1_000_000
    return call.desk.switches.on(AMEND_PENDING) and any(call.time.true_ns - one.at_ns < pending_ns for one in last)


def _check_notional(call: Call, listing: Listing, order: OrderState, value: Decimal) -> None:
    """An order that may only reduce is held to the least worth as well, unless the amendment says so once more."""
    said = call.parameters.flag("reduceOnly") and not call.desk.switches.on(REDUCE_ONLY_NOTIONAL)
    if order.reduce_only and not said and value < listing.row.notional_min:
        raise VenueError("amend-min-notional", notional=plain(listing.row.notional_min))


def _amended_note(call: Call, order: OrderState, ticks: int, lots: int, modify_id: int | None) -> OrderNote:
    note = call.desk.notes.of(order)
    change = Amendment(
        at_ns=call.time.true_ns, ticks=(order.ticks, ticks), lots=(order.lots, lots), modify_id=modify_id or 0
    )
    return structs.replace(note, modify_id=modify_id, amendments=(*note.amendments, change))


def _amend_error(call: Call, listing: Listing, side: Side, refusal: Refusal) -> VenueError:
    if refusal is Refusal.NOTIONAL_TOO_SMALL:
        return VenueError("amend-min-notional", notional=plain(listing.row.notional_min))
    return refusal_error(call, listing, side, refusal)
