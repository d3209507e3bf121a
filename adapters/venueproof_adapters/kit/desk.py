"""Placing, amending and canceling on any venue: what is said afterwards is what the venue has.

Nothing whose outcome is open is sent again before the venue was asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from typing import Protocol, TypeVar
from weakref import WeakValueDictionary

from msgspec import Struct, structs

from venueproof_adapters.kit.catalog import Catalog
from venueproof_adapters.kit.clock import SECOND_NS, Clock
from venueproof_adapters.kit.ledger import OrderKey
from venueproof_adapters.kit.orders import Told, order_key
from venueproof_adapters.kit.parts import Parts
from venueproof_adapters.kit.precision import on_step
from venueproof_adapters.kit.recent import Recent
from venueproof_adapters.kit.resolve import Resolver
from venueproof_adapters.kit.state import State
from venueproof_contracts.errors import AdapterError, BadAnswer, NotSent, OutcomeUnknown, Reason, Rejected
from venueproof_contracts.model import ContractUnit, Instrument, Intent, Order, OrderRef, OrderStatus, OrderType

Found = TypeVar("Found")

_UNCLEAR = (OutcomeUnknown, BadAnswer)
_CANCEL_TRIES = 2
_LAG_NS = 10 * SECOND_NS


class OrderName(Struct, frozen=True):
    """Names an order to the venue: by the venue's id, or by our client id where that is not known."""

    venue_id: str = ""
    client_id: str = ""


class OrderCalls(Protocol):
    """The venue's requests about orders.

    Those that change something raise `OutcomeUnknown` or `BadAnswer` when it is open whether they did. All raise
    `Rejected(unknown-order)` for an order that the venue does not know.
    """

    request_lifetime_s: float

    def check(self, intent: Intent) -> None:
        """Raise `Unsupported` or `Rejected` for what cannot be sent at all."""
        ...

    def cannot_amend(self, refusal: Rejected) -> bool:
        """True when a refused amendment means that the order has to be replaced."""
        ...

    async def place(self, instrument: Instrument, client_id: str, intent: Intent) -> Told:
        """Send one order."""
        ...

    async def amend(self, instrument: Instrument, order: Order, price: Decimal, amount: Decimal) -> Told:
        """Change an order in place."""
        ...

    async def cancel(self, instrument: Instrument, name: OrderName) -> Told:
        """End an order."""
        ...

    async def cancel_all(self, instrument: Instrument) -> None:
        """End all orders of an instrument."""
        ...

    async def query(self, instrument: Instrument, name: OrderName) -> Told:
        """Ask for one order."""
        ...

    async def any_open(self, instrument: Instrument) -> bool:
        """Ask whether an order is live."""
        ...

    async def history(self, instrument: Instrument) -> Sequence[Told]:
        """Orders of late, oldest first, ended ones included."""
        ...


class Desk:
    """Does what changes orders. `watch` is told of each order that the stream should soon tell of."""

    def __init__(
        self,
        parts: Parts,
        clock: Clock,
        now_ns: Callable[[], int],
        calls: OrderCalls,
        catalog: Catalog,
        state: State,
        watch: Callable[[Order], None],
    ) -> None:
        self._parts = parts
        self._clock = clock
        self._now_ns = now_ns
        self._calls = calls
        self._catalog = catalog
        self._state = state
        self._watch = watch
        self._resolver: Resolver = parts.resolver(clock, calls.request_lifetime_s)
        self._sent: Recent[tuple[str, str], int] = Recent()
        """Monotonic time of sending by client id, 0 for what the venue is known to have."""
        self._histories: set[str] = set()
        self._locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    # --- questions about one order ---

    def hear(self, told: Told) -> Order:
        """Take in an order out of an answer. Returns it as it stands."""
        self._sent.note((told.order.ref.instrument, told.client_id), 0)
        return self._state.hear_order(told)

    async def query(self, instrument: Instrument, name: OrderName) -> Order:
        """What the venue says of an order, never behind what we know already."""
        told = await self._calls.query(instrument, name)
        await self.learn_replaced([told])
        return self.hear(told)

    async def learn_replaced(self, tellings: Sequence[Told]) -> None:
        """Learn what came before the orders among these that took another one's place."""
        for told in tellings:
            symbol = told.order.ref.instrument
            if self._state.ids.replacement(told.client_id) and self._catalog.has(symbol):
                await self.learn_history(self._catalog.find(symbol))

    async def find(self, ref: OrderRef) -> Order:
        """The order that stands for `ref` now. Raises `Rejected(unknown-order)`.

        Venues forget orders that ended, so what we know of one counts also when the venue knows it no more.
        """
        instrument = self._catalog.find(ref.instrument)
        name = await self._name(instrument, ref)
        known = self._state.current((instrument.symbol, name.venue_id))
        try:
            return await self.query(instrument, name)
        except Rejected as error:
            if error.reason is Reason.UNKNOWN_ORDER and known is not None and self._believable(known):
                return known
            raise

    def _believable(self, order: Order) -> bool:
        """An order that ended stays ended; one that lives was told of too lately to be gone (answers may lag)."""
        return order.status.final or self._now_ns() - order.updated_ns < _LAG_NS

    async def _name(self, instrument: Instrument, ref: OrderRef) -> OrderName:
        """How to name an order to the venue: the one that stands for the intent now, if it was replaced."""
        current = self._state.orders.of_intent(instrument.symbol, ref.intent_id)
        if current is not None and current.ref.venue_id:
            return OrderName(venue_id=current.ref.venue_id)
        if ref.venue_id:
            return OrderName(venue_id=ref.venue_id)
        await self.learn_history(instrument)
        return OrderName(client_id=self._last_client_id(instrument, ref.intent_id))

    def _last_client_id(self, instrument: Instrument, intent_id: str) -> str:
        number = 0
        while (instrument.symbol, self._state.ids.client_id(intent_id, number + 1)) in self._sent:
            number += 1
        return self._state.ids.client_id(intent_id, number)

    async def learn_history(self, instrument: Instrument) -> None:
        """Learn the client ids that were used lately, once per instrument: what an earlier process sent counts too."""
        if instrument.symbol in self._histories:
            return
        tellings = await self._calls.history(instrument)
        self._histories.add(instrument.symbol)
        last: dict[str, Order] = {}
        for told in tellings:
            order, key = told.order, order_key(told.order)
            self._sent.note((instrument.symbol, told.client_id), 0)
            before = last.get(order.ref.intent_id)
            if before is not None and self._state.ids.replacement(told.client_id):
                self._state.orders.replaced(before, key)
            self._state.name(key, told.client_id)
            last[order.ref.intent_id] = order

    # --- placing ---

    async def place(self, intent: Intent) -> Order:
        """Send one order, once."""
        instrument = self._catalog.find(intent.instrument)
        self._calls.check(intent)
        client_id = self._state.ids.client_id(intent.intent_id)
        async with self._locks.setdefault((instrument.symbol, client_id), asyncio.Lock()):
            if self._parts.asks_before_resending:
                await self._refuse_resending(instrument, client_id)
            return await self._send(instrument, client_id, intent)

    async def _refuse_resending(self, instrument: Instrument, client_id: str) -> None:
        try:
            await self.learn_history(instrument)
        except BadAnswer as error:
            raise NotSent(f"whether it was sent before cannot be told: {error}", code=error.code) from None
        sent_ns = self._sent.get((instrument.symbol, client_id))
        if sent_ns is None:
            return
        found = await self._resolver.settle(lambda: self._look(instrument, client_id), sent_ns)
        if found is not None:
            raise Rejected(Reason.DUPLICATE_ID, f"this intent is order {found.ref.venue_id}")

    async def _send(self, instrument: Instrument, client_id: str, intent: Intent) -> Order:
        key = (instrument.symbol, client_id)
        self._sent[key] = self._clock.monotonic_ns()
        try:
            order = self.hear(await self._calls.place(instrument, client_id, intent))
        except _UNCLEAR:
            return await self._resolve_placement(instrument, client_id)
        except AdapterError:
            self._sent.pop(key, None)
            raise
        self._watch(order)
        return order

    async def _resolve_placement(self, instrument: Instrument, client_id: str) -> Order:
        key = (instrument.symbol, client_id)
        sent_ns = self._sent[key] = self._clock.monotonic_ns()
        found = await self._resolver.settle(lambda: self._look(instrument, client_id), sent_ns)
        if found is None:
            self._sent.pop(key, None)
            raise NotSent("the order did not arrive")
        self._watch(found)
        return found

    async def _look(self, instrument: Instrument, client_id: str) -> Order | None:
        """The order with a client id, None while the venue knows none. What the stream told counts as well."""
        try:
            return await self.query(instrument, OrderName(client_id=client_id))
        except Rejected as error:
            if error.reason is not Reason.UNKNOWN_ORDER:
                raise
        heard = self._state.orders.of_intent(instrument.symbol, self._state.ids.intent_id(client_id))
        if heard is None or self._state.client_id(order_key(heard)) != client_id:
            return None
        return self._state.current(order_key(heard))

    # --- canceling ---

    async def cancel(self, ref: OrderRef) -> Order:
        """End an order. Raises `Rejected(unknown-order)` when there is no such live order."""
        instrument = self._catalog.find(ref.instrument)
        return await self._cancel(instrument, await self._name(instrument, ref))

    async def _cancel(self, instrument: Instrument, name: OrderName) -> Order:
        for _ in range(_CANCEL_TRIES):
            try:
                order = self.hear(await self._calls.cancel(instrument, name))
            except _UNCLEAR:
                ended = await self._settled(lambda: self._look_ended(instrument, name))
                if ended is not None:
                    return ended
            else:
                self._watch(order)
                return order
        raise NotSent("the cancellation did not arrive")

    async def _look_ended(self, instrument: Instrument, name: OrderName) -> Order | None:
        order = await self.query(instrument, name)
        return order if order.status.final else None

    async def cancel_all(self, symbol: str) -> None:
        """End every order of an instrument."""
        instrument = self._catalog.find(symbol)
        live = self._state.orders.live(symbol)
        for _ in range(_CANCEL_TRIES):
            try:
                await self._calls.cancel_all(instrument)
            except _UNCLEAR:
                if await self._settled(lambda: self._look_none_open(instrument)) is None:
                    continue
            for order in live:
                self._watch(structs.replace(order, status=OrderStatus.CANCELED))
            return
        raise NotSent("the cancellation did not arrive")

    async def _look_none_open(self, instrument: Instrument) -> bool | None:
        return None if await self._calls.any_open(instrument) else True

    async def _settled(self, look: Callable[[], Awaitable[Found | None]]) -> Found | None:
        """What became of a request that was sent just now."""
        return await self._resolver.settle(look, self._clock.monotonic_ns())

    # --- amending ---

    async def amend(self, ref: OrderRef, price: Decimal | None, amount: Decimal | None) -> Order:
        """Change an order in place, or replace it where the venue does not amend it."""
        instrument = self._catalog.find(ref.instrument)
        name = await self._name(instrument, ref)
        known = self._state.current((instrument.symbol, name.venue_id)) or await self.query(instrument, name)
        raw = self._state.orders.get(order_key(known)) or known
        if known.type is not OrderType.LIMIT or known.price is None:
            raise Rejected(Reason.NOT_ALLOWED, "only limit orders can be amended")
        price = known.price if price is None else price
        amount = known.amount if amount is None else amount
        carried = known.filled - raw.filled
        try:
            return await self._amend_in_place(instrument, raw, price, amount - carried)
        except Rejected as error:
            if not self._calls.cannot_amend(error):
                raise
            return await self._replace(instrument, known, raw, price, amount)

    async def _amend_in_place(self, instrument: Instrument, order: Order, price: Decimal, amount: Decimal) -> Order:
        try:
            amended = self.hear(await self._calls.amend(instrument, order, price, amount))
        except _UNCLEAR:
            found = await self._settled(lambda: self._look_amended(instrument, order, (price, amount)))
            if found is None:
                raise NotSent("the amendment did not arrive") from None
            return found
        self._watch(amended)
        return amended

    async def _look_amended(
        self, instrument: Instrument, order: Order, wanted: tuple[Decimal, Decimal]
    ) -> Order | None:
        found = await self.query(instrument, OrderName(venue_id=order.ref.venue_id or ""))
        raw = self._state.orders.get(order_key(order)) or found
        return found if raw.status.final or (raw.price, raw.amount) == wanted else None

    async def _replace(
        self, instrument: Instrument, shown: Order, raw: Order, price: Decimal, amount: Decimal
    ) -> Order:
        """Cancel, then place what is left of the asked total: never more is live than was asked for."""
        _check_replacement(instrument, shown, price, amount)
        key = order_key(raw)
        self._state.orders.begin_replacing(key)
        try:
            await self._cancel(instrument, OrderName(venue_id=raw.ref.venue_id or ""))
            return await self._place_rest(instrument, key, price, amount)
        except BaseException:
            self._state.give_up_replacing(key)
            raise

    async def _place_rest(self, instrument: Instrument, key: OrderKey, price: Decimal, amount: Decimal) -> Order:
        ended = self._state.orders.get(key)
        total = self._state.current(key)
        if ended is None or total is None or ended.status is OrderStatus.FILLED:
            raise Rejected(Reason.UNKNOWN_ORDER, "it was filled before it could be replaced")
        if amount <= total.filled:
            self._state.give_up_replacing(key)
            return total
        try:
            return await self._successor(instrument, ended, price, amount - total.filled)
        except Rejected:
            if ended.price is not None and total.amount > total.filled:
                await self._successor(instrument, ended, ended.price, total.amount - total.filled)
            raise

    async def _successor(self, instrument: Instrument, old: Order, price: Decimal, amount: Decimal) -> Order:
        ids, intent_id = self._state.ids, old.ref.intent_id
        number = ids.replacement(self._last_client_id(instrument, intent_id)) + 1
        client_id = ids.client_id(intent_id, number)
        intent = Intent(
            intent_id=intent_id,
            instrument=instrument.symbol,
            side=old.side,
            type=OrderType.LIMIT,
            amount=amount,
            price=price,
            post_only=old.post_only,
            reduce_only=old.reduce_only,
            position_side=old.position_side,
        )
        self._state.announce_successor(old, client_id)
        try:
            return await self._send(instrument, client_id, intent)
        finally:
            self._state.withdraw_successor(instrument.symbol, client_id)


async def each(calls: Sequence[Awaitable[Order]]) -> list[Order | AdapterError]:
    """All calls at once; an error stands in its place."""
    return [_order_or_error(one) for one in await asyncio.gather(*calls, return_exceptions=True)]


def _order_or_error(result: Order | BaseException) -> Order | AdapterError:
    if isinstance(result, BaseException) and not isinstance(result, AdapterError):
        raise result
    return result


def _check_replacement(instrument: Instrument, order: Order, price: Decimal, amount: Decimal) -> None:
    """Refuse what the venue would refuse, while the order still rests."""
    if (price, amount) == (order.price, order.amount):
        raise Rejected(Reason.NO_CHANGE, "it has this price and amount already")
    rest = amount - order.filled
    if not (on_step(price, instrument.price_tick) and on_step(amount, instrument.amount_step)):
        raise Rejected(Reason.PRECISION, f"{amount} at {price} is off the step")
    worth = rest * instrument.contract_size * (price if instrument.contract_unit is ContractUnit.BASE else 1)
    small = instrument.notional_min is not None and not order.reduce_only and worth < instrument.notional_min
    if rest > 0 and (rest < instrument.amount_min or small):
        raise Rejected(Reason.BELOW_MINIMUM, f"the rest of {rest} at {price} is below the minimum")
