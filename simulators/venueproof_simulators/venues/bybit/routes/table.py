"""Which path asks for what, whether the caller must sign, and which budget it counts against.

Each row stands once; both categories share all paths. Source: the vendor's V5 pages; the paths of other products are
those that clients ask for when they start.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from venueproof_simulators.host.routing import Route, RouteTable, Security
from venueproof_simulators.kit.routes import renamed
from venueproof_simulators.venues.bybit.operations import (
    account,
    batches,
    market,
    order_queries,
    orders,
    positions,
    settings,
)
from venueproof_simulators.venues.bybit.operations.desk import Call

Operation = Callable[[Call], object]


class Endpoint(Struct, frozen=True):
    """What a path carries out."""

    operation: Operation
    budget: str = "account"
    """Id of the limit that an account's requests count against."""
    batch: bool = False
    """Each item of `request` counts."""
    silent: bool = False
    """Its `retMsg` is empty."""


def _get(path: str, operation: Operation, name: str) -> Route[Endpoint]:
    return Route("GET", f"/v5/{path}", Endpoint(operation), name, Security.NONE)


def _ask(path: str, operation: Operation, name: str, budget: str = "account") -> Route[Endpoint]:
    return Route("GET", f"/v5/{path}", Endpoint(operation, budget), name, Security.SIGNED)


def _post(path: str, operation: Operation, name: str, budget: str) -> Route[Endpoint]:
    return Route("POST", f"/v5/{path}", Endpoint(operation, budget), name, Security.SIGNED)


def _order(path: str, operation: Operation, name: str, budget: str, *, batch: bool = False) -> Route[Endpoint]:
    endpoint = Endpoint(operation, budget, batch=batch)
    return Route("POST", f"/v5/order/{path}", endpoint, name, Security.SIGNED)


_MARKET = (
    _get("market/time", market.server_time, "server_time"),
    _get("market/instruments-info", market.instruments, "instruments"),
    _get("market/tickers", market.tickers, "ticker"),
    _get("market/orderbook", market.order_book, "book"),
    _get("market/recent-trade", market.recent_trades, "trades"),
    _get("market/kline", market.klines, "candles"),
    _get("market/mark-price-kline", market.price_klines, "candles"),
    _get("market/index-price-kline", market.price_klines, "candles"),
    _get("market/premium-index-price-kline", market.premium_klines, "candles"),
    _get("market/funding/history", market.funding_history, "funding"),
    _get("market/open-interest", market.open_interest, "open_interest"),
    _get("market/risk-limit", market.risk_limits, "other"),
    _get("market/price-limit", market.price_limit, "other"),
    _get("market/insurance", market.nothing_listed, "other"),
    _get("market/account-ratio", market.nothing_listed, "other"),
    _get("market/delivery-price", account.empty_page, "other"),
    _get("system/status", market.nothing_listed, "other"),
)

_ORDERS = (
    _order("create", orders.create, "place", "create"),
    _order("amend", orders.amend, "amend", "amend"),
    _order("cancel", orders.cancel, "cancel", "cancel"),
    _order("cancel-all", orders.cancel_all, "cancel_all", "cancel-all"),
    _order("create-batch", batches.create_many, "place_many", "create-batch", batch=True),
    _order("amend-batch", batches.amend_many, "amend", "amend-batch", batch=True),
    _order("cancel-batch", batches.cancel_many, "cancel", "cancel-batch", batch=True),
    _post("order/disconnected-cancel-all", settings.guard, "other", "modes"),
    _ask("order/realtime", order_queries.realtime, "open_orders", "open-orders"),
    _ask("order/history", order_queries.history, "order_history", "order-history"),
    _ask("execution/list", order_queries.executions, "fills", "executions"),
)

_POSITIONS = (
    _ask("position/list", positions.positions, "positions", "positions"),
    _ask("position/symbol-info", positions.symbol_info, "other", "symbol-info"),
    _ask("position/closed-pnl", order_queries.closed_profits, "other", "closed-pnl"),
    _post("position/set-leverage", settings.set_leverage, "set_leverage", "leverage"),
    _post("position/switch-isolated", settings.switch_isolated, "set_margin_mode", "modes"),
    _post("position/switch-mode", settings.switch_mode, "set_position_mode", "modes"),
    _post("position/trading-stop", positions.trading_stop, "place", "stops"),
    _post("position/set-auto-add-margin", positions.set_auto_add, "other", "modes"),
    _post("position/add-margin", positions.add_margin, "other", "modes"),
)

_KEY = Route("GET", "/v5/user/query-api", Endpoint(account.key, silent=True), "other", Security.SIGNED)
_ACCOUNT = (
    _KEY,
    _ask("account/info", account.info, "other"),
    _ask("account/wallet-balance", account.wallet_balance, "balances", "wallet"),
    _ask("account/fee-rate", account.fee_rates, "other", "fee-rate"),
    _ask("account/collateral-info", account.collateral, "other"),
    _ask("account/transaction-log", account.empty_page, "other"),
    _post("account/set-margin-mode", settings.set_margin_mode, "set_margin_mode", "modes"),
    _ask("asset/coin/query-info", account.coins, "other"),
    _ask("asset/transfer/query-account-coins-balance", account.funding_wallet, "other"),
)

ROUTES: RouteTable[Endpoint] = RouteTable((*_MARKET, *_ORDERS, *_POSITIONS, *_ACCOUNT))
"""Every path of this venue."""
TRADE = "trade"
"""The surface whose names are those of order frames."""
METHODS = renamed(
    ROUTES,
    TRADE,
    {
        f"order.{name}": ("POST", f"/v5/order/{name}")
        for name in ("create", "amend", "cancel", "create-batch", "amend-batch", "cancel-batch")
    },
)
"""What a frame of the trade connection asks for by its `op`."""
