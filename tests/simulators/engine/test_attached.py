"""What is attached to an order comes after it, and what may fire at once does."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from venueproof_simulators.engine.commands import (
    AmendConditional,
    Cancel,
    Command,
    FillOrder,
    Place,
    PlaceConditional,
    PrintTrade,
)
from venueproof_simulators.engine.conditional_state import ConditionalStatus, TriggerKind
from venueproof_simulators.engine.engine import Engine, replay
from venueproof_simulators.engine.events import ConditionalCause, ConditionalChanged, Event, Refused
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.engine.state import OrderKind, Side

Tell = Callable[[Command], list[Event]]
BUY, SELL, LIMIT, MARKET = Side.BUY, Side.SELL, OrderKind.LIMIT, OrderKind.MARKET
STOP = PlaceConditional("ann", "BTCUSDT", SELL, TriggerKind.STOP, MARKET, 10, 580_000, oco_group="pair")
TAKE = Place("ann", "BTCUSDT", SELL, LIMIT, 10, 610_000, reduce_only=True, oco_group="pair")
ENTRY = Place("ann", "BTCUSDT", BUY, LIMIT, 10, 590_000, attached=(STOP, TAKE))


def causes(events: list[Event]) -> list[ConditionalCause]:
    return [event.cause for event in events if isinstance(event, ConditionalChanged)]


def test_attached_ones_come_when_the_order_has_filled_whole_and_then_cancel_each_other(
    engine: Engine, tell: Tell
) -> None:
    tell(ENTRY)
    tell(FillOrder("BTCUSDT", 1, 4))
    assert (engine.waiting("ann"), len(engine.live_orders("ann"))) == ([], 1)
    tell(FillOrder("BTCUSDT", 1))
    assert [one.lots for one in engine.waiting("ann")] == [10]
    assert [(order.ticks, order.lots) for order in engine.live_orders("ann")] == [(610_000, 10)]
    tell(PrintTrade("BTCUSDT", 580_000, 1, BUY))
    assert (engine.live_orders("ann"), engine.position("ann", "BTCUSDT").lots) == ([], 0)
    assert replay(engine.journal).state_digest() == engine.state_digest()


def test_attached_ones_are_for_no_more_than_was_filled_and_for_nothing_they_do_not_come(
    engine: Engine, tell: Tell
) -> None:
    tell(ENTRY)
    tell(FillOrder("BTCUSDT", 1, 4))
    tell(Cancel("ann", "BTCUSDT", 1))
    assert [one.lots for one in engine.waiting("ann")] == [4]
    assert [order.lots for order in engine.live_orders("ann")] == [4]
    tell(replace(ENTRY, attached=(replace(STOP, oco_group=""),)))
    tell(Cancel("ann", "BTCUSDT", 3))
    assert len(engine.conditionals("ann")) == 1


def test_an_attached_one_that_may_not_come_in_is_refused(tell: Tell) -> None:
    events = tell(replace(ENTRY, kind=MARKET, ticks=0, attached=(replace(STOP, trigger_ticks=700_000, client_id="c"),)))
    assert [(e.client_id, e.refusal) for e in events if isinstance(e, Refused)] == [("c", Refusal.WOULD_TRIGGER)]


def test_one_that_may_fires_at_once_when_its_price_is_there_already(engine: Engine, tell: Tell) -> None:
    late = replace(STOP, trigger_ticks=700_000, fires_at_once=True)
    assert causes(tell(late)) == [
        ConditionalCause.OPENED,
        ConditionalCause.TRIGGERING,
        ConditionalCause.TRIGGERED,
        ConditionalCause.FINISHED,
    ]
    tell(replace(late, trigger_ticks=580_000))
    tell(AmendConditional("ann", "BTCUSDT", 2, trigger_ticks=700_000))
    tell(replace(late, trigger_ticks=580_000))
    assert [one.status for one in engine.conditionals("ann")] == [
        ConditionalStatus.FINISHED,
        ConditionalStatus.FINISHED,
        ConditionalStatus.WAITING,
    ]
