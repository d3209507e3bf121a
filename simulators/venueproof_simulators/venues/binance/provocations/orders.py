"""Trouble with orders: refusals, conditions that are not met, ends and answers that nobody hears of."""

from __future__ import annotations

from decimal import Decimal

from venueproof_simulators.engine.commands import SetLeverage, SetMark
from venueproof_simulators.host.controls import Controls
from venueproof_simulators.host.decimals import money
from venueproof_simulators.host.provoking import provocation
from venueproof_simulators.host.venue import Provoked
from venueproof_simulators.kit import provocations as shown
from venueproof_simulators.kit.troubles import (
    SECOND_NS,
    instrument_of,
    least_lots,
    too_small,
    worth_of_lot,
)
from venueproof_simulators.venues.binance.operations.amending import AMEND_REFUSED
from venueproof_simulators.venues.binance.operations.desk import STUCK
from venueproof_simulators.venues.binance.operations.order_reading import REDUCE_ONLY_NOTIONAL

_CALLBACK_TOO_FAR_PERCENT = Decimal(25)
_FORGOTTEN_NS = 4 * 86_400 * SECOND_NS
"""The vendor keeps what ended without a fill for three days."""


@provocation("order.reject", "binance.order.min-notional-4164")
def below_notional(controls: Controls, symbol: str) -> Provoked:
    """An amount that is worth less than the symbol's filter asks for."""
    amount = too_small(instrument_of(controls, symbol))
    return Provoked(reason="below-minimum", intent={"amount": amount})


@provocation("order.reject", "binance.order.min-notional-reduce-only")
def below_notional_reducing(controls: Controls, symbol: str) -> Provoked:
    """The same for an order that only reduces."""
    controls.switch_quirk(REDUCE_ONLY_NOTIONAL, True)
    amount = too_small(instrument_of(controls, symbol))
    return Provoked(reason="below-minimum", intent={"amount": amount, "reduce_only": True})


@provocation("order.reject", "binance.order.min-notional-market")
def below_notional_at_mark(controls: Controls, symbol: str) -> Provoked:
    """A market order that is worth enough at the last price, and too little at a lower mark."""
    instrument = instrument_of(controls, symbol)
    amount = instrument.lot * least_lots(controls, instrument)
    too_low = money(instrument.notional_min_atoms) / (amount * instrument.contract_size) * Decimal("0.98")
    controls.command(SetMark(instrument=instrument.name, mark_ticks=int(too_low / instrument.tick)))
    return Provoked(reason="below-minimum", intent={"type": "market", "amount": amount})


too_many_decimals = provocation("order.reject", "binance.order.precision-1111")(shown.off_step(10))
off_tick = provocation("order.reject", "binance.order.tick-4014")(shown.off_tick)
outside_band = provocation("order.reject", "binance.order.price-band-4016")(shown.far_above_mark(120))
too_large = provocation("order.reject", "binance.order.margin-2019")(shown.too_large)


@provocation("order.reject", "binance.margin.size-cap")
def over_the_bracket(controls: Controls, symbol: str) -> Provoked:
    """At the highest leverage, more than its bracket allows and much less than the money would do for."""
    instrument = instrument_of(controls, symbol)
    first = instrument.ladder[0]
    account, name = controls.venue.account, instrument.name
    controls.command(SetLeverage(account=account, instrument=name, leverage_centi=first.leverage_max_centi))
    lots = money(first.notional_max_atoms) * Decimal("1.1") / worth_of_lot(controls, instrument)
    return Provoked(reason="above-maximum", intent={"amount": instrument.lot * int(lots)})


post_only_crossing = provocation("order.reject", "binance.order.post-only-reject")(shown.post_only_crossing)


@provocation("order.reject", "binance.order.fill-or-kill-5021")
def unfillable(controls: Controls, symbol: str) -> Provoked:
    """A fill-or-kill order at a passive price."""
    return Provoked(reason="not-fillable", intent={"time_in_force": "fok"})


nothing_to_reduce = provocation("order.reject", "binance.order.reduce-only-2022")(shown.nothing_to_reduce)
ended_untold = provocation("order.end-without-event", "binance.ws.fill-delay-dup-miss")(
    shown.ended_untold("venue", "expiry lost")
)
amend_refused = provocation("amend.refused", "binance.order.amend-in-place")(
    shown.switched(AMEND_REFUSED, reason="not-allowed", operation="amend")
)
triggers_at_once = provocation("conditional.reject", "binance.order.would-trigger-2021")(shown.triggers_at_once)
callback_out_of_range = provocation("conditional.reject", "binance.order.callback-range")(
    shown.callback_of(_CALLBACK_TOO_FAR_PERCENT)
)
stuck_triggering = provocation("trigger.stuck", "binance.order.algo-stuck-triggering", either=True)(
    shown.switched(STUCK)
)
reply_lost = provocation("reply.lost", "binance.clientid.unknown-outcome")(shown.reply_lost)
reply_unknown = provocation("reply.unknown", "binance.http.unknown-503")(
    shown.placing_answered("unknown-503", "503 after accepting", executed=True)
)


@provocation("protective.minimum", "binance.order.protective-full-size")
def protective_slice(controls: Controls, symbol: str) -> Provoked:
    """Orders that only reduce are weighed like others, and the smallest amount is worth too little."""
    controls.switch_quirk(REDUCE_ONLY_NOTIONAL, True)
    return Provoked(reason="below-minimum", intent={"amount": too_small(instrument_of(controls, symbol))})


orders_forgotten = provocation("order.forgotten", "binance.order.stale-expiry")(shown.forgotten_after(_FORGOTTEN_NS))
