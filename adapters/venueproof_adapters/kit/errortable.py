"""Venue codes and what they mean, read from a venue's `errors.toml`.

Each row has `code`, `means`, `text` and `source`. `means` is a neutral reason (`insufficient-margin` …) or one of the
words of `Meaning`; `calls_for` is a word of the venue's code for what is to be done then.
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
    calls_for: str = ""


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    error: list[_Row]


class ErrorTable:
    """Looks up codes. A code without a row is a refusal for `Reason.OTHER`."""

    def __init__(self, path: Path) -> None:
        self._rows = _rows(path)

    def meaning(self, code: str) -> Reason | Meaning:
        """What the venue's code means."""
        row = self._rows.get(code)
        return _meaning(row.means) if row is not None else Reason.OTHER

    def calling_for(self, deed: str) -> frozenset[str]:
        """The codes whose rows call for something."""
        return frozenset(code for code, row in self._rows.items() if row.calls_for == deed)


@cache
def _rows(path: Path) -> dict[str, _Row]:
    return {row.code: row for row in msgspec.toml.decode(path.read_bytes(), type=_File).error}


def _meaning(word: str) -> Reason | Meaning:
    return Meaning(word) if word in set(Meaning) else Reason(word)
