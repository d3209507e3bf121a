"""What a venue keeps of orders beyond what the engine knows, for as long as the engine knows the order at all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

from venueproof_simulators.engine.commands import Command, Place, PlaceConditional
from venueproof_simulators.engine.conditional_state import CONDITIONAL_STEPS
from venueproof_simulators.engine.events import (
    Cause,
    ConditionalCause,
    ConditionalChanged,
    Forgotten,
    OrderChanged,
)
from venueproof_simulators.engine.state import STEPS, OrderState, OrderStatus
from venueproof_simulators.host.venue import VenueTime

NoteT = TypeVar("NoteT")
WaitingT = TypeVar("WaitingT")
ENDED = frozenset(status for status, following in STEPS.items() if not following)
"""What an order is that has ended."""
ENDED_WAITING = frozenset(status for status, following in CONDITIONAL_STEPS.items() if not following)
"""The same of a conditional order."""
_BEGINNINGS = frozenset({Cause.OPENED, Cause.REJECTED})
_BEGINNINGS_OF_WAITING = frozenset({ConditionalCause.ACKNOWLEDGED, ConditionalCause.OPENED, ConditionalCause.REJECTED})
Key = tuple[str, int]
"""(instrument, id)"""


class Notes(Generic[NoteT]):
    """Notes on orders of one kind, and when each ended. An order without a note of its own has the `plain` one."""

    def __init__(self, plain: NoteT) -> None:
        self._plain = plain
        self._kept: dict[Key, NoteT] = {}
        self._ended: dict[Key, int] = {}
        """When an order ended, on the age clock: what retention counts from."""

    def of(self, key: Key) -> NoteT:
        """The note on an order."""
        return self._kept.get(key, self._plain)

    def set(self, key: Key, note: NoteT) -> None:
        """Keep a note on an order."""
        self._kept[key] = note

    def end(self, key: Key, time: VenueTime) -> None:
        """An order ended now."""
        self._ended[key] = time.age_ns

    def within(self, key: Key, span_ns: int, time: VenueTime) -> bool:
        """Whether an order lives, or ended no longer ago than that."""
        ended_ns = self._ended.get(key)
        return ended_ns is None or time.age_ns - ended_ns <= span_ns

    def forget(self, keys: Iterable[Key]) -> None:
        """Drop what there is on orders that the engine knows no more."""
        for key in keys:
            self._kept.pop(key, None)
            self._ended.pop(key, None)


class OrderNotes(Generic[NoteT, WaitingT]):
    """Notes on orders and on conditional ones, apart: each is the note that came with the command that placed it.

    The order that a conditional one leads to has no note but what the venue sets.
    """

    def __init__(self, plain: NoteT, plain_waiting: WaitingT) -> None:
        self.orders = Notes(plain)
        self.waiting = Notes(plain_waiting)
        self._plain = plain

    def keep(self, event: OrderChanged, command: Command, note: NoteT | None, time: VenueTime) -> bool:
        """Note what began, and when it ended; returns whether it ended."""
        order = event.order
        key = (order.instrument, order.order_id)
        if note is not None and note is not self._plain and event.cause in _BEGINNINGS and placed_by(command, order):
            self.orders.set(key, note)
        if order.status not in ENDED:
            return False
        self.orders.end(key, time)
        return True

    def keep_waiting(self, event: ConditionalChanged, command: Command, note: WaitingT | None, time: VenueTime) -> bool:
        """The same of a conditional order."""
        waiting = event.conditional
        key = (waiting.instrument, waiting.conditional_id)
        placed = isinstance(command, PlaceConditional) and command.account == waiting.account
        if note is not None and placed and event.cause in _BEGINNINGS_OF_WAITING:
            self.waiting.set(key, note)
        if waiting.status not in ENDED_WAITING:
            return False
        self.waiting.end(key, time)
        return True

    def forget(self, event: Forgotten) -> None:
        """Drop what there is on orders that the engine knows no more."""
        self.orders.forget(event.orders)
        self.waiting.forget(event.conditionals)


def placed_by(command: Command, order: OrderState) -> bool:
    """Whether an order is the one that a command places."""
    return isinstance(command, Place) and command.client_id == order.client_id and command.account == order.account


def as_placed(command: Place, time: VenueTime) -> OrderState:
    """An order that the engine does not know, as it would stand had it been placed now."""
    return OrderState(
        order_id=0,
        client_id=command.client_id,
        account=command.account,
        instrument=command.instrument,
        side=command.side,
        kind=command.kind,
        time_in_force=command.time_in_force,
        status=OrderStatus.OPEN,
        ticks=command.ticks,
        lots=command.lots,
        filled_lots=0,
        filled_value=0,
        post_only=command.post_only,
        reduce_only=command.reduce_only,
        position_side=command.position_side,
        created_ns=time.true_ns,
        updated_ns=time.true_ns,
        self_trade=command.self_trade,
    )
