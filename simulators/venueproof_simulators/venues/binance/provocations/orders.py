"""Trouble with orders: refusals, conditions that are not met, ends and answers that nobody hears of."""

from __future__ import annotations

from decimal import Decimal

from venueproof_simulators.engine.commands import ExpireOrder, SetLeverage, SetMark
from venueproof_simulators.host.controls import Controls
from venueproof_simulators.host.decimals import money
from venueproof_simulators.host.provoking import provocation
from venueproof_simulators.host.rules import (
    AnswerVenueError,
    Direction,
    Drop,
    LoseReply,
    Match,
    Rule,
)
from venueproof_simulators.host.venue import Provoked
from venueproof_simulators.kit.troubles import (
    SECOND_NS,
    instrument_of,
    least_lots,
    mark_of,
    on_tick,
    too_small,
    usual_lots,
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


@provocation("order.reject", "binance.order.precision-1111")
def too_many_decimals(controls: Controls, symbol: str) -> Provoked:
    """An amount with one decimal more than the symbol allows."""
    instrument = instrument_of(controls, symbol)
    amount = usual_lots(controls, instrument) * instrument.lot + instrument.lot / 10
    return Provoked(reason="precision", intent={"amount": amount})


@provocation("order.reject", "binance.order.tick-4014")
def off_tick(controls: Controls, symbol: str) -> Provoked:
    """A passive price between two ticks."""
    instrument = instrument_of(controls, symbol)
    price = on_tick(instrument, mark_of(controls, instrument) * Decimal("0.98")) + instrument.tick / 2
    return Provoked(reason="precision", intent={"price": price})


@provocation("order.reject", "binance.order.price-band-4016")
def outside_band(controls: Controls, symbol: str) -> Provoked:
    """A buy far above mark."""
    instrument = instrument_of(controls, symbol)
    return Provoked(
        reason="price-band", intent={"price": on_tick(instrument, mark_of(controls, instrument) * Decimal("1.2"))}
    )


@provocation("order.reject", "binance.order.margin-2019")
def too_large(controls: Controls, symbol: str) -> Provoked:
    """The largest amount allowed, for which no account has the margin."""
    instrument = instrument_of(controls, symbol)
    return Provoked(reason="insufficient-margin", intent={"amount": instrument.lot * instrument.lots_max})


@provocation("order.reject", "binance.margin.size-cap")
def over_the_bracket(controls: Controls, symbol: str) -> Provoked:
    """At the highest leverage, more than its bracket allows and much less than the money would do for."""
    instrument = instrument_of(controls, symbol)
    first = instrument.ladder[0]
    account, name = controls.venue.account, instrument.name
    controls.command(SetLeverage(account=account, instrument=name, leverage_centi=first.leverage_max_centi))
    lots = money(first.notional_max_atoms) * Decimal("1.1") / worth_of_lot(controls, instrument)
    return Provoked(reason="above-maximum", intent={"amount": instrument.lot * int(lots)})


@provocation("order.reject", "binance.order.post-only-reject")
def post_only_crossing(controls: Controls, symbol: str) -> Provoked:
    """A post-only buy above the best ask."""
    instrument = instrument_of(controls, symbol)
    price = on_tick(instrument, mark_of(controls, instrument) * Decimal("1.01"))
    return Provoked(reason="would-cross", intent={"price": price, "post_only": True})


@provocation("order.reject", "binance.order.fill-or-kill-5021")
def unfillable(controls: Controls, symbol: str) -> Provoked:
    """A fill-or-kill order at a passive price."""
    return Provoked(reason="not-fillable", intent={"time_in_force": "fok"})


@provocation("order.reject", "binance.order.reduce-only-2022")
def nothing_to_reduce(controls: Controls, symbol: str) -> Provoked:
    """An order that only reduces, without a position."""
    return Provoked(reason="reduce-only", intent={"reduce_only": True})


@provocation("order.end-without-event", "binance.ws.fill-delay-dup-miss")
def ended_untold(controls: Controls, symbol: str) -> Provoked:
    """The venue expires what rests, and the message about it is lost."""
    venue, name = controls.venue, instrument_of(controls, symbol).name
    for order in venue.engine.live_orders(venue.account, name):
        if venue.account_sessions():
            controls.add_rule(Rule(Match(Direction.STREAM, topic="order", instrument=symbol), Drop(), "expiry lost"))
        controls.command(ExpireOrder(instrument=name, order_id=order.order_id, reason="venue"))
    return Provoked()


@provocation("amend.refused", "binance.order.amend-in-place")
def amend_refused(controls: Controls, symbol: str) -> Provoked:
    """No order can be amended."""
    controls.switch_quirk(AMEND_REFUSED, True)
    return Provoked(reason="not-allowed", operation="amend")


@provocation("conditional.reject", "binance.order.would-trigger-2021")
def triggers_at_once(controls: Controls, symbol: str) -> Provoked:
    """A stop to sell above the market: its price is there already."""
    instrument = instrument_of(controls, symbol)
    price = on_tick(instrument, mark_of(controls, instrument) * Decimal("1.01"))
    return Provoked(reason="would-trigger", intent={"trigger": {"kind": "stop", "price": price}})


@provocation("conditional.reject", "binance.order.callback-range")
def callback_out_of_range(controls: Controls, symbol: str) -> Provoked:
    """A trailing stop at a distance that the venue does not offer."""
    trigger = {"kind": "trailing", "offset": _CALLBACK_TOO_FAR_PERCENT, "offset_unit": "percent"}
    return Provoked(reason="bad-parameter", intent={"trigger": trigger})


@provocation("trigger.stuck", "binance.order.algo-stuck-triggering", either=True)
def stuck_triggering(controls: Controls, symbol: str) -> Provoked:
    """Whatever fires stays on its way to the matching engine."""
    controls.switch_quirk(STUCK, True)
    return Provoked()


@provocation("reply.lost", "binance.clientid.unknown-outcome")
def reply_lost(controls: Controls, symbol: str) -> Provoked:
    """The next order is placed and its answer never arrives."""
    controls.add_rule(Rule(Match(Direction.REQUEST, operation="place"), LoseReply(), "reply lost"))
    return Provoked(operation="place")


@provocation("reply.unknown", "binance.http.unknown-503")
def reply_unknown(controls: Controls, symbol: str) -> Provoked:
    """The next order is placed and answered with a 503 that says nothing."""
    fate = AnswerVenueError(error="unknown-503", executed=True)
    controls.add_rule(Rule(Match(Direction.REQUEST, operation="place"), fate, "503 after accepting"))
    return Provoked(operation="place")


@provocation("protective.minimum", "binance.order.protective-full-size")
def protective_slice(controls: Controls, symbol: str) -> Provoked:
    """Orders that only reduce are weighed like others, and the smallest amount is worth too little."""
    controls.switch_quirk(REDUCE_ONLY_NOTIONAL, True)
    return Provoked(reason="below-minimum", intent={"amount": too_small(instrument_of(controls, symbol))})


@provocation("order.forgotten", "binance.order.stale-expiry")
def orders_forgotten(controls: Controls, symbol: str) -> Provoked:
    """Days go by for everything that the venue keeps: what ended without a fill cannot be found any more."""
    controls.age(_FORGOTTEN_NS)
    return Provoked(operation="order")
