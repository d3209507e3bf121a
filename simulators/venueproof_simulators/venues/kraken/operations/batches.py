"""Several orders in one request: each row has its own fate.

Source: the vendor's page on batchorder. A refused row has its tag, a status and no events; one that cancels says which
order it was for.
"""

from __future__ import annotations

from msgspec import structs

from venueproof_simulators.kit.parameters import Parameters, read_json
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.kraken.operations.canceling import canceled
from venueproof_simulators.venues.kraken.operations.desk import Call
from venueproof_simulators.venues.kraken.operations.editing import edited
from venueproof_simulators.venues.kraken.operations.orders import sent
from venueproof_simulators.venues.kraken.wire.numbers import Document, iso


def rows_of(given: Parameters) -> list[Parameters]:
    """The rows of a batch. Raises `VenueError`."""
    text = given.text("json")
    return read_json(text).rows("batchOrder")


def batch(call: Call) -> Document:
    """POST batchorder."""
    rows = rows_of(call.parameters)
    if len(rows) > call.desk.limits.named("batch").limit:
        raise VenueError("not-valid", parameter="batchOrder")
    return {"batchStatus": [_row(structs.replace(call, parameters=row)) for row in rows]}


def _row(call: Call) -> Document:
    given = call.parameters
    tag = given.raw("order_tag")
    order = given.raw("order")
    tagged: Document = {} if tag is None or order == "cancel" else {"order_tag": tag}
    try:
        document = _carry_out(call, order)
    except VenueError as error:
        row = call.desk.errors.row(error.key)
        status = row.text.format_map({"parameter": "", **error.fields}) if isinstance(row.code, str) else row.text
        return {**tagged, "status": status, "orderEvents": []}
    return {**tagged, **document}


def _carry_out(call: Call, order: str | None) -> Document:
    received = {"dateTimeReceived": iso(call.time, call.time.true_ns)}
    if order == "send":
        document = sent(call)
    elif order == "edit":
        document = edited(call)
        document["order_id"] = document.pop("orderId")
    elif order == "cancel":
        named = {name: value for name in ("order_id", "cliOrdId") if (value := call.parameters.raw(name))}
        document = canceled(call) | named
    else:
        raise VenueError("not-valid" if order else "missing", parameter="order")
    document.pop("receivedTime")
    return document | received
