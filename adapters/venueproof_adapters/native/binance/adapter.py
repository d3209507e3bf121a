"""The adapter for Binance USDⓈ-M futures.

Built: market data, orders of the types limit and market, amendment, account, streams. Not built: conditional and
trailing orders (another service of the venue), order placement over WebSocket, COIN-M.

An amendment is made in place where the venue does that; an order it refuses to amend is canceled and placed anew, so
at most one order lives at any time, and for a moment perhaps none: that is what `cancel-then-place` declares.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from decimal import Decimal
from importlib.metadata import PackageNotFoundError, version

from venueproof_adapters.kit.account_stream import RECOVERY_BOUND_S, AccountStream
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

REST_ORIGIN = "https://fapi.binance.com"
STREAM_ORIGIN = "wss://fstream.binance.com"

_MISSING = frozenset({Capability.CONDITIONAL, Capability.TRAILING, Capability.CLOSE_POSITION})


class Binance:
    """What only the venue knows."""

    def __init__(self, rest: Rest, has_credentials: bool) -> None:
        self._rest = rest
        self.has_credentials = has_credentials

    def declaration(self) -> Declaration:
        """What is built."""
        return Declaration(
            name="native-binance",
            version=_version(),
            kind=AdapterKind.MANAGED,
            capabilities={one: Support.MISSING if one in _MISSING else Support.FULL for one in Capability},
            request_lifetime_s=Decimal(REQUEST_LIFETIME_S),
            client_id_unique=ClientIdUniqueness.OPEN_ORDERS,
            amend=AmendManner.CANCEL_THEN_PLACE,
            recovery_bound_s=Decimal(RECOVERY_BOUND_S),
        )

    async def server_time(self) -> int:
        """GET time."""
        return await self._rest.server_time()

    async def load(self) -> Sequence[Instrument]:
        """GET exchangeInfo."""
        info = await self._rest.ask("instruments", wire.ExchangeInfo)
        self._rest.set_limits(limits(info))
        return [instrument(row) for row in info.symbols]


def build(endpoint: Endpoint, credentials: Credentials, parts: Parts) -> Adapter:
    """An adapter for an endpoint, made of `parts`."""
    clock = parts.clock()
    # Seeded by the key: the same on each run, and two accounts do not come back in step.
    random = parts.random(zlib.crc32(credentials.get("apiKey", "").encode()))
    rest_url, ws_url = _urls(endpoint)
    options = SocketOptions(proxy=endpoint.proxy, ca=endpoint.ca)
    reconnects = parts.reconnects(random)
    sync = parts.clock_sync(clock)
    now_ns = sync.now_ns
    http = parts.http(proxy=endpoint.proxy, ca=endpoint.ca)
    rest = Rest(rest_url, credentials, http, sync, parts.budget(now_ns), parts.backoff(random))

    catalog, ids, events = Catalog(), parts.ids(CLIENT_ID, CLIENT_ID_LENGTH), Events()
    parser, state = Parser(catalog, ids), State(parts, ids, events)
    source = BinanceAccountSource(rest, ws_url, parser, catalog, state)
    account_stream = AccountStream(parts, source, catalog, state, now_ns, reconnects, options)
    orders = BinanceOrders(rest, parser, parts.decimal_text)
    desk = Desk(parts, clock, now_ns, orders, catalog, state, account_stream.watch)
    account = BinanceAccount(rest, parser, catalog, now_ns)
    own = Own(account, catalog, state, desk, now_ns)
    account_stream.connect_to(own)
    market = BinanceMarket(parts, rest, catalog, now_ns)
    market_source = BinanceMarketSource(ws_url, catalog)
    market_stream = MarketStream(parts, market_source, market, catalog, events, now_ns, reconnects, options)
    return ManagedAdapter(
        Works(
            venue=Binance(rest, bool(credentials.get("apiKey"))),
            http=http,
            clock_sync=sync,
            catalog=catalog,
            events=events,
            market=market,
            market_stream=market_stream,
            desk=desk,
            own=own,
            account_stream=account_stream,
            settings=account,
        )
    )


def _urls(endpoint: Endpoint) -> tuple[str, str]:
    """REST and stream roots: the official ones through a proxy, else where the endpoint says they are."""
    if endpoint.proxy:
        return REST_ORIGIN, STREAM_ORIGIN
    rest = endpoint.origins.get(REST_ORIGIN, endpoint.rest)
    stream = endpoint.origins.get(STREAM_ORIGIN, endpoint.ws)
    return rest.rstrip("/"), stream.rstrip("/")


def _version() -> str:
    try:
        return version("venueproof")
    except PackageNotFoundError:
        return "unknown"
