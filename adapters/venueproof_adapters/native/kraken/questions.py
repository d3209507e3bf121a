"""Questions about the market, each answered whole or with an error. Source: the vendor's market and chart pages."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

from venueproof_adapters.kit.candles import length_ns
from venueproof_adapters.kit.clock import MS_NS, SECOND_NS
from venueproof_adapters.kit.figures import levels
from venueproof_adapters.kit.ground import Ground
from venueproof_adapters.kit.questions import Market
from venueproof_adapters.native.kraken import wire
from venueproof_adapters.native.kraken.parse import candle, public_trade, side
from venueproof_adapters.native.kraken.products import Product
from venueproof_adapters.native.kraken.rest import Rest
from venueproof_adapters.native.kraken.wire import time_ns
from venueproof_contracts.errors import BadAnswer, Reason, Rejected
from venueproof_contracts.model import Book, Candle, Funding, Instrument, OpenInterest, Ticker, Trade

INTERVALS = ("1m", "5m", "15m", "30m", "1h", "4h", "12h", "1d", "1w")
"""Source: the vendor's charts page."""
CANDLES_MAX = 2000
_WEEK_NS = 7 * 86_400 * SECOND_NS
_HOUR_NS = 3600 * SECOND_NS
_LATE_NS = 60 * SECOND_NS
"""A bar that is missing for longer than this after its end will not come any more."""


class KrakenMarket(Market):
    """What everybody may ask."""

    intervals = INTERVALS

    def __init__(self, product: Product, rest: Rest, ground: Ground) -> None:
        super().__init__(ground)
        self._product = product
        self._rest = rest

    async def _ticker(self, listed: Instrument) -> wire.TickerAnswer:
        return await self._rest.ask("ticker", wire.TickerAnswer, symbol=listed.spelling)

    async def ticker(self, instrument: str) -> Ticker:
        """One request tells all of it."""
        listed = self._catalog.find(instrument)
        answer = await self._ticker(listed)
        row = answer.ticker
        if row.last is None:
            raise BadAnswer(f"{listed.spelling} was never traded")
        return Ticker(
            instrument=instrument,
            last=row.last,
            bid=row.bid,
            ask=row.ask,
            mark=row.mark_price,
            index=row.index_price,
            funding_rate=self._rate(row),
            open_interest=row.open_interest,
            volume_24h=row.vol24h,
            at_ns=time_ns(answer.server_time),
        )

    def _rate(self, row: wire.TickerRow) -> Decimal | None:
        """The rate of an hour as a fraction: the venue tells dollars per coin, or coins per dollar."""
        if row.funding_rate is None:
            return None
        if self._product.flexible:
            return row.funding_rate / row.mark_price if row.mark_price else None
        return row.funding_rate * row.index_price if row.index_price else None

    async def funding(self, instrument: str) -> Funding:
        """The rate in force; it is paid with every hour."""
        answer = await self._ticker(self._catalog.find(instrument))
        rate = self._rate(answer.ticker)
        if rate is None:
            raise Rejected(Reason.NOT_ALLOWED, f"{instrument} has no funding")
        return Funding(instrument, rate, (time_ns(answer.server_time) // _HOUR_NS + 1) * _HOUR_NS)

    async def open_interest(self, instrument: str) -> OpenInterest:
        """Open contracts."""
        answer = await self._ticker(self._catalog.find(instrument))
        if answer.ticker.open_interest is None:
            raise BadAnswer(f"no open interest of {instrument}")
        return OpenInterest(instrument, answer.ticker.open_interest, time_ns(answer.server_time))

    async def book(self, instrument: str, depth: int) -> Book:
        """The best levels of the whole book."""
        name = self._catalog.find(instrument).spelling
        answer = await self._rest.ask("book", wire.BookAnswer, symbol=name)
        both = answer.order_book
        return Book(instrument, levels(both.bids[:depth]), levels(both.asks[:depth]), time_ns(answer.server_time))

    async def native_candles(
        self, instrument: Instrument, interval: str, since_ns: int | None, count: int
    ) -> list[Candle]:
        """Times are asked in seconds and told in milliseconds."""
        name = instrument.spelling
        bar_ns = length_ns(interval) or _WEEK_NS
        now_ns = self._now_ns()
        start_s = -(-(now_ns - count * bar_ns if since_ns is None else since_ns) // SECOND_NS)
        rows: list[tuple[Candle, int]] = []
        while len(rows) < count:
            page = await self._rest.ask(
                "candles", wire.Candles, **{"symbol": name, "interval": interval, "from": start_s}
            )
            rows += [candle(row, bar_ns) for row in page.candles]
            if not page.more_candles or not page.candles:
                break
            start_s = max(row.time for row in page.candles) // 1000 + 1
        found = _without_holes(self._candles(rows, self._now_ns()), bar_ns, self._now_ns())
        return found[-count:] if since_ns is None else found[:count]

    async def trades(self, instrument: str) -> list[Trade]:
        """GET history: the last hundred, under the ids of the stream."""
        name = self._catalog.find(instrument).spelling
        rows = (await self._rest.ask("trades", wire.Trades, symbol=name)).history
        return [public_trade(row, instrument) for row in reversed(rows)]

    async def trades_after(self, symbol: str, last: Trade) -> list[Trade]:
        """GET executions of the market, from the time of the last trade on."""
        name, found, token = self._catalog.find(symbol).spelling, list[Trade](), None
        while True:
            page = await self._rest.ask(
                "market-executions",
                wire.Executions,
                symbol=name,
                since=last.at_ns // MS_NS,
                sort="asc",
                continuation_token=token,
            )
            found += [_trade(event.execution, symbol) for one in page.elements for event in one.event.values()]
            token = page.continuation_token
            if not token or not page.elements:
                return found


def _without_holes(candles: list[Candle], bar_ns: int, now_ns: int) -> list[Candle]:
    """Candles up to where a bar is missing that closed just now: it is published late, and nothing may pass it by."""
    for number, (before, after) in enumerate(pairwise(candles), 1):
        if before.open_ns + bar_ns < after.open_ns and now_ns - after.open_ns < _LATE_NS:
            return candles[:number]
    return candles


def _trade(row: wire.Execution, symbol: str) -> Trade:
    if row.taker_order is None:
        raise BadAnswer("a public execution without its taker")
    way = side(row.taker_order.direction.lower())
    return Trade(symbol, row.uid, row.price, row.quantity, way, row.timestamp * MS_NS)
