"""Questions about the market: what a venue's own class of them extends."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from venueproof_adapters.kit.candles import gathered
from venueproof_adapters.kit.feeds import Snapshot
from venueproof_adapters.kit.ground import Ground
from venueproof_contracts.model import Candle, Instrument


class Market(ABC):
    """Candles of every interval, made of those that the venue has; books that are streamed with their snapshot."""

    intervals: ClassVar[Sequence[str]]
    """Those that the venue has."""
    candles_usual: ClassVar[int] = 500
    """How many are told where nobody says how many."""

    def __init__(self, ground: Ground) -> None:
        self._candles = ground.parts.candles
        self._catalog = ground.catalog
        self._now_ns = ground.sync.now_ns

    async def candles(self, instrument: str, interval: str, since_ns: int | None, limit: int | None) -> list[Candle]:
        """Candles from `since_ns` on, or the latest ones. Raises `Rejected` for an interval that cannot be made."""
        native = partial(self.native_candles, self._catalog.find(instrument))
        count = limit or self.candles_usual
        return await gathered(interval, since_ns, count, self.intervals, native, self._now_ns())

    @abstractmethod
    async def native_candles(
        self, instrument: Instrument, interval: str, since_ns: int | None, count: int
    ) -> list[Candle]:
        """Candles of an interval that the venue has, from a time on or the latest."""

    async def snapshot(self, symbol: str) -> Snapshot | None:
        """None: books are streamed with a snapshot of their own."""
        return None
