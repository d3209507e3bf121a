"""Frames that clients send: SUBSCRIBE, UNSUBSCRIBE, LIST_SUBSCRIPTIONS, SET_PROPERTY, GET_PROPERTY.

Source: the vendor's "live subscribing" page. Error codes there: 0 unknown property, 1 wrong value type, 2 invalid
request, 3 invalid JSON. Orders are not taken here: `order.place` is an unknown method on a stream.
"""

from __future__ import annotations

from typing import Any, cast

import msgspec
from msgspec import Struct

METHODS = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY")
_UNSIGNED_MAX = 2**64


class FrameError(Exception):
    """A frame cannot be carried out. `id` is that of the request, None when it had none that is legal."""

    def __init__(self, code: int, text: str, id: int | None = None) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.id = id

    def document(self) -> dict[str, Any]:
        """The answer."""
        return {"error": {"code": self.code, "msg": self.text}, "id": self.id}


class Request(Struct, frozen=True):
    """One frame, read. `property` and `value` are for the two property methods."""

    id: int
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


def _id(document: dict[str, Any]) -> int:
    id = document.get("id")
    if isinstance(id, bool) or not isinstance(id, int) or not 0 <= id < _UNSIGNED_MAX:
        raise FrameError(2, "Invalid request: request ID must be an unsigned integer")
    return id


def _shown(method: object) -> str:
    return method[:40] if isinstance(method, str) else ""


def _subscription(id: int, method: str, values: list[object]) -> Request:
    names = [value for value in values if isinstance(value, str)]
    if len(names) < len(values):
        raise FrameError(2, "Invalid request: invalid type, expected a string in `params`", id)
    return Request(id, method, tuple(dict.fromkeys(names)))


def _property(id: int, method: str, values: list[object]) -> Request:
    if not values or values[0] != "combined":
        raise FrameError(0, "Unknown property", id)
    if method == "GET_PROPERTY":
        return Request(id, method)
    if len(values) != 2 or not isinstance(values[1], bool):
        raise FrameError(1, "Invalid value type: expected Boolean", id)
    return Request(id, method, value=values[1])
