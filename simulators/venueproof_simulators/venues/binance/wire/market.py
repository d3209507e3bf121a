"""Public market data as REST prints it."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from venueproof_simulators.engine.state import BookState, CandleState, Side, TickerState, TradeState
from venueproof_simulators.host.decimals import fixed, plain
from venueproof_simulators.host.facts import Limits
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.venues.binance.wire.numbers import Listing, eight, update_id, wire_ms
from venueproof_simulators.venues.binance.wire.orders import Document

PERPETUAL_DELIVERY_MS = 4133404800000
"""What the venue writes as the delivery date of a perpetual contract."""
ORDER_TYPES = ("LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET")
"""What exchangeInfo lists, although conditional types left the order endpoint."""
TIMES_IN_FORCE = ("GTC", "IOC", "FOK", "GTX", "GTD")
LevelRows = list[tuple[str, str]]
"""Price and amount of book levels, as strings."""
INTEREST_RATE = Decimal("0.0001")


def symbol_document(listing: Listing) -> Document:
    """One symbol of exchangeInfo."""
    row = listing.row
    return {
        "symbol": row.name,
        "pair": row.name,
        "contractType": "PERPETUAL",
        "deliveryDate": PERPETUAL_DELIVERY_MS,
        "onboardDate": row.wire["onboardDate"],
        "status": "TRADING",
        "maintMarginPercent": "2.5000",
        "requiredMarginPercent": "5.0000",
        "baseAsset": row.base,
        "quoteAsset": row.quote,
        "marginAsset": row.settle,
        "pricePrecision": listing.price_places,
        "quantityPrecision": listing.amount_places,
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "underlyingSubType": row.wire["underlyingSubType"],
        "settlePlan": 0,
        "triggerProtect": fixed(row.price_band, 4),
        "liquidationFee": row.wire["liquidationFee"],
        "marketTakeBound": plain(row.price_band),
        "filters": _filters(listing),
        "orderTypes": ORDER_TYPES,
        "timeInForce": TIMES_IN_FORCE,
    }


def _filters(listing: Listing) -> list[Document]:
    row = listing.row
    lot = {"minQty": plain(row.amount_min), "stepSize": plain(row.amount_step)}
    return [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": f"{row.price_min}",
            "maxPrice": plain(row.price_max),
            "tickSize": f"{row.tick}",
        },
        {"filterType": "LOT_SIZE", "maxQty": plain(row.amount_max)} | lot,
        {"filterType": "MARKET_LOT_SIZE", "maxQty": plain(row.market_amount_max)} | lot,
        {"filterType": "MAX_NUM_ORDERS", "limit": row.open_orders_max},
        {"filterType": "MIN_NOTIONAL", "notional": plain(row.notional_min)},
        {
            "filterType": "PERCENT_PRICE",
            "multiplierUp": fixed(1 + row.price_band, 4),
            "multiplierDown": fixed(1 - row.price_band, 4),
            "multiplierDecimal": "4",
        },
    ]


def rate_limit_documents(limits: Limits) -> list[Document]:
    """The budgets that exchangeInfo advertises."""
    rows = (
        ("weight", "REQUEST_WEIGHT", "MINUTE", 1),
        ("orders-1m", "ORDERS", "MINUTE", 1),
        ("orders-10s", "ORDERS", "SECOND", 10),
    )
    return [
        {"rateLimitType": kind, "interval": interval, "intervalNum": count, "limit": limits.named(id).limit}
        for id, kind, interval, count in rows
    ]


def level_rows(listing: Listing, levels: Iterable[tuple[int, int]]) -> LevelRows:
    """Book levels: price and amount."""
    return [(listing.tick_text(ticks), listing.amount_text(lots)) for ticks, lots in levels]


def book_document(listing: Listing, book: BookState, time: VenueTime) -> Document:
    """The answer to depth."""
    return {
        "lastUpdateId": update_id(book.sequence),
        "E": time.wire_ms,
        "T": wire_ms(time, book.at_ns),
        "bids": level_rows(listing, book.bids),
        "asks": level_rows(listing, book.asks),
    }


def trade_document(listing: Listing, trade: TradeState, time: VenueTime) -> Document:
    """One row of trades and historicalTrades."""
    return {
        "id": trade.trade_id,
        "price": listing.price_text(trade.ticks),
        "qty": listing.amount_text(trade.lots),
        "quoteQty": fixed(listing.value(trade.ticks * trade.lots), 2),
        "time": wire_ms(time, trade.at_ns),
        "isBuyerMaker": trade.taker is Side.SELL,
        "isRPITrade": False,
    }


def aggregate_document(listing: Listing, trade: TradeState, time: VenueTime) -> Document:
    """One row of aggTrades: here every trade is an aggregate of itself."""
    amount = listing.amount_text(trade.lots)
    return {
        "a": trade.trade_id,
        "p": listing.tick_text(trade.ticks),
        "q": amount,
        "nq": amount,
        "f": trade.trade_id,
        "l": trade.trade_id,
        "T": wire_ms(time, trade.at_ns),
        "m": trade.taker is Side.SELL,
    }


def candle_row(listing: Listing, candle: CandleState, time: VenueTime) -> list[str | int]:
    """One row of klines. Opening times are calendar times and know no skew."""
    return [
        candle.open_ns // 1_000_000,
        *(listing.price_text(ticks) for ticks in (candle.open, candle.high, candle.low, candle.close)),
        listing.amount_text(candle.volume_lots),
        candle.close_ns // 1_000_000 - 1,
        fixed(listing.value(candle.value), 5),
        candle.trades,
        listing.amount_text(candle.taker_buy_lots),
        fixed(listing.value(candle.taker_buy_value), 5),
        "0",
    ]


def price_candle_row(listing: Listing, candle: CandleState, time: VenueTime) -> list[str | int]:
    """One row of the index and mark candles, which have no volume."""
    ticks = (candle.open, candle.high, candle.low, candle.close)
    return _sampled_row(candle, [listing.price(price) for price in ticks], time)


def premium_candle_row(listing: Listing, candle: CandleState, time: VenueTime) -> list[str | int]:
    """One row of the premium candles: mark over index, less one."""
    return _sampled_row(candle, [Decimal(0)] * 4, time)


def _sampled_row(candle: CandleState, values: list[Decimal], time: VenueTime) -> list[str | int]:
    """Open, high, low, close, and in place of the number of trades how often the figure was taken: once a second."""
    samples = (min(candle.close_ns, time.true_ns) - candle.open_ns) // 10**9
    close_ms = candle.close_ns // 1_000_000 - 1
    return [candle.open_ns // 1_000_000, *map(eight, values), "0", close_ms, "0", samples, "0", "0", "0"]


def _change(listing: Listing, ticker: TickerState) -> tuple[str, str, str]:
    """24 h change, change in percent, and average price."""
    day = ticker.day
    moved = ticker.last - day.open
    percent = Decimal(moved * 100) / day.open if day.open else Decimal(0)
    mean = listing.mean(day.value, day.volume_lots) if day.volume_lots else listing.price(ticker.last)
    return listing.price_text(moved), fixed(percent, 3), fixed(mean, listing.price_places)


def day_document(listing: Listing, ticker: TickerState, time: VenueTime) -> Document:
    """The answer to ticker/24hr."""
    change, percent, mean = _change(listing, ticker)
    day = ticker.day
    return {
        "symbol": listing.name,
        "priceChange": change,
        "priceChangePercent": percent,
        "weightedAvgPrice": mean,
        "lastPrice": listing.price_text(ticker.last),
        "lastQty": listing.amount_text(ticker.last_lots),
        "openPrice": listing.price_text(day.open),
        "highPrice": listing.price_text(day.high),
        "lowPrice": listing.price_text(day.low),
        "volume": listing.amount_text(day.volume_lots),
        "quoteVolume": fixed(listing.value(day.value), 2),
        "openTime": wire_ms(time, day.open_ns),
        "closeTime": time.wire_ms,
        "firstId": ticker.first_trade_id,
        "lastId": ticker.last_trade_id,
        "count": day.trades,
    }


def price_document(listing: Listing, ticker: TickerState, time: VenueTime) -> Document:
    """The answer to ticker/price."""
    return {"symbol": listing.name, "price": listing.price_text(ticker.last), "time": wire_ms(time, ticker.at_ns)}


def best_document(listing: Listing, ticker: TickerState, time: VenueTime) -> Document:
    """The answer to ticker/bookTicker."""
    return {
        "symbol": listing.name,
        "bidPrice": listing.price_text(ticker.bid),
        "bidQty": listing.amount_text(ticker.bid_lots),
        "askPrice": listing.price_text(ticker.ask),
        "askQty": listing.amount_text(ticker.ask_lots),
        "time": wire_ms(time, ticker.at_ns),
    }


def premium_document(listing: Listing, ticker: TickerState, time: VenueTime) -> Document:
    """The answer to premiumIndex."""
    index = eight(listing.mark(ticker.index_nano_ticks))
    return {
        "symbol": listing.name,
        "markPrice": eight(listing.mark(ticker.mark_nano_ticks)),
        "indexPrice": index,
        "estimatedSettlePrice": index,
        "lastFundingRate": eight(rate(ticker)),
        "interestRate": eight(INTEREST_RATE),
        "nextFundingTime": ticker.next_funding_ns // 1_000_000,
        "time": time.wire_ms,
    }


def rate(ticker: TickerState) -> Decimal:
    """The funding rate as a fraction."""
    return Decimal(ticker.funding_rate_ppb).scaleb(-9)


def funding_document(listing: Listing, rate: Decimal, ticks: int, at_ns: int) -> Document:
    """One row of fundingRate. `ticks`: the price at that time."""
    return {
        "symbol": listing.name,
        "fundingRate": eight(rate),
        "fundingTime": at_ns // 1_000_000,
        "markPrice": eight(listing.price(ticks)),
        "rateType": "Regular",
    }


def open_interest_document(listing: Listing, ticker: TickerState, time: VenueTime) -> Document:
    """The answer to openInterest."""
    return {
        "symbol": listing.name,
        "openInterest": listing.amount_text(ticker.open_interest_lots),
        "time": time.wire_ms,
    }


def open_interest_row(listing: Listing, lots: int, ticks: int, at_ns: int) -> Document:
    """One row of openInterestHist. `ticks`: the price at that time."""
    amount = listing.amount(lots)
    return {
        "symbol": listing.name,
        "sumOpenInterest": eight(amount),
        "sumOpenInterestValue": eight(amount * listing.price(ticks)),
        "CMCCirculatingSupply": listing.row.wire["circulatingSupply"],
        "timestamp": at_ns // 1_000_000,
    }


def spot_symbol_document(listing: Listing) -> Document:
    """One symbol of the spot exchangeInfo, for clients that load spot markets before they trade futures."""
    step, tick = plain(listing.row.amount_step), plain(listing.row.tick)
    return {
        "symbol": listing.name,
        "status": "TRADING",
        "baseAsset": listing.row.base,
        "baseAssetPrecision": 8,
        "quoteAsset": listing.row.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET"],
        "icebergAllowed": False,
        "ocoAllowed": False,
        "otoAllowed": False,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": False,
        "cancelReplaceAllowed": False,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": "0.01",
                "maxPrice": "1000000",
                "tickSize": tick,
            },
            {"filterType": "LOT_SIZE", "minQty": step, "maxQty": "9000", "stepSize": step},
            {"filterType": "NOTIONAL", "minNotional": eight(Decimal(5))},
        ],
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": ["EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH"],
    }
