"""What the feeds of an account tell of the engine's events, at once: orders, fills, the account log."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from venueproof_simulators.engine.conditional_state import ConditionalState
from venueproof_simulators.engine.events import Cause, ConditionalCause, ConditionalChanged, Event, OrderChanged
from venueproof_simulators.engine.state import FillState, OrderState, OrderStatus
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.venues.kraken.operations.desk import Account, Desk, shown_id
from venueproof_simulators.venues.kraken.operations.histories import LOWER_CASE
from venueproof_simulators.venues.kraken.operations.order_queries import fill_uids, order_of
from venueproof_simulators.venues.kraken.wire import events as wire
from venueproof_simulators.venues.kraken.wire.account import log_document
from venueproof_simulators.venues.kraken.wire.numbers import Document
from venueproof_simulators.venues.kraken.wire.orders import fill_type, newest_first

NO_CLIENT_IDS = "kraken.ws.client-id-omitted"
SILENT_CANCEL = "kraken.ws.no-cancel-event"
FILLS_FIRST = "kraken.ws.event-order"
ORDER_FEEDS = ("open_orders", "open_orders_verbose")
_LOG_ROWS = 500


class AccountMessage(Struct, frozen=True):
    """One frame of one feed of an account. `topic` is the neutral word."""

    account: str
    feed: str
    document: Document
    topic: str
    symbol: str = ""


def account_messages(desk: Desk, events: Iterable[Event], time: VenueTime) -> list[AccountMessage]:
    """The frames that events make, in the order in which they are sent."""
    orders: list[AccountMessage] = []
    fills: list[AccountMessage] = []
    for event in events:
        if isinstance(event, OrderChanged):
            orders += _order_frames(desk, event, time)
            if event.fill is not None:
                fills.append(_fill_frame(desk, event, event.fill, time))
        elif isinstance(event, ConditionalChanged):
            orders += _trigger_frames(desk, event, time)
    return fills + orders if desk.switches.on(FILLS_FIRST) else orders + fills


# --- orders -----------------------------------------------------------------------------------------------------------


def _order_frames(desk: Desk, event: OrderChanged, time: VenueTime) -> list[AccountMessage]:
    order = event.order
    one, uid = desk.listings[order.instrument], desk.uid(order.instrument, order.order_id)
    reason, removed, full = _told(desk, event)
    if removed and not full and desk.switches.on(SILENT_CANCEL):
        return []
    shown = order_object(desk, order, time)
    frames: list[AccountMessage] = []
    for feed in ORDER_FEEDS:
        document = wire.removal_frame(feed, uid, reason)
        if full:
            document = wire.order_frame(feed, shown, reason, removed=removed)
        frames.append(AccountMessage(order.account, feed, document, "order", one.symbol))
    return frames


def _told(desk: Desk, event: OrderChanged) -> tuple[str, bool, bool]:
    """Why, whether the order is gone, and whether it is told in full."""
    order, cause = event.order, event.cause
    if cause is Cause.OPENED:
        return ("limit_order_from_stop" if order.conditional_id else "new_placed_order_by_user"), False, True
    if cause is Cause.AMENDED:
        return "edited_by_user", False, True
    if cause is Cause.FILLED:
        full = order.status is OrderStatus.FILLED
        return ("full_fill" if full else "partial_fill"), full, True
    if cause is Cause.REJECTED:
        return "not_enough_margin", True, False
    return desk.books.end_reason(order), True, False


def order_object(desk: Desk, order: OrderState, time: VenueTime) -> Document:
    """An order as it is streamed."""
    uid, own = desk.uid(order.instrument, order.order_id), _own(desk, order.client_id)
    return wire.order_object(desk.listings[order.instrument], order, uid, own, time)


def _trigger_frames(desk: Desk, event: ConditionalChanged, time: VenueTime) -> list[AccountMessage]:
    stop, cause = event.conditional, event.cause
    one, uid = desk.listings[stop.instrument], desk.stop_uid(stop)
    told = {
        ConditionalCause.OPENED: "new_placed_order_by_user",
        ConditionalCause.AMENDED: "edited_by_user",
        ConditionalCause.MOVED: "edited_by_user",
        ConditionalCause.ACTIVATED: "edited_by_user",
    }
    ends = {
        ConditionalCause.TRIGGERING: "stop_order_triggered",
        ConditionalCause.CANCELED: desk.books.stop_reason(stop),
        ConditionalCause.EXPIRED: desk.books.stop_reason(stop),
        ConditionalCause.REJECTED: desk.books.stop_reason(stop),
    }
    if cause in told:
        shown = trigger_object(desk, stop, time)
        documents = [wire.order_frame(feed, shown, told[cause]) for feed in ORDER_FEEDS]
    elif cause in ends and not (cause is ConditionalCause.CANCELED and desk.switches.on(SILENT_CANCEL)):
        documents = [wire.removal_frame(feed, uid, ends[cause]) for feed in ORDER_FEEDS]
    else:
        return []
    return [
        AccountMessage(stop.account, feed, document, "order", one.symbol)
        for feed, document in zip(ORDER_FEEDS, documents, strict=True)
    ]


def trigger_object(desk: Desk, stop: ConditionalState, time: VenueTime) -> Document:
    """An order that waits, as it is streamed."""
    own = _own(desk, stop.client_id)
    return wire.trigger_object(desk.listings[stop.instrument], stop, desk.stop_uid(stop), own, time)


def _own(desk: Desk, client_id: str) -> str | None:
    return None if desk.switches.on(NO_CLIENT_IDS) else shown_id(client_id)


# --- fills ------------------------------------------------------------------------------------------------------------


def _fill_frame(desk: Desk, event: OrderChanged, fill: FillState, time: VenueTime) -> AccountMessage:
    one, account = desk.listings[fill.instrument], desk.account(fill.account)
    own = _own(desk, fill.client_id)
    shown = wire.fill_object(one, fill, event.order, fill_uids(desk, fill), own, fill_type(fill, event.order), time)
    return AccountMessage(fill.account, "fills", wire.fills_frame(account.uid, [shown]), "fill", one.symbol)


# --- how things stand -------------------------------------------------------------------------------------------------


def snapshot(desk: Desk, feed: str, owner: Account, time: VenueTime) -> Document:
    """What a session is told when it subscribes."""
    if feed in ORDER_FEEDS:
        rows = [order_object(desk, order, time) for order in desk.engine.live_orders(owner.name)]
        rows += [trigger_object(desk, stop, time) for stop in desk.engine.waiting(owner.name)]
        return wire.orders_snapshot(feed, owner.uid, rows)
    if feed == "fills":
        return wire.fills_snapshot(owner.uid, _last_fills(desk, owner, time))
    if feed == "account_log":
        return {"feed": "account_log_snapshot", "logs": log_rows(desk, owner, 0, time)[-_LOG_ROWS:]}
    notices = [{"id": number, **notice} for number, notice in enumerate(owner.notices, 1)]
    return {"feed": "notifications_auth", "notifications": notices}


def _last_fills(desk: Desk, owner: Account, time: VenueTime) -> list[Document]:
    """The last fills, without clients' ids."""
    rows: list[Document] = []
    for fill in newest_first(desk.engine.fills(owner.name), desk.limits.named("fills").limit):
        order = order_of(desk, fill)
        one = desk.listings[fill.instrument]
        rows.append(wire.fill_object(one, fill, order, fill_uids(desk, fill), None, fill_type(fill, order), time))
    return rows


def log_rows(desk: Desk, owner: Account, after: int, time: VenueTime) -> list[Document]:
    """Rows of the account log after a number."""
    lower = desk.switches.on(LOWER_CASE)
    book = desk.books.of(owner.name)
    newer = book.log[len(book.log) - min(book.logged - after, len(book.log)) :]
    return [log_document(row, desk.seed, time, lower=lower) for row in newer]
