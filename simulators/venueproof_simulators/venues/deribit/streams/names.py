"""Names of channels: `book.BTC-PERPETUAL.100ms`, `user.orders.any.any.raw`, `user.portfolio.btc`.

Source: the vendor's list of subscriptions. A name that means nothing is left out of the answer, and nothing is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from venueproof_simulators.kit.feeds import Channel as KitChannel
from venueproof_simulators.venues.deribit.operations.desk import KINDS
from venueproof_simulators.venues.deribit.operations.market import RESOLUTIONS
from venueproof_simulators.venues.deribit.wire.numbers import Listing

_MS = 1_000_000
INTERVALS_NS = {"raw": 0, "100ms": 100 * _MS, "agg2": 1000 * _MS}
_GROUPS = frozenset({"none", "1", "2", "5", "10", "25", "100", "250"})
_DEPTHS = frozenset({"1", "10", "20"})
_SECOND_NS = 1000 * _MS
_CANDLE_NS = 250 * _MS


class Kind(StrEnum):
    """What a channel tells."""

    BOOK = "book"
    GROUPED = "grouped book"
    TICKER = "ticker"
    INCREMENTAL = "incremental_ticker"
    QUOTE = "quote"
    TRADES = "trades"
    CHART = "chart"
    PERPETUAL = "perpetual"
    INDEX = "deribit_price_index"
    ESTIMATED = "estimated_expiration_price"
    OPTION_MARKS = "markprice.options"
    STATE = "instrument.state"
    PLATFORM = "platform_state"
    PUBLIC_METHODS = "platform_state.public_methods_state"
    SILENT = "silent"
    """Known, and nothing to tell here."""
    ORDERS = "user.orders"
    FILLS = "user.trades"
    CHANGES = "user.changes"
    PORTFOLIO = "user.portfolio"


TOPICS = {
    Kind.BOOK: "book",
    Kind.GROUPED: "book",
    Kind.TICKER: "ticker",
    Kind.INCREMENTAL: "ticker",
    Kind.QUOTE: "ticker",
    Kind.TRADES: "trade",
    Kind.CHART: "candle",
    Kind.PERPETUAL: "ticker",
    Kind.INDEX: "ticker",
    Kind.ORDERS: "order",
    Kind.FILLS: "fill",
    Kind.PORTFOLIO: "balance",
}
"""The neutral word for what a channel tells; other for the rest."""
_OF_ACCOUNT = frozenset({Kind.ORDERS, Kind.FILLS, Kind.CHANGES, Kind.PORTFOLIO})
_USER = {"orders": Kind.ORDERS, "trades": Kind.FILLS, "changes": Kind.CHANGES}
_PLAIN = {
    "platform_state": Kind.PLATFORM,
    "platform_state.public_methods_state": Kind.PUBLIC_METHODS,
    "announcements": Kind.SILENT,
    "user.lock": Kind.SILENT,
    "user.access_log": Kind.SILENT,
}
_OF_INDEX = {
    "deribit_price_index": Kind.INDEX,
    "deribit_volatility_index": Kind.SILENT,
    "estimated_expiration_price": Kind.ESTIMATED,
}


class Channel(KitChannel, frozen=True, kw_only=True):
    """One channel, read; its name as it is told, portfolios in small letters.

    What it is about is an instrument, a kind and a currency (`any` for all), or an index.
    """

    kind: Kind
    instrument: str = ""
    instruments: str = "any"
    currency: str = "any"
    index: str = ""
    raw: bool = False
    group: str = ""
    depth: int = 0
    resolution: str = ""
    private: bool = False
    """It is an account's."""

    def covers(self, listing: Listing) -> bool:
        """Whether it is about an instrument."""
        if self.instrument:
            return self.instrument == listing.name
        if self.index:
            return self.index == listing.index_name
        return self.instruments in ("any", listing.kind) and self.currency in ("any", listing.currency)


class Reader:
    """Reads names, given what is listed."""

    def __init__(self, listings: Mapping[str, Listing], currencies: Mapping[str, object]) -> None:
        self._listings = listings
        self._currencies = currencies

    def read(self, name: str) -> Channel | None:
        """The channel that a name means, or None when it means nothing here."""
        if name in _PLAIN:
            return _channel(name, _PLAIN[name], private=name.startswith("user."))
        parts = name.split(".")
        if parts[0] == "user":
            return self._user(name, parts[1:])
        if parts[0] == "book":
            return self._book(name, parts[1:])
        if len(parts) == 2 and parts[0] in _OF_INDEX and self._is_index(parts[1]):
            return _channel(name, _OF_INDEX[parts[0]], index=parts[1], interval_ns=_SECOND_NS)
        return self._market(name, parts)

    def _market(self, name: str, parts: list[str]) -> Channel | None:
        match parts:
            case ["ticker", instrument, interval] if instrument in self._listings:
                return self._timed(name, Kind.TICKER, interval, instrument)
            case ["incremental_ticker", instrument] if instrument in self._listings:
                return _channel(name, Kind.INCREMENTAL, instrument=instrument, interval_ns=100 * _MS)
            case ["quote", instrument] if instrument in self._listings:
                return _channel(name, Kind.QUOTE, instrument=instrument)
            case ["trades", instrument, interval] if instrument in self._listings:
                return self._timed(name, Kind.TRADES, interval, instrument)
            case ["trades", kind, currency, interval] if self._scope(kind, currency):
                return self._timed(name, Kind.TRADES, interval, "", kind, currency)
            case ["chart", "trades", instrument, resolution] if instrument in self._listings:
                known = resolution in RESOLUTIONS
                return (
                    _channel(name, Kind.CHART, instrument=instrument, resolution=resolution, interval_ns=_CANDLE_NS)
                    if known
                    else None
                )
            case ["perpetual", instrument, interval] if instrument in self._listings:
                known = self._listings[instrument].perpetual and interval in INTERVALS_NS
                interval_ns = INTERVALS_NS.get(interval) or _SECOND_NS
                return _channel(name, Kind.PERPETUAL, instrument=instrument, interval_ns=interval_ns) if known else None
            case ["markprice", "options", index] if self._is_index(index):
                return _channel(name, Kind.OPTION_MARKS, index=index, interval_ns=_SECOND_NS)
            case ["instrument", "state", kind, currency] if self._scope(kind, currency):
                return _channel(name, Kind.STATE, instruments=kind, currency=_currency(currency))
            case _:
                return None

    def _timed(
        self, name: str, kind: Kind, interval: str, instrument: str, instruments: str = "any", currency: str = "any"
    ) -> Channel | None:
        if interval not in INTERVALS_NS:
            return None
        return _channel(
            name,
            kind,
            instrument=instrument,
            instruments=instruments,
            currency=_currency(currency),
            interval_ns=INTERVALS_NS[interval],
            raw=interval == "raw",
            private=kind in _OF_ACCOUNT,
        )

    def _book(self, name: str, parts: list[str]) -> Channel | None:
        if not parts or parts[0] not in self._listings:
            return None
        if len(parts) == 2:
            return self._timed(name, Kind.BOOK, parts[1], parts[0])
        if len(parts) == 4 and parts[1] in _GROUPS and parts[2] in _DEPTHS and parts[3] in INTERVALS_NS:
            interval_ns = INTERVALS_NS[parts[3]]
            raw = parts[3] == "raw"
            depth = int(parts[2])
            return _channel(
                name,
                Kind.GROUPED,
                instrument=parts[0],
                interval_ns=interval_ns,
                raw=raw,
                group=parts[1],
                depth=depth,
            )
        return None

    def _user(self, name: str, parts: list[str]) -> Channel | None:
        match parts:
            case ["portfolio", currency] if currency.lower() == "any" or currency.upper() in self._currencies:
                echoed = f"user.portfolio.{currency.lower()}"
                return _channel(echoed, Kind.PORTFOLIO, currency=_currency(currency), private=True)
            case ["mmp_trigger", index] if self._is_index(index):
                return _channel(name, Kind.SILENT, private=True)
            case [kind, instrument, interval] if kind in _USER and instrument in self._listings:
                return self._timed(name, _USER[kind], interval, instrument)
            case [kind, instruments, currency, interval] if kind in _USER and self._scope(instruments, currency):
                return self._timed(name, _USER[kind], interval, "", instruments, currency)
            case _:
                return None

    def _scope(self, kind: str, currency: str) -> bool:
        return kind in KINDS and (currency.lower() == "any" or currency.upper() in self._currencies)

    def _is_index(self, name: str) -> bool:
        return any(listing.index_name == name for listing in self._listings.values())


def _channel(name: str, kind: Kind, **more: Any) -> Channel:
    return Channel(name=name, kind=kind, topic=TOPICS.get(kind, "other"), **more)


def _currency(name: str) -> str:
    return "any" if name.lower() == "any" else name.upper()
