"""A venue as it was a while ago, for replies that lag behind.

When a lag begins, the venue is copied whole (`copy.deepcopy`: a venue is a pure state machine and must not close over
itself in a lambda). The copy is then told everything that the venue is told, only later, and answers the operation's
requests and frames. So a reply is never newer than `by_ns` ago, and grows that old over the first `by_ns` after the
lag began.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Callable

from venueproof_simulators.host.venue import HttpReply, HttpRequest, Message, Venue, VenueTime

Input = Callable[[Venue, VenueTime], object]
"""One thing a venue was told, to be told again."""


class LaggedVenue:
    """A copy of a venue that hears everything `by_ns` later."""

    def __init__(self, venue: Venue, by_ns: int) -> None:
        """Copy `venue` as it is now."""
        self.by_ns = by_ns
        self._twin = copy.deepcopy(venue)
        self._inputs: deque[tuple[VenueTime, Input]] = deque()

    def hear(self, time: VenueTime, told: Input) -> None:
        """Remember what the venue was told at `time`."""
        self._inputs.append((time, told))

    def answer(self, request: HttpRequest, time: VenueTime) -> HttpReply:
        """What the venue would have answered `by_ns` ago. The clock it prints and checks signatures by is today's."""
        reply = self._twin.handle(request, self._catch_up(time))
        self._twin.take_outgoing()
        return reply

    def answer_frame(self, session: int, frame: str | bytes, time: VenueTime) -> Message | None:
        """The same for a frame that asks for an operation; None when nothing answers it."""
        then = self._catch_up(time)
        operation = self._twin.classify_frame(session, frame).operation
        self._twin.receive(session, frame, then)
        for said in self._twin.take_outgoing():
            if isinstance(said, Message) and said.operation == operation and said.sessions == (session,):
                return said
        return None

    def _catch_up(self, time: VenueTime) -> VenueTime:
        """Let the copy hear what it has not heard yet by then; returns its clocks."""
        then_ns = time.true_ns - self.by_ns
        while self._inputs and self._inputs[0][0].true_ns <= then_ns:
            heard_at, told = self._inputs.popleft()
            told(self._twin, heard_at)
            self._twin.take_outgoing()
        return VenueTime(true_ns=then_ns, wire_ns=time.wire_ns, age_ns=time.age_ns - self.by_ns)
