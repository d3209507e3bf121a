"""What a venue stands on when it opens: its facts, its instruments, an engine that has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

from msgspec import Struct

from venueproof_simulators.engine.engine import Engine
from venueproof_simulators.engine.prices import Pace
from venueproof_simulators.host.facts import ErrorTable, Limits, load_errors, load_limits, load_quirks
from venueproof_simulators.host.switches import Switches
from venueproof_simulators.host.venue import Profile
from venueproof_simulators.kit.listing import Listing

ListingT = TypeVar("ListingT", bound=Listing)


class Basis(Struct, Generic[ListingT], frozen=True):
    """What a desk is opened with."""

    engine: Engine
    seed: int
    listings: Sequence[ListingT]
    errors: ErrorTable
    limits: Limits
    switches: Switches


def basis(
    package: str, listings: Sequence[ListingT], *, seed: int, profile: Profile, pace: Pace, start_ns: int
) -> Basis[ListingT]:
    """The facts of a venue's package, and an engine with its instruments. Raises `FactsError`."""
    return Basis(
        engine=Engine([listing.instrument for listing in listings], seed=seed, start_ns=start_ns, pace=pace),
        seed=seed,
        listings=listings,
        errors=load_errors(package),
        limits=load_limits(package),
        switches=Switches(load_quirks(package), profile),
    )
