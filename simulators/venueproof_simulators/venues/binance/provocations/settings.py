"""Settings that cannot be changed."""

from __future__ import annotations

from decimal import Decimal

from venueproof_simulators.engine.commands import PlaceConditional
from venueproof_simulators.engine.conditional_state import TriggerKind
from venueproof_simulators.engine.state import OrderKind, Side
from venueproof_simulators.engine.worth import CENTI
from venueproof_simulators.host.controls import Controls
from venueproof_simulators.host.provoking import provocation
from venueproof_simulators.host.venue import Provoked
from venueproof_simulators.kit.troubles import instrument_of, mark_of, on_tick, rest_another, usual_lots


@provocation("setting.refused", "binance.order.leftover-blocks-entry")
def margin_type_with_leftover(controls: Controls, symbol: str) -> Provoked:
    """The margin type cannot change while a stop waits that somebody left behind."""
    instrument = instrument_of(controls, symbol)
    price = on_tick(instrument, mark_of(controls, instrument) * Decimal("0.97"))
    controls.command(
        PlaceConditional(
            account=controls.venue.account,
            instrument=instrument.name,
            side=Side.SELL,
            trigger=TriggerKind.STOP,
            kind=OrderKind.MARKET,
            lots=usual_lots(controls, instrument),
            trigger_ticks=int(price / instrument.tick),
            client_id="left-behind",
        )
    )
    return Provoked(reason="open-orders", operation="set_margin_mode")


@provocation("setting.refused", "binance.margin.rejected-setting-visible")
def margin_type_with_orders(controls: Controls, symbol: str) -> Provoked:
    """The margin type cannot change while an order rests."""
    rest_another(controls, instrument_of(controls, symbol))
    return Provoked(reason="open-orders", operation="set_margin_mode")


@provocation("setting.refused", "binance.margin.leverage-4028")
def leverage_too_high(controls: Controls, symbol: str) -> Provoked:
    """One more than the highest leverage there is."""
    wanted = Decimal(instrument_of(controls, symbol).leverage_max_centi // CENTI + 1)
    return Provoked(reason="bad-parameter", operation="set_leverage", leverage=wanted)


@provocation("mode.refused", "binance.margin.position-mode-shared")
def mode_with_orders_elsewhere(controls: Controls, symbol: str) -> Provoked:
    """The position mode cannot change while an order rests anywhere, here on another product where there is one."""
    engine, here = controls.venue.engine, instrument_of(controls, symbol)
    others = [one for one in engine.instruments.values() if one.name != here.name]
    elsewhere = next((one for one in others if one.product != here.product), others[0])
    rest_another(controls, elsewhere)
    return Provoked(reason="open-orders", operation="set_position_mode")
