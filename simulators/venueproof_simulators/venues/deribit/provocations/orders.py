"""Trouble with orders: refusals, conditions that are not met, ends and answers that nobody hears of."""

from __future__ import annotations

from decimal import Decimal

from venueproof_simulators.engine.commands import ExpireOrder
from venueproof_simulators.host.controls import Controls
from venueproof_simulators.host.provoking import provocation
from venueproof_simulators.host.rules import AnswerVenueError, Delay, Direction, Drop, LoseReply, Match, Rule
from venueproof_simulators.host.venue import Provoked
from venueproof_simulators.kit.troubles import SECOND_NS, instrument_of, mark_of, on_tick, usual_lots
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


@provocation("order.reject", "deribit.order.refused-step")
def between_steps(controls: Controls, symbol: str) -> Provoked:
    """An amount between two steps."""
    instrument = instrument_of(controls, symbol)
    amount = usual_lots(controls, instrument) * instrument.lot + instrument.lot / 2
    return Provoked(reason="precision", intent={"amount": amount})


@provocation("order.reject", "deribit.order.refused-tick")
def between_ticks(controls: Controls, symbol: str) -> Provoked:
    """A passive price between two ticks."""
    instrument = instrument_of(controls, symbol)
    price = on_tick(instrument, mark_of(controls, instrument) * Decimal("0.98")) + instrument.tick / 2
    return Provoked(reason="precision", intent={"price": price})


@provocation("order.reject", "deribit.order.refused-band")
def outside_band(controls: Controls, symbol: str) -> Provoked:
    """A buy far above mark."""
    instrument = instrument_of(controls, symbol)
    price = on_tick(instrument, mark_of(controls, instrument) * Decimal("1.2"))
    return Provoked(reason="price-band", intent={"price": price})


@provocation("order.reject", "deribit.order.refused-margin")
def too_large(controls: Controls, symbol: str) -> Provoked:
    """The largest amount allowed, for which no account has the margin."""
    instrument = instrument_of(controls, symbol)
    return Provoked(reason="insufficient-margin", intent={"amount": instrument.lot * instrument.lots_max})


@provocation("order.reject", "deribit.order.refused-post-only")
def post_only_crossing(controls: Controls, symbol: str) -> Provoked:
    """A post-only buy above the best ask, from who does not want it moved."""
    instrument = instrument_of(controls, symbol)
    price = on_tick(instrument, mark_of(controls, instrument) * Decimal("1.01"))
    return Provoked(reason="would-cross", intent={"price": price, "post_only": True})


@provocation("order.end-without-event", "deribit.cod.cancel-on-disconnect")
def ended_untold(controls: Controls, symbol: str) -> Provoked:
    """What rests is cancelled as if its connection were lost, and the message about it is lost as well."""
    venue, name = controls.venue, instrument_of(controls, symbol).name
    for order in venue.engine.live_orders(venue.account, name):
        if venue.account_sessions():
            controls.add_rule(Rule(Match(Direction.STREAM, topic="order", instrument=symbol), Drop(), "end untold"))
        controls.command(ExpireOrder(instrument=name, order_id=order.order_id, reason=CANCELLED_ON_DISCONNECT))
    return Provoked()


@provocation("amend.refused", "deribit.order.edit-refused", either=True)
def amend_refused(controls: Controls, symbol: str) -> Provoked:
    """No order can be edited."""
    controls.switch_quirk(EDIT_REFUSED, True)
    return Provoked(reason="not-allowed", operation="amend")


@provocation("conditional.reject", "deribit.trigger.refused-at-once")
def triggers_at_once(controls: Controls, symbol: str) -> Provoked:
    """A stop to sell above the market: its price is there already."""
    instrument = instrument_of(controls, symbol)
    price = on_tick(instrument, mark_of(controls, instrument) * Decimal("1.01"))
    return Provoked(reason="would-trigger", intent={"trigger": {"kind": "stop", "price": price}})


@provocation("trigger.stuck", "deribit.trigger.stuck", either=True)
def stuck(controls: Controls, symbol: str) -> Provoked:
    """Whatever fires stays untriggered."""
    controls.switch_quirk(STUCK, True)
    return Provoked()


@provocation("reply.lost", "deribit.trade.timeout-unknown-result")
def reply_lost(controls: Controls, symbol: str) -> Provoked:
    """The next order is placed and its answer never arrives."""
    controls.add_rule(Rule(Match(Direction.REQUEST, operation="place"), LoseReply(), "reply lost"))
    return Provoked(operation="place")


@provocation("reply.lost", "deribit.ws.late-response")
def reply_late(controls: Controls, symbol: str) -> Provoked:
    """The next order is placed and its answer arrives when nobody waits for it any more."""
    controls.add_rule(Rule(Match(Direction.REQUEST, operation="place"), Delay(_TOO_LATE_NS), "reply late"))
    return Provoked(operation="place")


@provocation("reply.unknown", "deribit.trade.unknown-error")
def reply_unknown(controls: Controls, symbol: str) -> Provoked:
    """The next order is placed and answered with an error that does not tell whether it was."""
    fate = AnswerVenueError(error="internal", executed=True)
    controls.add_rule(Rule(Match(Direction.REQUEST, operation="place"), fate, "error after accepting"))
    return Provoked(operation="place")


@provocation("order.forgotten", "deribit.order.unfilled-purged")
def orders_forgotten(controls: Controls, symbol: str) -> Provoked:
    """Half an hour goes by for everything that the venue keeps."""
    controls.age(_FORGOTTEN_NS)
    return Provoked(operation="order")
