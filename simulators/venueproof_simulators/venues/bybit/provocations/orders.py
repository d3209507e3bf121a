"""What orders are refused for, and what befalls them."""

from __future__ import annotations

from decimal import Decimal

from venueproof_simulators.engine.commands import SetLeverage
from venueproof_simulators.host.controls import Controls
from venueproof_simulators.host.provoking import provocation
from venueproof_simulators.host.venue import Provoked
from venueproof_simulators.kit import provocations as shown
from venueproof_simulators.kit.troubles import (
    SECOND_NS,
    instrument_of,
    on_tick,
    too_small,
)
from venueproof_simulators.venues.bybit.operations.order_reading import TYPE_CASE
from venueproof_simulators.venues.bybit.venue import BybitVenue

_FORGOTTEN_NS = 3 * 24 * 3600 * SECOND_NS


@provocation("order.reject", "bybit.order.rejected-margin")
def too_large(controls: Controls, symbol: str) -> Provoked:
    """The largest amount allowed, for which no account has the margin."""
    instrument = instrument_of(controls, symbol)
    command = SetLeverage(account=controls.venue.account, instrument=instrument.name, leverage_centi=100)
    controls.command(command)
    return shown.too_large(controls, symbol)


@provocation("order.reject", "bybit.order.min-notional-110094")
def worth_too_little(controls: Controls, symbol: str) -> Provoked:
    """The smallest amount, far below the price, where it is worth too little."""
    instrument = instrument_of(controls, symbol)
    amount = too_small(instrument)
    price = on_tick(instrument, Decimal(4) / amount)
    return Provoked(reason="below-minimum", intent={"amount": amount, "price": price})


off_step = provocation("order.reject", "bybit.order.qty-step-10001")(shown.off_step(10))
off_tick = provocation("order.reject", "bybit.order.tick-10001")(shown.off_tick)
outside_band = provocation("order.reject", "bybit.order.price-band-110003")(shown.far_above_mark(120))
nothing_to_reduce = provocation("order.reject", "bybit.order.reduce-only-110017")(shown.nothing_to_reduce)
other_spelling = provocation("order.reject", "bybit.order.type-case", either=True)(
    shown.switched(TYPE_CASE, reason="bad-parameter")
)
triggers_at_once = provocation("conditional.reject", "bybit.order.would-trigger-110092")(shown.triggers_at_once)
refusal_in_success = provocation("error.inside-success", "bybit.http.200-errors")(
    shown.when_placing(shown.nothing_to_reduce)
)
ended_untold = provocation("order.end-without-event", "bybit.ws.fill-delay-dup-miss")(
    shown.ended_untold("venue", "end lost")
)
reply_lost = provocation("reply.lost", "bybit.clientid.unknown-outcome")(shown.reply_lost)
reply_unknown = provocation("reply.unknown", "bybit.http.timeout-10000")(
    shown.placing_answered("server-timeout", "time-out after accepting", executed=True)
)


@provocation("order.forgotten", "bybit.order.history-eviction")
def orders_forgotten(controls: Controls, symbol: str) -> Provoked:
    """Days go by for everything that the venue keeps, and what was in memory is lost."""
    controls.age(_FORGOTTEN_NS)
    shown.venue_of(controls, BybitVenue).desk.flushed_ns = controls.time().true_ns + 1
    return Provoked(operation="order")
