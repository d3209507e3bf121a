"""Public market data: instruments, books, trades, candles, tickers, funding, open interest, prices."""

from __future__ import annotations

from collections.abc import Callable

from venueproof_simulators.engine.state import CandleState, TickerState
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.okx.operations.bars import bar_of
from venueproof_simulators.venues.okx.operations.desk import Call, Desk
from venueproof_simulators.venues.okx.operations.parameters import instrument_type, limit, moment_ns
from venueproof_simulators.venues.okx.products import INSTRUMENT_TYPES, SWAP
from venueproof_simulators.venues.okx.wire import market as wire
from venueproof_simulators.venues.okx.wire.numbers import Document, Listing, now_ms

SIDE_FIGURES = "okx.ticker.no-funding-or-oi"
STUB = "okx.instruments.preopen-stub"
NO_CODE = "okx.ws.cancel-null-instidcode"
_MS = 1_000_000
_DAY_NS = 86_400 * 10**9
_BACK = 10**15
"""More than any list is long."""
Rows = list[Document]


def server_time(call: Call) -> Rows:
    """GET public/time."""
    return [{"ts": now_ms(call.time)}]


# --- instruments ------------------------------------------------------------------------------------------------------


def listings(call: Call, *, mandatory: bool = True) -> list[Listing]:
    """The instruments that type, family and id name; none of the types that are empty. Raises `VenueError`."""
    kind = instrument_type(call.parameters, INSTRUMENT_TYPES, mandatory=mandatory)
    name = call.parameters.raw("instId")
    family = call.parameters.raw("instFamily") or call.parameters.raw("uly")
    if kind == "OPTION" and family is None and mandatory:
        raise VenueError("either-missing", parameter="uly", other="instFamily")
    if kind not in ("", SWAP):
        return []
    found = [one for one in call.desk.listings.values() if name in (None, one.name) and family in (None, one.family)]
    if name is not None and not found:
        raise VenueError("instrument")
    return found


def instruments(call: Call) -> Rows:
    """GET public/instruments."""
    with_code = not call.desk.switches.on(NO_CODE)
    rows = [wire.instrument_document(listing, with_code=with_code) for listing in listings(call)]
    wants_all = call.parameters.raw("instType") == SWAP and not call.parameters.has("instId")
    return [*rows, wire.STUB] if wants_all and call.desk.switches.on(STUB) else rows


def account_instruments(call: Call) -> Rows:
    """GET account/instruments."""
    return [wire.account_instrument_document(listing) for listing in listings(call)]


# --- tickers and books ------------------------------------------------------------------------------------------------


def ticker_of(desk: Desk, listing: Listing, time: VenueTime) -> Document:
    """The ticker of an instrument."""
    ticker = desk.engine.ticker(listing.name, time.true_ns)
    document = wire.ticker_document(listing, ticker, day_opens(desk, listing, ticker, time), time)
    return document | wire.side_figures(listing, ticker) if desk.switches.on(SIDE_FIGURES) else document


def day_opens(desk: Desk, listing: Listing, ticker: TickerState, time: VenueTime) -> tuple[int, int]:
    """The prices with which the day began in UTC and in Hong Kong."""
    starts = wire.day_starts_ns(time.true_ns)
    found = [
        desk.engine.candles(listing.name, "1m", time.true_ns, start_ns=start_ns, end_ns=start_ns, limit=1)
        for start_ns in starts
    ]
    first, second = (candles[0].open if candles else ticker.last for candles in found)
    return first, second


def ticker(call: Call) -> Rows:
    """GET market/ticker."""
    return [ticker_of(call.desk, call.listing(), call.time)]


def tickers(call: Call) -> Rows:
    """GET market/tickers."""
    return [ticker_of(call.desk, listing, call.time) for listing in listings(call)]


def books(call: Call) -> Rows:
    """GET market/books."""
    listing = call.listing()
    book = call.desk.engine.book(listing.name, _depth(call, "books"))
    return [wire.book_document(listing, book, call.time)]


def full_books(call: Call) -> Rows:
    """GET market/books-full."""
    listing = call.listing()
    book = call.desk.engine.book(listing.name, _depth(call, "books-full"))
    return [wire.full_book_document(listing, book, call.time)]


def _depth(call: Call, row: str) -> int:
    most = call.desk.limits.named(row).limit
    depth = call.parameters.integer("sz")
    if depth is None:
        return 1
    if not 1 <= depth <= most:
        raise VenueError("not-valid", parameter="sz")
    return depth


# --- trades -----------------------------------------------------------------------------------------------------------


def trades(call: Call) -> Rows:
    """GET market/trades: the newest, newest first."""
    listing = call.listing()
    found = call.desk.engine.trades(listing.name, call.time.true_ns, limit=limit(call.parameters, 500, 100))
    return [wire.trade_document(listing, trade, call.time) for trade in reversed(found)]


def history_trades(call: Call) -> Rows:
    """GET market/history-trades: older than `after`, newer than `before`, by id (type 1) or by time (type 2)."""
    listing = call.listing()
    by_time = call.parameters.word("type", frozenset({"1", "2"}), "not-valid", "1") == "2"
    after, before = call.parameters.integer("after"), call.parameters.integer("before")
    count, engine, now_ns = limit(call.parameters), call.desk.engine, call.time.true_ns
    if by_time:
        end_ns = None if after is None else (moment_ns(after) or 0) - 1
        found = engine.trades(listing.name, now_ns, limit=count, end_ns=end_ns)
        found = [trade for trade in found if before is None or trade.at_ns // _MS > before]
    else:
        newest = engine.ticker(listing.name, now_ns).last_trade_id
        last = newest if after is None else min(after - 1, newest)
        first = max(1, last - count + 1, 0 if before is None else before + 1)
        found = engine.trades(listing.name, now_ns, limit=last - first + 1, from_id=first) if first <= last else []
    return [wire.trade_document(listing, trade, call.time) for trade in reversed(found)]


# --- candles ----------------------------------------------------------------------------------------------------------

Row = Callable[[Listing, CandleState, VenueTime], list[str]]


def candles(call: Call) -> list[list[str]]:
    """GET market/candles: newest first, the open one before all others; none further back than so many bars."""
    back = call.desk.limits.named("candles").limit
    return _candles(call, call.listing(), wire.candle_row, 300, back=back)


def history_candles(call: Call) -> list[list[str]]:
    """GET market/history-candles: completed ones only."""
    return _candles(call, call.listing(), wire.candle_row, 300, completed=True)


def mark_candles(call: Call) -> list[list[str]]:
    """GET market/mark-price-candles."""
    return _candles(call, call.listing(), wire.price_candle_row, 100)


def history_mark_candles(call: Call) -> list[list[str]]:
    """GET market/history-mark-price-candles."""
    return _candles(call, call.listing(), wire.price_candle_row, 100, completed=True)


def index_candles(call: Call) -> list[list[str]]:
    """GET market/index-candles: by the name of the index."""
    return _candles(call, _listing_of_index(call.desk, call.parameters.text("instId")), wire.price_candle_row, 100)


def history_index_candles(call: Call) -> list[list[str]]:
    """GET market/history-index-candles."""
    listing = _listing_of_index(call.desk, call.parameters.text("instId"))
    return _candles(call, listing, wire.price_candle_row, 100, completed=True)


def _listing_of_index(desk: Desk, name: str) -> Listing:
    for listing in desk.listings.values():
        if listing.family == name:
            return listing
    raise VenueError("instrument")


def _candles(
    call: Call, listing: Listing, row: Row, most: int, back: int = _BACK, *, completed: bool = False
) -> list[list[str]]:
    """Older than `after` and newer than `before`, both left out; with `before` alone the newest of all. Of `completed`
    ones alone as many as were asked for, the running one not counted.
    """
    bar = bar_of(call.parameters.raw("bar") or "1m")
    after, before = moment_ns(call.parameters.integer("after")), moment_ns(call.parameters.integer("before"))
    count, now_ns = limit(call.parameters, most, 100), call.time.true_ns
    end_ns = None if after is None else min(after - 1, now_ns)
    if end_ns is not None and end_ns < 0:
        return []
    found = call.desk.engine.candles(listing.name, bar, now_ns, end_ns=end_ns, limit=count + completed)
    if completed:
        found = [one for one in found if one.close_ns <= now_ns][-count:]
    oldest_ns = _oldest_ns(call, listing, bar, back)
    kept = [one for one in found if one.open_ns >= oldest_ns and (before is None or one.open_ns > before)]
    return [row(listing, candle, call.time) for candle in reversed(kept)]


def _oldest_ns(call: Call, listing: Listing, interval: str, back: int) -> int:
    if back == _BACK:
        return 0
    running = call.desk.engine.candles(listing.name, interval, call.time.true_ns, limit=1)[-1]
    return running.open_ns - (back - 1) * (running.close_ns - running.open_ns)


# --- funding and prices -----------------------------------------------------------------------------------------------


def funding_of(desk: Desk, listing: Listing, time: VenueTime) -> Document:
    """The funding rate of an instrument."""
    ticker = desk.engine.ticker(listing.name, time.true_ns)
    return wire.funding_document(listing, ticker, wire.next_funding_ns(listing, time), time)


def funding_rate(call: Call) -> Rows:
    """GET public/funding-rate, of one instrument or of ANY."""
    if call.parameters.text("instId") == "ANY":
        return [funding_of(call.desk, listing, call.time) for listing in call.desk.listings.values()]
    return [funding_of(call.desk, call.listing(), call.time)]


def funding_history(call: Call) -> Rows:
    """GET public/funding-rate-history: what was paid at each funding time so far, newest first."""
    listing = call.listing()
    after, before = call.parameters.integer("after"), call.parameters.integer("before")
    found = [row for row in _fundings(call, listing) if _between(row[1] // _MS, after, before)]
    newest = found[: limit(call.parameters, 400, 100)]
    return [wire.funding_row(listing, rate_ppb, at_ns, call.time) for rate_ppb, at_ns in newest]


def _between(ms: int, after: int | None, before: int | None) -> bool:
    return (after is None or ms < after) and (before is None or ms > before)


def _fundings(call: Call, listing: Listing) -> list[tuple[int, int]]:
    """Rate and time of each, newest first: those since the venue was opened, and those of three months before."""
    step_ns, opened_ns = listing.instrument.funding_interval_ns, call.desk.opened_ns
    since = [(paid.rate_ppb, paid.at_ns) for paid in call.desk.cash.fundings(listing.name)]
    moments = range(opened_ns // step_ns * step_ns, opened_ns - 90 * _DAY_NS, -step_ns)
    return since[::-1] + [(listing.instrument.funding_rate_ppb, at_ns) for at_ns in moments]


def open_interest(call: Call) -> Rows:
    """GET public/open-interest."""
    engine, now_ns = call.desk.engine, call.time.true_ns
    return [
        wire.open_interest_document(listing, engine.ticker(listing.name, now_ns), call.time)
        for listing in listings(call)
    ]


def mark_price(call: Call) -> Rows:
    """GET public/mark-price; ccxt asks for one instrument without its type."""
    engine, now_ns = call.desk.engine, call.time.true_ns
    found = listings(call, mandatory=not call.parameters.has("instId"))
    return [wire.mark_document(one, engine.ticker(one.name, now_ns), call.time) for one in found]


def price_limit(call: Call) -> Rows:
    """GET public/price-limit."""
    listing = call.listing()
    mark = call.desk.engine.mark_nano_ticks(listing.name, call.time.true_ns)
    return [wire.price_limit_document(listing, mark, call.time)]


def position_tiers(call: Call) -> Rows:
    """GET public/position-tiers."""
    call.parameters.choice("tdMode", {"cross": 1, "isolated": 1, "cash": 1}, "not-valid")
    families = call.parameters.has("instFamily") or call.parameters.has("uly") or call.parameters.has("instId")
    found = listings(call)
    if call.parameters.raw("instType") == SWAP and not families:
        raise VenueError("either-missing", parameter="uly", other="instFamily")
    by_instrument = call.parameters.has("instId")
    return [row for one in found for row in wire.tier_documents(one, by_instrument=by_instrument)]


def index_tickers(call: Call) -> Rows:
    """GET market/index-tickers: of one index, or of all in a quote."""
    name, quote = call.parameters.raw("instId"), call.parameters.raw("quoteCcy")
    if name is None and quote is None:
        raise VenueError("either-missing", parameter="quoteCcy", other="instId")
    found = [_listing_of_index(call.desk, name)] if name else list(call.desk.listings.values())
    return [index_of(call.desk, one, call.time) for one in found if quote in (None, one.row.quote)]


def index_of(desk: Desk, listing: Listing, time: VenueTime) -> Document:
    """The index of an instrument."""
    ticker = desk.engine.ticker(listing.name, time.true_ns)
    return wire.index_document(listing, ticker, day_opens(desk, listing, ticker, time), time)


def system_status(call: Call) -> Rows:
    """GET system/status: nothing while all is well, else the maintenance that goes on."""
    closed_ns = call.desk.closed_until_ns
    if call.time.age_ns >= closed_ns:
        return []
    end_ms = (closed_ns - call.time.age_ns + call.time.wire_ns) // _MS
    return [
        {
            "title": "Trading system upgrade",
            "state": "ongoing",
            "begin": now_ms(call.time),
            "end": str(end_ms),
            "preOpenBegin": "",
            "href": "",
            "serviceType": "5",
            "system": "unified",
            "scheDesc": "",
            "maintType": "1",
            "env": "1",
        }
    ]
