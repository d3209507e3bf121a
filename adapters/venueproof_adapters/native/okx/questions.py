"""Questions about the market, each answered whole or with an error. Source: the vendor's market data pages."""

from __future__ import annotations

import asyncio

from venueproof_adapters.kit.candles import length_ns
from venueproof_adapters.kit.clock import MS_NS
from venueproof_adapters.kit.figures import figure
from venueproof_adapters.kit.ground import Ground
from venueproof_adapters.kit.own import or_none
from venueproof_adapters.kit.questions import Market
from venueproof_adapters.native.okx import wire
from venueproof_adapters.native.okx.parse import at_ns, candle, levels, public_trade
from venueproof_adapters.native.okx.products import SWAP
from venueproof_adapters.native.okx.rest import Rest
from venueproof_contracts.errors import Reason, Rejected
from venueproof_contracts.model import Book, Candle, Funding, Instrument, OpenInterest, Ticker, Trade

BARS = {
    **{interval: interval for interval in ("1m", "3m", "5m", "15m", "30m")},
    **{interval: interval.upper() for interval in ("1h", "2h", "4h")},
    **{interval: f"{interval.upper()}utc" for interval in ("6h", "12h", "1d", "1w")},
    "1M": "1Mutc",
}
"""Intervals and the venue's words for them; without `utc` days begin at midnight in Hong Kong."""
_LENGTH_NS = {"1w": 7 * 86_400 * 10**9, "1M": 31 * 86_400 * 10**9}
"""Of the intervals that have no fixed length in the kit, the longest that they can be."""
CANDLES_MAX = 300
CANDLES_USUAL = 300
_LATE_BARS = 1400
"""Further back the quick list of candles is empty; the vendor says 1,440."""
DEPTH_MAX = 400
TRADES_MAX = 500
_TRADES_BEFORE = 100


class OkxMarket(Market):
    """What everybody may ask."""

    intervals = tuple(BARS)
    candles_usual = CANDLES_USUAL

    def __init__(self, rest: Rest, ground: Ground) -> None:
        super().__init__(ground)
        self._rest = rest

    async def ticker(self, instrument: str) -> Ticker:
        """Five requests at once, since the ticker lacks funding and open interest; only the first must succeed."""
        found = self._catalog.find(instrument)
        name = found.spelling
        day, mark, index, funding, interest = await asyncio.gather(
            self._rest.ask_row("ticker", wire.TickerRow, instId=name),
            or_none(self._rest.ask_row("mark", wire.MarkRow, instType=SWAP, instId=name)),
            or_none(self._rest.ask_row("index", wire.IndexRow, instId=index_of(found))),
            or_none(self._rest.ask_row("funding", wire.FundingRow, instId=name)),
            or_none(self._rest.ask_row("open-interest", wire.OpenInterestRow, instType=SWAP, instId=name)),
        )
        return Ticker(
            instrument=instrument,
            last=day.last,
            bid=figure(day.bid_px),
            ask=figure(day.ask_px),
            mark=mark.mark_px if mark else None,
            index=index.idx_px if index else None,
            funding_rate=figure(funding.funding_rate) if funding else None,
            open_interest=interest.oi if interest else None,
            volume_24h=day.vol24h,
            at_ns=at_ns(day.ts),
        )

    async def book(self, instrument: str, depth: int) -> Book:
        """A snapshot of `depth` levels a side, as far as the venue has them."""
        name = self._catalog.find(instrument).spelling
        row = await self._rest.ask_row("book", wire.BookRow, instId=name, sz=min(depth, DEPTH_MAX))
        return Book(instrument, levels(row.bids), levels(row.asks), at_ns(row.ts))

    # --- candles ------------------------------------------------------------------------------------------------------

    async def native_candles(
        self, instrument: Instrument, interval: str, since_ns: int | None, count: int
    ) -> list[Candle]:
        """The venue answers the newest of a span first, so each page names both ends of its span, both left out."""
        name = instrument.spelling
        bar_ns, now_ns = length_ns(interval) or _LENGTH_NS[interval], self._now_ns()
        first_ns = now_ns - count * bar_ns if since_ns is None else since_ns
        rows: dict[int, Candle] = {}
        start_ns = -(-first_ns // MS_NS) * MS_NS
        while start_ns <= now_ns and len(rows) < count:
            end_ns = start_ns + CANDLES_MAX * bar_ns
            late = now_ns - start_ns < _LATE_BARS * bar_ns
            page = await self._page(name, interval, start_ns, end_ns, late=late)
            rows |= {one.open_ns: one for one in page}
            start_ns = end_ns
        whole = self._candles(((one, _end_ns(one, bar_ns, now_ns)) for one in rows.values()), now_ns)
        return whole[-count:] if since_ns is None else whole[:count]

    async def _page(self, name: str, interval: str, start_ns: int, end_ns: int, *, late: bool) -> list[Candle]:
        rows = await self._rest.ask(
            "candles" if late else "candles-before",
            list[wire.CandleRow],
            instId=name,
            bar=BARS[interval],
            before=start_ns // MS_NS - 1,
            after=end_ns // MS_NS,
            limit=CANDLES_MAX,
        )
        return [candle(row) for row in rows]

    # --- trades -------------------------------------------------------------------------------------------------------

    async def trades(self, instrument: str) -> list[Trade]:
        """The latest public trades; their ids are those of the stream."""
        name = self._catalog.find(instrument).spelling
        rows = await self._rest.ask("trades", list[wire.TradeRow], instId=name, limit=TRADES_MAX)
        return _in_order(rows, instrument)

    async def trades_after(self, symbol: str, last: Trade) -> list[Trade]:
        """Public trades after one: back from the latest, page by page, until it is there."""
        name, found = self._catalog.find(symbol).spelling, await self.trades(symbol)
        while found and found[0].at_ns > last.at_ns:
            rows = await self._rest.ask(
                "trades-before", list[wire.TradeRow], instId=name, after=found[0].trade_id, limit=_TRADES_BEFORE
            )
            if not rows:
                break
            found = _in_order(rows, symbol) + found
        return found

    # --- figures ------------------------------------------------------------------------------------------------------

    async def funding(self, instrument: str) -> Funding:
        """The rate in force and when it is next paid."""
        name = self._catalog.find(instrument).spelling
        row = await self._rest.ask_row("funding", wire.FundingRow, instId=name)
        rate = figure(row.funding_rate)
        if rate is None:
            raise Rejected(Reason.NOT_ALLOWED, f"{instrument} has no funding")
        return Funding(instrument, rate, at_ns(row.funding_time))

    async def open_interest(self, instrument: str) -> OpenInterest:
        """Open contracts."""
        name = self._catalog.find(instrument).spelling
        row = await self._rest.ask_row("open-interest", wire.OpenInterestRow, instType=SWAP, instId=name)
        return OpenInterest(instrument, row.oi, at_ns(row.ts))


def index_of(instrument: Instrument) -> str:
    """The venue's name of what an instrument follows."""
    return f"{instrument.base}-{instrument.quote}"


def _end_ns(one: Candle, bar_ns: int, now_ns: int) -> int:
    """When a candle ends: a month is as long as it is, so of it the venue's own word counts."""
    return now_ns if one.closed else one.open_ns + bar_ns


def _in_order(rows: list[wire.TradeRow], symbol: str) -> list[Trade]:
    """Oldest first."""
    ordered = sorted(rows, key=lambda row: (row.ts, len(row.trade_id), row.trade_id))
    return [public_trade(row, symbol) for row in ordered]
