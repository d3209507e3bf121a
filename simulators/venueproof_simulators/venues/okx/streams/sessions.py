"""A WebSocket connection: the endpoint it was opened on, who logged in, and what it has subscribed to."""

from __future__ import annotations

from urllib.parse import parse_qs

from msgspec import Struct, field

from venueproof_simulators.kit.sessions import Session as CommonSession
from venueproof_simulators.venues.okx.streams.names import Url

_PATHS = {f"/ws/v5/{url.value}": url for url in Url}
_DEMO_PREFIX = "/pap"
_DEMO_BROKER = "9999"
DEMO_SUFFIX = "-demo"
"""What the names of origins of demo trading end with."""


class Opening(Struct, frozen=True):
    """What a handshake asks for."""

    url: Url
    demo: bool


class Session(CommonSession, kw_only=True):
    """One open connection."""

    url: Url
    demo: bool
    connection: str
    """`connId`."""
    origin: str
    args: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    """Subscriptions to channels of the account, by what they are known by."""
    spoken: bool = False
    """Something was sent since silence was last looked for."""


def read_opening(path: str, query: str, origin: str) -> Opening | None:
    """What a handshake means; None when there is no such path.

    Demo trading has a host of its own; here it is also known by the broker that ccxt names, or by a path of its own.
    """
    demo = origin.endswith(DEMO_SUFFIX) or path.startswith(_DEMO_PREFIX)
    demo = demo or parse_qs(query).get("brokerId") == [_DEMO_BROKER]
    url = _PATHS.get(path.removeprefix(_DEMO_PREFIX))
    return None if url is None else Opening(url, demo)
