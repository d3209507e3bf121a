"""The sums of a pool in dollars, as venues print them that let all assets of an account stand behind all positions."""

from __future__ import annotations

from msgspec import Struct

from venueproof_simulators.engine.ledger import Account, Pool
from venueproof_simulators.engine.margin import UNIT, balance, in_dollars, shared_sums


class PoolState(Struct, frozen=True, gc=False):
    """A pool in hundred-millionths of a dollar, every asset at its index price.

    Without a word on sharing each figure is the sum over the assets of the pool of what `BalanceState` says of it.
    """

    account: str
    pool: str
    shared: bool
    wallet_atoms: int
    unrealized_atoms: int
    options_atoms: int
    """What the options held are worth at mark, less what those sold are."""
    equity_atoms: int
    """Wallets, unrealized profit and options."""
    discounted_atoms: int
    """What stands behind the cross positions: wallets and unrealized profit less haircuts, without options and what
    isolated positions have locked in."""
    initial_position_atoms: int
    initial_orders_atoms: int
    maintenance_atoms: int
    available_atoms: int
    """What is left of `discounted_atoms` for new orders; else the sum of what each asset has."""
    isolated_atoms: int
    """What isolated positions have locked in."""
    updated_ns: int


def pool_state(account: Account, pool: Pool, now_ns: int) -> PoolState:
    """A pool as it stands. Sums are rounded down, margins up."""
    sums = dict.fromkeys(("wallet", "unrealized", "options", "position", "orders", "kept", "free", "isolated"), 0)
    for asset in pool.haircuts:
        held, price = balance(account, asset, now_ns), account.price_of(asset)
        sums["wallet"] += in_dollars(held.wallet_atoms, price)
        sums["unrealized"] += in_dollars(held.unrealized_atoms, price)
        sums["options"] += in_dollars(held.options_atoms, price)
        sums["position"] -= in_dollars(-held.initial_position_atoms, price)
        sums["orders"] -= in_dollars(-held.initial_orders_atoms, price)
        sums["kept"] -= in_dollars(-held.maintenance_atoms, price)
        sums["free"] += in_dollars(held.available_atoms, price)
        sums["isolated"] += in_dollars(held.isolated_atoms, price)
    backing, initial, _ = shared_sums(account, pool)
    return PoolState(
        account.name,
        pool.name,
        pool.shared,
        sums["wallet"],
        sums["unrealized"],
        sums["options"],
        sums["wallet"] + sums["unrealized"] + sums["options"],
        backing // UNIT,
        sums["position"],
        sums["orders"],
        sums["kept"],
        max(0, (backing - initial) // UNIT) if pool.shared else sums["free"],
        sums["isolated"],
        now_ns,
    )
