"""What orders are refused for, and what befalls them."""

from __future__ import annotations

from decimal import Decimal

from venueproof_simulators.engine.commands import ExpireOrder, SetLeverage
from venueproof_simulators.host.controls import Controls
from venueproof_simulators.host.provoking import provocation
from venueproof_simulators.host.rules import AnswerVenueError, Direction, Drop, LoseReply, Match, Rule
from venueproof_simulators.host.venue import Provoked
from venueproof_simulators.kit.troubles import (
    SECOND_NS,
    instrument_of,
    mark_of,
    on_tick,
    too_small,
    usual_lots,
)
from venueproof_simulators.venues.bybit.operations.order_reading import TYPE_CASE
from venueproof_simulators.venues.bybit.provocations._tools import bybit

_FORGOTTEN_NS = 3 * 24 * 3600 * SECOND_NS


@provocation("order.reject", "bybit.order.rejected-margin")
def too_large(controls: Controls, symbol: str) -> Provoked:
    """The largest amount allowed, for which no account has the margin."""
    instrument = instrument_of(controls, symbol)
    command = SetLeverage(account=controls.venue.account, instrument=instrument.name, leverage_centi=100)
    controls.command(command)
    return Provoked(reason="insufficient-margin", intent={"amount": instrument.lot * instrument.lots_max})


@provocation("order.reject", "bybit.order.min-notional-110094")
def worth_too_little(controls: Controls, symbol: str) -> Provoked:
    """The smallest amount, far below the price, where it is worth too little."""
    instrument = instrument_of(controls, symbol)
    amount = too_small(instrument)
    price = on_tick(instrument, Decimal(4) / amount)
    return Provoked(reason="below-minimum", intent={"amount": amount, "price": price})


@provocation("order.reject", "bybit.order.qty-step-10001")
def off_step(controls: Controls, symbol: str) -> Provoked:
    """An amount with one decimal more than the symbol allows."""
    instrument = instrument_of(controls, symbol)
    amount = usual_lots(controls, instrument) * instrument.lot + instrument.lot / 10
    return Provoked(reason="precision", intent={"amount": amount})


@provocation("order.reject", "bybit.order.tick-10001")
def off_tick(controls: Controls, symbol: str) -> Provoked:
    """A passive price between two ticks."""
    instrument = instrument_of(controls, symbol)
    price = on_tick(instrument, mark_of(controls, instrument) * Decimal("0.98")) + instrument.tick / 2
    return Provoked(reason="precision", intent={"price": price})


@provocation("order.reject", "bybit.order.price-band-110003")
def outside_band(controls: Controls, symbol: str) -> Provoked:
    """A buy far above mark."""
    instrument = instrument_of(controls, symbol)
    price = on_tick(instrument, mark_of(controls, instrument) * Decimal("1.2"))
    return Provoked(reason="price-band", intent={"price": price})


@provocation("order.reject", "bybit.order.reduce-only-110017")
def nothing_to_reduce(controls: Controls, symbol: str) -> Provoked:
    """An order that only reduces, without a position."""
    return Provoked(reason="reduce-only", intent={"reduce_only": True})


@provocation("order.reject", "bybit.order.type-case", either=True)
def other_spelling(controls: Controls, symbol: str) -> Provoked:
    """Order types must be spelled in small letters: whoever spells them as on the vendor's page is refused."""
    controls.switch_quirk(TYPE_CASE, True)
    return Provoked(reason="bad-parameter")


@provocation("conditional.reject", "bybit.order.would-trigger-110092")
def triggers_at_once(controls: Controls, symbol: str) -> Provoked:
    """A stop to sell above the market: its price is there already."""
    instrument = instrument_of(controls, symbol)
    price = on_tick(instrument, mark_of(controls, instrument) * Decimal("1.01"))
    return Provoked(reason="would-trigger", intent={"trigger": {"kind": "stop", "price": price}})


@provocation("error.inside-success", "bybit.http.200-errors")
def refusal_in_success(controls: Controls, symbol: str) -> Provoked:
    """The refusal of an order that only reduces stands in an answer with status 200, as nearly all do."""
    return Provoked(reason="reduce-only", operation="place", intent={"reduce_only": True})


@provocation("order.end-without-event", "bybit.ws.fill-delay-dup-miss")
def ended_untold(controls: Controls, symbol: str) -> Provoked:
    """The venue ends what rests, and the message about it is lost."""
    venue, name = controls.venue, instrument_of(controls, symbol).name
    for order in venue.engine.live_orders(venue.account, name):
        if venue.account_sessions():
            controls.add_rule(Rule(Match(Direction.STREAM, topic="order", instrument=symbol), Drop(), "end lost"))
        controls.command(ExpireOrder(instrument=name, order_id=order.order_id, reason="venue"))
    return Provoked()


@provocation("reply.lost", "bybit.clientid.unknown-outcome")
def reply_lost(controls: Controls, symbol: str) -> Provoked:
    """The next order is placed and its answer never arrives."""
    controls.add_rule(Rule(Match(Direction.REQUEST, operation="place"), LoseReply(), "reply lost"))
    return Provoked(operation="place")


@provocation("reply.unknown", "bybit.http.timeout-10000")
def reply_unknown(controls: Controls, symbol: str) -> Provoked:
    """The next order is placed and answered with a time-out of the server."""
    fate = AnswerVenueError(error="server-timeout", executed=True)
    controls.add_rule(Rule(Match(Direction.REQUEST, operation="place"), fate, "time-out after accepting"))
    return Provoked(operation="place")


@provocation("order.forgotten", "bybit.order.history-eviction")
def orders_forgotten(controls: Controls, symbol: str) -> Provoked:
    """Days go by for everything that the venue keeps, and what was in memory is lost."""
    controls.age(_FORGOTTEN_NS)
    bybit(controls).desk.flushed_ns = controls.time().true_ns + 1
    return Provoked(operation="order")
