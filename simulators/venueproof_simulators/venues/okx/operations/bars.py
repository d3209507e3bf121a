"""Candle lengths: the venue's words, and the engine's candles behind them.

From six hours on a bar without `utc` begins by the clock of Hong Kong: a day at 16:00 UTC.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from venueproof_simulators.engine.engine import Engine
from venueproof_simulators.engine.state import CandleState
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.refusing import VenueError


class Bar(Struct, frozen=True):
    """One length: the engine's word, and by how many minutes before midnight UTC its days begin."""

    interval: str
    early_minutes: int = 0


_HONG_KONG = 8 * 60
BARS: Mapping[str, Bar] = {
    **{name: Bar(name.lower()) for name in ("1m", "3m", "5m", "15m", "30m", "1H", "2H", "4H")},
    **{name: Bar(name if name == "1M" else name.lower(), _HONG_KONG) for name in ("6H", "12H", "1D", "3D", "1W", "1M")},
    **{f"{name}utc": Bar(name if name == "1M" else name.lower()) for name in ("6H", "12H", "1D", "3D", "1W", "1M")},
}
"""Every length, as it is spelled in requests and in names of channels."""


def bar_of(name: str) -> Bar:
    """A length. Raises `VenueError`."""
    bar = BARS.get(name)
    if bar is None:
        raise VenueError("not-valid", parameter="bar")
    return bar


def bars(
    engine: Engine, instrument: str, bar: Bar, time: VenueTime, *, start_ns: int | None, end_ns: int | None, limit: int
) -> list[CandleState]:
    """Candles, oldest first: the first from `start_ns` on, else the newest. The last may run."""
    return engine.candles(instrument, bar.interval, time.true_ns, start_ns=start_ns, end_ns=end_ns, limit=limit)
