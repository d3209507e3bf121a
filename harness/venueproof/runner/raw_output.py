"""What is written to the process's standard output and error past Python's own streams: by C code, or to their numbers.

For processes that run cases and nothing else. Elsewhere, as under pytest, these belong to somebody else, and nothing is
heard.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import tempfile
from typing import IO

STREAMS = (1, 2)


class _State:
    file: IO[bytes] | None = None


def begin() -> None:
    """From now on everything written to standard output and error goes to a file that nobody else sees."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  # for as long as the process lives
    fcntl.fcntl(file, fcntl.F_SETFL, fcntl.fcntl(file, fcntl.F_GETFL) | os.O_APPEND)
    for number in STREAMS:
        os.dup2(file.fileno(), number)
    _State.file = file


def forget() -> None:
    """Begin anew with an empty file."""
    if _State.file is not None:
        _flush()
        os.ftruncate(_State.file.fileno(), 0)


def text(bytes_max: int) -> str:
    """What was written since; empty where nothing is heard."""
    if _State.file is None:
        return ""
    _flush()
    return os.pread(_State.file.fileno(), bytes_max, 0).decode(errors="replace")


def _flush() -> None:
    """C keeps what it prints to a file in a buffer of its own."""
    ctypes.CDLL(None).fflush(None)
