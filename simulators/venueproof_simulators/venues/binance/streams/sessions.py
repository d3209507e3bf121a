"""A WebSocket connection: the path it was opened on, and what it has subscribed to."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs, unquote

from msgspec import Struct, field

from venueproof_simulators.kit import sessions
from venueproof_simulators.venues.binance.products import COIN_MARGINED, PRODUCTS, USD_MARGINED
from venueproof_simulators.venues.binance.streams.names import EITHER_HOST, Channel, Family
from venueproof_simulators.venues.binance.wire.numbers import Listing

STREAMS_LIMIT = "streams-per-connection"
"""The limit that says how many streams a connection may have."""
_FAMILIES = {"public": Family.PUBLIC, "market": Family.MARKET, "private": Family.PRIVATE}


class Opening(Struct, frozen=True):
    """What a handshake asks for."""

    family: Family
    combined: bool
    """Messages come wrapped with their stream's name."""
    names: tuple[str, ...]
    listen_key: str = ""
    events: frozenset[str] = frozenset()
    """Account events wanted; empty for all."""


API_OPENING = Opening(family=Family.ORDERS, combined=False, names=())
"""A connection of the WebSocket API, which carries no streams."""


class Session(sessions.Session, kw_only=True):
    """One open connection. `account` is whose events it carries, or carried until its listen key ended."""

    family: Family
    products: frozenset[str]
    """Whose streams its host has."""
    combined: bool
    events: frozenset[str]
    held_acks: list[str] = field(default_factory=list[str])

    def serves(self, channel: Channel, listings: Mapping[str, Listing]) -> bool:
        """Whether its route and host have a channel. Mark prices and candles of either product are on both hosts."""
        if self.family not in {channel.family, Family.LEGACY}:
            return False
        everywhere = not channel.listing or channel.kind in EITHER_HOST
        return everywhere or listings[channel.listing].product.name in self.products

    def carries(self, product: str) -> bool:
        """Whether a listen key of a product (empty: of both) makes it an account's stream."""
        return self.family in {Family.PRIVATE, Family.LEGACY} and (not product or product in self.products)


def products_served(family: Family, origin: str) -> frozenset[str]:
    """Whose streams a connection can have: the three routes are those of USDⓈ-M futures, the bare ones are either's."""
    if family is not Family.LEGACY or origin.startswith("fstream"):
        return frozenset({USD_MARGINED.name})
    return frozenset({COIN_MARGINED.name}) if origin.startswith("dstream") else frozenset(PRODUCTS)


def read_opening(path: str, query: str) -> Opening | None:
    """What a handshake's path and query mean; None when there is no such path.

    `/ws/NAME/…`, `/stream?streams=NAME/…`, each alone or behind `/public`, `/market` or `/private`. A segment that is
    a number is ccxt's count of connections and no stream.
    """
    segments = [unquote(segment) for segment in path.split("/") if segment]
    family = _FAMILIES.get(segments[0]) if segments else None
    if family is not None:
        segments = segments[1:]
    if not segments or segments[0] not in {"ws", "stream"}:
        return None
    values = parse_qs(query)
    names = [name for name in segments[1:] if not name.isdigit()]
    names += [name for text in values.get("streams", []) for name in text.split("/") if name]
    wanted = [event for text in values.get("events", []) for event in text.split("/") if event]
    return Opening(
        family=family or Family.LEGACY,
        combined=segments[0] == "stream",
        names=tuple(dict.fromkeys(names)),
        listen_key=values.get("listenKey", [""])[0],
        events=frozenset(wanted),
    )
