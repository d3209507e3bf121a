"""Public documents: instruments, tickers, books, candles, trades, funding, prices, limits."""

from __future__ import annotations

from decimal import Decimal

from venueproof_simulators.engine.state import BookState, CandleState, TickerState, TradeState
from venueproof_simulators.host.decimals import plain
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.venues.okx.products import SWAP
from venueproof_simulators.venues.okx.wire.numbers import (
    Document,
    Listing,
    Tier,
    fine,
    ms,
    now_ms,
    ppb_text,
    ppm_text,
)

_HOUR_NS = 3600 * 10**9
_DAY_NS = 24 * _HOUR_NS
_FINEST = ".0000000000000000"
"""How the venue writes some maxima out."""
STUB: Document = {"instType": SWAP, "instId": "NEW-USDT-SWAP", "state": "preopen"}
"""A contract that is announced and not listed yet: nothing else is said of it."""


def instrument_document(listing: Listing, *, with_code: bool = True) -> Document:
    """A row of public/instruments. An instrument may lack its code for orders over WebSocket."""
    row = listing.row
    limit, market = plain(row.amount_max), plain(row.market_amount_max)
    return {
        "instType": SWAP,
        "instId": listing.name,
        "instIdCode": listing.code if with_code else None,
        "instFamily": listing.family,
        "uly": listing.family,
        "category": "1",
        "instCategory": "1",
        "groupId": "1",
        "alias": "",
        "baseCcy": "",
        "quoteCcy": "",
        "settleCcy": row.settle,
        "ctVal": plain(row.contract_size),
        "ctMult": "1",
        "ctValCcy": str(row.wire["ctValCcy"]),
        "ctType": row.kind.value,
        "optType": "",
        "stk": "",
        "listTime": str(listing.listed_ms),
        "contTdSwTime": "",
        "preMktSwTime": "",
        "auctionEndTime": "",
        "openType": "",
        "expTime": "",
        "lever": plain(row.leverage_max),
        "tickSz": plain(row.tick),
        "lotSz": plain(row.amount_step),
        "minSz": plain(row.amount_min),
        "state": "live",
        "ruleType": "normal",
        "maxLmtSz": limit,
        "maxMktSz": market,
        "maxTwapSz": limit + _FINEST,
        "maxIcebergSz": limit + _FINEST,
        "maxTriggerSz": limit + _FINEST,
        "maxStopSz": market,
        "maxLmtAmt": "20000000",
        "maxMktAmt": "",
        "posLmtAmt": "",
        "posLmtPct": "",
        "maxPlatOILmt": "",
        "futureSettlement": False,
        "tradeQuoteCcyList": [],
    }


def account_instrument_document(listing: Listing) -> Document:
    """A row of account/instruments: the same, and what may still be opened."""
    return instrument_document(listing) | {"longPosRemainingQuota": "", "shortPosRemainingQuota": "", "rpi": "0"}


def ticker_document(listing: Listing, ticker: TickerState, opens: tuple[int, int], time: VenueTime) -> Document:
    """A row of market/tickers. `opens`: the prices at the beginning of the day in UTC and in Hong Kong."""
    day = ticker.day
    return {
        "instType": SWAP,
        "instId": listing.name,
        "last": listing.plain_price(ticker.last),
        "lastSz": listing.size_text(ticker.last_lots),
        "askPx": listing.price_text(ticker.ask),
        "askSz": listing.size_text(ticker.ask_lots),
        "bidPx": listing.price_text(ticker.bid),
        "bidSz": listing.size_text(ticker.bid_lots),
        "open24h": listing.plain_price(day.open),
        "high24h": listing.plain_price(day.high),
        "low24h": listing.plain_price(day.low),
        "volCcy24h": base_volume(listing, day),
        "vol24h": listing.size_text(day.volume_lots),
        "sodUtc0": listing.plain_price(opens[0]),
        "sodUtc8": listing.plain_price(opens[1]),
        "ts": now_ms(time),
    }


def side_figures(listing: Listing, ticker: TickerState) -> Document:
    """What reports have seen in tickers besides."""
    return {
        "fundingRate": ppb_text(ticker.funding_rate_ppb),
        "openInterest": listing.size_text(ticker.open_interest_lots),
    }


def level_rows(listing: Listing, levels: tuple[tuple[int, int], ...] | list[tuple[int, int]]) -> list[list[str]]:
    """Price, contracts, a zero that once was something, and how many orders."""
    return [[listing.plain_price(ticks), listing.size_text(lots), "0", "1" if lots else "0"] for ticks, lots in levels]


def book_document(listing: Listing, book: BookState, time: VenueTime) -> Document:
    """market/books."""
    return {"asks": level_rows(listing, book.asks), "bids": level_rows(listing, book.bids), "ts": now_ms(time)}


def full_book_document(listing: Listing, book: BookState, time: VenueTime) -> Document:
    """market/books-full: rows without the zero."""
    sides = {"asks": level_rows(listing, book.asks), "bids": level_rows(listing, book.bids)}
    short = {name: [[row[0], row[1], row[3]] for row in rows] for name, rows in sides.items()}
    return {**short, "ts": now_ms(time)}


def base_volume(listing: Listing, candle: CandleState) -> str:
    """How much of the base coin was traded."""
    coins = listing.turnover(candle.value) if listing.inverse else listing.face(candle.volume_lots)
    return fine(coins)


def quote_volume(listing: Listing, candle: CandleState) -> str:
    """What it was worth in the quote."""
    money = listing.face(candle.volume_lots) if listing.inverse else listing.turnover(candle.value)
    return fine(money)


def candle_row(listing: Listing, candle: CandleState, time: VenueTime) -> list[str]:
    """Nine texts: opening time, four prices, contracts, coins, money, and whether it is over."""
    return [
        ms(time, candle.open_ns),
        *_prices(listing, candle),
        listing.size_text(candle.volume_lots),
        base_volume(listing, candle),
        quote_volume(listing, candle),
        confirmed(candle, time),
    ]


def price_candle_row(listing: Listing, candle: CandleState, time: VenueTime) -> list[str]:
    """Six texts, of mark and index prices."""
    return [ms(time, candle.open_ns), *_prices(listing, candle), confirmed(candle, time)]


def confirmed(candle: CandleState, time: VenueTime) -> str:
    """Whether a candle is over."""
    return "1" if candle.close_ns <= time.true_ns else "0"


def _prices(listing: Listing, candle: CandleState) -> list[str]:
    return [listing.plain_price(ticks) for ticks in (candle.open, candle.high, candle.low, candle.close)]


def trade_document(listing: Listing, trade: TradeState, time: VenueTime) -> Document:
    """A row of market/trades."""
    return {
        "instId": listing.name,
        "tradeId": str(trade.trade_id),
        "px": listing.plain_price(trade.ticks),
        "sz": listing.size_text(trade.lots),
        "side": trade.taker.value,
        "ts": ms(time, trade.at_ns),
        "source": "0",
    }


def funding_document(listing: Listing, ticker: TickerState, next_ns: int, time: VenueTime) -> Document:
    """public/funding-rate: the rate that is paid at `fundingTime`, and none yet for the time after it."""
    step_ns = listing.instrument.funding_interval_ns
    rate = ppb_text(ticker.funding_rate_ppb)
    return {
        "instType": SWAP,
        "instId": listing.name,
        "method": "current_period",
        "formulaType": "withRate",
        "fundingRate": rate,
        "fundingTime": ms(time, next_ns),
        "nextFundingRate": "",
        "nextFundingTime": ms(time, next_ns + step_ns),
        "minFundingRate": "-0.00375",
        "maxFundingRate": "0.00375",
        "interestRate": "0.0001",
        "impactValue": "20000",
        "settState": "settled",
        "settFundingRate": rate,
        "premium": "0",
        "ts": now_ms(time),
    }


def funding_row(listing: Listing, rate_ppb: int, at_ns: int, time: VenueTime) -> Document:
    """A row of public/funding-rate-history."""
    rate = ppb_text(rate_ppb)
    return {
        "instType": SWAP,
        "instId": listing.name,
        "fundingRate": rate,
        "realizedRate": rate,
        "fundingTime": ms(time, at_ns),
        "method": "current_period",
        "formulaType": "withRate",
    }


def open_interest_document(listing: Listing, ticker: TickerState, time: VenueTime) -> Document:
    """A row of public/open-interest: contracts, coins, dollars."""
    lots = ticker.open_interest_lots
    return {
        "instType": SWAP,
        "instId": listing.name,
        "oi": listing.size_text(lots),
        "oiCcy": fine(listing.coins(ticker.last, lots)),
        "oiUsd": fine(listing.quote(ticker.last, lots)),
        "ts": now_ms(time),
    }


def mark_document(listing: Listing, ticker: TickerState, time: VenueTime) -> Document:
    """A row of public/mark-price."""
    return {
        "instType": SWAP,
        "instId": listing.name,
        "markPx": listing.nano_price(ticker.mark_nano_ticks),
        "ts": now_ms(time),
    }


def price_limit_document(listing: Listing, mark_nano_ticks: int, time: VenueTime) -> Document:
    """public/price-limit."""
    buy, sell = price_limits(listing, mark_nano_ticks)
    return {
        "instType": SWAP,
        "instId": listing.name,
        "buyLmt": buy,
        "sellLmt": sell,
        "ts": now_ms(time),
        "enabled": True,
    }


def price_limits(listing: Listing, mark_nano_ticks: int) -> tuple[str, str]:
    """The highest price of a buy and the lowest of a sell."""
    mark, band = listing.mark(mark_nano_ticks), listing.row.price_band
    tick = listing.row.tick
    buy = mark * (1 + band) // tick * tick
    sell = -(-mark * (1 - band) // tick) * tick
    return plain(buy), plain(sell)


def tier_documents(listing: Listing, *, by_instrument: bool) -> list[Document]:
    """Rows of public/position-tiers."""
    rows: list[Document] = []
    least = Decimal(0)
    for number, tier in enumerate(listing.tiers, 1):
        rows.append(_tier_document(listing, tier, number, least) | {"instId": listing.name if by_instrument else ""})
        least = tier.contracts_max + listing.row.amount_step
    return rows


def _tier_document(listing: Listing, tier: Tier, number: int, least: Decimal) -> Document:
    return {
        "uly": listing.family,
        "instFamily": listing.family,
        "instId": "",
        "tier": str(number),
        "minSz": plain(least),
        "maxSz": plain(tier.contracts_max),
        "mmr": plain(tier.maintenance),
        "imr": fine(1 / Decimal(tier.leverage_max)),
        "maxLever": str(tier.leverage_max),
        "optMgnFactor": "0",
        "quoteMaxLoan": "",
        "baseMaxLoan": "",
    }


def index_document(listing: Listing, ticker: TickerState, opens: tuple[int, int], time: VenueTime) -> Document:
    """A row of market/index-tickers."""
    day = ticker.day
    return {
        "instId": listing.family,
        "idxPx": listing.nano_price(ticker.index_nano_ticks),
        "high24h": listing.plain_price(day.high),
        "low24h": listing.plain_price(day.low),
        "open24h": listing.plain_price(day.open),
        "sodUtc0": listing.plain_price(opens[0]),
        "sodUtc8": listing.plain_price(opens[1]),
        "ts": now_ms(time),
    }


def fee_document(listing: Listing | None, level: str, time: VenueTime) -> Document:
    """account/trade-fee: what is charged is negative."""
    maker = ppm_text(-(listing.instrument.maker_fee_ppm if listing else 200))
    taker = ppm_text(-(listing.instrument.taker_fee_ppm if listing else 500))
    return {
        "instType": SWAP,
        "category": "1",
        "level": level,
        "maker": maker,
        "taker": taker,
        "makerU": maker,
        "takerU": taker,
        "makerUSDC": maker,
        "takerUSDC": taker,
        "delivery": "",
        "exercise": "",
        "settle": "",
        "ruleType": "normal",
        "feeGroup": [{"groupId": "1", "maker": maker, "taker": taker, "rpiMaker": maker}],
        "fiat": [],
        "ts": now_ms(time),
    }


def next_funding_ns(listing: Listing, time: VenueTime) -> int:
    """When funding is paid next, on the true clock: it is counted on the clock of ages."""
    step_ns = listing.instrument.funding_interval_ns
    return (time.age_ns // step_ns + 1) * step_ns - time.age_ns + time.true_ns


def day_starts_ns(now_ns: int) -> tuple[int, int]:
    """When the day began in UTC, and in Hong Kong (16:00 UTC)."""
    hong_kong_ns = (now_ns + 8 * _HOUR_NS) // _DAY_NS * _DAY_NS - 8 * _HOUR_NS
    return now_ns // _DAY_NS * _DAY_NS, hong_kong_ns
