"""Candles in one order, each once, and honest about whether they are finished."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import structs

from venueproof_contracts.model import Candle


def orderly_candles(rows: Iterable[tuple[Candle, int]], now_ns: int) -> list[Candle]:
    """Sort (candle, end in ns) by open time whatever the venue's order, the last of two with one open time winning.

    `closed` is told by the clock: a candle is closed when its end has passed.
    """
    by_open = {candle.open_ns: structs.replace(candle, closed=end_ns <= now_ns) for candle, end_ns in rows}
    return [by_open[open_ns] for open_ns in sorted(by_open)]
