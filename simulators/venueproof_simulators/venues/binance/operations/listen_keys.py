"""Listen keys: one per account, valid for an hour from the last renewal.

Source: the vendor's "user data streams" page. POST gives the same key again and extends it; PUT extends; DELETE ends
every stream on it. Times in ns of the age clock.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from venueproof_simulators.host.alarms import Alarms
from venueproof_simulators.host.switches import Switches
from venueproof_simulators.host.tokens import token
from venueproof_simulators.host.venue import VenueTime

Gone = Callable[[str, bool, VenueTime], None]
"""Told of a key that ended: the key, whether its holders get to know, and when."""
SILENT = "binance.ws.listen-key-silent-drop"


def _nobody(key: str, told: bool, time: VenueTime) -> None:
    """Nobody listens yet."""


class ListenKeys:
    """All keys in force."""

    def __init__(self, seed: int, life_ns: int, alarms: Alarms, switches: Switches) -> None:
        self._seed = seed
        self._life_ns = life_ns
        self._alarms = alarms
        self._switches = switches
        self._serial = 0
        self._accounts: dict[str, str] = {}
        self.ever: list[str] = []
        """Every key given out so far."""
        self.gone: Gone = _nobody

    def account(self, key: str) -> str | None:
        """Whose key it is; None when it is not in force."""
        return self._accounts.get(key)

    def key_of(self, account: str) -> str | None:
        """The account's key in force."""
        return next((key for key, holder in self._accounts.items() if holder == account), None)

    def create(self, account: str, time: VenueTime) -> str:
        """The account's key, extended; a new one when it has none."""
        key = self.key_of(account)
        if key is None:
            self._serial += 1
            key = token(self._seed, f"listen-key-{account}-{self._serial}")
            self._accounts[key] = account
            self.ever.append(key)
        self._extend(key, time)
        return key

    def renew(self, account: str, time: VenueTime) -> str | None:
        """Extend the account's key and return it; None when it has none."""
        key = self.key_of(account)
        if key is not None:
            self._extend(key, time)
        return key

    def delete(self, account: str, time: VenueTime) -> bool:
        """End the account's key; nobody on its streams is told. False when there is none."""
        return self.expire(account, silent=True, time=time)

    def expire(self, account: str, *, silent: bool, time: VenueTime) -> bool:
        """End the account's key, with or without a word. False when there is none."""
        key = self.key_of(account)
        if key is None:
            return False
        self._alarms.clear(("listen-key", key))
        del self._accounts[key]
        self.gone(key, not silent, time)
        return True

    def _extend(self, key: str, time: VenueTime) -> None:
        account = self._accounts[key]
        self._alarms.set(("listen-key", key), time.age_ns + self._life_ns, partial(self._aged, account))

    def _aged(self, account: str, time: VenueTime) -> None:
        self.expire(account, silent=self._switches.on(SILENT), time=time)
