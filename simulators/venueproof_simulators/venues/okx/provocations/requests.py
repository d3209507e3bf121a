"""Trouble with what is asked: fills told oddly, order of lists, limits, identity."""

from __future__ import annotations

from decimal import Decimal

from venueproof_simulators.host.controls import Controls
from venueproof_simulators.host.provoking import provocation
from venueproof_simulators.host.rules import AnswerVenueError, Delay, Direction, Drop, Duplicate, Match, Rule
from venueproof_simulators.host.venue import Provoked
from venueproof_simulators.kit.troubles import SECOND_NS
from venueproof_simulators.venues.okx.operations.orders import RESTRICTED
from venueproof_simulators.venues.okx.provocations._tools import okx
from venueproof_simulators.venues.okx.routes.gateway import BOUND_ELSEWHERE

_ORDERS_CHANNEL = '"channel":"orders"'
_LATE_S = 2
_THROTTLED_S = 5


def _fill_match(symbol: str) -> Match:
    """The next row of the channel of orders that tells of a fill."""
    return Match(Direction.STREAM, topic="fill", instrument=symbol, contains=_ORDERS_CHANNEL)


@provocation("fill.duplicate", "okx.trade.duplicate-fill-on-reconnect")
def fill_twice(controls: Controls, symbol: str) -> Provoked:
    """The next fill is told twice."""
    controls.add_rule(Rule(_fill_match(symbol), Duplicate(), "fill told twice"))
    return Provoked()


@provocation("fill.delayed", "okx.fills.delayed-or-missed")
def fill_missed(controls: Controls, symbol: str) -> Provoked:
    """Of the next two fills the first is not told by the channel of orders."""
    controls.add_rule(Rule(_fill_match(symbol), Drop(), "fill not told"))
    return Provoked(settles_s=Decimal(1))


@provocation("fill.delayed", "okx.ws.fills-before-orders")
def order_late(controls: Controls, symbol: str) -> Provoked:
    """The channel of orders tells of the next fill two seconds late."""
    controls.add_rule(Rule(_fill_match(symbol), Delay(_LATE_S * SECOND_NS), "order told late"))
    return Provoked(settles_s=Decimal(_LATE_S))


@provocation("list.order", "okx.candles.newest-first")
def candles_newest_first(controls: Controls, symbol: str) -> Provoked:
    """Candles descend, as on the vendor's page: nothing needs to be armed."""
    return Provoked(operation="candles")


@provocation("rate.throttle", "okx.ratelimit.http-429")
def throttled(controls: Controls, symbol: str) -> Provoked:
    """Every request is one too many for some seconds."""
    okx(controls).desk.budgets.throttle(controls.time().age_ns + _THROTTLED_S * SECOND_NS)
    return Provoked(settles_s=Decimal(_THROTTLED_S))


@provocation("rate.throttle", "okx.ratelimit.ip-and-uid-independent", either=True)
def out_of_orders(controls: Controls, symbol: str) -> Provoked:
    """The account's orders are spent; all else goes on."""
    okx(controls).desk.budgets.exhaust_orders(controls.time().age_ns + _THROTTLED_S * SECOND_NS)
    return Provoked(operation="place", settles_s=Decimal(_THROTTLED_S))


@provocation("clock.late", "okx.time.skew-rejected")
def stamped_too_early(controls: Controls, symbol: str) -> Provoked:
    """The next order is refused for its time."""
    match = Match(Direction.REQUEST, operation="place")
    controls.add_rule(Rule(match, AnswerVenueError(error="timestamp"), "time of an order over"))
    return Provoked(operation="place")


@provocation("account.restricted", "okx.account.region-restricted", either=True)
def restricted(controls: Controls, symbol: str) -> Provoked:
    """The account is told that it may not trade here."""
    controls.switch_quirk(RESTRICTED, True)
    return Provoked()


@provocation("account.restricted", "okx.ip.whitelist-50110", either=True)
def bound_elsewhere(controls: Controls, symbol: str) -> Provoked:
    """The key is good for another address alone."""
    controls.switch_quirk(BOUND_ELSEWHERE, True)
    return Provoked()
