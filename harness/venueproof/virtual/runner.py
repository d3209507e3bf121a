"""Runs one program in virtual time, from a fresh loop to real clocks again."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
from collections.abc import Coroutine, Generator
from typing import Any, TypeVar

from venueproof.virtual.clock import active_loop, virtual_clock
from venueproof.virtual.errors import AlreadyVirtual, RealTimeExceeded
from venueproof.virtual.loop import DEADLINE_S, START_NS, WATCHDOG_S, RealWaits, VirtualLoop
from venueproof.virtual.watchdog import Spinning, Watchdog

T = TypeVar("T")

CLEANUP_VIRTUAL_S = 3600.0
CLEANUP_REAL_S = 10.0
COLLECT_ALL_EVERY = 40
"""Runs: going through all that is alive takes as long as a case, and a run may leave a megabyte behind."""

_RUNS = itertools.count(1)


def run(
    main: Coroutine[Any, Any, T],
    *,
    start_ns: int = START_NS,
    deadline_s: float = DEADLINE_S,
    watchdog_s: float = WATCHDOG_S,
    strict: bool = True,
    waits: RealWaits | None = None,
) -> T:
    """Run `main` to its end in virtual time and return its result.

    The clock starts at wall time `start_ns` (nanoseconds since 1970). The program may use `deadline_s` virtual and
    `watchdog_s` real seconds; with `strict` its connections may not leave the loop. Its tasks are cancelled at the end
    (they have their own hour for that), garbage is collected, and all clocks are real again, whatever happened.

    Raises what `main` raises, or a VirtualTimeError.
    """
    try:
        _refuse_nesting()
        loop = VirtualLoop(start_ns=start_ns, deadline_s=deadline_s, watchdog_s=watchdog_s, strict=strict, waits=waits)
    except BaseException:
        main.close()
        raise
    return run_in(loop, main, watchdog_s)


def run_in(loop: VirtualLoop, main: Coroutine[Any, Any, T], watchdog_s: float = WATCHDOG_S) -> T:
    """Run `main` in a loop that was made before, and close it; what it left open is in ``loop.left_open``."""
    started = False
    try:
        with virtual_clock(loop), _only_own_garbage(), Watchdog(watchdog_s) as watchdog:
            started = True
            loop.begin()
            try:
                return _run(loop, main, watchdog)
            except (Spinning, RealTimeExceeded):
                if not watchdog.caught_at:
                    raise
                raise RealTimeExceeded(
                    f"not finished after {watchdog_s:g} real seconds, and not back in the loop: the program was at "
                    f"{watchdog.caught_at}",
                    stack=watchdog.stack,
                ) from None
    finally:
        loop.close()
        if not started:
            main.close()


def _run(loop: VirtualLoop, main: Coroutine[Any, Any, T], watchdog: Watchdog) -> T:
    runner = asyncio.Runner(loop_factory=lambda: loop)
    try:
        result = runner.run(main)
    except BaseException:
        # What the program did wrong comes first; whatever its tasks do wrong on their way out adds nothing.
        with contextlib.suppress(Exception, Spinning):
            _end(runner, loop, watchdog)
        raise
    _end(runner, loop, watchdog)
    return result


def _end(runner: asyncio.Runner, loop: VirtualLoop, watchdog: Watchdog) -> None:
    loop.begin_cleanup(CLEANUP_VIRTUAL_S, CLEANUP_REAL_S)
    watchdog.extend(CLEANUP_REAL_S)
    runner.close()


@contextlib.contextmanager
def _only_own_garbage() -> Generator[None, None, None]:
    """Collect at the end what was left behind inside, so that no finaliser of one program runs in the next.

    What was there before is put out of the collector's sight, which makes the collection cheap. What the caller still
    held at the end and let go of later is out of its sight too, so now and then everything is collected first.
    """
    frozen_before = gc.get_freeze_count()
    if not frozen_before:
        if next(_RUNS) % COLLECT_ALL_EVERY == 0:
            gc.collect()
        gc.freeze()
    try:
        yield
    finally:
        gc.collect()
        if not frozen_before:
            gc.unfreeze()


def _refuse_nesting() -> None:
    if active_loop() is not None:
        raise AlreadyVirtual("run() was called inside a virtual loop; await the coroutine instead")
    if asyncio._get_running_loop() is not None:
        raise AlreadyVirtual("run() was called inside a running asyncio loop; call it from ordinary code")
