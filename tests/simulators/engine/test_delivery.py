"""Dated contracts: what expiry ends, what it pays, what comes after it; and sessions, which pay without ending.

`ann` buys and `bob` sells among strangers; best bid 599999, best ask 600001 ticks; one tick of one lot is 10000 atoms.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from msgspec.structs import replace

from venueproof_simulators.engine.commands import (
    Command,
    Deliver,
    List,
    OpenAccount,
    Place,
    PlaceConditional,
    PoolSpec,
    SetLeverage,
    SetMarginMode,
    SetMark,
    SetPrice,
    SettleSession,
    Tick,
)
from venueproof_simulators.engine.conditional_state import ConditionalStatus, TriggerKind
from venueproof_simulators.engine.engine import Engine, replay
from venueproof_simulators.engine.events import (
    BalanceCause,
    BalanceChanged,
    Delivered,
    Event,
    Listed,
    PositionChanged,
    Refused,
)
from venueproof_simulators.engine.instruments import ContractKind, Instrument, InstrumentStatus
from venueproof_simulators.engine.prices import Pace
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.engine.state import MarginMode, OrderKind, OrderStatus, Side

Tell = Callable[[Command], list[Event]]
BUY, SELL = Side.BUY, Side.SELL
USD = 10**8
HOUR_NS = 3600 * 10**9
DATED, COIN = "BTCUSDT-271126", "BTCUSD-271126"


@pytest.fixture
def dated(btc: Instrument, start_ns: int) -> Instrument:
    """A contract that ends an hour after the start, and takes 0.01 % for that."""
    return replace(btc, name=DATED, symbol=DATED, expiry_ns=start_ns + HOUR_NS, delivery_fee_ppm=100)


@pytest.fixture
def engine(dated: Instrument, btc: Instrument, start_ns: int) -> Engine:
    """A perpetual contract, a linear and an inverse dated one, and two users with dollars and coins."""
    coin = replace(
        dated,
        name=COIN,
        symbol=COIN,
        quote="USD",
        settle="BTC",
        kind=ContractKind.INVERSE,
        lot=Decimal(1),
        contract_size=Decimal(100),
    )
    engine = Engine([btc, dated, coin], seed=7, start_ns=start_ns)
    for name in ("ann", "bob"):
        money = {"USDT": 10_000 * USD, "BTC": USD}
        engine.apply(OpenAccount(name, (PoolSpec("main", {"USDT": 0, "BTC": 0}),), money), start_ns)
    return engine


def market(who: str, name: str, side: Side, lots: int) -> Place:
    return Place(who, name, side, OrderKind.MARKET, lots)


def refusal(events: list[Event]) -> Refusal | None:
    return next((event.refusal for event in events if isinstance(event, Refused)), None)


def wallet(engine: Engine, who: str, asset: str = "USDT") -> int:
    return next(balance.wallet_atoms for balance in engine.balances(who) if balance.asset == asset)


@pytest.mark.parametrize("mode", MarginMode)
def test_expiry_settles_positions_at_the_index_and_ends_all_orders(
    engine: Engine, tell: Tell, start_ns: int, mode: MarginMode
) -> None:
    if mode is MarginMode.ISOLATED:
        tell(SetMarginMode("ann", DATED, mode))
    tell(market("ann", DATED, BUY, 300))
    tell(market("bob", DATED, SELL, 100))
    tell(Place("ann", DATED, BUY, OrderKind.LIMIT, 5, 590_000))
    tell(PlaceConditional("ann", DATED, SELL, TriggerKind.STOP, OrderKind.MARKET, 5, 570_000))
    tell(SetMark(DATED, 600_500, 603_000))
    totals, paid = engine.totals(), wallet(engine, "ann")
    events = engine.apply(Tick(), start_ns + HOUR_NS)
    assert engine.totals() == totals
    (order,), (waiting,) = engine.orders("ann", DATED)[1:], engine.conditionals("ann", DATED)
    assert (order.status, order.reason) == (OrderStatus.EXPIRED, "instrument-expired")
    assert (waiting.status, waiting.reason) == (ConditionalStatus.EXPIRED, "instrument-expired")
    assert [event.nano_ticks for event in events if isinstance(event, Delivered)] == [603_000 * 10**9, 600_000 * 10**9]
    fee = 603_000 * 300 * 10_000 // 10_000
    gained = (603_000 - 600_001) * 300 * 10_000 - fee
    told = {event.balance.account: event for event in events if isinstance(event, BalanceChanged)}
    assert (told["ann"].cause, told["ann"].instrument) == (BalanceCause.DELIVERY, DATED)
    assert told["ann"].change_atoms == wallet(engine, "ann") - paid == gained
    assert [event.position.lots for event in events if isinstance(event, PositionChanged)] == [0, 0]
    balance = engine.balances("ann")[0]
    assert balance.available_atoms == balance.wallet_atoms
    assert engine.book(DATED, 5).bids == engine.book(DATED, 5).asks == ()


def test_an_inverse_position_is_settled_in_coins(engine: Engine, tell: Tell, start_ns: int) -> None:
    tell(market("ann", COIN, BUY, 300))
    tell(market("bob", COIN, SELL, 70))
    tell(SetPrice(COIN, 660_000))
    totals, before = engine.totals(), wallet(engine, "ann", "BTC")
    engine.apply(Tick(), start_ns + HOUR_NS)
    assert engine.totals() == totals
    entry, out, fee = (-(-300 * 100 * 10**9 // price) for price in (600_001, 660_000, 660_000 * 10_000))
    assert abs(wallet(engine, "ann", "BTC") - before - (entry - out - fee)) <= 2


def test_nothing_happens_on_an_instrument_that_has_expired(engine: Engine, tell: Tell, start_ns: int) -> None:
    later = replace(Place("ann", DATED, BUY, OrderKind.LIMIT, 5, 590_000), verdict_delay_ns=2 * HOUR_NS)
    tell(later)
    engine.apply(Tick(), start_ns + HOUR_NS)
    assert (engine.status(DATED), engine.status("BTCUSDT")) == (InstrumentStatus.DELIVERED, InstrumentStatus.OPEN)
    for command in (
        market("ann", DATED, BUY, 1),
        PlaceConditional("ann", DATED, SELL, TriggerKind.STOP, OrderKind.MARKET, 5, 570_000),
        SetLeverage("ann", DATED, 500),
        SetPrice(DATED, 500_000),
        Deliver(DATED),
    ):
        assert refusal(tell(command)) is Refusal.INSTRUMENT_EXPIRED
    assert refusal(engine.apply(Tick(), start_ns + 3 * HOUR_NS)) is Refusal.INSTRUMENT_EXPIRED
    assert engine.book(DATED, 5).bids == ()
    assert engine.delivery_nano_ticks(DATED) == 600_000 * 10**9


def test_an_instrument_can_be_delivered_from_behind_at_any_price(engine: Engine, tell: Tell, start_ns: int) -> None:
    tell(market("ann", "BTCUSDT", BUY, 1))
    tell(Deliver("BTCUSDT", 500_000_500_000_000))
    assert engine.position("ann", "BTCUSDT").realized_atoms == 500_000_500_000_000 // 100_000 - 600_001 * 10_000
    assert refusal(tell(Deliver("NOPE"))) is Refusal.UNKNOWN_INSTRUMENT
    tell(Deliver(DATED))
    assert not [
        event for event in engine.apply(Tick(), start_ns + HOUR_NS) if getattr(event, "instrument", "") == DATED
    ]


def test_a_new_instrument_starts_at_the_index_and_lives_like_the_others(
    engine: Engine, tell: Tell, dated: Instrument, start_ns: int
) -> None:
    tell(SetPrice("BTCUSDT", 630_000))
    new = replace(dated, name="NEW", symbol="NEW", expiry_ns=start_ns + 3 * HOUR_NS)
    (event,) = tell(List(new))
    assert isinstance(event, Listed)
    assert (engine.by_symbol("NEW"), engine.mark_ticks("NEW")) == (event.instrument, 630_000)
    assert engine.trades("NEW", engine.now_ns, limit=5) == []
    tell(market("ann", "NEW", BUY, 10))
    with pytest.raises(ValueError, match="listed already"):
        tell(List(new))
    engine.apply(Tick(), start_ns + 3 * HOUR_NS)
    assert (engine.status("NEW"), engine.position("ann", "NEW").lots) == (InstrumentStatus.DELIVERED, 0)
    again = replay(engine.journal)
    assert again.state_digest() == engine.state_digest()


def test_a_new_instrument_wanders_with_a_lively_market(btc: Instrument, dated: Instrument, start_ns: int) -> None:
    engine = Engine([btc], seed=7, start_ns=start_ns, pace=Pace.WILD)
    engine.apply(Tick(), start_ns + HOUR_NS)
    engine.apply(List(replace(dated, expiry_ns=0)), start_ns + HOUR_NS)
    assert engine.mark_ticks(DATED) == engine.mark_ticks("BTCUSDT") != 600_000
    engine.apply(Tick(), start_ns + 2 * HOUR_NS)
    assert abs(engine.mark_ticks(DATED) - engine.mark_ticks("BTCUSDT")) <= 1


@pytest.mark.parametrize("mode", MarginMode)
def test_a_session_pays_the_profit_and_leaves_the_entry(engine: Engine, tell: Tell, mode: MarginMode) -> None:
    if mode is MarginMode.ISOLATED:
        tell(SetMarginMode("ann", DATED, mode))
    tell(market("ann", DATED, BUY, 300))
    tell(SetPrice(DATED, 603_000))
    before, held = engine.balances("ann")[0], engine.position("ann", DATED)
    profit = (603_000 - 600_001) * 300 * 10_000
    assert held.unrealized_atoms == profit
    told = tell(SettleSession())
    (paid,) = (event for event in told if isinstance(event, BalanceChanged))
    assert (paid.balance.account, paid.change_atoms, paid.cause) == ("ann", profit, BalanceCause.SETTLEMENT)
    after, now = engine.balances("ann")[0], engine.position("ann", DATED)
    assert after.wallet_atoms == before.wallet_atoms + profit
    assert (after.unrealized_atoms, after.maintenance_atoms) == (0, before.maintenance_atoms)
    if mode is MarginMode.CROSS:
        assert after.available_atoms == before.available_atoms
    assert (now.entry_nano_ticks, now.settled_atoms, now.unrealized_atoms) == (held.entry_nano_ticks, profit, 0)
    assert engine.margin("ann", DATED).liquidation_ticks > 0 or mode is MarginMode.CROSS
    assert tell(SettleSession()) == []
    tell(SetPrice(DATED, 601_001))
    tell(market("ann", DATED, SELL, 150))
    tell(market("ann", DATED, SELL, 150))
    gained = sum(fill.realized_atoms for fill in engine.fills("ann", DATED)) + profit
    assert gained == (601_000 - 600_001) * 300 * 10_000
    assert engine.position("ann", DATED).realized_atoms == gained


def test_the_liquidation_price_does_not_move_when_a_session_is_settled(engine: Engine, tell: Tell) -> None:
    tell(market("ann", DATED, BUY, 3000))
    tell(SetPrice(DATED, 603_000))
    before = engine.margin("ann", DATED)
    tell(SettleSession(DATED))
    after = engine.margin("ann", DATED)
    assert (after.liquidation_ticks, after.break_even_nano_ticks) == (
        before.liquidation_ticks,
        before.break_even_nano_ticks,
    )
    assert refusal(tell(SettleSession("NOPE"))) is Refusal.UNKNOWN_INSTRUMENT
