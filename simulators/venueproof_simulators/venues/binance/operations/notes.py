"""What the venue keeps of orders beyond what the engine needs, for as long as it remembers them at all."""

from __future__ import annotations

from venueproof_simulators.engine.commands import Command
from venueproof_simulators.engine.conditional_state import ConditionalState
from venueproof_simulators.engine.events import Cause, ConditionalCause, ConditionalChanged, Forgotten, OrderChanged
from venueproof_simulators.engine.state import LIVE, OrderState
from venueproof_simulators.host.facts import Limits
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.notes import OrderNotes
from venueproof_simulators.venues.binance.wire.algos import PLAIN_ALGO, AlgoNote, origin
from venueproof_simulators.venues.binance.wire.numbers import Listing
from venueproof_simulators.venues.binance.wire.orders import PLAIN_NOTE, OrderNote

Note = OrderNote | AlgoNote
"""A note on an order of either kind."""

_DAY_NS = 86_400 * 10**9
_OPENED = Cause.OPENED


class Notes:
    """Notes on orders by (instrument, id), ordinary and conditional ones apart."""

    def __init__(self, limits: Limits, listings: dict[str, Listing]) -> None:
        self._limits = limits
        self._listings = listings
        self._kept = OrderNotes(PLAIN_NOTE, PLAIN_ALGO)
        self._resulting: dict[tuple[str, int], OrderNote] = {}
        """Conditional order → the note on the order that it leads to."""
        self._stops: dict[tuple[str, int], tuple[str, int]] = {}
        """Conditional order → the order that it has shown as from the beginning, where it did."""

    def of(self, order: OrderState) -> OrderNote:
        """The note on an order."""
        return self._kept.orders.of((order.instrument, order.order_id))

    def set(self, instrument: str, order_id: int, note: OrderNote) -> None:
        """Keep a note on an order."""
        self._kept.orders.set((instrument, order_id), note)

    def algo(self, algo: ConditionalState) -> AlgoNote:
        """The note on a conditional order."""
        return self._kept.waiting.of((algo.instrument, algo.conditional_id))

    def keep(self, event: OrderChanged, command: Command, note: Note | None, time: VenueTime) -> bool:
        """Note what began, and when it ended; returns whether it ended."""
        order = event.order
        if event.cause is _OPENED and order.conditional_id:
            began = self._resulting.get((order.instrument, order.conditional_id))
            if began is not None:
                self.set(order.instrument, order.order_id, began)
        return self._kept.keep(event, command, note if isinstance(note, OrderNote) else None, time)

    def keep_algo(self, event: ConditionalChanged, command: Command, note: Note | None, time: VenueTime) -> bool:
        """The same of a conditional order; and where it has led to an order, what that shows of it."""
        algo = event.conditional
        key = (algo.instrument, algo.conditional_id)
        ended = self._kept.keep_waiting(event, command, note if isinstance(note, AlgoNote) else None, time)
        if event.cause is ConditionalCause.OPENED and algo.reserved_id:
            self._show(algo, key)
        elif event.cause is ConditionalCause.TRIGGERED:
            self._resulting[key] = self._led_to(algo)
        if ended and key in self._stops:
            self._kept.orders.end(self._stops[key], time)
        return ended

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
        self._stops[key] = (algo.instrument, algo.reserved_id)
        self.set(algo.instrument, algo.reserved_id, self._led_to(algo, waits=True))

    def forget(self, event: Forgotten) -> None:
        """Drop what there is on orders that the engine knows no more."""
        self._kept.forget(event)
        for key in event.conditionals:
            self._resulting.pop(key, None)
            if key in self._stops:
                self._kept.orders.forget((self._stops.pop(key),))

    # --- what is remembered ---

    def remembers(self, order: OrderState, time: VenueTime) -> bool:
        """Whether the venue still knows an order: without a fill for 3 days after its end, else for 90."""
        span_ns = self._span_ns(filled=order.filled_lots > 0)
        return order.status in LIVE or self._kept.orders.within((order.instrument, order.order_id), span_ns, time)

    def remembers_algo(self, algo: ConditionalState, time: VenueTime) -> bool:
        """The same of a conditional order; one that led to an order counts as filled."""
        span_ns = self._span_ns(filled=algo.order_id > 0)
        return self._kept.waiting.within((algo.instrument, algo.conditional_id), span_ns, time)

    def _span_ns(self, *, filled: bool) -> int:
        return self._limits.named("forget-all" if filled else "forget-unfilled").limit * _DAY_NS
