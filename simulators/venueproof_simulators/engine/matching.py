"""Orders meet: fills, their bookings and events, orders that end, and the base price that moves through the book.

One fill tells, in this order: the trade; each user's order; each user's wallet and position.
"""

from __future__ import annotations

from functools import partial

from venueproof_simulators.engine.book import HalfBook, Level
from venueproof_simulators.engine.conditional_state import WatchedPrice
from venueproof_simulators.engine.events import (
    BalanceCause,
    BalanceChanged,
    Cause,
    OrderChanged,
    PositionChanged,
    PriceMoved,
    Traded,
)
from venueproof_simulators.engine.floor import Floor
from venueproof_simulators.engine.ledger import Holding, OptionHolding
from venueproof_simulators.engine.legs import Leg
from venueproof_simulators.engine.maker import REFILL_NS, quote, withdraw
from venueproof_simulators.engine.market import Market
from venueproof_simulators.engine.orders import Order, Resting
from venueproof_simulators.engine.payments import book_accrued
from venueproof_simulators.engine.state import (
    FillState,
    OrderKind,
    OrderStatus,
    SelfTrade,
    Side,
    TimeInForce,
    TradeState,
)
from venueproof_simulators.engine.triggers import expire_closing, finish, look, look_marks

SELF_TRADE = "self-trade"
REDUCE_ONLY = "reduce-only"
NO_LIQUIDITY = "no-liquidity"
WORST_PRICE = "worst-price"
"""Why the rest of a market order expires when only prices beyond its worst one are left."""
IMMEDIATE_OR_CANCEL = "immediate-or-cancel"

_BUY, _SELL = Side.BUY, Side.SELL
_OPENED, _FILLED_CAUSE = Cause.OPENED, Cause.FILLED
_OPEN, _EXPIRED = OrderStatus.OPEN, OrderStatus.EXPIRED
_MARKET, _GTC = OrderKind.MARKET, TimeInForce.GTC
_FILL = BalanceCause.FILL
_NONE = SelfTrade.NONE
_LAST = WatchedPrice.LAST


def open_order(floor: Floor, market: Market, order: Order) -> None:
    """Let a checked order in: it trades what it can; what is left rests or expires."""
    admit(floor, market, order)
    work(floor, market, order)


def admit(floor: Floor, market: Market, order: Order) -> None:
    """Let an order live; it does not trade yet."""
    holding = order.holding
    order.to(_OPEN, floor.now_ns)
    holding.live[order.order_id] = order
    if order.reduce_only:
        holding.reduce_only[order.order_id] = order
    else:
        holding.count_open(order.sign, market.worth.value(order.ticks, order.lots))
    floor.events.append(OrderChanged(order.state(), _OPENED))


def work(floor: Floor, market: Market, order: Order) -> None:
    """Let a live order that stands in no book trade; then it rests or expires."""
    half = market.halves[-order.sign]
    if order.terms.kind is _MARKET:
        match(floor, market, order, order.terms.ticks or None)
        if order.open_lots:
            end(floor, market, order, _EXPIRED, NO_LIQUIDITY if half.best() is None else WORST_PRICE)
        return
    if half.reaches(order.ticks):
        match(floor, market, order, order.ticks)
    if order.open_lots:
        if order.terms.time_in_force is _GTC:
            if not market.changed:
                floor.touch(market)
            market.halves[order.sign].add(order)
        else:
            end(floor, market, order, _EXPIRED, IMMEDIATE_OR_CANCEL)


def match(floor: Floor, market: Market, taker: Order, limit: int | None) -> None:
    """Trade with the other side, best price first, then first come. Where an own order stands, `self_trade` decides."""
    half, mode, holding = market.halves[-taker.sign], taker.terms.self_trade, taker.holding
    if not market.changed:
        floor.touch(market)
    while taker.open_lots:
        level = half.best()
        if level is None or (limit is not None and (level.ticks - limit) * taker.sign > 0):
            return
        resting = next(iter(level.queue))
        if resting.holding is holding and mode is not _NONE and isinstance(resting, Order):
            _give_way(floor, market, taker, resting)
            continue
        lots = fillable(taker) if taker.reduce_only else taker.open_lots
        if resting.open_lots < lots or resting.reduce_only:
            lots = min(lots, fillable(resting))
        taker.open_lots -= lots
        hit(floor, market, half, level, resting, lots, level.ticks, holding, taker)


def _give_way(floor: Floor, market: Market, taker: Order, resting: Order) -> None:
    """One of two orders of an account that would trade with each other expires, or both."""
    mode = taker.terms.self_trade
    if mode is not SelfTrade.EXPIRE_TAKER:
        end(floor, market, resting, _EXPIRED, SELF_TRADE)
    if mode is not SelfTrade.EXPIRE_MAKER:
        end(floor, market, taker, _EXPIRED, SELF_TRADE)


def fillable(resting: Resting) -> int:
    """What can fill now: no more than the position when it may only reduce."""
    if resting.reduce_only:
        return min(resting.open_lots, abs(resting.leg.lots))
    return resting.open_lots


def hit(
    floor: Floor,
    market: Market,
    half: HalfBook,
    level: Level,
    resting: Resting,
    lots: int,
    ticks: int,
    holding: Holding,
    taker: Order | None,
) -> None:
    """`lots` of something that rests trade at `ticks` with a taker: an order, or a stranger without one."""
    half.take(level, resting, lots)
    sign, worth = half.sign, market.worth
    trade = market.tape.print(ticks, lots, _SELL if sign > 0 else _BUY, floor.now_ns)
    floor.events.append(Traded(trade))
    value = worth.value(ticks, lots)
    atoms = worth.atoms(value)
    took = gave = 0
    if taker is None:
        _book(market, holding, holding.net, -sign * lots, value, atoms)
    else:
        took = _fill(floor, market, trade, taker, value, atoms, market.instrument.taker_fee_ppm, maker=False)
    maker = resting if isinstance(resting, Order) else None
    if maker is None:
        _book(market, resting.holding, resting.leg, sign * lots, value, atoms)
    else:
        gave = _fill(floor, market, trade, maker, value, atoms, market.instrument.maker_fee_ppm, maker=True)
    if taker is not None:
        _tell(floor, market, taker, took)
    if maker is not None:
        _tell(floor, market, maker, gave)
    elif resting.holding is market.maker:
        if not resting.open_lots:
            del market.quotes[sign][level.ticks]
        refill_later(floor, market)
    if market.blocked and not resting.open_lots:
        refill_later(floor, market)
    if market.waiting:
        look(floor, market, _LAST, ticks)


def swap(
    floor: Floor, market: Market, order: Order, lots: int, ticks: int, holding: Holding, other: Order | None
) -> None:
    """Outside the book and without fees, `lots` of an order trade at `ticks` with a counterparty or its order."""
    trade = market.tape.print(ticks, lots, _BUY if order.sign > 0 else _SELL, floor.now_ns)
    floor.events.append(Traded(trade))
    value = market.worth.value(ticks, lots)
    atoms = market.worth.atoms(value)
    sides = [order] if other is None else [order, other]
    changes: list[int] = []
    for one in sides:
        one.open_lots -= lots
        changes.append(_fill(floor, market, trade, one, value, atoms, 0, maker=False))
    if other is None:
        _book(market, holding, holding.net, -order.sign * lots, value, atoms)
    for one, change in zip(sides, changes, strict=True):
        _tell(floor, market, one, change)
    if market.waiting:
        look(floor, market, _LAST, ticks)


def _book(market: Market, holding: Holding, leg: Leg, lots: int, value: int, atoms: int) -> int:
    """Book signed `lots` on a leg, and the profit in the wallet; returns the profit."""
    before = leg.lots
    realized = holding.trade(leg, lots, value, atoms)
    if before > 0:
        market.open_interest_lots -= before
    if leg.lots > 0:
        market.open_interest_lots += leg.lots
    if not market.plain:
        holding.account.wallets[market.instrument.settle] += market.worth.moved(-lots, realized, atoms)
    elif realized:
        holding.account.wallets[market.instrument.settle] += realized
    return realized


def _fill(
    floor: Floor, market: Market, trade: TradeState, order: Order, value: int, atoms: int, fee_ppm: int, *, maker: bool
) -> int:
    """Book an order's side of a trade and put it on the order; returns by how much the wallet changed."""
    holding, leg, settle, terms, lots = order.holding, order.leg, market.instrument.settle, order.terms, trade.lots
    plain, premium, charged = market.plain, 0, atoms
    if not plain:
        premium, charged, fee_ppm = _prepare(floor, market, order, lots, atoms, fee_ppm)
    realized = _book(market, holding, leg, order.sign * lots, value, atoms)
    fee = floor.ledger.charge(holding.account, settle, charged, fee_ppm)
    leg.carry_atoms += fee
    leg.updated_ns = trade.at_ns
    holding.shown = True
    order.fill(trade.ticks, lots, value, trade.at_ns)
    if not order.reduce_only:
        opened = value if order.ticks == trade.ticks else market.worth.value(order.ticks, lots)
        holding.count_open(order.sign, -opened)
    ended = not order.open_lots
    if ended:
        _forget(holding, order)
    fill = FillState(
        trade.trade_id,
        order.order_id,
        terms.client_id,
        terms.account,
        terms.instrument,
        terms.side,
        terms.position_side,
        trade.ticks,
        lots,
        fee,
        settle,
        realized,
        maker,
        trade.at_ns,
        premium,
    )
    holding.fills.append(fill)
    holding.account.fills.append(fill)
    floor.events.append(OrderChanged(order.state(), _FILLED_CAUSE, fill))
    if ended and order.tied:
        _ended(floor, order)
    return (realized if plain or not market.worth.premium else premium) - fee


def _prepare(floor: Floor, market: Market, order: Order, lots: int, atoms: int, fee_ppm: int) -> tuple[int, int, int]:
    """Before a trade in an option or with continuous funding: pay what has accrued; the premium to come, what the fee
    is a part of, and which part.
    """
    holding = order.holding
    if market.continuous:
        book_accrued(floor, market, holding, order.leg)
    if isinstance(holding, OptionHolding):
        return -order.sign * atoms, *holding.option_worth.fee_part(atoms, lots, fee_ppm)
    return 0, atoms, fee_ppm


def _ended(floor: Floor, order: Order) -> None:
    """What else comes of an order's end: that of the conditional one it results from, and what is attached to it."""
    if order.conditional:
        finish(floor, order.conditional)
    if order.terms.attached and order.filled_lots:
        floor.fired.append(order)


def _forget(holding: Holding, order: Order) -> None:
    """Take an ended order out of the live ones."""
    del holding.live[order.order_id]
    if order.reduce_only:
        del holding.reduce_only[order.order_id]


def _tell(floor: Floor, market: Market, filled: Order, change_atoms: int) -> None:
    """Tell of wallet and position after a fill; orders that could only reduce a position that is gone expire."""
    holding = filled.holding
    wallet = holding.account.wallet(market.instrument.settle, floor.now_ns)
    floor.events += (BalanceChanged(wallet, change_atoms, _FILL), PositionChanged(holding.position(filled.leg)))
    if holding.reduce_only:
        for order in list(holding.reduce_only.values()):
            if order.leg.lots * order.sign >= 0:
                end(floor, market, order, _EXPIRED, REDUCE_ONLY)
    if filled.tied:
        floor.groups.close(filled.terms, filled)
    if market.waiting:
        expire_closing(floor, market, filled.leg, holding)


def end(floor: Floor, market: Market, order: Order, status: OrderStatus, reason: str = "") -> None:
    """A live order ends without being filled: canceled or expired. One that has ended stays as it is: what ended
    before it may have been of its group.
    """
    if not order.open_lots:
        return
    half = market.halves[order.sign]
    if half.holds(order):
        _leave(floor, market, half, order)
    if not order.reduce_only:
        order.holding.count_open(order.sign, -market.worth.value(order.ticks, order.open_lots))
    _forget(order.holding, order)
    order.to(status, floor.now_ns, reason)
    floor.events.append(OrderChanged(order.state(), _CAUSES[status]))
    if order.tied:
        _ended(floor, order)
        floor.groups.close(order.terms, order)


_CAUSES = {OrderStatus.CANCELED: Cause.CANCELED, OrderStatus.EXPIRED: Cause.EXPIRED}


def _leave(floor: Floor, market: Market, half: HalfBook, resting: Resting) -> None:
    half.remove(resting)
    floor.touch(market)
    if market.blocked:
        refill_later(floor, market)


def refill_later(floor: Floor, market: Market) -> None:
    """Let the market maker mend its ladder a little later."""
    if not market.refill_due:
        market.refill_due = True
        floor.due.add(floor.now_ns + REFILL_NS, partial(_refill, floor, market))


def _refill(floor: Floor, market: Market) -> None:
    market.refill_due = False
    floor.touch(market)
    quote(market)


def move(floor: Floor, market: Market, ticks: int, *, gap: bool = False, mend: bool = True) -> None:
    """Bring the base price to `ticks`, through the orders on the way.

    An order that the price reaches fills whole against a stranger: at its own price, or at the new one across a gap.
    When the price changed, strangers trade once at the new price, so that the last price follows. Without `mend` the
    ladder is not built up again: one more move comes at once.
    """
    moved = ticks != market.base
    floor.touch(market)
    if market.continuous:
        market.accrue(floor.now_ns)
    market.rebase(ticks)
    if moved:
        floor.events.append(PriceMoved(market.instrument.name, ticks))
        withdraw(market)
        floor.shake(market)
        look_marks(floor, market)
    up = _sweep(floor, market, market.asks, ticks, gap)
    down = _sweep(floor, market, market.bids, ticks, gap)
    if moved or up or down:
        traded = ticks - ticks % market.instrument.step_at(ticks) if market.instrument.coarse_ticks else ticks
        stranger_trade(floor, market, traded, market.amount(market.tape.last_id), _SELL if down else _BUY)
    if mend:
        quote(market)


def _sweep(floor: Floor, market: Market, half: HalfBook, ticks: int, gap: bool) -> bool:
    """Fill all that rests at `ticks` or better; whether there was any."""
    found = False
    while half.reaches(ticks):
        stranger_hit(floor, market, half, ticks=ticks if gap else None)
        found = True
    return found


def stranger_hit(
    floor: Floor, market: Market, half: HalfBook, most: int | None = None, ticks: int | None = None
) -> int:
    """A stranger takes `most` lots (all, if None) of what is first in a side that is not empty; returns how much.

    At its own price, unless another one is given.
    """
    level = next(half.best_first())
    resting = next(iter(level.queue))
    lots = fillable(resting) if most is None else min(most, fillable(resting))
    hit(floor, market, half, level, resting, lots, level.ticks if ticks is None else ticks, market.strangers, None)
    return lots


def stranger_trade(floor: Floor, market: Market, ticks: int, lots: int, taker: Side) -> None:
    """Strangers trade among themselves; nothing in the book is touched."""
    floor.events.append(Traded(market.tape.print(ticks, lots, taker, floor.now_ns)))
    if market.waiting:
        look(floor, market, _LAST, ticks)
