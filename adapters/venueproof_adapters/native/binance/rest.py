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

from msgspec import Struct

from venueproof_adapters.kit.callfile import read_calls
from venueproof_adapters.kit.clock import MS_NS
from venueproof_adapters.kit.ground import Ground
from venueproof_adapters.kit.requests import NONE, SIGNED, TIME, Call, Params, Requests
from venueproof_adapters.native.binance.errors import Judge
from venueproof_adapters.native.binance.products import Product
from venueproof_contracts.model import Credentials

RECV_WINDOW_MS = 5000
REQUEST_LIFETIME_S = 6
"""A stamp may be a second ahead of the venue's clock, and is good for the window after it."""


class _Time(Struct, rename="camel"):
    server_time: int


FACTS = read_calls(Path(__file__).with_name("calls.toml"))
_KINDS = {("REQUEST_WEIGHT", 60): "weight", ("ORDERS", 10): "orders-10s", ("ORDERS", 60): "orders-1m"}
"""Windows by what the venue calls their kind, and their length in seconds."""


class Rest(Requests):
    """The venue's REST API of one product."""

    def __init__(self, product: Product, base: str, credentials: Credentials, ground: Ground) -> None:
        super().__init__(FACTS.calls(product.name, product.root), Judge(ground.sync.now_ns), ground)
        self._base = base.rstrip("/")
        self._key = credentials.get("apiKey", "")
        self._secret = credentials.get("secret", "").encode()
        ground.budget.set_windows(FACTS.windows())

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
        limits = {_KINDS[key]: limit for key, limit in told.items() if key in _KINDS}
        self._budget.set_windows(FACTS.windows(limits))
