"""Words that several provocations share: the venue, and prices near the market."""

from __future__ import annotations

from decimal import Decimal
from typing import cast

from venueproof_simulators.engine.instruments import Instrument
from venueproof_simulators.host.controls import Controls
from venueproof_simulators.kit.troubles import mark_of, on_tick
from venueproof_simulators.venues.okx.venue import OkxVenue


def okx(controls: Controls) -> OkxVenue:
    """The venue behind the levers: these functions are registered for no other."""
    return cast(OkxVenue, controls.venue)


def near(controls: Controls, instrument: Instrument, percent: int) -> Decimal:
    """A price so many percent of mark, on the tick."""
    return on_tick(instrument, mark_of(controls, instrument) * percent / 100)
