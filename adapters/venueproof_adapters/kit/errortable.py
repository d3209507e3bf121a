"""Venue codes and what they mean, read from a venue's `errors.toml`.

Each row has `code`, `means`, `text` and `source`. `means` is a neutral reason (`insufficient-margin` …) or one of the
words of `Meaning`.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct

from venueproof_contracts.errors import Reason


class Meaning(StrEnum):
    """What a code means when it is not a refusal."""

    UNCLEAR = "unclear"
    """The request may have been executed."""
    DOWN = "down"
    AUTH = "auth"
    SKEW = "skew"
    LIMIT = "limit"
    DONE = "done"
    """What was asked for is so already."""


class _Row(Struct, frozen=True, forbid_unknown_fields=True):
    code: str
    means: str
    text: str
    source: str


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    error: list[_Row]


class ErrorTable:
    """Looks up codes. A code without a row is a refusal for `Reason.OTHER`."""

    def __init__(self, path: Path) -> None:
        self._means = _meanings(path)

    def meaning(self, code: str) -> Reason | Meaning:
        """What the venue's code means."""
        return self._means.get(code, Reason.OTHER)


@cache
def _meanings(path: Path) -> dict[str, Reason | Meaning]:
    rows = msgspec.toml.decode(path.read_bytes(), type=_File).error
    return {row.code: _meaning(row.means) for row in rows}


def _meaning(word: str) -> Reason | Meaning:
    return Meaning(word) if word in set(Meaning) else Reason(word)
