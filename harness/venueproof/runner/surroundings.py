"""What the runner sees of an adapter besides its answers: what it logs, where it reaches, what it leaves behind."""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import sys
import threading
import warnings
from collections.abc import Callable, Coroutine, Generator
from typing import Any, TextIO, cast

from venueproof.usage import one_line
from venueproof_contracts.adapter import Adapter, AdapterFactory
from venueproof_contracts.model import Credentials, Endpoint

from . import raw_output
from .guard import IN_ADAPTER, Guard
from .witness import AdapterFault, Calls, described, made_by, watched

TEXT_CHARS_MAX = 4_000_000
LOOP_THREADS = ("asyncio_", "virtual-loop", "venueproof")


class Tap:
    """Collects log records, warnings and printed text of one case; text beyond the maximum is left out."""

    def __init__(self) -> None:
        """Nothing is collected yet."""
        self._text = io.StringIO()
        self._format = logging.Formatter().format

    def take(self, record: logging.LogRecord) -> None:
        """Take in one log record; one whose arguments do not fit its text as it is."""
        try:
            self.write(self._format(record) + "\n")
        except Exception:
            self.write(f"{record.msg!r} {record.args!r}\n")

    def write(self, text: str) -> None:
        """Take in printed text."""
        if self._text.tell() < TEXT_CHARS_MAX:
            self._text.write(text)

    def text(self) -> str:
        """Everything so far."""
        return self._text.getvalue() + raw_output.text(TEXT_CHARS_MAX)


class _Tee(io.TextIOBase):
    """Printed text goes on to where it was going."""

    def __init__(self, tap: Tap, onward: TextIO) -> None:
        self._tap = tap
        self._onward = onward

    def write(self, text: str, /) -> int:
        self._tap.write(text)
        return self._onward.write(text)

    def flush(self) -> None:
        self._onward.flush()


@contextlib.contextmanager
def tapped() -> Generator[Tap]:
    """Collect what is logged, warned and printed inside the block."""
    tap = Tap()
    raw_output.forget()
    with (
        _records_told_to(tap),
        warnings.catch_warnings(),
        contextlib.redirect_stdout(_Tee(tap, sys.stdout)),
        contextlib.redirect_stderr(_Tee(tap, sys.stderr)),
    ):
        warnings.simplefilter("always")
        warnings.showwarning = _shown_to(tap)
        yield tap


@contextlib.contextmanager
def _records_told_to(tap: Tap) -> Generator[None]:
    """Take in every record where it is made: a logger that keeps its records to itself has handlers of its own."""
    root, factory, unheard = logging.getLogger(), logging.getLogRecordFactory(), logging.NullHandler()
    level, listeners = root.level, list(root.handlers)

    def was_wanted(record: logging.LogRecord) -> bool:
        """Others who listen hear no more than they would without us."""
        return record.levelno >= _level_below_root(record.name, level)

    def make(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record: logging.LogRecord = factory(*args, **kwargs)
        tap.take(record)
        return record

    logging.setLogRecordFactory(make)
    root.addHandler(unheard)
    root.setLevel(logging.DEBUG)
    for handler in listeners:
        handler.addFilter(was_wanted)
    try:
        yield
    finally:
        for handler in listeners:
            handler.removeFilter(was_wanted)
        root.setLevel(level)
        root.removeHandler(unheard)
        logging.setLogRecordFactory(factory)


def _level_below_root(name: str, level: int) -> int:
    """The level that holds for a logger when the root's is `level`."""
    logger = logging.getLogger(name)
    while logger.parent is not None:
        if logger.level:
            return logger.level
        logger = logger.parent
    return level


def _shown_to(tap: Tap) -> Callable[..., None]:
    def show(message: Warning | str, category: type[Warning], filename: str, lineno: int, *_: object) -> None:
        tap.write(warnings.formatwarning(message, category, filename, lineno))

    return show


class CaseSurroundings:
    """What a case can ask about its adapters; also makes them, and closes all of them."""

    def __init__(
        self,
        *,
        factory: AdapterFactory,
        endpoint: Endpoint,
        credentials: Credentials,
        guard: Guard,
        tap: Tap,
        now_ns: Callable[[], int],
    ) -> None:
        """Watch the running loop's tasks from now on."""
        self._factory = factory
        self._endpoint = endpoint
        self.credentials = credentials
        self._guard = guard
        self._tap = tap
        self._made: list[Adapter] = []
        self._secrets: dict[str, None] = {}
        self._tasks: list[asyncio.Task[Any]] = []
        self._threads_before = {thread.ident for thread in threading.enumerate()}
        self.calls = Calls(now_ns)
        asyncio.get_running_loop().set_task_factory(cast("Any", self._new_task))

    def log_text(self) -> str:
        """Everything logged, warned or printed so far."""
        return self._tap.text()

    def egress(self) -> list[str]:
        """Addresses outside this run that were tried."""
        return list(self._guard.attempts)

    def leftovers(self) -> list[str]:
        """Tasks, threads and sockets of the adapters that are still alive."""
        tasks = [f"task {_coroutine_name(task)}" for task in self._tasks if not task.done()]
        return tasks + self._threads() + self._guard.open_sockets()

    def _threads(self) -> list[str]:
        """Threads that came up during the case; the loop keeps those of its own executor."""
        new = (thread for thread in threading.enumerate() if not self._is_of_others(thread))
        return [f"thread {thread.name}" for thread in new if not thread.name.startswith(LOOP_THREADS)]

    def _is_of_others(self, thread: threading.Thread) -> bool:
        return thread.ident in self._threads_before or self._guard.is_stranger(thread)

    def make_adapter(self, credentials: Credentials | None = None) -> Adapter:
        """Another adapter of the same factory. Raises AdapterFault when its constructor fails."""
        given = dict(self.credentials if credentials is None else credentials)
        self._secrets.update(dict.fromkeys(given.values()))
        try:
            made = made_by(self._factory, self._endpoint, given)
        except (Exception, SystemExit) as error:
            raise AdapterFault(f"the factory raised {described(error)}") from error
        adapter = watched(made, self.calls)
        self._made.append(adapter)
        return adapter

    def secrets(self) -> list[str]:
        """Every value of the credentials that adapters were made with."""
        return list(self._secrets)

    async def close(self) -> list[str]:
        """Close every adapter that was made; what went wrong, in words."""
        problems: list[str] = []
        for adapter in reversed(self._made):
            try:
                await adapter.close()
            except Exception as error:
                problems.append(f"close() at the end: {one_line(str(error))}")
        return problems

    def _new_task(
        self, loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any], **options: Any
    ) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.Task(coroutine, loop=loop, **options)
        if IN_ADAPTER.get():
            self._tasks.append(task)
        return task


def _coroutine_name(task: asyncio.Task[Any]) -> str:
    return str(getattr(task.get_coro(), "__qualname__", task.get_name()))
