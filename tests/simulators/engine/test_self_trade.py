"""Orders that meet an order of their own account: which one gives way, and that money stays exact when neither does."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from venueproof_simulators.engine.commands import Amend, Command, Place
from venueproof_simulators.engine.engine import Engine
from venueproof_simulators.engine.events import Event, Refused
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.engine.state import OrderKind, OrderState, OrderStatus, SelfTrade, Side, TimeInForce

Tell = Callable[[Command], list[Event]]
BUY, SELL, LIMIT = Side.BUY, Side.SELL, OrderKind.LIMIT
TICKS = 600_000
"""Between the market maker's quotes: only users meet here."""


def limit(account: str, side: Side, lots: int, **more: object) -> Place:
    return replace(Place(account, "BTCUSDT", side, LIMIT, lots, TICKS), **more)


def ends(engine: Engine) -> list[tuple[OrderStatus, int, str]]:
    return [(order.status, order.filled_lots, order.reason) for order in engine.orders("ann")]


EXPIRED, OPEN, FILLED = OrderStatus.EXPIRED, OrderStatus.OPEN, OrderStatus.FILLED


@pytest.mark.parametrize(
    ("mode", "maker", "taker"),
    [
        (SelfTrade.EXPIRE_MAKER, (EXPIRED, 0, "self-trade"), (OrderStatus.PARTLY_FILLED, 4, "")),
        (SelfTrade.EXPIRE_TAKER, (OPEN, 0, ""), (EXPIRED, 0, "self-trade")),
        (SelfTrade.EXPIRE_BOTH, (EXPIRED, 0, "self-trade"), (EXPIRED, 0, "self-trade")),
        (SelfTrade.NONE, (FILLED, 5, ""), (OrderStatus.PARTLY_FILLED, 9, "")),
    ],
)
def test_the_takers_mode_decides_which_order_gives_way(
    engine: Engine,
    tell: Tell,
    mode: SelfTrade,
    maker: tuple[OrderStatus, int, str],
    taker: tuple[OrderStatus, int, str],
) -> None:
    tell(limit("ann", SELL, 5, self_trade=SelfTrade.EXPIRE_TAKER))
    tell(limit("bob", SELL, 4))
    tell(limit("ann", BUY, 20, self_trade=mode))
    assert ends(engine) == [maker, taker]
    assert engine.orders("ann")[1].self_trade is mode
    assert engine.position("ann", "BTCUSDT").lots == sum(f.lots * f.side.sign for f in engine.fills("ann"))


def test_an_order_that_trades_with_its_own_pays_both_fees_and_nothing_else(engine: Engine, tell: Tell) -> None:
    (before,) = engine.balances("ann")
    tell(limit("ann", SELL, 5))
    tell(limit("ann", BUY, 5, self_trade=SelfTrade.NONE))
    (after,) = engine.balances("ann")
    assert engine.position("ann", "BTCUSDT").lots == 0
    assert [fill.maker for fill in engine.fills("ann")] == [False, True]
    assert before.wallet_atoms - after.wallet_atoms == sum(fill.fee_atoms for fill in engine.fills("ann")) > 0


@pytest.mark.parametrize(
    ("mode", "lots", "comes_in"),
    [
        (SelfTrade.EXPIRE_MAKER, 4, True),
        (SelfTrade.EXPIRE_MAKER, 6, False),
        (SelfTrade.EXPIRE_TAKER, 2, True),
        (SelfTrade.EXPIRE_TAKER, 4, False),
        (SelfTrade.EXPIRE_BOTH, 4, False),
        (SelfTrade.NONE, 9, True),
        (SelfTrade.NONE, 10, False),
    ],
)
def test_fill_or_kill_counts_only_what_it_would_trade_with(
    engine: Engine, tell: Tell, mode: SelfTrade, lots: int, comes_in: bool
) -> None:
    tell(limit("bob", SELL, 2))
    tell(limit("ann", SELL, 5))
    tell(limit("bob", SELL, 2))
    events = tell(limit("ann", BUY, lots, time_in_force=TimeInForce.FOK, self_trade=mode))
    if comes_in:
        assert ends(engine)[1] == (FILLED, lots, "")
    else:
        assert isinstance(events[0], Refused)
        assert events[0].refusal is Refusal.NOT_FILLABLE


def test_a_post_only_order_never_meets_its_own(engine: Engine, tell: Tell) -> None:
    tell(limit("ann", SELL, 5))
    (event,) = tell(limit("ann", BUY, 5, post_only=True, self_trade=SelfTrade.NONE))
    assert isinstance(event, Refused)
    assert event.refusal is Refusal.WOULD_CROSS


def test_an_amended_order_keeps_its_mode(engine: Engine, tell: Tell) -> None:
    tell(limit("ann", SELL, 5))
    tell(limit("ann", BUY, 5, ticks=TICKS - 5, self_trade=SelfTrade.EXPIRE_BOTH))
    tell(Amend("ann", "BTCUSDT", 2, TICKS, 5))
    assert ends(engine) == [(EXPIRED, 0, "self-trade")] * 2


def test_an_amendment_can_change_the_mode(engine: Engine, tell: Tell) -> None:
    tell(limit("ann", SELL, 5))
    tell(limit("ann", BUY, 5, ticks=TICKS - 5, self_trade=SelfTrade.EXPIRE_BOTH))
    tell(Amend("ann", "BTCUSDT", 2, TICKS, 5, self_trade=SelfTrade.NONE))
    assert ends(engine) == [(FILLED, 5, "")] * 2
    assert engine.orders("ann")[1].self_trade is SelfTrade.NONE


@pytest.mark.parametrize(("lots", "comes_in"), [(5, True), (6, False)])
def test_fill_or_kill_counts_of_reduce_only_orders_what_they_can_reduce(
    engine: Engine, tell: Tell, lots: int, comes_in: bool
) -> None:
    tell(limit("bob", SELL, 5))
    tell(limit("ann", BUY, 5))
    tell(limit("ann", SELL, 2))
    tell(limit("ann", SELL, 9, reduce_only=True))
    tell(limit("ann", SELL, 9, reduce_only=True))
    tell(limit("bob", SELL, 2))
    events = tell(limit("bob", BUY, lots, time_in_force=TimeInForce.FOK))
    found = [order.filled_lots for order in engine.orders("bob") if order.side is BUY]
    assert found == ([lots] if comes_in else [])
    assert comes_in or (isinstance(events[0], Refused) and events[0].refusal is Refusal.NOT_FILLABLE)


def test_fill_or_kill_that_may_only_reduce_is_refused_beyond_the_position(engine: Engine, tell: Tell) -> None:
    tell(limit("bob", SELL, 5))
    tell(limit("ann", BUY, 5))
    tell(limit("bob", BUY, 9))
    order = limit("ann", SELL, 6, time_in_force=TimeInForce.FOK, reduce_only=True)
    (event,) = tell(order)
    assert isinstance(event, Refused)
    assert event.refusal is Refusal.NOT_FILLABLE
    tell(replace(order, lots=5))
    assert engine.position("ann", "BTCUSDT").lots == 0


def test_reduce_only_orders_stay_within_the_position_when_they_meet_their_own(engine: Engine, tell: Tell) -> None:
    tell(limit("bob", SELL, 10))
    tell(limit("ann", BUY, 10))
    tell(limit("ann", BUY, 30, ticks=TICKS))
    tell(limit("ann", SELL, 25, reduce_only=True, self_trade=SelfTrade.NONE))
    last: list[OrderState] = engine.orders("ann")[1:]
    assert sum(order.filled_lots * order.side.sign for order in last) == 0
    assert engine.position("ann", "BTCUSDT").lots == 10


def test_all_or_nothing_counts_an_own_order_as_often_as_it_trades(engine: Engine, tell: Tell) -> None:
    """Each time ann sells what she holds to herself she holds it again."""
    tell(limit("ann", BUY, 400))
    tell(limit("bob", SELL, 7))
    fill_all = limit("ann", SELL, 390, reduce_only=True, time_in_force=TimeInForce.FOK, self_trade=SelfTrade.NONE)
    tell(fill_all)
    assert ends(engine)[1:] == [(FILLED, 390, "")]
    assert engine.position("ann", "BTCUSDT").lots == 7
