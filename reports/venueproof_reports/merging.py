"""Putting the parts of one run together again.

Two cases, and no third: all shards of one run (``1/3 2/3 3/3``), or whole certificates of different adapters or venues
made by the same suite in the same way. What differs where it must not is refused in one line, as is a row that two
parts hold.
"""

from collections.abc import Sequence

import msgspec

from venueproof_reports.certificate import (
    Certificate,
    Header,
    Kill,
    NotProven,
    Result,
    ResultKey,
    Run,
    joined_digest,
    proven_clauses,
    result_key,
    seal,
)
from venueproof_reports.reading import CertificateError

_MUST_AGREE = (
    *("format", "product_version", "suite_digest", "dependencies", "level"),
    *("profiles", "claim", "waivers", "proved", "selection"),
)
_RUN_MUST_AGREE = (
    *("adapter_version", "source_digest", "dirty", "kind", "clock", "observed"),
    *("undeclared", "unjudged"),
)


def merge(parts: Sequence[Certificate]) -> Certificate:
    """One certificate out of parts. Raises CertificateError when they are not parts of one whole.

    Seconds of a run are added up, seeds united; its journal digest is what a run without parts has; ``created`` is the
    latest.
    """
    if not parts:
        raise CertificateError("nothing to merge: name at least one certificate")
    if len(parts) == 1:
        return parts[0]
    header = _merged_header([part.header for part in parts])
    kills = _merged_kills(parts)
    return seal(
        header,
        _merged_runs([run for part in parts for run in part.runs], whole=not parts[0].header.shard),
        _merged_results(parts),
        kills,
        _merged_not_proven(parts, proven_clauses(kills)),
    )


def _merged_header(headers: Sequence[Header]) -> Header:
    first = headers[0]
    for other in headers[1:]:
        _refuse_difference(first, other, _MUST_AGREE, "certificates")
    _refuse_incomplete([header.shard for header in headers])
    return msgspec.structs.replace(
        first,
        created=max(header.created for header in headers),
        facts_dates=_merged_dates(headers),
        shard="",
    )


def _merged_dates(headers: Sequence[Header]) -> dict[str, str]:
    dates: dict[str, str] = {}
    for header in headers:
        for venue, date in header.facts_dates.items():
            if dates.setdefault(venue, date) != date:
                raise CertificateError(f"cannot merge: facts of {venue!r} are of {dates[venue]!r} and of {date!r}")
    return dict(sorted(dates.items()))


def _refuse_incomplete(shards: Sequence[str]) -> None:
    if not any(shards):
        return
    if not all(shards):
        raise CertificateError("cannot merge: some certificates are shards, others are whole")
    count = int(shards[0].partition("/")[2])
    expected = {f"{number}/{count}" for number in range(1, count + 1)}
    for shard in shards:
        if shard not in expected:
            raise CertificateError(f"cannot merge: shards {shards[0]} and {shard} are not of one run")
    if missing := sorted(expected - set(shards)):
        raise CertificateError(f"cannot merge: shard {missing[0]} is missing")
    if len(shards) != count:
        raise CertificateError("cannot merge: the same shard is given twice")


def _merged_runs(runs: Sequence[Run], *, whole: bool) -> list[Run]:
    merged: dict[tuple[str, str], Run] = {}
    digests: dict[tuple[str, str], list[str]] = {}
    for run in runs:
        key = (run.adapter, run.venue)
        if key in merged and whole:
            raise CertificateError(f"cannot merge: {run.adapter!r} on {run.venue!r} is in two certificates")
        merged[key] = _joined(merged[key], run) if key in merged else run
        digests.setdefault(key, []).append(run.journal_digest)
    return [msgspec.structs.replace(run, journal_digest=joined_digest(digests[key])) for key, run in merged.items()]


def _joined(first: Run, other: Run) -> Run:
    _refuse_difference(first, other, _RUN_MUST_AGREE, f"runs of {first.adapter!r} on {first.venue!r}")
    return msgspec.structs.replace(
        first,
        seeds=tuple(sorted({*first.seeds, *other.seeds})),
        virtual_seconds=first.virtual_seconds + other.virtual_seconds,
        wall_seconds=first.wall_seconds + other.wall_seconds,
    )


def _merged_results(parts: Sequence[Certificate]) -> list[Result]:
    rows: dict[ResultKey, Result] = {}
    for row in (row for part in parts for row in part.results):
        key = result_key(row)
        if key in rows:
            raise CertificateError(f"cannot merge: two certificates hold {' '.join(filter(None, key))!r}")
        rows[key] = row
    return list(rows.values())


def _merged_kills(parts: Sequence[Certificate]) -> list[Kill]:
    """Whole certificates prove the same mutant more than once; a kill outweighs a survival."""
    kills: dict[tuple[str, str, str], Kill] = {}
    for kill in (kill for part in parts for kill in part.kills):
        key = (kill.clause, kill.mutant, kill.venue)
        if key not in kills or kill.killed:
            kills[key] = kill
    return list(kills.values())


def _merged_not_proven(parts: Sequence[Certificate], proven: set[str]) -> list[NotProven]:
    reasons = {item.clause: item for part in parts for item in part.not_proven}
    return [item for clause, item in reasons.items() if clause not in proven]


def _refuse_difference(first: msgspec.Struct, other: msgspec.Struct, names: Sequence[str], what: str) -> None:
    for name in names:
        if getattr(first, name) != getattr(other, name):
            raise CertificateError(f"cannot merge: the {what} differ in {name}; merge only parts made by one suite")
