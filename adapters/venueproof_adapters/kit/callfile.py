"""What a venue can be asked and what that costs, read from its `calls.toml`.

A `[[call]]` has `name`, `method`, `path`, `auth`, `source`, its `costs` by window, and under `on.<product>` what
differs there. A `[[window]]` is a `windows.Window` with its `source`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct, field

from venueproof_adapters.kit.requests import Call
from venueproof_adapters.kit.windows import Counting, Window


class Change(Struct, frozen=True, forbid_unknown_fields=True):
    """What differs about a call on one product: another path, other costs of some windows."""

    path: str = ""
    costs: dict[str, int] = field(default_factory=dict[str, int])


class CallRow(Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of request."""

    name: str
    method: str
    path: str
    auth: str
    source: str
    costs: dict[str, int] = field(default_factory=dict[str, int])
    on: dict[str, Change] = field(default_factory=dict[str, Change])

    def call(self, product: str, root: str) -> Call:
        """The request as a product has it."""
        change = self.on.get(product, Change())
        return Call(self.name, self.method, root + (change.path or self.path), self.auth, self.costs | change.costs)


class WindowRow(Struct, frozen=True, forbid_unknown_fields=True):
    """One window of the budget; see `windows.Window`."""

    name: str
    limit: int
    length_s: float
    source: str
    header: str = ""
    counting: Counting = Counting.FIXED
    tells_left: bool = False

    def window(self, limit: int | None) -> Window:
        """The row as the budget has it, with the limit in force where that is told."""
        most = self.limit if limit is None else limit
        return Window(self.name, most, self.length_s, self.header, self.counting, self.tells_left)


class CallFile(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    call: list[CallRow]
    window: list[WindowRow] = field(default_factory=list[WindowRow])

    def calls(self, product: str = "", root: str = "") -> list[Call]:
        """Every request of a product; paths stand behind `root`."""
        return [row.call(product, root) for row in self.call]

    def windows(self, limits: Mapping[str, int] | None = None) -> list[Window]:
        """Every window, with the limits in force that were told, by name."""
        return [row.window((limits or {}).get(row.name)) for row in self.window]


@cache
def read_calls(path: Path) -> CallFile:
    """The file at a path. Raises msgspec's error when it has another shape, ValueError for a cost of no window."""
    found = msgspec.toml.decode(path.read_bytes(), type=CallFile)
    known = {row.name for row in found.window}
    for row in found.call:
        for costs in (row.costs, *(change.costs for change in row.on.values())):
            if unknown := set(costs) - known:
                raise ValueError(
                    f"{path.name}: {row.name} costs of {', '.join(sorted(unknown))}, and there is no such window"
                )
    return found
