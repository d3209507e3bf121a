"""Ledger, order view, book, ids, precision, candles and freshness: properties over any order of arrival."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from venueproof_adapters.kit.account import Freshest
from venueproof_adapters.kit.book import BookBuilder, BookChange
from venueproof_adapters.kit.candles import made_of, orderly_candles, whole_groups
from venueproof_adapters.kit.clock import SECOND_NS
from venueproof_adapters.kit.ids import IdMap
from venueproof_adapters.kit.ledger import FillLedger
from venueproof_adapters.kit.orders import OrderView, order_key
from venueproof_adapters.kit.precision import decimal_text, on_step
from venueproof_adapters.kit.trailing import in_percent
from venueproof_contracts.errors import Rejected
from venueproof_contracts.model import (
    Candle,
    Fill,
    Level,
    OffsetUnit,
    Order,
    OrderRef,
    OrderStatus,
    OrderType,
    Side,
    Trigger,
    TriggerKind,
)

CHARSETS = [(r"[\.A-Z\:/a-z0-9_-]{1,36}", 36), (r"[A-Za-z0-9_-]{1,36}", 36), (r"[A-Za-z0-9]{1,32}", 32)]
"""What venues take as a client id, and how long."""
KEY = ("BTC/USDT:USDT", "4001", False)


def telling(status: OrderStatus, filled: int, at_ns: int, *, venue_id: str = "4001", amount: int = 4) -> Order:
    return Order(
        ref=OrderRef(KEY[0], "wish", venue_id),
        side=Side.BUY,
        type=OrderType.LIMIT,
        status=status,
        amount=Decimal(amount),
        filled=Decimal(filled),
        price=Decimal(60_000),
        average_price=Decimal(60_000) if filled else None,
        updated_ns=at_ns,
    )


LIFE = [
    telling(OrderStatus.OPEN, 0, 100),
    telling(OrderStatus.PARTLY_FILLED, 1, 200),
    telling(OrderStatus.PARTLY_FILLED, 3, 200),
    telling(OrderStatus.CANCELED, 3, 300),
]


@given(st.lists(st.sampled_from(LIFE), max_size=8).map(lambda repeats: [*LIFE, *repeats]).flatmap(st.permutations))
def test_an_order_never_goes_back(tellings: list[Order]) -> None:
    view = OrderView()
    shown = [order for told in tellings if (order := view.merge(told)) is not None]
    assert view.get(KEY) == LIFE[-1]
    assert [order.filled for order in shown] == sorted(order.filled for order in shown)
    assert sum(order.status.final for order in shown) == 1
    assert shown[-1].status.final


@given(st.permutations([LIFE[0], structs.replace(LIFE[0], price=Decimal(59_000), updated_ns=150)]))
def test_an_amended_price_is_not_undone_by_a_late_message(tellings: list[Order]) -> None:
    view = OrderView()
    for told in tellings:
        view.merge(told)
    assert [order.price for order in view.live()] == [Decimal(59_000)]


def test_a_replacement_carries_what_was_filled_before() -> None:
    view = OrderView()
    view.merge(telling(OrderStatus.PARTLY_FILLED, 1, 100))
    view.begin_replacing(KEY)
    assert view.merge(telling(OrderStatus.CANCELED, 1, 200)) is None
    old = view.get(KEY)
    assert old is not None
    new = telling(OrderStatus.PARTLY_FILLED, 2, 300, venue_id="4002", amount=3)
    view.replaced(old, order_key(new))
    shown = view.merge(structs.replace(new, average_price=Decimal(63_000)))
    assert shown is not None
    assert [shown.amount, shown.filled, shown.average_price] == [4, 3, 62_000]
    assert shown.replaces == "4001"
    assert view.of_intent(KEY[0], "wish") == view.get(("BTC/USDT:USDT", "4002", False))
    assert view.merge(telling(OrderStatus.CANCELED, 1, 400)) is None


def test_a_replacement_that_failed_ends_the_intent_with_the_old_order() -> None:
    view = OrderView()
    view.merge(telling(OrderStatus.OPEN, 0, 100))
    view.begin_replacing(KEY)
    view.merge(telling(OrderStatus.CANCELED, 0, 200))
    ended = view.give_up_replacing(KEY)
    assert ended is not None
    assert ended.status is OrderStatus.CANCELED


def fill(number: int, amount: int = 1, price: int = 100, instrument: str = KEY[0]) -> Fill:
    ref = OrderRef(instrument, "wish", "4001")
    return Fill(str(number), ref, Side.BUY, Decimal(price), Decimal(amount), None, None, True, number)


@given(st.lists(st.tuples(st.integers(1, 6), st.sampled_from([KEY[0], "ETH/USDT:USDT"])), max_size=30))
def test_each_fill_is_booked_once_per_instrument(told: list[tuple[int, str]]) -> None:
    ledger = FillLedger()
    booked = [key for key in told if ledger.add(fill(key[0], instrument=key[1]))]
    assert booked == list(dict.fromkeys(told))
    mine = sum(1 for _, instrument in booked if instrument == KEY[0])
    assert ledger.missing(KEY, Decimal(10)) == 10 - mine


def test_who_trades_with_himself_has_an_execution_on_each_side_of_it() -> None:
    bought = fill(1)
    sold = structs.replace(bought, side=Side.SELL, ref=structs.replace(bought.ref, venue_id="4002"))
    ledger = FillLedger()
    assert [ledger.add(one) for one in (bought, sold, bought, sold)] == [True, True, False, False]
    assert [ledger.missing((KEY[0], venue_id, False), Decimal(1)) for venue_id in ("4001", "4002")] == [0, 0]


def test_the_average_is_told_only_when_every_fill_is_known() -> None:
    ledger = FillLedger()
    ledger.add(fill(1, amount=1, price=100))
    ledger.add(fill(2, amount=3, price=200))
    assert ledger.average(KEY, Decimal(4)) == 175
    assert ledger.average(KEY, Decimal(5)) is None


@pytest.mark.parametrize(("pattern", "length"), CHARSETS)
@given(st.text(min_size=1, max_size=60) | st.text("abZr1", min_size=1, max_size=36), st.integers(0, 12))
def test_every_intent_id_finds_its_way_back(pattern: str, length: int, intent_id: str, replacement: int) -> None:
    ids = IdMap(pattern, length)
    client_id = ids.client_id(intent_id, replacement)
    assert re.fullmatch(pattern, client_id)
    assert ids.intent_id(client_id) == intent_id
    assert ids.replacement(client_id) == replacement
    assert IdMap(pattern, length).client_id(intent_id, replacement) == client_id


@pytest.mark.parametrize(("pattern", "length"), CHARSETS)
@given(st.text("ab:r1h-Z", min_size=1, max_size=44), st.text("ab:r1h-Z", min_size=1, max_size=44), st.integers(0, 2))
def test_two_intents_never_share_a_client_id(pattern: str, length: int, one: str, other: str, replacement: int) -> None:
    ids = IdMap(pattern, length)
    same = ids.client_id(one) == ids.client_id(other, replacement)
    assert same == (one == other and replacement == 0)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=0, max_value=10**12))
def test_decimals_are_written_exactly_and_plainly(value: Decimal) -> None:
    text = decimal_text(value)
    assert Decimal(text) == value
    assert re.fullmatch(r"\d+(\.\d*[1-9])?", text)


def test_steps_are_not_judged_in_binary() -> None:
    assert on_step(Decimal("0.3"), Decimal("0.1"))
    assert not on_step(Decimal("0.35"), Decimal("0.1"))


def levels(rows: dict[int, int]) -> tuple[Level, ...]:
    return tuple(Level(Decimal(price), Decimal(amount)) for price, amount in rows.items())


def changes(rows: list[tuple[int, int]]) -> list[BookChange]:
    """One change of one bid after another; the venue numbers updates in steps of two."""
    return [
        BookChange(2 * at + 1, 2 * at + 2, 2 * at, levels({price: amount}), (), at)
        for at, (price, amount) in enumerate(rows)
    ]


def expected(rows: list[tuple[int, int]]) -> list[tuple[int, int]]:
    state: dict[int, int] = {}
    for price, amount in rows:
        state[price] = amount
    return sorted(((price, amount) for price, amount in state.items() if amount), reverse=True)


def bids(builder: BookBuilder) -> list[tuple[int, int]]:
    return [(int(level.price), int(level.amount)) for level in builder.book(100, 0).bids]


ROWS = st.lists(st.tuples(st.integers(1, 5), st.integers(0, 3)), min_size=2, max_size=12)


@given(ROWS, st.data())
def test_snapshot_and_changes_make_the_venues_book(rows: list[tuple[int, int]], data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(rows)), "first change heard")
    told = data.draw(st.integers(first, len(rows)), "changes heard before the snapshot")
    taken = data.draw(st.integers(first, len(rows)), "changes in the snapshot")
    builder = BookBuilder(KEY[0])
    for change in changes(rows)[first:told]:
        assert builder.change(change)
    state = dict(expected(rows[:taken]))
    assert builder.start(2 * taken, levels(state), ())
    for change in changes(rows)[told:]:
        assert builder.change(change)
    assert bids(builder) == expected(rows)


@given(ROWS.filter(lambda rows: len(rows) > 3), st.data())
def test_a_lost_change_is_noticed(rows: list[tuple[int, int]], data: st.DataObject) -> None:
    lost = data.draw(st.integers(1, len(rows) - 2), "lost change")
    builder = BookBuilder(KEY[0])
    builder.start(0, (), ())
    heard = [builder.change(change) for at, change in enumerate(changes(rows)) if at != lost]
    assert heard.index(False) == lost


def test_what_comes_after_a_streamed_snapshot_follows_it_exactly() -> None:
    builder = BookBuilder("BTC")
    builder.stream(100, [Level(Decimal(1), Decimal(1))], [])
    spanning = BookChange(99, 105, 98, (Level(Decimal(2), Decimal(1)),), (), 0)
    assert not builder.change(spanning)
    assert builder.change(structs.replace(spanning, first=101, previous=100))
    assert [level.price for level in builder.book(5, 0).bids] == [2, 1]


def test_a_snapshot_older_than_the_changes_is_refused_and_they_are_kept() -> None:
    builder = BookBuilder(KEY[0])
    later = changes([(1, 1), (2, 2), (3, 3)])
    builder.change(later[2])
    assert not builder.start(2, levels({1: 1}), ())
    assert builder.start(4, levels({1: 1, 2: 2}), ())
    assert bids(builder) == [(3, 3), (2, 2), (1, 1)]


def candle(open_s: int) -> tuple[Candle, int]:
    price = Decimal(open_s)
    return Candle(open_s * SECOND_NS, price, price, price, price, price, True), (open_s + 60) * SECOND_NS


@given(st.permutations([candle(60 * number) for number in range(4)]))
def test_candles_ascend_whatever_the_venues_order(rows: list[tuple[Candle, int]]) -> None:
    candles = orderly_candles([*rows, rows[0]], now_ns=200 * SECOND_NS)
    assert [one.open_ns for one in candles] == [60 * number * SECOND_NS for number in range(4)]
    assert [one.closed for one in candles] == [True, True, True, False]


def test_a_lagging_answer_does_not_undo_an_event() -> None:
    view = Freshest[str, int](settle_s=5)
    assert view.hear("USDT", 90, (100 * SECOND_NS, 0))
    assert not view.answer("USDT", 100, 98 * SECOND_NS, asked_ns=101 * SECOND_NS)
    assert view.get("USDT") == 90
    assert view.answer("USDT", 80, 98 * SECOND_NS, asked_ns=106 * SECOND_NS)
    assert not view.hear("USDT", 95, (99 * SECOND_NS, 0))
    assert view.get("USDT") == 80


MINUTE_NS = 60 * 10**9


def minutes(*opens: int) -> list[Candle]:
    return [
        Candle(open_m * MINUTE_NS, Decimal(open_m), Decimal(open_m + 9), Decimal(-open_m), Decimal(7), Decimal(2), True)
        for open_m in opens
    ]


@pytest.mark.parametrize(
    ("interval", "made"), [("10m", "5m"), ("45m", "15m"), ("6m", "3m"), ("24h", "1d"), ("1440m", "1d"), ("3h", "1h")]
)
def test_an_interval_is_made_of_the_longest_that_divide_it(interval: str, made: str) -> None:
    assert made_of(interval, ("1m", "3m", "5m", "15m", "30m", "1h", "1d", "1w", "1M")) == made


@pytest.mark.parametrize("interval", ["7m", "0m", "day", "1s", "2d", "2w", "1M", "-5m", "5", ""])
def test_what_divides_no_day_is_not_made(interval: str) -> None:
    assert made_of(interval, ("1m", "5m", "1h", "1d", "1w")) is None


def test_only_whole_groups_make_a_candle() -> None:
    made = whole_groups(minutes(1, 2, 3, 4, 5, 6, 8, 9, 10), MINUTE_NS, 3 * MINUTE_NS)
    (only,) = made
    assert [only.open_ns, only.open, only.close] == [3 * MINUTE_NS, 3, 7]
    assert [only.high, only.low, only.volume] == [14, -5, 6]
    assert only.closed


def test_prices_of_inverse_contracts_average_by_what_they_are_worth() -> None:
    ledger = FillLedger(lambda _: True)
    ledger.add(fill(1, 1, 40_000))
    ledger.add(fill(2, 1, 60_000))
    assert ledger.average(KEY, Decimal(2)) == 48_000


def test_what_a_replaced_order_fills_late_is_told_of_the_one_in_its_place() -> None:
    old = LIFE[0]
    new = structs.replace(old, ref=structs.replace(old.ref, venue_id="4002"))
    view = OrderView()
    view.merge(old)
    view.begin_replacing(KEY)
    view.replaced(old, (*KEY[:1], "4002", False))
    view.merge(new)
    late = structs.replace(old, status=OrderStatus.PARTLY_FILLED, filled=Decimal(1), updated_ns=old.updated_ns + 1)
    told = view.merge(late)
    assert told is not None
    assert (told.ref, told.filled, told.amount) == (new.ref, Decimal(1), new.amount + 1)
    assert view.merge(late) is None


def test_what_a_conditional_order_became_is_its_intents_whichever_is_told_first() -> None:
    waits = structs.replace(
        LIFE[0], ref=structs.replace(LIFE[0].ref, venue_id="9", conditional=True), status=OrderStatus.TRIGGERED
    )
    foreign = structs.replace(LIFE[1], ref=structs.replace(LIFE[1].ref, intent_id="the venue's own"))
    view = OrderView()
    view.merge(waits)
    view.merge(foreign)
    became = view.became(waits, KEY)
    assert became is not None
    assert (became.ref.intent_id, became.replaces, became.filled) == ("wish", "9", foreign.filled)
    assert view.of_intent(KEY[0], "wish") == view.get(KEY)
    assert view.of_intent(KEY[0], "wish", conditional=True) == waits


@pytest.mark.parametrize(("offset", "percent"), [("150", "0.3"), ("120", "0.2"), ("12000", "20.0")])
def test_an_absolute_offset_becomes_the_nearest_percentage(offset: str, percent: str) -> None:
    trigger = Trigger(TriggerKind.TRAILING, offset=Decimal(offset))
    told = in_percent(trigger, Decimal(60_000), Decimal("0.1"), Decimal("0.1"), Decimal(20))
    assert (told.offset, told.offset_unit) == (Decimal(percent), OffsetUnit.PERCENT)


@pytest.mark.parametrize("offset", ["29", "12031"])
def test_an_offset_that_the_venue_cannot_have_is_refused(offset: str) -> None:
    trigger = Trigger(TriggerKind.TRAILING, offset=Decimal(offset))
    with pytest.raises(Rejected):
        in_percent(trigger, Decimal(60_000), Decimal("0.1"), Decimal("0.1"), Decimal(20))
