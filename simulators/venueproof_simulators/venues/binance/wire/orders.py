"""Orders and fills as REST prints them.

Since the integration of 2026-06 replies to place, amend and cancel carry no money (`avgPrice`, `cumQuote`, `cumBase`):
`order_reply`, unless it is asked for as before. Queries do: `order_document`.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from venueproof_simulators.engine.events import BalanceCause, BalanceChanged
from venueproof_simulators.engine.matching import SELF_TRADE
from venueproof_simulators.engine.state import (
    FillState,
    OrderKind,
    OrderOrigin,
    OrderState,
    OrderStatus,
    PositionSide,
    SelfTrade,
    TimeInForce,
)
from venueproof_simulators.host.decimals import fixed, money, plain
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.documents import Document
from venueproof_simulators.kit.numbers import wire_ms
from venueproof_simulators.venues.binance.products import ProductRules
from venueproof_simulators.venues.binance.wire.numbers import Listing, eight, rounded

STATUSES: dict[OrderStatus, str] = {
    OrderStatus.ACKNOWLEDGED: "NEW",
    OrderStatus.OPEN: "NEW",
    OrderStatus.PARTLY_FILLED: "PARTIALLY_FILLED",
    OrderStatus.FILLED: "FILLED",
    OrderStatus.CANCELED: "CANCELED",
    OrderStatus.EXPIRED: "EXPIRED",
    OrderStatus.REJECTED: "REJECTED",
}
"""The venue's word for each status of the engine."""


LEGS: dict[PositionSide, str] = {
    PositionSide.NET: "BOTH",
    PositionSide.LONG: "LONG",
    PositionSide.SHORT: "SHORT",
}
"""The venue's word for each leg."""

SELF_TRADE_WORDS: dict[SelfTrade, str] = {mode: mode.name for mode in SelfTrade}
"""The venue's word for what gives way when two own orders meet."""


class Origin(Struct, frozen=True):
    """The conditional order that an order came from, in the venue's words; by default none."""

    order_type: str = ""
    stop_price: str = ""
    working_type: str = "CONTRACT_PRICE"
    close_position: bool = False
    price_protect: bool = False
    activation: str = ""
    callback: str = ""


NO_ORIGIN = Origin()


class Amendment(Struct, frozen=True):
    """One change of an order: its price and total before and after."""

    at_ns: int
    ticks: tuple[int, int]
    lots: tuple[int, int]
    modify_id: int


class OrderNote(Struct, frozen=True):
    """What the venue keeps of an order beyond what the engine needs."""

    price_match: str = "NONE"
    good_till_ms: int = 0
    modify_id: int | None = None
    amendments: tuple[Amendment, ...] = ()
    origin: Origin = NO_ORIGIN
    waits: bool = False
    """It is a conditional order that has not fired."""


_SYMBOLS_MAX = 1000
_MARKET = OrderKind.MARKET
FORCED = frozenset({OrderOrigin.LIQUIDATION, OrderOrigin.DELEVERAGING})
"""Who sends orders by which the venue closes a position."""
_NOT_OF_FORCED = frozenset({"priceMatch", "selfTradePreventionMode"})

PLAIN_NOTE = OrderNote()
"""The note of an order that has nothing special."""


def client_id(order: OrderState) -> str:
    """An order's client id; orders by which the venue closes a position have ids that say so.

    There is no `settlement_autoclose-`: nothing is delivered or delisted here.
    """
    if order.origin not in FORCED:
        return order.client_id
    if order.origin is OrderOrigin.LIQUIDATION:
        return f"autoclose-{order.created_ns // 1_000_000}{order.order_id:06d}"
    return "adl_autoclose"


def status(order: OrderState) -> str:
    """The venue's word for where an order is; one that stood in its own account's way has a word of its own."""
    return "EXPIRED_IN_MATCH" if order.reason == SELF_TRADE else STATUSES[order.status]


def order_type(order: OrderState, note: OrderNote) -> str:
    """The venue's word for its type as it is now: that of a conditional order until it fires."""
    return note.origin.order_type if note.waits else order.kind.upper()


def time_in_force(order: OrderState, note: OrderNote) -> str:
    """The venue's word for how long an order may wait; market orders read GTC."""
    if order.kind is _MARKET:
        return "GTC"
    if order.post_only:
        return "GTX"
    if note.good_till_ms and order.time_in_force is TimeInForce.GTC:
        return "GTD"
    return order.time_in_force.upper()


def _common(listing: Listing, order: OrderState, note: OrderNote) -> Document:
    """The fields that replies and queries share, in the venue's order after `cumQty`/`cumBase`."""
    kind, origin = order_type(order, note), note.origin
    document: Document = {
        "timeInForce": time_in_force(order, note),
        "type": kind,
        "reduceOnly": order.reduce_only,
        "closePosition": origin.close_position,
        "side": order.side.upper(),
        "positionSide": LEGS[order.position_side],
        "stopPrice": origin.stop_price or listing.zero_price,
        "workingType": origin.working_type,
        "priceProtect": origin.price_protect,
        "origType": origin.order_type or kind,
        "priceMatch": note.price_match,
        "selfTradePreventionMode": SELF_TRADE_WORDS[order.self_trade],
    }
    if not listing.inverse:
        document["goodTillDate"] = note.good_till_ms
    if origin.callback:
        document |= {"activatePrice": origin.activation, "priceRate": origin.callback}
    return document


def order_reply(
    listing: Listing, order: OrderState, note: OrderNote, time: VenueTime, *, paid: bool = False
) -> Document:
    """The answer to placing or canceling an order; `paid`: with the money of its fills."""
    executed = listing.amount_text(order.filled_lots)
    average = {"avgPrice": average_text(listing, order)} if paid else {}
    return {
        "orderId": order.order_id,
        "symbol": listing.name,
        **listing.coin_pair,
        "status": status(order),
        "clientOrderId": client_id(order),
        "price": listing.price_text(order.ticks),
        **average,
        "origQty": listing.amount_text(order.lots),
        "executedQty": executed,
        "cumQty": executed,
        **(_sum(listing, order) if paid else {}),
        **_common(listing, order, note),
        "updateTime": wire_ms(time, order.updated_ns),
    }


def test_reply(listing: Listing, order: OrderState, note: OrderNote, time: VenueTime) -> Document:
    """The answer to testing an order: as it was before 2026-06, with the money of an order that has not filled."""
    return order_reply(listing, order, note, time) | {
        "avgPrice": listing.zero_price,
        "cumQuote": fixed(Decimal(0), listing.money_places),
    }


def amend_reply(
    listing: Listing, order: OrderState, note: OrderNote, time: VenueTime, *, paid: bool = False
) -> Document:
    """The answer to amending an order: the same, with `pair`, and with `modifyId` when one was sent."""
    document = order_reply(listing, order, note, time, paid=paid) | {"pair": listing.pair}
    return document if note.modify_id is None else document | {"modifyId": note.modify_id}


def order_document(listing: Listing, order: OrderState, note: OrderNote, time: VenueTime) -> Document:
    """An order as queries and lists show it."""
    return {
        "orderId": order.order_id,
        "symbol": listing.name,
        "pair": listing.pair,
        "status": status(order),
        "clientOrderId": client_id(order),
        "price": listing.price_text(order.ticks),
        "avgPrice": average_text(listing, order),
        "origQty": listing.amount_text(order.lots),
        "executedQty": listing.amount_text(order.filled_lots),
        **({"cumQuote": "0", **_sum(listing, order)} if listing.inverse else {**_sum(listing, order), "cumBase": "0"}),
        **_common(listing, order, note),
        "time": wire_ms(time, order.created_ns),
        "updateTime": wire_ms(time, order.updated_ns),
    }


def average_text(listing: Listing, order: OrderState) -> str:
    """`avgPrice`: before the first fill `0.00` on every USDⓈ-M symbol, as recorded."""
    if not order.filled_lots:
        return listing.zero_price if listing.inverse else "0.00"
    return fixed(average_price(listing, order), listing.money_places)


def _sum(listing: Listing, order: OrderState) -> Document:
    """What its fills are worth."""
    if listing.inverse:
        return {"cumBase": eight(filled_coin(listing, order))}
    return {"cumQuote": fixed(listing.value(order.filled_value), listing.money_places)}


def listed_document(listing: Listing, order: OrderState, note: OrderNote, time: VenueTime) -> Document:
    """One row of allOrders, which tells of orders of COIN-M futures too how long they are good."""
    return order_document(listing, order, note, time) | {"goodTillDate": note.good_till_ms}


def forced_document(listing: Listing, order: OrderState, note: OrderNote, time: VenueTime) -> Document:
    """One row of forceOrders: an order by which the venue closed a position, with fewer fields than others have."""
    whole = listed_document(listing, order, note, time)
    left_out = _NOT_OF_FORCED if listing.inverse else _NOT_OF_FORCED | {"priceProtect", "goodTillDate"}
    return {name: value for name, value in whole.items() if name not in left_out}


def average_price(listing: Listing, order: OrderState) -> Decimal:
    """The average price of an order's fills, to eight decimals; 0 before the first."""
    if listing.inverse:
        return rounded(listing.mark(order.average_nano_ticks))
    return listing.mean(order.filled_value, order.filled_lots)


def filled_coin(listing: Listing, order: OrderState) -> Decimal:
    """What an inverse order's fills are worth in coin."""
    price = listing.mark(order.average_nano_ticks)
    return listing.face(order.filled_lots) / price if price else Decimal(0)


def amendment_documents(listing: Listing, order: OrderState, note: OrderNote, time: VenueTime) -> list[Document]:
    """The changes of an order, oldest first."""
    return [
        {
            "amendmentId": number,
            "symbol": listing.name,
            "pair": listing.pair,
            "orderId": order.order_id,
            "clientOrderId": client_id(order),
            "time": wire_ms(time, change.at_ns),
            "amendment": {
                "price": dict(zip(("before", "after"), map(listing.price_text, change.ticks), strict=True)),
                "origQty": dict(zip(("before", "after"), map(listing.amount_text, change.lots), strict=True)),
                "count": number,
                "modifyId": change.modify_id,
            },
        }
        for number, change in enumerate(note.amendments, 1)
    ]


def fill_document(listing: Listing, fill: FillState, time: VenueTime) -> Document:
    """One row of userTrades."""
    return {
        "buyer": fill.side.sign > 0,
        "commission": eight(money(fill.fee_atoms)),
        "commissionAsset": fill.fee_asset,
        "id": fill.trade_id,
        "maker": fill.maker,
        "orderId": fill.order_id,
        "price": listing.plain_price(fill.ticks),
        "qty": listing.amount_text(fill.lots),
        "quoteQty": plain(listing.quote(fill.ticks, fill.lots)),
        "baseQty": eight(listing.base(fill.ticks, fill.lots)) if listing.inverse else listing.amount_text(fill.lots),
        "marginAsset": listing.row.settle,
        "realizedPnl": plain(money(fill.realized_atoms)),
        "side": fill.side.upper(),
        "positionSide": LEGS[fill.position_side],
        "symbol": listing.name,
        "pair": listing.pair,
        "time": wire_ms(time, fill.at_ns),
    }


def income_documents(listing: Listing, fill: FillState, place: int, time: VenueTime) -> list[tuple[str, Document]]:
    """What a fill adds to the income list: (incomeType, row), profit first.

    `place` is the symbol's in the list of all: two symbols may have the same trade id, but no two rows of one kind the
    same tranId.
    """
    kinds = (("REALIZED_PNL", fill.realized_atoms), ("COMMISSION", -fill.fee_atoms))
    return [
        (
            kind,
            {
                "symbol": listing.name,
                "incomeType": kind,
                "income": eight(money(atoms)),
                "asset": fill.fee_asset,
                "info": str(fill.trade_id) if kind == "COMMISSION" else "",
                "time": wire_ms(time, fill.at_ns),
                "tranId": _transaction(listing.product, (fill.trade_id * _SYMBOLS_MAX + place) * 10 + number),
                "tradeId": str(fill.trade_id),
            },
        )
        for number, (kind, atoms) in enumerate(kinds)
        if atoms
    ]


def _transaction(product: ProductRules, number: int) -> int | str:
    return str(number) if product.transactions_as_text else number


INCOME_TYPES = {
    BalanceCause.DEPOSIT: "TRANSFER",
    BalanceCause.WITHDRAWAL: "TRANSFER",
    BalanceCause.FUNDING: "FUNDING_FEE",
    BalanceCause.INSURANCE: "INSURANCE_CLEAR",
}
"""`incomeType` of money that no trade moved."""


def payment_document(paid: BalanceChanged, product: ProductRules, number: int, time: VenueTime) -> Document:
    """What money that no trade moved adds to the income list; `number` counts the account's payments."""
    kind = INCOME_TYPES[paid.cause]
    return {
        "symbol": paid.instrument,
        "incomeType": kind,
        "income": eight(money(paid.change_atoms)),
        "asset": paid.balance.asset,
        "info": kind,
        "time": wire_ms(time, paid.balance.updated_ns),
        "tranId": _transaction(product, number),
        "tradeId": "",
    }
