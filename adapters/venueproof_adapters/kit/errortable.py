"""Venue codes and what they mean, read from a venue's `errors.toml`.

Each row has `code`, `means`, `text` and `source`. `means` is a neutral reason (`insufficient-margin` …) or one of the
words of `Meaning`; `calls_for` is a word of the venue's code for what is to be done then. A code that stands for many
things has several rows, of which the first counts whose text is in what the venue said, else the last.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct

from venueproof_adapters.kit.requests import Done
from venueproof_contracts.errors import (
    AdapterError,
    AuthFailed,
    ClockSkew,
    OutcomeUnknown,
    RateLimited,
    Reason,
    Rejected,
    VenueDown,
)


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


_ERRORS: dict[Meaning, type[AdapterError]] = {
    Meaning.UNCLEAR: OutcomeUnknown,
    Meaning.DOWN: VenueDown,
    Meaning.AUTH: AuthFailed,
    Meaning.SKEW: ClockSkew,
    Meaning.DONE: Done,
}


def error_of(meaning: Reason | Meaning, code: str, text: str, until_ns: int) -> AdapterError:
    """What a code's meaning is raised as; `until_ns`: how long a refusal for haste holds."""
    if isinstance(meaning, Reason):
        return Rejected(meaning, code=code, text=text)
    if meaning is Meaning.LIMIT:
        return RateLimited(until_ns, code=code, text=text)
    return _ERRORS[meaning](code=code, text=text)


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

    def meaning(self, code: str, text: str = "") -> Reason | Meaning:
        """What the venue's code means, with `text` where that tells."""
        rows = self._rows.get(code)
        if not rows:
            return Reason.OTHER
        return _meaning(next((row for row in rows if row.text and row.text in text), rows[-1]).means)

    def error(self, code: str, text: str, until_ns: int) -> AdapterError:
        """What the venue's code is raised as; see `error_of`."""
        return error_of(self.meaning(code, text), code, text, until_ns)

    def calling_for(self, deed: str) -> frozenset[str]:
        """The codes whose rows call for something."""
        return frozenset(code for code, rows in self._rows.items() if any(row.calls_for == deed for row in rows))


@cache
def _rows(path: Path) -> dict[str, list[_Row]]:
    found: dict[str, list[_Row]] = {}
    for row in msgspec.toml.decode(path.read_bytes(), type=_File).error:
        found.setdefault(row.code, []).append(row)
    return found


def _meaning(word: str) -> Reason | Meaning:
    return Meaning(word) if word in set(Meaning) else Reason(word)
