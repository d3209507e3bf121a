"""Timers fire at their time, exactly, and in order."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from venueproof import virtual
from venueproof.virtual import START_NS
from venueproof.virtual.loop import FIRST_TIME_S, NS_PER_S, VirtualLoop

WEEK_S = 7 * 86_400

delays_s = st.one_of(
    st.floats(min_value=0, max_value=WEEK_S - 1),
    st.integers(min_value=0, max_value=5).map(float),
    st.floats(min_value=0, max_value=1e-6),
)


@settings(max_examples=200)
@given(delays_s=st.lists(delays_s, max_size=30), cancelled=st.sets(st.integers(min_value=0, max_value=29)))
def test_any_set_of_timers_fires_in_order_at_the_exact_times(delays_s: list[float], cancelled: set[int]) -> None:
    async def main() -> list[tuple[float, float]]:
        loop = asyncio.get_running_loop()
        fired: list[tuple[float, float]] = []

        def fire(when: float) -> None:
            fired.append((when, loop.time()))

        due = [FIRST_TIME_S + delay_s for delay_s in delays_s]
        timers = [loop.call_at(when, fire, when) for when in due]
        for index in cancelled:
            if index < len(timers):
                timers[index].cancel()
        await asyncio.sleep(WEEK_S - 1)
        await asyncio.sleep(0)
        return fired

    fired = virtual.run(main())
    kept = [FIRST_TIME_S + delay_s for index, delay_s in enumerate(delays_s) if index not in cancelled]
    assert [when for when, _ in fired] == sorted(kept)
    assert all(0 <= when - now < 1e-9 or when == now for when, now in fired)


@settings(max_examples=100)
@given(offsets_ns=st.lists(st.integers(min_value=1, max_value=WEEK_S * NS_PER_S), min_size=1, max_size=10))
def test_a_venue_wakes_at_the_nanosecond_it_asked_for(offsets_ns: list[int]) -> None:
    async def main() -> list[int]:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        clock = virtual.VirtualClock(loop)
        seen: list[int] = []
        for offset_ns in sorted(offsets_ns):
            await clock.sleep_until(START_NS + offset_ns)
            seen.append(clock.now_ns() - START_NS)
        return seen

    assert virtual.run(main(), deadline_s=WEEK_S + 1) == sorted(offsets_ns)
