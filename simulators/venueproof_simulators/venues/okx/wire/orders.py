"""Orders, fills and answers about them. Numbers are strings, and so is `reduceOnly`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from venueproof_simulators.engine.events import Cause, OrderChanged
from venueproof_simulators.engine.liquidation import LIQUIDATED
from venueproof_simulators.engine.matching import (
    IMMEDIATE_OR_CANCEL,
    NO_LIQUIDITY,
    REDUCE_ONLY,
    SELF_TRADE,
    WORST_PRICE,
)
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.engine.state import (
    FillState,
    OrderKind,
    OrderOrigin,
    OrderState,
    OrderStatus,
    PositionSide,
    TimeInForce,
)
from venueproof_simulators.engine.triggers import POSITION_CLOSED
from venueproof_simulators.host.facts import ErrorRow
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.venues.okx.products import SWAP
from venueproof_simulators.venues.okx.wire.bills import fill_subtype
from venueproof_simulators.venues.okx.wire.numbers import (
    Document,
    Listing,
    atoms_text,
    bill_id,
    centi_text,
    fine,
    ms,
    now_ms,
    order_id,
    ppm_text,
)

if TYPE_CHECKING:
    from venueproof_simulators.venues.okx.operations.notes import Attached, Leg, OrderNote

STATES = {
    OrderStatus.ACKNOWLEDGED: "live",
    OrderStatus.OPEN: "live",
    OrderStatus.PARTLY_FILLED: "partially_filled",
    OrderStatus.FILLED: "filled",
    OrderStatus.CANCELED: "canceled",
    OrderStatus.EXPIRED: "canceled",
    OrderStatus.REJECTED: "canceled",
}
BY_SYSTEM, BY_USER = "0", "1"
_SOURCES: dict[str, str] = {
    SELF_TRADE: "32",
    REDUCE_ONLY: "2",
    LIQUIDATED: "3",
    NO_LIQUIDITY: "14",
    IMMEDIATE_OR_CANCEL: "14",
    WORST_PRICE: "15",
    Refusal.NOT_FILLABLE: "13",
    Refusal.WOULD_CROSS: "31",
    POSITION_CLOSED: "17",
    "amended-to-filled": BY_USER,
}
"""Why an order ended → `cancelSource` (the vendor's list from memory, but for 31)."""
_CATEGORIES = {OrderOrigin.LIQUIDATION: "full_liquidation", OrderOrigin.DELEVERAGING: "adl"}
_KINDS = {TimeInForce.GTC: "limit", TimeInForce.IOC: "ioc", TimeInForce.FOK: "fok"}
TAKEN_IN, TAKEN_IN_OVER_SOCKET = "Order placed", "Order successfully placed."


def side_word(side: PositionSide) -> str:
    """`posSide`."""
    return side.value


def kind_word(order: OrderState, note: OrderNote) -> str:
    """`ordType`."""
    if note.kind:
        return note.kind
    if order.kind is OrderKind.MARKET:
        return "market"
    return "post_only" if order.post_only else _KINDS[order.time_in_force]


def cancel_source(order: OrderState) -> str:
    """`cancelSource`: empty while it lives or when it filled."""
    if order.status in {OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.REJECTED}:
        default = BY_USER if order.status is OrderStatus.CANCELED else BY_SYSTEM
        return _SOURCES.get(order.reason, default if not order.reason else BY_SYSTEM)
    return ""


def leg_fields(take: Leg | None, stop: Leg | None) -> Document:
    """Take-profit and stop-loss of an order; empty texts where there is none."""
    return {
        "tpTriggerPx": take.trigger if take else "",
        "tpTriggerPxType": take.watches if take else "",
        "tpOrdPx": take.price if take else "",
        "slTriggerPx": stop.trigger if stop else "",
        "slTriggerPxType": stop.watches if stop else "",
        "slOrdPx": stop.price if stop else "",
    }


def attached_document(attached: Attached) -> Document:
    """A row of `attachAlgoOrds`."""
    return {
        "attachAlgoId": attached.algo_id,
        "attachAlgoClOrdId": attached.client_id,
        "tpOrdKind": "condition",
        **leg_fields(attached.take, attached.stop),
        "sz": "",
        "amendPxOnTriggerType": "0",
        "failCode": "",
        "failReason": "",
    }


def order_document(listing: Listing, order: OrderState, note: OrderNote, serial: int, time: VenueTime) -> Document:
    """An order as GET trade/order tells it."""
    asset = listing.row.settle
    fee_atoms, pnl_atoms = note.steps.get(order.filled_lots, (0, 0))
    return {
        "instType": SWAP,
        "instId": listing.name,
        "ccy": "",
        "ordId": order_id(serial),
        "clOrdId": note.client_id,
        "tag": note.tag,
        "px": listing.price_text(order.ticks),
        "pxUsd": "",
        "pxVol": "",
        "pxType": "",
        "sz": listing.size_text(order.lots),
        "ordType": kind_word(order, note),
        "side": order.side.value,
        "posSide": side_word(order.position_side),
        "tdMode": note.td_mode,
        "tgtCcy": "",
        "accFillSz": listing.size_text(order.filled_lots),
        **_fill_fields(listing, note.last_fill, time),
        "state": STATES[order.status],
        "avgPx": listing.nano_price(order.average_nano_ticks),
        "lever": centi_text(note.leverage_centi),
        **leg_fields(None, None),
        "attachAlgoClOrdId": note.attached[0].client_id if note.attached else "",
        "attachAlgoOrds": [attached_document(one) for one in note.attached],
        "linkedAlgoOrd": {"algoId": ""},
        "algoId": note.algo_id,
        "algoClOrdId": note.algo_client_id,
        "isTpLimit": "false",
        "quickMgnType": "",
        "feeCcy": asset,
        "fee": atoms_text(min(0, -fee_atoms)),
        "rebateCcy": asset,
        "rebate": atoms_text(max(0, -fee_atoms)),
        "pnl": atoms_text(pnl_atoms),
        "reduceOnly": "true" if order.reduce_only else "false",
        "category": _CATEGORIES.get(order.origin, "normal"),
        "source": "7" if order.origin is OrderOrigin.TRIGGER else "",
        "cancelSource": cancel_source(order),
        "cancelSourceReason": "",
        "stpId": "",
        "stpMode": note.stp_mode,
        "cTime": ms(time, order.created_ns),
        "uTime": ms(time, order.updated_ns),
    }


def _fill_fields(listing: Listing, fill: FillState | None, time: VenueTime) -> Document:
    """What an order tells of one of its fills: over REST of the last one, in a message of that which it is about."""
    return {
        "fillPx": listing.price_text(fill.ticks) if fill else "",
        "tradeId": str(fill.trade_id) if fill else "",
        "fillSz": listing.size_text(fill.lots) if fill else "0",
        "fillTime": ms(time, fill.at_ns) if fill else "",
    }


def order_event(
    listing: Listing, event: OrderChanged, note: OrderNote, serial: int, marks: tuple[int, int], time: VenueTime
) -> Document:
    """A row of the channel `orders`: the order, and the one fill that changed it where there was one. `marks`: the mark
    price in billionths of a tick, and the last price in ticks.
    """
    order, fill = event.order, event.fill
    mark_nano_ticks, last = marks
    document = order_document(listing, order, note, serial, time)
    document |= _fill_fields(listing, fill, time)
    result = _amend_result(event, note)
    return document | {
        "fillFee": atoms_text(-fill.fee_atoms) if fill else "0",
        "fillFeeCcy": listing.row.settle if fill else "",
        "fillNotionalUsd": dollars(listing, fill.ticks, fill.lots) if fill else "",
        "notionalUsd": dollars(listing, order.ticks or last, order.lots),
        "fillPnl": atoms_text(fill.realized_atoms) if fill else "0",
        "fillPxVol": "",
        "fillPxUsd": "",
        "fillMarkVol": "",
        "fillFwdPx": "",
        "fillMarkPx": listing.nano_price(mark_nano_ticks) if fill else "",
        "execType": maker_word(fill) if fill else "",
        "lastPx": listing.plain_price(last),
        "amendResult": result,
        "amendSource": "1" if result else "",
        "reqId": note.request_id if result else "",
        "code": "0",
        "msg": "",
    }


def _amend_result(event: OrderChanged, note: OrderNote) -> str:
    """`amendResult`: 0 amended, 1 ended because that failed, empty for all else."""
    if event.cause is Cause.AMENDED:
        return "0"
    return "1" if note.amend_failed and event.order.status is OrderStatus.CANCELED else ""


def maker_word(fill: FillState) -> str:
    """`execType`."""
    return "M" if fill.maker else "T"


def dollars(listing: Listing, ticks: int, lots: int) -> str:
    """What lots are worth at a price."""
    return fine(listing.quote(ticks, lots))


def fill_document(
    listing: Listing,
    number: int,
    fill: FillState,
    prices: tuple[int, int],
    note: OrderNote,
    serial: int,
    time: VenueTime,
) -> Document:
    """A row of trade/fills; `number` is its entry in the statement, `prices` are mark and index then."""
    rate = listing.instrument.maker_fee_ppm if fill.maker else listing.instrument.taker_fee_ppm
    return {
        "instType": SWAP,
        "instId": listing.name,
        "tradeId": str(fill.trade_id),
        "ordId": order_id(serial),
        "clOrdId": note.client_id,
        "billId": bill_id(number),
        "subType": fill_subtype(fill),
        "tag": note.tag,
        "fillPx": listing.plain_price(fill.ticks),
        "fillSz": listing.size_text(fill.lots),
        "fillIdxPx": listing.nano_price(prices[1]),
        "fillPnl": atoms_text(fill.realized_atoms),
        "fillPxVol": "",
        "fillPxUsd": "",
        "fillMarkVol": "",
        "fillFwdPx": "",
        "fillMarkPx": listing.nano_price(prices[0]),
        "side": fill.side.value,
        "posSide": side_word(fill.position_side),
        "execType": maker_word(fill),
        "feeCcy": fill.fee_asset,
        "fee": atoms_text(-fill.fee_atoms),
        "feeRate": ppm_text(-rate),
        "ts": ms(time, fill.at_ns),
        "fillTime": ms(time, fill.at_ns),
    }


def fill_event(listing: Listing, fill: FillState, client_id: str, serial: int, time: VenueTime) -> Document:
    """A row of the channel `fills`: no fee."""
    return {
        "instId": listing.name,
        "fillSz": listing.size_text(fill.lots),
        "fillPx": listing.plain_price(fill.ticks),
        "side": fill.side.value,
        "ts": ms(time, fill.at_ns),
        "ordId": order_id(serial),
        "clOrdId": client_id,
        "tradeId": str(fill.trade_id),
        "execType": maker_word(fill),
        "count": "1",
    }


def placed_row(spelled: str, client_id: str, tag: str, text: str, time: VenueTime) -> Document:
    """What tells that an order was taken in, and nothing of its state."""
    return {"ordId": spelled, "clOrdId": client_id, "tag": tag, "ts": now_ms(time), "sCode": "0", "sMsg": text}


def amended_row(spelled: str, client_id: str, request_id: str, time: VenueTime) -> Document:
    """The same of an amendment."""
    return {
        "ordId": spelled,
        "clOrdId": client_id,
        "ts": now_ms(time),
        "reqId": request_id,
        "sCode": "0",
        "sMsg": "",
    }


def canceled_row(spelled: str, client_id: str, time: VenueTime) -> Document:
    """The same of a cancellation."""
    return {"ordId": spelled, "clOrdId": client_id, "ts": now_ms(time), "sCode": "0", "sMsg": ""}


def refused_row(row: ErrorRow, text: str, echoed: Document, time: VenueTime) -> Document:
    """A row that was refused; `echoed` is what was sent to name it. Those of conditional orders have no time."""
    stamp = {"ts": now_ms(time)} if "ordId" in echoed else {}
    return {**echoed, **stamp, "sCode": str(row.code), "sMsg": text}
