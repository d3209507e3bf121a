"""Every JSON-RPC method: what carries it out, who may ask, what it costs. Source: the vendor's reference, 2026-08."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec import Struct

from venueproof_simulators.venues.deribit.operations import (
    account,
    logging_on,
    market,
    order_queries,
    orders,
    system,
)
from venueproof_simulators.venues.deribit.operations.desk import Call

Operation = Callable[[Call], object]
TRADE, READ_TRADES, READ_ACCOUNT = "trade:read_write", "trade:read", "account:read"
_CREDITS, _MATCHING, _SUBSCRIBE, _INSTRUMENTS, _FREE = "default", "matching", "subscribe", "instruments", "free"


class Method(Struct, frozen=True):
    """One method. `need` is the scope that it asks for (empty: nobody's), `weight` a key of the cost rows."""

    name: str
    operation: Operation
    neutral: str = "other"
    """The contracts' word for it."""
    need: str = ""
    weight: str = _CREDITS
    websocket_only: bool = False
    silent: bool = False
    """It has no answer."""

    @property
    def private(self) -> bool:
        """Whether it is some account's."""
        return self.name.startswith("private/")


def _public(name: str, operation: Operation, neutral: str = "other", weight: str = _CREDITS) -> Method:
    return Method(f"public/{name}", operation, neutral, "", weight)


def _read(name: str, operation: Operation, neutral: str = "other", need: str = READ_TRADES) -> Method:
    return Method(f"private/{name}", operation, neutral, need)


def _trade(name: str, operation: Operation, neutral: str) -> Method:
    return Method(f"private/{name}", operation, neutral, TRADE, _MATCHING)


def _socket(name: str, operation: Operation, need: str = "", weight: str = _CREDITS, silent: bool = False) -> Method:
    return Method(name, operation, "other", need, weight, websocket_only=True, silent=silent)


_PUBLIC = (
    _public("get_time", system.get_time, "server_time"),
    _public("test", system.test, weight=_FREE),
    _public("hello", system.version),
    _public("status", system.status),
    _public("get_currencies", system.get_currencies),
    _public("get_announcements", system.nothing),
    _public("get_combos", system.nothing),
    _public("get_combo_ids", system.nothing),
    _public("auth", logging_on.auth, "stream_credential"),
    _public("fork_token", logging_on.exchange_token, "stream_credential"),
    _public("get_instruments", market.get_instruments, "instruments", _INSTRUMENTS),
    _public("get_instrument", market.get_instrument, "instruments"),
    _public("get_expirations", market.get_expirations),
    _public("get_contract_size", market.get_contract_size),
    _public("ticker", market.ticker, "ticker"),
    _public("get_order_book", market.get_order_book, "book"),
    _public("get_order_book_by_instrument_id", market.get_order_book_by_id, "book"),
    _public("get_book_summary_by_instrument", market.summary_by_instrument, "open_interest"),
    _public("get_book_summary_by_currency", market.summary_by_currency, "open_interest"),
    _public("get_tradingview_chart_data", market.chart, "candles"),
    _public("get_last_trades_by_instrument", market.trades_by_instrument, "trades"),
    _public("get_last_trades_by_instrument_and_time", market.trades_by_instrument, "trades"),
    _public("get_last_trades_by_currency", market.trades_by_currency, "trades"),
    _public("get_last_trades_by_currency_and_time", market.trades_by_currency, "trades"),
    _public("get_funding_rate_value", market.funding_rate_value, "funding"),
    _public("get_funding_rate_history", market.funding_rate_history, "funding"),
    _public("get_delivery_prices", market.get_delivery_prices),
    _public("get_index_price", market.get_index_price),
    _public("get_index", market.get_index_price),
    _public("get_index_price_names", market.get_index_names),
    _public("get_supported_index_names", market.get_index_names),
)
_TRADING = (
    _trade("buy", orders.buy, "place"),
    _trade("sell", orders.sell, "place"),
    _trade("close_position", orders.close_position, "place"),
    _trade("edit", orders.edit, "amend"),
    _trade("edit_by_label", orders.edit_by_label, "amend"),
    _trade("cancel", orders.cancel, "cancel"),
    _trade("cancel_by_label", orders.cancel_by_label, "cancel"),
    _trade("cancel_all", orders.cancel_all, "cancel_all"),
    _trade("cancel_all_by_currency", orders.cancel_all_by_currency, "cancel_all"),
    _trade("cancel_all_by_kind_or_type", orders.cancel_all_by_kind_or_type, "cancel_all"),
    _trade("cancel_all_by_instrument", orders.cancel_all_by_instrument, "cancel_all"),
)
_QUERIES = (
    _read("get_order_state", order_queries.get_order_state, "order"),
    _read("get_order_state_by_label", order_queries.get_order_state_by_label, "order"),
    _read("get_open_orders", order_queries.open_orders, "open_orders"),
    _read("get_open_orders_by_currency", order_queries.open_orders_by_currency, "open_orders"),
    _read("get_open_orders_by_instrument", order_queries.open_orders_by_instrument, "open_orders"),
    _read("get_open_orders_by_label", order_queries.open_orders_by_label, "open_orders"),
    _read("get_order_history_by_instrument", order_queries.history_by_instrument, "order_history"),
    _read("get_order_history_by_currency", order_queries.history_by_currency, "order_history"),
    _read("get_trigger_order_history", order_queries.trigger_history, "order_history"),
    _read("get_user_trades_by_instrument", order_queries.trades_by_instrument, "fills"),
    _read("get_user_trades_by_instrument_and_time", order_queries.trades_by_instrument, "fills"),
    _read("get_user_trades_by_currency", order_queries.trades_by_currency, "fills"),
    _read("get_user_trades_by_currency_and_time", order_queries.trades_by_currency, "fills"),
    _read("get_user_trades_by_order", order_queries.trades_by_order, "fills"),
    _read("get_positions", account.get_positions, "positions"),
    _read("get_position", account.get_position, "positions"),
    _read("get_margins", orders.margins),
    _read("get_account_summary", account.get_account_summary, "balances", READ_ACCOUNT),
    _read("get_account_summaries", account.get_account_summaries, "balances", READ_ACCOUNT),
    _read("get_subaccounts", account.get_subaccounts, "balances", READ_ACCOUNT),
    _read("get_transaction_log", account.transaction_log, "other", READ_ACCOUNT),
    _read("get_settlement_history_by_instrument", account.settlements_by_instrument),
    _read("get_settlement_history_by_currency", account.settlements_by_currency),
    _read("change_margin_model", account.change_margin_model, "set_margin_mode", "account:read_write"),
)
_SOCKET = (
    _socket("public/subscribe", logging_on.subscribe, weight=_SUBSCRIBE),
    _socket("private/subscribe", logging_on.subscribe_private, READ_ACCOUNT, _SUBSCRIBE),
    _socket("public/unsubscribe", logging_on.unsubscribe),
    _socket("private/unsubscribe", logging_on.unsubscribe, READ_ACCOUNT),
    _socket("public/unsubscribe_all", logging_on.unsubscribe_all),
    _socket("private/unsubscribe_all", logging_on.unsubscribe_all, READ_ACCOUNT),
    _socket("public/set_heartbeat", logging_on.set_heartbeat),
    _socket("public/disable_heartbeat", logging_on.disable_heartbeat),
    _socket("private/logout", logging_on.logout, READ_ACCOUNT, silent=True),
    _socket("private/enable_cancel_on_disconnect", logging_on.enable_cancel_on_disconnect, READ_ACCOUNT),
    _socket("private/disable_cancel_on_disconnect", logging_on.disable_cancel_on_disconnect, READ_ACCOUNT),
    _socket("private/get_cancel_on_disconnect", logging_on.get_cancel_on_disconnect, READ_ACCOUNT),
)


def _by_name(methods: Iterable[Method]) -> dict[str, Method]:
    found: dict[str, Method] = {}
    for method in methods:
        if method.name in found:
            raise ValueError(f"two rows for {method.name}")
        found[method.name] = method
    return found


METHODS = _by_name((*_PUBLIC, *_TRADING, *_QUERIES, *_SOCKET))
"""All of them, by name."""
