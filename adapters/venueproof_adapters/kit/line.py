"""One connection of the market's streams: asked in frames of bearable size and rhythm, each stream acknowledged.

What is asked for at the same time goes out in one frame, whoever asks: a whole chain of options may expire at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Hashable, Sequence
from itertools import count
from typing import Protocol

import msgspec
from msgspec import Struct

from venueproof_adapters.kit.backoff import Backoff
from venueproof_adapters.kit.clock import SECOND_NS
from venueproof_adapters.kit.dialogue import Dialogue
from venueproof_adapters.kit.feeds import News
from venueproof_adapters.kit.heartbeat import Heartbeat
from venueproof_adapters.kit.parts import Parts
from venueproof_adapters.kit.socket import SocketOptions
from venueproof_contracts.errors import AdapterError, BadAnswer, Reason, Rejected, VenueDown
from venueproof_contracts.model import Channel, Instrument

log = logging.getLogger("venueproof_adapters.line")

_UP_WITHIN_S = 30


class Heard(Struct, frozen=True):
    """A message of a channel, under the venue's spelling of the instrument."""

    channel: Channel
    spelling: str
    news: News


class Ack(Struct, frozen=True):
    """The answer under a key of a command; without a key it answers what was asked first."""

    key: Hashable | None
    error: AdapterError | None = None


class Reply(Struct, frozen=True):
    """A frame that the venue wants to have back."""

    frame: str


class Command(Struct, frozen=True):
    """A frame, and the keys of all answers to it; none where the venue gives none."""

    frame: str
    keys: tuple[Hashable, ...] = ()


class Pace(Struct, frozen=True):
    """How many streams one frame may ask for, and how many seconds are between two frames at least."""

    streams_max: int = 200
    pause_s: float = 0.0


class MarketSource(Protocol):
    """The venue's side of market streams."""

    lines: Sequence[str]
    """Names of its connections."""
    heartbeat: Heartbeat | None
    pace: Pace

    def address(self, line: str) -> str:
        """Where a connection goes."""
        ...

    def streams(self, channel: Channel, instrument: Instrument) -> Sequence[tuple[str, str]]:
        """Connection and name of each stream that makes up a channel; none for candles that have to be polled."""
        ...

    def command(self, subscribe: bool, streams: Sequence[str], number: int) -> Command:
        """The frame that asks for streams, or for their end; `number` is unique on the connection."""
        ...

    def read(self, frame: str | bytes) -> Sequence[Heard | Ack | Reply]:
        """What a message says. Raises `BadAnswer` or msgspec's error when it cannot be read."""
        ...


class Line:
    """One connection, and which streams it carries."""

    def __init__(
        self,
        name: str,
        source: MarketSource,
        parts: Parts,
        backoff: Backoff,
        now_ns: Callable[[], int],
        options: SocketOptions,
        on_heard: Callable[[Heard], None],
        on_open: Callable[[str], None],
        on_down: Callable[[str, str], None],
    ) -> None:
        self._name = name
        self._source = source
        self._on_heard = on_heard
        self._on_open = on_open
        self._on_down = on_down
        self._pace = source.pace
        self._now_ns = now_ns
        self._next_ns = 0
        """Before this moment no frame may ask for anything."""
        self._streams: dict[str, None] = {}
        self._wishes: dict[tuple[bool, str], asyncio.Future[None]] = {}
        """What is to be asked for, or given up, with the next frames."""
        self._asking: asyncio.Task[None] | None = None
        self._numbers = count(1)
        self._up = asyncio.Event()
        self._socket = parts.socket(
            name=name,
            address=self._address,
            on_open=self._opened,
            on_frame=self._frame,
            on_down=self._down,
            backoff=backoff,
            now_ns=now_ns,
            options=options,
            heartbeat=source.heartbeat,
        )
        self._dialogue = Dialogue(name, self._socket.send)

    async def add(self, stream: str) -> None:
        """Have a stream delivered, now and after each reconnect."""
        self._streams[stream] = None
        if self._up.is_set():
            await self._wish(True, stream)
            return
        await self._socket.open()
        try:
            await asyncio.wait_for(self._up.wait(), _UP_WITHIN_S)
        except TimeoutError:
            raise VenueDown(f"{self._name}: not connected") from None
        if not self.carries(stream):
            raise Rejected(Reason.UNKNOWN_INSTRUMENT, f"{self._name}: {stream} is refused")

    async def remove(self, stream: str) -> None:
        """Deliver it no more."""
        self.forget(stream)
        if self._up.is_set():
            await self._wish(False, stream)

    async def again(self, stream: str) -> None:
        """Have a stream begin anew, as far as there is a connection."""
        if self._up.is_set() and stream in self._streams:
            await self._wish(False, stream)
            await self._wish(True, stream)

    def carries(self, stream: str) -> bool:
        """False for what the venue refused for good after a reconnect."""
        return stream in self._streams

    def forget(self, stream: str) -> None:
        """Do not ask for a stream again."""
        self._streams.pop(stream, None)

    async def close(self) -> None:
        """Disconnect."""
        self._up.clear()
        if asking := self._asking:
            self._asking = None
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
        for wish in self._wishes.values():
            wish.cancel()
        self._wishes.clear()
        await self._socket.close()
        self._dialogue.fail("closed")

    async def _address(self) -> str:
        return self._source.address(self._name)

    async def _opened(self) -> None:
        asked: set[str] = set()
        # Some come while others are asked for.
        while news := [stream for stream in self._streams if stream not in asked]:
            asked.update(batch := news[: self._pace.streams_max])
            await self._command_any(batch)
        self._up.set()
        self._on_open(self._name)

    async def _command_any(self, batch: Sequence[str]) -> None:
        """Ask for streams; where one of them is gone for good, for each of the others."""
        try:
            await self._command(True, batch)
        except Rejected as error:
            if error.reason is not Reason.UNKNOWN_INSTRUMENT:
                raise
            if len(batch) == 1:
                self.forget(batch[0])
                log.warning("%s is not streamed any more: %s", batch[0], error.code)
                return
            for stream in batch:
                await self._command_any([stream])

    # --- wishes, gathered ---

    async def _wish(self, subscribe: bool, stream: str) -> None:
        """Have a stream asked for, or given up, in one frame with all others of this moment."""
        key = (subscribe, stream)
        if key not in self._wishes:
            self._wishes[key] = asyncio.get_running_loop().create_future()
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask_together())
        await asyncio.shield(self._wishes[key])

    async def _ask_together(self) -> None:
        await asyncio.sleep(0)
        while self._wishes:
            subscribe = next(iter(self._wishes))[0]
            batch = [stream for wanted, stream in self._wishes if wanted is subscribe][: self._pace.streams_max]
            wishes = {stream: self._wishes.pop((subscribe, stream)) for stream in batch}
            await self._grant(subscribe, wishes)

    async def _grant(self, subscribe: bool, wishes: dict[str, asyncio.Future[None]]) -> None:
        """Ask for what is wished for; where one of several is refused, for each by itself."""
        try:
            await self._command(subscribe, list(wishes))
        except AdapterError as error:
            if len(wishes) > 1 and isinstance(error, Rejected):
                for stream, wish in wishes.items():
                    await self._grant(subscribe, {stream: wish})
                return
            for wish in wishes.values():
                wish.set_exception(error)
                wish.exception()  # looked at: who wished for it may be gone
        else:
            for wish in wishes.values():
                wish.set_result(None)

    def _down(self, reason: str) -> None:
        self._up.clear()
        self._dialogue.fail(reason)
        self._on_down(self._name, reason)

    async def _command(self, subscribe: bool, streams: Sequence[str]) -> None:
        """Send a command and wait for its answer. Raises the venue's refusal, or `VenueDown` when none comes."""
        await self._turn()
        command = self._source.command(subscribe, streams, next(self._numbers))
        await self._dialogue.demand(command.frame, *command.keys)

    async def _turn(self) -> None:
        """Wait until a frame may go out; whoever comes meanwhile waits for longer. The clock may be set back."""
        pause_ns, now_ns = int(self._pace.pause_s * SECOND_NS), self._now_ns()
        wait_ns = min(max(0, self._next_ns - now_ns), _UP_WITHIN_S * SECOND_NS)
        self._next_ns = now_ns + wait_ns + pause_ns
        if wait_ns:
            await asyncio.sleep(wait_ns / SECOND_NS)

    def _frame(self, frame: str | bytes) -> None:
        try:
            said = self._source.read(frame)
        except (msgspec.MsgspecError, ArithmeticError, BadAnswer) as error:
            log.warning("a message on %s could not be read: %s", self._name, type(error).__name__)
            self._socket.renew("a message could not be read")
            return
        for one in said:
            if isinstance(one, Heard):
                self._on_heard(one)
            elif isinstance(one, Ack):
                self._acknowledge(one)
            else:
                self._dialogue.tell(one.frame)

    def _acknowledge(self, ack: Ack) -> None:
        key = self._dialogue.first() if ack.key is None else ack.key
        if ack.error is None:
            self._dialogue.answer(key)
        else:
            self._dialogue.refuse(key, ack.error)
