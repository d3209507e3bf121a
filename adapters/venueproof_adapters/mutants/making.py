"""What a mutant is, and the two ways of making one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from msgspec import Struct

from venueproof_adapters.kit.parts import Parts, replaced
from venueproof_adapters.native import make_adapter_with
from venueproof_contracts.adapter import Adapter, AdapterFactory
from venueproof_contracts.errors import AdapterError
from venueproof_contracts.model import (
    Balance,
    Book,
    Candle,
    Channel,
    Credentials,
    Declaration,
    Endpoint,
    Event,
    Fill,
    Funding,
    Instrument,
    Intent,
    MarginMode,
    OpenInterest,
    Order,
    OrderRef,
    Position,
    PositionMode,
    StreamEvent,
    StreamState,
    Ticker,
    Trade,
)


class Mutant(Struct, frozen=True):
    """An adapter broken in one way, and the clause that must fail on it.

    `make` turns a factory of good adapters into one of broken ones. `venue` is empty unless only the parsing of that
    venue's messages is broken.
    """

    clause: str
    name: str
    description: str
    make: Callable[[AdapterFactory], AdapterFactory]
    venue: str = ""


class Wrapper:
    """Hands every call on to a good adapter. A mutant overrides what it breaks."""

    def __init__(self, inner: Adapter) -> None:
        self.inner = inner

    async def declare(self) -> Declaration:
        return await self.inner.declare()

    async def start(self) -> None:
        await self.inner.start()

    async def close(self) -> None:
        await self.inner.close()

    async def server_time(self) -> int:
        return await self.inner.server_time()

    async def instruments(self) -> list[Instrument]:
        return await self.inner.instruments()

    async def ticker(self, instrument: str) -> Ticker:
        return await self.inner.ticker(instrument)

    async def book(self, instrument: str, depth: int) -> Book:
        return await self.inner.book(instrument, depth)

    async def candles(self, instrument: str, interval: str, since_ns: int | None, limit: int | None) -> list[Candle]:
        return await self.inner.candles(instrument, interval, since_ns, limit)

    async def trades(self, instrument: str) -> list[Trade]:
        return await self.inner.trades(instrument)

    async def funding(self, instrument: str) -> Funding:
        return await self.inner.funding(instrument)

    async def open_interest(self, instrument: str) -> OpenInterest:
        return await self.inner.open_interest(instrument)

    async def place(self, intent: Intent) -> Order:
        return await self.inner.place(intent)

    async def place_many(self, intents: Sequence[Intent]) -> list[Order | AdapterError]:
        return await self.inner.place_many(intents)

    async def amend(self, ref: OrderRef, price: Decimal | None, amount: Decimal | None) -> Order:
        return await self.inner.amend(ref, price, amount)

    async def cancel(self, ref: OrderRef) -> Order:
        return await self.inner.cancel(ref)

    async def cancel_all(self, instrument: str) -> None:
        await self.inner.cancel_all(instrument)

    async def order(self, ref: OrderRef) -> Order:
        return await self.inner.order(ref)

    async def open_orders(self, instrument: str | None) -> list[Order]:
        return await self.inner.open_orders(instrument)

    async def fills(self, instrument: str, since_ns: int | None) -> list[Fill]:
        return await self.inner.fills(instrument, since_ns)

    async def positions(self) -> list[Position]:
        return await self.inner.positions()

    async def balances(self) -> list[Balance]:
        return await self.inner.balances()

    async def set_margin(self, instrument: str, mode: MarginMode | None, leverage: Decimal | None) -> None:
        await self.inner.set_margin(instrument, mode, leverage)

    async def set_position_mode(self, mode: PositionMode) -> None:
        await self.inner.set_position_mode(mode)

    async def subscribe(self, channel: Channel, instrument: str | None) -> None:
        await self.inner.subscribe(channel, instrument)

    async def unsubscribe(self, channel: Channel, instrument: str | None) -> None:
        await self.inner.unsubscribe(channel, instrument)

    async def next_event(self) -> Event:
        while (event := self.heard(await self.inner.next_event())) is None:
            pass
        return event

    def heard(self, event: Event) -> Event | None:
        """What is made of an event; None swallows it."""
        return event


class KnowsItsOwn(Wrapper):
    """Remembers which intents were placed through it."""

    def __init__(self, inner: Adapter) -> None:
        super().__init__(inner)
        self.own: set[str] = set()

    async def place(self, intent: Intent) -> Order:
        self.own.add(intent.intent_id)
        return await self.inner.place(intent)


class KnowsTrouble(Wrapper):
    """Remembers that its stream was down."""

    _was_down = False

    def was_down(self, event: Event) -> bool:
        """Whether it was, this event included."""
        self._was_down |= isinstance(event, StreamEvent) and event.state is StreamState.DOWN
        return self._was_down


def broken(clause: str, name: str, venue: str = "") -> Callable[[type[Wrapper]], Mutant]:
    """Make a wrapper a mutant. Its docstring says what it does wrong."""

    def mark(wrapper: type[Wrapper]) -> Mutant:
        def make(factory: AdapterFactory) -> AdapterFactory:
            def make_adapter(endpoint: Endpoint, credentials: Credentials) -> Adapter:
                return wrapper(factory(endpoint, credentials))

            return make_adapter

        return Mutant(clause, name, _one_line(wrapper.__doc__), make, venue)

    return mark


def exchanged(clause: str, name: str, description: str, *, venue: str = "", **parts: object) -> Mutant:
    """The native adapter with these parts exchanged, whatever the good adapter was."""

    def make(_: AdapterFactory) -> AdapterFactory:
        def make_adapter(endpoint: Endpoint, credentials: Credentials) -> Adapter:
            return make_adapter_with(endpoint, credentials, replaced(Parts(), **parts))

        return make_adapter

    return Mutant(clause, name, description, make, venue)


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())
