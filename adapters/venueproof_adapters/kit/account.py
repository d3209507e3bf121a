"""Positions and balances out of stream events and answers, told apart by how fresh they are."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

from venueproof_adapters.kit.clock import SECOND_NS

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Freshest(Generic[Key, Value]):
    """The freshest value per key.

    An answer tells the state of some moment before it was sent, and venues answer from copies that lag. So within
    `settle_s` of an event an answer counts only if it is stamped as late as the event; after that it is taken as it is.
    """

    def __init__(self, settle_s: float = 5.0) -> None:
        self._settle_ns = int(settle_s * SECOND_NS)
        self._values: dict[Key, Value] = {}
        self._heard: dict[Key, tuple[int, int]] = {}

    def get(self, key: Key) -> Value | None:
        """The value now."""
        return self._values.get(key)

    def all(self) -> dict[Key, Value]:
        """All values."""
        return dict(self._values)

    def hear(self, key: Key, value: Value, stamp: tuple[int, int]) -> bool:
        """Take in an event of time `stamp`; False when a later one was heard before."""
        if stamp < self._heard.get(key, (0, 0)):
            return False
        self._heard[key] = stamp
        self._values[key] = value
        return True

    def answer(self, key: Key, value: Value, stamp_ns: int, asked_ns: int) -> bool:
        """Take in an answer to a question asked at `asked_ns` of the venue's clock; False when it is too old."""
        heard_ns = self._heard.get(key, (0, 0))[0]
        if stamp_ns < heard_ns and asked_ns - heard_ns < self._settle_ns:
            return False
        self._values[key] = value
        return True
