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

import zlib
from collections.abc import Sequence
from decimal import Decimal
from importlib.metadata import PackageNotFoundError, version

from venueproof_adapters.kit.account_stream import RECOVERY_BOUND_S, AccountStream
from venueproof_adapters.kit.amender import Amender
from venueproof_adapters.kit.catalog import Catalog
from venueproof_adapters.kit.desk import Desk
from venueproof_adapters.kit.managed import ManagedAdapter, Works
from venueproof_adapters.kit.market_stream import MarketStream
from venueproof_adapters.kit.own import Own
from venueproof_adapters.kit.parts import Parts
from venueproof_adapters.kit.socket import SocketOptions
from venueproof_adapters.kit.state import Events, State
from venueproof_adapters.native.binance import wire
from venueproof_adapters.native.binance.calls import CLIENT_ID, CLIENT_ID_LENGTH, BinanceAccount, BinanceOrders
from venueproof_adapters.native.binance.instruments import instrument, limits
from venueproof_adapters.native.binance.parse import Parser
from venueproof_adapters.native.binance.products import Product, product_of
from venueproof_adapters.native.binance.questions import BinanceMarket
from venueproof_adapters.native.binance.rest import REQUEST_LIFETIME_S, Rest
from venueproof_adapters.native.binance.stream import BinanceAccountSource, BinanceMarketSource
from venueproof_contracts.adapter import Adapter
from venueproof_contracts.capabilities import Capability, Support
from venueproof_contracts.model import (
    AdapterKind,
    AmendManner,
    ClientIdUniqueness,
    Credentials,
    Declaration,
    Endpoint,
    Instrument,
)


class Binance:
    """What only the venue knows."""

    def __init__(self, product: Product, rest: Rest, has_credentials: bool) -> None:
        self._product = product
        self._rest = rest
        self.has_credentials = has_credentials

    def declaration(self) -> Declaration:
        """What is built."""
        return Declaration(
            name="native-binance",
            version=_version(),
            kind=AdapterKind.MANAGED,
            capabilities=dict.fromkeys(Capability, Support.FULL) | self._missing(),
            request_lifetime_s=Decimal(REQUEST_LIFETIME_S),
            client_id_unique=ClientIdUniqueness.OPEN_ORDERS,
            amend=AmendManner.PLACE_THEN_CANCEL,
            recovery_bound_s=Decimal(RECOVERY_BOUND_S),
            trailing="native",
        )

    def _missing(self) -> dict[Capability, Support]:
        return {} if self._product.good_till_date else {Capability.GOOD_TILL_DATE: Support.MISSING}

    async def server_time(self) -> int:
        """GET time."""
        return await self._rest.server_time()

    async def load(self) -> Sequence[Instrument]:
        """GET exchangeInfo."""
        info = await self._rest.ask("instruments", wire.ExchangeInfo)
        self._rest.set_limits(limits(info))
        return [instrument(row, self._product) for row in info.symbols]


def build(endpoint: Endpoint, credentials: Credentials, parts: Parts) -> Adapter:
    """An adapter for an endpoint, made of `parts`."""
    clock = parts.clock()
    # Seeded by the key: the same on each run, and two accounts do not come back in step.
    random = parts.random(zlib.crc32(credentials.get("apiKey", "").encode()))
    product = product_of(endpoint.product)
    rest_url, ws_url = product.urls(endpoint)
    options = SocketOptions(proxy=endpoint.proxy, ca=endpoint.ca)
    reconnects = parts.reconnects(random)
    sync = parts.clock_sync(clock)
    now_ns = sync.now_ns
    http = parts.http(proxy=endpoint.proxy, ca=endpoint.ca)
    rest = Rest(product, rest_url, credentials, http, sync, parts.budget(now_ns), parts.backoff(random))

    catalog, ids, events = Catalog(), parts.ids(CLIENT_ID, CLIENT_ID_LENGTH), Events()
    parser, state = Parser(catalog, ids), State(parts, ids, events, catalog)
    source = BinanceAccountSource(product, rest, ws_url, parser, catalog, state)
    account_stream = AccountStream(parts, source, catalog, state, now_ns, reconnects, options)
    orders = BinanceOrders(product, rest, parser, parts.decimal_text)
    desk = Desk(parts, clock, now_ns, orders, catalog, state, account_stream.watch)
    account = BinanceAccount(rest, orders, parser, catalog, now_ns)
    own = Own(account, catalog, state, desk, now_ns)
    account_stream.connect_to(own)
    market = BinanceMarket(parts, rest, catalog, now_ns)
    market_source = BinanceMarketSource(product, ws_url, catalog)
    market_stream = MarketStream(parts, market_source, market, catalog, events, now_ns, reconnects, options)
    return ManagedAdapter(
        Works(
            venue=Binance(product, rest, bool(credentials.get("apiKey"))),
            http=http,
            clock_sync=sync,
            catalog=catalog,
            events=events,
            market=market,
            market_stream=market_stream,
            desk=desk,
            amender=Amender(orders, catalog, state, desk),
            own=own,
            account_stream=account_stream,
            settings=account,
        )
    )


def _version() -> str:
    try:
        return version("venueproof")
    except PackageNotFoundError:
        return "unknown"
