"""Fills, each booked once, whatever number of ways it is told."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from itertools import takewhile

from venueproof_adapters.kit.recent import Recent
from venueproof_contracts.model import ZERO, Fill, OrderRef

OrderKey = tuple[str, str, bool]
"""Instrument, venue id, and whether it is conditional: ids count per instrument on some venues, and conditional orders
have ids of their own on others."""


def ref_key(ref: OrderRef) -> OrderKey:
    """What the order behind a reference is kept by."""
    return ref.instrument, ref.venue_id or "", ref.conditional


class FillLedger:
    """Remembers the last `keep` fills by order and fill id, and what each order filled since it is watched.

    An account that trades with itself has one execution, with one id, on two of its orders.

    `inverse` says of an instrument whether its contracts count quote money: an average price there is the harmonic one.
    """

    def __init__(self, inverse: Callable[[str], bool] = lambda _: False, keep: int = 100_000) -> None:
        self._inverse = inverse
        self._known: Recent[tuple[OrderKey, str], Fill] = Recent(keep)
        self._filled: Recent[OrderKey, Decimal] = Recent(keep)
        self._quote: Recent[OrderKey, Decimal] = Recent(keep)
        self._base: Recent[OrderKey, Decimal] = Recent(keep)
        self._before: Recent[OrderKey, Decimal] = Recent(keep)

    def add(self, fill: Fill) -> bool:
        """Book a fill; False when it was booked before."""
        order = ref_key(fill.ref)
        if self.has(order, fill.fill_id):
            return False
        self._known[order, fill.fill_id] = fill
        self._filled[order] = self._filled.get(order, ZERO) + fill.amount
        self._quote[order] = self._quote.get(order, ZERO) + fill.amount * fill.price
        self._base[order] = self._base.get(order, ZERO) + fill.amount / fill.price
        return True

    def has(self, order: OrderKey, fill_id: str) -> bool:
        """True when this fill of an order is booked."""
        return (order, fill_id) in self._known

    def latest(self, instrument: str, since_ns: int) -> list[Fill]:
        """Booked fills of an instrument, back to the first one older than `since_ns`."""
        recent = takewhile(lambda fill: fill.at_ns >= since_ns, reversed(self._known.values()))
        return [fill for fill in recent if fill.ref.instrument == instrument]

    def start_at(self, order: OrderKey, filled: Decimal) -> None:
        """So much of an order was filled before we watched it; only the first call counts."""
        self._before.note(order, filled)

    def missing(self, order: OrderKey, filled: Decimal) -> Decimal:
        """How much of an order is known to be filled without a fill that says so."""
        return filled - self._before.get(order, ZERO) - self._filled.get(order, ZERO)

    def average(self, order: OrderKey, filled: Decimal) -> Decimal | None:
        """The average price, when every fill of the order is known."""
        booked = self._filled.get(order, ZERO)
        if not booked or booked != filled:
            return None
        return booked / self._base[order] if self._inverse(order[0]) else self._quote[order] / booked
