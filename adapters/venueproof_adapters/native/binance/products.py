"""What differs between the venue's two products, as data. Source: the vendor's general information pages of each."""

from __future__ import annotations

from msgspec import Struct

from venueproof_adapters.kit.origins import located
from venueproof_contracts.errors import Unsupported
from venueproof_contracts.model import ContractUnit, Endpoint

PUBLIC, MARKET = "public", "market"


class Product(Struct, frozen=True):
    """One of the venue's products. Paths of the market streams are by line: `market` carries what is not `public`."""

    name: str
    rest_origin: str
    stream_origin: str
    root: str
    """Of its REST paths."""
    lines: dict[str, str]
    private: str
    """Path of the account's stream, before the listen key."""
    contract_unit: ContractUnit
    good_till_date: bool
    tells_account_config: bool

    def line(self, name: str) -> str:
        """The connection that carries what the linear product has on this one."""
        return name if name in self.lines else next(iter(self.lines))

    def urls(self, endpoint: Endpoint) -> tuple[str, str]:
        """REST and stream roots: the official ones through a proxy, else where the endpoint says they are."""
        rest = located(endpoint, self.rest_origin, endpoint.rest)
        return rest, located(endpoint, self.stream_origin, endpoint.ws)


_LINEAR = Product(
    name="linear",
    rest_origin="https://fapi.binance.com",
    stream_origin="wss://fstream.binance.com",
    root="/fapi/",
    lines={PUBLIC: "/public/ws", MARKET: "/market/ws"},
    private="/private/ws?listenKey=",
    contract_unit=ContractUnit.BASE,
    good_till_date=True,
    tells_account_config=True,
)
_INVERSE = Product(
    name="inverse",
    rest_origin="https://dapi.binance.com",
    stream_origin="wss://dstream.binance.com",
    root="/dapi/",
    lines={MARKET: "/ws"},
    private="/ws/",
    contract_unit=ContractUnit.QUOTE,
    good_till_date=False,
    tells_account_config=False,
)
_PRODUCTS = {product.name: product for product in (_LINEAR, _INVERSE)}


def product_of(name: str) -> Product:
    """A product by name. Raises `Unsupported` for one that is not built."""
    if name not in _PRODUCTS:
        raise Unsupported(f"no product {name!r} here; there are {', '.join(_PRODUCTS)}")
    return _PRODUCTS[name]
