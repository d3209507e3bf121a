"""Intent ids as client order ids: as they are where they fit, else with escapes, else as a digest of themselves."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from typing import cast

from venueproof_contracts.model import Order

_WRITES = "vpZ"
"""What an id begins with that was written with escapes."""
_ESCAPES = {"Z": "ZZ", "-": "ZD", "_": "ZU"}
"""How letters are written that a venue does not take: so that a later run can read whose order it was."""
_LETTERS = {written: letter for letter, written in _ESCAPES.items()}
_WRITTEN = re.compile(r"vpZ([A-Ya-z0-9]|ZZ|ZD|ZU)+")


class ClientIds:
    """Both directions. A client id that this adapter did not make is its own intent id."""

    def __init__(
        self,
        conditional_keys: Collection[str] = (),
        plain_keys: Collection[str] = (),
        fits: str = "[A-Za-z0-9_-]{1,32}",
        said_keys: Collection[str] = (),
    ) -> None:
        """Nothing is mapped yet. `conditional_keys` stand in a venue's words on a conditional order only, `plain_keys`
        on every other one, `said_keys` on both, but say something on a conditional one only; `fits`: what it takes as a
        client order id.
        """
        self._intent_ids: dict[str, str] = {}
        self._by_venue_id: dict[tuple[str, str], str] = {}
        self._conditional_keys = frozenset(conditional_keys)
        self._plain_keys = frozenset(plain_keys)
        self._said_keys = tuple(said_keys)
        self._fits = re.compile(fits)

    def is_conditional(self, info: object) -> bool:
        """Whether the venue's own words, as ccxt hands them on, are about a conditional order."""
        if not isinstance(info, Mapping):
            return False
        words = cast("Mapping[str, object]", info)
        lacks = bool(self._plain_keys) and self._plain_keys.isdisjoint(words)
        said = any(words.get(key) for key in self._said_keys)
        return lacks or said or not self._conditional_keys.isdisjoint(words)

    def client_id(self, intent_id: str) -> str:
        """The client order id of an intent, always the same."""
        if self._fits.fullmatch(intent_id) and not intent_id.startswith(_WRITES):
            return intent_id
        written = _WRITES + "".join(_ESCAPES.get(letter, letter) for letter in intent_id)
        if self._fits.fullmatch(written):
            return written
        client_id = "vp" + hashlib.sha256(intent_id.encode()).hexdigest()[:30]
        self._intent_ids[client_id] = intent_id
        return client_id

    def intent_id(self, client_id: str) -> str:
        """The intent of a client order id."""
        if client_id.startswith(_WRITES) and self._intent_ids.get(client_id) is None:
            return _read(client_id)
        return self._intent_ids.get(client_id, client_id)

    def learn(self, order: Order) -> Order:
        """Remember whose order this is; gives it back. A conditional one counts where it keeps its number."""
        keeps = bool(self._said_keys) or not order.ref.conditional
        if order.ref.venue_id and order.ref.intent_id and keeps:
            self._by_venue_id[order.ref.instrument, order.ref.venue_id] = order.ref.intent_id
        return order

    def intent_of(self, instrument: str, venue_id: str) -> str:
        """The intent of an order that was seen before, empty for another: ccxt's trades name orders only so."""
        return self._by_venue_id.get((instrument, venue_id), "")


def _read(client_id: str) -> str:
    """The intent of an id that was written with escapes; an id that was not is its own intent id."""
    if not _WRITTEN.fullmatch(client_id):
        return client_id
    return re.sub("Z[ZDU]", lambda found: _LETTERS[found[0]], client_id[len(_WRITES) :])
