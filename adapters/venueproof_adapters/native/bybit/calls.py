"""The venue's requests about orders. An answer says that a request came in; what became of it is looked for.

Source: the vendor's trade pages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

import msgspec

from venueproof_adapters.kit.catalog import Catalog
from venueproof_adapters.kit.intents import leg_of, waits
from venueproof_adapters.kit.ordercalls import OrderName, Sending
from venueproof_adapters.kit.orders import Told
from venueproof_adapters.kit.requests import Unreadable
from venueproof_adapters.native.bybit import wire
from venueproof_adapters.native.bybit.parse import (
    FALLS,
    LEGS,
    POST_ONLY,
    RISES,
    SIDES,
    TYPES,
    WATCHED,
    Parser,
)
from venueproof_adapters.native.bybit.products import Product
from venueproof_adapters.native.bybit.rest import BATCH, REQUEST_LIFETIME_S, Rest
from venueproof_adapters.native.bybit.trailing import Trailing
from venueproof_contracts.errors import AdapterError, Reason, Rejected, Unsupported
from venueproof_contracts.model import (
    Instrument,
    Intent,
    Order,
    OrderType,
    PositionSide,
    Side,
    TimeInForce,
    TriggerKind,
)

CLIENT_ID = r"[A-Za-z0-9_-]{1,36}"
CLIENT_ID_LENGTH = 36

_PAGE = 50
_HISTORY_PAGES = 20
_REFUSED_LATER = {
    "EC_PostOnlyWillTakeLiquidity": Reason.WOULD_CROSS,
    "EC_NoEnoughQtyToFill": Reason.NOT_FILLABLE,
}
"""`rejectReason` of what was taken in and turned away."""

Terms = dict[str, object]


class BybitOrders:
    """Orders, conditional ones among them; a trailing stop belongs to a position (`trailing.py`)."""

    request_lifetime_s: float = REQUEST_LIFETIME_S
    batch_max: int = 10
    """The venue takes 20, but as many as may be placed in a second are let through."""

    def __init__(
        self,
        product: Product,
        rest: Rest,
        parser: Parser,
        trailing: Trailing,
        catalog: Catalog,
        decimal_text: Callable[[Decimal], str],
    ) -> None:
        self._product = product
        self._rest = rest
        self._parser = parser
        self._trailing = trailing
        self._catalog = catalog
        self._text = decimal_text

    async def prepare(self, instrument: Instrument, intent: Intent) -> Intent:
        """Refuse what the venue has no words for; say a trailing offset as the distance that the venue knows."""
        if intent.time_in_force is TimeInForce.GTD:
            raise Unsupported("no order here ends at a date")
        if intent.post_only and intent.time_in_force is not TimeInForce.GTC:
            raise Rejected(Reason.BAD_PARAMETER, "a post-only order here is good till canceled")
        if intent.trigger is not None and intent.trigger.kind is TriggerKind.TRAILING:
            return await self._trailing.prepare(instrument, intent)
        return intent

    def cannot_amend(self, refusal: Rejected) -> bool:
        """Orders are amended in place; a refusal of that is final."""
        return False

    def refusal(self, order: Order) -> Rejected | None:
        """By its reason, where nothing of it was filled."""
        if not order.status.final or order.filled:
            return None
        reason = _REFUSED_LATER.get(order.reason)
        return None if reason is None else Rejected(reason, code=order.reason, text=order.reason)

    # --- placing ---

    async def place(self, sending: Sending) -> Told | OrderName:
        """POST order/create."""
        if _trails(sending.intent):
            await self._trailing.place(sending)
        row = await self._rest.act("place", wire.OrderIds, category=self._product.name, **self._terms(sending))
        return OrderName(row.order_id, conditional=waits(sending.intent))

    async def place_batch(self, sendings: Sequence[Sending]) -> Sequence[Told | OrderName | AdapterError]:
        """POST order/create-batch: it succeeds, and what was refused stands beside its result."""
        orders = [self._terms(sending) for sending in sendings]
        batch = await self._rest.act(BATCH, wire.Batch, category=self._product.name, request=orders)
        rows, notes = batch.result.rows, batch.ret_ext_info.rows
        if not len(rows) == len(notes) == len(sendings):
            raise Unreadable(f"{len(rows)} answers and {len(notes)} notes for {len(sendings)} orders")
        return [self._batched(row, note) for row, note in zip(rows, notes, strict=True)]

    def _batched(self, row: wire.OrderIds, note: wire.BatchNote) -> OrderName | AdapterError:
        error = self._rest.refusal(msgspec.json.encode({"retCode": note.code, "retMsg": note.msg}))
        return error or OrderName(row.order_id)

    def _terms(self, sending: Sending) -> Terms:
        """A market order has no price: one that is sent is ignored."""
        intent, trigger = sending.intent, sending.intent.trigger
        terms: Terms = {
            "symbol": sending.instrument.spelling,
            "side": SIDES[intent.side],
            "orderType": TYPES[intent.type],
            "qty": self._text(intent.amount),
            "orderLinkId": sending.client_id,
            "positionIdx": LEGS[leg_of(intent) or PositionSide.NET],
        }
        if intent.type is OrderType.LIMIT and intent.price is not None:
            terms |= {"price": self._text(intent.price)}
            terms |= {"timeInForce": POST_ONLY if intent.post_only else intent.time_in_force.value.upper()}
        if intent.reduce_only or intent.close_position:
            terms |= {"reduceOnly": True}
        if intent.close_position:
            terms |= {"qty": "0", "closeOnTrigger": True}
        if trigger is not None and trigger.price is not None:
            pushes = trigger.kind is TriggerKind.STOP
            terms |= {
                "triggerPrice": self._text(trigger.price),
                "triggerDirection": RISES if pushes is (intent.side is Side.BUY) else FALLS,
                "triggerBy": WATCHED[trigger.watches],
            }
        return terms

    # --- changing and ending ---

    async def amend(self, instrument: Instrument, order: Order, price: Decimal, amount: Decimal) -> OrderName:
        """POST order/amend: in place, under the same id."""
        row = await self._rest.act(
            "amend",
            wire.OrderIds,
            category=self._product.name,
            symbol=instrument.spelling,
            orderId=order.ref.venue_id,
            price=None if price == order.price else self._text(price),
            qty=None if amount == order.amount else self._text(amount),
        )
        return OrderName(row.order_id)

    async def cancel(self, instrument: Instrument, name: OrderName) -> OrderName:
        """POST order/cancel."""
        row = await self._rest.act(
            "cancel", wire.OrderIds, category=self._product.name, symbol=instrument.spelling, **_which(name)
        )
        return OrderName(row.order_id, conditional=name.conditional)

    async def cancel_all(self, instrument: Instrument) -> None:
        """POST order/cancel-all: of every kind."""
        await self._rest.act("cancel-all", wire.Nothing, category=self._product.name, symbol=instrument.spelling)

    # --- asking ---

    async def query(self, instrument: Instrument, name: OrderName) -> Told:
        """GET order/realtime, which forgets orders that ended; GET order/history then."""
        if not name.venue_id and self._parser.expects(name.client_id):
            return await self._trailing.query(instrument, name.client_id)
        which = _which(name)
        for call in ("open-orders", "order-history"):
            for row in await self._rest.rows(call, wire.OrderRow, symbol=instrument.spelling, **which):
                if row.order_id == (name.venue_id or row.order_id):
                    return self._told_as(row, conditional=name.conditional)
        raise Rejected(Reason.UNKNOWN_ORDER, f"no order {name.venue_id or name.client_id} here")

    def _told_as(self, row: wire.OrderRow, *, conditional: bool) -> Told:
        """Of an order that fired the one that is asked for."""
        tellings = self._parser.tellings(row)
        return next((told for told in tellings if told.order.ref.conditional is conditional), tellings[-1])

    async def any_open(self, instrument: Instrument) -> bool:
        """GET order/realtime."""
        return bool(await self.open_orders(instrument))

    async def open_orders(self, instrument: Instrument | None) -> Sequence[Told]:
        """GET order/realtime, of a symbol or of all; what fired tells of the conditional order too."""
        rows = [row for scope in self._scopes(instrument) for row in await self._open(scope)]
        return [told for row in rows for told in self._parser.tellings(row)]

    async def _open(self, scope: Terms) -> list[wire.OrderRow]:
        return await self._rest.rows("open-orders", wire.OrderRow, limit=_PAGE, **scope)

    def _scopes(self, instrument: Instrument | None) -> list[Terms]:
        """What lists are asked for by: a symbol, each settle coin, or nothing."""
        if instrument is not None:
            return [{"symbol": instrument.spelling}]
        return coins(self._product, self._catalog)

    async def history(self, instrument: Instrument, conditional: bool) -> Sequence[Told]:
        """GET order/history and order/realtime, of the last days."""
        name = instrument.spelling
        ended = await self._rest.rows("order-history", wire.OrderRow, _HISTORY_PAGES, symbol=name, limit=_PAGE)
        rows = {row.order_id: row for row in (*ended, *await self._open({"symbol": name}))}
        ordered = sorted(rows.values(), key=lambda row: row.created_time)
        told = [one for row in ordered for one in self._parser.tellings(row)]
        return [one for one in told if one.order.ref.conditional is conditional]


def coins(product: Product, catalog: Catalog) -> list[Terms]:
    """The scopes that together are all symbols of a product."""
    if not product.asks_by_coin:
        return [{}]
    return [{"settleCoin": coin} for coin in sorted({one.settle for one in catalog.all()})]


def _trails(intent: Intent) -> bool:
    return intent.trigger is not None and intent.trigger.kind is TriggerKind.TRAILING


def _which(name: OrderName) -> Terms:
    return {"orderId": name.venue_id} if name.venue_id else {"orderLinkId": name.client_id}
