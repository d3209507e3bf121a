"""HTTP mounts operations: which path asks for what, who must prove what, and what it is counted against.

A row's weight is an id of `facts/limits.toml`; what that begins with says by whom it is counted.

Source: the vendor's endpoint pages by way of ccxt 4.5.90, python-okx 0.4.4 and nautilus_trader.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from venueproof_simulators.host.routing import Route, RouteTable, Security
from venueproof_simulators.venues.okx.limits import AMEND, CANCEL, PLACE
from venueproof_simulators.venues.okx.operations import (
    account,
    algos,
    market,
    order_queries,
    orders,
    settings,
    startup,
)
from venueproof_simulators.venues.okx.operations.desk import Call

Operation = Callable[[Call], Any]
PREFIX = "/api/v5/"


class Endpoint(Struct, frozen=True):
    """What a path carries out. `orders`: the kind of orders that it takes, `batch` whether as a list."""

    operation: Operation
    orders: str = ""
    batch: bool = False
    listed: bool = False
    """The body is a list."""
    about: tuple[str, ...] = ()
    """Parameters that a public endpoint is counted by besides the address."""


def _public(path: str, operation: Operation, name: str = "other", limit: str = "", *about: str) -> Route[Endpoint]:
    weight = f"ip:{limit or path}"
    return Route("GET", PREFIX + path, Endpoint(operation, about=about), name, Security.NONE, weight)


def _asked(path: str, operation: Operation, name: str = "other", limit: str = "") -> Route[Endpoint]:
    return Route("GET", PREFIX + path, Endpoint(operation), name, Security.SIGNED, f"user:{limit or path}")


def _told(path: str, operation: Operation, name: str = "other", limit: str = "") -> Route[Endpoint]:
    return Route("POST", PREFIX + path, Endpoint(operation), name, Security.SIGNED, f"user:{limit or path}")


def _orders(path: str, operation: Operation, name: str, kind: str, *, batch: bool = False) -> Route[Endpoint]:
    endpoint = Endpoint(operation, kind, batch, listed=batch)
    return Route("POST", PREFIX + path, endpoint, name, Security.SIGNED, f"order:{kind}")


def _list(path: str, operation: Operation, name: str, limit: str) -> Route[Endpoint]:
    return Route("POST", PREFIX + path, Endpoint(operation, listed=True), name, Security.SIGNED, f"user:{limit}")


_MARKET = (
    _public("public/time", market.server_time, "server_time"),
    _public("public/instruments", market.instruments, "instruments", "", "instType"),
    _public("market/ticker", market.ticker, "ticker"),
    _public("market/tickers", market.tickers, "ticker"),
    _public("market/books", market.books, "book"),
    _public("market/books-full", market.full_books, "book"),
    _public("market/candles", market.candles, "candles"),
    _public("market/history-candles", market.history_candles, "candles"),
    _public("market/mark-price-candles", market.mark_candles, "candles", "price-candles"),
    _public("market/history-mark-price-candles", market.history_mark_candles, "candles", "price-candles"),
    _public("market/index-candles", market.index_candles, "candles", "price-candles"),
    _public("market/history-index-candles", market.history_index_candles, "candles", "price-candles"),
    _public("market/trades", market.trades, "trades"),
    _public("market/history-trades", market.history_trades, "trades"),
    _public("market/index-tickers", market.index_tickers),
    _public("public/funding-rate", market.funding_rate, "funding", "", "instId"),
    _public("public/funding-rate-history", market.funding_history, "funding", "", "instId"),
    _public("public/open-interest", market.open_interest, "open_interest"),
    _public("public/mark-price", market.mark_price),
    _public("public/price-limit", market.price_limit),
    _public("public/position-tiers", market.position_tiers),
    _public("system/status", market.system_status),
)
_ACCOUNT = (
    _asked("account/config", account.config),
    _asked("account/balance", account.balance, "balances"),
    _asked("account/positions", account.positions, "positions"),
    _asked("account/positions-history", account.positions_history),
    _asked("account/account-position-risk", account.account_position_risk, limit="account/other"),
    _asked("account/leverage-info", account.leverage_info),
    _asked("account/trade-fee", account.trade_fee),
    _asked("account/bills", account.bills),
    _asked("account/bills-archive", account.bills, limit="account/bills"),
    _asked("account/instruments", market.account_instruments, "instruments"),
    _asked("account/max-size", account.max_size),
    _asked("account/max-avail-size", account.max_available_size, limit="account/max-size"),
    _asked("account/greeks", account.greeks, limit="account/other"),
    _told("account/set-leverage", settings.set_leverage, "set_leverage"),
    _told("account/set-position-mode", settings.set_position_mode, "set_position_mode"),
    _told("account/set-account-level", settings.set_account_level),
    _told("account/position/margin-balance", settings.move_margin, limit="account/margin-balance"),
    _asked("asset/currencies", startup.currencies, limit="asset"),
    _asked("asset/balances", account.asset_balances, limit="asset"),
)
_TRADE = (
    _orders("trade/order", orders.place, "place", PLACE),
    _orders("trade/batch-orders", orders.place_many, "place_many", PLACE, batch=True),
    _orders("trade/amend-order", orders.amend, "amend", AMEND),
    _orders("trade/amend-batch-orders", orders.amend_many, "amend", AMEND, batch=True),
    _orders("trade/cancel-order", orders.cancel, "cancel", CANCEL),
    _orders("trade/cancel-batch-orders", orders.cancel_many, "cancel", CANCEL, batch=True),
    _told("trade/close-position", orders.close_position),
    _told("trade/mass-cancel", orders.mass_cancel, "cancel_all"),
    _told("trade/cancel-all-after", orders.cancel_after),
    _told("trade/order-precheck", account.precheck),
    _asked("trade/order", order_queries.order, "order", "trade/order-get"),
    _asked("trade/orders-pending", order_queries.pending, "open_orders"),
    _asked("trade/orders-history", order_queries.history, "order_history"),
    _asked("trade/orders-history-archive", order_queries.archive, "order_history"),
    _asked("trade/fills", order_queries.fills, "fills"),
    _asked("trade/fills-history", order_queries.fills_history, "fills"),
    _asked("trade/account-rate-limit", account.account_rate_limit),
    _told("trade/order-algo", algos.place, "place"),
    _told("trade/amend-algos", algos.amend, "amend"),
    _list("trade/cancel-algos", algos.cancel, "cancel", "trade/cancel-algos"),
    _list("trade/cancel-advance-algos", algos.cancel, "cancel", "trade/cancel-algos"),
    _asked("trade/order-algo", algos.query, "order"),
    _asked("trade/orders-algo-pending", algos.pending, "open_orders", "trade/algos"),
    _asked("trade/orders-algo-history", algos.history, "order_history", "trade/algos"),
)

ROUTES: RouteTable[Endpoint] = RouteTable((*_MARKET, *_ACCOUNT, *_TRADE))
"""Every path of this venue."""
PATHS = frozenset(route.path for route in ROUTES.routes)
"""Paths that exist, whatever the method."""
