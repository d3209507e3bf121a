"""Settings that cannot be changed."""

from __future__ import annotations

from decimal import Decimal

from venueproof_simulators.host.controls import Controls
from venueproof_simulators.host.provoking import provocation
from venueproof_simulators.host.venue import Provoked
from venueproof_simulators.kit.troubles import instrument_of, rest_another


@provocation("setting.refused", "okx.leverage.rejected-surfaces")
def leverage_too_high(controls: Controls, symbol: str) -> Provoked:
    """One more than the highest leverage there is."""
    most = Decimal(instrument_of(controls, symbol).leverage_max_centi) / 100
    return Provoked(reason="bad-parameter", operation="set_leverage", leverage=most + 1)


@provocation("mode.refused", "okx.mode.change-blocked")
def mode_with_orders_elsewhere(controls: Controls, symbol: str) -> Provoked:
    """The position mode cannot change while an order rests anywhere, here on another product."""
    engine, here = controls.venue.engine, instrument_of(controls, symbol)
    elsewhere = next(one for one in engine.instruments.values() if one.product != here.product)
    rest_another(controls, elsewhere)
    return Provoked(reason="open-orders", operation="set_position_mode")
