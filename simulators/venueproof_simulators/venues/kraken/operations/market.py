"""What is public: instruments, prices, books, trades, funding, fees, charts."""

from __future__ import annotations

from datetime import datetime

from venueproof_simulators.engine.state import TradeState
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.kraken.operations.desk import Call, Desk
from venueproof_simulators.venues.kraken.operations.holding import hold_ms
from venueproof_simulators.venues.kraken.wire import market as wire
from venueproof_simulators.venues.kraken.wire.numbers import Document, Listing

LATE_CANDLES = "kraken.candle.poll-60s"
NUMERIC_VOLUME = "kraken.charts.volume-number"
RESOLUTIONS = ("1m", "5m", "15m", "30m", "1h", "4h", "12h", "1d", "1w")
KINDS = ("mark", "spot", "trade")
_WHOLE_BOOK = 10_000
_LATEST_S = 10**11
"""Beyond this a number is no time in seconds: milliseconds are years from now, and there are no candles."""


# --- instruments ------------------------------------------------------------------------------------------------------


def instruments(call: Call) -> Document:
    """GET instruments."""
    desk = call.desk
    rows = [wire.instrument_document(one, hold_ms(desk, one)) for one in open_listings(desk, call.time.true_ns)]
    return {"instruments": [*rows, *map(wire.index_document, wire.INDEX_NAMES)]}


def open_listings(desk: Desk, now_ns: int) -> list[Listing]:
    """Contracts that have not expired."""
    return [one for one in desk.listings.values() if not 0 < one.instrument.expiry_ns <= now_ns]


def statuses(call: Call) -> Document:
    """GET instruments/status."""
    return {"instrumentStatus": [wire.status_document(one) for one in call.desk.listings.values()]}


def status(call: Call) -> Document:
    """GET instruments/{symbol}/status."""
    return wire.status_document(_in_path(call))


def _in_path(call: Call) -> Listing:
    """The contract that the path names. Raises `VenueError`."""
    found = call.desk.listings.get(call.segments["symbol"].upper())
    if found is None:
        raise VenueError("contract", parameter="symbol")
    return found


def _asked(call: Call) -> Listing:
    """The contract of parameter `symbol`. Raises `VenueError`."""
    found = call.desk.listings.get(call.parameters.text("symbol").upper())
    if found is None:
        raise VenueError("contract", parameter="symbol")
    return found


# --- prices -----------------------------------------------------------------------------------------------------------


def tickers(call: Call) -> Document:
    """GET tickers: contracts, then indices."""
    rows = [ticker_of(call, one) for one in open_listings(call.desk, call.time.true_ns)]
    return {"tickers": [*rows, *(_index(call, name) for name in wire.INDEX_NAMES)]}


def ticker(call: Call) -> Document:
    """GET tickers/{symbol}."""
    if call.segments["symbol"].lower() in wire.INDEX_NAMES:
        return {"ticker": _index(call, call.segments["symbol"].lower())}
    return {"ticker": ticker_of(call, _in_path(call))}


def ticker_of(call: Call, one: Listing) -> Document:
    """A row of tickers."""
    now_ns = call.time.true_ns
    last = call.desk.engine.trades(one.name, now_ns, limit=1)
    return wire.ticker_document(
        one, call.desk.engine.ticker(one.name, now_ns), last[-1].at_ns if last else now_ns, call.time
    )


def _index(call: Call, name: str) -> Document:
    one = call.desk.listings[wire.INDEX_OF]
    return wire.index_ticker(name, one, call.desk.engine.ticker(one.name, call.time.true_ns), call.time)


def book(call: Call) -> Document:
    """GET orderbook: all of it."""
    one = _asked(call)
    return {"orderBook": wire.book_document(one, call.desk.engine.book(one.name, _WHOLE_BOOK))}


def trades(call: Call) -> Document:
    """GET history: the last hundred, or those before `lastTime`."""
    one, end_ns = _asked(call), None
    text = call.parameters.raw("lastTime")
    if text:
        end_ns = _moment_ns(call, text) - 1
    found = last_trades(call, one, call.desk.limits.named("trades").limit, end_ns)
    return {"history": wire.trade_rows(one, found, call.desk.seed, call.time)}


def _moment_ns(call: Call, text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as fault:
        raise VenueError("not-valid", parameter="lastTime") from fault
    if moment.tzinfo is None:
        raise VenueError("not-valid", parameter="lastTime")
    return int(moment.timestamp() * 1000) * 1_000_000 - call.time.wire_ns + call.time.true_ns


def last_trades(call: Call, one: Listing, most: int, end_ns: int | None) -> list[TradeState]:
    """The newest trades up to a moment, oldest first."""
    engine, now_ns = call.desk.engine, call.time.true_ns
    if end_ns is None:
        return engine.trades(one.name, now_ns, limit=most)
    found = engine.trades(one.name, now_ns, limit=most, end_ns=end_ns)
    return found[-most:]


def funding_rates(call: Call) -> Document:
    """GET historicalfundingrates: all since the venue was opened, oldest first."""
    one = _asked(call)
    return {"rates": wire.funding_rows(one, call.desk.cash.fundings(one.name), call.time)}


def fee_schedules(call: Call) -> Document:
    """GET feeschedules, in percent: what it says is out of date, and goes on being served."""
    schedules = {one.fee_schedule: one for one in call.desk.listings.values()}
    return {"feeSchedules": [wire.fee_schedule(one) for one in schedules.values()]}


# --- charts -----------------------------------------------------------------------------------------------------------


def chart_kinds(call: Call) -> list[str]:
    """GET charts/v1/."""
    return list(KINDS)


def chart_symbols(call: Call) -> list[str]:
    """GET charts/v1/{kind}."""
    _kind(call)
    return list(call.desk.listings)


def chart_resolutions(call: Call) -> list[str]:
    """GET charts/v1/{kind}/{symbol}."""
    _kind(call)
    _in_path(call)
    return list(RESOLUTIONS)


def _kind(call: Call) -> str:
    kind = call.segments["kind"]
    if kind not in KINDS:
        raise VenueError("resolution")
    return kind


def candles(call: Call) -> Document:
    """GET charts/v1/{kind}/{symbol}/{resolution}: oldest first, the last one runs; times are asked in seconds.

    Without `from` the newest are given. Source of `count`: clients that capture histories page back with it.
    """
    kind, one = _kind(call), _in_path(call)
    resolution = call.segments["resolution"]
    if resolution not in RESOLUTIONS:
        raise VenueError("resolution")
    begin, until = call.parameters.period("from", "to")
    limit = call.desk.limits.named("candles").limit
    most = min(limit, call.parameters.within("count", 1, 10**9, limit))
    if begin is not None and begin > _LATEST_S:
        return {"candles": [], "more_candles": False}
    ahead_ns = call.time.wire_ns - call.time.true_ns
    found = call.desk.engine.candles(
        one.name,
        resolution,
        call.time.true_ns,
        start_ns=None if begin is None else begin * 10**9 - ahead_ns,
        end_ns=None if until is None else min(until, _LATEST_S) * 10**9 - ahead_ns,
        limit=most + 1,
    )
    more = begin is not None and len(found) > most
    shown = found[:most] if begin is not None else found[-most:]
    late_ns = call.desk.limits.named("candle-late").limit * 10**9 if call.desk.switches.on(LATE_CANDLES) else 0
    now_ns = call.time.true_ns
    numeric = call.desk.switches.on(NUMERIC_VOLUME)
    rows = [
        wire.candle_document(one, candle, kind == "trade", call.time, numeric=numeric)
        for candle in shown
        if not candle.close_ns <= now_ns < candle.close_ns + late_ns
    ]
    return {"candles": rows, "more_candles": more}
