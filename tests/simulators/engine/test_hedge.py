"""Hedge mode: a long and a short leg side by side, and the orders that belong to each.

One tick of one lot is worth 10000 atoms; best bid 599999, best ask 600001 ticks; leverage 20; maintenance 0.4 %.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from venueproof_simulators.engine.commands import (
    Cancel,
    Command,
    FillOrder,
    Place,
    SetMarginMode,
    SetPositionMode,
    SetPrice,
)
from venueproof_simulators.engine.engine import Engine
from venueproof_simulators.engine.events import Event, OrderChanged, PositionChanged, PositionModeChanged, Refused
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.engine.state import (
    MarginMode,
    OrderKind,
    OrderStatus,
    PositionMode,
    PositionSide,
    Side,
)

Tell = Callable[[Command], list[Event]]
BUY, SELL = Side.BUY, Side.SELL
NET, LONG, SHORT = PositionSide.NET, PositionSide.LONG, PositionSide.SHORT
HEDGE = SetPositionMode("ann", PositionMode.HEDGE)


def market(side: Side, lots: int, leg: PositionSide, reduce_only: bool = False) -> Place:
    return Place(
        "ann", "BTCUSDT", side, OrderKind.MARKET, lots, position_side=leg, reduce_only=reduce_only, client_id="m"
    )


def limit(side: Side, ticks: int, lots: int, leg: PositionSide) -> Place:
    return Place("ann", "BTCUSDT", side, OrderKind.LIMIT, lots, ticks, position_side=leg)


def refusal(events: list[Event]) -> Refusal:
    (event,) = events
    assert isinstance(event, Refused)
    return event.refusal


def test_the_mode_changes_only_while_nothing_is_open_anywhere(engine: Engine, tell: Tell) -> None:
    assert refusal(tell(SetPositionMode("ann", PositionMode.NET))) is Refusal.NO_CHANGE
    tell(Place("ann", "STRICT", BUY, OrderKind.LIMIT, 10, 590_000))
    assert refusal(tell(HEDGE)) is Refusal.OPEN_ORDERS
    tell(FillOrder("STRICT", 1))
    assert refusal(tell(HEDGE)) is Refusal.OPEN_POSITION
    tell(Place("ann", "STRICT", SELL, OrderKind.MARKET, 10))
    assert tell(HEDGE) == [PositionModeChanged("ann", PositionMode.HEDGE)]
    assert (engine.position_mode("ann"), engine.position_mode("bob")) == (PositionMode.HEDGE, PositionMode.NET)
    tell(market(BUY, 1, LONG))
    assert refusal(tell(SetPositionMode("ann", PositionMode.NET))) is Refusal.OPEN_POSITION


def test_an_order_must_name_a_leg_that_the_mode_has(engine: Engine, tell: Tell) -> None:
    assert refusal(tell(market(BUY, 1, LONG))) is Refusal.POSITION_SIDE
    tell(HEDGE)
    assert refusal(tell(market(BUY, 1, NET))) is Refusal.POSITION_SIDE
    with pytest.raises(ValueError, match="hedge mode and has no net leg"):
        engine.position("ann", "BTCUSDT")


def test_legs_live_side_by_side_and_the_larger_one_is_margined(engine: Engine, tell: Tell) -> None:
    tell(HEDGE)
    tell(market(BUY, 30, LONG))
    events = tell(market(SELL, 10, SHORT))
    assert [event.position.side for event in events if isinstance(event, PositionChanged)] == [SHORT]
    tell(SetPrice("BTCUSDT", 610_000))
    long, short = engine.positions("ann")
    assert (long.side, long.lots, short.side, short.lots) == (LONG, 30, SHORT, -10)
    assert long.unrealized_atoms == 9_999 * 30 * 10_000
    assert short.unrealized_atoms == -10_001 * 10 * 10_000
    (balance,) = engine.balances("ann")
    assert balance.initial_position_atoms == 610_000 * 30 * 10_000 // 20
    assert balance.maintenance_atoms == 610_000 * 40 * 10_000 * 4 // 1000
    assert balance.unrealized_atoms == long.unrealized_atoms + short.unrealized_atoms
    tell(limit(SELL, 620_000, 25, SHORT))
    assert engine.balances("ann")[0].initial_orders_atoms == (610_000 * 10 + 620_000 * 25 - 610_000 * 30) * 500


def test_both_legs_share_one_liquidation_price_under_cross_margin(engine: Engine, tell: Tell) -> None:
    tell(HEDGE)
    tell(market(BUY, 3000, LONG))
    tell(market(SELL, 1000, SHORT))
    ticks = engine.margin("ann", "BTCUSDT", LONG).liquidation_ticks
    assert ticks == engine.margin("ann", "BTCUSDT", SHORT).liquidation_ticks
    for at, alive in ((ticks + 2, True), (ticks - 2, False)):
        tell(SetPrice("BTCUSDT", at))
        assert (engine.position("ann", "BTCUSDT", LONG).lots == 3000) is alive


def test_closing_orders_close_their_own_leg_and_no_more(engine: Engine, tell: Tell) -> None:
    tell(HEDGE)
    tell(market(BUY, 30, LONG))
    tell(market(SELL, 10, SHORT))
    assert refusal(tell(market(SELL, 31, LONG))) is Refusal.REDUCE_ONLY
    assert refusal(tell(market(BUY, 11, SHORT))) is Refusal.REDUCE_ONLY
    assert refusal(tell(market(BUY, 1, LONG, reduce_only=True))) is Refusal.REDUCE_ONLY
    events = tell(market(SELL, 20, LONG))
    assert all(event.order.reduce_only for event in events if isinstance(event, OrderChanged))
    assert [position.lots for position in engine.positions("ann")] == [10, -10]
    assert engine.fills("ann")[-1].position_side is LONG


def test_a_promise_to_reduce_is_cut_to_its_leg(engine: Engine, tell: Tell) -> None:
    tell(HEDGE)
    tell(market(BUY, 30, LONG))
    tell(market(SELL, 31, LONG, reduce_only=True))
    last = engine.orders("ann")[-1]
    assert (last.filled_lots, last.status, last.reason) == (30, OrderStatus.EXPIRED, "reduce-only")
    assert engine.position("ann", "BTCUSDT", LONG).lots == 0
    assert refusal(tell(market(SELL, 1, LONG, reduce_only=True))) is Refusal.REDUCE_ONLY


def test_a_closing_order_never_turns_its_leg_round(engine: Engine, tell: Tell) -> None:
    tell(HEDGE)
    tell(market(BUY, 30, LONG))
    before = engine.balances("ann")[0].initial_orders_atoms
    tell(limit(SELL, 600_050, 30, LONG))
    tell(limit(SELL, 600_060, 20, LONG))
    assert engine.balances("ann")[0].initial_orders_atoms == before
    tell(market(SELL, 15, LONG))
    tell(SetPrice("BTCUSDT", 600_100))
    first, second = (order for order in engine.orders("ann") if order.kind is OrderKind.LIMIT)
    assert (first.filled_lots, first.status) == (15, OrderStatus.EXPIRED)
    assert (second.filled_lots, second.status, second.reason) == (0, OrderStatus.EXPIRED, "reduce-only")
    assert engine.position("ann", "BTCUSDT", LONG).lots == 0


def test_isolated_legs_lock_in_margin_each_for_itself(engine: Engine, tell: Tell) -> None:
    tell(HEDGE)
    tell(SetMarginMode("ann", "BTCUSDT", MarginMode.ISOLATED))
    tell(market(BUY, 30, LONG))
    tell(market(SELL, 10, SHORT))
    long, short = engine.positions("ann")
    assert long.isolated_atoms == 600_001 * 30 * 10_000 // 20
    assert short.isolated_atoms == 599_999 * 10 * 10_000 // 20
    tell(SetPrice("BTCUSDT", 590_000))
    (balance,) = engine.balances("ann")
    assert balance.isolated_atoms == long.isolated_atoms + short.isolated_atoms
    assert balance.isolated_unrealized_atoms == balance.unrealized_atoms
    assert balance.available_atoms == balance.wallet_atoms - balance.isolated_atoms
    prices = [engine.margin("ann", "BTCUSDT", leg).liquidation_ticks for leg in (LONG, SHORT)]
    assert prices[0] < 590_000 < prices[1]
    tell(limit(BUY, 580_000, 10, LONG))
    tell(limit(SELL, 620_000, 10, SHORT))
    assert engine.balances("ann")[0].initial_orders_atoms == (580_000 + 620_000) * 10 * 10_000 // 20
    tell(Cancel("ann", "BTCUSDT", 3))
