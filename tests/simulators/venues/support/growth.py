"""How much a venue holds: what grows without end would fill the memory of one that serves for months."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from venueproof_simulators.engine.tape import Tape

LASTING = (Tape,)
"""What is said to grow: a candle a minute."""
PUBLIC = frozenset({"_fundings"})
"""A few rows a day for everybody."""


def count(root: Any, seen: set[int]) -> int:
    """How many things are held in all containers that can be reached."""
    if id(root) in seen or isinstance(root, (str, bytes, int, type, *LASTING)):
        return 0
    seen.add(id(root))
    parts: Iterable[Any] = ()
    size = 0
    if isinstance(root, Mapping):
        parts, size = [*root.keys(), *root.values()], len(root)
    elif isinstance(root, list | tuple | set | frozenset) or type(root).__name__ == "deque":
        parts, size = list(root), len(root)
    elif type(root).__module__.startswith("venueproof"):
        slots = [name for kind in type(root).__mro__ for name in getattr(kind, "__slots__", ())]
        names = {*slots, *getattr(root, "__dict__", {})} - PUBLIC
        parts = [getattr(root, name, None) for name in names]
    elif type(root).__name__ == "partial":
        parts = [root.args, root.func]
    elif hasattr(root, "__self__"):
        parts = [root.__self__]
    return size + sum(count(part, seen) for part in parts)
