"""Mark and index apart from the base price; funding; margin moved into and out of isolated positions.

One tick of one lot is worth 10000 atoms; best bid 599999, best ask 600001 ticks; leverage 20; maintenance 0.4 %.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from venueproof_simulators.engine.commands import (
    Command,
    MoveMargin,
    PayFunding,
    Place,
    SetMarginMode,
    SetMark,
    SetPositionMode,
    SetPrice,
)
from venueproof_simulators.engine.engine import Engine
from venueproof_simulators.engine.events import (
    BalanceCause,
    BalanceChanged,
    Event,
    MarginMoved,
    MarkMoved,
    PositionChanged,
    Refused,
)
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.engine.state import BalanceState, MarginMode, OrderKind, PositionMode, PositionSide, Side

Tell = Callable[[Command], list[Event]]
BUY, SELL = Side.BUY, Side.SELL
NET, LONG, SHORT = PositionSide.NET, PositionSide.LONG, PositionSide.SHORT
ISOLATED = SetMarginMode("ann", "BTCUSDT", MarginMode.ISOLATED)
NANO = 10**9


def market(side: Side, lots: int, who: str = "ann", leg: PositionSide = NET) -> Place:
    return Place(who, "BTCUSDT", side, OrderKind.MARKET, lots, position_side=leg)


def move(atoms: int, leg: PositionSide = NET) -> MoveMargin:
    return MoveMargin("ann", "BTCUSDT", leg, atoms)


def money(engine: Engine, who: str = "ann") -> BalanceState:
    (balance,) = engine.balances(who)
    return balance


def refusal(events: list[Event]) -> Refusal:
    (event,) = events
    assert isinstance(event, Refused)
    return event.refusal


def test_mark_goes_its_own_way_and_follows_at_its_distance(engine: Engine, tell: Tell) -> None:
    tell(market(BUY, 100))
    book = engine.book("BTCUSDT", 5)
    (moved,) = tell(SetMark("BTCUSDT", 606_000, 603_000))
    assert moved == MarkMoved("BTCUSDT", 606_000 * NANO, 603_000 * NANO)
    ticker = engine.ticker("BTCUSDT", engine.now_ns)
    assert (ticker.mark_nano_ticks, ticker.index_nano_ticks) == (606_000 * NANO, 603_000 * NANO)
    assert (ticker.last, engine.book("BTCUSDT", 5).bids) == (600_001, book.bids)
    assert money(engine).unrealized_atoms == 5_999 * 100 * 10_000
    tell(SetPrice("BTCUSDT", 610_000))
    assert (engine.mark_ticks("BTCUSDT"), engine.index_ticks("BTCUSDT")) == (616_000, 613_000)
    tell(SetMark("BTCUSDT"))
    assert (engine.mark_ticks("BTCUSDT"), engine.index_ticks("BTCUSDT")) == (610_000, 610_000)
    assert refusal(tell(SetMark("BTCUSDT", -1))) is Refusal.PRICE_NOT_POSITIVE
    assert refusal(tell(SetMark("NOPE", 1))) is Refusal.UNKNOWN_INSTRUMENT


def test_longs_pay_shorts_at_mark(engine: Engine, tell: Tell) -> None:
    tell(market(BUY, 33))
    tell(market(SELL, 10, "bob"))
    tell(SetMark("BTCUSDT", 600_007))
    before = {who: money(engine, who).wallet_atoms for who in ("ann", "bob")}
    paid, received = tell(PayFunding("BTCUSDT", 100_003))
    assert isinstance(paid, BalanceChanged)
    assert isinstance(received, BalanceChanged)
    assert paid.change_atoms == -(600_007 * 33 * 10_000 * 100_003 // NANO + 1)
    assert received.change_atoms == 600_007 * 10 * 10_000 * 100_003 // NANO
    assert (paid.cause, paid.instrument) == (BalanceCause.FUNDING, "BTCUSDT")
    assert money(engine).wallet_atoms == before["ann"] + paid.change_atoms == paid.balance.wallet_atoms
    assert money(engine, "bob").wallet_atoms == before["bob"] + received.change_atoms


def test_a_negative_rate_turns_the_payment_round(engine: Engine, tell: Tell) -> None:
    tell(market(BUY, 33))
    (paid,) = tell(PayFunding("BTCUSDT", -100_000))
    assert isinstance(paid, BalanceChanged)
    assert paid.change_atoms == 600_000 * 33 * 10_000 // 10_000


def test_an_isolated_position_pays_from_its_margin_and_is_told(engine: Engine, tell: Tell) -> None:
    tell(ISOLATED)
    tell(market(BUY, 100))
    held, free = engine.position("ann", "BTCUSDT").isolated_atoms, money(engine).available_atoms
    paid, position = tell(PayFunding("BTCUSDT", 100_000))
    assert isinstance(paid, BalanceChanged)
    assert isinstance(position, PositionChanged)
    assert position.position.isolated_atoms == held + paid.change_atoms
    assert money(engine).available_atoms == free


def test_funding_finds_no_position_or_no_instrument(engine: Engine, tell: Tell) -> None:
    assert tell(PayFunding("BTCUSDT", 100_000)) == []
    assert refusal(tell(PayFunding("NOPE", 100_000))) is Refusal.UNKNOWN_INSTRUMENT


def test_both_legs_of_a_hedge_are_funded(engine: Engine, tell: Tell) -> None:
    tell(SetPositionMode("ann", PositionMode.HEDGE))
    tell(market(BUY, 10, leg=LONG))
    tell(market(SELL, 10, leg=SHORT))
    changes = [
        event.change_atoms for event in tell(PayFunding("BTCUSDT", 100_000)) if isinstance(event, BalanceChanged)
    ]
    assert changes == [-600_000 * 10, 600_000 * 10]


def test_margin_goes_into_an_isolated_position_and_moves_its_liquidation_away(engine: Engine, tell: Tell) -> None:
    tell(ISOLATED)
    tell(market(BUY, 100))
    before, held = engine.margin("ann", "BTCUSDT"), engine.position("ann", "BTCUSDT").isolated_atoms
    wallet = money(engine)
    told, moved = tell(move(10**10))
    assert isinstance(told, BalanceChanged)
    assert isinstance(moved, MarginMoved)
    assert (told.change_atoms, told.cause, told.balance.wallet_atoms) == (0, BalanceCause.MARGIN, wallet.wallet_atoms)
    assert (moved.atoms, moved.position.isolated_atoms) == (10**10, held + 10**10)
    assert money(engine).available_atoms == wallet.available_atoms - 10**10
    assert engine.margin("ann", "BTCUSDT").liquidation_ticks < before.liquidation_ticks


def test_only_what_is_free_goes_in_and_only_what_is_spare_comes_out(engine: Engine, tell: Tell) -> None:
    tell(ISOLATED)
    tell(market(BUY, 100))
    free = money(engine).available_atoms
    assert refusal(tell(move(free + 1))) is Refusal.MARGIN_AMOUNT
    tell(move(free))
    assert money(engine).available_atoms == 0
    tell(SetPrice("BTCUSDT", 599_000))
    position = engine.position("ann", "BTCUSDT")
    spare = position.isolated_atoms - 1_001 * 100 * 10_000 - 599_000 * 100 * 10_000 // 20
    assert refusal(tell(move(-spare - 1))) is Refusal.MARGIN_AMOUNT
    tell(move(-spare))
    assert money(engine).available_atoms == spare
    assert refusal(tell(move(0))) is Refusal.MARGIN_AMOUNT


@pytest.mark.parametrize(
    ("first", "told", "expected"),
    [
        ((market(BUY, 1),), move(1), Refusal.NOT_ISOLATED),
        ((ISOLATED,), move(1), Refusal.NO_POSITION),
        ((ISOLATED, market(BUY, 1)), move(1, LONG), Refusal.POSITION_SIDE),
        ((), MoveMargin("ann", "NOPE", NET, 1), Refusal.UNKNOWN_INSTRUMENT),
    ],
)
def test_margin_moves_only_for_an_isolated_position_that_is_there(
    tell: Tell, first: tuple[Command, ...], told: Command, expected: Refusal
) -> None:
    for command in first:
        tell(command)
    assert refusal(tell(told)) is expected
