"""Brackets: the larger a position, the lower its greatest leverage and the higher its maintenance margin.

Up to 100000 USDT: 50 times and 1 %; up to 500000: 20 times and 2.5 %; up to 2000000: 5 times and 10 %. One tick of one
lot is worth 10000 atoms, so that at 600000 ticks a lot is worth 60 USDT.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from venueproof_simulators.engine.commands import (
    Amend,
    Command,
    OpenAccount,
    Place,
    PoolSpec,
    SetLeverage,
    SetPositionMode,
    SetPrice,
)
from venueproof_simulators.engine.engine import Engine
from venueproof_simulators.engine.events import Event, Refused
from venueproof_simulators.engine.instruments import Bracket, Instrument
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.engine.state import OrderKind, PositionMode, PositionSide, Side

Tell = Callable[[Command], list[Event]]
BUY, SELL, LIMIT = Side.BUY, Side.SELL, OrderKind.LIMIT
USDT = 10**8
LADDER = (
    Bracket(100_000 * USDT, 5000, 10_000),
    Bracket(500_000 * USDT, 2000, 25_000, 1_500 * USDT),
    Bracket(2_000_000 * USDT, 500, 100_000, 39_000 * USDT),
)


@pytest.fixture
def engine(btc: Instrument, start_ns: int) -> Engine:
    """An engine in which `ann` has a million."""
    engine = Engine([replace(btc, brackets=LADDER)], seed=7, start_ns=start_ns)
    engine.apply(OpenAccount("ann", (PoolSpec("main", {"USDT": 0}),), {"USDT": 1_000_000 * USDT}), start_ns)
    return engine


def limit(side: Side, ticks: int, lots: int, leg: PositionSide = PositionSide.NET) -> Place:
    return Place("ann", "BTCUSDT", side, LIMIT, lots, ticks, position_side=leg)


def refusal(events: list[Event]) -> Refusal | None:
    return next((event.refusal for event in events if isinstance(event, Refused)), None)


@pytest.mark.parametrize(
    ("lots", "kept"),
    [(1_000, 600), (1_667, 100_020 * 0.025 - 1_500), (8_000, 10_500), (20_000, 120_000 - 39_000)],
)
def test_maintenance_margin_is_that_of_the_bracket_reached(engine: Engine, tell: Tell, lots: int, kept: float) -> None:
    tell(SetLeverage("ann", "BTCUSDT", 500))
    tell(Place("ann", "BTCUSDT", SELL, OrderKind.MARKET, lots))
    tell(SetPrice("BTCUSDT", 600_000))
    assert engine.balances("ann")[0].maintenance_atoms == round(kept * USDT)


@pytest.mark.parametrize("side", [BUY, SELL])
def test_the_liquidation_price_lies_in_the_bracket_it_reaches(
    engine: Engine, tell: Tell, start_ns: int, side: Side
) -> None:
    engine.apply(OpenAccount("bob", (PoolSpec("main", {"USDT": 0}),), {"USDT": 25_000 * USDT}), start_ns)
    lots = 8_300
    tell(Place("bob", "BTCUSDT", side, LIMIT, lots, 600_000, post_only=True))
    tell(SetPrice("BTCUSDT", 600_000 - 2_000 * side.sign))
    tell(SetPrice("BTCUSDT", 620_000 if side is BUY else 600_000))
    assert (engine.margin("bob", "BTCUSDT").notional_atoms > LADDER[1].notional_max_atoms) is (side is BUY)
    ticks = engine.margin("bob", "BTCUSDT").liquidation_ticks
    equity = 25_000 * USDT + (ticks - 600_000) * lots * side.sign * 10_000 - 600_000 * lots * 10_000 * 200 // 10**6
    bracket = next(one for one in LADDER if ticks * lots * 10_000 <= one.notional_max_atoms)
    assert (bracket is LADDER[2]) is (side is SELL)
    kept = ticks * lots * 10_000 * bracket.maintenance_ppm // 10**6 - bracket.cum_atoms
    assert abs(equity - kept) <= 2 * lots * 10_000


def test_position_and_orders_of_a_side_stay_within_the_leverages_bracket(engine: Engine, tell: Tell) -> None:
    tell(limit(BUY, 500_000, 9_000))
    assert refusal(tell(limit(BUY, 500_000, 1_001))) is Refusal.POSITION_TOO_LARGE
    tell(limit(BUY, 500_000, 1_000))
    assert refusal(tell(Amend("ann", "BTCUSDT", 1, 500_000, 9_001))) is Refusal.POSITION_TOO_LARGE
    assert refusal(tell(Amend("ann", "BTCUSDT", 1, 500_000, 8_999))) is None
    assert refusal(tell(limit(SELL, 700_000, 7_142))) is None


def test_what_closes_a_position_does_not_count_on_its_own_side(engine: Engine, tell: Tell) -> None:
    tell(limit(BUY, 600_000, 8_000))
    tell(SetPrice("BTCUSDT", 590_000))
    assert refusal(tell(limit(BUY, 590_000, 1_000))) is Refusal.POSITION_TOO_LARGE
    assert refusal(tell(limit(SELL, 600_000, 8_000 + 8_333))) is Refusal.POSITION_TOO_LARGE
    assert refusal(tell(limit(SELL, 600_000, 8_000 + 8_100))) is None


def test_missing_margin_is_told_first(engine: Engine, tell: Tell) -> None:
    assert refusal(tell(limit(BUY, 600_000, 10**6))) is Refusal.INSUFFICIENT_MARGIN


def test_a_leverage_too_high_for_the_position_is_refused(engine: Engine, tell: Tell) -> None:
    tell(limit(BUY, 600_000, 5_000))
    assert refusal(tell(SetLeverage("ann", "BTCUSDT", 2100))) is Refusal.POSITION_TOO_LARGE
    assert refusal(tell(SetLeverage("ann", "BTCUSDT", 1000))) is None
    assert refusal(tell(limit(BUY, 600_000, 4_000))) is Refusal.POSITION_TOO_LARGE
    tell(SetLeverage("ann", "BTCUSDT", 500))
    assert refusal(tell(limit(BUY, 600_000, 4_000))) is None


def test_each_leg_of_a_hedge_has_the_bracket_for_itself(engine: Engine, tell: Tell) -> None:
    tell(SetPositionMode("ann", PositionMode.HEDGE))
    tell(limit(BUY, 500_000, 10_000, PositionSide.LONG))
    assert refusal(tell(limit(SELL, 700_000, 7_000, PositionSide.SHORT))) is None
    assert refusal(tell(limit(BUY, 500_000, 1, PositionSide.LONG))) is Refusal.POSITION_TOO_LARGE
