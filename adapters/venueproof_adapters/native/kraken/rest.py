"""How requests are written and signed here, and what they cost.

The signature covers query and body exactly as they are sent, the nonce, and the path from `/api` on. A nonce is needed
by nobody, and rises where it is sent; ours are made of the venue's own time, so that they also rise from one program to
the next whatever this computer's clock does. The venue bears some disorder on the way, so requests need not wait for
each other. Source: the vendor's page on REST authentication.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import cast
from urllib.parse import quote, urlencode

import msgspec

from venueproof_adapters.kit.callfile import read_calls
from venueproof_adapters.kit.clock import SECOND_NS
from venueproof_adapters.kit.ground import Ground
from venueproof_adapters.kit.requests import NONE, SIGNED, TIME, Call, Params, Requests
from venueproof_adapters.kit.rising import Rising
from venueproof_adapters.native.kraken.errors import Judge
from venueproof_adapters.native.kraken.wire import Timed, time_ns
from venueproof_contracts.errors import AdapterError, AuthFailed
from venueproof_contracts.model import Credentials

PROCESS_WITHIN_S = 5
REQUEST_LIFETIME_S = 6
"""What changes something says until when the venue must have looked at it; a second for the error of our clock."""
ROWS = "batchOrder"
"""The parameter that holds the rows of a batch."""
_BY_COST = "derivatives"
_PREFIX = "/derivatives"
_FACTS = read_calls(Path(__file__).with_name("calls.toml"))


class Rest(Requests):
    """The venue's REST API."""

    limits_apart = True

    def __init__(self, base: str, credentials: Credentials, ground: Ground) -> None:
        self._words = Judge(ground.sync.now_ns)
        super().__init__(_FACTS.calls(), self._words, ground)
        self._base = base.rstrip("/")
        self._signer = Signer(credentials)
        self._nonces = Rising()
        ground.budget.set_windows(_FACTS.windows())

    async def server_time(self) -> int:
        """The venue's clock in ns, as every answer tells it."""
        return time_ns((await self.ask(TIME, Timed)).server_time)

    def outcome(self, status: str, done: frozenset[str]) -> AdapterError | None:
        """The error that a status of a batch's row stands for."""
        return self._words.outcome(status, done)

    def costs(self, call: Call, params: Params) -> Mapping[str, int]:
        """Each row of a batch counts."""
        rows = cast(list[object], params.get(ROWS) or [])
        return {name: cost + len(rows) if name == _BY_COST else cost for name, cost in call.costs.items()}

    def written(self, call: Call, params: Params) -> tuple[str, dict[str, str], bytes | None]:
        """What is posted is a form, everything else stands in the query; until when it is good stands there always."""
        given = {name: value for name, value in params.items() if value is not None}
        path = call.path
        for name in [name for name in given if f"{{{name}}}" in path]:
            path = path.replace(f"{{{name}}}", quote(str(given.pop(name)), safe=""))
        if ROWS in given:
            given = {"json": msgspec.json.encode({ROWS: given[ROWS]}).decode()}
        form = urlencode(given, doseq=True)
        query, body = ("", form) if call.method == "POST" else (form, "")
        if call.auth == SIGNED:
            query = urlencode({"processBefore": self._deadline()})
        headers = {} if call.auth == NONE else self._proof(path, query + body)
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        url = self._base + path
        return f"{url}?{query}" if query else url, headers, body.encode() or None

    def _deadline(self) -> str:
        until = datetime.fromtimestamp(self._sync.now_ns() // SECOND_NS + PROCESS_WITHIN_S, UTC)
        return f"{until:%Y-%m-%dT%H:%M:%S.000Z}"

    def _proof(self, path: str, data: str) -> dict[str, str]:
        nonce = str(self._nonces.next(self._sync.now_ns()))
        return self._signer.headers(path.removeprefix(_PREFIX), data, nonce)


class Signer:
    """Key and secret of an account. Raises `AuthFailed` for a secret that cannot be one, when it is needed."""

    def __init__(self, credentials: Credentials) -> None:
        self.key = credentials.get("apiKey", "")
        self._secret = credentials.get("secret", "")

    def headers(self, endpoint: str, data: str, nonce: str) -> dict[str, str]:
        """What proves a request."""
        digest = hashlib.sha256((data + nonce + endpoint).encode()).digest()
        return {"APIKey": self.key, "Nonce": nonce, "Authent": self._signed(digest)}

    def challenged(self, challenge: str) -> str:
        """The answer to a challenge."""
        return self._signed(hashlib.sha256(challenge.encode()).digest())

    def _signed(self, digest: bytes) -> str:
        try:
            secret = base64.b64decode(self._secret, validate=True)
        except binascii.Error:
            raise AuthFailed("the secret is not the base64 text that the venue gives out") from None
        return base64.b64encode(hmac.new(secret, digest, hashlib.sha512).digest()).decode()
