"""An idle bot's two days in virtual time: 12 sockets that ping every 15 s, beside a bare websockets server.

Both run on the same virtual loop with the same client; values are virtual seconds for one real second. Ours besides
journals, pings by itself, and ends its streams after 24 hours, upon which the bot comes back.

The sockets are opened one after another on both sides, so that their pings are spread as a real bot's are. Were they
opened at one instant, the bare server would answer twelve pings in one turn of the loop; ours, whose handshakes take a
seeded time each, would not, and the two would not do the same.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from time import perf_counter

from figure import of_rounds
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from venueproof.simulation import simulate
from venueproof.virtual import run

SOCKETS = 12
IDLE_S = 48 * 3600
PING_S = 15
APART_S = PING_S / SOCKETS
ROUNDS = 3
FLOOR = 0.6

Place = Callable[[], AbstractAsyncContextManager[str]]


@contextlib.asynccontextmanager
async def ours() -> AsyncIterator[str]:
    """Our Binance; gives the URL of a stream that says nothing on a still market."""
    async with simulate("binance") as venue:
        yield f"{venue.ws_url}/public/ws/btcusdt@depth"


@contextlib.asynccontextmanager
async def bare() -> AsyncIterator[str]:
    """A websockets server that says nothing."""

    async def handle(connection: ServerConnection) -> None:
        await connection.wait_closed()

    async with serve(handle, "127.0.0.1", 0, ping_interval=None) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def listen(url: str) -> None:
    """One socket of the bot."""
    async for socket in connect(url, ping_interval=PING_S, ping_timeout=PING_S, compression=None):
        with contextlib.suppress(ConnectionClosed):
            async for _ in socket:
                pass


async def idle(place: Place) -> None:
    """Be idle for two days."""
    async with place() as url, asyncio.TaskGroup() as group:
        bots: list[asyncio.Task[None]] = []
        for _ in range(SOCKETS):
            bots.append(group.create_task(listen(url)))
            await asyncio.sleep(APART_S)
        await asyncio.sleep(IDLE_S)
        for bot in bots:
            bot.cancel()


def speed(place: Place) -> float:
    """Virtual seconds for one real second."""
    begin = perf_counter()
    run(idle(place), deadline_s=IDLE_S + 60, watchdog_s=600)
    return IDLE_S / (perf_counter() - begin)


def row() -> dict[str, object]:
    """One line of the benchmark table; values are virtual seconds for one real second."""
    measured = [(speed(ours), speed(bare)) for _ in range(ROUNDS)]
    return of_rounds(measured, FLOOR)


if __name__ == "__main__":
    print(row())
