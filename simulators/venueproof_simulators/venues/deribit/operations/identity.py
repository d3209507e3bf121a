"""Who may do what: accounts with their keys, and tokens with their scopes and ends. All ends are on the age clock.

A scope is a list of words: `trade:read_write`, `account:read`, `session:name`, `connection`, `expires:60`. A token that
a connection was given without a session's name is good on that connection alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from msgspec import Struct

from venueproof_simulators.host.facts import Limits
from venueproof_simulators.host.tokens import token
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.accounts import Account as KitAccount
from venueproof_simulators.kit.refusing import VenueError

_AREAS = ("account", "block_trade", "trade", "wallet")
_LEVELS = {"none": 0, "read": 1, "read_write": 2}
_LEVEL_WORDS = {level: word for word, level in _LEVELS.items()}
_ID_LETTERS = 8
_SECRET_LETTERS = 43
_TOKEN_LETTERS = 64
_Key = TypeVar("_Key")
_DIGITS_MAX = 9


class Account(KitAccount, kw_only=True):
    """One account and its API key, which the venue calls client id."""

    user_id: int


def new_account(seed: int, name: str, number: int) -> Account:
    """An account with keys of this seed."""
    return Account(
        name=name,
        api_key=token(seed, f"{name}-client-id", _ID_LETTERS),
        secret=token(seed, f"{name}-client-secret", _SECRET_LETTERS),
        user_id=number,
    )


class Scope(Struct, frozen=True):
    """What a token is for, read."""

    levels: dict[str, int]
    session: str = ""
    life_s: int = 0
    """How long it lasts, when that was asked for."""

    def allows(self, need: str) -> bool:
        """Whether it is enough for `trade:read` and the like."""
        area, _, level = need.partition(":")
        return self.levels.get(area, 0) >= _LEVELS[level]

    def text(self) -> str:
        """As the venue says it."""
        first = f"session:{self.session}" if self.session else "connection"
        words = [f"{area}:{_LEVEL_WORDS[level]}" for area, level in self.levels.items() if level]
        return " ".join([first, "mainaccount", *words])


def read_scope(text: str | None) -> Scope:
    """A scope that is asked for. What it says nothing of is granted in full. Raises `VenueError`."""
    levels: dict[str, int] = dict.fromkeys(_AREAS, _LEVELS["read_write"])
    session, life_s = "", 0
    for word in (text or "").split():
        name, _, value = word.partition(":")
        if name in levels and value in _LEVELS:
            levels[name] = _LEVELS[value]
        elif name == "session" and value:
            session = value
        elif name == "expires" and value.isascii() and value.isdigit() and len(value) <= _DIGITS_MAX:
            life_s = int(value)
        elif name in levels:
            raise VenueError("not-valid", parameter="scope")
    return Scope(levels, session, life_s)


class Token(Struct):
    """A pair of tokens."""

    access: str
    refresh: str
    account: Account
    scope: Scope
    ends_ns: int
    refresh_ends_ns: int
    connection: int = 0
    """The only connection it is good on; 0: any."""


class Tokens:
    """All tokens of the venue, and the signatures that were used."""

    def __init__(self, seed: int, limits: Limits) -> None:
        self._seed = seed
        self._limits = limits
        self._access: dict[str, Token] = {}
        self._refresh: dict[str, Token] = {}
        self.ever: list[str] = []
        """Every token there was: no journal may hold one."""
        self._used: dict[str, int] = {}
        self._nonces: dict[tuple[str, str], int] = {}
        self.life_s = limits.named("token-life").interval_s

    def issue(self, account: Account, scope: Scope, connection: int, time: VenueTime) -> Token:
        """A new pair. Raises `VenueError` when a key has too many named sessions."""
        self._sweep(time)
        if scope.session:
            self._check_sessions(account, scope.session)
        number = len(self.ever) // 2 + 1
        found = Token(
            access=token(self._seed, f"access-{number}", _TOKEN_LETTERS),
            refresh=token(self._seed, f"refresh-{number}", _TOKEN_LETTERS),
            account=account,
            scope=scope,
            ends_ns=time.age_ns + (scope.life_s or self.life_s) * 10**9,
            refresh_ends_ns=time.age_ns + self._limits.named("refresh-life").interval_s * 10**9,
            connection=0 if scope.session else connection,
        )
        self._access[found.access] = self._refresh[found.refresh] = found
        self.ever += [found.access, found.refresh]
        return found

    def _check_sessions(self, account: Account, name: str) -> None:
        names = {one.scope.session for one in self._access.values() if one.account is account} - {"", name}
        if len(names) >= self._limits.named("sessions-per-key").limit:
            raise VenueError("sessions")

    def _sweep(self, time: VenueTime) -> None:
        """Forget what is of no use any more."""
        for found in [one for one in self._refresh.values() if one.refresh_ends_ns <= time.age_ns]:
            self._refresh.pop(found.refresh)
            self._access.pop(found.access, None)

    def renew(self, refresh: str, connection: int, time: VenueTime) -> Token:
        """A new pair in place of one. Raises `VenueError`."""
        found = self._refresh.pop(refresh, None)
        if found is None or found.refresh_ends_ns <= time.age_ns:
            raise VenueError("credentials")
        return self.issue(found.account, found.scope, connection, time)

    def of_access(self, access: str, connection: int, time: VenueTime) -> Token:
        """The token of a text. Raises `VenueError`."""
        found = self._access.get(access)
        if found is None or found.connection not in (0, connection):
            raise VenueError("token", reason="invalid_token")
        return self.still_good(found, time)

    def still_good(self, found: Token, time: VenueTime) -> Token:
        """The same, unless its time is over. Raises `VenueError`."""
        if found.ends_ns <= time.age_ns:
            raise VenueError("token", reason="token has expired")
        return found

    def invalidate(self, found: Token) -> None:
        """A token is given back."""
        self._access.pop(found.access, None)
        self._refresh.pop(found.refresh, None)

    def expire(self, account: str, time: VenueTime) -> None:
        """Every access token of an account ends now."""
        for found in self._access.values():
            if found.account.name == account:
                found.ends_ns = min(found.ends_ns, time.age_ns)

    def check_moment(self, owner: str, timestamp: str, nonce: str, signature: str, time: VenueTime) -> None:
        """Raises `VenueError` for a timestamp that is too old or ahead, or a signature that was used before.

        The vendor says that a nonce is good once. Clients that take the time in ms for one send it several times within
        that millisecond and are served; so it is good with one timestamp, and what was signed with it is good once, and
        again in the same millisecond.
        """
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 2 * _DIGITS_MAX):
            raise VenueError("malformed", parameter="timestamp")
        if not nonce:
            raise VenueError("malformed", parameter="nonce")
        late_ms = time.wire_ms - int(timestamp)
        window_ms = self._limits.named("signature-window").interval_s * 1000
        if not -self._limits.named("signature-ahead").interval_s * 1000 <= late_ms <= window_ms:
            raise VenueError("credentials")
        self._use(signature, time, window_ms)
        for key in list(_first_old(self._nonces, time.wire_ms - 2 * window_ms)):
            del self._nonces[key]
        if self._nonces.setdefault((owner, nonce), int(timestamp)) != int(timestamp):
            raise VenueError("credentials")

    def _use(self, signature: str, time: VenueTime, window_ms: int) -> None:
        for key in list(_first_old(self._used, time.wire_ms - 2 * window_ms)):
            del self._used[key]
        if self._used.setdefault(signature, time.wire_ms) != time.wire_ms:
            raise VenueError("credentials")


def _first_old(used: dict[_Key, int], before_ms: int) -> Iterable[_Key]:
    """Those at the front that no timestamp in force can be of: they stand in the order of their use."""
    for key, used_ms in used.items():
        if used_ms >= before_ms:
            return
        yield key
