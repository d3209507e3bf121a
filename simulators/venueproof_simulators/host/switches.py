"""Which switchable quirks of a venue are on: set by the profile, moved by levers."""

from __future__ import annotations

from collections.abc import Iterable

from venueproof_simulators.host.facts import QuirkRow, Status
from venueproof_simulators.host.venue import Profile


class Switches:
    """The rows of a register that can be turned on and off. An id that is no such row raises `LookupError`."""

    def __init__(self, rows: Iterable[QuirkRow], profile: Profile) -> None:
        self._on = {
            row.id: row.field if profile is Profile.FIELD else row.vendor for row in rows if row.status is Status.SWITCH
        }

    def on(self, quirk: str) -> bool:
        """Whether a row is on."""
        return self._on[quirk]

    def turn(self, quirk: str, on: bool) -> None:
        """Turn a row on or off."""
        if quirk not in self._on:
            raise LookupError(f"{quirk} is no switchable row of this venue's register")
        self._on[quirk] = on

    def ids_on(self) -> frozenset[str]:
        """Ids of the rows that are on."""
        return frozenset(quirk for quirk, on in self._on.items() if on)
