"""An order book built from a snapshot and the changes after it, where each change names the one before it.

A snapshot that is asked for comes at any point of the changes, which are kept until it is there. One that is streamed
comes first, and the change after it follows it exactly; venues that only number their messages say `previous` is one
less than `last`.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from decimal import Decimal

from msgspec import Struct

from venueproof_contracts.model import Book, Level


class BookChange(Struct, frozen=True):
    """New amounts at prices; `first`…`last` are the update numbers in it, `previous` the last of the change before."""

    first: int
    last: int
    previous: int
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    at_ns: int


class BookBuilder:
    """The book of one instrument. Changes that come before the snapshot are kept until it is there."""

    def __init__(self, instrument: str, waiting_max: int = 5_000) -> None:
        self._instrument = instrument
        self._waiting_max = waiting_max
        self.reset()

    def reset(self) -> None:
        """Forget everything; a new snapshot is needed."""
        self._bids: dict[Decimal, Decimal] = {}
        self._asks: dict[Decimal, Decimal] = {}
        self._waiting: list[BookChange] = []
        self._last = 0
        self._chained = False
        self.ready = False

    def stream(self, last: int, bids: Iterable[Level], asks: Iterable[Level]) -> None:
        """Take in a streamed snapshot: it takes the place of everything before it."""
        self.reset()
        self.start(last, bids, asks)
        self._chained = True

    def start(self, last: int, bids: Iterable[Level], asks: Iterable[Level]) -> bool:
        """Take in a snapshot that is as of update `last`; False when the changes kept do not connect to it."""
        waiting = self._waiting
        self.reset()
        self._last = last
        _apply(self._bids, bids)
        _apply(self._asks, asks)
        self.ready = True
        if all(self.change(change) for change in waiting):
            return True
        self.reset()
        self._waiting = waiting
        return False

    def change(self, change: BookChange) -> bool:
        """Take in a change; False when one before it is missing."""
        if not self.ready:
            self._waiting = [*self._waiting[-self._waiting_max :], change]
            return True
        follows = self._chained and change.previous == self._last  # also where the venue begins to count anew
        if not follows and (change.last < self._last or (self._chained and change.last == self._last)):
            return True
        if not self._connects(change):
            return False
        self._chained = True
        self._last = change.last
        _apply(self._bids, change.bids)
        _apply(self._asks, change.asks)
        return True

    def _connects(self, change: BookChange) -> bool:
        if self._chained:
            return change.previous == self._last
        return change.first <= self._last <= change.last or change.previous == self._last

    def book(self, depth: int, at_ns: int) -> Book:
        """The best `depth` levels of each side."""
        bids = [Level(price, amount) for price, amount in heapq.nlargest(depth, self._bids.items())]
        asks = [Level(price, amount) for price, amount in heapq.nsmallest(depth, self._asks.items())]
        return Book(self._instrument, tuple(bids), tuple(asks), at_ns)


def _apply(side: dict[Decimal, Decimal], levels: Iterable[Level]) -> None:
    for level in levels:
        if level.amount:
            side[level.price] = level.amount
        else:
            side.pop(level.price, None)
