"""Asking for orders, executions and closed profits: newest first, in pages."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

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
from venueproof_simulators.venues.bybit.wire.numbers import Listing, ms_text, short

_DAY_MS = 86_400_000
_HOUR_NS = 3600 * 10**9
_SPAN_DAYS = 7
_EXECUTION_TYPES = frozenset({"Trade", "AdlTrade", "Funding", "BustTrade", "Delivery", "Settle", "BlockTrade"})
AnyOrder = OrderState | ConditionalState


# --- orders -----------------------------------------------------------------------------------------------------------


def realtime(call: Call) -> Document:
    """GET order/realtime: what is open; by id, or with openOnly=1, what closed a short while ago as well."""
    category, sent = call.category(), call.parameters
    limit = sent.limit(20, 50)
    wanted = order_filter(call)
    with_closed = sent.within("openOnly", 0, 2, 0) > 0
    if sent.has("orderId") or sent.has("orderLinkId"):
        rows = [order for order in _named(call) if is_live(order) or _remembered(call, order)]
    else:
        rows = [order for listing in scoped(call) for order in open_of(call, listing, wanted)]
        if with_closed:
            rows += [order for order in _closed(call, scoped(call), wanted) if _remembered(call, order)]
    return {"category": category, **_page(call, rows, limit)}


def history(call: Call) -> Document:
    """GET order/history: orders that ended, of seven days; without a fill only those of the last day."""
    category, sent = call.category(), call.parameters
    limit = sent.limit(20, 50)
    wanted = order_filter(call)
    start_ms, end_ms = _span(call)
    found = _named(call) if sent.has("orderId") or sent.has("orderLinkId") else _closed(call, _scope(call), wanted)
    status = sent.raw("orderStatus")
    rows = [
        order
        for order in found
        if not is_live(order)
        and start_ms <= wire_ms(call.time, order.created_ns) <= end_ms
        and _kept(call, order)
        and status in {None, shown_order(call.desk, order, call.time)[0]["orderStatus"]}
    ]
    return {"category": category, **_page(call, rows, limit)}


def _page(call: Call, orders: Iterable[AnyOrder], limit: int) -> Document:
    """Orders, newest first."""
    newest = sorted(orders, key=lambda order: (order.created_ns, _number(order)), reverse=True)
    rows = [(f"{order.instrument}:{_number(order)}", order) for order in newest]
    keyed = [(key, shown_order(call.desk, order, call.time)[0]) for key, order in rows]
    return page(call.parameters, keyed, limit)


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


def _remembered(call: Call, order: AnyOrder) -> bool:
    """Whether a closed order is still in memory: the last ones that closed since the service began."""
    if order.updated_ns < call.desk.flushed_ns:
        return False
    most = call.desk.limits.named("closed-kept").limit
    listing = call.desk.listings[order.instrument]
    later = [one for one in _closed(call, [listing], "") if one.updated_ns > order.updated_ns]
    return len(later) < most


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
    rows = [
        (int(row["execTime"]), row["seq"], row)
        for row in (*_fills(call, listings), *(_fundings(call, listings) if not order_id else ()))
        if kind in {"", row["execType"]}
        and start_ms <= int(row["execTime"]) <= end_ms
        and order_id in {"", row["orderId"]}
    ]
    rows.sort(key=lambda one: one[:2], reverse=True)
    return {"category": category, **page(sent, [(str(row["execId"]), row) for _, _, row in rows], limit)}


def _order_id(call: Call) -> str:
    """The wire id of the order asked for; empty where none is, or a blank for one that is not known."""
    if call.parameters.has("orderId"):
        return call.parameters.text("orderId")
    if not call.parameters.has("orderLinkId"):
        return ""
    return next((str(shown_order(call.desk, one, call.time)[0]["orderId"]) for one in _named(call)), " ")


def _fills(call: Call, listings: Iterable[Listing]) -> Iterable[Document]:
    for listing in listings:
        for fill in call.engine.fills(call.account.name, listing.name):
            row = execution(call.desk, fill, call.time)
            if row is not None:
                yield row


def _fundings(call: Call, listings: Iterable[Listing]) -> Iterable[Document]:
    names = {listing.name for listing in listings}
    for number, paid in call.desk.cash.payments(call.account.name):
        if paid.cause is BalanceCause.FUNDING and paid.instrument in names:
            yield funding_execution(call.desk, paid, number, call.time)


# --- closed profits ---------------------------------------------------------------------------------------------------


class _Closing(Struct):
    """What one order closed."""

    order: OrderState
    last: FillState
    lots: int = 0
    value: Decimal = Decimal(0)
    realized: int = 0
    fee: int = 0
    fills: int = 0


def closed_profits(call: Call) -> Document:
    """GET position/closed-pnl: one row for each order that closed something."""
    category, limit = call.category(), call.parameters.limit(50, 100)
    start_ms, end_ms = _span(call)
    closings = [one for listing in _scope(call) for one in _closings(call, listing)]
    closings.sort(key=lambda one: (one.last.at_ns, one.order.order_id), reverse=True)
    rows = [
        (f"{one.order.instrument}:{one.order.order_id}", _closed_row(call, one))
        for one in closings
        if start_ms <= wire_ms(call.time, one.last.at_ns) <= end_ms
    ]
    return {"category": category, **page(call.parameters, rows, limit)}


def _closings(call: Call, listing: Listing) -> list[_Closing]:
    found: dict[int, _Closing] = {}
    for fill in call.engine.fills(call.account.name, listing.name):
        closed = call.desk.tallies.of_fill(fill).closed
        order = call.engine.order(fill.account, fill.instrument, fill.order_id)
        if not closed or order is None:
            continue
        one = found.setdefault(fill.order_id, _Closing(order, fill))
        one.last = fill
        one.lots += closed
        one.value += listing.worth(fill.ticks, closed)
        one.realized += fill.realized_atoms
        one.fee += fill.fee_atoms
        one.fills += 1
    return list(found.values())


def _closed_row(call: Call, one: _Closing) -> Document:
    """A row in text throughout. What it was opened for follows from what it was closed for and the profit."""
    order = one.order
    listing = call.desk.listings[order.instrument]
    face = listing.face(one.lots)
    direction = order.side.sign if not listing.inverse else -order.side.sign
    entry_value = one.value + direction * money(one.realized)
    entry, exited = (_price(listing, face, value) for value in (entry_value, one.value))
    leverage = call.engine.leverage_centi(call.account.name, listing.name)
    return {
        "symbol": listing.name,
        "orderId": call.desk.spelled(IdKind.ORDER, listing.name, order.order_id),
        "side": order.side.value.capitalize(),
        "qty": listing.plain_amount(order.lots),
        "orderPrice": listing.plain_price(order.ticks or one.last.ticks),
        "orderType": order.kind.value.capitalize(),
        "execType": "Trade",
        "closedSize": listing.plain_amount(one.lots),
        "openFee": short(entry_value * listing.row.taker_fee),
        "closeFee": short(money(one.fee)),
        "cumEntryValue": short(entry_value),
        "avgEntryPrice": short(entry),
        "cumExitValue": short(one.value),
        "avgExitPrice": short(exited),
        "closedPnl": short(money(one.realized - one.fee)),
        "fillCount": str(one.fills),
        "leverage": unpadded(counted(leverage, 2)),
        "createdTime": ms_text(call.time, order.created_ns),
        "updatedTime": ms_text(call.time, one.last.at_ns),
    }


def _price(listing: Listing, face: Decimal, value: Decimal) -> Decimal:
    return CONTEXT.divide(face, value) if listing.inverse else CONTEXT.divide(value, face)
