"""Inverse contracts: amounts in quote, money in coins, average prices harmonic. Figures are worked out with fractions.

One lot is 100 dollars, one tick 0.1 dollar: at n ticks a lot is worth 10¹¹ / n atoms of bitcoin. The base price is
600000 ticks.
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
    FillOrder,
    OpenAccount,
    Place,
    PoolSpec,
    SetMarginMode,
    SetPrice,
)
from venueproof_simulators.engine.engine import Engine
from venueproof_simulators.engine.events import Event, Refused
from venueproof_simulators.engine.instruments import ContractKind, Instrument
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.engine.state import BalanceState, MarginMode, OrderKind, Side

Tell = Callable[[Command], list[Event]]
BUY, SELL = Side.BUY, Side.SELL
COIN = 10**8
FACE = 100 * 10 * COIN
"""Atoms that one lot is worth at one tick."""
NAME = "BTCUSD"


@pytest.fixture
def engine(btc: Instrument, start_ns: int) -> Engine:
    """An engine with one inverse contract in which `ann` has a bitcoin."""
    inverse = replace(
        btc,
        name=NAME,
        symbol="BTC/USD:BTC",
        quote="USD",
        settle="BTC",
        kind=ContractKind.INVERSE,
        lot=Decimal(1),
        contract_size=Decimal(100),
        product="inverse",
    )
    engine = Engine([inverse], seed=7, start_ns=start_ns)
    engine.apply(OpenAccount("ann", (PoolSpec("main", {"BTC": 0}),), {"BTC": COIN}), start_ns)
    return engine


def market(side: Side, lots: int) -> Place:
    return Place("ann", NAME, side, OrderKind.MARKET, lots)


def limit(side: Side, ticks: int, lots: int) -> Place:
    return Place("ann", NAME, side, OrderKind.LIMIT, lots, ticks)


def money(engine: Engine) -> BalanceState:
    (balance,) = engine.balances("ann")
    return balance


def test_a_long_gains_coins_by_the_difference_of_reciprocals(engine: Engine, tell: Tell) -> None:
    tell(limit(BUY, 500_000, 10))
    tell(FillOrder(NAME, 1))
    fee = -(-FACE * 10 // 500_000 * 200 // 1_000_000)
    assert engine.fills("ann")[0].fee_atoms == fee
    tell(SetPrice(NAME, 625_000))
    balance = money(engine)
    assert balance.wallet_atoms == COIN - fee
    assert balance.unrealized_atoms == FACE * 10 // 500_000 - FACE * 10 // 625_000
    assert balance.initial_position_atoms == FACE * 10 // 625_000 // 20
    assert balance.maintenance_atoms == FACE * 10 // 625_000 * 4 // 1000
    tell(limit(SELL, 625_000, 10))
    tell(FillOrder(NAME, 2))
    assert engine.fills("ann")[-1].realized_atoms == FACE * 10 // 500_000 - FACE * 10 // 625_000


def test_a_short_gains_when_the_price_falls(engine: Engine, tell: Tell) -> None:
    tell(market(SELL, 10))
    tell(SetPrice(NAME, 500_000))
    assert money(engine).unrealized_atoms == FACE * 10 // 500_000 - -(-FACE * 10 // 599_999) + 1
    assert engine.margin("ann", NAME).notional_atoms == -FACE * 10 // 500_000


def test_average_prices_are_harmonic_to_a_billionth_of_a_tick(engine: Engine, tell: Tell) -> None:
    for number, (ticks, lots) in enumerate(((599_000, 1), (400_001, 2), (333_333, 7)), 1):
        tell(limit(BUY, ticks, lots))
        tell(FillOrder(NAME, number))
    average = 10 / (Fraction(1, 599_000) + Fraction(2, 400_001) + Fraction(7, 333_333))
    position = engine.position("ann", NAME)
    assert abs(position.entry_nano_ticks - average * 10**9) <= Fraction(1, 2)
    tell(SetPrice(NAME, 600_000))
    tell(market(SELL, 3))
    assert engine.position("ann", NAME).entry_nano_ticks == position.entry_nano_ticks
    tell(limit(BUY, 555_555, 3))
    tell(FillOrder(NAME, 5))
    average = 10 / (7 / average + Fraction(3, 555_555))
    assert abs(engine.position("ann", NAME).entry_nano_ticks - average * 10**9) <= Fraction(1, 2)


def test_an_orders_average_price_is_harmonic_too(engine: Engine, tell: Tell) -> None:
    lots = engine.book(NAME, 1).asks[0][1]
    tell(market(BUY, lots + 3))
    (order,) = engine.orders("ann")
    prices = [fill.ticks for fill in engine.fills("ann")]
    assert len(prices) == 2
    average = (lots + 3) / (Fraction(lots, prices[0]) + Fraction(3, prices[1]))
    assert abs(order.average_nano_ticks - average * 10**9) <= Fraction(1, 2)


def test_break_even_gives_back_the_fees(engine: Engine, tell: Tell) -> None:
    tell(market(BUY, 1000))
    paid = COIN - money(engine).wallet_atoms
    held = sum(Fraction(FACE * fill.lots, fill.ticks) for fill in engine.fills("ann"))
    expected = FACE * 1000 / (held - paid)
    assert abs(engine.margin("ann", NAME).break_even_nano_ticks - expected * 10**9) <= 1


@pytest.mark.parametrize("side", [BUY, SELL])
def test_the_liquidation_price_does_what_it_says(engine: Engine, tell: Tell, side: Side) -> None:
    tell(market(side, 8000))
    ticks = engine.margin("ann", NAME).liquidation_ticks
    assert (ticks < 600_000) is (side is BUY)
    for at, alive in ((ticks + 2 * side.sign, True), (ticks - 2 * side.sign, False)):
        tell(SetPrice(NAME, at))
        assert (engine.position("ann", NAME).lots != 0) is alive


def test_a_short_that_its_coins_cover_is_never_liquidated(engine: Engine, tell: Tell) -> None:
    tell(market(SELL, 100))
    assert engine.margin("ann", NAME).liquidation_ticks == 0


def test_margin_suffices_to_the_last_lot_and_counts_the_cheaper_price_of_a_buy(engine: Engine, tell: Tell) -> None:
    most = 20 * 599_999 // 1000
    (refused,) = tell(limit(BUY, 599_999, most + 1))
    assert isinstance(refused, Refused)
    assert refused.refusal is Refusal.INSUFFICIENT_MARGIN
    (refused,) = tell(limit(BUY, 900_000, most + 10))
    assert isinstance(refused, Refused)
    tell(limit(BUY, 599_999, most))
    assert money(engine).initial_orders_atoms == -(-FACE * most // (599_999 * 20))


def test_an_isolated_position_locks_in_coins(engine: Engine, tell: Tell) -> None:
    tell(SetMarginMode("ann", NAME, MarginMode.ISOLATED))
    tell(market(SELL, 100))
    assert engine.position("ann", NAME).isolated_atoms == -(-(FACE * 100 // 599_999) // 20)
    assert engine.margin("ann", NAME).liquidation_ticks > 600_000


@settings(max_examples=60)
@given(trades=st.lists(st.tuples(st.booleans(), st.integers(1, 9), st.integers(300_000, 900_000)), max_size=12))
def test_coins_add_up_whatever_is_traded(trades: list[tuple[bool, int, int]]) -> None:
    """Profit over a round of trades that ends flat is the sum of reciprocals, but for an atom or two a trade."""
    inverse = Instrument(
        NAME,
        "BTC/USD:BTC",
        "BTC",
        "BTC",
        "USD",
        "BTC",
        ContractKind.INVERSE,
        Decimal("0.1"),
        Decimal(1),
        Decimal(100),
        "inverse",
    )
    engine = Engine([inverse], seed=7, start_ns=10**18)
    engine.apply(OpenAccount("ann", (PoolSpec("main", {"BTC": 0}),), {"BTC": 10**9 * COIN}), 10**18)
    exact = Fraction(0)
    totals = engine.totals()
    bought = sum(lots if buys else -lots for buys, lots, _ in trades)
    rounds = [*trades, (bought < 0, abs(bought), 600_000)]
    for number, (buys, lots, ticks) in enumerate([one for one in rounds if one[1]], 1):
        side = BUY if buys else SELL
        engine.apply(SetPrice(NAME, ticks + 1000 * side.sign), 10**18)
        engine.apply(limit(side, ticks, lots), 10**18)
        engine.apply(FillOrder(NAME, number), 10**18)
        exact += side.sign * Fraction(FACE * lots, ticks)
        assert engine.totals() == totals
    assert engine.position("ann", NAME).lots == 0
    realized = sum(fill.realized_atoms for fill in engine.fills("ann"))
    assert abs(realized - exact) <= 2 * len(rounds)
