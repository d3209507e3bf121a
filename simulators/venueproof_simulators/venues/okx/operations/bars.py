"""Candle lengths: the venue's words, and the engine's behind them.

From six hours on a bar without `utc` begins by the clock of Hong Kong: a day at 16:00 UTC.
"""

from __future__ import annotations

from collections.abc import Mapping

from venueproof_simulators.kit.refusing import VenueError

_SHORT = {name: name.lower() for name in ("1m", "3m", "5m", "15m", "30m", "1H", "2H", "4H")}
_LONG = {"6H": "6h", "12H": "12h", "1D": "1d", "2D": "2d", "3D": "3d", "1W": "1w", "1M": "1M", "3M": "3M"}
_UTC = ("6H", "12H", "1D", "1W", "1M", "3M", "2D", "3D")
BARS: Mapping[str, str] = {
    **_SHORT,
    **{name: f"{interval}+8h" for name, interval in _LONG.items()},
    **{f"{name}utc": _LONG[name] for name in _UTC},
}
"""Every length, as it is spelled in requests and in names of channels."""


def bar_of(name: str) -> str:
    """The engine's word for a length. Raises `VenueError`."""
    bar = BARS.get(name)
    if bar is None:
        raise VenueError("not-valid", parameter="bar")
    return bar
