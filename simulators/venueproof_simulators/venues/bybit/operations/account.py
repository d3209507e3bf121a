"""What an account has, and what it and its key say of themselves."""

from __future__ import annotations

from decimal import Decimal

from venueproof_simulators.host.decimals import plain
from venueproof_simulators.kit.documents import Document
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.bybit.operations.desk import HAIRCUTS_PPM, Call
from venueproof_simulators.venues.bybit.operations.ledgers import wallet
from venueproof_simulators.venues.bybit.wire.account import account_info, key_info

CLASSIC = "bybit.account.unified-required"
LAGS = "bybit.account.balance-lag"
_UNIFIED_STATUS, _CLASSIC_STATUS = 6, 1
_TYPES = frozenset({"UNIFIED", "CONTRACT", "SPOT", "FUND"})


def wallet_balance(call: Call) -> Document:
    """GET account/wallet-balance."""
    kind = call.parameters.text("accountType")
    if kind not in _TYPES:
        raise VenueError("parameter", parameter="accountType")
    if is_classic(call) or kind != "UNIFIED":
        raise VenueError("classic")
    lag_ns = call.desk.limits.named("wallet-lag").limit * 1_000_000 if call.desk.switches.on(LAGS) else None
    known_ns = None if lag_ns is None else call.time.true_ns - lag_ns
    document = wallet(call.desk, call.account, known_ns)
    coins = (call.parameters.raw("coin") or "").split(",")
    if coins != [""]:
        document = document | {"coin": [row for row in document["coin"] if row["coin"] in coins]}
    return {"list": [document]}


def is_classic(call: Call) -> bool:
    """Whether the account is one of before unified accounts."""
    return call.desk.switches.on(CLASSIC)


def info(call: Call) -> Document:
    """GET account/info."""
    account = call.account
    status = _CLASSIC_STATUS if is_classic(call) else _UNIFIED_STATUS
    return account_info(account.margin_mode, status, account.guard_s, account.updated_ms)


def key(call: Call) -> Document:
    """GET user/query-api."""
    return key_info(call.account.api_key, call.account.number, unified=not is_classic(call))


def fee_rates(call: Call) -> Document:
    """GET account/fee-rate."""
    rows = [
        {
            "symbol": listing.name,
            "baseCoin": "",
            "takerFeeRate": plain(listing.row.taker_fee),
            "makerFeeRate": plain(listing.row.maker_fee),
        }
        for listing in call.listings()
    ]
    return {"category": call.category(), "list": rows}


def collateral(call: Call) -> Document:
    """GET account/collateral-info: what each coin counts for."""
    wanted = call.parameters.raw("currency")
    rows = [
        {
            "currency": coin,
            "hourlyBorrowRate": "",
            "maxBorrowingAmount": "",
            "freeBorrowingLimit": "",
            "freeBorrowAmount": "",
            "borrowAmount": "0",
            "otherBorrowAmount": "",
            "availableToBorrow": "",
            "borrowable": False,
            "borrowUsageRate": "0",
            "marginCollateral": True,
            "collateralSwitch": True,
            "collateralRatio": plain(Decimal(1_000_000 - ppm).scaleb(-6)),
        }
        for coin, ppm in HAIRCUTS_PPM.items()
        if wanted in {None, coin}
    ]
    return {"list": rows}


def coins(call: Call) -> Document:
    """GET asset/coin/query-info: nothing can be paid in or out here."""
    return {"rows": []}


def funding_wallet(call: Call) -> Document:
    """GET asset/transfer/query-account-coins-balance: the wallet beside the unified account, which is empty."""
    kind = call.parameters.text("accountType")
    return {"memberId": str(call.account.number), "accountType": kind, "balance": []}


def empty_page(call: Call) -> Document:
    """A list that has nothing to tell here."""
    return {"list": [], "nextPageCursor": ""}
