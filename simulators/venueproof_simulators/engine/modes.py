"""How an account trades: leverage and margin mode of an instrument, position mode of all."""

from __future__ import annotations

from collections.abc import Sequence

from venueproof_simulators.engine.commands import SetLeverage, SetMarginMode, SetPoolSharing, SetPositionMode
from venueproof_simulators.engine.events import (
    LeverageChanged,
    MarginModeChanged,
    PoolSharingChanged,
    PositionModeChanged,
)
from venueproof_simulators.engine.floor import Floor
from venueproof_simulators.engine.ledger import Account, Holding, Pool
from venueproof_simulators.engine.legs import Leg
from venueproof_simulators.engine.margin import free_atoms, size, work_out
from venueproof_simulators.engine.payments import tell_moved
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.engine.state import MarginMode, PositionMode
from venueproof_simulators.engine.worth import CENTI


def _hold(floor: Floor, command: SetLeverage | SetMarginMode | SetPositionMode) -> Holding | None:
    """The holding that a setting is for; tells of the refusal when there is no such instrument, or it is an option:
    those have no settings.
    """
    account = floor.ledger[command.account]
    market = floor.market(command.instrument)
    if market is None or market.delivered:
        refusal = Refusal.UNKNOWN_INSTRUMENT if market is None else Refusal.INSTRUMENT_EXPIRED
        floor.refuse(account.name, command.instrument, "", refusal)
        return None
    if market.worth.premium:
        floor.refuse(account.name, command.instrument, "", Refusal.NOT_ALLOWED)
        return None
    return account.hold(market.instrument, market.worth)


def set_leverage(floor: Floor, command: SetLeverage) -> None:
    """Set the leverage. The same value again is accepted; a lower one needs the margin for what is open, which
    isolated positions lock in; a higher one is refused for a position that is too large for it.
    """
    holding = _hold(floor, command)
    if holding is None:
        return
    lacking = _lacking(holding, command)
    refusal = _check_leverage(holding, command.leverage_centi, sum(lacking.values()))
    if refusal is not None:
        floor.refuse(command.account, command.instrument, "", refusal)
        return
    holding.leverage_centi = command.leverage_centi
    holding.value_max = holding.worth.value_max(command.leverage_centi)
    holding.forget()
    holding.shown = True
    floor.events.append(LeverageChanged(command.account, command.instrument, command.leverage_centi))
    for leg, atoms in lacking.items():
        leg.isolated_atoms += atoms
        tell_moved(floor, holding, leg, atoms)


def _lacking(holding: Holding, command: SetLeverage) -> dict[Leg, int]:
    """How much less isolated positions have locked in than they would have with another leverage."""
    centi = command.leverage_centi
    if holding.margin_mode is not MarginMode.ISOLATED or centi < CENTI or centi == holding.leverage_centi:
        return {}
    legs = (leg for leg in holding.legs if leg.side in command.tops_up)
    found = {leg: -(-leg.entry_atoms * CENTI // centi) - leg.isolated_atoms for leg in legs}
    return {leg: atoms for leg, atoms in found.items() if atoms > 0}


def _check_leverage(holding: Holding, leverage_centi: int, lacking_atoms: int) -> Refusal | None:
    if not CENTI <= leverage_centi <= holding.instrument.leverage_max_centi:
        return Refusal.LEVERAGE_INVALID
    if max(size(holding, 1), size(holding, -1)) > holding.worth.value_max(leverage_centi):
        return Refusal.POSITION_TOO_LARGE
    needed = _taken(holding, leverage_centi) - _taken(holding, holding.leverage_centi) + lacking_atoms
    if needed > free_atoms(holding.account, holding.instrument.settle) and needed > 0:
        return Refusal.LEVERAGE_TOO_LOW
    return None


def _taken(holding: Holding, leverage_centi: int) -> int:
    """What a holding would take of its account's money with a leverage."""
    now, holding.leverage_centi = holding.leverage_centi, leverage_centi
    found = work_out(holding)
    holding.leverage_centi = now
    return found[0]


def set_margin_mode(floor: Floor, command: SetMarginMode) -> None:
    """Set cross or isolated margin of one instrument, or of all there are and will be. It changes only without orders,
    conditional ones included, and position, and is never isolated in a shared pool that does not allow it.
    """
    account = floor.ledger[command.account]
    holding = _hold(floor, command) if command.instrument else None
    if command.instrument and holding is None:
        return
    holdings = [holding] if holding else list(account.holdings.values())
    changing = [one for one in holdings if one.margin_mode is not command.mode and not one.worth.premium]
    pools = [account.pools[holding.instrument.settle]] if holding else list(account.pools.values())
    unchanged = not changing and (holding is not None or account.margin_mode is command.mode)
    refusal = _check_isolated(pools, command.mode) or (Refusal.NO_CHANGE if unchanged else _open(floor, changing))
    if refusal is not None:
        floor.refuse(command.account, command.instrument, "", refusal)
        return
    if holding is None:
        account.margin_mode = command.mode
    for one in changing:
        one.margin_mode = command.mode
        one.forget()
        one.shown |= holding is not None
    floor.events.append(MarginModeChanged(command.account, command.instrument, command.mode))


def _check_isolated(pools: Sequence[Pool], mode: MarginMode) -> Refusal | None:
    if mode is MarginMode.ISOLATED and any(pool.shared and not pool.isolates for pool in pools):
        return Refusal.NOT_ALLOWED
    return None


def check_margin_mode(floor: Floor, holding: Holding, mode: MarginMode) -> Refusal | None:
    """Why an order may not bring a margin mode along; None when it may, or the holding has it already."""
    if mode is holding.margin_mode:
        return None
    if holding.worth.premium:
        return Refusal.NOT_ALLOWED
    return _check_isolated([holding.account.pools[holding.instrument.settle]], mode) or _open(floor, [holding])


def set_position_mode(floor: Floor, command: SetPositionMode) -> None:
    """Let an account hold one net leg on an instrument (or on each), or a long and a short one; only while nothing is
    open there.
    """
    account, hedged = floor.ledger[command.account], command.mode is PositionMode.HEDGE
    holding = _hold(floor, command) if command.instrument else None
    if command.instrument and holding is None:
        return
    holdings = [holding] if holding else list(account.holdings.values())
    changing = [one for one in holdings if one.hedged is not hedged and not one.worth.premium]
    unchanged = not changing and (holding is not None or account.mode is command.mode)
    refusal = Refusal.NO_CHANGE if unchanged else _open(floor, changing)
    if refusal is not None:
        floor.refuse(command.account, command.instrument, "", refusal)
        return
    if holding is None:
        account.mode = command.mode
    for one in changing:
        one.hedged = hedged
        one.forget()
    floor.events.append(PositionModeChanged(command.account, command.mode, command.instrument))


def set_pool_sharing(floor: Floor, command: SetPoolSharing) -> None:
    """Let a pool's assets carry all its positions together, or each its own; raises `ValueError` for an unknown pool.

    Not with open orders (OPEN_ORDERS) or isolated positions or settings (NOT_ALLOWED), nor where it would leave some
    asset without the margin for its positions (INSUFFICIENT_MARGIN).
    """
    account = floor.ledger[command.account]
    pool = next((pool for pool in account.pools.values() if pool.name == command.pool), None)
    if pool is None:
        raise ValueError(f"account {command.account!r} has no pool {command.pool!r}")
    refusal = _check_sharing(floor, account, pool, command.shared)
    if refusal is not None:
        floor.refuse(command.account, "", "", refusal)
        return
    _share(account, pool, command.shared)
    floor.events.append(PoolSharingChanged(command.account, command.pool, command.shared))


def _check_sharing(floor: Floor, account: Account, pool: Pool, shared: bool) -> Refusal | None:
    holdings = [holding for asset in pool.haircuts for holding in account.by_asset.get(asset, ())]
    if shared is pool.shared:
        return Refusal.NO_CHANGE
    if _open(floor, holdings) is Refusal.OPEN_ORDERS:
        return Refusal.OPEN_ORDERS
    if not pool.isolates and any(holding.margin_mode is MarginMode.ISOLATED for holding in holdings):
        return Refusal.NOT_ALLOWED
    _share(account, pool, shared)
    short = any(free_atoms(account, asset) < 0 for asset in pool.haircuts)
    _share(account, pool, not shared)
    return Refusal.INSUFFICIENT_MARGIN if short else None


def _share(account: Account, pool: Pool, shared: bool) -> None:
    pool.shared = shared
    for purse in account.purses.values():
        purse.least_free = 0
    account.sharing = any(one.shared for one in account.pools.values())


def _open(floor: Floor, holdings: Sequence[Holding]) -> Refusal | None:
    """What keeps a mode from being changed: orders, conditional ones included, then positions."""
    for holding in holdings:
        waiting = floor.conditionals.waiting(holding.account.name)
        if holding.live or any(other.holding is holding for other in waiting):
            return Refusal.OPEN_ORDERS
    return None if all(holding.flat for holding in holdings) else Refusal.OPEN_POSITION
