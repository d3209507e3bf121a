"""Questions about the market, each answered whole or with an error. Source: the vendor's reference."""

from __future__ import annotations

from venueproof_adapters.kit.candles import length_ns
from venueproof_adapters.kit.clock import MS_NS, SECOND_NS
from venueproof_adapters.kit.figures import levels
from venueproof_adapters.kit.ground import Ground
from venueproof_adapters.kit.questions import Market
from venueproof_adapters.native.deribit import wire
from venueproof_adapters.native.deribit.parse import candles, public_trade, traded
from venueproof_adapters.native.deribit.rest import Rest
from venueproof_contracts.errors import Reason, Rejected
from venueproof_contracts.model import Book, Candle, Funding, Instrument, OpenInterest, Ticker, Trade

RESOLUTIONS = {
    "1m": "1",
    "3m": "3",
    "5m": "5",
    "10m": "10",
    "15m": "15",
    "30m": "30",
    "1h": "60",
    "2h": "120",
    "3h": "180",
    "6h": "360",
    "12h": "720",
    "1d": "1D",
}
"""Of candles. There are none of four hours: they are made of shorter ones."""
DEPTHS = (1, 5, 10, 20, 50, 100, 1000, 10000)
_CANDLES_MAX = 5000
_TRADES_MAX = 1000
_TRADES_USUAL = 500
_DAY_NS = 86_400 * SECOND_NS
_SETTLED_NS = 8 * 3600 * SECOND_NS


class DeribitMarket(Market):
    """What everybody may ask."""

    intervals = tuple(RESOLUTIONS)

    def __init__(self, rest: Rest, ground: Ground) -> None:
        super().__init__(ground)
        self._rest = rest

    async def _ticker(self, instrument: Instrument) -> wire.TickerRow:
        return await self._rest.ask("ticker", wire.TickerRow, instrument_name=instrument.spelling)

    async def ticker(self, instrument: str) -> Ticker:
        """One request tells all of it, funding and open interest included."""
        listed = self._catalog.find(instrument)
        row = await self._ticker(listed)
        return Ticker(
            instrument=instrument,
            last=row.last_price or row.mark_price,
            bid=row.best_bid_price or None,
            ask=row.best_ask_price or None,
            mark=row.mark_price,
            index=row.index_price,
            funding_rate=row.current_funding,
            open_interest=row.open_interest,
            volume_24h=traded(row.stats, listed),
            at_ns=row.timestamp * MS_NS,
        )

    async def book(self, instrument: str, depth: int) -> Book:
        """A snapshot, cut to `depth` levels a side."""
        name = self._catalog.find(instrument).spelling
        asked = next((one for one in DEPTHS if one >= depth), DEPTHS[-1])
        row = await self._rest.ask("book", wire.BookRow, instrument_name=name, depth=asked)
        return Book(instrument, levels(row.bids)[:depth], levels(row.asks)[:depth], row.timestamp * MS_NS)

    async def native_candles(
        self, instrument: Instrument, interval: str, since_ns: int | None, count: int
    ) -> list[Candle]:
        """Each page is a window no longer than the venue answers whole: of a longer one it leaves out the beginning."""
        part_ns, now_ns = length_ns(interval) or 1, self._now_ns()
        first_ns = (now_ns // part_ns - count + 1) * part_ns if since_ns is None else -(-since_ns // part_ns) * part_ns
        last_ns = min(first_ns + (count - 1) * part_ns, now_ns)
        rows: list[tuple[Candle, int]] = []
        while first_ns <= last_ns:
            end_ns = min(first_ns + (_CANDLES_MAX - 1) * part_ns, last_ns)
            row = await self._rest.ask(
                "candles",
                wire.ChartRow,
                instrument_name=instrument.spelling,
                resolution=RESOLUTIONS[interval],
                start_timestamp=first_ns // MS_NS,
                end_timestamp=end_ns // MS_NS,
            )
            page = candles(row, instrument)
            rows += [(one, one.open_ns + part_ns) for one in page if first_ns <= one.open_ns <= end_ns]
            first_ns = end_ns // part_ns * part_ns + part_ns
        return self._candles(rows, now_ns)

    async def trades(self, instrument: str) -> list[Trade]:
        """The latest public trades."""
        name = self._catalog.find(instrument).spelling
        page = await self._rest.ask("trades", wire.PublicTrades, instrument_name=name, count=_TRADES_USUAL)
        return [public_trade(row, instrument) for row in reversed(page.trades)]

    async def trades_after(self, symbol: str, last: Trade) -> list[Trade]:
        """Public trades from the moment of one on."""
        name, start_ms = self._catalog.find(symbol).spelling, last.at_ns // MS_NS
        rows: list[wire.PublicTradeRow] = []
        while True:
            page = await self._rest.ask(
                "trades-after",
                wire.PublicTrades,
                instrument_name=name,
                start_timestamp=start_ms,
                end_timestamp=self._now_ns() // MS_NS + 1000,
                count=_TRADES_MAX,
                sorting="asc",
            )
            rows += page.trades
            if not page.has_more or not page.trades:
                return [public_trade(row, symbol) for row in rows]
            start_ms = max(start_ms + 1, page.trades[-1].timestamp)

    async def funding(self, instrument: str) -> Funding:
        """The rate of eight hours. It accrues at every moment, and is paid when the session is settled."""
        row = await self._ticker(self._catalog.find(instrument))
        if row.current_funding is None:
            raise Rejected(Reason.NOT_ALLOWED, f"{instrument} has no funding")
        now_ns = self._now_ns()
        settled_ns = (now_ns - _SETTLED_NS) // _DAY_NS * _DAY_NS + _SETTLED_NS + _DAY_NS
        return Funding(instrument, row.current_funding, settled_ns)

    async def open_interest(self, instrument: str) -> OpenInterest:
        """Open contracts."""
        row = await self._ticker(self._catalog.find(instrument))
        return OpenInterest(instrument, row.open_interest, row.timestamp * MS_NS)
