"""Whether an order may come in, as the refusals of `refusals.py`. The first check that objects decides, in this order:

position side, amount, price, notional, price band, reduce-only, number of orders, would cross, not fillable, margin.
"""

from __future__ import annotations

from venueproof_simulators.engine import option_margin
from venueproof_simulators.engine.commands import Amend, Place
from venueproof_simulators.engine.instruments import Instrument
from venueproof_simulators.engine.ledger import Holding, OptionHolding
from venueproof_simulators.engine.legs import Leg
from venueproof_simulators.engine.margin import free_atoms, needed_atoms, size
from venueproof_simulators.engine.market import Market
from venueproof_simulators.engine.orders import Order, Resting
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.engine.state import OrderKind, PositionSide, SelfTrade, Side, TimeInForce
from venueproof_simulators.engine.worth import CENTI, PPM

_LIMIT = OrderKind.LIMIT
_NET = PositionSide.NET
_FOK = TimeInForce.FOK
_BUY = Side.BUY


def check_place(market: Market, holding: Holding, command: Place) -> Refusal | None:
    """Why a new order may not come in; None when it may."""
    instrument = market.instrument
    if market.delivered:
        return Refusal.INSTRUMENT_EXPIRED
    limit = command.kind is _LIMIT
    if (command.position_side is _NET) is holding.hedged:
        return Refusal.POSITION_SIDE
    sign = 1 if command.side is _BUY else -1
    most = instrument.lots_max if limit else instrument.market_lots_max
    refusal = check_amount(instrument, command.lots, most)
    if refusal is None and limit:
        refusal = check_price(instrument, command.ticks)
    if refusal is not None:
        return refusal
    value = market.worth.value(command.ticks if limit else market.worth.mark, command.lots)
    if instrument.notional_min_atoms or instrument.price_band_ppm:
        refusal = _check_worth(market, command, limit, sign, value)
    return (
        refusal
        or _check_book(market, holding, command, limit, sign)
        or _check_margin(market, holding, command, limit, sign, value)
    )


def check_side(holding: Holding, side: PositionSide) -> Refusal | None:
    """Whether the position mode has the leg."""
    return Refusal.POSITION_SIDE if (side is _NET) is holding.hedged else None


def check_amount(instrument: Instrument, lots: int, most: int) -> Refusal | None:
    """Bounds and step of an amount."""
    if lots > 0 and instrument.lots_min <= lots <= most and not lots % instrument.lot_step:
        return None
    if lots <= 0:
        return Refusal.AMOUNT_NOT_POSITIVE
    if lots < instrument.lots_min:
        return Refusal.AMOUNT_TOO_SMALL
    if lots > most:
        return Refusal.AMOUNT_TOO_LARGE
    return Refusal.AMOUNT_OFF_STEP


def check_price(instrument: Instrument, ticks: int) -> Refusal | None:
    """Bounds and step of a limit price."""
    if ticks > 0 and instrument.ticks_min <= ticks <= instrument.ticks_max and not ticks % instrument.step_at(ticks):
        return None
    if ticks <= 0:
        return Refusal.PRICE_NOT_POSITIVE
    if ticks < instrument.ticks_min:
        return Refusal.PRICE_TOO_SMALL
    if ticks > instrument.ticks_max:
        return Refusal.PRICE_TOO_LARGE
    return Refusal.PRICE_OFF_TICK


def check_band(market: Market, sign: int, ticks: int) -> Refusal | None:
    """Whether a limit price is too far on the aggressive side of mark."""
    band = market.instrument.price_band_ppm
    if band and (ticks - market.worth.mark) * sign * PPM > market.worth.mark * band:
        return Refusal.PRICE_OUT_OF_BAND
    return None


def check_notional(market: Market, value: int) -> Refusal | None:
    """Whether an order of a value is worth enough."""
    least = market.instrument.notional_min_atoms
    return Refusal.NOTIONAL_TOO_SMALL if least and market.worth.atoms(value) < least else None


def _check_worth(market: Market, command: Place, limit: bool, sign: int, value: int) -> Refusal | None:
    instrument, refusal = market.instrument, None
    if instrument.notional_min_atoms and not command.notional_exempt:
        refusal = check_notional(market, value)
    if refusal is None and limit and instrument.price_band_ppm:
        refusal = check_band(market, sign, command.ticks)
    return refusal


def _check_book(market: Market, holding: Holding, command: Place, limit: bool, sign: int) -> Refusal | None:
    if holding.hedged:
        if not _fits_leg(holding, command, sign):
            return Refusal.REDUCE_ONLY
    elif command.reduce_only and holding.net.lots * sign >= 0:
        return Refusal.REDUCE_ONLY
    if limit and len(holding.live) >= market.instrument.open_orders_max:
        return Refusal.TOO_MANY_ORDERS
    if command.post_only and market.halves[-sign].reaches(command.ticks):
        return Refusal.WOULD_CROSS
    if command.time_in_force is _FOK and not _fillable(market, holding, command, sign):
        return Refusal.NOT_FILLABLE
    return None


def _fits_leg(holding: Holding, command: Place, sign: int) -> bool:
    """Whether an order in hedge mode opens a leg without a promise to reduce, or closes no more than there is of it;
    with the promise something to close is enough, and what is too much of the order expires.
    """
    leg = holding.long if command.position_side is PositionSide.LONG else holding.short
    if sign != leg.closes:
        return not command.reduce_only
    return leg.lots != 0 if command.reduce_only else command.lots <= abs(leg.lots)


def _fillable(market: Market, holding: Holding, command: Place, sign: int) -> bool:
    """Whether the whole amount is offered within the limit or worst price, own orders as the mode for self-trades has
    it.
    """
    taker = _Rehearsal(holding, command, sign)
    for level in market.halves[-sign].best_first():
        if command.ticks and (level.ticks - command.ticks) * sign > 0:
            break
        for resting in level.queue:
            if command.self_trade is SelfTrade.NONE or resting.holding is not holding:
                taker.meet(resting)
            elif command.self_trade is not SelfTrade.EXPIRE_MAKER:
                return False
            if taker.missing <= 0:
                return True
    return False


class _Rehearsal:
    """How an order would trade with one thing that rests after the other, and what of the positions would be left:
    an order that may only reduce trades no more than is held, and not at all once that was nothing.
    """

    def __init__(self, holding: Holding, command: Place, sign: int) -> None:
        self.missing = command.lots
        self._sign = sign
        self._leg = holding.leg(command.position_side) or holding.net
        self._reduces = command.reduce_only
        self._held: dict[Leg, int] = {}
        self._over: set[tuple[Leg, int]] = set()
        """What cannot be reduced any more, and by orders of which sign."""

    def meet(self, resting: Resting) -> None:
        """Trade with it for as long as both are able: of two orders of one leg each gives back what the other takes."""
        left = resting.open_lots
        while lots := self._step(resting, left):
            left -= lots

    def _step(self, resting: Resting, left: int) -> int:
        """Trade once; returns how much."""
        sign, lots = self._sign, self._able(resting.leg, resting.reduce_only, -self._sign, left)
        lots = min(lots, self._able(self._leg, self._reduces, sign, self.missing))
        self.missing -= lots
        for leg, moved in ((self._leg, lots * sign), (resting.leg, -lots * sign)):
            self._held[leg] = self._held.get(leg, leg.lots) + moved
        for leg in (self._leg, resting.leg):
            self._over |= {(leg, side) for side in (1, -1) if self._held[leg] * side >= 0}
        return lots

    def _able(self, leg: Leg, reduces: bool, sign: int, lots: int) -> int:
        if not reduces:
            return lots
        return 0 if (leg, sign) in self._over else min(lots, abs(self._held.get(leg, leg.lots)))


def _check_margin(
    market: Market, holding: Holding, command: Place, limit: bool, sign: int, value: int
) -> Refusal | None:
    """An order that may trade at a price at which it is worth more than at its own (a linear sell, an inverse buy), or
    a market order, needs what the best price of the other side makes it worth.
    """
    worth = market.worth
    if command.reduce_only or (holding.hedged and _closes(command)):
        return None
    if not limit or sign != worth.direction:
        best = market.halves[-sign].best()
        if best is not None:
            value = max(value, worth.value(best.ticks, command.lots))
    if not market.plain and isinstance(holding, OptionHolding):
        return _check_option(holding, sign, value, command.lots)
    return check_need(holding, sign, value)


def _check_option(holding: OptionHolding, sign: int, value: int, lots: int) -> Refusal | None:
    needed = option_margin.needed_atoms(holding, sign, value, lots)
    short = needed > 0 and needed > free_atoms(holding.account, holding.instrument.settle)
    return Refusal.INSUFFICIENT_MARGIN if short else None


def _closes(command: Place) -> bool:
    """Whether an order of hedge mode closes its leg."""
    return (command.side is _BUY) is (command.position_side is PositionSide.SHORT)


def check_need(holding: Holding, sign: int, value: int) -> Refusal | None:
    """Whether an account has the margin for orders of so much more value on one side.

    No order needs more than its own value over the leverage: only when that is not free, the sides are weighed. Then
    the bracket decides, whether the position may become so large once all orders of the side have filled.
    """
    if value <= 0:
        return None
    worth, purse = holding.worth, holding.purse
    most = value * worth.numerator * CENTI // (worth.denominator * holding.leverage_centi) + 1
    if most > purse.least_free and not _affordable(holding, sign, value, most):
        return Refusal.INSUFFICIENT_MARGIN
    purse.least_free -= most
    if size(holding, sign) + value > holding.value_max:
        return Refusal.POSITION_TOO_LARGE
    return None


def _affordable(holding: Holding, sign: int, value: int, most: int) -> bool:
    """The same from what is free now, which is noted in the purse."""
    free = free_atoms(holding.account, holding.instrument.settle)
    holding.purse.least_free = 0 if holding.account.sharing else free
    if most <= free:
        return True
    needed = needed_atoms(holding, sign, value)
    return needed <= 0 or needed <= free


def check_amend(market: Market, order: Order, command: Amend) -> Refusal | None:
    """Why a live order may not be changed so; None when it may."""
    instrument, ticks = market.instrument, command.ticks
    refusal = check_amount(instrument, command.lots, instrument.lots_max) or check_price(instrument, ticks)
    if refusal is not None:
        return refusal
    if ticks == order.ticks and command.lots == order.lots:
        return Refusal.NO_CHANGE
    if command.lots <= order.filled_lots:
        return None
    if not order.reduce_only:
        refusal = check_notional(market, market.worth.value(ticks, command.lots))
    refusal = refusal or check_band(market, order.sign, ticks)
    if refusal is None and not order.reduce_only:
        worth = market.worth
        more = worth.value(ticks, command.lots - order.filled_lots) - worth.value(order.ticks, order.open_lots)
        if isinstance(order.holding, OptionHolding):
            return _check_option(order.holding, order.sign, more, command.lots - order.lots)
        refusal = check_need(order.holding, order.sign, more)
    return refusal
