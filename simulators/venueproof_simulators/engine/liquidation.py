"""What happens when the money behind positions runs out: margin calls, liquidation, insurance, auto-deleveraging.

Looked at after every command and job that moved a mark price or paid funding. A *stand* is what shares its fate: one
isolated position, or all cross positions that an asset (or a shared pool) carries. When what stands behind it does not
cover its maintenance margin any more, its orders expire, and its positions are closed whole, those with the largest
maintenance margin first, until the rest is covered: by an order at the bankruptcy price, at which nothing is left, that
takes what the book offers; then, if insurance has no money, against users on the other side, those with the best profit
on their margin first; then against the insurance account, which also takes over what is owed in the end.

Left out: closing a large position in parts, a fee for being liquidated, and conditional orders (those that close the
position expire with it, the others wait on).
"""

from __future__ import annotations

from venueproof_simulators.engine.commands import Place
from venueproof_simulators.engine.events import BalanceCause, BalanceChanged, MarginCalled
from venueproof_simulators.engine.floor import Floor
from venueproof_simulators.engine.ledger import INSURANCE, Account, Holding
from venueproof_simulators.engine.legs import Leg
from venueproof_simulators.engine.margin import cover, figures, in_dollars, margin
from venueproof_simulators.engine.market import Market
from venueproof_simulators.engine.matching import admit, end, match, stranger_trade, swap
from venueproof_simulators.engine.orders import Order
from venueproof_simulators.engine.state import MarginMode, OrderKind, OrderOrigin, OrderStatus, Side, TimeInForce
from venueproof_simulators.engine.trading import enter
from venueproof_simulators.engine.worth import CENTI, PPM

CALL_PPM = 800_000
"""A margin call is told when maintenance margin is more than this of what stands behind, in parts per million."""
LIQUIDATED = "liquidation"
"""Why the orders of a position that is liquidated expire."""
RANKS_PPM = (0, 100_000, 500_000, 1_000_000)
"""Profit on its margin, in parts per million, beyond which a position stands at rank 1 to 4 for deleveraging."""

_ISOLATED = MarginMode.ISOLATED
_Position = tuple[Market, Holding, Leg]


def review(floor: Floor) -> None:
    """Look at all users' positions for which something has changed."""
    shaken, floor.shaken = floor.shaken, {}
    for account in floor.ledger.users():
        for name in shaken:
            holding = account.holdings.get(name)
            if holding is not None and holding.margin_mode is _ISOLATED:
                for leg in holding.legs:
                    _review_isolated(floor, shaken[name], holding, leg)
        for assets in _stands(account, {market.instrument.settle for market in shaken.values()}):
            _review_cross(floor, account, assets)


def _stands(account: Account, settled: set[str]) -> list[tuple[str, ...]]:
    """The assets that carry cross positions together and may be concerned; a shared pool always is."""
    pools = {pool.name: pool for pool in account.pools.values() if pool.shared}
    shared = [tuple(pool.haircuts) for pool in pools.values()]
    among = {asset for assets in shared for asset in assets}
    return [(asset,) for asset in account.by_asset if asset in settled and asset not in among] + shared


# --- one stand --------------------------------------------------------------------------------------------------------


def _review_isolated(floor: Floor, market: Market, holding: Holding, leg: Leg) -> None:
    equity, kept = leg.isolated_atoms + leg.unrealized_atoms(), 0
    if leg.lots:
        kept = holding.worth.maintenance_atoms(abs(leg.lots) * holding.worth.lot_value)
    if not leg.lots or kept * PPM <= equity * CALL_PPM:
        leg.called = False
    elif equity >= kept:
        if not leg.called:
            _call(floor, holding.account, holding.instrument.settle, [(market, holding, leg)], 0)
        leg.called = True
    else:
        leg.called = False
        _expire_orders(floor, market, holding)
        _close_isolated(floor, market, holding, leg, equity)


def _close_isolated(floor: Floor, market: Market, holding: Holding, leg: Leg, equity: int) -> None:
    """Close it; what that costs beyond its own margin insurance pays."""
    asset, wallets = holding.instrument.settle, holding.account.wallets
    locked, before = leg.isolated_atoms, wallets[asset]
    _close(floor, market, holding, leg, equity)
    _insure(floor, holding.account, asset, -(locked + wallets[asset] - before))


def _review_cross(floor: Floor, account: Account, assets: tuple[str, ...]) -> None:
    positions = _cross_positions(floor, account, assets)
    equity, kept = cover(account, assets[0]) if positions else (0, 0)
    if kept * PPM <= equity * CALL_PPM:
        account.called.discard(assets[0])
    elif equity >= kept:
        if assets[0] not in account.called:
            _call(floor, account, assets[0], positions, _cross_wallet(account, assets[0]))
        account.called.add(assets[0])
    else:
        account.called.discard(assets[0])
        for market, holding in {id(holding): (market, holding) for market, holding, _ in positions}.values():
            _expire_orders(floor, market, holding)
        _close_cross(floor, account, assets)


def _close_cross(floor: Floor, account: Account, assets: tuple[str, ...]) -> None:
    """Close position after position until the rest is covered; what is owed in the end insurance pays."""
    while positions := _cross_positions(floor, account, assets):
        market, holding, leg = max(positions, key=lambda position: _kept_dollars(position[1], position[2]))
        asset = holding.instrument.settle
        equity, kept = cover(account, asset)
        if equity >= kept:
            return
        _close(floor, market, holding, leg, equity)
    for asset in assets:
        owed = -_cross_wallet(account, asset)
        if len(assets) > 1:
            owed = min(owed, -cover(account, asset)[0])
        _insure(floor, account, asset, owed)


def _cross_positions(floor: Floor, account: Account, assets: tuple[str, ...]) -> list[_Position]:
    return [
        (floor.markets[holding.instrument.name], holding, leg)
        for asset in assets
        for holding in account.by_asset.get(asset, ())
        if holding.margin_mode is not _ISOLATED
        for leg in holding.legs
        if leg.lots
    ]


def _cross_wallet(account: Account, asset: str) -> int:
    """The wallet without what isolated positions have locked in."""
    return account.wallets[asset] - sum(figures(holding)[5] for holding in account.by_asset.get(asset, ()))


def _kept_dollars(holding: Holding, leg: Leg) -> int:
    """Maintenance margin of a position, comparable with that of one in another asset."""
    kept = holding.worth.maintenance_atoms(abs(leg.lots) * holding.worth.lot_value)
    if holding.worth.premium:
        kept = figures(holding)[4]
    return in_dollars(kept, holding.account.price_of(holding.instrument.settle))


def _call(floor: Floor, account: Account, asset: str, positions: list[_Position], cross_atoms: int) -> None:
    states = tuple(holding.position(leg) for _, holding, leg in positions)
    margins = tuple(margin(holding, leg) for _, holding, leg in positions)
    floor.events.append(MarginCalled(account.name, asset, cross_atoms, states, margins))


def _insure(floor: Floor, account: Account, asset: str, owed: int) -> None:
    """The insurance account takes over a debt."""
    if owed <= 0:
        return
    funds = floor.ledger[INSURANCE].wallets
    funds[asset] = funds.get(asset, 0) - owed
    account.wallets[asset] += owed
    wallet = account.wallet(asset, floor.now_ns)
    floor.events.append(BalanceChanged(wallet, owed, BalanceCause.INSURANCE))


# --- one position -----------------------------------------------------------------------------------------------------


def _expire_orders(floor: Floor, market: Market, holding: Holding) -> None:
    for order in list(holding.live.values()):
        end(floor, market, order, OrderStatus.EXPIRED, LIQUIDATED)


def _close(floor: Floor, market: Market, holding: Holding, leg: Leg, equity: int) -> None:
    """Close a position whole at its bankruptcy price or better."""
    ticks = _bankruptcy_ticks(holding, leg, equity)
    order = _order(floor, market, holding, leg, abs(leg.lots), ticks, OrderOrigin.LIQUIDATION)
    if market.halves[-order.sign].reaches(ticks):
        match(floor, market, order, ticks)
    if not order.open_lots:
        return
    if not floor.insured:
        _deleverage(floor, market, order, leg)
    if order.open_lots:
        taker = floor.ledger[INSURANCE].hold(market.instrument, market.worth)
        swap(floor, market, order, order.open_lots, ticks, taker, None)
    stranger_trade(floor, market, market.base, market.amount(market.tape.last_id), order.terms.side)


def _bankruptcy_ticks(holding: Holding, leg: Leg, equity: int) -> int:
    """The price at which closing a position leaves nothing, rounded to the step that loses less."""
    worth, instrument, lots = holding.worth, holding.instrument, abs(leg.lots)
    step, closing = instrument.tick_step, -1 if leg.lots > 0 else 1
    marked = 0 if worth.premium else lots * worth.lot_value * worth.numerator
    left = marked - leg.gains * equity * worth.denominator
    if left <= 0:
        return step if worth.direction > 0 else instrument.ticks_max // step * step
    numerator, denominator = worth.ticks_at((left, worth.denominator * lots))
    steps = numerator // (denominator * step) if closing > 0 else -(-numerator // (denominator * step))
    return max(1, steps) * step


def _order(
    floor: Floor, market: Market, holding: Holding, leg: Leg, lots: int, ticks: int, origin: OrderOrigin
) -> Order:
    """An order of the venue that closes so much of a user's position."""
    command = Place(
        holding.account.name,
        holding.instrument.name,
        Side.SELL if leg.lots > 0 else Side.BUY,
        OrderKind.LIMIT,
        lots,
        ticks,
        TimeInForce.IOC,
        reduce_only=True,
        position_side=leg.side,
    )
    order = enter(floor, market, holding, command, origin)
    admit(floor, market, order)
    return order


# --- auto-deleveraging ------------------------------------------------------------------------------------------------


def _deleverage(floor: Floor, market: Market, order: Order, leg: Leg) -> None:
    """Let users on the other side take over what the book did not, those with the most profit on their margin first."""
    found = [
        (holding, other)
        for account in floor.ledger.users()
        if account is not order.holding.account and (holding := account.holdings.get(market.instrument.name))
        for other in holding.legs
        if other.lots * leg.lots < 0
    ]
    for holding, other in sorted(found, key=lambda one: -profit_ppm(*one)):
        lots = min(order.open_lots, abs(other.lots))
        if lots:
            reducing = _order(floor, market, holding, other, lots, order.ticks, OrderOrigin.DELEVERAGING)
            swap(floor, market, order, lots, order.ticks, holding, reducing)


def profit_ppm(holding: Holding, leg: Leg) -> int:
    """Profit on what a position's initial margin was at entry, in parts per million; negative for a loss, 0 if flat."""
    return leg.unrealized_atoms() * holding.leverage_centi * PPM // (CENTI * leg.entry_atoms) if leg.entry_atoms else 0


def rank(holding: Holding, leg: Leg) -> int:
    """Where a position stands in the queue for deleveraging: 0 (no profit) to 4 (first)."""
    profit = profit_ppm(holding, leg)
    return sum(profit > least for least in RANKS_PPM)
