"""Stream names: `btcusdt@depth@100ms`, `!ticker@arr`, a listen key.

Source: the vendor's websocket pages, in three families since 2026-03: public (books), market (everything else that is
public) and private (the account). A name of the wrong family, or of nothing at all, is acknowledged and stays silent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

from venueproof_simulators.kit import feeds
from venueproof_simulators.venues.binance.operations.market import INTERVALS
from venueproof_simulators.venues.binance.wire.numbers import Listing

_MS = 1_000_000
_SPEEDS_MS = {"": 250, "@0ms": 100, "@100ms": 100, "@250ms": 250, "@500ms": 500}
_DEPTH = re.compile(r"depth(5|10|20)?(@\d{1,3}ms)?")
_CANDLES = re.compile(r"([a-zA-Z]+)_(\w+)")
_KEY = re.compile(r"[A-Za-z0-9]{64}")
_INTERVALS = frozenset(INTERVALS)


class Family(StrEnum):
    """Which route a stream belongs to."""

    PUBLIC = "public"
    MARKET = "market"
    PRIVATE = "private"
    LEGACY = "legacy"
    """The bare routes of before 2026-04: everything is served there."""
    ORDERS = "orders"
    """No stream's: the WebSocket API."""


class Kind(StrEnum):
    """What a channel tells."""

    DEPTH = "depth"
    """Changes of the book."""
    LEVELS = "levels"
    """The best few levels, whole."""
    BEST = "bookTicker"
    TRADE = "trade"
    AGGREGATE = "aggTrade"
    MARK = "markPrice"
    CANDLE = "kline"
    CONTINUOUS = "continuousKline"
    DAY = "ticker"
    MINI = "miniTicker"
    INDEX = "indexPrice"
    MARK_CANDLE = "markPriceKline"
    INDEX_CANDLE = "indexPriceKline"
    ASSETS = "assetIndex"
    FORCED = "forceOrder"
    SILENT = "silent"
    """Known, and nothing to tell here: no contract is listed or settled, and no market opens or closes."""


EITHER_HOST = frozenset({Kind.MARK, Kind.CANDLE, Kind.CONTINUOUS, Kind.MARK_CANDLE, Kind.INDEX_CANDLE})
"""What is served of both products on the hosts of either, since the integration of 2026-06."""
_PUBLIC = frozenset({Kind.DEPTH, Kind.LEVELS, Kind.BEST, Kind.TRADE})


TOPICS = {
    Kind.DEPTH: "book",
    Kind.LEVELS: "book",
    Kind.BEST: "ticker",
    Kind.TRADE: "trade",
    Kind.AGGREGATE: "trade",
    Kind.MARK: "ticker",
    Kind.CANDLE: "candle",
    Kind.CONTINUOUS: "candle",
    Kind.DAY: "ticker",
    Kind.MINI: "ticker",
    Kind.INDEX: "ticker",
    Kind.MARK_CANDLE: "candle",
    Kind.INDEX_CANDLE: "candle",
}
"""The neutral word for what a channel tells; `other` for the rest."""


class Channel(feeds.Channel, frozen=True, kw_only=True):
    """One stream, read. `listing` is empty for those of all symbols, or of all contracts of `pair`."""

    kind: Kind
    listing: str = ""
    pair: str = ""
    levels: int = 0
    candles: str = ""

    @property
    def family(self) -> Family:
        """The route it is served on."""
        return Family.PUBLIC if self.kind in _PUBLIC else Family.MARKET


_ALL = {
    "!ticker@arr": (Kind.DAY, 1000),
    "!miniTicker@arr": (Kind.MINI, 1000),
    "!bookTicker": (Kind.BEST, 0),
    "!markPrice@arr": (Kind.MARK, 3000),
    "!markPrice@arr@1s": (Kind.MARK, 1000),
    "!forceOrder@arr": (Kind.FORCED, 1000),
    "!contractInfo": (Kind.SILENT, 0),
    "!assetIndex@arr": (Kind.ASSETS, 1000),
    "tradingSession": (Kind.SILENT, 0),
}
_PLAIN = {
    "bookTicker": (Kind.BEST, 0),
    "trade": (Kind.TRADE, 0),
    "aggTrade": (Kind.AGGREGATE, 0),
    "markPrice": (Kind.MARK, 3000),
    "markPrice@1s": (Kind.MARK, 1000),
    "ticker": (Kind.DAY, 1000),
    "miniTicker": (Kind.MINI, 1000),
    "forceOrder": (Kind.FORCED, 1000),
    "rpiDepth@500ms": (Kind.DEPTH, 500),
}
_OF_PAIR = {
    "markPrice": (Kind.MARK, 3000),
    "markPrice@1s": (Kind.MARK, 1000),
    "indexPrice": (Kind.INDEX, 3000),
    "indexPrice@1s": (Kind.INDEX, 1000),
}
"""What COIN-M tells of a pair."""
_CANDLE_KINDS = {"kline": Kind.CANDLE, "markPriceKline": Kind.MARK_CANDLE}


def _channel(
    name: str,
    kind: Kind,
    listing: str = "",
    *,
    pair: str = "",
    interval_ns: int = 0,
    levels: int = 0,
    candles: str = "",
) -> Channel:
    return Channel(
        name=name,
        topic=TOPICS.get(kind, "other"),
        interval_ns=interval_ns,
        kind=kind,
        listing=listing,
        pair=pair,
        levels=levels,
        candles=candles,
    )


def read_name(name: str, listings: Mapping[str, Listing]) -> Channel | None:
    """The channel that a name means, or None when it means nothing here."""
    if name in _ALL:
        kind, interval_ms = _ALL[name]
        return _channel(name, kind, interval_ns=interval_ms * _MS)
    spelling, separator, rest = name.partition("@")
    if not separator or spelling != spelling.lower():
        return None
    listing = spelling.upper()
    if listing in listings:
        return _of_symbol(name, listings[listing], rest)
    contracts = {(one.pair, one.contract_type): one for one in listings.values()}
    pair, _, contract = listing.partition("_")
    if contract:
        return _continuous(name, contracts.get((pair, contract)), rest)
    first = next((one for one in contracts.values() if one.pair == pair), None)
    return _of_pair(name, first, rest) if first is not None and first.inverse else None


def _of_symbol(name: str, listing: Listing, rest: str) -> Channel | None:
    if rest in _PLAIN:
        kind, interval_ms = _PLAIN[rest]
        return _channel(name, kind, listing.name, interval_ns=interval_ms * _MS)
    candles = _CANDLES.fullmatch(rest)
    if candles is not None:
        return _candles(name, _CANDLE_KINDS.get(candles[1]), listing, candles[2])
    return _depth(name, listing.name, rest)


def _of_pair(name: str, first: Listing, rest: str) -> Channel | None:
    """Streams of a COIN-M pair; `first` is any of its contracts."""
    candles = _CANDLES.fullmatch(rest)
    if candles is not None:
        return _candles(name, Kind.INDEX_CANDLE if candles[1] == "indexPriceKline" else None, first, candles[2])
    if rest not in _OF_PAIR:
        return None
    kind, interval_ms = _OF_PAIR[rest]
    if kind is Kind.MARK:
        return _channel(name, kind, pair=first.pair, interval_ns=interval_ms * _MS)
    return _channel(name, kind, first.name, interval_ns=interval_ms * _MS)


def _candles(name: str, kind: Kind | None, listing: Listing, interval: str) -> Channel | None:
    if kind is None or interval not in _INTERVALS:
        return None
    return _channel(name, kind, listing.name, interval_ns=250 * _MS, candles=interval)


def _depth(name: str, listing: str, rest: str) -> Channel | None:
    match = _DEPTH.fullmatch(rest)
    if match is None or (match[2] or "") not in _SPEEDS_MS:
        return None
    interval_ns = _SPEEDS_MS[match[2] or ""] * _MS
    if match[1] is None:
        return _channel(name, Kind.DEPTH, listing, interval_ns=interval_ns)
    return _channel(name, Kind.LEVELS, listing, interval_ns=interval_ns, levels=int(match[1]))


def _continuous(name: str, listing: Listing | None, rest: str) -> Channel | None:
    kind, _, interval = rest.partition("_")
    wanted = Kind.CONTINUOUS if kind == "continuousKline" else None
    return None if listing is None else _candles(name, wanted, listing, interval)


def is_listen_key(name: str) -> bool:
    """Whether a name can be a listen key."""
    return bool(_KEY.fullmatch(name))
