"""Bars: what a run of trades amounts to. Candles, the day's figures and their sums are all made of these."""

from __future__ import annotations

from msgspec import Struct

from venueproof_simulators.engine.state import CandleState, Side, TradeState

BUY = Side.BUY


class Bar(Struct, gc=False):
    """The aggregate of at least one trade. Prices in ticks; `value` is the sum of what its lots are worth."""

    open: int
    high: int
    low: int
    close: int
    lots: int
    value: int
    trades: int
    buy_lots: int
    buy_value: int

    def add(self, trade: TradeState, value: int) -> None:
        """One trade more, after all others; its lots are worth `value`."""
        ticks, lots = trade.ticks, trade.lots
        if ticks > self.high:
            self.high = ticks
        elif ticks < self.low:
            self.low = ticks
        self.close = ticks
        self.lots += lots
        self.value += value
        self.trades += 1
        if trade.taker is BUY:
            self.buy_lots += lots
            self.buy_value += value

    def join(self, later: Bar) -> None:
        """All trades of a later bar more."""
        if later.high > self.high:
            self.high = later.high
        if later.low < self.low:
            self.low = later.low
        self.close = later.close
        self.lots += later.lots
        self.value += later.value
        self.trades += later.trades
        self.buy_lots += later.buy_lots
        self.buy_value += later.buy_value

    def copy(self) -> Bar:
        """Another bar that is equal."""
        return Bar(
            self.open,
            self.high,
            self.low,
            self.close,
            self.lots,
            self.value,
            self.trades,
            self.buy_lots,
            self.buy_value,
        )


def bar_of(trade: TradeState, value: int) -> Bar:
    """The bar of one trade, whose lots are worth `value`."""
    ticks, lots, buys = trade.ticks, trade.lots, trade.taker is BUY
    return Bar(ticks, ticks, ticks, ticks, lots, value, 1, lots if buys else 0, value if buys else 0)


def candle(bar: Bar | None, open_ns: int, close_ns: int, previous: int) -> CandleState:
    """A candle over a span of time; without a trade it is flat at the `previous` close."""
    if bar is None:
        return CandleState(open_ns, close_ns, previous, previous, previous, previous, 0, 0, 0, 0, 0)
    return CandleState(
        open_ns,
        close_ns,
        bar.open,
        bar.high,
        bar.low,
        bar.close,
        bar.lots,
        bar.value,
        bar.trades,
        bar.buy_lots,
        bar.buy_value,
    )
