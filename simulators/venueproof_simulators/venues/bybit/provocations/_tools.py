"""The venue behind the levers."""

from __future__ import annotations

from typing import cast

from venueproof_simulators.host.controls import Controls
from venueproof_simulators.venues.bybit.venue import BybitVenue


def bybit(controls: Controls) -> BybitVenue:
    """The venue behind the levers: these functions are registered for no other."""
    return cast(BybitVenue, controls.venue)
