"""Accounts, positions, and what there is to say of an account beside."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from venueproof_simulators.engine.commands import Deposit, Tick
from venueproof_simulators.engine.state import BalanceState
from venueproof_simulators.host.decimals import money
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.kraken.operations.desk import FLEX, HAIRCUTS_PPM, Account, Call, Desk
from venueproof_simulators.venues.kraken.operations.parameters import decimal, number
from venueproof_simulators.venues.kraken.wire import account as wire
from venueproof_simulators.venues.kraken.wire.account import COIN_NAMES, Flexible, Held
from venueproof_simulators.venues.kraken.wire.numbers import Document, Listing, price

_ASSETS = {name: asset for asset, name in COIN_NAMES.items()}
_RANKS = 5
_NOTHING: Document = {}


def accounts(call: Call) -> Document:
    """GET accounts: cash, one account for each coin, and the flexible one."""
    desk, account = call.desk, call.account
    _accrue(call)
    documents: Document = {"cash": wire.cash_document(account.cash)}
    for one in single_listings(desk).values():
        documents[one.wallet] = _single(desk, account, one)
    documents["flex"] = wire.flexible_document(flexible(desk, account, call.time))
    return {"accounts": documents}


def _accrue(call: Call) -> None:
    """Let the engine know what time it is: funding accrues up to then."""
    call.desk.command(Tick(), call.time)


def single_listings(desk: Desk) -> Mapping[str, Listing]:
    """One contract for each single-collateral account, by the asset it is settled in."""
    return {one.row.settle: one for one in reversed(desk.listings.values()) if one.inverse and one.perpetual}


def balance(desk: Desk, account: str, asset: str) -> BalanceState:
    """Money of one asset."""
    return next(held for held in desk.engine.balances(account) if held.asset == asset)


def _single(desk: Desk, account: Account, one: Listing) -> Document:
    estimate = price(one, desk.engine.margin(account.name, one.name).liquidation_ticks)
    funding_atoms = accrued(desk, account.name, one.row.settle)
    return wire.single_document(one, balance(desk, account.name, one.row.settle), funding_atoms, estimate)


def accrued(desk: Desk, account: str, asset: str) -> int:
    """What funding has accrued on the positions that are settled in an asset."""
    names = [one.name for one in desk.listings.values() if one.row.settle == asset]
    return sum(desk.engine.accrued_atoms(account, name) for name in names)


def flexible(desk: Desk, account: Account, time: VenueTime) -> Flexible:
    """The flexible account with its currencies."""
    sums = next(pool for pool in desk.engine.pools(account.name) if pool.pool == FLEX)
    rows = [
        (held, Decimal(HAIRCUTS_PPM[held.asset]).scaleb(-6))
        for held in desk.engine.balances(account.name)
        if held.pool == FLEX
    ]
    return Flexible(sums, rows, sum(accrued(desk, account.name, asset) for asset in HAIRCUTS_PPM))


def held(desk: Desk, account: str) -> list[Held]:
    """Positions, none that is flat."""
    engine = desk.engine
    return [
        Held(
            desk.listings[position.instrument],
            position,
            engine.margin(account, position.instrument),
            engine.accrued_atoms(account, position.instrument),
        )
        for position in engine.positions(account)
        if position.lots
    ]


def positions(call: Call) -> Document:
    """GET openpositions: a flat account has an empty list."""
    account = call.account
    _accrue(call)
    rows = [
        wire.position_document(one, account.profit_units.get(one.listing.name, one.listing.unit), call.time)
        for one in held(call.desk, account.name)
    ]
    return {"openPositions": rows}


def unwind_queue(call: Call) -> Document:
    """GET unwindqueue: how soon a position would be taken to make good another's loss."""
    engine, account = call.desk.engine, call.account.name
    rows = [
        {"symbol": one.listing.name, "percentile": 100 * engine.deleverage_rank(account, one.listing.name) // _RANKS}
        for one in held(call.desk, account)
    ]
    return {"queue": rows}


def notifications(call: Call) -> Document:
    """GET notifications."""
    return {"notifications": call.account.notices}


def fee_volumes(call: Call) -> Document:
    """GET feeschedules/volumes: what was traded under each schedule, in dollars."""
    volumes = {one.fee_schedule: Decimal(0) for one in call.desk.listings.values()}
    for fill in call.desk.engine.fills(call.account.name):
        one = call.desk.listings[fill.instrument]
        volumes[one.fee_schedule] += one.quote(fill.ticks, fill.lots)
    return {"volumesByFeeSchedule": volumes}


def subaccounts(call: Call) -> Document:
    """GET subaccounts: there are none."""
    return {"masterAccountUid": call.account.uid, "subaccounts": []}


# --- money between accounts -------------------------------------------------------------------------------------------


def transfer(call: Call) -> Document:
    """POST transfer: between cash and the accounts that margin contracts."""
    given = call.parameters
    source, target = _wallet(call, "fromAccount"), _wallet(call, "toAccount")
    asset = _ASSETS.get(given.text("unit").lower())
    if asset is None:
        raise VenueError("unit")
    atoms = _atoms(call)
    if source == target or not {source, target} <= _wallets_of(call, asset):
        raise VenueError("wallet")
    if atoms > _free(call, source, asset):
        raise VenueError("money")
    for wallet, change in ((source, -atoms), (target, atoms)):
        _move(call, wallet, asset, change)
    return _NOTHING


def _free(call: Call, wallet: str, asset: str) -> int:
    """How much may be moved out of an account."""
    if wallet == "cash":
        return call.account.cash[asset]
    held = balance(call.desk, call.account.name, asset)
    return min(held.available_atoms, held.wallet_atoms)


def _atoms(call: Call) -> int:
    amount = decimal(number(call.parameters, "amount"))
    atoms = int(amount / money(1))
    if atoms <= 0:
        raise VenueError("amount")
    return atoms


def _wallet(call: Call, name: str) -> str:
    wallet = call.parameters.text(name).lower()
    return wallet if wallet in {"cash", FLEX} or wallet.startswith("fi_") else "unknown"


def _wallets_of(call: Call, asset: str) -> set[str]:
    """The accounts that may hold an asset."""
    found = {one.wallet for settle, one in single_listings(call.desk).items() if settle == asset}
    return found | {"cash"} | ({FLEX} if asset in HAIRCUTS_PPM else set[str]())


def _move(call: Call, wallet: str, asset: str, atoms: int) -> None:
    if wallet == "cash":
        call.account.cash[asset] += atoms
        call.desk.cash_moved(call.account.name, call.time)
    else:
        call.desk.command(Deposit(call.account.name, asset, atoms), call.time)


def withdraw(call: Call) -> Document:
    """POST withdrawal: out of cash."""
    asset = _ASSETS.get(call.parameters.text("currency").lower())
    if asset is None:
        raise VenueError("unit")
    atoms = _atoms(call)
    if atoms > call.account.cash[asset]:
        raise VenueError("money")
    _move(call, "cash", asset, -atoms)
    return _NOTHING


def transfer_to_subaccount(call: Call) -> Document:
    """POST transfer/subaccount: there is nobody to send it to."""
    for name in ("fromUser", "toUser", "fromAccount", "toAccount", "unit", "amount"):
        call.parameters.text(name)
    raise VenueError("wallet")
