"""Answers that have a row for each order: some may be refused while the others stand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from msgspec import Struct

from venueproof_simulators.kit.parameters import Parameters
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.kit.refusing import each as each_of
from venueproof_simulators.kit.refusing import worded as _worded
from venueproof_simulators.venues.okx.limits import AMEND, CANCEL, PLACE
from venueproof_simulators.venues.okx.operations.desk import Call, Desk
from venueproof_simulators.venues.okx.wire.numbers import Document
from venueproof_simulators.venues.okx.wire.orders import refused_row

ALL_FAILED = "All operations failed"
SOME_FAILED = "Bulk operation partially succeeded."
NOT_PER_ROW = frozenset({"too-many-requests", "account-orders", "too-many-rows", "body-empty", "not-json"})
"""What refuses a request as a whole."""

PLACED, AMENDED, CANCELED = ("ordId", "clOrdId", "tag"), ("ordId", "clOrdId", "reqId"), ("ordId", "clOrdId")
ALGO_PLACED, ALGO_AMENDED = ("algoId", "clOrdId", "algoClOrdId", "tag"), ("algoId", "algoClOrdId", "reqId")
ALGO_CANCELED = ("algoId", "algoClOrdId")
NAMES = {PLACE: PLACED, AMEND: AMENDED, CANCEL: CANCELED}
"""Kind of operation on orders → the names that a row of its answer has."""
_ALGO_NAMES = {PLACE: ALGO_PLACED, AMEND: ALGO_AMENDED, CANCEL: ALGO_CANCELED}
OneRow = Callable[[Call, Parameters], Document]
Names = tuple[str, ...]


class Answer(Struct, frozen=True):
    """The rows, and what stands above them."""

    data: list[Document]
    code: str = "0"
    text: str = ""


def worded(desk: Desk, error: VenueError) -> tuple[str, str]:
    """Code and text of a refusal."""
    row = desk.errors.row(error.key)
    return str(row.code), _worded(row, error.fields)


def one(call: Call, carry_out: OneRow, names: Names) -> Answer:
    """An answer about the one order that was sent; `names` are those that its row has."""
    return _answer(call, (call.parameters,), carry_out, names)


def names_of(operation: str, *, algo: bool) -> Names:
    """The names that a row has which answers an operation by its neutral word, on an ordinary or conditional order."""
    return (_ALGO_NAMES if algo else NAMES).get(operation, PLACED)


def check_count(desk: Desk, rows: Sequence[object], limit: str = "batch") -> None:
    """Raises `VenueError` for too many orders at once, or none."""
    most = desk.limits.named(limit).limit
    if not rows:
        raise VenueError("body-empty")
    if len(rows) > most:
        raise VenueError("too-many-rows", count=most)


def each(call: Call, carry_out: OneRow, names: Names, limit: str = "batch") -> Answer:
    """An answer about each of those that were sent. Raises `VenueError` for too many, or none."""
    check_count(call.desk, call.rows, limit)
    return _answer(call, call.rows, carry_out, names)


def answer_of(rows: list[Document]) -> Answer:
    """Code 0 for all well, 1 for all refused, 2 for some."""
    failed = sum(row["sCode"] != "0" for row in rows)
    if not failed:
        return Answer(rows)
    return Answer(rows, "1", ALL_FAILED) if failed == len(rows) else Answer(rows, "2", SOME_FAILED)


def _answer(call: Call, sent: tuple[Parameters, ...], carry_out: OneRow, names: Names) -> Answer:
    return answer_of(each_of(sent, partial(carry_out, call), partial(refusal_row, call, names), NOT_PER_ROW))


def refusal_row(call: Call, names: Names, parameters: Parameters, error: VenueError) -> Document:
    """The row of a refused order, with the names that it was sent under."""
    _, text = worded(call.desk, error)
    echoed: Document = {name: parameters.raw(name) or "" for name in names}
    return refused_row(call.desk.errors.row(error.key), text, echoed, call.time)
