"""Orders: what is refused and why, how each time in force ends, queues, amendments, verdicts that come later."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from venueproof_simulators.engine.commands import (
    AddLiquidity,
    Amend,
    Cancel,
    CancelAll,
    Command,
    Deposit,
    ExpireOrder,
    FillOrder,
    Place,
    RefuseOrders,
    Tick,
)
from venueproof_simulators.engine.engine import Engine
from venueproof_simulators.engine.events import (
    Acknowledged,
    BalanceChanged,
    BookChanged,
    Cause,
    Event,
    OrderChanged,
    PositionChanged,
    Refused,
    Traded,
)
from venueproof_simulators.engine.matching import NO_LIQUIDITY, WORST_PRICE
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.engine.state import OrderKind, OrderState, OrderStatus, PositionSide, Side, TimeInForce

Tell = Callable[[Command], list[Event]]
BUY, SELL, LIMIT, MARKET = Side.BUY, Side.SELL, OrderKind.LIMIT, OrderKind.MARKET
GOOD = Place("ann", "STRICT", BUY, LIMIT, 10, 590_000)


def limit(account: str, side: Side, ticks: int, lots: int = 10) -> Place:
    return Place(account, "BTCUSDT", side, LIMIT, lots, ticks)


def market(account: str, side: Side, lots: int = 10) -> Place:
    return Place(account, "BTCUSDT", side, MARKET, lots)


def changes(events: list[Event]) -> list[tuple[str, Cause, int]]:
    """Who, why and what is filled, of every change of an order."""
    return [(e.order.account, e.cause, e.order.filled_lots) for e in events if isinstance(e, OrderChanged)]


def refusal(events: list[Event]) -> Refusal:
    """The refusal, which must be all that was told."""
    (event,) = events
    assert isinstance(event, Refused)
    return event.refusal


def found(order: OrderState | None) -> OrderState:
    assert order is not None
    return order


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"instrument": "NOPE"}, Refusal.UNKNOWN_INSTRUMENT),
        ({"position_side": PositionSide.LONG}, Refusal.POSITION_SIDE),
        ({"lots": 0}, Refusal.AMOUNT_NOT_POSITIVE),
        ({"lots": -10}, Refusal.AMOUNT_NOT_POSITIVE),
        ({"lots": 2}, Refusal.AMOUNT_TOO_SMALL),
        ({"lots": 10_002}, Refusal.AMOUNT_TOO_LARGE),
        ({"lots": 10**40}, Refusal.AMOUNT_TOO_LARGE),
        ({"lots": 5_002, "kind": MARKET}, Refusal.AMOUNT_TOO_LARGE),
        ({"lots": 11}, Refusal.AMOUNT_OFF_STEP),
        ({"ticks": 0}, Refusal.PRICE_NOT_POSITIVE),
        ({"ticks": 995}, Refusal.PRICE_TOO_SMALL),
        ({"ticks": 2_000_005}, Refusal.PRICE_TOO_LARGE),
        ({"ticks": 590_001}, Refusal.PRICE_OFF_TICK),
        ({"lots": 4, "ticks": 590_000}, Refusal.NOTIONAL_TOO_SMALL),
        ({"lots": 4, "kind": MARKET}, Refusal.NOTIONAL_TOO_SMALL),
        ({"ticks": 630_005}, Refusal.PRICE_OUT_OF_BAND),
        ({"side": SELL, "ticks": 569_995}, Refusal.PRICE_OUT_OF_BAND),
        ({"reduce_only": True}, Refusal.REDUCE_ONLY),
        ({"ticks": 600_005, "post_only": True}, Refusal.WOULD_CROSS),
        ({"ticks": 600_005, "lots": 10_000, "time_in_force": TimeInForce.FOK}, Refusal.NOT_FILLABLE),
        ({"lots": 9_000}, Refusal.INSUFFICIENT_MARGIN),
    ],
)
def test_an_order_is_refused_without_a_trace(
    engine: Engine, tell: Tell, change: dict[str, object], expected: Refusal
) -> None:
    assert refusal(tell(replace(GOOD, **change))) is expected
    assert engine.orders("ann") == []
    assert changes(tell(GOOD)) == [("ann", Cause.OPENED, 0)]


def test_small_notional_passes_when_exempt(tell: Tell) -> None:
    assert changes(tell(replace(GOOD, lots=4, notional_exempt=True))) == [("ann", Cause.OPENED, 0)]


def test_prices_at_the_edge_of_the_band_and_far_on_the_passive_side_pass(tell: Tell) -> None:
    tell(replace(GOOD, lots=10, ticks=1_000, notional_exempt=True))
    assert changes(tell(replace(GOOD, ticks=630_000)))[0] == ("ann", Cause.OPENED, 0)


def test_no_more_live_orders_than_allowed(tell: Tell) -> None:
    for _ in range(3):
        tell(GOOD)
    assert refusal(tell(GOOD)) is Refusal.TOO_MANY_ORDERS
    tell(Cancel("ann", "STRICT", 1))
    assert changes(tell(GOOD)) == [("ann", Cause.OPENED, 0)]


def test_a_client_id_is_taken_while_its_order_lives(engine: Engine, tell: Tell) -> None:
    named = replace(GOOD, client_id="c-1")
    tell(named)
    assert refusal(tell(named)) is Refusal.DUPLICATE_CLIENT_ID
    assert changes(tell(replace(named, account="bob"))) == [("bob", Cause.OPENED, 0)]
    tell(Cancel("ann", "STRICT", 1))
    tell(named)
    assert found(engine.order_by_client_id("ann", "STRICT", "c-1")).order_id == 3
    assert changes(tell(replace(named, unique_client_id=False))) == [("ann", Cause.OPENED, 0)]


def test_planned_refusals_hit_so_many_orders_of_one_account(tell: Tell) -> None:
    tell(RefuseOrders("ann", "not-allowed", first=2))
    assert refusal(tell(GOOD)) is Refusal.NOT_ALLOWED
    assert changes(tell(replace(GOOD, account="bob"))) == [("bob", Cause.OPENED, 0)]
    assert refusal(tell(GOOD)) is Refusal.NOT_ALLOWED
    assert changes(tell(GOOD)) == [("ann", Cause.OPENED, 0)]


def test_a_market_order_takes_the_best_levels_and_tells_in_order(engine: Engine, tell: Tell) -> None:
    first, second = engine.book("BTCUSDT", 2).asks
    events = tell(market("ann", BUY, first[1] + 1))
    assert [type(event) for event in events] == [
        OrderChanged,
        *[Traded, OrderChanged, BalanceChanged, PositionChanged] * 2,
        BookChanged,
    ]
    assert [(fill.ticks, fill.lots, fill.maker) for fill in engine.fills("ann")] == [
        (*first, False),
        (second[0], 1, False),
    ]
    assert engine.book("BTCUSDT", 1).asks == ((second[0], second[1] - 1),)


def test_what_a_market_order_cannot_fill_expires(engine: Engine, tell: Tell) -> None:
    offered = sum(lots for _, lots in engine.book("BTCUSDT", 100).asks)
    tell(AddLiquidity("BTCUSDT", BUY, 600_030, offered))
    assert engine.book("BTCUSDT", 100).asks == ()
    events = tell(market("ann", BUY))
    assert changes(events) == [("ann", Cause.OPENED, 0), ("ann", Cause.EXPIRED, 0)]
    assert found(engine.order("ann", "BTCUSDT", 1)).reason == "no-liquidity"


def test_the_maker_refills_a_little_later_but_never_trades_by_it(engine: Engine, tell: Tell) -> None:
    before = engine.book("BTCUSDT", 100)
    tell(AddLiquidity("BTCUSDT", BUY, 600_003, sum(lots for _, lots in before.asks[:3]) + 5))
    assert engine.book("BTCUSDT", 1).bids == ((600_003, 5),)
    due = engine.next_due_ns
    assert due is not None
    engine.apply(Tick(), due)
    after = engine.book("BTCUSDT", 100)
    assert (after.bids[0], after.asks) == ((600_003, 5), before.asks[3:])
    tell(market("ann", SELL, 5))
    engine.apply(Tick(), engine.next_due_ns or 0)
    assert engine.book("BTCUSDT", 100).asks == before.asks


def test_immediate_or_cancel_fills_what_it_can(engine: Engine, tell: Tell) -> None:
    (best,) = engine.book("BTCUSDT", 1).asks
    order = replace(limit("ann", BUY, best[0], best[1] + 7), time_in_force=TimeInForce.IOC)
    assert changes(tell(order))[-1] == ("ann", Cause.EXPIRED, best[1])
    assert engine.live_orders("ann") == []
    assert changes(tell(replace(order, ticks=500_000))) == [("ann", Cause.OPENED, 0), ("ann", Cause.EXPIRED, 0)]


def test_fill_or_kill_fills_whole(engine: Engine, tell: Tell) -> None:
    best, second = engine.book("BTCUSDT", 2).asks
    order = replace(limit("ann", BUY, second[0], best[1] + 1), time_in_force=TimeInForce.FOK)
    tell(order)
    assert found(engine.order("ann", "BTCUSDT", 1)).status is OrderStatus.FILLED
    assert refusal(tell(replace(order, ticks=best[0]))) is Refusal.NOT_FILLABLE


def test_own_orders_do_not_make_a_fill_or_kill_fillable(tell: Tell) -> None:
    tell(limit("ann", SELL, 600_000))
    order = replace(limit("ann", BUY, 600_000), time_in_force=TimeInForce.FOK)
    assert refusal(tell(order)) is Refusal.NOT_FILLABLE
    assert changes(tell(replace(order, account="bob")))[-1] == ("ann", Cause.FILLED, 10)


def test_first_come_first_served_and_the_best_price_before(engine: Engine, tell: Tell) -> None:
    tell(limit("ann", BUY, 600_000, 3))
    tell(limit("bob", BUY, 600_000, 4))
    tell(AddLiquidity("BTCUSDT", SELL, 599_999, 5))
    assert [fill.lots for fill in engine.fills("ann")] == [3]
    assert [fill.lots for fill in engine.fills("bob")] == [2]
    assert [fill.ticks for fill in engine.fills("bob")] == [600_000]
    assert engine.live_orders("ann") == []
    assert [order.filled_lots for order in engine.live_orders("bob")] == [2]


def test_an_own_order_in_the_way_expires(engine: Engine, tell: Tell) -> None:
    tell(limit("ann", SELL, 600_000))
    events = tell(limit("ann", BUY, 600_000))
    assert changes(events) == [("ann", Cause.OPENED, 0), ("ann", Cause.EXPIRED, 0)]
    assert found(engine.order("ann", "BTCUSDT", 1)).reason == "self-trade"
    assert engine.book("BTCUSDT", 1).bids == ((600_000, 10),)


def test_an_amended_order_keeps_its_id_and_loses_its_place(engine: Engine, tell: Tell) -> None:
    tell(limit("ann", BUY, 600_000))
    tell(limit("bob", BUY, 600_000))
    assert changes(tell(Amend("ann", "BTCUSDT", 1, 600_000, 12))) == [("ann", Cause.AMENDED, 0)]
    tell(AddLiquidity("BTCUSDT", SELL, 600_000, 10))
    assert (engine.fills("ann"), engine.fills("bob")[0].lots) == ([], 10)
    order = found(engine.order("ann", "BTCUSDT", 1))
    assert (order.lots, order.amendments, order.status) == (12, 1, OrderStatus.OPEN)


def test_amending_into_the_other_side_trades(engine: Engine, tell: Tell) -> None:
    tell(limit("ann", BUY, 590_000))
    assert changes(tell(Amend("ann", "BTCUSDT", 1, 600_001, 10))) == [
        ("ann", Cause.AMENDED, 0),
        ("ann", Cause.FILLED, 10),
    ]
    assert not engine.fills("ann")[0].maker


@pytest.mark.parametrize(
    ("ticks", "lots", "expected"),
    [
        (600_000, 10, Refusal.NO_CHANGE),
        (600_000, 0, Refusal.AMOUNT_NOT_POSITIVE),
        (0, 10, Refusal.PRICE_NOT_POSITIVE),
        (600_000, 10**7, Refusal.INSUFFICIENT_MARGIN),
    ],
)
def test_a_refused_amendment_leaves_the_order_as_it_was(
    engine: Engine, tell: Tell, ticks: int, lots: int, expected: Refusal
) -> None:
    tell(limit("ann", BUY, 600_000))
    before = engine.live_orders("ann")
    assert refusal(tell(Amend("ann", "BTCUSDT", 1, ticks, lots))) is expected
    assert engine.live_orders("ann") == before


def test_amending_to_what_is_filled_cancels(engine: Engine, tell: Tell) -> None:
    tell(limit("ann", BUY, 600_000))
    tell(FillOrder("BTCUSDT", 1, 4))
    assert changes(tell(Amend("ann", "BTCUSDT", 1, 600_000, 4))) == [("ann", Cause.CANCELED, 4)]
    assert refusal(tell(Amend("ann", "BTCUSDT", 1, 600_000, 8))) is Refusal.UNKNOWN_ORDER


def test_amending_a_post_only_order_into_the_other_side_cancels(engine: Engine, tell: Tell) -> None:
    tell(replace(limit("ann", BUY, 600_000), post_only=True))
    assert changes(tell(Amend("ann", "BTCUSDT", 1, 600_001, 10))) == [("ann", Cause.CANCELED, 0)]
    assert engine.fills("ann") == []


def test_only_own_live_orders_can_be_canceled(engine: Engine, tell: Tell) -> None:
    tell(limit("ann", BUY, 600_000))
    assert refusal(tell(Cancel("bob", "BTCUSDT", 1))) is Refusal.UNKNOWN_ORDER
    assert refusal(tell(Cancel("ann", "STRICT", 1))) is Refusal.UNKNOWN_ORDER
    assert refusal(tell(Cancel("ann", "NOPE", 1))) is Refusal.UNKNOWN_INSTRUMENT
    assert changes(tell(Cancel("ann", "BTCUSDT", 1))) == [("ann", Cause.CANCELED, 0)]
    assert refusal(tell(Cancel("ann", "BTCUSDT", 1))) is Refusal.UNKNOWN_ORDER
    assert engine.balances("ann")[0].initial_orders_atoms == 0


def test_cancel_all_is_for_one_instrument_or_all(engine: Engine, tell: Tell) -> None:
    for command in (limit("ann", BUY, 600_000), GOOD, limit("ann", BUY, 590_000), limit("bob", BUY, 590_000)):
        tell(command)
    assert len(changes(tell(CancelAll("ann", "BTCUSDT")))) == 2
    assert [order.instrument for order in engine.live_orders("ann")] == ["STRICT"]
    assert len(changes(tell(CancelAll("ann")))) == 1
    assert refusal(tell(CancelAll("ann", "NOPE"))) is Refusal.UNKNOWN_INSTRUMENT
    assert len(engine.live_orders("bob")) == 1


def test_a_reduce_only_order_fills_the_position_and_no_more(engine: Engine, tell: Tell) -> None:
    tell(market("ann", BUY, 6))
    tell(replace(limit("ann", SELL, 600_000), reduce_only=True))
    events = tell(AddLiquidity("BTCUSDT", BUY, 600_000, 10))
    assert changes(events) == [("ann", Cause.FILLED, 6), ("ann", Cause.EXPIRED, 6)]
    assert engine.position("ann", "BTCUSDT").lots == 0
    assert engine.book("BTCUSDT", 1).bids == ((600_000, 4),)


def test_reduce_only_orders_expire_with_the_position(engine: Engine, tell: Tell) -> None:
    tell(market("ann", BUY, 6))
    for ticks in (610_000, 620_000):
        tell(replace(limit("ann", SELL, ticks, 6), reduce_only=True))
    assert refusal(tell(replace(market("ann", BUY), reduce_only=True))) is Refusal.REDUCE_ONLY
    events = tell(market("ann", SELL, 9))
    assert changes(events)[-2:] == [("ann", Cause.EXPIRED, 0)] * 2
    assert {order.reason for order in engine.orders("ann") if order.reduce_only} == {"reduce-only"}
    assert engine.position("ann", "BTCUSDT").lots == -3


def test_strangers_fill_and_the_venue_expires_one_live_order(engine: Engine, tell: Tell) -> None:
    tell(limit("ann", SELL, 650_000))
    assert changes(tell(FillOrder("BTCUSDT", 1, 4))) == [("ann", Cause.FILLED, 4)]
    assert (engine.fills("ann")[0].ticks, engine.fills("ann")[0].maker) == (650_000, True)
    assert changes(tell(ExpireOrder("BTCUSDT", 1, "maintenance"))) == [("ann", Cause.EXPIRED, 4)]
    assert found(engine.order("ann", "BTCUSDT", 1)).reason == "maintenance"
    assert refusal(tell(FillOrder("BTCUSDT", 1))) is Refusal.UNKNOWN_ORDER
    tell(limit("ann", SELL, 650_000))
    assert changes(tell(FillOrder("BTCUSDT", 2))) == [("ann", Cause.FILLED, 10)]


def test_a_verdict_comes_when_it_is_due(engine: Engine, tell: Tell) -> None:
    late = replace(limit("ann", BUY, 600_001), verdict_delay_ns=5_000_000, client_id="c-1")
    (event,) = tell(late)
    assert isinstance(event, Acknowledged)
    assert event.order.status is OrderStatus.ACKNOWLEDGED
    assert engine.live_orders("ann") == []
    assert refusal(tell(Amend("ann", "BTCUSDT", 1, 590_000, 5))) is Refusal.UNKNOWN_ORDER
    assert refusal(tell(late)) is Refusal.DUPLICATE_CLIENT_ID
    due = event.order.created_ns + 5_000_000
    assert engine.next_due_ns == due
    assert changes(engine.apply(Tick(), due + 10**9)) == [("ann", Cause.OPENED, 0), ("ann", Cause.FILLED, 10)]
    assert engine.fills("ann")[0].at_ns == due


def test_a_late_refusal_ends_the_order_rejected(engine: Engine, tell: Tell) -> None:
    tell(replace(limit("ann", BUY, 600_001), post_only=True, verdict_delay_ns=5_000_000))
    refused, changed = engine.apply(Tick(), engine.next_due_ns or 0)
    assert isinstance(refused, Refused)
    assert (refused.refusal, refused.order_id) == (Refusal.WOULD_CROSS, 1)
    assert isinstance(changed, OrderChanged)
    assert (changed.cause, changed.order.status) == (Cause.REJECTED, OrderStatus.REJECTED)


def test_time_never_goes_back(engine: Engine, tell: Tell) -> None:
    tell(limit("ann", BUY, 600_000))
    now = engine.now_ns
    engine.apply(limit("ann", BUY, 600_000), now - 10**9)
    assert [order.created_ns for order in engine.orders("ann")] == [now, now]


@pytest.mark.parametrize(("worst", "reason"), [(600_001, WORST_PRICE), (10**9, NO_LIQUIDITY)])
def test_a_market_order_takes_nothing_beyond_its_worst_price(
    engine: Engine, tell: Tell, worst: int, reason: str
) -> None:
    tell(Deposit("ann", "USDT", 10**16))
    tell(replace(market("ann", BUY, 10**6), ticks=worst))
    order = found(engine.order("ann", "BTCUSDT", 1))
    assert (order.status, order.reason, order.worst_ticks) == (OrderStatus.EXPIRED, reason, worst)
    assert order.filled_lots
    assert max(fill.ticks for fill in engine.fills("ann")) <= worst
    assert engine.book("BTCUSDT", 1).asks == () or engine.book("BTCUSDT", 1).asks[0][0] > worst


def test_an_order_made_smaller_where_it_stands_keeps_its_place_if_asked_to(engine: Engine, tell: Tell) -> None:
    for who in ("ann", "bob"):
        tell(replace(limit(who, BUY, 599_500), post_only=True))
    tell(Amend("ann", "BTCUSDT", 1, 599_500, 6, keeps_place=True))
    assert changes(tell(AddLiquidity("BTCUSDT", SELL, 599_500, 10**6)))[:1] == [("ann", Cause.FILLED, 6)]


@pytest.mark.parametrize("changed", [(599_500, 11), (599_400, 10), (599_400, 6)])
def test_a_larger_or_moved_order_loses_its_place_all_the_same(
    engine: Engine, tell: Tell, changed: tuple[int, int]
) -> None:
    for ticks, who in ((599_500, "ann"), (changed[0], "bob")):
        tell(replace(limit(who, BUY, ticks), post_only=True))
    tell(Amend("ann", "BTCUSDT", 1, *changed, keeps_place=True))
    told = changes(tell(AddLiquidity("BTCUSDT", SELL, changed[0], 10**6)))
    assert told[:2] == [("bob", Cause.FILLED, 10), ("ann", Cause.FILLED, changed[1])]


def test_an_amendment_that_would_end_the_order_can_be_refused_instead(engine: Engine, tell: Tell) -> None:
    tell(replace(limit("ann", BUY, 590_000), post_only=True))
    tell(FillOrder("BTCUSDT", 1, 4))
    keep = Amend("ann", "BTCUSDT", 1, 590_000, 4, cancels_on_failure=False)
    assert refusal(tell(keep)) is Refusal.NOT_AMENDABLE
    assert refusal(tell(replace(keep, ticks=700_000, lots=10))) is Refusal.WOULD_CROSS
    assert found(engine.order("ann", "BTCUSDT", 1)).open_lots == 6
