"""A transaction log: every row has what it changed, and what was in the wallet afterwards."""

from __future__ import annotations

from venueproof_simulators.engine.commands import Deposit, OpenAccount, Place, PoolSpec
from venueproof_simulators.engine.engine import Engine
from venueproof_simulators.engine.events import BalanceCause, BalanceChanged, OrderChanged
from venueproof_simulators.engine.prices import Pace
from venueproof_simulators.engine.state import OrderKind, Side
from venueproof_simulators.host.facts import load_instruments
from venueproof_simulators.kit.statement import Statement
from venueproof_simulators.venues import binance

START_NS = 1_795_521_900 * 10**9
MONEY = 10**15


def test_each_fill_of_an_order_is_a_row_with_what_it_left_in_the_wallet() -> None:
    row = load_instruments(binance.__name__)[0]
    engine = Engine([row.instrument()], seed=1, start_ns=START_NS, pace=Pace.STILL)
    engine.apply(OpenAccount("trader", (PoolSpec("all", {row.settle: 0}),), {row.settle: MONEY}), START_NS)
    asks = engine.book(row.name, 3).asks
    order = Place(
        account="trader",
        instrument=row.name,
        side=Side.BUY,
        kind=OrderKind.LIMIT,
        lots=sum(lots for _, lots in asks),
        ticks=asks[-1][0],
    )
    statement, left = Statement(), list[int]()
    statement.open("trader", {row.settle: MONEY})
    events = engine.apply(Deposit("trader", row.settle, 500), START_NS) + engine.apply(order, START_NS + 1)
    for event in events:
        if isinstance(event, OrderChanged):
            statement.note_fill(event)
        elif isinstance(event, BalanceChanged):
            statement.note(event)
            left.append(event.balance.wallet_atoms)
    rows = statement.of("trader")
    assert [entry.cause for entry in rows] == [BalanceCause.DEPOSIT, *[BalanceCause.FILL] * 3]
    assert [entry.balance_atoms for entry in rows] == left
    assert MONEY + sum(entry.change_atoms for entry in rows) == left[-1]
    assert [entry.number for entry in rows] == [1, 2, 3, 4]
    statement.forget(START_NS + 1)
    assert [entry.cause for entry in statement.of("trader")] == [BalanceCause.FILL] * 3
