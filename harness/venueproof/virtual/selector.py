"""A selector that reports ready sockets in order of age, and lets the loop decide what waiting means.

The kernel reports sockets in the order in which they became ready, or by number, or as it likes. Sorting by the order
of first registration makes a run repeatable: numbers are reused by later connections, ages are not.
"""

from __future__ import annotations

import itertools
import selectors
from collections.abc import Callable
from typing import Any

Ready = list[tuple[selectors.SelectorKey, int]]


class AgedSelector(selectors.DefaultSelector):
    """The platform's selector, oldest registration first."""

    def __init__(self, *, by_age: bool = True) -> None:
        """Report in kernel order if not `by_age`."""
        super().__init__()
        self._by_age = by_age
        self._ages: dict[int, int] = {}
        self._next_age = itertools.count()
        self.wait: Callable[[float | None], Ready] = self.poll

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Start to watch; the age counts from here."""
        key = super().register(fileobj, events, data)
        self._ages[key.fd] = next(self._next_age)
        return key

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Change what is watched for; the age stays."""
        age = self._ages[self.get_key(fileobj).fd]
        key = super().modify(fileobj, events, data)
        self._ages[key.fd] = age
        return key

    def select(self, timeout: float | None = None) -> Ready:
        """What asyncio calls: hand over to the loop's policy."""
        return self.wait(timeout)

    def poll(self, real_s: float | None) -> Ready:
        """Ready sockets, oldest first, after at most `real_s` seconds of real time."""
        ready = super().select(real_s)
        if self._by_age and len(ready) > 1:
            ready.sort(key=self._age)
        return ready

    def reads(self, fd: int) -> bool:
        """Is somebody waiting to read from this descriptor?"""
        key = self.get_map().get(fd)
        return key is not None and bool(key.events & selectors.EVENT_READ)

    def _age(self, item: tuple[selectors.SelectorKey, int]) -> int:
        return self._ages[item[0].fd]
