"""Clock, budget and outcome-resolving parts, in virtual time."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from venueproof.virtual import run
from venueproof_adapters.kit.backoff import Backoff
from venueproof_adapters.kit.budget import Budget
from venueproof_adapters.kit.clock import SECOND_NS, SystemClock
from venueproof_adapters.kit.clocksync import ClockSync
from venueproof_adapters.kit.resolve import Resolver
from venueproof_adapters.kit.watchdog import Watchdog
from venueproof_adapters.kit.windows import Counting, Window
from venueproof_contracts.errors import Banned, OutcomeUnknown, RateLimited, VenueDown


class HandClock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.wall, self.monotonic = 1_000 * SECOND_NS, 5 * SECOND_NS

    def wall_ns(self) -> int:
        return self.wall

    def monotonic_ns(self) -> int:
        return self.monotonic

    def pass_s(self, seconds: float) -> None:
        self.wall += int(seconds * SECOND_NS)
        self.monotonic += int(seconds * SECOND_NS)


async def synced(clock: HandClock, ahead_s: float, slow_sample: int | None = None) -> ClockSync:
    sync, asked = ClockSync(clock), 0

    async def sample() -> int:
        nonlocal asked
        asked += 1
        told = clock.wall + int(ahead_s * SECOND_NS)
        clock.pass_s(9 if asked == slow_sample else 0)
        return told

    await sync.sync(sample)
    return sync


@pytest.mark.parametrize("slow", [None, 1, 3, 5])
def test_one_slow_answer_does_not_move_the_clock(slow: int | None) -> None:
    clock = HandClock()
    sync = asyncio.run(synced(clock, ahead_s=60, slow_sample=slow))
    assert sync.now_ns() == clock.wall + 60 * SECOND_NS


def test_a_step_of_the_wall_clock_moves_nothing_and_is_noticed() -> None:
    clock = HandClock()
    sync = asyncio.run(synced(clock, ahead_s=0))
    true_ns = clock.wall
    clock.wall += 120 * SECOND_NS
    assert sync.now_ns() == true_ns
    assert sync.due()


def test_a_reading_grows_old() -> None:
    clock = HandClock()
    sync = asyncio.run(synced(clock, ahead_s=0))
    clock.pass_s(1799)
    assert not sync.due()
    clock.pass_s(1)
    assert sync.due()


def test_many_who_find_the_clock_wrong_correct_it_once() -> None:
    clock, asked = HandClock(), 0

    async def sample() -> int:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)
        return clock.wall

    async def main() -> None:
        sync = ClockSync(clock)
        await sync.sync(sample)
        seen = sync.rounds
        await asyncio.gather(*(sync.resync(sample, seen) for _ in range(4)))

    asyncio.run(main())
    assert asked == 10


def test_the_clock_is_not_set_when_most_samples_fail() -> None:
    async def sample() -> int:
        raise VenueDown

    sync = ClockSync(HandClock())
    with pytest.raises(VenueDown):
        asyncio.run(sync.sync(sample))
    assert sync.due()


def budget_of(limit: int, patience_s: float = 120) -> Budget:
    budget = Budget(SystemClock().wall_ns, patience_s=patience_s)
    budget.set_windows([Window("weight", limit, 60, "used")])
    return budget


def test_the_limit_is_not_reached_in_any_window() -> None:
    async def main() -> list[int]:
        budget, sent = budget_of(100), list[int]()
        for _ in range(300):
            await budget.admit({"weight": 1})
            sent.append(SystemClock().wall_ns() // (60 * SECOND_NS))
        return sent

    minutes = run(main())
    assert max(minutes.count(minute) for minute in set(minutes)) == 90


def test_the_venues_count_is_believed_and_urgent_requests_have_a_reserve() -> None:
    async def main() -> tuple[int, int]:
        budget, clock = budget_of(100), SystemClock()
        budget.learn({"used": "95"}, ["weight"])
        began_ns = clock.wall_ns()
        await budget.admit({"weight": 1}, urgent=True)
        urgent_ns = clock.wall_ns() - began_ns
        await budget.admit({"weight": 1})
        return urgent_ns, clock.wall_ns() // (60 * SECOND_NS) - began_ns // (60 * SECOND_NS)

    assert run(main()) == (0, 1)


def test_of_a_long_wait_the_caller_is_told_at_once() -> None:
    async def main() -> float:
        budget, clock = budget_of(100, patience_s=10), SystemClock()
        budget.learn({"used": "95"}, ["weight"])
        began_ns = clock.wall_ns()
        with pytest.raises(RateLimited) as caught:
            await budget.admit({"weight": 1})
        assert clock.wall_ns() == began_ns
        return (caught.value.until_ns - began_ns) / SECOND_NS

    assert 10 < run(main()) < 61


def test_nothing_is_admitted_during_a_ban() -> None:
    async def main() -> None:
        budget, clock = budget_of(100), SystemClock()
        until_ns = clock.wall_ns() + 3600 * SECOND_NS
        budget.ban(until_ns)
        with pytest.raises(Banned) as caught:
            await budget.admit({})
        assert caught.value.until_ns == until_ns
        await asyncio.sleep(3601)
        await budget.admit({"weight": 1})

    run(main())


def test_delays_double_and_stay_bounded() -> None:
    backoff = Backoff(Random(7), base_s=1, cap_s=60)
    delays = [backoff.delay_s(failures) for failures in range(1, 30)]
    assert all(low <= delay <= low * 1.25 for delay, low in zip(delays, [1, 2, 4, 8, 16, 32, *[60] * 23], strict=True))
    assert delays != [backoff.delay_s(failures) for failures in range(1, 30)]


async def settled(found_after_s: float, fails_for_s: float = 0) -> tuple[bool, float]:
    loop, clock = asyncio.get_running_loop(), SystemClock()
    began = loop.time()

    async def look() -> bool | None:
        if loop.time() - began < fails_for_s:
            raise VenueDown
        return True if loop.time() - began >= found_after_s else None

    found = await Resolver(clock, 6).settle(look, clock.monotonic_ns())
    return bool(found), loop.time() - began


def test_an_effect_that_shows_late_is_found() -> None:
    found, took_s = run(settled(found_after_s=3))
    assert found
    assert took_s < 6


def test_no_effect_is_believed_only_after_the_lifetime() -> None:
    found, took_s = run(settled(found_after_s=1000))
    assert not found
    assert took_s >= 6


def test_what_cannot_be_asked_stays_unknown() -> None:
    with pytest.raises(OutcomeUnknown):
        run(settled(found_after_s=0, fails_for_s=1000))


def test_the_watchdog_barks_for_what_was_not_heard() -> None:
    async def main() -> list[str]:
        overdue: list[str] = []
        dog = Watchdog[str](5, overdue.append)
        for key in "abc":
            dog.expect(key)
        await asyncio.sleep(3)
        dog.heard("a")
        dog.expect("b")
        await asyncio.sleep(2.5)
        dog.expect("d")
        dog.clear()
        await asyncio.sleep(10)
        return overdue

    assert sorted(run(main())) == ["b", "c"]


def sent_in(window: Window, requests: int, cost: int = 1) -> list[int]:
    """The venue's time of each admitted request."""

    async def main() -> list[int]:
        clock = SystemClock()
        budget, sent = Budget(clock.wall_ns, share=1, patience_s=1_000), list[int]()
        budget.set_windows([window])
        for _ in range(requests):
            await budget.admit({window.name: cost})
            sent.append(clock.wall_ns())
        return sent

    return run(main())


def test_a_sliding_window_is_kept_at_every_moment() -> None:
    sent = sent_in(Window("orders", 10, 2, counting=Counting.SLIDING), 35)
    assert all(later - earlier > 2 * SECOND_NS for earlier, later in zip(sent, sent[10:], strict=False))
    assert sent[34] - sent[0] < 7 * SECOND_NS


def test_a_bucket_is_emptied_at_once_and_then_as_fast_as_it_fills() -> None:
    sent = sent_in(Window("credits", 20, 4, counting=Counting.REFILLING), 40)
    assert sent[19] == sent[0]
    for number, at_ns in enumerate(sent):
        assert number + 1 <= 20 + (at_ns - sent[0]) * 5 / SECOND_NS
    assert 4 * SECOND_NS <= sent[39] - sent[0] < 6 * SECOND_NS


def test_what_costs_more_than_our_share_is_sent_in_an_untouched_window() -> None:
    assert len(sent_in(Window("credits", 20, 4, counting=Counting.REFILLING), 3, cost=25)) == 3


def test_what_is_left_is_told_of_the_windows_that_a_request_counts_in() -> None:
    async def main() -> tuple[int, int]:
        clock = SystemClock()
        budget = Budget(clock.wall_ns, share=1)
        windows = [Window(name, 10, 2, "left", Counting.SLIDING, tells_left=True) for name in ("orders", "cancels")]
        budget.set_windows(windows)
        budget.learn({"left": "0"}, ["orders"])
        began_ns = clock.wall_ns()
        await budget.admit({"cancels": 1})
        free_ns = clock.wall_ns()
        await budget.admit({"orders": 1})
        return free_ns - began_ns, clock.wall_ns() - free_ns

    cancels_ns, orders_ns = run(main())
    assert cancels_ns == 0
    assert orders_ns >= 2 * SECOND_NS
