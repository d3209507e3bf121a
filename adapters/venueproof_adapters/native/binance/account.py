"""The account's stream, and the comparison with REST that makes up for whatever it does not tell.

The stream says nothing at the start, may end without a word (a listen key that expired unheard), and may lose
messages. So the account is asked for after each connect, every `reconcile_every_s` seconds, and whenever something
that must have been told was not. Source: the vendor's user data stream pages; the silence is a field report.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

import msgspec

from venueproof_adapters.kit.backoff import Backoff
from venueproof_adapters.kit.clock import MS_NS, SECOND_NS
from venueproof_adapters.kit.ledger import OrderKey
from venueproof_adapters.kit.orders import order_key
from venueproof_adapters.kit.parts import Parts
from venueproof_adapters.kit.recent import Recent
from venueproof_adapters.kit.socket import SocketOptions
from venueproof_adapters.native.binance import wire
from venueproof_adapters.native.binance.errors import LISTEN_KEY_UNKNOWN
from venueproof_adapters.native.binance.instruments import Catalog
from venueproof_adapters.native.binance.parse import Parser
from venueproof_adapters.native.binance.questions import AccountQuestions
from venueproof_adapters.native.binance.rest import Rest
from venueproof_adapters.native.binance.state import State
from venueproof_contracts.errors import AdapterError, BadAnswer, RateLimited, Rejected
from venueproof_contracts.model import Balance, Channel, Order, StreamEvent, StreamState

log = logging.getLogger("venueproof_adapters.native.binance")

RECOVERY_BOUND_S = 60

_HEARD_WITHIN_S = 5.0
_AGAIN_S = 5.0
_OVERLAP_NS = 300 * SECOND_NS
_STALE_NS = 3 * SECOND_NS
"""The stream is seconds ahead of any answer; what an answer tells first although it is older was not streamed."""
_HUNTS_MAX = 5


class Account:
    """Keeps the account's events coming while somebody is subscribed."""

    def __init__(
        self,
        parts: Parts,
        rest: Rest,
        catalog: Catalog,
        parser: Parser,
        state: State,
        now_ns: Callable[[], int],
        ws: str,
        backoff: Backoff,
        options: SocketOptions,
    ) -> None:
        self._parts = parts
        self._rest = rest
        self._catalog = catalog
        self._parser = parser
        self._state = state
        self._now_ns = now_ns
        self._ws = ws
        self._watchdog = parts.watchdog(_HEARD_WITHIN_S, self._overdue)
        self._socket = parts.socket(
            name="account",
            address=self._address,
            on_open=self._opened,
            on_frame=self._frame,
            on_down=self._down,
            backoff=backoff,
            now_ns=now_ns,
            options=options,
        )
        self._heard: Recent[OrderKey, Order] = Recent(10_000)
        self._awaited: dict[OrderKey, Order] = {}
        self._hunts: dict[OrderKey, int] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._soon = asyncio.Event()
        self._lock = asyncio.Lock()
        self._started = False
        self._whole_ns = 0
        self._questions: AccountQuestions | None = None

    def connect_to(self, questions: AccountQuestions) -> None:
        """Hand in what in turn needs `watch`."""
        self._questions = questions

    # --- life ---

    async def subscribe(self) -> None:
        """Connect, tell the whole state, and go on with changes."""
        if self._state.told:
            return
        self._state.since_ns = self._whole_ns = self._now_ns()
        self._started = False
        await self._socket.open()
        self._tasks = [asyncio.create_task(self._keep_credential()), asyncio.create_task(self._keep_whole())]

    async def close(self) -> None:
        """Disconnect. The listen key stays: other clients of the account share it."""
        self._state.told = False
        self._watchdog.clear()
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._socket.close()

    async def _address(self) -> str:
        """The stream's address; the venue gives the same key again while it is valid, and a new one otherwise."""
        key = (await self._rest.ask("listen-key", wire.ListenKeyRow)).listen_key
        return f"{self._ws}/private/ws?listenKey={key}"

    async def _opened(self) -> None:
        if not self._started:
            await self._reconcile()
            self._state.told = self._started = True
            self._state.tell_all()
            self._say(StreamState.UP)
            return
        if self._parts.heals_after_reconnect:
            await self._reconcile()
        self._say(StreamState.UP)
        self._say(StreamState.RESYNCED)

    def _down(self, reason: str) -> None:
        self._watchdog.clear()
        self._awaited.clear()
        self._say(StreamState.DOWN, reason)

    def _say(self, state: StreamState, reason: str = "") -> None:
        self._state.tell(StreamEvent(Channel.ACCOUNT, state, reason=reason))

    async def _keep_credential(self) -> None:
        """Renew the listen key in time; start over when the venue knows it no more."""
        every_s = self._parts.renew_credential_every_s
        wait_s = every_s
        while every_s:
            await asyncio.sleep(wait_s)
            wait_s = every_s
            try:
                await self._rest.ask("keep-listen-key", dict[str, msgspec.Raw])
            except Rejected as error:
                if error.code == LISTEN_KEY_UNKNOWN:
                    self._socket.renew("the listen key expired")
            except AdapterError as error:
                log.debug("the listen key could not be renewed: %s", type(error).__name__)
                wait_s = self._pause_s(error) + _AGAIN_S

    def _pause_s(self, error: AdapterError) -> float:
        return max(0.0, (error.until_ns - self._now_ns()) / SECOND_NS) if isinstance(error, RateLimited) else 0.0

    # --- comparing ---

    async def _keep_whole(self) -> None:
        """Compare every now and then, and soon when there is reason to."""
        wait_s = self._parts.reconcile_every_s
        while wait_s:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._soon.wait(), wait_s)
            wait_s = self._parts.reconcile_every_s
            self._soon.clear()
            try:
                if await self._reconcile():
                    self._socket.renew("the stream did not tell what happened")
            except AdapterError as error:
                log.debug("the account could not be compared: %s", type(error).__name__)
                wait_s = self._pause_s(error) + _AGAIN_S

    async def _reconcile(self) -> bool:
        """Ask for everything and tell what is new; True when the stream should have told some of it before."""
        assert self._questions is not None
        async with self._lock:
            asked_ns = self._now_ns()
            self._state.expect_fresh(asked_ns - _STALE_NS)
            rows = await self._rest.ask("positions", list[wire.PositionRow])
            self._questions.hear_positions(rows, asked_ns)
            since_ns = max(self._state.since_ns, self._whole_ns - _OVERLAP_NS)
            for symbol in self._active():
                await self._questions.fills(symbol, since_ns)
            await self._questions.open_orders(None)
            await self._questions.balances()
            if not self._started:
                for order in self._state.orders.live():
                    self._state.fills.start_at(order_key(order), order.filled)
            for key in list(self._hunts):
                self._check_fills(key)
            self._whole_ns = asked_ns
            return self._state.was_late()

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

    def _overdue(self, what: tuple[str, OrderKey]) -> None:
        kind, key = what
        if kind == "order":
            self._awaited.pop(key, None)
            self._socket.renew("the stream did not tell of our own order")
        else:
            self._hunts[key] = self._hunts.get(key, 0) + 1
            self._soon.set()

    # --- hearing ---

    def _frame(self, frame: str | bytes) -> None:
        try:
            event = msgspec.json.decode(frame, type=wire.Head).event
            self._handle(event, frame)
        except (msgspec.MsgspecError, ArithmeticError, BadAnswer) as error:
            log.warning("a message of the account's stream could not be read: %s", type(error).__name__)
            self._soon.set()

    def _handle(self, event: str, frame: str | bytes) -> None:
        match event:
            case "ORDER_TRADE_UPDATE":
                self._order(msgspec.json.decode(frame, type=wire.OrderMessage).order)
            case "ACCOUNT_UPDATE":
                self._account(msgspec.json.decode(frame, type=wire.AccountMessage))
            case "TRADE_LITE":
                self._trade(msgspec.json.decode(frame, type=wire.TradeLite))
            case "listenKeyExpired" if self._parts.hears_credential_expiry:
                self._socket.renew("the listen key expired")
            case _:
                pass  # settings, margin calls and the venue's own bots: nothing that is told of

    def _order(self, told: wire.OrderUpdate) -> None:
        order, fill = self._parser.order_update(told), self._parser.fill_update(told)
        key = order_key(order)
        self._state.name(key, told.client_id)
        if fill is not None:
            self._state.hear_fill(fill)
        self._state.hear_order(order, told.client_id)
        self._heard[key] = order
        awaited = self._awaited.get(key)
        if awaited is not None and _tells(order, awaited):
            del self._awaited[key]
            self._watchdog.heard(("order", key))
        self._check_fills(key)

    def _trade(self, told: wire.TradeLite) -> None:
        """An execution before its full message: only the latter tells the fee, so it is waited for."""
        symbol = self._catalog.symbol(told.symbol)
        if not self._state.fills.has(symbol, str(told.trade_id)):
            self._watchdog.expect(("fills", (symbol, str(told.order_id))))

    def _account(self, message: wire.AccountMessage) -> None:
        stamp = (message.at_ms * MS_NS, message.sent_ms * MS_NS)
        for told in message.account.positions:
            self._state.hear_position(self._parser.position_update(told), stamp)
        for changed in message.account.balances:
            self._state.hear_balance(Balance(changed.asset, changed.wallet, None), stamp)


def _tells(heard: Order, expected: Order) -> bool:
    """True when the stream's telling is as far as what we expect it to tell."""
    return heard.status.final or (not expected.status.final and heard.price == expected.price)
