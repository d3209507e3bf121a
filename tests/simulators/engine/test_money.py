"""Money: fees, profit, margin, leverage, isolated positions, deposits. Figures are worked out by hand.

One tick of one lot is worth 10000 atoms; the book's best bid is 599999 and its best ask 600001 ticks; fees are
0.02 % for makers and 0.05 % for takers; leverage starts at 20; maintenance is 0.4 %.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from venueproof_simulators.engine.commands import (
    Command,
    Deposit,
    FillOrder,
    OpenAccount,
    PayFunding,
    Place,
    PoolSpec,
    SetLeverage,
    SetMarginMode,
    SetMark,
    SetPrice,
)
from venueproof_simulators.engine.engine import Engine, replay
from venueproof_simulators.engine.events import BalanceCause, BalanceChanged, Event, MarginMoved, Refused
from venueproof_simulators.engine.instruments import Instrument
from venueproof_simulators.engine.journal import JournalStoppedError
from venueproof_simulators.engine.ledger import Ledger, UnknownAccountError
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.engine.state import BalanceState, MarginMode, OrderKind, Side

Tell = Callable[[Command], list[Event]]
BUY, SELL, LIMIT, MARKET = Side.BUY, Side.SELL, OrderKind.LIMIT, OrderKind.MARKET
USDT = 10**8
WEALTH = 10_000 * USDT


def limit(side: Side, ticks: int, lots: int) -> Place:
    return Place("ann", "BTCUSDT", side, LIMIT, lots, ticks)


def market(side: Side, lots: int) -> Place:
    return Place("ann", "BTCUSDT", side, MARKET, lots)


def money(engine: Engine) -> BalanceState:
    (balance,) = engine.balances("ann")
    return balance


def refusal(events: list[Event]) -> Refusal:
    (event,) = events
    assert isinstance(event, Refused)
    return event.refusal


def test_a_long_position_costs_fee_and_margin_and_earns_with_the_price(engine: Engine, tell: Tell) -> None:
    tell(market(BUY, 100))
    fee = 600_001 * 100 * 10_000 * 500 // 1_000_000
    assert engine.fills("ann")[0].fee_atoms == fee
    tell(SetPrice("BTCUSDT", 610_000))
    balance = money(engine)
    assert balance.wallet_atoms == WEALTH - fee
    assert balance.unrealized_atoms == (610_000 - 600_001) * 100 * 10_000
    assert balance.initial_position_atoms == 610_000 * 100 * 10_000 // 20
    assert balance.maintenance_atoms == 610_000 * 100 * 10_000 * 4 // 1000
    assert balance.available_atoms == balance.wallet_atoms + balance.unrealized_atoms - balance.initial_position_atoms


@pytest.mark.parametrize(
    "less",
    [
        SetMark("BTCUSDT", 550_000),
        SetPrice("BTCUSDT", 550_000),
        PayFunding("BTCUSDT", 10**8),
        SetLeverage("ann", "BTCUSDT", 1000),
        Deposit("ann", "USDT", -8_000 * USDT),
    ],
    ids=lambda command: type(command).__name__,
)
def test_what_makes_money_less_free_is_not_missed_by_the_next_order(engine: Engine, tell: Tell, less: Command) -> None:
    tell(market(BUY, 500))
    tell(limit(BUY, 599_000, 1))
    assert engine.least_free_atoms("ann", "USDT") > 0
    tell(less)
    assert engine.least_free_atoms("ann", "USDT") <= money(engine).available_atoms
    assert refusal(tell(limit(BUY, 540_000, 4000))) is Refusal.INSUFFICIENT_MARGIN


def test_closing_realizes_the_profit_in_parts(engine: Engine, tell: Tell) -> None:
    tell(market(BUY, 100))
    tell(SetPrice("BTCUSDT", 610_001))
    tell(limit(SELL, 620_000, 40))
    tell(FillOrder("BTCUSDT", 2))
    position = engine.position("ann", "BTCUSDT")
    assert (position.lots, position.entry_nano_ticks) == (60, 600_001 * 10**9)
    assert engine.fills("ann")[1].realized_atoms == position.realized_atoms == 19_999 * 40 * 10_000
    tell(market(SELL, 60))
    assert engine.position("ann", "BTCUSDT").realized_atoms == (19_999 * 40 + 9_999 * 60) * 10_000
    fees = sum(fill.fee_atoms for fill in engine.fills("ann"))
    assert money(engine).available_atoms == WEALTH + (19_999 * 40 + 9_999 * 60) * 10_000 - fees


def test_a_position_turns_over_through_flat(engine: Engine, tell: Tell) -> None:
    tell(market(BUY, 10))
    tell(market(SELL, 30))
    position = engine.position("ann", "BTCUSDT")
    assert (position.lots, position.entry_value, position.realized_atoms) == (-20, 599_999 * 20, -2 * 10 * 10_000)
    tell(SetPrice("BTCUSDT", 590_000))
    assert money(engine).unrealized_atoms == 9_999 * 20 * 10_000


def test_the_average_entry_price_survives_partial_closes(engine: Engine, tell: Tell) -> None:
    tell(limit(BUY, 599_000, 2))
    tell(limit(BUY, 598_000, 1))
    tell(FillOrder("BTCUSDT", 1))
    tell(FillOrder("BTCUSDT", 2))
    entry = engine.position("ann", "BTCUSDT").entry_nano_ticks
    assert entry == (2 * 599_000 + 598_000) * 10**9 // 3 + 1
    tell(market(SELL, 1))
    after = engine.position("ann", "BTCUSDT")
    assert abs(after.entry_nano_ticks - entry) <= 10**9 // 10_000
    assert after.entry_value == round((2 * 599_000 + 598_000) * 2 / 3)


def test_break_even_and_liquidation_prices_do_what_they_say(engine: Engine, tell: Tell) -> None:
    tell(market(BUY, 3000))
    figures = engine.margin("ann", "BTCUSDT")
    paid = WEALTH - money(engine).wallet_atoms
    cost = sum(fill.ticks * fill.lots for fill in engine.fills("ann"))
    assert figures.break_even_nano_ticks == (cost * 10_000 + paid) * 10**9 // (3000 * 10_000)
    for ticks, alive in ((figures.liquidation_ticks + 2, True), (figures.liquidation_ticks - 2, False)):
        tell(SetPrice("BTCUSDT", ticks))
        assert (engine.position("ann", "BTCUSDT").lots == 3000) is alive


def test_break_even_forgets_what_was_before_flat(engine: Engine, tell: Tell) -> None:
    for side in (BUY, SELL, BUY):
        tell(market(side, 10))
    fill = engine.fills("ann")[-1]
    expected = fill.ticks * 10**9 + fill.fee_atoms * 10**9 // (10 * 10_000)
    assert engine.margin("ann", "BTCUSDT").break_even_nano_ticks == expected


def test_a_short_is_liquidated_above_and_a_flat_position_never(engine: Engine, tell: Tell) -> None:
    assert engine.margin("ann", "BTCUSDT").liquidation_ticks == 0
    tell(market(SELL, 3000))
    assert engine.margin("ann", "BTCUSDT").liquidation_ticks > 600_000


def test_orders_tie_up_the_larger_side(engine: Engine, tell: Tell) -> None:
    tell(limit(BUY, 590_000, 20))
    buys = 590_000 * 20 * 10_000 // 20
    assert money(engine).initial_orders_atoms == buys
    tell(limit(SELL, 610_000, 10))
    assert money(engine).initial_orders_atoms == buys
    tell(limit(SELL, 610_000, 20))
    assert money(engine).initial_orders_atoms == 610_000 * 30 * 10_000 // 20


def test_orders_that_close_are_free_until_they_would_turn_the_position_over(engine: Engine, tell: Tell) -> None:
    tell(market(BUY, 20))
    tell(limit(SELL, 600_000, 40))
    assert money(engine).initial_orders_atoms == 0
    tell(limit(SELL, 600_000, 5))
    assert money(engine).initial_orders_atoms == 600_000 * 5 * 10_000 // 20


def test_margin_suffices_to_the_last_lot(engine: Engine, tell: Tell) -> None:
    most = WEALTH * 20 // (590_000 * 10_000)
    assert refusal(tell(limit(BUY, 590_000, most + 1))) is Refusal.INSUFFICIENT_MARGIN
    tell(limit(BUY, 590_000, most))
    assert refusal(tell(limit(BUY, 590_000, 1))) is Refusal.INSUFFICIENT_MARGIN


def test_a_loss_leaves_less_for_new_orders_but_closing_stays_possible(engine: Engine, tell: Tell) -> None:
    tell(market(BUY, 3000))
    tell(SetPrice("BTCUSDT", 585_000))
    assert money(engine).available_atoms == 0
    assert refusal(tell(market(BUY, 100))) is Refusal.INSUFFICIENT_MARGIN
    tell(market(SELL, 3000))
    assert engine.position("ann", "BTCUSDT").lots == 0


@pytest.mark.parametrize("leverage_centi", [0, 99, 12_501, -100])
def test_leverage_keeps_its_bounds(engine: Engine, tell: Tell, leverage_centi: int) -> None:
    assert refusal(tell(SetLeverage("ann", "BTCUSDT", leverage_centi))) is Refusal.LEVERAGE_INVALID
    assert engine.leverage_centi("ann", "BTCUSDT") == 2000


def test_lower_leverage_needs_more_margin(engine: Engine, tell: Tell) -> None:
    tell(limit(BUY, 590_000, 1000))
    assert refusal(tell(SetLeverage("ann", "BTCUSDT", 500))) is Refusal.LEVERAGE_TOO_LOW
    tell(SetLeverage("ann", "BTCUSDT", 600))
    assert engine.leverage_centi("ann", "BTCUSDT") == 600
    assert len(tell(SetLeverage("ann", "BTCUSDT", 600))) == 1
    assert money(engine).initial_orders_atoms == -(-590_000 * 1000 * 10_000 // 6)
    assert refusal(tell(SetLeverage("ann", "NOPE", 500))) is Refusal.UNKNOWN_INSTRUMENT


@pytest.mark.parametrize("mode", MarginMode)
def test_leverage_may_be_a_fraction(engine: Engine, tell: Tell, mode: MarginMode) -> None:
    if mode is MarginMode.ISOLATED:
        tell(SetMarginMode("ann", "BTCUSDT", mode))
    tell(SetLeverage("ann", "BTCUSDT", 350))
    tell(market(BUY, 3))
    locked = -(-600_001 * 3 * 10_000 * 100 // 350)
    taken = engine.position("ann", "BTCUSDT").isolated_atoms or engine.margin("ann", "BTCUSDT").initial_position_atoms
    assert taken == (locked if mode is MarginMode.ISOLATED else -(-600_000 * 3 * 10_000 * 100 // 350))


def test_an_isolated_position_locks_in_what_a_lower_leverage_needs(engine: Engine, tell: Tell) -> None:
    tell(SetMarginMode("ann", "BTCUSDT", MarginMode.ISOLATED))
    tell(market(BUY, 1000))
    entry, before = 600_001 * 1000 * 10_000, money(engine)
    tell(SetLeverage("ann", "BTCUSDT", 1500, tops_up=()))
    assert engine.position("ann", "BTCUSDT").isolated_atoms == entry // 20
    moved = tell(SetLeverage("ann", "BTCUSDT", 1000))[-1]
    assert isinstance(moved, MarginMoved)
    assert (moved.atoms, moved.position.isolated_atoms) == (entry // 20, entry // 10)
    assert before.available_atoms - money(engine).available_atoms == entry // 20
    assert before.wallet_atoms == money(engine).wallet_atoms
    tell(SetLeverage("ann", "BTCUSDT", 2000))
    assert engine.position("ann", "BTCUSDT").isolated_atoms == entry // 10
    assert refusal(tell(SetLeverage("ann", "BTCUSDT", 100))) is Refusal.LEVERAGE_TOO_LOW
    assert engine.position("ann", "BTCUSDT").isolated_atoms == entry // 10
    assert engine.leverage_centi("ann", "BTCUSDT") == 2000


def test_an_isolated_position_locks_in_its_margin(engine: Engine, tell: Tell) -> None:
    tell(SetMarginMode("ann", "BTCUSDT", MarginMode.ISOLATED))
    tell(market(BUY, 100))
    locked = 600_001 * 100 * 10_000 // 20
    assert engine.position("ann", "BTCUSDT").isolated_atoms == locked
    tell(SetPrice("BTCUSDT", 590_000))
    assert money(engine).available_atoms == money(engine).wallet_atoms - locked
    assert refusal(tell(Deposit("ann", "USDT", -money(engine).available_atoms - 1))) is Refusal.INSUFFICIENT_MARGIN
    backed = engine.margin("ann", "BTCUSDT").liquidation_ticks
    assert backed == (600_001 * 100 * 10_000 - locked) * 1000 // (996 * 100 * 10_000)
    tell(market(SELL, 50))
    assert engine.position("ann", "BTCUSDT").isolated_atoms == locked // 2
    tell(market(SELL, 80))
    assert engine.position("ann", "BTCUSDT").isolated_atoms == 589_999 * 30 * 10_000 // 20


def test_margin_mode_changes_only_when_nothing_is_open(engine: Engine, tell: Tell) -> None:
    isolated = SetMarginMode("ann", "BTCUSDT", MarginMode.ISOLATED)
    assert refusal(tell(SetMarginMode("ann", "BTCUSDT", MarginMode.CROSS))) is Refusal.NO_CHANGE
    tell(limit(BUY, 600_000, 1))
    assert refusal(tell(isolated)) is Refusal.OPEN_ORDERS
    tell(FillOrder("BTCUSDT", 1))
    assert refusal(tell(isolated)) is Refusal.OPEN_POSITION
    tell(market(SELL, 1))
    tell(isolated)
    assert engine.margin_mode("ann", "BTCUSDT") is MarginMode.ISOLATED


def test_money_comes_and_goes_within_what_is_free(engine: Engine, tell: Tell) -> None:
    (paid_in,) = tell(Deposit("ann", "USDT", 5 * USDT))
    assert isinstance(paid_in, BalanceChanged)
    assert (paid_in.cause, paid_in.balance.wallet_atoms) == (BalanceCause.DEPOSIT, WEALTH + 5 * USDT)
    assert engine.totals() == {"USDT": 2 * WEALTH + 5 * USDT}
    tell(limit(BUY, 590_000, 1000))
    free = money(engine).available_atoms
    assert refusal(tell(Deposit("ann", "USDT", -free - 1))) is Refusal.INSUFFICIENT_MARGIN
    tell(Deposit("ann", "USDT", -free))
    assert money(engine).available_atoms == 0


def test_a_fee_below_an_atom_is_kept_by_the_rounding_account(btc: Instrument) -> None:
    ledger = Ledger()
    account = ledger.open(OpenAccount("ann", (PoolSpec("main", {"USDT": 0}),), {"USDT": 100}))
    assert ledger.charge(account, "USDT", 10_001, 500) == 6
    assert ledger.charge(account, "USDT", 10_001, -500) == -5
    assert ledger.totals() == {"USDT": 100}
    assert ledger["rounding"].wallets["USDT"] == 2


def test_commands_that_make_no_sense_raise(engine: Engine, start_ns: int) -> None:
    pool = PoolSpec("main", {"USDT": 0})
    digest = engine.journal.digest()
    for command in (
        OpenAccount("ann", (pool,), {}),
        OpenAccount("eve", (pool, PoolSpec("other", {"USDT": 0})), {}),
        OpenAccount("eve", (pool,), {"EUR": 1}),
        Deposit("ann", "EUR", 1),
    ):
        with pytest.raises(ValueError, match=r"account|pool|open"):
            engine.apply(command, start_ns)
    with pytest.raises(UnknownAccountError):
        engine.apply(Place("eve", "BTCUSDT", BUY, MARKET, 1), start_ns)
    assert engine.journal.digest() == digest


def test_a_stopped_journal_keeps_nothing_and_says_so(engine: Engine, start_ns: int) -> None:
    engine.journal.stop()
    command = Deposit("ann", "USDT", 1)
    held = sys.getrefcount(command)
    engine.apply(command, start_ns)
    assert sys.getrefcount(command) == held
    for asked in (engine.journal.digest, lambda: replay(engine.journal)):
        with pytest.raises(JournalStoppedError, match="cannot be repeated"):
            asked()
