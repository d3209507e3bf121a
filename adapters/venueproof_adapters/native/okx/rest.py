"""How requests are written and signed here, and what they cost.

Orders carry `expTime`, so that one that was held up on the way is refused instead of executed late; all else is good
for as long as its stamp. Source: the vendor's pages on REST authentication and rate limits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar, cast
from urllib.parse import urlencode

import msgspec

from venueproof_adapters.kit.callfile import read_calls
from venueproof_adapters.kit.clock import MS_NS
from venueproof_adapters.kit.ground import Ground
from venueproof_adapters.kit.requests import SIGNED, TIME, Call, Params, Requests, read
from venueproof_adapters.native.okx.errors import Judge
from venueproof_adapters.native.okx.products import Hosts
from venueproof_adapters.native.okx.signing import Signer
from venueproof_adapters.native.okx.wire import Content, TimeRow
from venueproof_contracts.errors import AdapterError
from venueproof_contracts.model import Instrument

REQUEST_LIFETIME_S = 31
"""A stamp is good for 30 s, and may be a second ahead of the venue's clock."""
FACTS = read_calls(Path(__file__).with_name("calls.toml"))
BY_INSTRUMENT = frozenset({"place", "place-batch", "amend", "cancel", "cancel-batch"})
"""Windows that the venue counts by account and instrument."""
_BY_REQUEST = frozenset({"account", "address"})
"""Windows in which a request counts once, whatever number of rows it has."""
ROWS = "rows"
"""The parameter of requests that are a list of what else stands under names."""

PAGE = 100
"""The most rows of every list but candles."""
_ENDED_MOST = 1000
_ROOT = "/api/v5/"
_EXPIRES_MS = 5000
_EXPIRING = frozenset({"place", "place-batch", "amend"})

Row = TypeVar("Row")
Terms = dict[str, object]


class Rest(Requests):
    """The venue's REST API."""

    limits_apart = True

    def __init__(self, hosts: Hosts, signer: Signer, ground: Ground) -> None:
        self.judge = Judge(ground.sync.now_ns)
        super().__init__(FACTS.calls("", _ROOT), self.judge, ground)
        self._hosts = hosts
        self._signer = signer
        ground.budget.set_windows(FACTS.windows())

    async def server_time(self) -> int:
        """The venue's clock in ns."""
        return int((await self.ask_row(TIME, TimeRow)).ts) * MS_NS

    async def ask_row(self, name: str, shape: type[Row], **params: object) -> Row:
        """As `ask`, of the one row of an answer: every answer is a list."""
        return await self.ask_one(name, shape, **params)

    async def ask_all(
        self, name: str, shape: type[list[Row]], cursor: Callable[[Row], str], **params: object
    ) -> list[Row]:
        """Every row of a list, which is told newest first: pages go back by what `cursor` gives of the oldest row.

        Of what ended long lists are cut off, since only the latest may still be asked for.
        """
        rows: list[Row] = []
        most = _ENDED_MOST if name.startswith("history") else None
        while True:
            after = cursor(rows[-1]) if rows else None
            page = await self.ask(name, shape, after=after, limit=PAGE, **params)
            rows += page
            if len(page) < PAGE or (most and len(rows) >= most):
                return rows

    def count_apart(self, instruments: Iterable[Instrument]) -> None:
        """Give every instrument its own windows for orders."""
        usual = FACTS.windows()
        own = [
            msgspec.structs.replace(window, name=f"{window.name} {instrument.spelling}")
            for window in usual
            if window.name in BY_INSTRUMENT
            for instrument in instruments
        ]
        self._budget.set_windows(usual + own)

    # --- what the kit asks --------------------------------------------------------------------------------------------

    def written(self, call: Call, params: Params) -> tuple[str, dict[str, str], bytes | None]:
        """In the query of GET, as JSON of POST."""
        given = {name: value for name, value in params.items() if value is not None}
        path, body = call.path, b""
        if call.method == "POST":
            body = msgspec.json.encode(given.get(ROWS, given))
        elif given:
            path += "?" + urlencode(given)
        return self._hosts.rest + path, self._headers(call, path, body), body or None

    def _headers(self, call: Call, path: str, body: bytes) -> dict[str, str]:
        now_ns, headers = self._sync.now_ns(), {"Content-Type": "application/json"}
        if self._hosts.demo:
            headers["x-simulated-trading"] = "1"
        if call.name in _EXPIRING:
            headers["expTime"] = str(now_ns // MS_NS + _EXPIRES_MS)
        return headers | (self._signer.headers(now_ns, call.method, path, body) if call.auth == SIGNED else {})

    def content(self, call: Call, body: bytes) -> bytes:
        """The rows."""
        return bytes(read(body, Content).data)

    def refusal(self, body: bytes) -> AdapterError | None:
        """The error that a row stands for."""
        return self.judge.refusal(body)

    def costs(self, call: Call, params: Params) -> Mapping[str, int]:
        """As the call says for each row, and apart for each instrument where the venue counts so."""
        rows = cast("Sequence[Terms]", params.get(ROWS) or [params])
        found: Counter[str] = Counter()
        for window, cost in call.costs.items():
            for row in rows[:1] if window in _BY_REQUEST else rows:
                found[f"{window} {row.get('instId')}" if window in BY_INSTRUMENT else window] += cost
        return found
