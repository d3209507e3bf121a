"""Conditional orders as the algo service prints them: replies, lists, single queries and ALGO_UPDATE.

They live in an id space of their own (`algoId`, `clientAlgoId`); the order that one leads to has an ordinary order id,
which the service shows as a string. Key sets and wire types: the vendor's pages of 2026 and its typed SDK; the life of
a stop and the words of a close-position order: recorded on the test venue in 2026-09.
"""

from __future__ import annotations

from msgspec import Struct

from venueproof_simulators.engine.conditional_state import (
    ConditionalState,
    ConditionalStatus,
    TriggerKind,
    WatchedPrice,
)
from venueproof_simulators.engine.events import ConditionalCause, ConditionalChanged
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.engine.state import OrderKind, OrderState
from venueproof_simulators.engine.triggers import POSITION_CLOSED
from venueproof_simulators.host.decimals import counted, fixed, plain
from venueproof_simulators.host.facts import ErrorTable
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.documents import Document
from venueproof_simulators.kit.numbers import unpadded, wire_ms
from venueproof_simulators.venues.binance.wire.numbers import Listing
from venueproof_simulators.venues.binance.wire.orders import LEGS, SELF_TRADE_WORDS, Origin, average_price

STATUSES: dict[ConditionalStatus, str] = {
    ConditionalStatus.WAITING: "NEW",
    ConditionalStatus.TRIGGERING: "TRIGGERING",
    ConditionalStatus.TRIGGERED: "TRIGGERED",
    ConditionalStatus.FINISHED: "FINISHED",
    ConditionalStatus.CANCELED: "CANCELED",
    ConditionalStatus.EXPIRED: "EXPIRED",
    ConditionalStatus.REJECTED: "REJECTED",
}
"""`algoStatus`: the venue's word for each status of the engine."""

GOOD_TILL = "good-till-date"
"""Why an order or a conditional one ends at its time."""
UNTIL_CLOSED = "GTE_GTC"
"""How long an order waits that closes a position: until it is triggered or the position is closed."""
_TENTH_PPM = 1000
"""A tenth of a percent, in parts per million."""
_WORKING = {WatchedPrice.LAST: "CONTRACT_PRICE", WatchedPrice.MARK: "MARK_PRICE"}
_FAILURES = {
    Refusal.REDUCE_ONLY: "Reduce Only reject",
    POSITION_CLOSED: "Order has expired as GTE condition unsatisfied",
    GOOD_TILL: "Order has expired as its goodTillDate is over",
}
"""Reasons with words of their own; the first is the vendor's sample, the second its expiry reason 6."""
_AFTER_TRIGGER = frozenset({ConditionalStatus.TRIGGERED, ConditionalStatus.FINISHED})
_WITH_REASON = frozenset({ConditionalStatus.CANCELED, ConditionalStatus.REJECTED, ConditionalStatus.EXPIRED})
_UNTOLD = frozenset({ConditionalCause.MOVED})


ORDER_TYPES: dict[str, tuple[TriggerKind, OrderKind]] = {
    "STOP": (TriggerKind.STOP, OrderKind.LIMIT),
    "STOP_MARKET": (TriggerKind.STOP, OrderKind.MARKET),
    "TAKE_PROFIT": (TriggerKind.TAKE, OrderKind.LIMIT),
    "TAKE_PROFIT_MARKET": (TriggerKind.TAKE, OrderKind.MARKET),
    "TRAILING_STOP_MARKET": (TriggerKind.TRAILING, OrderKind.MARKET),
}
"""The venue's words for what fires and what follows."""
_TYPE_WORDS = {kinds: word for word, kinds in ORDER_TYPES.items()}


class AlgoNote(Struct, frozen=True):
    """What the venue keeps of a conditional order beyond what the engine needs."""

    trigger: str = ""
    """The trigger price where it lies between two ticks, with the symbol's precision."""
    activation: str = ""
    """The same of the activation price; and what the watched price was where a trailing order was sent without one."""
    price_match: str = "NONE"
    good_till_ms: int = 0


PLAIN_ALGO = AlgoNote()
"""The note of a conditional order that has nothing special."""


def order_type(algo: ConditionalState) -> str:
    """The venue's word for its type."""
    return _TYPE_WORDS[algo.trigger, algo.kind]


def waits(algo: ConditionalState, note: AlgoNote) -> str:
    """The venue's word for how long it, or the limit order that it leads to, may wait."""
    if note.good_till_ms:
        return "GTD"
    if algo.close_position:
        return UNTIL_CLOSED
    if algo.post_only:
        return "GTX"
    return "GTC" if algo.kind is OrderKind.MARKET else algo.time_in_force.upper()


def origin(listing: Listing, algo: ConditionalState, note: AlgoNote) -> Origin:
    """What the order that it leads to shows of it."""
    return Origin(
        order_type=order_type(algo),
        stop_price=trigger_text(listing, algo, note),
        working_type=working_type(algo),
        close_position=algo.close_position,
        price_protect=algo.protect_ppm > 0,
        activation=activation_text(listing, algo, note),
        callback=callback_text(algo),
    )


def is_told(changed: ConditionalChanged) -> bool:
    """Whether the account's stream hears of a change: not of a trailing trigger that follows the price."""
    return changed.cause not in _UNTOLD


def working_type(algo: ConditionalState) -> str:
    """The price that a conditional order watches."""
    return _WORKING[algo.watches]


def _head(listing: Listing, algo: ConditionalState, note: AlgoNote) -> Document:
    return {
        "algoId": algo.conditional_id,
        "clientAlgoId": algo.client_id,
        "algoType": "CONDITIONAL",
        "orderType": order_type(algo),
        "symbol": listing.name,
        "side": algo.side.upper(),
        "positionSide": LEGS[algo.position_side],
        "timeInForce": waits(algo, note),
        "quantity": _quantity(listing, algo),
        "algoStatus": STATUSES[algo.status],
    }


def _quantity(listing: Listing, algo: ConditionalState) -> str:
    return "0" if algo.close_position else listing.amount_text(algo.lots)


def _prices(listing: Listing, algo: ConditionalState, note: AlgoNote) -> Document:
    return {
        "triggerPrice": trigger_text(listing, algo, note),
        "price": listing.price_text(algo.ticks),
        "icebergQuantity": None,
    }


def _rules(algo: ConditionalState, note: AlgoNote) -> Document:
    return {
        "selfTradePreventionMode": SELF_TRADE_WORDS[algo.self_trade],
        "workingType": working_type(algo),
        "priceMatch": note.price_match,
        "closePosition": algo.close_position,
        "priceProtect": algo.protect_ppm > 0,
        "reduceOnly": algo.reduce_only,
    }


def _times(algo: ConditionalState, note: AlgoNote, time: VenueTime) -> Document:
    return {
        "createTime": wire_ms(time, algo.created_ns),
        "updateTime": wire_ms(time, algo.updated_ns),
        "triggerTime": _triggered_ms(algo, time),
        "goodTillDate": note.good_till_ms,
    }


def _triggered_ms(algo: ConditionalState, time: VenueTime) -> int:
    return wire_ms(time, algo.triggered_ns) if algo.triggered_ns else 0


def trigger_text(listing: Listing, algo: ConditionalState, note: AlgoNote) -> str:
    """The trigger price with the symbol's precision; of a trailing order where it stands now."""
    return note.trigger or listing.price_text(algo.trigger_ticks)


def activation_text(listing: Listing, algo: ConditionalState, note: AlgoNote) -> str:
    """The activation price of a trailing order; else nothing."""
    if algo.trigger is not TriggerKind.TRAILING:
        return ""
    return note.activation or listing.price_text(algo.activation_ticks)


def callback_text(algo: ConditionalState) -> str:
    """The callback rate of a trailing order in percent: `0.5`; else nothing."""
    return counted(algo.callback_ppm // _TENTH_PPM, 1) if algo.callback_ppm else ""


def algo_reply(listing: Listing, algo: ConditionalState, note: AlgoNote, time: VenueTime) -> Document:
    """The answer to placing a conditional order."""
    return {
        **_head(listing, algo, note),
        **_prices(listing, algo, note),
        **_rules(algo, note),
        "activatePrice": activation_text(listing, algo, note),
        "callbackRate": callback_text(algo),
        **_times(algo, note, time),
    }


def algo_row(
    listing: Listing, algo: ConditionalState, note: AlgoNote, order: OrderState | None, time: VenueTime
) -> Document:
    """One row of openAlgoOrders and allAlgoOrders. `order`: the one it led to."""
    nothing = fixed_zero(3)
    return {
        **_head(listing, algo, note),
        "actualOrderId": str(order.order_id) if order else "",
        "actualPrice": actual_price(listing, order),
        **_prices(listing, algo, note),
        "tpTriggerPrice": nothing,
        "tpPrice": nothing,
        "slTriggerPrice": nothing,
        "slPrice": nothing,
        "tpOrderType": "",
        **_rules(algo, note),
        **_times(algo, note, time),
    }


def algo_document(
    listing: Listing, algo: ConditionalState, note: AlgoNote, order: OrderState | None, time: VenueTime
) -> Document:
    """One conditional order as asked for by its id.

    Before there is an order, type and quantity are those that it will have: the vendor's sample shows them of one that
    was canceled and never fired.
    """
    return {
        **_head(listing, algo, note),
        "actualOrderId": str(order.order_id) if order else "",
        "actualPrice": actual_price(listing, order),
        "actualType": algo.kind.upper(),
        "actualQty": listing.amount_text(order.filled_lots if order else algo.lots),
        **_prices(listing, algo, note),
        "tpOrderType": "",
        **_rules(algo, note),
        **_times(algo, note, time),
    }


def actual_price(listing: Listing, order: OrderState | None) -> str:
    """Average price of the order that followed: `57990.0`, or `0.00000` before the first fill."""
    if order is None or not order.filled_lots:
        return fixed_zero(5)
    return fixed(average_price(listing, order), max(1, listing.tick.places))


def fixed_zero(places: int) -> str:
    """Nothing, with so many decimals."""
    return "0." + "0" * places


def canceled_document(algo: ConditionalState) -> Document:
    """The answer to ending a conditional order: its `code` is a string."""
    return {"algoId": algo.conditional_id, "clientAlgoId": algo.client_id, "code": "200", "msg": "success"}


def failure(errors: ErrorTable, algo: ConditionalState) -> str:
    """`rm`: why a conditional order came to nothing; empty for one that its owner ended."""
    if algo.reason in _FAILURES:
        return _FAILURES[algo.reason]
    return errors.for_refusal(Refusal(algo.reason)).text if algo.reason else ""


def algo_event(
    listing: Listing,
    changed: ConditionalChanged,
    note: AlgoNote,
    order: OrderState | None,
    why: str,
    time: VenueTime,
) -> Document:
    """ALGO_UPDATE. `order`: the one it led to; `why`: the text for one that came to nothing."""
    algo = changed.conditional
    document = {
        "caid": algo.client_id,
        "aid": algo.conditional_id,
        "at": "CONDITIONAL",
        "o": order_type(algo),
        "s": listing.name,
        "S": algo.side.upper(),
        "ps": LEGS[algo.position_side],
        "f": waits(algo, note),
        "q": _quantity(listing, algo),
        "X": STATUSES[algo.status],
        "ai": str(algo.order_id) if algo.status in _AFTER_TRIGGER else "",
        **_execution(listing, changed, order),
        "tp": unpadded(trigger_text(listing, algo, note)),
        "p": listing.plain_price(algo.ticks),
        "V": SELF_TRADE_WORDS[algo.self_trade],
        "wt": working_type(algo),
        "pm": note.price_match,
        "cp": algo.close_position,
        "pP": algo.protect_ppm > 0,
        "R": algo.reduce_only,
        "tt": _triggered_ms(algo, time),
        "gtd": note.good_till_ms,
    }
    if algo.status in _WITH_REASON:
        document["rm"] = why
    document["ia"] = algo.activated
    return {"e": "ALGO_UPDATE", "T": wire_ms(time, algo.updated_ns), "E": time.wire_ms, "o": document}


def _execution(listing: Listing, changed: ConditionalChanged, order: OrderState | None) -> Document:
    """What the order that followed came to: nothing yet when it has only just been placed."""
    status = changed.conditional.status
    if status in _AFTER_TRIGGER and order is not None:
        if status is ConditionalStatus.TRIGGERED:
            return {"ap": "0", "aq": "0", "act": order.kind.upper()}
        amount = listing.amount_text(order.filled_lots) if order.filled_lots else "0"
        return {"ap": plain(average_price(listing, order)), "aq": amount, "act": order.kind.upper()}
    if status is ConditionalStatus.CANCELED:
        return {"ap": fixed_zero(5), "aq": fixed_zero(5), "act": "0"}
    return {}
