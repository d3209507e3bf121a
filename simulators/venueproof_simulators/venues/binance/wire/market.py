"""Public market data as REST prints it."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from venueproof_simulators.engine.state import BookState, CandleState, Side, TickerState, TradeState
from venueproof_simulators.host.decimals import fixed, plain
from venueproof_simulators.host.facts import Limits
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.documents import Document
from venueproof_simulators.kit.numbers import wire_ms
from venueproof_simulators.venues.binance.wire.numbers import Listing, eight, update_id

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
        "pair": listing.pair,
        "contractType": listing.contract_type,
        "deliveryDate": listing.delivery_ms,
        "onboardDate": row.wire["onboardDate"],
        **listing.only_usd(status="TRADING"),
        **listing.only_coin(contractStatus="TRADING", contractSize=int(row.contract_size)),
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
        **listing.only_usd(settlePlan=0),
        **listing.only_coin(equalQtyPrecision=4),
        "triggerProtect": fixed(row.price_band, 4),
        "liquidationFee": row.wire["liquidationFee"],
        "marketTakeBound": plain(row.price_band),
        "filters": _filters(listing),
        "orderTypes": ORDER_TYPES,
        "timeInForce": [word for word in TIMES_IN_FORCE if listing.product.good_till or word != "GTD"],
    }


def _filters(listing: Listing) -> list[Document]:
    row = listing.row
    lot = {"minQty": plain(row.amount_min), "stepSize": plain(row.amount_step)}
    notional = [{"filterType": "MIN_NOTIONAL", "notional": plain(row.notional_min)}]
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
        *([] if listing.inverse else notional),
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
        **listing.only_coin(symbol=listing.name, pair=listing.pair),
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
        **listing.only_usd(quoteQty=fixed(listing.quote(trade.ticks, trade.lots), 2)),
        **listing.only_coin(baseQty=eight(listing.base(trade.ticks, trade.lots))),
        "time": wire_ms(time, trade.at_ns),
        "isBuyerMaker": trade.taker is Side.SELL,
        **listing.only_usd(isRPITrade=False),
    }


def aggregate_document(listing: Listing, trade: TradeState, time: VenueTime) -> Document:
    """One row of aggTrades: here every trade is an aggregate of itself."""
    amount = listing.amount_text(trade.lots)
    return {
        "a": trade.trade_id,
        "p": listing.tick_text(trade.ticks),
        "q": amount,
        **listing.only_usd(nq=amount),
        "f": trade.trade_id,
        "l": trade.trade_id,
        "T": wire_ms(time, trade.at_ns),
        "m": trade.taker is Side.SELL,
    }


def candle_row(listing: Listing, candle: CandleState, time: VenueTime) -> list[str | int]:
    """One row of klines. Opening times are calendar times and know no skew.

    Amounts are lots, then what they are worth in the settle asset: base and quote, or contracts and coin.
    """
    return [
        candle.open_ns // 1_000_000,
        *(listing.price_text(ticks) for ticks in (candle.open, candle.high, candle.low, candle.close)),
        listing.amount_text(candle.volume_lots),
        candle.close_ns // 1_000_000 - 1,
        turnover_text(listing, candle.value),
        candle.trades,
        listing.amount_text(candle.taker_buy_lots),
        turnover_text(listing, candle.taker_buy_value),
        "0",
    ]


def turnover_text(listing: Listing, value: int) -> str:
    """What a candle's trades are worth: five decimals of quote money, eight of coin."""
    return fixed(listing.turnover(value), 8 if listing.inverse else 5)


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
    turnover = listing.turnover(day.value)
    return {
        "symbol": listing.name,
        **listing.only_coin(pair=listing.pair),
        "priceChange": change,
        "priceChangePercent": percent,
        "weightedAvgPrice": mean,
        "lastPrice": listing.price_text(ticker.last),
        "lastQty": listing.amount_text(ticker.last_lots),
        "openPrice": listing.price_text(day.open),
        "highPrice": listing.price_text(day.high),
        "lowPrice": listing.price_text(day.low),
        "volume": listing.amount_text(day.volume_lots),
        **listing.only_usd(quoteVolume=fixed(turnover, 2)),
        **listing.only_coin(baseVolume=eight(turnover)),
        "openTime": wire_ms(time, day.open_ns),
        "closeTime": time.wire_ms,
        "firstId": ticker.first_trade_id,
        "lastId": ticker.last_trade_id,
        "count": day.trades,
    }


def price_document(listing: Listing, ticker: TickerState, time: VenueTime) -> Document:
    """The answer to ticker/price."""
    return {
        "symbol": listing.name,
        **listing.only_coin(ps=listing.pair),
        "price": listing.price_text(ticker.last),
        "time": wire_ms(time, ticker.at_ns),
    }


def last_update(sequence: int) -> Document:
    """The last change of a book."""
    return {"lastUpdateId": update_id(sequence)}


def best_document(listing: Listing, ticker: TickerState, sequence: int, time: VenueTime) -> Document:
    """The answer to ticker/bookTicker. `sequence`: the last change of the book."""
    return {
        **listing.only_coin(**last_update(sequence), pair=listing.pair),
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
        **listing.only_coin(pair=listing.pair),
        "markPrice": eight(listing.mark(ticker.mark_nano_ticks)),
        "indexPrice": index,
        "estimatedSettlePrice": index,
        "lastFundingRate": eight(rate(ticker)),
        "interestRate": eight(INTEREST_RATE),
        "nextFundingTime": next_funding_ms(listing, time),
        "time": time.wire_ms,
    }


def rate(ticker: TickerState) -> Decimal:
    """The funding rate as a fraction."""
    return Decimal(ticker.funding_rate_ppb).scaleb(-9)


def next_funding_ms(listing: Listing, time: VenueTime) -> int:
    """When positions pay next: every so many hours of the age clock, on the hour unless that was moved."""
    step_ns = listing.instrument.funding_interval_ns
    due_ns = (time.age_ns // step_ns + 1) * step_ns
    return (due_ns - time.age_ns + time.true_ns) // 1_000_000


def funding_document(listing: Listing, rate_ppb: int, mark_nano_ticks: int, at_ns: int) -> Document:
    """One row of fundingRate, with the price that was counted at."""
    return {
        "symbol": listing.name,
        "fundingRate": eight(Decimal(rate_ppb).scaleb(-9)),
        "fundingTime": at_ns // 1_000_000,
        **listing.only_usd(markPrice=eight(listing.mark(mark_nano_ticks)), rateType="Regular"),
    }


def open_interest_document(listing: Listing, ticker: TickerState, time: VenueTime) -> Document:
    """The answer to openInterest."""
    return {
        "symbol": listing.name,
        **listing.only_coin(pair=listing.pair, contractType=listing.contract_type),
        "openInterest": listing.amount_text(ticker.open_interest_lots),
        "time": time.wire_ms,
    }


def open_interest_row(listing: Listing, lots: int, ticks: int, at_ns: int) -> Document:
    """One row of openInterestHist. `ticks`: the price at that time."""
    return {
        **listing.only_usd(symbol=listing.name, CMCCirculatingSupply=listing.row.wire.get("circulatingSupply")),
        **listing.only_coin(pair=listing.pair, contractType=listing.contract_type),
        "sumOpenInterest": eight(listing.amount(lots)),
        "sumOpenInterestValue": eight(listing.base(ticks, lots) if listing.inverse else listing.quote(ticks, lots)),
        "timestamp": at_ns // 1_000_000,
    }


def basis_row(listing: Listing, ticks: int, at_ns: int) -> Document:
    """One row of basis. `ticks`: the price at that time, of the contract and of its index."""
    price = plain(listing.price(ticks))
    return {
        "indexPrice": price,
        "contractType": listing.contract_type,
        "basisRate": "0.0000",
        "futuresPrice": price,
        "annualizedBasisRate": "",
        "basis": "0",
        "pair": listing.pair,
        "timestamp": at_ns // 1_000_000,
    }


def taker_ratio_row(listing: Listing, candle: CandleState) -> Document:
    """One row of takerlongshortRatio."""
    bought, sold = candle.taker_buy_lots, candle.volume_lots - candle.taker_buy_lots
    return {
        "buySellRatio": fixed(Decimal(bought) / sold if sold else Decimal(0), 4),
        "buyVol": fixed(listing.amount(bought), 4),
        "sellVol": fixed(listing.amount(sold), 4),
        "timestamp": candle.open_ns // 1_000_000,
    }


def taker_volume_row(listing: Listing, candle: CandleState) -> Document:
    """One row of takerBuySellVol: contracts, and what they are worth in coin."""
    bought, sold = candle.taker_buy_lots, candle.volume_lots - candle.taker_buy_lots
    return {
        "pair": listing.pair,
        "contractType": listing.contract_type,
        "takerBuyVol": listing.amount_text(bought),
        "takerSellVol": listing.amount_text(sold),
        "takerBuyVolValue": eight(listing.turnover(candle.taker_buy_value)),
        "takerSellVolValue": eight(listing.turnover(candle.value - candle.taker_buy_value)),
        "timestamp": candle.open_ns // 1_000_000,
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
