"""Trouble with what is asked: fills told oddly, lists in their order, limits, identity."""

from __future__ import annotations

from decimal import Decimal

from venueproof_simulators.host.controls import Controls
from venueproof_simulators.host.provoking import provocation
from venueproof_simulators.host.rules import Direction, Drop, Duplicate, Match, Reorder, Rule
from venueproof_simulators.host.venue import Provoked
from venueproof_simulators.kit.troubles import SECOND_NS, seconds
from venueproof_simulators.venues.bybit.provocations._tools import bybit
from venueproof_simulators.venues.bybit.routes.admission import RESTRICTED
from venueproof_simulators.venues.bybit.streams.account import EXECUTION_FIRST

_THROTTLE_NS = 5 * SECOND_NS
_WHOLE = '"topic":"execution"'
"""What the messages of one topic about fills have in them, whatever others are listened to."""


def _fill_match(symbol: str) -> Match:
    return Match(Direction.STREAM, topic="fill", instrument=symbol, contains=_WHOLE)


@provocation("fill.duplicate", "bybit.ws.fill-delay-dup-miss")
def fill_twice(controls: Controls, symbol: str) -> Provoked:
    """The next fill is told twice."""
    controls.add_rule(Rule(_fill_match(symbol), Duplicate(), "fill told twice"))
    return Provoked()


@provocation("fill.delayed", "bybit.ws.fill-delay-dup-miss")
def fill_missed(controls: Controls, symbol: str) -> Provoked:
    """Of the next two fills the first is never told."""
    controls.add_rule(Rule(_fill_match(symbol), Drop(), "fill not told"))
    return Provoked(settles_s=Decimal(1))


@provocation("fill.delayed", "bybit.ws.order-fill-order", either=True)
def fill_out_of_order(controls: Controls, symbol: str) -> Provoked:
    """Executions are told before their orders, and the first one after the message that follows it."""
    controls.switch_quirk(EXECUTION_FIRST, True)
    controls.add_rule(Rule(_fill_match(symbol), Reorder(), "fill told out of order"))
    return Provoked(settles_s=Decimal(1))


@provocation("list.order", "bybit.candles.rest-newest-first")
def candles_in_order(controls: Controls, symbol: str) -> Provoked:
    """Candles come newest first, as on the vendor's page: nothing needs to be armed."""
    return Provoked(operation="candles")


@provocation("rate.ban", "bybit.rate.ip-403-10min")
def banned(controls: Controls, symbol: str) -> Provoked:
    """Every address is blocked for ten minutes. The page does not say until when: only the vendor's documents do."""
    for_ns = bybit(controls).desk.limits.named("address-block").limit * SECOND_NS
    controls.ban(for_ns)
    return Provoked(until_ns=controls.time().wire_ns + for_ns)


@provocation("rate.throttle", "bybit.rate.10006-in-200")
def throttled(controls: Controls, symbol: str) -> Provoked:
    """Every signed request is one too many for some seconds; the headers of a reply say for how long."""
    time = controls.time()
    bybit(controls).desk.budgets.throttle(time.age_ns + _THROTTLE_NS)
    return Provoked(until_ns=time.wire_ns + _THROTTLE_NS, settles_s=seconds(_THROTTLE_NS))


@provocation("account.restricted", "bybit.account.region-restricted", either=True)
def restricted(controls: Controls, symbol: str) -> Provoked:
    """Every signed request is refused for where the account is."""
    controls.switch_quirk(RESTRICTED, True)
    return Provoked()
