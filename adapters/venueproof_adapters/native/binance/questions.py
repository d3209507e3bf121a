"""Questions about the market, each answered whole or with an error. Source: the vendor's market data pages."""

from __future__ import annotations

import asyncio

from venueproof_adapters.kit.clock import MS_NS
from venueproof_adapters.kit.feeds import Snapshot
from venueproof_adapters.kit.figures import figure, levels
from venueproof_adapters.kit.ground import Ground
from venueproof_adapters.kit.own import or_none
from venueproof_adapters.kit.questions import Market
from venueproof_adapters.native.binance import wire
from venueproof_adapters.native.binance.parse import candle, public_trade
from venueproof_adapters.native.binance.rest import Rest
from venueproof_contracts.errors import Reason, Rejected
from venueproof_contracts.model import Book, Candle, Funding, Instrument, OpenInterest, Ticker, Trade

INTERVALS = ("1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w", "1M")
"""Source: the vendor's klines page; `1s` is spot only."""
DEPTHS = (5, 10, 20, 50, 100, 500, 1000)
CANDLES_MAX = 1500
TRADES_MAX = 500


class BinanceMarket(Market):
    """What everybody may ask."""

    intervals = INTERVALS

    def __init__(self, rest: Rest, ground: Ground) -> None:
        super().__init__(ground)
        self._rest = rest

    async def ticker(self, instrument: str) -> Ticker:
        """Four requests at once; only the first must succeed."""
        name = self._catalog.find(instrument).spelling
        day, best, premium, interest = await asyncio.gather(
            self._rest.ask_one("ticker", wire.DayRow, symbol=name),
            or_none(self._rest.ask_one("best", wire.BestRow, symbol=name)),
            or_none(self._rest.ask_one("premium", wire.PremiumRow, symbol=name)),
            or_none(self._rest.ask("open-interest", wire.OpenInterestRow, symbol=name)),
        )
        return Ticker(
            instrument=instrument,
            last=day.last_price,
            bid=best.bid_price if best else None,
            ask=best.ask_price if best else None,
            mark=premium.mark_price if premium else None,
            index=premium.index_price if premium else None,
            funding_rate=figure(premium.last_funding_rate) if premium else None,
            open_interest=interest.open_interest if interest else None,
            volume_24h=day.volume,
            at_ns=day.close_time * MS_NS,
        )

    async def book(self, instrument: str, depth: int) -> Book:
        """A snapshot, cut to `depth` levels a side."""
        name = self._catalog.find(instrument).spelling
        limit = next((one for one in DEPTHS if one >= depth), DEPTHS[-1])
        row = await self._rest.ask("book", wire.DepthRow, symbol=name, limit=limit)
        bids, asks = levels(row.bids)[:depth], levels(row.asks)[:depth]
        return Book(instrument, bids, asks, row.event_ms * MS_NS)

    async def native_candles(
        self, instrument: Instrument, interval: str, since_ns: int | None, count: int
    ) -> list[Candle]:
        """From page to page."""
        name = instrument.spelling
        rows: list[tuple[Candle, int]] = []
        start_ms = None if since_ns is None else -(-since_ns // MS_NS)
        while len(rows) < count:
            page = await self._rest.ask(
                "candles",
                list[wire.KlineRow],
                symbol=name,
                interval=interval,
                startTime=start_ms,
                limit=min(count - len(rows), CANDLES_MAX),
            )
            rows += [candle(row) for row in page]
            if start_ms is None or len(page) < CANDLES_MAX:
                break
            start_ms = max(row[0] for row in page) + 1
        return self._candles(rows, self._now_ns())

    async def trades(self, instrument: str) -> list[Trade]:
        """The latest public trades; their ids are those of the stream."""
        return await self._trades(instrument, None)

    async def trades_after(self, symbol: str, last: Trade) -> list[Trade]:
        """Public trades after one."""
        return await self._trades(symbol, int(last.trade_id) + 1)

    async def _trades(self, symbol: str, first_id: int | None) -> list[Trade]:
        name = self._catalog.find(symbol).spelling
        rows = await self._rest.ask("trades", list[wire.AggTradeRow], symbol=name, fromId=first_id, limit=TRADES_MAX)
        return [public_trade(row, symbol) for row in sorted(rows, key=lambda row: row.id)]

    async def snapshot(self, symbol: str) -> Snapshot:
        """A deep book to build on."""
        name = self._catalog.find(symbol).spelling
        row = await self._rest.ask("book", wire.DepthRow, symbol=name, limit=DEPTHS[-1])
        return Snapshot(row.last_update_id, levels(row.bids), levels(row.asks), row.event_ms * MS_NS)

    async def funding(self, instrument: str) -> Funding:
        """The rate in force and when it is next paid."""
        row = await self._rest.ask_one("premium", wire.PremiumRow, symbol=self._catalog.find(instrument).spelling)
        rate = figure(row.last_funding_rate)
        if rate is None:
            raise Rejected(Reason.NOT_ALLOWED, f"{instrument} has no funding")
        return Funding(instrument, rate, row.next_funding_time * MS_NS)

    async def open_interest(self, instrument: str) -> OpenInterest:
        """Open contracts."""
        row = await self._rest.ask(
            "open-interest", wire.OpenInterestRow, symbol=self._catalog.find(instrument).spelling
        )
        return OpenInterest(instrument, row.open_interest, row.time * MS_NS)
