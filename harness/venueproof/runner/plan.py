"""Which cases a command asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from venueproof.translation.provoking import on_in
from venueproof.usage import UsageError, nearest
from venueproof_contracts.capabilities import CLAIMS, Conformance
from venueproof_contracts.clause import Clause, all_clauses
from venueproof_simulators.host import discovery
from venueproof_simulators.host.venue import Profile

from .selection import require_cases, seeds_of, select, shard_of, wanted_cases
from .spec import CaseSpec, ClockName

Level = Literal["smoke", "standard", "release"]

RELEASE_SEEDS = tuple(range(1, 21))
CASE_LIMIT_S: dict[ClockName, float] = {"virtual": 60.0, "real": 600.0}
"""Real seconds for one case: in real time a minute of patience takes a minute."""


class Wish(Struct, frozen=True, kw_only=True):
    """What a user asked of `certify`, as it was written; empty means the level's own choice."""

    adapters: tuple[str, ...]
    observed: tuple[str, ...] = ()
    venues: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    profile: str = ""
    level: Level = "standard"
    claim: Conformance = Conformance.CORE
    clauses: str = ""
    seeds: tuple[str, ...] = ()
    clock: ClockName = "virtual"
    shard: str = ""
    jobs: int = 1
    prove: bool = True
    real_limit_s: float = 0.0
    """Real seconds that one case may take; 0 means `CASE_LIMIT_S` of the clock."""


class Plan(Struct, frozen=True, kw_only=True):
    """What that comes to.

    A shard holds whole clauses, with all their cases and mutants: whether a waived clause failed and whether a mutant
    was noticed is known within one shard.
    """

    wish: Wish
    adapters: tuple[str, ...]
    """Deciding ones first, then the observed."""
    venues: tuple[str, ...]
    products: dict[str, tuple[str, ...]]
    profiles: tuple[Profile, ...]
    clauses: tuple[Clause, ...]
    seeds: tuple[int, ...]

    @property
    def case_limit_s(self) -> float:
        """Real seconds that one case may take."""
        return self.wish.real_limit_s or CASE_LIMIT_S[self.wish.clock]

    def rows(self) -> list[CaseSpec]:
        """The first case of every row of the certificate, in order; a row has one case for each seed."""
        return [
            spec
            for adapter in self.adapters
            for venue in self.venues
            for product in self.products[venue]
            for profile in self.profiles
            for clause in self.clauses
            for spec in self._specs(adapter, venue, product, profile, clause)
        ]

    def _specs(self, adapter: str, venue: str, product: str, profile: Profile, clause: Clause) -> list[CaseSpec]:
        return [
            CaseSpec(
                adapter=adapter,
                venue=venue,
                product=product,
                profile=profile,
                clause=clause.id,
                quirk=quirk,
                seed=self.seeds[0],
                clock=self.wish.clock,
                real_limit_s=self.case_limit_s,
            )
            for quirk in wanted_cases(clause, cases_of(venue, profile, clause), self.wish.clauses)
        ]


def cases_of(venue: str, profile: Profile, clause: Clause) -> list[str]:
    """The quirk of each case of a clause on a venue: one for each provocation of its kind; an empty one where there is
    none."""
    if not clause.kind:
        return [""]
    rows = {row.id: row for row in discovery.quirks(venue)}
    found = [one for one in discovery.provocations(venue) if one.kind == clause.kind and one.quirk in rows]
    return [one.quirk for one in found if one.either or on_in(rows[one.quirk], profile)] or [""]


def make_plan(wish: Wish) -> Plan:
    """Raises UsageError, in one line, for a name that means nothing."""
    venues = tuple(wish.venues) or discovery.venue_names()
    for venue in venues:
        require_venue(venue)
    for adapter in wish.observed:
        if adapter in wish.adapters:
            raise UsageError(f"--observe {adapter}: it is also among those that decide; name it once")
    part, parts = shard_of(wish.shard)
    chosen = select(all_clauses(), wish.clauses)
    if wish.level == "smoke":
        chosen = [clause for clause in chosen if clause.capabilities <= CLAIMS[Conformance.CORE]]
    profiles = _profiles(wish)
    for clause in chosen:
        cases = [case for venue in venues for profile in profiles for case in cases_of(venue, profile, clause)]
        require_cases(clause, list(dict.fromkeys(cases)), wish.clauses)
    products = _products(venues, wish.products)
    default_seeds = RELEASE_SEEDS if wish.level == "release" else (1,)
    return Plan(
        wish=wish,
        adapters=tuple(dict.fromkeys((*wish.adapters, *wish.observed))),
        venues=tuple(products),
        products=products,
        profiles=profiles,
        clauses=tuple(chosen[part - 1 :: parts]),
        seeds=tuple(seeds_of(wish.seeds)) or default_seeds,
    )


def require_venue(name: str) -> None:
    """Raise UsageError unless there is such a venue."""
    try:
        discovery.manifest(name)
    except discovery.UnknownVenue as error:
        raise UsageError(str(error)) from None


def _profiles(wish: Wish) -> tuple[Profile, ...]:
    profile = wish.profile or ("vendor" if wish.level == "smoke" else "both")
    if profile == "both":
        return (Profile.VENDOR, Profile.FIELD)
    if profile not in set(Profile):
        raise UsageError(f"--profile {profile}: write vendor, field or both")
    return (Profile(profile),)


def _products(venues: Sequence[str], wanted: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The products of each venue, without venues that have none of those wanted."""
    had = {venue: tuple(product.name for product in discovery.manifest(venue).products) for venue in venues}
    known = tuple(dict.fromkeys(name for names in had.values() for name in names))
    for name in wanted:
        if name not in known:
            have = "has" if len(had) == 1 else "have"
            raise UsageError(f"--product {name}: {', '.join(had)} {have} {', '.join(known)}{nearest(name, known)}")
    chosen = {venue: tuple(name for name in names if not wanted or name in wanted) for venue, names in had.items()}
    return {venue: names for venue, names in chosen.items() if names}
