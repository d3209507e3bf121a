"""One cancels the others: orders and conditional orders of which only one may come to something.

Members say how they are ended when they join, so that this knows neither orders nor conditional orders.
"""

from __future__ import annotations

from collections.abc import Callable

from venueproof_simulators.engine.commands import Place, PlaceConditional

ONE_CANCELS_OTHER = "one-cancels-other"
"""Why a member was canceled after another one filled, fired or ended."""

Terms = Place | PlaceConditional
"""What was asked for names the group: its word counts per account and instrument."""


class Groups:
    """All groups of a floor; one without members is none."""

    def __init__(self) -> None:
        self._members: dict[tuple[str, str, str], dict[object, Callable[[], None]]] = {}

    def join(self, terms: Terms, member: object, give_up: Callable[[], None]) -> None:
        """Put a new member in, if its terms name a group; `give_up` ends it and does nothing to one that ended."""
        if terms.oco_group:
            self._members.setdefault(_key(terms), {})[member] = give_up

    def leave(self, terms: Terms, member: object) -> None:
        """Take a member out; the others stay."""
        members = self._members.get(_key(terms), {})
        members.pop(member, None)
        if not members:
            self._members.pop(_key(terms), None)

    def close(self, terms: Terms, first: object) -> None:
        """End all members but the first, and the group; nothing when it was not, or is no longer, a member."""
        members = self._members.get(_key(terms), {})
        if first in members:
            del self._members[_key(terms)]
            for member, give_up in members.items():
                if member is not first:
                    give_up()


def _key(terms: Terms) -> tuple[str, str, str]:
    return terms.account, terms.instrument, terms.oco_group
