"""Frames that clients send: challenge, subscribe, unsubscribe, ping. There is no other; orders are not taken here.

Source: the vendor's WebSocket pages; words of refusals as recorded.
"""

from __future__ import annotations

from typing import Any, cast

from msgspec import Struct

from venueproof_simulators.kit.parameters import decode_json
from venueproof_simulators.kit.refusing import VenueError

PUBLIC = frozenset({"ticker", "ticker_lite", "trade", "book"})
"""Feeds of products."""
HEARTBEAT = "heartbeat"
PRIVATE = frozenset(
    {"open_orders", "open_orders_verbose", "fills", "open_positions", "balances", "account_log", "notifications_auth"}
)
"""Feeds of an account."""
_SPELLINGS = {"open_position": "open_positions"}
"""Another name that the vendor's page has."""
EVENTS = ("challenge", "subscribe", "unsubscribe", "ping")

JSON_ERROR = "Json Error"
BAD_FEED = "Invalid feed"
BAD_PRODUCT = "Invalid product id"
BAD_MESSAGE = "Bad websocket message"
NOT_PROVEN = "Failed to subscribe to authenticated feed"
AGAIN = "Already subscribed to feed, re-requesting"


class FrameError(Exception):
    """A frame is not carried out; `event` is `error` or `alert`."""

    def __init__(self, event: str, message: str) -> None:
        super().__init__(message)
        self.event = event
        self.message = message

    def document(self) -> dict[str, object]:
        """The answer."""
        return {"event": self.event, "message": self.message}


class Proof(Struct, frozen=True):
    """What a private frame must hold."""

    api_key: str
    challenge: str
    signature: str


class Frame(Struct, frozen=True):
    """One frame, read."""

    event: str
    feed: str = ""
    """As it was spelled."""
    products: tuple[str, ...] = ()
    proof: Proof = Proof("", "", "")

    @property
    def name(self) -> str:
        """The feed by its usual name."""
        return _SPELLINGS.get(self.feed, self.feed)


def read_frame(raw: str | bytes) -> Frame:
    """What a frame asks for. Raises `FrameError`."""
    try:
        decoded = decode_json(raw)
    except VenueError as fault:
        raise FrameError("error", JSON_ERROR) from fault
    if not isinstance(decoded, dict):
        raise FrameError("error", JSON_ERROR)
    document = cast(dict[str, Any], decoded)
    event = document.get("event")
    if event not in EVENTS:
        raise FrameError("alert", BAD_MESSAGE)
    if event == "ping":
        return Frame("ping")
    if event == "challenge":
        return Frame("challenge", proof=Proof(_key(document), "", ""))
    return _subscription(str(event), document)


def _key(document: dict[str, Any]) -> str:
    key: object = document.get("api_key")
    if not isinstance(key, str) or not (key.isascii() and key.isprintable() and key):
        raise FrameError("error", JSON_ERROR)
    return key


def _subscription(event: str, document: dict[str, Any]) -> Frame:
    feed: object = document.get("feed")
    if not isinstance(feed, str):
        raise FrameError("alert", BAD_MESSAGE)
    named = _SPELLINGS.get(feed, feed)
    if named in PRIVATE:
        parts = [document.get(name) for name in ("api_key", "original_challenge", "signed_challenge")]
        texts = [part if isinstance(part, str) else "" for part in parts]
        return Frame(event, feed, proof=Proof(*texts))
    if named == HEARTBEAT:
        return Frame(event, feed)
    if named not in PUBLIC:
        raise FrameError("error", BAD_FEED)
    return Frame(event, feed, _products(document))


def _products(document: dict[str, Any]) -> tuple[str, ...]:
    given: object = document.get("product_ids")
    if not isinstance(given, list) or not given:
        raise FrameError("error", BAD_PRODUCT)
    names = [name for name in cast(list[object], given) if isinstance(name, str)]
    if len(names) < len(cast(list[object], given)):
        raise FrameError("error", BAD_PRODUCT)
    return tuple(dict.fromkeys(names))
