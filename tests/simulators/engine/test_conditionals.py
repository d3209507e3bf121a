"""Conditional orders: what is refused, when each kind fires, what becomes of it, and that none fires early or twice."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from venueproof_simulators.engine.commands import (
    Cancel,
    CancelAllConditional,
    CancelConditional,
    Command,
    Deposit,
    HoldTriggers,
    OpenAccount,
    Place,
    PlaceConditional,
    PoolSpec,
    PrintTrade,
    RefuseOrders,
    SetMarginMode,
    SetMark,
    SetPositionMode,
    SetPrice,
    Tick,
    TriggerConditional,
)
from venueproof_simulators.engine.conditional_state import (
    ConditionalState,
    ConditionalStatus,
    TriggerKind,
    WatchedPrice,
)
from venueproof_simulators.engine.engine import Engine, replay
from venueproof_simulators.engine.events import (
    Cause,
    ConditionalCause,
    ConditionalChanged,
    Event,
    OrderChanged,
    Refused,
    Traded,
)
from venueproof_simulators.engine.instruments import Instrument
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.engine.state import (
    MarginMode,
    OrderKind,
    OrderOrigin,
    OrderStatus,
    PositionMode,
    PositionSide,
    Side,
)

Tell = Callable[[Command], list[Event]]
BUY, SELL, LIMIT, MARKET = Side.BUY, Side.SELL, OrderKind.LIMIT, OrderKind.MARKET
STOP, TAKE, TRAILING = TriggerKind.STOP, TriggerKind.TAKE, TriggerKind.TRAILING
START = 600_000
"""Where the price is at first, in ticks."""


def conditional(trigger: TriggerKind, side: Side, trigger_ticks: int = 0, **more: object) -> PlaceConditional:
    """One of `ann`'s in BTCUSDT that gives a market order of ten lots."""
    return replace(PlaceConditional("ann", "BTCUSDT", side, trigger, MARKET, 10, trigger_ticks), **more)


def trailing(side: Side, callback_ppm: int = 10_000, activation_ticks: int = 0) -> PlaceConditional:
    return conditional(TRAILING, side, callback_ppm=callback_ppm, activation_ticks=activation_ticks)


def closing(trigger: TriggerKind, side: Side, ticks: int) -> PlaceConditional:
    return conditional(trigger, side, ticks, lots=0, close_position=True)


def printed(ticks: int) -> PrintTrade:
    return PrintTrade("BTCUSDT", ticks, 1, BUY)


def causes(events: list[Event]) -> list[ConditionalCause]:
    return [event.cause for event in events if isinstance(event, ConditionalChanged)]


def the(engine: Engine, number: int = 1) -> ConditionalState:
    found = engine.conditional("ann", "BTCUSDT", number)
    assert found is not None
    return found


def refusal(events: list[Event]) -> Refusal:
    """The refusal, which must be all that was told."""
    (event,) = events
    assert isinstance(event, Refused)
    return event.refusal


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (conditional(STOP, SELL, 590_000, instrument="NOPE"), Refusal.UNKNOWN_INSTRUMENT),
        (conditional(STOP, SELL, 590_000, position_side=PositionSide.LONG), Refusal.POSITION_SIDE),
        (conditional(STOP, SELL, 590_000, lots=0), Refusal.AMOUNT_NOT_POSITIVE),
        (conditional(STOP, SELL, 590_000, lots=11, instrument="STRICT"), Refusal.AMOUNT_OFF_STEP),
        (conditional(STOP, SELL, 590_000, lots=6_000, instrument="STRICT"), Refusal.AMOUNT_TOO_LARGE),
        (conditional(STOP, SELL, 590_000, lots=4, instrument="STRICT"), Refusal.NOTIONAL_TOO_SMALL),
        (conditional(STOP, SELL, 590_000, kind=LIMIT), Refusal.PRICE_NOT_POSITIVE),
        (conditional(STOP, SELL, 590_000, kind=LIMIT, ticks=589_001, instrument="STRICT"), Refusal.PRICE_OFF_TICK),
        (conditional(STOP, SELL), Refusal.TRIGGER_PRICE),
        (conditional(STOP, SELL, -1), Refusal.TRIGGER_PRICE),
        (conditional(STOP, SELL, START), Refusal.WOULD_TRIGGER),
        (conditional(STOP, BUY, START), Refusal.WOULD_TRIGGER),
        (conditional(TAKE, BUY, START), Refusal.WOULD_TRIGGER),
        (conditional(TAKE, SELL, START), Refusal.WOULD_TRIGGER),
        (conditional(STOP, SELL, START, watches=WatchedPrice.MARK), Refusal.WOULD_TRIGGER),
        (trailing(SELL, callback_ppm=0), Refusal.CALLBACK),
        (trailing(SELL, callback_ppm=200_001), Refusal.CALLBACK),
        (trailing(SELL, activation_ticks=START), Refusal.TRIGGER_PRICE),
        (trailing(BUY, activation_ticks=START), Refusal.TRIGGER_PRICE),
    ],
)
def test_a_conditional_order_that_makes_no_sense_is_refused_and_leaves_no_trace(
    engine: Engine, tell: Tell, command: PlaceConditional, expected: Refusal
) -> None:
    assert refusal(tell(command)) is expected
    assert engine.conditionals("ann") == []


@pytest.mark.parametrize(
    ("command", "short_of", "there"),
    [
        (conditional(STOP, BUY, 601_000), 600_999, 601_000),
        (conditional(STOP, SELL, 599_000), 599_001, 599_000),
        (conditional(TAKE, BUY, 599_000), 599_001, 599_000),
        (conditional(TAKE, SELL, 601_000), 600_999, 601_000),
        (trailing(SELL), 594_001, 594_000),
        (trailing(BUY), 605_999, 606_000),
    ],
)
def test_it_fires_at_its_price_and_not_before_and_its_order_fills(
    engine: Engine, tell: Tell, command: PlaceConditional, short_of: int, there: int
) -> None:
    tell(replace(command, client_id="c-1"))
    assert causes(tell(printed(short_of))) == []
    events = tell(printed(there))
    assert causes(events) == [
        ConditionalCause.TRIGGERING,
        ConditionalCause.TRIGGERED,
        ConditionalCause.FINISHED,
    ]
    assert (the(engine).status, the(engine).order_id) == (ConditionalStatus.FINISHED, 1)
    order = engine.order("ann", "BTCUSDT", 1)
    assert order is not None
    assert (order.client_id, order.origin, order.conditional_id) == ("c-1", OrderOrigin.TRIGGER, 1)
    assert (order.status, order.side, order.filled_lots) == (OrderStatus.FILLED, command.side, 10)
    assert engine.waiting("ann") == []


def test_the_resulting_order_comes_after_the_hand_over(engine: Engine, tell: Tell) -> None:
    tell(conditional(STOP, SELL, 599_000, handover_ns=10_000_000))
    fired = engine.now_ns + 1_000_000
    assert causes(tell(printed(599_000))) == [ConditionalCause.TRIGGERING]
    assert (the(engine).status, the(engine).triggered_ns, engine.orders("ann")) == (
        ConditionalStatus.TRIGGERING,
        fired,
        [],
    )
    assert refusal(tell(CancelConditional("ann", "BTCUSDT", 1))) is Refusal.UNKNOWN_ORDER
    assert engine.next_due_ns == fired + 10_000_000
    events = engine.apply(Tick(), fired + 10_000_000)
    assert causes(events) == [ConditionalCause.TRIGGERED, ConditionalCause.FINISHED]
    assert the(engine).triggered_ns == fired


def test_a_stop_limit_rests_and_is_finished_when_its_order_ends(engine: Engine, tell: Tell) -> None:
    tell(conditional(STOP, SELL, 599_000, kind=LIMIT, ticks=610_000))
    assert causes(tell(printed(599_000))) == [ConditionalCause.TRIGGERING, ConditionalCause.TRIGGERED]
    assert [(order.ticks, order.status) for order in engine.live_orders("ann")] == [(610_000, OrderStatus.OPEN)]
    assert causes(tell(Cancel("ann", "BTCUSDT", 1))) == [ConditionalCause.FINISHED]


def test_each_price_fires_only_what_watches_it(engine: Engine, tell: Tell) -> None:
    moves: dict[WatchedPrice, Command] = {
        WatchedPrice.LAST: printed(599_000),
        WatchedPrice.MARK: SetMark("BTCUSDT", mark_ticks=599_000),
        WatchedPrice.INDEX: SetMark("BTCUSDT", mark_ticks=600_000, index_ticks=599_000),
    }
    for watches in moves:
        tell(conditional(STOP, SELL, 599_000, watches=watches))
    for watches, move in moves.items():
        fired = [e.conditional.watches for e in tell(move) if isinstance(e, ConditionalChanged)]
        assert set(fired) == {watches}
    assert engine.waiting("ann") == []


def test_the_base_price_moves_mark_and_index_too(engine: Engine, tell: Tell) -> None:
    for watches in WatchedPrice:
        tell(conditional(STOP, SELL, 599_000, watches=watches))
    tell(SetPrice("BTCUSDT", 599_000))
    assert engine.waiting("ann") == []


def test_in_hedge_mode_it_is_for_one_leg(engine: Engine, tell: Tell) -> None:
    tell(SetPositionMode("ann", PositionMode.HEDGE))
    assert refusal(tell(closing(STOP, SELL, 590_000))) is Refusal.POSITION_SIDE
    for side, leg in ((BUY, PositionSide.LONG), (SELL, PositionSide.SHORT)):
        tell(replace(Place("ann", "BTCUSDT", side, MARKET, 7), position_side=leg))
    tell(replace(closing(STOP, SELL, 590_000), position_side=PositionSide.LONG))
    tell(replace(closing(TAKE, BUY, 580_000), position_side=PositionSide.SHORT))
    tell(printed(590_000))
    assert {position.side: position.lots for position in engine.positions("ann")} == {"long": 0, "short": -7}
    assert [one.position_side for one in engine.waiting("ann")] == [PositionSide.SHORT]


def test_a_liquidation_expires_what_was_to_close_the_position_and_fires_what_its_trades_reach(
    engine: Engine, tell: Tell
) -> None:
    tell(Place("ann", "BTCUSDT", BUY, MARKET, 3_000))
    tell(closing(TAKE, SELL, 700_000))
    tell(replace(conditional(STOP, SELL, 590_000, lots=1), account="bob"))
    tell(SetMark("BTCUSDT", mark_ticks=560_000))
    assert engine.position("ann", "BTCUSDT").lots == 0
    assert the(engine).reason == "position-closed"
    lowest = min(trade.ticks for trade in engine.trades("BTCUSDT", engine.now_ns, limit=50))
    assert (engine.waiting("bob") == []) is (lowest <= 590_000)


def test_a_trailing_order_waits_for_its_activation_price_and_follows_from_there(engine: Engine, tell: Tell) -> None:
    tell(trailing(SELL, activation_ticks=610_000))
    tell(printed(590_000))
    tell(printed(609_999))
    assert (the(engine).activated, the(engine).trigger_ticks) == (False, 0)
    assert causes(tell(printed(610_000))) == [ConditionalCause.ACTIVATED]
    assert (the(engine).activated, the(engine).trigger_ticks) == (True, 603_900)
    tell(printed(620_000))
    tell(printed(615_000))
    assert the(engine).trigger_ticks == 613_800
    assert causes(tell(printed(613_801))) == []
    assert ConditionalCause.TRIGGERING in causes(tell(printed(613_800)))


def test_a_refused_resulting_order_rejects_the_conditional_one(engine: Engine, tell: Tell) -> None:
    tell(conditional(STOP, SELL, 599_000, lots=100_000))
    assert causes(tell(printed(599_000))) == [ConditionalCause.TRIGGERING, ConditionalCause.REJECTED]
    assert the(engine).reason == Refusal.INSUFFICIENT_MARGIN
    tell(conditional(STOP, SELL, 598_000, reduce_only=True))
    assert causes(tell(printed(598_000))) == [ConditionalCause.TRIGGERING, ConditionalCause.EXPIRED]
    assert the(engine, 2).reason == Refusal.REDUCE_ONLY
    assert engine.orders("ann") == []


def test_planned_refusals_meet_conditional_orders_and_their_results(engine: Engine, tell: Tell) -> None:
    tell(RefuseOrders("ann", "not-allowed"))
    assert refusal(tell(conditional(STOP, SELL, 599_000))) is Refusal.NOT_ALLOWED
    tell(conditional(STOP, SELL, 599_000))
    tell(RefuseOrders("ann", "not-allowed"))
    tell(printed(599_000))
    assert (the(engine).status, the(engine).reason) == (ConditionalStatus.REJECTED, Refusal.NOT_ALLOWED)


def test_one_that_closes_the_position_takes_all_of_it_and_its_sibling_expires(engine: Engine, tell: Tell) -> None:
    tell(Place("ann", "BTCUSDT", BUY, MARKET, 7))
    tell(closing(STOP, SELL, 590_000))
    tell(closing(TAKE, SELL, 610_000))
    tell(conditional(STOP, SELL, 580_000))
    tell(Place("ann", "BTCUSDT", BUY, MARKET, 5))
    tell(printed(590_000))
    assert engine.position("ann", "BTCUSDT").lots == 0
    assert (the(engine, 1).status, the(engine, 1).reduce_only) == (ConditionalStatus.FINISHED, True)
    assert (the(engine, 2).status, the(engine, 2).reason) == (ConditionalStatus.EXPIRED, "position-closed")
    assert the(engine, 3).status is ConditionalStatus.WAITING


def test_only_one_stop_and_one_take_of_a_direction_may_close_the_position(engine: Engine, tell: Tell) -> None:
    tell(Place("ann", "BTCUSDT", BUY, MARKET, 7))
    tell(closing(STOP, SELL, 590_000))
    assert refusal(tell(closing(STOP, SELL, 580_000))) is Refusal.CLOSE_POSITION_EXISTS
    tell(conditional(STOP, SELL, 580_000))
    tell(closing(TAKE, SELL, 610_000))
    tell(closing(STOP, BUY, 610_000))
    tell(replace(closing(STOP, SELL, 580_000), instrument="STRICT"))
    tell(CancelConditional("ann", "BTCUSDT", 1))
    tell(closing(STOP, SELL, 580_000))
    assert len(engine.waiting("ann")) == 5


def test_one_that_has_nothing_to_close_when_it_fires_expires(engine: Engine, tell: Tell) -> None:
    tell(closing(STOP, SELL, 590_000))
    assert causes(tell(printed(590_000))) == [ConditionalCause.TRIGGERING, ConditionalCause.EXPIRED]
    assert (the(engine).reason, engine.orders("ann")) == ("position-closed", [])


def test_client_ids_are_unique_among_those_that_wait_apart_from_those_of_orders(engine: Engine, tell: Tell) -> None:
    tell(Place("ann", "BTCUSDT", BUY, LIMIT, 10, 590_000, client_id="c-1"))
    tell(conditional(STOP, SELL, 590_000, client_id="c-1"))
    assert refusal(tell(conditional(STOP, SELL, 580_000, client_id="c-1"))) is Refusal.DUPLICATE_CLIENT_ID
    tell(replace(conditional(STOP, SELL, 580_000, client_id="c-1"), account="bob"))
    tell(CancelConditional("ann", "BTCUSDT", 1))
    tell(conditional(STOP, SELL, 570_000, client_id="c-1"))
    newest = engine.conditional_by_client_id("ann", "BTCUSDT", "c-1")
    assert newest is not None
    assert newest == engine.conditional_by_client_id("ann", "", "c-1")
    assert (newest.conditional_id, newest.trigger_ticks) == (3, 570_000)
    assert engine.conditional_by_client_id("ann", "STRICT", "c-1") is None
    assert engine.conditional("ann", "BTCUSDT", 2) is None


def test_an_account_may_not_have_too_many_over_all_instruments(btc: Instrument) -> None:
    few = replace(btc, conditionals_max=2)
    other = replace(few, name="ETHUSDT", symbol="ETH/USDT:USDT", underlying="ETH", tick=Decimal("0.01"))
    engine = Engine([few, other], seed=1, start_ns=0)
    engine.apply(OpenAccount("ann", (PoolSpec("main", {"USDT": 0}),), {"USDT": 10**12}), 0)
    engine.apply(conditional(STOP, SELL, 590_000), 1)
    engine.apply(conditional(STOP, SELL, 100, instrument="ETHUSDT"), 2)
    assert refusal(engine.apply(conditional(STOP, SELL, 580_000), 3)) is Refusal.TOO_MANY_CONDITIONALS
    engine.apply(CancelAllConditional("ann", "ETHUSDT"), 4)
    assert causes(engine.apply(conditional(STOP, SELL, 580_000), 5)) == [ConditionalCause.OPENED]


def test_cancel_all_ends_all_of_one_account_and_nobody_may_cancel_anothers(engine: Engine, tell: Tell) -> None:
    tell(conditional(STOP, SELL, 590_000))
    tell(conditional(STOP, SELL, 590_000, instrument="STRICT"))
    tell(replace(conditional(STOP, SELL, 590_000), account="bob"))
    assert refusal(tell(CancelConditional("bob", "BTCUSDT", 1))) is Refusal.UNKNOWN_ORDER
    assert refusal(tell(CancelAllConditional("ann", "NOPE"))) is Refusal.UNKNOWN_INSTRUMENT
    assert causes(tell(CancelAllConditional("ann"))) == [ConditionalCause.CANCELED] * 2
    assert (engine.waiting("ann"), len(engine.waiting("bob"))) == ([], 1)


def test_it_can_be_fired_from_outside_once(engine: Engine, tell: Tell) -> None:
    tell(trailing(SELL, activation_ticks=610_000))
    assert causes(tell(TriggerConditional("BTCUSDT", 1)))[-1] is ConditionalCause.FINISHED
    assert refusal(tell(TriggerConditional("BTCUSDT", 1))) is Refusal.UNKNOWN_ORDER
    assert len(engine.orders("ann")) == 1


def test_held_triggers_stay_triggering_until_they_are_let_go(engine: Engine, tell: Tell) -> None:
    tell(conditional(STOP, SELL, 599_000))
    tell(HoldTriggers(on=True))
    tell(printed(599_000))
    engine.apply(Tick(), engine.now_ns + 3600 * 10**9)
    assert (the(engine).status, engine.orders("ann")) == (ConditionalStatus.TRIGGERING, [])
    assert causes(tell(HoldTriggers(on=False))) == [ConditionalCause.TRIGGERED, ConditionalCause.FINISHED]


def test_the_margin_mode_cannot_change_while_one_waits(engine: Engine, tell: Tell) -> None:
    tell(conditional(STOP, SELL, 599_000))
    assert refusal(tell(SetMarginMode("ann", "BTCUSDT", MarginMode.ISOLATED))) is Refusal.OPEN_ORDERS
    tell(SetMarginMode("ann", "STRICT", MarginMode.ISOLATED))
    assert engine.margin_mode("ann", "STRICT") is MarginMode.ISOLATED


def test_stops_that_fire_each_other_all_go_through_one_after_the_other(engine: Engine, tell: Tell) -> None:
    """Each resulting order trades one level further down and so fires the next."""
    tell(Deposit("ann", "USDT", 10**16))
    for ticks, lots in engine.book("BTCUSDT", 20).bids:
        tell(conditional(STOP, SELL, ticks, lots=lots))
    events = tell(Place("bob", "BTCUSDT", SELL, MARKET, 1))
    assert causes(events).count(ConditionalCause.FINISHED) == 20
    places = [number for number, event in enumerate(events) if isinstance(event, OrderChanged)]
    opened = [n for n in places if isinstance(e := events[n], OrderChanged) and e.cause is Cause.OPENED]
    ended = [n for n in places if isinstance(e := events[n], OrderChanged) and not e.order.open_lots]
    assert all(end < begin for end, begin in zip(ended, opened[1:], strict=False))


prices = st.integers(585_000, 615_000)


def told(engine: Engine, command: PlaceConditional, path: list[int]) -> list[tuple[int, list[ConditionalCause]]]:
    """Place it and let trades print; what each price made of it."""
    engine.apply(OpenAccount("ann", (PoolSpec("main", {"USDT": 0}),), {"USDT": 10**14}), 0)
    if isinstance(engine.apply(command, 1)[0], Refused):
        return []
    return [(ticks, causes(engine.apply(printed(ticks), 2 + number))) for number, ticks in enumerate(path)]


@settings(max_examples=200)
@given(
    trigger=st.sampled_from([STOP, TAKE]),
    side=st.sampled_from(Side),
    ticks=prices,
    path=st.lists(prices, min_size=1, max_size=12),
)
def test_a_stop_or_take_never_fires_before_its_price_and_always_once_at_it(
    btc: Instrument, trigger: TriggerKind, side: Side, ticks: int, path: list[int]
) -> None:
    engine = Engine([btc], seed=1, start_ns=0)
    up = (side is BUY) is (trigger is STOP)
    row = told(engine, conditional(trigger, side, ticks), path)
    came = [price >= ticks if up else price <= ticks for price in path]
    if row:
        fired = [ConditionalCause.TRIGGERING in what for _, what in row]
        assert fired == [there and not any(came[:number]) for number, there in enumerate(came)]
        assert len(engine.orders("ann")) == int(any(came))
        assert replay(engine.journal).state_digest() == engine.state_digest()
    else:
        assert ticks <= START if up else ticks >= START


@settings(max_examples=200)
@given(
    side=st.sampled_from(Side),
    callback_ppm=st.integers(1_000, 20_000),
    away=st.one_of(st.just(0), st.integers(1, 5_000)),
    path=st.lists(prices, max_size=12),
)
def test_the_trigger_of_a_trailing_order_moves_one_way_and_fires_when_the_price_turned_back(
    btc: Instrument, side: Side, callback_ppm: int, away: int, path: list[int]
) -> None:
    engine = Engine([btc], seed=1, start_ns=0)
    sign = side.sign
    activation = START - sign * away if away else 0
    engine.apply(OpenAccount("ann", (PoolSpec("main", {"USDT": 0}),), {"USDT": 10**14}), 0)
    engine.apply(trailing(side, callback_ppm, activation), 1)
    best = 0 if away else START
    before = the(engine).trigger_ticks
    for number, ticks in enumerate(path):
        active = best or (activation - ticks) * sign >= 0
        turned = bool(best) and (ticks - best) * sign * 1_000_000 >= best * callback_ppm
        engine.apply(printed(ticks), 2 + number)
        assert (the(engine).status is not ConditionalStatus.WAITING) is turned
        if turned:
            break
        if active:
            best = ticks if not best else min(best, ticks) if side is BUY else max(best, ticks)
            assert not before or (before - the(engine).trigger_ticks) * sign >= 0
            before = the(engine).trigger_ticks
    assert len(engine.orders("ann")) == int(the(engine).status is not ConditionalStatus.WAITING)
    assert replay(engine.journal).state_digest() == engine.state_digest()


def test_a_price_that_runs_through_a_market_fires_on_the_way(engine: Engine, tell: Tell) -> None:
    tell(conditional(STOP, SELL, 599_990))
    tell(Deposit("bob", "USDT", 10**16))
    lots = sum(lots for ticks, lots in engine.book("BTCUSDT", 30).bids if ticks >= 599_985)
    events = tell(Place("bob", "BTCUSDT", SELL, MARKET, lots))
    (fired,) = (n for n, e in enumerate(events) if isinstance(e, ConditionalChanged) and e.cause == "triggering")
    trades = [e.trade.ticks for e in events[:fired] if isinstance(e, Traded)]
    assert trades[-1] == min(trades) == 599_990
