"""Frames that clients send: SUBSCRIBE, UNSUBSCRIBE, LIST_SUBSCRIPTIONS, SET_PROPERTY, GET_PROPERTY.

Source: the vendor's "live subscribing" page. Error codes there: 0 unknown property, 1 wrong value type, 2 invalid
request, 3 invalid JSON. What an id may be: the vendor's newer pages, whose SDK sends UUIDs. Orders are not taken here:
`order.place` is an unknown method on a stream.
"""

from __future__ import annotations

import re
from typing import Any, cast

import msgspec
from msgspec import Struct

Id = int | str | None
"""What a client may name its frames by."""
METHODS = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY")
_UNSIGNED_MAX = 2**64
_TEXT_ID = re.compile(r"[0-9A-Za-z-]{1,36}")


class FrameError(Exception):
    """A frame cannot be carried out. `id` is that of the request, None when it had none that is legal."""

    def __init__(self, code: int, text: str, id: Id = None) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.id = id

    def document(self) -> dict[str, Any]:
        """The answer."""
        return {"error": {"code": self.code, "msg": self.text}, "id": self.id}


class Request(Struct, frozen=True):
    """One frame, read. `property` and `value` are for the two property methods."""

    id: Id
    method: str
    names: tuple[str, ...] = ()
    value: bool = False


def read_frame(frame: str | bytes) -> Request:
    """What a frame asks for. Raises `FrameError`."""
    try:
        decoded: object = msgspec.json.decode(frame)
    except (msgspec.MsgspecError, ValueError, RecursionError) as fault:
        raise FrameError(3, "Invalid JSON: expected value at line 1 column 1") from fault
    if not isinstance(decoded, dict):
        raise FrameError(2, "Invalid request: expected an object")
    document = cast(dict[str, Any], decoded)
    id = _id(document)
    method = document.get("method")
    if method not in METHODS:
        known = ", ".join(f"`{name}`" for name in METHODS)
        raise FrameError(2, f"Invalid request: unknown variant `{_shown(method)}`, expected one of {known}", id)
    if method == "LIST_SUBSCRIPTIONS":
        return Request(id, method)
    params = document.get("params")
    if not isinstance(params, list):
        raise FrameError(2, "Invalid request: invalid type, expected a sequence for `params`", id)
    values = cast(list[object], params)
    return _subscription(id, method, values) if method.endswith("SUBSCRIBE") else _property(id, method, values)


def _id(document: dict[str, Any]) -> Id:
    """An unsigned integer, an alphanumeric string of at most 36 characters (UUIDs with their dashes), or null."""
    id: object = document.get("id", False)
    unsigned = isinstance(id, int) and not isinstance(id, bool) and 0 <= id < _UNSIGNED_MAX
    if id is None or unsigned or (isinstance(id, str) and _TEXT_ID.fullmatch(id)):
        return cast(Id, id)
    raise FrameError(2, "Invalid request: request ID must be an unsigned integer")


def _shown(method: object) -> str:
    return method[:40] if isinstance(method, str) else ""


def _subscription(id: Id, method: str, values: list[object]) -> Request:
    names = [value for value in values if isinstance(value, str)]
    if len(names) < len(values):
        raise FrameError(2, "Invalid request: invalid type, expected a string in `params`", id)
    return Request(id, method, tuple(dict.fromkeys(names)))


def _property(id: Id, method: str, values: list[object]) -> Request:
    if not values or values[0] != "combined":
        raise FrameError(0, "Unknown property", id)
    if method == "GET_PROPERTY":
        return Request(id, method)
    if len(values) != 2 or not isinstance(values[1], bool):
        raise FrameError(1, "Invalid value type: expected Boolean", id)
    return Request(id, method, value=values[1])
