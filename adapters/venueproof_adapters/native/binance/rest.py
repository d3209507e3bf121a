"""Signed requests: stamped by the venue's clock, within the budget, and repeated only where that is harmless.

The signature covers exactly the bytes sent: the query string of GET and DELETE, the form body of POST and PUT.
Source: the vendor's general information, "SIGNED endpoint security".
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlencode

import msgspec
from msgspec import Struct, structs

from venueproof_adapters.kit.backoff import Backoff
from venueproof_adapters.kit.budget import Budget, Window
from venueproof_adapters.kit.clock import MS_NS, SECOND_NS
from venueproof_adapters.kit.clocksync import ClockSync
from venueproof_adapters.kit.http import Http, Reply
from venueproof_adapters.native.binance.errors import Judge, Unreadable
from venueproof_adapters.native.binance.products import Product
from venueproof_contracts.errors import (
    AdapterError,
    AuthFailed,
    BadAnswer,
    Banned,
    ClockSkew,
    OutcomeUnknown,
    RateLimited,
    VenueDown,
)
from venueproof_contracts.model import Credentials

Answer = TypeVar("Answer")
Params = Mapping[str, str | int | None]

RECV_WINDOW_MS = 5000
REQUEST_LIFETIME_S = 6
"""A stamp may be a second ahead of the venue's clock, and is good for the window after it."""

_LOST_REPLIES_MAX = 2


class Change(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What differs about a request on inverse products."""

    path: str | None = None
    weight: int | None = None


class Call(Struct, frozen=True, forbid_unknown_fields=True):
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
        weight = self.weight if change.weight is None else change.weight
        return structs.replace(self, path=product.root + (change.path or self.path), weight=weight)

    def costs(self) -> dict[str, int]:
        """What it costs of each window."""
        minute = self.orders if self.orders_minute is None else self.orders_minute
        return {"weight": self.weight, "orders-10s": self.orders, "orders-1m": minute}


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
    call: list[Call]
    window: list[LimitRow]


class _Time(Struct, rename="camel"):
    server_time: int


_FACTS = msgspec.toml.decode(Path(__file__).with_name("calls.toml").read_bytes(), type=_File)
CALLS = _FACTS.call
LIMITS = tuple(_FACTS.window)


def read(body: bytes, shape: type[Answer]) -> Answer:
    """Decode a reply. Raises `Unreadable` unless it has the shape."""
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.MsgspecError, ArithmeticError):
        raise Unreadable("the reply lacks what it must hold") from None


class Rest:
    """Asks questions (`ask`) and does things (`act`)."""

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
        self._calls = {call.name: call.of(product) for call in CALLS}
        self._base = base.rstrip("/")
        self._key = credentials.get("apiKey", "")
        self._secret = credentials.get("secret", "").encode()
        self._http = http
        self._sync = sync
        self._budget = budget
        self._backoff = backoff
        self._judge = Judge(sync.now_ns)
        self._key_worked = False
        self._refusals = 0
        budget.set_windows([row.window() for row in LIMITS])

    async def ask(self, name: str, shape: type[Answer], **params: str | int | None) -> Answer:
        """The answer to a question. Raises `BadAnswer` when it cannot be read, `VenueDown` when there is none."""
        failures = 0
        while True:
            try:
                return read(await self._send(self._calls[name], params), shape)
            except Unreadable as error:
                raise BadAnswer(str(error), code=error.code, text=error.text) from None
            except OutcomeUnknown as error:
                failures += 1
                if error.code or failures > _LOST_REPLIES_MAX:
                    raise VenueDown(str(error), code=error.code, text=error.text) from None
            await asyncio.sleep(self._backoff.delay_s(failures) / 4)

    async def ask_one(self, name: str, shape: type[Answer], **params: str | int | None) -> Answer:
        """As `ask`, of one thing that some products answer as a list."""
        raw = bytes(await self.ask(name, msgspec.Raw, **params))
        try:
            return read(bytes(read(raw, list[msgspec.Raw])[0]) if raw.startswith(b"[") else raw, shape)
        except (Unreadable, IndexError) as error:
            raise BadAnswer(f"{name}: {error}") from None

    async def act(self, name: str, shape: type[Answer], **params: str | int | None) -> Answer:
        """Do something. Raises `OutcomeUnknown` when it may have been done; nothing is sent twice."""
        return read(await self._send(self._calls[name], params), shape)

    def refusal(self, body: bytes) -> AdapterError | None:
        """The error that a part of an answer stands for."""
        return self._judge.error(Reply(200, {}, body))

    async def server_time(self) -> int:
        """The venue's clock in ns."""
        return (await self.ask("time", _Time)).server_time * MS_NS

    async def _send(self, call: Call, params: Params) -> bytes:
        tries, skewed = 0, False
        while True:
            round_seen = await self._fresh_clock(call)
            reply = await self._once(call, params)
            error = self._judge.error(reply)
            if error is None:
                self._refusals = 0
                self._key_worked = self._key_worked or call.auth != "none"
                return reply.body
            if isinstance(error, ClockSkew) and not skewed:
                skewed = True
                await self._correct_clock(error, round_seen)
            elif isinstance(error, RateLimited) and not isinstance(error, Banned) and reply.status != 403:
                tries += 1
                self._slow_down(error, tries)
            else:
                raise await self._final(error)

    async def _once(self, call: Call, params: Params) -> Reply:
        await self._budget.admit(call.costs(), urgent=call.name.startswith("cancel"))
        url, headers, body = self._written(call, params)
        reply = await self._http.send(call.method, url, headers, body)
        self._budget.learn(reply.headers)
        return reply

    def _written(self, call: Call, params: Params) -> tuple[str, dict[str, str], bytes | None]:
        given = {name: value for name, value in params.items() if value is not None}
        headers = {} if call.auth == "none" else {"X-MBX-APIKEY": self._key}
        if call.auth == "signed":
            given |= {"recvWindow": RECV_WINDOW_MS, "timestamp": self._sync.now_ns() // MS_NS}
        text = urlencode(given)
        if call.auth == "signed":
            text += "&signature=" + hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()
        url = self._base + call.path
        if call.method in ("POST", "PUT"):
            return url, headers | {"Content-Type": "application/x-www-form-urlencoded"}, text.encode()
        return f"{url}?{text}" if text else url, headers, None

    async def _fresh_clock(self, call: Call) -> int:
        """Synchronise again when the last reading is old or the wall clock was stepped. Returns the round in force."""
        seen = self._sync.rounds
        if call.auth == "signed" and seen and self._sync.due():
            try:
                await self._sync.resync(self.server_time, seen)
            except (BadAnswer, VenueDown):  # the old reading may still do, and the venue says if it does not
                return seen
        return self._sync.rounds

    async def _correct_clock(self, error: ClockSkew, seen: int) -> None:
        try:
            await self._sync.resync(self.server_time, seen)
        except (BadAnswer, VenueDown):
            raise error from None

    def _slow_down(self, error: RateLimited, tries: int) -> None:
        """Hold everything back before the next attempt; raises when there were enough of them.

        Refusals in a row count over all calls, so that a caller who comes back does not start the rhythm afresh.
        """
        self._refusals += 1
        now_ns = self._sync.now_ns()
        wait_ns = int(self._backoff.delay_s(self._refusals) * SECOND_NS)
        until_ns = max(error.until_ns, now_ns + wait_ns, self._budget.spent_out())
        self._budget.pause(until_ns)
        if tries >= self._backoff.tries:
            raise RateLimited(until_ns, "too many requests", code=error.code, text=error.text)

    async def _final(self, error: AdapterError) -> AdapterError:
        if isinstance(error, AuthFailed) and self._key_worked:
            error = await self._banned_instead() or error
        if isinstance(error, Banned):
            self._budget.ban(error.until_ns)
        return error

    async def _banned_instead(self) -> Banned | None:
        """During a ban the venue also answers that a good key is bad; a question without a key tells which it is."""
        try:
            found = self._judge.error(await self._once(self._calls["time"], {}))
        except AdapterError as error:
            found = error
        return found if isinstance(found, Banned) else None

    def set_limits(self, told: Mapping[tuple[str, int], int]) -> None:
        """Take over the limits in force, by kind and length in seconds."""
        rows = [structs.replace(row, limit=told.get((row.kind, row.length_s), row.limit)) for row in LIMITS]
        self._budget.set_windows([row.window() for row in rows])
