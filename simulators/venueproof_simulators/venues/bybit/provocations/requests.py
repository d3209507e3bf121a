"""Trouble with what is asked: fills told oddly, lists in their order, limits, identity."""

from __future__ import annotations

from venueproof_simulators.host.controls import Controls
from venueproof_simulators.host.provoking import provocation
from venueproof_simulators.host.rules import Drop, Duplicate, Reorder
from venueproof_simulators.host.venue import Provoked
from venueproof_simulators.kit import provocations as shown
from venueproof_simulators.kit.troubles import SECOND_NS, seconds
from venueproof_simulators.venues.bybit.routes.admission import RESTRICTED
from venueproof_simulators.venues.bybit.streams.account import EXECUTION_FIRST
from venueproof_simulators.venues.bybit.venue import BybitVenue

_THROTTLE_NS = 5 * SECOND_NS
_WHOLE = '"topic":"execution"'
"""What the messages of one topic about fills have in them, whatever others are listened to."""


fill_twice = provocation("fill.duplicate", "bybit.ws.fill-delay-dup-miss")(
    shown.next_fill(Duplicate(), "fill told twice", contains=_WHOLE)
)
fill_missed = provocation("fill.delayed", "bybit.ws.fill-delay-dup-miss")(
    shown.next_fill(Drop(), "fill not told", contains=_WHOLE, settles_s=1)
)
fill_out_of_order = provocation("fill.delayed", "bybit.ws.order-fill-order", either=True)(
    shown.next_fill(Reorder(), "fill told out of order", contains=_WHOLE, quirk=EXECUTION_FIRST, settles_s=1)
)
candles_in_order = provocation("list.order", "bybit.candles.rest-newest-first")(shown.candles)


@provocation("rate.ban", "bybit.rate.ip-403-10min")
def banned(controls: Controls, symbol: str) -> Provoked:
    """Every address is blocked for ten minutes. The page does not say until when: only the vendor's documents do."""
    for_ns = shown.venue_of(controls, BybitVenue).desk.limits.named("address-block").limit * SECOND_NS
    controls.ban(for_ns)
    return Provoked(until_ns=controls.time().wire_ns + for_ns)


@provocation("rate.throttle", "bybit.rate.10006-in-200")
def throttled(controls: Controls, symbol: str) -> Provoked:
    """Every signed request is one too many for some seconds; the headers of a reply say for how long."""
    time = controls.time()
    shown.venue_of(controls, BybitVenue).desk.throttle.until_ns = time.age_ns + _THROTTLE_NS
    return Provoked(until_ns=time.wire_ns + _THROTTLE_NS, settles_s=seconds(_THROTTLE_NS))


restricted = provocation("account.restricted", "bybit.account.region-restricted", either=True)(
    shown.switched(RESTRICTED)
)
