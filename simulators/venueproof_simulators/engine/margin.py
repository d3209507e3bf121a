"""What positions and orders tie up of an account's money. All at the mark price, rounded against the account.

An instrument needs, over its leverage, the larger of position + all buys and all sells − position (the position
signed, reduce-only orders left out): orders that would only close cost nothing until they exceed twice the position.
In hedge mode it is the larger of long leg + buys that open and short leg + sells that open under cross margin, and the
sum of both under isolated margin; maintenance margin is kept for each leg alone and adds up.

In a shared pool all assets together, valued in dollars less their haircuts, stand behind all positions.
"""

from __future__ import annotations

from venueproof_simulators.engine import option_margin
from venueproof_simulators.engine.ledger import Account, Figures, Holding, OptionHolding, Pool
from venueproof_simulators.engine.legs import Leg
from venueproof_simulators.engine.state import BalanceState, MarginMode, MarginState
from venueproof_simulators.engine.worth import CENTI, NANO, PPM, Fraction

_ISOLATED = MarginMode.ISOLATED
_BRACKETS_MOST = 64
"""No ladder has as many steps."""


def initial_with(holding: Holding, more_buys: int = 0, more_sells: int = 0) -> int:
    """Initial margin of position and orders together, with values of so much more in orders."""
    worth = holding.worth
    up = down = holding.net.lots
    if holding.hedged:
        up, down = holding.long.lots, holding.short.lots
    value = up * worth.lot_value + holding.buy_value + more_buys
    other = holding.sell_value + more_sells - down * worth.lot_value
    if holding.hedged and holding.margin_mode is _ISOLATED:
        value += other
    elif other > value:
        value = other
    return -(-value * worth.numerator * CENTI // (worth.denominator * holding.leverage_centi))


def size(holding: Holding, sign: int) -> int:
    """What a position would be worth at mark once all orders of a side had filled, reduce-only ones left out; negative
    where it would still be on the other side. In hedge mode that of the leg which the side opens.
    """
    lots, open_value = holding.net.lots * sign, holding.buy_value if sign > 0 else holding.sell_value
    if holding.hedged:
        lots = holding.long.lots if sign > 0 else -holding.short.lots
    return lots * holding.worth.lot_value + open_value


def figures(holding: Holding) -> Figures:
    """The margin figures of a holding. Kept until position, orders, leverage or mark change."""
    if holding.figures_mark != holding.worth.mark:
        holding.figures = work_out(holding)
        holding.figures_mark = holding.worth.mark
    return holding.figures


def work_out(holding: Holding) -> Figures:
    """The margin figures of a holding as it is."""
    if isinstance(holding, OptionHolding):
        return option_margin.work_out(holding)
    initial = initial_with(holding)
    if holding.hedged:
        return _work_out_legs(holding, initial)
    leg, worth = holding.net, holding.worth
    if not leg.lots:
        return initial, 0, initial, 0, 0, 0, 0
    value = abs(leg.lots) * worth.lot_value
    position = -(-value * worth.numerator * CENTI // (worth.denominator * holding.leverage_centi))
    unrealized, maintenance = leg.unrealized_atoms(), worth.maintenance_atoms(value)
    if holding.margin_mode is _ISOLATED:
        locked = leg.isolated_atoms
        return locked + initial - position, position, initial - position, unrealized, maintenance, locked, unrealized
    return initial - unrealized, position, initial - position, unrealized, maintenance, 0, 0


def _work_out_legs(holding: Holding, initial: int) -> Figures:
    """The same for a long and a short leg."""
    worth, isolated = holding.worth, holding.margin_mode is _ISOLATED
    values = [abs(leg.lots) * worth.lot_value for leg in holding.legs]
    value = sum(values) if isolated else max(values)
    position = -(-value * worth.numerator * CENTI // (worth.denominator * holding.leverage_centi))
    unrealized = sum(leg.unrealized_atoms() for leg in holding.legs)
    maintenance = sum(worth.maintenance_atoms(one) for one in values)
    if isolated:
        locked = holding.long.isolated_atoms + holding.short.isolated_atoms
        return locked + initial - position, position, initial - position, unrealized, maintenance, locked, unrealized
    return initial - unrealized, position, initial - position, unrealized, maintenance, 0, 0


def free_atoms(account: Account, asset: str) -> int:
    """What is left for new orders; negative when losses have eaten more than there is."""
    if account.sharing and account.pools[asset].shared:
        sums = shared_sums(account, account.pools[asset])
        return _from_dollars(sums[0] - sums[1], account.price_of(asset))
    free = account.wallets.get(asset, 0)
    for holding in account.by_asset.get(asset, ()):
        free -= figures(holding)[0]
    return free


def removable_atoms(holding: Holding, leg: Leg) -> int:
    """How much of an isolated position's margin may be taken out: what it has, with a loss but without a profit,
    beyond its initial margin.
    """
    worth = holding.worth
    value = abs(leg.lots) * worth.lot_value
    initial = -(-value * worth.numerator * CENTI // (worth.denominator * holding.leverage_centi))
    return max(0, leg.isolated_atoms + min(0, leg.unrealized_atoms()) - initial)


def needed_atoms(holding: Holding, sign: int, value: int) -> int:
    """How much more margin an order of a value would need."""
    held = figures(holding)
    more = initial_with(holding, value, 0) if sign > 0 else initial_with(holding, 0, value)
    return more - held[1] - held[2]


def balance(account: Account, asset: str, now_ns: int) -> BalanceState:
    """Wallet and margin of one asset, frozen."""
    wallet = account.wallets.get(asset, 0)
    taken = positions = orders = unrealized = maintenance = isolated = isolated_unrealized = options = 0
    for holding in account.by_asset.get(asset, ()):
        held = figures(holding)
        taken += held[0]
        positions += held[1]
        orders += held[2]
        unrealized += held[3]
        maintenance += held[4]
        isolated += held[5]
        isolated_unrealized += held[6]
        if holding.worth.premium:
            options += holding.worth.atoms(holding.net.lots * holding.worth.lot_value)
    return BalanceState(
        account.name,
        account.pool_name(asset),
        asset,
        wallet,
        unrealized,
        positions,
        orders,
        maintenance,
        max(0, free_atoms(account, asset) if account.sharing else wallet - taken),
        now_ns,
        isolated,
        isolated_unrealized,
        options,
    )


def liquidation_ticks(holding: Holding, leg: Leg) -> int:
    """The mark price at which maintenance margin is used up, everything else standing still; 0 for none.

    Under cross margin both legs of a hedge share one price. Below every corner of the ladder the distance is linear
    in what a lot is worth: one step to the root for each bracket on the way finds it.
    """
    worth = holding.worth
    if not leg.lots or worth.premium:
        return 0
    isolated = holding.margin_mode is _ISOLATED
    legs = [leg] if isolated else [one for one in holding.legs if one.lots]
    backing = leg.isolated_atoms if isolated else backing_atoms(holding)
    at: Fraction = (worth.lot_value * worth.numerator, worth.denominator)
    for _ in range(_BRACKETS_MOST):
        found = _root(holding, legs, backing, at)
        if found is None:
            return 0
        if found[0] * at[1] == at[0] * found[1]:
            break
        at = found
    numerator, denominator = worth.ticks_at(at)
    return numerator // denominator


def _root(holding: Holding, legs: list[Leg], backing: int, at: Fraction) -> Fraction | None:
    """Atoms of one lot at which nothing is left above maintenance, by the brackets reached where it is worth `at`."""
    worth = holding.worth
    left, slope = backing * PPM, 0
    for leg in legs:
        lots = abs(leg.lots)
        value = lots * at[0] * worth.denominator // (at[1] * worth.numerator)
        bracket = worth.reached(value)
        left += (bracket.cum_atoms - leg.signed_entry_atoms()) * PPM
        slope += lots * (leg.gains * PPM - bracket.maintenance_ppm)
    if not slope or left * slope >= 0:
        return None
    return abs(left), abs(slope)


def backing_atoms(holding: Holding) -> int:
    """What stands behind a cross position: wallets and the profit of the others, minus what those must keep."""
    equity, kept = cover(holding.account, holding.instrument.settle)
    own = figures(holding)
    return equity - own[3] - kept + own[4]


def cover(account: Account, asset: str) -> tuple[int, int]:
    """What stands behind the cross positions that an asset carries (with a shared pool: all of the pool's), profit and
    loss included, and their maintenance margin, in atoms of the asset.
    """
    if account.sharing and account.pools[asset].shared:
        price = account.price_of(asset)
        equity, _, kept = shared_sums(account, account.pools[asset])
        return _from_dollars(equity, price), -_from_dollars(-kept, price)
    equity, kept = account.wallets[asset], 0
    for holding in account.by_asset.get(asset, ()):
        held = figures(holding)
        if holding.margin_mode is _ISOLATED:
            equity -= held[5]
        else:
            equity += held[3]
            kept += held[4]
    return equity, kept


def shared_sums(account: Account, pool: Pool) -> tuple[int, int, int]:
    """Equity after haircuts, initial and maintenance margin of a shared pool in `UNIT`s, what isolated positions have
    locked in left out; what is owed of an asset counts in full.
    """
    equity = initial = kept = 0
    for asset, haircut in pool.haircuts.items():
        price = account.price_of(asset)
        own = account.wallets[asset]
        for holding in account.by_asset.get(asset, ()):
            held = figures(holding)
            if holding.margin_mode is _ISOLATED:
                own -= held[5]
                initial -= _to_dollars(-held[2], price)
                continue
            own += held[3]
            initial -= _to_dollars(-held[1] - held[2], price)
            kept -= _to_dollars(-held[4], price)
        counted = _to_dollars(own, price)
        equity += counted * (PPM - haircut) // PPM if own > 0 else counted
    return equity, initial, kept


UNIT = 10**9
"""How many parts of a hundred-millionth of a dollar sums over several assets are counted in."""


def _to_dollars(atoms: int, price: Fraction) -> int:
    return atoms * UNIT * price[0] // price[1]


def _from_dollars(units: int, price: Fraction) -> int:
    return units * price[1] // (price[0] * UNIT)


def in_dollars(atoms: int, price: Fraction) -> int:
    """Atoms of an asset in hundred-millionths of a dollar, rounded down."""
    return atoms * price[0] // price[1]


def margin(holding: Holding, leg: Leg) -> MarginState:
    """All margin figures of one leg; those of orders are the instrument's."""
    worth = holding.worth
    _, position, orders, unrealized, maintenance, _, _ = figures(holding)
    value = abs(leg.lots) * worth.lot_value
    if worth.premium:
        unrealized = leg.unrealized_atoms()
    if holding.hedged:
        position = -(-value * worth.numerator * CENTI // (worth.denominator * holding.leverage_centi))
        unrealized, maintenance = leg.unrealized_atoms(), worth.maintenance_atoms(value)
    return MarginState(
        holding.account.name,
        holding.instrument.name,
        worth.atoms(leg.lots * worth.lot_value),
        position,
        orders,
        maintenance,
        unrealized,
        worth.atoms_up(holding.buy_value),
        worth.atoms_up(holding.sell_value),
        worth.mark * NANO,
        leg.break_even_nano_ticks(),
        liquidation_ticks(holding, leg),
        leg.side,
    )
