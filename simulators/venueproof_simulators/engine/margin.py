"""What positions and orders tie up of an account's money. All at the mark price, rounded against the account.

An instrument needs, over its leverage, the larger of position + all buys and all sells − position (the position
signed, reduce-only orders left out): orders that would only close cost nothing until they exceed twice the position.
"""

from __future__ import annotations

from venueproof_simulators.engine.ledger import NANO, PPM, Account, Figures, Holding
from venueproof_simulators.engine.state import BalanceState, MarginMode, MarginState

_ISOLATED = MarginMode.ISOLATED


def initial_with(holding: Holding, more_buys: int = 0, more_sells: int = 0) -> int:
    """Initial margin of position and orders together, with so much more (ticks × lots) in orders."""
    worth = holding.worth
    position = holding.net.lots * worth.mark
    value = position + holding.buy_value + more_buys
    short = holding.sell_value + more_sells - position
    if short > value:
        value = short
    return -(-value * worth.numerator // (worth.denominator * holding.leverage))


def figures(holding: Holding) -> Figures:
    """The margin figures of a holding. Kept until position, orders, leverage or mark change."""
    if holding.figures_mark != holding.worth.mark:
        holding.figures = _work_out(holding)
        holding.figures_mark = holding.worth.mark
    return holding.figures


def _work_out(holding: Holding) -> Figures:
    initial = initial_with(holding)
    leg, worth = holding.net, holding.worth
    lots = leg.lots
    if not lots:
        return initial, 0, initial, 0, 0
    atoms = abs(lots) * worth.mark * worth.numerator
    unrealized = holding.unrealized_atoms()
    position = -(-atoms // (worth.denominator * holding.leverage))
    maintenance = -(-atoms * holding.instrument.maintenance_ppm // (worth.denominator * PPM))
    isolated = holding.margin_mode is _ISOLATED
    taken = leg.isolated_atoms + initial - position if isolated else initial - unrealized
    return taken, position, initial - position, unrealized, maintenance


def free_atoms(account: Account, asset: str) -> int:
    """What is left for new orders; negative when losses have eaten more than there is."""
    free = account.wallets.get(asset, 0)
    for holding in account.by_asset.get(asset, ()):
        free -= figures(holding)[0]
    return free


def needed_atoms(holding: Holding, sign: int, value: int) -> int:
    """How much more margin an order of `value` (ticks × lots) would need."""
    _, position, orders, _, _ = figures(holding)
    more = initial_with(holding, value, 0) if sign > 0 else initial_with(holding, 0, value)
    return more - position - orders


def balance(account: Account, asset: str, now_ns: int) -> BalanceState:
    """Wallet and margin of one asset, frozen."""
    wallet = account.wallets.get(asset, 0)
    taken = positions = orders = unrealized = maintenance = 0
    for holding in account.by_asset.get(asset, ()):
        held = figures(holding)
        taken += held[0]
        positions += held[1]
        orders += held[2]
        unrealized += held[3]
        maintenance += held[4]
    return BalanceState(
        account.name,
        account.pools.get(asset, ""),
        asset,
        wallet,
        unrealized,
        positions,
        orders,
        maintenance,
        wallet - taken if wallet > taken else 0,
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
            _, _, _, unrealized, maintenance = figures(other)
            backing += unrealized - maintenance
    return backing


def margin(holding: Holding) -> MarginState:
    """All margin figures of one instrument."""
    worth = holding.worth
    _, position, orders, unrealized, maintenance = figures(holding)
    return MarginState(
        holding.account.name,
        holding.instrument.name,
        worth.atoms(holding.net.lots * worth.mark),
        position,
        orders,
        maintenance,
        unrealized,
        worth.atoms_up(holding.buy_value),
        worth.atoms_up(holding.sell_value),
        worth.mark * NANO,
        holding.break_even_nano_ticks(),
        liquidation_ticks(holding),
    )
