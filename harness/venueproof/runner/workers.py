"""Runs cases in processes of their own, which can be killed: an adapter that hangs costs its case and not the run."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from types import TracebackType
from typing import Any

from msgspec import Struct

from venueproof.usage import UsageError
from venueproof.virtual import real_clock

from . import raw_output

END_LIMIT_S = 5.0


class Job(Struct, frozen=True):
    """A function of a module and its argument; both must be importable and picklable in a fresh process.

    A job without an answer after `limit_s` real seconds is given up: its process is killed and another takes over.
    """

    function: Callable[[Any], Any]
    argument: Any
    limit_s: float


class Answer(Struct, frozen=True):
    """What became of a job: its value, or why there is none.

    `usage` marks a user's mistake, `lost` a process that had to be killed or ended by itself, `stopped` the former.
    `signal` is the one that ended a process without our doing, 0 where none did.
    """

    value: Any = None
    problem: str = ""
    usage: bool = False
    lost: bool = False
    stopped: bool = False
    signal: int = 0


class _Worker:
    """One process, one job at a time."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process: SpawnProcess = context.Process(target=_serve, args=(theirs, sys.path), daemon=True)
        with _deaf_to_interrupts():
            self.process.start()
        theirs.close()
        self.index = -1
        self.limit_s = 0.0
        self.deadline = 0.0

    def give(self, index: int, job: Job) -> None:
        """Hand a job over."""
        self.index = index
        self.limit_s = job.limit_s
        self.deadline = real_clock.monotonic() + job.limit_s
        self.connection.send(job)

    def take(self) -> Answer:
        """The answer, which has arrived; a process that died says so."""
        try:
            answer: Answer = self.connection.recv()
        except (EOFError, OSError):
            self.process.join(1)
            return _ended(self.process.exitcode or 0)
        return answer

    def end(self) -> None:
        """Let the process end by itself, which removes its temporary files; by force if it does not."""
        self.connection.close()
        self.process.join(END_LIMIT_S)
        self.process.kill()
        self.process.join()


def _ended(code: int) -> Answer:
    if code >= 0:
        return Answer(problem=f"ended its process with code {code}", lost=True)
    return Answer(problem=f"had its process ended by signal {-code}, twice", lost=True, signal=-code)


@contextlib.contextmanager
def _deaf_to_interrupts() -> Generator[None]:
    """Processes started inside ignore Ctrl-C, which a terminal sends to all: who started them ends them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _serve(connection: Connection, path: list[str]) -> None:
    """A worker's whole life. What adapters print goes nowhere; cases collect it themselves."""
    sys.path[:] = path
    raw_output.begin()
    sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  # for as long as the process lives
    while True:
        try:
            job: Job = connection.recv()
        except (EOFError, OSError):
            return
        _send(connection, _answer(job))


def _send(connection: Connection, answer: Answer) -> None:
    """An answer that cannot cross between processes says so: that is nobody's crash."""
    try:
        connection.send(answer)
    except (OSError, KeyboardInterrupt):
        raise
    except Exception as error:
        connection.send(Answer(problem=f"the answer cannot be sent: {type(error).__name__}: {error}"))


def _answer(job: Job) -> Answer:
    try:
        return Answer(value=job.function(job.argument))
    except UsageError as error:
        return Answer(problem=str(error), usage=True)
    except Exception as error:
        return Answer(problem=f"{type(error).__name__}: {error}")


def _as_it_is(job: Job) -> Job:
    return job


class Pool:
    """Up to `count` processes, started when they are needed and kept until the block ends."""

    def __init__(self, count: int) -> None:
        """Nothing is started yet."""
        self._count = count
        self._workers: list[_Worker] = []

    def __enter__(self) -> Pool:
        """The pool itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End every process; at once when the block was broken off."""
        for worker in self._workers:
            if kind is not None:
                worker.process.kill()
            worker.end()

    def run(self, jobs: Sequence[Job], prepared: Callable[[Job], Job] = _as_it_is) -> Iterator[tuple[int, Answer]]:
        """Run jobs; gives (index, answer) in the order in which they are done.

        Each goes through `prepared` when its turn comes, which is after the answers that were given until then. One
        whose process was ended by a signal that is not ours (a machine without memory sends them) is run once more, in
        a fresh process.
        """
        waiting = deque(enumerate(jobs))
        repeated: set[int] = set()
        while len(self._workers) < min(self._count, len(jobs)):
            self._workers.append(_Worker())
        busy: dict[Connection, _Worker] = {}
        idle = list(self._workers)
        while idle or busy:
            while idle and waiting:
                worker = idle.pop(0)
                index, job = waiting.popleft()
                worker.give(index, prepared(job))
                busy[worker.connection] = worker
            if not busy:
                return
            for worker in _ready(busy):
                answer, index = _collect(worker), worker.index
                del busy[worker.connection]
                idle.append(self._replaced(worker) if answer.lost else worker)
                if answer.signal and index not in repeated:
                    repeated.add(index)
                    waiting.appendleft((index, jobs[index]))
                else:
                    yield index, answer

    def _replaced(self, dead: _Worker) -> _Worker:
        with contextlib.suppress(OSError):
            dead.end()
        fresh = _Worker()
        self._workers[self._workers.index(dead)] = fresh
        return fresh


def _ready(busy: dict[Connection, _Worker]) -> list[_Worker]:
    """Workers with an answer, or past their deadline."""
    until = min(worker.deadline for worker in busy.values())
    arrived = wait(list(busy), timeout=max(0.0, until - real_clock.monotonic()))
    if arrived:
        return [worker for connection, worker in busy.items() if connection in arrived]
    return [worker for worker in busy.values() if worker.deadline <= real_clock.monotonic()]


def _collect(worker: _Worker) -> Answer:
    if worker.connection.poll():
        return worker.take()
    worker.process.kill()
    worker.process.join()
    return Answer(problem=f"did not return for {worker.limit_s:g} s and was killed", lost=True, stopped=True)
