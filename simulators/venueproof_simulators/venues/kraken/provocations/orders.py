"""Trouble with orders: refusals, ends and answers that nobody hears of, what is forgotten."""

from __future__ import annotations

from decimal import Decimal

from venueproof_simulators.engine.commands import ExpireOrder
from venueproof_simulators.host.controls import Controls
from venueproof_simulators.host.provoking import provocation
from venueproof_simulators.host.rules import AnswerVenueError, Direction, LoseReply, Match, Rule
from venueproof_simulators.host.venue import Provoked
from venueproof_simulators.kit.troubles import SECOND_NS, instrument_of, mark_of, on_tick, usual_lots
from venueproof_simulators.venues.kraken.routes.gateway import ERRORS_AS_LIST
from venueproof_simulators.venues.kraken.streams.account import SILENT_CANCEL

_FORGOTTEN_NS = 6 * SECOND_NS
"""orders/status looks five seconds back."""


def _beyond(controls: Controls, symbol: str) -> Decimal:
    """The largest amount allowed, for which no account has the margin."""
    instrument = instrument_of(controls, symbol)
    return instrument.lot * instrument.lots_max


def _odd(controls: Controls, symbol: str) -> Decimal:
    """An amount between two steps."""
    instrument = instrument_of(controls, symbol)
    return usual_lots(controls, instrument) * instrument.lot + instrument.lot / 2


@provocation("order.reject", "kraken.order.insufficient-funds")
def too_large(controls: Controls, symbol: str) -> Provoked:
    """An amount for which no account has the margin."""
    return Provoked(reason="insufficient-margin", intent={"amount": _beyond(controls, symbol)})


@provocation("order.reject", "kraken.order.invalid-size")
def off_step(controls: Controls, symbol: str) -> Provoked:
    """An amount between two steps."""
    return Provoked(reason="precision", intent={"amount": _odd(controls, symbol)})


@provocation("order.reject", "kraken.order.invalid-price")
def off_tick(controls: Controls, symbol: str) -> Provoked:
    """A passive price between two ticks."""
    instrument = instrument_of(controls, symbol)
    price = on_tick(instrument, mark_of(controls, instrument) * Decimal("0.98")) + instrument.tick / 2
    return Provoked(reason="precision", intent={"price": price})


@provocation("order.reject", "kraken.order.outside-collar")
def outside_collar(controls: Controls, symbol: str) -> Provoked:
    """A buy far above mark."""
    instrument = instrument_of(controls, symbol)
    price = on_tick(instrument, mark_of(controls, instrument) * Decimal("1.2"))
    return Provoked(reason="price-band", intent={"price": price})


@provocation("order.reject", "kraken.order.post-would-execute")
def post_only_crossing(controls: Controls, symbol: str) -> Provoked:
    """A post-only buy above the best ask."""
    instrument = instrument_of(controls, symbol)
    price = on_tick(instrument, mark_of(controls, instrument) * Decimal("1.01"))
    return Provoked(reason="would-cross", intent={"price": price, "post_only": True})


@provocation("order.reject", "kraken.order.would-not-reduce")
def nothing_to_reduce(controls: Controls, symbol: str) -> Provoked:
    """An order that only reduces, without a position."""
    return Provoked(reason="reduce-only", intent={"reduce_only": True})


@provocation("order.reject", "kraken.error.two-envelopes", either=True)
def refused_in_a_list(controls: Controls, symbol: str) -> Provoked:
    """The next order is refused with a list of errors."""
    controls.switch_quirk(ERRORS_AS_LIST, True)
    match = Match(Direction.REQUEST, operation="place")
    controls.add_rule(Rule(match, AnswerVenueError(error="margin"), "refused with a list of errors"))
    return Provoked(reason="insufficient-margin")


@provocation("error.inside-success", "kraken.error.nested-status")
def refused_inside_a_success(controls: Controls, symbol: str) -> Provoked:
    """An order without margin: result is success."""
    intent = {"amount": _beyond(controls, symbol)}
    return Provoked(operation="place", reason="insufficient-margin", intent=intent)


@provocation("error.inside-success", "kraken.error.unknown-status-swallowed")
def status_of_no_list(controls: Controls, symbol: str) -> Provoked:
    """The next order is refused with a status that no page knows."""
    match = Match(Direction.REQUEST, operation="place")
    controls.add_rule(Rule(match, AnswerVenueError(error="unknown-status"), "refused with an unknown status"))
    return Provoked(operation="place", reason="other")


@provocation("conditional.reject", "kraken.order.trigger-invalid-size")
def stop_off_step(controls: Controls, symbol: str) -> Provoked:
    """A stop with an amount between two steps."""
    return Provoked(reason="precision", intent={"amount": _odd(controls, symbol)})


@provocation("order.end-without-event", "kraken.ws.no-cancel-event", either=True)
def ended_untold(controls: Controls, symbol: str) -> Provoked:
    """The venue ends what rests, and no frame tells of it."""
    controls.switch_quirk(SILENT_CANCEL, True)
    venue, name = controls.venue, instrument_of(controls, symbol).name
    for order in venue.engine.live_orders(venue.account, name):
        controls.command(ExpireOrder(instrument=name, order_id=order.order_id, reason="venue"))
    return Provoked()


@provocation("reply.lost", "kraken.idempotency.timeout")
def reply_lost(controls: Controls, symbol: str) -> Provoked:
    """The next order is placed and its answer never arrives."""
    controls.add_rule(Rule(Match(Direction.REQUEST, operation="place"), LoseReply(), "reply lost"))
    return Provoked(operation="place")


@provocation("order.forgotten", "kraken.order.status-5s-window")
def orders_forgotten(controls: Controls, symbol: str) -> Provoked:
    """Some seconds go by: orders/status does not tell any more of what ended."""
    controls.age(_FORGOTTEN_NS)
    return Provoked(operation="order")
