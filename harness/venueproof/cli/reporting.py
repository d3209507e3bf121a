"""`report` and `compare`: what is done with certificates once they are there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from venueproof.cli.output import line, shortened, table
from venueproof.cli.summary import NAME_CHARS_MAX, print_summary
from venueproof.usage import UsageError
from venueproof.venue_pages import venue_page
from venueproof_reports import (
    Certificate,
    CertificateError,
    compare,
    exit_code_against,
    judge,
    load,
    merge,
    worse_than,
    write_all,
)
from venueproof_reports.certificate import Result
from venueproof_reports.verdict import CERTIFIED, HARNESS_BROKE, Change
from venueproof_reports.wording import plural
from venueproof_simulators.host.discovery import venue_names

WORSE_SHOWN_MAX = 40


def read(path: Path) -> Certificate:
    """A certificate from a file. Raises UsageError."""
    try:
        return load(path)
    except CertificateError as error:
        raise UsageError(str(error)) from None


def read_baseline(path: Path) -> Certificate:
    """The certificate that a run is held against. Raises UsageError."""
    try:
        return load(path)
    except CertificateError as error:
        advice = "name the certificate.json of an earlier run"
        raise UsageError(f"--baseline {error}; {advice}") from None


def write(certificate: Certificate, directory: Path) -> list[Path]:
    """All reports into a folder, with a page for each venue that is known here. Raises UsageError when it cannot be
    written."""
    venues = dict.fromkeys(run.venue for run in certificate.runs)
    try:
        return write_all(certificate, directory, [venue_page(name) for name in venues if name in venue_names()])
    except OSError as error:
        raise UsageError(f"--report {directory}: {error.strerror}; name a folder that can be written") from None


def merge_reports(paths: Sequence[Path], directory: Path) -> int:
    """Merge, write, and exit as the whole decides."""
    try:
        whole = merge([read(path) for path in paths])
    except CertificateError as error:
        raise UsageError(str(error)) from None
    write(whole, directory)
    print_summary(whole, directory)
    return judge(whole).exit_code


def compare_certificates(old_path: Path, new_path: Path) -> int:
    """Print every change; 1 when a deciding run got worse."""
    old, new = read(old_path), read(new_path)
    found = compare(old, new)
    for name, before, after in found.header:
        line(f"{name}: {before or '-'} -> {after or '-'}")
    print_changes(found.changes)
    worse = worse_than(old, new)
    line(f"{len(found.changes)} rows changed, {len(worse)} of them for the worse")
    return 1 if worse else 0


def judge_against(old: Certificate, new: Certificate) -> int:
    """Print how a run compares to its baseline, in the end in one line, and return the exit code."""
    verdict, code = judge(new), exit_code_against(old, new)
    if code == HARNESS_BROKE or (verdict.certified and code == CERTIFIED):
        return code
    reasons = "; ".join(one.reason for one in verdict.runs if one.reason and not one.run.observed)
    state = "certified" if verdict.certified else f"not certified: {reasons}"
    if code == CERTIFIED:
        line(f"no worse than the baseline ({state})")
        return code
    worse = worse_than(old, new)
    print_changes(worse[:WORSE_SHOWN_MAX])
    if len(worse) > WORSE_SHOWN_MAX:
        line(f"… and {len(worse) - WORSE_SHOWN_MAX} more; `venueproof compare` tells all")
    line(f"worse than the baseline in {plural(len(worse), 'row')} ({state})")
    return code


def print_changes(changes: Sequence[Change]) -> None:
    """One line for each row that differs."""
    if changes:
        table(("change", "old -> new", "row"), [_row(change) for change in changes])


def _row(change: Change) -> tuple[str, str, str]:
    adapter, *place = change.key
    row = " ".join(part for part in (shortened(adapter, NAME_CHARS_MAX), *place) if part)
    return change.kind, f"{_outcome(change.old, change.new)} -> {_outcome(change.new, change.old)}", row


def _outcome(row: Result | None, beside: Result | None) -> str:
    """An outcome in a word; whether it was claimed where that is what differs."""
    if row is None:
        return "-"
    if beside is None or row.claimed == beside.claimed:
        return row.outcome.value
    return f"{row.outcome.value} ({'claimed' if row.claimed else 'not claimed'})"
