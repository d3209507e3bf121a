"""Intent ids as client order ids: as they are where they fit, else as a digest of themselves."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from typing import cast

from venueproof_contracts.model import Order

_FITS = re.compile(r"[A-Za-z0-9_-]{1,32}")
"""What every venue behind ccxt takes as a client order id."""


class ClientIds:
    """Both directions. A client id that this adapter did not make is its own intent id."""

    def __init__(self, conditional_keys: Collection[str] = ()) -> None:
        """Nothing is mapped yet. `conditional_keys` stand in a venue's words on a conditional order only."""
        self._intent_ids: dict[str, str] = {}
        self._by_venue_id: dict[tuple[str, str], str] = {}
        self._conditional_keys = frozenset(conditional_keys)

    def is_conditional(self, info: object) -> bool:
        """Whether the venue's own words, as ccxt hands them on, are about a conditional order."""
        return isinstance(info, Mapping) and not self._conditional_keys.isdisjoint(cast("Mapping[str, object]", info))

    def client_id(self, intent_id: str) -> str:
        """The client order id of an intent, always the same."""
        if _FITS.fullmatch(intent_id):
            return intent_id
        client_id = "vp" + hashlib.sha256(intent_id.encode()).hexdigest()[:30]
        self._intent_ids[client_id] = intent_id
        return client_id

    def intent_id(self, client_id: str) -> str:
        """The intent of a client order id."""
        return self._intent_ids.get(client_id, client_id)

    def learn(self, order: Order) -> Order:
        """Remember whose order this is; gives it back."""
        if order.ref.venue_id and order.ref.intent_id and not order.ref.conditional:
            self._by_venue_id[order.ref.instrument, order.ref.venue_id] = order.ref.intent_id
        return order

    def intent_of(self, instrument: str, venue_id: str) -> str:
        """The intent of an order that was seen before, empty for another: ccxt's trades name orders only so."""
        return self._by_venue_id.get((instrument, venue_id), "")
