"""What a caller sent, read strictly: every value that is not what it must be is the venue's error, never an exception.

Names that an endpoint does not know are ignored: a documented error (-1104) forbids them, but the venue accepts the
stray ones that ccxt sends.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from operator import methodcaller
from typing import TypeVar
from urllib.parse import parse_qsl

from venueproof_simulators.venues.binance.operations.refusing import VenueError

_PARAMETERS_MAX = 200
_DIGITS_MAX = 19
_LONG_MAX = 2**63 - 1
_DECIMAL = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?")
_SYMBOL = re.compile(r"[A-Za-z0-9_.\-]{1,30}")
_DAY_MS = 86_400_000
_T = TypeVar("_T")
_parted = methodcaller("partition", "=")
_FLAGS = {"true": True, "false": False}


class Parameters:
    """The values of one request by name."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def has(self, name: str) -> bool:
        """Whether it was sent and is not empty."""
        return bool(self._values.get(name))

    def renamed(self, names: Mapping[str, str], more: Mapping[str, str]) -> Parameters:
        """The same under other names, and some more."""
        return Parameters({names.get(name, name): value for name, value in self._values.items()} | dict(more))

    def lacks(self, names: frozenset[str]) -> bool:
        """Whether none of these was sent."""
        return names.isdisjoint(self._values)

    def refuse(self, names: Iterable[str]) -> None:
        """Raise the venue's error for the first of these that was sent."""
        for name in names:
            if self.has(name):
                raise VenueError("not-required", parameter=name)

    def raw(self, name: str) -> str | None:
        """What was sent, as it was."""
        return self._values.get(name)

    def text(self, name: str) -> str:
        """A mandatory text."""
        value = self._values.get(name)
        if not value:
            raise VenueError("mandatory", parameter=name)
        return value

    def optional(self, name: str) -> str | None:
        """A text that may be missing, but not empty."""
        value = self._values.get(name)
        if value == "":
            raise VenueError("empty-parameter", parameter=name)
        return value

    def symbol(self) -> str | None:
        """Parameter `symbol`, as far as its letters are legal."""
        value = self.optional("symbol")
        if value is not None and not _SYMBOL.fullmatch(value):
            raise VenueError("illegal-characters", parameter="symbol", legal="^[A-Z0-9-_.]{1,20}$")
        return value

    def integer(self, name: str) -> int | None:
        """A whole number of 63 bits that is not negative, or None when it was not sent."""
        value = self.optional(name)
        if value is None:
            return None
        if not (value.isascii() and value.isdigit() and len(value) <= _DIGITS_MAX):
            raise VenueError("illegal-characters", parameter=name, legal="^[0-9]{1,20}$")
        number = int(value)
        if number > _LONG_MAX:
            raise VenueError("not-valid", parameter=name)
        return number

    def limit(self, default: int, most: int) -> int:
        """Parameter `limit`, between 1 and `most`."""
        value = self.integer("limit")
        if value is None:
            return default
        if not 1 <= value <= most:
            raise VenueError("not-valid", parameter="limit")
        return value

    def number(self, name: str) -> str:
        """A mandatory number that is not negative, without exponent, as it was sent."""
        value = self._values.get(name)
        if value is not None and _DECIMAL.fullmatch(value):
            return value
        if self.optional(name) is None:
            raise VenueError("mandatory", parameter=name)
        legal = r"^([0-9]{1,20})(\.[0-9]{1,20})?$"
        raise VenueError("illegal-characters", parameter=name, legal=legal)

    def flag(self, name: str) -> bool | None:
        """`true` or `false`, or None when it was not sent."""
        value = self.optional(name)
        if value is None:
            return None
        if value.lower() not in _FLAGS:
            raise VenueError("not-valid", parameter=name)
        return _FLAGS[value.lower()]

    def word(self, name: str, allowed: Mapping[str, object] | frozenset[str], error: str, default: str) -> str:
        """One of the allowed words, spelled exactly so; otherwise the error of that key."""
        value = self.optional(name)
        if value is None:
            return default
        if value not in allowed:
            raise VenueError(error, parameter=name)
        return value

    def choice(self, name: str, allowed: Mapping[str, _T], error: str) -> _T:
        """What a word stands for, which must be there and spelled exactly so; otherwise the error of that key."""
        value = self._values.get(name)
        if value is None:
            raise VenueError("mandatory", parameter=name)
        found = allowed.get(value)
        if found is None:
            raise VenueError(error if value else "empty-parameter", parameter=name)
        return found

    def option(self, name: str, allowed: Mapping[str, _T], error: str, default: _T) -> _T:
        """The same of a word that may be missing."""
        return default if self._values.get(name) is None else self.choice(name, allowed, error)

    def period_ms(self, days_max: int = 0) -> tuple[int | None, int | None]:
        """`startTime` and `endTime` in ms; in order, and no further apart than `days_max` (0: any)."""
        start, end = self.integer("startTime"), self.integer("endTime")
        if start is not None and end is not None:
            if start > end:
                raise VenueError("time-range")
            if days_max and end - start > days_max * _DAY_MS:
                raise VenueError("time-span", days=days_max)
        return start, end


def needed(name: str, value: _T | None) -> _T:
    """A value that must be there. Raises `VenueError`."""
    if value is None:
        raise VenueError("mandatory", parameter=name)
    return value


def read_parameters(query: str, body: bytes) -> Parameters:
    """Query and form body together; where a name is in both the query wins. Raises `VenueError`."""
    try:
        values = _pairs(body.decode("utf-8", "replace")) if body else {}
        if query:
            values |= _pairs(query)
    except ValueError as fault:
        raise VenueError("too-many-parameters") from fault
    return Parameters(values)


def _pairs(text: str) -> dict[str, str]:
    """Values by name. Most requests have nothing to unquote, and are then only split. Raises `VenueError`."""
    if "%" in text or "+" in text:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_PARAMETERS_MAX)
        count, values = len(pairs), dict(pairs)
    else:
        parts = text.split("&")
        if "" in parts:
            parts = [part for part in parts if part]
        if len(parts) > _PARAMETERS_MAX:
            raise ValueError("too many fields")
        count, values = len(parts), {name: value for name, _, value in map(_parted, parts)}
    if len(values) != count:
        raise VenueError("duplicate-parameter")
    values.pop("", None)
    return values
