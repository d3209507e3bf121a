"""The end of a run on a terminal: a table of outcomes, what counts against the adapter, and the verdict."""

from __future__ import annotations

import textwrap
from pathlib import Path

from venueproof.cli.output import WIDTH, line, shortened, table
from venueproof.usage import one_line
from venueproof_contracts.outcomes import Outcome
from venueproof_reports import Certificate, judge
from venueproof_reports.certificate import Result
from venueproof_reports.verdict import RunVerdict, Verdict, severity
from venueproof_reports.waiving import waiver_complaints
from venueproof_reports.wording import outcome_words, whole_words

FAILURES_SHOWN_MAX = 40
NAME_CHARS_MAX = 22
ALWAYS_SHOWN = (Outcome.PASS, Outcome.FAIL)
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
    _print_counts(certificate, verdict)
    for one in verdict.runs:
        _print_against(one, _products(certificate, one))
        _print_unproven(certificate, one)
    _print_kills(certificate)
    line()
    for complaint in waiver_complaints(certificate):
        line(complaint)
    line(f"report: {directory / 'index.html'}")
    line(whole_words(certificate.header, verdict))


def _print_counts(certificate: Certificate, verdict: Verdict) -> None:
    """Outcomes that nobody has are left out; those that are shortened are spelled out below."""
    shown = [
        outcome
        for outcome in SHORT
        if outcome in ALWAYS_SHOWN or any(one.run.counts.get(outcome, 0) for one in verdict.runs)
    ]
    names = [SHORT[outcome] for outcome in shown]
    rows = [_row(certificate, one, shown) for one in verdict.runs]
    table(("adapter", "venue", *names, "verdict"), rows, right=names, wraps=False)
    if short := [f"{SHORT[outcome]} {outcome_words(outcome)}" for outcome in shown if outcome not in ALWAYS_SHOWN]:
        line(textwrap.fill(", ".join(short), WIDTH))


def _row(certificate: Certificate, one: RunVerdict, shown: list[Outcome]) -> tuple[str, ...]:
    run, header = one.run, certificate.header
    if run.observed:
        words = "observed"
    elif one.certified:
        words = "nothing against" if header.selection or header.shard else "certified"
    else:
        words = "not certified"
    counts = [str(run.counts.get(outcome, 0) or "·") for outcome in shown]
    return (shortened(run.adapter, NAME_CHARS_MAX), run.venue, *counts, words)


def _print_unproven(certificate: Certificate, one: RunVerdict) -> None:
    """When nothing passed and nothing counts against the adapter: what came of the clauses instead."""
    if one.certified or one.against:
        return
    key = (one.run.adapter, one.run.venue)
    rows = [row for row in certificate.results if (row.adapter, row.venue) == key]
    if any(row.outcome is Outcome.PASS for row in rows):
        return
    seen = {row.clause: f"{outcome_words(row.outcome)}: {one_line(row.evidence.message, 160)}" for row in rows}
    table(("clause", "what came of it"), list(seen.items())[:FAILURES_SHOWN_MAX])


def _products(certificate: Certificate, one: RunVerdict) -> set[str]:
    key = (one.run.adapter, one.run.venue)
    return {row.product for row in certificate.results if (row.adapter, row.venue) == key}


def _print_against(one: RunVerdict, products: set[str]) -> None:
    if not one.reason:
        return
    line()
    line(f"{one.run.adapter} on {one.run.venue}{' (observed)' if one.run.observed else ''}: {one.reason}")
    if not one.against:
        return
    by_clause: dict[str, list[Result]] = {}
    for row in sorted(one.against, key=severity, reverse=True):
        by_clause.setdefault(row.clause, []).append(row)
    shown = list(by_clause.items())[:FAILURES_SHOWN_MAX]
    table(
        ("clause", "rows", "what was seen"),
        [(clause, str(len(found)), _seen(found, products)) for clause, found in shown],
    )
    if len(by_clause) > len(shown):
        line(f"… and {len(by_clause) - len(shown)} more clauses; all are in the report")


def _seen(found: list[Result], products: set[str]) -> str:
    """The first of the rows; a failure of some products only says of which."""
    first, failed = found[0], {row.product for row in found}
    where = "" if failed == products else f"{', '.join(sorted(failed))} only: "
    return one_line(f"{where}{first.evidence.title}: {first.evidence.message or first.outcome.value}", 160)


def _print_kills(certificate: Certificate) -> None:
    if not certificate.header.proved:
        return
    killed = sum(kill.killed for kill in certificate.kills)
    line()
    line(f"mutants: {killed} of {len(certificate.kills)} noticed by their clauses")
    for missing in certificate.not_proven:
        told = f"  not proven: {missing.clause}: {one_line(missing.reason, 160)}"
        line(textwrap.fill(told, WIDTH, subsequent_indent="    "))
