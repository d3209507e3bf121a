"""Several orders in one request. It succeeds; what became of each stands in `retExtInfo`, in the same order."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from venueproof_simulators.kit.documents import Document
from venueproof_simulators.kit.refusing import VenueError, worded
from venueproof_simulators.venues.bybit.operations.desk import Call
from venueproof_simulators.venues.bybit.operations.orders import amend_one, cancel_one, place
from venueproof_simulators.venues.bybit.operations.parameters import Parameters
from venueproof_simulators.venues.bybit.operations.words import BLANKS
from venueproof_simulators.venues.bybit.wire.numbers import Listing

One = Callable[[Call, Parameters, Listing], Document]


class Batch(Struct, frozen=True):
    """An answer that has something to say beside its result."""

    result: Document
    beside: Document


def create_many(call: Call) -> Batch:
    """POST order/create-batch."""
    return _each(call, place, created=True)


def amend_many(call: Call) -> Batch:
    """POST order/amend-batch."""
    return _each(call, amend_one, created=False)


def cancel_many(call: Call) -> Batch:
    """POST order/cancel-batch."""
    return _each(call, cancel_one, created=False)


def _each(call: Call, one: One, *, created: bool) -> Batch:
    category, sent = call.category(), call.parameters.orders()
    most = call.desk.limits.named("batch").limit
    if not 1 <= len(sent) <= most:
        raise VenueError("too-many-rows", most=most)
    rows, told = list[Document](), list[Document]()
    for number, parameters in enumerate(sent):
        symbol = parameters.raw("symbol") or ""
        stamp = {"createAt": str(call.time.wire_ms)} if created else {}
        try:
            if number >= call.granted:
                raise VenueError("too-many-requests")
            found = one(call, parameters, call.desk.listing(parameters.text("symbol"), category))
            told.append({"code": 0, "msg": "OK"})
        except VenueError as error:
            row = call.desk.errors.row(error.key)
            found = {"orderId": "", "orderLinkId": parameters.raw("orderLinkId") or ""}
            stamp = {"createAt": ""} if created else {}
            told.append({"code": row.code, "msg": worded(row, error.fields, BLANKS)})
        rows.append({"category": category, "symbol": symbol, **found, **stamp})
    return Batch({"list": rows}, {"list": told})
