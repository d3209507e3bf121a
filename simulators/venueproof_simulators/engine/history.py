"""The past of one instrument, made up so that it leads exactly to its price at the start.

Time before the start is cut into chunks of 1440 minutes, counted backwards. Each chunk is one of a few `shapes`,
stretched, mirrored and shifted: the price of its k-th trade is `base ± shape[k]` steps, its amount
`volume × amounts[k]`. Aggregates of such trades follow from aggregates of the shape, so that a candle over any range
costs a few look-ups and is nevertheless the exact sum of its trades. Prices of two instruments on one underlying
differ by no more than the rounding to their steps.
"""

from __future__ import annotations

from msgspec import Struct

from venueproof_simulators.engine.bars import Bar
from venueproof_simulators.engine.intervals import MINUTE_NS
from venueproof_simulators.engine.noise import draw, key
from venueproof_simulators.engine.shapes import (
    CHUNK_MINUTES,
    SHAPES,
    SPAN_BITS,
    TRADES_PER_MINUTE,
    amounts,
    last_point,
    moments,
    scaled,
    span,
    times_ns,
)
from venueproof_simulators.engine.state import Side, TradeState
from venueproof_simulators.engine.worth import SCALE

_PPB = 10**9
_RANGES_PPB = (12_000_000, 20_000_000, 32_000_000, 48_000_000)
"""How far a day's high and low lie apart, in parts of the anchor."""
_HIGHEST_PPB, _LOWEST_PPB = 1_600_000_000, 500_000_000
"""Beyond these, relative to the anchor, days lead back."""


class _Day(Struct, frozen=True, gc=False):
    """One chunk of an underlying's past."""

    shape: int
    up: bool
    range_ppb: int
    end_ppb: int
    """Its last price, in parts per billion of the anchor."""
    volume: int
    """1 to 8."""


class _Chunk(Struct, frozen=True, gc=False):
    """One chunk in the steps and lots of an instrument."""

    shape: int
    reach: int
    base: int
    sign: int
    volume: int


class Past:
    """The chunks of one underlying in one run, newest first; shared by all its instruments."""

    def __init__(self, name: str, seed: int) -> None:
        self._seed = key("past", name, seed)
        self._days: list[_Day] = []
        self._end_ppb = _PPB

    def day(self, number: int) -> _Day:
        """The chunk that ends `number` chunks before the start."""
        while len(self._days) <= number:
            self._days.append(self._earlier())
        return self._days[number]

    def _earlier(self) -> _Day:
        bits = draw(self._seed, len(self._days))
        shape = bits % SHAPES
        range_ppb = _RANGES_PPB[(bits >> 8) % len(_RANGES_PPB)]
        end = self._end_ppb
        gain_ppb = range_ppb * last_point(shape) >> SPAN_BITS
        up = bool(bits >> 40 & 1)
        if not _LOWEST_PPB < end < _HIGHEST_PPB:
            up = (gain_ppb > 0) == (end > _PPB)
        self._end_ppb = end - gain_ppb if up else end + gain_ppb
        return _Day(shape, up, range_ppb, end, 1 + (bits >> 48) % 8)


class History:
    """Trades and bars of an instrument before the start."""

    def __init__(self, name: str, past: Past, listed_ns: int, start_ns: int, steps: int, step: int, lots: int) -> None:
        """`steps` × `step` is the price at the start in ticks, `lots` the unit of amount of a trade."""
        self._name = name
        self._past = past
        self._steps = steps
        self._step = step
        self._lots = lots
        self._chunks: dict[int, _Chunk] = {}
        self.end_minute = start_ns // MINUTE_NS
        self.first_minute = min(listed_ns // MINUTE_NS, self.end_minute)
        self.trades = (self.end_minute - self.first_minute) * TRADES_PER_MINUTE
        """How many there are; their ids are 1 to this."""

    def _chunk(self, number: int) -> _Chunk:
        chunk = self._chunks.get(number)
        if chunk is None:
            chunk = self._chunks[number] = self._make(number)
        return chunk

    def _make(self, number: int) -> _Chunk:
        day = self._past.day(number)
        reach = self._steps * day.range_ppb // _PPB
        sign = 1 if day.up else -1
        base = self._steps * day.end_ppb // _PPB - sign * scaled(day.shape, reach).last
        return _Chunk(day.shape, reach, base, sign, day.volume * self._lots)

    def _place(self, minute: int) -> tuple[int, int]:
        """The chunk of a minute, and the number of the minute in it."""
        back = self.end_minute - 1 - minute
        return back // CHUNK_MINUTES, CHUNK_MINUTES - 1 - back % CHUNK_MINUTES

    def bar(self, minute: int, end_minute: int) -> Bar | None:
        """The aggregate of the trades in [minute, end_minute)."""
        minute, end_minute = max(minute, self.first_minute), min(end_minute, self.end_minute)
        total: Bar | None = None
        while minute < end_minute:
            number, within = self._place(minute)
            minutes = min(CHUNK_MINUTES - within, end_minute - minute)
            part = self._part(self._chunk(number), within, minutes)
            if total is None:
                total = part
            else:
                total.join(part)
            minute += minutes
        return total

    def _part(self, chunk: _Chunk, within: int, minutes: int) -> Bar:
        """The aggregate of some minutes of one chunk."""
        part = span(chunk.shape, chunk.reach, within * TRADES_PER_MINUTE, (within + minutes) * TRADES_PER_MINUTE)
        base, sign, step, volume = chunk.base, chunk.sign, self._step, chunk.volume
        high, low = (part.high, part.low) if sign > 0 else (part.low, part.high)
        value, buy_value = self._worth(chunk, part, within, minutes)
        return Bar(
            (base + sign * part.open) * step,
            (base + sign * high) * step,
            (base + sign * low) * step,
            (base + sign * part.close) * step,
            volume * part.lots,
            volume * value,
            part.trades,
            volume * part.buy_lots,
            volume * buy_value,
        )

    def _worth(self, chunk: _Chunk, part: Bar, within: int, minutes: int) -> tuple[int, int]:
        """What some minutes of a chunk are worth at volume 1: all of it, and what takers bought."""
        base, sign, step = chunk.base, chunk.sign, self._step
        return (
            step * (base * part.lots + sign * part.value),
            step * (base * part.buy_lots + sign * part.buy_value),
        )

    def trade(self, trade_id: int) -> TradeState:
        """The trade of an id between 1 and `trades`."""
        minutes, slot = divmod(trade_id - 1, TRADES_PER_MINUTE)
        minute = self.first_minute + minutes
        number, within = self._place(minute)
        chunk = self._chunk(number)
        at = within * TRADES_PER_MINUTE + slot
        traded = amounts(chunk.shape)
        price = chunk.base + chunk.sign * scaled(chunk.shape, chunk.reach).prices[at]
        return TradeState(
            trade_id,
            self._name,
            price * self._step,
            chunk.volume * traded.lots[at],
            Side.BUY if traded.buys[at] else Side.SELL,
            minute * MINUTE_NS + times_ns(chunk.shape)[at],
        )

    def first_id_at(self, at_ns: int) -> int:
        """The id of the first trade at or after a time before the end of this history."""
        minute = at_ns // MINUTE_NS
        if minute < self.first_minute:
            return 1
        number, within = self._place(minute)
        times = times_ns(self._chunk(number).shape)
        first = within * TRADES_PER_MINUTE
        earlier = sum(time < at_ns - minute * MINUTE_NS for time in times[first : first + TRADES_PER_MINUTE])
        return (minute - self.first_minute) * TRADES_PER_MINUTE + earlier + 1


class InverseHistory(History):
    """The same of an inverse instrument, where lots are worth lots ÷ ticks.

    That cannot be summed up beforehand, as the base changes from chunk to chunk. With the prices measured from the
    middle of their shape, 1 ÷ (middle ± x) is a series in powers of x, and sums of those can. The first 13 terms leave
    out less than 1e-15 of the whole, as x is at most a twentieth of the price.
    """

    def _worth(self, chunk: _Chunk, part: Bar, within: int, minutes: int) -> tuple[int, int]:
        sums = moments(chunk.shape, chunk.reach)
        middle = chunk.base + chunk.sign * sums.middle
        value, buy_value = (
            _inverse([kind[within + minutes] - kind[within] for kind in powers], middle, chunk.sign) // self._step
            for powers in (sums.lots, sums.buys)
        )
        return value, buy_value


def _inverse(powers: list[int], middle: int, sign: int) -> int:
    """The sum of amount ÷ (middle + sign × x) in units of 1/`SCALE`, from those of amount × x to the powers 0, 1, …"""
    total, below = 0, middle
    for power in powers:
        total += SCALE * power // below
        below *= -sign * middle
    return total
