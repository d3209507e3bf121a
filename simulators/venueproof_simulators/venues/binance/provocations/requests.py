"""Trouble with what is asked: fills told oddly, answers of another kind, limits, identity."""

from __future__ import annotations

from venueproof_simulators.host.controls import Controls
from venueproof_simulators.host.provoking import provocation
from venueproof_simulators.host.rules import (
    Delay,
    Drop,
    Duplicate,
    Reorder,
)
from venueproof_simulators.host.venue import Provoked
from venueproof_simulators.kit import provocations as shown
from venueproof_simulators.kit.troubles import SECOND_NS, seconds
from venueproof_simulators.venues.binance.operations.restrictions import CLOSING_ONLY, THROTTLED
from venueproof_simulators.venues.binance.routes.admission import KEY_REFUSED_DURING_BAN, RESTRICTED
from venueproof_simulators.venues.binance.routes.gateway import ERRORS_IN_SUCCESS
from venueproof_simulators.venues.binance.streams.account import ACCOUNT_FIRST
from venueproof_simulators.venues.binance.venue import BinanceVenue

_FILL_EVENT = "ORDER_TRADE_UPDATE"
"""The long message about a fill; the short one that precedes it is left alone."""
_LATE_S = 2
_SHORTEST_THROTTLE_NS = 5 * SECOND_NS
_LONGER_THROTTLE_NS = 30 * SECOND_NS


fill_twice = provocation("fill.duplicate", "binance.ws.fill-delay-dup-miss")(
    shown.next_fill(Duplicate(), "fill told twice", contains=_FILL_EVENT)
)
fill_missed = provocation("fill.delayed", "binance.ws.fill-delay-dup-miss")(
    shown.next_fill(Drop(), "fill not told", contains=_FILL_EVENT, settles_s=1)
)
fill_late = provocation("fill.delayed", "binance.ws.trade-lite-first")(
    shown.next_fill(Delay(_LATE_S * SECOND_NS), "fill told late", contains=_FILL_EVENT, settles_s=_LATE_S)
)
fill_after_account = provocation("fill.delayed", "binance.ws.order-account-interleave")(
    shown.next_fill(Reorder(), "fill told out of order", contains=_FILL_EVENT, quirk=ACCOUNT_FIRST, settles_s=1)
)
refusal_in_success = provocation("error.inside-success", "binance.http.errors-are-4xx")(
    shown.when_placing(shown.post_only_crossing, quirk=ERRORS_IN_SUCCESS)
)
candles_in_order = provocation("list.order", "binance.candles.rest-order", either=True)(shown.candles)


@provocation("rate.ban", "binance.rate.ban-escalation", either=True)
def banned(controls: Controls, symbol: str) -> Provoked:
    """Every address is banned: for two minutes, as on the vendor's page, or for two hours and longer with each
    request, as was reported."""
    return _ban(controls)


def _ban(controls: Controls) -> Provoked:
    time = controls.time()
    for_ns = shown.venue_of(controls, BinanceVenue).desk.budgets.ban_row().first_s * SECOND_NS
    controls.ban(for_ns)
    return Provoked(until_ns=(time.wire_ns + for_ns) // 10**6 * 10**6)


@provocation("rate.ban", "binance.auth.2015-during-ban", either=True)
def banned_and_key_refused(controls: Controls, symbol: str) -> Provoked:
    """Every address is banned, and whoever shows a key is told that the key is bad."""
    controls.switch_quirk(KEY_REFUSED_DURING_BAN, True)
    return _ban(controls)


@provocation("rate.throttle", "binance.rate.429-backoff")
def throttled(controls: Controls, symbol: str) -> Provoked:
    """The weight of this minute is spent."""
    time, venue = controls.time(), shown.venue_of(controls, BinanceVenue)
    left_ns = venue.desk.budgets.window_ends_ns(time) - time.age_ns
    for_ns = left_ns if left_ns >= _SHORTEST_THROTTLE_NS else _LONGER_THROTTLE_NS
    venue.desk.throttle.until_ns = time.age_ns + for_ns
    return Provoked(settles_s=seconds(for_ns))


@provocation("rate.throttle", "binance.rate.order-count")
def out_of_orders(controls: Controls, symbol: str) -> Provoked:
    """The account's orders of these ten seconds are spent."""
    venue, time = shown.venue_of(controls, BinanceVenue), controls.time()
    ends_ns = venue.desk.budgets.exhaust_orders(venue.account, time)
    return Provoked(operation="place", settles_s=seconds(ends_ns - time.age_ns))


late_at_the_engine = provocation("clock.late", "binance.auth.me-recvwindow", either=True)(
    shown.placing_answered("me-recv-window", "late at the engine")
)
only_closing_in_this_region = provocation("account.closing-only", "binance.account.region-reduce-only", either=True)(
    shown.switched(CLOSING_ONLY, reason="reduce-only")
)
only_closing_under_load = provocation("account.closing-only", "binance.http.overload-exempts-closing", either=True)(
    shown.switched(THROTTLED)
)
restricted = provocation("account.restricted", "binance.account.region-restricted", either=True)(
    shown.switched(RESTRICTED)
)
