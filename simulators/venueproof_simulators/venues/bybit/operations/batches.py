"""Several orders in one request. It succeeds; what became of each stands in `retExtInfo`, in the same order."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from venueproof_simulators.kit.documents import Document
from venueproof_simulators.kit.refusing import VenueError, each, worded
from venueproof_simulators.venues.bybit.operations.desk import Call
from venueproof_simulators.venues.bybit.operations.orders import amend_one, cancel_one, place
from venueproof_simulators.venues.bybit.operations.parameters import Parameters
from venueproof_simulators.venues.bybit.wire.numbers import Listing

One = Callable[[Call, Parameters, Listing], Document]
_Item = tuple[int, Parameters]
_Told = tuple[Document, Document]
"""A row of the result, and what is said beside it."""


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
    if not sent:
        raise VenueError("missing", parameter="request")
    if len(sent) > most:
        raise VenueError("too-many-rows", most=most)

    def carry_out(item: _Item) -> _Told:
        number, parameters = item
        if number >= call.granted:
            raise VenueError("too-many-requests")
        found = one(call, parameters, call.desk.listing(parameters.text("symbol"), category))
        stamp = {"createAt": str(call.time.wire_ms)} if created else {}
        return {"category": category, "symbol": parameters.text("symbol"), **found, **stamp}, {"code": 0, "msg": "OK"}

    def refuse(item: _Item, error: VenueError) -> _Told:
        row, parameters = call.desk.errors.row(error.key), item[1]
        shown = {"category": category, "symbol": parameters.raw("symbol") or "", "orderId": "", "orderLinkId": ""}
        stamp = {"createAt": ""} if created else {}
        told = {"code": row.code, "msg": worded(row, error.fields)}
        return {**shown, **stamp}, told

    pairs = each(enumerate(sent), carry_out, refuse)
    return Batch({"list": [row for row, _ in pairs]}, {"list": [told for _, told in pairs]})
