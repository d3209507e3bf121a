"""Conditional orders, in a space of ids of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from venueproof_simulators.engine.conditional_state import ConditionalState, ConditionalStatus
from venueproof_simulators.engine.state import Side
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.venues.okx.products import SWAP
from venueproof_simulators.venues.okx.wire.numbers import Document, Listing, centi_text, ms, now_ms
from venueproof_simulators.venues.okx.wire.orders import dollars, leg_fields

if TYPE_CHECKING:
    from venueproof_simulators.engine.state import TickerState
    from venueproof_simulators.venues.okx.operations.notes import Algo

LIVE, EFFECTIVE, CANCELED, FAILED = "live", "effective", "canceled", "order_failed"
_FIRED = frozenset({ConditionalStatus.TRIGGERED, ConditionalStatus.FINISHED})
_WAITING = frozenset({ConditionalStatus.ACKNOWLEDGED, ConditionalStatus.WAITING, ConditionalStatus.TRIGGERING})
States = Mapping[str, ConditionalState]
"""What waits, or waited, in the engine for one conditional order, by what it is."""


def state_word(states: States) -> str:
    """`state`."""
    statuses = {one.status for one in states.values()}
    if statuses & _FIRED:
        return EFFECTIVE
    if ConditionalStatus.REJECTED in statuses:
        return FAILED
    return LIVE if statuses & _WAITING else CANCELED


def actual_side(algo: Algo, states: States) -> str:
    """Which of a take-profit and a stop-loss fired."""
    for name, word in (("take", "tp"), ("stop", "sl")):
        if name in states and states[name].status in _FIRED:
            return word
    return ""


def algo_document(
    listing: Listing, algo: Algo, states: States, order: Document | None, fail_code: str, last: int, time: VenueTime
) -> Document:
    """A conditional order as GET trade/order-algo tells it. `order`: the order that it led to."""
    first = next(iter(states.values()))
    fired = next((one for one in states.values() if one.triggered_ns), None)
    spelled = str(order["ordId"]) if order else ""
    trail = states.get("trail")
    updated = max(one.updated_ns for one in states.values())
    return {
        "instType": SWAP,
        "instId": listing.name,
        "algoId": algo.algo_id,
        "algoClOrdId": algo.client_id,
        "ordId": spelled,
        "ordIdList": [spelled] if spelled else [],
        "clOrdId": algo.order_client_id,
        "linkedOrd": {"ordId": ""},
        "attachAlgoOrds": [],
        "ccy": "",
        "ordType": algo.kind,
        "state": state_word(states),
        "side": first.side.value,
        "posSide": first.position_side.value,
        "tdMode": algo.td_mode,
        "tgtCcy": "",
        "sz": "" if algo.close_fraction else listing.size_text(first.lots),
        "closeFraction": algo.close_fraction,
        "lever": centi_text(algo.leverage_centi),
        **leg_fields(algo.take, algo.stop),
        "triggerPx": algo.trigger.trigger if algo.trigger else "",
        "triggerPxType": algo.trigger.watches if algo.trigger else "",
        "ordPx": algo.trigger.price if algo.trigger else "",
        "actualSz": str(order["sz"]) if order else "",
        "actualPx": (str(order["px"]) or "-1") if order else "",
        "actualSide": actual_side(algo, states),
        "triggerTime": ms(time, fired.triggered_ns) if fired else "",
        "callbackRatio": algo.callback_ratio,
        "callbackSpread": algo.callback_spread,
        "activePx": algo.activation,
        "moveTriggerPx": listing.price_text(trail.trigger_ticks) if trail else "",
        "pxVar": "",
        "pxSpread": "",
        "pxLimit": "",
        "szLimit": "",
        "timeInterval": "",
        "reduceOnly": "true" if first.reduce_only else "false",
        "quickMgnType": "",
        "last": listing.plain_price(last),
        "failCode": fail_code,
        "amendPxOnTriggerType": "0",
        "tag": algo.tag,
        "cTime": ms(time, first.created_ns),
        "uTime": ms(time, updated),
    }


def algo_event(document: Document, listing: Listing, states: States, ticker: TickerState, amended: str) -> Document:
    """A row of the channel `orders-algo`; `amended`: the `reqId` of an amendment, or a blank for one without."""
    first = next(iter(states.values()))
    return document | {
        "notionalUsd": dollars(listing, first.ticks or ticker.last, first.lots),
        "amendResult": "0" if amended else "",
        "reqId": amended.strip(),
    }


def advance_event(document: Document, time: VenueTime) -> Document:
    """A row of the channel `algo-advance`."""
    return document | {"count": "1", "pTime": now_ms(time)}


def would_trigger_key(role: str, side: Side) -> str:
    """The word for a trigger whose price is there already."""
    if role == "take":
        return "tp-above" if side is Side.BUY else "tp-below"
    return "sl-above" if side is Side.BUY else "trigger-there"


def algo_row(algo: Algo) -> Document:
    """What tells that a conditional order was taken in."""
    return {
        "algoId": algo.algo_id,
        "clOrdId": algo.order_client_id,
        "algoClOrdId": algo.client_id,
        "sCode": "0",
        "sMsg": "",
        "tag": algo.tag,
    }


def canceled_row(algo: Algo) -> Document:
    """The same of a cancellation."""
    return {"algoId": algo.algo_id, "algoClOrdId": algo.client_id, "sCode": "0", "sMsg": ""}


def amended_row(algo: Algo) -> Document:
    """The same of an amendment."""
    return canceled_row(algo) | {"reqId": algo.request_id}
