"""Placing, amending and canceling ordinary orders, one by one or in batches, and closing positions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from venueproof_simulators.engine.commands import Amend, Place, SetLeverage, SetMarginMode
from venueproof_simulators.engine.events import Cause, Event, OrderChanged, Refused
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.engine.state import (
    LIVE,
    MarginMode,
    OrderKind,
    OrderState,
    OrderStatus,
    PositionSide,
    Side,
)
from venueproof_simulators.host.decimals import plain
from venueproof_simulators.kit.parameters import Parameters
from venueproof_simulators.kit.refusing import VenueError, refused
from venueproof_simulators.venues.okx.operations.answers import AMENDED, CANCELED, PLACED, Answer, each, one
from venueproof_simulators.venues.okx.operations.desk import Call
from venueproof_simulators.venues.okx.operations.notes import OrderNote
from venueproof_simulators.venues.okx.operations.order_reading import (
    Request,
    check_level,
    client_id_of,
    leverage_leg,
    read_leg,
    read_mode,
    read_order,
    read_price,
    read_size,
    tag_of,
)
from venueproof_simulators.venues.okx.wire.market import price_limits
from venueproof_simulators.venues.okx.wire.numbers import Document, Listing, centi_text, now_ms
from venueproof_simulators.venues.okx.wire.orders import TAKEN_IN, amended_row, canceled_row, placed_row

RESTRICTED = "okx.account.region-restricted"
_MOST_S, _LEAST_S = 120, 10
_TAKEN_IN = frozenset({Cause.OPENED, Cause.REJECTED})
"""How an order begins; one that may not trade as it is ends at once, and has an id all the same."""
_GONE = {OrderStatus.FILLED: "filled", OrderStatus.CANCELED: "canceled", OrderStatus.EXPIRED: "canceled"}


# --- placing ----------------------------------------------------------------------------------------------------------


def place(call: Call) -> Answer:
    """POST trade/order."""
    check_expiry(call)
    return one(call, place_row, PLACED)


def place_many(call: Call) -> Answer:
    """POST trade/batch-orders."""
    check_expiry(call)
    return each(call, place_row, PLACED)


def check_expiry(call: Call) -> None:
    """`expTime`: too late is refused. Raises `VenueError`."""
    if call.expires_ms is not None and call.expires_ms < call.time.wire_ms:
        raise VenueError("expired-request")


def place_row(call: Call, sent: Parameters) -> Document:
    """One new order: that it was taken in. Raises `VenueError`."""
    if call.desk.switches.on(RESTRICTED):
        raise VenueError("restricted-instrument")
    request = read_order(call, sent)
    set_mode(call, request.listing, request.mode, request.note.leverage_centi)
    order = enter(call, request)
    return placed_row(call.desk.spelled(order), request.note.client_id, request.note.tag, TAKEN_IN, call.time)


def set_mode(call: Call, listing: Listing, mode: MarginMode, leverage_centi: int) -> None:
    """Let the instrument have the margin mode and the leverage that an order brings along. Raises `VenueError`."""
    desk, account = call.desk, call.account.name
    if desk.engine.margin_mode(account, listing.name) is not mode:
        check_refused(call, listing, desk.command(SetMarginMode(account, listing.name, mode), call.time), MIXED_MODES)
    if desk.engine.leverage_centi(account, listing.name) != leverage_centi:
        command = SetLeverage(account, listing.name, leverage_centi, tops_up=())
        check_refused(call, listing, desk.command(command, call.time), {})


MIXED_MODES: Mapping[Refusal, str] = {
    Refusal.OPEN_ORDERS: "account-mode",
    Refusal.OPEN_POSITION: "account-mode",
    Refusal.NOT_ALLOWED: "account-mode",
}
"""Cross and isolated margin on one instrument at a time are more than is built."""


def enter(call: Call, request: Request) -> OrderState:
    """Tell the engine of an order; gives it as it was taken in. Raises `VenueError`."""
    command = request.command
    events = call.desk.command(command, call.time, request.note)
    for event in events:
        if isinstance(event, OrderChanged) and event.cause in _TAKEN_IN and _is_of(event.order, command):
            return event.order
    check_refused(call, request.listing, events, {}, command)
    raise LookupError(f"the engine told nothing of an order on {command.instrument}")


def _is_of(order: OrderState, command: Place) -> bool:
    return (order.account, order.instrument, order.client_id, order.conditional_id) == (
        command.account,
        command.instrument,
        command.client_id,
        0,
    )


def check_refused(
    call: Call,
    listing: Listing,
    events: Sequence[Event],
    words: Mapping[Refusal, str],
    command: Place | None = None,
) -> None:
    """Raises the venue's word for a refusal of the engine, if there was one."""
    found = refused(events, call.account.name)
    if found is not None:
        key = words.get(found.refusal) or _order_key(call, found, command)
        raise VenueError(key, **fields_of(call, listing))


def _order_key(call: Call, found: Refused, command: Place | None) -> str:
    if command is not None:
        if found.refusal is Refusal.AMOUNT_TOO_LARGE and command.kind is OrderKind.MARKET:
            return "market-size-maximum"
        if found.refusal is Refusal.REDUCE_ONLY and command.position_side is not PositionSide.NET:
            return "close-size"
    return call.desk.errors.for_refusal(found.refusal).key


def fields_of(call: Call, listing: Listing) -> Document:
    """What texts about an instrument are filled in with."""
    buy, sell = price_limits(listing, call.desk.engine.mark_nano_ticks(listing.name, call.time.true_ns))
    centi = call.desk.engine.leverage_centi(call.account.name, listing.name)
    return {
        "asset": listing.row.settle,
        "buy": buy,
        "sell": sell,
        "lever": centi_text(centi),
        "instrument": listing.name,
        "count": listing.instrument.open_orders_max,
        "least": listing.row.callback_min,
        "most": listing.row.callback_max,
        "lowest": plain(listing.row.price_min),
        "highest": plain(listing.row.price_max),
    }


# --- finding ----------------------------------------------------------------------------------------------------------


def find(call: Call, sent: Parameters, missing: str, unknown: str) -> OrderState:
    """The order of `ordId`, or else of `clOrdId`, on `instId`. Raises `VenueError`."""
    listing = call.desk.listing(sent.text("instId"))
    spelled, client_id = sent.raw("ordId") or "", client_id_of(sent, "clOrdId")
    if not spelled and not client_id:
        raise VenueError(missing)
    order = call.desk.find_order(call.account.name, spelled, client_id)
    if order is None or order.instrument != listing.name or call.desk.forgotten(order, call.time):
        raise VenueError(unknown)
    return order


def _living(order: OrderState, words: Mapping[str, str]) -> OrderState:
    """An order that lives. Raises the word for how it ended."""
    if order.status not in LIVE:
        raise VenueError(words[_GONE.get(order.status, "canceled")])
    return order


# --- canceling --------------------------------------------------------------------------------------------------------

_CANCEL_WORDS = {"filled": "cancel-filled", "canceled": "cancel-canceled"}
_AMEND_WORDS = {"filled": "amend-filled", "canceled": "amend-canceled"}


def cancel(call: Call) -> Answer:
    """POST trade/cancel-order."""
    return one(call, cancel_row, CANCELED)


def cancel_many(call: Call) -> Answer:
    """POST trade/cancel-batch-orders."""
    return each(call, cancel_row, CANCELED)


def cancel_row(call: Call, sent: Parameters) -> Document:
    """One cancellation: that it was taken in. Raises `VenueError`."""
    order = _living(find(call, sent, "cancel-id-missing", "unknown-cancel"), _CANCEL_WORDS)
    events = call.desk.cancel(order, call.time)
    check_refused(call, call.desk.listing(order.instrument), events, {})
    note = call.desk.keep.order((order.instrument, order.order_id))
    return canceled_row(call.desk.spelled(order), note.client_id, call.time)


def cancel_after(call: Call) -> list[Document]:
    """POST trade/cancel-all-after: all orders end unless this is called again in time; 0 stops it."""
    seconds = call.parameters.within("timeOut", 0, _MOST_S, 0) if call.parameters.text("timeOut") else 0
    if 0 < seconds < _LEAST_S:
        raise VenueError("not-valid", parameter="timeOut")
    due_ns = call.time.age_ns + seconds * 10**9 if seconds else None
    call.desk.cancel_after(call.account.name, due_ns)
    trigger = str(call.time.wire_ms + seconds * 1000) if seconds else "0"
    return [{"triggerTime": trigger, "tag": tag_of(call.parameters), "ts": now_ms(call.time)}]


def mass_cancel(call: Call) -> list[Document]:
    """POST trade/mass-cancel: of options alone, of which there are none. Raises `VenueError`."""
    call.parameters.choice("instType", {"OPTION": True}, "not-valid")
    call.parameters.text("instFamily")
    return [{"result": True}]


# --- amending ---------------------------------------------------------------------------------------------------------


def amend(call: Call) -> Answer:
    """POST trade/amend-order."""
    check_expiry(call)
    return one(call, amend_row, AMENDED)


def amend_many(call: Call) -> Answer:
    """POST trade/amend-batch-orders."""
    check_expiry(call)
    return each(call, amend_row, AMENDED)


def amend_row(call: Call, sent: Parameters) -> Document:
    """One amendment, of price or total size or both: that it was taken in. Raises `VenueError`."""
    order = _living(find(call, sent, "order-id-missing", "unknown-amend"), _AMEND_WORDS)
    listing = call.desk.listing(order.instrument)
    if not sent.has("newSz") and not sent.has("newPx"):
        raise VenueError("nothing-to-amend")
    ticks = read_price(listing, sent, "newPx") if sent.has("newPx") else order.ticks
    lots = read_size(listing, sent, "newSz") if sent.has("newSz") else order.lots
    request_id, cancels = client_id_of(sent, "reqId"), bool(sent.flag("cxlOnFail"))
    note = call.desk.keep.order((order.instrument, order.order_id))
    before, note.request_id = note.request_id, request_id
    command = Amend(
        account=order.account,
        instrument=order.instrument,
        order_id=order.order_id,
        ticks=ticks,
        lots=lots,
        keeps_place=True,
        cancels_on_failure=lots <= order.filled_lots,
    )
    events = call.desk.command(command, call.time)
    found = refused(events, call.account.name)
    if found is not None:
        note.request_id = before
        _refuse_amend(call, order, listing, events, request_id, cancels=cancels)
    return amended_row(call.desk.spelled(order), note.client_id, request_id, call.time)


_AMEND_REFUSALS = {Refusal.INSUFFICIENT_MARGIN: "amend-margin", Refusal.UNKNOWN_ORDER: "unknown-amend"}


def _refuse_amend(
    call: Call, order: OrderState, listing: Listing, events: Sequence[Event], request_id: str, *, cancels: bool
) -> None:
    """The venue's word for it; with `cxlOnFail` the order ends besides, and its message says why."""
    if cancels:
        note = call.desk.keep.order((order.instrument, order.order_id))
        note.request_id, note.amend_failed = request_id, True
        call.desk.cancel(order, call.time)
    check_refused(call, listing, events, _AMEND_REFUSALS)


# --- closing ----------------------------------------------------------------------------------------------------------


def close_position(call: Call) -> list[Document]:
    """POST trade/close-position: all of it at market. Raises `VenueError`."""
    listing = call.listing()
    check_level(call.account)
    mode, leg = read_mode(call.parameters, "mgnMode"), read_leg(call.account, call.parameters)
    client_id, tag = client_id_of(call.parameters, "clOrdId"), tag_of(call.parameters)
    state = call.desk.engine.position(call.account.name, listing.name, leg)
    if not state.lots or state.margin_mode is not mode:
        raise VenueError("position-missing")
    side = Side.SELL if state.lots > 0 else Side.BUY
    _make_room(call, listing, side, leg)
    centi = call.account.leverage_centi(listing, mode.value, leverage_leg(mode, leg))
    note = OrderNote(td_mode=mode.value, leverage_centi=centi, kind="market", client_id=client_id, tag=tag)
    command = Place(
        account=call.account.name,
        instrument=listing.name,
        side=side,
        kind=OrderKind.MARKET,
        lots=abs(state.lots),
        reduce_only=leg is PositionSide.NET,
        position_side=leg,
        client_id=client_id,
    )
    enter(call, Request(listing, command, note, mode))
    return [{"instId": listing.name, "posSide": leg.value, "clOrdId": client_id, "tag": tag}]


def _make_room(call: Call, listing: Listing, side: Side, leg: PositionSide) -> None:
    """Orders that close the position stand in the way, unless `autoCxl` ends them. Raises `VenueError`."""
    closing = [
        order
        for order in call.desk.engine.live_orders(call.account.name, listing.name)
        if order.side is side and order.position_side is leg and order.reduce_only
    ]
    if closing and not call.parameters.flag("autoCxl"):
        raise VenueError("close-exists")
    for order in closing:
        call.desk.cancel(order, call.time)
