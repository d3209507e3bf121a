"""Trouble with what is asked: fills told oddly, answers of another kind, limits, identity."""

from __future__ import annotations

from decimal import Decimal

from venueproof_simulators.host.controls import Controls
from venueproof_simulators.host.provoking import provocation
from venueproof_simulators.host.rules import (
    AnswerVenueError,
    Delay,
    Direction,
    Drop,
    Duplicate,
    Match,
    Reorder,
    Rule,
)
from venueproof_simulators.host.venue import Provoked
from venueproof_simulators.kit.troubles import SECOND_NS, instrument_of, mark_of, on_tick, seconds
from venueproof_simulators.venues.binance.operations.restrictions import CLOSING_ONLY, THROTTLED
from venueproof_simulators.venues.binance.provocations._tools import binance
from venueproof_simulators.venues.binance.routes.admission import KEY_REFUSED_DURING_BAN, RESTRICTED
from venueproof_simulators.venues.binance.routes.gateway import ERRORS_IN_SUCCESS
from venueproof_simulators.venues.binance.streams.account import ACCOUNT_FIRST

_FILL_EVENT = "ORDER_TRADE_UPDATE"
_LATE_NS = 2 * SECOND_NS
_SHORTEST_THROTTLE_NS = 5 * SECOND_NS
_LONGER_THROTTLE_NS = 30 * SECOND_NS


def _fill_match(symbol: str, skip: int = 0, first: int = 1) -> Match:
    """The long message about a fill; the short one that precedes it is left alone."""
    return Match(Direction.STREAM, topic="fill", instrument=symbol, contains=_FILL_EVENT, skip=skip, first=first)


@provocation("fill.duplicate", "binance.ws.fill-delay-dup-miss")
def fill_twice(controls: Controls, symbol: str) -> Provoked:
    """The next fill is told twice."""
    controls.add_rule(Rule(_fill_match(symbol), Duplicate(), "fill told twice"))
    return Provoked()


@provocation("fill.delayed", "binance.ws.fill-delay-dup-miss")
def fill_missed(controls: Controls, symbol: str) -> Provoked:
    """Of the next two fills the first is never told in full."""
    controls.add_rule(Rule(_fill_match(symbol), Drop(), "fill not told"))
    return Provoked(settles_s=Decimal(1))


@provocation("fill.delayed", "binance.ws.trade-lite-first")
def fill_late(controls: Controls, symbol: str) -> Provoked:
    """The short messages come in time, the long ones two seconds later."""
    controls.add_rule(Rule(_fill_match(symbol), Delay(_LATE_NS), "fill told late"))
    return Provoked(settles_s=seconds(_LATE_NS))


@provocation("fill.delayed", "binance.ws.order-account-interleave")
def fill_after_account(controls: Controls, symbol: str) -> Provoked:
    """Wallet and position are told before the fill, and the first fill after the message that follows it."""
    controls.switch_quirk(ACCOUNT_FIRST, True)
    controls.add_rule(Rule(_fill_match(symbol), Reorder(), "fill told out of order"))
    return Provoked(settles_s=Decimal(1))


@provocation("error.inside-success", "binance.http.errors-are-4xx")
def refusal_in_success(controls: Controls, symbol: str) -> Provoked:
    """The refusal of a post-only buy above the best ask stands in an answer with status 200."""
    controls.switch_quirk(ERRORS_IN_SUCCESS, True)
    instrument = instrument_of(controls, symbol)
    price = on_tick(instrument, mark_of(controls, instrument) * Decimal("1.01"))
    return Provoked(reason="would-cross", operation="place", intent={"price": price, "post_only": True})


@provocation("list.order", "binance.candles.rest-order", either=True)
def candles_in_order(controls: Controls, symbol: str) -> Provoked:
    """Candles ascend, as on the vendor's page, or come newest first, as was reported: nothing needs to be armed."""
    return Provoked(operation="candles")


@provocation("rate.ban", "binance.rate.ban-escalation", either=True)
def banned(controls: Controls, symbol: str) -> Provoked:
    """Every address is banned: for two minutes, as on the vendor's page, or for two hours and longer with each
    request, as was reported."""
    return _ban(controls)


def _ban(controls: Controls) -> Provoked:
    time = controls.time()
    for_ns = binance(controls).desk.budgets.ban_row().first_s * SECOND_NS
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
    time, budgets = controls.time(), binance(controls).desk.budgets
    left_ns = budgets.window_ends_ns(time) - time.age_ns
    for_ns = left_ns if left_ns >= _SHORTEST_THROTTLE_NS else _LONGER_THROTTLE_NS
    budgets.throttle(time.age_ns + for_ns)
    return Provoked(settles_s=seconds(for_ns))


@provocation("rate.throttle", "binance.rate.order-count")
def out_of_orders(controls: Controls, symbol: str) -> Provoked:
    """The account's orders of these ten seconds are spent."""
    venue, time = binance(controls), controls.time()
    ends_ns = venue.desk.budgets.exhaust_orders(venue.account, time)
    return Provoked(operation="place", settles_s=seconds(ends_ns - time.age_ns))


@provocation("clock.late", "binance.auth.me-recvwindow", either=True)
def late_at_the_engine(controls: Controls, symbol: str) -> Provoked:
    """The matching engine refuses the next order for its time, which the front door had found good."""
    fate = AnswerVenueError(error="me-recv-window")
    controls.add_rule(Rule(Match(Direction.REQUEST, operation="place"), fate, "late at the engine"))
    return Provoked(operation="place")


@provocation("account.closing-only", "binance.account.region-reduce-only", either=True)
def only_closing_in_this_region(controls: Controls, symbol: str) -> Provoked:
    """What would open is refused for where the account is."""
    controls.switch_quirk(CLOSING_ONLY, True)
    return Provoked(reason="reduce-only")


@provocation("account.closing-only", "binance.http.overload-exempts-closing", either=True)
def only_closing_under_load(controls: Controls, symbol: str) -> Provoked:
    """What would open is turned away for as long as the load lasts."""
    controls.switch_quirk(THROTTLED, True)
    return Provoked()


@provocation("account.restricted", "binance.account.region-restricted", either=True)
def restricted(controls: Controls, symbol: str) -> Provoked:
    """Every request is refused for where it comes from."""
    controls.switch_quirk(RESTRICTED, True)
    return Provoked()
