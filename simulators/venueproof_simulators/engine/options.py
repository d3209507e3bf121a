"""What options are worth: Black-76 on the index price at a rate of 0, with a smile from the seed.

Everything is worked out in decimals with 34 digits; their logarithm, exponential and square root are rounded correctly
by the standard, and the normal distribution is summed up as a series, so that every machine gives the same digits.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext

from msgspec import Struct

from venueproof_simulators.engine.noise import draw, key

YEAR_NS = 365 * 86_400 * 10**9

_CONTEXT = Context(prec=34, rounding=ROUND_HALF_EVEN)
_FAR = Decimal(12)
"""So many deviations away nothing is left of the normal distribution."""
_ROOT_TWO_PI = Decimal("2.506628274631000502415765284811045253")
_LEAST, _MOST = Decimal("0.2"), Decimal(3)
_SKEW, _CURVE = Decimal("-0.04"), Decimal("0.04")
_SHORTEST = Decimal(7) / Decimal(365)
"""Below a week the smile does not grow steeper."""


class Terms(Struct, frozen=True):
    """An option at a moment: the price of its underlying, its strike, and the part of a year that is left."""

    forward: Decimal
    strike: Decimal
    years: Decimal
    call: bool


class Greeks(Struct, frozen=True):
    """How the price moves, in the currency of the underlying's price, for one of the underlying."""

    delta: Decimal
    gamma: Decimal
    vega: Decimal
    """Per percent of volatility."""
    theta: Decimal
    """Per day."""
    rho: Decimal
    """Per percent of interest."""


def years(from_ns: int, until_ns: int) -> Decimal:
    """The part of a year between two moments, 0 when the second one is earlier."""
    return _CONTEXT.divide(Decimal(max(0, until_ns - from_ns)), Decimal(YEAR_NS))


def intrinsic(terms: Terms) -> Decimal:
    """What an option is worth at once."""
    return max(Decimal(0), terms.forward - terms.strike if terms.call else terms.strike - terms.forward)


def smile(underlying: str, seed: int, terms: Terms) -> Decimal:
    """Volatility per year (0.6 for 60 %): 45 % to 75 % at the money by underlying and seed, more for lower strikes and
    away from the money; never below 20 % nor above 300 %.
    """
    with localcontext(_CONTEXT):
        middle = Decimal(450 + draw(key("volatility", underlying, seed), 0) % 301) / 1000
        away = (terms.strike / terms.forward).ln() / max(terms.years, _SHORTEST).sqrt()
        return min(_MOST, max(_LEAST, middle + _SKEW * away + _CURVE * away * away)).quantize(Decimal("0.0001"))


def price(terms: Terms, volatility: Decimal) -> Decimal:
    """What an option is worth, in the currency of the underlying's price."""
    if not terms.years:
        return intrinsic(terms)
    with localcontext(_CONTEXT):
        high, low = _deviations(terms, volatility)
        if terms.call:
            return max(Decimal(0), terms.forward * _normal(high) - terms.strike * _normal(low))
        return max(Decimal(0), terms.strike * _normal(-low) - terms.forward * _normal(-high))


def greeks(terms: Terms, volatility: Decimal) -> Greeks:
    """The derivatives of `price`; at expiry all 0 but the delta."""
    if not terms.years:
        delta = Decimal(0) if not intrinsic(terms) else Decimal(1) if terms.call else Decimal(-1)
        return Greeks(delta, Decimal(0), Decimal(0), Decimal(0), Decimal(0))
    with localcontext(_CONTEXT):
        high, low = _deviations(terms, volatility)
        root, density = terms.years.sqrt(), _density(high)
        sign = 1 if terms.call else -1
        return Greeks(
            sign * _normal(sign * high),
            density / (terms.forward * volatility * root),
            terms.forward * density * root / 100,
            -terms.forward * density * volatility / (2 * root) / 365,
            sign * terms.strike * terms.years * _normal(sign * low) / 100,
        )


def implied(terms: Terms, paid: Decimal) -> Decimal:
    """The volatility at which an option is worth what was paid, to a millionth; 0 for no more than its intrinsic value,
    and no more than 500 %.
    """
    if paid <= intrinsic(terms) or not terms.years:
        return Decimal(0)
    with localcontext(_CONTEXT):
        low, high = Decimal(0), Decimal(5)
        while high - low > Decimal("1e-7"):
            middle = (low + high) / 2
            low, high = (middle, high) if price(terms, middle) < paid else (low, middle)
        return high.quantize(Decimal("0.000001"))


def _deviations(terms: Terms, volatility: Decimal) -> tuple[Decimal, Decimal]:
    spread = volatility * terms.years.sqrt()
    high = (terms.forward / terms.strike).ln() / spread + spread / 2
    return high, high - spread


def _density(x: Decimal) -> Decimal:
    return (-x * x / 2).exp() / _ROOT_TWO_PI


def _normal(x: Decimal) -> Decimal:
    """How much of the normal distribution lies below `x`."""
    if abs(x) > _FAR:
        return Decimal(x > 0)
    square, term, total, odd = x * x, x, x, 1
    while abs(term) > Decimal("1e-40"):
        odd += 2
        term = term * square / odd
        total += term
    return Decimal("0.5") + _density(x) * total
