"""Frames that clients send: logins, subscriptions, operations on orders; and `ping` in plain text.

Source: the vendor's page on WebSocket; ccxt 4.5.90 parses what is echoed behind `Illegal request: `.
"""

from __future__ import annotations

import re
from typing import Any, cast

from msgspec import Struct

from venueproof_simulators.kit.parameters import as_text, decode_json
from venueproof_simulators.kit.refusing import VenueError

LOGIN, SUBSCRIBE, UNSUBSCRIBE = "login", "subscribe", "unsubscribe"
_KEYS = frozenset({"id", "op", "args", "expTime"})
_ID = re.compile(r"[A-Za-z0-9]{1,32}")
_ECHO_MAX = 4096


class Request(Struct, frozen=True):
    """One frame, read."""

    op: str
    args: tuple[dict[str, object], ...]
    id: str = ""
    expires: str = ""


def read_frame(frame: str | bytes, bytes_max: int) -> Request:
    """What a frame asks for. Raises `VenueError`."""
    text = frame if isinstance(frame, str) else frame.decode("utf-8", "replace")
    try:
        decoded = decode_json(text)
    except VenueError:
        raise illegal(text) from None
    if not isinstance(decoded, dict):
        raise illegal(text)
    document = cast(dict[str, Any], decoded)
    op, id = document.get("op"), document.get("id", "")
    if not document.keys() <= _KEYS or not isinstance(op, str):
        raise illegal(text)
    if not isinstance(id, str | int) or (id != "" and not _ID.fullmatch(str(id))):
        raise illegal(text)
    expires = document.get("expTime", "")
    if not isinstance(expires, str | int):
        raise illegal(text)
    if len(text.encode("utf-8", "replace")) > bytes_max:
        raise VenueError("ws-args")
    return Request(op, _args(document.get("args")), str(id), str(expires))


def _args(sent: object) -> tuple[dict[str, object], ...]:
    """The arguments: a list of objects. Raises `VenueError`."""
    if not isinstance(sent, list) or not sent:
        raise VenueError("ws-args")
    rows = cast(list[object], sent)
    if not all(isinstance(row, dict) for row in rows):
        raise VenueError("ws-args")
    return tuple(cast(dict[str, object], row) for row in rows)


def illegal(text: str) -> VenueError:
    """A frame that makes no sense is echoed."""
    return VenueError("ws-illegal", frame=text[:_ECHO_MAX])


def arg_of(row: dict[str, object]) -> dict[str, str]:
    """The argument of a subscription as texts, without what is empty. Raises `VenueError`."""
    if not all(isinstance(value, str | int) or value is None for value in row.values()):
        raise VenueError("ws-args")
    arg = {name: as_text(cast(Any, value)) for name, value in row.items() if value not in ("", None)}
    if "channel" not in arg:
        raise VenueError("ws-args")
    return arg
