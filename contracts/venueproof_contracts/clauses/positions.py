"""Positions: what is held after every way of getting there."""

from __future__ import annotations

from decimal import Decimal

from msgspec import structs

from venueproof_contracts.actions import Fund, SetPrice
from venueproof_contracts.bench import TRUTH
from venueproof_contracts.capabilities import Capability
from venueproof_contracts.case import Case
from venueproof_contracts.clause import clause
from venueproof_contracts.clauses._common import check_once, near
from venueproof_contracts.model import ZERO, ContractUnit, Instrument, Position, PositionMode, PositionSide, Side
from venueproof_contracts.wording import words

ROUNDING = Decimal("1e-7")
PROMPT_S = 10
KEEPS_PERCENT = 1
"""Of a position's worth, what is left of the account's free money before the market turns."""
WITHDRAWALS = 6
STEPS: tuple[tuple[str, Side, int], ...] = (
    ("open", Side.BUY, 2),
    ("add", Side.BUY, 1),
    ("reduce", Side.SELL, 1),
    ("flip", Side.SELL, 4),
    ("add short", Side.SELL, 1),
)


@clause(
    "POS-010",
    "a position is the venue's: sign, entry and profit",
    why="A short read as a long is 'closed' by selling more of it; profit by the wrong formula moves every stop.",
    capabilities={Capability.PLACE, Capability.POSITIONS},
    powers=(TRUTH, SetPrice),
)
async def position_figures(case: Case) -> None:
    """After opening, adding, reducing and turning at moving prices, `positions()` has the venue's signed amount in
    contracts and its entry price; open profit, where it is told, is the venue's in the settle asset, and as a fraction
    that of what the position cost."""
    for percent, (step, side, times) in enumerate(STEPS):
        await case.move_price(percent)
        await case.trade(side, times)
        await case.bench.settle()
        await case.move_price(percent + 3)
        true, told = await case.true_legs(), await case.told_legs()
        case.check(told.keys() == true.keys(), f"after {step}: {words(list(told.values()))} is told")
        for leg, fact in true.items():
            _check_figures(case, step, told[leg], fact)


def _check_figures(case: Case, step: str, told: Position, true: Position) -> None:
    case.check(told.amount == true.amount, f"after {step}: {told.amount} contracts, at the venue {true.amount}")
    entry = near(told.entry_price, true.entry_price, case.instrument.price_tick / 2)
    case.check(entry, f"after {step}: entry {told.entry_price}, at the venue {true.entry_price}")
    profit = true.unrealized_pnl
    if profit is None or true.entry_price is None:
        return
    if told.unrealized_pnl is not None:
        within = abs(profit) / 100 + ROUNDING
        same = near(told.unrealized_pnl, profit, within)
        case.check(same, f"after {step}: open profit {told.unrealized_pnl}, at the venue {profit}")
    if told.profit_rate is not None:
        rate = profit / _cost(case.instrument, true.amount, true.entry_price)
        same = near(told.profit_rate, rate, abs(rate) / 100 + ROUNDING)
        case.check(same, f"after {step}: profit is {told.profit_rate} of the cost, at the venue {rate}")


def _cost(instrument: Instrument, amount: Decimal, price: Decimal) -> Decimal:
    """What contracts cost in the settle asset."""
    face = abs(amount) * instrument.contract_size
    return face * price if instrument.contract_unit is ContractUnit.BASE else face / price


@clause(
    "POS-020",
    "a closed position is flat",
    why="A position that is remembered after it closed is closed again, which opens the opposite one.",
    capabilities={Capability.PLACE, Capability.POSITIONS, Capability.STREAM_POSITIONS},
)
async def closed_position(case: Case) -> None:
    """A position that was closed is gone from `positions()`, and its last event says zero."""
    await case.listen()
    await case.trade(Side.BUY)
    await case.wait_for(lambda: _heard(case), 10)
    await case.trade(Side.SELL)
    await case.bench.settle()
    await case.wait_for(lambda: not _heard(case), 10)
    listed = [one for one in await case.adapter.positions() if one.instrument == case.symbol and one.amount]
    case.check(not listed, f"flat at the venue, positions() lists {words(listed)}")
    heard = case.fold.positions.get((case.symbol, PositionSide.NET))
    case.check(heard is not None and not heard.amount, f"flat at the venue, the last event says {words(heard)}")


def _heard(case: Case) -> bool:
    held = case.fold.positions.get((case.symbol, PositionSide.NET))
    return held is not None and bool(held.amount)


@clause(
    "POS-030",
    "in hedge mode each leg is its own",
    why="Two legs told as one net position: the hedge is 'closed' a second time, and one leg stands alone.",
    capabilities={Capability.PLACE, Capability.POSITIONS, Capability.POSITION_MODE, Capability.REDUCE_ONLY},
)
async def two_legs(case: Case) -> None:
    """In hedge mode `positions()` tells both legs with the venue's amounts and entry prices, and an order that may only
    reduce closes the leg it names and leaves the other as it is."""
    await case.adapter.set_position_mode(PositionMode.HEDGE)
    await case.trade(Side.BUY, times=2, leg=PositionSide.LONG)
    await case.trade(Side.SELL, leg=PositionSide.SHORT)
    await case.bench.settle()
    await _check_legs(case, {PositionSide.LONG, PositionSide.SHORT})
    closing = structs.replace(case.crossing(Side.SELL, times=2, leg=PositionSide.LONG), reduce_only=True)
    await case.adapter.place(closing)
    await case.bench.settle()
    await _check_legs(case, {PositionSide.SHORT})


async def _check_legs(case: Case, legs: set[PositionSide]) -> None:
    true, told = await case.true_legs(), await case.told_legs()
    case.check(set(true) == legs, f"expected the legs {sorted(legs)}, at the venue {words(list(true.values()))}")
    case.check(set(told) == legs, f"at the venue {words(list(true.values()))}, told {words(list(told.values()))}")
    for leg, fact in true.items():
        same = told[leg].amount == fact.amount
        entry = near(told[leg].entry_price, fact.entry_price, case.instrument.price_tick / 2)
        case.check(same and entry, f"the {leg} leg is told as {words(told[leg])}, at the venue {words(fact)}")


@clause(
    "POS-040",
    "a liquidation is noticed",
    why="The venue closed the position by force: a bot that hears only of its own orders goes on hedging it.",
    capabilities={Capability.PLACE, Capability.POSITIONS, Capability.STREAM_POSITIONS, Capability.STREAM_FILLS},
    powers=(TRUTH, SetPrice, Fund),
    managed_only=True,
)
async def liquidation(case: Case) -> None:
    """When the venue liquidates the position, events and `positions()` tell that it is gone, and each fill that took it
    away is told once."""
    await case.listen()
    await case.trade(Side.BUY, times=4)
    await _leave_little(case)
    await case.move_price(-20)
    gone = await case.wait_for_truth(lambda truth: not any(one.amount for one in truth.positions), PROMPT_S)
    case.check(gone, f"the venue did not liquidate {words(await case.true_position())}")
    await case.bench.settle()
    told = await case.told_legs()
    case.check(not told, f"liquidated, positions() tells {words(list(told.values()))}")
    case.check(not _heard(case), "liquidated, and events still tell of a position")
    true = [fill for fill in (await case.truth()).fills if fill.ref.instrument == case.symbol]
    check_once(case, case.fold.fills, true, "fill events")


async def _leave_little(case: Case) -> None:
    """Take out all the money that the position does not need: first what may stand for it in other assets, then its
    own, again and again, since where money counts less than it is worth some is left each time."""
    settle, held = case.instrument.settle, await case.true_position()
    assert held is not None
    assert held.entry_price is not None
    for balance in (await case.truth()).balances:
        if balance.asset != settle and balance.wallet:
            await case.bench.do(Fund(balance.asset, -balance.wallet))
    keep = _cost(case.instrument, held.amount, held.entry_price) * KEEPS_PERCENT / 100
    for _ in range(WITHDRAWALS):
        free = next(one.available or ZERO for one in (await case.truth()).balances if one.asset == settle)
        await case.bench.do(Fund(settle, -max((free - keep).quantize(ROUNDING), ZERO)))
