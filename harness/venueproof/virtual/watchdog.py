"""Stops a program that neither finishes nor comes back to its loop.

The loop itself notices on its next turn that its real seconds are used up. A program that spins never gives it a turn;
so a thread of this module raises `Spinning` inside the spinning thread, which works as long as that thread runs Python
code (a thread blocked in C cannot be reached: only killing its process helps).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType, TracebackType

from venueproof.virtual import real_clock

GRACE_S = 0.5
"""The loop gets this much longer to notice by itself."""
AGAIN_S = 1.0
"""A program that swallows the exception gets it again."""


_FOLDER = f"{Path(__file__).parent}{os.sep}"
_RUNNER = f"{_FOLDER}runner.py"


class Spinning(BaseException):
    """Raised inside a spinning program; not an Exception, so that its `except Exception` does not keep it alive."""


class Watchdog:
    """Watches the thread that makes it, inside a ``with`` block."""

    def __init__(self, limit_s: float) -> None:
        """Give the block `limit_s` real seconds, and `GRACE_S` more."""
        self._thread_id = threading.get_ident()
        self._changed = threading.Condition()
        self._at: float | None = real_clock.monotonic() + limit_s + GRACE_S
        self._watcher = threading.Thread(target=self._watch, name="venueproof-watchdog", daemon=True)
        self._raised = False
        self.caught_at = ""
        self.stack: tuple[str, ...] = ()
        """The files of what was running then, innermost first."""

    def __enter__(self) -> Watchdog:
        self._watcher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._at = None
            if self._raised:
                self._take_back()
            self._changed.notify()
        self._watcher.join()

    def _take_back(self) -> None:
        """One that was raised but not delivered yet must not hit the caller: have one delivered here instead.

        Clearing it would leave CPython 3.11 checking for it at every jump, and a traced thread does not get past that.
        """
        with contextlib.suppress(Spinning):
            _raise_in(self._thread_id, Spinning)
            while True:
                pass

    def extend(self, limit_s: float) -> None:
        """Start anew with `limit_s` real seconds from now."""
        with self._changed:
            self._at = real_clock.monotonic() + limit_s + GRACE_S
            self._changed.notify()

    def _watch(self) -> None:
        with self._changed:
            while self._at is not None:
                left_s = self._at - real_clock.monotonic()
                if left_s > 0:
                    self._changed.wait(left_s)
                else:
                    self._stop()

    def _stop(self) -> None:
        frame = sys._current_frames().get(self._thread_id)  # pyright: ignore[reportPrivateUsage]
        if frame is not None:
            self.caught_at = f"{frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_name}"
            self.stack = tuple(_files_inside_run(frame))
        self._raised = True
        _raise_in(self._thread_id, Spinning)
        self._at = real_clock.monotonic() + AGAIN_S


def _files_inside_run(frame: FrameType) -> Iterator[str]:
    """Innermost first, without the clocks and the loop, which everything runs through."""
    outer: FrameType | None = frame
    while outer is not None and (name := outer.f_code.co_filename) != _RUNNER:
        if not name.startswith(_FOLDER):
            yield name
        outer = outer.f_back


def _raise_in(thread_id: int, kind: type[BaseException]) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread_id), ctypes.py_object(kind))
