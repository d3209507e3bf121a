"""Runs ccxt's `watch_*` methods: one task each, called again after an exception, all into one queue."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from venueproof_adapters.ccxt_adapter.errors import translated
from venueproof_adapters.ccxt_adapter.exchanges import Exchange
from venueproof_contracts.model import Channel, Event, StreamEvent, StreamState

Key = tuple[Channel, str]

AGAIN_S = 0.5
"""Before a watch that failed at once is called again, so that a dead venue is not hammered without a pause."""
SETTLE_S = 0.25
"""ccxt does not tell when a venue confirmed a subscription; the answer to one takes less than this."""
CONNECT_S = 30.0


class Watch:
    """One `watch_*` method, called for as long as it is wanted."""

    def __init__(
        self,
        key: Key,
        call: Callable[[], Awaitable[Any]],
        read: Callable[[Any], Iterable[Event]],
        now_ns: Callable[[], int],
    ) -> None:
        """`read` turns what `call` returns into events."""
        self.key = key
        self._call = call
        self._read = read
        self._now_ns = now_ns
        self.first_error: Exception | None = None

    async def run(self, queue: asyncio.Queue[Event]) -> None:
        """Until cancelled. An exception is told as `down`, the first message after it as `up`."""
        down = False
        while True:
            began_ns = self._now_ns()
            try:
                with translated(self._now_ns):
                    events = list(self._read(await self._call()))
            except Exception as error:
                self.first_error = self.first_error or error
                down = self._tell(queue, StreamState.DOWN, f"{type(error).__name__}: {error}")
                await asyncio.sleep(AGAIN_S if self._now_ns() - began_ns < AGAIN_S * 1e9 else 0)
                continue
            if down:
                down = not self._tell(queue, StreamState.UP, "")
            for event in events:
                queue.put_nowait(event)

    def _tell(self, queue: asyncio.Queue[Event], state: StreamState, reason: str) -> bool:
        channel, instrument = self.key
        queue.put_nowait(StreamEvent(channel=channel, state=state, instrument=instrument, reason=reason))
        return True


class Streams:
    """All watches of one adapter."""

    def __init__(self, exchange: Exchange, now_ns: Callable[[], int]) -> None:
        """Nothing is watched yet."""
        self._exchange = exchange
        self._now_ns = now_ns
        self._queue: asyncio.Queue[Event] = asyncio.Queue()
        self._tasks: dict[Key, list[asyncio.Task[None]]] = {}

    async def add(self, key: Key, watches: list[Watch]) -> None:
        """Begin to watch; returns when ccxt's connections stand. Raises the error that kept them from it."""
        if key in self._tasks:
            return
        self._tasks[key] = [asyncio.create_task(watch.run(self._queue)) for watch in watches]
        until_ns = self._now_ns() + int(CONNECT_S * 1e9)
        while not self._connected() and self._now_ns() < until_ns:
            await asyncio.sleep(SETTLE_S / 5)
            self._raise_failure(watches)
        await asyncio.sleep(SETTLE_S)
        self._queue.put_nowait(StreamEvent(channel=key[0], state=StreamState.UP, instrument=key[1]))

    def _connected(self) -> bool:
        """ccxt keeps things that are no connections among its clients; those have a word for a URL."""
        clients = [client for url, client in self._exchange.clients.items() if "://" in url]
        return bool(clients) and all(client.isConnected for client in clients)

    def _raise_failure(self, watches: list[Watch]) -> None:
        for watch in watches:
            if watch.first_error is not None:
                raise watch.first_error

    async def remove(self, key: Key) -> None:
        """Stop watching."""
        await _ended(self._tasks.pop(key, []))

    async def close(self) -> None:
        """Stop all watches."""
        for key in list(self._tasks):
            await self.remove(key)

    async def next_event(self) -> Event:
        """The next event of all watches, in order of arrival."""
        return await self._queue.get()


async def _ended(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
