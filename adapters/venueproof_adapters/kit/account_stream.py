"""Keeps the account's events coming, and makes up by questions for whatever the stream does not tell.

A stream says nothing at its start, may end without a word, and may lose messages. So the account is asked for after
each connect, every `reconcile_every_s` seconds, and whenever something that must have been told was not.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Protocol

import msgspec
from msgspec import structs

from venueproof_adapters.kit.backoff import Backoff
from venueproof_adapters.kit.catalog import Catalog
from venueproof_adapters.kit.clock import SECOND_NS
from venueproof_adapters.kit.dialogue import Dialogue
from venueproof_adapters.kit.heartbeat import Heartbeat
from venueproof_adapters.kit.ledger import OrderKey, ref_key
from venueproof_adapters.kit.orders import Told, order_key
from venueproof_adapters.kit.own import Own
from venueproof_adapters.kit.parts import Parts
from venueproof_adapters.kit.recent import Recent
from venueproof_adapters.kit.socket import Socket, SocketOptions
from venueproof_adapters.kit.state import State
from venueproof_contracts.errors import AdapterError, BadAnswer, ClockSkew, RateLimited
from venueproof_contracts.model import Channel, Fill, Order, OrderStatus, StreamEvent, StreamState

log = logging.getLogger("venueproof_adapters.account_stream")

RECOVERY_BOUND_S = 60
"""Comparing every 40 s, a reconnect and its questions: what the parts' defaults keep."""

_HEARD_WITHIN_S = 5.0
_AGAIN_S = 5.0
_OVERLAP_NS = 300 * SECOND_NS
_STALE_NS = 3 * SECOND_NS
"""The stream is seconds ahead of any answer; what an answer tells first although it is older was not streamed."""
_HUNTS_MAX = 5
_STUCK_NS = 4 * SECOND_NS
"""A little less than the stream is waited for, since the venue's clock is known only roughly."""
_UNPROTECTED = "its price has come and the venue made no order of it: it protects nothing"


class AccountSource(Protocol):
    """The venue's side of the stream."""

    lines: Sequence[str]
    """Names of its connections, one or more."""
    heartbeat: Heartbeat | None

    @property
    def renew_every_s(self) -> float:
        """In how many seconds the credential is renewed: looked at before each wait. 0: it does not expire."""
        ...

    async def address(self, line: str) -> str:
        """Where to connect, with a fresh credential if the address holds one."""
        ...

    async def greet(self, line: str, dialogue: Dialogue) -> None:
        """Log in and subscribe on a connection that was just made, every answer awaited (`Dialogue.demand`).

        Raises `ClockSkew` when it was refused for its time, and reads the clock anew before the next.
        """
        ...

    async def renew_credential(self, dialogues: Mapping[str, Dialogue]) -> bool:
        """Keep the credential valid; False when the venue knows it no more. `dialogues` is by line."""
        ...

    def handle(self, line: str, frame: str | bytes, stream: AccountStream) -> None:
        """Read a message and tell the stream of it, or `stream.dialogues[line]` of an answer.

        Raises `BadAnswer` or msgspec's error when it cannot be read.
        """
        ...


class AccountStream:
    """The subscription to the account."""

    def __init__(
        self,
        parts: Parts,
        source: AccountSource,
        catalog: Catalog,
        state: State,
        now_ns: Callable[[], int],
        backoff: Backoff,
        options: SocketOptions,
    ) -> None:
        self._parts = parts
        self._source = source
        self._catalog = catalog
        self._state = state
        self._now_ns = now_ns
        self._watchdog = parts.watchdog(_HEARD_WITHIN_S, self._overdue)
        self._sockets: dict[str, Socket] = {
            line: parts.socket(
                name=line,
                address=partial(source.address, line),
                on_open=partial(self._opened, line),
                on_frame=partial(self._frame, line),
                on_down=partial(self._down, line),
                backoff=backoff,
                now_ns=now_ns,
                options=options,
                heartbeat=source.heartbeat,
            )
            for line in source.lines
        }
        self.dialogues: Mapping[str, Dialogue] = {
            line: Dialogue(line, socket.send) for line, socket in self._sockets.items()
        }
        self._up: set[str] = set()
        """Lines that are greeted: the stream is up when all are."""
        self._heard: Recent[OrderKey, Order] = Recent(10_000)
        self._awaited: dict[OrderKey, Order] = {}
        self._hunts: dict[OrderKey, int] = {}
        self._nameless: dict[OrderKey, list[Fill]] = {}
        """Executions of orders whose intent was not told so far."""
        self._tasks: list[asyncio.Task[None]] = []
        self._soon = asyncio.Event()
        self._lock = asyncio.Lock()
        self._subscribing = asyncio.Lock()
        self._started = False
        self._whole_ns = 0
        self._own: Own | None = None

    def connect_to(self, own: Own) -> None:
        """Hand in who answers questions, who in turn needs `watch`."""
        self._own = own

    # --- life ---

    async def subscribe(self) -> None:
        """Connect, tell the whole state, and go on with changes."""
        async with self._subscribing:
            if not self._state.told:
                await self._subscribe()

    async def _subscribe(self) -> None:
        self._state.since_ns = self._whole_ns = self._now_ns()
        self._started = False
        try:
            for socket in self._sockets.values():
                await _opened(socket)
        except BaseException:
            await self.close()
            raise
        self._tasks = [asyncio.create_task(self._keep_credential()), asyncio.create_task(self._keep_whole())]

    async def close(self) -> None:
        """Disconnect. The credential stays: other clients of the account may share it."""
        self._state.told = False
        self._watchdog.clear()
        self._nameless.clear()
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for socket in self._sockets.values():
            await socket.close()
        self._up.clear()

    async def _opened(self, line: str) -> None:
        await self._source.greet(line, self.dialogues[line])
        self._up.add(line)
        if not self._whole:
            return
        try:
            await self._begin()
        except BaseException:
            self._up.discard(line)
            raise

    @property
    def _whole(self) -> bool:
        return len(self._up) == len(self._sockets)

    async def _begin(self) -> None:
        """All connections are there: tell the whole state, or what was missed."""
        if not self._started:
            # The clock may have been put right meanwhile.
            self._state.since_ns = self._whole_ns = min(self._state.since_ns, self._now_ns())
            await self._reconcile()
            self._state.told = self._started = True
            self._state.tell_all()
            self._say(StreamState.UP)
            return
        if self._parts.heals_after_reconnect:
            await self._reconcile()
        if not self._whole:
            return
        self._say(StreamState.UP)
        self._say(StreamState.RESYNCED)

    def _down(self, line: str, reason: str) -> None:
        was_whole = self._whole
        self._up.discard(line)
        self.dialogues[line].fail(reason)
        self._watchdog.clear()
        self._awaited.clear()
        if was_whole:
            self._say(StreamState.DOWN, reason)

    def _renew(self, reason: str) -> None:
        for socket in self._sockets.values():
            socket.renew(reason)

    def _say(self, state: StreamState, reason: str = "") -> None:
        self._state.tell(StreamEvent(Channel.ACCOUNT, state, reason=reason))

    async def _keep_credential(self) -> None:
        """Renew the credential in time; start over when the venue knows it no more."""
        again_s = 0.0
        while self._parts.renews_credential and self._source.renew_every_s:
            await asyncio.sleep(again_s or self._source.renew_every_s)
            again_s = 0.0
            try:
                if not await self._source.renew_credential(self.dialogues):
                    self._renew("the stream's credential expired")
            except Exception as error:
                _log_failure("the credential could not be renewed", error)
                again_s = self._pause_s(error) + _AGAIN_S

    def _pause_s(self, error: Exception) -> float:
        return max(0.0, (error.until_ns - self._now_ns()) / SECOND_NS) if isinstance(error, RateLimited) else 0.0

    # --- comparing ---

    async def _keep_whole(self) -> None:
        """Compare every now and then, and soon when there is reason to."""
        wait_s = every_s = self._parts.reconcile_every_s
        while every_s:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._soon.wait(), wait_s)
            wait_s = every_s
            self._soon.clear()
            try:
                if await self._reconcile():
                    self._renew("the stream did not tell what happened")
            except Exception as error:
                _log_failure("the account could not be compared", error)
                wait_s = self._pause_s(error) + _AGAIN_S

    async def _reconcile(self) -> bool:
        """Ask for everything and tell what is new; True when the stream should have told some of it before."""
        assert self._own is not None
        async with self._lock:
            asked_ns = self._now_ns()
            self._state.expect_fresh(asked_ns - _STALE_NS)
            await self._own.refresh(self._active, max(self._state.since_ns, self._whole_ns - _OVERLAP_NS))
            if not self._started:
                for order in self._state.orders.live():
                    self._state.fills.start_at(order_key(order), order.filled)
            for key in list(self._hunts):
                self._check_fills(key)
            self._give_up_nameless()
            self._whole_ns = asked_ns
            late = self._state.was_late()
            self._tell_stuck(asked_ns)
            return late

    def _give_up_nameless(self) -> None:
        """Executions that waited for a name were asked for by now, with a name; one that was not is told without."""
        for key, fills in list(self._nameless.items()):
            for fill in fills:
                self._hear_named(fill, self._state.intent_id(key) or "")
        self._nameless.clear()

    def _tell_stuck(self, now_ns: int) -> None:
        """Say of conditional orders that have been firing for long that they protect nothing."""
        for order in self._state.orders.live():
            stuck = order.status is OrderStatus.TRIGGERING and now_ns - order.updated_ns >= _STUCK_NS
            if stuck and not order.reason:
                client_id = self._state.client_id(order_key(order)) or ""
                self._state.hear_order(Told(structs.replace(order, reason=_UNPROTECTED), client_id))

    def _active(self) -> list[str]:
        """Instruments in which an execution may have happened since we last looked."""
        names = {position.instrument for position in self._state.positions.all().values()}
        names |= {key[0] for key in self._heard} | {order.ref.instrument for order in self._state.orders.live()}
        return sorted(name for name in names if self._catalog.has(name))

    # --- expecting ---

    def watch(self, order: Order) -> None:
        """The stream must soon tell of this order, unless it did."""
        if not self._state.told:
            return
        key = order_key(order)
        heard = self._heard.get(key)
        if heard is None or not _tells(heard, order):
            self._awaited[key] = order
            self._watchdog.expect(("order", key))
        self._check_fills(key)

    def _check_fills(self, key: OrderKey) -> None:
        """Expect the fills that an order is known to have and that were not told."""
        if self._state.missing(key) and self._hunts.get(key, 0) < _HUNTS_MAX:
            self._hunts.setdefault(key, 0)
            self._watchdog.expect(("fills", key))
        else:
            self._hunts.pop(key, None)
            self._watchdog.heard(("fills", key))

    def _check_firing(self, order: Order) -> None:
        """Expect the order that a firing conditional one becomes."""
        what = ("firing", order_key(order))
        if order.status is OrderStatus.TRIGGERING:
            self._watchdog.expect(what)
        elif order.ref.conditional:
            self._watchdog.heard(what)

    def _overdue(self, what: tuple[str, OrderKey]) -> None:
        kind, key = what
        if kind == "order":
            self._awaited.pop(key, None)
            self._renew("the stream did not tell of our own order")
            return
        if kind == "fills":
            self._hunts[key] = self._hunts.get(key, 0) + 1
        self._soon.set()

    # --- hearing ---

    def _frame(self, line: str, frame: str | bytes) -> None:
        try:
            self._source.handle(line, frame, self)
        except (msgspec.MsgspecError, ArithmeticError, BadAnswer) as error:
            log.warning("a message of the account's stream could not be read: %s", type(error).__name__)
            self._soon.set()

    def hear_order(self, told: Told, fill: Fill | None) -> None:
        """The stream told of an order, and perhaps of an execution of it."""
        key = order_key(told.order)
        self._state.name(key, told.client_id)
        for held in (*self._nameless.pop(key, ()), *(() if fill is None else (fill,))):
            self._hear_named(held, told.order.ref.intent_id)
        self._state.hear_order(told)
        self._heard[key] = told.order
        awaited = self._awaited.get(key)
        if awaited is not None and _tells(told.order, awaited):
            del self._awaited[key]
            self._watchdog.heard(("order", key))
        self._check_fills(key)
        if not self._state.behind(key):
            self._watchdog.heard(("state", key))
        self._check_firing(told.order)

    def hear_fill(self, fill: Fill) -> None:
        """The stream told of an execution in a message of its own, before or after that of its order.

        Without an intent id it waits for its order, which is asked for when the stream does not tell of it.
        """
        key = ref_key(fill.ref)
        intent_id = fill.ref.intent_id or self._state.intent_id(key)
        if intent_id is None:
            self._nameless.setdefault(key, []).append(fill)
            self._watchdog.expect(("fills", key))
            return
        self._hear_named(fill, intent_id)
        self._check_fills(key)
        if self._state.behind(key):
            self._watchdog.expect(("state", key))

    def _hear_named(self, fill: Fill, intent_id: str) -> None:
        self._state.hear_fill(structs.replace(fill, ref=structs.replace(fill.ref, intent_id=intent_id)))

    def hear_execution(self, fill_id: str, key: OrderKey) -> None:
        """The stream told of an execution without its fee: the full message is waited for."""
        if not self._state.fills.has(key, fill_id):
            self._watchdog.expect(("fills", key))

    def hear_change(self) -> None:
        """The stream told that a setting changed, without what follows from it."""
        self._soon.set()

    def hear_expiry(self) -> None:
        """The stream told that its credential expired."""
        if self._parts.hears_credential_expiry:
            self._renew("the stream's credential expired")


async def _opened(socket: Socket) -> None:
    """Open a connection; once more when its login came at the wrong time, now that the source knows."""
    try:
        await socket.open()
    except ClockSkew:
        await socket.open()


def _log_failure(what: str, error: Exception) -> None:
    """A fault of ours is tried again too: a task that ended would let the view rot without a word."""
    log.log(logging.DEBUG if isinstance(error, AdapterError) else logging.ERROR, "%s: %s", what, type(error).__name__)


def _tells(heard: Order, expected: Order) -> bool:
    """True when the stream's telling is as far as what we expect it to tell."""
    return heard.status.final or (not expected.status.final and heard.price == expected.price)
