"""Public market data: instruments, tickers, books, trades, candles, funding, indices."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from venueproof_simulators.engine.intervals import MINUTE_NS, index_of
from venueproof_simulators.engine.state import CandleState, TickerState, TradeState
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.documents import Document
from venueproof_simulators.kit.numbers import wire_ms
from venueproof_simulators.kit.parameters import needed
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.deribit.operations.desk import Call, Desk
from venueproof_simulators.venues.deribit.wire import market as wire
from venueproof_simulators.venues.deribit.wire.numbers import Listing, num

RESOLUTIONS = {
    "1": "1m",
    "3": "3m",
    "5": "5m",
    "10": "10m",
    "15": "15m",
    "30": "30m",
    "60": "1h",
    "120": "2h",
    "180": "3h",
    "360": "6h",
    "720": "12h",
    "1D": "1d",
}
"""Lengths of candles → the engine's word. There is no 4h."""
_DEPTHS = frozenset({1, 5, 10, 20, 50, 100, 1000, 10000})
_DEPTH = 20
_MS = 1_000_000
_HOUR_MS = 3_600_000
_YEAR_MS = 365 * 24 * _HOUR_MS
_TRADES_MAX = 1000
_TRADES = 10
_OFFSET_MAX = 10**6
_SORTS = frozenset({"default", "asc", "desc"})


# --- instruments ------------------------------------------------------------------------------------------------------


def get_instruments(call: Call) -> list[Document]:
    """public/get_instruments: without parameters everything that is listed."""
    expired = call.parameters.flag("expired") or False
    found = [(listing, call.desk.state(listing, call.time)) for listing in call.listings()]
    return [wire.instrument_document(listing, state) for listing, state in found if (state == "delivered") is expired]


def get_instrument(call: Call) -> Document:
    """public/get_instrument."""
    listing = call.desk.listing(call.parameters.text("instrument_name"))
    return wire.instrument_document(listing, call.desk.state(listing, call.time))


def get_expirations(call: Call) -> Document:
    """public/get_expirations: by kind; of one currency below its name."""
    currency = (call.parameters.optional("currency") or "any").lower()
    found: dict[str, dict[str, None]] = {"future": {}, "option": {}}
    for listing in sorted(call.listings(), key=lambda one: one.expiry_ms):
        if call.desk.state(listing, call.time) != "delivered":
            found[listing.kind][_expiry(listing)] = None
    kind = call.kind()
    dates = {name: list(days) for name, days in found.items() if kind in ("any", name)}
    return dates if currency == "any" else {currency: dates}


def _expiry(listing: Listing) -> str:
    if listing.perpetual:
        return "PERPETUAL"
    day = datetime.fromtimestamp(listing.expiry_ms / 1000, UTC)
    return f"{day.day}{day:%b%y}".upper()


def get_contract_size(call: Call) -> Document:
    """public/get_contract_size."""
    return {"contract_size": num(call.listing().contract_size)}


# --- tickers and books ------------------------------------------------------------------------------------------------


def ticker_of(call: Call, listing: Listing) -> TickerState:
    """Prices now."""
    return call.desk.engine.ticker(listing.name, call.time.true_ns)


def ticker(call: Call) -> Document:
    """public/ticker."""
    return _ticker(call, call.listing())


def _ticker(call: Call, listing: Listing) -> Document:
    desk = call.desk
    state = desk.state(listing, call.time)
    return ticker_row(desk, listing, state, call.time)


def ticker_row(desk: Desk, listing: Listing, state: str, time: VenueTime) -> Document:
    """The ticker of an instrument; options have volatilities and greeks besides."""
    found = desk.engine.ticker(listing.name, time.true_ns)
    document = wire.ticker_document(listing, found, state, desk.settled_price(listing), time)
    return document | (wire.option_fields(listing, desk.engine.option(listing.name)) if listing.option else {})


def get_order_book(call: Call) -> Document:
    """public/get_order_book: the ticker, and levels of both sides."""
    listing, depth = call.listing(), call.parameters.integer("depth")
    if depth is not None and depth not in _DEPTHS:
        raise VenueError("not-valid", parameter="depth")
    book = call.desk.engine.book(listing.name, depth or _DEPTH)
    return _ticker(call, listing) | wire.book_fields(listing, book)


def get_order_book_by_id(call: Call) -> Document:
    """public/get_order_book_by_instrument_id."""
    number = needed("instrument_id", call.parameters.integer("instrument_id"))
    listing = call.desk.numbers.get(number)
    if listing is None:
        raise VenueError("instrument", reason="instrument not found", parameter="instrument_id")
    call.desk.open_market(listing, call.time)
    book = call.desk.engine.book(listing.name, _DEPTH)
    return _ticker(call, listing) | wire.book_fields(listing, book)


def summary_by_instrument(call: Call) -> list[Document]:
    """public/get_book_summary_by_instrument: a list of one."""
    return _summaries(call, [call.listing()])


def summary_by_currency(call: Call) -> list[Document]:
    """public/get_book_summary_by_currency."""
    call.parameters.text("currency")
    return _summaries(call, call.listings())


def _summaries(call: Call, listings: list[Listing]) -> list[Document]:
    live = [listing for listing in listings if call.desk.state(listing, call.time) != "delivered"]
    for listing in live:
        call.desk.open_market(listing, call.time)
    return [_summary(call, listing) for listing in live]


def _summary(call: Call, listing: Listing) -> Document:
    document = wire.summary_document(listing, ticker_of(call, listing), call.time)
    if not listing.option:
        return document
    fields = wire.option_fields(listing, call.desk.engine.option(listing.name))
    wanted = ("estimated_delivery_price", "mark_iv", "underlying_price", "underlying_index", "interest_rate")
    return document | {name: fields[name] for name in wanted}


# --- trades -----------------------------------------------------------------------------------------------------------


def trades_by_instrument(call: Call) -> Document:
    """public/get_last_trades_by_instrument and …_and_time: newest first unless asked otherwise."""
    listing, sent = call.listing(), call.parameters
    count, newest_first = sent.within("count", 1, _TRADES_MAX, _TRADES), _newest_first(call)
    start, end = sent.integer("start_seq"), sent.integer("end_seq")
    begin, until = sent.period("start_timestamp", "end_timestamp")
    engine, now_ns = call.desk.engine, call.time.true_ns
    if start is None and begin is None:
        found = _up_to(call, listing, count, end, until)
    else:
        start_ns = None if begin is None else begin * _MS
        found = engine.trades(listing.name, now_ns, limit=count + 1, from_id=start, start_ns=start_ns)
        found = [one for one in found if _not_after(one, end, until)]
    more = len(found) > count
    if more:
        found = found[-count:] if start is None and begin is None else found[:count]
    rows = [_trade_row(call, listing, trade) for trade in found]
    return {"trades": rows[::-1] if newest_first else rows, "has_more": more}


def _newest_first(call: Call) -> bool:
    return call.parameters.word("sorting", _SORTS, "not-valid", "default") != "asc"


def _not_after(trade: TradeState, end: int | None, until_ms: int | None) -> bool:
    return (end is None or trade.trade_id <= end) and (until_ms is None or trade.at_ns <= until_ms * _MS)


def _up_to(call: Call, listing: Listing, count: int, end: int | None, until_ms: int | None) -> list[TradeState]:
    """The newest trades no later than an id or a moment, and one more where there is one."""
    engine, now_ns = call.desk.engine, call.time.true_ns
    if end is not None:
        first = max(1, end - count)
        return [
            one for one in engine.trades(listing.name, now_ns, limit=count + 1, from_id=first) if one.trade_id <= end
        ]
    end_ns = None if until_ms is None else min(until_ms * _MS, now_ns)
    return engine.trades(listing.name, now_ns, limit=count + 1, end_ns=end_ns)


def _trade_row(call: Call, listing: Listing, trade: TradeState) -> Document:
    return wire.trade_document(listing, trade, call.desk.around(trade), call.time)


def trades_by_currency(call: Call) -> Document:
    """public/get_last_trades_by_currency and …_and_time."""
    call.parameters.text("currency")
    count, newest_first = call.parameters.within("count", 1, _TRADES_MAX, _TRADES), _newest_first(call)
    begin, until = call.parameters.period("start_timestamp", "end_timestamp")
    now_ns = call.time.true_ns
    start_ns = None if begin is None else begin * _MS
    end_ns = now_ns if until is None else min(until * _MS, now_ns)
    rows: list[Document] = []
    for listing in call.used():
        found = call.desk.engine.trades(listing.name, now_ns, limit=count + 1, start_ns=start_ns, end_ns=end_ns)
        rows += [_trade_row(call, listing, trade) for trade in found]
    rows.sort(key=lambda row: (row["timestamp"], row["trade_id"]))
    more = len(rows) > count
    if more:
        rows = rows[-count:] if start_ns is None else rows[:count]
    return {"trades": rows[::-1] if newest_first else rows, "has_more": more}


# --- candles ----------------------------------------------------------------------------------------------------------


def chart(call: Call) -> Document:
    """public/get_tradingview_chart_data."""
    listing, sent = call.listing(), call.parameters
    interval = RESOLUTIONS.get(sent.text("resolution"))
    if interval is None:
        raise VenueError("not-valid", reason="invalid resolution", parameter="resolution")
    for name in ("start_timestamp", "end_timestamp"):
        needed(name, sent.integer(name))
    start, end = sent.period("start_timestamp", "end_timestamp")
    return wire.chart_document(listing, _candles(call, listing, interval, start or 0, end or 0))


def _candles(call: Call, listing: Listing, interval: str, start_ms: int, end_ms: int) -> list[CandleState]:
    """The newest candles of a period, the one that it begins in included."""
    now_ns, start_ns = call.time.true_ns, start_ms * _MS
    end_ns = min(end_ms * _MS, now_ns)
    if start_ns > end_ns:
        return []
    within = index_of(interval, end_ns // MINUTE_NS) - index_of(interval, start_ns // MINUTE_NS) + 1
    most = min(within, call.desk.limits.named("candles").limit)
    return call.desk.engine.candles(listing.name, interval, now_ns, end_ns=end_ns, limit=most)


# --- funding and indices ----------------------------------------------------------------------------------------------


def funding_rate_value(call: Call) -> float:
    """public/get_funding_rate_value: what accrued in a period, as a fraction."""
    listing, start, end = _funding_period(call)
    rate = Decimal(listing.instrument.funding_rate_ppb).scaleb(-9)
    return num(rate * (end - start) * _MS / listing.instrument.funding_interval_ns)


def funding_rate_history(call: Call) -> list[Document]:
    """public/get_funding_rate_history: a row an hour, ascending."""
    listing, start, end = _funding_period(call)
    end = min(end, call.time.true_ns // _MS)
    hours = range(-(-start // _HOUR_MS) * _HOUR_MS, end + 1, _HOUR_MS)
    hours = hours[-call.desk.limits.named("funding-rows").limit :]
    prices = _hourly(call, listing, hours)
    rate = Decimal(listing.instrument.funding_rate_ppb).scaleb(-9)
    per_hour = rate * _HOUR_MS * _MS / listing.instrument.funding_interval_ns
    return [
        {
            "timestamp": hour,
            "index_price": num(listing.price(prices[hour])),
            "prev_index_price": num(listing.price(prices[hour - _HOUR_MS])),
            "interest_1h": num(per_hour),
            "interest_8h": num(rate),
        }
        for hour in hours
        if hour in prices and hour - _HOUR_MS in prices
    ]


def _hourly(call: Call, listing: Listing, hours: range) -> dict[int, int]:
    """The price in ticks at each full hour, and the one before the first."""
    if not hours:
        return {}
    first_ns, now_ns = (hours[0] - 2 * _HOUR_MS) * _MS, call.time.true_ns
    found = call.desk.engine.candles(listing.name, "1h", now_ns, start_ns=max(0, first_ns), limit=len(hours) + 3)
    return {candle.close_ns // _MS: candle.close for candle in found} | {
        candle.open_ns // _MS: candle.open for candle in found
    }


def _funding_period(call: Call) -> tuple[Listing, int, int]:
    """A perpetual, and a period. Raises `VenueError`."""
    listing = call.listing()
    if not listing.perpetual:
        raise VenueError("arguments-for-instrument")
    for name in ("start_timestamp", "end_timestamp"):
        needed(name, call.parameters.integer(name))
    start, end = call.parameters.period("start_timestamp", "end_timestamp")
    return listing, start or 0, min(end or 0, wire_ms(call.time, call.time.true_ns) + _YEAR_MS)


def index_listing(call: Call, name: str) -> Listing:
    """The first instrument that follows an index. Raises `VenueError`."""
    found = next((one for one in call.desk.listings.values() if one.index_name == name), None)
    if found is None:
        raise VenueError("index", reason="invalid index_name", parameter="index_name")
    return found


def get_index_price(call: Call) -> Document:
    """public/get_index_price."""
    listing = index_listing(call, call.parameters.text("index_name"))
    price = wire.index_price(listing, ticker_of(call, listing))
    return {"index_price": price, "estimated_delivery_price": price}


def get_index_names(call: Call) -> list[str]:
    """public/get_index_price_names and get_supported_index_names."""
    return sorted({listing.index_name for listing in call.desk.listings.values()})


def get_delivery_prices(call: Call) -> Document:
    """public/get_delivery_prices: newest first."""
    index = index_listing(call, call.parameters.text("index_name")).index_name
    count, offset = (
        call.parameters.within("count", 1, _TRADES_MAX, _TRADES),
        call.parameters.within("offset", 0, 10**6, 0),
    )
    found = sorted(call.desk.books.deliveries.get(index, {}).items(), reverse=True)
    rows = [
        {"date": f"{datetime.fromtimestamp(at_ms // 1000, UTC):%Y-%m-%d}", "delivery_price": num(price)}
        for at_ms, price in found
    ]
    return {"records_total": len(rows), "data": rows[offset : offset + count]}
