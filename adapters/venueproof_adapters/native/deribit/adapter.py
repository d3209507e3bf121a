"""The adapter for Deribit: perpetuals and dated futures, linear and inverse, and options, all at once.

Requests go over HTTP with an access token; orders say until when they are good. An amendment is made in place; where
the venue refuses that, and for trigger orders, another order is placed and the old one canceled after it.

Candles of four hours, which the venue does not have, are made of shorter ones in the same way whether these were asked
for or streamed (`kit.candles`); streamed are those of a minute.

It is longer than an adapter should be, mutants and documents included: trigger orders are a book of their own whose end
only a history tells, tokens come in two chains, and lists are told in windows of two ages.

Not built: placing orders over the connection (one that asks too often is cut off, and orders must go on), linked
orders, and any setting of margin, which the venue has for whole accounts only.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from venueproof_adapters.kit.assembly import VenueParts, declared, joined, prepare
from venueproof_adapters.kit.managed import VenueBase
from venueproof_adapters.kit.origins import located
from venueproof_adapters.kit.parts import Parts
from venueproof_adapters.native.deribit import wire
from venueproof_adapters.native.deribit.calls import CLIENT_ID, CLIENT_ID_LENGTH, DeribitAccount, DeribitOrders
from venueproof_adapters.native.deribit.instruments import KINDS, instrument
from venueproof_adapters.native.deribit.parse import Parser
from venueproof_adapters.native.deribit.questions import DeribitMarket
from venueproof_adapters.native.deribit.rest import REQUEST_LIFETIME_S, Rest
from venueproof_adapters.native.deribit.signing import Key
from venueproof_adapters.native.deribit.stream import DeribitAccountSource, DeribitMarketSource
from venueproof_contracts.adapter import Adapter
from venueproof_contracts.capabilities import Capability
from venueproof_contracts.model import (
    ClientIdUniqueness,
    Credentials,
    Declaration,
    Endpoint,
    Instrument,
)

log = logging.getLogger("venueproof_adapters.deribit")

_REST = "https://www.deribit.com"
_SOCKETS = "wss://www.deribit.com"
_MISSING = (
    Capability.GOOD_TILL_DATE,
    Capability.PLACE_MANY,
    Capability.CLOSE_POSITION,
    Capability.TRAILING_ACTIVATION,
    Capability.LEVERAGE,
    Capability.MARGIN_MODE,
    Capability.POSITION_MODE,
)


class Deribit(VenueBase):
    """What only the venue knows."""

    def __init__(self, rest: Rest, has_credentials: bool) -> None:
        self._rest = rest
        super().__init__(rest, has_credentials)

    def declaration(self) -> Declaration:
        """What is built."""
        return declared(
            "native-deribit",
            _MISSING,
            request_lifetime_s=REQUEST_LIFETIME_S,
            client_id_unique=ClientIdUniqueness.NEVER,
        )

    async def load(self) -> Sequence[Instrument]:
        """public/get_instruments: without parameters, every currency and kind."""
        rows = await self._rest.ask("instruments", list[wire.InstrumentRow])
        return [instrument(row) for row in rows if row.kind in KINDS]

    async def look_at_account(self) -> None:
        """public/status, which tells texts; and whether this is the test environment, which every answer says."""
        locked = (await self._rest.ask("status", wire.StatusRow)).locked
        if str(locked).lower() != "false":
            log.warning("trading is locked: %s", locked)
        if self._rest.is_test:
            log.warning("this is the venue's test environment")


def build(endpoint: Endpoint, credentials: Credentials, parts: Parts) -> Adapter:
    """An adapter for an endpoint, made of `parts`."""
    ground = prepare(endpoint, credentials, parts, client_id=CLIENT_ID, client_id_length=CLIENT_ID_LENGTH)
    catalog, now_ns = ground.catalog, ground.sync.now_ns
    key, ws = Key(credentials, now_ns), located(endpoint, _SOCKETS, endpoint.ws)
    rest = Rest(located(endpoint, _REST, endpoint.rest), key, ground)
    parser = Parser(catalog, ground.ids)
    orders = DeribitOrders(rest, parser, catalog, parts.decimal_text)
    return joined(
        ground,
        VenueParts(
            venue=Deribit(rest, bool(credentials.get("apiKey"))),
            orders=orders,
            account=DeribitAccount(rest, orders, parser, now_ns),
            market=DeribitMarket(rest, ground),
            account_source=DeribitAccountSource(key, rest, ws, parser, ground.state, now_ns),
            market_source=DeribitMarketSource(rest.judge, ws, catalog),
        ),
    )
