"""What a ccxt exchange declares: its own table `has`, and nothing that the table does not say."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from venueproof_adapters.ccxt_adapter.exchanges import Exchange, ExchangeRow, ccxt_pro
from venueproof_contracts.capabilities import Capability, Support
from venueproof_contracts.model import AdapterKind, AmendManner, Declaration

HAS: dict[Capability, str] = {
    Capability.INSTRUMENTS: "fetchMarkets",
    Capability.SERVER_TIME: "fetchTime",
    Capability.TICKER: "fetchTicker",
    Capability.BOOK: "fetchOrderBook",
    Capability.CANDLES: "fetchOHLCV",
    Capability.TRADES: "fetchTrades",
    Capability.FUNDING: "fetchFundingRate",
    Capability.OPEN_INTEREST: "fetchOpenInterest",
    Capability.PLACE: "createOrder",
    Capability.CANCEL: "cancelOrder",
    Capability.CANCEL_ALL: "cancelAllOrders",
    Capability.ORDER: "fetchOrder",
    Capability.OPEN_ORDERS: "fetchOpenOrders",
    Capability.FILLS: "fetchMyTrades",
    Capability.POSITIONS: "fetchPositions",
    Capability.BALANCES: "fetchBalance",
    Capability.POST_ONLY: "createPostOnlyOrder",
    Capability.REDUCE_ONLY: "createReduceOnlyOrder",
    Capability.IMMEDIATE_OR_CANCEL: "createOrder",
    Capability.FILL_OR_KILL: "createOrder",
    Capability.AMEND: "editOrder",
    Capability.PLACE_MANY: "createOrders",
    Capability.CONDITIONAL: "createTriggerOrder",
    Capability.TRAILING: "createTrailingPercentOrder",
    Capability.TRAILING_ACTIVATION: "createTrailingPercentOrder",
    Capability.LEVERAGE: "setLeverage",
    Capability.MARGIN_MODE: "setMarginMode",
    Capability.POSITION_MODE: "setPositionMode",
    Capability.STREAM_ORDERS: "watchOrders",
    Capability.STREAM_FILLS: "watchMyTrades",
    Capability.STREAM_POSITIONS: "watchPositions",
    Capability.STREAM_BALANCES: "watchBalance",
    Capability.STREAM_BOOK: "watchOrderBook",
    Capability.STREAM_TRADES: "watchTrades",
    Capability.STREAM_TICKER: "watchTicker",
    Capability.STREAM_CANDLES: "watchOHLCV",
}
"""The key of `exchange.has` behind each capability. The time in force of an order is a parameter of `createOrder`."""


def declaration(exchange: Exchange, row: ExchangeRow) -> Declaration:
    """The exchange's own word on what it can do."""
    has: Mapping[str, object] = exchange.has
    return Declaration(
        name=f"ccxt {row.id}",
        version=str(ccxt_pro().__version__),
        kind=AdapterKind.LIBRARY,
        capabilities={one: Support.FULL for one, key in HAS.items() if has.get(key)},
        request_lifetime_s=Decimal(row.request_lifetime_s),
        client_id_unique=row.client_id_unique,
        amend=_amend_manner(has.get("editOrder")),
        trailing="native" if has.get("createTrailingPercentOrder") else "none",
    )


def _amend_manner(has: object) -> AmendManner:
    """ccxt's emulated amendment cancels and places anew."""
    if has == "emulated":
        return AmendManner.CANCEL_THEN_PLACE
    return AmendManner.IN_PLACE if has else AmendManner.NONE
