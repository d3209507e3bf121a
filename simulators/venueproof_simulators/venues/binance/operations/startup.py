"""Documents of other services that clients of futures ask for when they start. Valid, and nearly empty."""

from __future__ import annotations

from venueproof_simulators.kit.documents import Document
from venueproof_simulators.venues.binance.operations.desk import Call
from venueproof_simulators.venues.binance.products import USD_MARGINED
from venueproof_simulators.venues.binance.wire.market import spot_symbol_document


def spot_exchange_info(call: Call) -> Document:
    """GET api/v3/exchangeInfo."""
    return {
        "timezone": "UTC",
        "serverTime": call.time.wire_ms,
        "rateLimits": [
            {
                "rateLimitType": "REQUEST_WEIGHT",
                "interval": "MINUTE",
                "intervalNum": 1,
                "limit": call.desk.limits.named("spot").limit,
            }
        ],
        "exchangeFilters": [],
        "symbols": [spot_symbol_document(listing) for listing in call.desk.listings_of(USD_MARGINED)],
    }


def system_status(call: Call) -> Document:
    """GET sapi/v1/system/status."""
    return {"status": 0, "msg": "normal"}


def spot_account(call: Call) -> Document:
    """GET api/v3/account: an account without spot money."""
    return {
        "makerCommission": 10,
        "takerCommission": 10,
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": dict.fromkeys(("maker", "taker", "buyer", "seller"), "0.00100000"),
        "canTrade": True,
        "canWithdraw": True,
        "canDeposit": True,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": 0,
        "accountType": "SPOT",
        "balances": [],
        "permissions": ["SPOT"],
        "uid": 1,
    }


def empty_list(call: Call) -> list[Document]:
    """Currencies and margin pairs: none."""
    return []
