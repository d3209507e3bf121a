"""What positions and orders tie up of an account's money. All at the mark price, rounded against the account.

An instrument needs, over its leverage, the largest of |position|, |position + all buys| and |position − all sells|
(reduce-only orders left out): orders that would only close cost nothing until they exceed twice the position.
"""

from __future__ import annotations

from venueproof_simulators.engine.ledger import NANO, PPM, Account, Holding
from venueproof_simulators.engine.state import BalanceState, MarginMode, MarginState

_ISOLATED = MarginMode.ISOLATED


def initial_atoms(holding: Holding) -> int:
    """Initial margin of position and orders together. Kept until position, orders, leverage or mark change."""
    if holding.initial_mark != holding.worth.mark:
        holding.initial_atoms = initial_with(holding, 0, 0)
        holding.initial_mark = holding.worth.mark
    return holding.initial_atoms


def initial_with(holding: Holding, more_buys: int, more_sells: int) -> int:
    """Initial margin of position and orders together, with so much more (ticks × lots) in orders."""
    worth = holding.worth
    position = holding.net.lots * worth.mark
    value = abs(position)
    bought = abs(position + holding.buy_value + more_buys)
    if bought > value:
        value = bought
    sold = abs(position - holding.sell_value - more_sells)
    if sold > value:
        value = sold
    return -(-value * worth.numerator // (worth.denominator * holding.leverage))


def position_atoms(holding: Holding) -> int:
    """Initial margin of the position alone."""
    worth = holding.worth
    return -(-abs(holding.net.lots) * worth.mark * worth.numerator // (worth.denominator * holding.leverage))


def unrealized_atoms(holding: Holding) -> int:
    """Profit that closing at mark would realize."""
    leg, worth = holding.net, holding.worth
    lots = leg.lots
    if lots >= 0:
        return lots * worth.mark * worth.numerator // worth.denominator - leg.entry_atoms
    return leg.entry_atoms - (-lots * worth.mark * worth.numerator // worth.denominator)


def maintenance_atoms(holding: Holding) -> int:
    """Below this a position would be liquidated."""
    worth = holding.worth
    value = abs(holding.net.lots) * worth.mark * worth.numerator
    return -(-value * holding.instrument.maintenance_ppm // (worth.denominator * PPM))


def _taken_atoms(holding: Holding) -> int:
    """What a holding takes from the free money of its asset; negative when its profit exceeds its margin."""
    leg = holding.net
    if not leg.lots:
        return initial_atoms(holding) if holding.buy_value or holding.sell_value else 0
    if holding.margin_mode is _ISOLATED:
        return leg.isolated_atoms + initial_atoms(holding) - position_atoms(holding)
    return initial_atoms(holding) - unrealized_atoms(holding)


def free_atoms(account: Account, asset: str) -> int:
    """What is left for new orders; negative when losses have eaten more than there is."""
    free = account.wallets.get(asset, 0)
    for holding in account.by_asset.get(asset, ()):
        free -= _taken_atoms(holding)
    return free


def needed_atoms(holding: Holding, sign: int, value: int) -> int:
    """How much more margin an order of `value` (ticks × lots) would need."""
    more = initial_with(holding, value, 0) if sign > 0 else initial_with(holding, 0, value)
    return more - initial_atoms(holding)


def balance(account: Account, asset: str, now_ns: int) -> BalanceState:
    """Wallet and margin of one asset, frozen."""
    free = wallet = account.wallets.get(asset, 0)
    positions = orders = unrealized = maintenance = 0
    for holding in account.by_asset.get(asset, ()):
        leg, initial = holding.net, initial_atoms(holding)
        if not leg.lots:
            orders += initial
            free -= initial
            continue
        position, profit = position_atoms(holding), unrealized_atoms(holding)
        isolated = holding.margin_mode is _ISOLATED
        free -= leg.isolated_atoms + initial - position if isolated else initial - profit
        positions += position
        orders += initial - position
        unrealized += profit
        maintenance += maintenance_atoms(holding)
    return BalanceState(
        account.name,
        account.pools.get(asset, ""),
        asset,
        wallet,
        unrealized,
        positions,
        orders,
        maintenance,
        free if free > 0 else 0,
        now_ns,
    )


def liquidation_ticks(holding: Holding) -> int:
    """The mark price at which this position's margin is used up, everything else standing still; 0 for none."""
    leg, worth = holding.net, holding.worth
    if not leg.lots:
        return 0
    backing = leg.isolated_atoms if holding.margin_mode is _ISOLATED else _backing_atoms(holding)
    signed_entry = leg.entry_atoms if leg.lots > 0 else -leg.entry_atoms
    per_tick = (leg.lots * PPM - abs(leg.lots) * holding.instrument.maintenance_ppm) * worth.numerator
    ticks = (signed_entry - backing) * PPM * worth.denominator // per_tick
    return max(0, ticks)


def _backing_atoms(holding: Holding) -> int:
    """What stands behind a cross position: the wallet and the profit of the others, minus what those must keep."""
    account, asset = holding.account, holding.instrument.settle
    backing = account.wallets[asset]
    for other in account.by_asset[asset]:
        if other.margin_mode is _ISOLATED:
            backing -= other.net.isolated_atoms
        elif other is not holding:
            backing += unrealized_atoms(other) - maintenance_atoms(other)
    return backing


def break_even_nano_ticks(holding: Holding) -> int:
    """Entry price plus, for a long, what fees and realized losses since flat add to it; 0 when flat."""
    leg, worth = holding.net, holding.worth
    if not leg.lots:
        return 0
    cost = leg.entry_atoms + (leg.carry_atoms if leg.lots > 0 else -leg.carry_atoms)
    return cost * worth.denominator * NANO // (worth.numerator * abs(leg.lots))


def margin(holding: Holding) -> MarginState:
    """All margin figures of one instrument."""
    worth = holding.worth
    position = position_atoms(holding)
    return MarginState(
        holding.account.name,
        holding.instrument.name,
        worth.atoms(holding.net.lots * worth.mark),
        position,
        initial_atoms(holding) - position,
        maintenance_atoms(holding),
        unrealized_atoms(holding),
        worth.atoms_up(holding.buy_value),
        worth.atoms_up(holding.sell_value),
        worth.mark * NANO,
        break_even_nano_ticks(holding),
        liquidation_ticks(holding),
    )
