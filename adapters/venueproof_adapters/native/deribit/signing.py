"""How the adapter proves who asks: a signature for the first token, each token for the next.

A token is renewed half a minute before its end. Over HTTP it goes along with each private request; a connection that
was given one needs nothing more. Source: the vendor's page on authentication.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Awaitable, Callable

from venueproof_adapters.kit.clock import MS_NS, SECOND_NS
from venueproof_adapters.kit.rising import Rising
from venueproof_adapters.native.deribit.wire import TokenRow
from venueproof_contracts.errors import AuthFailed, Rejected
from venueproof_contracts.model import Credentials

Proof = dict[str, object]
RENEW_BEFORE_S = 30


def signature(secret: str, timestamp: str, nonce: str, data: str = "") -> str:
    """Hex HMAC-SHA256 over time, nonce and data, a line break after each of the first two."""
    return hmac.new(secret.encode(), f"{timestamp}\n{nonce}\n{data}".encode(), hashlib.sha256).hexdigest()


class Key:
    """The client id and its secret, which never leaves this program."""

    def __init__(self, credentials: Credentials, now_ns: Callable[[], int]) -> None:
        self._id = credentials.get("apiKey", "")
        self._secret = credentials.get("secret", "")
        self._now_ns = now_ns
        self._nonces = Rising()
        self.worked = False
        """Whether the venue ever took a signature of it."""

    def proof(self) -> Proof:
        """What public/auth is asked with. Raises `AuthFailed` without a key."""
        if not self._id:
            raise AuthFailed("there is no key")
        now_ms = self._now_ns() // MS_NS
        nonce = str(self._nonces.next(now_ms))
        return {
            "grant_type": "client_signature",
            "client_id": self._id,
            "timestamp": now_ms,
            "nonce": nonce,
            "data": "",
            "signature": signature(self._secret, str(now_ms), nonce),
        }


Ask = Callable[[Proof], Awaitable[TokenRow]]
"""Asks public/auth."""
Correct = Callable[[AuthFailed], Awaitable[None]]
"""Reads the venue's clock anew; raises the refusal when that cannot be done."""


class Login:
    """One chain of tokens: that of all HTTP requests, or that of one connection.

    The venue has one code for a wrong key and a wrong time: a key that was good before is tried by the right time.
    """

    def __init__(self, key: Key, now_ns: Callable[[], int], ask: Ask, correct: Correct) -> None:
        self._key = key
        self._now_ns = now_ns
        self._ask = ask
        self._correct = correct
        self._lock = asyncio.Lock()
        self._token: TokenRow | None = None
        self._renew_ns = 0

    def renew_in_s(self) -> float:
        """How long the token need not be renewed."""
        return max(0.0, (self._renew_ns - self._now_ns()) / SECOND_NS)

    async def token(self) -> str:
        """A token that is good for a while, got or renewed where there is none."""
        async with self._lock:
            if self._token is None or not self.renew_in_s():
                self._take(await self._renewed(self._token))
            assert self._token is not None
            return self._token.access_token

    def forget(self, access_token: str) -> None:
        """The venue takes this token no more, unless it was exchanged meanwhile: the next is signed for."""
        if self._token is not None and self._token.access_token == access_token:
            self._token = None

    async def _renewed(self, token: TokenRow | None) -> TokenRow:
        if token is not None:
            try:
                return await self._ask({"grant_type": "refresh_token", "refresh_token": token.refresh_token})
            except (AuthFailed, Rejected):  # its time is over as well: a signature is always good
                self._token = None
        try:
            return await self._ask(self._key.proof())
        except AuthFailed as error:
            if not self._key.worked:
                raise
            await self._correct(error)
            return await self._ask(self._key.proof())

    def _take(self, token: TokenRow) -> None:
        self._token, self._key.worked = token, True
        good_s = max(token.expires_in - RENEW_BEFORE_S, token.expires_in // 2)
        self._renew_ns = self._now_ns() + good_s * SECOND_NS
