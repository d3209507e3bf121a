"""Listen keys: one per account and product, valid for an hour from the last renewal.

Source: the vendor's "user data streams" page. POST gives the same key again and extends it; PUT extends; DELETE ends
every stream on it. While the quirk of shared keys is off, an account has one key for both products, and its streams
carry both. Times in ns of the age clock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial

from msgspec import Struct

from venueproof_simulators.host.alarms import Alarms
from venueproof_simulators.host.switches import Switches
from venueproof_simulators.host.tokens import token
from venueproof_simulators.host.venue import VenueTime

Gone = Callable[[str, bool, VenueTime], None]
"""Told of a key that ended: the key, whether its holders get to know, and when."""
SILENT = "binance.ws.listen-key-silent-drop"
SEPARATE = "binance.ws.listen-key-separate"
_SHARED = ""
_KEYS_KEPT = 1000


def _nobody(key: str, told: bool, time: VenueTime) -> None:
    """Nobody listens yet."""


class Owner(Struct, frozen=True):
    """Whose key it is, and of which product; empty for both."""

    account: str
    product: str

    def hears(self, account: str, product: str) -> bool:
        """Whether its streams carry what concerns an account on a product (empty: on either)."""
        return self.account == account and (product == _SHARED or self.product in {product, _SHARED})


class ListenKeys:
    """All keys in force."""

    def __init__(self, seed: int, life_ns: int, alarms: Alarms, switches: Switches) -> None:
        self._seed = seed
        self._life_ns = life_ns
        self._alarms = alarms
        self._switches = switches
        self._serial = 0
        self._owners: dict[str, Owner] = {}
        self.ever: deque[str] = deque(maxlen=_KEYS_KEPT)
        """The keys given out last, in force or not: none of them is to be seen in a journal."""
        self.gone: Gone = _nobody

    def owner(self, key: str) -> Owner | None:
        """Whose key it is; None when it is not in force."""
        return self._owners.get(key)

    def heard_by(self, account: str, product: str) -> list[str]:
        """The keys in force whose streams carry what concerns an account on a product."""
        return [key for key, owner in self._owners.items() if owner.hears(account, product)]

    def _key_of(self, account: str, product: str) -> str | None:
        owner = Owner(account, product if self._switches.on(SEPARATE) else _SHARED)
        return next((key for key, other in self._owners.items() if other == owner), None)

    def create(self, account: str, product: str, time: VenueTime) -> str:
        """The account's key for a product, extended; a new one when it has none."""
        key = self._key_of(account, product)
        if key is None:
            self._serial += 1
            key = token(self._seed, f"listen-key-{account}-{self._serial}")
            self._owners[key] = Owner(account, product if self._switches.on(SEPARATE) else _SHARED)
            self.ever.append(key)
        self._extend(key, time)
        return key

    def renew(self, account: str, product: str, time: VenueTime) -> str | None:
        """Extend the account's key for a product and return it; None when it has none."""
        key = self._key_of(account, product)
        if key is not None:
            self._extend(key, time)
        return key

    def delete(self, account: str, product: str, time: VenueTime) -> bool:
        """End the account's key for a product; nobody on its streams is told. False when there is none."""
        key = self._key_of(account, product)
        if key is not None:
            self._end(key, silent=True, time=time)
        return key is not None

    def expire(self, account: str, *, silent: bool, time: VenueTime) -> None:
        """End the account's keys for all products, with or without a word."""
        for key in self.heard_by(account, _SHARED):
            self._end(key, silent=silent, time=time)

    def _end(self, key: str, *, silent: bool, time: VenueTime) -> None:
        self._alarms.clear(("listen-key", key))
        del self._owners[key]
        self.gone(key, not silent, time)

    def _extend(self, key: str, time: VenueTime) -> None:
        self._alarms.set(("listen-key", key), time.age_ns + self._life_ns, partial(self._aged, key))

    def _aged(self, key: str, time: VenueTime) -> None:
        self._end(key, silent=self._switches.on(SILENT), time=time)
