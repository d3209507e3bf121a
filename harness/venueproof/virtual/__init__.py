"""Virtual time: unmodified asyncio programs over real loopback sockets, two days in a second.

`run` runs one program; `VirtualLoop` and `virtual_clock` are its parts, for other runners; `VirtualClock` and
`RealClock` are handed to simulators. Subprocesses, foreign threads and blocking C calls are outside the loop's sight
(see `loop`); ``time.perf_counter`` stays real (see `clock`).
"""

from venueproof.virtual.clock import virtual_clock
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
from venueproof.virtual.runner import run
from venueproof.virtual.venue_clock import Clock, RealClock, VirtualClock

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
