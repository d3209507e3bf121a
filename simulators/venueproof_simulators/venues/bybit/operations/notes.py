"""What the venue keeps of an order beyond what the engine needs, for as long as the engine knows the order."""

from __future__ import annotations

from venueproof_simulators.engine.commands import Command, Place, PlaceConditional
from venueproof_simulators.engine.conditional_state import CONDITIONAL_STEPS, ConditionalState
from venueproof_simulators.engine.events import Cause, ConditionalCause, ConditionalChanged, Forgotten, OrderChanged
from venueproof_simulators.engine.state import STEPS, OrderState
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit import notes
from venueproof_simulators.venues.bybit.wire.order_notes import PLAIN_NOTE, OrderNote

_BEGINNINGS = frozenset({Cause.OPENED, Cause.REJECTED})
_ENDED = frozenset(status for status, following in STEPS.items() if not following)
_ENDED_WAITING = frozenset(status for status, following in CONDITIONAL_STEPS.items() if not following)


class Notes:
    """Notes on orders, and on conditional ones, which keep theirs when they become orders."""

    def __init__(self) -> None:
        self._orders = notes.Notes(PLAIN_NOTE)
        self._waiting = notes.Notes(PLAIN_NOTE)
        self._numbers: dict[tuple[str, int], int] = {}
        """Order id of a conditional one → its own number."""

    def of(self, order: OrderState) -> OrderNote:
        """The note on an order."""
        if order.conditional_id:
            return self._waiting.of((order.instrument, order.conditional_id))
        return self._orders.of(_key(order))

    def of_waiting(self, order: ConditionalState) -> OrderNote:
        """The note on a conditional order."""
        return self._waiting.of(_waiting_key(order))

    def set(self, order: OrderState | ConditionalState, note: OrderNote) -> None:
        """Keep another note."""
        if isinstance(order, ConditionalState):
            self._waiting.set(_waiting_key(order), note)
        elif order.conditional_id:
            self._waiting.set((order.instrument, order.conditional_id), note)
        else:
            self._orders.set(_key(order), note)

    def conditional_number(self, instrument: str, order_id: int) -> int | None:
        """The number of the conditional order that shows under an order id; None when there is none."""
        return self._numbers.get((instrument, order_id))

    def within(self, order: OrderState | ConditionalState, span_ns: int, time: VenueTime) -> bool:
        """Whether an order lives, or ended no longer ago than that."""
        if isinstance(order, ConditionalState):
            return self._waiting.within(_waiting_key(order), span_ns, time)
        return self._orders.within(_key(order), span_ns, time)

    def keep(self, event: OrderChanged, command: Command, note: OrderNote | None, time: VenueTime) -> None:
        """Note what began, and when it ended."""
        order = event.order
        own = isinstance(command, Place) and command.client_id == order.client_id and command.account == order.account
        if own and note is not None and event.cause in _BEGINNINGS:
            self._orders.set(_key(order), note)
        if order.status in _ENDED:
            self._orders.end(_key(order), time)

    def keep_waiting(
        self, event: ConditionalChanged, command: Command, note: OrderNote | None, time: VenueTime
    ) -> None:
        """The same of a conditional order."""
        order = event.conditional
        if note is not None and event.cause is ConditionalCause.OPENED and isinstance(command, PlaceConditional):
            self._waiting.set(_waiting_key(order), note)
            self._numbers[order.instrument, order.reserved_id] = order.conditional_id
        if order.status in _ENDED_WAITING:
            self._waiting.end(_waiting_key(order), time)

    def forget(self, event: Forgotten) -> None:
        """Drop what there is on orders that the engine knows no more."""
        self._orders.forget(event.orders)
        self._waiting.forget(event.conditionals)
        gone = set(event.conditionals)
        for key in [key for key, number in self._numbers.items() if (key[0], number) in gone]:
            del self._numbers[key]


def _key(order: OrderState) -> tuple[str, int]:
    return order.instrument, order.order_id


def _waiting_key(order: ConditionalState) -> tuple[str, int]:
    return order.instrument, order.conditional_id
