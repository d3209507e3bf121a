"""Orders, trigger orders and fills as JSON documents. Source: OpenAPI 2.1.1, the sheet's section 4 and its examples.

There is no state for a partial fill: an order is `open` until it ends, and `filled_amount` tells. A trigger order that
waits is `untriggered`, lacks `filled_amount` and `average_price`, and becomes an ordinary order with an id of its own.
"""

from __future__ import annotations

from msgspec import Struct

from venueproof_simulators.engine.conditional_state import (
    ConditionalState,
    ConditionalStatus,
    TriggerKind,
    WatchedPrice,
)
from venueproof_simulators.engine.state import (
    FillState,
    OrderKind,
    OrderOrigin,
    OrderState,
    OrderStatus,
    Side,
    TimeInForce,
)
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.documents import Document
from venueproof_simulators.kit.numbers import wire_ms
from venueproof_simulators.venues.deribit.wire.market import Around, tick_direction
from venueproof_simulators.venues.deribit.wire.numbers import Listing, average_price, coins, num

MARKET_PRICE = "market_price"
"""What stands for the price of an order that takes any."""
GOOD_TILL = "good_til_cancelled"
FORCED = frozenset({OrderOrigin.LIQUIDATION, OrderOrigin.DELEVERAGING})
_STATES = {
    OrderStatus.ACKNOWLEDGED: "open",
    OrderStatus.OPEN: "open",
    OrderStatus.PARTLY_FILLED: "open",
    OrderStatus.FILLED: "filled",
    OrderStatus.CANCELED: "cancelled",
    OrderStatus.EXPIRED: "cancelled",
    OrderStatus.REJECTED: "rejected",
}
_TRIGGER_STATES = {
    ConditionalStatus.CANCELED: "cancelled",
    ConditionalStatus.EXPIRED: "cancelled",
    ConditionalStatus.REJECTED: "rejected",
    ConditionalStatus.TRIGGERED: "triggered",
    ConditionalStatus.FINISHED: "triggered",
}
"""Every other one is untriggered."""
_CANCEL_REASONS = {
    "cancel_on_disconnect": "cancel_on_disconnect",
    "one-cancels-other": "oco_other_closed",
    "liquidated": "autoliquidation",
    "instrument-expired": "settlement",
    "position-closed": "position_locked",
}
"""Why the engine ended an order → the vendor's word."""
_WAITS = {
    TimeInForce.GTC: GOOD_TILL,
    TimeInForce.IOC: "immediate_or_cancel",
    TimeInForce.FOK: "fill_or_kill",
}
WATCHED_WORDS = {
    WatchedPrice.LAST: "last_price",
    WatchedPrice.MARK: "mark_price",
    WatchedPrice.INDEX: "index_price",
}
_PREFIXES = {TriggerKind.STOP: "stop", TriggerKind.TAKE: "take"}
_LETTERS = {WatchedPrice.LAST: "T", WatchedPrice.MARK: "M", WatchedPrice.INDEX: "I"}


class Note(Struct, frozen=True):
    """What the venue remembers of an order besides what the engine knows."""

    time_in_force: str = ""
    reject_post_only: bool = False
    original_type: str = ""
    """The type that was asked for, where it is reported as another one."""
    display_amount: float | None = None
    mmp: bool = False
    edited: bool = False
    cancel_reason: str = ""
    trigger_id: str = ""
    """The trigger order that it was before."""
    primary: bool = False
    """It triggers orders of which one cancels the other."""
    user_id: int = 1


PLAIN_NOTE = Note()


def order_document(listing: Listing, order: OrderState, note: Note, time: VenueTime) -> Document:
    """An ordinary order."""
    document: Document = {
        "order_id": listing.order_id(order.order_id),
        "order_state": _STATES[order.status],
        "order_type": order.kind.value,
        "time_in_force": note.time_in_force or _WAITS[_wait(order)],
        "instrument_name": listing.name,
        "direction": order.side.value,
        "price": num(listing.price(order.ticks)) if order.ticks else MARKET_PRICE,
        "amount": num(listing.amount(order.lots)),
        "contracts": listing.contracts(order.lots),
        "filled_amount": num(listing.amount(order.filled_lots)),
        "average_price": average_price(listing, order.average_nano_ticks),
        "label": order.client_id,
        "user_id": note.user_id,
        "post_only": order.post_only,
        "reject_post_only": note.reject_post_only,
        "reduce_only": order.reduce_only,
        "replaced": order.amendments > 0,
        "api": True,
        "web": False,
        "mmp": note.mmp,
        "is_liquidation": order.origin in FORCED,
        "risk_reducing": order.reduce_only,
        "creation_timestamp": wire_ms(time, order.created_ns),
        "last_update_timestamp": wire_ms(time, order.updated_ns),
    }
    return document | _more(order, note)


def _wait(order: OrderState) -> TimeInForce:
    """A market order never rests, and all the same is said to wait until it is cancelled."""
    return TimeInForce.GTC if order.kind is OrderKind.MARKET else order.time_in_force


def _more(order: OrderState, note: Note) -> Document:
    """Fields that only some orders have."""
    more: Document = {}
    if order.status in (OrderStatus.CANCELED, OrderStatus.EXPIRED):
        more |= _cancel_reason(note, order.reason, by_user=order.status is OrderStatus.CANCELED)
    if note.original_type:
        more["original_order_type"] = note.original_type
    if note.display_amount is not None:
        more |= {"display_amount": note.display_amount, "refresh_amount": note.display_amount}
    if note.trigger_id:
        more |= {"triggered": True, "trigger_order_id": note.trigger_id}
    if note.primary:
        more["is_primary_otoco"] = True
    if order.oco_group:
        more["oco_ref"] = order.oco_group
    return more


def _cancel_reason(note: Note, reason: str, *, by_user: bool) -> Document:
    """Why it was cancelled; nothing where the vendor has no word for what the engine ended it for."""
    word = note.cancel_reason or _CANCEL_REASONS.get(reason, "") or ("user_request" if by_user else "")
    return {"cancel_reason": word} if word else {}


# --- trigger orders ---------------------------------------------------------------------------------------------------


def trigger_letters(waiting: ConditionalState) -> str:
    """What a trigger order's id begins with: SL or TP, what it watches, its side. Trailing ones are taken for stops."""
    kind = "TP" if waiting.trigger is TriggerKind.TAKE else "SL"
    return f"{kind}{_LETTERS[waiting.watches]}{'B' if waiting.side is Side.BUY else 'S'}"


def trigger_type(waiting: ConditionalState) -> str:
    """`stop_limit`, `take_market`, `trailing_stop` …"""
    prefix = _PREFIXES.get(waiting.trigger)
    return "trailing_stop" if prefix is None else f"{prefix}_{waiting.kind.value}"


def trigger_document(listing: Listing, waiting: ConditionalState, note: Note, time: VenueTime) -> Document:
    """A trigger order: sparse as long as nothing of it can be filled."""
    state = _TRIGGER_STATES.get(waiting.status, "untriggered")
    document: Document = {
        "order_id": listing.trigger_id(trigger_letters(waiting), waiting.conditional_id),
        "order_state": state,
        "order_type": trigger_type(waiting),
        "time_in_force": note.time_in_force or _WAITS[TimeInForce.GTC],
        "instrument_name": listing.name,
        "direction": waiting.side.value,
        "price": num(listing.price(waiting.ticks)) if waiting.ticks else MARKET_PRICE,
        "amount": num(listing.amount(waiting.lots)),
        "contracts": listing.contracts(waiting.lots),
        "label": waiting.client_id,
        "user_id": note.user_id,
        "post_only": waiting.post_only,
        "reject_post_only": note.reject_post_only,
        "reduce_only": waiting.reduce_only,
        "replaced": waiting.amendments > 0,
        "api": True,
        "web": False,
        "mmp": note.mmp,
        "is_liquidation": False,
        "risk_reducing": waiting.reduce_only,
        "creation_timestamp": wire_ms(time, waiting.created_ns),
        "last_update_timestamp": wire_ms(time, waiting.updated_ns),
        "trigger": WATCHED_WORDS[waiting.watches],
        "trigger_price": num(listing.price(waiting.trigger_ticks)),
        "triggered": state == "triggered",
    }
    if waiting.callback_ticks:
        document["trigger_offset"] = num(listing.price(waiting.callback_ticks))
    if waiting.oco_group:
        document["oco_ref"] = waiting.oco_group
    if state == "cancelled":
        by_user = waiting.status is ConditionalStatus.CANCELED
        document |= _cancel_reason(note, waiting.reason, by_user=by_user)
    return document


# --- fills ------------------------------------------------------------------------------------------------------------


def fill_document(
    listing: Listing, fill: FillState, order: OrderState, note: Note, around: Around, time: VenueTime
) -> Document:
    """A trade of one's own."""
    taker = fill.side.opposite if fill.maker else fill.side
    document: Document = {
        "trade_seq": fill.trade_id,
        "trade_id": listing.trade_id(fill.trade_id),
        "timestamp": wire_ms(time, fill.at_ns),
        "tick_direction": tick_direction(fill.ticks, around.before_ticks, taker),
        "state": _STATES[order.status],
        "self_trade": False,
        "price": num(listing.price(fill.ticks)),
        "mark_price": average_price(listing, around.mark_nano_ticks),
        "index_price": average_price(listing, around.index_nano_ticks),
        "order_type": order.kind.value,
        "order_id": listing.order_id(fill.order_id),
        "matching_id": None,
        "liquidity": "M" if fill.maker else "T",
        "label": fill.client_id,
        "instrument_name": listing.name,
        "fee_currency": fill.fee_asset,
        "fee": coins(fill.fee_atoms),
        "direction": fill.side.value,
        "amount": num(listing.amount(fill.lots)),
        "contracts": listing.contracts(fill.lots),
        "profit_loss": coins(fill.realized_atoms),
        "reduce_only": order.reduce_only,
        "post_only": order.post_only,
        "api": True,
        "mmp": note.mmp,
        "user_id": note.user_id,
    }
    if order.origin in FORCED:
        document["liquidation"] = "M" if fill.maker else "T"
    return document
