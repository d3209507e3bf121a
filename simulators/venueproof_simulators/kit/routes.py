"""Mounting the same operations more than once, and reading a request once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from msgspec import structs

from venueproof_simulators.host.routing import Route, RouteTable

HandlerT = TypeVar("HandlerT")
AskedT = TypeVar("AskedT")
SeenT = TypeVar("SeenT")


def renamed(table: RouteTable[HandlerT], surface: str, names: Mapping[str, tuple[str, str]]) -> RouteTable[HandlerT]:
    """Operations of a table under other names: `names` are those of a surface → method and path in the table.

    They are found by `find(surface, name)`. Raises `LookupError` for a path that the table has not.
    """
    return RouteTable([_renamed(table, surface, name, *where) for name, where in names.items()])


def _renamed(table: RouteTable[HandlerT], surface: str, name: str, method: str, path: str) -> Route[HandlerT]:
    found = table.find(method, path)
    if found is None:
        raise LookupError(f"{method} {path}")
    return structs.replace(found.route, method=surface, path=name)


class Seen(Generic[AskedT, SeenT]):
    """What is asked about twice in a row, first what it is and then to carry it out, is read once."""

    def __init__(self, read: Callable[[AskedT], SeenT]) -> None:
        self._read = read
        self._last: tuple[AskedT, SeenT] | None = None

    def of(self, asked: AskedT) -> SeenT:
        """What was read out of a request, which is known by being the same object."""
        last = self._last
        if last is None or last[0] is not asked:
            last = self._last = (asked, self._read(asked))
        return last[1]
