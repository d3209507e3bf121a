"""How requests are written here, who sends a token along, and which limits there are.

JSON-RPC by POST: nothing on the way repeats or caches it, and neither amounts nor proofs stand in an address. Requests
that make or change orders say until when the venue may act on them, which bounds how long one that was lost can act.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from pathlib import Path

import msgspec
from msgspec import Struct, structs

from venueproof_adapters.kit.callfile import read_calls
from venueproof_adapters.kit.clock import MS_NS
from venueproof_adapters.kit.ground import Ground
from venueproof_adapters.kit.http import Reply
from venueproof_adapters.kit.requests import NONE, SIGNED, TIME, Call, Params, Requests, read
from venueproof_adapters.native.deribit.errors import TOKEN_REFUSED, Judge
from venueproof_adapters.native.deribit.signing import Key, Login, Proof
from venueproof_adapters.native.deribit.wire import Envelope, RateRow, TokenRow
from venueproof_contracts.errors import AuthFailed

VALID_MS = 5000
REQUEST_LIFETIME_S = 6
"""How long the venue may act on an order, and a second for clocks that are not quite the same."""
API = "/api/v2/"
FACTS = read_calls(Path(__file__).with_name("calls.toml"))
_MATCHING = "matching"


class _Frame(Struct):
    method: str
    params: Mapping[str, object]
    id: int | str
    jsonrpc: str = "2.0"


def frame(method: str, params: Mapping[str, object], id: int | str) -> bytes:
    """A JSON-RPC request; parameters that are None are left out."""
    given = {name: value for name, value in params.items() if value is not None}
    return msgspec.json.encode(_Frame(method, given, id))


class Rest(Requests):
    """The venue's methods over HTTP."""

    limits_apart = True

    def __init__(self, base: str, key: Key, ground: Ground) -> None:
        self.judge = Judge(ground.sync.now_ns)
        super().__init__(FACTS.calls(root=API), self.judge, ground)
        self._base = base.rstrip("/")
        self._login = Login(key, ground.sync.now_ns, self._ask_token, self.correct_clock)
        self._access = ""
        self._numbers = count(1)
        self.is_test = False
        """Whether the venue says that it is its test environment."""
        ground.budget.set_windows(FACTS.windows())

    async def server_time(self) -> int:
        """The venue's clock in ns."""
        return await self.ask(TIME, int) * MS_NS

    def written(self, call: Call, params: Params) -> tuple[str, dict[str, str], bytes | None]:
        """The method stands in the path and in the body."""
        headers = {"Content-Type": "application/json"}
        given = dict(params)
        if call.auth != NONE:
            headers["Authorization"] = f"Bearer {self._access}"
        if call.auth == SIGNED:
            given["valid_until"] = self._sync.now_ns() // MS_NS + VALID_MS
        return self._base + call.path, headers, frame(call.path.removeprefix(API), given, next(self._numbers))

    def content(self, call: Call, body: bytes) -> bytes:
        """What stands under `result`."""
        said = read(body, Envelope)
        self.is_test = said.testnet
        return bytes(said.result)

    async def exchange(self, call: Call, params: Params) -> Reply:
        """Send a request with a token that is good, once more with a new one where the venue ended it early."""
        if call.auth == NONE:
            return await super().exchange(call, params)
        access = self._access = await self._login.token()
        reply = await super().exchange(call, params)
        error = self.judge.error(reply)
        if error is None or error.code != TOKEN_REFUSED:
            return reply
        self._login.forget(access)
        self._access = await self._login.token()
        return await super().exchange(call, params)

    async def correct_clock(self, error: AuthFailed) -> None:
        """Read the venue's clock anew. Raises `error` when that cannot be done."""
        await self._correct_clock(error, self._sync.rounds)

    async def _ask_token(self, proof: Proof) -> TokenRow:
        return await self.ask("auth", TokenRow, **proof)

    def set_trading_rate(self, told: RateRow) -> None:
        """Take over how many orders at once, and a second, this account may send."""
        windows = [
            structs.replace(window, limit=told.burst, length_s=told.burst / told.rate)
            if window.name == _MATCHING and told.rate
            else window
            for window in FACTS.windows()
        ]
        self._budget.set_windows(windows)
