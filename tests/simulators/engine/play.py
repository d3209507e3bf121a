"""What the model and the play with everything share: two rich users, and what must add up."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from msgspec.structs import replace

from venueproof_simulators.engine.commands import OpenAccount, PoolSpec
from venueproof_simulators.engine.engine import Engine, replay
from venueproof_simulators.engine.events import BalanceCause, BalanceChanged, Event
from venueproof_simulators.engine.instruments import ContractKind, Instrument, InstrumentStatus
from venueproof_simulators.engine.prices import Pace
from venueproof_simulators.engine.state import PositionSide, Side

START_NS = 1_795_521_900 * 10**9
UNIT = 10_000
"""Atoms of one tick of one lot."""
MIDDLE = 300_000
MARK = 600_000
LEVERAGE = 20
WEALTH = 20_000 * 10**8
MONEY = {"USDT": WEALTH, "BTC": 10**8}
USERS = ("ann", "bob")
BTC = Instrument(
    "BTCUSDT",
    "BTC/USDT:USDT",
    "BTC",
    "BTC",
    "USDT",
    "USDT",
    ContractKind.LINEAR,
    Decimal("0.1"),
    Decimal("0.001"),
    Decimal(1),
    "linear",
)
LONELY = replace(BTC, ticks_max=MIDDLE + 100)
"""Its prices end below where the market maker quotes, so that users are among themselves."""


def fresh_engine(*instruments: Instrument, pace: Pace = Pace.STILL) -> Engine:
    engine = Engine(instruments, seed=1, start_ns=START_NS, pace=pace)
    for name in USERS:
        engine.apply(OpenAccount(name, (PoolSpec("main", dict.fromkeys(MONEY, 0)),), MONEY), START_NS)
    return engine


def check_sums(engine: Engine, instruments: Sequence[str], told: Sequence[Event] = ()) -> None:
    """Fills and what was told of other changes against orders, positions and wallets; the book against its orders."""
    for who in USERS:
        paid = {asset: sum(changes(told, who, asset)) for asset in MONEY}
        for name in instruments:
            fills = engine.fills(who, name)
            held = {one.side: one.lots for one in engine.positions(who) if one.instrument == name}
            for side in PositionSide:
                mine = [fill for fill in fills if fill.position_side is side]
                traded = sum(fill.lots * fill.side.sign for fill in mine)
                assert held.get(side, 0) == (0 if engine.status(name) is InstrumentStatus.DELIVERED else traded)
            instrument = engine.instruments[name]
            for fill in fills:
                moved = fill.realized_atoms if instrument.option is None else fill.premium_atoms
                paid[instrument.settle] += moved - fill.fee_atoms
            for order in engine.orders(who, name):
                mine = [fill for fill in fills if fill.order_id == order.order_id]
                assert order.filled_lots == sum(fill.lots for fill in mine)
                assert order.filled_value == sum(fill.ticks * fill.lots for fill in mine)
        for balance in engine.balances(who):
            assert balance.wallet_atoms == MONEY[balance.asset] + paid[balance.asset]
    for name in instruments:
        book = engine.book(name, 1000)
        assert not (book.bids and book.asks and book.bids[0][0] >= book.asks[0][0])
        shown = {Side.BUY: dict(book.bids), Side.SELL: dict(book.asks)}
        for order in (order for who in USERS for order in engine.live_orders(who, name)):
            assert shown[order.side][order.ticks] >= order.open_lots


def changes(told: Sequence[Event], who: str, asset: str) -> list[int]:
    """By how much a wallet changed other than by fills."""
    others = [event for event in told if isinstance(event, BalanceChanged) and event.cause is not BalanceCause.FILL]
    return [event.change_atoms for event in others if (event.balance.account, event.balance.asset) == (who, asset)]


def check_replay(engine: Engine) -> None:
    """Another engine, told the journal, is in the same state and writes the same journal."""
    again = replay(engine.journal)
    assert again.state_digest() == engine.state_digest()
    assert again.journal.digest() == engine.journal.digest()
