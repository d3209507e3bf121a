"""A client that talks to a venue in values: what such clients share, whichever way the venue wants requests signed."""

from __future__ import annotations

from typing import Any, ClassVar, Generic, TypeVar

import msgspec

from venueproof_simulators.engine.commands import Command, SetPrice
from venueproof_simulators.engine.events import Event
from venueproof_simulators.host.venue import CloseSession, HttpReply, HttpRequest, Message, Ping, VenueTime
from venueproof_simulators.kit.venue import Venue

START_NS = 1_795_521_900_000_000_000
"""2026-11-24T12:05:00Z."""
SECOND_NS = 10**9
ADDRESS = "127.0.0.1"
VenueT = TypeVar("VenueT", bound=Venue[Any, Any, Any])


class VenueClient(Generic[VenueT]):
    """One venue, one account, and the clocks of both. A venue's client signs, and says what is asked where."""

    origin: ClassVar[str]
    """Where requests go that name no other origin."""
    instrument: ClassVar[str]
    """What is traded where nothing else is named."""

    def __init__(self, venue: VenueT) -> None:
        self.venue = venue
        self.now_ns = START_NS
        self.skew_ns = 0
        self.aged_ns = 0
        self.keys = dict(venue.credentials)
        self.heard: dict[int, list[str]] = {}
        self.closed: list[CloseSession] = []
        self.pings: list[Ping] = []
        self.messages: list[Message] = []
        self._woken_at = -1

    # --- time ---

    def time(self) -> VenueTime:
        """The venue's clocks."""
        return VenueTime(self.now_ns, self.now_ns + self.skew_ns, self.now_ns + self.aged_ns)

    def wait(self, seconds: float) -> None:
        """Let time go by; the venue is woken whenever it wants to be."""
        until_ns = self.now_ns + int(seconds * SECOND_NS)
        while (due_ns := self.venue.next_due_ns(self.time())) is not None and due_ns <= until_ns:
            assert due_ns > self.now_ns or self._woken_at != due_ns, "the venue wants to be woken again and again"
            self._woken_at = due_ns
            self.now_ns = max(self.now_ns, due_ns)
            self.venue.advance(self.time())
            self.collect()
        self.now_ns = until_ns
        self.venue.advance(self.time())
        self.collect()

    # --- requests ---

    def request(
        self,
        method: str,
        path: str,
        query: str = "",
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        origin: str = "",
        address: str = ADDRESS,
    ) -> HttpReply:
        """One request as bytes."""
        request = HttpRequest(origin or self.origin, method, path, query, headers or {}, body, address)
        self.venue.classify(request)
        reply = self.venue.handle(request, self.time())
        self.collect()
        return reply

    # --- from behind ---

    def command(self, command: Command) -> list[Event]:
        """Tell the engine something from behind."""
        events = self.venue.command(command, self.time())
        self.collect()
        return events

    def move(self, price: object, instrument: str = "") -> None:
        """Move the market through every price up to this one, and let what fires become orders."""
        name = instrument or self.instrument
        ticks = self.venue.desk.listings[name].tick.count(str(price))
        assert ticks is not None, f"{price} is no price of {name}"
        self.command(SetPrice(name, ticks))
        self.wait(0.1)

    def switch(self, quirk: str, on: bool = True) -> None:
        """Turn a row of the register on or off."""
        self.venue.switch_quirk(quirk, on)

    # --- sessions ---

    def admit(self, handshake: HttpRequest, number: int = 0) -> int:
        """Open a session, which must be let in; returns its number."""
        number = number or len(self.heard) + 1
        refusal = self.venue.open(number, handshake, self.time())
        assert refusal is None, refusal
        self.heard[number] = []
        self.collect()
        return number

    def send(self, session: int, frame: object) -> None:
        """Send a frame: text or bytes as they are, anything else as JSON."""
        raw = frame if isinstance(frame, str | bytes) else msgspec.json.encode(frame).decode()
        self.venue.classify_frame(session, raw)
        self.venue.receive(session, raw, self.time())
        self.collect()

    def take(self, session: int) -> list[Any]:
        """What a session heard since the last call, decoded."""
        taken, self.heard[session] = self.heard[session], []
        return [msgspec.json.decode(text) for text in taken]

    def collect(self) -> None:
        """Take what the venue wants to send, and sort it by session."""
        for outgoing in self.venue.take_outgoing():
            if isinstance(outgoing, Message):
                self.messages.append(outgoing)
                for session in outgoing.sessions:
                    self.heard[session].append(str(outgoing.payload))
            elif isinstance(outgoing, CloseSession):
                self.closed.append(outgoing)
            else:
                self.pings.append(outgoing)


def changed(usual: dict[str, object], changes: dict[str, object]) -> dict[str, Any]:
    """Parameters, changed where wanted; None leaves one out."""
    return {name: value for name, value in (usual | changes).items() if value is not None}
