"""New WebSocket sessions are turned away for a while: what follows a drop."""

from __future__ import annotations

from venueproof_simulators.host.controls import DropManner, SessionKind
from venueproof_simulators.host.outcomes import Fate, Outcome
from venueproof_simulators.host.venue import HttpReply, Venue

UNAVAILABLE = HttpReply(503, b"<html><body><h1>503 Service Unavailable</h1></body></html>", content_type="text/html")


class Refusing:
    """Which new sessions are turned away, how, and until when."""

    def __init__(self) -> None:
        """Nobody is."""
        self.until_ns = 0
        self._kind = SessionKind.ALL
        self._outcome: Outcome = UNAVAILABLE

    def begin(self, manner: DropManner, kind: SessionKind, until_ns: int) -> None:
        """Turn sessions of `kind` away: with a reset after a reset, else with 503."""
        self.until_ns = until_ns
        self._kind = kind
        self._outcome = Fate.RESET if manner is DropManner.RESET else UNAVAILABLE

    def everyone(self, now_ns: int) -> Outcome | None:
        """How every handshake is turned away now."""
        return self._outcome if now_ns < self.until_ns and self._kind is SessionKind.ALL else None

    def this(self, session: int, now_ns: int, venue: Venue) -> Outcome | None:
        """How a session is turned away that the venue would let in: only then it is known what it carries."""
        if now_ns >= self.until_ns or self._kind is SessionKind.ALL:
            return None
        return self._outcome if concerns(self._kind, session, venue) else None


def concerns(kind: SessionKind, session: int, venue: Venue) -> bool:
    """Is a session of this kind?"""
    if kind is SessionKind.ALL:
        return True
    return (session in venue.account_sessions()) is (kind is SessionKind.ACCOUNT)
