"""Opens a ccxt exchange for an endpoint: which id, with which keys, over which URLs."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.resources import files
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from venueproof_contracts.model import ClientIdUniqueness, Credentials, Endpoint

Exchange = Any
"""A ccxt exchange. ccxt ships no usable types for its asynchronous classes."""


class ExchangeRow(Struct, frozen=True, forbid_unknown_fields=True):
    """One row of `ccxt_ids.toml`."""

    venue: str
    product: str
    id: str
    sub_type: str
    client_id_unique: ClientIdUniqueness
    request_lifetime_s: int
    conditional_keys: tuple[str, ...]
    source: str
    client_ids: str = "[A-Za-z0-9_-]{1,32}"
    """What the venue takes as a client order id, as a regular expression."""
    plain_keys: tuple[str, ...] = ()
    said_keys: tuple[str, ...] = ()
    order_params: dict[str, bool] = {}
    """What ccxt wants to be told before it asks for one order."""
    order_by: str = "clientOrderId"
    """The parameter under which ccxt asks for an order by its client id."""
    cancel_by: str = "clientOrderId"
    """The parameter under which ccxt cancels an order by its client id."""
    positions_params: dict[str, str] = {}
    balance_params: dict[str, str] = {}
    """What ccxt wants to be told to ask for the balances of the product."""
    waiting_params: tuple[dict[str, bool | str], ...] = ({"trigger": True},)
    """What ccxt wants to be told to list conditional orders: each kind that it lists apart."""


class _Rows(Struct, frozen=True, forbid_unknown_fields=True):
    exchange: list[ExchangeRow]


@cache
def exchange_rows() -> tuple[ExchangeRow, ...]:
    """Every venue and product that ccxt serves, as far as it is written down."""
    text = (files(__package__ or "") / "ccxt_ids.toml").read_text(encoding="utf-8")
    return tuple(msgspec.convert(tomllib.loads(text), _Rows).exchange)


def row_for(venue: str, product: str) -> ExchangeRow:
    """The row of a venue's product. Raises `LookupError` when there is none."""
    for row in exchange_rows():
        if (row.venue, row.product) == (venue, product):
            return row
    raise LookupError(f"no ccxt exchange is known for {venue} {product}; add a row to ccxt_ids.toml")


def ccxt_pro() -> ModuleType:
    """The module of ccxt's streaming exchanges. Raises `LookupError` when ccxt is not installed."""
    try:
        return import_module("ccxt.pro")
    except ModuleNotFoundError as error:
        raise LookupError("ccxt is not installed; install venueproof[ccxt]") from error


def open_exchange(endpoint: Endpoint, credentials: Credentials) -> tuple[Exchange, ExchangeRow]:
    """A fresh exchange and its row. Raises `LookupError` when ccxt has none for this endpoint."""
    row = row_for(endpoint.venue, endpoint.product)
    kind = getattr(ccxt_pro(), row.id, None)
    if kind is None:
        raise LookupError(f"this ccxt has no exchange {row.id}; venueproof[ccxt] installs one that has")
    exchange = kind({**credentials, **_proxy_settings(endpoint)})
    if not endpoint.proxy:
        exchange.urls["api"] = _redirected(exchange.urls["api"], endpoint, exchange.hostname or "")
    return exchange, row


def _proxy_settings(endpoint: Endpoint) -> dict[str, str]:
    if not endpoint.proxy:
        return {}
    settings = {"httpsProxy": endpoint.proxy, "wssProxy": endpoint.proxy}
    return {**settings, "cafile": endpoint.ca} if endpoint.ca else settings


def _redirected(urls: Any, endpoint: Endpoint, hostname: str) -> Any:
    """ccxt's tree of URLs with scheme and host of every leaf swapped for the endpoint's; paths stay."""
    if isinstance(urls, Mapping):
        return {key: _redirected(value, endpoint, hostname) for key, value in urls.items()}  # pyright: ignore[reportUnknownVariableType]
    official = urlsplit(str(urls).replace("{hostname}", hostname))
    fallback = endpoint.ws if official.scheme.startswith("ws") else endpoint.rest
    local = endpoint.origins.get(f"{official.scheme}://{official.netloc}", fallback)
    return local.rstrip("/") + official.path
