"""Virtual time: unmodified asyncio programs over real loopback sockets, two days in a second.

`run` runs one program; `VirtualLoop` and `virtual_clock` are its parts, for other runners; `VirtualClock` and
`RealClock` are handed to simulators. Subprocesses, foreign threads and blocking C calls are outside the loop's sight
(see `loop`); ``time.perf_counter`` stays real (see `clock`).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from venueproof.virtual.errors import (
    AlreadyVirtual,
    Deadlock,
    ForeignClock,
    ForeignPeer,
    InFlightStall,
    InternalsChanged,
    ProgramStopped,
    RealTimeExceeded,
    VirtualDeadline,
    VirtualTimeError,
)
from venueproof.virtual.loop import START_NS, RealWaits, VirtualLoop
from venueproof.virtual.venue_clock import Clock, RealClock, VirtualClock

if TYPE_CHECKING:
    from venueproof.virtual.clock import virtual_clock
    from venueproof.virtual.runner import run

__all__ = [
    "START_NS",
    "AlreadyVirtual",
    "Clock",
    "Deadlock",
    "ForeignClock",
    "ForeignPeer",
    "InFlightStall",
    "InternalsChanged",
    "ProgramStopped",
    "RealClock",
    "RealTimeExceeded",
    "RealWaits",
    "VirtualClock",
    "VirtualDeadline",
    "VirtualLoop",
    "VirtualTimeError",
    "run",
    "virtual_clock",
]

_LATER = {"run": "venueproof.virtual.runner", "virtual_clock": "venueproof.virtual.clock"}
"""What needs time-machine, which brings all of pytest along: too much for a venue that is only served."""


def __getattr__(name: str) -> object:
    """Load a name of `_LATER` on first use."""
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LATER[name]), name)
