"""What a worker is asked to do: look at an adapter, run a case, prove a clause."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from venueproof.simulation import SimulatedVenue, simulate
from venueproof.usage import UsageError, one_line
from venueproof.virtual import run
from venueproof_adapters.mutants import Mutant, all_mutants
from venueproof_contracts.adapter import Adapter, AdapterFactory
from venueproof_contracts.clause import Clause
from venueproof_contracts.model import Declaration
from venueproof_contracts.outcomes import Blame, Outcome
from venueproof_reports.certificate import Kill
from venueproof_simulators.host.venue import Profile

from .adapters import Found, find_adapter
from .blanking import blanked
from .one_case import clause_named, run_case
from .plan import cases_of
from .spec import CaseResult, CaseSpec
from .witness import Calls, described, made_by, missing_methods, watched

PROBE_LIMIT_S = 20.0
EXTRAS = frozenset({"ccxt"})
"""Packages that come with an extra of ours of the same name."""
BASE_ADAPTER = "native"
"""What mutants are made of."""


_NOTICED = frozenset({Blame.PROMISE, Blame.EGRESS})


class Probe(Struct, frozen=True):
    """Look at one adapter on one venue and product."""

    adapter: str
    venue: str
    product: str


def probe(wish: Probe) -> Declaration:
    """What the adapter declares. Raises UsageError when it cannot be made, or is no adapter."""
    found = find_adapter(wish.adapter)
    return run(_probed(wish, found), watchdog_s=PROBE_LIMIT_S, strict=False)


async def _probed(wish: Probe, found: Found) -> Declaration:
    async with simulate(wish.venue, proxy=found.through_proxy, control=False) as venue:
        try:
            made = _made(wish, found, venue)
            return await _declared(wish.adapter, watched(made, Calls(venue.bench.now_ns)))
        except UsageError as error:
            secrets = [*venue.simulator.venue.secrets(), *venue.credentials.values()]
            raise UsageError(blanked(str(error), secrets)) from None


def _made(wish: Probe, found: Found, venue: SimulatedVenue) -> Adapter:
    try:
        made = made_by(found.factory, venue.endpoint(wish.product), dict(venue.credentials))
    except (Exception, SystemExit) as error:
        raise UsageError(f"{wish.adapter}: {_failed_to_make(error)}") from None
    if missing := missing_methods(made):
        what = f"{type(made).__name__} has no method {', '.join(missing)}"
        raise UsageError(f"{wish.adapter}: {what}; an adapter has all methods of venueproof_contracts.adapter")
    return made


def _failed_to_make(error: BaseException) -> str:
    missing = error if isinstance(error, ModuleNotFoundError) else error.__cause__
    if not isinstance(missing, ModuleNotFoundError):
        return f"its factory raised {described(error)}; correct the factory"
    package = (missing.name or "").partition(".")[0]
    cure = f"pip install 'venueproof[{package}]'" if package in EXTRAS else "install what the adapter needs"
    return f"{package} is not installed; {cure}"


async def _declared(name: str, adapter: Adapter) -> Declaration:
    try:
        return await adapter.declare()
    except Exception as error:
        raise UsageError(f"{name}: declare() failed: {one_line(str(error))}; it needs no connection") from None
    finally:
        try:
            await adapter.close()
        except Exception as error:
            raise UsageError(
                f"{name}: close() before start() failed: {one_line(str(error))}; it is safe at any time"
            ) from None


def run_spec(spec: CaseSpec) -> CaseResult:
    """Run one case of an adapter that is found by its name."""
    found = find_adapter(spec.adapter)
    return run_case(spec, _mutated(found.factory, spec), through_proxy=found.through_proxy)


def _mutated(factory: AdapterFactory, spec: CaseSpec) -> AdapterFactory:
    return mutant_named(spec.clause, spec.mutant).make(factory) if spec.mutant else factory


def mutant_named(clause_id: str, name: str) -> Mutant:
    """A mutant of a clause. Raises `LookupError` when there is none of that name."""
    for mutant in all_mutants():
        if (mutant.clause, mutant.name) == (clause_id, name):
            return mutant
    raise LookupError(f"no mutant {name!r} of {clause_id}")


class Proof(Struct, frozen=True):
    """Show that a clause notices its mutant on one of these places, given as (venue, product)."""

    clause: str
    mutant: str
    places: tuple[tuple[str, str], ...]
    seed: int


class Proven(Struct, frozen=True):
    """A kill or a survival; or neither, and why."""

    kill: Kill | None
    reason: str = ""


def prove(wish: Proof) -> Proven:
    """Run the mutant on the first place where the clause applies; the adapter it is made of must pass there.

    Only a broken promise is noticed by a clause: a mutant that breaks down, or does not end, would be an accident.
    """
    clause = clause_named(wish.clause)
    reason = "no certified venue shows a case of it"
    survived: Kill | None = None
    for spec in _proving_grounds(wish, clause):
        base = run_spec(spec)
        if base.outcome is not Outcome.PASS:
            reason = f"{BASE_ADAPTER} is {base.outcome.value} on {spec.venue}: {base.message}"
            continue
        broken = run_spec(msgspec.structs.replace(spec, mutant=wish.mutant))
        killed = broken.outcome in (Outcome.FAIL, Outcome.TOLERATED) and broken.blame in _NOTICED
        kill = Kill(clause=clause.id, mutant=wish.mutant, venue=spec.venue, killed=killed, by=_by(broken))
        if killed:
            return Proven(kill)
        survived = survived or kill
    return Proven(survived, "" if survived else reason)


def _proving_grounds(wish: Proof, clause: Clause) -> list[CaseSpec]:
    return [
        CaseSpec(
            adapter=BASE_ADAPTER,
            venue=venue,
            product=product,
            profile=profile,
            clause=clause.id,
            quirk=quirk,
            seed=wish.seed,
        )
        for venue, product in wish.places
        for profile in Profile
        for quirk in cases_of(venue, profile, clause)
    ]


def _by(broken: CaseResult) -> str:
    quirk = f"{broken.spec.quirk}: " if broken.spec.quirk else ""
    return one_line(f"{quirk}{broken.message or broken.outcome.value}")
