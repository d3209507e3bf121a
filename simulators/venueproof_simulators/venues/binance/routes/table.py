"""HTTP mounts operations: which path asks for what, who must prove what, and what it costs.

Each row stands once. `_BOTH` is served below `/fapi/` and `/dapi/` alike: add a row there, and the operation finds the
product it was asked of in `call.product`; `call.listing()` knows the instruments of that product alone. What only one
of them has stands in `_USD_ONLY` or `_COIN_ONLY`. `_SHARED` belongs to neither prefix: `call.product` is then that of
the arguments. A row's weight is a key of `facts/limits.toml`, where `inverse:KEY` may say another cost for `/dapi/`.

Source: the vendor's REST pages for USDⓈ-M and COIN-M futures; the paths of other services are those that clients ask
for when they start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec import Struct

from venueproof_simulators.host.routing import Route, RouteTable, Security
from venueproof_simulators.venues.binance.operations import (
    account,
    algos,
    amending,
    batches,
    margins,
    market,
    order_queries,
    orders,
    placing,
    settings,
    startup,
    user_stream,
)
from venueproof_simulators.venues.binance.operations.desk import Call
from venueproof_simulators.venues.binance.products import COIN_MARGINED, USD_MARGINED, ProductRules

Operation = Callable[[Call], object]
OrderCost = tuple[int, int]
"""What a request adds to the account's order counts: in 10 s, and in the minute."""


class Endpoint(Struct, frozen=True):
    """What a path carries out, and of which product; None: of the one that the arguments name."""

    operation: Operation
    product: ProductRules | None
    orders: OrderCost | None = None


class _Row(Struct, frozen=True):
    """One path behind its product's prefix."""

    method: str
    path: str
    operation: Operation
    name: str
    security: Security
    weight: str
    orders: OrderCost | None

    def mounted(self, prefix: str, product: ProductRules | None) -> Route[Endpoint]:
        """The row as the route of a product."""
        endpoint = Endpoint(self.operation, product, self.orders)
        return Route(self.method, prefix + self.path, endpoint, self.name, self.security, self.weight)


NONE, KEY, SIGNED = Security.NONE, Security.KEY, Security.SIGNED


def _route(
    method: str,
    path: str,
    operation: Operation,
    name: str,
    security: Security,
    weight: str = "default",
    orders: OrderCost | None = None,
) -> _Row:
    return _Row(method, path, operation, name, security, weight, orders)


def _public(path: str, operation: Operation, name: str, weight: str = "default") -> _Row:
    return _route("GET", path, operation, name, NONE, weight)


def _asked(path: str, operation: Operation, name: str, weight: str = "default") -> _Row:
    return _route("GET", path, operation, name, SIGNED, weight)


_MARKET = (
    _public("v1/ping", market.ping, "other"),
    _public("v1/time", market.server_time, "server_time"),
    _public("v1/depth", market.depth, "book", "depth"),
    _public("v1/trades", market.trades, "trades", "trades"),
    _public("v1/aggTrades", market.aggregate_trades, "trades", "agg-trades"),
    _route("GET", "v1/historicalTrades", market.historical_trades, "trades", KEY, "historical-trades"),
    _public("v1/klines", market.klines, "candles", "klines"),
    _public("v1/continuousKlines", market.continuous_klines, "candles", "klines"),
    _public("v1/indexPriceKlines", market.index_klines, "candles", "klines"),
    _public("v1/markPriceKlines", market.mark_klines, "candles", "klines"),
    _public("v1/premiumIndexKlines", market.premium_klines, "candles", "klines"),
    _public("v1/ticker/24hr", market.day_ticker, "ticker", "ticker-24hr"),
    _public("v1/ticker/price", market.price_ticker, "ticker", "ticker-price"),
    _public("v1/ticker/bookTicker", market.book_ticker, "ticker", "ticker-book"),
    _public("v1/premiumIndex", market.premium_index, "funding", "premium-index"),
    _public("v1/fundingRate", market.funding_rates, "funding", "funding"),
    _public("v1/fundingInfo", market.funding_info, "funding", "funding"),
    _public("v1/openInterest", market.open_interest, "open_interest"),
)

_ORDERS = (
    _route("POST", "v1/order", placing.place, "place", SIGNED, "order-place", (1, 1)),
    _route("PUT", "v1/order", amending.amend, "amend", SIGNED, "order-place", (1, 1)),
    _route("DELETE", "v1/order", orders.cancel, "cancel", SIGNED),
    _route("DELETE", "v1/allOpenOrders", orders.cancel_all, "cancel_all", SIGNED),
    _route("POST", "v1/batchOrders", batches.place_many, "place_many", SIGNED, "batch-place", (5, 1)),
    _route("PUT", "v1/batchOrders", batches.amend_many, "amend", SIGNED, "batch-place", (5, 1)),
    _route("DELETE", "v1/batchOrders", batches.cancel_many, "cancel", SIGNED),
    _route("POST", "v1/countdownCancelAll", orders.count_down, "other", SIGNED, "countdown"),
    _asked("v1/order", order_queries.order, "order"),
    _asked("v1/openOrder", order_queries.open_order, "order"),
    _asked("v1/openOrders", order_queries.open_orders, "open_orders", "open-orders"),
    _asked("v1/allOrders", order_queries.all_orders, "order_history", "account"),
    _asked("v1/orderAmendment", order_queries.amendments, "order_history"),
    _asked("v1/userTrades", order_queries.fills, "fills", "account"),
    _asked("v1/income", order_queries.income, "other", "income"),
    _asked("v1/forceOrders", order_queries.forced_orders, "other", "force-orders"),
)

_ALGOS = (
    _route("POST", "v1/algoOrder", algos.place, "place", SIGNED, "order-place", (1, 1)),
    _route("DELETE", "v1/algoOrder", algos.cancel, "cancel", SIGNED),
    _route("DELETE", "v1/algoOpenOrders", algos.cancel_all, "cancel_all", SIGNED),
    _asked("v1/algoOrder", algos.query, "order"),
    _asked("v1/openAlgoOrders", algos.open_algos, "open_orders", "open-orders"),
    _asked("v1/allAlgoOrders", algos.all_algos, "order_history", "account"),
)

_ACCOUNT = (
    _asked("v1/adlQuantile", account.adl_quantiles, "other", "account"),
    _asked("v1/commissionRate", account.commission_rate, "other", "commission"),
    _route("POST", "v1/leverage", settings.set_leverage, "set_leverage", SIGNED),
    _route("POST", "v1/marginType", settings.set_margin_type, "set_margin_mode", SIGNED),
    _asked("v1/positionSide/dual", settings.position_mode, "other", "setting-query"),
    _route("POST", "v1/positionSide/dual", settings.set_position_mode, "set_position_mode", SIGNED),
    _route("POST", "v1/positionMargin", margins.move, "other", SIGNED),
    _asked("v1/positionMargin/history", margins.history, "other"),
    _route("POST", "v1/listenKey", user_stream.start, "stream_credential", KEY),
    _route("PUT", "v1/listenKey", user_stream.keep_alive, "stream_credential", KEY),
    _route("DELETE", "v1/listenKey", user_stream.close, "stream_credential", KEY),
)

_BOTH = (*_MARKET, *_ORDERS, *_ALGOS, *_ACCOUNT)

_USD_ONLY = (
    _public("v1/exchangeInfo", market.exchange_info_usd, "instruments"),
    _public("v1/rpiDepth", market.depth_with_rpi, "book", "rpi-depth"),
    _public("v2/ticker/price", market.price_ticker, "ticker", "ticker-price"),
    _route("POST", "v1/order/test", orders.place_test, "other", SIGNED, "order-place"),
    _asked("v2/account", account.account_v2, "balances", "account"),
    _asked("v3/account", account.account_v3, "balances", "account"),
    _asked("v2/balance", account.balance, "balances", "position"),
    _asked("v3/balance", account.balance, "balances", "position"),
    _asked("v2/positionRisk", account.risk_v2, "positions", "position"),
    _asked("v3/positionRisk", account.risk_v3, "positions", "position"),
    _asked("v1/leverageBracket", account.leverage_brackets, "other"),
    _asked("v1/symbolConfig", account.symbol_config, "other", "account"),
    _asked("v1/accountConfig", account.account_config, "other", "account"),
    _asked("v1/rateLimit/order", account.order_limits, "other"),
    _asked("v1/apiTradingStatus", account.trading_status, "other", "trading-status"),
    _public("v1/symbolAdlRisk", account.adl_risk, "other"),
    _asked("v1/multiAssetsMargin", settings.assets_mode, "other", "setting-query"),
    _route("POST", "v1/multiAssetsMargin", settings.set_assets_mode, "other", SIGNED),
    _asked("v1/feeBurn", settings.fee_burn, "other", "setting-query"),
    _route("POST", "v1/feeBurn", settings.set_fee_burn, "other", SIGNED),
)

_COIN_ONLY = (
    _public("v1/exchangeInfo", market.exchange_info, "instruments"),
    _asked("v1/account", account.account_coin, "balances", "account"),
    _asked("v1/balance", account.balance_coin, "balances", "position"),
    _asked("v1/positionRisk", account.risk_coin, "positions", "position"),
    _asked("v1/leverageBracket", account.pair_brackets, "other", "pair-brackets"),
    _asked("v2/leverageBracket", account.leverage_brackets, "other", "symbol-brackets"),
)

_SHARED = (
    _public("/futures/data/openInterestHist", market.open_interest_history, "open_interest", "futures-data"),
    _public("/futures/data/basis", market.basis, "other", "futures-data"),
)
_USD_STATISTICS = (_public("/futures/data/takerlongshortRatio", market.taker_volumes, "other", "futures-data"),)
_COIN_STATISTICS = (_public("/futures/data/takerBuySellVol", market.taker_volumes, "other", "futures-data"),)

_STARTUP = (
    _public("/api/v3/ping", market.ping, "other", "spot"),
    _public("/api/v3/time", market.server_time, "server_time", "spot"),
    _public("/api/v3/exchangeInfo", startup.spot_exchange_info, "other", "spot"),
    _asked("/api/v3/account", startup.spot_account, "other", "spot"),
    _public("/sapi/v1/system/status", startup.system_status, "other", "spot"),
    _asked("/sapi/v1/capital/config/getall", startup.empty_list, "other", "spot"),
    _route("GET", "/sapi/v1/margin/allPairs", startup.empty_list, "other", KEY, "spot"),
    _asked("/sapi/v1/margin/isolated/allPairs", startup.empty_list, "other", "spot"),
)


def _mounted(rows: Iterable[_Row], prefix: str, product: ProductRules | None) -> list[Route[Endpoint]]:
    return [row.mounted(prefix, product) for row in rows]


ROUTES: RouteTable[Endpoint] = RouteTable(
    (
        *_mounted((*_BOTH, *_USD_ONLY), USD_MARGINED.prefix, USD_MARGINED),
        *_mounted((*_BOTH, *_COIN_ONLY), COIN_MARGINED.prefix, COIN_MARGINED),
        *_mounted(_SHARED, "", None),
        *_mounted(_USD_STATISTICS, "", USD_MARGINED),
        *_mounted(_COIN_STATISTICS, "", COIN_MARGINED),
        *_mounted(_STARTUP, "", USD_MARGINED),
    )
)
"""Every path of this venue."""
