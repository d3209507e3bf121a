"""The public record of one instrument: every trade, made up ones of the past and real ones since the start.

The past (`history`) ends with the last whole minute before the start; ids count on from there without a gap.
Candles are aggregates of exactly these trades, over any interval and range.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from itertools import islice

from venueproof_simulators.engine.bars import Bar, bar_of, candle
from venueproof_simulators.engine.history import History
from venueproof_simulators.engine.intervals import MINUTE_NS, first_minute, index_of
from venueproof_simulators.engine.state import CandleState, Side, TradeState
from venueproof_simulators.engine.worth import Worth


class Tape:
    """Trades and candles of one instrument."""

    def __init__(self, name: str, history: History, start_ticks: int, worth: Worth) -> None:
        self._name = name
        self._value = worth.value
        self._history = history
        self._start_ticks = start_ticks
        self.live: list[TradeState] = []
        """Trades since the start, without those that were forgotten."""
        self._forgotten = 0
        self.last_id = history.trades
        """The id of the newest trade, 0 when there was none."""
        self._counted = 0
        """How many of `live` are in `_bars`: they are put there when somebody asks."""
        self._bars: dict[int, Bar] = {}
        self._minutes: list[int] = []
        """Ascending; the minutes of `_bars`."""

    def print(self, ticks: int, lots: int, taker: Side, now_ns: int) -> TradeState:
        """Record a trade that happens now."""
        self.last_id += 1
        trade = TradeState(self.last_id, self._name, ticks, lots, taker, now_ns)
        self.live.append(trade)
        return trade

    def _count(self) -> None:
        """Put the trades since the last call into their bars."""
        for trade in islice(self.live, self._counted, None):
            minute, value = trade.at_ns // MINUTE_NS, self._value(trade.ticks, trade.lots)
            bar = self._bars.get(minute)
            if bar is None:
                self._bars[minute] = bar_of(trade, value)
                self._minutes.append(minute)
            else:
                bar.add(trade, value)
        self._counted = len(self.live)

    def trade(self, trade_id: int) -> TradeState:
        """The trade of an id between 1 and `last_id` that was not forgotten."""
        past = self._history.trades
        return self.live[trade_id - self._first_live_id] if trade_id > past else self._history.trade(trade_id)

    @property
    def _first_live_id(self) -> int:
        return self._history.trades + 1 + self._forgotten

    def forget(self, keep: int) -> None:
        """Drop all trades since the start but the newest; candles stay as they are."""
        if len(self.live) > keep:
            self._count()
            self._forgotten += len(self.live) - keep
            del self.live[: len(self.live) - keep]
            self._counted = keep

    def last(self) -> TradeState | None:
        """The newest trade."""
        return self.trade(self.last_id) if self.last_id else None

    def first_id_at(self, at_ns: int) -> int:
        """The id of the first trade known at or after a time; `last_id` + 1 when there is none."""
        if at_ns // MINUTE_NS < self._history.end_minute:
            return self._history.first_id_at(at_ns)
        return self._first_live_id + bisect_left(self.live, at_ns, key=lambda trade: trade.at_ns)

    def trades(self, limit: int, from_id: int | None, start_ns: int | None, end_ns: int | None) -> list[TradeState]:
        """Ascending: from `from_id`, else the first from `start_ns` on, else the newest; none after `end_ns`."""
        first, last = 1, self.last_id
        if end_ns is not None:
            last = self.first_id_at(end_ns + 1) - 1
        if from_id is not None:
            first = max(first, from_id)
        if start_ns is not None:
            first = max(first, self.first_id_at(start_ns))
        if from_id is None and start_ns is None:
            first = max(first, last - limit + 1)
        past = range(first, min(last, self._history.trades) + 1)[: max(0, limit)]
        found = [self._history.trade(number) for number in past]
        live = max(0, first - self._first_live_id)
        end = min(last + 1 - self._first_live_id, live + limit - len(found))
        return found + self.live[live : max(live, end)]

    def bar(self, minute: int, end_minute: int) -> Bar | None:
        """The aggregate of all trades in [minute, end_minute)."""
        self._count()
        past = self._history.end_minute
        total = self._history.bar(minute, min(end_minute, past)) if minute < past else None
        if end_minute <= past or not self._minutes:
            return total
        for at in self._traded(minute, end_minute):
            if total is None:
                total = self._bars[at].copy()
            else:
                total.join(self._bars[at])
        return total

    def _traded(self, minute: int, end_minute: int) -> Iterator[int]:
        """The minutes of a range in which somebody traded since the start."""
        first = bisect_left(self._minutes, minute)
        return islice(self._minutes, first, bisect_left(self._minutes, end_minute, first))

    def close_before(self, minute: int) -> int:
        """The price of the last trade before a minute; the start price when there was none."""
        self._count()
        traded = bisect_left(self._minutes, minute)
        if traded:
            return self._bars[self._minutes[traded - 1]].close
        before = min(self.first_id_at(minute * MINUTE_NS), self._history.trades + 1) - 1
        return self.trade(before).ticks if before else self._start_ticks

    def candles(
        self, interval: str, now_ns: int, start_ns: int | None, end_ns: int | None, limit: int
    ) -> list[CandleState]:
        """Ascending: the first `limit` that open from `start_ns` on, else the newest; none opens after `end_ns`.

        The one that holds `now_ns` is unfinished. Nothing is told of the time before the instrument was listed.
        """
        now = now_ns // MINUTE_NS
        last = index_of(interval, now if end_ns is None else _within(end_ns // MINUTE_NS, now))
        first = index_of(interval, min(self._history.first_minute, now))
        if start_ns is None:
            first = max(first, last - limit + 1)
        else:
            first = max(first, index_of(interval, _within(-(-start_ns // MINUTE_NS) - 1, now)) + 1)
        return self._between(interval, first, min(last, first + limit - 1))

    def _between(self, interval: str, first: int, last: int) -> list[CandleState]:
        """The candles numbered `first` to `last`."""
        found: list[CandleState] = []
        if last < first:
            return found
        minute = first_minute(interval, first)
        close = self.close_before(minute)
        for index in range(first, last + 1):
            end = first_minute(interval, index + 1)
            row = candle(self.bar(minute, end), minute * MINUTE_NS, end * MINUTE_NS, close)
            found.append(row)
            minute, close = end, row.close
        return found

    def day(self, now_ns: int) -> tuple[CandleState, int, int]:
        """The last 24 hours by whole minutes, the running one included; first and last trade id in it (0 for none)."""
        end = now_ns // MINUTE_NS + 1
        row = candle(
            self.bar(end - 1440, end), (end - 1440) * MINUTE_NS, end * MINUTE_NS, self.close_before(end - 1440)
        )
        return row, (self.last_id - row.trades + 1 if row.trades else 0), (self.last_id if row.trades else 0)


def _within(minute: int, now: int) -> int:
    """A minute that the calendar can count: between the one before the epoch and now."""
    return max(-1, min(minute, now))
