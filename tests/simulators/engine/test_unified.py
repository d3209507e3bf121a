"""Unified accounts: one pool of dollars and a coin behind linear and inverse positions, and what venues print of it.

`ann` has 10000 USDT and half a bitcoin, of whose 30000 dollars 90 % count. One tick is 0.1 dollars; a linear lot is
0.001 bitcoin, an inverse lot 100 dollars; the best ask is 600001 ticks.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from msgspec.structs import replace

from venueproof_simulators.engine.commands import (
    CancelAll,
    Command,
    OpenAccount,
    Place,
    PoolSpec,
    SetMarginMode,
    SetMark,
    SetPositionMode,
)
from venueproof_simulators.engine.engine import Engine
from venueproof_simulators.engine.events import Event, MarginModeChanged, PositionModeChanged, Refused
from venueproof_simulators.engine.instruments import ContractKind, Instrument
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.engine.state import (
    MarginMode,
    OrderKind,
    OrderOrigin,
    PositionMode,
    PositionSide,
    Side,
)

Tell = Callable[[Command], list[Event]]
BUY, SELL = Side.BUY, Side.SELL
CROSS, ISOLATED = MarginMode.CROSS, MarginMode.ISOLATED
USD = 10**8
LINEAR, INVERSE = "BTCUSDT", "BTCUSD"


@pytest.fixture
def engine(btc: Instrument, start_ns: int) -> Engine:
    """An engine with a linear and an inverse contract, and `ann`, whose pool lets positions be isolated."""
    coin = replace(
        btc,
        name=INVERSE,
        symbol="BTC/USD:BTC",
        quote="USD",
        settle="BTC",
        kind=ContractKind.INVERSE,
        lot=Decimal(1),
        contract_size=Decimal(100),
    )
    engine = Engine([btc, coin], seed=7, start_ns=start_ns)
    pool = PoolSpec("unified", {"USDT": 0, "BTC": 100_000}, shared=True, isolates=True)
    engine.apply(OpenAccount("ann", (pool,), {"USDT": 10_000 * USD, "BTC": 10**8 // 2}), start_ns)
    return engine


def market(name: str, side: Side, lots: int, mode: MarginMode | None = None) -> Place:
    return Place("ann", name, side, OrderKind.MARKET, lots, margin_mode=mode)


def refusal(events: list[Event]) -> Refusal | None:
    return next((event.refusal for event in events if isinstance(event, Refused)), None)


def test_the_pool_is_told_in_dollars_at_index(engine: Engine, tell: Tell) -> None:
    tell(market(LINEAR, BUY, 1000))
    tell(market(INVERSE, SELL, 300))
    tell(Place("ann", LINEAR, BUY, OrderKind.LIMIT, 100, 590_000))
    (pool,) = engine.pools("ann")
    usdt, coin = engine.balances("ann")
    assert (pool.pool, pool.shared) == ("unified", True)
    assert pool.wallet_atoms == usdt.wallet_atoms + coin.wallet_atoms * 60_000
    assert pool.unrealized_atoms == usdt.unrealized_atoms + coin.unrealized_atoms * 60_000
    assert pool.equity_atoms == pool.wallet_atoms + pool.unrealized_atoms
    haircut = (coin.wallet_atoms + coin.unrealized_atoms) * 6_000
    assert pool.discounted_atoms == pool.equity_atoms - haircut
    assert pool.initial_position_atoms == 60_000 * USD // 20 + coin.initial_position_atoms * 60_000
    assert pool.initial_orders_atoms == 5_900 * USD // 20
    assert pool.maintenance_atoms == usdt.maintenance_atoms + coin.maintenance_atoms * 60_000
    taken = pool.initial_position_atoms + pool.initial_orders_atoms
    assert pool.available_atoms == pool.discounted_atoms - taken == usdt.available_atoms


def test_coins_count_at_index_and_not_at_mark(engine: Engine, tell: Tell) -> None:
    tell(SetMark(LINEAR, 600_000, 300_000))
    (pool,) = engine.pools("ann")
    assert (pool.equity_atoms, pool.discounted_atoms) == (25_000 * USD, 23_500 * USD)


def test_dollars_carry_an_inverse_position_until_the_pool_is_used_up(engine: Engine, tell: Tell) -> None:
    assert refusal(tell(market(INVERSE, BUY, 7_500))) is Refusal.INSUFFICIENT_MARGIN
    tell(market(INVERSE, BUY, 7_000))
    tell(market(LINEAR, SELL, 400))
    assert engine.pools("ann")[0].initial_position_atoms > 35_000 * USD
    ticks = engine.margin("ann", LINEAR).liquidation_ticks
    tell(SetMark(LINEAR, ticks - 200, 600_000))
    assert (engine.position("ann", INVERSE).lots, engine.position("ann", LINEAR).lots) == (7_000, -400)
    tell(SetMark(LINEAR, ticks + 200, 600_000))
    assert engine.position("ann", INVERSE).lots == 0
    assert engine.orders("ann", INVERSE)[-1].origin is OrderOrigin.LIQUIDATION


def test_an_isolated_position_stands_beside_the_pool(engine: Engine, tell: Tell) -> None:
    before = engine.pools("ann")[0].available_atoms
    tell(market(LINEAR, BUY, 1000, ISOLATED))
    locked, fee = 60_000_100_000 * 100 // 20, 60_000_100_000 * 100 * 5 // 10_000
    (pool,) = engine.pools("ann")
    assert (pool.isolated_atoms, pool.available_atoms) == (locked, before - locked - fee)
    tell(SetMark(LINEAR, 580_000, 600_000))
    assert engine.pools("ann")[0].available_atoms == before - locked - fee
    assert engine.pools("ann")[0].discounted_atoms == pool.discounted_atoms
    tell(SetMark(LINEAR, 560_000, 600_000))
    assert engine.position("ann", LINEAR).lots == 0
    assert before - locked - fee < engine.pools("ann")[0].available_atoms < before
    assert engine.pools("ann")[0].isolated_atoms == 0


def test_a_pool_apart_sums_up_what_each_asset_has(engine: Engine, start_ns: int) -> None:
    engine.apply(OpenAccount("bob", (PoolSpec("flex", {"USDT": 0, "BTC": 0}),), {"USDT": USD, "BTC": USD}), start_ns)
    (pool,) = engine.pools("bob")
    assert (pool.available_atoms, pool.equity_atoms) == (60_001 * USD, 60_001 * USD)


def test_an_order_brings_its_margin_mode_while_nothing_is_open(engine: Engine, tell: Tell) -> None:
    resting = Place("ann", LINEAR, BUY, OrderKind.LIMIT, 1, 500_000, margin_mode=ISOLATED)
    assert MarginModeChanged("ann", LINEAR, ISOLATED) in tell(resting)
    assert refusal(tell(market(LINEAR, BUY, 1, CROSS))) is Refusal.OPEN_ORDERS
    tell(CancelAll("ann"))
    assert refusal(tell(market(LINEAR, BUY, 10**9, CROSS))) is Refusal.INSUFFICIENT_MARGIN
    assert engine.margin_mode("ann", LINEAR) is ISOLATED
    tell(market(LINEAR, BUY, 1, CROSS))
    assert refusal(tell(market(LINEAR, BUY, 1, ISOLATED))) is Refusal.OPEN_POSITION
    assert refusal(tell(market(LINEAR, BUY, 1, CROSS))) is None
    assert engine.margin_mode("ann", LINEAR) is CROSS


def test_a_margin_mode_for_the_whole_account(engine: Engine, tell: Tell) -> None:
    tell(market(LINEAR, BUY, 1))
    assert refusal(tell(SetMarginMode("ann", "", ISOLATED))) is Refusal.OPEN_POSITION
    tell(market(LINEAR, SELL, 1))
    assert tell(SetMarginMode("ann", "", ISOLATED)) == [MarginModeChanged("ann", "", ISOLATED)]
    assert refusal(tell(SetMarginMode("ann", "", ISOLATED))) is Refusal.NO_CHANGE
    modes = [engine.margin_mode("ann", name) for name in (LINEAR, INVERSE, "")]
    assert modes == [ISOLATED] * 3
    tell(SetMarginMode("ann", INVERSE, CROSS))
    assert [engine.margin_mode("ann", name) for name in (LINEAR, INVERSE)] == [ISOLATED, CROSS]


def test_a_position_mode_for_one_instrument(engine: Engine, tell: Tell) -> None:
    tell(market(INVERSE, BUY, 1))
    hedge = SetPositionMode("ann", PositionMode.HEDGE, LINEAR)
    assert tell(hedge) == [PositionModeChanged("ann", PositionMode.HEDGE, LINEAR)]
    assert refusal(tell(hedge)) is Refusal.NO_CHANGE
    assert refusal(tell(SetPositionMode("ann", PositionMode.HEDGE))) is Refusal.OPEN_POSITION
    assert [engine.position_mode("ann", name) for name in (LINEAR, INVERSE, "")] == [
        PositionMode.HEDGE,
        PositionMode.NET,
        PositionMode.NET,
    ]
    assert refusal(tell(market(LINEAR, BUY, 1))) is Refusal.POSITION_SIDE
    tell(replace(market(LINEAR, BUY, 1), position_side=PositionSide.LONG))
    tell(replace(market(LINEAR, SELL, 2), position_side=PositionSide.SHORT))
    assert refusal(tell(SetPositionMode("ann", PositionMode.NET, LINEAR))) is Refusal.OPEN_POSITION
    assert [one.lots for one in engine.positions("ann") if one.instrument == LINEAR] == [1, -2]
    assert refusal(tell(SetPositionMode("ann", PositionMode.NET, "NOPE"))) is Refusal.UNKNOWN_INSTRUMENT
