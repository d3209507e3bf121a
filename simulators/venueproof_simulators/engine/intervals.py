"""Candle intervals: where each begins, counted from the epoch in UTC. Weeks begin on Monday, months on the first.

Days, weeks and months may be those of a zone ahead of UTC: `1d+8h` are days that begin at 16:00 UTC, and their weeks
and months begin at that hour too. Any interval takes such an offset.
"""

from __future__ import annotations

from calendar import timegm
from functools import lru_cache
from time import gmtime

MINUTE_NS = 60 * 10**9
_DAY_MINUTES = 1440
_MONDAY_MINUTES = 4 * _DAY_MINUTES
"""The epoch was a Thursday."""
_MINUTES = {
    "1m": 1,
    "3m": 3,
    "5m": 5,
    "10m": 10,
    "15m": 15,
    "30m": 30,
    "1h": 60,
    "2h": 120,
    "3h": 180,
    "4h": 240,
    "6h": 360,
    "8h": 480,
    "12h": 720,
    "1d": _DAY_MINUTES,
    "2d": 2 * _DAY_MINUTES,
    "3d": 3 * _DAY_MINUTES,
    "1w": 7 * _DAY_MINUTES,
}
_MONTHS = {"1M": 1, "3M": 3}
INTERVALS = (*_MINUTES, *_MONTHS)
"""All intervals the engine knows, shortest first, without offsets."""
_ZONE_HOURS_MAX = 14


def index_of(interval: str, minute: int) -> int:
    """The number of the interval that holds a minute since the epoch. Raises `ValueError` for an unknown interval."""
    name, zone = _parts(interval)
    minute += zone
    if name in _MONTHS:
        at = gmtime(minute * 60)
        return (at.tm_year * 12 + at.tm_mon - 1) // _MONTHS[name]
    return (minute - _begin(name)) // _MINUTES[name]


def first_minute(interval: str, index: int) -> int:
    """The minute since the epoch with which interval number `index` begins."""
    name, zone = _parts(interval)
    if name in _MONTHS:
        month = index * _MONTHS[name]
        return timegm((month // 12, month % 12 + 1, 1, 0, 0, 0)) // 60 - zone
    return index * _MINUTES[name] + _begin(name) - zone


def _begin(name: str) -> int:
    return _MONDAY_MINUTES if name == "1w" else 0


@lru_cache(maxsize=256)
def _parts(interval: str) -> tuple[str, int]:
    """The interval without its offset, and the offset in minutes."""
    name, plus, zone = interval.partition("+")
    hours = zone.removesuffix("h")
    ahead = hours.isdecimal() and zone.endswith("h") and int(hours) <= _ZONE_HOURS_MAX
    if name not in INTERVALS or (plus and not ahead):
        raise ValueError(f"no candle interval {interval!r}: one of {', '.join(INTERVALS)}, or one with +1h to +14h")
    return name, int(hours) * 60 if plus else 0
