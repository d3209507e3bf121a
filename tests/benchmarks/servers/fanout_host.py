"""A simulator's host with the smallest venue there is: it sends book updates to all sessions when one says go.

Everything between a venue's message and the socket is ours: commands, distribution, journal. It prints one JSON object
with its URL once it is ready.
"""

from __future__ import annotations

import asyncio
import json
from typing import cast

from servers.fanout_payload import MESSAGES, UPDATE

from venueproof.cli.serving import JOURNAL_ROWS
from venueproof.virtual import RealClock
from venueproof_simulators.engine.commands import Command, Tick
from venueproof_simulators.engine.events import Event
from venueproof_simulators.host.journal import Journal
from venueproof_simulators.host.simulator import Simulator
from venueproof_simulators.host.venue import (
    Classified,
    HttpReply,
    HttpRequest,
    Manifest,
    Message,
    Origin,
    Outgoing,
    Venue,
    VenueTime,
)


class BookOnly:
    """A venue with one stream; each command changes the book once."""

    manifest = Manifest("book", "Book", (), (Origin("stream", ("wss://book.example",)),), (), "2026-11-24")

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self._sessions: dict[int, None] = {}
        self._outgoing: list[Outgoing] = []

    def open(self, session: int, handshake: HttpRequest, time: VenueTime) -> HttpReply | None:
        """Everybody may listen."""
        self._sessions[session] = None
        return None

    def closed(self, session: int, time: VenueTime) -> None:
        """Somebody stopped listening."""
        del self._sessions[session]

    def classify_frame(self, session: int, frame: str | bytes) -> Classified:
        """All frames say go."""
        return Classified("other")

    def receive(self, session: int, frame: str | bytes, time: VenueTime) -> None:
        """Begin a round."""
        self.go.set()

    def command(self, command: Command, time: VenueTime) -> list[Event]:
        """Tell every session of a change."""
        self._outgoing.append(Message(tuple(self._sessions), UPDATE, topic="book", label="depthUpdate"))
        return []

    def take_outgoing(self) -> list[Outgoing]:
        """What was told."""
        outgoing, self._outgoing = self._outgoing, []
        return outgoing

    def advance(self, time: VenueTime) -> None:
        """Nothing happens by itself."""

    def next_due_ns(self, time: VenueTime) -> int | None:
        """Nothing ever will."""
        return None

    def secrets(self) -> list[str]:
        """There are none."""
        return []


async def main() -> None:
    """Serve until the process is ended."""
    venue = BookOnly()
    simulator = Simulator(cast(Venue, venue), clock=RealClock(), seed=1, journal=Journal(limit=JOURNAL_ROWS))
    await simulator.start()
    print(json.dumps({"rest": simulator.rest_url}), flush=True)
    while await venue.go.wait():
        venue.go.clear()
        for _ in range(MESSAGES):
            simulator.command(Tick())
            await asyncio.sleep(0)


if __name__ == "__main__":
    asyncio.run(main())
