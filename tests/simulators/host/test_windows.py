"""Budgets over time beside slow and obvious models of them."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from venueproof_simulators.host.windows import Bucket, SlidingWindow

steps = st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 5), st.integers(0, 40)), max_size=40)
"""Key, amount, and how much later."""


@given(steps=steps, interval=st.integers(1, 60), limit=st.integers(5, 12))
def test_a_sliding_window_counts_exactly_what_is_younger_than_the_interval(
    steps: list[tuple[str, int, int]], interval: int, limit: int
) -> None:
    window, log, now = SlidingWindow(interval), list[tuple[str, int, int]](), 0
    for key, amount, later in steps:
        now += later
        before = sum(spent for name, spent, at in log if name == key and now - at < interval)
        assert window.count(key, now) == before
        free = window.room_ns(key, amount, limit, now)
        assert (free == now) is (before + amount <= limit)
        assert window.count(key, now) == before
        left = sum(spent for name, spent, at in log if name == key and free - at < interval)
        almost = sum(spent for name, spent, at in log if name == key and free - 1 - at < interval)
        assert left + amount <= limit
        assert free == now or almost + amount > limit
        assert window.spend(key, amount, limit, now) is (before + amount <= limit)
        if before + amount <= limit:
            log.append((key, amount, now))


def test_a_sliding_window_goes_over_its_limit_where_everything_is_counted() -> None:
    window = SlidingWindow(10)
    assert [window.add("a", 3, 0), window.add("a", 4, 9), window.add("a", 1, 10)] == [3, 7, 5]
    assert [window.count("a", 18), window.count("a", 19), window.count("a", 20)] == [5, 1, 0]
    with pytest.raises(ValueError, match="6 never fits into 5"):
        window.room_ns("a", 6, 5, 20)


@given(
    steps=steps,
    capacity=st.integers(5, 12),
    refill=st.integers(1, 7),
    per=st.integers(1, 50),
    forced=st.booleans(),
)
def test_a_bucket_holds_exactly_what_was_refilled_and_not_spent(
    steps: list[tuple[str, int, int]], capacity: int, refill: int, per: int, forced: bool
) -> None:
    bucket, held, now = Bucket(capacity, refill, per), dict.fromkeys("ab", Fraction(capacity)), 0
    for key, cost, later in steps:
        now += later
        held = {name: min(Fraction(capacity), has + Fraction(later * refill, per)) for name, has in held.items()}
        assert bucket.left(key, now) == held[key] // 1
        wait = bucket.wait_ns(key, cost, now)
        assert held[key] + Fraction(wait * refill, per) >= cost
        assert wait == 0 or held[key] + Fraction((wait - 1) * refill, per) < cost
        if forced:
            bucket.take(key, cost, now)
        else:
            assert bucket.spend(key, cost, now) is (wait == 0)
        held[key] -= cost if forced or wait == 0 else 0


def test_what_is_given_back_fills_a_bucket_no_more_than_full() -> None:
    bucket = Bucket(10, 1, 10)
    assert bucket.spend("a", 4, 0)
    bucket.take("a", -7, 5)
    assert bucket.left("a", 5) == 10
    with pytest.raises(ValueError, match="a cost of 11"):
        bucket.wait_ns("a", 11, 5)


@given(times=st.lists(st.integers(0, 30), min_size=1, max_size=12))
def test_a_clock_that_goes_back_gives_nothing_twice(times: list[int]) -> None:
    """Whatever the order of times, no more is had than a full bucket and the refill of all that time."""
    bucket, window = Bucket(3, 1, 10), SlidingWindow(10)
    had = sum(bucket.spend("a", 1, now) for now in times)
    assert had <= 3 + max(times) // 10
    for now in times:
        window.add("a", 1, now)
    assert window.count("a", max(times) + 10) == 0


def test_a_swept_window_holds_nothing_of_keys_that_count_no_more() -> None:
    window = SlidingWindow(10)
    window.add("early", 1, 0)
    window.add("late", 2, 5)
    window.sweep(10)
    assert (window.count("early", 10), window.count("late", 10)) == (0, 2)
    assert list(window._entries) == ["late"]
