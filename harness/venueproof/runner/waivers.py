"""Waivers: failures that a user expects, each with a reason and a date on which it stops being accepted.

One is for all cases of a clause on a venue: those that fail are waived, and when none fails any more, those that pass
are failures until the waiver is taken out. `adapter` is what `certify` was given, or the name of a `Contract` class.

[[waiver]]
adapter = "mypackage.adapters:make_adapter"
venue = "<venue>"
clause = "FIL-010"
reason = "ticket 42: the reconnect is rewritten in May"
expires = 2027-05-31
"""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from venueproof.usage import UsageError, nearest
from venueproof.virtual import real_clock
from venueproof_contracts.outcomes import Outcome
from venueproof_reports.certificate import Waiver

from .spec import CaseResult, CaseSpec

TOO_GOOD = "passed although a waiver expects a failure; take the waiver out of the file"


class _Entry(Struct, frozen=True, forbid_unknown_fields=True):
    adapter: str
    venue: str
    clause: str
    reason: str
    expires: datetime.date


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    waiver: list[_Entry]


def read_waivers(path: Path, clause_ids: Sequence[str]) -> list[Waiver]:
    """The waivers of a file. Raises UsageError, in one line, when the file cannot be understood."""
    entries = _decoded(path, _parsed(path))
    for number, entry in enumerate(entries, 1):
        _check(path, number, entry, clause_ids)
    return [
        Waiver(
            adapter=entry.adapter,
            venue=entry.venue,
            clause=entry.clause,
            reason=entry.reason,
            expires=entry.expires.isoformat(),
        )
        for entry in entries
    ]


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"--waivers {path}: {error.strerror}; name a TOML file that can be read") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"--waivers {path}: not TOML: {error}; correct the file") from None


def _decoded(path: Path, document: dict[str, Any]) -> list[_Entry]:
    try:
        return msgspec.convert(document, _File).waiver
    except msgspec.ValidationError as error:
        needed = "each [[waiver]] has adapter, venue, clause, reason and expires (a date)"
        raise UsageError(f"--waivers {path}: {error}; {needed}") from None


def _check(path: Path, number: int, entry: _Entry, clause_ids: Sequence[str]) -> None:
    if not entry.reason.strip():
        raise UsageError(f"--waivers {path}: waiver {number} has no reason; say why the failure is accepted")
    if entry.clause not in clause_ids:
        hint = nearest(entry.clause, clause_ids)
        raise UsageError(f"--waivers {path}: waiver {number} names no clause: {entry.clause!r}{hint}")


def waiver_for(spec: CaseSpec, waivers: Sequence[Waiver], today: str) -> Waiver | None:
    """The waiver in force for a case, which is for all cases of its clause; `today` is a date in ISO form."""
    return next((waiver for waiver in waivers if _names(waiver, spec) and today <= waiver.expires), None)


def today_utc() -> str:
    """The real date, in ISO form."""
    return datetime.datetime.fromtimestamp(real_clock.time_ns() / 1e9, datetime.UTC).date().isoformat()


def with_expired(results: Sequence[CaseResult], waivers: Sequence[Waiver]) -> list[CaseResult]:
    """Results of a clause without a waiver in force; a failure names the waiver that is over."""
    over = [waiver for waiver in waivers if _names(waiver, results[0].spec)]
    notes = [f"its waiver expired on {waiver.expires}: {waiver.reason}" for waiver in over]
    return [
        msgspec.structs.replace(one, notes=(*one.notes, *notes)) if one.outcome is Outcome.FAIL else one
        for one in results
    ]


def _names(waiver: Waiver, spec: CaseSpec) -> bool:
    return (waiver.adapter, waiver.venue, waiver.clause) == (spec.adapter, spec.venue, spec.clause)


def waived(results: Sequence[CaseResult], waiver: Waiver) -> list[CaseResult]:
    """The results of one waived clause. Failures become `waived`; when none failed the passes become failures."""
    if any(result.outcome is Outcome.FAIL for result in results):
        note = f"waived until {waiver.expires}: {waiver.reason}"
        return [_noted(result, note) if result.outcome is Outcome.FAIL else result for result in results]
    return [_too_good(result) if result.outcome is Outcome.PASS else result for result in results]


def _noted(result: CaseResult, note: str) -> CaseResult:
    return msgspec.structs.replace(result, outcome=Outcome.WAIVED, notes=(*result.notes, note))


def _too_good(result: CaseResult) -> CaseResult:
    return msgspec.structs.replace(result, outcome=Outcome.FAIL, message=TOO_GOOD)
