"""Reasons for the clock to stand still: executor jobs, and sections that a program marked itself.

A job in a worker thread does real work that no selector can see. Its token is held from the submission until the
thread has ended and its result has reached the loop, also when the caller was cancelled meanwhile. A worker that
sleeps gives its token back for as long as it sleeps: then it waits for virtual time, not the other way round.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, ParamSpec, TypeVar, TypeVarTuple

P = ParamSpec("P")
R = TypeVar("R")
Ts = TypeVarTuple("Ts")


class Hold:
    """One reason, named for the person who has to find out why the clock does not move."""

    __slots__ = ("reason",)

    def __init__(self, reason: str) -> None:
        """`reason` finishes the sentence "the clock is held by …"."""
        self.reason = reason


class Holds:
    """The reasons in force; every method may be called from any thread (each is one atomic dict operation)."""

    def __init__(self) -> None:
        """Start with none."""
        self._tokens: dict[Hold, None] = {}

    def __bool__(self) -> bool:
        return bool(self._tokens)

    def add(self, token: Hold) -> None:
        """Put a reason in force."""
        self._tokens[token] = None

    def discard(self, token: Hold) -> None:
        """Take a reason out of force; harmless if it is not."""
        self._tokens.pop(token, None)

    def __str__(self) -> str:
        return ", ".join(token.reason for token in list(self._tokens))


class SubmitSpy(Executor):
    """Hands one job on to `target` and keeps the future of the thread itself, which a cancelled caller cannot end."""

    future: Future[Any]

    def __init__(self, target: Executor) -> None:
        """Submit to `target`."""
        self._target = target

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Submit and remember."""
        future = self._target.submit(fn, *args, **kwargs)
        self.future = future
        return future


class _Here(threading.local):
    job: Hold | None = None


_here = _Here()


def current_job() -> Hold | None:
    """The token of the executor job that runs in this thread."""
    return _here.job


def as_job(token: Hold, function: Callable[[*Ts], R]) -> Callable[[*Ts], R]:
    """`function`, knowing its token while it runs in a worker thread."""

    @functools.wraps(function, assigned=())
    def run(*args: *Ts) -> R:
        _here.job = token
        try:
            return function(*args)
        finally:
            _here.job = None

    return run
