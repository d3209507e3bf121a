"""One clock for everything, and real clocks again afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import importlib
import sys
import textwrap
import threading
import time
import types
from pathlib import Path
from time import monotonic as monotonic_bound_early
from time import time as time_bound_early

import freezegun
import pytest
import time_machine

from venueproof import virtual
from venueproof.virtual import START_NS, real_clock
from venueproof.virtual.errors import AlreadyVirtual, ForeignClock
from venueproof.virtual.loop import VirtualLoop

# ruff: noqa: TID251, ASYNC251
S = 1_000_000_000


def _loop() -> VirtualLoop:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return loop


def _assert_all_real() -> None:
    for name in ("time", "time_ns", "monotonic", "monotonic_ns", "sleep", "perf_counter", "gmtime"):
        assert isinstance(getattr(time, name), types.BuiltinFunctionType), name
    assert isinstance(monotonic_bound_early, types.BuiltinFunctionType)
    assert not time_machine.escape_hatch.is_travelling()
    wall_ns, monotonic_ns = time.time_ns(), time.monotonic_ns()
    time.sleep(0.001)
    assert (time.time_ns() > wall_ns, time.monotonic_ns() - monotonic_ns >= 1_000_000) == (True, True)


def test_every_clock_moves_by_the_same_amount() -> None:
    async def read() -> tuple[float, ...]:
        return (
            time.time() - START_NS / S,
            time_bound_early() - START_NS / S,
            (time.time_ns() - START_NS) / S,
            datetime.datetime.now(datetime.UTC).timestamp() - START_NS / S,
            time.mktime(time.localtime()) - START_NS / S,
            time.monotonic() - 1.0,
            monotonic_bound_early() - 1.0,
            time.monotonic_ns() / S - 1.0,
            asyncio.get_running_loop().time() - 1.0,
        )

    async def main() -> list[tuple[float, ...]]:
        first = await read()
        await asyncio.sleep(172_800)
        return [first, await read()]

    before, after = virtual.run(main())
    assert before == (0.0,) * 9
    assert after == (172_800.0,) * 9
    _assert_all_real()


def test_the_start_is_the_time_asked_for() -> None:
    async def main() -> str:
        return datetime.datetime.now(datetime.UTC).isoformat()

    assert virtual.run(main()) == "2026-11-24T12:05:00+00:00"
    assert virtual.run(main(), start_ns=86_400 * S) == "1970-01-02T00:00:00+00:00"


def test_clocks_are_real_after_an_exception_and_after_a_thousand_runs() -> None:
    async def fail() -> None:
        await asyncio.sleep(5)
        raise KeyError("on purpose")

    async def nothing() -> None:
        await asyncio.sleep(5)

    with pytest.raises(KeyError):
        virtual.run(fail())
    _assert_all_real()
    for _ in range(1000):
        virtual.run(nothing())
    _assert_all_real()


def test_a_step_of_the_wall_leaves_timers_monotonic_and_the_venue_alone() -> None:
    async def main() -> None:
        venue = virtual.VirtualClock(_loop())
        _loop().step_wall(-90 * S)
        assert time.time_ns() == START_NS - 90 * S
        assert datetime.datetime.now(datetime.UTC).timestamp() == START_NS / S - 90
        assert (time.monotonic(), venue.now_ns()) == (1.0, START_NS)
        await asyncio.sleep(60)
        _loop().step_wall(100 * S)
        assert time.time_ns() == START_NS + (60 - 90 + 100) * S
        assert (time.monotonic(), venue.now_ns()) == (61.0, START_NS + 60 * S)

    virtual.run(main())


def test_a_blocking_sleep_moves_the_clock_and_overdue_timers_fire_in_order_afterwards() -> None:
    async def main() -> list[tuple[str, float]]:
        fired: list[tuple[str, float]] = []
        loop = _loop()

        def fire(name: str) -> None:
            fired.append((name, loop.elapsed_s()))

        for delay in (3, 1, 2):
            loop.call_later(delay, fire, f"due at {delay}")
        time.sleep(10)
        fire("slept")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return fired

    assert virtual.run(main()) == [("slept", 10.0), ("due at 1", 10.0), ("due at 2", 10.0), ("due at 3", 10.0)]


def test_a_worker_thread_sleeps_in_virtual_time_while_the_loop_goes_on() -> None:
    async def main() -> tuple[float, int]:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                await asyncio.sleep(60)
                ticks += 1

        ticking = asyncio.create_task(tick())
        await asyncio.gather(*(asyncio.to_thread(time.sleep, seconds) for seconds in (900, 300, 600)))
        ticking.cancel()
        return _loop().elapsed_s(), ticks

    started = real_clock.monotonic()
    elapsed_s, ticks = virtual.run(main())
    assert elapsed_s == 900.0
    assert ticks in (14, 15)  # the last tick and the end of the sleep are due at the same instant
    assert real_clock.monotonic() - started < 5


def test_a_worker_left_asleep_is_waited_for_in_virtual_time_at_the_end() -> None:
    woken_at: list[float] = []

    def nap() -> None:
        time.sleep(900)
        woken_at.append(time.monotonic())

    async def main() -> None:
        asyncio.get_running_loop().run_in_executor(None, nap)

    virtual.run(main())
    assert woken_at == [901.0]


def test_thread_pools_and_queues_keep_real_time() -> None:
    import concurrent.futures
    import queue

    async def main() -> None:
        with pytest.raises(queue.Empty):
            await asyncio.to_thread(queue.Queue[int]().get, timeout=0.01)
        never: concurrent.futures.Future[None] = concurrent.futures.Future()
        with pytest.raises(TimeoutError):
            await asyncio.to_thread(lambda: next(concurrent.futures.as_completed([never], timeout=0.01)))

    virtual.run(main())
    _assert_all_real()


def test_a_module_imported_inside_follows_and_is_real_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "imported_inside.py").write_text(
        textwrap.dedent("""
            from time import monotonic, sleep
            class Kept:
                read = staticmethod(monotonic)
        """)
    )
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])

    async def main() -> types.ModuleType:
        module = importlib.import_module("imported_inside")
        await asyncio.sleep(1000)
        assert (module.monotonic(), module.Kept.read()) == (1001.0, 1001.0)
        return module

    module = virtual.run(main())
    assert (module.monotonic, module.sleep) == (time.monotonic, time.sleep)
    before = real_clock.monotonic()
    assert before <= module.Kept.read() <= real_clock.monotonic()  # out of reach, so it reads the real clock itself

    async def again() -> float:
        await asyncio.sleep(10)
        return float(module.monotonic())

    assert virtual.run(again()) == 11.0


def test_freezegun_is_refused_inside_where_it_is_used() -> None:
    async def main() -> None:
        with (
            pytest.raises(ForeignClock, match="freeze_time cannot be used inside a virtual loop"),
            freezegun.freeze_time(),
        ):
            pass
        await asyncio.sleep(1)

    virtual.run(main())
    _assert_all_real()
    with freezegun.freeze_time("2020-01-01"):
        assert time.time() == 1577836800.0


def test_a_clock_replaced_inside_by_other_means_ends_the_run_without_a_crash() -> None:
    async def main() -> None:
        time.time = lambda: 5.0
        await asyncio.sleep(1)

    with pytest.raises(ForeignClock, match="replaced inside"):
        virtual.run(main())
    _assert_all_real()


async def _nothing() -> None: ...


def test_clocks_that_are_somebody_elses_are_refused_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    with freezegun.freeze_time("2020-01-01"), pytest.raises(ForeignClock, match="freezegun has frozen"):
        virtual.run(_nothing())
    with time_machine.travel(0), pytest.raises(ForeignClock, match="time-machine is travelling"):
        virtual.run(_nothing())
    with monkeypatch.context() as patch:
        patch.setattr(time, "time", lambda: 5.0)
        with pytest.raises(ForeignClock, match=r"time\.time has been replaced"):
            virtual.run(_nothing())
    virtual.run(_nothing())
    _assert_all_real()


def test_nested_use_is_refused() -> None:
    async def main() -> None:
        with pytest.raises(AlreadyVirtual, match="inside a virtual loop"):
            virtual.run(_nothing())
        with contextlib.closing(VirtualLoop()) as other:  # noqa: SIM117
            with pytest.raises(AlreadyVirtual, match="already in force"), virtual.virtual_clock(other):
                pass

    virtual.run(main())

    async def real() -> None:
        with pytest.raises(AlreadyVirtual, match="running asyncio loop"):
            virtual.run(_nothing())

    asyncio.run(real())
    _assert_all_real()


def test_what_a_program_leaves_behind_is_collected_before_its_clock_ends() -> None:
    seen: list[float] = []

    class Leaked:
        def __init__(self) -> None:
            self.cycle = self

        def __del__(self) -> None:
            seen.append(time.monotonic())

    async def main() -> None:
        Leaked()
        await asyncio.sleep(7)

    virtual.run(main())
    assert seen == [8.0]


def test_simulators_get_a_clock_of_either_kind() -> None:
    async def use(clock: virtual.Clock, step_ns: int) -> list[int]:
        start_ns, start_monotonic_ns = clock.now_ns(), clock.monotonic_ns()
        called: list[int] = []
        clock.call_at(start_ns + step_ns, lambda: called.append(clock.now_ns() - start_ns))
        await clock.sleep_ns(step_ns)
        await clock.sleep_until(start_ns + 3 * step_ns)
        await clock.sleep_until(start_ns)
        return [*called, clock.now_ns() - start_ns, clock.monotonic_ns() - start_monotonic_ns]

    async def virtually() -> list[int]:
        return await use(virtual.VirtualClock(_loop()), 123_456_789_123)

    assert virtual.run(virtually()) == [123_456_789_123, 370_370_367_369, 370_370_367_369]
    called, wall_ns, monotonic_ns = asyncio.run(use(virtual.RealClock(), 2_000_000))
    assert 1_000_000 < called < S
    assert 6_000_000 <= wall_ns < S
    assert 5_000_000 <= monotonic_ns < S


def test_a_thread_that_the_loop_does_not_know_can_sleep_in_its_time_too() -> None:
    async def main() -> list[float]:
        seen: list[float] = []

        def work() -> None:
            time.sleep(50)
            seen.append(time.monotonic())

        thread = threading.Thread(target=work)
        thread.start()
        await asyncio.to_thread(real_clock.sleep, 0.1)
        await asyncio.sleep(100)
        await asyncio.to_thread(thread.join)
        return seen

    (woken_at,) = virtual.run(main())
    assert 51.0 <= woken_at <= 101.0  # nothing holds the clock for such a thread once it is awake
