"""Binds an unmodified ccxt exchange (async REST and pro) to the Adapter protocol, and adds nothing to it.

What a program would have to write by itself around ccxt is left out on purpose: no resending, no clock correction, no
reconciliation, no order state. One task runs each `watch_*` and calls it again after an exception, as ccxt's manual
does; figures are `Decimal(str(x))`; capabilities are `exchange.has`. So a clause that fails fails in ccxt.

With a proxy in its endpoint the exchange keeps its production URLs: ccxt picks its error classes by host name.
ccxt is an optional dependency, the extra `ccxt` of venueproof.
"""

from __future__ import annotations

from venueproof_adapters.ccxt_adapter.adapter import CcxtAdapter
from venueproof_adapters.ccxt_adapter.exchanges import open_exchange
from venueproof_contracts.adapter import Adapter
from venueproof_contracts.model import Credentials, Endpoint

__all__ = ["CcxtAdapter", "make_adapter", "open_exchange"]


def make_adapter(endpoint: Endpoint, credentials: Credentials) -> Adapter:
    """The ccxt exchange that serves the endpoint's venue and product.

    Raises `LookupError` when ccxt has none or is not installed; the message says what to do.
    """
    exchange, row = open_exchange(endpoint, credentials)
    return CcxtAdapter(exchange, row)


make_adapter.through_proxy = True  # type: ignore[attr-defined]  # read by whoever makes the endpoint
