"""Margin calls, liquidation, insurance and auto-deleveraging.

`ann` has 10000 USDT and buys 3000 lots at 600001 ticks with leverage 20: a tick is worth 0.3 USDT to her, she has paid
90 USDT of fees, and maintenance margin is 0.4 %, about 683 USDT at 569000 ticks.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from venueproof_simulators.engine.commands import (
    Command,
    MoveMargin,
    OpenAccount,
    PayFunding,
    Place,
    PoolSpec,
    SetInsurance,
    SetMarginMode,
    SetMark,
    SetPositionMode,
    SetPrice,
)
from venueproof_simulators.engine.engine import Engine
from venueproof_simulators.engine.events import (
    BalanceCause,
    BalanceChanged,
    Event,
    MarginCalled,
    OrderChanged,
    PositionChanged,
)
from venueproof_simulators.engine.instruments import Bracket, ContractKind, Instrument
from venueproof_simulators.engine.state import (
    BalanceState,
    MarginMode,
    OrderKind,
    OrderOrigin,
    OrderState,
    OrderStatus,
    PositionMode,
    PositionSide,
    Side,
    TimeInForce,
)

from .play import BTC

Tell = Callable[[Command], list[Event]]
BUY, SELL = Side.BUY, Side.SELL
NET, LONG, SHORT = PositionSide.NET, PositionSide.LONG, PositionSide.SHORT
ISOLATED = SetMarginMode("ann", "BTCUSDT", MarginMode.ISOLATED)
USDT = 10**8
TICK = 3 * 10**7
"""What a tick is worth to 3000 lots."""


def market(side: Side, lots: int, who: str = "ann", name: str = "BTCUSDT", leg: PositionSide = NET) -> Place:
    return Place(who, name, side, OrderKind.MARKET, lots, position_side=leg)


def money(engine: Engine, who: str = "ann") -> BalanceState:
    (balance,) = engine.balances(who)
    return balance


def cost(engine: Engine) -> int:
    """What `ann` bought for, in atoms."""
    return sum(fill.ticks * fill.lots * 10_000 for fill in engine.fills("ann") if fill.side is BUY)


def liquidations(engine: Engine, who: str = "ann") -> list[OrderState]:
    return [order for order in engine.orders(who) if order.origin is OrderOrigin.LIQUIDATION]


def calls(events: list[Event]) -> list[MarginCalled]:
    return [event for event in events if isinstance(event, MarginCalled)]


def insured(events: list[Event]) -> list[int]:
    changes = [event for event in events if isinstance(event, BalanceChanged)]
    return [event.change_atoms for event in changes if event.cause is BalanceCause.INSURANCE]


def test_a_position_that_is_not_covered_is_sold_into_the_book(engine: Engine, tell: Tell) -> None:
    tell(market(BUY, 3000))
    tell(SetPrice("BTCUSDT", 570_500))
    assert engine.position("ann", "BTCUSDT").lots == 3000
    equity = money(engine).wallet_atoms + 569_000 * TICK - cost(engine)
    events = tell(SetPrice("BTCUSDT", 569_000))
    (order,) = liquidations(engine)
    assert (order.client_id, order.kind, order.time_in_force) == ("", OrderKind.LIMIT, TimeInForce.IOC)
    assert (order.status, order.filled_lots, order.side) == (OrderStatus.FILLED, 3000, SELL)
    assert order.ticks == -(-(569_000 * TICK - equity) // TICK)
    assert order.average_nano_ticks > 568_900 * 10**9
    assert engine.position("ann", "BTCUSDT").lots == 0
    assert 0 < money(engine).wallet_atoms < equity
    assert insured(events) == []
    assert [event.position.lots for event in events if isinstance(event, PositionChanged)][-1] == 0


def test_what_the_book_does_not_take_insurance_takes_over_at_the_bankruptcy_price(engine: Engine, tell: Tell) -> None:
    tell(market(BUY, 3000))
    wallet = money(engine).wallet_atoms
    before = engine.ticker("BTCUSDT", engine.now_ns).open_interest_lots
    tell(SetPrice("BTCUSDT", 560_000, gap=True))
    (order,) = liquidations(engine)
    bankrupt = -(-(cost(engine) - wallet) // TICK)
    assert (order.ticks, order.average_nano_ticks) == (bankrupt, bankrupt * 10**9)
    assert money(engine).wallet_atoms == wallet + bankrupt * TICK - cost(engine) < TICK
    assert engine.fills("ann")[-1].fee_atoms == 0
    ticker = engine.ticker("BTCUSDT", engine.now_ns)
    assert (ticker.last, ticker.open_interest_lots) == (560_000, before)


def test_a_debt_is_taken_over(engine: Engine, tell: Tell) -> None:
    tell(market(BUY, 3000))
    (owed,) = insured(tell(SetPrice("BTCUSDT", 567_005)))
    assert 0 < owed < 200 * USDT
    assert money(engine).wallet_atoms == 0


def test_a_margin_call_is_told_once_until_there_is_more_again(engine: Engine, tell: Tell) -> None:
    tell(market(BUY, 3000))
    assert calls(tell(SetMark("BTCUSDT", 570_000))) == []
    (called,) = calls(tell(SetMark("BTCUSDT", 569_500)))
    assert (called.account, called.asset, called.cross_atoms) == ("ann", "USDT", money(engine).wallet_atoms)
    assert called.positions == (engine.position("ann", "BTCUSDT"),)
    assert called.margins == (engine.margin("ann", "BTCUSDT"),)
    assert calls(tell(SetMark("BTCUSDT", 569_400))) == []
    assert calls(tell(SetMark("BTCUSDT", 575_000))) == []
    assert len(calls(tell(SetMark("BTCUSDT", 569_500)))) == 1
    assert engine.position("ann", "BTCUSDT").lots == 3000


def test_mark_and_not_the_last_price_liquidates(engine: Engine, tell: Tell) -> None:
    tell(market(BUY, 3000))
    tell(SetMark("BTCUSDT", 569_000))
    (order,) = liquidations(engine)
    assert order.average_nano_ticks > 599_900 * 10**9


def test_open_orders_expire_first(engine: Engine, tell: Tell) -> None:
    tell(market(BUY, 2000))
    tell(Place("ann", "BTCUSDT", BUY, OrderKind.LIMIT, 10, 400_000))
    tell(Place("ann", "BTCUSDT", SELL, OrderKind.LIMIT, 10, 900_000, reduce_only=True))
    events = tell(SetMark("BTCUSDT", 545_000))
    ended = [event.order for event in events if isinstance(event, OrderChanged)][:2]
    assert [(order.status, order.reason) for order in ended] == [(OrderStatus.EXPIRED, "liquidation")] * 2
    assert money(engine).initial_orders_atoms == 0


def test_the_rest_lives_on_once_it_is_covered(engine: Engine, tell: Tell) -> None:
    tell(market(BUY, 2000))
    tell(market(BUY, 900, name="STRICT"))
    tell(SetMark("BTCUSDT", 552_000))
    assert [order.instrument for order in liquidations(engine)] == ["BTCUSDT"]
    assert engine.position("ann", "STRICT").lots == 900


def test_an_isolated_position_loses_its_own_margin_and_no_more(engine: Engine, tell: Tell) -> None:
    tell(ISOLATED)
    tell(market(BUY, 300))
    locked, wallet = engine.position("ann", "BTCUSDT").isolated_atoms, money(engine).wallet_atoms
    (called,) = calls(tell(SetMark("BTCUSDT", 572_800)))
    assert (called.cross_atoms, [one.lots for one in called.positions]) == (0, [300])
    tell(SetMark("BTCUSDT"))
    tell(SetPrice("BTCUSDT", 500_000, gap=True))
    assert engine.position("ann", "BTCUSDT").lots == 0
    assert wallet - locked <= money(engine).wallet_atoms < wallet - locked + TICK
    assert money(engine).isolated_atoms == 0


def test_an_isolated_positions_debt_leaves_the_rest_of_the_wallet_alone(engine: Engine, tell: Tell) -> None:
    tell(ISOLATED)
    tell(market(BUY, 300))
    locked, wallet = engine.position("ann", "BTCUSDT").isolated_atoms, money(engine).wallet_atoms
    (owed,) = insured(tell(SetPrice("BTCUSDT", 570_010)))
    assert owed > 0
    assert money(engine).wallet_atoms == wallet - locked


def test_margin_put_in_keeps_an_isolated_position_alive(engine: Engine, tell: Tell) -> None:
    tell(ISOLATED)
    tell(market(BUY, 300))
    tell(MoveMargin("ann", "BTCUSDT", NET, 500 * USDT))
    tell(SetPrice("BTCUSDT", 570_010))
    assert engine.position("ann", "BTCUSDT").lots == 300


def test_funding_can_use_up_the_margin(engine: Engine, tell: Tell) -> None:
    tell(ISOLATED)
    tell(market(BUY, 300))
    tell(PayFunding("BTCUSDT", 45_000_000))
    assert engine.position("ann", "BTCUSDT").lots == 300
    tell(PayFunding("BTCUSDT", 2_000_000))
    assert engine.position("ann", "BTCUSDT").lots == 0


def test_without_insurance_the_best_of_the_other_side_are_deleveraged(
    engine: Engine, tell: Tell, start_ns: int
) -> None:
    engine.apply(OpenAccount("cat", (PoolSpec("main", {"USDT": 0}),), {"USDT": 10_000 * USDT}), start_ns)
    tell(SetPrice("BTCUSDT", 590_000))
    tell(market(SELL, 800, "cat"))
    tell(SetPrice("BTCUSDT", 600_000))
    tell(market(SELL, 1000, "bob"))
    tell(market(BUY, 1500))
    tell(SetInsurance(funded=False))
    wallet = money(engine).wallet_atoms
    tell(SetPrice("BTCUSDT", 530_000, gap=True))
    bankrupt = liquidations(engine)[0].ticks
    assert engine.position("ann", "BTCUSDT").lots == 0
    assert 0 <= money(engine).wallet_atoms < wallet
    (first,) = (order for order in engine.orders("bob") if order.origin is OrderOrigin.DELEVERAGING)
    (second,) = (order for order in engine.orders("cat") if order.origin is OrderOrigin.DELEVERAGING)
    assert (first.lots, second.lots) == (1000, 500)
    assert (first.average_nano_ticks, first.status, first.client_id) == (bankrupt * 10**9, OrderStatus.FILLED, "")
    assert (engine.position("bob", "BTCUSDT").lots, engine.position("cat", "BTCUSDT").lots) == (0, -300)
    assert engine.fills("bob")[-1].fee_atoms == 0


def test_what_nobody_can_take_insurance_takes_even_when_empty(engine: Engine, tell: Tell) -> None:
    tell(market(SELL, 1000, "bob"))
    tell(market(BUY, 3000))
    tell(SetInsurance(funded=False))
    tell(SetPrice("BTCUSDT", 550_000, gap=True))
    assert (engine.position("ann", "BTCUSDT").lots, engine.position("bob", "BTCUSDT").lots) == (0, 0)
    assert [fill.lots for fill in engine.fills("ann")[-2:]] == [1000, 2000]


@pytest.mark.parametrize(("ticks", "rank"), [(590_000, 0), (600_500, 1), (605_000, 2), (620_000, 3), (640_000, 4)])
def test_the_rank_grows_with_the_profit_on_the_margin(engine: Engine, tell: Tell, ticks: int, rank: int) -> None:
    assert engine.deleverage_rank("ann", "BTCUSDT") == 0
    tell(market(BUY, 10))
    tell(SetMark("BTCUSDT", ticks))
    assert engine.deleverage_rank("ann", "BTCUSDT") == rank


def test_a_short_is_bought_back(engine: Engine, tell: Tell) -> None:
    tell(market(SELL, 3000))
    tell(SetPrice("BTCUSDT", 631_000))
    (order,) = liquidations(engine)
    assert (order.side, order.status) == (BUY, OrderStatus.FILLED)
    assert engine.position("ann", "BTCUSDT").lots == 0


def test_of_a_hedge_the_larger_leg_goes_first(engine: Engine, tell: Tell) -> None:
    tell(SetPositionMode("ann", PositionMode.HEDGE))
    tell(market(BUY, 3000, leg=LONG))
    tell(market(SELL, 1000, leg=SHORT))
    tell(SetMark("BTCUSDT", 554_000))
    (order,) = liquidations(engine)
    assert (order.position_side, order.lots, order.reduce_only) == (LONG, 3000, True)
    assert [position.lots for position in engine.positions("ann")] == [0, -1000]


@pytest.mark.parametrize(("side", "ticks"), [(BUY, 500_000), (SELL, 700_000)])
def test_inverse_positions_are_liquidated_in_coins(btc: Instrument, start_ns: int, side: Side, ticks: int) -> None:
    inverse = replace(
        btc, name="BTCUSD", settle="BTC", kind=ContractKind.INVERSE, lot=Decimal(1), contract_size=Decimal(100)
    )
    engine = Engine([inverse], seed=7, start_ns=start_ns)
    engine.apply(OpenAccount("ann", (PoolSpec("main", {"BTC": 0}),), {"BTC": 10**8}), start_ns)
    engine.apply(market(side, 8000, name="BTCUSD"), start_ns)
    limit = engine.margin("ann", "BTCUSD").liquidation_ticks
    totals = engine.totals()
    engine.apply(SetMark("BTCUSD", limit + 3 * side.sign), start_ns)
    assert engine.position("ann", "BTCUSD").lots == 8000 * side.sign
    engine.apply(SetMark("BTCUSD"), start_ns)
    engine.apply(SetPrice("BTCUSD", ticks, gap=True), start_ns)
    (order,) = liquidations(engine)
    assert (order.status, engine.position("ann", "BTCUSD").lots) == (OrderStatus.FILLED, 0)
    assert (order.ticks - limit) * side.sign < 0
    assert 0 <= money(engine).wallet_atoms < 2 * 10**5
    assert engine.totals() == totals


LADDER = (
    Bracket(30_000 * USDT, 5000, 5_000),
    Bracket(150_000 * USDT, 2500, 20_000, 450 * USDT),
    Bracket(10**6 * USDT, 500, 100_000, 12_450 * USDT),
)


@settings(max_examples=100)
@given(
    kind=st.sampled_from([ContractKind.LINEAR, ContractKind.INVERSE]),
    long=st.integers(0, 900),
    short=st.integers(0, 900),
    hedged=st.booleans(),
    isolated=st.booleans(),
    wealth=st.integers(500, 5_000),
)
def test_the_liquidation_price_is_where_it_happens(
    kind: ContractKind, long: int, short: int, hedged: bool, isolated: bool, wealth: int
) -> None:
    """Alive two ticks (or a few atoms) before it, gone so much beyond, for any kind of contract, mode and legs that do
    not nearly cancel out.
    """
    inverse = kind is ContractKind.INVERSE
    asset, unit = ("BTC", 10**8 // 60_000) if inverse else ("USDT", USDT)
    ladder = tuple(
        replace(one, notional_max_atoms=one.notional_max_atoms * unit // USDT, cum_atoms=one.cum_atoms * unit // USDT)
        for one in LADDER
    )
    instrument = replace(BTC, kind=kind, settle=asset, brackets=ladder)
    if inverse:
        instrument = replace(instrument, lot=Decimal(1), contract_size=Decimal(60), quote="USD")
    engine = Engine([instrument], seed=7, start_ns=10**18)
    engine.apply(OpenAccount("ann", (PoolSpec("main", {asset: 0}),), {asset: wealth * unit}), 10**18)
    if hedged:
        engine.apply(SetPositionMode("ann", PositionMode.HEDGE), 10**18)
    if isolated:
        engine.apply(ISOLATED, 10**18)
    for side, lots, leg in ((BUY, long, LONG), (SELL, short, SHORT)):
        if lots:
            engine.apply(market(side, lots, leg=leg if hedged else NET), 10**18)
    for position in engine.positions("ann"):
        ticks = engine.margin("ann", BTC.name, position.side).liquidation_ticks
        if not position.lots or not 0 < ticks < 10**8:
            continue
        away = 1 if ticks < 600_000 else -1
        exposed = abs(position.lots if isolated else sum(one.lots for one in engine.positions("ann")))
        if 4 * exposed < abs(position.lots):
            continue
        far = 2 + (8 * ticks**2 // (exposed * 60 * 10**9) if inverse else 0)
        for mark, alive in ((ticks + far * away, True), (ticks - far * away, False)):
            twin = deepcopy(engine)
            twin.apply(SetMark(BTC.name, max(1, mark)), 10**18)
            orders = [order for order in liquidations(twin) if not isolated or order.position_side is position.side]
            assert (not orders) is alive
