"""What was ordered and what came of it: one order, those that live, those that were, fills."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from venueproof_simulators.engine.state import LIVE, FillState, OrderState, OrderStatus
from venueproof_simulators.kit.parameters import Parameters
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.kit.statement import Entry
from venueproof_simulators.venues.okx.operations.desk import Call, Desk
from venueproof_simulators.venues.okx.operations.order_reading import KINDS
from venueproof_simulators.venues.okx.operations.orders import find
from venueproof_simulators.venues.okx.operations.parameters import instrument_type, limit
from venueproof_simulators.venues.okx.products import INSTRUMENT_TYPES, SWAP
from venueproof_simulators.venues.okx.wire.numbers import Document, bill_of, serial_of
from venueproof_simulators.venues.okx.wire.orders import STATES, fill_document, order_document

Rows = list[Document]
_T = TypeVar("_T")
_MS = 1_000_000
_LIVE_STATES = {"live": 1, "partially_filled": 1}
_ENDED_STATES = {"filled": 1, "canceled": 1, "mmp_canceled": 1}


def order(call: Call) -> Rows:
    """GET trade/order."""
    found = find(call, call.parameters, "order-id-missing", "unknown-order")
    return [document_of(call.desk, found, call)]


def document_of(desk: Desk, found: OrderState, call: Call) -> Document:
    """An order as it is told."""
    key = (found.instrument, found.order_id)
    return order_document(
        desk.listings[found.instrument], found, desk.keep.order(key), desk.keep.number(key), call.time
    )


def _wanted(call: Call, orders: Iterable[OrderState], states: dict[str, int]) -> list[OrderState]:
    """Those that the filters of a list leave. Raises `VenueError`."""
    sent, listings = call.parameters, call.desk.listings
    name, family = sent.raw("instId"), sent.raw("instFamily") or sent.raw("uly")
    kind = sent.option("ordType", {word: word for word in KINDS}, "not-valid", "")
    state = "" if not sent.has("state") else str(sent.raw("state"))
    if state and state not in states:
        raise VenueError("not-valid", parameter="state")
    return [
        one
        for one in orders
        if name in (None, one.instrument)
        and family in (None, listings[one.instrument].family)
        and state in ("", STATES[one.status])
        and (not kind or call.desk.keep.order((one.instrument, one.order_id)).kind == kind)
    ]


def page(
    sent: Parameters, rows: Sequence[_T], number: Callable[[_T], int], read: Callable[[str], int], most: int = 100
) -> list[_T]:
    """Of rows, newest first, those older than `after` and newer than `before`, both left out. Raises `VenueError`."""
    after, before = (_cursor(sent, name, read) for name in ("after", "before"))
    kept = [row for row in rows if (after is None or number(row) < after) and (before is None or number(row) > before)]
    return kept[: limit(sent, most)]


def _cursor(sent: Parameters, name: str, read: Callable[[str], int]) -> int | None:
    value = sent.raw(name)
    if value is None:
        return None
    if not value.isascii() or not value.isdigit():
        raise VenueError("not-valid", parameter=name)
    return read(value)


def pending(call: Call) -> Rows:
    """GET trade/orders-pending: newest first."""
    if instrument_type(call.parameters, INSTRUMENT_TYPES, mandatory=False) not in ("", SWAP):
        return []
    live = _wanted(call, call.desk.engine.live_orders(call.account.name), _LIVE_STATES)
    return _orders(call, live)


def _orders(call: Call, found: list[OrderState]) -> Rows:
    newest = sorted(found, key=lambda one: _serial(call.desk, one), reverse=True)
    chosen = page(call.parameters, newest, lambda one: _serial(call.desk, one), serial_of)
    return [document_of(call.desk, one, call) for one in chosen]


def _serial(desk: Desk, one: OrderState) -> int:
    return desk.keep.number((one.instrument, one.order_id))


def history(call: Call) -> Rows:
    """GET trade/orders-history: seven days; canceled without a fill, two hours."""
    return _history(call, "forget-history")


def archive(call: Call) -> Rows:
    """GET trade/orders-history-archive: three months."""
    return _history(call, "forget-all")


def _history(call: Call, retention: str) -> Rows:
    if instrument_type(call.parameters, INSTRUMENT_TYPES, mandatory=True) != SWAP:
        return []
    begin, end = call.parameters.period("begin", "end")
    ended = [
        one
        for one in call.desk.engine.orders(call.account.name)
        if one.status not in LIVE
        and one.status is not OrderStatus.ACKNOWLEDGED
        and _within(call, one, retention)
        and _between(one.created_ns // _MS, begin, end)
    ]
    return _orders(call, _wanted(call, ended, _ENDED_STATES))


def _within(call: Call, one: OrderState, retention: str) -> bool:
    ended_ns = call.desk.keep.ended.get((one.instrument, one.order_id), call.time.age_ns)
    row = call.desk.limits.named(retention)
    recent = call.time.age_ns - ended_ns <= row.limit * row.interval_s * 10**9
    return recent and not call.desk.forgotten(one, call.time)


def _between(ms: int, begin: int | None, end: int | None) -> bool:
    return (begin is None or ms >= begin) and (end is None or ms <= end)


# --- fills ------------------------------------------------------------------------------------------------------------


def fills(call: Call) -> Rows:
    """GET trade/fills: three days, newest first."""
    return _fills(call, "fills-recent", mandatory=False)


def fills_history(call: Call) -> Rows:
    """GET trade/fills-history: three months."""
    return _fills(call, "forget-all", mandatory=True)


def _fills(call: Call, retention: str, *, mandatory: bool) -> Rows:
    sent, desk = call.parameters, call.desk
    if instrument_type(sent, INSTRUMENT_TYPES, mandatory=mandatory) not in ("", SWAP):
        return []
    begin, end = sent.period("begin", "end")
    row = desk.limits.named(retention)
    oldest_ns = call.time.true_ns - row.limit * row.interval_s * 10**9
    found = [
        (entry, fill)
        for entry in reversed(desk.statement.of(call.account.name))
        if (fill := entry.fill) is not None
        and fill.at_ns >= oldest_ns
        and _between(fill.at_ns // _MS, begin, end)
        and _is_wanted(call, fill)
    ]
    chosen = page(sent, found, lambda one: one[0].number, bill_of)
    return [_fill(desk, entry, fill, call) for entry, fill in chosen]


def _is_wanted(call: Call, fill: FillState) -> bool:
    sent = call.parameters
    name, spelled = sent.raw("instId"), sent.raw("ordId")
    family = sent.raw("instFamily") or sent.raw("uly")
    key = call.desk.keep.key_of(serial_of(spelled)) if spelled else None
    return (
        name in (None, fill.instrument)
        and family in (None, call.desk.listings[fill.instrument].family)
        and (spelled is None or key == (fill.instrument, fill.order_id))
    )


def _fill(desk: Desk, entry: Entry, fill: FillState, call: Call) -> Document:
    key = (fill.instrument, fill.order_id)
    listing, prices = desk.listings[fill.instrument], desk.prices_at.get(entry.number, (0, 0))
    return fill_document(listing, entry.number, fill, prices, desk.keep.order(key), desk.keep.number(key), call.time)
