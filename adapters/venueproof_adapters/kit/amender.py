"""Changing a live order: in place where the venue does that, else by another order in its stead.

The new order asks for what is left of the asked total, and is placed before the old one is canceled: a refused one
leaves the old one as it was. Where the venue does not let both stand side by side the old one goes first, and comes
back when the new one is refused.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct, structs

from venueproof_adapters.kit.catalog import Catalog
from venueproof_adapters.kit.desk import UNCLEAR, Desk, or_error
from venueproof_adapters.kit.ordercalls import OrderCalls, OrderName, Sending
from venueproof_adapters.kit.orders import Told, order_key
from venueproof_adapters.kit.precision import on_step
from venueproof_adapters.kit.state import State
from venueproof_adapters.kit.worth import cost
from venueproof_contracts.errors import AdapterError, NotSent, OutcomeUnknown, Reason, Rejected, Unsupported
from venueproof_contracts.model import (
    Instrument,
    Intent,
    Order,
    OrderRef,
    OrderStatus,
    OrderType,
    TimeInForce,
    TriggerKind,
)


class Amender:
    """Amends what the desk placed."""

    def __init__(self, calls: OrderCalls, catalog: Catalog, state: State, desk: Desk) -> None:
        self._calls = calls
        self._catalog = catalog
        self._state = state
        self._desk = desk

    async def amend(self, ref: OrderRef, price: Decimal | None, amount: Decimal | None) -> Order:
        """Make it so that one live order has this price and total amount.

        The price of a conditional order is its limit price, and its trigger price where it has no limit price.
        """
        async with self._desk.changing(ref):
            return await self._amend(self._catalog.find(ref.instrument), ref, price, amount)

    async def _amend(
        self, instrument: Instrument, ref: OrderRef, price: Decimal | None, amount: Decimal | None
    ) -> Order:
        name = await self._desk.name(instrument, ref)
        key = (instrument.symbol, name.venue_id, name.conditional)
        shown = self._state.current(key) or await self._desk.query(instrument, name)
        wish = self._wanted(shown, price, amount)
        if name.conditional:
            return await self._replace(instrument, await self._desk.ask(instrument, name), wish)
        raw = self._state.orders.get(order_key(shown)) or shown
        try:
            return await self._in_place(instrument, raw, wish.price, wish.amount - shown.filled + raw.filled)
        except Rejected as error:
            if not self._calls.cannot_amend(error):
                raise
            return await self._replace(instrument, await self._desk.ask(instrument, name), wish)

    def _wanted(self, order: Order, price: Decimal | None, amount: Decimal | None) -> Intent:
        """The whole wish for the order as it is to be."""
        if not order.ref.conditional and (order.type is not OrderType.LIMIT or order.price is None):
            raise Rejected(Reason.NOT_ALLOWED, "only limit orders can be amended")
        wish = self._desk.wish(order) or _wish_of(order)
        trigger = wish.trigger
        if price is not None and order.price is None and trigger is not None:
            if trigger.kind is TriggerKind.TRAILING:
                raise Rejected(Reason.NOT_ALLOWED, "a trailing order has no price to amend")
            trigger, price = structs.replace(trigger, price=price), None
        return structs.replace(
            wish,
            price=order.price if price is None else price,
            amount=order.amount if amount is None else amount,
            trigger=trigger,
        )

    # --- in place ---

    async def _in_place(self, instrument: Instrument, order: Order, price: Decimal | None, amount: Decimal) -> Order:
        assert price is not None
        nothing: AdapterError = Rejected(Reason.OTHER, "the amendment was taken in and not carried out")
        try:
            told = await self._calls.amend(instrument, order, price, amount)
        except UNCLEAR:
            told, nothing = _name(order), NotSent("the amendment did not arrive")
        if isinstance(told, Told):
            amended = self._desk.hear(told)
            self._desk.watch(amended)
            return amended
        found = await self._desk.settled(lambda: self._look_amended(instrument, order, (price, amount)))
        if found is None:
            raise nothing
        return found

    async def _look_amended(
        self, instrument: Instrument, order: Order, wanted: tuple[Decimal, Decimal]
    ) -> Order | None:
        found = await self._desk.query(instrument, OrderName(venue_id=order.ref.venue_id or ""))
        raw = self._state.orders.get(order_key(order)) or found
        return found if raw.status.final or (raw.price, raw.amount) == wanted else None

    # --- by another order ---

    async def _replace(self, instrument: Instrument, old: Order, wish: Intent) -> Order:
        _check(instrument, old, wish)
        key = order_key(old)
        self._state.orders.begin_replacing(key)
        try:
            if wish.close_position or wish.amount <= old.filled:
                return await self._old_first(instrument, old, wish)
            try:
                new = await self._successor(instrument, old, wish, wish.amount - old.filled)
            except Rejected as error:
                if error.reason not in (Reason.REDUCE_ONLY, Reason.DUPLICATE_ID):
                    raise
                return await self._old_first(instrument, old, wish)  # both together may not stand
            return await self._old_after(instrument, old, new, wish)
        finally:
            self._state.give_up_replacing(key)

    async def _old_after(self, instrument: Instrument, old: Order, new: Order, wish: Intent) -> Order:
        """End the old order now that the new one stands, and take off the new one what the old one filled meanwhile."""
        try:
            ended = await self._end(instrument, old)
        except AdapterError as error:
            if isinstance(await or_error(self._desk.end(instrument, _name(new))), AdapterError):
                raise OutcomeUnknown(f"both orders may be live: {error}", code=error.code) from error
            self._state.give_up_replacing(order_key(old), order_key(new))
            raise
        if ended.by_us and ended.order.filled == old.filled:
            return self._state.current(order_key(new)) or new
        self._state.orders.begin_replacing(order_key(new))
        try:
            undone = await self._end(instrument, new)
            if undone.order.ref.conditional and not undone.by_us:
                raise OutcomeUnknown(f"{old.ref.venue_id} and {new.ref.venue_id} in its stead may both have fired")
            return await self._rest_of(instrument, ended, undone.order, wish)
        finally:
            self._state.give_up_replacing(order_key(new))

    async def _rest_of(self, instrument: Instrument, ended: Ended, undone: Order, wish: Intent) -> Order:
        """The old order went further before it ended, and the new one was taken back: place what is left now."""
        own = self._state.orders.get(order_key(undone)) or undone
        if not ended.by_us and not own.filled:
            self._state.give_up_replacing(order_key(ended.order), order_key(undone))
            raise ended.too_late()
        total = self._state.current(order_key(undone)) or undone
        if not ended.by_us or total.filled >= wish.amount:
            return total
        return await self._successor(instrument, undone, wish, wish.amount - total.filled)

    async def _old_first(self, instrument: Instrument, old: Order, wish: Intent) -> Order:
        """End the old order, then place what is left; when that is refused, place the old one again."""
        ended = await self._end(instrument, old)
        if not ended.by_us:
            raise ended.too_late()
        done = ended.order.filled
        if not wish.close_position and wish.amount <= done:
            return ended.order
        try:
            return await self._successor(instrument, ended.order, wish, wish.amount - done)
        except Rejected:
            before = self._wanted(old, None, None)
            if before.close_position or before.amount > done:
                await self._successor(instrument, ended.order, before, before.amount - done)
            raise

    async def _end(self, instrument: Instrument, order: Order) -> Ended:
        """End an order, or find out how it ended before that. Raises the error that stands in the way."""
        try:
            ended = await self._desk.end(instrument, _name(order))
            return Ended(ended, by_us=ended.status is OrderStatus.CANCELED)
        except Rejected as error:
            if error.reason is not Reason.UNKNOWN_ORDER:
                raise
        found = await self._desk.query(instrument, _name(order))
        if not _past(found):
            raise NotSent("it could not be ended")
        return Ended(found, by_us=False)

    async def _successor(self, instrument: Instrument, old: Order, wish: Intent, rest: Decimal) -> Order:
        """Place an order that takes the place of `old`."""
        ids, intent_id = self._state.ids, old.ref.intent_id
        number = self._desk.replacements(instrument, intent_id, old.ref.conditional) + 1
        client_id = ids.client_id(intent_id, number)
        self._state.announce_successor(old, client_id)
        try:
            order = await self._desk.send(Sending(instrument, client_id, structs.replace(wish, amount=rest)))
        finally:
            self._state.withdraw_successor(old, client_id)
        return self._state.current(order_key(order)) or order


class Ended(Struct, frozen=True):
    """An order that ended, and whether that was our doing."""

    order: Order
    by_us: bool

    def too_late(self) -> Rejected:
        """What to tell of an order that ended by itself: it was filled, it fired, or somebody else canceled it."""
        return Rejected(Reason.UNKNOWN_ORDER, f"it was {self.order.status} before it could be replaced")


def _name(order: Order) -> OrderName:
    return OrderName(venue_id=order.ref.venue_id or "", conditional=order.ref.conditional)


def _wish_of(order: Order) -> Intent:
    """What an order of an earlier process asked for, as far as the venue tells. Raises `Unsupported` where it
    does not."""
    trigger = order.trigger
    if trigger is not None and trigger.price is None and trigger.offset is None:
        raise Unsupported("the venue does not tell all terms of this order: cancel it, place another")
    return Intent(
        intent_id=order.ref.intent_id,
        instrument=order.ref.instrument,
        side=order.side,
        type=order.type,
        amount=order.amount,
        price=order.price,
        time_in_force=order.time_in_force or TimeInForce.GTC,
        expires_ns=order.expires_ns,
        post_only=order.post_only,
        reduce_only=order.reduce_only and not order.close_position,
        close_position=order.close_position,
        trigger=trigger,
        position_side=order.position_side,
    )


def _past(order: Order) -> bool:
    """True when nothing calls the order back: it ended, or its price has come."""
    return order.status.final or order.status is OrderStatus.TRIGGERING


def _check(instrument: Instrument, order: Order, wish: Intent) -> None:
    """Refuse what the venue would refuse, while the order still rests."""
    if _past(order):
        raise Rejected(Reason.UNKNOWN_ORDER, f"it is {order.status} already")
    if (wish.price, wish.amount, wish.trigger) == (order.price, order.amount, order.trigger):
        raise Rejected(Reason.NO_CHANGE, "it has these terms already")
    if wish.close_position:
        return
    if not on_step(wish.amount, instrument.amount_step) or (
        wish.price and not on_step(wish.price, instrument.price_tick)
    ):
        raise Rejected(Reason.PRECISION, f"{wish.amount} at {wish.price} is off the step")
    rest = wish.amount - order.filled
    price, least = wish.price or (wish.trigger.price if wish.trigger else None), instrument.notional_min
    small = least is not None and price and not wish.reduce_only and cost(instrument, rest, price) < least
    if rest > 0 and (rest < instrument.amount_min or small):
        raise Rejected(Reason.BELOW_MINIMUM, f"the rest of {rest} at {price} is below the minimum")
