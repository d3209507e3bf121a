"""What it takes to start one more venue in a running process, beside one more bare aiohttp site.

Values are milliseconds until it listens; the ratio says how many sites could be started in the time of a venue.
"""

from __future__ import annotations

import asyncio
from time import perf_counter

from figure import of_rounds
from servers.bare_aiohttp import start_site

from venueproof.simulation import Setting, running

ROUNDS = 30


async def venue_ms() -> float:
    """Start Binance, and stop it."""
    begin = perf_counter()
    async with running(Setting(venue="binance")):
        return (perf_counter() - begin) * 1000


async def site_ms() -> float:
    """Start a site, and stop it."""
    begin = perf_counter()
    runner, _ = await start_site()
    spent_ms = (perf_counter() - begin) * 1000
    await runner.cleanup()
    return spent_ms


async def measured() -> list[tuple[float, float]]:
    """Both in turn; the first round loads what all others share and is left out."""
    return [(await venue_ms(), await site_ms()) for _ in range(ROUNDS + 1)][1:]


def row() -> dict[str, object]:
    """One line of the benchmark table; values are milliseconds, and there is no floor."""
    return of_rounds(asyncio.run(measured()), digits=3)


if __name__ == "__main__":
    print(row())
