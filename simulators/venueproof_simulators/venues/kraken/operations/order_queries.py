"""Open orders, states of orders, fills."""

from __future__ import annotations

from datetime import datetime

from venueproof_simulators.engine.conditional_state import ConditionalState, ConditionalStatus
from venueproof_simulators.engine.state import LIVE, FillState, OrderState
from venueproof_simulators.host.decimals import money
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.kraken.operations.desk import Call, Desk, TurnedAway, shown_id
from venueproof_simulators.venues.kraken.wire import orders as wire
from venueproof_simulators.venues.kraken.wire.numbers import Document, trade_uid, trimmed

FILL_FEES = "kraken.fill.rest-no-fee"
_FIRED = frozenset({ConditionalStatus.TRIGGERED, ConditionalStatus.FINISHED})


def open_orders(call: Call) -> Document:
    """GET openorders: newest first; one that is held back is not among them."""
    desk, time = call.desk, call.time
    rows: list[tuple[int, Document]] = []
    for order in desk.engine.live_orders(call.account.name):
        one, uid = desk.listings[order.instrument], desk.uid(order.instrument, order.order_id)
        rows.append((order.created_ns, wire.open_order(one, order, uid, shown_id(order.client_id), time)))
    for stop in desk.engine.waiting(call.account.name):
        one, uid = desk.listings[stop.instrument], desk.stop_uid(stop)
        rows.append((stop.created_ns, wire.open_trigger(one, stop, uid, shown_id(stop.client_id), time)))
    return {"openOrders": [row for _, row in sorted(rows, key=lambda row: row[0])[::-1]]}


def states(call: Call) -> Document:
    """GET and POST orders/status: orders that live, or ended within the last five seconds."""
    uids = [uid.lower() for uid in _named(call, "orderIds")]
    uids += [call.desk.own_uid(call.account.name, own) for own in _named(call, "cliOrdIds")]
    if not uids:
        raise VenueError("missing", parameter="orderIds")
    return {"orders": [row for uid in dict.fromkeys(uids) if (row := _state(call, uid)) is not None]}


def _named(call: Call, name: str) -> list[str]:
    return call.parameters.words(name) if call.parameters.has(name) else []


def _state(call: Call, uid: str) -> Document | None:
    desk, account, time = call.desk, call.account.name, call.time
    held = desk.held.get(uid)
    if held is not None and held.command.account == account:
        one, own = desk.listings[held.command.instrument], shown_id(held.command.client_id)
        return wire.order_state(one, held.shown, uid, own, "loading_market", time)
    refused = desk.refused.get(uid)
    if refused is not None and refused.order.account == account:
        return _refused_state(call, refused)
    stop, order = desk.stop(account, uid), desk.order(account, uid)
    if stop is not None and stop.status not in _FIRED:
        return _trigger_state(call, stop, uid)
    if order is None or not _is_told(call, order.instrument, order.order_id, lives=order.status in LIVE):
        return None
    reason = "" if order.status in LIVE else desk.books.end_reason(order)
    return wire.order_state(desk.listings[order.instrument], order, uid, shown_id(order.client_id), reason, time)


def _refused_state(call: Call, refused: TurnedAway) -> Document | None:
    window_ns = call.desk.limits.named("status-window").interval_s * 10**9
    if call.time.age_ns - refused.age_ns > window_ns:
        return None
    one, own = call.desk.listings[refused.order.instrument], shown_id(refused.order.client_id)
    return wire.order_state(one, refused.order, refused.uid, own, refused.reason, call.time)


def _trigger_state(call: Call, stop: ConditionalState, uid: str) -> Document | None:
    waits = stop.status in {ConditionalStatus.WAITING, ConditionalStatus.TRIGGERING}
    if not _is_told(call, stop.instrument, -stop.conditional_id, lives=waits):
        return None
    one, own = call.desk.listings[stop.instrument], shown_id(stop.client_id)
    return wire.trigger_state(one, stop, uid, own, call.desk.books.stop_reason(stop), call.time)


def _is_told(call: Call, instrument: str, number: int, *, lives: bool) -> bool:
    """Whether an order is told of still."""
    ended_ns = call.desk.books.ended_ns(instrument, number)
    window_ns = call.desk.limits.named("status-window").interval_s * 10**9
    return lives or (ended_ns is not None and call.time.age_ns - ended_ns <= window_ns)


# --- fills ------------------------------------------------------------------------------------------------------------


def fills(call: Call) -> Document:
    """GET fills: the last hundred, newest first; with `lastFillTime` those before it."""
    before_ns = _moment_ns(call, "lastFillTime")
    found = call.desk.engine.fills(call.account.name)
    if before_ns is not None:
        found = [fill for fill in found if _at(call, fill) < before_ns]
    newest = wire.newest_first(found, call.desk.limits.named("fills").limit)
    return {"fills": [_fill(call, fill) for fill in newest]}


def _at(call: Call, fill: FillState) -> int:
    """When a fill was, on the venue's clock."""
    return fill.at_ns + call.time.wire_ns - call.time.true_ns


def _moment_ns(call: Call, name: str) -> int | None:
    """A time as ISO text, on the venue's clock. Raises `VenueError`."""
    text = call.parameters.raw(name)
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as fault:
        raise VenueError("not-valid", parameter=name) from fault
    if moment.tzinfo is None:
        raise VenueError("not-valid", parameter=name)
    return int(moment.timestamp() * 1000) * 1_000_000


def _fill(call: Call, fill: FillState) -> Document:
    desk = call.desk
    one, uids = desk.listings[fill.instrument], fill_uids(desk, fill)
    order = order_of(desk, fill)
    document = wire.fill_document(one, fill, uids, shown_id(fill.client_id), wire.fill_type(fill, order), call.time)
    if desk.switches.on(FILL_FEES):
        document |= {"fee_paid": trimmed(money(fill.fee_atoms)), "fee_currency": fill.fee_asset}
    return document


def fill_uids(desk: Desk, fill: FillState) -> tuple[str, str]:
    """The ids of a fill and of its order."""
    return trade_uid(desk.seed, fill.instrument, fill.trade_id), desk.uid(fill.instrument, fill.order_id)


def order_of(desk: Desk, fill: FillState) -> OrderState | None:
    """The order that filled."""
    return desk.engine.order(fill.account, fill.instrument, fill.order_id)
