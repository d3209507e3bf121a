"""The base price of an underlying: a pure function of (underlying, seed, t), the same for all venues of one run.

At and before the start it is the anchor price; afterwards it stays there (`still`) or wanders within bounds (`calm`,
`wild`). How a past looked that led to the anchor is told in `history`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files

from msgspec import Struct, toml

from venueproof_simulators.engine.noise import draw, key

SECOND_NS = 10**9
STEP_NS = SECOND_NS
"""How often the base price moves when it moves at all."""

_PPB = 10**9
_OCTAVES = ((10, 20_000), (60, 100_000), (600, 500_000), (7200, 2_000_000), (86400, 5_000_000))
"""Period in seconds and swing in parts per billion of each wave of the calm pace."""
_WILD = 6
"""How much further the wild pace swings than the calm one."""


class Pace(StrEnum):
    """How lively the base price is after the start."""

    STILL = "still"
    CALM = "calm"
    WILD = "wild"


class Underlying(Struct, frozen=True):
    """Where a base price starts, in quote units, and the first day of its history."""

    price: Decimal
    listed: date

    @property
    def listed_ns(self) -> int:
        """Nanoseconds of the first moment of its history."""
        return int(datetime(self.listed.year, self.listed.month, self.listed.day, tzinfo=UTC).timestamp()) * SECOND_NS


class _Table(Struct, frozen=True):
    source: str
    underlyings: dict[str, Underlying]


@lru_cache(maxsize=1)
def _table() -> _Table:
    text = files("venueproof_simulators.engine").joinpath("underlyings.toml").read_bytes()
    return toml.decode(text, type=_Table)


@lru_cache(maxsize=4096)
def underlying(name: str) -> Underlying:
    """The anchor of an underlying; one made from its name when the table has none."""
    row = _table().underlyings.get(name)
    if row is not None:
        return row
    number = draw(key("underlying", name), 0)
    return Underlying(Decimal(100 + number % 900).scaleb(number // 1000 % 5 - 3), date(2021, 1, 1))


def _wave(seed: int, at_ns: int, period_s: int) -> int:
    """Value noise in parts per million: a line between a draw at each multiple of the period."""
    span = period_s * SECOND_NS
    index, within = divmod(at_ns, span)
    left = draw(seed, index) % 2_000_001 - 1_000_000
    right = draw(seed, index + 1) % 2_000_001 - 1_000_000
    return left + (right - left) * within // span


class BasePrice:
    """The path of one underlying in one run."""

    def __init__(self, name: str, seed: int, start_ns: int, pace: Pace) -> None:
        self._start_ns = start_ns
        self._scale = {Pace.STILL: 0, Pace.CALM: 1, Pace.WILD: _WILD}[pace]
        self._seeds = [key("base", name, seed, period) for period, _ in _OCTAVES]

    def shift_ppb(self, at_ns: int) -> int:
        """How far the price has gone from the anchor by `at_ns`, in parts per billion of the anchor."""
        if not self._scale or at_ns <= self._start_ns:
            return 0
        return self._scale * sum(
            (_wave(seed, at_ns, period) - _wave(seed, self._start_ns, period)) * swing // 1_000_000
            for seed, (period, swing) in zip(self._seeds, _OCTAVES, strict=True)
        )

    def ticks(self, start_ticks: int, at_ns: int) -> int:
        """The price at `at_ns` in the ticks of an instrument whose anchor is `start_ticks`."""
        return start_ticks + start_ticks * self.shift_ppb(at_ns) // _PPB
