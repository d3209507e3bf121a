"""Orders as the trading routes tell them: events of a request, open orders, states, fills.

Source: the vendor's order management pages; recordings of nautilus_trader, Kraken.Net and ccxt.
"""

from __future__ import annotations

from collections.abc import Sequence

from venueproof_simulators.engine.conditional_state import (
    ConditionalState,
    ConditionalStatus,
    TriggerKind,
    WatchedPrice,
)
from venueproof_simulators.engine.state import (
    LIVE,
    FillState,
    OrderKind,
    OrderOrigin,
    OrderState,
    OrderStatus,
    Side,
    TimeInForce,
)
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.venues.kraken.wire.numbers import Document, Listing, iso, price, size

SIGNALS = {"mark": WatchedPrice.MARK, "index": WatchedPrice.INDEX, "last": WatchedPrice.LAST}
"""What a trigger may watch."""
_SIGNAL_NAMES = {watched: name for name, watched in SIGNALS.items()}
TRIGGERS = {
    "stp": TriggerKind.STOP,
    "take_profit": TriggerKind.TAKE,
    "trailing_stop": TriggerKind.TRAILING,
}
"""Order types that wait for a price."""
OPEN_TYPES = {TriggerKind.STOP: "stop", TriggerKind.TAKE: "take_profit", TriggerKind.TRAILING: "trailing_stop"}
"""What they are called where open orders are listed."""
_FORCED = frozenset({OrderOrigin.LIQUIDATION, OrderOrigin.DELEVERAGING})


def order_type(order: OrderState) -> str:
    """The type of an order; a market order is shown as one that is immediate."""
    if order.kind is OrderKind.MARKET or order.time_in_force is TimeInForce.IOC:
        return "ioc"
    if order.time_in_force is TimeInForce.FOK:
        return "fok"
    return "post" if order.post_only else "lmt"


def limit_ticks(order: OrderState) -> int:
    """The price of an order; of a market order the worst one."""
    return order.ticks or order.worst_ticks


def signal(watched: WatchedPrice) -> str:
    """What a trigger watches: `mark`."""
    return _SIGNAL_NAMES[watched]


def triggers_below(stop: ConditionalState) -> bool:
    """Whether it fires when the price falls."""
    return (stop.side is Side.SELL) is (stop.trigger is not TriggerKind.TAKE)


# --- events of a request ----------------------------------------------------------------------------------------------


def order_document(
    one: Listing, order: OrderState, uid: str, client_id: str | None, time: VenueTime, *, filled: int | None = None
) -> Document:
    """An order inside an event; `filled`: lots that had filled then."""
    ticks = limit_ticks(order)
    return {
        "orderId": uid,
        "cliOrdId": client_id,
        "type": order_type(order),
        "symbol": one.name,
        "side": order.side.value,
        "quantity": size(one, order.lots),
        "filled": size(one, order.filled_lots if filled is None else filled),
        "limitPrice": price(one, ticks) if ticks else None,
        "reduceOnly": order.reduce_only,
        "timestamp": iso(time, order.created_ns),
        "lastUpdateTimestamp": iso(time, order.updated_ns),
    }


def place_event(order: Document) -> Document:
    """An order rests."""
    return {"type": "PLACE", "order": order, "reducedQuantity": None}


def execution_event(one: Listing, fill: FillState, uid: str, before: Document) -> Document:
    """An order traded at once."""
    return {
        "type": "EXECUTION",
        "executionId": uid,
        "price": price(one, fill.ticks),
        "amount": size(one, fill.lots),
        "orderPriorEdit": None,
        "orderPriorExecution": before,
        "takerReducedQuantity": None,
    }


def reject_event(uid: str, reason: str, order: Document) -> Document:
    """An order was refused. Source: the vendor's page on sendorder."""
    return {"type": "REJECT", "uid": uid, "reason": reason, "order": order}


def cancel_event(uid: str, order: Document) -> Document:
    """An order was canceled."""
    return {"type": "CANCEL", "uid": uid, "order": order}


def edit_event(old: Document, new: Document) -> Document:
    """An order was changed."""
    return {"type": "EDIT", "old": old, "new": new, "reducedQuantity": None}


def trigger_document(
    one: Listing, stop: ConditionalState, uid: str, client_id: str | None, time: VenueTime
) -> Document:
    """An order that waits, inside an event."""
    return {
        "uid": uid,
        "clientId": client_id,
        "type": "lmt" if stop.kind is OrderKind.LIMIT else "ioc",
        "symbol": one.name,
        "side": stop.side.value,
        "quantity": size(one, stop.lots),
        "limitPrice": price(one, stop.ticks) if stop.ticks else None,
        "triggerPrice": price(one, stop.trigger_ticks),
        "triggerSide": "trigger_below" if triggers_below(stop) else "trigger_above",
        "triggerSignal": f"{signal(stop.watches)}_price",
        "reduceOnly": stop.reduce_only,
        "timestamp": iso(time, stop.created_ns),
        "lastUpdateTimestamp": iso(time, stop.updated_ns),
        "startTime": None,
    }


def trigger_event(kind: str, document: Document) -> Document:
    """One that waits was placed or canceled."""
    return {"type": kind, "orderTrigger": document}


def trigger_edit_event(old: Document, new: Document) -> Document:
    """One that waits was changed."""
    return {"type": "EDIT", "old": old, "new": new, "reducedQuantity": None}


# --- open orders ------------------------------------------------------------------------------------------------------


def open_order(one: Listing, order: OrderState, uid: str, client_id: str | None, time: VenueTime) -> Document:
    """A row of openorders."""
    named = {} if client_id is None else {"cliOrdId": client_id}
    return {
        "order_id": uid,
        **named,
        "symbol": one.name,
        "side": order.side.value,
        "orderType": order_type(order),
        "limitPrice": price(one, limit_ticks(order)),
        "unfilledSize": size(one, order.open_lots),
        "filledSize": size(one, order.filled_lots),
        "receivedTime": iso(time, order.created_ns),
        "lastUpdateTime": iso(time, order.updated_ns),
        "status": "partiallyFilled" if order.filled_lots else "untouched",
        "reduceOnly": order.reduce_only,
    }


def open_trigger(one: Listing, stop: ConditionalState, uid: str, client_id: str | None, time: VenueTime) -> Document:
    """The same of an order that waits; one at market has no limit price."""
    named = {} if client_id is None else {"cliOrdId": client_id}
    limit = {"limitPrice": price(one, stop.ticks)} if stop.ticks else {}
    return {
        "order_id": uid,
        **named,
        "symbol": one.name,
        "side": stop.side.value,
        "orderType": OPEN_TYPES[stop.trigger],
        **limit,
        "stopPrice": price(one, stop.trigger_ticks),
        "unfilledSize": size(one, stop.lots),
        "filledSize": size(one, 0),
        "receivedTime": iso(time, stop.created_ns),
        "lastUpdateTime": iso(time, stop.updated_ns),
        "status": "untouched",
        "reduceOnly": stop.reduce_only,
        "triggerSignal": signal(stop.watches),
    }


# --- states -----------------------------------------------------------------------------------------------------------


def order_state(
    one: Listing, order: OrderState, uid: str, client_id: str | None, reason: str, time: VenueTime
) -> Document:
    """A row of orders/status."""
    document = {
        "type": "ORDER",
        **{key: value for key, value in order_document(one, order, uid, client_id, time).items() if key != "type"},
        "priceTriggerOptions": None,
        "triggerTime": None,
        "algoId": None,
    }
    status, error = _status(order)
    update = "PARTIAL_FILL" if order.status is OrderStatus.PARTLY_FILLED else reason.upper() or None
    return {"order": document, "status": status, "updateReason": update, "error": error}


def _status(order: OrderState) -> tuple[str, str | None]:
    if order.status in LIVE:
        return "ENTERED_BOOK", None
    if order.status is OrderStatus.FILLED:
        return "FULLY_EXECUTED", None
    if order.status is OrderStatus.EXPIRED and not order.filled_lots and order.time_in_force is not TimeInForce.GTC:
        return "REJECTED", "IOC_WOULD_NOT_EXECUTE"
    return ("REJECTED", order.reason.upper()) if order.status is OrderStatus.REJECTED else ("CANCELLED", None)


_TRIGGER_STATUSES = {
    ConditionalStatus.ACKNOWLEDGED: "TRIGGER_PLACED",
    ConditionalStatus.WAITING: "TRIGGER_PLACED",
    ConditionalStatus.TRIGGERING: "TRIGGER_PLACED",
    ConditionalStatus.REJECTED: "TRIGGER_ACTIVATION_FAILURE",
}


def trigger_state(
    one: Listing, stop: ConditionalState, uid: str, client_id: str | None, reason: str, time: VenueTime
) -> Document:
    """The same of an order that waits, or never became one."""
    document: Document = {
        "type": "TRIGGER_ORDER",
        "orderId": uid,
        "cliOrdId": client_id,
        "symbol": one.name,
        "side": stop.side.value,
        "quantity": size(one, stop.lots),
        "filled": size(one, 0),
        "limitPrice": price(one, stop.ticks) if stop.ticks else None,
        "reduceOnly": stop.reduce_only,
        "timestamp": iso(time, stop.created_ns),
        "lastUpdateTimestamp": iso(time, stop.updated_ns),
        "priceTriggerOptions": {
            "triggerPrice": price(one, stop.trigger_ticks),
            "triggerSide": "TRIGGER_BELOW" if triggers_below(stop) else "TRIGGER_ABOVE",
            "triggerSignal": f"{signal(stop.watches).upper()}_PRICE",
        },
        "triggerTime": None,
        "algoId": None,
    }
    failed = stop.status is ConditionalStatus.REJECTED
    return {
        "order": document,
        "status": _TRIGGER_STATUSES.get(stop.status, "CANCELLED"),
        "updateReason": reason.upper() or None,
        "error": stop.reason.replace("-", "_").upper() if failed else None,
    }


# --- fills ------------------------------------------------------------------------------------------------------------


def fill_type(fill: FillState, order: OrderState | None) -> str:
    """What part an order had in a trade."""
    if order is not None and order.origin in _FORCED:
        return "liquidation"
    if fill.maker:
        return "maker"
    return "takerAfterEdit" if order is not None and order.amendments else "taker"


def fill_document(
    one: Listing, fill: FillState, uids: tuple[str, str], client_id: str | None, kind: str, time: VenueTime
) -> Document:
    """A row of fills; `uids` are those of the trade and of the order."""
    named = {} if client_id is None else {"cliOrdId": client_id}
    return {
        "fill_id": uids[0],
        "symbol": one.name,
        "side": fill.side.value,
        "order_id": uids[1],
        **named,
        "size": size(one, fill.lots),
        "price": price(one, fill.ticks),
        "fillTime": iso(time, fill.at_ns),
        "fillType": kind,
    }


def newest_first(fills: Sequence[FillState], most: int) -> list[FillState]:
    """The last so many fills, newest first."""
    return sorted(fills, key=lambda fill: fill.at_ns)[::-1][:most]
