"""Names of topics: what a name stands for. `orderbook.50.BTCUSDT`, `kline.1.BTCUSD`, `order`, `execution.linear`."""

from __future__ import annotations

from enum import StrEnum

from venueproof_simulators.kit import feeds
from venueproof_simulators.venues.bybit.operations.desk import Desk
from venueproof_simulators.venues.bybit.operations.market import INTERVALS

_MS = 1_000_000
DEPTHS = {"1": 10 * _MS, "50": 20 * _MS, "200": 100 * _MS, "1000": 200 * _MS}
"""Levels of a book topic → how often it may send. 500 is in older pages and refused."""
PRIVATE = ("order", "execution", "execution.fast", "position")
"""Topics of an account that are there for all categories together, and for each with its name behind."""
_CATEGORIES = ("linear", "inverse", "spot", "option")
ACCOUNT_TOPICS = {"wallet": "wallet", "dcp": "dcp", "dcp.future": "dcp"} | {
    name: topic for topic in PRIVATE for name in (topic, *(f"{topic}.{category}" for category in _CATEGORIES))
}
"""Every topic of an account → the kind of thing that it tells."""


class Kind(StrEnum):
    """What a market topic tells."""

    BOOK = "orderbook"
    TRADES = "publicTrade"
    TICKER = "tickers"
    CANDLES = "kline"
    LIQUIDATIONS = "allLiquidation"


_WORDS = {
    Kind.BOOK: ("book", 0),
    Kind.TRADES: ("trade", 10 * _MS),
    Kind.TICKER: ("ticker", 100 * _MS),
    Kind.CANDLES: ("candle", 1000 * _MS),
    Kind.LIQUIDATIONS: ("other", 500 * _MS),
}
"""The neutral word for each kind, and how often it may send."""


class Channel(feeds.Channel, frozen=True, kw_only=True):
    """A market topic."""

    kind: Kind
    instrument: str
    detail: str = ""
    """Levels of a book, length of candles."""


def read_topic(name: str, category: str, desk: Desk) -> Channel | None:
    """What a name stands for on a socket of a category; None when there is no such topic."""
    kind, _, rest = name.partition(".")
    detail, _, symbol = rest.rpartition(".")
    listing = desk.listings.get(symbol)
    if kind not in set(Kind) or listing is None or listing.category != category:
        return None
    found = Kind(kind)
    allowed = {Kind.BOOK: DEPTHS.keys(), Kind.CANDLES: INTERVALS.keys()}.get(found, {""})
    if detail not in allowed:
        return None
    topic, interval_ns = _WORDS[found]
    interval_ns = DEPTHS.get(detail, interval_ns) if found is Kind.BOOK else interval_ns
    return Channel(name=name, topic=topic, interval_ns=interval_ns, kind=found, instrument=symbol, detail=detail)


def category_of(name: str) -> str:
    """The category that a topic of an account is for; empty for all."""
    last = name.rpartition(".")[2]
    return last if last in _CATEGORIES else ""
