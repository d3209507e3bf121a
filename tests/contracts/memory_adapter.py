"""A good adapter straight on top of a venue in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from msgspec import structs

from venueproof_contracts.adapter import Adapter
from venueproof_contracts.capabilities import Capability, Support
from venueproof_contracts.errors import AdapterError, Reason, Rejected
from venueproof_contracts.model import (
    AdapterKind,
    AmendManner,
    Balance,
    Book,
    Candle,
    CandleEvent,
    Channel,
    ClientIdUniqueness,
    Declaration,
    Event,
    Fill,
    FillEvent,
    Funding,
    Instrument,
    Intent,
    MarginMode,
    OpenInterest,
    Order,
    OrderRef,
    OrderStatus,
    Position,
    PositionMode,
    Ticker,
    TickerEvent,
    Trade,
    TradeEvent,
)

from .memory_account import key_of
from .memory_prices import FUNDING_RATE, INSTRUMENTS, INTERVALS, MINUTE_NS, OPEN_CONTRACTS, SYMBOL
from .memory_venue import MemoryVenue, same_order

CHANNELS: dict[type[Event], Channel] = {
    TradeEvent: Channel.TRADES,
    TickerEvent: Channel.TICKER,
    CandleEvent: Channel.CANDLES,
}
"""Of the events that are not the account's."""


class MemoryAdapter:
    """Answers straight from a `MemoryVenue`."""

    def __init__(self, venue: MemoryVenue) -> None:
        self.venue = venue
        self.account = venue.account
        self.channels: set[Channel] = set()
        self.told: set[str] = set()

    async def declare(self) -> Declaration:
        able = dict.fromkeys(Capability, Support.FULL)
        return Declaration(
            "memory", "1", AdapterKind.MANAGED, able, Decimal(5), ClientIdUniqueness.OPEN_ORDERS, AmendManner.IN_PLACE
        )

    async def start(self) -> None: ...

    async def close(self) -> None: ...

    async def server_time(self) -> int:
        return self.venue.at_ns

    async def instruments(self) -> list[Instrument]:
        return list(INSTRUMENTS.values())

    # --- the market ---

    async def ticker(self, instrument: str) -> Ticker:
        return self.venue.prices.ticker(_known(instrument))

    async def book(self, instrument: str, depth: int) -> Book:
        book = self.venue.prices.book(_known(instrument))
        return structs.replace(book, bids=book.bids[:depth], asks=book.asks[:depth])

    async def candles(self, instrument: str, interval: str, since_ns: int | None, limit: int | None) -> list[Candle]:
        _known(instrument)
        if interval not in INTERVALS:
            raise Rejected(Reason.BAD_PARAMETER)
        return self.venue.prices.candles(interval, self.venue.at_ns, since_ns, limit)

    async def trades(self, instrument: str) -> list[Trade]:
        return list(self.venue.prices.trades)

    async def funding(self, instrument: str) -> Funding:
        return Funding(SYMBOL, FUNDING_RATE, self.venue.at_ns + 60 * MINUTE_NS)

    async def open_interest(self, instrument: str) -> OpenInterest:
        return OpenInterest(SYMBOL, OPEN_CONTRACTS, self.venue.at_ns)

    # --- orders ---

    async def place(self, intent: Intent) -> Order:
        _known(intent.instrument)
        return self.account.place(intent)

    async def place_many(self, intents: Sequence[Intent]) -> list[Order | AdapterError]:
        answers: list[Order | AdapterError] = []
        for intent in intents:
            try:
                answers.append(await self.place(intent))
            except AdapterError as error:
                answers.append(error)
        return answers

    def find(self, ref: OrderRef) -> Order:
        _known(ref.instrument)
        for order in self.account.orders.values():
            if same_order(ref, order):
                return order
        raise Rejected(Reason.UNKNOWN_ORDER)

    async def amend(self, ref: OrderRef, price: Decimal | None, amount: Decimal | None) -> Order:
        order = self.find(ref)
        if order.status.final:
            raise Rejected(Reason.UNKNOWN_ORDER)
        total = amount or order.amount
        status = OrderStatus.CANCELED if total <= order.filled else order.status
        self.account.tell_order(structs.replace(order, price=price or order.price, amount=total, status=status))
        return self.find(ref)

    async def cancel(self, ref: OrderRef) -> Order:
        order = self.find(ref)
        if order.status.final:
            raise Rejected(Reason.UNKNOWN_ORDER)
        return self.account.end(order.ref, OrderStatus.CANCELED)

    async def cancel_all(self, instrument: str) -> None:
        for order in await self.open_orders(instrument):
            self.account.end(order.ref, OrderStatus.CANCELED)

    async def order(self, ref: OrderRef) -> Order:
        return self.account.orders[key_of(self.find(ref).ref)]

    async def open_orders(self, instrument: str | None) -> list[Order]:
        symbol = _known(instrument or SYMBOL)
        live = [*self.account.live(), *self.account.waiting()]
        return [order for order in live if order.ref.instrument == symbol]

    # --- the account ---

    async def fills(self, instrument: str, since_ns: int | None) -> list[Fill]:
        _known(instrument)
        return list(self.account.fills)

    async def positions(self) -> list[Position]:
        return [one for one in (await self.venue.truth()).positions if one.amount]

    async def balances(self) -> list[Balance]:
        return [self.account.balance()]

    async def set_margin(self, instrument: str, mode: MarginMode | None, leverage: Decimal | None) -> None:
        self.account.refuse()
        self.account.margin_mode = mode or self.account.margin_mode
        self.account.leverage = leverage or self.account.leverage

    async def set_position_mode(self, mode: PositionMode) -> None:
        self.account.refuse()
        if mode is not self.account.mode:
            self.account.set_mode(mode)

    # --- events ---

    async def subscribe(self, channel: Channel, instrument: str | None) -> None:
        self.channels.add(channel)

    async def unsubscribe(self, channel: Channel, instrument: str | None) -> None:
        self.channels.discard(channel)

    async def next_event(self) -> Event:
        while True:
            event = await self.venue.events.get()
            if isinstance(event, FillEvent) and event.fill.fill_id in self.told:
                continue
            if isinstance(event, FillEvent):
                self.told.add(event.fill.fill_id)
            if CHANNELS.get(type(event), Channel.ACCOUNT) in self.channels:
                return event


def _known(symbol: str) -> str:
    if symbol not in INSTRUMENTS:
        raise Rejected(Reason.UNKNOWN_INSTRUMENT)
    return symbol


class MemorySurroundings:
    """Nothing logged, nothing reached, nothing left; another adapter is one on the same venue, broken the same way."""

    def __init__(self, make: Callable[[], Adapter]) -> None:
        self._make = make

    def log_text(self) -> str:
        return ""

    def egress(self) -> list[str]:
        return []

    def leftovers(self) -> list[str]:
        return []

    def make_adapter(self, credentials: dict[str, str] | None = None) -> Adapter:
        return self._make()
