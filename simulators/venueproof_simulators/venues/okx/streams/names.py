"""Names of channels: which endpoint has one, what it is about, and what it is called inside.

A channel on another endpoint than its own is refused, each in its own words. Source: the vendor's channel pages, issue
reports on codes 60018, 64001 and 64002, and the channels that ccxt 4.5.90 subscribes.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct, field

from venueproof_simulators.kit.feeds import Channel as CommonChannel
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.okx.operations.bars import BARS
from venueproof_simulators.venues.okx.products import STREAM_TYPES
from venueproof_simulators.venues.okx.wire.numbers import Listing

Arg = Mapping[str, str]
"""What a subscription names: `channel`, and what of it."""
MIGRATED = "okx.ws.wrong-endpoint"
_MS = 1_000_000


class Url(StrEnum):
    """The three endpoints."""

    PUBLIC = "public"
    PRIVATE = "private"
    BUSINESS = "business"


class About(StrEnum):
    """What a channel is asked of."""

    INSTRUMENT = "instId"
    INDEX = "index"
    TYPE = "instType"
    NOTHING = ""


class Kind(Struct, frozen=True):
    """What is known of a channel before anybody subscribes to it."""

    url: Url
    about: About = About.INSTRUMENT
    topic: str = "other"
    interval_ns: int = 0
    tier: str = ""
    """The refusal of accounts whose tier of fees is too low."""


def _market(topic: str, interval_ms: int = 0, tier: str = "") -> Kind:
    return Kind(Url.PUBLIC, topic=topic, interval_ns=interval_ms * _MS, tier=tier)


MARKET: Mapping[str, Kind] = {
    "tickers": _market("ticker", 100),
    "books": _market("book", 100),
    "books5": _market("book", 100),
    "bbo-tbt": _market("ticker", 10),
    "books-l2-tbt": _market("book", 10, "ws-tier-books-l2"),
    "books50-l2-tbt": _market("book", 10, "ws-tier-books-50"),
    "trades": _market("trade"),
    "funding-rate": _market("other", 60_000),
    "open-interest": _market("other", 3_000),
    "mark-price": _market("other", 200),
    "price-limit": _market("other", 200),
    "index-tickers": Kind(Url.PUBLIC, About.INDEX, interval_ns=100 * _MS),
    "instruments": Kind(Url.PUBLIC, About.TYPE),
    "liquidation-orders": Kind(Url.PUBLIC, About.TYPE),
    "status": Kind(Url.PUBLIC, About.NOTHING),
    "trades-all": Kind(Url.BUSINESS, topic="trade"),
    **{f"candle{bar}": Kind(Url.BUSINESS, topic="candle", interval_ns=1000 * _MS) for bar in BARS},
    **{f"mark-price-candle{bar}": Kind(Url.BUSINESS, interval_ns=1000 * _MS) for bar in BARS},
    **{f"index-candle{bar}": Kind(Url.BUSINESS, About.INDEX, interval_ns=1000 * _MS) for bar in BARS},
}
"""Channels of the market."""
PRIVATE: Mapping[str, Kind] = {
    "account": Kind(Url.PRIVATE, About.NOTHING, "balance"),
    "positions": Kind(Url.PRIVATE, About.TYPE, "position"),
    "balance_and_position": Kind(Url.PRIVATE, About.NOTHING, "position"),
    "liquidation-warning": Kind(Url.PRIVATE, About.TYPE),
    "account-greeks": Kind(Url.PRIVATE, About.NOTHING),
    "orders": Kind(Url.PRIVATE, About.TYPE, "order"),
    "fills": Kind(Url.PRIVATE, About.NOTHING, "fill", tier="ws-tier-fills"),
    "orders-algo": Kind(Url.BUSINESS, About.TYPE, "order"),
    "algo-advance": Kind(Url.BUSINESS, About.TYPE, "order"),
    "deposit-info": Kind(Url.BUSINESS, About.NOTHING),
}
"""Channels of an account."""


class Channel(CommonChannel, frozen=True, kw_only=True):
    """A channel of the market that was found."""

    word: str
    """`channel`."""
    listing: str = ""
    arg: dict[str, str] = field(default_factory=dict[str, str])
    """What messages say that they are of."""


def check_url(word: str, url: Url, *, migrated: bool) -> Kind:
    """The kind of a channel on its own endpoint. Raises `VenueError`, worded as the endpoint words it."""
    kind = MARKET.get(word) or PRIVATE.get(word)
    if kind is None:
        raise VenueError("ws-channel")
    if kind.url is url:
        return kind
    if url is Url.BUSINESS:
        raise VenueError("ws-not-business")
    raise VenueError("ws-business" if kind.url is Url.BUSINESS and migrated else "ws-channel")


def read_channel(arg: Arg, kind: Kind, listings: Mapping[str, Listing]) -> Channel:
    """A channel of the market. Raises `VenueError` for what there is not."""
    word = arg["channel"]
    if kind.about is About.NOTHING:
        return Channel(name=word, word=word, topic=kind.topic, arg={"channel": word})
    value = arg.get("instType" if kind.about is About.TYPE else "instId", "")
    listing = ""
    if kind.about is About.TYPE:
        if value not in STREAM_TYPES:
            raise VenueError("ws-channel")
    else:
        found = _find(value, kind.about, listings)
        if found is None:
            raise VenueError("ws-channel")
        listing = found.name
    named = "instType" if kind.about is About.TYPE else "instId"
    return Channel(
        name=f"{word} {value}",
        word=word,
        topic=kind.topic,
        interval_ns=kind.interval_ns,
        listing=listing,
        arg={"channel": word, named: value},
    )


def _find(value: str, about: About, listings: Mapping[str, Listing]) -> Listing | None:
    if about is About.INSTRUMENT:
        return listings.get(value)
    return next((one for one in listings.values() if one.family == value), None)


def check_private(arg: Arg, kind: Kind, listings: Mapping[str, Listing]) -> None:
    """What a channel of an account is asked of. Raises `VenueError`."""
    if kind.about is not About.TYPE:
        return
    instrument = arg.get("instId", "")
    if arg.get("instType", "") not in STREAM_TYPES or (instrument and instrument not in listings):
        raise VenueError("ws-channel")


def key_of(arg: Arg) -> str:
    """What a subscription is known by: the same arguments in any order are the same one."""
    return " ".join(f"{name}={arg[name]}" for name in sorted(arg))


def described(arg: Arg) -> str:
    """A subscription as a refusal names it: `candle1m,instId:BTC-USDT-SWAP`."""
    rest = [f"{name}:{value}" for name, value in arg.items() if name != "channel"]
    return ",".join((arg.get("channel", ""), *rest))
