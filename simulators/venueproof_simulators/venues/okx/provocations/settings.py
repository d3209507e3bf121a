"""Settings that cannot be changed."""

from __future__ import annotations

from venueproof_simulators.host.provoking import provocation
from venueproof_simulators.kit import provocations as shown

leverage_too_high = provocation("setting.refused", "okx.leverage.rejected-surfaces")(
    shown.leverage_too_high("bad-parameter")
)
mode_with_orders_elsewhere = provocation("mode.refused", "okx.mode.change-blocked")(shown.mode_with_orders_elsewhere)
