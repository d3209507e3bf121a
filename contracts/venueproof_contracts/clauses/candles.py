"""Candles: in order, each once, and the one that still moves marked."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from venueproof_contracts.capabilities import Capability
from venueproof_contracts.case import Case
from venueproof_contracts.clause import clause
from venueproof_contracts.clauses._common import NS
from venueproof_contracts.errors import AdapterError
from venueproof_contracts.model import Candle

INTERVALS: dict[str, int] = {"1m": 60 * NS, "1h": 3600 * NS}
COUNT = 6
UNKNOWN_INTERVALS = ("7m", "0m", "day")


@clause(
    "CAN-010",
    "candles ascend, each open time once",
    why="Read newest first, an average runs backwards and every signal is inverted.",
    capabilities={Capability.CANDLES},
    powers=(),
    kind="list.order",
)
async def candle_order(case: Case) -> None:
    """Candles come oldest first, each open time once, aligned to the interval and without a hole, whatever the order
    in which the venue lists them."""
    await case.provoke()
    for interval, length_ns in INTERVALS.items():
        since_ns = (case.bench.now_ns() // length_ns - COUNT) * length_ns
        for since in (None, since_ns):
            candles = await case.adapter.candles(case.symbol, interval, since, COUNT)
            _check_steps(case, candles, length_ns)
        case.check(candles[0].open_ns == since_ns, f"asked from {since_ns}, answered from {candles[0].open_ns}")


def _check_steps(case: Case, candles: Sequence[Candle], length_ns: int) -> None:
    opens = [candle.open_ns for candle in candles]
    case.check(len(opens) > 1, f"{len(opens)} candles")
    case.check(opens[0] % length_ns == 0, f"the first candle opens at {opens[0]}, off the interval")
    steps = {later - earlier for earlier, later in pairwise(opens)}
    case.check(steps == {length_ns}, f"open times differ by {sorted(steps)} ns, the interval is {length_ns} ns")


@clause(
    "CAN-020",
    "the running candle is marked",
    why="A signal computed on a candle that still moves is traded, and is gone when the candle closes.",
    capabilities={Capability.CANDLES},
    powers=(),
)
async def running_candle(case: Case) -> None:
    """A candle whose interval has not passed is absent or has `closed` false; all before it have `closed` true."""
    await case.bench.sleep(20)
    now_ns = case.bench.now_ns()
    candles = await case.adapter.candles(case.symbol, "1m", None, COUNT)
    case.check(len(candles) > 1, f"{len(candles)} candles")
    for candle in candles:
        over = candle.open_ns + INTERVALS["1m"] <= now_ns
        case.check(candle.closed == over, f"closed={candle.closed} {(now_ns - candle.open_ns) // NS} s after it opened")


@clause(
    "CAN-030",
    "an unknown interval is an error",
    why="An interval quietly replaced by another feeds a strategy bars of the wrong length.",
    capabilities={Capability.CANDLES},
    powers=(),
)
async def unknown_interval(case: Case) -> None:
    """Candles of an interval that the venue does not have raise an error, and the adapter goes on."""
    for interval in UNKNOWN_INTERVALS:
        await case.expect(AdapterError, case.adapter.candles(case.symbol, interval, None, COUNT))
    case.check(bool(await case.adapter.candles(case.symbol, "1m", None, COUNT)), "no candles after that")
