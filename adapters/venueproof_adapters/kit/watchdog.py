"""Notices a stream that keeps quiet: whoever did something says what must be heard, and until when."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


class Watchdog(Generic[Key]):
    """Calls `on_overdue` with the key of each expectation that was not met `within_s` seconds after it was set."""

    def __init__(self, within_s: float, on_overdue: Callable[[Key], None]) -> None:
        self._within_s = within_s
        self._on_overdue = on_overdue
        self._waiting: dict[Key, asyncio.TimerHandle] = {}

    def expect(self, key: Key) -> None:
        """Something about `key` must be heard soon; a second expectation does not prolong the first."""
        if key not in self._waiting:
            loop = asyncio.get_running_loop()
            self._waiting[key] = loop.call_later(self._within_s, self._overdue, key)

    def heard(self, key: Key) -> None:
        """Something about `key` was heard."""
        if timer := self._waiting.pop(key, None):
            timer.cancel()

    def clear(self) -> None:
        """Expect nothing any more."""
        for key in list(self._waiting):
            self.heard(key)

    def _overdue(self, key: Key) -> None:
        self._waiting.pop(key, None)
        self._on_overdue(key)
