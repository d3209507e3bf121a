"""Placing and canceling on any venue: what is said afterwards is what the venue has.

Nothing whose outcome is open is sent again before the venue was asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeVar
from weakref import WeakValueDictionary

from msgspec import structs

from venueproof_adapters.kit.catalog import Catalog
from venueproof_adapters.kit.clock import SECOND_NS, Clock
from venueproof_adapters.kit.intents import check, only_reduces, waits
from venueproof_adapters.kit.ordercalls import OrderCalls, OrderName, Sending, pending
from venueproof_adapters.kit.orders import IntentKey, Told, intent_key, order_key
from venueproof_adapters.kit.parts import Parts
from venueproof_adapters.kit.recent import Recent
from venueproof_adapters.kit.resolve import Resolver
from venueproof_adapters.kit.state import State
from venueproof_contracts.errors import AdapterError, BadAnswer, NotSent, OutcomeUnknown, Reason, Rejected
from venueproof_contracts.model import Instrument, Intent, Order, OrderRef, OrderStatus

Found = TypeVar("Found")

UNCLEAR = (OutcomeUnknown, BadAnswer)
_CANCEL_TRIES = 3
"""Canceling twice does no harm: it is sent again at once, for what is live meanwhile may fill."""
_LAG_NS = 10 * SECOND_NS


class Desk:
    """Does what places and ends orders. `watch` is told of each order that the stream should soon tell of."""

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
        self.watch = watch
        self._parts = parts
        self._clock = clock
        self._now_ns = now_ns
        self._calls = calls
        self._catalog = catalog
        self._state = state
        self._resolver: Resolver = parts.resolver(clock, calls.request_lifetime_s)
        self._sent: Recent[tuple[str, str, bool], int] = Recent()
        """Monotonic time of sending by `Sending.key`, 0 for what the venue is known to have."""
        self._unclear: Recent[tuple[str, str, bool], Sending] = Recent(1_000)
        """What was sent and has no known outcome so far."""
        self._wishes: Recent[IntentKey, Intent] = Recent(20_000)
        self._histories: set[tuple[str, bool]] = set()
        self._changing: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()
        self._sweeping: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._locks: WeakValueDictionary[tuple[str, str, bool], asyncio.Lock] = WeakValueDictionary()

    # --- questions about one order ---

    def hear(self, told: Told) -> Order:
        """Take in an order out of an answer. Returns it as it stands."""
        ref = told.order.ref
        self._sent.note((ref.instrument, told.client_id, ref.conditional), 0)
        return self._state.hear_order(told)

    async def query(self, instrument: Instrument, name: OrderName) -> Order:
        """What the venue says of an order, never behind what we know already."""
        told = await self._calls.query(instrument, name)
        await self.learn_replaced([told])
        return self.hear(told)

    async def learn_replaced(self, tellings: Sequence[Told]) -> None:
        """Learn what came before the orders among these that took another one's place."""
        for told in tellings:
            ref = told.order.ref
            if self._state.ids.replacement(told.client_id) and self._catalog.has(ref.instrument):
                await self.learn_history(self._catalog.find(ref.instrument), ref.conditional)

    async def find(self, ref: OrderRef) -> Order:
        """The order that stands for `ref` now. Raises `Rejected(unknown-order)`.

        Venues forget orders that ended, so what we know of one counts also when the venue knows it no more.
        """
        instrument = self._catalog.find(ref.instrument)
        return await self.ask(instrument, await self.name(instrument, ref))

    async def ask(self, instrument: Instrument, name: OrderName) -> Order:
        """As `find`, of one of the venue's orders, whatever stands for its intent now."""
        known = self._state.current((instrument.symbol, name.venue_id, name.conditional))
        try:
            return await self.query(instrument, name)
        except Rejected as error:
            if error.reason is Reason.UNKNOWN_ORDER and known is not None and self._believable(known):
                return known
            raise

    def _believable(self, order: Order) -> bool:
        """An order that ended stays ended; one that lives was told of too lately to be gone (answers may lag)."""
        return order.status.final or self._now_ns() - order.updated_ns < _LAG_NS

    async def name(self, instrument: Instrument, ref: OrderRef) -> OrderName:
        """How to name an order to the venue: the one that stands for the intent now, if it was replaced."""
        symbol, intent_id, conditional = instrument.symbol, ref.intent_id, ref.conditional
        current = self._state.orders.of_intent(symbol, intent_id, conditional)
        if current is None and not ref.venue_id and not conditional:
            current = self._state.orders.of_intent(symbol, intent_id, True)
        if current is not None and current.ref.venue_id:
            return OrderName(current.ref.venue_id, conditional=current.ref.conditional)
        if ref.venue_id:
            return OrderName(ref.venue_id, conditional=conditional)
        await self.learn_history(instrument, conditional)
        client_id = self._state.ids.client_id(intent_id, self.replacements(instrument, intent_id, conditional))
        return OrderName(client_id=client_id, conditional=conditional)

    def replacements(self, instrument: Instrument, intent_id: str, conditional: bool) -> int:
        """How many orders took the place of an intent's first one."""
        number = 0
        while (instrument.symbol, self._state.ids.client_id(intent_id, number + 1), conditional) in self._sent:
            number += 1
        return number

    async def learn_history(self, instrument: Instrument, conditional: bool) -> None:
        """Learn the client ids that were used lately, once per instrument: what an earlier process sent counts too."""
        if (instrument.symbol, conditional) in self._histories:
            return
        tellings = await self._calls.history(instrument, conditional)
        self._histories.add((instrument.symbol, conditional))
        last: dict[str, Order] = {}
        for told in tellings:
            order, key = told.order, order_key(told.order)
            self._sent.note((instrument.symbol, told.client_id, conditional), 0)
            before = last.get(order.ref.intent_id)
            if before is not None and self._state.ids.replacement(told.client_id):
                self._state.orders.replaced(before, key)
            self._state.name(key, told.client_id)
            last[order.ref.intent_id] = order

    # --- placing ---

    async def place(self, intent: Intent) -> Order:
        """Send one order, once."""
        instrument = self._catalog.find(intent.instrument)
        await self._sweep(instrument, intent)
        async with AsyncExitStack() as held:
            return await self.send(await self._ready(instrument, intent, held))

    async def _sweep(self, instrument: Instrument, intent: Intent) -> None:
        """Before an entry, end what only reduced a position that is closed: it would reduce the new one."""
        if not waits(intent) and not only_reduces(intent):
            await self.cancel_leftovers(instrument.symbol)

    async def cancel_leftovers(self, symbol: str | None) -> None:
        """End live orders that only reduce and outlived their position: of one instrument or of all."""
        for ref in self._state.orphans(symbol) if self._parts.sweeps_leftovers else ():
            try:
                await self.cancel(ref)
            except Rejected as error:
                if error.reason is not Reason.UNKNOWN_ORDER:
                    raise NotSent(f"a leftover order could not be ended: {error}", code=error.code) from error

    async def _ready(self, instrument: Instrument, intent: Intent, held: AsyncExitStack) -> Sending:
        """What to send for an intent that was not sent before; nobody else sends it while `held` is."""
        check(intent)
        intent = await self._calls.prepare(instrument, intent)
        sending = Sending(instrument, self._state.ids.client_id(intent.intent_id), intent)
        await held.enter_async_context(self._locks.setdefault(sending.key, asyncio.Lock()))
        if self._parts.asks_before_resending:
            await self._refuse_resending(sending)
        return sending

    async def _refuse_resending(self, sending: Sending) -> None:
        try:
            await self.learn_history(sending.instrument, waits(sending.intent))
        except BadAnswer as error:
            raise NotSent(f"whether it was sent before cannot be told: {error}", code=error.code) from None
        sent_ns = self._sent.get(sending.key)
        if sent_ns is None:
            return
        found = await self._resolver.settle(lambda: self._look(sending), sent_ns)
        if found is not None:
            raise Rejected(Reason.DUPLICATE_ID, f"this intent is order {found.ref.venue_id}")

    async def send(self, sending: Sending) -> Order:
        """Send an order that is ready."""
        self._mark_sent(sending)
        return await self._placed(sending, await or_error(self._calls.place(sending)))

    def _mark_sent(self, sending: Sending) -> None:
        self._sent[sending.key] = self._clock.monotonic_ns()
        self._unclear[sending.key] = sending

    def wish(self, order: Order) -> Intent | None:
        """What was last placed under an order's intent, if this process did."""
        return self._wishes.get(intent_key(order))

    async def _placed(self, sending: Sending, answer: Told | OrderName | AdapterError) -> Order:
        """The order that an answer tells of; raises the error, once it is certain, that none was placed."""
        if isinstance(answer, Told):
            order = self.hear(answer)
        elif isinstance(answer, OrderName):
            order = await self._taken_in(sending, answer)
        elif isinstance(answer, UNCLEAR):
            order = await self._resolve_placement(sending)
        else:
            self._sent.pop(sending.key, None)
            self._unclear.pop(sending.key, None)
            raise answer
        self._unclear.pop(sending.key, None)
        self._wishes[intent_key(order)] = sending.intent
        self.watch(order)
        return order

    async def _taken_in(self, sending: Sending, name: OrderName) -> Order:
        """What became of an order that the venue took in, without a word on that. Raises a refusal that came later."""
        self._state.name((sending.instrument.symbol, name.venue_id, name.conditional), sending.client_id)
        found = await or_error(self.settled(lambda: self._look(sending, name)))
        order = found if isinstance(found, Order) else self.hear(Told(pending(sending, name), sending.client_id))
        if refusal := self._calls.refusal(order):
            self._unclear.pop(sending.key, None)
            raise refusal
        return order

    async def _resolve_placement(self, sending: Sending) -> Order:
        sent_ns = self._sent[sending.key] = self._clock.monotonic_ns()
        found = await self._resolver.settle(lambda: self._look(sending), sent_ns)
        if found is None:
            self._sent.pop(sending.key, None)
            self._unclear.pop(sending.key, None)
            raise NotSent("the order did not arrive")
        return found

    async def settle_unclear(self) -> None:
        """Look once for what was sent and given up: what became of it is told although nobody waits for it."""
        gone_ns = self._clock.monotonic_ns() - int(self._calls.request_lifetime_s * SECOND_NS)
        for key, sending in list(self._unclear.items()):
            gone = self._sent.get(key, 0) < gone_ns
            if gone and not isinstance(await or_error(self._look(sending)), AdapterError):
                self._unclear.pop(key, None)

    async def _look(self, sending: Sending, name: OrderName | None = None) -> Order | None:
        """The order sent, None while the venue knows none. What the stream told counts as well."""
        symbol, name = sending.instrument.symbol, name or sending.name
        try:
            return await self.query(sending.instrument, name)
        except Rejected as error:
            if error.reason is not Reason.UNKNOWN_ORDER:
                raise
        heard = self._state.orders.of_intent(symbol, sending.intent.intent_id, name.conditional)
        if heard is None or self._state.client_id(order_key(heard)) != sending.client_id:
            return None
        return self._state.current(order_key(heard))

    # --- placing several ---

    async def place_many(self, intents: Sequence[Intent]) -> list[Order | AdapterError]:
        """Send several, as many in one request as the venue takes; each has its own known outcome."""
        size = self._calls.batch_max
        together = [number for number, intent in enumerate(intents) if size > 1 and not waits(intent)]
        alone = [number for number in range(len(intents)) if number not in together]
        chunks = [together[start : start + size] for start in range(0, len(together), size)]
        answers: dict[int, Order | AdapterError] = {}

        async def send(numbers: list[int]) -> None:
            if len(numbers) > 1:
                answers.update(zip(numbers, await self._batch([intents[one] for one in numbers]), strict=True))
            else:
                answers[numbers[0]] = await or_error(self.place(intents[numbers[0]]))

        await asyncio.gather(*(send(numbers) for numbers in [*chunks, *([number] for number in alone)]))
        return [answers[number] for number in range(len(intents))]

    async def _batch(self, intents: Sequence[Intent]) -> list[Order | AdapterError]:
        async with AsyncExitStack() as held:
            answers: dict[int, Order | AdapterError] = {}
            ready: dict[int, Sending] = {}
            # One order for all, lest two batches wait for each other's locks.
            for number in sorted(range(len(intents)), key=lambda number: intents[number].intent_id):
                one = await or_error(self._ready_in_batch(intents[number], ready.values(), held))
                if isinstance(one, Sending):
                    ready[number] = one
                else:
                    answers[number] = one
            if ready:
                answers.update(zip(ready, await self._send_batch(list(ready.values())), strict=True))
            return [answers[number] for number in range(len(intents))]

    async def _ready_in_batch(self, intent: Intent, ready: Iterable[Sending], held: AsyncExitStack) -> Sending:
        if any(one.intent.intent_id == intent.intent_id for one in ready):
            raise Rejected(Reason.DUPLICATE_ID, "the intent is in this batch already")
        instrument = self._catalog.find(intent.instrument)
        await self._sweep(instrument, intent)
        return await self._ready(instrument, intent, held)

    async def _send_batch(self, sendings: Sequence[Sending]) -> list[Order | AdapterError]:
        for sending in sendings:
            self._mark_sent(sending)
        try:
            answers = await self._calls.place_batch(sendings)
        except AdapterError as error:
            answers = [error] * len(sendings)
        placed = [self._placed(sending, answer) for sending, answer in zip(sendings, answers, strict=True)]
        return list(await asyncio.gather(*(or_error(one) for one in placed)))

    # --- canceling ---

    async def cancel(self, ref: OrderRef) -> Order:
        """End an order. Raises `Rejected(unknown-order)` when there is no such live order."""
        instrument = self._catalog.find(ref.instrument)
        async with self._lock(ref):
            return await self.end(instrument, await self.name(instrument, ref))

    def _lock(self, ref: OrderRef) -> asyncio.Lock:
        """Held while an order is ended or changed: whoever cancels an order that is being replaced ends the new one."""
        return self._changing.setdefault((ref.instrument, ref.intent_id), asyncio.Lock())

    @asynccontextmanager
    async def changing(self, ref: OrderRef) -> AsyncGenerator[None]:
        """Nobody else ends or changes the order inside the block, nor is all of its instrument being ended."""
        async with self._sweeping.setdefault(ref.instrument, asyncio.Lock()):
            pass
        async with self._lock(ref):
            yield

    async def end(self, instrument: Instrument, name: OrderName) -> Order:
        """As `cancel`, by the venue's name of the order."""
        for number in range(_CANCEL_TRIES):
            try:
                told = await self._calls.cancel(instrument, name)
            except UNCLEAR:
                ended = await or_error(self._look_ended(instrument, name))
                if isinstance(ended, Order):
                    return ended
            except Rejected as error:
                if not number or error.reason is not Reason.UNKNOWN_ORDER:
                    raise
                break  # the request before this one did arrive, or it ended by itself
            else:
                if isinstance(told, OrderName):
                    break
                order = await self._ended(instrument, name) if told is None else self.hear(told)
                self.watch(order)
                return order
        ended = await self.settled(lambda: self._look_ended(instrument, name))
        if ended is None:
            raise NotSent("the cancellation did not arrive")
        return ended

    async def _ended(self, instrument: Instrument, name: OrderName) -> Order:
        """The order that the venue just ended without a word about it."""
        known = self._state.orders.get((instrument.symbol, name.venue_id, name.conditional))
        told = await self._calls.query(instrument, name) if known is None else Told(known, self._client_id(known))
        ended = structs.replace(told.order, status=OrderStatus.CANCELED, updated_ns=self._now_ns(), reason="")
        return self.hear(Told(ended, told.client_id))

    def _client_id(self, order: Order) -> str:
        return self._state.client_id(order_key(order)) or ""

    async def _look_ended(self, instrument: Instrument, name: OrderName) -> Order | None:
        order = await self.query(instrument, name)
        return order if order.status.final else None

    async def cancel_all(self, symbol: str) -> None:
        """End every order of an instrument: at once, and once more what was being placed or changed meanwhile."""
        instrument = self._catalog.find(symbol)
        await self._end_all(instrument)
        async with self._sweeping.setdefault(symbol, asyncio.Lock()):
            if in_flight := self._in_flight(symbol):
                await asyncio.gather(*map(_free, in_flight))
                await self._end_all(instrument)

    def _in_flight(self, symbol: str) -> list[asyncio.Lock]:
        locks = [*self._changing.items(), *self._locks.items()]
        return [lock for key, lock in locks if key[0] == symbol and lock.locked()]

    async def _end_all(self, instrument: Instrument) -> None:
        live = self._state.orders.live(instrument.symbol)
        for _ in range(_CANCEL_TRIES):
            try:
                await self._calls.cancel_all(instrument)
                break
            except UNCLEAR:
                if await or_error(self._look_none_open(instrument)) is True:
                    break
        else:
            if await self.settled(lambda: self._look_none_open(instrument)) is None:
                raise NotSent("the cancellation did not arrive")
        for order in live:
            self.watch(structs.replace(order, status=OrderStatus.CANCELED))

    async def _look_none_open(self, instrument: Instrument) -> bool | None:
        return None if await self._calls.any_open(instrument) else True

    async def settled(self, look: Callable[[], Awaitable[Found | None]]) -> Found | None:
        """What became of a request that was sent just now."""
        return await self._resolver.settle(look, self._clock.monotonic_ns())


async def _free(lock: asyncio.Lock) -> None:
    """Wait until nobody holds it."""
    async with lock:
        pass


async def or_error(call: Awaitable[Found]) -> Found | AdapterError:
    """The answer, or the error in its place."""
    try:
        return await call
    except AdapterError as error:
        return error
