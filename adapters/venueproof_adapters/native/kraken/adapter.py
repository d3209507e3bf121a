"""The adapter for Kraken Futures: linear multi-collateral contracts and inverse ones of a coin each.

A plain order is amended in place. A conditional one is replaced, and the new one is placed first. A trailing order is
left to the venue; where the venue takes none, a stop at the venue is moved from here.

What changes something says until when the venue must have looked at it, so that nothing is carried out long after we
gave it up. Not built: the newer WebSocket with order entry, transfers between wallets.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from venueproof_adapters.kit.assembly import VenueParts, declared, joined, prepare
from venueproof_adapters.kit.managed import VenueBase
from venueproof_adapters.kit.parts import Parts
from venueproof_adapters.native.kraken import wire
from venueproof_adapters.native.kraken.account import KrakenAccount
from venueproof_adapters.native.kraken.calls import CLIENT_ID, CLIENT_ID_LENGTH, KrakenOrders
from venueproof_adapters.native.kraken.known import Known
from venueproof_adapters.native.kraken.parse import Parser, instrument
from venueproof_adapters.native.kraken.products import Product, product_of, urls
from venueproof_adapters.native.kraken.questions import KrakenMarket
from venueproof_adapters.native.kraken.rest import REQUEST_LIFETIME_S, Rest, Signer
from venueproof_adapters.native.kraken.stream import KrakenAccountSource, KrakenMarketSource
from venueproof_adapters.native.kraken.trailing import Trailing
from venueproof_contracts.adapter import Adapter
from venueproof_contracts.model import (
    ClientIdUniqueness,
    Credentials,
    Declaration,
    Endpoint,
    Instrument,
)

log = logging.getLogger("venueproof_adapters.kraken")


class Kraken(VenueBase):
    """What only the venue knows."""

    def __init__(
        self, product: Product, rest: Rest, account: KrakenAccount, known: Known, trailing: Trailing, key: str
    ) -> None:
        self._product = product
        self._rest = rest
        self._account = account
        self._known = known
        self._trailing = trailing
        super().__init__(rest, bool(key))

    def declaration(self) -> Declaration:
        """What is built."""
        return declared(
            "native-kraken",
            self._product.missing,
            request_lifetime_s=REQUEST_LIFETIME_S,
            client_id_unique=ClientIdUniqueness.OPEN_ORDERS,
        )

    async def load(self) -> Sequence[Instrument]:
        """GET instruments: those of the product, and what else their rows say."""
        rows = (await self._rest.ask("instruments", wire.Instruments)).instruments
        listed = [(row, instrument(row, self._product)) for row in rows if row.type == self._product.kind]
        for row, one in listed:
            if row.maker_protection_millis:
                self._known.protected.add(one.symbol)
            if row.margin_levels and row.margin_levels[0].initial_margin:
                self._account.leverage_max[one.symbol] = 1 / row.margin_levels[0].initial_margin
        return [one for _, one in listed]

    async def look_at_account(self) -> None:
        """Say so where the account has no flexible part, which linear contracts are margined by."""
        accounts = (await self._rest.ask("accounts", wire.Accounts)).accounts
        if self._product.flexible and "flex" not in accounts:
            log.warning("the account has no multi-collateral part: balances are those of its single-collateral ones")

    async def close(self) -> None:
        """Stops that are moved from here stay where they are."""
        await self._trailing.close()


def build(endpoint: Endpoint, credentials: Credentials, parts: Parts) -> Adapter:
    """An adapter for an endpoint, made of `parts`."""
    ground = prepare(endpoint, credentials, parts, client_id=CLIENT_ID, client_id_length=CLIENT_ID_LENGTH)
    product, catalog, state, now_ns = product_of(endpoint.product), ground.catalog, ground.state, ground.sync.now_ns
    rest_url, ws_url = urls(endpoint)
    rest = Rest(rest_url, credentials, ground)
    known = Known()
    parser = Parser(catalog, ground.ids, known)
    trailing = Trailing(rest, state, parts.decimal_text)
    orders = KrakenOrders(rest, parser, trailing, parts.decimal_text, now_ns)
    account = KrakenAccount(product, rest, orders, parser)
    signer = Signer(credentials)
    return joined(
        ground,
        VenueParts(
            venue=Kraken(product, rest, account, known, trailing, signer.key),
            orders=orders,
            account=account,
            market=KrakenMarket(product, rest, ground),
            account_source=KrakenAccountSource(product, ws_url, signer, parser, catalog, state, now_ns),
            market_source=KrakenMarketSource(ws_url, catalog),
        ),
    )
