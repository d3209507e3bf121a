"""Figures as venues write them: empty where there is none, and levels as pairs."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from venueproof_contracts.errors import BadAnswer
from venueproof_contracts.model import Level


def figure(text: str) -> Decimal | None:
    """A number that may be missing. Raises `BadAnswer` for anything else."""
    try:
        return Decimal(text) if text else None
    except ArithmeticError:
        raise BadAnswer(f"{text!r} is no number") from None


def levels(rows: Iterable[tuple[Decimal, Decimal]]) -> tuple[Level, ...]:
    """One side of a book, in the order given."""
    return tuple(Level(price, amount) for price, amount in rows)
