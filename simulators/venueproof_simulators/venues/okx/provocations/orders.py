"""Trouble with orders: refusals, ends and answers that nobody hears of."""

from __future__ import annotations

from decimal import Decimal

from venueproof_simulators.host.controls import Controls
from venueproof_simulators.host.provoking import provocation
from venueproof_simulators.host.rules import AnswerVenueError, Direction, Match, Rule
from venueproof_simulators.host.venue import Provoked
from venueproof_simulators.kit import provocations as shown
from venueproof_simulators.kit.troubles import SECOND_NS, instrument_of

_FORGOTTEN_NS = 3 * 3600 * SECOND_NS
"""The vendor forgets what ended without a fill after two hours."""
_TOO_MUCH = Decimal(100_000)
"""Contracts that no account here has the margin for."""
_CALLBACK_TOO_SMALL_PERCENT = Decimal("0.05")


off_tick = provocation("order.reject", "okx.order.price-off-tick")(shown.off_tick)
off_lot = provocation("order.reject", "okx.order.size-off-lot")(shown.off_step(2))


@provocation("order.reject", "okx.order.size-minimum")
def too_small(controls: Controls, symbol: str) -> Provoked:
    """A tenth of the smallest amount."""
    instrument = instrument_of(controls, symbol)
    return Provoked(reason="below-minimum", intent={"amount": instrument.lot * instrument.lots_min / 10})


too_dear = provocation("order.reject", "okx.order.price-band")(shown.far_above_mark(110))


@provocation("order.reject", "okx.order.no-margin")
def without_margin(controls: Controls, symbol: str) -> Provoked:
    """More contracts than there is margin for."""
    return Provoked(reason="insufficient-margin", intent={"amount": _TOO_MUCH})


@provocation("error.inside-success", "okx.rest.http200-errors")
def refusal_in_success(controls: Controls, symbol: str) -> Provoked:
    """The same, and the refusal stands in an answer with status 200."""
    return Provoked(reason="insufficient-margin", operation="place", intent={"amount": _TOO_MUCH})


@provocation("amend.refused", "okx.order.amend-refused")
def not_amendable(controls: Controls, symbol: str) -> Provoked:
    """Every amendment is refused."""
    match = Match(Direction.REQUEST, operation="amend", first=0)
    controls.add_rule(Rule(match, AnswerVenueError(error="not-amendable"), "amendment refused"))
    return Provoked(reason="not-allowed")


ended_untold = provocation("order.end-without-event", "okx.order.end-untold")(
    shown.ended_untold("by-the-venue", "end of an order not told")
)
orders_forgotten = provocation("order.forgotten", "okx.history.canceled-2h")(shown.forgotten_after(_FORGOTTEN_NS))
trigger_there = provocation("conditional.reject", "okx.algo.trigger-there")(shown.triggers_at_once)
callback_out_of_range = provocation("conditional.reject", "okx.algo.callback-range")(
    shown.callback_of(_CALLBACK_TOO_SMALL_PERCENT)
)
reply_lost = provocation("reply.lost", "okx.trade.timeout-unknown-result")(shown.reply_lost)
reply_unknown = provocation("reply.unknown", "okx.rest.400-timeout")(
    shown.placing_answered("timeout", "50004 after accepting", executed=True)
)
