"""Candles: in order, each once, the one that still moves marked, and every figure the venue's."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

from venueproof_contracts.actions import PrintTrade
from venueproof_contracts.capabilities import Capability
from venueproof_contracts.case import Case
from venueproof_contracts.clause import clause
from venueproof_contracts.clauses._common import NS
from venueproof_contracts.errors import AdapterError
from venueproof_contracts.model import Candle, Channel, Side
from venueproof_contracts.wording import words

INTERVALS: dict[str, int] = {"1m": 60 * NS, "1h": 3600 * NS}
COUNT = 6
UNKNOWN_INTERVALS = ("7m", "0m", "day")
"""The first does not go into a day, so nobody can say where it begins."""
UNUSUAL_MINUTES = (2, 10, 45)
"""Each lacking on most venues, and a part of a day, so that it can be made of minutes."""


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
    """Candles of an interval that there can be none of raise an error, and the adapter goes on."""
    for interval in UNKNOWN_INTERVALS:
        await case.expect(AdapterError, case.adapter.candles(case.symbol, interval, None, COUNT))
    case.check(bool(await case.adapter.candles(case.symbol, "1m", None, COUNT)), "no candles after that")


@clause(
    "CAN-040",
    "volume counts contracts, and prices are the traded ones",
    why="Volume in coins or money taken for contracts is wrong by the price of the coin.",
    capabilities={Capability.CANDLES},
    powers=(PrintTrade,),
)
async def candle_figures(case: Case) -> None:
    """What is traded within a candle is in its volume, counted in contracts, and its high, low and close are the traded
    prices."""
    await _into_a_minute(case, 5)
    before = await _running(case)
    for percent, times in ((1, 1), (-1, 3), ("0.5", 2)):
        await case.bench.do(PrintTrade(case.symbol, case.price_at(percent), case.amount(times), Side.BUY))
        await case.bench.sleep(1)
    after = await _running(case)
    traded = after.volume - before.volume
    case.check(traded == case.amount(6), f"traded were {case.amount(6)} contracts, the volume grew by {traded}")
    expected = max(before.high, case.price_at(1)), min(before.low, case.price_at(-1)), case.price_at("0.5")
    case.check((after.high, after.low, after.close) == expected, f"high, low and close of {words(after)}")


async def _into_a_minute(case: Case, seconds: int) -> None:
    """Wait until a minute is so old, so that what follows is all within one."""
    left_ns = -case.bench.now_ns() % INTERVALS["1m"]
    await case.bench.sleep(left_ns / NS + seconds)


async def _running(case: Case) -> Candle:
    return (await case.adapter.candles(case.symbol, "1m", None, 2))[-1]


@clause(
    "CAN-050",
    "a made-up interval is made of whole groups",
    why="Ten minutes that begin where the list happens to begin are another chart at every call.",
    capabilities={Capability.CANDLES},
    powers=(PrintTrade,),
)
async def made_up_intervals(case: Case) -> None:
    """Candles of any interval that the adapter serves, also of one that the venue lacks, begin on that interval and are
    what the minutes in them add up to; one is closed only when all its minutes are over."""
    await case.bench.do(PrintTrade(case.symbol, case.price_at(1), case.amount(), Side.BUY))
    for minutes in UNUSUAL_MINUTES:
        try:
            candles = await case.adapter.candles(case.symbol, f"{minutes}m", None, COUNT)
        except AdapterError:
            continue
        _check_steps(case, candles, minutes * INTERVALS["1m"])
        since_ns, limit = candles[0].open_ns, minutes * COUNT
        parts = await case.adapter.candles(case.symbol, "1m", since_ns, limit)
        for candle in candles:
            _check_group(case, candle, minutes, parts)


def _check_group(case: Case, candle: Candle, minutes: int, parts: Sequence[Candle]) -> None:
    end_ns = candle.open_ns + minutes * INTERVALS["1m"]
    group = [part for part in parts if candle.open_ns <= part.open_ns < end_ns]
    case.check(bool(group), f"no minutes in the {words(candle)} of {minutes} minutes")
    made = (
        group[0].open,
        max(part.high for part in group),
        min(part.low for part in group),
        group[-1].close,
        sum((part.volume for part in group), Decimal(0)),
    )
    told = (candle.open, candle.high, candle.low, candle.close, candle.volume)
    case.check(told == made, f"{minutes} minutes add up to {words(made)}, told {words(told)}")
    over = end_ns <= case.bench.now_ns()
    case.check(candle.closed == over, f"closed={candle.closed}, {len(group)} of {minutes} minutes have begun")


@clause(
    "CAN-060",
    "streamed candles close once, as they are listed",
    why="High taken for close, or a candle closed a second early, trades a signal that never was.",
    capabilities={Capability.CANDLES, Capability.STREAM_CANDLES},
    powers=(PrintTrade,),
)
async def streamed_candles(case: Case) -> None:
    """A streamed candle is told with the venue's figures, is closed once and not before its interval is over, and then
    equals the listed one."""
    await _into_a_minute(case, 5)
    await case.adapter.subscribe(Channel.CANDLES, case.symbol)
    open_ns = case.bench.now_ns() // INTERVALS["1m"] * INTERVALS["1m"]
    for percent in (1, -1, "0.5"):
        await case.bench.do(PrintTrade(case.symbol, case.price_at(percent), case.amount(), Side.BUY))
        await case.bench.sleep(5)
    case.check(not _heard(case, open_ns, closed=True), "told as closed before its minute was over")
    await _into_a_minute(case, 2)
    await case.bench.do(PrintTrade(case.symbol, case.price_at(0), case.amount(), Side.BUY))
    await case.wait_for(lambda: _heard(case, open_ns, closed=True), 10)
    listed = [one for one in await case.adapter.candles(case.symbol, "1m", open_ns, 2) if one.open_ns == open_ns]
    heard = _heard(case, open_ns, closed=True)
    case.check(heard == listed, f"closed in events: {words(heard)}, listed: {words(listed)}")


def _heard(case: Case, open_ns: int, *, closed: bool) -> list[Candle]:
    """Streamed candles of one minute; an adapter that streams other intervals is not asked for them."""
    told = case.fold.candles.get((case.symbol, "1m"), [])
    return [candle for candle in told if candle.open_ns == open_ns and candle.closed is closed]
