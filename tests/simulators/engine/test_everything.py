"""What must hold with everything in play, by chance: sums, books, last words, results, and that the journal repeats."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from venueproof_simulators.engine.commands import (
    AddLiquidity,
    Amend,
    AmendConditional,
    Cancel,
    CancelAll,
    CancelAllConditional,
    CancelConditional,
    Command,
    Deliver,
    ExpireConditional,
    ExpireOrder,
    FillOrder,
    HoldTriggers,
    MoveMargin,
    PayFunding,
    Place,
    PlaceConditional,
    PrintTrade,
    RefuseOrders,
    SetFundingRate,
    SetInsurance,
    SetLeverage,
    SetMarginMode,
    SetMark,
    SetPoolSharing,
    SetPositionMode,
    SetPrice,
    SettleFunding,
    SettleSession,
    Tick,
    TriggerConditional,
)
from venueproof_simulators.engine.conditional_state import ConditionalStatus, TriggerKind, WatchedPrice
from venueproof_simulators.engine.engine import Engine
from venueproof_simulators.engine.events import BookChanged, ConditionalChanged, Event, OrderChanged
from venueproof_simulators.engine.instruments import ContractKind, OptionTerms
from venueproof_simulators.engine.prices import Pace
from venueproof_simulators.engine.state import (
    MarginMode,
    OrderKind,
    PositionMode,
    PositionSide,
    SelfTrade,
    Side,
    TimeInForce,
)

from .play import BTC, START_NS, USERS, check_replay, check_sums, fresh_engine

OTHER = replace(BTC, name="ETHUSDT", symbol="ETH/USDT:USDT", underlying="ETH", tick=Decimal("0.01"), tick_step=10)
COIN = replace(
    BTC,
    name="BTCUSD",
    symbol="BTC/USD:BTC",
    quote="USD",
    settle="BTC",
    kind=ContractKind.INVERSE,
    lot=Decimal(1),
    contract_size=Decimal(100),
    product="inverse",
)
DATED = replace(
    COIN,
    name="BTCUSD-1",
    symbol="BTCUSD-1",
    expiry_ns=START_NS + 20 * 10**9,
    delivery_fee_ppm=100,
    funding_continuous=True,
)
OPTION = replace(
    BTC,
    name="BTC-0.1-C",
    symbol="BTC-0.1-C",
    kind=ContractKind.OPTION,
    expiry_ns=START_NS + 20 * 10**9,
    option=OptionTerms(Decimal("0.1"), call=True),
    fee_underlying=True,
    fee_cap_ppm=200,
)
"""A call on so little that it costs as much as its underlying."""
whos = st.sampled_from(USERS)
names = st.sampled_from([BTC.name, OTHER.name, COIN.name, DATED.name, OPTION.name])
sides = st.sampled_from(Side)
prices = st.integers(-50, 50).map(lambda offset: 600_000 + offset)
steps = st.integers(-5, 5).map(lambda offset: 300_000 + 10 * offset)
jumps = st.sampled_from([200_000, 550_000, 640_000, 900_000])
lots_ = st.one_of(st.integers(1, 20), st.integers(1, 4000))
numbers = st.integers(1, 12)
words = st.sampled_from(["", "", "x", "y"])
delays = st.sampled_from([0, 0, 30_000_000])
places = st.builds(
    Place,
    whos,
    names,
    sides,
    st.sampled_from(OrderKind),
    lots_,
    st.one_of(prices, steps),
    st.sampled_from(TimeInForce),
    post_only=st.sampled_from([False, False, True]),
    reduce_only=st.sampled_from([False, False, True]),
    position_side=st.sampled_from([PositionSide.NET, *PositionSide]),
    margin_mode=st.sampled_from([None, None, None, *MarginMode]),
    client_id=st.sampled_from(["", "", "a", "b"]),
    unique_client_id=st.booleans(),
    verdict_delay_ns=delays,
    self_trade=st.sampled_from(SelfTrade),
    oco_group=words,
)
conditionals = st.builds(
    PlaceConditional,
    whos,
    names,
    sides,
    st.sampled_from(TriggerKind),
    st.sampled_from(OrderKind),
    lots_,
    st.one_of(prices, steps),
    st.one_of(prices, steps),
    st.sampled_from(WatchedPrice),
    activation_ticks=st.one_of(st.just(0), prices, steps),
    callback_ppm=st.sampled_from([0, 1_000, 1_001, 1_100]),
    callback_ticks=st.sampled_from([0, 0, 7]),
    oco_group=words,
    ends_when_flat=st.booleans(),
    fires_at_once=st.booleans(),
    verdict_delay_ns=delays,
    takes_order_id=st.booleans(),
    reduce_only=st.booleans(),
    close_position=st.sampled_from([False, False, True]),
    client_id=st.sampled_from(["", "", "a", "b"]),
    handover_ns=delays,
)
bringing = st.builds(
    lambda place, attached: replace(place, attached=attached),
    places,
    st.lists(st.one_of(places, conditionals), min_size=1, max_size=2).map(tuple),
)
takes = st.builds(Place, whos, names, sides, st.just(OrderKind.MARKET), st.one_of(st.integers(1, 300), lots_))
commands: st.SearchStrategy[Command] = st.one_of(
    takes,
    takes,
    takes,
    takes,
    bringing,
    places,
    places,
    places,
    st.builds(
        Amend,
        whos,
        names,
        numbers,
        st.one_of(prices, steps),
        lots_,
        keeps_place=st.booleans(),
        cancels_on_failure=st.booleans(),
        verdict_delay_ns=delays,
    ),
    st.builds(
        AmendConditional,
        whos,
        names,
        numbers,
        trigger_ticks=st.one_of(st.none(), prices),
        lots=st.one_of(st.none(), lots_),
        callback_ticks=st.sampled_from([None, None, 5]),
        watches=st.one_of(st.none(), st.sampled_from(WatchedPrice)),
        verdict_delay_ns=delays,
    ),
    conditionals,
    conditionals,
    st.builds(CancelConditional, whos, names, numbers, st.booleans(), delays),
    st.builds(ExpireConditional, names, numbers, st.just("expired")),
    st.builds(CancelAllConditional, whos, st.sampled_from(["", BTC.name])),
    st.builds(TriggerConditional, names, numbers),
    st.builds(HoldTriggers, st.booleans()),
    st.builds(Cancel, whos, names, numbers, delays),
    st.builds(CancelAll, whos, st.sampled_from(["", BTC.name])),
    st.builds(SetLeverage, whos, names, st.integers(0, 13_000)),
    st.builds(SetMarginMode, whos, st.one_of(st.just(""), names), st.sampled_from(MarginMode)),
    st.builds(MoveMargin, whos, names, st.sampled_from(PositionSide), st.integers(-(10**9), 10**9)),
    st.builds(PayFunding, names, st.integers(-(10**6), 10**6)),
    st.builds(SettleFunding, names),
    st.builds(SetFundingRate, names, st.integers(-(10**9), 10**9)),
    st.builds(SettleSession, st.one_of(st.just(""), names)),
    st.builds(Deliver, st.sampled_from([DATED.name, OPTION.name]), st.sampled_from([0, 599_000 * 10**9])),
    st.builds(SetMark, names, st.one_of(st.just(0), prices, jumps), st.one_of(st.just(0), prices)),
    st.builds(SetPrice, names, jumps, gap=st.booleans()),
    st.builds(SetInsurance, st.booleans()),
    st.builds(SetPoolSharing, whos, st.just("main"), st.booleans()),
    st.builds(SetPositionMode, whos, st.sampled_from(PositionMode), st.one_of(st.just(""), names)),
    st.builds(SetPrice, names, st.one_of(prices, steps), st.sampled_from([0, 0, 400_000_000]), st.booleans()),
    st.builds(PrintTrade, names, prices, lots_, sides),
    st.builds(AddLiquidity, names, sides, st.one_of(prices, steps), lots_),
    st.builds(FillOrder, names, numbers, st.integers(0, 5)),
    st.builds(ExpireOrder, names, numbers, st.just("expired")),
    st.builds(RefuseOrders, whos, st.just("not-allowed")),
    st.builds(Tick),
)


@settings(max_examples=150)
@given(
    run=st.lists(st.tuples(commands, st.sampled_from([0, 10**6, 10**8, 3 * 10**9])), min_size=10, max_size=60),
    pace=st.sampled_from(Pace),
    hedged=st.booleans(),
)
def test_with_everything_in_play_sums_hold_and_the_journal_repeats(
    run: list[tuple[Command, int]], pace: Pace, hedged: bool
) -> None:
    engine = fresh_engine(BTC, OTHER, COIN, DATED, OPTION, pace=pace)
    if hedged:
        engine.apply(SetPositionMode("ann", PositionMode.HEDGE), START_NS)
    totals = engine.totals()
    told: list[Event] = []
    shown = {name: levels(engine, name) for name in engine.instruments}
    for command, later_ns in run:
        events = engine.apply(command, engine.now_ns + later_ns)
        assert engine.totals() == totals
        assert len({event.instrument for event in events if isinstance(event, BookChanged)}) == sum(
            isinstance(event, BookChanged) for event in events
        )
        follow(shown, events)
        assert shown == {name: levels(engine, name) for name in engine.instruments}
        check_last_words(engine, events)
        for balance in (balance for who in USERS for balance in engine.balances(who)):
            assert engine.least_free_atoms(balance.account, balance.asset) <= balance.available_atoms
        for pool in (pool for who in USERS for pool in engine.pools(who)):
            assert pool.equity_atoms == pool.wallet_atoms + pool.unrealized_atoms + pool.options_atoms
        told += events
    check_sums(engine, list(engine.instruments), told)
    check_results(engine)
    check_replay(engine)


Levels = dict[tuple[Side, int], int]


def levels(engine: Engine, name: str) -> Levels:
    """The book as a table."""
    book = engine.book(name, 10_000)
    return {(Side.BUY, ticks): lots for ticks, lots in book.bids} | {
        (Side.SELL, ticks): lots for ticks, lots in book.asks
    }


def follow(shown: dict[str, Levels], events: list[Event]) -> None:
    """Keep books by what the events say."""
    for event in events:
        if isinstance(event, BookChanged):
            book = shown[event.instrument]
            book |= {(level.side, level.ticks): level.lots for level in event.levels}
            shown[event.instrument] = {key: lots for key, lots in book.items() if lots}


def check_last_words(engine: Engine, events: list[Event]) -> None:
    """The last event of each order is how the order stands."""
    last = {(e.order.instrument, e.order.order_id): e.order for e in events if isinstance(e, OrderChanged)}
    for (name, number), order in last.items():
        assert engine.order(order.account, name, number) == order
    ends = {
        (e.conditional.instrument, e.conditional.conditional_id): e.conditional
        for e in events
        if isinstance(e, ConditionalChanged)
    }
    for (name, number), told in ends.items():
        now = engine.conditional(told.account, name, number)
        assert now is not None
        assert (now.status, now.order_id, now.reason) == (told.status, told.order_id, told.reason)


def check_results(engine: Engine) -> None:
    """A conditional order that has gone through has one order and shares its end; no other has any."""
    for who in USERS:
        orders = {(o.instrument, o.conditional_id): o for o in engine.orders(who) if o.conditional_id}
        assert len(orders) == sum(bool(order.conditional_id) for order in engine.orders(who))
        for one in engine.conditionals(who):
            order = orders.pop((one.instrument, one.conditional_id), None)
            assert (order is not None) is (one.status in (ConditionalStatus.TRIGGERED, ConditionalStatus.FINISHED))
            if order is not None:
                assert (one.order_id, one.status is ConditionalStatus.TRIGGERED) == (
                    order.order_id,
                    order.open_lots > 0,
                )
        assert not orders
