"""Questions about the market, each answered whole or with an error. Source: the vendor's market pages."""

from __future__ import annotations

from venueproof_adapters.kit.clock import MS_NS
from venueproof_adapters.kit.figures import figure, levels
from venueproof_adapters.kit.ground import Ground
from venueproof_adapters.kit.questions import Market
from venueproof_adapters.native.bybit import wire
from venueproof_adapters.native.bybit.parse import INTERVALS, candle, price, trade
from venueproof_adapters.native.bybit.products import Product
from venueproof_adapters.native.bybit.rest import Rest
from venueproof_contracts.errors import BadAnswer, Reason, Rejected
from venueproof_contracts.model import Book, Candle, Funding, Instrument, OpenInterest, Ticker, Trade

_CANDLES_MAX = _TRADES_MAX = _LEVELS_MAX = 1000
_CANDLES_USUAL = 200


class BybitMarket(Market):
    """What everybody may ask."""

    intervals = tuple(INTERVALS)
    candles_usual = _CANDLES_USUAL

    def __init__(self, product: Product, rest: Rest, ground: Ground) -> None:
        super().__init__(ground)
        self._category = product.name
        self._rest = rest

    async def _row(self, symbol: str) -> wire.TickerRow:
        name = self._catalog.find(symbol).spelling
        rows = await self._rest.rows("ticker", wire.TickerRow, symbol=name)
        found = next((row for row in rows if row.symbol == name), None)
        if found is None:
            raise BadAnswer(f"the answer is not about {name}")
        return found

    async def ticker(self, instrument: str) -> Ticker:
        """One request has it all; funding and open interest too."""
        row = await self._row(instrument)
        if (last := price(row.last_price)) is None:
            raise BadAnswer("the ticker lacks the last price")
        return Ticker(
            instrument=instrument,
            last=last,
            bid=price(row.bid1_price),
            ask=price(row.ask1_price),
            mark=price(row.mark_price),
            index=price(row.index_price),
            funding_rate=figure(row.funding_rate),
            open_interest=figure(row.open_interest),
            volume_24h=figure(row.volume24h),
            at_ns=self._now_ns(),
        )

    async def book(self, instrument: str, depth: int) -> Book:
        """The best levels."""
        name, limit = self._catalog.find(instrument).spelling, max(1, min(depth, _LEVELS_MAX))
        row = await self._rest.ask("book", wire.BookRow, category=self._category, symbol=name, limit=limit)
        return Book(instrument, levels(row.b)[:depth], levels(row.a)[:depth], row.ts * MS_NS)

    async def native_candles(
        self, instrument: Instrument, interval: str, since_ns: int | None, count: int
    ) -> list[Candle]:
        """The venue also answers the candle that holds the start: it began before."""
        name = instrument.spelling
        rows: dict[int, tuple[Candle, int]] = {}
        start_ns = since_ns
        while len(rows) < count:
            page = await self._rest.rows(
                "candles",
                wire.KlineRow,
                1,
                symbol=name,
                interval=INTERVALS[interval],
                start=None if start_ns is None else -(-start_ns // MS_NS),
                limit=min(count + 1, _CANDLES_MAX),
            )
            found = [candle(row, interval) for row in page]
            fresh = [one for one in found if one[0].open_ns not in rows and one[0].open_ns >= (since_ns or 0)]
            rows |= {one[0].open_ns: one for one in fresh}
            if start_ns is None or not fresh:
                break
            start_ns = max(rows)
        ordered = self._candles(rows.values(), self._now_ns())
        return ordered[-count:] if since_ns is None else ordered[:count]

    async def trades(self, instrument: str) -> list[Trade]:
        """The latest public trades; their ids are those of the stream."""
        name = self._catalog.find(instrument).spelling
        rows = await self._rest.rows("trades", wire.TradeRow, symbol=name, limit=_TRADES_MAX)
        return sorted((trade(row, instrument) for row in reversed(rows)), key=lambda one: one.at_ns)

    async def trades_after(self, symbol: str, last: Trade) -> list[Trade]:
        """The latest ones; the venue cannot be asked for those after one."""
        return [one for one in await self.trades(symbol) if one.at_ns >= last.at_ns]

    async def funding(self, instrument: str) -> Funding:
        """The rate in force and when it is next paid, out of the ticker."""
        row = await self._row(instrument)
        rate, next_ms = figure(row.funding_rate), figure(row.next_funding_time)
        if rate is None or next_ms is None:
            raise Rejected(Reason.NOT_ALLOWED, f"{instrument} has no funding")
        return Funding(instrument, rate, int(next_ms) * MS_NS)

    async def open_interest(self, instrument: str) -> OpenInterest:
        """Open contracts, out of the ticker."""
        amount = figure((await self._row(instrument)).open_interest)
        if amount is None:
            raise BadAnswer("the ticker lacks the open interest")
        return OpenInterest(instrument, amount, self._now_ns())
