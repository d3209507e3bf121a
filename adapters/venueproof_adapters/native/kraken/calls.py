"""The venue's requests about orders, in the kit's words.

The time that an order lives is its type; a market order here is one that may not wait, within one percent of the best
price. Source: the vendor's order management pages.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from decimal import Decimal

from msgspec import structs

from venueproof_adapters.kit.clock import SECOND_NS
from venueproof_adapters.kit.intents import leg_of, waits
from venueproof_adapters.kit.ordercalls import OrderName, Sending, pending
from venueproof_adapters.kit.orders import Told
from venueproof_adapters.kit.precision import on_step
from venueproof_adapters.kit.requests import Unreadable
from venueproof_adapters.kit.worth import cost
from venueproof_adapters.native.kraken import wire
from venueproof_adapters.native.kraken.errors import PLACED
from venueproof_adapters.native.kraken.parse import SIGNALS, UNITS, Parser, end_reason
from venueproof_adapters.native.kraken.rest import REQUEST_LIFETIME_S, ROWS, Rest
from venueproof_adapters.native.kraken.trailing import Trailing
from venueproof_adapters.native.kraken.wire import time_ns
from venueproof_contracts.errors import AdapterError, Reason, Rejected, Unsupported
from venueproof_contracts.model import (
    ZERO,
    ContractUnit,
    Instrument,
    Intent,
    Order,
    OrderRef,
    OrderStatus,
    OrderType,
    TimeInForce,
    TriggerKind,
)

CLIENT_ID = r"[!-~]([ -~]{0,98}[!-~])?"
CLIENT_ID_LENGTH = 100

_TYPES = {TimeInForce.GTC: "lmt", TimeInForce.IOC: "ioc", TimeInForce.FOK: "fok"}
_WAITING_TYPES = {
    TriggerKind.STOP: "stp",
    TriggerKind.TAKE: "take_profit",
    TriggerKind.TRAILING: "trailing_stop",
}
_HELD_S = 0.15
"""Longer than any order is held back: the venue says 20 ms, and never above 100."""
_REMEMBERED_NS = 4 * SECOND_NS
"""A little less than orders/status tells of what ended; what a history costs comes back slowly."""
_NO_SUCH_TYPE, _BAD_SIZE, _BAD_PRICE = "invalidOrderType", "invalidSize", "invalidPrice"

Terms = dict[str, object]


class KrakenOrders:
    """Orders. A conditional one keeps its id when it fires, and is told under it as two orders, one after the other."""

    request_lifetime_s: float = REQUEST_LIFETIME_S
    batch_max: int = 20

    def __init__(
        self,
        rest: Rest,
        parser: Parser,
        trailing: Trailing,
        decimal_text: Callable[[Decimal], str],
        now_ns: Callable[[], int],
    ) -> None:
        self._rest = rest
        self._parser = parser
        self._known = parser.known
        self._trailing = trailing
        self._text = decimal_text
        self._now_ns = now_ns
        self._histories: dict[tuple[str, bool], tuple[int, Sequence[Told]]] = {}

    async def prepare(self, instrument: Instrument, intent: Intent) -> Intent:
        """Refuse what the venue has no words for."""
        trigger = intent.trigger
        if leg_of(intent) is not None:
            raise Unsupported("there is one position per contract here, no leg of its own")
        if intent.time_in_force is TimeInForce.GTD:
            raise Unsupported("orders here know no good-till-date")
        if intent.post_only and intent.time_in_force is not TimeInForce.GTC:
            raise Rejected(Reason.BAD_PARAMETER, "a post-only order here is good till canceled")
        if intent.close_position:
            raise Unsupported("no order here closes a position of any size")
        if trigger is not None and trigger.kind is TriggerKind.TRAILING:
            if trigger.activation is not None:
                raise Unsupported("a trailing order here follows from the start")
            if intent.type is not OrderType.MARKET:
                raise Unsupported("a trailing order here is a market order")
        return intent

    def cannot_amend(self, refusal: Rejected) -> bool:
        """Every order here is amended in place, or not at all."""
        return False

    def refusal(self, order: Order) -> Rejected | None:
        """One that was held back may be turned away when it is released."""
        if order.status not in (OrderStatus.REJECTED, OrderStatus.EXPIRED) or order.filled or order.ref.conditional:
            return None
        return Rejected(end_reason(order), code=order.reason, text=order.reason)

    # --- placing ------------------------------------------------------------------------------------------------------

    async def place(self, sending: Sending) -> Told | OrderName:
        """POST sendorder. A trailing order that the venue does not take is trailed from here."""
        try:
            return await self._place(sending)
        except Rejected as error:
            trigger = sending.intent.trigger
            if trigger is None or trigger.kind is not TriggerKind.TRAILING or error.code != _NO_SUCH_TYPE:
                raise
        best, stop = await self._trailing.first_stop(sending)
        told = await self._place(sending, stop)
        if isinstance(told, Told):
            self._trailing.follow(sending, told.order, best)
        return told

    async def _place(self, sending: Sending, stop: Decimal | None = None) -> Told | OrderName:
        self._known.wish(sending.client_id, sending.intent, self._now_ns())
        try:
            sent = await self._rest.act("place", wire.Sent, **self._terms(sending, stop))
        except Rejected as error:
            raise _exactly(error, sending) from None
        told = self._placed(sending, sent.send_status)
        if isinstance(told, OrderName) and sending.instrument.symbol in self._known.protected:
            await asyncio.sleep(_HELD_S)  # what became of one that may not wait shows when it is released
        return told

    async def place_batch(self, sendings: Sequence[Sending]) -> Sequence[Told | OrderName | AdapterError]:
        """POST batchorder: a refused one has a status, and nothing else."""
        for sending in sendings:
            self._known.wish(sending.client_id, sending.intent, self._now_ns())
        rows = [
            {"order": "send", "order_tag": str(number), **self._terms(sending, None)}
            for number, sending in enumerate(sendings)
        ]
        answered = (await self._rest.act("place-batch", wire.Batch, **{ROWS: rows})).batch_status
        by_tag = {status.tag: status for status in answered}
        if len(by_tag) != len(sendings):
            raise Unreadable(f"{len(by_tag)} answers for {len(sendings)} orders")
        return [self._batched(sending, by_tag.get(str(number))) for number, sending in enumerate(sendings)]

    def _batched(self, sending: Sending, status: wire.SendStatus | None) -> Told | OrderName | AdapterError:
        if status is None:
            return Unreadable("one order of the batch was not answered")
        error = self._rest.outcome(status.status, PLACED)
        if isinstance(error, Rejected):
            return _exactly(error, sending)
        try:
            return error or self._placed(sending, status)
        except AdapterError as fault:
            return fault

    def _terms(self, sending: Sending, stop: Decimal | None) -> Terms:
        """`stop`: where a stop that is trailed from here begins."""
        intent, trigger = sending.intent, sending.intent.trigger
        terms: Terms = {
            "orderType": _type(intent) if stop is None else "stp",
            "symbol": sending.instrument.spelling,
            "side": intent.side.value,
            "size": self._text(intent.amount),
            "cliOrdId": sending.client_id,
        }
        if intent.type is OrderType.LIMIT and intent.price is not None:
            terms["limitPrice"] = self._text(intent.price)
        if intent.reduce_only:
            terms["reduceOnly"] = "true"
        if trigger is None:
            return terms
        terms["triggerSignal"] = SIGNALS[trigger.watches]
        if trigger.kind is not TriggerKind.TRAILING or stop is not None:
            price = trigger.price if stop is None else stop
            return terms | {"stopPrice": self._text(price or ZERO)}
        deviation = {"trailingStopMaxDeviation": self._text(trigger.offset or ZERO)}
        return terms | deviation | {"trailingStopDeviationUnit": UNITS[trigger.offset_unit]}

    def _placed(self, sending: Sending, status: wire.SendStatus) -> Told | OrderName:
        """What the events of the answer tell; where they do not tell all, the name by which it is asked for."""
        if not status.order_id:
            raise Unreadable("the order that was placed has no id")
        intent, conditional = sending.intent, waits(sending.intent)
        name = OrderName(status.order_id, conditional=conditional)
        self._known.name(status.order_id, intent.instrument, sending.client_id)
        trades = [event for event in status.events if event.type == "EXECUTION"]
        filled = sum((trade.amount for trade in trades), ZERO)
        rests = any(event.type == "PLACE" for event in status.events)
        if not conditional and filled < intent.amount and (not rests or _immediate(intent)):
            return name
        self._known.told(status.order_id)
        live = OrderStatus.PARTLY_FILLED if filled else OrderStatus.OPEN
        ended = OrderStatus.FILLED if filled >= intent.amount else live
        order = structs.replace(
            pending(sending, name),
            status=OrderStatus.WAITING if conditional else ended,
            filled=filled,
            average_price=_average(sending.instrument, trades),
            updated_ns=time_ns(status.received) if status.received else 0,
        )
        return Told(order, sending.client_id)

    # --- changing and ending ------------------------------------------------------------------------------------------

    async def amend(self, instrument: Instrument, order: Order, price: Decimal, amount: Decimal) -> Told | OrderName:
        """POST editorder: the same order, `size` is all of it. One that may take may be held back for a moment."""
        held_back = self._may_wait(instrument, order)
        try:
            edited = await self._edit(order, price, amount)
        except Rejected as error:
            if error.reason is not Reason.UNKNOWN_ORDER or not held_back:
                raise _refined(error, instrument, amount, price) from None
            await asyncio.sleep(_HELD_S)  # one that was just placed is not known before it is released
            edited = await self._edit(order, price, amount)
        now = next((event.new for event in edited.edit_status.events if event.new is not None), None)
        return OrderName(order.ref.venue_id or "") if now is None or held_back else self._parser.event(now)

    async def _edit(self, order: Order, price: Decimal, amount: Decimal) -> wire.Edited:
        size, limit = self._text(amount), self._text(price)
        return await self._rest.act("amend", wire.Edited, orderId=order.ref.venue_id, size=size, limitPrice=limit)

    def _may_wait(self, instrument: Instrument, order: Order) -> bool:
        return instrument.symbol in self._known.protected and not order.post_only

    async def cancel(self, instrument: Instrument, name: OrderName) -> Told | OrderName | None:
        """POST cancelorder. What is held back goes on until it is released, so there the word alone is not the end."""
        which = {"order_id": name.venue_id} if name.venue_id else {"cliOrdId": name.client_id}
        status = (await self._rest.act("cancel", wire.Canceled, **which)).cancel_status
        if name.conditional:  # it may have fired: under its id the venue cancels what it became
            waited = any(event.order_trigger is not None for event in status.events)
            return None if waited else name
        ended = next((event.order for event in status.events if event.order is not None), None)
        if ended is None or not ended.order_id or instrument.symbol in self._known.protected:
            return name
        told = self._parser.event(ended)
        return Told(structs.replace(told.order, status=OrderStatus.CANCELED), told.client_id)

    async def cancel_all(self, instrument: Instrument) -> None:
        """POST cancelallorders. Its status says that there were none even where it lists those that were ended."""
        await self._rest.act("cancel-all", wire.Canceled, symbol=instrument.spelling)

    # --- asking -------------------------------------------------------------------------------------------------------

    async def query(self, instrument: Instrument, name: OrderName) -> Told:
        """GET orders/status, which forgets within seconds what ended; then the histories, which remember."""
        which = {"orderIds": name.venue_id} if name.venue_id else {"cliOrdIds": name.client_id}
        rows = (await self._rest.ask("order", wire.Statuses, **which)).orders
        for told in map(self._parser.status, rows):
            if told.order.ref.conditional is name.conditional and _is_named(told, instrument, name):
                return told
        if not self._is_new(name):
            for told in reversed(await self._past(instrument, name.conditional)):
                if _is_named(told, instrument, name):
                    return told
        raise Rejected(Reason.UNKNOWN_ORDER, f"no order {name.venue_id or name.client_id}")

    def _is_new(self, name: OrderName) -> bool:
        """True for an order that was sent so lately that orders/status tells all there is to tell of it."""
        client_id = name.client_id or self._known.client_id(name.venue_id) or ""
        return not name.conditional and self._now_ns() - self._known.sent_ns(client_id) < _REMEMBERED_NS

    async def _past(self, instrument: Instrument, conditional: bool) -> Sequence[Told]:
        """The history as of a moment ago: what is newer is in orders/status still, but for orders that fired since."""
        at_ns, tellings = self._histories.get((instrument.symbol, conditional), (0, ()))
        if conditional or self._now_ns() - at_ns >= _REMEMBERED_NS:
            tellings = await self.history(instrument, conditional)
        return tellings

    async def any_open(self, instrument: Instrument) -> bool:
        """GET openorders."""
        return bool(await self.open_orders(instrument))

    async def open_orders(self, instrument: Instrument | None) -> Sequence[Told]:
        """GET openorders: of all contracts, those of other products left out."""
        rows = (await self._rest.ask("open-orders", wire.OpenOrders)).open_orders
        tellings = [self._parser.open_order(row) for row in rows if self._parser.lists(row.symbol)]
        return [told for told in tellings if instrument is None or told.order.ref.instrument == instrument.symbol]

    async def history(self, instrument: Instrument, conditional: bool) -> Sequence[Told]:
        """GET orders or triggers of the history: the last changes there were."""
        call = "history-conditionals" if conditional else "history"
        asked_ns = self._now_ns()
        answered = await self._rest.ask(call, wire.PastOrders, tradeable=instrument.spelling, sort="desc")
        found = [told for told in self._parser.past(answered.elements) if told.order.ref.conditional is conditional]
        self._histories[instrument.symbol, conditional] = (asked_ns, found)
        return found


def _type(intent: Intent) -> str:
    if intent.trigger is not None:
        return _WAITING_TYPES[intent.trigger.kind]
    if intent.type is OrderType.MARKET:
        return "mkt"
    return "post" if intent.post_only else _TYPES[intent.time_in_force]


def _immediate(intent: Intent) -> bool:
    return intent.type is OrderType.MARKET or intent.time_in_force is not TimeInForce.GTC


def _average(instrument: Instrument, trades: Sequence[wire.OrderEvent]) -> Decimal | None:
    """The price at which all was traded; None for nothing."""
    paid = sum((cost(instrument, trade.amount, trade.price) for trade in trades if trade.price), ZERO)
    face = sum((trade.amount for trade in trades), ZERO) * instrument.contract_size
    if not paid or not face:
        return None
    return paid / face if instrument.contract_unit is ContractUnit.BASE else face / paid


def _is_named(told: Told, instrument: Instrument, name: OrderName) -> bool:
    ref: OrderRef = told.order.ref
    same = ref.venue_id == name.venue_id if name.venue_id else told.client_id == name.client_id
    return same and ref.instrument == instrument.symbol


def _exactly(error: Rejected, sending: Sending) -> Rejected:
    """A refused placement with the reason that the venue does not say."""
    intent, trigger = sending.intent, sending.intent.trigger
    return _refined(error, sending.instrument, intent.amount, intent.price, trigger.price if trigger else None)


def _refined(error: Rejected, instrument: Instrument, amount: Decimal, *prices: Decimal | None) -> Rejected:
    """What is wrong with a size or a price: the venue only says that it is wrong."""
    reason = error.reason
    if error.code == _BAD_SIZE:
        most = instrument.amount_max
        if amount < instrument.amount_min:
            reason = Reason.BELOW_MINIMUM
        elif not on_step(amount, instrument.amount_step):
            reason = Reason.PRECISION
        elif most is not None and amount > most:
            reason = Reason.ABOVE_MAXIMUM
    elif error.code == _BAD_PRICE:
        on_tick = all(on_step(price, instrument.price_tick) for price in prices if price is not None)
        reason = Reason.PRICE_BAND if on_tick else Reason.PRECISION
    return Rejected(reason, code=error.code, text=error.text)
