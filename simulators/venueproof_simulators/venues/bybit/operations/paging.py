"""Pages of a list: a cursor names the row behind which the next page begins; an empty one is the end.

Source: the vendor's pages on pagination. A cursor is URL-encoded text that a client hands back as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar
from urllib.parse import quote, unquote

from venueproof_simulators.kit.documents import Document
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.bybit.operations.parameters import Parameters

RowT = TypeVar("RowT")
Show = Callable[[RowT], Document]
_HEAD = "page_token:"


def page(parameters: Parameters, rows: Sequence[tuple[str, RowT]], limit: int, show: Show[RowT]) -> Document:
    """`list` and `nextPageCursor` of keyed rows, of which only those of the page are shown.

    Raises `VenueError` for a cursor that was not given out.
    """
    cursor = parameters.raw("cursor")
    first = 0 if cursor is None else _place(rows, cursor)
    shown = rows[first : first + limit]
    more = first + limit < len(rows)
    return {
        "nextPageCursor": quote(_HEAD + shown[-1][0], safe="") if more and shown else "",
        "list": [show(row) for _, row in shown],
    }


def _place(rows: Sequence[tuple[str, object]], cursor: str) -> int:
    """The place behind the row that a cursor names; clients hand it back encoded once more or less."""
    key = unquote(unquote(cursor)).removeprefix(_HEAD)
    for place, (name, _) in enumerate(rows):
        if name == key:
            return place + 1
    raise VenueError("cursor")
