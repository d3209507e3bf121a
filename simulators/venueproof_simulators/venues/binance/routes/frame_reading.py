"""One frame of the WebSocket API, read: its id, its method, and its parameters as a query would have them.

Source: the vendor's WebSocket API page, whose sample of `order.place` has one amount as a number and one as a string;
so both are taken, and a number is signed as it is spelled. `timestamp` is an integer; the vendor's own SDK and ccxt
send other integers as strings. What an id may be is the text of the venue's own refusal, as recorded.
"""

from __future__ import annotations

import re
from typing import Any, cast

import msgspec
from msgspec import Struct

from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.binance.operations.parameters import Parameters

Id = int | str | None
"""What a client names its requests by."""
NOTHING = Parameters({})
_ID = re.compile(r"[a-zA-Z0-9-_]{1,36}")
_PARAMETERS_MAX = 200
_LONG = 2**63


class _Fraction(str):
    """A number with a fraction or an exponent, as it is spelled."""

    __slots__ = ()


_DECODER = msgspec.json.Decoder(float_hook=_Fraction)


class Frame(Struct, frozen=True):
    """One request. `fault` says why it cannot be carried out; then the rest is what could be read nevertheless."""

    id: Id = None
    method: str = ""
    parameters: Parameters = NOTHING
    signed: str = ""
    """The text that its signature covers."""
    fault: VenueError | None = None


def read_frame(text: str | bytes) -> Frame:
    """A frame, or what is wrong with it. Never raises."""
    try:
        decoded: object = _DECODER.decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return Frame(fault=VenueError("frame-json"))
    if not isinstance(decoded, dict):
        return Frame(fault=VenueError("frame-json"))
    document = cast(dict[str, Any], decoded)
    id: object = document.get("id", _Fraction())
    if not _legal(id):
        return Frame(fault=VenueError("frame-id"))
    return _request(cast(Id, id), document)


def _legal(id: object) -> bool:
    if isinstance(id, str):
        return not isinstance(id, _Fraction) and bool(_ID.fullmatch(id))
    return id is None or (isinstance(id, int) and not isinstance(id, bool) and -_LONG <= id < _LONG)


def _request(id: Id, document: dict[str, Any]) -> Frame:
    method = document.get("method")
    if not isinstance(method, str) or isinstance(method, _Fraction) or not method:
        return Frame(id, fault=VenueError("missing", parameter="method"))
    params = document.get("params", {})
    if not isinstance(params, dict):
        return Frame(id, method, fault=VenueError("missing", parameter="params"))
    sent = cast(dict[str, Any], params)
    try:
        return _with_parameters(id, method, sent)
    except VenueError as fault:
        return Frame(id, method, fault=fault)


def _with_parameters(id: Id, method: str, sent: dict[str, Any]) -> Frame:
    if len(sent) > _PARAMETERS_MAX:
        raise VenueError("too-many-parameters")
    if isinstance(sent.get("timestamp", 0), str):
        raise VenueError("missing", parameter="timestamp")
    values = {name: _text(name, sent[name]) for name in sorted(sent)}
    signed = "&".join([f"{name}={value}" for name, value in values.items() if name != "signature"])
    return Frame(id, method, Parameters(values), signed)


def _text(name: str, value: object) -> str:
    """A value as a query would have it. Raises `VenueError` for what has no business here: lists, null."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and -_LONG <= value < _LONG:
        return str(value)
    raise VenueError("missing", parameter=name)
