"""The venue's error as an exception: a key of `facts/errors.toml`, and what its text is filled in with."""

from __future__ import annotations

from collections.abc import Mapping


class VenueError(Exception):
    """The venue refuses. `key` names a row of the error table."""

    def __init__(self, key: str, **fields: object) -> None:
        super().__init__(key)
        self.key = key
        self.fields: Mapping[str, object] = fields
