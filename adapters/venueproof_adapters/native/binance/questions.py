"""Questions about the market and the account, each answered whole or with an error."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from msgspec import structs

from venueproof_adapters.kit.clock import MS_NS, SECOND_NS
from venueproof_adapters.kit.parts import Parts
from venueproof_adapters.native.binance import wire
from venueproof_adapters.native.binance.desk import Desk
from venueproof_adapters.native.binance.instruments import Catalog
from venueproof_adapters.native.binance.parse import Parser, balance, candle, levels, public_trade
from venueproof_adapters.native.binance.rest import Rest
from venueproof_adapters.native.binance.state import State
from venueproof_contracts.errors import AdapterError, Reason, Rejected
from venueproof_contracts.model import (
    ZERO,
    Balance,
    Book,
    Candle,
    Fill,
    Funding,
    Instrument,
    OpenInterest,
    Order,
    Position,
    PositionSide,
    Ticker,
    Trade,
)

Figure = TypeVar("Figure")

INTERVALS = ("1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w", "1M")
"""Source: the vendor's klines page; `1s` is spot only."""
DEPTHS = (5, 10, 20, 50, 100, 500, 1000)
CANDLES_MAX = 1500
CANDLES_USUAL = 500
FILLS_MAX = 1000
TRADES_MAX = 500
WEEK_MS = 7 * 86_400_000
_RECENT_NS = 10 * SECOND_NS


class MarketQuestions:
    """What everybody may ask."""

    def __init__(self, parts: Parts, rest: Rest, catalog: Catalog, now_ns: Callable[[], int]) -> None:
        self._candles = parts.candles
        self._rest = rest
        self._catalog = catalog
        self._now_ns = now_ns

    async def ticker(self, symbol: str) -> Ticker:
        """Four requests at once; only the first must succeed."""
        name = self._catalog.find(symbol).spelling
        day, best, premium, interest = await asyncio.gather(
            self._rest.ask("ticker", wire.DayRow, symbol=name),
            _or_none(self._rest.ask("best", wire.BestRow, symbol=name)),
            _or_none(self._rest.ask("premium", wire.PremiumRow, symbol=name)),
            _or_none(self._rest.ask("open-interest", wire.OpenInterestRow, symbol=name)),
        )
        return Ticker(
            instrument=symbol,
            last=day.last_price,
            bid=best.bid_price if best else None,
            ask=best.ask_price if best else None,
            mark=premium.mark_price if premium else None,
            index=premium.index_price if premium else None,
            funding_rate=premium.last_funding_rate if premium else None,
            open_interest=interest.open_interest if interest else None,
            volume_24h=day.volume,
            at_ns=day.close_time * MS_NS,
        )

    async def book(self, symbol: str, depth: int) -> Book:
        """A snapshot, cut to `depth` levels a side."""
        name = self._catalog.find(symbol).spelling
        limit = next((one for one in DEPTHS if one >= depth), DEPTHS[-1])
        row = await self._rest.ask("book", wire.DepthRow, symbol=name, limit=limit)
        bids, asks = levels(row.bids)[:depth], levels(row.asks)[:depth]
        return Book(symbol, bids, asks, row.event_ms * MS_NS)

    async def candles(self, symbol: str, interval: str, since_ns: int | None, limit: int | None) -> list[Candle]:
        """Candles from `since_ns` on, or the latest ones."""
        name = self._catalog.find(symbol).spelling
        if interval not in INTERVALS:
            raise Rejected(Reason.BAD_PARAMETER, f"no candles of {interval!r} here; there are {', '.join(INTERVALS)}")
        rows: list[tuple[Candle, int]] = []
        left, start_ms = limit or CANDLES_USUAL, None if since_ns is None else -(-since_ns // MS_NS)
        while left > 0:
            page = await self._rest.ask(
                "candles",
                list[wire.KlineRow],
                symbol=name,
                interval=interval,
                startTime=start_ms,
                limit=min(left, CANDLES_MAX),
            )
            rows += [candle(row) for row in page]
            left -= len(page)
            if start_ms is None or len(page) < CANDLES_MAX:
                break
            start_ms = max(row[0] for row in page) + 1
        return self._candles(rows, self._now_ns())

    async def trades(self, symbol: str) -> list[Trade]:
        """The latest public trades; their ids are those of the stream."""
        return await self.trades_from(symbol, None)

    async def trades_from(self, symbol: str, first_id: int | None) -> list[Trade]:
        """Public trades from an id on."""
        name = self._catalog.find(symbol).spelling
        rows = await self._rest.ask("trades", list[wire.AggTradeRow], symbol=name, fromId=first_id, limit=TRADES_MAX)
        return [public_trade(row, symbol) for row in sorted(rows, key=lambda row: row.id)]

    async def depth(self, symbol: str) -> wire.DepthRow:
        """A deep snapshot to build a book on."""
        return await self._rest.ask("book", wire.DepthRow, symbol=self._catalog.find(symbol).spelling, limit=DEPTHS[-1])

    async def funding(self, symbol: str) -> Funding:
        """The rate in force and when it is next paid."""
        row = await self._rest.ask("premium", wire.PremiumRow, symbol=self._catalog.find(symbol).spelling)
        return Funding(symbol, row.last_funding_rate, row.next_funding_time * MS_NS)

    async def open_interest(self, symbol: str) -> OpenInterest:
        """Open contracts."""
        row = await self._rest.ask("open-interest", wire.OpenInterestRow, symbol=self._catalog.find(symbol).spelling)
        return OpenInterest(symbol, row.open_interest, row.time * MS_NS)


class AccountQuestions:
    """What only the account's owner may ask. Answers take part in the adapter's view and never fall behind it."""

    def __init__(
        self, rest: Rest, catalog: Catalog, parser: Parser, state: State, desk: Desk, now_ns: Callable[[], int]
    ) -> None:
        self._rest = rest
        self._catalog = catalog
        self._parser = parser
        self._state = state
        self._desk = desk
        self._now_ns = now_ns

    async def open_orders(self, symbol: str | None) -> list[Order]:
        """Live orders. One that we know to live and that is not listed is asked for by itself: lists may lag."""
        before = self._state.orders.live(symbol)
        name = None if symbol is None else self._catalog.find(symbol).spelling
        call = "all-open-orders" if name is None else "open-orders"
        rows = await self._rest.ask(call, list[wire.OrderRow], symbol=name)
        await self._learn_replacements(rows)
        listed = [self._desk.hear(row) for row in rows]
        seen = {(order.ref.instrument, order.ref.venue_id) for order in listed}
        for order in before:
            if (order.ref.instrument, order.ref.venue_id) not in seen:
                listed += await self._if_known(order)
        return [order for order in listed if not order.status.final]

    async def _learn_replacements(self, rows: list[wire.OrderRow]) -> None:
        for row in rows:
            symbol = self._catalog.symbol(row.symbol)
            if self._state.ids.replacement(row.client_order_id) and self._catalog.has(symbol):
                await self._desk.learn_history(self._catalog.find(symbol))

    async def _if_known(self, order: Order) -> list[Order]:
        try:
            return [await self._desk.find(order.ref)]
        except Rejected:
            return []

    async def fills(self, symbol: str, since_ns: int | None) -> list[Fill]:
        """Own executions, oldest first, each once."""
        instrument = self._catalog.find(symbol)
        rows = await self._trade_rows(instrument, since_ns)
        answered = [self._parser.fill(row, await self._client_id(instrument, row.order_id)) for row in rows]
        answered.sort(key=lambda fill: (fill.at_ns, int(fill.fill_id)))
        for fill in answered:
            self._state.hear_fill(fill)
        recent = self._state.fills.latest(symbol, max(since_ns or 0, self._now_ns() - _RECENT_NS))
        whole = {fill.fill_id: fill for fill in (*recent, *answered)}
        return sorted(whole.values(), key=lambda fill: (fill.at_ns, int(fill.fill_id)))

    async def _trade_rows(self, instrument: Instrument, since_ns: int | None) -> list[wire.TradeRow]:
        """The venue answers at most a week and a thousand rows at a time."""
        if since_ns is None:
            return await self._trade_page(instrument)
        rows: list[wire.TradeRow] = []
        now_ms, start_ms = self._now_ns() // MS_NS, since_ns // MS_NS
        while True:
            end_ms = start_ms + WEEK_MS - 1
            page = await self._trade_page(instrument, startTime=start_ms, endTime=end_ms if end_ms < now_ms else None)
            rows += page
            while len(page) >= FILLS_MAX:
                page = await self._trade_page(instrument, fromId=max(row.id for row in page) + 1)
                rows += page
            if end_ms >= now_ms:
                return rows
            start_ms = end_ms + 1

    async def _trade_page(self, instrument: Instrument, **span: int | None) -> list[wire.TradeRow]:
        return await self._rest.ask("fills", list[wire.TradeRow], symbol=instrument.spelling, limit=FILLS_MAX, **span)

    async def _client_id(self, instrument: Instrument, order_id: int) -> str:
        """The client id of an order that an execution names by number only."""
        key = (instrument.symbol, str(order_id))
        if self._state.client_id(key) is None:
            await self._desk.learn_history(instrument)
        if self._state.client_id(key) is None:
            try:
                await self._desk.query(instrument, orderId=order_id)
            except Rejected:  # too old for the venue to know it
                self._state.name(key, "")
        return self._state.client_id(key) or ""

    async def positions(self) -> list[Position]:
        """Positions that are not flat. Leverage and margin mode stand in another answer; without it they are None."""
        asked_ns = self._now_ns()
        rows = await self._rest.ask("positions", list[wire.PositionRow])
        self.hear_positions(rows, asked_ns)
        held = [one for one in self._state.positions.all().values() if one.amount]
        if not held:
            return []
        settings = await _or_none(self._rest.ask("settings", list[wire.SettingRow]))
        by_name = {row.symbol: row for row in settings or []}
        answered = [self._parser.position(row, by_name.get(row.symbol)) for row in rows]
        found = {(one.instrument, one.side): one for one in answered}
        return [_merged(one, found.get((one.instrument, one.side))) for one in held]

    def hear_positions(self, rows: list[wire.PositionRow], asked_ns: int) -> None:
        """Take in the whole list: what is not on it is flat."""
        listed: set[tuple[str, PositionSide]] = set()
        for row in rows:
            position = self._parser.position(row, None)
            listed.add((position.instrument, position.side))
            self._state.answer_position(position, row.update_time * MS_NS, asked_ns)
        for key, held in self._state.positions.all().items():
            if key not in listed and held.amount:
                flat = structs.replace(held, amount=ZERO, entry_price=None, unrealized_pnl=None)
                self._state.answer_position(flat, 0, asked_ns)

    async def balances(self) -> list[Balance]:
        """Balances; entries that were never updated hold no valid numbers and are left out."""
        asked_ns = self._now_ns()
        account = await self._rest.ask("account", wire.AccountRow)
        rows = [row for row in account.assets if row.update_time]
        for row in rows:
            self._state.answer_balance(balance(row), row.update_time * MS_NS, asked_ns)
        return [_newer(self._state.balances.get(row.asset), balance(row)) for row in rows]


async def _or_none(question: Awaitable[Figure]) -> Figure | None:
    try:
        return await question
    except AdapterError:
        return None


def _newer(known: Balance | None, answered: Balance) -> Balance:
    return answered if known is None or known.wallet == answered.wallet else known


def _merged(known: Position, answered: Position | None) -> Position:
    """What we know, with the figures that only an answer has."""
    if answered is None:
        return known
    same = (known.amount, known.entry_price) == (answered.amount, answered.entry_price)
    return (
        answered
        if same
        else structs.replace(known, leverage=answered.leverage, margin_mode=answered.margin_mode or known.margin_mode)
    )
