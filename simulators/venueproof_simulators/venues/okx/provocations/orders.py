"""Trouble with orders: refusals, ends and answers that nobody hears of."""

from __future__ import annotations

from decimal import Decimal

from venueproof_simulators.engine.commands import ExpireOrder
from venueproof_simulators.host.controls import Controls
from venueproof_simulators.host.provoking import provocation
from venueproof_simulators.host.rules import AnswerVenueError, Direction, Drop, LoseReply, Match, Rule
from venueproof_simulators.host.venue import Provoked
from venueproof_simulators.kit.troubles import SECOND_NS, instrument_of, usual_lots
from venueproof_simulators.venues.okx.provocations._tools import near

_FORGOTTEN_NS = 3 * 3600 * SECOND_NS
"""The vendor forgets what ended without a fill after two hours."""
_TOO_MUCH = Decimal(100_000)
"""Contracts that no account here has the margin for."""
_CALLBACK_TOO_SMALL_PERCENT = Decimal("0.05")


@provocation("order.reject", "okx.order.price-off-tick")
def off_tick(controls: Controls, symbol: str) -> Provoked:
    """A passive price between two ticks."""
    instrument = instrument_of(controls, symbol)
    return Provoked(reason="precision", intent={"price": near(controls, instrument, 98) + instrument.tick / 2})


@provocation("order.reject", "okx.order.size-off-lot")
def off_lot(controls: Controls, symbol: str) -> Provoked:
    """An amount between two steps."""
    instrument = instrument_of(controls, symbol)
    amount = usual_lots(controls, instrument) * instrument.lot + instrument.lot / 2
    return Provoked(reason="precision", intent={"amount": amount})


@provocation("order.reject", "okx.order.size-minimum")
def too_small(controls: Controls, symbol: str) -> Provoked:
    """A tenth of the smallest amount."""
    instrument = instrument_of(controls, symbol)
    return Provoked(reason="below-minimum", intent={"amount": instrument.lot * instrument.lots_min / 10})


@provocation("order.reject", "okx.order.price-band")
def too_dear(controls: Controls, symbol: str) -> Provoked:
    """A buy far above the market."""
    return Provoked(reason="price-band", intent={"price": near(controls, instrument_of(controls, symbol), 110)})


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


@provocation("order.end-without-event", "okx.order.end-untold")
def ended_untold(controls: Controls, symbol: str) -> Provoked:
    """The order ends, and the push that tells of it is lost."""
    instrument, venue = instrument_of(controls, symbol), controls.venue
    match = Match(Direction.STREAM, topic="order", instrument=symbol)
    controls.add_rule(Rule(match, Drop(), "end of an order not told"))
    for order in venue.engine.live_orders(venue.account, instrument.name):
        controls.command(ExpireOrder(instrument=instrument.name, order_id=order.order_id, reason="by-the-venue"))
    return Provoked()


@provocation("order.forgotten", "okx.history.canceled-2h")
def orders_forgotten(controls: Controls, symbol: str) -> Provoked:
    """Hours go by for everything that the venue keeps: what ended without a fill cannot be found any more."""
    controls.age(_FORGOTTEN_NS)
    return Provoked(operation="order")


@provocation("conditional.reject", "okx.algo.trigger-there")
def trigger_there(controls: Controls, symbol: str) -> Provoked:
    """A stop to sell above the market."""
    price = near(controls, instrument_of(controls, symbol), 101)
    return Provoked(reason="would-trigger", intent={"trigger": {"kind": "stop", "price": price}})


@provocation("conditional.reject", "okx.algo.callback-range")
def callback_out_of_range(controls: Controls, symbol: str) -> Provoked:
    """A trailing stop at a distance that the venue does not offer."""
    trigger = {"kind": "trailing", "offset": _CALLBACK_TOO_SMALL_PERCENT, "offset_unit": "percent"}
    return Provoked(reason="bad-parameter", intent={"trigger": trigger})


@provocation("reply.lost", "okx.trade.timeout-unknown-result")
def reply_lost(controls: Controls, symbol: str) -> Provoked:
    """The next order is placed and its answer never arrives."""
    controls.add_rule(Rule(Match(Direction.REQUEST, operation="place"), LoseReply(), "reply lost"))
    return Provoked(operation="place")


@provocation("reply.unknown", "okx.rest.400-timeout")
def reply_unknown(controls: Controls, symbol: str) -> Provoked:
    """The next order is placed and answered with a 400 that tells nothing."""
    fate = AnswerVenueError(error="timeout", executed=True)
    controls.add_rule(Rule(Match(Direction.REQUEST, operation="place"), fate, "50004 after accepting"))
    return Provoked(operation="place")
