"""What differs between the venue's products, as data. Source: the vendor's V5 pages and its integration guidance."""

from __future__ import annotations

from msgspec import Struct

from venueproof_adapters.kit.origins import located
from venueproof_contracts.errors import Unsupported
from venueproof_contracts.model import ContractUnit, Endpoint

_REST = "https://api.bybit.com"
_STREAM = "wss://stream.bybit.com"
_DEMO = "stream-demo"


class Product(Struct, frozen=True):
    """One category of the venue."""

    name: str
    """Also the venue's own word, which stands in every request."""
    contract_unit: ContractUnit
    asks_by_coin: bool
    """Lists of all symbols are asked for by settle coin."""
    hedge_coin: str
    """Whose contracts can have two legs; empty where none can."""
    generations: frozenset[int]
    """`unifiedMarginStatus` of the accounts that hold these contracts in the unified wallet."""


_LINEAR = Product("linear", ContractUnit.BASE, True, "USDT", generations=frozenset({3, 4, 5, 6}))
_INVERSE = Product("inverse", ContractUnit.QUOTE, False, "", generations=frozenset({5, 6}))
_PRODUCTS = {product.name: product for product in (_LINEAR, _INVERSE)}


def product_of(name: str) -> Product:
    """A product by name. Raises `Unsupported` for one that is not built."""
    if name not in _PRODUCTS:
        raise Unsupported(f"no product {name!r} here; there are {', '.join(_PRODUCTS)}")
    return _PRODUCTS[name]


def roots(endpoint: Endpoint) -> tuple[str, str]:
    """Roots of REST and streams."""
    return located(endpoint, _REST, endpoint.rest), located(endpoint, _STREAM, endpoint.ws)
