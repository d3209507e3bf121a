"""Settings that cannot be changed."""

from __future__ import annotations

from venueproof_simulators.host.provoking import provocation
from venueproof_simulators.kit import provocations as shown

margin_mode_with_orders = provocation("setting.refused", "bybit.margin.rejected-setting-visible")(
    shown.with_orders("set_margin_mode", "not-allowed")
)
leverage_too_high = provocation("setting.refused", "bybit.margin.leverage-110013")(
    shown.leverage_too_high("above-maximum")
)
mode_with_orders = provocation("mode.refused", "bybit.margin.mode-refused")(shown.with_orders("set_position_mode"))
