"""The JSON-RPC envelope of every answer, over HTTP and WebSocket alike.

    {"jsonrpc":"2.0","id":1,"result":…,"usIn":…,"usOut":…,"usDiff":…,"testnet":false}
    {"jsonrpc":"2.0","id":1,"error":{"code":…,"message":"…","data":{…}},"usIn":…,"usOut":…,"usDiff":…,"testnet":false}

`id` is there only when the request had one. Times are in µs on the venue's own clock.
"""

from __future__ import annotations

from collections.abc import Mapping

from venueproof_simulators.host.facts import ErrorRow
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.documents import Document

Id = int | float | str | None
_TOOK_US = 200
"""How long the venue says that it took: nothing here takes any time of its own."""
_REASONS = {
    "missing": "value required",
    "empty": "value required",
    "malformed": "invalid format",
    "not-valid": "invalid value",
    "duplicate": "duplicate parameter",
    "too-many-parameters": "too many parameters",
    "time-range": "invalid time range",
}
"""`reason` of an error about a parameter, by the key of the error's row. Only "invalid format" is a recorded one."""
_DATA = ("reason", "param")


def answer(id: Id, result: object, testnet: bool, time: VenueTime) -> Document:
    """The answer to a request that was carried out."""
    return _envelope(id, {"result": result}, testnet, time)


def error(id: Id, row: ErrorRow, fields: Mapping[str, object], testnet: bool, time: VenueTime) -> Document:
    """The answer to one that was refused; what it was refused for is in `fields`."""
    said: Document = {"message": row.text.format_map({"limit": "", **fields}).rstrip()}
    given = {"reason": fields.get("reason") or _REASONS.get(row.key), "param": fields.get("parameter")}
    data = {name: given[name] for name in _DATA if given[name]}
    if data:
        said["data"] = data
    return _envelope(id, {"error": {**said, "code": row.code}}, testnet, time)


def notification(channel: str, data: object) -> Document:
    """What a channel tells."""
    return {"jsonrpc": "2.0", "method": "subscription", "params": {"channel": channel, "data": data}}


def heartbeat(kind: str) -> Document:
    """A sign of life, or (`test_request`) a call for one; it belongs to no channel."""
    return {"jsonrpc": "2.0", "method": "heartbeat", "params": {"type": kind}}


def _envelope(id: Id, said: Document, testnet: bool, time: VenueTime) -> Document:
    now_us = time.wire_ns // 1000
    head: Document = {"jsonrpc": "2.0"} if id is None else {"jsonrpc": "2.0", "id": id}
    return {**head, **said, "usIn": now_us, "usOut": now_us + _TOOK_US, "usDiff": _TOOK_US, "testnet": testnet}
