"""The end of a run on a terminal: a table of outcomes, what counts against the adapter, and the verdict."""

from __future__ import annotations

from pathlib import Path

from venueproof.cli.output import line, table
from venueproof.usage import one_line
from venueproof_contracts.outcomes import Outcome
from venueproof_reports import Certificate, judge
from venueproof_reports.certificate import Result
from venueproof_reports.verdict import RunVerdict
from venueproof_reports.wording import verdict_words

FAILURES_SHOWN_MAX = 40
SHORT: dict[Outcome, str] = {
    Outcome.PASS: "pass",
    Outcome.FAIL: "fail",
    Outcome.TOLERATED: "tol",
    Outcome.NOT_APPLICABLE: "n/a",
    Outcome.NOT_SUPPORTED: "n/s",
    Outcome.NOT_PROVABLE: "n/p",
    Outcome.WAIVED: "wvd",
    Outcome.HARNESS_ERROR: "err",
}


def print_summary(certificate: Certificate, directory: Path) -> None:
    """Everything a person wants to know before opening the page."""
    verdict = judge(certificate)
    line()
    columns = ("adapter", "venue", *SHORT.values(), "verdict")
    rows = [_row(certificate, one) for one in verdict.runs]
    table(columns, rows, right=tuple(SHORT.values()))
    for one in verdict.runs:
        _print_against(one)
    _print_kills(certificate)
    line()
    line(f"report: {directory / 'index.html'}")
    line(verdict_words(certificate.header, certified=verdict.certified))


def _row(certificate: Certificate, one: RunVerdict) -> tuple[str, ...]:
    run = one.run
    words = "observed" if run.observed else verdict_words(certificate.header, certified=one.certified)
    counts = [str(run.counts.get(outcome, 0) or "·") for outcome in SHORT]
    return (_short(run.adapter), run.venue, *counts, words)


def _short(name: str, chars_max: int = 20) -> str:
    """The end of a long `module:factory` says more than its beginning."""
    return name if len(name) <= chars_max else f"…{name[1 - chars_max :]}"


def _print_against(one: RunVerdict) -> None:
    if not one.reason:
        return
    line()
    line(f"{one.run.adapter} on {one.run.venue}{' (observed)' if one.run.observed else ''}: {one.reason}")
    if not one.against:
        return
    by_clause: dict[str, list[Result]] = {}
    for row in one.against:
        by_clause.setdefault(row.clause, []).append(row)
    shown = list(by_clause.items())[:FAILURES_SHOWN_MAX]
    table(("clause", "rows", "what was seen"), [(clause, str(len(found)), _seen(found)) for clause, found in shown])
    if len(by_clause) > len(shown):
        line(f"… and {len(by_clause) - len(shown)} more clauses; all are in the report")


def _seen(found: list[Result]) -> str:
    first = found[0]
    return one_line(f"{first.evidence.title}: {first.evidence.message or first.outcome.value}", 160)


def _print_kills(certificate: Certificate) -> None:
    if not certificate.header.proved:
        return
    killed = sum(kill.killed for kill in certificate.kills)
    line()
    line(f"mutants: {killed} of {len(certificate.kills)} noticed by their clauses")
    for missing in certificate.not_proven:
        line(f"  not proven: {missing.clause}: {one_line(missing.reason, 60)}")
