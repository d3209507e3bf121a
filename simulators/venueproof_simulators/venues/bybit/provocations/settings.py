"""Settings that cannot be changed."""

from __future__ import annotations

from decimal import Decimal

from venueproof_simulators.engine.worth import CENTI
from venueproof_simulators.host.controls import Controls
from venueproof_simulators.host.provoking import provocation
from venueproof_simulators.host.venue import Provoked
from venueproof_simulators.kit.troubles import instrument_of, rest_another


@provocation("setting.refused", "bybit.margin.rejected-setting-visible")
def margin_mode_with_orders(controls: Controls, symbol: str) -> Provoked:
    """The account's margin mode cannot change while an order rests."""
    rest_another(controls, instrument_of(controls, symbol))
    return Provoked(reason="not-allowed", operation="set_margin_mode")


@provocation("setting.refused", "bybit.margin.leverage-110013")
def leverage_too_high(controls: Controls, symbol: str) -> Provoked:
    """One more than the highest leverage there is."""
    wanted = Decimal(instrument_of(controls, symbol).leverage_max_centi // CENTI + 1)
    return Provoked(reason="above-maximum", operation="set_leverage", leverage=wanted)


@provocation("mode.refused", "bybit.margin.mode-refused")
def mode_with_orders(controls: Controls, symbol: str) -> Provoked:
    """The position mode of a symbol cannot change while an order rests on it."""
    rest_another(controls, instrument_of(controls, symbol))
    return Provoked(reason="open-orders", operation="set_position_mode")
