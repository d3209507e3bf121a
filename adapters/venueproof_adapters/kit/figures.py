"""Figures and words as venues write them: empty where there is none, levels as pairs, and none that is guessed."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TypeVar

from venueproof_contracts.errors import BadAnswer
from venueproof_contracts.model import Level

Word = TypeVar("Word")


def known(meaning: Word | None, word: object) -> Word:
    """Refuse a word that the venue did not use when this was written, rather than guess. Raises `BadAnswer`."""
    if meaning is None:
        raise BadAnswer(f"unknown word {word!r}")
    return meaning


def figure(text: str) -> Decimal | None:
    """A number that may be missing. Raises `BadAnswer` for anything else."""
    try:
        return Decimal(text) if text else None
    except ArithmeticError:
        raise BadAnswer(f"{text!r} is no number") from None


def levels(rows: Iterable[tuple[Decimal, Decimal]]) -> tuple[Level, ...]:
    """One side of a book, in the order given."""
    return tuple(Level(price, amount) for price, amount in rows)
