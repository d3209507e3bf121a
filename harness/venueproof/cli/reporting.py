"""`report` and `compare`: what is done with certificates once they are there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from venueproof.cli.output import line, table
from venueproof.cli.summary import print_summary
from venueproof.usage import UsageError
from venueproof_reports import (
    Certificate,
    CertificateError,
    compare,
    judge,
    load,
    merge,
    worse_than,
    write_all,
)
from venueproof_reports.verdict import Change


def read(path: Path) -> Certificate:
    """A certificate from a file. Raises UsageError."""
    try:
        return load(path)
    except CertificateError as error:
        raise UsageError(str(error)) from None


def write(certificate: Certificate, directory: Path) -> list[Path]:
    """All reports into a folder. Raises UsageError when it cannot be written."""
    try:
        return write_all(certificate, directory)
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
    if found.changes:
        table(("change", "row", "old -> new"), [_row(change) for change in found.changes])
    worse = worse_than(old, new)
    line(f"{len(found.changes)} rows changed, {len(worse)} of them for the worse")
    return 1 if worse else 0


def _row(change: Change) -> tuple[str, str, str]:
    before = change.old.outcome.value if change.old else "-"
    after = change.new.outcome.value if change.new else "-"
    return change.kind, " ".join(part for part in change.key if part), f"{before} -> {after}"
