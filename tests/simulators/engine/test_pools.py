"""Pools whose assets carry positions together: coins count at their index price less a haircut.

`ann` has 1000 USDT, 2000 USDC and one bitcoin, worth 60000 dollars, of which 95 % count.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from venueproof_simulators.engine.commands import (
    Command,
    OpenAccount,
    Place,
    PoolSpec,
    SetMarginMode,
    SetMark,
    SetPoolSharing,
    SetPrice,
)
from venueproof_simulators.engine.engine import Engine
from venueproof_simulators.engine.events import Event, MarginCalled, PoolSharingChanged, Refused
from venueproof_simulators.engine.instruments import Instrument
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.engine.state import BalanceState, MarginMode, OrderKind, OrderOrigin, Side

Tell = Callable[[Command], list[Event]]
BUY, SELL = Side.BUY, Side.SELL
USDT = 10**8
SHARE = SetPoolSharing("ann", "main", shared=True)
APART = SetPoolSharing("ann", "main", shared=False)


@pytest.fixture
def engine(btc: Instrument, start_ns: int) -> Engine:
    """An engine in which `ann` has three assets."""
    other = replace(btc, name="BTCUSDC", symbol="BTC/USDC:USDC", quote="USDC", settle="USDC")
    engine = Engine([btc, other], seed=7, start_ns=start_ns)
    pool = PoolSpec("main", {"USDT": 0, "USDC": 0, "BTC": 50_000})
    money = {"USDT": 1000 * USDT, "USDC": 2000 * USDT, "BTC": 10**8}
    engine.apply(OpenAccount("ann", (pool,), money), start_ns)
    return engine


def market(side: Side, lots: int) -> Place:
    return Place("ann", "BTCUSDT", side, OrderKind.MARKET, lots)


def balances(engine: Engine) -> dict[str, BalanceState]:
    return {balance.asset: balance for balance in engine.balances("ann")}


def refusal(events: list[Event]) -> Refusal | None:
    return next((event.refusal for event in events if isinstance(event, Refused)), None)


def test_shared_assets_carry_what_one_alone_cannot(engine: Engine, tell: Tell) -> None:
    assert refusal(tell(market(BUY, 5000))) is Refusal.INSUFFICIENT_MARGIN
    assert tell(SHARE) == [PoolSharingChanged("ann", "main", shared=True)]
    assert engine.pool_shared("ann", "main")
    free = {asset: balance.available_atoms for asset, balance in balances(engine).items()}
    assert free == {"USDT": 60_000 * USDT, "USDC": 60_000 * USDT, "BTC": 10**8}
    tell(market(BUY, 5000))
    held = balances(engine)["USDT"]
    used = held.initial_position_atoms - held.unrealized_atoms + 1000 * USDT - held.wallet_atoms
    assert held.available_atoms == 60_000 * USDT - used
    assert held.wallet_atoms < 1000 * USDT


def test_a_coin_counts_at_the_index_price(engine: Engine, tell: Tell) -> None:
    tell(SHARE)
    tell(SetMark("BTCUSDT", 600_000, 300_000))
    assert balances(engine)["USDT"].available_atoms == (3_000 + 28_500) * USDT


def test_the_liquidation_price_counts_all_assets(engine: Engine, tell: Tell) -> None:
    tell(SHARE)
    tell(market(SELL, 15_000))
    ticks = engine.margin("ann", "BTCUSDT").liquidation_ticks
    tell(SetMark("BTCUSDT", ticks - 20, 600_000))
    assert engine.position("ann", "BTCUSDT").lots == -15_000
    tell(SetMark("BTCUSDT", ticks + 20, 600_000))
    assert engine.position("ann", "BTCUSDT").lots == 0


def test_a_falling_coin_calls_for_margin_and_then_liquidates(engine: Engine, tell: Tell) -> None:
    tell(SHARE)
    tell(market(BUY, 11_000))
    (called,) = (event for event in tell(SetMark("BTCUSDT", 600_000, 5_000)) if isinstance(event, MarginCalled))
    assert [position.lots for position in called.positions] == [11_000]
    tell(SetMark("BTCUSDT", 599_900, 1))
    assert engine.position("ann", "BTCUSDT").lots == 0
    assert engine.orders("ann")[-1].origin is OrderOrigin.LIQUIDATION


def test_a_debt_in_one_asset_is_carried_by_the_others(engine: Engine, tell: Tell) -> None:
    tell(SHARE)
    tell(market(BUY, 5000))
    tell(SetPrice("BTCUSDT", 590_000))
    tell(market(SELL, 5000))
    held = balances(engine)["USDT"]
    assert held.wallet_atoms < 0 < held.available_atoms
    assert refusal(tell(APART)) is Refusal.INSUFFICIENT_MARGIN


def test_sharing_changes_only_while_nothing_stands_in_the_way(engine: Engine, tell: Tell) -> None:
    assert refusal(tell(APART)) is Refusal.NO_CHANGE
    tell(Place("ann", "BTCUSDT", BUY, OrderKind.LIMIT, 10, 500_000))
    assert refusal(tell(SHARE)) is Refusal.OPEN_ORDERS
    tell(SetPrice("BTCUSDT", 500_000))
    tell(SHARE)
    tell(market(BUY, 3000))
    assert refusal(tell(APART)) is Refusal.INSUFFICIENT_MARGIN
    tell(market(SELL, 3000))
    assert refusal(tell(APART)) is None
    assert not engine.pool_shared("ann", "main")


def test_there_is_no_isolated_margin_in_a_shared_pool(engine: Engine, tell: Tell) -> None:
    isolated = SetMarginMode("ann", "BTCUSDT", MarginMode.ISOLATED)
    tell(SHARE)
    assert refusal(tell(isolated)) is Refusal.NOT_ALLOWED
    tell(APART)
    tell(isolated)
    assert refusal(tell(SHARE)) is Refusal.NOT_ALLOWED


def test_an_account_may_open_shared(engine: Engine, tell: Tell, start_ns: int) -> None:
    engine.apply(
        OpenAccount("bob", (PoolSpec("main", {"USDT": 0, "USDC": 100_000}, shared=True),), {"USDC": 10**10}), start_ns
    )
    assert [balance.available_atoms for balance in engine.balances("bob")] == [9 * 10**9] * 2
    with pytest.raises(ValueError, match="has no pool"):
        tell(SetPoolSharing("ann", "none", shared=True))
