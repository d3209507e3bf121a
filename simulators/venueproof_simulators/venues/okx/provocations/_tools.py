"""Words that several provocations share: the venue, instruments and their prices, amounts, another client."""

from __future__ import annotations

from decimal import Decimal
from typing import cast

from venueproof_simulators.engine.commands import Place
from venueproof_simulators.engine.instruments import Instrument
from venueproof_simulators.engine.state import OrderKind, Side
from venueproof_simulators.host.controls import Controls
from venueproof_simulators.venues.okx.venue import OkxVenue

SECOND_NS = 10**9
_USUAL_LOTS = 10


def okx(controls: Controls) -> OkxVenue:
    """The venue behind the levers: these functions are registered for no other."""
    return cast(OkxVenue, controls.venue)


def instrument_of(controls: Controls, symbol: str) -> Instrument:
    """The instrument of a unified symbol."""
    return controls.venue.engine.by_symbol(symbol)


def near(controls: Controls, instrument: Instrument, percent: int) -> Decimal:
    """A price so many percent of mark, on the tick."""
    price = controls.venue.engine.mark_ticks(instrument.name) * instrument.tick * percent / 100
    return price // instrument.tick * instrument.tick


def usual_amount(instrument: Instrument) -> Decimal:
    """An amount that nothing speaks against."""
    return instrument.lot * instrument.lots_min * _USUAL_LOTS


def rest_another(controls: Controls, instrument: Instrument) -> None:
    """Another program of the account rests an order to buy, 2 % below mark."""
    controls.command(
        Place(
            account=controls.venue.account,
            instrument=instrument.name,
            side=Side.BUY,
            kind=OrderKind.LIMIT,
            lots=instrument.lots_min * _USUAL_LOTS,
            ticks=int(near(controls, instrument, 98) / instrument.tick),
            client_id="byHand",
        )
    )
