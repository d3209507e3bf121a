"""What each market topic sends, and on which events. Source: the vendor's pages on public topics; recordings.

Books and tickers begin with a snapshot and go on with what changed; the book of depth 1 has snapshots only.
"""

from __future__ import annotations

from collections.abc import Callable

from venueproof_simulators.engine.events import BookChanged, Event, MarkMoved, OrderChanged, PriceMoved, Traded
from venueproof_simulators.engine.state import BookState, CandleState, OrderOrigin, Side, TradeState
from venueproof_simulators.host.venue import IdKind, VenueTime
from venueproof_simulators.kit import feeds, market_feeds
from venueproof_simulators.kit.documents import Document
from venueproof_simulators.kit.feeds import Documents
from venueproof_simulators.kit.numbers import wire_ms
from venueproof_simulators.venues.bybit.operations.desk import KINDS, Desk
from venueproof_simulators.venues.bybit.operations.market import INTERVALS, hour_ago_ticks
from venueproof_simulators.venues.bybit.streams.names import Channel, Kind
from venueproof_simulators.venues.bybit.wire.market import levels, ticker_row, update_id, volumes
from venueproof_simulators.venues.bybit.wire.numbers import SEQUENCE_BASE, Listing, spelled_id

Feed = feeds.Feed[Channel, Listing]
Start = feeds.Start[Channel, Listing]
_REPEAT_NS = 3 * 10**9
"""After so long without a change the snapshot of depth 1 comes again."""
_TICKER_EVENTS = (BookChanged, PriceMoved, MarkMoved, Traded)
_NOT_STREAMED = frozenset(
    {"predictedDeliveryPrice", "basisRate", "basisRateYear", "basis", "deliveryFeeRate", "deliveryTime"}
)
"""Keys of a ticker that the stream has for dated contracts only."""
_MS = 1_000_000


class Deep(Feed):
    """A book of 50 levels and more: what changed among them since the last message."""

    def begin(self, time: VenueTime) -> None:
        """The book as it is now."""
        self._depth = int(self.channel.detail)
        self._shown = self._book()
        self._number = update_id(self._shown.sequence)

    def _book(self) -> BookState:
        return self.engine.book(self.listing().name, self._depth)

    def before_joining(self, time: VenueTime) -> Documents:
        """What changed so far: whoever joins is told the book as it is."""
        return self.due(time)

    def first(self, time: VenueTime) -> Documents:
        """The whole book."""
        listing, book = self.listing(), self._shown
        sides = levels(listing, book.bids), levels(listing, book.asks)
        return [(listing.symbol, self._document("snapshot", *sides, time))]

    def changed(self, instrument: str, event: Event) -> bool:
        """A change of the book."""
        return isinstance(event, BookChanged)

    def due(self, time: VenueTime) -> Documents:
        """The levels that are others now; "0" where one is gone."""
        listing, book, shown = self.listing(), self._book(), self._shown
        bids, asks = _moved(shown.bids, book.bids), _moved(shown.asks, book.asks)
        self._shown = book
        if not bids and not asks:
            return []
        self._number += 1
        return [(listing.symbol, self._document("delta", levels(listing, bids), levels(listing, asks), time))]

    def _document(self, kind: str, bids: list[list[str]], asks: list[list[str]], time: VenueTime) -> Document:
        book = self._shown
        data = {
            "s": self.listing().name,
            "b": bids,
            "a": asks,
            "u": self._number,
            "seq": SEQUENCE_BASE + book.sequence,
        }
        return _message(self, kind, data, time) | {"cts": wire_ms(time, book.at_ns)}

    def restart(self, time: VenueTime) -> Documents:
        """The service began anew: a snapshot whose number is 1 again."""
        self._shown, self._number = self._book(), 1
        return self.first(time)


def _moved(before: tuple[tuple[int, int], ...], now: tuple[tuple[int, int], ...]) -> list[tuple[int, int]]:
    """(ticks, lots) of levels that are others now, 0 lots where one is gone."""
    known, found = dict(before), dict(now)
    gone = [(ticks, 0) for ticks in known if ticks not in found]
    return gone + [(ticks, lots) for ticks, lots in now if known.get(ticks) != lots]


class _Best(Deep):
    """The book of depth 1: snapshots only, and again with the same number when nothing changes for a while."""

    def begin(self, time: VenueTime) -> None:
        """The book as it is now."""
        super().begin(time)
        self._told_ns = time.true_ns

    def next_close_ns(self) -> int | None:
        """When it comes again."""
        return self._told_ns + _REPEAT_NS

    def before_joining(self, time: VenueTime) -> Documents:
        """Nothing: everything is a snapshot."""
        return []

    def due(self, time: VenueTime) -> Documents:
        """The best levels; a new number when they are others."""
        book = self._book()
        changed = (book.bids, book.asks) != (self._shown.bids, self._shown.asks)
        if not changed and time.true_ns < self._told_ns + _REPEAT_NS:
            return []
        self._number += int(changed)
        self._shown, self._told_ns = book, time.true_ns
        return self.first(time)


class _Ticker(Feed):
    """tickers: a snapshot, then the keys that changed."""

    def begin(self, time: VenueTime) -> None:
        """The ticker as it is now."""
        self._shown = self._row(time)
        self._number = 0

    def _row(self, time: VenueTime) -> Document:
        listing = self.listing()
        ticker = self.engine.ticker(listing.name, time.true_ns)
        hour_ago = hour_ago_ticks(self.engine.candles, listing, time.true_ns)
        row = ticker_row(listing, ticker, hour_ago, time)
        trades = self.engine.trades(listing.name, time.true_ns, limit=2)
        direction = tick_direction([trade.ticks for trade in trades])
        return {name: value for name, value in row.items() if name not in _NOT_STREAMED} | {"tickDirection": direction}

    def before_joining(self, time: VenueTime) -> Documents:
        """What changed so far."""
        return self.due(time)

    def first(self, time: VenueTime) -> Documents:
        """Every key."""
        return [(self.listing().symbol, self._document("snapshot", self._shown, time))]

    def changed(self, instrument: str, event: Event) -> bool:
        """Whatever moves a price."""
        return isinstance(event, _TICKER_EVENTS)

    def due(self, time: VenueTime) -> Documents:
        """The keys that are others now, and the symbol."""
        row, shown = self._row(time), self._shown
        changed = {name: value for name, value in row.items() if shown[name] != value}
        self._shown = row
        if not changed:
            return []
        self._number += 1
        return [(self.listing().symbol, self._document("delta", {"symbol": row["symbol"]} | changed, time))]

    def _document(self, kind: str, data: Document, time: VenueTime) -> Document:
        return _message(self, kind, data, time) | {"cs": SEQUENCE_BASE + self._number}


class _Trades(Feed):
    """publicTrade: those of a moment together, oldest first."""

    def begin(self, time: VenueTime) -> None:
        """None yet."""
        self._waiting: list[TradeState] = []
        self._last = self.engine.trades(self.listing().name, time.true_ns, limit=1)[-1].ticks
        self._direction = "ZeroPlusTick"

    def changed(self, instrument: str, event: Event) -> bool:
        """A trade."""
        if not isinstance(event, Traded):
            return False
        self._waiting.append(event.trade)
        return True

    def due(self, time: VenueTime) -> Documents:
        """What was collected."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return []
        return [(self.listing().symbol, _message(self, "snapshot", [self._row(one, time) for one in waiting], time))]

    def _row(self, trade: TradeState, time: VenueTime) -> Document:
        listing = self.listing()
        self._direction = _next_direction(self._direction, self._last, trade.ticks)
        self._last = trade.ticks
        return {
            "T": wire_ms(time, trade.at_ns),
            "s": listing.name,
            "S": "Buy" if trade.taker is Side.BUY else "Sell",
            "v": listing.plain_amount(trade.lots),
            "p": listing.scaled(trade.ticks),
            "L": self._direction,
            "i": spelled_id(KINDS[IdKind.TRADE], listing.index, trade.trade_id),
            "BT": False,
            "RPI": False,
            "seq": SEQUENCE_BASE + trade.trade_id,
        }


class _Liquidations(Feed):
    """allLiquidation: what the venue closed of users' positions."""

    def begin(self, time: VenueTime) -> None:
        """None yet."""
        self._waiting: list[tuple[OrderChanged, int]] = []

    def changed(self, instrument: str, event: Event) -> bool:
        """A fill of an order by which the venue closes a position."""
        if isinstance(event, OrderChanged) and event.order.origin is OrderOrigin.LIQUIDATION and event.fill is not None:
            self._waiting.append((event, event.fill.lots))
            return True
        return False

    def due(self, time: VenueTime) -> Documents:
        """What was collected."""
        waiting, self._waiting = self._waiting, []
        listing = self.listing()
        rows = [
            {
                "T": wire_ms(time, change.order.updated_ns),
                "s": listing.name,
                "S": change.order.side.opposite.value.capitalize(),
                "v": listing.plain_amount(lots),
                "p": listing.scaled(change.fill.ticks if change.fill else 0),
            }
            for change, lots in waiting
        ]
        return [(listing.symbol, _message(self, "snapshot", rows, time))] if rows else []


def tick_direction(prices: list[int]) -> str:
    """How the last price stands to the one before."""
    return _next_direction("ZeroPlusTick", prices[0], prices[-1]) if prices else "ZeroPlusTick"


def _next_direction(direction: str, before: int, now: int) -> str:
    if now > before:
        return "PlusTick"
    if now < before:
        return "MinusTick"
    return "ZeroPlusTick" if direction.endswith("PlusTick") else "ZeroMinusTick"


def _candle(feed: Feed, candle: CandleState, later: int, time: VenueTime) -> Document:
    """A message of kline; its prices come as open, close, high, low."""
    listing = feed.listing()
    volume, turnover = volumes(listing, candle)
    row = {
        "start": candle.open_ns // _MS,
        "end": candle.close_ns // _MS - 1,
        "interval": feed.channel.detail,
        "open": listing.scaled(candle.open),
        "close": listing.scaled(candle.close),
        "high": listing.scaled(candle.high),
        "low": listing.scaled(candle.low),
        "volume": volume,
        "turnover": turnover,
        "confirm": candle.close_ns <= time.true_ns,
        "timestamp": min(time.wire_ms, candle.close_ns // _MS - 1),
    }
    return {"topic": feed.channel.name, "data": [row], "ts": time.wire_ms, "type": "snapshot"}


def _message(feed: Feed, kind: str, data: object, time: VenueTime) -> Document:
    return {"topic": feed.channel.name, "type": kind, "ts": time.wire_ms, "data": data}


def _candles(start: Start) -> Feed:
    interval = INTERVALS[start.channel.detail]
    return market_feeds.CandleFeed(start, interval, (Traded,), _candle)


_FEEDS: dict[Kind, Callable[[Start], Feed]] = {
    Kind.BOOK: Deep,
    Kind.TRADES: _Trades,
    Kind.TICKER: _Ticker,
    Kind.CANDLES: _candles,
    Kind.LIQUIDATIONS: _Liquidations,
}


def make_feed(channel: Channel, desk: Desk, time: VenueTime) -> Feed:
    """The feed of a topic."""
    start = Start(channel, desk.engine, {channel.instrument: desk.listings[channel.instrument]}, time)
    if channel.kind is Kind.BOOK and channel.detail == "1":
        return _Best(start)
    return _FEEDS[channel.kind](start)
