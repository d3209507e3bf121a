"""Trouble with orders: refusals, conditions that are not met, ends and answers that nobody hears of."""

from __future__ import annotations

from venueproof_simulators.host.controls import Controls
from venueproof_simulators.host.provoking import provocation
from venueproof_simulators.host.rules import Delay, Direction, Match, Rule
from venueproof_simulators.host.venue import Provoked
from venueproof_simulators.kit import provocations as shown
from venueproof_simulators.kit.troubles import SECOND_NS, instrument_of
from venueproof_simulators.venues.deribit.operations.desk import STUCK
from venueproof_simulators.venues.deribit.operations.orders import EDIT_REFUSED
from venueproof_simulators.venues.deribit.streams.hub import CANCELLED_ON_DISCONNECT

_TOO_LATE_NS = 11 * SECOND_NS
"""Longer than clients wait for an answer, as was reported."""
_FORGOTTEN_NS = 31 * 60 * SECOND_NS
"""The venue keeps what ended without a fill for half an hour."""


@provocation("order.reject", "deribit.order.refused-too-small")
def below_minimum(controls: Controls, symbol: str) -> Provoked:
    """Half of the smallest amount."""
    instrument = instrument_of(controls, symbol)
    return Provoked(reason="below-minimum", intent={"amount": instrument.lot * instrument.lots_min / 2})


between_steps = provocation("order.reject", "deribit.order.refused-step")(shown.off_step(2))
between_ticks = provocation("order.reject", "deribit.order.refused-tick")(shown.off_tick)
outside_band = provocation("order.reject", "deribit.order.refused-band")(shown.far_above_mark(120))
too_large = provocation("order.reject", "deribit.order.refused-margin")(shown.too_large)
post_only_crossing = provocation("order.reject", "deribit.order.refused-post-only")(shown.post_only_crossing)
ended_untold = provocation("order.end-without-event", "deribit.cod.cancel-on-disconnect")(
    shown.ended_untold(CANCELLED_ON_DISCONNECT, "end untold")
)
amend_refused = provocation("amend.refused", "deribit.order.edit-refused", either=True)(
    shown.switched(EDIT_REFUSED, reason="not-allowed", operation="amend")
)
triggers_at_once = provocation("conditional.reject", "deribit.trigger.refused-at-once")(shown.triggers_at_once)
stuck = provocation("trigger.stuck", "deribit.trigger.stuck", either=True)(shown.switched(STUCK))
reply_lost = provocation("reply.lost", "deribit.trade.timeout-unknown-result")(shown.reply_lost)


@provocation("reply.lost", "deribit.ws.late-response")
def reply_late(controls: Controls, symbol: str) -> Provoked:
    """The next order is placed and its answer arrives when nobody waits for it any more."""
    controls.add_rule(Rule(Match(Direction.REQUEST, operation="place"), Delay(_TOO_LATE_NS), "reply late"))
    return Provoked(operation="place")


reply_unknown = provocation("reply.unknown", "deribit.trade.unknown-error")(
    shown.placing_answered("internal", "error after accepting", executed=True)
)
orders_forgotten = provocation("order.forgotten", "deribit.order.unfilled-purged")(shown.forgotten_after(_FORGOTTEN_NS))
