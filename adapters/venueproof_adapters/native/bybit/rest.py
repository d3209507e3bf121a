"""How requests are written and signed here, and what they cost.

The signature covers stamp, key, window and the bytes sent: the query of a GET, the JSON body of a POST.
Source: the vendor's page on authentication.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Awaitable, Callable, Mapping, Sized
from itertools import count
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlencode

import msgspec

from venueproof_adapters.kit.callfile import read_calls
from venueproof_adapters.kit.clock import MS_NS
from venueproof_adapters.kit.ground import Ground
from venueproof_adapters.kit.http import Reply
from venueproof_adapters.kit.requests import SIGNED, TIME, Call, Params, Requests, Unreadable, read
from venueproof_adapters.native.bybit import wire
from venueproof_adapters.native.bybit.errors import Judge
from venueproof_adapters.native.bybit.products import Product
from venueproof_contracts.errors import BadAnswer
from venueproof_contracts.model import Credentials

RECV_WINDOW_MS = 5000
REQUEST_LIFETIME_S = 6
"""A stamp may be a second ahead of the venue's clock, and is good for the window after it."""
BATCH = "place-batch"
_BATCH_WINDOW = "create-batch"
_OPS = {"place": "order.create", BATCH: "order.create-batch", "amend": "order.amend", "cancel": "order.cancel"}
_FACTS = read_calls(Path(__file__).with_name("calls.toml"))

Row = TypeVar("Row")


class Rest(Requests):
    """The venue's REST API of one product."""

    limits_apart = True

    def __init__(self, product: Product, base: str, credentials: Credentials, ground: Ground) -> None:
        super().__init__(_FACTS.calls(product.name, "/v5/"), Judge(ground.sync.now_ns), ground)
        self.trade: Callable[[str, Params], Awaitable[Reply | None]] | None = None
        """Carries out an operation on the trade connection; None where nothing was done there."""
        self._category = product.name
        self._base = base.rstrip("/")
        self._key = credentials.get("apiKey", "")
        self._secret = credentials.get("secret", "")
        ground.budget.set_windows(_FACTS.windows())

    async def server_time(self) -> int:
        """The venue's clock in ns."""
        return int((await self.ask(TIME, wire.TimeRow)).time_nano)

    async def rows(self, name: str, shape: type[Row], most: int = 0, /, **params: object) -> list[Row]:
        """The rows of a list in the venue's order, of all pages or of the first `most`. Raises `BadAnswer`."""
        found: list[Row] = []
        cursor = None
        for number in count(1):
            page = await self.ask(name, wire.Rows, category=self._category, cursor=cursor, **params)
            try:
                found += [read(bytes(row), shape) for row in page.rows]
            except Unreadable as error:
                raise BadAnswer(f"{name}: {error}") from None
            if number == most or page.next_page_cursor in ("", cursor):
                break
            cursor = page.next_page_cursor
        return found

    async def exchange(self, call: Call, params: Params) -> Reply:
        """Orders over the trade connection as long as there is one."""
        reply = await self.trade(_OPS[call.name], params) if call.name in _OPS and self.trade else None
        return reply or await super().exchange(call, params)

    def written(self, call: Call, params: Params) -> tuple[str, dict[str, str], bytes | None]:
        """In the query of GET, as JSON of POST."""
        given = {name: value for name, value in params.items() if value is not None}
        body = msgspec.json.encode(given) if call.method == "POST" else None
        query = "" if body is not None else urlencode(given)
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if call.auth == SIGNED:
            headers |= self._proof(query.encode() if body is None else body)
        url = self._base + call.path
        return f"{url}?{query}" if query else url, headers, body

    def _proof(self, sent: bytes) -> dict[str, str]:
        stamp, window = str(self._sync.now_ns() // MS_NS), str(RECV_WINDOW_MS)
        return {
            "X-BAPI-API-KEY": self._key,
            "X-BAPI-TIMESTAMP": stamp,
            "X-BAPI-RECV-WINDOW": window,
            "X-BAPI-SIGN": signature(self._secret, f"{stamp}{self._key}{window}".encode() + sent),
        }

    def login(self, good_for_s: int) -> list[object]:
        """What an auth frame of a stream proves who we are with."""
        expires = self._sync.now_ns() // MS_NS + good_for_s * 1000
        return [self._key, expires, signature(self._secret, f"GET/realtime{expires}".encode())]

    def content(self, call: Call, body: bytes) -> bytes:
        """The result; of a batch all of the reply, since what was refused stands beside the result."""
        return body if call.name == BATCH else bytes(read(body, wire.Envelope).result)

    def costs(self, call: Call, params: Params) -> Mapping[str, int]:
        """Of a batch each item counts."""
        items = params.get("request")
        return {**call.costs, _BATCH_WINDOW: len(items)} if isinstance(items, Sized) else call.costs


def signature(secret: str, text: bytes) -> str:
    """The proof of a text."""
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()
