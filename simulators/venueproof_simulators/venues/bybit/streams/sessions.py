"""A WebSocket connection: which path it was opened on, who logged in, and when it last gave a sign of life."""

from __future__ import annotations

import re
from enum import StrEnum
from urllib.parse import parse_qs

from venueproof_simulators.kit import sessions
from venueproof_simulators.kit.refusing import VenueError


class Surface(StrEnum):
    """What a connection is for."""

    PUBLIC = "public"
    PRIVATE = "private"
    TRADE = "trade"
    STATUS = "status"


PATHS = {
    "/v5/public/linear": (Surface.PUBLIC, "linear"),
    "/v5/public/inverse": (Surface.PUBLIC, "inverse"),
    "/v5/public/spot": (Surface.PUBLIC, "spot"),
    "/v5/public/option": (Surface.PUBLIC, "option"),
    "/v5/public/misc/status": (Surface.STATUS, ""),
    "/v5/private": (Surface.PRIVATE, ""),
    "/v5/trade": (Surface.TRADE, ""),
}
"""Every path that a WebSocket can be opened on → what for, and of which category."""
_SPAN = re.compile(r"([0-9]{1,4})(s|m)")


class Session(sessions.Session, kw_only=True):
    """One open connection. `account` is who logged in."""

    surface: Surface
    category: str
    name: str
    """`conn_id`."""
    origin: str
    """Whose environment says which keys are known."""
    active_s: int
    """After so long without a sign of life it is cut off."""
    active_ns: int
    """When there was the last one."""
    muted: bool = False
    """No data is sent on it any more, though pings are answered."""
    dead: bool = False
    """Nothing is said on it any more, and nobody is told."""


def read_active_s(query: str, least_s: int, most_s: int) -> int:
    """`max_active_time` of a handshake in seconds; the most where it is not given. Raises `VenueError`."""
    text = parse_qs(query).get("max_active_time", [""])[0]
    if not text:
        return most_s
    found = _SPAN.fullmatch(text)
    seconds = int(found[1]) * (60 if found[2] == "m" else 1) if found else 0
    if not least_s <= seconds <= most_s:
        raise VenueError("path")
    return seconds
