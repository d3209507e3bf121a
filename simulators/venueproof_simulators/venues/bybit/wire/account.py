"""The wallet of a unified account, and what an account and its key say of themselves.

Source: the vendor's pages on wallet balance, account info, fee rate and API key information; recorded rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from msgspec import Struct

from venueproof_simulators.engine.state import BalanceState
from venueproof_simulators.host.decimals import CONTEXT, fixed, money
from venueproof_simulators.kit.documents import Document
from venueproof_simulators.venues.bybit.wire.numbers import Listing, short

_STABLE = frozenset({"USDT", "USDC"})
_PERMISSIONS: dict[str, list[str]] = {
    "ContractTrade": ["Order", "Position"],
    "Spot": ["SpotTrade"],
    "Wallet": ["AccountTransfer", "SubMemberTransfer"],
    "Options": ["OptionsTrade"],
    "Derivatives": ["DerivativesTrade"],
    "CopyTrading": [],
    "BlockTrade": [],
    "Exchange": ["ExchangeHistory"],
    "NFT": [],
    "Affiliate": [],
    "Earn": [],
    "FiatP2P": [],
    "FiatBybitPay": [],
    "FiatConvertBroker": [],
    "FiatGlobalPay": [],
    "FiatBitPay": [],
    "BitCard": [],
    "ByXPost": [],
}


_TOTALS = (
    "accountIMRate",
    "accountMMRate",
    "accountIMRateByMp",
    "accountMMRateByMp",
    "totalInitialMarginByMp",
    "totalMaintenanceMarginByMp",
    "totalEquity",
    "totalWalletBalance",
    "totalMarginBalance",
    "totalAvailableBalance",
    "totalPerpUPL",
    "totalInitialMargin",
    "totalMaintenanceMargin",
)


class Purse(Struct, frozen=True):
    """One coin of an account: its state, its price in dollars, what was ever realized in it."""

    balance: BalanceState
    price: Decimal
    realized_atoms: int
    haircut_ppm: int


def index_prices(listings: Iterable[Listing], indexes: Mapping[str, int]) -> dict[str, Decimal]:
    """What one of each coin is worth in dollars: stable ones one, others the index of their contract."""
    found = dict.fromkeys(_STABLE, Decimal(1))
    for listing in listings:
        found.setdefault(listing.row.base, listing.price(indexes[listing.name]))
    return found


def wallet_document(purses: Iterable[Purse], *, isolated: bool) -> Document:
    """One account of wallet-balance, and of the wallet stream. Isolated margin knows no totals of the account."""
    held = list(purses)
    coins = [_coin(one) for one in held]
    return {"accountType": "UNIFIED", "accountLTV": "", **_totals(held, isolated=isolated), "coin": coins}


def _totals(held: list[Purse], *, isolated: bool) -> Document:
    if isolated:
        equity, wallet, upl = (short(_dollars(held, what)) for what in (_equity, _wallet, _unrealized))
        kept = {"totalEquity": equity, "totalWalletBalance": wallet, "totalPerpUPL": upl}
        return dict.fromkeys(_TOTALS, "") | kept
    initial, kept_back = _dollars(held, _initial), _dollars(held, _maintenance)
    margin = sum((_collateral(one) for one in held), Decimal(0))
    rates = [_rate(initial, margin), _rate(kept_back, margin)]
    figures = [_dollars(held, _equity), _dollars(held, _wallet), margin, max(Decimal(0), margin - initial)]
    sums = [initial, kept_back, *figures, _dollars(held, _unrealized), initial, kept_back]
    return dict(zip(_TOTALS, [*rates, *rates, *map(short, sums)], strict=True))


def _rate(part: Decimal, whole: Decimal) -> str:
    return fixed(CONTEXT.divide(part, whole), 4) if whole > 0 and part else "0"


def _dollars(held: Iterable[Purse], figure: Callable[[BalanceState], Decimal]) -> Decimal:
    return sum((figure(one.balance) * one.price for one in held), Decimal(0))


def _wallet(balance: BalanceState) -> Decimal:
    return money(balance.wallet_atoms)


def _unrealized(balance: BalanceState) -> Decimal:
    return money(balance.unrealized_atoms)


def _equity(balance: BalanceState) -> Decimal:
    return _wallet(balance) + _unrealized(balance)


def _initial(balance: BalanceState) -> Decimal:
    return money(balance.initial_position_atoms + balance.initial_orders_atoms)


def _maintenance(balance: BalanceState) -> Decimal:
    return money(balance.maintenance_atoms)


def _collateral(one: Purse) -> Decimal:
    """What a coin counts for: less its haircut, but what is owed counts in full."""
    equity = _equity(one.balance) * one.price
    return equity * (1_000_000 - one.haircut_ppm) / 1_000_000 if equity > 0 else equity


def _coin(one: Purse) -> Document:
    balance = one.balance
    equity = _equity(balance)
    return {
        "coin": balance.asset,
        "equity": short(equity),
        "usdValue": short(equity * one.price),
        "walletBalance": short(_wallet(balance)),
        "locked": "0",
        "spotHedgingQty": "0",
        "borrowAmount": "0",
        "availableToBorrow": "",
        "availableToWithdraw": "",
        "accruedInterest": "0",
        "totalOrderIM": short(money(balance.initial_orders_atoms)),
        "totalPositionIM": short(money(balance.initial_position_atoms)),
        "totalPositionMM": short(_maintenance(balance)),
        "unrealisedPnl": short(_unrealized(balance)),
        "cumRealisedPnl": short(money(one.realized_atoms)),
        "bonus": "0",
        "marginCollateral": True,
        "collateralSwitch": True,
        "spotBorrow": "0",
    }


def account_info(margin_mode: str, status: int, guard_s: int, updated_ms: int) -> Document:
    """account/info. `status`: 5 and 6 are unified accounts of the second generation, 1 a classic one."""
    return {
        "marginMode": margin_mode,
        "updatedTime": str(updated_ms),
        "unifiedMarginStatus": status,
        "dcpStatus": "ON" if guard_s else "OFF",
        "timeWindow": guard_s or 10,
        "smpGroup": 0,
        "isMasterTrader": False,
        "spotHedgingStatus": "OFF",
    }


def key_info(api_key: str, number: int, *, unified: bool) -> Document:
    """user/query-api: what a key may do, and whether its account is a unified one."""
    return {
        "id": str(number - 10_846_942),
        "note": "simulator",
        "apiKey": api_key,
        "readOnly": 0,
        "secret": "",
        "permissions": _PERMISSIONS,
        "ips": ["*"],
        "type": 1,
        "deadlineDay": 83,
        "expiredAt": "2027-02-15T00:00:00Z",
        "createdAt": "2026-01-01T00:00:00Z",
        "unified": 0,
        "uta": int(unified),
        "userID": number,
        "inviterID": 0,
        "vipLevel": "No VIP",
        "mktMakerLevel": "0",
        "affiliateID": 0,
        "rsaPublicKey": "",
        "isMaster": True,
        "parentUid": "0",
        "kycLevel": "LEVEL_1",
        "kycRegion": "MYS",
        "userIDInt64": str(number),
        "inviterIDInt64": "0",
        "affiliateIDInt64": "0",
    }
