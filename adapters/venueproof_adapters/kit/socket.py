"""A WebSocket that is kept up: connected in time, greeted after each connect, replaced before the venue cuts it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from msgspec import Struct
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from venueproof_adapters.kit.backoff import Backoff
from venueproof_adapters.kit.clock import SECOND_NS
from venueproof_adapters.kit.heartbeat import Heartbeat, Pulse
from venueproof_adapters.kit.http import trust
from venueproof_contracts.errors import AdapterError, NotSent, OutcomeUnknown, RateLimited, VenueDown

log = logging.getLogger("venueproof_adapters.socket")
_wire_log = logging.getLogger("venueproof_adapters.socket.wire")
_wire_log.setLevel(logging.WARNING)  # below that the library writes out addresses and frames, which hold listen keys


class SocketOptions(Struct, frozen=True):
    """How a socket is dialled and watched. Times in seconds.

    A peer that does not answer a ping within `ping_timeout_s` is gone, whatever TCP believes.
    """

    proxy: str = ""
    ca: str = ""
    turn: Callable[[], Awaitable[None]] | None = None
    """Waits until another connection may be made."""
    open_timeout_s: float = 10.0
    ping_every_s: float = 20.0
    ping_timeout_s: float = 15.0
    max_age_s: float = 23 * 3600.0
    settled_after_s: float = 10.0
    """A connection that lived so long starts the back-off afresh."""


class Socket:
    """One kept-up connection.

    `address` is asked before each connect, `on_open` greets (subscribes, takes snapshots) while frames already arrive,
    `on_frame` takes each frame, `on_down` hears why a connection that had been opened ended. The `heartbeat`, where the
    venue wants one of the client, beats before anything else is sent, and stands for the protocol's own pings.
    """

    pulse_kind: type[Pulse] = Pulse

    def __init__(
        self,
        *,
        name: str,
        address: Callable[[], Awaitable[str]],
        on_open: Callable[[], Awaitable[None]],
        on_frame: Callable[[str | bytes], None],
        on_down: Callable[[str], None],
        backoff: Backoff,
        now_ns: Callable[[], int],
        options: SocketOptions,
        heartbeat: Heartbeat | None = None,
    ) -> None:
        self._name = name
        self._address = address
        self._on_open = on_open
        self._on_frame = on_frame
        self._on_down = on_down
        self._backoff = backoff
        self._now_ns = now_ns
        self._options = options
        self._pulse = None if heartbeat is None else self.pulse_kind(heartbeat)
        self._connection: ClientConnection | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._opened: asyncio.Future[None] | None = None
        self._renewal: asyncio.Future[str] | None = None

    async def open(self) -> None:
        """Connect and greet. Raises the `AdapterError` that stood in the way; once open, the socket keeps itself up."""
        if self._keeper is not None:
            return
        opened = self._opened = asyncio.get_running_loop().create_future()
        self._keeper = asyncio.create_task(self._keep(opened), name=f"socket {self._name}")
        try:
            await opened
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """End the connection for good."""
        if keeper := self._keeper:
            self._keeper = None
            keeper.cancel()
            with suppress(asyncio.CancelledError):
                await keeper
        if self._opened is not None and not self._opened.done():
            self._opened.set_exception(NotSent(f"{self._name}: closed before it was open"))

    async def send(self, text: str) -> None:
        """Send a frame. Raises `VenueDown` when there is no connection, `OutcomeUnknown` when it ends meanwhile."""
        if self._connection is None:
            raise VenueDown(f"{self._name}: not connected")
        try:
            await self._connection.send(text)
        except ConnectionClosed:
            raise OutcomeUnknown(f"{self._name}: the connection ended") from None

    def renew(self, reason: str) -> None:
        """Give up the connection and make a new one."""
        if self._renewal and not self._renewal.done():
            self._renewal.set_result(reason)

    async def _keep(self, opened: asyncio.Future[None]) -> None:
        failures, again_s = 0, 0.0
        while True:
            began_ns = self._now_ns()
            try:
                reason = await self._live(opened)
            except Exception as thrown:
                error = self._told(thrown)
                if not opened.done():
                    opened.set_exception(error)
                    return
                reason = f"{type(error).__name__}: {error}"
                again_s = max(0, error.until_ns - self._now_ns()) / SECOND_NS if isinstance(error, RateLimited) else 0.0
            else:
                again_s = 0.0
            log.debug("%s is down: %s", self._name, reason)
            lived = self._now_ns() - began_ns >= self._options.settled_after_s * SECOND_NS
            failures = 1 if lived else failures + 1
            await asyncio.sleep(max(again_s, self._backoff.delay_s(failures)))

    def _told(self, error: Exception) -> AdapterError:
        """What ended a connection. A fault of ours must not end the socket too: whoever listens would wait for ever."""
        if isinstance(error, AdapterError):
            return error
        log.error("%s: a connection ended by a fault of the adapter: %s", self._name, type(error).__name__)
        return VenueDown(f"{self._name}: {type(error).__name__}")

    async def _live(self, opened: asyncio.Future[None]) -> str:
        """One connection from dial to end; the reason why it ended."""
        connection = await self._dial()
        self._connection = connection
        renewal = self._renewal = asyncio.get_running_loop().create_future()
        ends: list[asyncio.Future[str]] = [renewal, asyncio.ensure_future(self._pump(connection))]
        if self._pulse is not None:
            ends.append(asyncio.ensure_future(self._pulse.beat(connection.send)))
        greeting: asyncio.Future[str] = asyncio.ensure_future(self._greet())
        greeted = False
        reason = "closed by us"
        try:
            await asyncio.wait([*ends, greeting], return_when=asyncio.FIRST_COMPLETED)
            if greeting.done():
                greeting.result()  # raises what went wrong
                greeted = True
                if not opened.done():
                    opened.set_result(None)
                await asyncio.wait(ends, timeout=self._options.max_age_s, return_when=asyncio.FIRST_COMPLETED)
            reason = next((end.result() for end in ends if end.done()), "renewed before the venue's cut")
        finally:
            self._connection = None
            await _end(connection, greeting, *ends)
            if greeted:
                self._on_down(reason)
        if not opened.done():
            raise VenueDown(f"{self._name}: {reason}")
        return reason

    async def _dial(self) -> ClientConnection:
        address = await self._address()
        options = self._options
        if options.turn is not None:
            await options.turn()
        try:
            return await connect(
                address,
                open_timeout=options.open_timeout_s,
                ping_interval=options.ping_every_s if self._pulse is None else None,
                ping_timeout=options.ping_timeout_s,
                close_timeout=1,
                max_size=16 * 1024 * 1024,
                compression=None,
                proxy=options.proxy or None,
                logger=_wire_log,
                ssl=trust(options.ca) if address.startswith("wss:") else None,
            )
        except (OSError, EOFError, WebSocketException) as error:
            raise VenueDown(f"{self._name}: cannot connect ({type(error).__name__})") from None

    async def _pump(self, connection: ClientConnection) -> str:
        try:
            async for frame in connection:
                if self._pulse is None or not self._pulse.hears(frame):
                    self._on_frame(frame)
        except ConnectionClosed:
            pass
        return f"closed with {connection.close_code}"

    async def _greet(self) -> str:
        await self._on_open()
        return "greeted"


async def _end(connection: ClientConnection, *tasks: asyncio.Future[str]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await connection.close()
