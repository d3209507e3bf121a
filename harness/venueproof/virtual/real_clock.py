"""The only module that owns real time.

The names below are bound once, at import, and keep reading real clocks while a virtual clock is in force.
Everything here that needs a real wait or a real stop-watch imports them from this module.
"""

from __future__ import annotations

import time
import types
from time import monotonic, monotonic_ns, sleep, time_ns  # noqa: TID251

__all__ = ["REAL_TIME_MODULE", "monotonic", "monotonic_ns", "sleep", "time_ns"]


def _copy_of_time() -> types.ModuleType:
    twin = types.ModuleType("time", "The time module as it was before a virtual clock was in force.")
    twin.__dict__.update(vars(time))
    return twin


REAL_TIME_MODULE = _copy_of_time()
"""Given to modules that write ``time.monotonic()`` and have to stay in real time (thread pools, test runners)."""
