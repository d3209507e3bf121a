"""Instruments, tickers, books, trades, candles and funding rates, on every surface that tells them.

Source: the vendor's market data pages; recordings of nautilus_trader. On /derivatives numbers are numbers; in charts
and histories prices and amounts are texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from venueproof_simulators.engine.state import BookState, CandleState, Side, TickerState, TradeState
from venueproof_simulators.host.decimals import CONTEXT
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.cashbook import Funding
from venueproof_simulators.kit.numbers import wire_ms
from venueproof_simulators.venues.kraken.wire.numbers import (
    Document,
    Listing,
    iso,
    iso_date,
    iso_micro,
    mark,
    price,
    rounded,
    size,
    text,
    trimmed,
    uuid,
)

INDEX_NAMES = ("in_xbtusd", "rr_xbtusd")
"""Indices: real time, and the reference rate of the day."""
INDEX_OF = "PI_XBTUSD"
"""The contract whose index price they show."""
HOUR_NS = 3600 * 10**9
_PPB = Decimal("1e-9")
_INITIAL = Decimal(1)


# --- instruments ------------------------------------------------------------------------------------------------------


def instrument_document(one: Listing, hold_ms: int) -> Document:
    """A row of instruments; `hold_ms`: how long orders that may take are held back on it."""
    wire, row = one.row.wire, one.row
    initial = CONTEXT.divide(_INITIAL, row.leverage_max)
    level = {"initialMargin": trimmed(initial), "maintenanceMargin": row.maintenance}
    unit = "numNonContractUnits" if one.flexible else "contracts"
    dated = {} if row.expiry is None else {"lastTradingTime": iso_date(row.expiry)}
    funded: Document = {}
    if one.perpetual:
        funded = {
            "fundingRateCoefficient": wire["fundingRateCoefficient"],
            "maxRelativeFundingRate": Decimal(str(wire["maxRelativeFundingRate"])),
        }
    return {
        "symbol": one.name,
        "type": one.kind_name,
        **({"underlying": one.index_name} if one.index_name else {}),
        "tickSize": row.tick,
        "contractSize": row.contract_size,
        "tradeable": True,
        "impactMidSize": Decimal(str(wire["impactMidSize"])),
        "maxPositionSize": Decimal(str(wire["maxPositionSize"])),
        "openingDate": wire["openingDate"],
        **dated,
        "marginLevels": [{unit: 0, **level}],
        "retailMarginLevels": [{unit: 0, **level}],
        **funded,
        "isin": wire["isin"],
        "contractValueTradePrecision": one.decimals,
        "postOnly": False,
        "feeScheduleUid": one.fee_schedule,
        "mtf": True,
        "tradfi": False,
        "base": row.base,
        "quote": row.quote,
        "pair": one.pair,
        "category": "",
        "tags": [],
        "isExpired": False,
        **({"makerProtectionMillis": hold_ms} if hold_ms else {}),
    }


def index_document(name: str) -> Document:
    """The row of an index, which says next to nothing."""
    return {"symbol": name, "type": "spot index", "tradeable": False, "tags": []}


def status_document(one: Listing) -> Document:
    """A row of instruments/status."""
    return {
        "tradeable": one.name,
        "experiencingDislocation": False,
        "priceDislocationDirection": None,
        "experiencingExtremeVolatility": False,
        "extremeVolatilityInitialMarginMultiplier": 1,
    }


def fee_schedule(one: Listing) -> Document:
    """A row of feeschedules, in percent."""
    fees = {"makerFee": one.row.maker_fee.scaleb(2), "takerFee": one.row.taker_fee.scaleb(2)}
    return {"uid": one.fee_schedule, "name": f"{one.unit} {one.kind_name}", "tiers": [{**fees, "usdVolume": 0}]}


# --- tickers ----------------------------------------------------------------------------------------------------------


def relative_rate(rate_ppb: int) -> Decimal:
    """The funding of an hour as a part of what the position is worth."""
    return trimmed(rate_ppb * _PPB)


def absolute_rate(one: Listing, rate_ppb: int, ticker: TickerState) -> Decimal:
    """The same as an amount per contract: dollars per coin at mark, or coins per dollar at the index."""
    relative = rate_ppb * _PPB
    if one.flexible:
        return rounded(relative * one.mark(ticker.mark_nano_ticks), 12)
    return trimmed(
        CONTEXT.divide(relative, one.mark(ticker.index_nano_ticks)).quantize(Decimal("1e-24"), context=CONTEXT)
    )


def change_percent(ticker: TickerState) -> Decimal:
    """How far the price is from that of a day ago, in percent."""
    if not ticker.day.open:
        return Decimal(0)
    return rounded(CONTEXT.divide(Decimal(100 * (ticker.last - ticker.day.open)), Decimal(ticker.day.open)), 2)


def ticker_document(one: Listing, ticker: TickerState, last_ns: int, time: VenueTime) -> Document:
    """A row of tickers; `last_ns`: when it was last traded."""
    rates: Document = {}
    if one.perpetual:
        rate = absolute_rate(one, ticker.funding_rate_ppb, ticker)
        rates = {"fundingRate": rate, "fundingRatePrediction": rate}
    bid = {"bid": price(one, ticker.bid), "bidSize": size(one, ticker.bid_lots)} if ticker.bid else {}
    ask = {"ask": price(one, ticker.ask), "askSize": size(one, ticker.ask_lots)} if ticker.ask else {}
    return {
        "symbol": one.name,
        "last": price(one, ticker.last),
        "lastTime": iso_micro(time, last_ns),
        "tag": one.tag,
        "pair": one.pair,
        "markPrice": mark(one, ticker.mark_nano_ticks),
        **bid,
        **ask,
        "vol24h": size(one, ticker.day.volume_lots),
        "volumeQuote": turnover(one, ticker.day),
        "openInterest": size(one, ticker.open_interest_lots),
        "open24h": price(one, ticker.day.open),
        "high24h": price(one, ticker.day.high),
        "low24h": price(one, ticker.day.low),
        "lastSize": size(one, ticker.last_lots),
        **rates,
        "suspended": False,
        "indexPrice": mark(one, ticker.index_nano_ticks),
        "postOnly": False,
        "change24h": change_percent(ticker),
    }


def turnover(one: Listing, day: CandleState) -> Decimal:
    """What was traded in dollars: of inverse contracts their number."""
    return size(one, day.volume_lots) if one.inverse else rounded(one.turnover(day.value), 4)


def index_ticker(name: str, one: Listing, ticker: TickerState, time: VenueTime) -> Document:
    """The row of an index."""
    return {"symbol": name, "last": mark(one, ticker.index_nano_ticks), "lastTime": iso(time, ticker.at_ns)}


def level_rows(one: Listing, levels: Iterable[tuple[int, int]]) -> list[list[Decimal]]:
    """Levels of a book: price and amount."""
    return [[price(one, ticks), size(one, lots)] for ticks, lots in levels]


def book_document(one: Listing, book: BookState) -> Document:
    """The whole book, best levels first."""
    return {"bids": level_rows(one, book.bids), "asks": level_rows(one, book.asks)}


def trade_rows(one: Listing, trades: Sequence[TradeState], seed: int, time: VenueTime) -> list[Document]:
    """Rows of history, newest first, numbered down."""
    newest = list(reversed(trades))
    return [
        {
            "time": iso(time, trade.at_ns),
            "trade_id": len(newest) - number,
            "price": price(one, trade.ticks),
            "size": size(one, trade.lots),
            "side": trade.taker.value,
            "type": "fill",
            "uid": uuid(seed, "trade", one.name, trade.trade_id),
        }
        for number, trade in enumerate(newest)
    ]


def funding_rows(one: Listing, paid: Sequence[Funding], time: VenueTime) -> list[Document]:
    """Rows of the funding history, oldest first."""
    rows: list[Document] = []
    for funding in paid:
        relative, at = funding.rate_ppb * _PPB, one.mark(funding.mark_nano_ticks)
        absolute = relative * at if one.flexible else CONTEXT.divide(relative, at)
        rows.append(
            {
                "timestamp": iso(time, funding.at_ns),
                "fundingRate": trimmed(absolute.quantize(Decimal("1e-18"), context=CONTEXT)),
                "relativeFundingRate": trimmed(relative),
            }
        )
    return rows


# --- charts -----------------------------------------------------------------------------------------------------------


def candle_document(one: Listing, candle: CandleState, traded: bool, time: VenueTime, *, numeric: bool) -> Document:
    """One candle: its prices are texts; `numeric`: its volume is none."""
    volume = size(one, candle.volume_lots) if traded else Decimal(0)
    return {
        "time": wire_ms(time, candle.open_ns),
        "open": one.tick_text(candle.open),
        "high": one.tick_text(candle.high),
        "low": one.tick_text(candle.low),
        "close": one.tick_text(candle.close),
        "volume": volume if numeric else text(volume),
    }


# --- public histories -------------------------------------------------------------------------------------------------


def execution_element(one: Listing, trade: TradeState, mark_nano_ticks: int, seed: int, time: VenueTime) -> Document:
    """A public execution as an element of a history."""
    content = {"execution": execution(one, trade, mark_nano_ticks, seed, time), "takerReducedQuantity": ""}
    return {
        "uid": uuid(seed, "execution", one.name, trade.trade_id),
        "timestamp": wire_ms(time, trade.at_ns),
        "event": {"Execution": content},
    }


def execution(one: Listing, trade: TradeState, mark_nano_ticks: int, seed: int, time: VenueTime) -> Document:
    """A public execution: two orders met, of which nothing is said but sides and amounts."""
    at_ms, amount = wire_ms(time, trade.at_ns), text(one.amount(trade.lots))
    buys = trade.taker is Side.BUY
    parts = {
        "tradeable": one.name,
        "quantity": amount,
        "timestamp": at_ms,
        "limitPrice": text(one.price(trade.ticks)),
        "reduceOnly": False,
        "lastUpdateTimestamp": at_ms,
    }
    maker, taker, met = (uuid(seed, role, one.name, trade.trade_id) for role in ("maker", "taker", "trade"))
    return {
        "uid": met,
        "makerOrder": {"uid": maker, "direction": _side(not buys), "orderType": "Post", **parts},
        "takerOrder": {"uid": taker, "direction": _side(buys), "orderType": "IoC", **parts},
        "timestamp": at_ms,
        "quantity": amount,
        "price": text(one.price(trade.ticks)),
        "markPrice": text(mark(one, mark_nano_ticks)),
        "limitFilled": True,
        "usdValue": f"{one.quote(trade.ticks, trade.lots):.2f}",
    }


def placed_element(one: Listing, trade: TradeState, seed: int, time: VenueTime) -> Document:
    """A public order event: the order that took something."""
    at_ms = wire_ms(time, trade.at_ns)
    order = {
        "uid": uuid(seed, "taker", one.name, trade.trade_id),
        "tradeable": one.name,
        "direction": _side(trade.taker is Side.BUY),
        "quantity": text(one.amount(trade.lots)),
        "timestamp": at_ms,
        "limitPrice": text(one.price(trade.ticks)),
        "orderType": "IoC",
        "reduceOnly": False,
        "lastUpdateTimestamp": at_ms,
    }
    placed = {"order": order, "reason": "new_user_order", "reducedQuantity": ""}
    return {
        "uid": uuid(seed, "placed", one.name, trade.trade_id),
        "timestamp": at_ms,
        "event": {"OrderPlaced": placed},
    }


def price_element(one: Listing, candle: CandleState, seed: int, time: VenueTime) -> Document:
    """A public price event: where mark was when a minute began."""
    return {
        "uid": uuid(seed, "mark", one.name, candle.open_ns),
        "timestamp": wire_ms(time, candle.open_ns),
        "event": {"MarkPriceChanged": {"price": text(one.price(candle.open))}},
    }


def _side(buys: bool) -> str:
    return "Buy" if buys else "Sell"
