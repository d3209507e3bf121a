"""Orders: one row for REST and for the stream, which spell them nearly alike.

Source: the vendor's pages on open orders, order history and the order stream; recorded rows.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from venueproof_simulators.engine.conditional_state import ConditionalState, ConditionalStatus
from venueproof_simulators.engine.liquidation import LIQUIDATED
from venueproof_simulators.engine.matching import (
    IMMEDIATE_OR_CANCEL,
    NO_LIQUIDITY,
    REDUCE_ONLY,
    SELF_TRADE,
    WORST_PRICE,
)
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.engine.state import OrderKind, OrderOrigin, OrderState, OrderStatus, TimeInForce
from venueproof_simulators.engine.triggers import POSITION_CLOSED
from venueproof_simulators.host.decimals import plain
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.documents import Document
from venueproof_simulators.venues.bybit.wire.numbers import INDEXES, Listing, ms_text, short
from venueproof_simulators.venues.bybit.wire.order_notes import OrderNote, Stop

TERMINAL = frozenset({"Filled", "Cancelled", "Rejected", "Deactivated"})
"""Statuses in which nothing more happens to an order."""
_STATUSES: dict[OrderStatus, str] = {
    OrderStatus.ACKNOWLEDGED: "New",
    OrderStatus.OPEN: "New",
    OrderStatus.PARTLY_FILLED: "PartiallyFilled",
    OrderStatus.FILLED: "Filled",
    OrderStatus.CANCELED: "Cancelled",
    OrderStatus.EXPIRED: "Cancelled",
    OrderStatus.REJECTED: "Cancelled",
}
_WAITING_STATUSES: dict[ConditionalStatus, str] = {
    ConditionalStatus.ACKNOWLEDGED: "Untriggered",
    ConditionalStatus.WAITING: "Untriggered",
    ConditionalStatus.TRIGGERING: "Triggered",
    ConditionalStatus.TRIGGERED: "Triggered",
    ConditionalStatus.FINISHED: "Triggered",
    ConditionalStatus.CANCELED: "Deactivated",
    ConditionalStatus.EXPIRED: "Deactivated",
    ConditionalStatus.REJECTED: "Rejected",
}
_LASTING = {TimeInForce.GTC: "GTC", TimeInForce.IOC: "IOC", TimeInForce.FOK: "FOK"}
_REJECTIONS = {
    Refusal.WOULD_CROSS: "EC_PostOnlyWillTakeLiquidity",
    Refusal.NOT_FILLABLE: "EC_NoEnoughQtyToFill",
    Refusal.NO_LIQUIDITY: "EC_NoImmediateQtyToFill",
    NO_LIQUIDITY: "EC_NoImmediateQtyToFill",
    WORST_PRICE: "EC_NoImmediateQtyToFill",
    IMMEDIATE_OR_CANCEL: "EC_NoImmediateQtyToFill",
    SELF_TRADE: "EC_BySelfMatch",
}
"""Why the engine ended an order → `rejectReason`."""
_CANCELLATIONS = {
    REDUCE_ONLY: "CancelByReduceOnly",
    SELF_TRADE: "CancelBySmp",
    POSITION_CLOSED: "CancelByTpSlTsClear",
    LIQUIDATED: "CancelAllBeforeLiq",
}
"""Why the engine ended an order → `cancelType`; by the user where no reason is known."""
_CREATORS = {OrderOrigin.LIQUIDATION: "CreateByLiq", OrderOrigin.DELEVERAGING: "CreateByAdl_PassThrough"}
_FIRED = {
    "Stop": "CreateByStopOrder",
    "TakeProfit": "CreateByTakeProfit",
    "StopLoss": "CreateByStopLoss",
    "PartialTakeProfit": "CreateByPartialTakeProfit",
    "PartialStopLoss": "CreateByPartialStopLoss",
    "TrailingStop": "CreateByTrailingStop",
}
"""`stopOrderType` → `createType` once it has fired."""
DEACTIVATED_LATE = "bybit.order.deactivated"
"""The switch under which a conditional order that fired and found nothing ends as one that never did."""


class Figures(Struct, frozen=True):
    """What an order has cost so far."""

    value: Decimal = Decimal(0)
    fee: Decimal = Decimal(0)
    closed: Decimal = Decimal(0)
    """Profit of what it closed, the fees for opening and for closing that taken off."""


def order_row(listing: Listing, order: OrderState, note: OrderNote, figures: Figures, time: VenueTime) -> Document:
    """An order that has reached the book, or tried to."""
    fill = short(figures.value) if order.filled_lots else "0"
    left = order.open_lots
    ended = order.status in {OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.REJECTED}
    price = order.ticks or note.shown_ticks
    return _row(listing, order, note, time) | {
        "orderStatus": _STATUSES[order.status],
        "cancelType": _cancel_type(order) if ended else "UNKNOWN",
        "rejectReason": _reject_reason(order) if ended else "EC_NoError",
        "createType": _CREATORS.get(order.origin) or _FIRED.get(note.stop_type, note.create_type),
        "price": plain(listing.price(price)),
        "avgPrice": short(listing.mark(order.average_nano_ticks)) if order.filled_lots else "",
        "cumExecQty": listing.plain_amount(order.filled_lots),
        "cumExecValue": fill,
        "cumExecFee": short(figures.fee),
        "cumFeeDetail": {listing.row.settle: short(figures.fee)} if order.filled_lots else {},
        "leavesQty": listing.plain_amount(left),
        "leavesValue": short(listing.worth(price, left)) if left and price else "0",
    }


def waiting_row(listing: Listing, order: ConditionalState, note: OrderNote, time: VenueTime) -> Document:
    """A conditional order before it reaches the book, or that never will."""
    status = _WAITING_STATUSES[order.status]
    ended = status in TERMINAL
    kept = 0 if ended else order.lots
    return _row(listing, order, note, time) | {
        "orderStatus": status,
        "cancelType": _CANCELLATIONS.get(order.reason, "CancelByUser") if ended else "UNKNOWN",
        "rejectReason": "EC_PerCancelRequest" if status == "Deactivated" else _waiting_rejection(order),
        "createType": note.create_type,
        "price": plain(listing.price(order.ticks)) if order.ticks else "0",
        "leavesQty": listing.plain_amount(kept),
        "triggerPrice": listing.price_or_blank(order.trigger_ticks),
    }


def _waiting_rejection(order: ConditionalState) -> str:
    return "EC_Others" if order.status is ConditionalStatus.REJECTED else "EC_NoError"


def status_of(order: OrderState) -> str:
    """The venue's word for where an order is."""
    return _STATUSES[order.status]


def _cancel_type(order: OrderState) -> str:
    return _CANCELLATIONS.get(order.reason, "CancelByUser" if order.status is OrderStatus.CANCELED else "UNKNOWN")


def _reject_reason(order: OrderState) -> str:
    if order.status is OrderStatus.CANCELED:
        return "EC_PerCancelRequest"
    return _REJECTIONS.get(order.reason, "EC_NoError")


def _row(listing: Listing, order: OrderState | ConditionalState, note: OrderNote, time: VenueTime) -> Document:
    """What both kinds have in common, in the order of the vendor's example."""
    market = order.kind is OrderKind.MARKET
    stops = {stop.name: stop for stop in note.stops}
    return {
        "symbol": listing.name,
        "orderType": "Market" if market else "Limit",
        "orderLinkId": order.client_id,
        "slLimitPrice": _limit(listing, stops.get("stopLoss")),
        "orderId": "",
        "cancelType": "UNKNOWN",
        "avgPrice": "",
        "stopOrderType": note.stop_type,
        "lastPriceOnCreated": listing.plain_price(note.last_ticks) if note.last_ticks else "",
        "orderStatus": "",
        "createType": "",
        "takeProfit": _price(listing, stops.get("takeProfit")),
        "cumExecValue": "0",
        "tpslMode": ("Partial" if note.partial else "Full") if stops or _is_bound(note) else "",
        "smpType": note.self_match,
        "triggerDirection": note.trigger_direction,
        "blockTradeId": "",
        "cumFeeDetail": {},
        "rejectReason": "EC_NoError",
        "isLeverage": "",
        "price": "",
        "orderIv": "",
        "createdTime": ms_text(time, order.created_ns),
        "tpTriggerBy": stops["takeProfit"].by if "takeProfit" in stops else "",
        "positionIdx": INDEXES[order.position_side],
        "timeInForce": note.lasting or lasting(order),
        "leavesValue": "0",
        "basePrice": "",
        "updatedTime": ms_text(time, order.updated_ns),
        "side": order.side.value.capitalize(),
        "smpGroup": 0,
        "triggerPrice": listing.price_or_blank(note.trigger_ticks),
        "tpLimitPrice": _limit(listing, stops.get("takeProfit")),
        "cumExecFee": "0",
        "slTriggerBy": stops["stopLoss"].by if "stopLoss" in stops else "",
        "leavesQty": "0",
        "closeOnTrigger": note.close_on_trigger,
        "slippageToleranceType": "UNKNOWN",
        "placeType": "",
        "cumExecQty": "0",
        "reduceOnly": order.reduce_only,
        "qty": listing.plain_amount(order.lots),
        "stopLoss": _price(listing, stops.get("stopLoss")),
        "smpOrderId": "",
        "slippageTolerance": "0",
        "triggerBy": note.trigger_by,
        "extraFees": "",
        "ocoTriggerBy": "",
        "rpiTakerAccess": False,
        "rpiMatchedQty": "0",
    }


def lasting(order: OrderState | ConditionalState) -> str:
    """`timeInForce`: a market order is executed as one that fills at once or not at all."""
    if order.kind is OrderKind.MARKET:
        return "IOC"
    return "PostOnly" if order.post_only else _LASTING[order.time_in_force]


def _is_bound(note: OrderNote) -> bool:
    return note.stop_type not in {"", "Stop"}


def _price(listing: Listing, stop: Stop | None) -> str:
    return listing.plain_price(stop.ticks) if stop is not None else ""


def _limit(listing: Listing, stop: Stop | None) -> str:
    return listing.plain_price(stop.limit_ticks) if stop is not None and stop.limit_ticks else "0"


def streamed_order(listing: Listing, row: Document, figures: Figures) -> Document:
    """The row as the stream has it: with its category, and what it closed."""
    kept = {name: value for name, value in row.items() if name != "basePrice"}
    return {
        "category": listing.category,
        **kept,
        "marketUnit": "",
        "feeCurrency": "",
        "closedPnl": short(figures.closed),
    }
