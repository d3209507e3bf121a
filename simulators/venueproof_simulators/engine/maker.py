"""The market maker: a ladder of quotes around the base price, never a taker.

Thirty levels a side, one price step apart, the innermost one step from the base price. How much stands at a price
depends on the price alone, so that a small move changes only the ends of the ladder and quotes that stay keep their
place in the queue. What users take away comes back `REFILL_NS` later, at the end of the queue. A quote that would
trade with an order in the book is left out until that order is gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from venueproof_simulators.engine.instruments import Instrument
from venueproof_simulators.engine.market import Market
from venueproof_simulators.engine.orders import Resting

LEVELS = 30
REFILL_NS = 100_000_000
_DEPTH = 12
"""A level holds this many made-up amounts."""


def ladder(market: Market, sign: int) -> list[int]:
    """The prices at which the maker wants to quote on one side, best first."""
    instrument = market.instrument
    step = instrument.step_at(market.base - sign)
    inner = (market.base - 1) // step * step if sign > 0 else -(-(market.base + 1) // step) * step
    prices: Iterable[int] = range(inner, inner - sign * LEVELS * step, -sign * step)
    if instrument.coarse_ticks:
        prices = _outward(instrument, inner, sign)
    return [ticks for ticks in prices if instrument.ticks_min <= ticks <= instrument.ticks_max]


def _outward(instrument: Instrument, ticks: int, sign: int) -> Iterator[int]:
    """Prices from one on, away from the other side, where steps are not the same everywhere."""
    for _ in range(LEVELS):
        yield ticks
        ticks -= sign * instrument.step_at(ticks - 1 if sign > 0 else ticks)


def withdraw(market: Market) -> None:
    """Take away the quotes that the ladder around the base price has no place for."""
    for sign in (1, -1):
        quotes, half = market.quotes[sign], market.halves[sign]
        wanted = set(ladder(market, sign)) if quotes else set[int]()
        for ticks in [ticks for ticks in quotes if ticks not in wanted]:
            half.remove(quotes.pop(ticks))


def quote(market: Market) -> None:
    """Bring every level of the ladder to its full amount, where that trades with nobody."""
    market.blocked = False
    if market.delivered:
        return
    for sign in (1, -1):
        quotes, half, other = market.quotes[sign], market.halves[sign], market.halves[-sign]
        for ticks in ladder(market, sign):
            lots = market.amount(ticks) * _DEPTH
            old = quotes.get(ticks)
            if old is not None and old.open_lots == lots:
                continue
            if other.reaches(ticks):
                market.blocked = True
                continue
            if old is not None:
                half.remove(old)
            quotes[ticks] = Resting(market.maker, ticks, lots)
            half.add(quotes[ticks])
