"""Requests over a socket that stays open: many under way at once, each answer found by its number."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from functools import partial

from venueproof_adapters.kit.backoff import Backoff
from venueproof_adapters.kit.dialogue import Dialogue
from venueproof_adapters.kit.heartbeat import Heartbeat
from venueproof_adapters.kit.parts import Parts
from venueproof_adapters.kit.socket import SocketOptions
from venueproof_contracts.errors import NotSent

_UP_WITHIN_S = 10.0


class RpcSocket:
    """Connects at the first request, greets after each connect, and stays up until it is closed.

    `greet` logs in; `key_of` says which request a frame answers, None for what answers none. A request that was sent
    and not answered ends as `OutcomeUnknown`, at the time-out or with the connection; an answer that comes later is
    dropped. What calls this is a venue's `Requests.exchange`.
    """

    def __init__(
        self,
        name: str,
        address: str,
        parts: Parts,
        backoff: Backoff,
        now_ns: Callable[[], int],
        options: SocketOptions,
        *,
        greet: Callable[[Dialogue], Awaitable[None]],
        key_of: Callable[[str | bytes], Hashable | None],
        heartbeat: Heartbeat | None = None,
    ) -> None:
        self._name = name
        self._address = address
        self._key_of = key_of
        self._up = asyncio.Event()
        self._socket = parts.socket(
            name=name,
            address=self._where,
            on_open=partial(self._opened, greet),
            on_frame=self._frame,
            on_down=self._down,
            backoff=backoff,
            now_ns=now_ns,
            options=options,
            heartbeat=heartbeat,
        )
        self.dialogue = Dialogue(name, self._socket.send)

    async def exchange(self, frame: str, key: Hashable) -> bytes:
        """Send a request and take its answer.

        Raises what stood in the way of the connection or of the login, `NotSent` without a connection, and
        `OutcomeUnknown`.
        """
        await self._socket.open()
        try:
            await asyncio.wait_for(self._up.wait(), _UP_WITHIN_S)
        except TimeoutError:
            raise NotSent(f"{self._name}: not connected") from None
        return (await self.dialogue.ask(frame, key))[0]

    async def close(self) -> None:
        """Disconnect."""
        self._up.clear()
        await self._socket.close()
        self.dialogue.fail("closed")

    async def _where(self) -> str:
        return self._address

    async def _opened(self, greet: Callable[[Dialogue], Awaitable[None]]) -> None:
        await greet(self.dialogue)
        self._up.set()

    def _down(self, reason: str) -> None:
        self._up.clear()
        self.dialogue.fail(reason)

    def _frame(self, frame: str | bytes) -> None:
        key = self._key_of(frame)
        if key is not None:
            self.dialogue.answer(key, frame)
