"""Mutants of orders that wait for a price: placing them, telling what became of them, cleaning them up."""

from __future__ import annotations

from decimal import Decimal

from msgspec import structs

from venueproof_adapters.mutants.making import KnowsItsOwn, KnowsTrouble, Wrapper, broken
from venueproof_contracts.adapter import Adapter
from venueproof_contracts.errors import Reason, Rejected
from venueproof_contracts.model import (
    Event,
    FillEvent,
    Intent,
    OffsetUnit,
    Order,
    OrderEvent,
    OrderRef,
    OrderStatus,
    Trigger,
    TriggerPrice,
)


@broken("CON-010", "leaves-conditional-orders-out")
class LeavesOut(Wrapper):
    """Lists plain orders only."""

    async def open_orders(self, instrument: str | None) -> list[Order]:
        return [order for order in await self.inner.open_orders(instrument) if not order.ref.conditional]


@broken("CON-010", "lists-stops-without-their-trigger")
class NoTrigger(Wrapper):
    """Lists conditional orders as if they waited for nothing."""

    async def open_orders(self, instrument: str | None) -> list[Order]:
        return [structs.replace(order, trigger=None) for order in await self.inner.open_orders(instrument)]


@broken("CON-020", "tells-a-fired-order-as-waiting")
class FiredIsWaiting(Wrapper):
    """Does not know the word for a conditional order that fired, and says that it waits."""

    async def order(self, ref: OrderRef) -> Order:
        return _as_waiting(await self.inner.order(ref), OrderStatus.TRIGGERED)


def _as_waiting(order: Order, taken: OrderStatus) -> Order:
    return structs.replace(order, status=OrderStatus.WAITING) if order.status is taken else order


@broken("CON-030", "does-not-link-what-fired")
class Unlinked(Wrapper):
    """Does not say which order a conditional one became."""

    async def order(self, ref: OrderRef) -> Order:
        return structs.replace(await self.inner.order(ref), replaced_by=None)


@broken("CON-030", "takes-what-fired-for-somebody-elses")
class FiredIsForeign(Wrapper):
    """Tells fills of an order that a conditional one became under the id that the venue gave it."""

    def __init__(self, inner: Adapter) -> None:
        super().__init__(inner)
        self._conditional: set[str] = set()

    async def place(self, intent: Intent) -> Order:
        if intent.trigger is not None:
            self._conditional.add(intent.intent_id)
        return await self.inner.place(intent)

    def heard(self, event: Event) -> Event | None:
        if not isinstance(event, FillEvent) or event.fill.ref.intent_id not in self._conditional:
            return event
        ref = structs.replace(event.fill.ref, intent_id=f"venue-{event.fill.ref.venue_id}")
        return FillEvent(structs.replace(event.fill, ref=ref))


class Retriggering(Wrapper):
    """Places conditional orders with another trigger than the one asked for."""

    async def place(self, intent: Intent) -> Order:
        if intent.trigger is not None:
            intent = structs.replace(intent, trigger=self.changed(intent.trigger))
        return await self.inner.place(intent)

    def changed(self, trigger: Trigger) -> Trigger:
        """What is made of a trigger."""
        return trigger


@broken("CON-040", "watches-the-last-price")
class WatchesLast(Retriggering):
    """Lets every conditional order watch the last price."""

    def changed(self, trigger: Trigger) -> Trigger:
        return structs.replace(trigger, watches=TriggerPrice.LAST)


@broken("CON-050", "trails-by-half")
class TrailsByHalf(Retriggering):
    """Turns an absolute offset into percent of twice the price."""

    def changed(self, trigger: Trigger) -> Trigger:
        if trigger.offset is None or trigger.offset_unit is not OffsetUnit.ABSOLUTE:
            return trigger
        return structs.replace(trigger, offset=trigger.offset / 2)


@broken("CON-110", "leaves-the-activation-out")
class LeavesActivationOut(Retriggering):
    """Lets a trailing stop follow from the start."""

    def changed(self, trigger: Trigger) -> Trigger:
        return structs.replace(trigger, activation=None)


@broken("CON-060", "closes-what-there-was")
class ClosesWhatThereWas(Wrapper):
    """Closes the amount that was held when the order was placed."""

    async def place(self, intent: Intent) -> Order:
        if intent.close_position:
            held = [one.amount for one in await self.inner.positions() if one.instrument == intent.instrument]
            intent = structs.replace(intent, close_position=False, reduce_only=True, amount=abs(sum(held, Decimal(0))))
        return await self.inner.place(intent)


@broken("CON-070", "sweeps-plain-orders-only")
class SweepsPlain(Wrapper):
    """Leaves conditional orders alone when it cancels all."""

    async def cancel_all(self, instrument: str) -> None:
        for order in await self.inner.open_orders(instrument):
            if not order.ref.conditional:
                await self.inner.cancel(order.ref)


@broken("CON-070", "cancels-a-stop-that-is-not-there")
class CancelsNoStop(Wrapper):
    """Reports success when there was no conditional order to cancel."""

    async def cancel(self, ref: OrderRef) -> Order:
        try:
            return await self.inner.cancel(ref)
        except Rejected:
            if not ref.conditional:
                raise
            return structs.replace(await self.inner.order(ref), status=OrderStatus.CANCELED)


@broken("CON-080", "trades-at-once-what-was-refused")
class TradesAtOnce(Wrapper):
    """Sends a plain order when the venue refuses a conditional one."""

    async def place(self, intent: Intent) -> Order:
        try:
            return await self.inner.place(intent)
        except Rejected:
            if intent.trigger is None:
                raise
            return await self.inner.place(structs.replace(intent, trigger=None, intent_id=f"{intent.intent_id}-now"))


@broken("CON-080", "forgets-why-a-stop-was-refused")
class ForgetsWhy(Wrapper):
    """Reports every refusal of a conditional order for the same reason."""

    async def place(self, intent: Intent) -> Order:
        try:
            return await self.inner.place(intent)
        except Rejected as error:
            if intent.trigger is None:
                raise
            raise Rejected(Reason.OTHER, code=error.code, text=error.text) from error


@broken("CON-090", "takes-triggering-for-waiting")
class TriggeringIsWaiting(Wrapper):
    """Says that a conditional order waits while it is stuck on its way."""

    async def order(self, ref: OrderRef) -> Order:
        return _as_waiting(await self.inner.order(ref), OrderStatus.TRIGGERING)

    def heard(self, event: Event) -> Event | None:
        return OrderEvent(_as_waiting(event.order, OrderStatus.TRIGGERING)) if isinstance(event, OrderEvent) else event


@broken("CON-100", "gives-up-the-old-stop-for-a-refused-one")
class GivesUpOldStop(Wrapper):
    """Cancels the stop that is there although the new one was refused."""

    async def place(self, intent: Intent) -> Order:
        try:
            return await self.inner.place(intent)
        except Rejected:
            for order in await self.inner.open_orders(intent.instrument):
                if order.close_position and intent.close_position:
                    await self.inner.cancel(order.ref)
            raise


@broken("LIF-030", "lists-the-stops-it-placed-itself")
class OwnStopsOnly(KnowsItsOwn):
    """Lists conditional orders out of its memory, which is empty after a restart."""

    async def open_orders(self, instrument: str | None) -> list[Order]:
        orders = await self.inner.open_orders(instrument)
        return [one for one in orders if not one.ref.conditional or one.ref.intent_id in self.own]


@broken("REC-020", "tells-no-fired-stop-after-trouble")
class ForgetsStops(KnowsTrouble):
    """Tells nothing of conditional orders any more once its stream was down."""

    def heard(self, event: Event) -> Event | None:
        conditional = isinstance(event, OrderEvent) and event.order.ref.conditional
        return None if self.was_down(event) and conditional else event
