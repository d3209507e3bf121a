"""Mutants of requests whose reply is lost: each takes it for a sign that nothing was sent, for one kind of request."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec import structs

from venueproof_adapters.kit.http import Http, Reply
from venueproof_adapters.kit.parts import Parts, replaced
from venueproof_adapters.mutants.making import Mutant, Wrapper
from venueproof_adapters.native import make_adapter_with
from venueproof_contracts.adapter import Adapter, AdapterFactory
from venueproof_contracts.errors import AdapterError, NotSent, OutcomeUnknown
from venueproof_contracts.model import Credentials, Endpoint, Intent, Order, OrderRef, OrderStatus


class BrokenIsUnsent(Http):
    """Takes a connection that broke for a sign that nothing was sent."""

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Reply:
        try:
            return await super().send(method, url, headers, body)
        except OutcomeUnknown as error:
            raise NotSent(str(error)) from None


class Twinned(Wrapper):
    """Hands what it breaks to a second adapter, which takes every lost reply for a request that was not sent."""

    def __init__(self, inner: Adapter, twin: Adapter) -> None:
        super().__init__(inner)
        self._twin = twin
        self._started = False

    async def blind(self) -> Adapter:
        """The second adapter, started when it is needed first."""
        if not self._started:
            self._started = True
            await self._twin.start()
        return self._twin

    async def close(self) -> None:
        await self._twin.close()
        await self.inner.close()


def _twinned(clause: str, name: str) -> Callable[[type[Twinned]], Mutant]:
    def mark(kind: type[Twinned]) -> Mutant:
        def make(factory: AdapterFactory) -> AdapterFactory:
            def make_adapter(endpoint: Endpoint, credentials: Credentials) -> Adapter:
                twin = make_adapter_with(endpoint, credentials, replaced(Parts(), http=BrokenIsUnsent))
                return kind(factory(endpoint, credentials), twin)

            return make_adapter

        return Mutant(clause, name, " ".join((kind.__doc__ or "").split()), make)

    return mark


@_twinned("UNK-010", "takes-a-lost-reply-for-unsent")
class DeniesOrders(Twinned):
    """Reports an order as not sent when its reply is lost."""

    async def place(self, intent: Intent) -> Order:
        adapter = await self.blind() if intent.trigger is None else self.inner
        return await adapter.place(intent)


@_twinned("UNK-010", "sends-an-unanswered-order-again")
class SendsAgain(Twinned):
    """Places an order anew when its reply was lost."""

    async def place(self, intent: Intent) -> Order:
        if intent.trigger is not None:
            return await self.inner.place(intent)
        adapter = await self.blind()
        try:
            return await adapter.place(intent)
        except NotSent:
            return await adapter.place(structs.replace(intent, intent_id=f"{intent.intent_id}-again"))


@_twinned("UNK-040", "claims-an-unanswered-cancellation")
class ClaimsCancellation(Twinned):
    """Tells an order as canceled when its cancellation was not answered."""

    async def cancel(self, ref: OrderRef) -> Order:
        try:
            return await (await self.blind()).cancel(ref)
        except NotSent:
            return structs.replace(await self.inner.order(ref), status=OrderStatus.CANCELED)


@_twinned("UNK-040", "denies-an-unanswered-cancellation")
class DeniesCancellation(Twinned):
    """Reports a cancellation as not sent when its reply was lost."""

    async def cancel(self, ref: OrderRef) -> Order:
        return await (await self.blind()).cancel(ref)


@_twinned("UNK-050", "denies-a-stop-without-an-answer")
class DeniesStops(Twinned):
    """Reports a conditional order as not sent when its reply was lost."""

    async def place(self, intent: Intent) -> Order:
        adapter = self.inner if intent.trigger is None else await self.blind()
        return await adapter.place(intent)


@_twinned("UNK-060", "denies-a-batch-without-an-answer")
class DeniesBatches(Twinned):
    """Reports orders that were sent together as not sent when their reply was lost."""

    async def place_many(self, intents: Sequence[Intent]) -> list[Order | AdapterError]:
        return await (await self.blind()).place_many(intents)
