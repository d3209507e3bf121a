"""What differs between the products, and where the venue is. Source: the vendor's pages on instruments and hosts."""

from __future__ import annotations

from msgspec import Struct

from venueproof_adapters.kit.origins import located
from venueproof_contracts.errors import Unsupported
from venueproof_contracts.model import ContractUnit, Endpoint

SWAP = "SWAP"
"""`instType` of every product here: one account trades all of them."""
_REST = "https://www.okx.com"
_STREAMS = "wss://ws.okx.com:8443"
_DEMO_STREAMS = "wss://wspap.okx.com:8443"


class Product(Struct, frozen=True):
    """One of the venue's products. `contract_type` is the venue's word for it."""

    name: str
    contract_type: str
    contract_unit: ContractUnit


_PRODUCTS = {
    "linear": Product("linear", "linear", ContractUnit.BASE),
    "inverse": Product("inverse", "inverse", ContractUnit.QUOTE),
}


def product_of(name: str) -> Product:
    """A product by name. Raises `Unsupported` for one that is not built."""
    if name not in _PRODUCTS:
        raise Unsupported(f"no product {name!r} here; there are {', '.join(_PRODUCTS)}")
    return _PRODUCTS[name]


class Hosts(Struct, frozen=True):
    """Where requests and streams go. Demo trading has streams of its own, and a header on each request."""

    rest: str
    streams: str
    demo: bool

    def stream(self, line: str) -> str:
        """The address of `public`, `private` or `business`."""
        return f"{self.streams}/ws/v5/{line}"


def hosts_of(endpoint: Endpoint) -> Hosts:
    """The hosts of an endpoint; one whose streams are those of demo trading is demo trading.

    An account of another region is served on that region's hosts alone: give those as the endpoint's own.
    """
    given = endpoint.ws.rstrip("/")
    demo = given in (_DEMO_STREAMS, endpoint.origins.get(_DEMO_STREAMS, "").rstrip("/"))
    streams = located(endpoint, _DEMO_STREAMS if demo else _STREAMS, given)
    return Hosts(located(endpoint, _REST, endpoint.rest), streams, demo)
