"""Answers that have a row for each order: some may be refused while the others stand."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from msgspec import Struct

from venueproof_simulators.kit.parameters import Parameters
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.kit.refusing import each as each_of
from venueproof_simulators.kit.refusing import worded as _worded
from venueproof_simulators.venues.okx.operations.desk import Call, Desk
from venueproof_simulators.venues.okx.wire.numbers import Document
from venueproof_simulators.venues.okx.wire.orders import refused_row

ALL_FAILED = "All operations failed"
SOME_FAILED = "Bulk operation partially succeeded."
NOT_PER_ROW = frozenset({"too-many-requests", "account-orders", "too-many-rows", "body-empty", "not-json"})
"""What refuses a request as a whole."""

OneRow = Callable[[Call, Parameters], Document]


class Answer(Struct, frozen=True):
    """The rows, and what stands above them."""

    data: list[Document]
    code: str = "0"
    text: str = ""


def worded(desk: Desk, error: VenueError) -> tuple[str, str]:
    """Code and text of a refusal."""
    row = desk.errors.row(error.key)
    return str(row.code), _worded(row, error.fields)


def one(call: Call, carry_out: OneRow) -> Answer:
    """An answer about the one order that was sent."""
    return _answer(call, (call.parameters,), carry_out)


def each(call: Call, carry_out: OneRow, row: str = "batch") -> Answer:
    """An answer about each of those that were sent. Raises `VenueError` for too many, or none."""
    most = call.desk.limits.named(row).limit
    if not call.rows:
        raise VenueError("body-empty")
    if len(call.rows) > most:
        raise VenueError("too-many-rows", count=most)
    return _answer(call, call.rows, carry_out)


def answer_of(rows: list[Document]) -> Answer:
    """Code 0 for all well, 1 for all refused, 2 for some."""
    failed = sum(row["sCode"] != "0" for row in rows)
    if not failed:
        return Answer(rows)
    return Answer(rows, "1", ALL_FAILED) if failed == len(rows) else Answer(rows, "2", SOME_FAILED)


def _answer(call: Call, sent: tuple[Parameters, ...], carry_out: OneRow) -> Answer:
    return answer_of(each_of(sent, partial(carry_out, call), partial(refusal_row, call), NOT_PER_ROW))


def refusal_row(call: Call, parameters: Parameters, error: VenueError) -> Document:
    """The row of a refused order, with the names that it was sent under."""
    _, text = worded(call.desk, error)
    names = ("ordId", "clOrdId", "tag", "reqId", "algoId", "algoClOrdId")
    echoed: Document = {name: value for name in names if (value := parameters.raw(name)) is not None}
    return refused_row(call.desk.errors.row(error.key), text, {"tag": "", **echoed}, call.time)
