"""Finds the venues: every folder under `venues/` that holds a `venue.py`. There is no list to keep.

A `venue.py` exposes `MANIFEST` and `build(...)`; `provocations` beside it is optional.
"""

from __future__ import annotations

import pkgutil
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Protocol, cast

from venueproof_simulators.engine.prices import Pace
from venueproof_simulators.host.facts import QuirkRow, load_quirks
from venueproof_simulators.host.provoking import Provocation, provocations_of
from venueproof_simulators.host.venue import Manifest, Profile, Venue

VENUES = "venueproof_simulators.venues"


class UnknownVenue(LookupError):
    """There is no venue of that name. The message offers the nearest one."""


class VenueModule(Protocol):
    """What every `venue.py` exposes."""

    MANIFEST: Manifest

    def build(self, *, seed: int, profile: Profile, pace: Pace, start_ns: int) -> Venue:
        """Open the venue at `start_ns`, with the accounts and keys of this seed."""
        ...


@cache
def venue_names() -> tuple[str, ...]:
    """The names of all venues, sorted."""
    root = import_module(VENUES)
    folders = (module.name for module in pkgutil.iter_modules(root.__path__) if module.ispkg)
    return tuple(sorted(name for name in folders if find_spec(f"{VENUES}.{name}.venue") is not None))


def manifest(name: str) -> Manifest:
    """What a venue says of itself. Raises `UnknownVenue`."""
    return _module(name).MANIFEST


def open_venue(name: str, *, seed: int, profile: Profile, pace: Pace, start_ns: int) -> Venue:
    """A running venue at `start_ns` (ns since the epoch). Raises `UnknownVenue`, `FactsError`."""
    return _module(name).build(seed=seed, profile=profile, pace=pace, start_ns=start_ns)


def quirks(name: str) -> tuple[QuirkRow, ...]:
    """A venue's quirk register. Raises `UnknownVenue`, `FactsError`."""
    return load_quirks(_package(name))


def provocations(name: str) -> tuple[Provocation, ...]:
    """How a venue shows each kind of trouble; empty when it has none. Raises `UnknownVenue`."""
    module = f"{_package(name)}.provocations"
    return provocations_of(import_module(module)) if find_spec(module) is not None else ()


def _package(name: str) -> str:
    if name not in venue_names():
        near = get_close_matches(name, venue_names(), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(venue_names())}"
        raise UnknownVenue(f"no venue is called {name!r}{hint}")
    return f"{VENUES}.{name}"


def _module(name: str) -> VenueModule:
    return cast(VenueModule, import_module(f"{_package(name)}.venue"))
