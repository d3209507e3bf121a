"""Public market data as JSON documents. Source: the vendor's reference and OpenAPI 2.1.1; the sheet's examples."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from msgspec import Struct

from venueproof_simulators.engine.option_market import OptionState
from venueproof_simulators.engine.state import BookState, CandleState, Side, TickerState, TradeState
from venueproof_simulators.engine.worth import PPM
from venueproof_simulators.host.decimals import CONTEXT
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.documents import Document
from venueproof_simulators.kit.numbers import wire_ms
from venueproof_simulators.venues.deribit.wire.numbers import Listing, average_price, num

_CHANGE_BASE = 133_000_000_000
"""Changes of books are numbered from so high a number on."""
_BLOCK_COMMISSION = 0.00025
_LIQUIDATION_COMMISSION = 0.0075
_LEVERAGE_NOT_LIQUIDATED = 5
_FLAT_SIGN = 0
_PERCENT_PLACES = Decimal("0.0001")
_MARK_PLACES = Decimal("0.0001")
_OPTION_PLACES = Decimal("0.000001")
_IV_PLACES = Decimal("0.01")
_GREEK_PLACES = Decimal("0.00001")


# --- instruments ------------------------------------------------------------------------------------------------------


def instrument_document(listing: Listing, state: str) -> Document:
    """An instrument as public/get_instruments lists it."""
    row = listing.row
    common: Document = {
        "instrument_name": listing.name,
        "kind": listing.kind,
        "instrument_type": "reversed" if listing.currency == row.base else "linear",
        "base_currency": row.base,
        "quote_currency": row.base if listing.option and listing.currency == row.base else row.quote,
        "counter_currency": row.quote,
        "settlement_currency": row.settle,
        "settlement_period": listing.period,
        "expiration_timestamp": listing.expiry_ms,
        "creation_timestamp": listing.created_ms,
        "is_active": state == "open",
        "state": state,
        "tick_size": num(row.tick),
        "tick_size_steps": listing.tick_steps(),
        "min_trade_amount": num(row.amount_min),
        "contract_size": num(listing.contract_size),
        "maker_commission": num(row.maker_fee),
        "taker_commission": num(row.taker_fee),
        "price_index": listing.index_name,
        "instrument_id": listing.number,
        "block_trade_commission": _BLOCK_COMMISSION,
        "block_trade_min_trade_amount": num(Decimal(str(row.wire["block_trade_min_trade_amount"]))),
        "block_trade_tick_size": num(Decimal(str(row.wire["block_trade_tick_size"]))),
    }
    if listing.option:
        return common | {"strike": num(row.strike or Decimal(0)), "option_type": "call" if row.call else "put"}
    return common | {
        "future_type": common["instrument_type"],
        "max_leverage": row.leverage_max,
        "max_non_default_leverage": _LEVERAGE_NOT_LIQUIDATED,
        "max_liquidation_commission": _LIQUIDATION_COMMISSION,
    }


# --- tickers and books ------------------------------------------------------------------------------------------------


def stats(listing: Listing, day: CandleState) -> Document:
    """The last 24 hours. Without trades there is no change of the price."""
    change = (CONTEXT.divide(Decimal(day.close - day.open), Decimal(day.open)) * 100) if day.open else Decimal(0)
    dollars = listing.face(day.volume_lots) if listing.inverse else listing.turnover(day.value)
    volume = listing.turnover(day.value) if listing.inverse else listing.face(day.volume_lots)
    return {
        "high": num(listing.price(day.high)),
        "low": num(listing.price(day.low)),
        "price_change": num(change.quantize(_PERCENT_PLACES, context=CONTEXT)) if day.trades else None,
        "volume": num(round(volume, 8)),
        "volume_usd": num(round(dollars, 2)),
        "volume_notional": num(round(dollars, 2)),
    }


def ticker_document(listing: Listing, ticker: TickerState, state: str, settled: Decimal, time: VenueTime) -> Document:
    """public/ticker. A side without orders has price and amount 0."""
    mark, index = mark_price(listing, ticker.mark_nano_ticks), index_price(listing, ticker)
    low, high = price_band(listing, ticker.mark_nano_ticks)
    document: Document = {
        "instrument_name": listing.name,
        "timestamp": wire_ms(time, time.true_ns),
        "state": state,
        "stats": stats(listing, ticker.day),
        "last_price": num(listing.price(ticker.last)),
        "mark_price": mark,
        "index_price": index,
        **best(listing, ticker),
        "open_interest": num(listing.amount(ticker.open_interest_lots)),
        "settlement_price": num(settled),
        "min_price": num(low),
        "max_price": num(high),
        "estimated_delivery_price": index,
    }
    return document | (funding_fields(listing, ticker) if listing.perpetual else {})


def option_fields(listing: Listing, option: OptionState) -> Document:
    """What the ticker of an option has besides. Volatilities are in percent."""
    greeks = option.greeks
    index = _fine(option.underlying_price, _MARK_PLACES)
    return {
        "index_price": index,
        "estimated_delivery_price": index,
        "mark_iv": _fine(option.volatility * 100, _IV_PLACES),
        "bid_iv": _fine(option.bid_volatility * 100, _IV_PLACES),
        "ask_iv": _fine(option.ask_volatility * 100, _IV_PLACES),
        "underlying_price": index,
        "underlying_index": "index_price",
        "interest_rate": 0.0,
        "greeks": {
            "delta": _fine(greeks.delta, _GREEK_PLACES),
            "gamma": _fine(greeks.gamma, _GREEK_PLACES),
            "vega": _fine(greeks.vega, _GREEK_PLACES),
            "theta": _fine(greeks.theta, _GREEK_PLACES),
            "rho": _fine(greeks.rho, _GREEK_PLACES),
        },
    }


def _fine(value: Decimal, places: Decimal) -> float:
    return num(value.quantize(places, context=CONTEXT))


def best(listing: Listing, ticker: TickerState) -> Document:
    """The best of either side."""
    return {
        "best_bid_price": num(listing.price(ticker.bid)),
        "best_bid_amount": num(listing.amount(ticker.bid_lots)),
        "best_ask_price": num(listing.price(ticker.ask)),
        "best_ask_amount": num(listing.amount(ticker.ask_lots)),
    }


def funding_fields(listing: Listing, ticker: TickerState) -> Document:
    """What perpetuals have besides: the rate is that of eight hours."""
    rate = Decimal(ticker.funding_rate_ppb).scaleb(-9)
    return {"current_funding": num(rate), "funding_8h": num(rate), "interest_value": num(rate)}


def mark_price(listing: Listing, nano_ticks: int) -> float:
    """A mark price: finer than the tick, and not endlessly so."""
    places = _OPTION_PLACES if listing.option else _MARK_PLACES
    return num(listing.mark(nano_ticks).quantize(places, context=CONTEXT))


def index_price(listing: Listing, ticker: TickerState) -> float:
    """The index of what it follows."""
    return num(listing.mark(ticker.index_nano_ticks).quantize(_MARK_PLACES, context=CONTEXT))


def price_band(listing: Listing, mark_nano_ticks: int) -> tuple[Decimal, Decimal]:
    """Lowest price of an order to sell and highest of one to buy."""
    if not listing.instrument.price_band_ppm:
        return listing.row.price_min, listing.row.price_max
    mark, width = listing.mark(mark_nano_ticks), Decimal(listing.instrument.price_band_ppm) / PPM
    low, high = mark * (1 - width), mark * (1 + width)
    return -(-low // listing.row.tick) * listing.row.tick, high // listing.row.tick * listing.row.tick


def change_id(sequence: int) -> int:
    """A change of a book as the venue numbers it."""
    return _CHANGE_BASE + sequence


def book_fields(listing: Listing, book: BookState) -> Document:
    """What public/get_order_book has beside the ticker's fields."""
    return {
        "change_id": change_id(book.sequence),
        "bids": levels(listing, book.bids),
        "asks": levels(listing, book.asks),
    }


def levels(listing: Listing, rows: Iterable[tuple[int, int]]) -> list[list[float]]:
    """[price, amount] of levels."""
    return [[num(listing.price(ticks)), num(listing.amount(lots))] for ticks, lots in rows]


def quote_document(listing: Listing, ticker: TickerState, time: VenueTime) -> Document:
    """What a quote channel tells."""
    head = {"instrument_name": listing.name, "timestamp": wire_ms(time, time.true_ns)}
    return head | best(listing, ticker)


def summary_document(listing: Listing, ticker: TickerState, time: VenueTime) -> Document:
    """A row of public/get_book_summary_by_…; a side without orders is null."""
    day = stats(listing, ticker.day)
    bid, ask = (num(listing.price(ticks)) if ticks else None for ticks in (ticker.bid, ticker.ask))
    document: Document = {
        "instrument_name": listing.name,
        "base_currency": listing.row.base,
        "quote_currency": listing.row.quote,
        "creation_timestamp": wire_ms(time, time.true_ns),
        "bid_price": bid,
        "ask_price": ask,
        "mid_price": (bid + ask) / 2 if bid is not None and ask is not None else None,
        "last": num(listing.price(ticker.last)),
        "mark_price": mark_price(listing, ticker.mark_nano_ticks),
        "open_interest": num(listing.amount(ticker.open_interest_lots)),
        "estimated_delivery_price": index_price(listing, ticker),
        **day,
    }
    if listing.perpetual:
        fields = funding_fields(listing, ticker)
        document |= {name: fields[name] for name in ("current_funding", "funding_8h")}
    return document


# --- trades -----------------------------------------------------------------------------------------------------------


class Around(Struct, frozen=True):
    """What held when something was traded."""

    mark_nano_ticks: int
    index_nano_ticks: int
    before_ticks: int
    """The price of the trade before."""


def trade_document(listing: Listing, trade: TradeState, around: Around, time: VenueTime) -> Document:
    """A public trade: its price, direction, mark and index are those of the account's own row of it."""
    return {
        "trade_seq": trade.trade_id,
        "trade_id": listing.trade_id(trade.trade_id),
        "timestamp": wire_ms(time, trade.at_ns),
        "tick_direction": tick_direction(trade.ticks, around.before_ticks, trade.taker),
        "price": num(listing.price(trade.ticks)),
        "mark_price": average_price(listing, around.mark_nano_ticks),
        "index_price": average_price(listing, around.index_nano_ticks),
        "instrument_name": listing.name,
        "direction": trade.taker.value,
        "amount": num(listing.amount(trade.lots)),
        "contracts": listing.contracts(trade.lots),
    }


def tick_direction(ticks: int, before_ticks: int, taker: Side) -> int:
    """0 up, 1 the same after a rise, 2 down, 3 the same after a fall: as far as one trade back can tell."""
    if ticks == before_ticks:
        return 1 if taker is Side.BUY else 3
    return 0 if ticks > before_ticks else 2


# --- candles ----------------------------------------------------------------------------------------------------------


def chart_document(listing: Listing, candles: list[CandleState]) -> Document:
    """public/get_tradingview_chart_data: a column for each figure, ascending."""
    columns: dict[str, list[Any]] = {
        "ticks": [candle.open_ns // 1_000_000 for candle in candles],
        "open": [num(listing.price(candle.open)) for candle in candles],
        "high": [num(listing.price(candle.high)) for candle in candles],
        "low": [num(listing.price(candle.low)) for candle in candles],
        "close": [num(listing.price(candle.close)) for candle in candles],
        "volume": [volume(listing, candle)[0] for candle in candles],
        "cost": [volume(listing, candle)[1] for candle in candles],
    }
    return {"status": "ok" if candles else "no_data", **columns}


def volume(listing: Listing, candle: CandleState) -> tuple[float, float]:
    """Volume in the base coin and cost in the quote."""
    face, turned = listing.face(candle.volume_lots), round(listing.turnover(candle.value), 8)
    return (num(turned), num(face)) if listing.inverse else (num(face), num(turned))


def candle_document(listing: Listing, candle: CandleState) -> Document:
    """What a chart channel tells: one candle. One without trades is made up."""
    amount, cost = volume(listing, candle)
    return {
        "tick": candle.open_ns // 1_000_000,
        "open": num(listing.price(candle.open)),
        "high": num(listing.price(candle.high)),
        "low": num(listing.price(candle.low)),
        "close": num(listing.price(candle.close)),
        "volume": amount,
        "cost": cost,
        "status": "ok" if candle.trades else "imputed",
    }
