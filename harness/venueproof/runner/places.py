"""Where in an adapter's own code something went wrong, in words that hold no path of the machine."""

from __future__ import annotations

import sys
import sysconfig
import traceback
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import venueproof
import venueproof_contracts
import venueproof_simulators


def place_in_adapter(error: BaseException) -> str:
    """` at file.py:12` for the innermost frame that is neither ours nor Python's, empty when there is none.

    A user's own file comes before an installed library that it called. Paths are relative to the current folder or to
    where Python imports from.
    """
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_theirs(frame.filename)]
    own = [frame for frame in frames if not _within(frame.filename, _library_folders())] or frames
    return f" at {_shown(own[-1].filename)}:{own[-1].lineno}" if own else ""


def is_ours(stack: Iterable[str]) -> bool:
    """Whether code of ours was running: `stack` are files, innermost first. A library works for whoever called it."""
    for filename in stack:
        if _within(filename, _our_folders()):
            return True
        if _is_theirs(filename) and not _within(filename, _library_folders()):
            return False
    return False


def _is_theirs(filename: str) -> bool:
    if filename.startswith("<") or _within(filename, _our_folders()):
        return False
    return _within(filename, _library_folders()) or not _within(filename, _python_folders())


def _within(filename: str, folders: Iterable[str]) -> bool:
    return any(Path(filename).is_relative_to(folder) for folder in folders)


@cache
def _our_folders() -> tuple[str, ...]:
    return tuple(path for one in (venueproof, venueproof_contracts, venueproof_simulators) for path in one.__path__)


@cache
def _library_folders() -> tuple[str, ...]:
    return tuple({sysconfig.get_path(name) for name in ("purelib", "platlib")})


@cache
def _python_folders() -> tuple[str, ...]:
    return tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib")})


def _shown(filename: str) -> str:
    """The shortest of the ways in which the file can be named from a folder that Python knows."""
    path = Path(filename)
    folders = [Path.cwd(), *(Path(entry) for entry in sys.path if entry)]
    names = [path.relative_to(folder).as_posix() for folder in folders if path.is_relative_to(folder)]
    return min(names, key=len, default=path.name)
