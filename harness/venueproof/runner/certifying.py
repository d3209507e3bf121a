"""Runs a whole plan in workers and seals what came out."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence

import msgspec
from msgspec import Struct

from venueproof.usage import UsageError
from venueproof.virtual import real_clock
from venueproof_adapters.mutants import Mutant, all_mutants
from venueproof_contracts.capabilities import CLAIMS
from venueproof_contracts.clause import all_clauses
from venueproof_contracts.model import Declaration
from venueproof_contracts.outcomes import Blame, Outcome
from venueproof_reports.certificate import Certificate, Header, NotProven, Run, Waiver, proven_clauses, seal
from venueproof_simulators.host import discovery

from .adapters import find_adapter
from .deciding import undeclared, unjudged
from .gathering import digest_of, rows_of, with_waivers
from .jobs import Probe, Proof, Proven, probe, prove, run_spec
from .patience import Patience
from .plan import Plan
from .provenance import dependency_versions, product_version, source_of, suite_digest
from .spec import CaseResult, CaseSpec
from .waivers import today_utc
from .workers import Answer, Job, Pool

KILL_AFTER_S = 30.0
"""Real seconds beyond a case's own limit: it stops itself, unless it is stuck where Python cannot reach it."""
CASES_PER_PROOF = 10
"""A proof runs several cases."""


class Progress(Struct, frozen=True):
    """One thing done out of `total`. `outcome` is None for a proof."""

    done: int
    total: int
    text: str
    outcome: Outcome | None


Watch = Callable[[Progress], None]
Declared = dict[tuple[str, str], dict[str, Declaration]]
"""What is declared, by adapter and venue, and there by product."""


def certify(plan: Plan, waivers: Sequence[Waiver], watch: Watch) -> Certificate:
    """Run everything and seal it. Raises UsageError when an adapter is none."""
    specs, proofs = _cases(plan), _proofs(plan)
    total = len(specs) + len(proofs)
    with Pool(plan.wish.jobs) as pool:
        declared = _declarations(plan, pool)
        results = _run_cases(plan, pool, specs, total, watch)
        proven = _run_proofs(plan, pool, proofs, len(specs), total, watch)
    judged = with_waivers(results, waivers, today_utc())
    return seal(
        _header(plan, waivers),
        [_run(plan, adapter, venue, declared, results) for adapter in plan.adapters for venue in plan.venues],
        rows_of(judged, plan.clauses, plan.wish.claim),
        [one.kill for _, one in proven if one.kill is not None],
        _not_proven(plan, proven),
    )


# --- before -------------------------------------------------------------------------------------------------------


def _declarations(plan: Plan, pool: Pool) -> Declared:
    """What every adapter declares for every product of every venue."""
    probes = [
        Probe(adapter, venue, product)
        for adapter in plan.adapters
        for venue in plan.venues
        for product in plan.products[venue]
    ]
    for adapter in plan.adapters:
        find_adapter(adapter)
    found: Declared = {}
    jobs = [Job(probe, one, plan.case_limit_s + KILL_AFTER_S) for one in probes]
    for index, answer in sorted(pool.run(jobs), key=_by_index):
        wish = probes[index]
        if answer.usage:
            raise UsageError(answer.problem)
        if answer.lost:
            raise UsageError(f"{wish.adapter}: {answer.problem}; correct its factory")
        if answer.problem:
            raise RuntimeError(f"{wish.adapter} on {wish.venue}: {answer.problem}")
        found.setdefault((wish.adapter, wish.venue), {})[wish.product] = answer.value
    return found


def _by_index(pair: tuple[int, Answer]) -> int:
    return pair[0]


def _cases(plan: Plan) -> list[CaseSpec]:
    return [msgspec.structs.replace(row, seed=seed) for row in plan.rows() for seed in plan.seeds]


def _proofs(plan: Plan) -> list[Proof]:
    """One for each mutant of a chosen clause, on any venue; at level release one for each venue."""
    if not plan.wish.prove:
        return []
    venues = [[(venue, product) for product in plan.products[venue]] for venue in plan.venues]
    groups = venues if plan.wish.level == "release" else [[place for places in venues for place in places]]
    chosen = {clause.id for clause in plan.clauses}
    return [
        Proof(mutant.clause, mutant.name, _open_to(mutant, group), plan.seeds[0])
        for mutant in all_mutants()
        if mutant.clause in chosen
        for group in groups
    ]


def _open_to(mutant: Mutant, places: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Those of the places (venue, product) where a mutant can be made."""
    return tuple(place for place in places if mutant.venue in ("", place[0]))


# --- during -------------------------------------------------------------------------------------------------------


def _run_cases(plan: Plan, pool: Pool, specs: list[CaseSpec], total: int, watch: Watch) -> list[CaseResult]:
    results: list[CaseResult | None] = [None] * len(specs)
    patience = Patience()

    def limited(job: Job) -> Job:
        return _case_job(patience.limited(job.argument))

    for done, (index, answer) in enumerate(pool.run([_case_job(spec) for spec in specs], limited), 1):
        result = results[index] = patience.learn(_told(specs[index], answer), specs[index])
        watch(Progress(done, total, _described(result.spec), result.outcome))
    return [result for result in results if result is not None]


def _case_job(spec: CaseSpec) -> Job:
    return Job(run_spec, spec, spec.real_limit_s + KILL_AFTER_S)


def _told(spec: CaseSpec, answer: Answer) -> CaseResult:
    if not answer.problem:
        result: CaseResult = answer.value
        return result
    if not answer.lost:
        return CaseResult(spec=spec, outcome=Outcome.HARNESS_ERROR, message=answer.problem, blame=Blame.HARNESS)
    blame = Blame.STOPPED if answer.stopped else Blame.LOST
    return CaseResult(spec=spec, outcome=Outcome.FAIL, message=f"the adapter {answer.problem}", blame=blame)


def _described(spec: CaseSpec) -> str:
    parts = [spec.adapter, spec.venue, spec.product, spec.profile.value, spec.clause, spec.quirk]
    return " ".join(part for part in parts if part)


def _run_proofs(
    plan: Plan, pool: Pool, proofs: list[Proof], done_before: int, total: int, watch: Watch
) -> list[tuple[Proof, Proven]]:
    proven: list[tuple[Proof, Proven]] = []
    jobs = [Job(prove, one, CASES_PER_PROOF * plan.case_limit_s) for one in proofs]
    for index, answer in pool.run(jobs):
        wish = proofs[index]
        proven.append((wish, Proven(None, answer.problem) if answer.problem else answer.value))
        watch(Progress(done_before + len(proven), total, f"mutant {wish.mutant} of {wish.clause}", None))
    return proven


# --- after --------------------------------------------------------------------------------------------------------


def now_utc() -> datetime.datetime:
    """The real date and time."""
    return datetime.datetime.fromtimestamp(real_clock.time_ns() / 1e9, datetime.UTC)


def _header(plan: Plan, waivers: Sequence[Waiver]) -> Header:
    wish = plan.wish
    return Header(
        product_version=product_version(),
        suite_digest=suite_digest(all_clauses()),
        facts_dates={venue: discovery.manifest(venue).facts_date for venue in plan.venues},
        dependencies=dependency_versions(),
        level=wish.level,
        profiles=tuple(profile.value for profile in plan.profiles),
        claim=wish.claim.value,
        waivers=tuple(waivers),
        proved=wish.prove,
        created=now_utc().strftime("%Y-%m-%dT%H:%M:%SZ"),
        shard=wish.shard,
        selection=wish.clauses,
    )


def _run(
    plan: Plan,
    adapter: str,
    venue: str,
    declared: Declared,
    results: Sequence[CaseResult],
) -> Run:
    own = [one for one in results if (one.spec.adapter, one.spec.venue) == (adapter, venue)]
    told, source = declared[adapter, venue], source_of(find_adapter(adapter).target)
    declaration = next(iter(told.values()))
    return Run(
        adapter=adapter,
        adapter_version=declaration.version or source.version,
        source_digest=source.digest,
        dirty=source.dirty,
        kind=declaration.kind.value,
        venue=venue,
        seeds=plan.seeds,
        clock=plan.wish.clock,
        journal_digest=digest_of(own),
        virtual_seconds=sum(one.virtual_s for one in own),
        wall_seconds=sum(one.wall_s for one in own),
        observed=adapter not in plan.wish.adapters,
        undeclared=tuple(undeclared(CLAIMS[plan.wish.claim], discovery.manifest(venue), told)),
        unjudged=tuple(sorted({one for each in told.values() for one in unjudged(each, all_clauses())})),
    )


def _not_proven(plan: Plan, proven: Sequence[tuple[Proof, Proven]]) -> list[NotProven]:
    """Chosen clauses that no mutant of this run fell to, or that let one of theirs pass."""
    kills = [one.kill for _, one in proven if one.kill is not None]
    told = proven_clauses(kills)
    reasons = {wish.clause: _reason(one) for wish, one in proven if one.kill is None or not one.kill.killed}
    missing = "mutants were left out" if not plan.wish.prove else "it has no mutant"
    return [
        NotProven(clause=clause.id, reason=reasons.get(clause.id, missing))
        for clause in plan.clauses
        if clause.id not in told
    ]


def _reason(one: Proven) -> str:
    return one.reason if one.kill is None else f"its mutant {one.kill.mutant} was not noticed on {one.kill.venue}"
