"""All paths. Source: the vendor's pages of the three surfaces; ccxt 4.5.90 and python-kraken-sdk 3.5.1 for versions."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from venueproof_simulators.host.routing import Route, RouteTable, Security
from venueproof_simulators.venues.kraken.operations import account as accounts
from venueproof_simulators.venues.kraken.operations import (
    batches,
    canceling,
    editing,
    histories,
    market,
    order_queries,
    orders,
    settings,
)
from venueproof_simulators.venues.kraken.operations.desk import Call

Operation = Callable[[Call], object]
DERIVATIVES, HISTORY, CHARTS = "derivatives", "history", "charts"
"""The surfaces, each with an envelope of its own."""
_ROOTS = {DERIVATIVES: "/derivatives/api/v3/", HISTORY: "/api/history/v3/", CHARTS: "/api/charts/v1/"}
_FOURTH = "/derivatives/api/v4/"
_SECOND = "/api/history/v2/"


class Endpoint(Struct, frozen=True):
    """What carries a request out, and on which surface."""

    family: str
    operation: Operation
    status_in: str = ""
    """Where a refused order's status stands in the answer."""
    batch: bool = False
    """Whether its cost grows with its rows."""


def family_of(path: str) -> str:
    """The surface of a path; the trading one for what belongs to none."""
    return next((family for family in (HISTORY, CHARTS) if path.startswith(f"/api/{family}/")), DERIVATIVES)


def _route(
    method: str,
    path: str,
    operation: Operation,
    neutral: str = "other",
    *,
    weight: str = "",
    status_in: str = "",
    batch: bool = False,
) -> Route[Endpoint]:
    """One row; with a cost it is private."""
    return Route(
        method,
        path,
        Endpoint(family_of(path), operation, status_in, batch),
        neutral,
        Security.SIGNED if weight else Security.NONE,
        weight or "free",
    )


def _public(name: str, operation: Operation, neutral: str = "other") -> Route[Endpoint]:
    return _route("GET", _ROOTS[DERIVATIVES] + name, operation, neutral)


def _get(name: str, operation: Operation, neutral: str = "other", weight: str = "look") -> Route[Endpoint]:
    return _route("GET", _ROOTS[DERIVATIVES] + name, operation, neutral, weight=weight)


def _do(
    method: str, name: str, operation: Operation, neutral: str = "other", weight: str = "setting", status_in: str = ""
) -> Route[Endpoint]:
    return _route(method, _ROOTS[DERIVATIVES] + name, operation, neutral, weight=weight, status_in=status_in)


def _past(name: str, operation: Operation, neutral: str = "other", weight: str = "") -> list[Route[Endpoint]]:
    """A history, under both versions: clients differ in the one they ask."""
    return [_route("GET", root + name, operation, neutral, weight=weight) for root in (_SECOND, _ROOTS[HISTORY])]


_MARKET = (
    _public("instruments", market.instruments, "instruments"),
    _public("instruments/status", market.statuses),
    _public("instruments/{symbol}/status", market.status),
    _public("tickers", market.tickers, "ticker"),
    _public("tickers/{symbol}", market.ticker, "ticker"),
    _public("orderbook", market.book, "book"),
    _public("history", market.trades, "trades"),
    _public("feeschedules", market.fee_schedules),
    _public("historicalfundingrates", market.funding_rates, "funding"),
    _route("GET", _FOURTH + "historicalfundingrates", market.funding_rates, "funding"),
    _route("GET", _ROOTS[CHARTS], market.chart_kinds),
    _route("GET", _ROOTS[CHARTS] + "{kind}", market.chart_symbols),
    _route("GET", _ROOTS[CHARTS] + "{kind}/{symbol}", market.chart_resolutions),
    _route("GET", _ROOTS[CHARTS] + "{kind}/{symbol}/{resolution}", market.candles, "candles"),
    *_past("market/{symbol}/executions", histories.market_executions, "trades"),
    *_past("market/{symbol}/orders", histories.market_orders),
    *_past("market/{symbol}/price", histories.market_prices),
)
_TRADING = (
    _do("POST", "sendorder", orders.send, "place", "order", "sendStatus"),
    _do("POST", "editorder", editing.edit, "amend", "order", "editStatus"),
    _do("POST", "cancelorder", canceling.cancel, "cancel", "order", "cancelStatus"),
    _do("POST", "cancelallorders", canceling.cancel_all, "cancel_all", "cancel-all", "cancelStatus"),
    _do("POST", "cancelallordersafter", canceling.count_down, weight="cancel-all"),
    _route("POST", _ROOTS[DERIVATIVES] + "batchorder", batches.batch, "place_many", weight="batch", batch=True),
    _get("openorders", order_queries.open_orders, "open_orders"),
    _get("orders/status", order_queries.states, "order", "status"),
    _do("POST", "orders/status", order_queries.states, "order", "status"),
    _get("fills", order_queries.fills, "fills", "fills"),
)
_ACCOUNT = (
    _get("accounts", accounts.accounts, "balances"),
    _get("openpositions", accounts.positions, "positions"),
    _get("unwindqueue", accounts.unwind_queue, weight="unwind"),
    _get("notifications", accounts.notifications, weight="default"),
    _get("feeschedules/volumes", accounts.fee_volumes, weight="default"),
    _get("subaccounts", accounts.subaccounts, weight="default"),
    _get("leveragepreferences", settings.leverages),
    _do("PUT", "leveragepreferences", settings.set_leverage, "set_leverage"),
    _do("DELETE", "leveragepreferences", settings.clear_leverage, "set_margin_mode"),
    _get("pnlpreferences", settings.profit_units),
    _do("PUT", "pnlpreferences", settings.set_profit_unit),
    _get("self-trade-strategy", settings.strategy, weight="default"),
    _do("PUT", "self-trade-strategy", settings.set_strategy),
    _do("POST", "transfer", accounts.transfer),
    _do("POST", "transfer/subaccount", accounts.transfer_to_subaccount),
    _do("POST", "withdrawal", accounts.withdraw, weight="withdrawal"),
    *_past("orders", histories.orders, "order_history", "history"),
    *_past("triggers", histories.triggers, "order_history", "history"),
    *_past("executions", histories.executions, "fills", "history"),
    *_past("positions", histories.positions, weight="history"),
    *_past("account-log", histories.account_log, weight="log"),
)
ROUTES = RouteTable([*_MARKET, *_TRADING, *_ACCOUNT])
