"""What the venue keeps of orders beyond what the engine needs, for as long as it remembers them at all."""

from __future__ import annotations

from typing import TypeGuard

from venueproof_simulators.engine.commands import Command, Place
from venueproof_simulators.engine.conditional_state import ConditionalState, ConditionalStatus
from venueproof_simulators.engine.events import Cause, ConditionalCause, ConditionalChanged, Forgotten, OrderChanged
from venueproof_simulators.engine.state import LIVE, OrderState, OrderStatus
from venueproof_simulators.host.facts import Limits
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.venues.binance.wire.algos import PLAIN_ALGO, AlgoNote, origin
from venueproof_simulators.venues.binance.wire.numbers import Listing
from venueproof_simulators.venues.binance.wire.orders import PLAIN_NOTE, OrderNote

Note = OrderNote | AlgoNote
"""A note on an order of either kind."""

_DAY_NS = 86_400 * 10**9
_OPENED = Cause.OPENED
_ENDED = frozenset({OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.REJECTED})
_ENDED_ALGO = frozenset(
    {
        ConditionalStatus.FINISHED,
        ConditionalStatus.CANCELED,
        ConditionalStatus.EXPIRED,
        ConditionalStatus.REJECTED,
    }
)


def _is_noted(note: Note | None, command: Command, client_id: str) -> TypeGuard[OrderNote]:
    """Whether a note is one on the order that a command places."""
    return note is not None and note is not PLAIN_NOTE and isinstance(command, Place) and command.client_id == client_id


class Notes:
    """Notes on orders by (instrument, id), ordinary and conditional ones apart."""

    def __init__(self, limits: Limits, listings: dict[str, Listing]) -> None:
        self._limits = limits
        self._listings = listings
        self._orders: dict[tuple[str, int], OrderNote] = {}
        self._algos: dict[tuple[str, int], AlgoNote] = {}
        self._resulting: dict[tuple[str, int], OrderNote] = {}
        """Conditional order → the note on the order that it leads to."""
        self._ended: dict[tuple[str, int], int] = {}
        """When an order ended, on the age clock: what retention counts from."""
        self._ended_algos: dict[tuple[str, int], int] = {}
        self._stops: dict[tuple[str, int], tuple[str, int]] = {}
        """Conditional order → the order that it has shown as from the beginning, where it did."""

    def of(self, order: OrderState) -> OrderNote:
        """The note on an order."""
        return self._orders.get((order.instrument, order.order_id), PLAIN_NOTE)

    def set(self, instrument: str, order_id: int, note: OrderNote) -> None:
        """Keep a note on an order."""
        self._orders[instrument, order_id] = note

    def algo(self, algo: ConditionalState) -> AlgoNote:
        """The note on a conditional order."""
        return self._algos.get((algo.instrument, algo.conditional_id), PLAIN_ALGO)

    def keep(self, event: OrderChanged, command: Command, note: Note | None, time: VenueTime) -> bool:
        """Note what began, and when it ended; returns whether it ended."""
        order = event.order
        key = (order.instrument, order.order_id)
        if event.cause is _OPENED:
            began = self._resulting.get((order.instrument, order.conditional_id))
            if began is not None:
                self._orders[key] = began
            elif _is_noted(note, command, order.client_id):
                self._orders[key] = note
        if order.status not in _ENDED:
            return False
        self._ended[key] = time.age_ns
        return True

    def keep_algo(self, event: ConditionalChanged, command: Command, note: Note | None, time: VenueTime) -> bool:
        """The same of a conditional order; and where it has led to an order, what that shows of it."""
        algo = event.conditional
        key = (algo.instrument, algo.conditional_id)
        if event.cause is ConditionalCause.OPENED and isinstance(note, AlgoNote):
            self._algos[key] = note
            if algo.reserved_id:
                self._show(algo, key)
        elif event.cause is ConditionalCause.TRIGGERED:
            self._resulting[key] = self._led_to(algo)
        if algo.status not in _ENDED_ALGO:
            return False
        self._ended_algos[key] = time.age_ns
        if key in self._stops:
            self._ended[self._stops[key]] = time.age_ns
        return True

    @property
    def has_stops(self) -> bool:
        """Whether any conditional order is known that stands among ordinary ones."""
        return bool(self._stops)

    def stop(self, algo: ConditionalState) -> OrderNote:
        """The note on what a conditional order that stands among ordinary ones shows as until it fires."""
        return self._led_to(algo, waits=True)

    def _led_to(self, algo: ConditionalState, *, waits: bool = False) -> OrderNote:
        """The note on the order that a conditional one leads to, or shows as while it waits."""
        kept = self.algo(algo)
        came = origin(self._listings[algo.instrument], algo, kept)
        return OrderNote(price_match=kept.price_match, origin=came, waits=waits)

    def _show(self, algo: ConditionalState, key: tuple[str, int]) -> None:
        self._stops[key] = shown = (algo.instrument, algo.reserved_id)
        self._orders[shown] = self._led_to(algo, waits=True)

    def forget(self, event: Forgotten) -> None:
        """Drop what there is on orders that the engine knows no more."""
        for key in event.orders:
            self._orders.pop(key, None)
            self._ended.pop(key, None)
        for key in event.conditionals:
            shown = self._stops.pop(key, key)
            if shown != key:
                self._orders.pop(shown, None)
                self._ended.pop(shown, None)
            for kept in (self._algos, self._resulting, self._ended_algos):
                kept.pop(key, None)

    # --- what is remembered ---

    def remembers(self, order: OrderState, time: VenueTime) -> bool:
        """Whether the venue still knows an order: without a fill for 3 days after its end, else for 90."""
        ended_ns = self._ended.get((order.instrument, order.order_id))
        return order.status in LIVE or self._within(ended_ns, time, filled=order.filled_lots > 0)

    def remembers_algo(self, algo: ConditionalState, time: VenueTime) -> bool:
        """The same of a conditional order; one that led to an order counts as filled."""
        ended_ns = self._ended_algos.get((algo.instrument, algo.conditional_id))
        return self._within(ended_ns, time, filled=algo.order_id > 0)

    def _within(self, ended_ns: int | None, time: VenueTime, *, filled: bool) -> bool:
        if ended_ns is None:
            return True
        row = self._limits.named("forget-all" if filled else "forget-unfilled")
        return time.age_ns - ended_ns <= row.limit * _DAY_NS
