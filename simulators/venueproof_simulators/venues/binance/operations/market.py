"""Public market data: instruments, books, trades, candles, tickers, funding, open interest."""

from __future__ import annotations

from collections.abc import Callable, Container

from venueproof_simulators.engine.state import CandleState, TickerState, TradeState
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.documents import Document
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.binance.operations.desk import Call
from venueproof_simulators.venues.binance.wire import market as wire
from venueproof_simulators.venues.binance.wire.numbers import Listing

INTERVALS = ("1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w", "1M")
"""Candle lengths of the futures venue; the 1s of spot is not among them."""
_INTERVALS = frozenset(INTERVALS)
_PERIODS = {"5m": 5, "15m": 15, "30m": 30, "1h": 60, "2h": 120, "4h": 240, "6h": 360, "12h": 720, "1d": 1440}
_DEPTHS = (5, 10, 20, 50, 100, 500, 1000)
_RPI_DEPTHS = frozenset({1000})
_CONTRACT_TYPES = frozenset({"ALL", "PERPETUAL", "CURRENT_QUARTER", "NEXT_QUARTER", "TRADIFI_PERPETUAL"})
_MS = 1_000_000
_HOUR_MS = 3_600_000
_HOUR_NS = _HOUR_MS * _MS
_NANO = 10**9
_CANDLES_MAX = 1500
NEWEST_FIRST = "binance.candles.rest-order"


def ping(call: Call) -> Document:
    """GET ping."""
    return {}


def server_time(call: Call) -> Document:
    """GET time."""
    return {"serverTime": call.time.wire_ms}


def exchange_info(call: Call) -> Document:
    """GET exchangeInfo."""
    return {
        "timezone": "UTC",
        "serverTime": call.time.wire_ms,
        "rateLimits": wire.rate_limit_documents(call.desk.limits),
        "exchangeFilters": [],
        "symbols": [wire.symbol_document(listing) for listing in call.desk.listings_of(call.product)],
    }


def exchange_info_usd(call: Call) -> Document:
    """GET exchangeInfo of USDⓈ-M futures, which tells of its margin assets as well."""
    assets = call.product.assets
    return exchange_info(call) | {
        "futuresType": "U_MARGINED",
        "assets": [{"asset": asset, "marginAvailable": True, "autoAssetExchange": "-10000"} for asset in assets],
    }


def depth(call: Call) -> Document:
    """GET depth."""
    return _depth(call, _DEPTHS, 500)


def depth_with_rpi(call: Call) -> Document:
    """GET rpiDepth: with orders that only those placed by hand can meet, of which there are none here."""
    return _depth(call, _RPI_DEPTHS, 1000)


def _depth(call: Call, allowed: Container[int], default: int) -> Document:
    listing = call.listing()
    limit = call.parameters.integer("limit")
    if limit is not None and limit not in allowed:
        raise VenueError("depth-limit", limit=limit)
    return wire.book_document(listing, call.desk.engine.book(listing.name, limit or default), call.time)


def trades(call: Call) -> list[Document]:
    """GET trades: the newest ones, ascending."""
    listing = call.listing()
    limit = call.parameters.limit(500, 1000)
    found = call.desk.engine.trades(listing.name, call.time.true_ns, limit=limit)
    return [wire.trade_document(listing, trade, call.time) for trade in found]


def historical_trades(call: Call) -> list[Document]:
    """GET historicalTrades: from an id on, or the newest ones."""
    listing = call.listing()
    limit = call.parameters.limit(100, 500)
    from_id = call.parameters.integer("fromId")
    found = _trades_since(call, listing, "historical-trades-back", limit, from_id)
    return [wire.trade_document(listing, trade, call.time) for trade in found]


def aggregate_trades(call: Call) -> list[Document]:
    """GET aggTrades: from an id on, in a period, or the newest ones."""
    listing = call.listing()
    limit = call.parameters.limit(500, 1000)
    from_id = call.parameters.integer("fromId")
    start_ms, end_ms = call.parameters.period_ms()
    hours = call.desk.limits.named("agg-trades-span").limit
    if start_ms is not None and end_ms is not None and end_ms - start_ms > hours * _HOUR_MS:
        raise VenueError("lookup-interval", hours=hours)
    start_ns, end_ns = _moment_ns(start_ms, call.time), _moment_ns(end_ms, call.time)
    found = _trades_since(call, listing, "agg-trades-back", limit, from_id, start_ns, end_ns)
    return [wire.aggregate_document(listing, trade, call.time) for trade in found]


def _trades_since(
    call: Call,
    listing: Listing,
    back: str,
    limit: int,
    from_id: int | None = None,
    start_ns: int | None = None,
    end_ns: int | None = None,
) -> list[TradeState]:
    """Trades no older than the limit `back` allows: what is asked for before begins there."""
    engine, now_ns = call.desk.engine, call.time.true_ns
    oldest_ns = _oldest_ns(call, back)
    if from_id is not None:
        first = engine.trades(listing.name, now_ns, limit=1, start_ns=oldest_ns)
        from_id = max([from_id, *(trade.trade_id for trade in first)])
    if start_ns is not None:
        start_ns = max(start_ns, oldest_ns)
    found = engine.trades(listing.name, now_ns, limit=limit, from_id=from_id, start_ns=start_ns, end_ns=end_ns)
    return [trade for trade in found if trade.at_ns >= oldest_ns]


def _oldest_ns(call: Call, back: str) -> int:
    row = call.desk.limits.named(back)
    return call.time.true_ns - row.limit * row.interval_s * 10**9


def _moment_ns(ms: int | None, time: VenueTime) -> int | None:
    """A moment that a caller named, no later than a day from now."""
    return None if ms is None else min(ms * _MS, time.true_ns + 86_400 * 10**9)


# --- candles ---

Row = Callable[[Listing, CandleState, VenueTime], list[str | int]]


def klines(call: Call) -> list[list[str | int]]:
    """GET klines."""
    return _candles(call, call.any_listing(), wire.candle_row)


def continuous_klines(call: Call) -> list[list[str | int]]:
    """GET continuousKlines: by pair and contract type."""
    found = _contracts(call, call.parameters.text("contractType"))
    return _candles(call, found[0], wire.candle_row) if found else []


def index_klines(call: Call) -> list[list[str | int]]:
    """GET indexPriceKlines: by pair."""
    return _candles(call, call.pair()[0], wire.price_candle_row)


def mark_klines(call: Call) -> list[list[str | int]]:
    """GET markPriceKlines."""
    return _candles(call, call.any_listing(), wire.price_candle_row)


def premium_klines(call: Call) -> list[list[str | int]]:
    """GET premiumIndexKlines: how far mark is from index, which here is nothing."""
    return _candles(call, call.any_listing(), wire.premium_candle_row)


def _candles(call: Call, listing: Listing, row: Row) -> list[list[str | int]]:
    """Ascending by opening time, the unfinished one last; turned round while that quirk is on."""
    interval = call.parameters.text("interval")
    if interval not in _INTERVALS:
        raise VenueError("interval")
    start_ms, end_ms = call.parameters.period_ms(call.product.kline_days_max)
    limit = call.parameters.limit(500, _CANDLES_MAX)
    now_ns = call.time.true_ns
    if start_ms is not None and start_ms * _MS > now_ns:
        return []
    found = call.desk.engine.candles(
        listing.name,
        interval,
        now_ns,
        start_ns=None if start_ms is None else start_ms * _MS,
        end_ns=None if end_ms is None else min(end_ms * _MS, now_ns),
        limit=limit,
    )
    rows = [row(listing, candle, call.time) for candle in found]
    return rows[::-1] if call.desk.switches.on(NEWEST_FIRST) else rows


# --- tickers ---

Shape = Callable[[Listing, TickerState, VenueTime], Document]


def _tickers(call: Call, shape: Shape) -> Document | list[Document]:
    """One document for a symbol, a list of them for none or for a pair; of COIN-M futures always a list."""
    engine, time = call.desk.engine, call.time
    wanted = call.listings_or_pair()
    rows = [shape(listing, engine.ticker(listing.name, time.true_ns), time) for listing in wanted]
    return rows[0] if call.parameters.has("symbol") and not call.product.lists_single else rows


def day_ticker(call: Call) -> Document | list[Document]:
    """GET ticker/24hr."""
    return _tickers(call, wire.day_document)


def price_ticker(call: Call) -> Document | list[Document]:
    """GET ticker/price."""
    return _tickers(call, wire.price_document)


def book_ticker(call: Call) -> Document | list[Document]:
    """GET ticker/bookTicker."""

    def shape(listing: Listing, ticker: TickerState, time: VenueTime) -> Document:
        book = call.desk.engine.book(listing.name, 1)
        return wire.best_document(listing, ticker, book.sequence, time)

    return _tickers(call, shape)


def book_ticker_over_socket(call: Call) -> Document | list[Document]:
    """ticker.book: the same, with the last change of the book."""

    def shape(listing: Listing, ticker: TickerState, time: VenueTime) -> Document:
        sequence = call.desk.engine.book(listing.name, 1).sequence
        return wire.last_update(sequence) | wire.best_document(listing, ticker, sequence, time)

    return _tickers(call, shape)


def premium_index(call: Call) -> Document | list[Document]:
    """GET premiumIndex."""
    return _tickers(call, wire.premium_document)


def open_interest(call: Call) -> Document:
    """GET openInterest."""
    listing = call.listing()
    return wire.open_interest_document(listing, _ticker(call, listing), call.time)


def open_interest_history(call: Call) -> list[Document]:
    """GET futures/data/openInterestHist: ascending, here with today's amount at the price of every step."""
    listing = _listing_of_statistics(call)
    period, moments = _periods(call)
    ticks, lots = _prices(call, listing, period, moments), _ticker(call, listing).open_interest_lots
    return [wire.open_interest_row(listing, lots, ticks[at_ns], at_ns) for at_ns in moments]


def basis(call: Call) -> list[Document]:
    """GET futures/data/basis: how far a pair's contract was from its index, which here was where it traded."""
    listing = _contract(call)
    period, moments = _periods(call)
    ticks = _prices(call, listing, period, moments)
    return [wire.basis_row(listing, ticks[at_ns], at_ns) for at_ns in moments]


def taker_volumes(call: Call) -> list[Document]:
    """GET futures/data/takerlongshortRatio (USDⓈ-M) and takerBuySellVol (COIN-M): of periods that are over."""
    listing = _listing_of_statistics(call)
    period, moments = _periods(call)
    if not moments:
        return []
    now_ns = call.time.true_ns
    found = call.desk.engine.candles(listing.name, period, now_ns, start_ns=moments[0], limit=len(moments))
    shape = wire.taker_volume_row if listing.inverse else wire.taker_ratio_row
    return [shape(listing, candle) for candle in found if candle.close_ns <= now_ns]


def _periods(call: Call) -> tuple[str, range]:
    """Parameter `period`, and when those asked for begin. Raises `VenueError`."""
    period = call.parameters.text("period")
    if period not in _PERIODS:
        raise VenueError("not-valid", parameter="period")
    limit, oldest_ns = call.parameters.limit(30, 500), _oldest_ns(call, "statistics-back")
    return period, _moments(call, _PERIODS[period] * 60 * 10**9, oldest_ns, limit, call.time.true_ns)


def _listing_of_statistics(call: Call) -> Listing:
    """Statistics are asked for by symbol, those of COIN-M futures by pair and contract type. Raises `VenueError`."""
    if not call.product.by_pair:
        return call.listing()
    return _contract(call)


def _contract(call: Call) -> Listing:
    found = _contracts(call, call.parameters.text("contractType"))
    if not found:
        raise VenueError("pair")
    return found[0]


def _contracts(call: Call, contract: str) -> list[Listing]:
    """The contracts of parameter `pair` that are of a type, or of any. Raises `VenueError`."""
    if contract not in _CONTRACT_TYPES:
        raise VenueError("not-valid", parameter="contractType")
    return [listing for listing in call.pair() if contract in {"ALL", listing.contract_type}]


def funding_rates(call: Call) -> list[Document]:
    """GET fundingRate: what was paid at each funding time so far, ascending."""
    limit = call.parameters.limit(200 if call.parameters.raw("limit") is None else 100, 1000)
    start_ms, _ = call.parameters.period_ms()
    rows = [row for listing in call.listings() for row in _fundings(call, listing, limit)]
    rows.sort(key=lambda row: int(row["fundingTime"]))
    return rows[-limit:] if start_ms is None else rows[:limit]


def _fundings(call: Call, listing: Listing, limit: int) -> list[Document]:
    """The funding times before the venue was opened, at what the price was then; and what was paid since."""
    start_ms, end_ms = call.parameters.period_ms()
    step_ns = listing.instrument.funding_interval_ns
    onboard_ns = int(str(listing.row.wire["onboardDate"])) * _MS
    moments = _moments(call, step_ns, onboard_ns, limit, call.desk.opened_ns)
    ticks = _prices(call, listing, f"{step_ns // _HOUR_NS}h", moments)
    rate_ppb = listing.instrument.funding_rate_ppb
    before = [wire.funding_document(listing, rate_ppb, ticks[at_ns] * _NANO, at_ns) for at_ns in moments]
    since = [
        wire.funding_document(listing, paid.rate_ppb, paid.mark_nano_ticks, paid.at_ns)
        for paid in call.desk.cash.fundings(listing.name)
        if (start_ms or 0) * _MS <= paid.at_ns and (end_ms is None or paid.at_ns <= end_ms * _MS)
    ]
    rows = before + since
    return rows[-limit:] if start_ms is None else rows[:limit]


def _moments(call: Call, step_ns: int, oldest_ns: int, limit: int, until_ns: int) -> range:
    """The multiples of a step from `oldest_ns` to `until_ns` in the period asked for: the first ones from its start
    on, or the newest when no start was named.
    """
    start_ms, end_ms = call.parameters.period_ms()
    first_ns = max(oldest_ns, (start_ms or 0) * _MS)
    last_ns = until_ns if end_ms is None else min(end_ms * _MS, until_ns)
    moments = range(-(-first_ns // step_ns) * step_ns, last_ns + 1, step_ns)
    return moments[-limit:] if start_ms is None else moments[:limit]


def _prices(call: Call, listing: Listing, interval: str, moments: range) -> dict[int, int]:
    """The price in ticks at each of some moments that lie an interval apart: what was traded last before."""
    if not moments:
        return {}
    first_ns, now_ns = moments[0] - moments.step, call.time.true_ns
    found = call.desk.engine.candles(listing.name, interval, now_ns, start_ns=first_ns, limit=len(moments) + 1)
    return {candle.open_ns: candle.open for candle in found} | {candle.close_ns: candle.close for candle in found}


def funding_info(call: Call) -> list[Document]:
    """GET fundingInfo: only symbols whose cap, floor or interval was adjusted; here none is."""
    return []


def _ticker(call: Call, listing: Listing) -> TickerState:
    return call.desk.engine.ticker(listing.name, call.time.true_ns)
