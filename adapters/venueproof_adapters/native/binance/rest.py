"""How requests are written and signed here, what they cost, and which limits there are.

The signature covers exactly the bytes sent: the query string of GET and DELETE, the form body of POST and PUT.
Source: the vendor's general information, "SIGNED endpoint security".
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode

import msgspec
from msgspec import Struct, structs

from venueproof_adapters.kit.backoff import Backoff
from venueproof_adapters.kit.budget import Budget
from venueproof_adapters.kit.clock import MS_NS
from venueproof_adapters.kit.clocksync import ClockSync
from venueproof_adapters.kit.http import Http
from venueproof_adapters.kit.requests import NONE, SIGNED, TIME, Call, Params, Requests
from venueproof_adapters.kit.windows import Window
from venueproof_adapters.native.binance.errors import Judge
from venueproof_adapters.native.binance.products import Product
from venueproof_contracts.model import Credentials

RECV_WINDOW_MS = 5000
REQUEST_LIFETIME_S = 6
"""A stamp may be a second ahead of the venue's clock, and is good for the window after it."""


class Change(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What differs about a request on inverse products."""

    path: str | None = None
    weight: int | None = None


class CallRow(Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of request."""

    name: str
    method: str
    path: str
    auth: str
    weight: int
    orders: int
    source: str
    orders_minute: int | None = None
    inverse: Change = Change()

    def of(self, product: Product) -> Call:
        """The request as this product has it."""
        change = self.inverse if product.name == "inverse" else Change()
        minute = self.orders if self.orders_minute is None else self.orders_minute
        costs = {
            "weight": self.weight if change.weight is None else change.weight,
            "orders-10s": self.orders,
            "orders-1m": minute,
        }
        return Call(self.name, self.method, product.root + (change.path or self.path), self.auth, costs)


class LimitRow(Struct, frozen=True, forbid_unknown_fields=True):
    """One window of the budget."""

    name: str
    kind: str
    limit: int
    length_s: int
    header: str
    source: str

    def window(self) -> Window:
        """The row as the budget has it."""
        return Window(self.name, self.limit, self.length_s, self.header)


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    call: list[CallRow]
    window: list[LimitRow]


class _Time(Struct, rename="camel"):
    server_time: int


_FACTS = msgspec.toml.decode(Path(__file__).with_name("calls.toml").read_bytes(), type=_File)
CALLS = _FACTS.call
LIMITS = tuple(_FACTS.window)


class Rest(Requests):
    """The venue's REST API of one product."""

    def __init__(
        self,
        product: Product,
        base: str,
        credentials: Credentials,
        http: Http,
        sync: ClockSync,
        budget: Budget,
        backoff: Backoff,
    ) -> None:
        super().__init__([row.of(product) for row in CALLS], Judge(sync.now_ns), http, sync, budget, backoff)
        self._base = base.rstrip("/")
        self._key = credentials.get("apiKey", "")
        self._secret = credentials.get("secret", "").encode()
        budget.set_windows([row.window() for row in LIMITS])

    async def server_time(self) -> int:
        """The venue's clock in ns."""
        return (await self.ask(TIME, _Time)).server_time * MS_NS

    def written(self, call: Call, params: Params) -> tuple[str, dict[str, str], bytes | None]:
        """In the query of GET and DELETE, as a form of POST and PUT."""
        given = {name: value for name, value in params.items() if value is not None}
        headers = {} if call.auth == NONE else {"X-MBX-APIKEY": self._key}
        if call.auth == SIGNED:
            given |= {"recvWindow": RECV_WINDOW_MS, "timestamp": self._sync.now_ns() // MS_NS}
        text = urlencode(given)
        if call.auth == SIGNED:
            text += "&signature=" + hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()
        url = self._base + call.path
        if call.method in ("POST", "PUT"):
            return url, headers | {"Content-Type": "application/x-www-form-urlencoded"}, text.encode()
        return f"{url}?{text}" if text else url, headers, None

    def set_limits(self, told: Mapping[tuple[str, int], int]) -> None:
        """Take over the limits in force, by kind and length in seconds."""
        rows = [structs.replace(row, limit=told.get((row.kind, row.length_s), row.limit)) for row in LIMITS]
        self._budget.set_windows([row.window() for row in rows])
