"""Stream names: `btcusdt@depth@100ms`, `!ticker@arr`, a listen key.

Source: the vendor's websocket pages, in three families since 2026-03: public (books), market (everything else that is
public) and private (the account). A name of the wrong family, or of nothing at all, is acknowledged and stays silent.
"""

from __future__ import annotations

import re
from collections.abc import Container
from enum import StrEnum

from msgspec import Struct

from venueproof_simulators.venues.binance.operations.market import INTERVALS

_MS = 1_000_000
_SPEEDS_MS = {"": 250, "@0ms": 100, "@100ms": 100, "@250ms": 250, "@500ms": 500}
_DEPTH = re.compile(r"depth(5|10|20)?(@\d{1,3}ms)?")
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
    SILENT = "silent"
    """Known, and nothing to tell here: liquidations, listings, asset indexes."""


EITHER_HOST = frozenset({Kind.MARK, Kind.CANDLE, Kind.CONTINUOUS})
"""What is served of both products on the hosts of either, since the integration of 2026-06."""
_PUBLIC = frozenset({Kind.DEPTH, Kind.LEVELS, Kind.BEST, Kind.TRADE})


class Channel(Struct, frozen=True):
    """One stream, read. `listing` is empty for those of all symbols."""

    name: str
    kind: Kind
    listing: str = ""
    interval_ns: int = 0
    """How often it may send; 0: at once."""
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
    "!forceOrder@arr": (Kind.SILENT, 0),
    "!contractInfo": (Kind.SILENT, 0),
    "!assetIndex@arr": (Kind.SILENT, 0),
}
_PLAIN = {
    "bookTicker": (Kind.BEST, 0),
    "trade": (Kind.TRADE, 0),
    "aggTrade": (Kind.AGGREGATE, 0),
    "markPrice": (Kind.MARK, 3000),
    "markPrice@1s": (Kind.MARK, 1000),
    "ticker": (Kind.DAY, 1000),
    "miniTicker": (Kind.MINI, 1000),
    "forceOrder": (Kind.SILENT, 0),
}


def read_name(name: str, listings: Container[str]) -> Channel | None:
    """The channel that a name means, or None when it means nothing here."""
    if name in _ALL:
        kind, interval_ms = _ALL[name]
        return Channel(name, kind, interval_ns=interval_ms * _MS)
    spelling, separator, rest = name.partition("@")
    if not separator or spelling != spelling.lower():
        return None
    if rest.startswith("continuousKline_"):
        return _continuous(name, spelling, rest.removeprefix("continuousKline_"), listings)
    listing = spelling.upper()
    return _of_symbol(name, listing, rest) if listing in listings else None


def _of_symbol(name: str, listing: str, rest: str) -> Channel | None:
    if rest in _PLAIN:
        kind, interval_ms = _PLAIN[rest]
        return Channel(name, kind, listing, interval_ms * _MS)
    if rest.startswith("kline_"):
        interval = rest.removeprefix("kline_")
        return Channel(name, Kind.CANDLE, listing, 250 * _MS, candles=interval) if interval in _INTERVALS else None
    return _depth(name, listing, rest)


def _depth(name: str, listing: str, rest: str) -> Channel | None:
    match = _DEPTH.fullmatch(rest)
    if match is None or (match[2] or "") not in _SPEEDS_MS:
        return None
    interval_ns = _SPEEDS_MS[match[2] or ""] * _MS
    if match[1] is None:
        return Channel(name, Kind.DEPTH, listing, interval_ns)
    return Channel(name, Kind.LEVELS, listing, interval_ns, levels=int(match[1]))


def _continuous(name: str, spelling: str, interval: str, listings: Container[str]) -> Channel | None:
    pair, _, contract = spelling.partition("_")
    if contract != "perpetual" or pair.upper() not in listings or interval not in _INTERVALS:
        return None
    return Channel(name, Kind.CONTINUOUS, pair.upper(), 250 * _MS, candles=interval)


def is_listen_key(name: str) -> bool:
    """Whether a name can be a listen key."""
    return bool(_KEY.fullmatch(name))
