"""Exact decimals on the wire: nothing is rounded, a value off the step is for the venue to refuse."""

from __future__ import annotations

from decimal import Decimal


def decimal_text(value: Decimal) -> str:
    """The shortest plain notation of exactly this value, never with an exponent."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def on_step(value: Decimal, step: Decimal) -> bool:
    """True when `value` is a whole number of steps."""
    return value % step == 0
