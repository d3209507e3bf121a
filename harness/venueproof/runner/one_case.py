"""Runs one case: the one path that certify's workers and the pytest plugin share."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Coroutine
from decimal import Context, localcontext
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec

from venueproof.bench_simulator import SimulatorBench
from venueproof.simulation import SimulatedVenue, simulate
from venueproof.translation.provoking import refuted_rows
from venueproof.usage import one_line
from venueproof.virtual import START_NS, RealTimeExceeded, real_clock, run
from venueproof_contracts.adapter import Adapter, AdapterFactory
from venueproof_contracts.bench import HOURS, Provocation
from venueproof_contracts.case import Case
from venueproof_contracts.clause import Clause, all_clauses
from venueproof_contracts.errors import AdapterError, Unsupported
from venueproof_contracts.model import Declaration
from venueproof_contracts.outcomes import Blame, Outcome
from venueproof_simulators.host import discovery
from venueproof_simulators.host.venue import Profile

from .blanking import blanked_result
from .deciding import decide
from .evidence import excerpt
from .guard import Guard, guarded
from .judging import Judgement, broke, judge_error, weigh
from .patience import SHORT_LIMIT_S
from .spec import CaseResult, CaseSpec
from .surroundings import CaseSurroundings, Tap, tapped
from .witness import AdapterFault

Value = TypeVar("Value")

DEADLINE_S = 6 * 3600.0
"""Virtual seconds that one case may take, unless its clause needs hours."""
DEADLINE_HOURS_S = 7 * 86_400.0
PUMP_PAUSE_S = 0.05
"""After an error of `next_event`, so that an adapter that always raises does not spin."""

MISSED = "the adapter sends and hears nothing that this trouble could touch"

_TWO_VERDICTS = frozenset({"RAT", "WSS"})


def clause_named(clause_id: str) -> Clause:
    """The clause of this id. Raises `LookupError` when there is none."""
    for clause in all_clauses():
        if clause.id == clause_id:
            return clause
    raise LookupError(f"no clause {clause_id!r}")


def run_case(spec: CaseSpec, factory: AdapterFactory, *, through_proxy: bool = False) -> CaseResult:
    """Run one case and tell what came of it. A failure that only refuted claims bring about is tolerated.

    Raises `LookupError` when the spec names a clause, venue or product that does not exist.
    """
    result = _Run(spec, factory, through_proxy, without=()).result()
    if result.outcome is not Outcome.FAIL or spec.profile is not Profile.FIELD:
        return result
    refuted = refuted_rows(discovery.quirks(spec.venue), spec.profile)
    if result.blame is Blame.STOPPED:
        spec = msgspec.structs.replace(spec, real_limit_s=min(spec.real_limit_s, SHORT_LIMIT_S))
    guilty = (spec.quirk,) if spec.quirk in refuted else _guilty(spec, factory, through_proxy, refuted)
    return msgspec.structs.replace(result, outcome=Outcome.TOLERATED, refuted=guilty) if guilty else result


def _guilty(spec: CaseSpec, factory: AdapterFactory, through_proxy: bool, refuted: tuple[str, ...]) -> tuple[str, ...]:
    """The refuted rows without which a case passes: one of them where one will do; none when it fails anyway."""

    def passes(*rows: str) -> bool:
        return _Run(spec, factory, through_proxy, without=rows).result().outcome is Outcome.PASS

    if not refuted or not passes(*refuted):
        return ()
    return next(((row,) for row in refuted if passes(row)), refuted)


class _Run:
    """One run of one case. What a stopped program leaves here is what its failure is told with."""

    def __init__(self, spec: CaseSpec, factory: AdapterFactory, through_proxy: bool, without: tuple[str, ...]) -> None:
        self._spec = spec
        self._factory = factory
        self._through_proxy = through_proxy
        self._without = without
        self._clause = clause_named(spec.clause)
        discovery.manifest(spec.venue).product(spec.product)  # for whoever names one that is not there
        self._venue: SimulatedVenue | None = None
        self._surroundings: CaseSurroundings | None = None
        self._case: Case | None = None
        self._declaration: Declaration | None = None
        self._ended_ns: int | None = None
        self._rows_then = 0
        self._notes: list[str] = []
        self._cut_short = False
        """Stopped by real time: how far it had come is no two times the same."""

    def result(self) -> CaseResult:
        """Run it."""
        began_ns = real_clock.monotonic_ns()
        error: BaseException | None = None
        judgement: Judgement | None = None
        with guarded() as guard, tapped() as tap:
            try:
                with localcontext(Context()):  # whatever this process was made to round like
                    judgement = self._in_time(self._main(guard, tap))
            except (Exception, SystemExit) as caught:
                error = caught
        if judgement is None:
            self._cut_short = isinstance(error, RealTimeExceeded)
            judgement = judge_error(error, self._surroundings.calls.hanging() if self._surroundings else None)
        if self._venue is not None and (faults := self._venue.bench.faults()):
            judgement = broke(_fault(faults[0]))
        return self._told(judgement, (real_clock.monotonic_ns() - began_ns) / 1e9)

    def _in_time(self, main: Coroutine[Any, Any, Value]) -> Value:
        if self._spec.clock == "real":
            return asyncio.run(_within(main, self._spec.real_limit_s))
        deadline_s = DEADLINE_HOURS_S if HOURS in self._clause.powers else DEADLINE_S
        return run(main, deadline_s=deadline_s, watchdog_s=self._spec.real_limit_s, strict=False)

    async def _main(self, guard: Guard, tap: Tap) -> Judgement | None:
        """A decision that needs no run, or None when the clause was run to its end; raises what ended it else."""
        async with simulate(
            self._spec.venue,
            seed=self._spec.seed,
            profile=self._spec.profile.value,
            proxy=self._through_proxy,
            control=False,
        ) as venue:
            self._venue = venue
            for quirk in self._without:
                venue.simulator.switch_quirk(quirk, False)
            guard.allow(*_ports(venue))
            self._surroundings = CaseSurroundings(
                factory=self._factory,
                endpoint=venue.endpoint(self._spec.product),
                credentials=venue.credentials,
                guard=guard,
                tap=tap,
                now_ns=venue.bench.now_ns,
            )
            try:
                return await self._with_adapter(venue, self._surroundings)
            finally:
                self._mark(venue.bench)
                self._notes += await self._surroundings.close()

    async def _with_adapter(self, venue: SimulatedVenue, surroundings: CaseSurroundings) -> Judgement | None:
        bench, manifest = venue.bench, venue.simulator.venue.manifest
        product, adapter = manifest.product(self._spec.product), surroundings.make_adapter()
        self._declaration = await adapter.declare()
        provocation = self._provocation(bench)
        impossible = manifest.impossible | product.impossible
        decision = decide(self._clause, self._declaration, impossible, bench.powers, has_case=provocation is not None)
        if decision is not None:
            return Judgement(*decision)
        bench.recovery_bound_s = self._declaration.recovery_bound_s
        bench.product = product.name
        self._case = Case(
            adapter=adapter,
            bench=bench,
            declaration=self._declaration,
            instrument=bench.instrument(product.instrument),
            credentials=dict(surroundings.credentials),
            surroundings=surroundings,
            provocation=provocation,
        )
        await self._judged(self._case, adapter)
        return None

    async def _judged(self, case: Case, adapter: Adapter) -> None:
        await case.prepare()
        if not self._clause.no_start:
            await _started(adapter)
        async with _pumped(case, adapter):
            await self._clause.code(case)

    def _provocation(self, bench: SimulatorBench) -> Provocation | None:
        cases = bench.provocations(self._clause.kind) if self._clause.kind else []
        return next((one for one in cases if one.quirk == self._spec.quirk), None)

    def _mark(self, bench: SimulatorBench) -> None:
        """Remember when the case ended, and how far the wire had come."""
        self._ended_ns = bench.now_ns()
        self._rows_then = len(bench.wire())

    def _told(self, judgement: Judgement, wall_s: float) -> CaseResult:
        manners = self._case.manners if self._case is not None else []
        outcome, message, blame = weigh(self._clause, judgement, manners)
        if outcome is Outcome.PASS and self._missed_the_trouble():
            outcome, message = Outcome.NOT_APPLICABLE, MISSED
        quiet = outcome in (Outcome.PASS, Outcome.NOT_APPLICABLE, Outcome.NOT_SUPPORTED, Outcome.NOT_PROVABLE)
        bench = self._venue.bench if self._venue else None
        two = self._clause.section in _TWO_VERDICTS and self._case is not None
        told = CaseResult(
            spec=self._spec,
            outcome=outcome,
            message=message,
            blame=self._blamed(blame),
            at_ns=None if quiet else self._ended_ns,
            wire=() if quiet or bench is None else excerpt(bench.wire()[: self._rows_then], bench.deeds),
            notes=self._told_besides(quiet),
            result=weigh(self._clause, judgement, []).outcome if two else None,
            manners=weigh(self._clause, Judgement(Outcome.PASS, ""), manners).outcome if two else None,
            digest=bench.digest() if bench is not None and not self._cut_short else "",
            kind=self._declaration.kind if self._declaration else None,
            virtual_s=self._virtual_s(),
            wall_s=wall_s,
        )
        return blanked_result(told, self._secrets())

    def _blamed(self, blame: Blame | None) -> Blame | None:
        """An adapter that was refused what it may not reach failed for that, whatever it broke down with."""
        reached = blame in (Blame.PROMISE, Blame.FAULT) and self._surroundings and self._surroundings.egress()
        return Blame.EGRESS if reached else blame

    def _missed_the_trouble(self) -> bool:
        """Rules were made, and the adapter sent and asked for nothing that any of them could act on."""
        rules = self._venue.simulator.rulebook if self._venue else None
        return rules is not None and bool(rules.installed()) and len(rules.never_matched()) == len(rules.installed())

    def _told_besides(self, quiet: bool) -> tuple[str, ...]:
        """What went wrong after the case, and rules that nothing met; the latter also of a pass, which they weaken."""
        unmet = self._venue.bench.unmet_rules() if self._venue else []
        notes = [f"no message met the rule {name!r}" for name in unmet]
        return tuple(notes if quiet else [*self._notes, *self._egress_told(), *notes])

    def _egress_told(self) -> list[str]:
        reached = self._surroundings.egress() if self._surroundings else []
        return [f"refused, since it is outside this run: {', '.join(dict.fromkeys(reached))}"] if reached else []

    def _secrets(self) -> list[str]:
        """What an adapter says of itself may hold these; a certificate may not."""
        if self._venue is None or self._surroundings is None:
            return []
        return [*self._venue.simulator.venue.secrets(), *self._surroundings.secrets()]

    def _virtual_s(self) -> float:
        if self._ended_ns is None or self._spec.clock == "real":
            return 0.0
        return (self._ended_ns - START_NS) / 1e9


async def _within(main: Coroutine[Any, Any, Value], limit_s: float) -> Value:
    """In real time a case that hangs is told as such; one that spins is for the worker's owner to kill."""
    limit = asyncio.timeout(limit_s)
    try:
        async with limit:
            return await main
    except TimeoutError:
        if limit.expired():
            raise RealTimeExceeded(f"not finished after {limit_s:g} s") from None
        raise


async def _started(adapter: Adapter) -> None:
    try:
        await adapter.start()
    except AdapterError as error:
        raise AdapterFault(f"start() raised {type(error).__name__}: {error}") from error


@contextlib.asynccontextmanager
async def _pumped(case: Case, adapter: Adapter) -> AsyncGenerator[None]:
    """Let the case's fold hear the adapter's events inside the block; raises what the adapter broke down with."""
    pump = asyncio.create_task(_pump(case, adapter))
    try:
        yield
    finally:
        if not pump.done():
            pump.cancel()
        await asyncio.wait([pump])
    if not pump.cancelled() and (fault := pump.exception()) is not None:
        raise fault


async def _pump(case: Case, adapter: Adapter) -> None:
    while True:
        try:
            case.fold.hear(await adapter.next_event())
        except Unsupported:
            return
        except AdapterError:
            await case.bench.sleep(PUMP_PAUSE_S)


def _fault(traceback: str) -> str:
    """The end of a traceback says what broke and where."""
    return f"the simulator broke: {one_line(' '.join(traceback.splitlines()[-4:]))}"


def _ports(venue: SimulatedVenue) -> list[int]:
    urls = [venue.rest_url, venue.ws_url, venue.proxy, *venue.origins.values()]
    return [port for url in urls if url and (port := urlsplit(url).port)]
