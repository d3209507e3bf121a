"""Executions: fills, and what funding took or gave. Source: the vendor's execution pages; recorded funding rows."""

from __future__ import annotations

from decimal import Decimal

from venueproof_simulators.engine.events import BalanceChanged
from venueproof_simulators.engine.state import FillState, OrderOrigin, OrderState
from venueproof_simulators.host.decimals import money, plain
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.documents import Document
from venueproof_simulators.venues.bybit.wire.numbers import SEQUENCE_BASE, Listing, ms_text, short
from venueproof_simulators.venues.bybit.wire.order_notes import OrderNote

_KINDS = {OrderOrigin.LIQUIDATION: "BustTrade", OrderOrigin.DELEVERAGING: "AdlTrade"}


def execution_type(order: OrderState) -> str:
    """`execType` of an order's fills."""
    return _KINDS.get(order.origin, "Trade")


def execution_row(
    listing: Listing, order: OrderState, fill: FillState, note: OrderNote, left: int, closed: int, time: VenueTime
) -> Document:
    """One fill. `left`: lots that its order had left then; `closed`: lots of a position that it closed."""
    row = listing.row
    price = order.ticks or note.shown_ticks
    return {
        "symbol": listing.name,
        "orderId": "",
        "orderLinkId": fill.client_id,
        "side": fill.side.value.capitalize(),
        "orderPrice": plain(listing.price(price)),
        "orderQty": listing.plain_amount(order.lots),
        "leavesQty": listing.plain_amount(left),
        "createType": note.create_type,
        "orderType": order.kind.value.capitalize(),
        "stopOrderType": note.stop_type or "UNKNOWN",
        "execFee": short(money(fill.fee_atoms)),
        "execFeeV2": "",
        "execId": "",
        "execPrice": listing.plain_price(fill.ticks),
        "execQty": listing.plain_amount(fill.lots),
        "execType": execution_type(order),
        "execValue": short(listing.worth(fill.ticks, fill.lots)),
        "execTime": ms_text(time, fill.at_ns),
        "isMaker": fill.maker,
        "feeRate": plain(row.maker_fee if fill.maker else row.taker_fee),
        "feeCurrency": "",
        "tradeIv": "",
        "markIv": "",
        "markPrice": "",
        "indexPrice": "",
        "underlyingPrice": "",
        "blockTradeId": "",
        "closedSize": listing.plain_amount(closed),
        "seq": SEQUENCE_BASE + fill.trade_id,
        "extraFees": "",
        "marketUnit": "",
    }


def funding_row(listing: Listing, paid: BalanceChanged, lots: int, mark: Decimal, time: VenueTime) -> Document:
    """What a position paid (a positive fee) or was given, as an execution without an order."""
    at_ns = paid.balance.updated_ns
    value = listing.face(abs(lots)) / mark if listing.inverse else listing.face(abs(lots)) * mark
    fee = money(-paid.change_atoms)
    return {
        "symbol": listing.name,
        "orderId": "",
        "orderLinkId": "",
        "side": "Buy" if lots > 0 else "Sell",
        "orderPrice": "0",
        "orderQty": "0",
        "leavesQty": "0",
        "createType": "",
        "orderType": "UNKNOWN",
        "stopOrderType": "UNKNOWN",
        "execFee": short(fee),
        "execFeeV2": "",
        "execId": "",
        "execPrice": short(mark),
        "execQty": listing.plain_amount(abs(lots)),
        "execType": "Funding",
        "execValue": short(value),
        "execTime": ms_text(time, at_ns),
        "isMaker": False,
        "feeRate": short(abs(fee) / value) if value else "0",
        "feeCurrency": "",
        "tradeIv": "",
        "markIv": "",
        "markPrice": short(mark),
        "indexPrice": "",
        "underlyingPrice": "",
        "blockTradeId": "",
        "closedSize": "0",
        "seq": SEQUENCE_BASE + at_ns // 10**9,
        "extraFees": "",
        "marketUnit": "",
    }


def streamed_execution(listing: Listing, row: Document, profit: Decimal) -> Document:
    """The row as the stream has it."""
    kept = {name: value for name, value in row.items() if name != "execFeeV2"}
    more = {"isLeverage": "0", "execPnl": short(profit), "feeCurrency": listing.row.settle}
    return {"category": listing.category, **kept, **more}


_FAST = ("symbol", "execId", "execPrice", "execQty", "orderId", "isMaker", "orderLinkId", "side", "execTime", "seq")


def fast_execution(listing: Listing, row: Document) -> Document:
    """The row of `execution.fast`: no fee, no type."""
    return {"category": listing.category, **{name: row[name] for name in _FAST}}
