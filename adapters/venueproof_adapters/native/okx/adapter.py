"""The adapter for OKX swaps, linear and inverse.

Orders are changed in place; conditional ones by another order in their stead, which is placed before the old one is
canceled: that is what `place-then-cancel` declares. One account trades all products, in a margin mode that each order
names; leverage belongs to the mode. An endpoint whose streams are those of demo trading is demo trading.

Not built: order placement over WebSocket, and both margin modes on one instrument at a time.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from venueproof_adapters.kit.assembly import VenueParts, declared, joined, prepare
from venueproof_adapters.kit.managed import VenueBase
from venueproof_adapters.kit.parts import Parts
from venueproof_adapters.native.okx import wire
from venueproof_adapters.native.okx.calls import CLIENT_ID, CLIENT_ID_LENGTH, HEDGE, OkxAccount, OkxOrders
from venueproof_adapters.native.okx.instruments import instruments
from venueproof_adapters.native.okx.margin import Modes
from venueproof_adapters.native.okx.parse import Parser
from venueproof_adapters.native.okx.products import SWAP, Product, hosts_of, product_of
from venueproof_adapters.native.okx.questions import OkxMarket
from venueproof_adapters.native.okx.rest import REQUEST_LIFETIME_S, Rest
from venueproof_adapters.native.okx.signing import signer_of
from venueproof_adapters.native.okx.stream import OkxAccountSource, OkxMarketSource
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

log = logging.getLogger("venueproof_adapters.okx")

_SPOT_LEVEL = "1"


class Okx(VenueBase):
    """What only the venue knows."""

    def __init__(self, product: Product, rest: Rest, account: OkxAccount, has_credentials: bool) -> None:
        self._product = product
        self._rest = rest
        self._account = account
        super().__init__(rest, has_credentials)

    def declaration(self) -> Declaration:
        """What is built."""
        return declared(
            "native-okx",
            (Capability.GOOD_TILL_DATE,),
            request_lifetime_s=REQUEST_LIFETIME_S,
            client_id_unique=ClientIdUniqueness.OPEN_ORDERS,
        )

    async def load(self) -> Sequence[Instrument]:
        """GET public/instruments."""
        rows = await self._rest.ask("instruments", list[wire.InstrumentRow], instType=SWAP)
        listed = instruments(rows, self._product)
        self._rest.count_apart(listed)
        return listed

    async def look_at_account(self) -> None:
        """GET account/config, and the margin modes of what is held."""
        config = await self._account.config()
        if config.acct_lv == _SPOT_LEVEL:
            raise Unsupported("the account is in spot mode, in which no swap is traded: set another account mode")
        if config.pos_mode == HEDGE:
            log.warning("the account is in hedge mode: orders must name their leg")
        await self._account.positions()


def build(endpoint: Endpoint, credentials: Credentials, parts: Parts) -> Adapter:
    """An adapter for an endpoint, made of `parts`."""
    ground = prepare(endpoint, credentials, parts, client_id=CLIENT_ID, client_id_length=CLIENT_ID_LENGTH)
    product, hosts, catalog, now_ns = (
        product_of(endpoint.product),
        hosts_of(endpoint),
        ground.catalog,
        ground.sync.now_ns,
    )
    signer, modes = signer_of(credentials, hosts.demo), Modes()
    rest = Rest(hosts, signer, ground)
    parser = Parser(catalog, ground.ids)
    orders = OkxOrders(rest, parser, modes, parts.decimal_text)
    account = OkxAccount(rest, orders, parser, modes, now_ns, parts.decimal_text)
    return joined(
        ground,
        VenueParts(
            venue=Okx(product, rest, account, bool(signer.key)),
            orders=orders,
            account=account,
            market=OkxMarket(rest, ground),
            account_source=OkxAccountSource(hosts, signer, rest, ground.sync, parser, catalog, ground.state),
            market_source=OkxMarketSource(hosts, rest, catalog),
        ),
    )
