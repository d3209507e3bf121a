"""The adapter for Bybit V5 futures, linear and inverse, of unified accounts.

Plain orders are amended in place. A conditional order is replaced: another one is placed and the old one canceled after
it, which is what `place-then-cancel` declares. A trailing stop is the venue's own, bound to the position: it closes all
of it, and a venue that refuses it leaves nothing behind; it is told as one order under the intent's id by the process
that set it.

The margin mode is one for the whole account, also for contracts of the other product.

Longer than most: the venue's streams have rows of their own, trailing stops are no orders to it, and it has two ways
to send an order. Orders go over REST, and over the trade connection with `replaced(Parts(), orders_over_socket=True)`.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from venueproof_adapters.kit.assembly import VenueParts, declared, joined, prepare
from venueproof_adapters.kit.managed import VenueBase
from venueproof_adapters.kit.parts import Parts
from venueproof_adapters.native.bybit import wire
from venueproof_adapters.native.bybit.account import BybitAccount
from venueproof_adapters.native.bybit.calls import CLIENT_ID, CLIENT_ID_LENGTH, BybitOrders
from venueproof_adapters.native.bybit.parse import Parser, margin_mode
from venueproof_adapters.native.bybit.products import Product, product_of, roots
from venueproof_adapters.native.bybit.questions import BybitMarket
from venueproof_adapters.native.bybit.rest import REQUEST_LIFETIME_S, Rest
from venueproof_adapters.native.bybit.stream import BybitAccountSource, BybitMarketSource
from venueproof_adapters.native.bybit.trade import Trade
from venueproof_adapters.native.bybit.trailing import Trailing
from venueproof_contracts.adapter import Adapter
from venueproof_contracts.capabilities import Capability
from venueproof_contracts.errors import Unsupported
from venueproof_contracts.model import (
    ClientIdUniqueness,
    Credentials,
    Declaration,
    Endpoint,
    Instrument,
)

log = logging.getLogger("venueproof_adapters.bybit")

_INSTRUMENTS_PAGE = 1000


class Bybit(VenueBase):
    """What only the venue knows."""

    def __init__(self, product: Product, rest: Rest, trade: Trade, parser: Parser, has_credentials: bool) -> None:
        self._trade = trade
        self._product = product
        self._rest = rest
        self._parser = parser
        super().__init__(rest, has_credentials)

    def declaration(self) -> Declaration:
        """What is built."""
        return declared(
            "native-bybit",
            self._missing(),
            request_lifetime_s=REQUEST_LIFETIME_S,
            client_id_unique=ClientIdUniqueness.EVER,
        )

    def _missing(self) -> tuple[Capability, ...]:
        missing = (Capability.GOOD_TILL_DATE,)
        return missing if self._product.hedge_coin else (*missing, Capability.POSITION_MODE)

    async def load(self) -> Sequence[Instrument]:
        """GET market/instruments-info."""
        rows = await self._rest.rows("instruments", wire.InstrumentRow, limit=_INSTRUMENTS_PAGE)
        return [self._parser.instrument(row) for row in rows]

    async def look_at_account(self) -> None:
        """GET user/query-api and account/info: it must be a unified account, of a generation that holds these
        contracts in the unified wallet."""
        key = await self._rest.ask("key-info", wire.KeyInfo)
        info = await self._rest.ask("account-info", wire.AccountInfo)
        if key.uta != 1 or info.unified_margin_status not in self._product.generations:
            raise Unsupported(f"{self._product.name} contracts of this account are not in a unified wallet")
        if margin_mode(info.margin_mode) is None:
            raise Unsupported(f"margin mode {info.margin_mode!r} is not known here")
        if info.margin_mode == "PORTFOLIO_MARGIN":
            log.warning("portfolio margin: leverage cannot be set, and is not told")

    async def close(self) -> None:
        """End the trade connection."""
        await self._trade.close()


def build(endpoint: Endpoint, credentials: Credentials, parts: Parts) -> Adapter:
    """An adapter for an endpoint, made of `parts`."""
    ground = prepare(endpoint, credentials, parts, client_id=CLIENT_ID, client_id_length=CLIENT_ID_LENGTH)
    product, catalog, now_ns = product_of(endpoint.product), ground.catalog, ground.sync.now_ns
    rest_url, ws_url = roots(endpoint)
    rest = Rest(product, rest_url, credentials, ground)
    parser = Parser(product, catalog, ground.ids)
    trade = Trade(rest, ws_url, ground)
    rest.trade = trade.exchange if parts.orders_over_socket else None
    trailing = Trailing(product, rest, parser, parts.decimal_text, now_ns)
    orders = BybitOrders(product, rest, parser, trailing, catalog, parts.decimal_text)
    return joined(
        ground,
        VenueParts(
            venue=Bybit(product, rest, trade, parser, bool(credentials.get("apiKey"))),
            orders=orders,
            account=BybitAccount(product, rest, orders, parser, catalog, parts.decimal_text, now_ns),
            market=BybitMarket(product, rest, ground),
            account_source=BybitAccountSource(product, rest, ws_url, parser, ground.state),
            market_source=BybitMarketSource(product, ws_url, catalog),
        ),
    )
