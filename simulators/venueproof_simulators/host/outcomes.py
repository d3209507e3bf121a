"""What becomes of a request: a reply, or something that is none."""

from __future__ import annotations

from enum import Enum, auto

from venueproof_simulators.host.venue import HttpReply


class Fate(Enum):
    """An outcome that is no reply."""

    RESET = auto()
    """The connection is reset."""
    SILENCE = auto()
    """Nothing is ever answered."""
    OPEN = auto()
    """A WebSocket session began."""


Outcome = HttpReply | Fate
