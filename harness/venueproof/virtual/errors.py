"""What can go wrong with virtual time, as one tree.

::

    VirtualTimeError
    ├── AlreadyVirtual      a second virtual clock, or a run inside a running loop, was asked for
    ├── ForeignClock        something else has replaced the clocks: freezegun, time-machine, a patched ``time``
    ├── ForeignPeer         a socket leads out of the loop, where time is real
    ├── InternalsChanged    this Python or time-machine differs from what the loop was written for
    └── ProgramStopped      the program under the loop had to be stopped
        ├── Deadlock            nothing is scheduled, no data is under way, and tasks still wait
        ├── VirtualDeadline     the program went on past its virtual deadline
        ├── RealTimeExceeded    the program used up its real seconds: it spins, or is far too busy
        └── InFlightStall       bytes were sent, are wanted, and did not arrive in real time

The first four are mistakes in the set-up; ``ProgramStopped`` is a verdict on the program that ran.
"""

from __future__ import annotations

from contextvars import Context


class VirtualTimeError(RuntimeError):
    """Root of everything raised by virtual time."""


class AlreadyVirtual(VirtualTimeError):
    """A virtual clock is already in force, or a loop is already running in this thread."""


class ForeignClock(VirtualTimeError):
    """Another tool has replaced the process's clocks, so they cannot follow the loop."""


class ForeignPeer(VirtualTimeError):
    """A connection leads out of the loop: its other end lives in real time and cannot be waited for."""


class InternalsChanged(VirtualTimeError):
    """A private name or behaviour that the loop relies on is not what it was."""


class ProgramStopped(VirtualTimeError):
    """The program under the loop could not go on, or was not allowed to."""


class Deadlock(ProgramStopped):
    """Tasks wait for something that cannot happen any more; the message lists them."""


class VirtualDeadline(ProgramStopped):
    """The next thing to do lies after the virtual deadline."""


class RealTimeExceeded(ProgramStopped):
    """The program did not finish within its real seconds.

    `stack` holds the files of the code that was running, innermost first; it is empty when the loop itself noticed.
    `ready` are then the contexts of what would have run next.
    """

    def __init__(self, message: str, *, stack: tuple[str, ...] = (), ready: tuple[Context, ...] = ()) -> None:
        """`message` is one line."""
        super().__init__(message)
        self.stack = stack
        self.ready = ready


class InFlightStall(ProgramStopped):
    """Data or a connection stayed inside the kernel for longer than the loop is willing to wait."""
