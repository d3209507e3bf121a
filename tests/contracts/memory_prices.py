"""Prices of a venue in memory: two instruments, a book, trades, and candles made of the trades."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import count

from msgspec import structs

from venueproof_contracts.model import Book, Candle, ContractUnit, Instrument, Level, Side, Ticker, Trade

SYMBOL = "BTC/USDT:USDT"
OTHER = "ETH/USDT:USDT"
TICK = Decimal("0.1")
BTC = Instrument(
    symbol=SYMBOL,
    spelling="BTCUSDT",
    product="linear",
    base="BTC",
    quote="USDT",
    settle="USDT",
    price_tick=TICK,
    amount_step=Decimal("0.001"),
    amount_min=Decimal("0.001"),
    contract_size=Decimal(1),
    contract_unit=ContractUnit.BASE,
    notional_min=Decimal(100),
)
INSTRUMENTS = {SYMBOL: BTC, OTHER: structs.replace(BTC, symbol=OTHER, spelling="ETHUSDT", base="ETH")}
BASES = {SYMBOL: Decimal(60000), OTHER: Decimal(3000)}
FUNDING_RATE = Decimal("0.0001")
OPEN_CONTRACTS = Decimal(500)
MINUTE_NS = 60 * 10**9
INTERVALS = {"1m": 1, "2m": 2, "10m": 10, "45m": 45, "1h": 60}
"""In minutes."""
START_NS = 1_795_521_900 * 10**9


class Prices:
    """Where the market of each instrument is. Only that of `SYMBOL` moves."""

    def __init__(self) -> None:
        self.base = BASES[SYMBOL]
        self.mark_apart = Decimal(0)
        self.bids: list[Level] = []
        self.offers: list[Level] = []
        self.trades: list[Trade] = []
        self._numbers = count(1)

    @property
    def mark(self) -> Decimal:
        return self.base + self.mark_apart

    def print(self, price: Decimal, amount: Decimal, side: Side, at_ns: int) -> Trade:
        self.trades.append(Trade(SYMBOL, f"t{next(self._numbers)}", price, amount, side, at_ns))
        return self.trades[-1]

    def book(self, symbol: str) -> Book:
        base = self.base if symbol == SYMBOL else BASES[symbol]
        bids, asks = ([Level(base + side * n * TICK, Decimal(1)) for n in range(1, 6)] for side in (-1, 1))
        if symbol == SYMBOL:
            bids, asks = bids + self.bids, asks + self.offers
        return Book(symbol, _levels(bids, -1), _levels(asks, 1))

    def ticker(self, symbol: str) -> Ticker:
        book = self.book(symbol)
        last, mark = (self.base, self.mark) if symbol == SYMBOL else (BASES[symbol], BASES[symbol])
        bid, ask = book.bids[0].price, book.asks[0].price
        return Ticker(symbol, last, bid, ask, mark, funding_rate=FUNDING_RATE, open_interest=OPEN_CONTRACTS)

    def candle(self, open_ns: int, minutes: int, now_ns: int) -> Candle:
        """Trades within, and a contract for each minute that has begun."""
        end_ns = open_ns + minutes * MINUTE_NS
        before = [trade.price for trade in self.trades if trade.at_ns < open_ns]
        within = [trade for trade in self.trades if open_ns <= trade.at_ns < end_ns]
        prices = [before[-1] if before else BASES[SYMBOL], *(trade.price for trade in within)]
        begun = min(minutes, (now_ns - open_ns) // MINUTE_NS + 1)
        volume = sum((trade.amount for trade in within), Decimal(begun))
        return Candle(open_ns, prices[0], max(prices), min(prices), prices[-1], volume, end_ns <= now_ns)

    def candles(self, interval: str, now_ns: int, since_ns: int | None, limit: int | None) -> list[Candle]:
        minutes, number = INTERVALS[interval], limit or 100
        length_ns = minutes * MINUTE_NS
        first_ns = now_ns // length_ns * length_ns - (number - 1) * length_ns if since_ns is None else since_ns
        opens = [open_ns for n in range(number) if (open_ns := first_ns + n * length_ns) <= now_ns]
        return [self.candle(open_ns, minutes, now_ns) for open_ns in opens]


def _levels(levels: Sequence[Level], sign: int) -> tuple[Level, ...]:
    amounts: dict[Decimal, Decimal] = {}
    for level in levels:
        amounts[level.price] = amounts.get(level.price, Decimal(0)) + level.amount
    return tuple(Level(price, amounts[price]) for price in sorted(amounts, key=lambda price: price * sign))
