"""venueproof proves trading adapters against exchanges before money does.

`simulate` starts a venue, `run` runs a program in virtual time, `Contract` is the base of a test class that judges
an adapter of yours. Everything else is reached through the command `venueproof`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from venueproof.contract_class import Contract
    from venueproof.simulation import SimulatedVenue, simulate
    from venueproof.usage import UsageError
    from venueproof.virtual import run

__all__ = ["Contract", "SimulatedVenue", "UsageError", "run", "simulate"]

_HOMES = {
    "Contract": "venueproof.contract_class",
    "SimulatedVenue": "venueproof.simulation",
    "UsageError": "venueproof.usage",
    "run": "venueproof.virtual",
    "simulate": "venueproof.simulation",
}


def __getattr__(name: str) -> object:
    """Load a public name on first use: pytest imports this package in every run, also where nobody needs it."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
