"""Candle intervals: where each begins, counted from the epoch in UTC. Weeks begin on Monday, months on the first."""

from __future__ import annotations

from calendar import timegm
from time import gmtime

MINUTE_NS = 60 * 10**9
_DAY_MINUTES = 1440
_MONDAY_MINUTES = 4 * _DAY_MINUTES
"""The epoch was a Thursday."""
_MINUTES = {
    "1m": 1,
    "3m": 3,
    "5m": 5,
    "15m": 15,
    "30m": 30,
    "1h": 60,
    "2h": 120,
    "4h": 240,
    "6h": 360,
    "8h": 480,
    "12h": 720,
    "1d": _DAY_MINUTES,
    "3d": 3 * _DAY_MINUTES,
    "1w": 7 * _DAY_MINUTES,
}
INTERVALS = (*_MINUTES, "1M")
"""All intervals the engine knows, shortest first."""


def index_of(interval: str, minute: int) -> int:
    """The number of the interval that holds a minute since the epoch. Raises `ValueError` for an unknown interval."""
    if interval == "1M":
        at = gmtime(minute * 60)
        return at.tm_year * 12 + at.tm_mon - 1
    length, offset = _grid(interval)
    return (minute - offset) // length


def first_minute(interval: str, index: int) -> int:
    """The minute since the epoch with which interval number `index` begins."""
    if interval == "1M":
        return timegm((index // 12, index % 12 + 1, 1, 0, 0, 0)) // 60
    length, offset = _grid(interval)
    return index * length + offset


def _grid(interval: str) -> tuple[int, int]:
    try:
        length = _MINUTES[interval]
    except KeyError:
        raise ValueError(f"no candle interval {interval!r}: one of {', '.join(INTERVALS)}") from None
    return length, _MONDAY_MINUTES if interval == "1w" else 0
