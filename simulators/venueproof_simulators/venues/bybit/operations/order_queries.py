"""Asking for orders, executions and closed profits: newest first, in pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import partial

from msgspec import Struct

from venueproof_simulators.engine.conditional_state import ConditionalState
from venueproof_simulators.engine.events import BalanceCause
from venueproof_simulators.engine.state import FillState, OrderState
from venueproof_simulators.host.decimals import CONTEXT, counted, money
from venueproof_simulators.host.venue import IdKind
from venueproof_simulators.kit.documents import Document
from venueproof_simulators.kit.numbers import unpadded, wire_ms
from venueproof_simulators.venues.bybit.operations.desk import Call
from venueproof_simulators.venues.bybit.operations.ledgers import execution, funding_execution, shown_order
from venueproof_simulators.venues.bybit.operations.orders import find, is_live, open_of, order_filter, scoped
from venueproof_simulators.venues.bybit.operations.paging import page
from venueproof_simulators.venues.bybit.wire.executions import execution_type
from venueproof_simulators.venues.bybit.wire.numbers import Listing, ms_text, short

_DAY_MS = 86_400_000
_HOUR_NS = 3600 * 10**9
_SPAN_DAYS = 7
_EXECUTION_TYPES = frozenset({"Trade", "AdlTrade", "Funding", "BustTrade", "Delivery", "Settle", "BlockTrade"})
_STATUSES = frozenset(
    (
        *("New", "PartiallyFilled", "Untriggered", "Rejected", "PartiallyFilledCanceled"),
        *("Filled", "Cancelled", "Triggered", "Deactivated"),
    )
)
"""Source: the vendor's list of enumerations."""
AnyOrder = OrderState | ConditionalState


# --- orders -----------------------------------------------------------------------------------------------------------


def realtime(call: Call) -> Document:
    """GET order/realtime: what is open; by id, or with openOnly=1, what closed a short while ago as well."""
    category, sent = call.category(), call.parameters
    limit = sent.limit(20, 50)
    wanted = order_filter(call)
    with_closed = sent.within("openOnly", 0, 1, 0) > 0
    if sent.has("orderId") or sent.has("orderLinkId"):
        rows = [order for order in _named(call) if is_live(order) or order in _remembered(call, [order])]
    else:
        rows = [order for listing in scoped(call) for order in open_of(call, listing, wanted)]
        if with_closed:
            rows += _remembered(call, _closed(call, scoped(call), wanted))
    return {"category": category, **_page(call, rows, limit)}


def history(call: Call) -> Document:
    """GET order/history: orders that ended, of seven days; without a fill only those of the last day."""
    category, sent = call.category(), call.parameters
    limit = sent.limit(20, 50)
    wanted = order_filter(call)
    start_ms, end_ms = _span(call)
    found = _named(call) if sent.has("orderId") or sent.has("orderLinkId") else _closed(call, _scope(call), wanted)
    status = sent.word("orderStatus", _STATUSES, "parameter", "")
    rows = [
        order
        for order in found
        if not is_live(order)
        and start_ms <= wire_ms(call.time, order.created_ns) <= end_ms
        and _kept(call, order)
        and (not status or status == shown_order(call.desk, order, call.time)[0]["orderStatus"])
    ]
    return {"category": category, **_page(call, rows, limit)}


def _page(call: Call, orders: Iterable[AnyOrder], limit: int) -> Document:
    """Orders, newest first."""
    newest = sorted(orders, key=lambda order: (order.created_ns, _number(order)), reverse=True)
    rows = [(f"{order.instrument}:{_number(order)}", order) for order in newest]

    def show(order: AnyOrder) -> Document:
        return shown_order(call.desk, order, call.time)[0]

    return page(call.parameters, rows, limit, show)


def _number(order: AnyOrder) -> int:
    return order.reserved_id if isinstance(order, ConditionalState) else order.order_id


def _scope(call: Call) -> list[Listing]:
    """The instruments asked for; all of the category where none is named."""
    category, sent = call.category(), call.parameters
    if sent.has("symbol"):
        return call.listings()
    settle, base = sent.raw("settleCoin"), sent.raw("baseCoin")
    found = (one for one in call.desk.listings_of(category) if settle in {None, one.row.settle})
    return [one for one in found if base in {None, one.row.base}]


def _named(call: Call) -> list[AnyOrder]:
    """The order of an id, wherever in the category it is."""
    found = (find(call, listing, call.parameters) for listing in _scope(call))
    return [order for order in found if order is not None]


def _closed(call: Call, listings: Iterable[Listing], wanted: str) -> list[AnyOrder]:
    """Orders that ended; a conditional one that fired is told as the order it became."""
    engine, account = call.engine, call.account.name
    found = list[AnyOrder]()
    for listing in listings:
        if wanted in {"", "Order", "StopOrder"}:
            orders = engine.orders(account, listing.name)
            found += [one for one in orders if not is_live(one) and _passes(one, wanted)]
        if wanted != "Order":
            waited = engine.conditionals(account, listing.name)
            found += [one for one in waited if not is_live(one) and not one.order_id]
    return found


def _passes(order: OrderState, wanted: str) -> bool:
    return not wanted or (wanted == "StopOrder") is bool(order.conditional_id)


def _remembered(call: Call, orders: Iterable[AnyOrder]) -> list[AnyOrder]:
    """Those of some closed orders that are still in memory: among the last that closed since the service began."""
    most = call.desk.limits.named("closed-kept").limit
    found = [order for order in orders if order.updated_ns >= call.desk.flushed_ns]
    in_memory = dict[str, int]()
    for name in {order.instrument for order in found}:
        closed = sorted(one.updated_ns for one in _closed(call, [call.desk.listings[name]], ""))
        in_memory[name] = closed[-most] if len(closed) > most else 0
    return [order for order in found if order.updated_ns >= in_memory[order.instrument]]


def _kept(call: Call, order: AnyOrder) -> bool:
    """Whether the history still has an order."""
    if isinstance(order, OrderState) and order.filled_lots:
        return True
    span_ns = call.desk.limits.named("unfilled-kept").limit * _HOUR_NS
    return call.desk.notes.within(order, span_ns, call.time)


def _span(call: Call) -> tuple[int, int]:
    """The days asked for: seven at most, the last seven where nothing is said. Raises `VenueError`."""
    start, end = call.parameters.period_ms(_SPAN_DAYS)
    if start is not None:
        return start, start + _SPAN_DAYS * _DAY_MS if end is None else end
    until = call.time.wire_ms if end is None else end
    return until - _SPAN_DAYS * _DAY_MS, until


# --- executions -------------------------------------------------------------------------------------------------------


def executions(call: Call) -> Document:
    """GET execution/list: fills, and what funding took or gave."""
    category, sent = call.category(), call.parameters
    limit = sent.limit(50, 100)
    kind = sent.word("execType", _EXECUTION_TYPES, "parameter", "")
    start_ms, end_ms = _span(call)
    order_id = _order_id(call)
    listings = _scope(call)
    rows = _fills(call, listings, order_id) if kind != "Funding" else []
    rows += _fundings(call, listings) if kind in {"", "Funding"} and not order_id else []
    shown = [row for row in rows if start_ms <= wire_ms(call.time, row[0]) <= end_ms and kind in {"", row[3]}]
    shown.sort(key=lambda row: (row[0], row[3] == "Funding", row[1]), reverse=True)
    keyed = [(f"{at_ns}:{number}", show) for at_ns, number, show, _ in shown]
    return {"category": category, **page(sent, keyed, limit, _shown)}


_Row = tuple[int, int, Callable[[], Document], str]
"""When, which number, how it is shown, and its `execType`."""


def _shown(show: Callable[[], Document]) -> Document:
    return show()


def _order_id(call: Call) -> int:
    """The number of the order asked for; 0 where none is, −1 for one that is not known."""
    if not call.parameters.has("orderId") and not call.parameters.has("orderLinkId"):
        return 0
    return next((_number(one) for one in _named(call)), -1)


def _fills(call: Call, listings: Iterable[Listing], order_id: int) -> list[_Row]:
    return [
        (fill.at_ns, fill.trade_id, partial(_execution, call, fill), execution_type(order))
        for listing in listings
        for fill in call.engine.fills(call.account.name, listing.name)
        if order_id in {0, fill.order_id}
        and (order := call.engine.order(fill.account, fill.instrument, fill.order_id)) is not None
    ]


def _execution(call: Call, fill: FillState) -> Document:
    return execution(call.desk, fill, call.time) or {}


def _fundings(call: Call, listings: Iterable[Listing]) -> list[_Row]:
    names = {listing.name for listing in listings}
    return [
        (paid.balance.updated_ns, number, partial(funding_execution, call.desk, paid, number, call.time), "Funding")
        for number, paid in call.desk.cash.payments(call.account.name)
        if paid.cause is BalanceCause.FUNDING and paid.instrument in names
    ]


# --- closed profits ---------------------------------------------------------------------------------------------------


class _Closing(Struct):
    """What one order closed."""

    order: OrderState
    last: FillState
    lots: int = 0
    value: Decimal = Decimal(0)
    entry_value: Decimal = Decimal(0)
    realized: int = 0
    open_fee: int = 0
    close_fee: int = 0
    fills: int = 0


def closed_profits(call: Call) -> Document:
    """GET position/closed-pnl: one row for each order that closed something."""
    category, limit = call.category(), call.parameters.limit(50, 100)
    start_ms, end_ms = _span(call)
    closings = [one for listing in _scope(call) for one in _closings(call, listing)]
    closings.sort(key=lambda one: (one.last.at_ns, one.order.order_id), reverse=True)
    rows = [
        (f"{one.order.instrument}:{one.order.order_id}", one)
        for one in closings
        if start_ms <= wire_ms(call.time, one.last.at_ns) <= end_ms
    ]
    return {"category": category, **page(call.parameters, rows, limit, partial(_closed_row, call))}


def _closings(call: Call, listing: Listing) -> list[_Closing]:
    found: dict[int, _Closing] = {}
    for fill in call.engine.fills(call.account.name, listing.name):
        kept = call.desk.tallies.of_fill(fill)
        order = call.engine.order(fill.account, fill.instrument, fill.order_id)
        if not kept.closed or order is None:
            continue
        one = found.setdefault(fill.order_id, _Closing(order, fill))
        one.last = fill
        one.lots += kept.closed
        one.value += listing.worth(fill.ticks, kept.closed)
        one.entry_value += kept.entry_value
        one.realized += fill.realized_atoms
        one.open_fee += kept.open_fee_atoms
        one.close_fee += kept.close_fee_atoms
        one.fills += 1
    return list(found.values())


def _closed_row(call: Call, one: _Closing) -> Document:
    """A row in text throughout; the fees for opening what it closed count as well."""
    order = one.order
    listing = call.desk.listings[order.instrument]
    face = listing.face(one.lots)
    entry, exited = (_price(listing, face, value) for value in (one.entry_value, one.value))
    leverage = call.engine.leverage_centi(call.account.name, listing.name)
    return {
        "symbol": listing.name,
        "orderId": call.desk.spelled(IdKind.ORDER, listing.name, order.order_id),
        "side": order.side.value.capitalize(),
        "qty": listing.plain_amount(order.lots),
        "orderPrice": listing.plain_price(order.ticks or call.desk.notes.of(order).shown_ticks or one.last.ticks),
        "orderType": order.kind.value.capitalize(),
        "execType": "Trade",
        "closedSize": listing.plain_amount(one.lots),
        "openFee": short(money(one.open_fee)),
        "closeFee": short(money(one.close_fee)),
        "cumEntryValue": short(one.entry_value),
        "avgEntryPrice": short(entry),
        "cumExitValue": short(one.value),
        "avgExitPrice": short(exited),
        "closedPnl": short(money(one.realized - one.open_fee - one.close_fee)),
        "fillCount": str(one.fills),
        "leverage": unpadded(counted(leverage, 2)),
        "createdTime": ms_text(call.time, order.created_ns),
        "updatedTime": ms_text(call.time, one.last.at_ns),
    }


def _price(listing: Listing, face: Decimal, value: Decimal) -> Decimal:
    return CONTEXT.divide(face, value) if listing.inverse else CONTEXT.divide(value, face)
