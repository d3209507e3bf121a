"""HTTP mounts operations: which path asks for what, who must prove what, and what it costs.

Source: the vendor's REST pages for USDⓈ-M futures; the paths of other services are those that clients ask for when
they start. The algo service and COIN-M are not here yet: their paths are unknown to this venue, but for the list of
COIN-M contracts, which is empty.
"""

from __future__ import annotations

from collections.abc import Callable

from venueproof_simulators.host.routing import Route, RouteTable, Security
from venueproof_simulators.venues.binance.operations import (
    account,
    amending,
    batches,
    market,
    order_queries,
    orders,
    settings,
    startup,
    user_stream,
)
from venueproof_simulators.venues.binance.operations.desk import Call

Operation = Callable[[Call], object]

NONE, KEY, SIGNED = Security.NONE, Security.KEY, Security.SIGNED


def _route(
    method: str, path: str, operation: Operation, name: str, security: Security, weight: str = "default"
) -> Route[Operation]:
    return Route(method, path, operation, name, security, weight)


def _public(path: str, operation: Operation, name: str, weight: str = "default") -> Route[Operation]:
    return Route("GET", path, operation, name, NONE, weight)


def _asked(path: str, operation: Operation, name: str, weight: str = "default") -> Route[Operation]:
    return Route("GET", path, operation, name, SIGNED, weight)


_MARKET = (
    _public("/fapi/v1/ping", market.ping, "other"),
    _public("/fapi/v1/time", market.server_time, "server_time"),
    _public("/fapi/v1/exchangeInfo", market.exchange_info, "instruments"),
    _public("/fapi/v1/depth", market.depth, "book", "depth"),
    _public("/fapi/v1/trades", market.trades, "trades", "trades"),
    _public("/fapi/v1/aggTrades", market.aggregate_trades, "trades", "agg-trades"),
    _route("GET", "/fapi/v1/historicalTrades", market.historical_trades, "trades", KEY, "historical-trades"),
    _public("/fapi/v1/klines", market.klines, "candles", "klines"),
    _public("/fapi/v1/continuousKlines", market.continuous_klines, "candles", "klines"),
    _public("/fapi/v1/indexPriceKlines", market.index_klines, "candles", "klines"),
    _public("/fapi/v1/markPriceKlines", market.mark_klines, "candles", "klines"),
    _public("/fapi/v1/premiumIndexKlines", market.premium_klines, "candles", "klines"),
    _public("/fapi/v1/ticker/24hr", market.day_ticker, "ticker", "ticker-24hr"),
    _public("/fapi/v1/ticker/price", market.price_ticker, "ticker", "ticker-price"),
    _public("/fapi/v2/ticker/price", market.price_ticker, "ticker", "ticker-price"),
    _public("/fapi/v1/ticker/bookTicker", market.book_ticker, "ticker", "ticker-book"),
    _public("/fapi/v1/premiumIndex", market.premium_index, "funding", "premium-index"),
    _public("/fapi/v1/fundingRate", market.funding_rates, "funding", "funding"),
    _public("/fapi/v1/fundingInfo", market.funding_info, "funding", "funding"),
    _public("/fapi/v1/openInterest", market.open_interest, "open_interest"),
    _public("/futures/data/openInterestHist", market.open_interest_history, "open_interest", "futures-data"),
)

_ORDERS = (
    _route("POST", "/fapi/v1/order", orders.place, "place", SIGNED, "order-place"),
    _route("POST", "/fapi/v1/order/test", orders.place_test, "other", SIGNED, "order-place"),
    _route("PUT", "/fapi/v1/order", amending.amend, "amend", SIGNED, "order-place"),
    _route("DELETE", "/fapi/v1/order", orders.cancel, "cancel", SIGNED),
    _route("DELETE", "/fapi/v1/allOpenOrders", orders.cancel_all, "cancel_all", SIGNED),
    _route("POST", "/fapi/v1/batchOrders", batches.place_many, "place_many", SIGNED, "batch-place"),
    _route("PUT", "/fapi/v1/batchOrders", batches.amend_many, "amend", SIGNED, "batch-place"),
    _route("DELETE", "/fapi/v1/batchOrders", batches.cancel_many, "cancel", SIGNED),
    _route("POST", "/fapi/v1/countdownCancelAll", orders.count_down, "other", SIGNED, "countdown"),
    _asked("/fapi/v1/order", order_queries.order, "order"),
    _asked("/fapi/v1/openOrder", order_queries.open_order, "order"),
    _asked("/fapi/v1/openOrders", order_queries.open_orders, "open_orders", "open-orders"),
    _asked("/fapi/v1/allOrders", order_queries.all_orders, "order_history", "account"),
    _asked("/fapi/v1/orderAmendment", order_queries.amendments, "order_history"),
    _asked("/fapi/v1/userTrades", order_queries.fills, "fills", "account"),
    _asked("/fapi/v1/income", order_queries.income, "other", "setting-query"),
    _asked("/fapi/v1/forceOrders", account.nothing, "other", "force-orders"),
)

_ACCOUNT = (
    _asked("/fapi/v2/account", account.account_v2, "balances", "account"),
    _asked("/fapi/v3/account", account.account_v3, "balances", "account"),
    _asked("/fapi/v2/balance", account.balance, "balances", "account"),
    _asked("/fapi/v3/balance", account.balance, "balances", "account"),
    _asked("/fapi/v2/positionRisk", account.risk_v2, "positions", "account"),
    _asked("/fapi/v3/positionRisk", account.risk_v3, "positions", "account"),
    _asked("/fapi/v1/adlQuantile", account.adl_quantiles, "other", "account"),
    _asked("/fapi/v1/symbolConfig", account.symbol_config, "other", "account"),
    _asked("/fapi/v1/accountConfig", account.account_config, "other", "account"),
    _asked("/fapi/v1/leverageBracket", account.leverage_brackets, "other"),
    _asked("/fapi/v1/commissionRate", account.commission_rate, "other", "commission"),
    _asked("/fapi/v1/rateLimit/order", account.order_limits, "other"),
    _asked("/fapi/v1/apiTradingStatus", account.trading_status, "other", "trading-status"),
    _public("/fapi/v1/symbolAdlRisk", account.adl_risk, "other"),
    _route("POST", "/fapi/v1/leverage", settings.set_leverage, "set_leverage", SIGNED),
    _route("POST", "/fapi/v1/marginType", settings.set_margin_type, "set_margin_mode", SIGNED),
    _asked("/fapi/v1/positionSide/dual", settings.position_mode, "other", "setting-query"),
    _route("POST", "/fapi/v1/positionSide/dual", settings.set_position_mode, "set_position_mode", SIGNED),
    _asked("/fapi/v1/multiAssetsMargin", settings.assets_mode, "other", "setting-query"),
    _route("POST", "/fapi/v1/multiAssetsMargin", settings.set_assets_mode, "other", SIGNED),
    _asked("/fapi/v1/feeBurn", settings.fee_burn, "other", "setting-query"),
    _route("POST", "/fapi/v1/feeBurn", settings.set_fee_burn, "other", SIGNED),
    _asked("/fapi/v1/positionMargin/history", account.nothing, "other"),
    _route("POST", "/fapi/v1/listenKey", user_stream.start, "stream_credential", KEY),
    _route("PUT", "/fapi/v1/listenKey", user_stream.keep_alive, "stream_credential", KEY),
    _route("DELETE", "/fapi/v1/listenKey", user_stream.close, "stream_credential", KEY),
)

_STARTUP = (
    _public("/api/v3/ping", market.ping, "other", "spot"),
    _public("/api/v3/time", market.server_time, "server_time", "spot"),
    _public("/api/v3/exchangeInfo", startup.spot_exchange_info, "other", "spot"),
    _asked("/api/v3/account", startup.spot_account, "other", "spot"),
    _public("/dapi/v1/exchangeInfo", startup.coin_exchange_info, "other"),
    _public("/sapi/v1/system/status", startup.system_status, "other", "spot"),
    _asked("/sapi/v1/capital/config/getall", startup.empty_list, "other", "spot"),
    _route("GET", "/sapi/v1/margin/allPairs", startup.empty_list, "other", KEY, "spot"),
    _asked("/sapi/v1/margin/isolated/allPairs", startup.empty_list, "other", "spot"),
)

ROUTES: RouteTable[Operation] = RouteTable((*_MARKET, *_ORDERS, *_ACCOUNT, *_STARTUP))
"""Every path of this venue."""

ORDER_COSTS: dict[tuple[str, str], tuple[int, int]] = {
    ("POST", "/fapi/v1/order"): (1, 1),
    ("PUT", "/fapi/v1/order"): (1, 1),
    ("POST", "/fapi/v1/batchOrders"): (5, 1),
    ("PUT", "/fapi/v1/batchOrders"): (5, 1),
}
"""What a request adds to the account's order counts: in 10 s, and in the minute."""
