"""Funding that accrues all the time: exact however often it is paid, and whenever price, rate or position change.

One tick of one lot is worth 10000 atoms; mark is 600000 ticks, of which 0.01 % are paid in eight hours.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from venueproof_simulators.engine.commands import (
    Command,
    OpenAccount,
    PayFunding,
    Place,
    PoolSpec,
    SetFundingRate,
    SetMarginMode,
    SetMark,
    SetPrice,
    SettleFunding,
    SettleSession,
    Tick,
)
from venueproof_simulators.engine.engine import Engine, replay
from venueproof_simulators.engine.events import BalanceCause, BalanceChanged, Event, Refused
from venueproof_simulators.engine.instruments import ContractKind, Instrument
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.engine.state import MarginMode, OrderKind, Side

from .play import BTC, START_NS

Tell = Callable[[Command], list[Event]]
NAME, OTHER = "BTCUSDT", "BTC-DAILY"
WEALTH = 10**12
HOUR_NS = 3600 * 10**9
INTERVAL_NS = 8 * HOUR_NS


@pytest.fixture
def engine(start_ns: int) -> Engine:
    """One contract with continuous funding and one without."""
    return fresh(BTC)


def fresh(instrument: Instrument) -> Engine:
    other = replace(BTC, name=OTHER, symbol=OTHER)
    engine = Engine([replace(instrument, funding_continuous=True), other], seed=7, start_ns=START_NS)
    for name in ("ann", "bob"):
        money = {"USDT": WEALTH, "BTC": WEALTH}
        engine.apply(OpenAccount(name, (PoolSpec("main", dict.fromkeys(money, 0)),), money), START_NS)
    return engine


def market(who: str, side: Side, lots: int) -> Place:
    return Place(who, NAME, side, OrderKind.MARKET, lots)


def funded(events: list[Event], who: str = "ann") -> int:
    return sum(
        event.change_atoms
        for event in events
        if isinstance(event, BalanceChanged) and event.cause is BalanceCause.FUNDING and event.balance.account == who
    )


def refusal(events: list[Event]) -> Refusal | None:
    return next((event.refusal for event in events if isinstance(event, Refused)), None)


def test_a_position_owes_for_every_moment_and_pays_when_told_to(engine: Engine) -> None:
    engine.apply(market("ann", Side.BUY, 1000), START_NS)
    engine.apply(market("bob", Side.SELL, 400), START_NS)
    engine.apply(Tick(), START_NS + 2 * HOUR_NS)
    due = 600_000 * 1000 * 10_000 // 10_000 // 4
    assert (engine.accrued_atoms("ann", NAME), engine.accrued_atoms("bob", NAME)) == (-due, due * 4 // 10)
    events = engine.apply(SettleFunding(NAME), START_NS + 2 * HOUR_NS)
    assert (funded(events), funded(events, "bob")) == (-due, due * 4 // 10)
    assert engine.accrued_atoms("ann", NAME) == 0
    assert refusal(engine.apply(SettleFunding(OTHER), START_NS)) is Refusal.NOT_ALLOWED
    assert refusal(engine.apply(SetFundingRate("NOPE", 1), START_NS)) is Refusal.UNKNOWN_INSTRUMENT


def test_a_change_of_the_position_pays_first(engine: Engine) -> None:
    engine.apply(market("ann", Side.BUY, 1000), START_NS)
    events = engine.apply(market("ann", Side.SELL, 1000), START_NS + 8 * HOUR_NS)
    assert funded(events) == -600_000 * 1000
    later = engine.apply(market("ann", Side.BUY, 1), START_NS + 80 * HOUR_NS)
    assert funded(later) == 0


def test_a_session_pays_it_too_and_isolated_margin_bears_it(engine: Engine) -> None:
    engine.apply(SetMarginMode("ann", NAME, MarginMode.ISOLATED), START_NS)
    engine.apply(market("ann", Side.BUY, 1000), START_NS)
    before = engine.position("ann", NAME)
    events = engine.apply(SettleSession(), START_NS + 8 * HOUR_NS)
    assert funded(events) == -600_000 * 1000
    after = engine.position("ann", NAME)
    assert after.isolated_atoms == before.isolated_atoms - 600_000 * 1000 + before.unrealized_atoms


def test_the_rate_and_the_mark_count_from_when_they_change(engine: Engine) -> None:
    engine.apply(market("ann", Side.BUY, 1000), START_NS)
    engine.apply(SetFundingRate(NAME, -200_000), START_NS + 4 * HOUR_NS)
    assert engine.ticker(NAME, START_NS + 4 * HOUR_NS).funding_rate_ppb == -200_000
    engine.apply(SetMark(NAME, 660_000), START_NS + 6 * HOUR_NS)
    events = engine.apply(SettleFunding(NAME), START_NS + 8 * HOUR_NS)
    assert funded(events) == (-600_000 * 2 + 600_000 * 2 + 660_000 * 2) * 1000 // 4
    assert replay(engine.journal).state_digest() == engine.state_digest()


def test_funding_at_an_hour_stays_what_it_was(engine: Engine) -> None:
    assert funded(engine.apply(PayFunding(NAME, 1), START_NS)) == 0
    engine.apply(Place("ann", OTHER, Side.BUY, OrderKind.MARKET, 1000), START_NS)
    assert funded(engine.apply(PayFunding(OTHER, 100_000), START_NS + HOUR_NS)) == -600_000 * 1000
    assert engine.accrued_atoms("ann", OTHER) == 0


moments = st.lists(
    st.tuples(
        st.integers(1, 10**13),
        st.sampled_from([600_000, 577_777, 633_331]),
        st.integers(-(10**6), 10**6),
        st.integers(-40, 40),
        st.booleans(),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=60)
@given(moments=moments, inverse=st.booleans())
def test_it_comes_to_the_same_however_often_it_is_paid(
    moments: list[tuple[int, int, int, int, bool]], inverse: bool
) -> None:
    instrument = BTC
    if inverse:
        coin = {"settle": "BTC", "quote": "USD", "kind": ContractKind.INVERSE}
        instrument = replace(BTC, lot=Decimal(1), contract_size=Decimal(10), **coin)
    often, rarely = fresh(instrument), fresh(instrument)
    totals, now_ns = often.totals(), START_NS
    exact, rate, paid = Fraction(0), 100_000, dict.fromkeys((often, rarely), 0)
    for later_ns, ticks, next_rate, lots, settles in moments:
        mark, held = often.mark_ticks(NAME), often.position("ann", NAME).lots
        worth = Fraction(10**10, mark) if inverse else Fraction(mark * 10_000)
        exact -= held * worth * rate * later_ns / (10**9 * INTERVAL_NS)
        now_ns, rate = now_ns + later_ns, next_rate
        for engine in (often, rarely):
            told = engine.apply(SettleFunding(NAME) if settles and engine is often else Tick(), now_ns)
            told += engine.apply(SetPrice(NAME, ticks), now_ns)
            told += engine.apply(SetFundingRate(NAME, next_rate), now_ns)
            if lots:
                told += engine.apply(market("ann", Side.BUY if lots > 0 else Side.SELL, abs(lots)), now_ns)
            paid[engine] += funded(told)
    for engine in (often, rarely):
        paid[engine] += funded(engine.apply(SettleFunding(NAME), now_ns))
        assert abs(paid[engine] - exact) <= 2
        assert engine.totals() == totals
    assert abs(paid[often] - paid[rarely]) <= 1
