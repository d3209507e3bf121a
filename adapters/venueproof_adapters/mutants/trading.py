"""Mutants of what is done with orders: placing, canceling, amending, and what is said of how they ended."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from zlib import crc32

from msgspec import structs

from venueproof_adapters.kit.ledger import OrderKey
from venueproof_adapters.kit.orders import OrderView
from venueproof_adapters.mutants.making import KnowsItsOwn, Wrapper, broken, exchanged
from venueproof_contracts.adapter import Adapter
from venueproof_contracts.errors import AdapterError, Reason, Rejected
from venueproof_contracts.model import (
    ZERO,
    Event,
    Intent,
    Order,
    OrderEvent,
    OrderRef,
    OrderStatus,
    OrderType,
    TimeInForce,
)

SHORT_ID_CHARS = 30
"""Short enough for every venue."""


@broken("ORD-010", "lists-amounts-in-money")
class AmountsInMoney(Wrapper):
    """Lists open orders with their amounts in money instead of contracts."""

    async def open_orders(self, instrument: str | None) -> list[Order]:
        orders = await self.inner.open_orders(instrument)
        return [structs.replace(order, amount=order.amount * (order.price or 1)) for order in orders]


@broken("ORD-010", "lists-every-order-as-immediate")
class EveryOrderImmediate(Wrapper):
    """Lists open orders with another time in force than they have."""

    async def open_orders(self, instrument: str | None) -> list[Order]:
        orders = await self.inner.open_orders(instrument)
        return [structs.replace(order, time_in_force=TimeInForce.IOC) for order in orders]


@broken("ORD-020", "takes-the-cost-for-the-price")
class CostForPrice(Wrapper):
    """Reports what an order cost as its average price."""

    async def order(self, ref: OrderRef) -> Order:
        order = await self.inner.order(ref)
        average = None if order.average_price is None else order.average_price * order.filled
        return structs.replace(order, average_price=average)


@broken("ORD-030", "drops-post-only")
class DropsPostOnly(Wrapper):
    """Sends post-only orders as plain limit orders."""

    async def place(self, intent: Intent) -> Order:
        return await self.inner.place(structs.replace(intent, post_only=False))


@broken("ORD-040", "leaves-expired-orders-pending")
class ExpiredIsPending(Wrapper):
    """Does not know the word for an immediate order that ended without being filled, and leaves it pending."""

    def __init__(self, inner: Adapter) -> None:
        super().__init__(inner)
        self._immediate: set[str] = set()

    async def place(self, intent: Intent) -> Order:
        if intent.time_in_force in (TimeInForce.IOC, TimeInForce.FOK):
            self._immediate.add(intent.intent_id)
        return self._pending(await self.inner.place(intent))

    async def order(self, ref: OrderRef) -> Order:
        return self._pending(await self.inner.order(ref))

    def _pending(self, order: Order) -> Order:
        ended = order.status in (OrderStatus.EXPIRED, OrderStatus.CANCELED)
        expired = ended and order.ref.intent_id in self._immediate
        return structs.replace(order, status=OrderStatus.PENDING) if expired else order


@broken("ORD-050", "cancels-what-is-not-there")
class CancelsNothing(Wrapper):
    """Reports success when there was no plain order to cancel."""

    async def cancel(self, ref: OrderRef) -> Order:
        try:
            return await self.inner.cancel(ref)
        except Rejected:
            if ref.conditional:
                raise
            return structs.replace(await self.inner.order(ref), status=OrderStatus.CANCELED)


@broken("ORD-060", "drops-reduce-only")
class DropsReduceOnly(Wrapper):
    """Sends market orders that may only reduce as plain ones."""

    async def place(self, intent: Intent) -> Order:
        reduce_only = intent.reduce_only and intent.type is not OrderType.MARKET
        return await self.inner.place(structs.replace(intent, reduce_only=reduce_only))


@broken("ORD-070", "tells-digests-of-long-ids")
class DigestsOfLongIds(Wrapper):
    """Sends a digest of an intent id that is too long, and never maps it back."""

    async def place(self, intent: Intent) -> Order:
        return await self.inner.place(structs.replace(intent, intent_id=_short_id(intent.intent_id)))


def _short_id(intent_id: str) -> str:
    return intent_id if len(intent_id) <= SHORT_ID_CHARS else f"{crc32(intent_id.encode()):08x}"


@broken("ORD-080", "ignores-other-clients")
class IgnoresOthers(KnowsItsOwn):
    """Swallows events of orders that it did not place itself."""

    def heard(self, event: Event) -> Event | None:
        foreign = isinstance(event, OrderEvent) and event.order.ref.intent_id not in self.own
        return None if foreign else event


@broken("ORD-090", "stops-a-batch-at-its-first-error")
class StopsAtFirstError(Wrapper):
    """Raises the first refusal in a batch, and what became of the other orders is not said."""

    async def place_many(self, intents: Sequence[Intent]) -> list[Order | AdapterError]:
        answers = await self.inner.place_many(intents)
        for answer in answers:
            if isinstance(answer, AdapterError):
                raise answer
        return answers


@broken("ORD-100", "cancels-only-untouched-orders")
class CancelsUntouched(Wrapper):
    """Leaves orders that are partly filled alone when it cancels all."""

    async def cancel_all(self, instrument: str) -> None:
        for order in await self.inner.open_orders(instrument):
            if not order.filled:
                await self.inner.cancel(order.ref)


@broken("AMD-010", "amends-the-price-only")
class AmendsPriceOnly(Wrapper):
    """Leaves out the amount when it amends an order."""

    async def amend(self, ref: OrderRef, price: Decimal | None, amount: Decimal | None) -> Order:
        return await self.inner.amend(ref, price, None)


@broken("AMD-010", "lists-amended-orders-as-they-were")
class ListsAsTheyWere(Wrapper):
    """Lists an order that was amended in place at the price that it had."""

    def __init__(self, inner: Adapter) -> None:
        super().__init__(inner)
        self._prices: dict[str | None, Decimal | None] = {}

    async def amend(self, ref: OrderRef, price: Decimal | None, amount: Decimal | None) -> Order:
        old = await self.inner.order(ref)
        new = await self.inner.amend(ref, price, amount)
        if new.ref.venue_id == old.ref.venue_id:
            self._prices[new.ref.venue_id] = old.price
        return new

    async def open_orders(self, instrument: str | None) -> list[Order]:
        orders = await self.inner.open_orders(instrument)
        return [structs.replace(one, price=self._prices.get(one.ref.venue_id, one.price)) for one in orders]


@broken("AMD-020", "leaves-the-replaced-order-live")
class ReplacedStaysLive(Wrapper):
    """Has both orders live where it replaces one: the old one stays, here as a second of the same terms."""

    async def amend(self, ref: OrderRef, price: Decimal | None, amount: Decimal | None) -> Order:
        old = await self.inner.order(ref)
        new = await self.inner.amend(ref, price, amount)
        if new.ref.venue_id != old.ref.venue_id:
            await self.inner.place(
                Intent(f"{ref.intent_id}-old", ref.instrument, old.side, old.type, old.amount, old.price)
            )
        return new


@broken("AMD-020", "does-not-link-a-replacement")
class UnlinkedReplacement(Wrapper):
    """Does not say which order a new one took the place of."""

    async def amend(self, ref: OrderRef, price: Decimal | None, amount: Decimal | None) -> Order:
        return structs.replace(await self.inner.amend(ref, price, amount), replaces=None)


@broken("AMD-020", "places-a-spare-meanwhile")
class PlacesSpare(Wrapper):
    """Has one order more live while it replaces one than any manner of amending allows."""

    async def amend(self, ref: OrderRef, price: Decimal | None, amount: Decimal | None) -> Order:
        old = await self.inner.order(ref)
        terms = (old.amount if amount is None else amount, old.price if price is None else price)
        spare = await self.inner.place(Intent(f"{ref.intent_id}-spare", ref.instrument, old.side, old.type, *terms))
        new = await self.inner.amend(ref, price, amount)
        await self.inner.cancel(spare.ref)
        return new


@broken("AMD-030", "amends-the-rest-and-not-the-total")
class AmendsTheRest(Wrapper):
    """Takes the total amount that is asked for as what shall be left."""

    async def amend(self, ref: OrderRef, price: Decimal | None, amount: Decimal | None) -> Order:
        filled = (await self.inner.order(ref)).filled
        return await self.inner.amend(ref, price, None if amount is None else amount + filled)


@broken("AMD-040", "tells-every-amended-order-as-live")
class AmendedIsLive(Wrapper):
    """Does not look at the status in the answer to an amendment."""

    async def amend(self, ref: OrderRef, price: Decimal | None, amount: Decimal | None) -> Order:
        return structs.replace(await self.inner.amend(ref, price, amount), status=OrderStatus.OPEN)


@broken("AMD-050", "replaces-what-is-gone")
class ReplacesWhatIsGone(Wrapper):
    """Places an order anew with the amended terms where the venue knows no live one."""

    async def amend(self, ref: OrderRef, price: Decimal | None, amount: Decimal | None) -> Order:
        try:
            return await self.inner.amend(ref, price, amount)
        except Rejected as error:
            if error.reason is not Reason.UNKNOWN_ORDER:
                raise
        old = await self.inner.order(ref)
        terms = (old.amount if amount is None else amount, old.price if price is None else price)
        return await self.inner.place(Intent(f"{ref.intent_id}-anew", ref.instrument, old.side, old.type, *terms))


@broken("STA-010", "forgets-fills-of-canceled-orders")
class CanceledMeansNothing(Wrapper):
    """Reports an order that it canceled as not filled at all."""

    def __init__(self, inner: Adapter) -> None:
        super().__init__(inner)
        self._canceled: set[str] = set()

    async def cancel(self, ref: OrderRef) -> Order:
        self._canceled.add(ref.intent_id)
        return await self.inner.cancel(ref)

    def heard(self, event: Event) -> Event | None:
        if isinstance(event, OrderEvent) and event.order.ref.intent_id in self._canceled:
            return OrderEvent(structs.replace(event.order, filled=ZERO))
        return event


believes_the_stream = exchanged(
    "STA-020", "believes-the-stream-alone", "Never compares its orders with the venue's.", reconcile_every_s=0.0
)


@broken("ORD-110", "leaves-the-date-out")
class LeavesDateOut(Wrapper):
    """Sends a good-till-date order as one that waits for ever."""

    async def place(self, intent: Intent) -> Order:
        if intent.time_in_force is TimeInForce.GTD:
            intent = structs.replace(intent, time_in_force=TimeInForce.GTC, expires_ns=None)
        return await self.inner.place(intent)


@broken("ORD-120", "protects-by-halves")
class ProtectsByHalves(Wrapper):
    """Sends an order that only reduces as two of half its amount."""

    async def place(self, intent: Intent) -> Order:
        if not intent.reduce_only:
            return await self.inner.place(intent)
        half = structs.replace(intent, amount=intent.amount / 2)
        await self.inner.place(structs.replace(half, intent_id=f"{intent.intent_id}-half"))
        return await self.inner.place(half)


@broken("ORD-130", "keys-orders-by-number-alone")
class KeyedByNumber(Wrapper):
    """Takes two orders of one number for the same, whatever their instruments are."""

    def __init__(self, inner: Adapter) -> None:
        super().__init__(inner)
        self._by_number: dict[str | None, OrderRef] = {}

    async def place(self, intent: Intent) -> Order:
        order = await self.inner.place(intent)
        self._by_number[order.ref.venue_id] = order.ref
        return order

    async def order(self, ref: OrderRef) -> Order:
        return await self.inner.order(self._by_number.get(ref.venue_id, ref))


class ForgetsTheEnded(OrderView):
    """Keeps live orders only."""

    def get(self, key: OrderKey) -> Order | None:
        order = super().get(key)
        return None if order is None or order.status.final else order


believes_in_the_venues_memory = exchanged(
    "STA-030",
    "believes-in-the-venues-memory",
    "Forgets orders that ended: the venue is thought to know them.",
    orders=ForgetsTheEnded,
)


@broken("STA-040", "overhears-expiry")
class OverhearsExpiry(Wrapper):
    """Tells nothing when the venue ends an order by itself."""

    def heard(self, event: Event) -> Event | None:
        return None if isinstance(event, OrderEvent) and event.order.status is OrderStatus.EXPIRED else event
