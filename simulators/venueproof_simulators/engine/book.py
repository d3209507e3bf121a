"""One side of an order book: levels by price, and in each level whatever rests there in order of arrival."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator

from venueproof_simulators.engine.orders import Resting
from venueproof_simulators.engine.state import Side


class Level:
    """All that rests at one price. `queue` keeps order of arrival and gives up any member at once."""

    __slots__ = ("lots", "queue", "side", "ticks")

    def __init__(self, side: Side, ticks: int) -> None:
        self.side = side
        self.ticks = ticks
        self.lots = 0
        self.queue: dict[Resting, None] = {}


Touched = dict[int, Level]
"""Levels that have changed, of both sides: ticks × sign → level."""


class HalfBook:
    """The bids or the asks."""

    __slots__ = ("_ranks", "levels", "side", "sign", "touched")

    def __init__(self, side: Side, touched: Touched) -> None:
        self.side = side
        self.sign = side.sign
        self.levels: dict[int, Level] = {}
        self.touched = touched
        """Where it notes the levels that change."""
        self._ranks: list[int] = []
        """ticks × sign, ascending: the best price is last."""

    def add(self, resting: Resting) -> None:
        """Put at the end of the queue of its price."""
        ticks = resting.ticks
        rank = ticks * self.sign
        level = self.levels.get(ticks)
        if level is None:
            level = self.levels[ticks] = Level(self.side, ticks)
            insort(self._ranks, rank)
        level.queue[resting] = None
        level.lots += resting.open_lots
        self.touched[rank] = level

    def remove(self, resting: Resting) -> None:
        """Take out whole, before its `open_lots` is changed."""
        level = self.levels[resting.ticks]
        del level.queue[resting]
        level.lots -= resting.open_lots
        self.touched[level.ticks * self.sign] = level
        if not level.queue:
            self._drop(level)

    def take(self, level: Level, resting: Resting, lots: int) -> None:
        """Take `lots` off a member of a level; it leaves when nothing is left of it."""
        resting.open_lots -= lots
        level.lots -= lots
        self.touched[level.ticks * self.sign] = level
        if not resting.open_lots:
            del level.queue[resting]
            if not level.queue:
                self._drop(level)

    def _drop(self, level: Level) -> None:
        del self.levels[level.ticks]
        rank = level.ticks * self.sign
        if self._ranks[-1] == rank:
            self._ranks.pop()
        else:
            del self._ranks[bisect_left(self._ranks, rank)]

    def holds(self, resting: Resting) -> bool:
        """Whether it rests here."""
        level = self.levels.get(resting.ticks)
        return level is not None and resting in level.queue

    def best(self) -> Level | None:
        """The level that trades next."""
        return self.levels[self._ranks[-1] * self.sign] if self._ranks else None

    def reaches(self, ticks: int) -> bool:
        """Whether an order of the other side with this limit would trade."""
        return bool(self._ranks) and self._ranks[-1] >= ticks * self.sign

    def best_first(self) -> Iterator[Level]:
        """All levels from the best on. The book must not change meanwhile."""
        levels, sign = self.levels, self.sign
        return (levels[rank * sign] for rank in reversed(self._ranks))

    def top(self, depth: int) -> tuple[tuple[int, int], ...]:
        """The best `depth` levels as (ticks, lots)."""
        levels, sign = self.levels, self.sign
        return tuple((rank * sign, levels[rank * sign].lots) for rank in self._ranks[: -depth - 1 : -1])
