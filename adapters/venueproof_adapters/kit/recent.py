"""A dictionary that forgets, so that a program that runs for months does not grow."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Recent(dict[Key, Value]):
    """Holds the `most` keys that were added last."""

    def __init__(self, most: int = 100_000) -> None:
        super().__init__()
        self._most = most

    def __setitem__(self, key: Key, value: Value) -> None:
        super().__setitem__(key, value)
        if len(self) > self._most:
            del self[next(iter(self))]

    def note(self, key: Key, value: Value) -> None:
        """Add a key unless it is there."""
        if key not in self:
            self[key] = value
