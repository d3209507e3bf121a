"""How an operation refuses: with a key of the venue's error table, and what its text is filled in with.

An operation knows no codes, no texts and no envelope. It raises `VenueError`; whoever carries the operation out finds
the row of `facts/errors.toml` and puts it into the words of its transport.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TypeVar

from venueproof_simulators.engine.events import Event, Refused
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.host.facts import ErrorRow, ErrorTable

ItemT = TypeVar("ItemT")
RowT = TypeVar("RowT")
_NO_WORDS: Mapping[Refusal, str] = {}
_NO_BLANKS: Mapping[str, object] = {}


class VenueError(Exception):
    """The venue refuses. `key` names a row of the error table."""

    def __init__(self, key: str, **fields: object) -> None:
        super().__init__(key)
        self.key = key
        self.fields: Mapping[str, object] = fields


def refused(events: Iterable[Event], account: str) -> Refused | None:
    """The first refusal that a command of this account met; None when it was carried out."""
    return next((one for one in events if isinstance(one, Refused) and one.account == account), None)


def check_refused(
    events: Iterable[Event], account: str, errors: ErrorTable, words: Mapping[Refusal, str] = _NO_WORDS
) -> None:
    """Raises `VenueError` when the engine refused. `words`: keys that stand here in place of the table's own row."""
    found = refused(events, account)
    if found is not None:
        raise VenueError(words.get(found.refusal) or errors.for_refusal(found.refusal).key)


class _Blanks(dict[str, object]):
    """Fields of a text; what nobody said is left out."""

    def __missing__(self, name: str) -> str:
        return ""


def worded(row: ErrorRow, fields: Mapping[str, object], blanks: Mapping[str, object] = _NO_BLANKS) -> str:
    """The text of a row, filled in; `blanks` stand for fields that nobody said better, nothing for all others."""
    return row.text.format_map(_Blanks(blanks, **fields))


def each(
    items: Iterable[ItemT],
    carry_out: Callable[[ItemT], RowT],
    refused: Callable[[ItemT, VenueError], RowT],
    whole: Collection[str] = (),
) -> list[RowT]:
    """What comes of each item of a batch: one that is refused has its row (`refused`), and the others go on.

    Errors whose keys are in `whole` refuse the request as a whole, and are raised.
    """
    rows: list[RowT] = []
    for item in items:
        try:
            rows.append(carry_out(item))
        except VenueError as error:
            if error.key in whole:
                raise
            rows.append(refused(item, error))
    return rows
