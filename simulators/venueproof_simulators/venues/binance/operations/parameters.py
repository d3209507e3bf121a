"""Parameters as Binance names and words them.

Names that an endpoint does not know are ignored: a documented error (-1104) forbids them, but the venue accepts the
stray ones that ccxt sends.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from venueproof_simulators.kit import parameters
from venueproof_simulators.kit.parameters import read_pairs
from venueproof_simulators.kit.refusing import VenueError

_SYMBOL = re.compile(r"[A-Za-z0-9_.\-]{1,30}")


class Parameters(parameters.Parameters):
    """The values of one request by name."""

    __slots__ = ()

    def renamed(self, names: Mapping[str, str], more: Mapping[str, str]) -> Parameters:
        """The same under other names, and some more."""
        return Parameters({names.get(name, name): value for name, value in self._values.items()} | dict(more))

    def symbol(self) -> str | None:
        """Parameter `symbol`, as far as its letters are legal."""
        value = self.optional("symbol")
        if value is not None and not _SYMBOL.fullmatch(value):
            raise VenueError("malformed", parameter="symbol", legal="^[A-Z0-9-_.]{1,20}$")
        return value

    def limit(self, default: int, most: int) -> int:
        """Parameter `limit`, between 1 and `most`."""
        return self.within("limit", 1, most, default)

    def period_ms(self, days_max: int = 0) -> tuple[int | None, int | None]:
        """`startTime` and `endTime` in ms; in order, and no further apart than `days_max` (0: any)."""
        return self.period("startTime", "endTime", days_max)


def read_parameters(query: str, body: bytes) -> Parameters:
    """Query and form body together; where a name is in both the query wins. Raises `VenueError`."""
    values = read_pairs(body.decode("utf-8", "replace")) if body else {}
    if query:
        values |= read_pairs(query)
    return Parameters(values)
