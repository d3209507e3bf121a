"""The adapter for Binance futures, linear (USDⓈ-M) and inverse (COIN-M).

An amendment is made in place where the venue does that. Where it does not (conditional orders, an order amended too
often, a venue that refuses) another order is placed for what is left of the asked total and the old one canceled after
it: that is what `place-then-cancel` declares. A conditional order that closes a position stands alone on this venue, so
there the old one goes first, and comes back when the new one is refused.

The venue counts requests of both products together and tells the sum with each reply. Adapters of one program that are
to know it before share a limiter: `replaced(Parts(), budget=lambda _: limiter)`.

Not built: order placement over WebSocket.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from venueproof_adapters.kit.assembly import VenueParts, declared, joined, prepare
from venueproof_adapters.kit.managed import VenueBase
from venueproof_adapters.kit.parts import Parts
from venueproof_adapters.native.binance import wire
from venueproof_adapters.native.binance.calls import CLIENT_ID, CLIENT_ID_LENGTH, BinanceAccount, BinanceOrders
from venueproof_adapters.native.binance.instruments import instrument, limits
from venueproof_adapters.native.binance.parse import Parser
from venueproof_adapters.native.binance.products import Product, product_of
from venueproof_adapters.native.binance.questions import BinanceMarket
from venueproof_adapters.native.binance.rest import REQUEST_LIFETIME_S, Rest
from venueproof_adapters.native.binance.stream import BinanceAccountSource, BinanceMarketSource
from venueproof_contracts.adapter import Adapter
from venueproof_contracts.capabilities import Capability
from venueproof_contracts.model import (
    ClientIdUniqueness,
    Credentials,
    Declaration,
    Endpoint,
    Instrument,
)

log = logging.getLogger("venueproof_adapters.binance")


class Binance(VenueBase):
    """What only the venue knows."""

    def __init__(self, product: Product, rest: Rest, has_credentials: bool) -> None:
        self._product = product
        self._rest = rest
        super().__init__(rest, has_credentials)

    def declaration(self) -> Declaration:
        """What is built."""
        return declared(
            "native-binance",
            () if self._product.good_till_date else (Capability.GOOD_TILL_DATE,),
            request_lifetime_s=REQUEST_LIFETIME_S,
            client_id_unique=ClientIdUniqueness.OPEN_ORDERS,
        )

    async def load(self) -> Sequence[Instrument]:
        """GET exchangeInfo."""
        info = await self._rest.ask("instruments", wire.ExchangeInfo)
        self._rest.set_limits(limits(info))
        return [instrument(row, self._product) for row in info.symbols]

    async def look_at_account(self) -> None:
        """GET accountConfig, which inverse products do not have."""
        if not self._product.tells_account_config:
            return
        config = await self._rest.ask("account-config", wire.AccountConfigRow)
        if not config.can_trade:
            log.warning("the account may not trade")
        if config.multi_assets_margin:
            log.warning("multi-assets mode: every asset of the account is margin, and none can be isolated")


def build(endpoint: Endpoint, credentials: Credentials, parts: Parts) -> Adapter:
    """An adapter for an endpoint, made of `parts`."""
    ground = prepare(endpoint, credentials, parts, client_id=CLIENT_ID, client_id_length=CLIENT_ID_LENGTH)
    product, catalog, now_ns = product_of(endpoint.product), ground.catalog, ground.sync.now_ns
    rest_url, ws_url = product.urls(endpoint)
    rest = Rest(product, rest_url, credentials, ground)
    parser = Parser(catalog, ground.ids)
    orders = BinanceOrders(product, rest, parser, parts.decimal_text)
    return joined(
        ground,
        VenueParts(
            venue=Binance(product, rest, bool(credentials.get("apiKey"))),
            orders=orders,
            account=BinanceAccount(rest, orders, parser, catalog, now_ns),
            market=BinanceMarket(rest, ground),
            account_source=BinanceAccountSource(product, rest, ws_url, parser, catalog, ground.state),
            market_source=BinanceMarketSource(product, ws_url, catalog),
        ),
    )
