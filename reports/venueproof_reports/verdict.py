"""Certified or not, and against what: the one place where outcomes become a decision.

Only runs that are not merely observed decide. Against an adapter count ``fail``, ``harness-error`` and, within the
claim, ``not-supported`` and what it does not declare, whether or not a clause asks for it. A whole run in which nothing
passed proves nothing and is not certified either; a shard may well hold only rows that do not apply. A baseline
forgives what counted as much before, and does not forgive what was dropped: a promise that was kept and is not judged
any more, whether it is not supported, not applicable, not provable by now, or was not even asked for.
"""

from typing import Literal

from msgspec import Struct

from venueproof_contracts.outcomes import Outcome
from venueproof_reports.certificate import Certificate, Header, Result, ResultKey, Run, result_key

ExitCode = Literal[0, 1, 2, 3]

CERTIFIED: ExitCode = 0
NOT_CERTIFIED: ExitCode = 1
HARNESS_BROKE: ExitCode = 3

ChangeKind = Literal["worse", "better", "changed", "added", "gone"]


_UNJUDGED = frozenset({Outcome.NOT_SUPPORTED, Outcome.NOT_APPLICABLE, Outcome.NOT_PROVABLE})


class RunVerdict(Struct, frozen=True, kw_only=True):
    """One run's verdict. ``against`` are the rows that count against it; ``reason`` is one line, empty if certified."""

    run: Run
    certified: bool
    against: tuple[Result, ...]
    reason: str


class Verdict(Struct, frozen=True, kw_only=True):
    """The verdict over all deciding runs, and the exit code of the command that asked."""

    certified: bool
    exit_code: ExitCode
    runs: tuple[RunVerdict, ...]


class Change(Struct, frozen=True, kw_only=True):
    """One row that differs between two certificates; ``old`` or ``new`` is None where the row is missing."""

    kind: ChangeKind
    key: ResultKey
    old: Result | None
    new: Result | None


class Comparison(Struct, frozen=True, kw_only=True):
    """What changed between two certificates: rows, and facts of the header as (name, old, new)."""

    changes: tuple[Change, ...]
    header: tuple[tuple[str, str, str], ...]


def severity(row: Result) -> int:
    """How much a row counts against its adapter: 0 not at all, then not-supported (claimed), fail, harness-error."""
    match row.outcome:
        case Outcome.HARNESS_ERROR:
            return 3
        case Outcome.FAIL:
            return 2
        case Outcome.NOT_SUPPORTED:
            return int(row.claimed)
        case _:
            return 0


def judge(certificate: Certificate) -> Verdict:
    """Certified or not. Exit code 0 certified, 1 not, 3 when the harness broke in a run that decides."""
    runs = tuple(_judge_run(certificate, run) for run in certificate.runs)
    deciding = [verdict for verdict in runs if not verdict.run.observed]
    certified = bool(deciding) and all(verdict.certified for verdict in deciding)
    exit_code = CERTIFIED if certified else NOT_CERTIFIED
    if _harness_broke(deciding):
        exit_code = HARNESS_BROKE
    return Verdict(certified=certified, exit_code=exit_code, runs=runs)


def exit_code_against(old: Certificate, new: Certificate) -> ExitCode:
    """The exit code with a baseline: 0 when nothing got worse than in ``old``, certified or not."""
    verdict = judge(new)
    if verdict.exit_code == HARNESS_BROKE:
        return HARNESS_BROKE
    if worse_than(old, new):
        return NOT_CERTIFIED
    if verdict.certified:
        return CERTIFIED
    lacked = {(run.adapter, run.venue): set(run.undeclared) for run in old.runs}
    unexplained = any(_unexplained(item, lacked) for item in verdict.runs if not item.run.observed)
    nothing_decided = all(item.run.observed for item in verdict.runs)
    return NOT_CERTIFIED if unexplained or nothing_decided else CERTIFIED


def _unexplained(item: RunVerdict, lacked: dict[tuple[str, str], set[str]]) -> bool:
    """Not certified for something that is in no row, and that was not so before."""
    if item.certified or (item.against and not item.run.undeclared):
        return False
    run = item.run
    return not run.undeclared or not lacked.get((run.adapter, run.venue), set()) >= set(run.undeclared)


def worse_than(old: Certificate, new: Certificate) -> tuple[Change, ...]:
    """Rows of deciding runs that count more against the adapter than before, or that it dropped.

    A row that counts against the adapter and was not there before is worse: nobody has accepted it yet. A promise that
    was kept and is not judged any more is worse too, unless ``new`` is a part or a selection that leaves it out.
    """
    deciding, decided = _deciding(new), _deciding(old)
    judged = {row.clause for row in new.results} if old.header.suite_digest != new.header.suite_digest else None
    found: list[Change] = []
    for change in compare(old, new).changes:
        if change.new is not None:
            heavier = change.kind == "worse" or (change.kind == "added" and severity(change.new) > 0)
            worse = heavier and change.key[:2] in deciding
        else:
            worse = change.key[:2] in decided and _is_missed(change, new.header, judged)
        if worse:
            found.append(change)
    return tuple(found)


def _deciding(certificate: Certificate) -> set[tuple[str, str]]:
    return {(run.adapter, run.venue) for run in certificate.runs if not run.observed}


def _is_missed(change: Change, after: Header, judged: set[str] | None) -> bool:
    """A row that is gone, also because less was asked for; ``judged`` are the clauses that another suite still has.

    A selection of clauses, or a part of a run, is not held against what it leaves out: its verdict says what it is.
    """
    row = change.old
    if row is None or row.outcome != Outcome.PASS or after.selection or after.shard:
        return False
    return judged is None or row.clause in judged


def compare(old: Certificate, new: Certificate) -> Comparison:
    """All rows whose outcome differs or which only one of the two has, in the order of ``new``, then what is gone."""
    before = {result_key(row): row for row in old.results}
    after = {result_key(row): row for row in new.results}
    changes = [_change(key, before.get(key), after.get(key)) for key in [*after, *(before.keys() - after.keys())]]
    return Comparison(
        changes=tuple(sorted((change for change in changes if change), key=lambda change: change.key)),
        header=_header_changes(old, new),
    )


def _judge_run(certificate: Certificate, run: Run) -> RunVerdict:
    rows = [row for row in certificate.results if (row.adapter, row.venue) == (run.adapter, run.venue)]
    against = tuple(row for row in rows if severity(row))
    reason = _reason(against)
    if run.undeclared and not certificate.header.selection:
        lacking = f"does not declare {', '.join(run.undeclared)}, which is claimed"
        reason = f"{reason}; {lacking}" if reason else lacking
    if not against and not certificate.header.shard and not any(row.outcome == Outcome.PASS for row in rows):
        reason = "no clause passed, so nothing is proven"
    return RunVerdict(run=run, certified=not reason, against=against, reason=reason)


def _reason(against: tuple[Result, ...]) -> str:
    words = {3: "broke in the harness", 2: "failed", 1: "not supported though claimed"}
    parts: list[str] = []
    for level, word in words.items():
        clauses = {row.clause for row in against if severity(row) == level}
        if clauses:
            parts.append(f"{len(clauses)} {'clause' if len(clauses) == 1 else 'clauses'} {word}")
    return ", ".join(parts)


def _harness_broke(runs: list[RunVerdict]) -> bool:
    return any(row.outcome == Outcome.HARNESS_ERROR for verdict in runs for row in verdict.against)


def _change(key: ResultKey, old: Result | None, new: Result | None) -> Change | None:
    if old and new and (old.outcome, old.claimed) == (new.outcome, new.claimed):
        return None
    return Change(kind=_change_kind(old, new), key=key, old=old, new=new)


def _change_kind(old: Result | None, new: Result | None) -> ChangeKind:
    if new is None or old is None:
        return "gone" if new is None else "added"
    if _is_dropped(old, new) or severity(new) > severity(old):
        return "worse"
    return "changed" if severity(old) == severity(new) else "better"


def _is_dropped(old: Result, new: Result) -> bool:
    """What was judged and did not fail, and is not judged any more, for whatever reason."""
    return new.outcome in _UNJUDGED and old.outcome in (Outcome.PASS, Outcome.TOLERATED)


def _header_changes(old: Certificate, new: Certificate) -> tuple[tuple[str, str, str], ...]:
    before, after = _header_facts(old), _header_facts(new)
    return tuple(
        (name, before.get(name, ""), after.get(name, ""))
        for name in sorted(before.keys() | after.keys())
        if before.get(name, "") != after.get(name, "")
    )


def _header_facts(certificate: Certificate) -> dict[str, str]:
    header = certificate.header
    return {
        "product": header.product_version,
        "suite digest": header.suite_digest,
        "level": header.level,
        "claim": header.claim,
        "profiles": " ".join(header.profiles),
        "selection": header.selection,
        **{f"facts of {venue}": date for venue, date in header.facts_dates.items()},
        **{f"dependency {name}": version for name, version in header.dependencies.items()},
        **{f"adapter {run.adapter} on {run.venue}": run.adapter_version for run in certificate.runs},
    }
