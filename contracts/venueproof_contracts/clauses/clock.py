"""The clock: the venue's time, not the machine's, stands in requests."""

from __future__ import annotations

from decimal import Decimal

from venueproof_contracts.actions import DelayMessage, Matcher, Operation, SkewVenueClock, StepAdapterClock
from venueproof_contracts.bench import HOURS, TRUTH, Refused, WireKind
from venueproof_contracts.capabilities import Capability
from venueproof_contracts.case import Case
from venueproof_contracts.clause import clause
from venueproof_contracts.clauses._common import NS
from venueproof_contracts.wording import words

SKEW_MS = 60_000
"""Further off than any venue's window for a request's time."""
DRIFT_STEPS = 15
DRIFT_STEP_S = 600
DRIFT_STEP_MS = 700
"""Two seconds in half an hour, and ten in all: more than the usual window of five, which no half hour uses up."""
REFUSED_FROM = 400
OUTLIER_S = Decimal(9)
"""Taken for the way there or back, it puts the clock beyond the usual window of five seconds."""


@clause(
    "TIM-010",
    "a skewed clock is corrected",
    why="A machine whose clock is off, or is stepped by its time service, loses every order until somebody notices.",
    capabilities={Capability.PLACE},
    powers=(TRUTH, SkewVenueClock, StepAdapterClock),
    no_start=True,
)
async def clock_skew(case: Case) -> None:
    """Orders are placed although the machine's clock and the venue's differ by a minute, and although the machine's
    clock is stepped while the adapter runs."""
    await case.bench.do(SkewVenueClock(SKEW_MS))
    await case.adapter.start()
    await case.rest()
    for step_ms in (-2 * SKEW_MS, 4 * SKEW_MS):
        await case.bench.do(StepAdapterClock(step_ms))
        await case.bench.sleep(1)
        await case.rest()


@clause(
    "TIM-020",
    "one slow answer does not spoil the clock",
    why="A clock set by one slow answer is seconds off, and the venue refuses orders exactly while it is slow.",
    capabilities={Capability.PLACE, Capability.SERVER_TIME},
    powers=(TRUTH, DelayMessage, SkewVenueClock),
    no_start=True,
)
async def one_slow_sample(case: Case) -> None:
    """After one late answer among the samples of the venue's time, the next order is accepted at the first attempt."""
    await case.bench.do(DelayMessage(Matcher(operation=Operation.SERVER_TIME), OUTLIER_S))
    await case.adapter.start()
    await case.rest()
    mark = len(case.bench.wire())
    # Clocks drift: one second is well inside any window for a clock that was right.
    await case.bench.do(SkewVenueClock(1000))
    await case.rest()
    attempts = _attempts(case, mark)
    case.check(attempts == 1, f"the order took {attempts} attempts")


def _attempts(case: Case, mark: int) -> int:
    """Placements that were sent since the journal was `mark` rows long."""
    sent = [row.kind for row in case.bench.wire()[mark:] if row.operation is Operation.PLACE]
    return sum(kind in (WireKind.REQUEST, WireKind.FRAME_IN) for kind in sent)


@clause(
    "TIM-030",
    "server_time() is the venue's clock",
    why="Bars, expiries and funding are timed by it; a local clock passed off as the venue's trades at the wrong time.",
    capabilities={Capability.SERVER_TIME},
    powers=(SkewVenueClock,),
    no_start=True,
)
async def server_time(case: Case) -> None:
    """`server_time()` is within a second of the venue's clock, also where that differs from the machine's."""
    await case.adapter.start()
    await case.bench.do(SkewVenueClock(SKEW_MS))
    seen_ns = await case.adapter.server_time()
    off_ms = (seen_ns - case.bench.now_ns()) // 1_000_000 - SKEW_MS
    case.check(abs(off_ms) < NS // 1_000_000, f"off by {off_ms} ms from the venue's clock")


@clause(
    "TIM-040",
    "the clock is read again before it is off",
    why="Clocks drift: one that is read at the start alone is refused some day, in the middle of an order.",
    capabilities={Capability.PLACE},
    powers=(TRUTH, SkewVenueClock, HOURS),
)
async def drifting_clock(case: Case) -> None:
    """While the clocks drift apart by seconds an hour no request is ever refused, and an order is accepted."""
    mark = len(case.bench.wire())
    for step in range(1, DRIFT_STEPS + 1):
        await case.bench.do(SkewVenueClock(step * DRIFT_STEP_MS))
        await case.bench.sleep(DRIFT_STEP_S)
    await case.rest()
    replies = [row for row in case.bench.wire()[mark:] if row.kind is WireKind.REPLY]
    refused = [row for row in replies if row.status >= REFUSED_FROM or row.refused is Refused.CLOCK]
    case.check(not refused, f"{len(refused)} requests were refused, the first with {refused and refused[0].text}")


@clause(
    "TIM-050",
    "an order that came too late is stamped again",
    why="Refused for its age alone the order was good: reported as lost, it is missing when the market moves.",
    capabilities={Capability.PLACE},
    kind="clock.late",
)
async def late_order(case: Case) -> None:
    """An order that the venue refuses at the last moment because its time is over is sent again with a fresh time, and
    is placed once."""
    await case.provoke()
    order = await case.rest()
    orders = await case.true_orders()
    case.check(len(orders) == 1, f"{words(order)} is {len(orders)} orders at the venue")
