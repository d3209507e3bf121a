"""An engine that runs for days forgets what is old, and nothing that counts."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from venueproof_simulators.engine.commands import (
    Cancel,
    CancelConditional,
    Command,
    Place,
    PlaceConditional,
    PrintTrade,
    Tick,
)
from venueproof_simulators.engine.conditional_state import TriggerKind
from venueproof_simulators.engine.engine import Engine
from venueproof_simulators.engine.events import Event
from venueproof_simulators.engine.forgetting import Keep
from venueproof_simulators.engine.state import OrderKind, Side

Tell = Callable[[Command], list[Event]]
BUY, SELL, LIMIT, MARKET = Side.BUY, Side.SELL, OrderKind.LIMIT, OrderKind.MARKET
DAY = 86_400 * 10**9
REST = Place("ann", "BTCUSDT", BUY, LIMIT, 10, 590_000)
STOP = PlaceConditional("ann", "BTCUSDT", SELL, TriggerKind.STOP, MARKET, 10, 580_000)


def later(engine: Engine, days: float) -> None:
    """Two commands: what is old is looked for at the end of one."""
    engine.apply(Tick(), engine.now_ns + int(days * DAY))
    engine.apply(Tick(), engine.now_ns + 2 * 3600 * 10**9)


def known(engine: Engine) -> tuple[list[int], list[int], int]:
    """Ids of orders and of conditional orders, and how many fills."""
    orders = [order.order_id for order in engine.orders("ann")]
    assert orders == [order.order_id for order in engine.orders("ann", "BTCUSDT")]
    return orders, [one.conditional_id for one in engine.conditionals("ann")], len(engine.fills("ann", "BTCUSDT"))


def test_orders_are_forgotten_by_age_those_without_fills_first_and_live_ones_never(engine: Engine, tell: Tell) -> None:
    engine.run_for_long()
    tell(replace(REST, client_id="rests"))
    tell(replace(REST, client_id="canceled"))
    tell(Cancel("ann", "BTCUSDT", 2))
    tell(Place("ann", "BTCUSDT", BUY, MARKET, 10, client_id="filled"))
    tell(STOP)
    tell(STOP)
    tell(CancelConditional("ann", "BTCUSDT", 2))
    later(engine, 2.5)
    assert known(engine) == ([1, 2, 3], [1, 2], 1)
    later(engine, 1)
    assert known(engine) == ([1, 3], [1], 1)
    assert engine.order("ann", "BTCUSDT", 2) is None
    assert engine.order_by_client_id("ann", "BTCUSDT", "canceled") is None
    before = engine.balances("ann"), engine.position("ann", "BTCUSDT"), engine.totals()
    later(engine, 90)
    assert known(engine) == ([1], [1], 0)
    assert [replace(one, updated_ns=0) for one in engine.balances("ann")] == [
        replace(one, updated_ns=0) for one in before[0]
    ]
    assert (engine.position("ann", "BTCUSDT"), engine.totals()) == before[1:]


def test_ids_are_not_used_again(engine: Engine, tell: Tell) -> None:
    engine.run_for_long()
    tell(REST)
    tell(Cancel("ann", "BTCUSDT", 1))
    later(engine, 4)
    tell(REST)
    assert known(engine)[0] == [2]


def test_of_public_trades_the_newest_are_kept_and_candles_of_all(engine: Engine, tell: Tell) -> None:
    engine.run_for_long(Keep(trades=3))
    first = engine.trades("BTCUSDT", engine.now_ns, limit=1)[0].trade_id + 1
    begin = engine.now_ns
    for number in range(10):
        tell(PrintTrade("BTCUSDT", 600_000 + number, 1, BUY))
    hours = {"start_ns": begin - 10 * 3600 * 10**9, "limit": 10}
    before = engine.candles("BTCUSDT", "1h", engine.now_ns, **hours)
    later(engine, 0.5)
    assert engine.candles("BTCUSDT", "1h", engine.now_ns, **hours) == before
    assert (before[-1].trades, before[-1].close) == (30, 600_009)
    now = engine.now_ns

    def ids(**asked: int) -> list[int]:
        return [trade.trade_id - first for trade in engine.trades("BTCUSDT", now, limit=5, **asked)]

    assert ids() == ids(from_id=first) == ids(start_ns=begin) == [7, 8, 9]
    assert ids(from_id=first - 2) == [-2, -1, 7, 8, 9]
    assert ids(from_id=first + 8) == [8, 9]
    assert engine.ticker("BTCUSDT", now).last == 600_009
