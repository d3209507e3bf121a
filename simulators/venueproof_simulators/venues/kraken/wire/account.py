"""Accounts, positions and the account log as documents.

Source: the vendor's account pages; recordings of nautilus_trader and ccxt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from venueproof_simulators.engine.pools import PoolState
from venueproof_simulators.engine.state import BalanceState, MarginMode, MarginState, PositionState
from venueproof_simulators.engine.worth import CENTI
from venueproof_simulators.host.decimals import CONTEXT
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.venues.kraken.operations.books import LogRow
from venueproof_simulators.venues.kraken.wire.numbers import (
    Document,
    Listing,
    coins,
    iso,
    mark,
    price,
    rounded,
    size,
    trade_uid,
    trimmed,
    uuid,
)

COIN_NAMES = {"BTC": "xbt", "USD": "usd", "USDT": "usdt"}
"""Assets as cash and single-collateral accounts spell them; the flexible account has them in capitals."""


class Held(Struct, frozen=True):
    """A position and what it ties up."""

    listing: Listing
    position: PositionState
    margin: MarginState
    funding_atoms: int
    """What funding has accrued since it was last paid."""

    @property
    def entry(self) -> Decimal:
        """Its average entry price."""
        return mark(self.listing, self.position.entry_nano_ticks)


class Flexible(Struct, frozen=True):
    """The multi-collateral account: sums, and currencies with their haircuts. Stable coins are taken for a dollar."""

    sums: PoolState
    currencies: Sequence[tuple[BalanceState, Decimal]]
    funding_atoms: int
    """What funding has accrued on its positions."""


def cash_document(cash: Mapping[str, int]) -> Document:
    """The account that margins nothing."""
    return {"type": "cashAccount", "balances": {COIN_NAMES[asset]: coins(atoms) for asset, atoms in cash.items()}}


def single_document(one: Listing, held: BalanceState, funding_atoms: int, liquidation: Decimal) -> Document:
    """A single-collateral account: `tt` is where a position is taken over, `lt` where it is liquidated."""
    equity = held.wallet_atoms + held.unrealized_atoms
    initial = held.initial_position_atoms + held.initial_orders_atoms
    kept = held.maintenance_atoms
    return {
        "type": "marginAccount",
        "currency": one.coin,
        "balances": {one.coin: coins(held.wallet_atoms)},
        "auxiliary": {
            "usd": 0,
            "pv": coins(equity),
            "pnl": coins(held.unrealized_atoms),
            "af": coins(held.available_atoms),
            "funding": coins(funding_atoms),
        },
        "marginRequirements": {
            "im": coins(initial),
            "mm": coins(kept),
            "lt": coins(kept * 2 // 3),
            "tt": coins(kept // 3),
        },
        "triggerEstimates": dict.fromkeys(("im", "mm", "lt", "tt"), liquidation),
    }


def flexible_sums(account: Flexible) -> dict[str, int]:
    """What the flexible account comes to, in atoms of a dollar."""
    sums = account.sums
    return {
        "initial": sums.initial_position_atoms,
        "with_orders": sums.initial_position_atoms + sums.initial_orders_atoms,
        "maintenance": sums.maintenance_atoms,
        "balance": sums.wallet_atoms,
        "portfolio": sums.equity_atoms,
        "collateral": sums.discounted_atoms - sums.unrealized_atoms,
        "pnl": sums.unrealized_atoms,
        "funding": account.funding_atoms,
        "total": sums.unrealized_atoms + account.funding_atoms,
        "available": sums.available_atoms,
        "equity": sums.discounted_atoms,
    }


def flexible_document(account: Flexible) -> Document:
    """The multi-collateral account."""
    sums = {name: coins(atoms) for name, atoms in flexible_sums(account).items()}
    return {
        "type": "multiCollateralMarginAccount",
        "currencies": {held.asset: currency(held, cut) for held, cut in account.currencies},
        "initialMargin": sums["initial"],
        "initialMarginWithOrders": sums["with_orders"],
        "maintenanceMargin": sums["maintenance"],
        "balanceValue": sums["balance"],
        "portfolioValue": sums["portfolio"],
        "collateralValue": sums["collateral"],
        "pnl": sums["pnl"],
        "unrealizedFunding": sums["funding"],
        "totalUnrealized": sums["total"],
        "totalUnrealizedAsMargin": sums["total"],
        "availableMargin": sums["available"],
        "marginEquity": sums["equity"],
    }


def currency(held: BalanceState, haircut: Decimal) -> Document:
    """One currency of it."""
    value = coins(held.wallet_atoms)
    return {
        "quantity": coins(held.wallet_atoms),
        "value": rounded(value),
        "collateral": rounded(value * (1 - haircut)),
        "available": coins(held.available_atoms),
    }


def position_document(held: Held, unit: str, time: VenueTime) -> Document:
    """A row of openpositions; only an isolated position has a leverage."""
    one, position = held.listing, held.position
    isolated = position.margin_mode is MarginMode.ISOLATED
    leverage = {"maxFixedLeverage": leverage_of(position)} if isolated else {}
    return {
        "side": "long" if position.lots > 0 else "short",
        "symbol": one.name,
        "price": held.entry,
        "fillTime": iso(time, position.updated_ns),
        "size": size(one, abs(position.lots)),
        "unrealizedFunding": coins(held.funding_atoms),
        "unrealizedPnl": coins(held.margin.unrealized_atoms),
        **({"pnlCurrency": unit} if one.flexible else {}),
        **leverage,
    }


def leverage_of(position: PositionState) -> Decimal:
    """The leverage of a position."""
    return rounded(CONTEXT.divide(Decimal(position.leverage_centi), Decimal(CENTI)), 2)


# --- the account log --------------------------------------------------------------------------------------------------


def log_document(row: LogRow, seed: int, time: VenueTime, *, lower: bool) -> Document:
    """A row of the account log: what does not concern it is null. `lower`: contracts in small letters."""
    one = row.listing
    of_position = row.before is not None and row.after is not None
    document: Document = {
        "id": row.number,
        "date": iso(time, row.at_ns),
        "asset": row.asset if of_position and lower else _asset(row, of_position=of_position),
        "info": row.info,
        "booking_uid": uuid(seed, "booking", row.number, row.at_ns),
        "margin_account": "flex" if one is None or one.flexible else one.wallet,
        "old_balance": coins(row.old_atoms),
        "new_balance": coins(row.new_atoms),
        "old_average_entry_price": None,
        "new_average_entry_price": None,
        "trade_price": None,
        "mark_price": None,
        "realized_pnl": None,
        "fee": None,
        "execution": None,
        "collateral": None,
        "contract": None if one is None else one.name.lower() if lower else one.name,
        "funding_rate": None,
        "realized_funding": None,
        "liquidation_fee": None,
        "conversion_spread_percentage": None,
    }
    return document | _particulars(row, seed)


def _asset(row: LogRow, *, of_position: bool) -> str:
    return row.asset.upper() if of_position else COIN_NAMES[row.asset]


def _particulars(row: LogRow, seed: int) -> Document:
    one, fill = row.listing, row.fill
    if one is None:
        return {}
    told: Document = {"collateral": None if one.inverse else one.row.settle}
    if row.before is not None and row.after is not None:
        told |= {
            "old_balance": trimmed(one.amount(row.before.lots)),
            "new_balance": trimmed(one.amount(row.after.lots)),
            "old_average_entry_price": mark(one, row.before.entry_nano_ticks),
            "new_average_entry_price": mark(one, row.after.entry_nano_ticks),
        }
    if fill is not None:
        told |= {
            "trade_price": price(one, fill.ticks),
            "mark_price": mark(one, row.mark_nano_ticks),
            "execution": trade_uid(seed, one.name, fill.trade_id),
        }
        if row.before is None:
            told |= {"fee": coins(fill.fee_atoms), "realized_pnl": coins(fill.realized_atoms)}
    if row.funding_atoms is not None and row.rate_ppb is not None:
        told |= {
            "fee": 0,
            "funding_rate": trimmed(row.rate_ppb * Decimal("1e-9")),
            "realized_funding": coins(row.funding_atoms),
        }
    return told
