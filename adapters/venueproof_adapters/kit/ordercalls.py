"""What the kit asks of a venue's own code about orders."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

from msgspec import Struct

from venueproof_adapters.kit.intents import waits
from venueproof_adapters.kit.orders import Told
from venueproof_contracts.errors import AdapterError, Rejected
from venueproof_contracts.model import ZERO, Instrument, Intent, Order, OrderRef, OrderStatus


class OrderName(Struct, frozen=True):
    """Names an order to the venue: by the venue's id, or by our client id where that is not known."""

    venue_id: str = ""
    client_id: str = ""
    conditional: bool = False


class Sending(Struct, frozen=True):
    """An order about to be sent."""

    instrument: Instrument
    client_id: str
    intent: Intent

    @property
    def name(self) -> OrderName:
        """What it can be asked for by."""
        return OrderName(client_id=self.client_id, conditional=waits(self.intent))

    @property
    def key(self) -> tuple[str, str, bool]:
        """What it is remembered by."""
        return self.instrument.symbol, self.client_id, waits(self.intent)


def pending(sending: Sending, name: OrderName) -> Order:
    """An order that the venue took in, and of which nothing more is known."""
    intent = sending.intent
    return Order(
        ref=OrderRef(intent.instrument, intent.intent_id, name.venue_id, name.conditional),
        side=intent.side,
        type=intent.type,
        status=OrderStatus.PENDING,
        amount=intent.amount,
        filled=ZERO,
        price=intent.price,
        time_in_force=intent.time_in_force,
        post_only=intent.post_only,
        reduce_only=intent.reduce_only,
        close_position=intent.close_position,
        trigger=intent.trigger,
        position_side=intent.position_side,
        expires_ns=intent.expires_ns,
    )


class OrderCalls(Protocol):
    """The venue's requests about orders.

    Those that change something raise `OutcomeUnknown` or `BadAnswer` when it is open whether they did. All raise
    `Rejected(unknown-order)` for an order that the venue does not know. Where the venue's answer is no more than that a
    request came in, they give the order's name instead of the order, and the kit looks what became of it.
    """

    request_lifetime_s: float
    batch_max: int
    """Plain orders that one request can place; 1: there is no such request."""

    async def prepare(self, instrument: Instrument, intent: Intent) -> Intent:
        """The intent in the venue's terms. Raises `Unsupported` or `Rejected` for what cannot be sent at all."""
        ...

    def cannot_amend(self, refusal: Rejected) -> bool:
        """True when a refused amendment means that the order has to be replaced."""
        ...

    def refusal(self, order: Order) -> Rejected | None:
        """The refusal that an order stands for which was taken in and turned away after that; None for any other."""
        ...

    async def place(self, sending: Sending) -> Told | OrderName:
        """Send one order."""
        ...

    async def place_batch(self, sendings: Sequence[Sending]) -> Sequence[Told | OrderName | AdapterError]:
        """Send up to `batch_max` plain orders, each with an outcome of its own."""
        ...

    async def amend(self, instrument: Instrument, order: Order, price: Decimal, amount: Decimal) -> Told | OrderName:
        """Change an order in place."""
        ...

    async def cancel(self, instrument: Instrument, name: OrderName) -> Told | OrderName | None:
        """End an order; None where the venue says that it ended and no more."""
        ...

    async def cancel_all(self, instrument: Instrument) -> None:
        """End all orders of an instrument, conditional ones included."""
        ...

    async def query(self, instrument: Instrument, name: OrderName) -> Told:
        """Ask for one order."""
        ...

    async def any_open(self, instrument: Instrument) -> bool:
        """Ask whether an order is live, conditional ones included."""
        ...

    async def history(self, instrument: Instrument, conditional: bool) -> Sequence[Told]:
        """Orders of late, oldest first, ended ones included: the conditional ones, or all others."""
        ...
