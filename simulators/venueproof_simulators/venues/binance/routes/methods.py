"""The WebSocket API mounts operations: which method asks for what, who must prove what, and what it costs.

A row stands once, as in `table`: `_BOTH` is known on both surfaces, the rest on one of them. A surface is the path that
a connection was opened on. COIN-M has no algo methods there and no market data.

Source: the vendor's WebSocket API pages and SDKs of both products.
"""

from __future__ import annotations

from venueproof_simulators.host.routing import Route, RouteTable, Security
from venueproof_simulators.venues.binance import products
from venueproof_simulators.venues.binance.operations import (
    account,
    algos,
    amending,
    market,
    order_queries,
    orders,
    placing,
    user_stream,
)
from venueproof_simulators.venues.binance.routes.table import KEY, NONE, SIGNED, Endpoint, Operation, OrderCost

SURFACES = {"/ws-fapi/v1": products.USD_MARGINED, "/ws-dapi/v1": products.COIN_MARGINED}
"""Path of a connection → its product."""

_Row = tuple[str, Operation, str, Security, str, OrderCost | None]


def _method(
    name: str,
    operation: Operation,
    word: str,
    weight: str = "default",
    security: Security = SIGNED,
    orders: OrderCost | None = None,
) -> _Row:
    return name, operation, word, security, weight, orders


_BOTH = (
    _method("order.place", placing.place, "place", "order-place", orders=(1, 1)),
    _method("order.modify", amending.amend, "amend", "order-place", orders=(1, 1)),
    _method("order.cancel", orders.cancel, "cancel"),
    _method("order.status", order_queries.order, "order"),
    _method("userDataStream.start", user_stream.start, "stream_credential", security=KEY),
    _method("userDataStream.ping", user_stream.keep_alive, "stream_credential", security=KEY),
    _method("userDataStream.stop", user_stream.close, "stream_credential", security=KEY),
)

_USD_ONLY = (
    _method("algoOrder.place", algos.place_over_socket, "place", "order-place", orders=(1, 1)),
    _method("algoOrder.cancel", algos.cancel, "cancel"),
    _method("account.position", account.risk_v2, "positions", "account"),
    _method("v2/account.position", account.risk_v3, "positions", "account"),
    _method("account.balance", account.balance, "balances", "account"),
    _method("v2/account.balance", account.balance, "balances", "account"),
    _method("account.status", account.status, "balances", "account"),
    _method("v2/account.status", account.status_v2, "balances", "account"),
    _method("depth", market.depth, "book", "depth", NONE),
    _method("ticker.price", market.price_ticker, "ticker", "ticker-price", NONE),
    _method("ticker.book", market.book_ticker_over_socket, "ticker", "ticker-book", NONE),
)

_COIN_ONLY = (
    _method("account.position", account.risk_coin, "positions", "account"),
    _method("account.balance", account.balance_coin, "balances", "account"),
    _method("account.status", account.status_coin, "balances", "account"),
)


def _mounted(surface: str, *rows: _Row) -> list[Route[Endpoint]]:
    product = SURFACES[surface]
    return [
        Route(surface, name, Endpoint(operation, product, orders), word, security, weight)
        for name, operation, word, security, weight, orders in rows
    ]


METHODS: RouteTable[Endpoint] = RouteTable(
    (*_mounted("/ws-fapi/v1", *_BOTH, *_USD_ONLY), *_mounted("/ws-dapi/v1", *_BOTH, *_COIN_ONLY))
)
"""Every method of the WebSocket API, by surface and name. Those of a session itself are in `frames`."""
