"""What an attentive listener knows after hearing an adapter's events: their fold, and nothing else."""

from __future__ import annotations

from venueproof_contracts.model import (
    Balance,
    BalanceEvent,
    Book,
    BookEvent,
    Candle,
    CandleEvent,
    Event,
    Fill,
    FillEvent,
    Order,
    OrderEvent,
    Position,
    PositionEvent,
    PositionSide,
    StreamEvent,
    Ticker,
    TickerEvent,
    Trade,
    TradeEvent,
)


class Fold:
    """Keeps the last word on every order, position, balance and book, and every fill and trade as it was heard."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.orders: dict[str, Order] = {}
        """By intent id; the order that a conditional one became has that one's intent id."""
        self.conditionals: dict[str, Order] = {}
        """Conditional orders, by intent id."""
        self.order_steps: list[Order] = []
        self.fills: list[Fill] = []
        self.positions: dict[tuple[str, PositionSide], Position] = {}
        self.balances: dict[str, Balance] = {}
        self.books: dict[str, Book] = {}
        self.trades: list[Trade] = []
        self.tickers: dict[str, Ticker] = {}
        self.candles: dict[tuple[str, str], list[Candle]] = {}
        self.stream: list[StreamEvent] = []

    def hear(self, event: Event) -> None:
        """Take in one event."""
        self.events.append(event)
        match event:
            case OrderEvent(order=order):
                (self.conditionals if order.ref.conditional else self.orders)[order.ref.intent_id] = order
                self.order_steps.append(order)
            case FillEvent(fill=fill):
                self.fills.append(fill)
            case PositionEvent(position=position):
                self.positions[position.instrument, position.side] = position
            case BalanceEvent(balance=balance):
                self.balances[balance.asset] = balance
            case BookEvent(book=book):
                self.books[book.instrument] = book
            case TradeEvent(trade=trade):
                self.trades.append(trade)
            case TickerEvent(ticker=ticker):
                self.tickers[ticker.instrument] = ticker
            case CandleEvent(instrument=instrument, interval=interval, candle=candle):
                self.candles.setdefault((instrument, interval), []).append(candle)
            case StreamEvent():
                self.stream.append(event)

    def fills_of(self, intent_id: str) -> list[Fill]:
        """Fills heard for one intent."""
        return [fill for fill in self.fills if fill.ref.intent_id == intent_id]
