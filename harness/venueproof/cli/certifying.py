"""`certify`: from the options to the exit code."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from venueproof.cli.output import line
from venueproof.cli.reporting import judge_against, read_baseline, write
from venueproof.cli.summary import print_summary
from venueproof.runner.certifying import Progress, Watch, certify
from venueproof.runner.plan import Wish, make_plan
from venueproof.runner.waivers import read_waivers
from venueproof.usage import UsageError
from venueproof_contracts.clause import all_clauses
from venueproof_contracts.outcomes import Outcome
from venueproof_reports import judge

LINES = 10
"""How often a run without a terminal says how far it has come."""


class Files(Struct, frozen=True):
    """What is read and written besides."""

    report: Path
    baseline: Path | None
    waivers: Path | None


def certify_adapters(wish: Wish, files: Files, target: str) -> int:
    """Run, write, tell. Raises UsageError before anything is run."""
    if target != "simulator":
        raise UsageError(f"--target {target}: only simulators can be certified against; test environments are planned")
    plan = make_plan(wish)
    old = read_baseline(files.baseline) if files.baseline else None
    waivers = read_waivers(files.waivers, [clause.id for clause in all_clauses()]) if files.waivers else []
    with _watched() as watch:
        certificate = certify(plan, waivers, watch)
    write(certificate, files.report)
    print_summary(certificate, files.report)
    return judge(certificate).exit_code if old is None else judge_against(old, certificate)


@contextmanager
def _watched() -> Generator[Watch]:
    if sys.stderr.isatty():
        with _bar() as watch:
            yield watch
    else:
        yield _print_progress


def _print_progress(progress: Progress) -> None:
    """Every tenth part of the way, and every failure."""
    if progress.outcome is Outcome.FAIL or progress.outcome is Outcome.HARNESS_ERROR:
        line(f"{progress.outcome.value}: {progress.text}")
    if progress.done * LINES // progress.total > (progress.done - 1) * LINES // progress.total:
        line(f"{progress.done}/{progress.total} {progress.text}")
        sys.stdout.flush()


@contextmanager
def _bar() -> Generator[Watch]:
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=None)

        def watch(progress: Progress) -> None:
            bar.update(task, total=progress.total, completed=progress.done, description=progress.text)

        yield watch
