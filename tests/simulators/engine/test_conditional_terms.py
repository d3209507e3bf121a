"""Terms of conditional orders: trailing by a distance, and changing what waits."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from venueproof_simulators.engine.commands import AmendConditional, Command, Deposit, PlaceConditional, PrintTrade
from venueproof_simulators.engine.conditional_state import (
    ConditionalState,
    ConditionalStatus,
    TriggerKind,
    WatchedPrice,
)
from venueproof_simulators.engine.engine import Engine
from venueproof_simulators.engine.events import ConditionalCause, ConditionalChanged, Event, Refused
from venueproof_simulators.engine.instruments import Instrument
from venueproof_simulators.engine.matching import WORST_PRICE
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.engine.state import OrderKind, Side

from .play import fresh_engine

Tell = Callable[[Command], list[Event]]
BUY, SELL = Side.BUY, Side.SELL
START = 600_000
STOP = PlaceConditional("ann", "BTCUSDT", SELL, TriggerKind.STOP, OrderKind.MARKET, 10, 590_000)
TRAILING = replace(STOP, trigger=TriggerKind.TRAILING, trigger_ticks=0, callback_ticks=1_000)


def printed(ticks: int) -> PrintTrade:
    return PrintTrade("BTCUSDT", ticks, 1, BUY)


def amended(**given: object) -> AmendConditional:
    return replace(AmendConditional("ann", "BTCUSDT", 1), **given)


def refusals(events: list[Event]) -> list[Refusal]:
    return [event.refusal for event in events if isinstance(event, Refused)]


def the(engine: Engine) -> ConditionalState:
    found = engine.conditional("ann", "BTCUSDT", 1)
    assert found is not None
    return found


@settings(max_examples=100)
@given(
    side=st.sampled_from(Side),
    distance=st.integers(1, 20_000),
    path=st.lists(st.integers(585_000, 615_000), max_size=12),
)
def test_a_trailing_order_by_a_distance_fires_when_the_price_is_so_far_from_its_best(
    side: Side, distance: int, path: list[int], btc: Instrument
) -> None:
    engine = fresh_engine(btc)
    engine.apply(replace(TRAILING, side=side, callback_ticks=distance), engine.now_ns)
    best = START
    for ticks in path:
        engine.apply(printed(ticks), engine.now_ns + 1)
        if (best - ticks) * -side.sign >= distance:
            assert the(engine).status is ConditionalStatus.FINISHED
            return
        best = min(best, ticks) if side is BUY else max(best, ticks)
        assert the(engine).trigger_ticks == best + side.sign * distance
    assert the(engine).status is ConditionalStatus.WAITING


@pytest.mark.parametrize(
    "callback",
    [{"callback_ppm": 10_000}, {"callback_ticks": -1}, {"callback_ticks": START}, {"callback_ticks": 0}],
)
def test_there_is_one_callback_and_it_leaves_a_price(tell: Tell, callback: dict[str, int]) -> None:
    assert refusals(tell(replace(TRAILING, **callback))) == [Refusal.CALLBACK]
    assert refusals(tell(replace(TRAILING, side=BUY, callback_ticks=START))) == []


def test_a_stop_fires_at_its_new_price_and_with_its_new_terms(engine: Engine, tell: Tell) -> None:
    tell(replace(STOP, kind=OrderKind.LIMIT, ticks=589_000))
    (event,) = tell(amended(trigger_ticks=595_000, ticks=610_000, lots=4))
    assert isinstance(event, ConditionalChanged)
    assert (event.cause, event.conditional.amendments) == (ConditionalCause.AMENDED, 1)
    tell(printed(595_001))
    assert engine.orders("ann") == []
    tell(printed(595_000))
    assert [(order.ticks, order.lots) for order in engine.live_orders("ann")] == [(610_000, 4)]


@pytest.mark.parametrize(("side", "trigger"), [(BUY, 600_400), (SELL, 599_600)])
def test_a_market_order_that_results_trades_no_further_beyond_the_best_price_than_it_may(
    engine: Engine, tell: Tell, side: Side, trigger: int
) -> None:
    tell(replace(STOP, side=side, trigger_ticks=trigger, lots=10**6, worst_ppm=7))
    tell(Deposit("ann", "USDT", 10**16))
    best = (engine.book("BTCUSDT", 1).asks if side is BUY else engine.book("BTCUSDT", 1).bids)[0][0]
    tell(printed(trigger))
    (order,) = engine.orders("ann")
    assert order.worst_ticks == best + 4 * side.sign
    assert order.reason == WORST_PRICE
    assert {abs(fill.ticks - best) <= 4 for fill in engine.fills("ann")} == {True}


def test_what_the_watched_price_is_can_be_changed(engine: Engine, tell: Tell) -> None:
    tell(STOP)
    tell(amended(watches=WatchedPrice.MARK))
    tell(printed(580_000))
    assert (the(engine).watches, the(engine).status) == (WatchedPrice.MARK, ConditionalStatus.WAITING)


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({}, Refusal.NO_CHANGE),
        ({"trigger_ticks": 590_000, "lots": 10}, Refusal.NO_CHANGE),
        ({"trigger_ticks": START}, Refusal.WOULD_TRIGGER),
        ({"trigger_ticks": 0}, Refusal.TRIGGER_PRICE),
        ({"lots": 0}, Refusal.AMOUNT_NOT_POSITIVE),
        ({"callback_ticks": 5}, Refusal.CALLBACK),
        ({"conditional_id": 2}, Refusal.UNKNOWN_ORDER),
        ({"account": "bob"}, Refusal.UNKNOWN_ORDER),
    ],
)
def test_a_change_that_makes_no_sense_is_refused_and_changes_nothing(
    engine: Engine, tell: Tell, given: dict[str, object], refusal: Refusal
) -> None:
    tell(STOP)
    before = the(engine)
    assert refusals(tell(amended(**given))) == [refusal]
    assert the(engine) == before


def test_a_callback_new_or_not_lets_a_trailing_order_follow_anew(engine: Engine, tell: Tell) -> None:
    tell(TRAILING)
    tell(printed(605_000))
    tell(printed(604_500))
    assert the(engine).trigger_ticks == 604_000
    tell(amended(callback_ticks=1_000))
    assert the(engine).trigger_ticks == 603_500
    tell(amended(callback_ppm=10_000))
    assert (the(engine).trigger_ticks, the(engine).callback_ticks) == (598_455, 0)
    assert refusals(tell(amended(trigger_ticks=590_000))) == [Refusal.TRIGGER_PRICE]
    tell(amended(lots=3))
    assert (the(engine).trigger_ticks, the(engine).lots) == (598_455, 3)


def test_an_activated_trailing_order_stays_so_unless_it_is_given_another_price(engine: Engine, tell: Tell) -> None:
    tell(replace(TRAILING, activation_ticks=605_000))
    tell(printed(605_000))
    tell(printed(604_500))
    tell(amended(callback_ticks=2_000))
    assert (the(engine).activated, the(engine).trigger_ticks) == (True, 602_500)
    assert refusals(tell(amended(activation_ticks=604_000))) == [Refusal.TRIGGER_PRICE]
    tell(amended(activation_ticks=610_000))
    assert (the(engine).activated, the(engine).trigger_ticks) == (False, 0)
    tell(printed(610_000))
    assert (the(engine).activated, the(engine).trigger_ticks) == (True, 608_000)
