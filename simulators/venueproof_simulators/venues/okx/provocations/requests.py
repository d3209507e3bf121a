"""Trouble with what is asked: fills told oddly, order of lists, limits, identity."""

from __future__ import annotations

from decimal import Decimal

from venueproof_simulators.host.controls import Controls
from venueproof_simulators.host.provoking import provocation
from venueproof_simulators.host.rules import Delay, Drop, Duplicate
from venueproof_simulators.host.venue import Provoked
from venueproof_simulators.kit import provocations as shown
from venueproof_simulators.kit.troubles import SECOND_NS
from venueproof_simulators.venues.okx.operations.orders import RESTRICTED
from venueproof_simulators.venues.okx.routes.gateway import BOUND_ELSEWHERE
from venueproof_simulators.venues.okx.venue import OkxVenue

_ORDERS_CHANNEL = '"channel":"orders"'
"""What rows of the channel of orders have in them that tell of a fill."""
_LATE_S = 2
_THROTTLED_S = 5


fill_twice = provocation("fill.duplicate", "okx.trade.duplicate-fill-on-reconnect")(
    shown.next_fill(Duplicate(), "fill told twice", contains=_ORDERS_CHANNEL)
)
fill_missed = provocation("fill.delayed", "okx.fills.delayed-or-missed")(
    shown.next_fill(Drop(), "fill not told", contains=_ORDERS_CHANNEL, settles_s=1)
)
order_late = provocation("fill.delayed", "okx.ws.fills-before-orders")(
    shown.next_fill(Delay(_LATE_S * SECOND_NS), "order told late", contains=_ORDERS_CHANNEL, settles_s=_LATE_S)
)
candles_newest_first = provocation("list.order", "okx.candles.newest-first")(shown.candles)
throttled = provocation("rate.throttle", "okx.ratelimit.http-429")(shown.throttled(_THROTTLED_S))


@provocation("rate.throttle", "okx.ratelimit.ip-and-uid-independent", either=True)
def out_of_orders(controls: Controls, symbol: str) -> Provoked:
    """The account's orders are spent; all else goes on."""
    shown.venue_of(controls, OkxVenue).desk.budgets.exhaust_orders(controls.time().age_ns + _THROTTLED_S * SECOND_NS)
    return Provoked(operation="place", settles_s=Decimal(_THROTTLED_S))


stamped_too_early = provocation("clock.late", "okx.time.skew-rejected")(
    shown.placing_answered("timestamp", "time of an order over")
)
restricted = provocation("account.restricted", "okx.account.region-restricted", either=True)(shown.switched(RESTRICTED))
bound_elsewhere = provocation("account.restricted", "okx.ip.whitelist-50110", either=True)(
    shown.switched(BOUND_ELSEWHERE)
)
