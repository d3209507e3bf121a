"""One clock for the whole process while a virtual loop runs.

- ``time.time``, ``time_ns``, ``gmtime``, ``localtime``, ``strftime`` and all of ``datetime`` follow the loop's wall
  clock through time-machine, which patches them in C: bindings made earlier (``from time import time``) follow too.
- ``time.monotonic``, ``monotonic_ns`` and ``sleep`` are replaced by functions of this module, in the ``time`` module
  and in every imported module that holds one of them by name. A module imported later binds the replacement, which
  reads the real clock again once no loop is active. Default arguments and class attributes are not followed.
- ``time.perf_counter`` stays real. So do thread pools, queues, subprocesses and test runners (`REAL_ROOTS`): they
  measure real waits, and would never end on a clock that stands.

``sleep`` on the loop's thread moves the clock; in another thread it blocks until the loop has got that far.
"""

from __future__ import annotations

import contextlib
import datetime
import functools
import sys
import threading
import time
import types
from collections.abc import Callable, Generator
from typing import Any, NamedTuple

import time_machine

from venueproof.virtual import real_clock
from venueproof.virtual.errors import AlreadyVirtual, ForeignClock, InternalsChanged
from venueproof.virtual.loop import NS_PER_S, VirtualLoop

REAL_ROOTS = frozenset(
    {"_pytest", "faulthandler", "hypothesis", "pluggy", "pytest", "rich", "tqdm"}
    | {"allure", "allure_commons", "allure_pytest", "coverage", "execnet", "freezegun", "pytest_timeout", "xdist"}
    | {"concurrent", "multiprocessing", "queue", "selectors", "signal", "socketserver", "subprocess", "threading"}
)
REAL_MODULES = frozenset({real_clock.__name__, __name__})

_WALL_NAMES = ("time", "time_ns", "gmtime", "localtime", "strftime")


class _Active(NamedTuple):
    loop: VirtualLoop
    thread_id: int


class _State:
    active: _Active | None = None


_state = _State()


def active_loop() -> VirtualLoop | None:
    """The loop that the process's clocks follow now."""
    active = _state.active
    return None if active is None else active.loop


def _monotonic() -> float:
    active = _state.active
    return real_clock.monotonic() if active is None else active.loop.time()


def _monotonic_ns() -> int:
    active = _state.active
    return real_clock.monotonic_ns() if active is None else round(active.loop.time() * NS_PER_S)


def _sleep(seconds: float, /) -> None:
    active = _state.active
    if active is None:
        real_clock.sleep(seconds)
    elif seconds < 0:
        raise ValueError("sleep length must be non-negative")
    elif threading.get_ident() == active.thread_id:
        active.loop.advance(seconds)
    else:
        active.loop.park(seconds)


class _Binding(NamedTuple):
    """One name in one module, and what it means in real and in virtual time."""

    names: dict[str, Any]
    name: str
    real: object
    virtual: object


class _Sweep:
    """Every place in the imported modules that holds a clock by name; modules are looked through once."""

    def __init__(self) -> None:
        pairs: list[tuple[object, object]] = [
            (real_clock.monotonic, _monotonic),
            (real_clock.monotonic_ns, _monotonic_ns),
            (real_clock.sleep, _sleep),
        ]
        self._virtual_of = {id(real): (real, virtual) for real, virtual in pairs}
        self._real_of = {id(virtual): (real, virtual) for real, virtual in pairs}
        self._seen: set[str] = set()
        self._bindings: list[_Binding] = []

    def enter(self) -> None:
        """Bind the virtual clocks."""
        self._look_through_new_modules()
        for names, name, real, virtual in self._bindings:
            if names.get(name) is real:
                names[name] = virtual

    def leave(self) -> None:
        """Bind the real clocks again, also in modules imported since."""
        self._look_through_new_modules()
        for names, name, real, virtual in self._bindings:
            if names.get(name) is virtual:
                names[name] = real

    def _look_through_new_modules(self) -> None:
        for module_name in sys.modules.keys() - self._seen:
            self._seen.add(module_name)
            module = sys.modules.get(module_name)
            # By type, not isinstance: there are objects in sys.modules that only claim to be modules.
            if issubclass(type(module), types.ModuleType) and module_name not in REAL_MODULES:
                # Not module.__dict__: on a module that loads itself lazily that would load it.
                self._look_through(module_name, object.__getattribute__(module, "__dict__"))

    def _look_through(self, module_name: str, names: dict[str, Any]) -> None:
        if module_name.partition(".")[0] in REAL_ROOTS:
            self._keep_real(names)
            return
        for name, value in list(names.items()):
            pair = self._virtual_of.get(id(value)) or self._real_of.get(id(value))
            if pair is not None:
                self._bindings.append(_Binding(names, name, *pair))

    def _keep_real(self, names: dict[str, Any]) -> None:
        for name, value in list(names.items()):
            if value is time:
                self._bindings.append(_Binding(names, name, time, real_clock.REAL_TIME_MODULE))
            elif id(value) in self._real_of:  # imported while a virtual clock was in force
                names[name] = self._real_of[id(value)][0]


_sweep = _Sweep()


@contextlib.contextmanager
def virtual_clock(loop: VirtualLoop) -> Generator[None, None, None]:
    """Let every clock of the process follow `loop` inside the block; afterwards all are real again.

    Raises AlreadyVirtual inside another such block, ForeignClock if the clocks are somebody else's, InternalsChanged
    if time-machine cannot be bound.
    """
    _refuse_foreign_clocks()
    _check_time_machine()
    wall_functions = {name: getattr(time, name) for name in _WALL_NAMES}
    traveller = _bound_to(loop.wall_ns)
    try:
        with _freezegun_refused():
            loop.on_turn = functools.partial(_check_own_clocks, wall_functions["time"])
            _state.active = _Active(loop, threading.get_ident())
            _sweep.enter()
            yield
    finally:
        _sweep.leave()
        _state.active = None
        loop.on_turn = None
        # Should a foreign clock have got in: with a Python function in their place, time-machine crashes the process.
        time.__dict__.update(wall_functions)
        traveller.stop()


def _bound_to(wall_ns: Callable[[], int]) -> time_machine.travel:
    """Start time-machine and let it ask `wall_ns` for the time, so that moving the clock costs nothing."""
    travel = time_machine.travel(wall_ns() / NS_PER_S, tick=False)
    travel.start().time_ns = wall_ns  # type: ignore[method-assign]
    return travel


@functools.cache
def _check_time_machine() -> None:
    shown_ns = [0]
    travel = _bound_to(lambda: shown_ns[0])
    shown_ns[0] = 86_400 * NS_PER_S + 1
    try:
        found = (time.time_ns(), datetime.datetime.now(datetime.UTC).isoformat())  # noqa: TID251
    finally:
        travel.stop()
    if found != (shown_ns[0], "1970-01-02T00:00:00+00:00"):
        raise InternalsChanged(f"time-machine no longer asks its traveller for the time: it shows {found}")


# ---- other people's clocks


def _refuse_foreign_clocks() -> None:
    if _state.active is not None:
        raise AlreadyVirtual("a virtual clock is already in force in this process; run one program after the other")
    if datetime.datetime.__name__ == "FakeDatetime":
        raise ForeignClock("freezegun has frozen the clock; leave freeze_time before virtual time begins")
    if not isinstance(real_clock.monotonic, types.BuiltinFunctionType):
        raise ForeignClock("venueproof.virtual was first imported while the clock was frozen; import it before")
    for name in _WALL_NAMES:
        # time-machine reads the C function behind this name, and crashes the process if there is none.
        if not isinstance(getattr(time, name), types.BuiltinFunctionType):
            raise ForeignClock(f"time.{name} has been replaced by {getattr(time, name)!r}; undo that first")
    if time_machine.escape_hatch.is_travelling():
        raise ForeignClock("time-machine is travelling; leave its block before virtual time begins")


def _check_own_clocks(own: object) -> None:
    """Cheap enough for every turn of the loop."""
    if time.time is not own:  # noqa: TID251
        raise ForeignClock("time.time was replaced inside a virtual loop; freezegun cannot be used there")


@contextlib.contextmanager
def _freezegun_refused() -> Generator[None, None, None]:
    """Make ``freeze_time`` raise at once, where it is used, if freezegun is imported."""
    freezer: Any = getattr(sys.modules.get("freezegun.api"), "_freeze_time", None)
    if freezer is None:
        yield
        return
    start = freezer.start
    freezer.start = _refuse_to_freeze
    try:
        yield
    finally:
        freezer.start = start


def _refuse_to_freeze(*_: object) -> Any:
    raise ForeignClock(
        "freeze_time cannot be used inside a virtual loop, whose clock everything follows already; "
        "wait with asyncio.sleep, or step the wall clock with loop.step_wall(delta_ns)"
    )
