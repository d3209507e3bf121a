"""How large a position may become at a leverage: the table behind leverageBracket, and every `maxNotional`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from msgspec import Struct

from venueproof_simulators.host.facts import read_facts


class Bracket(Struct, frozen=True):
    """Up to `notional_max` a position may have `leverage`, and no more."""

    leverage: int
    notional_max: int


class _Ladder(Struct, frozen=True, forbid_unknown_fields=True):
    instruments: list[str]
    steps: list[tuple[int, int]]
    source: str


class _Ladders(Struct, frozen=True, forbid_unknown_fields=True):
    ladder: list[_Ladder]


@cache
def load_brackets(package: str) -> Mapping[str, tuple[Bracket, ...]]:
    """Each instrument's brackets, smallest positions first. Raises `FactsError`."""
    ladders = read_facts(package, "brackets", _Ladders).ladder
    return {name: tuple(Bracket(*step) for step in ladder.steps) for ladder in ladders for name in ladder.instruments}
