"""Public market data as REST prints it. Source: the vendor's market pages; recorded rows."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from venueproof_simulators.engine.state import BookState, CandleState, Side, TickerState, TradeState
from venueproof_simulators.host.decimals import CONTEXT, fixed, plain
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.documents import Document
from venueproof_simulators.kit.numbers import wire_ms
from venueproof_simulators.venues.bybit.wire.numbers import SEQUENCE_BASE, Listing, ms_text, short

_MS = 1_000_000
_NANO = 10**9
_FUNDING_CAP = "0.005"


def instrument_row(listing: Listing) -> Document:
    """One row of instruments-info."""
    row = listing.row
    notional = {"minNotionalValue": plain(row.notional_min)} if row.notional_min else {"minNotionalValue": ""}
    return {
        "symbol": row.name,
        "contractType": "InversePerpetual" if listing.inverse else "LinearPerpetual",
        "status": "Trading",
        "baseCoin": row.base,
        "quoteCoin": row.quote,
        "launchTime": row.wire["launchTime"],
        "deliveryTime": "0",
        "deliveryFeeRate": "",
        "priceScale": row.wire["priceScale"],
        "leverageFilter": {
            "minLeverage": "1",
            "maxLeverage": fixed(Decimal(row.leverage_max), 2),
            "leverageStep": "0.01",
        },
        "priceFilter": {
            "minPrice": f"{row.price_min}",
            "maxPrice": f"{row.price_max}",
            "tickSize": f"{row.tick}",
        },
        "lotSizeFilter": {
            "maxOrderQty": fixed(row.amount_max, listing.lot.places),
            "minOrderQty": f"{row.amount_min}",
            "qtyStep": f"{row.amount_step}",
            "postOnlyMaxOrderQty": fixed(row.amount_max, listing.lot.places),
            "maxMktOrderQty": fixed(row.market_amount_max, listing.lot.places),
            **notional,
        },
        "unifiedMarginTrade": True,
        "fundingInterval": row.funding_interval_s // 60,
        "settleCoin": row.settle,
        "copyTrading": "none" if listing.inverse else "both",
        "upperFundingRate": _FUNDING_CAP,
        "lowerFundingRate": f"-{_FUNDING_CAP}",
        "isPreListing": False,
        "preListingInfo": None,
        "riskParameters": {"priceLimitRatioX": plain(row.price_band), "priceLimitRatioY": plain(row.price_band)},
        "displayName": "",
        "symbolType": "",
        "symbolId": row.wire["symbolId"],
        "skipCallAuction": False,
    }


def levels(listing: Listing, rows: Iterable[tuple[int, int]]) -> list[list[str]]:
    """Book levels: price and amount."""
    return [[listing.scaled(ticks), listing.plain_amount(lots)] for ticks, lots in rows]


def book_document(listing: Listing, book: BookState, time: VenueTime) -> Document:
    """The answer to orderbook; orders for price improvement, which it leaves out, do not exist here."""
    return {
        "s": listing.name,
        "b": levels(listing, book.bids),
        "a": levels(listing, book.asks),
        "ts": time.wire_ms,
        "u": update_id(book.sequence),
        "seq": SEQUENCE_BASE + book.sequence,
        "cts": wire_ms(time, book.at_ns),
    }


def update_id(sequence: int) -> int:
    """`u` of a book after so many changes; 1 means that the service began anew, which no count of changes may."""
    return sequence + 2


def trade_row(listing: Listing, trade: TradeState, trade_id: str, time: VenueTime) -> Document:
    """One row of recent-trade."""
    return {
        "execId": trade_id,
        "symbol": listing.name,
        "price": listing.scaled(trade.ticks),
        "size": listing.plain_amount(trade.lots),
        "side": "Buy" if trade.taker is Side.BUY else "Sell",
        "time": ms_text(time, trade.at_ns),
        "isBlockTrade": False,
        "isRPITrade": False,
        "seq": str(SEQUENCE_BASE + trade.trade_id),
    }


def candle_row(listing: Listing, candle: CandleState) -> list[str]:
    """One row of kline: its beginning is calendar time; of an inverse contract the volume is in dollars."""
    return [*price_candle_row(listing, candle), *volumes(listing, candle)]


def price_candle_row(listing: Listing, candle: CandleState) -> list[str]:
    """One row of the klines of mark and index price."""
    prices = (candle.open, candle.high, candle.low, candle.close)
    return [str(candle.open_ns // _MS), *(listing.scaled(ticks) for ticks in prices)]


def premium_row(candle: CandleState) -> list[str]:
    """One row of the klines of the premium index, which is nothing where mark and index move as one."""
    return [str(candle.open_ns // _MS), "0", "0", "0", "0"]


def volumes(listing: Listing, candle: CandleState) -> tuple[str, str]:
    """Volume and turnover of a candle: base and quote, of an inverse contract dollars and coin."""
    return listing.plain_amount(candle.volume_lots), short(listing.turnover(candle.value))


def ticker_row(listing: Listing, ticker: TickerState, hour_ago: int, time: VenueTime) -> Document:
    """One row of tickers. `hour_ago`: the price of an hour ago, in ticks."""
    day = ticker.day
    mark, index = listing.mark(ticker.mark_nano_ticks), listing.mark(ticker.index_nano_ticks)
    held = ticker.open_interest_lots
    value = listing.face(held) / mark if listing.inverse else listing.face(held) * mark
    volume, turnover = volumes(listing, day)
    change = CONTEXT.divide(listing.price(ticker.last - day.open), listing.price(day.open)) if day.open else Decimal(0)
    return {
        "symbol": listing.name,
        "lastPrice": listing.scaled(ticker.last),
        "indexPrice": fixed(index, listing.price_places),
        "markPrice": fixed(mark, listing.price_places),
        "prevPrice24h": listing.scaled(day.open),
        "price24hPcnt": fixed(change, 6),
        "highPrice24h": listing.scaled(day.high),
        "lowPrice24h": listing.scaled(day.low),
        "prevPrice1h": listing.scaled(hour_ago),
        "openInterest": listing.plain_amount(held),
        "openInterestValue": fixed(value, 4 if listing.inverse else 2),
        "turnover24h": turnover,
        "volume24h": volume,
        "fundingRate": plain(Decimal(ticker.funding_rate_ppb).scaleb(-9)),
        "nextFundingTime": str(next_funding_ms(listing, time)),
        "predictedDeliveryPrice": "",
        "basisRate": "",
        "basisRateYear": "",
        "basis": "",
        "deliveryFeeRate": "",
        "deliveryTime": "0",
        "ask1Size": listing.plain_amount(ticker.ask_lots) if ticker.ask else "",
        "bid1Price": listing.scaled(ticker.bid) if ticker.bid else "",
        "ask1Price": listing.scaled(ticker.ask) if ticker.ask else "",
        "bid1Size": listing.plain_amount(ticker.bid_lots) if ticker.bid else "",
        "preOpenPrice": "",
        "preQty": "",
        "curPreListingPhase": "",
        "fundingIntervalHour": str(listing.row.funding_interval_s // 3600),
        "fundingCap": _FUNDING_CAP,
    }


def next_funding_ms(listing: Listing, time: VenueTime) -> int:
    """When positions pay next: an hour of the calendar."""
    step_ms = listing.row.funding_interval_s * 1000
    return (time.wire_ms // step_ms + 1) * step_ms


def funding_row(listing: Listing, at_ns: int, rate_ppb: int, time: VenueTime) -> Document:
    """One row of funding/history."""
    return {
        "symbol": listing.name,
        "fundingRate": plain(Decimal(rate_ppb).scaleb(-9)),
        "fundingRateTimestamp": ms_text(time, at_ns),
    }
