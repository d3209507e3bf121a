"""What only the outside can do: money, prices, strangers' trades, planned refusals. No user's command."""

from __future__ import annotations

from functools import partial

from msgspec import Struct

from venueproof_simulators.engine.commands import (
    AddLiquidity,
    Deposit,
    ExpireOrder,
    FillOrder,
    OpenAccount,
    PrintTrade,
    RefuseOrders,
    SetInsurance,
    SetMark,
    SetPrice,
)
from venueproof_simulators.engine.events import BalanceCause, BalanceChanged, MarkMoved
from venueproof_simulators.engine.floor import Floor
from venueproof_simulators.engine.following import follow
from venueproof_simulators.engine.margin import free_atoms
from venueproof_simulators.engine.market import Market
from venueproof_simulators.engine.matching import end, fillable, hit, move, stranger_hit, stranger_trade
from venueproof_simulators.engine.orders import Order, Resting
from venueproof_simulators.engine.prices import STEP_NS, Pace
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.engine.state import OrderStatus
from venueproof_simulators.engine.triggers import look_marks
from venueproof_simulators.engine.worth import NANO

_STEPS_AT_ONCE = 3600
"""After a long absence the base price is stepped no more often than this."""
_DRIFT_STEPS_MIN = 10


def open_account(floor: Floor, command: OpenAccount) -> None:
    """Open an account. Raises `ValueError` when the command makes no sense."""
    floor.ledger.open(command)


def deposit(floor: Floor, command: Deposit) -> None:
    """Pay in or out; no more than is free can be paid out. Raises `ValueError` for an asset in no pool."""
    account = floor.ledger[command.account]
    if command.asset not in account.wallets:
        raise ValueError(f"asset {command.asset} stands in no pool of {command.account!r}")
    if command.atoms < 0 and free_atoms(account, command.asset) < -command.atoms:
        floor.refuse(command.account, "", "", Refusal.INSUFFICIENT_MARGIN)
        return
    account.wallets[command.asset] += command.atoms
    account.purse(command.asset).least_free = 0
    cause = BalanceCause.WITHDRAWAL if command.atoms < 0 else BalanceCause.DEPOSIT
    floor.events.append(BalanceChanged(account.wallet(command.asset, floor.now_ns), command.atoms, cause))


def refuse_orders(floor: Floor, command: RefuseOrders) -> None:
    """Plan refusals. Raises `ValueError` for a word that is no refusal."""
    account = floor.ledger[command.account]
    planned = [Refusal(command.refusal)] * command.first
    floor.refusals.setdefault(account.name, []).extend(planned)


def _market(floor: Floor, name: str, ticks: int = 1, lots: int = 1) -> Market | None:
    """The market an act is for; tells of the refusal when it makes no sense."""
    market = floor.market(name)
    refusal = None
    if market is None:
        refusal = Refusal.UNKNOWN_INSTRUMENT
    elif market.delivered:
        refusal = Refusal.INSTRUMENT_EXPIRED
    elif ticks <= 0:
        refusal = Refusal.PRICE_NOT_POSITIVE
    elif lots <= 0:
        refusal = Refusal.AMOUNT_NOT_POSITIVE
    if refusal is not None:
        floor.refuse("", name, "", refusal)
        return None
    return market


def set_price(floor: Floor, command: SetPrice) -> None:
    """Move the base price, at once or in equal steps (ten at least, one a second at most)."""
    market = _market(floor, command.instrument, command.ticks)
    if market is None:
        return
    market.drift += 1
    if command.over_ns <= 0:
        _overlay(floor, market, command.ticks, command.gap)
        return
    steps = max(_DRIFT_STEPS_MIN, command.over_ns // STEP_NS)
    plan = _Drift(market.drift, floor.now_ns, command.over_ns, market.base, command.ticks, steps)
    floor.due.add(plan.at_ns(1), partial(_drift, floor, market, plan, 1))


def set_mark(floor: Floor, command: SetMark) -> None:
    """Move mark and index away from the base price, or back."""
    market = _market(floor, command.instrument, min(command.mark_ticks, command.index_ticks) + 1)
    if market is None:
        return
    market.accrue(floor.now_ns)
    market.displace(command.mark_ticks, command.index_ticks)
    floor.shake(market)
    floor.events.append(MarkMoved(command.instrument, market.worth.mark * NANO, market.index * NANO))
    look_marks(floor, market)
    follow(floor, market)


def set_insurance(floor: Floor, command: SetInsurance) -> None:
    """Fill or empty the insurance account's purse."""
    floor.insured = command.funded


class _Drift(Struct, frozen=True):
    """A base price under way from `begin` to `end` in equal steps."""

    number: int
    begin_ns: int
    over_ns: int
    begin: int
    end: int
    steps: int

    def at_ns(self, step: int) -> int:
        """When a step is due."""
        return self.begin_ns + self.over_ns * step // self.steps

    def ticks(self, step: int) -> int:
        """Where the base price is after a step."""
        return self.begin + (self.end - self.begin) * step // self.steps


def _drift(floor: Floor, market: Market, plan: _Drift, step: int) -> None:
    """Take a step of a drift, and let the next one happen at its time, unless another command came between."""
    if market.drift != plan.number:
        return
    _overlay(floor, market, plan.ticks(step), gap=False)
    if step < plan.steps:
        floor.due.add(plan.at_ns(step + 1), partial(_drift, floor, market, plan, step + 1))


def _overlay(floor: Floor, market: Market, ticks: int, gap: bool) -> None:
    """Lay a shift over the base price so that it is `ticks` now."""
    market.shift_ticks = ticks - market.path(floor.now_ns)
    move(floor, market, ticks, gap=gap)
    follow(floor, market)


def start_pace(floor: Floor) -> None:
    """Open all markets and let their base prices move every second, unless the market is still."""
    if floor.pace is Pace.STILL:
        return
    for name in floor.instruments:
        floor.market(name)
    floor.due.add((floor.start_ns // STEP_NS + 1) * STEP_NS, partial(_pace, floor))


def _pace(floor: Floor) -> None:
    """Move each base price to where it is now. Far behind the time, the steps grow longer."""
    stride_ns = STEP_NS * (1 + (floor.until_ns - floor.from_ns) // (STEP_NS * _STEPS_AT_ONCE))
    next_ns, last_ns = floor.now_ns + stride_ns, floor.until_ns // STEP_NS * STEP_NS
    if floor.now_ns < last_ns < next_ns:
        next_ns = last_ns
    for market in floor.markets.values():
        if market.delivered or market.worth.premium:
            continue
        path = market.path(floor.now_ns)
        step = market.instrument.tick_step
        ticks = max(step, (path + market.shift_ticks) // step * step)
        if ticks != market.base or next_ns > floor.until_ns:
            move(floor, market, ticks, mend=next_ns > floor.until_ns)
        if next_ns > floor.until_ns:
            follow(floor, market)
    floor.due.add(next_ns, partial(_pace, floor))


def print_trade(floor: Floor, command: PrintTrade) -> None:
    """Two strangers trade."""
    market = _market(floor, command.instrument, command.ticks, command.lots)
    if market is not None:
        stranger_trade(floor, market, command.ticks, command.lots, command.taker)


def add_liquidity(floor: Floor, command: AddLiquidity) -> None:
    """A stranger's limit order: it takes what it crosses, best first, and rests with what is left."""
    market = _market(floor, command.instrument, command.ticks, command.lots)
    if market is None:
        return
    floor.touch(market)
    sign, left = command.side.sign, command.lots
    half = market.halves[-sign]
    while left and half.reaches(command.ticks):
        left -= stranger_hit(floor, market, half, most=left)
    if left:
        market.halves[sign].add(Resting(market.strangers, command.ticks, left))


def fill_order(floor: Floor, command: FillOrder) -> None:
    """A stranger trades against one live order at its own price, whatever else is in the book."""
    found = _find(floor, command.instrument, command.order_id)
    if found is None:
        return
    market, order = found
    half = market.halves[order.sign]
    floor.touch(market)
    lots = min(command.lots, fillable(order)) if command.lots > 0 else fillable(order)
    hit(floor, market, half, half.levels[order.ticks], order, lots, order.ticks, market.strangers, None)


def expire_order(floor: Floor, command: ExpireOrder) -> None:
    """The venue ends a live order."""
    found = _find(floor, command.instrument, command.order_id)
    if found is not None:
        end(floor, *found, OrderStatus.EXPIRED, command.reason)


def _find(floor: Floor, instrument: str, order_id: int) -> tuple[Market, Order] | None:
    """A live order of any account; tells of the refusal when there is none."""
    market = _market(floor, instrument)
    if market is None:
        return None
    order = market.orders.get(order_id)
    if order is None or not order.open_lots:
        floor.refuse("", instrument, "", Refusal.UNKNOWN_ORDER, order_id)
        return None
    return market, order
