"""A few random walks of a day's length, in small integers, and exact sums over any part of them.

They are the same in every run; a run stretches, mirrors and mixes them. Computed when first asked for, then kept.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import accumulate
from operator import mul

from msgspec import Struct

from venueproof_simulators.engine.bars import Bar
from venueproof_simulators.engine.intervals import MINUTE_NS
from venueproof_simulators.engine.noise import draw, key

CHUNK_MINUTES = 1440
TRADES_PER_MINUTE = 4
SHAPES = 4
SPAN_BITS = 12
"""Highest and lowest point of a shape lie 2**SPAN_BITS apart."""

_POWERS = 13
_POINTS = CHUNK_MINUTES * TRADES_PER_MINUTE
_SLOT_NS = MINUTE_NS // TRADES_PER_MINUTE


class Points(Struct, frozen=True):
    """A shape point by point (one a trade), and running sums; sums have one entry more than points."""

    prices: list[int]
    value_sum: list[int]
    buy_value_sum: list[int]
    last: int


class Moments(Struct, frozen=True):
    """Sums of amounts times powers of how far the price is from the middle: for each power, minute by minute."""

    middle: int
    lots: list[list[int]]
    buys: list[list[int]]


class Amounts(Struct, frozen=True):
    """What is traded at each point of a shape, whatever its prices are."""

    lots: list[int]
    buys: list[int]
    """The lots again where the taker buys, else 0."""
    lots_sum: list[int]
    buys_sum: list[int]


@lru_cache(maxsize=SHAPES)
def _bits(shape: int) -> list[int]:
    seed = key("shape", shape)
    return [draw(seed, number) for number in range(_POINTS)]


@lru_cache(maxsize=SHAPES)
def _walk(shape: int) -> list[int]:
    """The walk, stretched to its span. Steps are sums of small draws and of a slower swell, so that it has trends."""
    bits = _bits(shape)
    steps = ((word & 63) + (word >> 6 & 63) + (word >> 12 & 63) - 94 for word in bits)
    swell = (word >> (20 + number // 240 % 8) & 15 for number, word in enumerate(bits))
    raw = list(accumulate(step + (wave if step > 0 else 0) - 4 for step, wave in zip(steps, swell, strict=True)))
    reach = max(raw) - min(raw)
    return [((price - raw[0]) << SPAN_BITS) // reach for price in raw]


def _sums(numbers: list[int]) -> list[int]:
    return list(accumulate(numbers, initial=0))


@lru_cache(maxsize=SHAPES)
def amounts(shape: int) -> Amounts:
    """The amounts of a shape, 1 to 16 each, and who takes."""
    bits = _bits(shape)
    lots = [1 + (word >> 30 & 15) for word in bits]
    buys = [amount if word >> 40 & 1 else 0 for amount, word in zip(lots, bits, strict=True)]
    return Amounts(lots, buys, _sums(lots), _sums(buys))


@lru_cache(maxsize=64)
def scaled(shape: int, reach: int) -> Points:
    """A shape with its highest and lowest point `reach` apart."""
    prices = [price * reach >> SPAN_BITS for price in _walk(shape)]
    traded = amounts(shape)
    return Points(
        prices, _sums(list(map(mul, prices, traded.lots))), _sums(list(map(mul, prices, traded.buys))), prices[-1]
    )


@lru_cache(maxsize=32)
def moments(shape: int, reach: int) -> Moments:
    """Of a shape with its highest and lowest point `reach` apart; sums have one entry more than minutes."""
    prices, traded = scaled(shape, reach).prices, amounts(shape)
    middle = (max(prices) + min(prices)) // 2
    away = [price - middle for price in prices]
    return Moments(middle, _powers(away, traded.lots), _powers(away, traded.buys))


def _powers(away: list[int], weights: list[int]) -> list[list[int]]:
    found: list[list[int]] = []
    for _ in range(_POWERS):
        found.append(_sums(weights)[::TRADES_PER_MINUTE])
        weights = list(map(mul, weights, away))
    return found


def last_point(shape: int) -> int:
    """Where a shape ends, in 2**SPAN_BITS-ths of its reach from where it begins."""
    return _walk(shape)[-1]


@lru_cache(maxsize=SHAPES)
def times_ns(shape: int) -> list[int]:
    """When each trade of a shape happens, in nanoseconds from the beginning of its minute."""
    return [
        number % TRADES_PER_MINUTE * _SLOT_NS + (word >> 44) % (_SLOT_NS // 1_000_000) * 1_000_000
        for number, word in enumerate(_bits(shape))
    ]


@lru_cache(maxsize=1 << 16)
def span(shape: int, reach: int, first: int, end: int) -> Bar:
    """The aggregate of points [first, end) of a shape, at least one. To be read, never changed."""
    points, traded = scaled(shape, reach), amounts(shape)
    prices = points.prices[first:end]
    return Bar(
        prices[0],
        max(prices),
        min(prices),
        prices[-1],
        traded.lots_sum[end] - traded.lots_sum[first],
        points.value_sum[end] - points.value_sum[first],
        end - first,
        traded.buys_sum[end] - traded.buys_sum[first],
        points.buy_value_sum[end] - points.buy_value_sum[first],
    )
