"""How large a position may become at a leverage: the table behind leverageBracket, and every `maxNotional`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from msgspec import Struct

from venueproof_simulators.engine.instruments import ASSET_DECIMALS, Bracket, Instrument
from venueproof_simulators.engine.worth import CENTI
from venueproof_simulators.host.facts import read_facts

Steps = Sequence[tuple[int, int]]
"""Leverage, and the notional up to which it may be set."""

_ATOMS = 10**ASSET_DECIMALS
_PPM = 1_000_000
_RATIO_STEP_PPM = 500


class _Ladder(Struct, frozen=True, forbid_unknown_fields=True):
    instruments: list[str]
    steps: list[tuple[int, int]]
    source: str


class _Ladders(Struct, frozen=True, forbid_unknown_fields=True):
    ladder: list[_Ladder]


@cache
def load_brackets(package: str) -> Mapping[str, Steps]:
    """Each instrument's steps, smallest positions first. Raises `FactsError`."""
    ladders = read_facts(package, "brackets", _Ladders).ladder
    return {name: ladder.steps for ladder in ladders for name in ladder.instruments}


def brackets_of(instrument: Instrument, steps: Steps) -> tuple[Bracket, ...]:
    """The engine's brackets: each maintenance ratio applies to what lies within its bracket, and `cum` is what the
    lower ratios of the brackets before save.
    """
    found: list[Bracket] = []
    cum = 0
    for leverage, notional_max in steps:
        ratio = _PPM // (2 * leverage) // _RATIO_STEP_PPM * _RATIO_STEP_PPM
        if found:
            cum += found[-1].notional_max_atoms * (ratio - found[-1].maintenance_ppm) // _PPM
        else:
            ratio = instrument.maintenance_ppm
        found.append(Bracket(notional_max * _ATOMS, leverage * CENTI, ratio, cum))
    return tuple(found)
