"""One cancels the others, and what is bound to a position ends with it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from venueproof_simulators.engine.commands import (
    Cancel,
    CancelAll,
    CancelConditional,
    Command,
    FillOrder,
    Place,
    PlaceConditional,
    PrintTrade,
    SetPositionMode,
)
from venueproof_simulators.engine.conditional_state import ConditionalStatus, TriggerKind
from venueproof_simulators.engine.engine import Engine
from venueproof_simulators.engine.events import Event, OrderChanged, Refused
from venueproof_simulators.engine.groups import ONE_CANCELS_OTHER
from venueproof_simulators.engine.state import (
    OrderKind,
    OrderStatus,
    PositionMode,
    PositionSide,
    SelfTrade,
    Side,
)
from venueproof_simulators.engine.triggers import POSITION_CLOSED

Tell = Callable[[Command], list[Event]]
BUY, SELL, LIMIT, MARKET = Side.BUY, Side.SELL, OrderKind.LIMIT, OrderKind.MARKET
STOP, TAKE = TriggerKind.STOP, TriggerKind.TAKE
CANCELED, WAITING, FINISHED = ConditionalStatus.CANCELED, ConditionalStatus.WAITING, ConditionalStatus.FINISHED


def take(ticks: int = 610_000, lots: int = 10, group: str = "pair") -> Place:
    """A limit order of `ann`'s that takes profit."""
    return Place("ann", "BTCUSDT", SELL, LIMIT, lots, ticks, oco_group=group)


def stop(ticks: int = 590_000, group: str = "pair", **more: object) -> PlaceConditional:
    return replace(PlaceConditional("ann", "BTCUSDT", SELL, STOP, MARKET, 10, ticks, oco_group=group), **more)


def printed(ticks: int) -> PrintTrade:
    return PrintTrade("BTCUSDT", ticks, 1, BUY)


def conditionals(engine: Engine) -> list[tuple[ConditionalStatus, str]]:
    return [(one.status, one.reason) for one in engine.conditionals("ann")]


def test_of_a_limit_order_and_a_stop_the_first_to_fill_or_fire_cancels_the_other(engine: Engine, tell: Tell) -> None:
    tell(take())
    tell(stop())
    tell(FillOrder("BTCUSDT", 1, 3))
    assert conditionals(engine) == [(CANCELED, ONE_CANCELS_OTHER)]
    tell(take(620_000, group="second"))
    tell(stop(580_000, group="second"))
    tell(printed(580_000))
    order = engine.order("ann", "BTCUSDT", 2)
    assert order is not None
    assert (order.status, order.reason, order.oco_group) == (OrderStatus.CANCELED, ONE_CANCELS_OTHER, "second")
    assert [order.order_id for order in engine.live_orders("ann")] == [1]
    assert conditionals(engine)[1] == (FINISHED, "")


def test_of_two_that_one_price_reaches_only_the_first_fires(engine: Engine, tell: Tell) -> None:
    tell(stop(595_000))
    tell(stop(594_000))
    tell(stop(593_000, group="other"))
    tell(printed(590_000))
    assert conditionals(engine) == [(FINISHED, ""), (CANCELED, ONE_CANCELS_OTHER), (FINISHED, "")]
    assert engine.position("ann", "BTCUSDT").lots == -20


@pytest.mark.parametrize("end", [Cancel("ann", "BTCUSDT", 1), CancelAll("ann")])
def test_one_that_is_canceled_takes_the_others_along(engine: Engine, tell: Tell, end: Command) -> None:
    tell(take())
    tell(take(620_000))
    tell(stop())
    tell(end)
    assert engine.live_orders("ann") == []
    assert conditionals(engine) == [(CANCELED, ONE_CANCELS_OTHER)]


def test_one_that_is_canceled_alone_leaves_the_others(engine: Engine, tell: Tell) -> None:
    tell(take())
    tell(stop())
    tell(CancelConditional("ann", "BTCUSDT", 1, keeps_others=True))
    assert conditionals(engine) == [(CANCELED, "")]
    assert len(engine.live_orders("ann")) == 1


def test_a_word_is_for_one_account_and_instrument(engine: Engine, tell: Tell) -> None:
    tell(stop())
    tell(replace(stop(), account="bob"))
    tell(replace(stop(), instrument="STRICT"))
    tell(printed(590_000))
    assert [one.status for one in engine.conditionals("bob")] == [FINISHED]
    assert conditionals(engine) == [(FINISHED, ""), (WAITING, "")]


def test_a_group_whose_members_would_trade_with_each_other_ends_once(engine: Engine, tell: Tell) -> None:
    """Ann's own resting order gives way, and takes the incoming one of its group along."""
    tell(replace(take(600_000), post_only=True))
    events = tell(replace(take(600_000), side=BUY, self_trade=SelfTrade.EXPIRE_BOTH))
    ended = [e.order.status for e in events if isinstance(e, OrderChanged) and not e.order.open_lots]
    assert ended == [OrderStatus.EXPIRED, OrderStatus.CANCELED]
    assert engine.live_orders("ann") == []


def test_an_acknowledged_order_is_of_its_group_already(engine: Engine, tell: Tell) -> None:
    tell(replace(take(), verdict_delay_ns=10**9))
    tell(stop())
    tell(printed(590_000))
    order = engine.order("ann", "BTCUSDT", 1)
    assert order is not None
    assert (order.status, order.reason) == (OrderStatus.CANCELED, ONE_CANCELS_OTHER)


def test_what_is_bound_to_a_position_ends_when_it_is_flat_and_not_when_it_shrinks(engine: Engine, tell: Tell) -> None:
    tell(Place("ann", "BTCUSDT", BUY, MARKET, 10))
    tell(stop(group="", ends_when_flat=True, lots=4))
    tell(stop(group=""))
    tell(Place("ann", "BTCUSDT", SELL, MARKET, 9))
    assert conditionals(engine)[0] == (WAITING, "")
    tell(Place("ann", "BTCUSDT", SELL, MARKET, 1))
    assert conditionals(engine) == [(ConditionalStatus.EXPIRED, POSITION_CLOSED), (WAITING, "")]


def test_what_is_bound_to_one_leg_stays_when_the_other_one_trades(engine: Engine, tell: Tell) -> None:
    tell(SetPositionMode("ann", PositionMode.HEDGE))
    tell(stop(group="", ends_when_flat=True, position_side=PositionSide.LONG))
    short = replace(Place("ann", "BTCUSDT", SELL, MARKET, 5), position_side=PositionSide.SHORT)
    assert not any(isinstance(event, Refused) for event in tell(short))
    assert conditionals(engine) == [(WAITING, "")]
    long = replace(short, position_side=PositionSide.LONG)
    tell(replace(long, side=BUY))
    tell(long)
    assert conditionals(engine) == [(ConditionalStatus.EXPIRED, POSITION_CLOSED)]
