"""Public market data: instruments, books, trades, candles, tickers, funding, open interest. Lists are newest first."""

from __future__ import annotations

from collections.abc import Callable

from venueproof_simulators.engine.intervals import MINUTE_NS
from venueproof_simulators.engine.state import CandleState
from venueproof_simulators.host.venue import IdKind
from venueproof_simulators.kit.documents import Document
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.bybit.operations.desk import CATEGORIES, Call
from venueproof_simulators.venues.bybit.operations.paging import page
from venueproof_simulators.venues.bybit.wire import market as wire
from venueproof_simulators.venues.bybit.wire.numbers import Listing

INTERVALS = {
    "1": "1m",
    "3": "3m",
    "5": "5m",
    "15": "15m",
    "30": "30m",
    "60": "1h",
    "120": "2h",
    "240": "4h",
    "360": "6h",
    "720": "12h",
    "D": "1d",
    "W": "1w",
    "M": "1M",
}
"""The venue's word for a candle's length → the engine's."""
PERIODS = {"5min": "5m", "15min": "15m", "30min": "30m", "1h": "1h", "4h": "4h", "1d": "1d"}
ELSEWHERE = frozenset({"spot", "option"})
"""Categories of the venue that nothing is listed in here; clients ask for them when they start."""
_STATUSES = frozenset({"PreLaunch", "PendingOpen", "Trading", "Settling", "Delivering", "Closed"})
_MS = 1_000_000
_INSTRUMENTS_MAX = _ROWS_MAX = 1000
_FUNDINGS_MAX = 200
_TICKERS_CATEGORY = frozenset({*CATEGORIES, *ELSEWHERE})


def server_time(call: Call) -> Document:
    """GET market/time."""
    return {"timeSecond": str(call.time.wire_ns // 10**9), "timeNano": str(call.time.wire_ns)}


def instruments(call: Call) -> Document:
    """GET market/instruments-info; everything here is Trading."""
    limit = call.parameters.limit(500, _INSTRUMENTS_MAX)
    status = call.parameters.word("status", _STATUSES, "parameter", "Trading")
    if call.parameters.raw("category") in ELSEWHERE:
        return {"category": call.parameters.raw("category"), "list": [], "nextPageCursor": ""}
    coin = call.parameters.raw("baseCoin")
    found = [one for one in call.listings() if status == "Trading" and coin in {None, one.row.base}]
    rows = [(str(one.index), one) for one in found]
    return {"category": call.category(), **page(call.parameters, rows, limit, wire.instrument_row)}


def tickers(call: Call) -> Document:
    """GET market/tickers."""
    if call.parameters.raw("category") in ELSEWHERE and not call.parameters.has("symbol"):
        return {"category": call.parameters.raw("category"), "list": []}
    return {"category": call.category(), "list": [ticker(call, listing) for listing in call.listings()]}


def ticker(call: Call, listing: Listing) -> Document:
    """One row of tickers."""
    now_ns = call.time.true_ns
    found = call.engine.ticker(listing.name, now_ns)
    return wire.ticker_row(listing, found, hour_ago_ticks(call.engine.candles, listing, now_ns), call.time)


def hour_ago_ticks(candles: Callable[..., list[CandleState]], listing: Listing, now_ns: int) -> int:
    """The price of an hour ago."""
    return candles(listing.name, "1m", now_ns, start_ns=now_ns - 60 * MINUTE_NS, limit=1)[0].open


def order_book(call: Call) -> Document:
    """GET market/orderbook."""
    listing = call.listing()
    limit = call.parameters.limit(25, _ROWS_MAX)
    return wire.book_document(listing, call.engine.book(listing.name, limit), call.time)


def recent_trades(call: Call) -> Document:
    """GET market/recent-trade."""
    listing = call.listing()
    limit = call.parameters.limit(500, _ROWS_MAX)
    found = call.engine.trades(listing.name, call.time.true_ns, limit=limit)
    rows = [
        wire.trade_row(listing, one, call.desk.spelled(IdKind.TRADE, listing.name, one.trade_id), call.time)
        for one in reversed(found)
    ]
    return {"category": listing.category, "list": rows}


# --- candles ----------------------------------------------------------------------------------------------------------


def klines(call: Call) -> Document:
    """GET market/kline."""
    return _klines(call, wire.candle_row)


def price_klines(call: Call) -> Document:
    """GET market/mark-price-kline and index-price-kline."""
    return _klines(call, wire.price_candle_row)


def premium_klines(call: Call) -> Document:
    """GET market/premium-index-price-kline."""
    return _klines(call, lambda listing, candle: wire.premium_row(candle))


def _klines(call: Call, shape: Callable[[Listing, CandleState], list[str]]) -> Document:
    """Newest first, the running one included; the one that holds `start` is among them.

    With both bounds, or an end alone, the newest `limit` up to the end; with a start alone those that follow it. These
    paths alone take linear contracts to be meant where no category is named (the vendor's pages on candles).
    """
    listing = call.listing(CATEGORIES[0])
    limit = call.parameters.limit(200, _ROWS_MAX)
    interval = call.parameters.choice("interval", INTERVALS, "interval")
    start_ms, end_ms = call.parameters.period("start", "end")
    found = _candles(call, listing, interval, start_ms, end_ms, limit)
    rows = [shape(listing, candle) for candle in reversed(found)]
    return {"category": listing.category, "symbol": listing.name, "list": rows}


def _candles(
    call: Call, listing: Listing, interval: str, start_ms: int | None, end_ms: int | None, limit: int
) -> list[CandleState]:
    candles, now_ns = call.engine.candles, call.time.true_ns
    end_ns = None if end_ms is None else end_ms * _MS
    if start_ms is None:
        return candles(listing.name, interval, now_ns, end_ns=end_ns, limit=limit)
    if start_ms * _MS > now_ns:
        return []
    holding = candles(listing.name, interval, now_ns, end_ns=start_ms * _MS, limit=1)
    start_ns = holding[0].open_ns if holding else start_ms * _MS
    if end_ns is None:
        return candles(listing.name, interval, now_ns, start_ns=start_ns, limit=limit)
    newest = candles(listing.name, interval, now_ns, end_ns=end_ns, limit=limit)
    return [candle for candle in newest if candle.open_ns >= start_ns]


# --- funding and open interest ----------------------------------------------------------------------------------------


def funding_history(call: Call) -> Document:
    """GET market/funding/history: what was paid since the venue opened, and before that the rate it had then."""
    listing = call.listing()
    limit = call.parameters.limit(_FUNDINGS_MAX, _FUNDINGS_MAX)
    start_ms, end_ms = call.parameters.period_ms()
    if start_ms is not None and end_ms is None:
        raise VenueError("start-alone")
    paid = [(one.at_ns, one.rate_ppb) for one in reversed(call.desk.cash.fundings(listing.name))]
    moments = [*paid, *((at_ns, listing.instrument.funding_rate_ppb) for at_ns in _before(call, listing))]
    rows = [
        wire.funding_row(listing, at_ns, rate, call.time)
        for at_ns, rate in moments
        if (start_ms is None or at_ns >= start_ms * _MS) and (end_ms is None or at_ns <= end_ms * _MS)
    ]
    return {"category": listing.category, "list": rows[:limit]}


def _before(call: Call, listing: Listing) -> list[int]:
    """The funding hours before the venue was opened, newest first."""
    step_ns = listing.instrument.funding_interval_ns
    last_ns = call.desk.opened_ns // step_ns * step_ns
    return [last_ns - number * step_ns for number in range(_FUNDINGS_MAX)]


def open_interest(call: Call) -> Document:
    """GET market/open-interest: dollars of inverse contracts, else base; the past is told as it is now."""
    listing = call.listing()
    period = call.parameters.choice("intervalTime", PERIODS, "interval")
    limit = call.parameters.limit(50, 200)
    start_ms, end_ms = call.parameters.period_ms()
    lots = call.engine.ticker(listing.name, call.time.true_ns).open_interest_lots
    end_ns = None if end_ms is None else end_ms * _MS
    found = call.engine.candles(listing.name, period, call.time.true_ns, end_ns=end_ns, limit=limit)
    rows = [
        {"openInterest": listing.plain_amount(lots), "timestamp": str(candle.open_ns // _MS)}
        for candle in reversed(found)
        if start_ms is None or candle.open_ns >= start_ms * _MS
    ]
    return {"symbol": listing.name, "category": listing.category, "list": rows, "nextPageCursor": ""}


# --- the rest ---------------------------------------------------------------------------------------------------------


def risk_limits(call: Call) -> Document:
    """GET market/risk-limit: one step a symbol."""
    rows = [
        {
            "id": 1,
            "symbol": listing.name,
            "riskLimitValue": str(listing.row.wire["riskLimit"]),
            "maintenanceMargin": str(listing.row.maintenance),
            "initialMargin": f"{1 / listing.row.leverage_max:f}",
            "isLowestRisk": 1,
            "maxLeverage": f"{listing.row.leverage_max:.2f}",
            "mmDeduction": "",
        }
        for listing in call.listings()
    ]
    return {"category": call.category(), "list": rows, "nextPageCursor": ""}


def price_limit(call: Call) -> Document:
    """GET market/price-limit: the highest bid and the lowest ask."""
    listing = call.listing()
    mark = listing.mark(call.engine.mark_nano_ticks(listing.name, call.time.true_ns))
    band = listing.row.price_band
    places = listing.price_places
    return {
        "symbol": listing.name,
        "buyLmt": f"{mark * (1 + band):.{places}f}",
        "sellLmt": f"{mark * (1 - band):.{places}f}",
        "ts": str(call.time.wire_ms),
    }


def nothing_listed(call: Call) -> Document:
    """A list that has nothing to tell of perpetual contracts."""
    return {"list": []}
