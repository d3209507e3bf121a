"""Trouble with what is asked: answers of another kind, limits, identity."""

from __future__ import annotations

from decimal import Decimal
from typing import cast

from venueproof_simulators.host.controls import Controls
from venueproof_simulators.host.provoking import provocation
from venueproof_simulators.host.venue import Provoked
from venueproof_simulators.venues.okx.operations.orders import RESTRICTED
from venueproof_simulators.venues.okx.routes.gateway import BOUND_ELSEWHERE
from venueproof_simulators.venues.okx.venue import OkxVenue

SECOND_NS = 10**9
_THROTTLED_S = 4


def okx(controls: Controls) -> OkxVenue:
    """The venue behind the levers: these functions are registered for no other."""
    return cast(OkxVenue, controls.venue)


@provocation("rate.throttle", "okx.ratelimit.ip-and-uid-independent", either=True)
def out_of_orders(controls: Controls, symbol: str) -> Provoked:
    """The account's orders are spent; all else goes on."""
    until_ns = controls.time().age_ns + _THROTTLED_S * SECOND_NS
    okx(controls).desk.budgets.exhaust_orders(until_ns)
    return Provoked(operation="place", settles_s=Decimal(_THROTTLED_S))


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
