"""Prices, trades and candles: the past leads to the start, candles are their trades, commands lie over the path."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from venueproof_simulators.engine.commands import AddLiquidity, Command, FillOrder, Place, PrintTrade, SetPrice, Tick
from venueproof_simulators.engine.engine import Engine, UnknownInstrumentError
from venueproof_simulators.engine.events import BookChanged, Event, OrderChanged, PriceMoved, Refused, Traded
from venueproof_simulators.engine.instruments import ContractKind, Instrument
from venueproof_simulators.engine.intervals import INTERVALS, first_minute, index_of
from venueproof_simulators.engine.prices import Pace
from venueproof_simulators.engine.state import BookState, CandleState, OrderKind, Side, TradeState
from venueproof_simulators.engine.worth import SCALE

from .play import BTC

Tell = Callable[[Command], list[Event]]
BUY, SELL, LIMIT = Side.BUY, Side.SELL, OrderKind.LIMIT
SECOND = 10**9
MINUTE = 60 * SECOND
DAY = 1440 * MINUTE
START = 1_795_521_900 * SECOND


def candle_of(trades: Sequence[TradeState], like: CandleState, worth: Callable[[TradeState], int]) -> CandleState:
    """What these trades amount to, worked out one by one."""
    prices = [trade.ticks for trade in trades]
    bought = [trade for trade in trades if trade.taker is BUY]
    return CandleState(
        like.open_ns,
        like.close_ns,
        prices[0],
        max(prices),
        min(prices),
        prices[-1],
        sum(trade.lots for trade in trades),
        sum(map(worth, trades)),
        len(trades),
        sum(trade.lots for trade in bought),
        sum(map(worth, bought)),
    )


def lively_engine(instrument: Instrument) -> Engine:
    """A calm market in which some commands have fallen."""
    engine = Engine([instrument], seed=3, start_ns=START, pace=Pace.CALM)
    engine.apply(PrintTrade(instrument.name, 598_000, 7, SELL), START + 30 * SECOND)
    engine.apply(SetPrice(instrument.name, 612_345), START + 95 * SECOND)
    engine.apply(AddLiquidity(instrument.name, BUY, 612_600, 3000), START + 200 * SECOND)
    engine.apply(Tick(), START + 400 * SECOND)
    return engine


@settings(max_examples=60)
@given(interval=st.sampled_from([*INTERVALS[:9], "12h+8h", "1d+8h"]), back=st.integers(-400 * SECOND, 2500 * DAY))
def test_a_candle_is_the_sum_of_its_trades(interval: str, back: int) -> None:
    engine, now = LIVELY, LIVELY.now_ns
    (candle,) = engine.candles("BTCUSDT", interval, now, end_ns=START - back, limit=1)
    trades = engine.trades("BTCUSDT", now, start_ns=candle.open_ns, end_ns=candle.close_ns - 1, limit=10**5)
    assert trades
    assert candle_of(trades, candle, lambda trade: trade.lots * trade.ticks) == candle


@settings(max_examples=60)
@given(interval=st.sampled_from(INTERVALS[:12]), back=st.integers(-400 * SECOND, 2500 * DAY))
def test_an_inverse_candle_is_worth_what_its_trades_are_each_at_its_own_price(interval: str, back: int) -> None:
    """In units far below the last decimal that anybody prints; a candle of the past is a series broken off."""
    engine, now = INVERSE, INVERSE.now_ns
    (candle,) = engine.candles("BTCUSD", interval, now, end_ns=START - back, limit=1)
    trades = engine.trades("BTCUSD", now, start_ns=candle.open_ns, end_ns=candle.close_ns - 1, limit=10**5)
    found = candle_of(trades, candle, lambda trade: SCALE * trade.lots // trade.ticks)
    assert replace(found, value=candle.value, taker_buy_value=candle.taker_buy_value) == candle
    for mine, told in ((found.value, candle.value), (found.taker_buy_value, candle.taker_buy_value)):
        assert abs(mine - told) * 10**15 <= mine


@settings(max_examples=60)
@given(
    pair=st.sampled_from([("1m", "15m"), ("3m", "1h"), ("1h", "1d"), ("4h", "3d"), ("1d", "1w"), ("1d", "1M")]),
    back=st.integers(-400 * SECOND, 2500 * DAY),
)
def test_short_candles_add_up_to_long_ones(pair: tuple[str, str], back: int) -> None:
    engine, now = LIVELY, LIVELY.now_ns
    (long,) = engine.candles("BTCUSDT", pair[1], now, end_ns=START - back, limit=1)
    short = engine.candles("BTCUSDT", pair[0], now, start_ns=long.open_ns, end_ns=long.close_ns - 1, limit=10**5)
    traded = [candle for candle in short if candle.trades]
    assert (short[0].open_ns, short[0].open, short[-1].close) == (long.open_ns, long.open, long.close)
    assert (max(c.high for c in traded), min(c.low for c in traded)) == (long.high, long.low)
    for field in ("volume_lots", "value", "trades", "taker_buy_lots", "taker_buy_value"):
        assert sum(getattr(candle, field) for candle in short) == getattr(long, field)


LIVELY = lively_engine(BTC)
INVERSE = lively_engine(
    replace(
        BTC,
        name="BTCUSD",
        symbol="BTC/USD:BTC",
        settle="BTC",
        kind=ContractKind.INVERSE,
        lot=Decimal(1),
        contract_size=Decimal(100),
    )
)


@settings(max_examples=40)
@given(first=st.integers(1, 15_000_000), limit=st.integers(1, 300))
def test_trade_ids_ascend_with_time_and_pages_join(first: int, limit: int) -> None:
    engine, now = LIVELY, LIVELY.now_ns
    page = engine.trades("BTCUSDT", now, from_id=first, limit=limit)
    assert [trade.trade_id for trade in page] == list(range(first, first + limit))
    times = [trade.at_ns for trade in page]
    assert times == sorted(times)
    again = engine.trades("BTCUSDT", now, start_ns=page[0].at_ns, limit=1)
    assert again[0].at_ns == page[0].at_ns
    before = engine.trades("BTCUSDT", now, end_ns=page[-1].at_ns, limit=1)
    assert before[0].at_ns == page[-1].at_ns


def test_the_newest_trades_come_without_a_range() -> None:
    engine, now = LIVELY, LIVELY.now_ns
    newest = engine.trades("BTCUSDT", now, limit=1000)
    assert len(newest) == 1000
    assert engine.trades("BTCUSDT", START - 1, limit=1)[0].ticks == 600_000
    ticker = engine.ticker("BTCUSDT", now)
    assert (ticker.last, ticker.last_trade_id) == (newest[-1].ticks, newest[-1].trade_id)
    assert ticker.last_trade_id - ticker.first_trade_id + 1 == ticker.day.trades
    assert engine.trades("BTCUSDT", now, from_id=newest[-1].trade_id + 1, limit=5) == []


@pytest.mark.parametrize("interval", [*INTERVALS, "1d+8h", "1w+8h", "3M+8h"])
def test_candles_stand_side_by_side_back_to_the_listing(interval: str) -> None:
    engine, now = LIVELY, LIVELY.now_ns
    candles = engine.candles("BTCUSDT", interval, now, limit=300)
    assert all(one.close_ns == next_.open_ns for one, next_ in pairwise(candles))
    assert candles[-1].open_ns <= now < candles[-1].close_ns
    assert engine.candles("BTCUSDT", interval, now, start_ns=candles[0].open_ns, limit=300) == candles
    assert engine.candles("BTCUSDT", interval, now, start_ns=candles[0].open_ns + 1, limit=300) == candles[1:]
    first = engine.candles("BTCUSDT", interval, now, start_ns=0, limit=2)
    assert first[0].trades
    assert first[0].open_ns <= 1_567_900_800 * SECOND


def test_weeks_begin_on_monday_and_months_on_the_first() -> None:
    week = LIVELY.candles("BTCUSDT", "1w", START, limit=1)[0]
    month = LIVELY.candles("BTCUSDT", "1M", START, limit=1)[0]
    assert (week.open_ns // SECOND, month.open_ns // SECOND) == (1_795_392_000, 1_793_491_200)
    for unknown in ("7m", "1d+", "1d+15h", "1d+8", "1d+-8h", "+8h"):
        with pytest.raises(ValueError, match=re.escape(unknown)):
            LIVELY.candles("BTCUSDT", unknown, START)


@pytest.mark.parametrize(
    ("interval", "opens"),
    [
        ("1d+8h", "2026-11-23T16:00:00"),
        ("6h+8h", "2026-11-24T10:00:00"),
        ("3d+8h", "2026-11-23T16:00:00"),
        ("1w+8h", "2026-11-22T16:00:00"),
        ("1M+8h", "2026-10-31T16:00:00"),
        ("3M+8h", "2026-09-30T16:00:00"),
        ("3M", "2026-10-01T00:00:00"),
        ("12h", "2026-11-24T12:00:00"),
        ("2d", "2026-11-23T00:00:00"),
    ],
)
def test_days_weeks_and_months_can_be_those_of_another_zone(interval: str, opens: str) -> None:
    """Asked on Tuesday 2026-11-24 at 12:05 UTC."""
    (candle,) = LIVELY.candles("BTCUSDT", interval, START, limit=1)
    assert datetime.fromtimestamp(candle.open_ns // SECOND, UTC).isoformat() == f"{opens}+00:00"


@given(interval=st.sampled_from(INTERVALS), hours=st.integers(1, 14), minute=st.integers(0, 60_000_000))
def test_an_interval_with_an_offset_is_that_of_a_later_minute_begun_so_much_earlier(
    interval: str, hours: int, minute: int
) -> None:
    name, later = f"{interval}+{hours}h", minute + 60 * hours
    assert index_of(name, minute) == index_of(interval, later)
    begin, end = (first_minute(name, index_of(name, minute) + number) for number in (0, 1))
    assert begin <= minute < end
    assert begin == first_minute(interval, index_of(interval, later)) - 60 * hours


@pytest.mark.parametrize("interval", INTERVALS)
@pytest.mark.parametrize("times", [{"start_ns": 10**40}, {"end_ns": -(10**40)}, {"limit": 0}])
def test_a_range_beyond_all_time_is_empty(interval: str, times: dict[str, int]) -> None:
    now = LIVELY.now_ns
    assert LIVELY.candles("BTCUSDT", interval, now, **times) == []
    assert LIVELY.trades("BTCUSDT", now, **{"limit": 5, **times}) == []


@pytest.mark.parametrize("interval", INTERVALS[:-1])
def test_a_range_wider_than_all_time_is_no_range(interval: str) -> None:
    now = LIVELY.now_ns
    wide = LIVELY.candles("BTCUSDT", interval, now, start_ns=-(10**40), end_ns=10**40, limit=50)
    assert wide == LIVELY.candles("BTCUSDT", interval, now, start_ns=0, limit=50)
    assert len(wide) == 50


def test_a_still_market_is_flat_at_the_last_price(engine: Engine) -> None:
    later = START + 3 * DAY
    candles = engine.candles("BTCUSDT", "1h", later, limit=50)
    assert {(c.open, c.high, c.low, c.close, c.volume_lots) for c in candles} == {(600_000,) * 4 + (0,)}
    ticker = engine.ticker("BTCUSDT", later)
    assert (ticker.last, ticker.day.trades, ticker.first_trade_id) == (600_000, 0, 0)
    assert ticker.mark_nano_ticks == engine.mark_nano_ticks("BTCUSDT", later) == 600_000 * SECOND
    assert engine.next_due_ns is None


def test_prices_depend_on_underlying_seed_and_time_alone(btc: Instrument) -> None:
    def prices(instrument: Instrument, seed: int, pace: Pace, *times: int) -> list[int]:
        engine = Engine([instrument], seed=seed, start_ns=START, pace=pace)
        for time in times:
            engine.apply(Tick(), START + time * SECOND)
        return [
            engine.mark_nano_ticks(instrument.name, 0),
            engine.candles(instrument.name, "1h", START, limit=9)[0].high,
        ]

    coarse = replace(btc, name="COARSE", tick=Decimal("0.5"), lot=Decimal(1), tick_step=2)
    once = prices(btc, 5, Pace.CALM, 40)
    assert once == prices(btc, 5, Pace.CALM, 1, 13, 40)
    assert once != prices(btc, 6, Pace.CALM, 40)
    for mine, theirs in zip(once, prices(coarse, 5, Pace.CALM, 40), strict=True):
        scale = SECOND if mine > 10**9 else 1
        assert abs(mine - 5 * theirs) <= 30 * scale
    assert prices(btc, 5, Pace.STILL, 40)[0] == 600_000 * SECOND


@pytest.mark.parametrize("pace", [Pace.CALM, Pace.WILD])
def test_a_lively_market_moves_within_bounds_and_catches_up(btc: Instrument, pace: Pace) -> None:
    engine = Engine([btc], seed=5, start_ns=START, pace=pace)
    seen: set[int] = set()
    for time in (10 * SECOND, 70 * SECOND, 2 * 3600 * SECOND, 30 * DAY):
        events = engine.apply(Tick(), START + time)
        seen.add(engine.mark_nano_ticks("BTCUSDT", 0) // SECOND)
        assert len(events) < 15_000
        assert len(engine.book("BTCUSDT", 100).bids) == 30
    assert len(seen) == 4
    at_once = Engine([btc], seed=5, start_ns=START, pace=pace)
    at_once.apply(Tick(), START + 30 * DAY)
    assert at_once.mark_nano_ticks("BTCUSDT", 0) == engine.mark_nano_ticks("BTCUSDT", 0)
    swing = 600_000 * (2 if pace is Pace.CALM else 10) // 100
    assert all(abs(price - 600_000) < swing for price in seen)


def test_setting_the_price_fills_what_it_reaches(engine: Engine, tell: Tell) -> None:
    for ticks in (610_000, 620_000, 620_001):
        tell(Place("ann", "BTCUSDT", SELL, LIMIT, 10, ticks))
    events = tell(SetPrice("BTCUSDT", 620_000))
    assert PriceMoved("BTCUSDT", 620_000) in events
    assert [(fill.ticks, fill.maker) for fill in engine.fills("ann")] == [(610_000, True), (620_000, True)]
    book = engine.book("BTCUSDT", 1)
    assert (book.bids[0][0], book.asks[0][0]) == (619_999, 620_001)
    assert engine.ticker("BTCUSDT", engine.now_ns).last == 620_000
    assert len(engine.live_orders("ann")) == 1


def test_a_gap_fills_at_the_new_price(engine: Engine, tell: Tell) -> None:
    tell(Place("ann", "BTCUSDT", BUY, LIMIT, 10, 590_000))
    tell(SetPrice("BTCUSDT", 580_000, gap=True))
    assert [fill.ticks for fill in engine.fills("ann")] == [580_000]


def test_a_drift_goes_in_steps_and_ends_with_the_next_command(engine: Engine, tell: Tell) -> None:
    tell(Place("ann", "BTCUSDT", SELL, LIMIT, 10, 600_500))
    begin = engine.now_ns
    engine.apply(SetPrice("BTCUSDT", 601_000, over_ns=20 * SECOND), begin)
    moves = [e for e in engine.apply(Tick(), begin + 10 * SECOND) if isinstance(e, PriceMoved)]
    assert [move.ticks for move in moves] == list(range(600_050, 600_501, 50))
    assert engine.fills("ann")[0].at_ns == begin + 10 * SECOND
    tell(SetPrice("BTCUSDT", 600_000))
    assert not [e for e in engine.apply(Tick(), begin + 60 * SECOND) if isinstance(e, PriceMoved)]


def test_strangers_trades_touch_nothing_that_rests(engine: Engine, tell: Tell) -> None:
    tell(Place("ann", "BTCUSDT", SELL, LIMIT, 10, 610_000))
    before = engine.book("BTCUSDT", 100)
    (event,) = tell(PrintTrade("BTCUSDT", 640_000, 3, BUY))
    assert isinstance(event, Traded)
    assert (engine.book("BTCUSDT", 100).asks, engine.fills("ann")) == (before.asks, [])
    assert engine.candles("BTCUSDT", "1m", engine.now_ns, limit=1)[0].high == 640_000


def test_acts_that_make_no_sense_are_refused(tell: Tell) -> None:
    for command in (
        SetPrice("BTCUSDT", 0),
        SetPrice("NOPE", 1),
        PrintTrade("BTCUSDT", 1, 0, BUY),
        AddLiquidity("BTCUSDT", BUY, -1, 1),
        FillOrder("BTCUSDT", 9),
    ):
        assert [type(event) for event in tell(command)] == [Refused]


def apply_levels(book: BookState, changed: BookChanged) -> dict[tuple[Side, int], int]:
    """A book kept by its changes."""
    levels = {(BUY, ticks): lots for ticks, lots in book.bids} | {(SELL, ticks): lots for ticks, lots in book.asks}
    levels |= {(level.side, level.ticks): level.lots for level in changed.levels}
    return {key: lots for key, lots in levels.items() if lots}


def test_book_changes_lead_from_one_book_to_the_next(engine: Engine, tell: Tell) -> None:
    for command in (
        Place("ann", "BTCUSDT", BUY, LIMIT, 10, 600_000),
        AddLiquidity("BTCUSDT", SELL, 599_995, 5000),
        SetPrice("BTCUSDT", 600_020),
        Tick(),
    ):
        before = engine.book("BTCUSDT", 1000)
        changed = [event for event in tell(command) if isinstance(event, BookChanged)]
        after = engine.book("BTCUSDT", 1000)
        if not changed:
            assert (before.bids, before.asks, before.sequence) == (after.bids, after.asks, after.sequence)
            continue
        assert (changed[0].first_sequence, changed[0].sequence) == (before.sequence + 1, after.sequence)
        assert apply_levels(before, changed[0]) == apply_levels(after, changed[0])


def test_the_ladder_keeps_its_quotes_when_the_price_moves_a_little(engine: Engine, tell: Tell) -> None:
    changed = [event for event in tell(SetPrice("BTCUSDT", 600_001)) if isinstance(event, BookChanged)]
    assert len(changed[0].levels) == 4


def test_unknown_instruments_raise_when_read(engine: Engine) -> None:
    with pytest.raises(UnknownInstrumentError):
        engine.book("NOPE", 1)
    with pytest.raises(UnknownInstrumentError):
        engine.by_symbol("NOPE/USDT:USDT")
    assert engine.by_symbol("BTC/USDT:USDT").name == "BTCUSDT"


def test_an_instrument_nobody_named_has_a_price_and_a_past(btc: Instrument) -> None:
    engine = Engine([replace(btc, underlying="NOBODY")], seed=1, start_ns=START)
    candles = engine.candles("BTCUSDT", "1d", START, limit=2000)
    assert len(candles) > 1500
    assert min(candle.low for candle in candles) > 0
    assert candles[-1].close * SECOND == engine.mark_nano_ticks("BTCUSDT", START)


def test_open_interest_counts_long_lots(engine: Engine, tell: Tell) -> None:
    events = tell(Place("ann", "BTCUSDT", BUY, OrderKind.MARKET, 10))
    assert any(isinstance(event, OrderChanged) for event in events)
    tell(Place("bob", "BTCUSDT", SELL, OrderKind.MARKET, 4))
    assert engine.ticker("BTCUSDT", START).open_interest_lots == 10
