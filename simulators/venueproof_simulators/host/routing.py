"""A table of HTTP routes that any venue can fill: method and path → what carries the request out, and at what price.

Paths are matched as they came in, still percent-encoded. A segment written `{name}` in a route matches one segment and
hands it over decoded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Generic, TypeVar
from urllib.parse import unquote

from msgspec import Struct, field

Handler = TypeVar("Handler")


class Security(StrEnum):
    """What a caller must prove."""

    NONE = "none"
    KEY = "key"
    """A known API key, without a signature."""
    SIGNED = "signed"


class Route(Struct, Generic[Handler], frozen=True):
    """One endpoint. `operation` is the contracts' neutral word, `weight` a key of the venue's cost rows."""

    method: str
    path: str
    handler: Handler
    operation: str = "other"
    security: Security = Security.NONE
    weight: str = "default"


class Found(Struct, Generic[Handler], frozen=True):
    """A route, and what its path's named segments hold."""

    route: Route[Handler]
    segments: Mapping[str, str] = field(default_factory=dict[str, str])


class RouteTable(Generic[Handler]):
    """All routes of a venue. Raises `ValueError` when two have one method and path."""

    def __init__(self, routes: Iterable[Route[Handler]]) -> None:
        self.routes = tuple(routes)
        self._exact: dict[tuple[str, str], Found[Handler]] = {}
        self._patterns: list[tuple[str, tuple[str, ...], Route[Handler]]] = []
        for route in self.routes:
            self._add(route)

    def find(self, method: str, path: str) -> Found[Handler] | None:
        """The route of a request, or None when the venue has none of that method and path."""
        found = self._exact.get((method, path))
        if found is not None or not self._patterns:
            return found
        parts = path.split("/")
        for wanted_method, pattern, route in self._patterns:
            if wanted_method == method and len(pattern) == len(parts):
                segments = _matched(pattern, parts)
                if segments is not None:
                    return Found(route, segments)
        return None

    def _add(self, route: Route[Handler]) -> None:
        if "{" in route.path:
            self._patterns.append((route.method, tuple(route.path.split("/")), route))
            return
        key = (route.method, route.path)
        if key in self._exact:
            raise ValueError(f"two routes for {route.method} {route.path}")
        self._exact[key] = Found(route)


def _matched(pattern: tuple[str, ...], parts: list[str]) -> dict[str, str] | None:
    segments: dict[str, str] = {}
    for wanted, part in zip(pattern, parts, strict=True):
        if wanted.startswith("{"):
            segments[wanted.strip("{}")] = unquote(part)
        elif wanted != part:
            return None
    return segments
