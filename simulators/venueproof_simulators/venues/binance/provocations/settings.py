"""Settings that cannot be changed."""

from __future__ import annotations

from decimal import Decimal

from venueproof_simulators.engine.commands import PlaceConditional
from venueproof_simulators.engine.conditional_state import TriggerKind
from venueproof_simulators.engine.state import OrderKind, Side
from venueproof_simulators.host.controls import Controls
from venueproof_simulators.host.provoking import provocation
from venueproof_simulators.host.venue import Provoked
from venueproof_simulators.kit import provocations as shown
from venueproof_simulators.kit.troubles import instrument_of, mark_of, on_tick, usual_lots


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


margin_type_with_orders = provocation("setting.refused", "binance.margin.rejected-setting-visible")(
    shown.with_orders("set_margin_mode")
)
leverage_too_high = provocation("setting.refused", "binance.margin.leverage-4028")(
    shown.leverage_too_high("bad-parameter")
)
mode_with_orders_elsewhere = provocation("mode.refused", "binance.margin.position-mode-shared")(
    shown.mode_with_orders_elsewhere
)
