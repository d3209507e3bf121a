"""When positions pay funding: every so many hours of the age clock, so that moving that clock brings the next one.

While nobody holds a position nothing has to happen at the hour itself: what is due then is caught up before the next
thing that happens, and the venue does not ask to be woken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from venueproof_simulators.engine.commands import PayFunding
from venueproof_simulators.engine.events import PositionChanged
from venueproof_simulators.engine.state import PositionSide
from venueproof_simulators.host.alarms import Alarms
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.listing import Listing

Pay = Callable[[PayFunding, VenueTime], None]
"""Lets positions pay."""
Pass = Callable[[Listing, int, VenueTime], None]
"""Lets an hour pass in which nobody has to pay; told with when that was (true time)."""


class Fundings:
    """The funding hours of all instruments that have any: not of those whose funding accrues all the time."""

    def __init__(self, listings: Iterable[Listing], pay: Pay, let_pass: Pass, opened_ns: int) -> None:
        self._alarms = Alarms()
        self._pay = pay
        self._pass = let_pass
        self._held: set[tuple[str, str, PositionSide]] = set()
        for listing in listings:
            self._schedule(listing, opened_ns, 0)

    def add(self, listing: Listing, time: VenueTime) -> None:
        """An instrument is listed from now on."""
        self._schedule(listing, time.age_ns, time.age_ns - time.true_ns)

    def note(self, event: PositionChanged) -> None:
        """A position is now so."""
        position = event.position
        key = (position.account, position.instrument, position.side)
        (self._held.add if position.lots else self._held.discard)(key)

    def run(self, time: VenueTime) -> None:
        """Let everybody pay what is due by now."""
        self._alarms.run(time.age_ns, time)

    def next_due_ns(self) -> int | None:
        """When somebody has to pay next (age clock); None while nobody holds a position."""
        return self._alarms.next_due_ns() if self._held else None

    def _schedule(self, listing: Listing, age_ns: int, ahead_ns: int) -> None:
        """The next one after a moment; `ahead_ns`: how far the age clock was ahead of the true one then."""
        instrument = listing.instrument
        step_ns = instrument.funding_interval_ns
        if not step_ns or instrument.funding_continuous or instrument.expiry_ns:
            return
        due_ns = (age_ns // step_ns + 1) * step_ns
        self._alarms.set(listing.name, due_ns, partial(self._due, listing, due_ns, ahead_ns))

    def _due(self, listing: Listing, due_ns: int, ahead_ns: int, time: VenueTime) -> None:
        """An hour that came by moving the age clock was due when that was moved: now."""
        now_ahead_ns = time.age_ns - time.true_ns
        self._schedule(listing, due_ns, now_ahead_ns)
        if self._held:
            self._pay(PayFunding(listing.name, listing.instrument.funding_rate_ppb), time)
        else:
            self._pass(listing, due_ns - ahead_ns if ahead_ns == now_ahead_ns else time.true_ns, time)
