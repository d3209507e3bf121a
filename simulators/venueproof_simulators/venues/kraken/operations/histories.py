"""Histories: of an account (orders, triggers, executions, positions, log) and of the public market, in pages.

A page says where the next one begins: its token holds the number of the last element that was told.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence, Set
from typing import TypeVar

from venueproof_simulators.engine.state import TradeState
from venueproof_simulators.kit.numbers import wire_ms
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.kraken.operations import books
from venueproof_simulators.venues.kraken.operations.books import Entry, LogRow
from venueproof_simulators.venues.kraken.operations.desk import Call, shown_id
from venueproof_simulators.venues.kraken.operations.market import last_trades
from venueproof_simulators.venues.kraken.wire import history as wire
from venueproof_simulators.venues.kraken.wire import market as market_wire
from venueproof_simulators.venues.kraken.wire.account import log_document
from venueproof_simulators.venues.kraken.wire.numbers import Document, Listing, trade_uid

LOWER_CASE = "kraken.symbol.case-drift"
_SORTS = {"asc": False, "desc": True}
_CHANGES = {
    "opened": "open",
    "increased": "increase",
    "decreased": "decrease",
    "closed": "close",
    "reversed": "reverse",
}
_Row = TypeVar("_Row", Entry, LogRow)


# --- pages ------------------------------------------------------------------------------------------------------------


def _token(number: int) -> str:
    return base64.urlsafe_b64encode(f"after-{number}".encode()).decode().rstrip("=")


def _after(call: Call) -> int | None:
    """The number that a continuation token holds. Raises `VenueError`."""
    token = call.parameters.raw("continuation_token") or call.parameters.raw("continuationToken")
    if not token:
        return None
    try:
        text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
        return int(text.removeprefix("after-"))
    except (binascii.Error, ValueError) as fault:
        raise VenueError("not-valid", parameter="continuation_token") from fault


def _page(call: Call, rows: Sequence[_Row], most: int) -> tuple[list[_Row], str]:
    """The rows of a page, and the token of the next one (empty: there is none)."""
    since, before = call.parameters.period("since", "before")
    newest_first = call.parameters.option("sort", _SORTS, "not-valid", default=True)
    count = call.parameters.within("count", 1, 10**9, most)
    after = _after(call)
    found = [row for row in rows if _within(call, row.at_ns, since, before) and _comes(row.number, after, newest_first)]
    if newest_first:
        found.reverse()
    page = found[: min(count, most)]
    return page, _token(page[-1].number) if len(found) > len(page) else ""


def _within(call: Call, at_ns: int, since: int | None, before: int | None) -> bool:
    at_ms = wire_ms(call.time, at_ns)
    return (since is None or at_ms >= since) and (before is None or at_ms < before)


def _comes(number: int, after: int | None, newest_first: bool) -> bool:
    return after is None or (number < after if newest_first else number > after)


# --- of an account ----------------------------------------------------------------------------------------------------


def orders(call: Call) -> Document:
    """GET orders."""
    return _elements(call, books.ORDERS)


def triggers(call: Call) -> Document:
    """GET triggers."""
    return _elements(call, books.TRIGGERS)


def executions(call: Call) -> Document:
    """GET executions."""
    return _elements(call, books.EXECUTIONS)


def positions(call: Call) -> Document:
    """GET positions: all updates, or those of the kinds that are asked for."""
    wanted = {change for name, change in _CHANGES.items() if call.parameters.flag(name)}
    return _elements(call, books.POSITIONS, wanted)


def _elements(call: Call, kind: str, changes: Set[str] = frozenset()) -> Document:
    entries = call.desk.books.of(call.account.name).entries[kind]
    name = call.parameters.raw("tradeable")
    if name:
        found = call.desk.listing(name).name
        entries = [entry for entry in entries if entry.instrument == found]
    if changes:
        entries = [entry for entry in entries if wire.change_of(entry) in changes]
    page, token = _page(call, entries, call.desk.limits.named("account-history").limit)
    rows = [_element(call, entry) for entry in page]
    document: Document = {"accountUid": call.account.uid, "len": len(rows), "elements": rows}
    return document | ({"continuationToken": token} if token else {})


def _element(call: Call, entry: Entry) -> Document:
    desk, account, time = call.desk, call.account.uid, call.time
    one = desk.listings[entry.instrument]
    content: Document
    if entry.before is not None:
        content = wire.position_content(one, entry, account, desk.seed, time)
    elif entry.stop is not None:
        stop = entry.stop
        order = wire.trigger_element(one, stop, desk.stop_uid(stop), shown_id(stop.client_id) or "", account, time)
        content = {"order": order, "reason": entry.reason}
    elif entry.kind == "Execution":
        own, old = _order(call, one, entry), _old(call, one, entry)
        content = wire.execution_content(entry, own, old, _met(call, one, entry))
    else:
        content = _order_content(call, one, entry)
    return wire.element(entry, content, account, desk.seed, time)


def _met(call: Call, one: Listing, entry: Entry) -> Document:
    """The execution of an entry as everybody sees it."""
    assert entry.fill is not None
    engine, number = call.desk.engine, entry.fill.trade_id
    (trade,) = engine.trades(one.name, call.time.true_ns, limit=1, from_id=number)
    mark = engine.mark_nano_ticks(one.name, trade.at_ns)
    return market_wire.execution(one, trade, mark, call.desk.seed, call.time)


def _order_content(call: Call, one: Listing, entry: Entry) -> Document:
    ends: Document = {"reason": entry.reason, "reducedQuantity": ""}
    if entry.kind != "OrderUpdated":
        return {"order": _order(call, one, entry), **ends, "algoId": ""}
    content: Document = {"newOrder": _order(call, one, entry), "oldOrder": _old(call, one, entry), **ends}
    if entry.fill is not None:
        content["executionUid"] = trade_uid(call.desk.seed, one.name, entry.fill.trade_id)
    return content


def _order(call: Call, one: Listing, entry: Entry) -> Document:
    order, desk = entry.order, call.desk
    if order is None:
        return {}
    uid, own = desk.uid(one.name, order.order_id), shown_id(order.client_id) or ""
    return wire.order_element(one, order, uid, own, call.account.uid, call.time)


def _old(call: Call, one: Listing, entry: Entry) -> Document:
    order, desk = entry.old, call.desk
    if order is None:
        return {}
    uid, own = desk.uid(one.name, order.order_id), shown_id(order.client_id) or ""
    return wire.order_element(one, order, uid, own, call.account.uid, call.time)


def account_log(call: Call) -> Document:
    """GET account-log: `from` and `to` are numbers of rows."""
    rows = call.desk.books.of(call.account.name).log
    first, last = call.parameters.period("from", "to")
    info = call.parameters.raw("info")
    found = [
        row
        for row in rows
        if (first is None or row.number >= first)
        and (last is None or row.number <= last)
        and (not info or row.info == info)
    ]
    page, _ = _page(call, found, call.desk.limits.named("account-log").limit)
    lower = call.desk.switches.on(LOWER_CASE)
    return {
        "accountUid": call.account.uid,
        "logs": [log_document(row, call.desk.seed, call.time, lower=lower) for row in page],
    }


# --- of the market ----------------------------------------------------------------------------------------------------

Shape = Callable[[Call, Listing, TradeState], Document]


def market_executions(call: Call) -> Document:
    """GET market/{symbol}/executions: newest first."""
    return _market(call, _execution)


def market_orders(call: Call) -> Document:
    """GET market/{symbol}/orders: orders that took something."""
    return _market(call, _placed)


def _execution(call: Call, one: Listing, trade: TradeState) -> Document:
    mark = call.desk.engine.mark_nano_ticks(one.name, trade.at_ns)
    return market_wire.execution_element(one, trade, mark, call.desk.seed, call.time)


def _placed(call: Call, one: Listing, trade: TradeState) -> Document:
    return market_wire.placed_element(one, trade, call.desk.seed, call.time)


def _listed(call: Call) -> Listing:
    found = call.desk.listings.get(call.segments["symbol"].upper())
    if found is None:
        raise VenueError("contract", parameter="symbol")
    return found


def _market(call: Call, shape: Shape) -> Document:
    one, most = _listed(call), call.desk.limits.named("public-history").limit
    given = call.parameters
    since, before = given.period("since", "before")
    oldest_first = not given.option("sort", _SORTS, "not-valid", default=True)
    count = min(given.within("count", 1, 10**9, most), most)
    ahead_ns = call.time.wire_ns - call.time.true_ns
    start_ns = None if since is None else since * 1_000_000 - ahead_ns
    end_ns = None if before is None else before * 1_000_000 - 1 - ahead_ns
    after = _after(call)
    if oldest_first and start_ns is not None:
        found = call.desk.engine.trades(
            one.name, call.time.true_ns, limit=count + 1, start_ns=start_ns, end_ns=end_ns, from_id=_next(after)
        )
        found = [trade for trade in found if end_ns is None or trade.at_ns <= end_ns]
    else:
        found = _newest(call, one, count + 1, end_ns, after)
        found = [trade for trade in found if start_ns is None or trade.at_ns >= start_ns][::-1]
    page = found[:count]
    token = {"continuationToken": _token(page[-1].trade_id)} if len(found) > count else {}
    return {"elements": [shape(call, one, trade) for trade in page], "len": len(page), **token}


def _next(after: int | None) -> int | None:
    return None if after is None else after + 1


def _newest(call: Call, one: Listing, count: int, end_ns: int | None, after: int | None) -> list[TradeState]:
    """The newest trades, oldest first: up to a moment, or before a number."""
    if after is None:
        return last_trades(call, one, count, end_ns)
    first = max(1, after - count)
    return call.desk.engine.trades(one.name, call.time.true_ns, limit=after - first, from_id=first)


def market_prices(call: Call) -> Document:
    """GET market/{symbol}/price: where mark was, minute by minute, newest first."""
    one, most = _listed(call), call.desk.limits.named("public-history").limit
    since, before = call.parameters.period("since", "before")
    count = min(call.parameters.within("count", 1, 10**9, most), most)
    ahead_ns = call.time.wire_ns - call.time.true_ns
    found = call.desk.engine.candles(
        one.name,
        "1m",
        call.time.true_ns,
        start_ns=None if since is None else since * 1_000_000 - ahead_ns,
        end_ns=None if before is None else before * 1_000_000 - ahead_ns,
        limit=count,
    )
    rows = [market_wire.price_element(one, candle, call.desk.seed, call.time) for candle in reversed(found)]
    return {"elements": rows, "len": len(rows)}
