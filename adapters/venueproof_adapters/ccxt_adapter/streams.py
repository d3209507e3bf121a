"""Runs ccxt's `watch_*` methods: one task each, called again after an exception, all into one queue."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from functools import partial
from typing import Any

from venueproof_adapters.ccxt_adapter.errors import translated
from venueproof_adapters.ccxt_adapter.exchanges import Exchange
from venueproof_contracts.model import Channel, Event, StreamEvent, StreamState

Key = tuple[Channel, str]

AGAIN_S = 0.5
"""Before a watch that failed at once is called again, so that a dead venue is not hammered without a pause."""
SETTLE_S = 0.25
"""ccxt does not tell when a venue confirmed a subscription; the answer to one takes less than this."""
LOOK_S = 0.25
CONNECT_S = 30.0


class Watch:
    """One `watch_*` method, called for as long as it is wanted."""

    def __init__(
        self, exchange: Exchange, call: Callable[[], Awaitable[Any]], read: Callable[[Any], Iterable[Event]]
    ) -> None:
        """`read` turns what `call` returns into events."""
        self._exchange = exchange
        self._call = call
        self._read = read
        self._called_ms = 0
        self.first_error: Exception | None = None

    async def run(self, hear: Callable[[Event], None], failed: Callable[[str], None]) -> None:
        """Until cancelled."""
        while True:
            self._called_ms = self._exchange.milliseconds()
            try:
                with translated(self._exchange):
                    events = list(self._read(await self._call()))
            except Exception as error:
                self.first_error = self.first_error or error
                failed(f"{type(error).__name__}: {error}")
                await asyncio.sleep(AGAIN_S if self.waiting_s() < AGAIN_S else 0)
            else:
                for event in events:
                    hear(event)

    def waiting_s(self) -> float:
        """For how long the present call has been waited for."""
        return float(self._exchange.milliseconds() - self._called_ms) / 1000


class Streams:
    """All watches of one adapter. What a watch fails with is told as `down`, and that they all wait again as `up`."""

    def __init__(self, exchange: Exchange) -> None:
        """Nothing is watched yet."""
        self._exchange = exchange
        self._queue: asyncio.Queue[Event] = asyncio.Queue()
        self._watches: dict[Key, list[Watch]] = {}
        self._tasks: dict[Key, list[asyncio.Task[None]]] = {}
        self._down: set[Key] = set()

    async def add(self, key: Key, watches: list[Watch]) -> None:
        """Begin to watch; returns when ccxt's connections stand. Raises the error that kept them from it."""
        if key in self._tasks:
            return
        self._watches[key] = watches
        self._tasks[key] = []
        for watch in watches:
            self._start(key, watch.run(self._queue.put_nowait, partial(self._failed, key)))
        for _ in range(int(CONNECT_S / LOOK_S)):
            await asyncio.sleep(LOOK_S)
            self._raise_failure(watches)
            if self._steady(key):
                break
        self._tell(key, StreamState.UP)

    def _start(self, key: Key, coroutine: Coroutine[Any, Any, None]) -> None:
        self._tasks[key].append(asyncio.create_task(coroutine))

    def _raise_failure(self, watches: list[Watch]) -> None:
        for watch in watches:
            if watch.first_error is not None:
                raise watch.first_error

    def _failed(self, key: Key, reason: str) -> None:
        if key not in self._down:
            self._down.add(key)
            self._tell(key, StreamState.DOWN, reason)
            self._start(key, self._tell_when_up(key))

    async def _tell_when_up(self, key: Key) -> None:
        while not self._steady(key):  # noqa: ASYNC110  # ccxt announces no connection that could be waited for
            await asyncio.sleep(LOOK_S)
        self._down.discard(key)
        self._tell(key, StreamState.UP)

    def _steady(self, key: Key) -> bool:
        """Every connection stands and every watch has waited on it for a while. ccxt keeps things that are no
        connections among its clients; those have a word for a URL."""
        clients = [client for url, client in self._exchange.clients.items() if "://" in url]
        waiting = all(watch.waiting_s() >= SETTLE_S for watch in self._watches[key])
        return waiting and bool(clients) and all(client.isConnected for client in clients)

    def _tell(self, key: Key, state: StreamState, reason: str = "") -> None:
        channel, instrument = key
        self._queue.put_nowait(StreamEvent(channel=channel, state=state, instrument=instrument, reason=reason))

    async def remove(self, key: Key) -> None:
        """Stop watching."""
        await _ended(self._tasks.pop(key, []))
        self._down.discard(key)

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
