"""Options: what the model says against floats and against its own laws, premiums, margin, fees, expiry, liquidation.

The index is 60000 dollars. The call at 60000 and the put at 50000 end 30 days after the start and are paid in bitcoin;
one tick is 0.0001 bitcoin, one lot 0.1 of it. `ann` and `bob` have two bitcoin each.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from venueproof_simulators.engine.commands import (
    Amend,
    Command,
    Deliver,
    List,
    OpenAccount,
    Place,
    PoolSpec,
    SetLeverage,
    SetMarginMode,
    SetMark,
    SetPositionMode,
    SetPrice,
    SettleSession,
    Tick,
)
from venueproof_simulators.engine.engine import Engine, replay
from venueproof_simulators.engine.events import BalanceCause, BalanceChanged, Event, PositionChanged, Refused
from venueproof_simulators.engine.instruments import ContractKind, Instrument, InstrumentStatus, OptionTerms
from venueproof_simulators.engine.options import Terms, greeks, implied, intrinsic, price, smile, years
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.engine.state import (
    BalanceState,
    MarginMode,
    OrderKind,
    OrderOrigin,
    PositionMode,
    Side,
)

Tell = Callable[[Command], list[Event]]
BUY, SELL = Side.BUY, Side.SELL
BTC = 10**8
DAY_NS = 86_400 * 10**9
CALL, PUT, FUTURE = "BTC-60000-C", "BTC-50000-P", "BTC-PERPETUAL"
LOT_TICK = BTC // 100_000
"""Atoms of one tick of one lot."""


@pytest.fixture
def future(btc: Instrument) -> Instrument:
    """What the options are priced by: an inverse contract of ten dollars."""
    return replace(
        btc,
        name=FUTURE,
        symbol="BTC/USD:BTC",
        quote="USD",
        settle="BTC",
        kind=ContractKind.INVERSE,
        lot=Decimal(1),
        contract_size=Decimal(10),
    )


@pytest.fixture
def call(future: Instrument, start_ns: int) -> Instrument:
    """The call."""
    return replace(
        future,
        name=CALL,
        symbol=CALL,
        kind=ContractKind.OPTION,
        tick=Decimal("0.0001"),
        lot=Decimal("0.1"),
        contract_size=Decimal(1),
        expiry_ns=start_ns + 30 * DAY_NS,
        option=OptionTerms(Decimal(60_000), call=True),
        maker_fee_ppm=300,
        taker_fee_ppm=300,
        fee_underlying=True,
        fee_cap_ppm=125_000,
        delivery_fee_ppm=150,
    )


@pytest.fixture
def engine(future: Instrument, call: Instrument, start_ns: int) -> Engine:
    """An engine with the future, a call and a put."""
    put = replace(call, name=PUT, symbol=PUT, option=OptionTerms(Decimal(50_000), call=False))
    engine = Engine([future, call, put], seed=7, start_ns=start_ns)
    for name in ("ann", "bob"):
        engine.apply(OpenAccount(name, (PoolSpec("main", {"BTC": 0}),), {"BTC": 2 * BTC}), start_ns)
    return engine


def market(who: str, name: str, side: Side, lots: int) -> Place:
    return Place(who, name, side, OrderKind.MARKET, lots)


def money(engine: Engine, who: str = "ann") -> BalanceState:
    (balance,) = engine.balances(who)
    return balance


def refusal(events: list[Event]) -> Refusal | None:
    return next((event.refusal for event in events if isinstance(event, Refused)), None)


# --- the model --------------------------------------------------------------------------------------------------------

terms = st.builds(
    Terms,
    st.decimals(100, 200_000, places=1),
    st.decimals(100, 200_000, places=0),
    st.decimals("0.001", 2, places=4),
    st.booleans(),
)
volatilities = st.decimals("0.2", 3, places=3)


@given(terms=terms, volatility=volatilities)
def test_the_price_is_that_of_black_and_keeps_put_call_parity(terms: Terms, volatility: Decimal) -> None:
    forward, strike, left, sigma = (float(x) for x in (terms.forward, terms.strike, terms.years, volatility))
    high = math.log(forward / strike) / (sigma * math.sqrt(left)) + sigma * math.sqrt(left) / 2
    low = high - sigma * math.sqrt(left)
    call = forward * below(high) - strike * below(low)
    other = replace(terms, call=not terms.call)
    told = {one.call: price(one, volatility) for one in (terms, other)}
    assert math.isclose(told[True], call, rel_tol=1e-9, abs_tol=1e-6)
    assert abs(told[True] - told[False] - (terms.forward - terms.strike)) < Decimal("1e-20")
    assert told[terms.call] >= intrinsic(terms) - Decimal("1e-20")


def below(x: float) -> float:
    return math.erfc(-x / math.sqrt(2)) / 2


@given(terms=terms, volatility=volatilities)
def test_the_greeks_are_the_slopes_of_the_price(terms: Terms, volatility: Decimal) -> None:
    told, step = greeks(terms, volatility), terms.forward / 10**9
    up, down = (price(replace(terms, forward=terms.forward + move), volatility) for move in (step, -step))
    assert close(told.delta, (up - down) / (2 * step))
    assert close(told.gamma * terms.forward, (up - 2 * price(terms, volatility) + down) / step**2 * terms.forward)
    more, less = (price(terms, volatility + move) for move in (Decimal("1e-9"), Decimal("-1e-9")))
    assert close(told.vega, (more - less) / Decimal("2e-9") / 100)
    later = replace(terms, years=terms.years - Decimal("1e-9"))
    assert close(told.theta, (price(later, volatility) - price(terms, volatility)) * 10**9 / 365)


def close(one: Decimal, other: Decimal) -> bool:
    return math.isclose(one, other, rel_tol=1e-4, abs_tol=1e-4)


@given(terms=terms, volatility=volatilities)
def test_the_implied_volatility_gives_the_price_back(terms: Terms, volatility: Decimal) -> None:
    paid = price(terms, volatility)
    found = implied(terms, paid)
    assert paid <= intrinsic(terms) or abs(price(terms, found) - paid) <= terms.forward * Decimal("1e-5")


def test_volatility_smiles() -> None:
    at = [smile("BTC", 7, Terms(Decimal(60_000), Decimal(strike), Decimal("0.1"), True)) for strike in (30, 60, 120)]
    strikes = [
        smile("BTC", 7, Terms(Decimal(60_000), Decimal(strike), Decimal("0.1"), True))
        for strike in (45_000, 60_000, 90_000)
    ]
    assert strikes[0] > strikes[1] < strikes[2]
    assert Decimal("0.45") <= strikes[1] <= Decimal("0.75")
    assert at == [Decimal(3)] * 3
    assert smile("ETH", 7, Terms(Decimal(3_000), Decimal(3_000), Decimal("0.1"), True)) != strikes[1]


def test_nothing_but_the_intrinsic_value_is_left_at_expiry() -> None:
    terms = Terms(Decimal(60_000), Decimal(50_000), years(5, 4), call=True)
    assert price(terms, Decimal(1)) == 10_000
    assert greeks(terms, Decimal(1)).delta == 1
    assert greeks(replace(terms, call=False), Decimal(1)).delta == 0
    assert implied(terms, Decimal(20_000)) == 0


# --- the market -------------------------------------------------------------------------------------------------------


def test_mark_follows_the_model_and_the_model_the_index(engine: Engine, tell: Tell) -> None:
    first = engine.option(CALL)
    assert first.underlying_price == 60_000
    assert engine.mark_ticks(CALL) == round(first.mark_price / Decimal("0.0001"))
    assert first.bid_volatility < first.volatility < first.ask_volatility
    tell(SetPrice(FUTURE, 630_000))
    risen = engine.option(CALL)
    assert risen.mark_price > first.mark_price
    assert engine.mark_ticks(CALL) == round(risen.mark_price / Decimal("0.0001"))
    tell(SetMark(FUTURE, 0, 600_000))
    assert engine.option(CALL).mark_price == first.mark_price
    with pytest.raises(ValueError, match="is no option"):
        engine.option(FUTURE)


def test_time_value_goes_down_once_an_hour_and_whoever_reads_changes_nothing(
    engine: Engine, tell: Tell, start_ns: int
) -> None:
    before = engine.option(CALL)
    engine.apply(Tick(), start_ns + 10 * DAY_NS)
    after = engine.option(CALL)
    assert after.mark_price < before.mark_price
    assert after.greeks.theta < before.greeks.theta < 0
    engine.apply(Tick(), start_ns + 10 * DAY_NS + 10**12)
    assert engine.option(CALL).mark_price == after.mark_price
    assert replay(engine.journal).state_digest() == engine.state_digest()


def test_a_new_option_is_listed_with_its_price_and_needs_a_future(
    engine: Engine, tell: Tell, call: Instrument, start_ns: int
) -> None:
    tell(SetPrice(FUTURE, 660_000))
    tell(List(replace(call, name="NEW", symbol="NEW", expiry_ns=start_ns + 60 * DAY_NS)))
    assert engine.mark_ticks("NEW") > engine.mark_ticks(CALL)
    tell(market("ann", "NEW", BUY, 1))
    assert replay(engine.journal).state_digest() == engine.state_digest()
    with pytest.raises(ValueError, match="to be priced by"):
        Engine([call], seed=1, start_ns=start_ns)


# --- money ------------------------------------------------------------------------------------------------------------


def test_a_long_option_is_paid_for_and_ties_up_nothing(engine: Engine, tell: Tell) -> None:
    mark, index_atoms = engine.mark_ticks(CALL), BTC // 10
    events = tell(market("ann", CALL, BUY, 5))
    (fill,) = engine.fills("ann")
    fee = 5 * index_atoms * 300 // 10**6
    premium = (mark + 1) * 5 * LOT_TICK
    assert (fill.premium_atoms, fill.fee_atoms, fill.realized_atoms) == (-premium, fee, 0)
    (told,) = (event for event in events if isinstance(event, BalanceChanged))
    held = money(engine)
    assert told.change_atoms == -premium - fee == held.wallet_atoms - 2 * BTC
    assert (held.available_atoms, held.unrealized_atoms) == (held.wallet_atoms, 0)
    assert held.options_atoms == mark * 5 * LOT_TICK
    assert engine.position("ann", CALL).unrealized_atoms == -5 * LOT_TICK
    assert tell(SettleSession()) == []
    tell(SetPrice(FUTURE, 630_000))
    sold = engine.book(CALL, 1).bids[0][0]
    tell(market("ann", CALL, SELL, 5))
    last = engine.fills("ann")[-1]
    assert (last.premium_atoms, last.realized_atoms) == (sold * 5 * LOT_TICK, (sold - mark - 1) * 5 * LOT_TICK)
    (pool,) = engine.pools("ann")
    assert (pool.options_atoms, money(engine).wallet_atoms) == (
        0,
        held.wallet_atoms + last.premium_atoms - last.fee_atoms,
    )


@pytest.mark.parametrize(("name", "initial_ppm"), [(CALL, 150_000), (PUT, 100_000)])
def test_a_short_option_keeps_the_margin_of_its_formula(
    engine: Engine, tell: Tell, name: str, initial_ppm: int
) -> None:
    """The call is at the money; the put is further out than the difference of the rates."""
    tell(market("ann", name, SELL, 10))
    mark, margin, held = engine.mark_ticks(name) * 10 * LOT_TICK, engine.margin("ann", name), money(engine)
    assert (margin.initial_position_atoms, margin.maintenance_atoms) == (
        BTC * initial_ppm // 10**6 + mark,
        BTC * 75_000 // 10**6 + mark,
    )
    assert held.available_atoms == held.wallet_atoms - margin.initial_position_atoms
    assert held.options_atoms == -mark
    assert margin.liquidation_ticks == 0
    dear = engine.mark_ticks(name)
    tell(SetPrice(FUTURE, 630_000 if name == CALL else 570_000))
    assert engine.mark_ticks(name) > dear
    assert engine.margin("ann", name).maintenance_atoms > margin.maintenance_atoms


def test_orders_need_their_premium_or_the_margin_of_what_they_open(engine: Engine, tell: Tell) -> None:
    mark = engine.mark_ticks(CALL)
    tell(Place("ann", CALL, BUY, OrderKind.LIMIT, 10, mark - 100))
    assert money(engine).initial_orders_atoms == (mark - 100) * 10 * LOT_TICK
    tell(Place("ann", CALL, SELL, OrderKind.LIMIT, 10, mark + 100))
    both = BTC * 150_000 // 10**6 + mark * 10 * LOT_TICK + (mark - 100) * 10 * LOT_TICK
    assert money(engine).initial_orders_atoms == both
    assert refusal(tell(Place("ann", CALL, SELL, OrderKind.LIMIT, 100, mark + 100))) is Refusal.INSUFFICIENT_MARGIN
    assert refusal(tell(Amend("ann", CALL, 2, mark + 100, 110))) is Refusal.INSUFFICIENT_MARGIN
    assert refusal(tell(market("ann", CALL, BUY, 500))) is Refusal.INSUFFICIENT_MARGIN
    tell(market("ann", PUT, BUY, 200))
    assert refusal(tell(Place("ann", PUT, SELL, OrderKind.LIMIT, 200, 10_000))) is None


def test_buying_back_needs_no_money(engine: Engine, tell: Tell) -> None:
    while refusal(tell(market("ann", CALL, SELL, 5))) is None:
        pass
    lots = -engine.position("ann", CALL).lots
    assert refusal(tell(market("ann", CALL, BUY, lots))) is None
    assert engine.position("ann", CALL).lots == 0


def test_a_fee_is_no_more_than_its_part_of_the_premium(engine: Engine, tell: Tell, call: Instrument) -> None:
    tell(List(replace(call, name="FAR", symbol="FAR", option=OptionTerms(Decimal(150_000), call=True))))
    tell(market("ann", "FAR", BUY, 4))
    (fill,) = engine.fills("ann")
    assert fill.ticks * 4 * LOT_TICK * 125_000 < 4 * BTC // 10 * 300
    assert fill.fee_atoms == -(-fill.ticks * 4 * LOT_TICK * 125_000 // 10**6)
    tell(List(replace(call, name="GIVES", symbol="GIVES", maker_fee_ppm=-100)))
    tell(Place("ann", "GIVES", BUY, OrderKind.LIMIT, 1, engine.mark_ticks("GIVES")))
    tell(market("bob", "GIVES", SELL, 1))
    assert engine.fills("ann")[-1].fee_atoms == -BTC // 10 * 100 // 10**6


@pytest.mark.parametrize(("index", "name"), [(660_000, CALL), (450_000, PUT), (600_000, PUT)])
def test_expiry_pays_the_intrinsic_value(engine: Engine, tell: Tell, call: Instrument, index: int, name: str) -> None:
    tell(market("ann", name, BUY, 7))
    tell(market("bob", name, SELL, 5))
    tell(SetPrice(FUTURE, index))
    totals = engine.totals()
    before = {who: money(engine, who).wallet_atoms for who in ("ann", "bob")}
    events = engine.apply(Tick(), call.expiry_ns)
    assert engine.totals() == totals
    strike = 600_000 if name == CALL else 500_000
    worth = max(0, index - strike if name == CALL else strike - index) * BTC * 10**5 // index // 10
    for who, lots in (("ann", 7), ("bob", -5)):
        gained = worth * lots // 10**5
        fee = min(abs(lots) * BTC // 10 * 150 // 10**6, abs(gained) // 8) + 1
        assert gained - fee <= money(engine, who).wallet_atoms - before[who] <= gained + 1
        assert engine.position(who, name).lots == 0
        assert money(engine, who).options_atoms == 0
    causes = {event.cause for event in events if isinstance(event, BalanceChanged)}
    assert causes == {BalanceCause.DELIVERY}
    assert sum(isinstance(event, PositionChanged) for event in events) == 2
    assert engine.status(name) is InstrumentStatus.DELIVERED
    engine.apply(Tick(), call.expiry_ns + DAY_NS)
    assert engine.next_due_ns is None
    assert refusal(tell(market("ann", name, BUY, 1))) is Refusal.INSTRUMENT_EXPIRED


def test_an_option_is_delivered_from_behind_too(engine: Engine, tell: Tell) -> None:
    tell(Deliver(CALL))
    assert engine.delivery_nano_ticks(CALL) == 0
    tell(SetPrice(FUTURE, 700_000))
    assert engine.book(CALL, 1).bids == ()


def test_options_have_no_settings(engine: Engine, tell: Tell) -> None:
    for command in (
        SetLeverage("ann", CALL, 1000),
        SetMarginMode("ann", CALL, MarginMode.ISOLATED),
        SetPositionMode("ann", PositionMode.HEDGE, CALL),
        replace(market("ann", CALL, BUY, 1), margin_mode=MarginMode.ISOLATED),
    ):
        assert refusal(tell(command)) is Refusal.NOT_ALLOWED
    tell(market("ann", CALL, BUY, 1))
    tell(SetMarginMode("ann", "", MarginMode.ISOLATED))
    tell(SetPositionMode("ann", PositionMode.HEDGE))
    assert refusal(tell(market("ann", CALL, BUY, 1))) is None
    assert engine.margin_mode("ann", CALL) is MarginMode.CROSS


def test_who_sold_too_many_is_liquidated(engine: Engine, tell: Tell) -> None:
    tell(market("ann", CALL, SELL, 60))
    totals = engine.totals()
    tell(SetPrice(FUTURE, 690_000))
    tell(SetPrice(FUTURE, 1_000_000))
    assert engine.position("ann", CALL).lots == 0
    assert engine.orders("ann")[-1].origin is OrderOrigin.LIQUIDATION
    assert money(engine).wallet_atoms >= 0
    assert engine.totals() == totals
    assert replay(engine.journal).state_digest() == engine.state_digest()


def test_an_option_paid_in_dollars(btc: Instrument, call: Instrument, start_ns: int) -> None:
    dollars = replace(call, name="USD-C", symbol="USD-C", settle="USDT", tick=Decimal(5), delivery_fee_ppm=0)
    engine = Engine([btc, dollars], seed=7, start_ns=start_ns)
    engine.apply(OpenAccount("ann", (PoolSpec("main", {"USDT": 0}),), {"USDT": 10**13}), start_ns)
    state = engine.option("USD-C")
    assert abs(engine.mark_ticks("USD-C") * 5 - state.mark_price) <= Decimal("2.5")
    engine.apply(market("ann", "USD-C", SELL, 10), start_ns)
    mark = engine.mark_ticks("USD-C") * 5 * BTC
    assert engine.margin("ann", "USD-C").initial_position_atoms == 9_000 * BTC + mark
    engine.apply(SetPrice("BTCUSDT", 612_340), start_ns)
    before = money(engine).wallet_atoms
    engine.apply(Tick(), call.expiry_ns)
    assert money(engine).wallet_atoms - before == -1_234 * BTC
