"""An acknowledgement is no verdict: orders, amendments and cancels that are decided later than they are taken in."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from venueproof_simulators.engine.commands import (
    Amend,
    AmendConditional,
    Cancel,
    CancelAll,
    CancelAllConditional,
    CancelConditional,
    Command,
    FillOrder,
    Place,
    PlaceConditional,
    PrintTrade,
    RefuseOrders,
    Tick,
)
from venueproof_simulators.engine.conditional_state import ConditionalState, ConditionalStatus, TriggerKind
from venueproof_simulators.engine.engine import Engine
from venueproof_simulators.engine.events import (
    Acknowledged,
    Cause,
    ConditionalCause,
    ConditionalChanged,
    Event,
    OrderChanged,
    Refused,
)
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.engine.state import OrderKind, OrderState, OrderStatus, Side

Tell = Callable[[Command], list[Event]]
BUY, SELL, LIMIT, MARKET = Side.BUY, Side.SELL, OrderKind.LIMIT, OrderKind.MARKET
LATE_NS = 5_000_000
RESTING = Place("ann", "BTCUSDT", BUY, LIMIT, 10, 590_000)
STOP = PlaceConditional("ann", "BTCUSDT", SELL, TriggerKind.STOP, MARKET, 10, 590_000)


def late(command: Command) -> Command:
    return replace(command, verdict_delay_ns=LATE_NS)


def wait(engine: Engine) -> list[Event]:
    """Let the verdict fall."""
    return engine.apply(Tick(), engine.now_ns + 10**9)


def order(engine: Engine) -> OrderState:
    found = engine.order("ann", "BTCUSDT", 1)
    assert found is not None
    return found


def stop(engine: Engine) -> ConditionalState:
    found = engine.conditional("ann", "BTCUSDT", 1)
    assert found is not None
    return found


def refusals(events: list[Event]) -> list[tuple[Refusal, int]]:
    return [(event.refusal, event.order_id) for event in events if isinstance(event, Refused)]


def test_an_acknowledged_order_can_be_canceled_and_gets_no_verdict(engine: Engine, tell: Tell) -> None:
    for end in (Cancel("ann", "BTCUSDT", 1), CancelAll("ann", "BTCUSDT")):
        (taken,) = tell(late(RESTING))
        assert isinstance(taken, Acknowledged)
        end = replace(end, order_id=taken.order.order_id) if isinstance(end, Cancel) else end
        (changed,) = tell(end)
        assert isinstance(changed, OrderChanged)
        assert (changed.cause, changed.order.status) == (Cause.CANCELED, OrderStatus.CANCELED)
    assert wait(engine) == []
    assert order(engine).status is OrderStatus.CANCELED


def test_a_late_market_order_is_refused_by_what_holds_when_it_is_due(engine: Engine, tell: Tell) -> None:
    tell(late(Place("ann", "BTCUSDT", BUY, MARKET, 10)))
    tell(RefuseOrders("ann", "insufficient-margin"))
    assert refusals(wait(engine)) == [(Refusal.INSUFFICIENT_MARGIN, 1)]
    assert (order(engine).status, order(engine).reason) == (OrderStatus.REJECTED, Refusal.INSUFFICIENT_MARGIN)


def test_a_late_conditional_order_waits_only_after_its_verdict(engine: Engine, tell: Tell) -> None:
    (taken,) = tell(late(replace(STOP, client_id="c-1")))
    assert isinstance(taken, ConditionalChanged)
    assert (taken.cause, taken.conditional.status) == (
        ConditionalCause.ACKNOWLEDGED,
        ConditionalStatus.ACKNOWLEDGED,
    )
    assert engine.waiting("ann") == []
    assert refusals(tell(replace(STOP, client_id="c-1"))) == [(Refusal.DUPLICATE_CLIENT_ID, 0)]
    (opened,) = wait(engine)
    assert isinstance(opened, ConditionalChanged)
    assert (opened.cause, stop(engine).status) == (ConditionalCause.OPENED, ConditionalStatus.WAITING)


def test_a_late_conditional_order_whose_price_came_meanwhile_ends_rejected(engine: Engine, tell: Tell) -> None:
    tell(late(STOP))
    tell(PrintTrade("BTCUSDT", 589_000, 1, BUY))
    assert stop(engine).status is ConditionalStatus.ACKNOWLEDGED
    assert refusals(wait(engine)) == [(Refusal.WOULD_TRIGGER, 1)]
    assert (stop(engine).status, stop(engine).reason) == (ConditionalStatus.REJECTED, Refusal.WOULD_TRIGGER)


def test_an_acknowledged_conditional_order_can_be_canceled(engine: Engine, tell: Tell) -> None:
    tell(late(STOP))
    tell(late(STOP))
    tell(CancelConditional("ann", "BTCUSDT", 1))
    assert stop(engine).status is ConditionalStatus.CANCELED
    tell(CancelAllConditional("ann"))
    assert [one.status for one in engine.conditionals("ann")] == [ConditionalStatus.CANCELED] * 2
    assert wait(engine) == []


def test_a_late_cancel_ends_the_order_when_it_is_due_unless_it_filled_before(engine: Engine, tell: Tell) -> None:
    assert refusals(tell(late(Cancel("ann", "BTCUSDT", 1)))) == [(Refusal.UNKNOWN_ORDER, 1)]
    tell(RESTING)
    tell(RESTING)
    assert tell(late(Cancel("ann", "BTCUSDT", 1))) == []
    tell(late(Cancel("ann", "BTCUSDT", 2)))
    tell(FillOrder("BTCUSDT", 1))
    events = wait(engine)
    assert refusals(events) == [(Refusal.UNKNOWN_ORDER, 1)]
    assert [e.order.order_id for e in events if isinstance(e, OrderChanged)] == [2]
    assert order(engine).status is OrderStatus.FILLED


def test_a_late_amendment_is_checked_against_what_is_filled_when_it_is_due(engine: Engine, tell: Tell) -> None:
    tell(RESTING)
    assert tell(late(Amend("ann", "BTCUSDT", 1, 590_000, 5, cancels_on_failure=False))) == []
    tell(FillOrder("BTCUSDT", 1, 6))
    assert refusals(wait(engine)) == [(Refusal.NOT_AMENDABLE, 1)]
    assert (order(engine).lots, order(engine).open_lots) == (10, 4)
    tell(late(Amend("ann", "BTCUSDT", 1, 591_000, 10)))
    wait(engine)
    assert order(engine).ticks == 591_000


def test_a_late_change_or_cancel_of_a_conditional_order_comes_too_late_once_it_fired(
    engine: Engine, tell: Tell
) -> None:
    tell(STOP)
    tell(late(AmendConditional("ann", "BTCUSDT", 1, trigger_ticks=580_000)))
    tell(late(CancelConditional("ann", "BTCUSDT", 1)))
    assert (stop(engine).status, stop(engine).trigger_ticks) == (ConditionalStatus.WAITING, 590_000)
    tell(PrintTrade("BTCUSDT", 590_000, 1, BUY))
    assert refusals(wait(engine)) == [(Refusal.UNKNOWN_ORDER, 1)] * 2
    assert stop(engine).status is ConditionalStatus.FINISHED


def test_one_that_is_refused_when_it_fires_keeps_the_id_it_took(engine: Engine, tell: Tell) -> None:
    """So that a venue with one space of ids can show it as triggered, then as gone, under one id."""
    tell(replace(STOP, lots=100_000, takes_order_id=True))
    tell(RESTING)
    events = tell(PrintTrade("BTCUSDT", 590_000, 1, BUY))
    assert [(e.cause, e.conditional.reserved_id) for e in events if isinstance(e, ConditionalChanged)] == [
        (ConditionalCause.TRIGGERING, 1),
        (ConditionalCause.REJECTED, 1),
    ]
    assert (stop(engine).reason, engine.order("ann", "BTCUSDT", 1)) == (Refusal.INSUFFICIENT_MARGIN, None)
    assert [order.order_id for order in engine.live_orders("ann")] == [2]


def test_what_is_refused_late_was_taken_in_and_ends_rejected(engine: Engine, tell: Tell) -> None:
    crossing = replace(RESTING, ticks=600_001, post_only=True, client_id="c-1")
    (refused,) = tell(crossing)
    assert isinstance(refused, Refused)
    assert (refused.order_id, engine.orders("ann")) == (0, [])

    refused, ended = tell(replace(crossing, late=(Refusal.WOULD_CROSS,)))
    assert isinstance(refused, Refused)
    assert isinstance(ended, OrderChanged)
    assert (refused.refusal, refused.order_id) == (Refusal.WOULD_CROSS, 1)
    assert (ended.cause, ended.order.status, ended.order.reason) == (
        Cause.REJECTED,
        OrderStatus.REJECTED,
        "would-cross",
    )
    assert engine.orders("ann") == [ended.order]
    assert engine.live_orders("ann") == []


def test_only_what_is_said_to_be_refused_late_is(engine: Engine, tell: Tell) -> None:
    (refused,) = tell(replace(RESTING, lots=0, late=(Refusal.WOULD_CROSS,)))
    assert isinstance(refused, Refused)
    assert (refused.refusal, refused.order_id) == (Refusal.AMOUNT_NOT_POSITIVE, 0)
    assert engine.orders("ann") == []
