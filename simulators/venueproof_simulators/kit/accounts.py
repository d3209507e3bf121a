"""Accounts of a venue: who they are, and who holds which key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

from msgspec import Struct

from venueproof_simulators.engine.state import PositionSide
from venueproof_simulators.kit.refusing import VenueError

_NET_LEG = (PositionSide.NET,)
_BOTH_LEGS = (PositionSide.LONG, PositionSide.SHORT)


class Account(Struct, kw_only=True):
    """One account and its settings. A venue extends it with what only it keeps (passphrase, ids, tokens)."""

    name: str
    """As in the engine."""
    api_key: str
    secret: str
    hedged: bool = False
    """Two legs an instrument, long and short: as the engine last told of the whole account."""
    hedged_on: dict[str, bool] = {}
    """The same of instruments that have a mode of their own."""

    @property
    def legs(self) -> tuple[PositionSide, ...]:
        """The legs that it has on each instrument."""
        return _BOTH_LEGS if self.hedged else _NET_LEG

    def hedges(self, instrument: str) -> bool:
        """Whether it has two legs on an instrument."""
        return self.hedged_on.get(instrument, self.hedged)


AccountT = TypeVar("AccountT", bound=Account)


def of_environment(environment: str, credentials: Mapping[str, str]) -> dict[str, str]:
    """Credentials as they are named where those of several environments stand together: `demoApiKey`."""
    return {f"{environment}{key[0].upper()}{key[1:]}": text for key, text in credentials.items()}


class Accounts(Generic[AccountT]):
    """All accounts, by name and by any key that names one."""

    def __init__(self) -> None:
        self._named: dict[str, AccountT] = {}
        self._keyed: dict[str, AccountT] = {}

    def add(self, account: AccountT) -> None:
        """A new account."""
        self._named[account.name] = self._keyed[account.api_key] = account

    def get(self, name: str) -> AccountT | None:
        """An account by name; None when there is none."""
        return self._named.get(name)

    def named(self, name: str) -> AccountT:
        """An account by name. Raises `LookupError`."""
        return self._named[name]

    def of_key(self, api_key: str) -> AccountT | None:
        """Who holds an API key; None when nobody does."""
        return self._keyed.get(api_key)

    def holder(self, api_key: str, unknown: str) -> AccountT:
        """Who holds an API key. Raises `VenueError` of the key `unknown` when nobody does."""
        found = self._keyed.get(api_key)
        if found is None:
            raise VenueError(unknown)
        return found

    def __iter__(self) -> Iterator[AccountT]:
        """All, oldest first."""
        return iter(self._named.values())
