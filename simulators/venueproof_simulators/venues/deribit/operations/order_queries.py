"""Questions about orders and trades of one's own. Lists of what ended are newest first, and come in pages."""

from __future__ import annotations

from collections.abc import Iterable

from venueproof_simulators.engine.conditional_state import ConditionalStatus
from venueproof_simulators.engine.state import LIVE, FillState, OrderState
from venueproof_simulators.kit.documents import Document
from venueproof_simulators.kit.numbers import wire_ms
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.deribit.operations.desk import Call
from venueproof_simulators.venues.deribit.operations.orders import AnyOrder, document_of, live, of_type
from venueproof_simulators.venues.deribit.wire.numbers import Listing, num
from venueproof_simulators.venues.deribit.wire.orders import WATCHED_WORDS, fill_document, trigger_type

_MS = 1_000_000
_HISTORY, _HISTORY_MAX = 20, 1000
_TRADES, _TRADES_MAX = 10, 1000
_OFFSET_MAX = 10_000
_SORTS = frozenset({"default", "asc", "desc"})
_FIRED = frozenset({ConditionalStatus.TRIGGERED, ConditionalStatus.FINISHED, ConditionalStatus.REJECTED})


# --- orders -----------------------------------------------------------------------------------------------------------


def get_order_state(call: Call) -> Document:
    """private/get_order_state."""
    return document_of(call, call.desk.order(call.account.name, call.parameters.text("order_id"), call.time))


def get_order_state_by_label(call: Call) -> list[Document]:
    """private/get_order_state_by_label: all that have it, whatever became of them, newest first."""
    call.currency()
    label = call.parameters.text("label")
    listings = {listing.name for listing in call.listings()}
    engine, account = call.desk.engine, call.account.name
    plain = [one for one in engine.orders(account) if call.desk.remembers(one, call.time)]
    every: list[AnyOrder] = [*plain, *engine.conditionals(account)]
    found = [one for one in every if one.client_id == label]
    found = sorted((one for one in found if one.instrument in listings), key=lambda one: -one.created_ns)
    return [document_of(call, one) for one in found]


def open_orders(call: Call) -> list[Document]:
    """private/get_open_orders and …_by_currency: by default with those that wait for a price."""
    return _open(call, call.listings())


def open_orders_by_currency(call: Call) -> list[Document]:
    """private/get_open_orders_by_currency."""
    call.currency()
    return _open(call, call.listings())


def open_orders_by_instrument(call: Call) -> list[Document]:
    """private/get_open_orders_by_instrument."""
    return _open(call, [call.listing()])


def open_orders_by_label(call: Call) -> list[Document]:
    """private/get_open_orders_by_label."""
    call.currency()
    label = call.parameters.raw("label")
    return [row for row in _open(call, call.listings()) if label in (None, "", row["label"])]


def _open(call: Call, listings: Iterable[Listing]) -> list[Document]:
    return [document_of(call, order) for order in of_type(call, live(call, listings))]


def history_by_instrument(call: Call) -> object:
    """private/get_order_history_by_instrument."""
    return _history(call, [call.listing()])


def history_by_currency(call: Call) -> object:
    """private/get_order_history_by_currency."""
    call.currency()
    return _history(call, call.listings())


def _history(call: Call, listings: Iterable[Listing]) -> object:
    """What ended, newest first; what ended without a fill only when it is asked for."""
    sent, desk = call.parameters, call.desk
    names = {listing.name for listing in listings}
    unfilled = sent.flag("include_unfilled")
    ended = [
        order
        for order in desk.engine.orders(call.account.name)
        if order.instrument in names
        and order.status not in LIVE
        and (order.filled_lots or (unfilled and desk.remembers(order, call.time)))
    ]
    ended.sort(key=lambda order: (-order.updated_ns, -order.order_id))
    count, offset = sent.within("count", 1, _HISTORY_MAX, _HISTORY), sent.within("offset", 0, _OFFSET_MAX, 0)
    if sent.has("continuation"):
        offset = sent.within("continuation", 0, 10**9, 0)
    rows = [document_of(call, order) for order in ended[offset : offset + count]]
    if not sent.flag("with_continuation"):
        return rows
    following = offset + count
    return {"orders": rows, "continuation": str(following) if following < len(ended) else None}


def trigger_history(call: Call) -> Document:
    """private/get_trigger_order_history: what fired, and the order that came of it."""
    call.currency()
    names = {listing.name for listing in call.listings()}
    wanted = call.parameters.optional("instrument_name")
    count = call.parameters.within("count", 1, _HISTORY_MAX, _HISTORY)
    offset = call.parameters.within("continuation", 0, 10**9, 0)
    fired = [
        one
        for one in call.desk.engine.conditionals(call.account.name)
        if one.status in _FIRED and one.instrument in names and wanted in (None, one.instrument)
    ]
    fired.sort(key=lambda one: -one.triggered_ns)
    rows: list[Document] = []
    for one in fired[offset : offset + count]:
        listing = call.desk.listings[one.instrument]
        rejected = one.status is ConditionalStatus.REJECTED
        rows.append(
            {
                "trigger": WATCHED_WORDS[one.watches],
                "trigger_price": num(listing.price(one.trigger_ticks)),
                "trigger_order_id": call.desk.spelled_trigger(one.instrument, one.conditional_id),
                "timestamp": wire_ms(call.time, one.triggered_ns),
                "reduce_only": one.reduce_only,
                "price": num(listing.price(one.ticks)) if one.ticks else "market_price",
                "post_only": one.post_only,
                "order_type": trigger_type(one),
                "order_state": "rejected" if rejected else "triggered",
                "order_id": listing.order_id(one.order_id) if one.order_id else None,
                "label": one.client_id,
                "instrument_name": one.instrument,
                "direction": one.side.value,
                "amount": num(listing.amount(one.lots)),
            }
        )
    following = offset + count
    return {"entries": rows, "continuation": str(following) if following < len(fired) else None}


# --- trades -----------------------------------------------------------------------------------------------------------


def trades_by_instrument(call: Call) -> Document:
    """private/get_user_trades_by_instrument and …_and_time."""
    return _trades(call, [call.listing()])


def trades_by_currency(call: Call) -> Document:
    """private/get_user_trades_by_currency and …_and_time."""
    call.currency()
    return _trades(call, call.listings())


def trades_by_order(call: Call) -> list[Document]:
    """private/get_user_trades_by_order: a bare list."""
    order = call.desk.order(call.account.name, call.parameters.text("order_id"), call.time)
    if not isinstance(order, OrderState):
        return []
    found = call.desk.engine.fills(call.account.name, order.instrument)
    rows = [_row(call, fill) for fill in found if fill.order_id == order.order_id]
    return rows if _sorting(call) == "asc" else rows[::-1]


def _trades(call: Call, listings: Iterable[Listing]) -> Document:
    """One page: the newest ones, or (with `sorting` asc) the first ones of what was asked for."""
    sent, names = call.parameters, {listing.name for listing in listings}
    count = sent.within("count", 1, _TRADES_MAX, _TRADES)
    found = [
        fill for fill in call.desk.engine.fills(call.account.name) if fill.instrument in names and _wanted(call, fill)
    ]
    found.sort(key=lambda fill: (fill.at_ns, fill.trade_id))
    ascending = _sorting(call) == "asc"
    page = found[:count] if ascending or _from_start(call) else found[::-1][:count]
    rows = [_row(call, fill) for fill in page]
    if _from_start(call) and not ascending:
        rows = rows[::-1]
    return {"trades": rows, "has_more": len(found) > count}


def _sorting(call: Call) -> str:
    return call.parameters.word("sorting", _SORTS, "not-valid", "default")


def _from_start(call: Call) -> bool:
    """Whether a beginning was named: the page then begins there."""
    return call.parameters.has("start_seq") or call.parameters.has("start_timestamp")


def _wanted(call: Call, fill: FillState) -> bool:
    sent = call.parameters
    first, last = sent.integer("start_seq"), sent.integer("end_seq")
    begin, until = sent.period("start_timestamp", "end_timestamp")
    at_ms = wire_ms(call.time, fill.at_ns)
    if (first is not None and fill.trade_id < first) or (last is not None and fill.trade_id > last):
        return False
    return not ((begin is not None and at_ms < begin) or (until is not None and at_ms > until))


def _row(call: Call, fill: FillState) -> Document:
    order = call.desk.engine.order(fill.account, fill.instrument, fill.order_id)
    if order is None:
        raise VenueError("order-not-found")
    listing = call.desk.listings[fill.instrument]
    return fill_document(listing, fill, order, call.desk.note_of(order), call.desk.around(fill), call.time)
