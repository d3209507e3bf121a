"""How venues print numbers, and how what clients send is read back. Exact decimals, never floats.

The ambient decimal context is never relied on: a client in the same process may have changed it (ccxt does).
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import cache

from venueproof_simulators.engine.instruments import ASSET_DECIMALS

CONTEXT = Context(prec=60, rounding=ROUND_HALF_EVEN)


def fixed(value: Decimal, places: int) -> str:
    """With exactly so many places: `60000.00`."""
    text = f"{value.quantize(_unit(places), context=CONTEXT):f}"
    return text if text.strip("-0.") else text.removeprefix("-")


@cache
def _unit(places: int) -> Decimal:
    return Decimal((0, (1,), -places))


def plain(value: Decimal) -> str:
    """Without trailing zeros or an exponent: `60000`, `0.1`, `0`."""
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def counted(units: int, places: int) -> str:
    """So many units of the last of `places` decimal places: 6000000 with 2 places is `60000.00`."""
    if not places:
        return str(units)
    if units < 0:
        return f"-{counted(-units, places)}"
    digits = str(units).zfill(places + 1)
    return f"{digits[:-places]}.{digits[-places:]}"


def whole(value: Decimal) -> int:
    """A whole number as an integer. Raises `ValueError` for any other."""
    if value != value.to_integral_value():
        raise ValueError(f"{value} is no whole number")
    return int(value)


def money(atoms: int) -> Decimal:
    """Atoms of an asset as the amount they are."""
    return Decimal(atoms).scaleb(-ASSET_DECIMALS)


def places(step: Decimal) -> int:
    """Decimal places of a step: 3 for 0.001, 1 for 0.10, 0 for 5."""
    exponent = step.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def steps(value: Decimal, step: Decimal) -> int | None:
    """How many whole steps a value is; None when it is off the step."""
    count = CONTEXT.divide(value, step)
    whole = int(count)
    return whole if count == whole else None
