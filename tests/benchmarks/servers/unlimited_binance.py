"""Binance as it is served, but with budgets that no load exhausts. They are counted and checked as ever.

It prints one JSON object with its URL and credentials once it is ready.
"""

from __future__ import annotations

import asyncio
import json
from typing import cast

from msgspec.structs import replace

from venueproof.cli.serving import JOURNAL_ROWS, calm_collector
from venueproof.simulation import Setting, running
from venueproof_simulators.venues.binance.limits import Budgets
from venueproof_simulators.venues.binance.venue import BinanceVenue

RAISED = frozenset({"weight", "orders-10s", "orders-1m"})
BEYOND_REACH = 10**12


def raise_budgets(venue: BinanceVenue) -> None:
    """Give a venue that has counted nothing yet budgets of such a size."""
    desk = venue.desk
    rows = [replace(row, limit=BEYOND_REACH) if row.id in RAISED else row for row in desk.limits.limit]
    desk.budgets = Budgets(replace(desk.limits, limit=rows), desk.switches, desk.throttle)


async def main() -> None:
    """Serve until the process is ended."""
    async with running(Setting(venue="binance", journal_rows=JOURNAL_ROWS)) as venue:
        raise_budgets(cast(BinanceVenue, venue.simulator.venue))
        calm_collector()
        print(json.dumps({"rest": venue.rest_url, **venue.credentials}), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
