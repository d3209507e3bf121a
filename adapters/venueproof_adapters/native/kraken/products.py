"""What differs between the venue's products, as data. Source: the vendor's instruments page; recordings of it."""

from __future__ import annotations

from msgspec import Struct

from venueproof_adapters.kit.origins import located
from venueproof_contracts.capabilities import Capability
from venueproof_contracts.errors import Unsupported
from venueproof_contracts.model import ContractUnit, Endpoint

ORIGIN, STREAM_ORIGIN = "https://futures.kraken.com", "wss://futures.kraken.com"
STREAM_PATH = "/ws/v1"


class Product(Struct, frozen=True):
    """Contracts of one kind; the venue tells all of them together."""

    name: str
    kind: str
    """`type` of its instruments."""
    contract_unit: ContractUnit
    flexible: bool
    """Margined by all the account's collateral; else by an account for each coin, where nothing can be isolated."""
    missing: frozenset[Capability]

    def settle(self, base: str, quote: str) -> str:
        """What it is settled in."""
        return quote if self.flexible else base


_NOWHERE = frozenset({Capability.GOOD_TILL_DATE, Capability.CLOSE_POSITION, Capability.POSITION_MODE})
_PRODUCTS = {
    "linear": Product("linear", "flexible_futures", ContractUnit.BASE, flexible=True, missing=_NOWHERE),
    "inverse": Product(
        "inverse",
        "futures_inverse",
        ContractUnit.QUOTE,
        flexible=False,
        missing=_NOWHERE | {Capability.LEVERAGE, Capability.MARGIN_MODE},
    ),
}


def product_of(name: str) -> Product:
    """A product by name. Raises `Unsupported` for one that is not built."""
    if name not in _PRODUCTS:
        raise Unsupported(f"no product {name!r} here; there are {', '.join(_PRODUCTS)}")
    return _PRODUCTS[name]


def urls(endpoint: Endpoint) -> tuple[str, str]:
    """REST and stream roots: the official ones through a proxy, else where the endpoint says they are."""
    return located(endpoint, ORIGIN, endpoint.rest), located(endpoint, STREAM_ORIGIN, endpoint.ws) + STREAM_PATH
