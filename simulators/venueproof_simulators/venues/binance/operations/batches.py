"""Several orders in one request: each item succeeds or fails by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import msgspec
from msgspec import structs

from venueproof_simulators.kit.documents import Document
from venueproof_simulators.kit.refusing import VenueError, each, worded
from venueproof_simulators.venues.binance.operations.amending import amend
from venueproof_simulators.venues.binance.operations.desk import Call
from venueproof_simulators.venues.binance.operations.orders import cancel
from venueproof_simulators.venues.binance.operations.parameters import Parameters
from venueproof_simulators.venues.binance.operations.placing import place

_UNGUARDED = {"selfTradePreventionMode": "NONE"}
"""What an order of a batch does when it would trade with another one of its account, unless it says so itself."""


def place_many(call: Call) -> list[Document]:
    """POST batchOrders: each item succeeds or fails by itself, inside an answer with status 200."""
    return _each(call, [_UNGUARDED | item for item in _batch(call)], place)


def amend_many(call: Call) -> list[Document]:
    """PUT batchOrders."""
    return _each(call, _batch(call), amend)


def cancel_many(call: Call) -> list[Document]:
    """DELETE batchOrders: by `orderIdList` or `origClientOrderIdList`."""
    listing = call.listing()
    name, key = _id_list(call.parameters)
    ids = _json_list(call.parameters, name)
    if not 1 <= len(ids) <= call.desk.limits.named("batch-cancels").limit:
        raise VenueError("not-valid", parameter=name)
    return _each(call, [{"symbol": listing.name, key: _scalar(one)} for one in ids], cancel)


def _id_list(sent: Parameters) -> tuple[str, str]:
    names = (("orderIdList", "orderId"), ("orderidlist", "orderId"), ("origClientOrderIdList", "origClientOrderId"))
    found = next(((name, key) for name, key in names if sent.has(name)), None)
    if found is None:
        raise VenueError("order-id-missing")
    return found


def _batch(call: Call) -> list[dict[str, str]]:
    """The items as parameters, no more than are allowed; null is as good as not sent."""
    items = _json_list(call.parameters, "batchOrders")
    rows: list[dict[str, str]] = []
    for item in items:
        if not isinstance(item, dict):
            raise VenueError("not-valid", parameter="batchOrders")
        values = cast(dict[str, object], item)
        rows.append({name: _scalar(value) for name, value in values.items() if value is not None})
    if not 1 <= len(rows) <= call.desk.limits.named("batch-orders").limit:
        raise VenueError("batch-size", count=len(rows))
    return rows


def _json_list(sent: Parameters, name: str) -> list[object]:
    try:
        return msgspec.json.decode(sent.text(name), type=list[object])
    except (msgspec.MsgspecError, ValueError, RecursionError) as fault:
        raise VenueError("not-valid", parameter=name) from fault


def _scalar(value: object) -> str:
    """A JSON value as it would have been sent as a parameter."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _each(call: Call, items: list[dict[str, str]], operation: Callable[[Call], Document]) -> list[Document]:
    """The document of each item, or its error in place."""
    sent = call.parameters
    stamps = {name: sent.text(name) for name in ("timestamp", "recvWindow") if sent.has(name)}

    def attempt(item: dict[str, str]) -> Document:
        return operation(structs.replace(call, parameters=Parameters(stamps | item)))

    def refused(item: dict[str, str], error: VenueError) -> Document:
        row = call.desk.errors.row(error.key, call.product.name)
        return {"code": row.code, "msg": worded(row, error.fields)}

    return each(items, attempt, refused)
