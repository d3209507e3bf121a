"""What a venue keeps of orders beyond what the engine knows, for as long as the engine knows the order at all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

from venueproof_simulators.host.venue import VenueTime

NoteT = TypeVar("NoteT")
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
