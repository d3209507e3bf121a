"""How an operation refuses: with a key of the venue's error table, and what its text is filled in with.

An operation knows no codes, no texts and no envelope. It raises `VenueError`; whoever carries the operation out finds
the row of `facts/errors.toml` and puts it into the words of its transport.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from venueproof_simulators.engine.events import Event, Refused
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.host.facts import ErrorRow, ErrorTable

_NO_WORDS: Mapping[Refusal, str] = {}


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


def worded(row: ErrorRow, fields: Mapping[str, object], blanks: Mapping[str, object]) -> str:
    """The text of a row, filled in; `blanks` stand for fields that nobody said better."""
    return row.text.format_map({**blanks, **fields})
