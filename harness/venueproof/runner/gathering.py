"""From the results of cases to the rows and runs of a certificate."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from venueproof_contracts.capabilities import CLAIMS, Conformance
from venueproof_contracts.clause import Clause
from venueproof_contracts.outcomes import Outcome
from venueproof_reports.certificate import Evidence, Result, Waiver, joined_digest
from venueproof_reports.wording import WORST_FIRST

from .evidence import reproduce
from .spec import CaseResult, CaseSpec
from .waivers import waived, waiver_for, with_expired

RowKey = tuple[str, str, str, str, str, str]

_TROUBLED = frozenset({Outcome.HARNESS_ERROR, Outcome.FAIL, Outcome.TOLERATED, Outcome.WAIVED})


def row_key(spec: CaseSpec) -> RowKey:
    """What the cases of one row have in common."""
    return (spec.adapter, spec.venue, spec.product, spec.profile.value, spec.clause, spec.quirk)


def with_waivers(results: Sequence[CaseResult], waivers: Sequence[Waiver], today: str) -> list[CaseResult]:
    """The results with waivers applied; a waiver is for all cases of a clause on a venue."""
    by_clause: dict[tuple[str, str, str], list[CaseResult]] = {}
    for result in results:
        spec = result.spec
        by_clause.setdefault((spec.adapter, spec.venue, spec.clause), []).append(result)
    told: list[CaseResult] = []
    for group in by_clause.values():
        waiver = waiver_for(group[0].spec, waivers, today)
        told += waived(group, waiver) if waiver is not None else with_expired(group, waivers)
    return told


def rows_of(results: Sequence[CaseResult], clauses: Sequence[Clause], claim: Conformance) -> list[Result]:
    """One row for each adapter, venue, product, profile, clause and case, over all seeds."""
    by_row: dict[RowKey, list[CaseResult]] = {}
    for result in results:
        by_row.setdefault(row_key(result.spec), []).append(result)
    known = {clause.id: clause for clause in clauses}
    return [_row(group, known[group[0].spec.clause], claim) for group in by_row.values()]


def _row(group: list[CaseResult], clause: Clause, claim: Conformance) -> Result:
    group = sorted(group, key=lambda result: result.spec.seed)
    worst = min(group, key=lambda result: WORST_FIRST.index(result.outcome))
    spec = worst.spec
    return Result(
        adapter=spec.adapter,
        venue=spec.venue,
        product=spec.product,
        profile=spec.profile.value,
        clause=clause.id,
        quirk=spec.quirk,
        outcome=worst.outcome,
        seeds=tuple(result.spec.seed for result in group),
        seed=spec.seed if worst.outcome in _TROUBLED else None,
        claimed=clause.capabilities <= CLAIMS[claim],
        promise=clause.promise,
        evidence=_evidence(worst, clause),
    )


def _evidence(result: CaseResult, clause: Clause) -> Evidence:
    return Evidence(
        title=clause.title,
        section=clause.section,
        level=clause.strength,
        why=clause.why,
        message=result.message,
        blame=result.blame,
        t_ns=result.at_ns,
        wire=result.wire,
        reproduce=reproduce(result.spec) if result.outcome in _TROUBLED else "",
        refuted=result.refuted,
        notes=result.notes,
        result=result.result,
        manners=result.manners,
    )


def digest_of(results: Iterable[CaseResult]) -> str:
    """The joined digests of all cases and their journals, whatever order, workers or shards they were run in."""
    lines = (f"{' '.join(row_key(result.spec))} {result.spec.seed} {result.digest}" for result in results)
    return joined_digest(hashlib.sha256(line.encode()).hexdigest() for line in lines)
