"""Questions and deeds over HTTP: stamped by the venue's clock, within the budget, repeated only where that is harmless.

A venue writes requests down, signs them and judges the replies; when they are sent, and what follows from a refusal of
the clock, of haste or of the key, is the same everywhere.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Protocol, TypeVar

import msgspec
from msgspec import Struct

from venueproof_adapters.kit.clock import SECOND_NS
from venueproof_adapters.kit.ground import Ground
from venueproof_adapters.kit.http import Reply
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

Answer = TypeVar("Answer")
Params = Mapping[str, object]
"""Values that the venue's own code writes down; what is None is left out."""

NONE, SIGNED = "none", "signed"
"""Who must prove what: nobody anything; everybody all of it, and when. Between the two a venue may have other words."""
TIME = "time"
"""The request for the venue's clock, which everybody may ask."""

_LOST_REPLIES_MAX = 2
_SET_TRIES = 2


class Unreadable(OutcomeUnknown):
    """The reply is not the venue's protocol."""


class Done(AdapterError):
    """The venue says that what was asked for is so already."""


class Call(Struct, frozen=True):
    """One kind of request. `costs`: what it takes of each window of the budget."""

    name: str
    method: str
    path: str
    auth: str
    costs: Mapping[str, int]


class Judge(Protocol):
    """Tells success from failure."""

    def error(self, reply: Reply) -> AdapterError | None:
        """The error that a reply stands for, None when it is a success."""
        ...

    def passes(self, reply: Reply) -> bool:
        """Whether what a reply refuses for haste may be sent again after a pause."""
        ...


def read(body: bytes, shape: type[Answer]) -> Answer:
    """Decode a reply. Raises `Unreadable` unless it has the shape."""
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.MsgspecError, ArithmeticError):
        raise Unreadable("the reply lacks what it must hold") from None


class Requests(ABC):
    """Asks questions (`ask`) and does things (`act`). A venue says how a request is written, and what its clock is."""

    one_by_one = False
    """Requests with a proof are sent each after the answer to the one before: for venues whose numbers must rise."""
    limits_apart = False
    """A refusal for haste holds back only what counts in the same windows, not everything."""

    def __init__(self, calls: Sequence[Call], judge: Judge, ground: Ground) -> None:
        self._calls = {call.name: call for call in calls}
        self._judge = judge
        self._http = ground.http
        self._sync = ground.sync
        self._budget = ground.budget
        self._backoff = ground.backoff
        self._turn = asyncio.Lock()
        self._key_worked = False
        self._refusals = 0

    @abstractmethod
    def written(self, call: Call, params: Params) -> tuple[str, dict[str, str], bytes | None]:
        """Address, headers and body, stamped and signed."""

    def content(self, call: Call, body: bytes) -> bytes:
        """What a successful reply holds, out of the venue's envelope.

        Raises `Unreadable`, or the refusal in it where only the call tells where that stands.
        """
        return body

    def costs(self, call: Call, params: Params) -> Mapping[str, int]:
        """What a request takes of each window: as its call says, unless the venue counts what is in it."""
        return call.costs

    async def exchange(self, call: Call, params: Params) -> Reply:
        """Send a request once, and take the reply: over HTTP unless the venue's other ways are used."""
        url, headers, body = self.written(call, params)
        return await self._http.send(call.method, url, headers, body)

    @abstractmethod
    async def server_time(self) -> int:
        """The venue's clock in ns."""

    async def ask(self, name: str, shape: type[Answer], **params: object) -> Answer:
        """The answer to a question. Raises `BadAnswer` when it cannot be read, `VenueDown` when there is none."""
        failures = 0
        while True:
            try:
                return await self._answer(name, shape, params)
            except Unreadable as error:
                raise BadAnswer(str(error), code=error.code, text=error.text) from None
            except OutcomeUnknown as error:
                failures += 1
                if error.code or failures > _LOST_REPLIES_MAX:
                    raise VenueDown(str(error), code=error.code, text=error.text) from None
            await asyncio.sleep(self._backoff.delay_s(failures) / 4)

    async def ask_one(self, name: str, shape: type[Answer], **params: object) -> Answer:
        """As `ask`, of one thing that some products answer as a list."""
        raw = bytes(await self.ask(name, msgspec.Raw, **params))
        try:
            return read(bytes(read(raw, list[msgspec.Raw])[0]) if raw.startswith(b"[") else raw, shape)
        except (Unreadable, IndexError) as error:
            raise BadAnswer(f"{name}: {error}") from None

    async def act(self, name: str, shape: type[Answer], **params: object) -> Answer:
        """Do something. Raises `OutcomeUnknown` when it may have been done; nothing is sent twice."""
        return await self._answer(name, shape, params)

    async def set(self, name: str, shape: type[Answer], **params: object) -> Answer | None:
        """Change a setting; None where it was so already. When it is open whether that was done it is done again,
        which cannot hurt."""
        for left in reversed(range(_SET_TRIES)):
            try:
                return await self.act(name, shape, **params)
            except Done:
                break
            except OutcomeUnknown:
                if not left:
                    raise
        return None

    async def _answer(self, name: str, shape: type[Answer], params: Params) -> Answer:
        call = self._calls[name]
        return read(self.content(call, await self._send(call, params)), shape)

    def refusal(self, body: bytes) -> AdapterError | None:
        """The error that a part of an answer stands for."""
        return self._judge.error(Reply(200, {}, body))

    async def _send(self, call: Call, params: Params) -> bytes:
        tries, skewed = 0, False
        while True:
            round_seen = await self._fresh_clock(call)
            reply = await self._once(call, params)
            error = self._judge.error(reply)
            if error is None:
                self._refusals = 0
                self._key_worked = self._key_worked or call.auth != NONE
                return reply.body
            if isinstance(error, ClockSkew) and not skewed:
                skewed = True
                await self._correct_clock(error, round_seen)
            elif isinstance(error, RateLimited) and not isinstance(error, Banned) and self._judge.passes(reply):
                tries += 1
                self._slow_down(error, tries, self.costs(call, params))
            else:
                raise await self._final(error)

    async def _once(self, call: Call, params: Params) -> Reply:
        costs = self.costs(call, params)
        await self._budget.admit(costs, urgent=call.name.startswith("cancel"))
        async with self._turn if self.one_by_one and call.auth != NONE else nullcontext():
            reply = await self.exchange(call, params)
        self._budget.learn(reply.headers, costs)
        return reply

    async def _fresh_clock(self, call: Call) -> int:
        """Synchronise again when the last reading is old or the wall clock was stepped. Returns the round in force."""
        seen = self._sync.rounds
        if call.auth == SIGNED and seen and self._sync.due():
            try:
                await self._sync.resync(self.server_time, seen)
            except (BadAnswer, VenueDown):  # the old reading may still do, and the venue says if it does not
                return seen
        return self._sync.rounds

    async def _correct_clock(self, error: AdapterError, seen: int) -> None:
        try:
            await self._sync.resync(self.server_time, seen)
        except (BadAnswer, VenueDown):
            raise error from None

    def _slow_down(self, error: RateLimited, tries: int, costs: Mapping[str, int]) -> None:
        """Hold everything back before the next attempt; raises when there were enough of them.

        Refusals in a row count over all calls, so that a caller who comes back does not start the rhythm afresh.
        """
        self._refusals += 1
        now_ns = self._sync.now_ns()
        wait_ns = int(self._backoff.delay_s(self._refusals) * SECOND_NS)
        until_ns = max(error.until_ns, now_ns + wait_ns, self._budget.spent_out(costs))
        self._budget.pause(until_ns, [name for name, cost in costs.items() if cost and self.limits_apart])
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
            found = self._judge.error(await self._once(self._calls[TIME], {}))
        except AdapterError as error:
            found = error
        return found if isinstance(found, Banned) else None
