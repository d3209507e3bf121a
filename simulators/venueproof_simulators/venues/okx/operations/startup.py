"""What clients ask when they start, beside trading."""

from __future__ import annotations

from venueproof_simulators.venues.okx.operations.desk import Call
from venueproof_simulators.venues.okx.products import MONEY
from venueproof_simulators.venues.okx.wire.numbers import Document

_NAMES = {"USDT": "Tether", "USDC": "USD Coin", "BTC": "Bitcoin", "ETH": "Ethereum"}
_CHAINS = {"USDT": "TRC20", "USDC": "ERC20", "BTC": "Bitcoin", "ETH": "ERC20"}


def currencies(call: Call) -> list[Document]:
    """GET asset/currencies: one chain for each coin, and nothing can be moved in or out."""
    names = call.parameters.raw("ccy")
    wanted = names.split(",") if names else list(MONEY)
    return [_currency(coin) for coin in MONEY if coin in wanted]


def _currency(coin: str) -> Document:
    zero = ("minFee", "maxFee", "minFeeForCtAddr", "maxFeeForCtAddr", "wdQuota", "usedWdQuota", "minDep")
    return {
        "ccy": coin,
        "chain": f"{coin}-{_CHAINS[coin]}",
        "name": _NAMES[coin],
        "logoLink": "",
        "canDep": False,
        "canWd": False,
        "canInternal": False,
        "mainNet": _CHAINS[coin] == _NAMES[coin],
        "needTag": False,
        **dict.fromkeys(zero, "0"),
        "minWd": "0.001",
        "maxWd": "1000000",
        "wdTickSz": "8",
        "minDepArrivalConfirm": "1",
        "minWdUnlockConfirm": "2",
        "depQuotaFixed": "",
        "usedDepQuotaFixed": "",
        "depQuoteDailyLayer2": "",
    }
