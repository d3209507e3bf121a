"""Asking for orders, fills, and what fills brought in."""

from __future__ import annotations

from collections.abc import Iterable

from venueproof_simulators.engine.state import LIVE, OrderOrigin, OrderState
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.documents import Document
from venueproof_simulators.kit.numbers import wire_ms
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.binance.operations.desk import Call
from venueproof_simulators.venues.binance.operations.orders import find_order
from venueproof_simulators.venues.binance.operations.stops import stop_orders
from venueproof_simulators.venues.binance.wire.numbers import Listing
from venueproof_simulators.venues.binance.wire.orders import (
    FORCED,
    INCOME_TYPES,
    amendment_documents,
    fill_document,
    forced_document,
    income_documents,
    listed_document,
    order_document,
    payment_document,
)

_INCOME_TYPES = frozenset(
    {
        "TRANSFER",
        "WELCOME_BONUS",
        "REALIZED_PNL",
        "FUNDING_FEE",
        "COMMISSION",
        "INSURANCE_CLEAR",
        "REFERRAL_KICKBACK",
        "COMMISSION_REBATE",
        "API_REBATE",
        "CONTEST_REWARD",
        "CROSS_COLLATERAL_TRANSFER",
        "OPTIONS_PREMIUM_FEE",
        "OPTIONS_SETTLE_PROFIT",
        "INTERNAL_TRANSFER",
        "AUTO_EXCHANGE",
        "DELIVERED_SETTELMENT",
        "COIN_SWAP_DEPOSIT",
        "COIN_SWAP_WITHDRAW",
        "POSITION_LIMIT_INCREASE_FEE",
        "STRATEGY_UMFUTURES_TRANSFER",
        "FEE_RETURN",
        "BFUSD_REWARD",
    }
)
_SPAN_DAYS = 7
_FORCED = {
    "LIQUIDATION": frozenset({OrderOrigin.LIQUIDATION}),
    "ADL": frozenset({OrderOrigin.DELEVERAGING}),
}
_DAY_MS = 86_400_000


def order(call: Call) -> Document:
    """GET order."""
    listing = call.listing()
    return _document(call, listing, find_order(call, listing, "unknown-order-query"))


def open_order(call: Call) -> Document:
    """GET openOrder: one order, as long as it is open."""
    listing = call.listing()
    found = find_order(call, listing, "unknown-order-query")
    if found.status not in LIVE:
        raise VenueError("unknown-order-query")
    return _document(call, listing, found)


def open_orders(call: Call) -> list[Document]:
    """GET openOrders: of one symbol, of one pair or of all; those of the algo service are never among them."""
    return [
        _document(call, listing, order)
        for listing in call.listings_or_pair()
        for order in (
            *call.desk.engine.live_orders(call.account.name, listing.name),
            *stop_orders(call, listing, live=True),
        )
    ]


def all_orders(call: Call) -> list[Document]:
    """GET allOrders: ascending by id, of one week unless asked for by id.

    Without a symbol USDⓈ-M futures list orders of both products (vendor's change log of 2026-08-25; ccxt 4.5.90).
    """
    if call.product.by_pair:
        wanted = _of_named(call, ("orderId",))
    else:
        one = call.listing_or_none()
        wanted = list(call.desk.listings.values()) if one is None else [one]
    asked_ms, _ = call.parameters.period_ms()
    limit = call.parameters.limit(500, 1000)
    least_id = call.parameters.integer("orderId")
    span = span_ms(call, by_id=least_id is not None)
    rows = [
        (listing, order)
        for listing in wanted
        for order in _remembered(call, listing)
        if chosen(call, order.created_ns, order.order_id, span, least_id)
    ]
    rows.sort(key=lambda row: (row[1].created_ns, row[1].order_id))
    shown = rows[:limit] if least_id is not None or asked_ms is not None else rows[-limit:]
    return [listed_document(listing, order, call.desk.notes.of(order), call.time) for listing, order in shown]


def chosen(call: Call, created_ns: int, own_id: int, span: tuple[int | None, int | None], least_id: int | None) -> bool:
    """Whether an order was made in the time asked for, and has none of the lower ids."""
    return _within(wire_ms(call.time, created_ns), *span) and (least_id is None or own_id >= least_id)


def amendments(call: Call) -> list[Document]:
    """GET orderAmendment: the last changes of an order, ascending, within the times that are given."""
    listing = call.listing()
    found = find_order(call, listing, "unknown-order-query")
    span, limit = call.parameters.period_ms(), call.parameters.limit(50, 100)
    rows = amendment_documents(listing, found, call.desk.notes.of(found), call.time)
    return [row for row in rows if _within(int(row["time"]), *span)][-limit:]


def forced_orders(call: Call) -> list[Document]:
    """GET forceOrders: orders by which the venue closed the caller's positions, ascending."""
    origins = call.parameters.option("autoCloseType", _FORCED, "not-valid", FORCED)
    limit = call.parameters.limit(50, 100)
    start_ms, end_ms = call.parameters.period_ms()
    if start_ms is None:
        start_ms = (call.time.wire_ms if end_ms is None else end_ms) - call.product.forced_days * _DAY_MS
    rows = [
        (order.created_ns, forced_document(listing, order, call.desk.notes.of(order), call.time))
        for listing in call.listings()
        for order in call.desk.engine.orders(call.account.name, listing.name)
        if order.origin in origins and chosen(call, order.created_ns, order.order_id, (start_ms, end_ms), None)
    ]
    rows.sort(key=lambda row: row[0])
    return [row for _, row in rows[-limit:]]


def fills(call: Call) -> list[Document]:
    """GET userTrades: ascending by id, of one week unless asked for by id, and of no more than three months."""
    wanted = _of_named(call, ("fromId", "orderId")) if call.product.by_pair else [call.listing()]
    asked_ms, until_ms = call.parameters.period_ms()
    limit = call.parameters.limit(500, 1000)
    from_id = call.parameters.integer("fromId")
    if from_id is not None and (asked_ms is not None or until_ms is not None):
        raise VenueError("parameter-combination")
    order_id = call.parameters.integer("orderId")
    start_ms, end_ms = span_ms(call, by_id=from_id is not None or order_id is not None)
    kept_ns = _kept_ns(call, "forget-trades")
    rows = [
        (listing, fill)
        for listing in wanted
        for fill in call.desk.engine.fills(call.account.name, listing.name)
        if fill.at_ns >= kept_ns
        and _within(wire_ms(call.time, fill.at_ns), start_ms, end_ms)
        and (from_id is None or fill.trade_id >= from_id)
        and (order_id is None or fill.order_id == order_id)
    ]
    rows.sort(key=lambda row: (row[1].at_ns, row[1].trade_id))
    shown = rows[:limit] if from_id is not None or asked_ms is not None else rows[-limit:]
    return [fill_document(listing, fill, call.time) for listing, fill in shown]


def _of_named(call: Call, of_one_symbol: Iterable[str]) -> list[Listing]:
    """The contracts of the symbol or pair that must be named; ids are those of one symbol, and go with no pair.

    Source: the vendor's COIN-M pages of allOrders and userTrades; which code a clash has is inferred from its text.
    """
    sent = call.parameters
    if sent.has("pair") and any(sent.has(name) for name in ("symbol", *of_one_symbol)):
        raise VenueError("parameter-combination")
    return call.listings_or_pair() if sent.has("pair") else [call.listing()]


def income(call: Call) -> list[Document]:
    """GET income: what fills earned and cost, and what was paid in and out, ascending. Without times the last week."""
    kind = call.parameters.word("incomeType", _INCOME_TYPES, "not-valid", "")
    asked_ms, end_ms = call.parameters.period_ms(call.product.income_days_max)
    limit = call.parameters.limit(100, 1000)
    page = call.parameters.integer("page")
    start_ms = _week_ago_ms(call) if asked_ms is None and end_ms is None else asked_ms
    kept_ns = _kept_ns(call, "forget-income")
    rows = [
        row
        for at_ns, found, row in sorted(_income(call), key=lambda one: one[0])
        if kind in {"", found} and at_ns >= kept_ns and _within(int(row["time"]), start_ms, end_ms)
    ]
    if page is not None:
        return rows[max(0, page - 1) * limit :][:limit]
    return rows[:limit] if asked_ms is not None else rows[-limit:]


def _income(call: Call) -> Iterable[tuple[int, str, Document]]:
    """Every (when, incomeType, row), in no order of time."""
    wanted = call.listings()
    for place, listing in enumerate(call.desk.listings.values()):
        for fill in call.desk.engine.fills(call.account.name, listing.name) if listing in wanted else ():
            for kind, row in income_documents(listing, fill, place, call.time):
                yield fill.at_ns, kind, row
    names = {listing.name for listing in wanted} | ({""} if not call.parameters.has("symbol") else set[str]())
    for number, paid in call.desk.cash.payments(call.account.name):
        if paid.balance.asset in call.product.money and paid.instrument in names:
            kind = INCOME_TYPES[paid.cause]
            yield paid.balance.updated_ns, kind, payment_document(paid, call.product, number, call.time)


def span_ms(call: Call, *, by_id: bool) -> tuple[int | None, int | None]:
    """The week a list is about: the one asked for, the one from a start or up to an end, else the last.

    Asked for by an id alone, it is not bound to any.
    """
    start_ms, end_ms = call.parameters.period_ms(_SPAN_DAYS)
    if start_ms is not None:
        return start_ms, start_ms + _SPAN_DAYS * _DAY_MS if end_ms is None else end_ms
    if end_ms is not None:
        return end_ms - _SPAN_DAYS * _DAY_MS, end_ms
    return None if by_id else _week_ago_ms(call), None


def _week_ago_ms(call: Call) -> int:
    return call.time.wire_ms - _SPAN_DAYS * _DAY_MS


def _kept_ns(call: Call, limit: str) -> int:
    """What happened earlier is not told any more."""
    return call.time.true_ns - call.desk.limits.named(limit).limit * _DAY_MS * 1_000_000


def _remembered(call: Call, listing: Listing) -> list[OrderState]:
    found = [*call.desk.engine.orders(call.account.name, listing.name), *stop_orders(call, listing)]
    return [order for order in found if call.desk.notes.remembers(order, call.time)]


def _within(at_ms: int, start_ms: int | None, end_ms: int | None) -> bool:
    return (start_ms is None or at_ms >= start_ms) and (end_ms is None or at_ms <= end_ms)


def _document(call: Call, listing: Listing, order: OrderState) -> Document:
    time: VenueTime = call.time
    return order_document(listing, order, call.desk.notes.of(order), time)
