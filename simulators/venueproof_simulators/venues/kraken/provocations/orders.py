"""Trouble with orders: refusals, ends and answers that nobody hears of, what is forgotten."""

from __future__ import annotations

from venueproof_simulators.engine.commands import ExpireOrder
from venueproof_simulators.host.controls import Controls
from venueproof_simulators.host.provoking import provocation
from venueproof_simulators.host.rules import AnswerVenueError, Direction, Match, Rule
from venueproof_simulators.host.venue import Provoked
from venueproof_simulators.kit import provocations as shown
from venueproof_simulators.kit.troubles import SECOND_NS, instrument_of
from venueproof_simulators.venues.kraken.routes.gateway import ERRORS_AS_LIST
from venueproof_simulators.venues.kraken.streams.account import SILENT_CANCEL

_FORGOTTEN_NS = 6 * SECOND_NS
"""orders/status looks five seconds back."""


too_large = provocation("order.reject", "kraken.order.insufficient-funds")(shown.too_large)
off_step = provocation("order.reject", "kraken.order.invalid-size")(shown.off_step(2))
off_tick = provocation("order.reject", "kraken.order.invalid-price")(shown.off_tick)
outside_collar = provocation("order.reject", "kraken.order.outside-collar")(shown.far_above_mark(120))
post_only_crossing = provocation("order.reject", "kraken.order.post-would-execute")(shown.post_only_crossing)
nothing_to_reduce = provocation("order.reject", "kraken.order.would-not-reduce")(shown.nothing_to_reduce)


@provocation("order.reject", "kraken.error.two-envelopes", either=True)
def refused_in_a_list(controls: Controls, symbol: str) -> Provoked:
    """The next order is refused with a list of errors."""
    controls.switch_quirk(ERRORS_AS_LIST, True)
    match = Match(Direction.REQUEST, operation="place")
    controls.add_rule(Rule(match, AnswerVenueError(error="margin"), "refused with a list of errors"))
    return Provoked(reason="insufficient-margin")


refused_inside_a_success = provocation("error.inside-success", "kraken.error.nested-status")(
    shown.when_placing(shown.too_large)
)
status_of_no_list = provocation("error.inside-success", "kraken.error.unknown-status-swallowed")(
    shown.placing_answered("unknown-status", "refused with an unknown status", reason="other")
)
stop_off_step = provocation("conditional.reject", "kraken.order.trigger-invalid-size")(shown.off_step(2))


@provocation("order.end-without-event", "kraken.ws.no-cancel-event", either=True)
def ended_untold(controls: Controls, symbol: str) -> Provoked:
    """The venue ends what rests, and no frame tells of it."""
    controls.switch_quirk(SILENT_CANCEL, True)
    venue, name = controls.venue, instrument_of(controls, symbol).name
    for order in venue.engine.live_orders(venue.account, name):
        controls.command(ExpireOrder(instrument=name, order_id=order.order_id, reason="venue"))
    return Provoked()


reply_lost = provocation("reply.lost", "kraken.idempotency.timeout")(shown.reply_lost)
orders_forgotten = provocation("order.forgotten", "kraken.order.status-5s-window")(shown.forgotten_after(_FORGOTTEN_NS))
