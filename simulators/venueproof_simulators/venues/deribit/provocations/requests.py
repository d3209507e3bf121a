"""Trouble with what is asked: answers of another kind, limits, identity, lists."""

from __future__ import annotations

from decimal import Decimal
from typing import cast

from venueproof_simulators.host.controls import Controls
from venueproof_simulators.host.provoking import provocation
from venueproof_simulators.host.rules import AnswerVenueError, Direction, Match, Rule
from venueproof_simulators.host.venue import Provoked
from venueproof_simulators.kit.troubles import SECOND_NS, instrument_of, mark_of, on_tick, seconds
from venueproof_simulators.venues.deribit.operations.order_reading import CLOSING_ONLY
from venueproof_simulators.venues.deribit.routes.calls import ADDRESSES, RESTRICTED
from venueproof_simulators.venues.deribit.routes.gateway import IN_SUCCESS
from venueproof_simulators.venues.deribit.venue import DeribitVenue

_THROTTLE_NS = 10 * SECOND_NS


def _venue(controls: Controls) -> DeribitVenue:
    """The venue behind the levers: these functions are registered for no other."""
    return cast(DeribitVenue, controls.venue)


@provocation("error.inside-success", "deribit.http.error-in-success", either=True)
def refusal_in_success(controls: Controls, symbol: str) -> Provoked:
    """The refusal of a post-only buy above the best ask stands in an answer with status 200."""
    controls.switch_quirk(IN_SUCCESS, True)
    instrument = instrument_of(controls, symbol)
    price = on_tick(instrument, mark_of(controls, instrument) * Decimal("1.01"))
    return Provoked(reason="would-cross", operation="place", intent={"price": price, "post_only": True})


@provocation("list.order", "deribit.candles.column-arrays")
def candles_in_columns(controls: Controls, symbol: str) -> Provoked:
    """Candles come as columns, ascending: nothing needs to be armed."""
    return Provoked(operation="candles")


@provocation("rate.throttle", "deribit.ratelimit.simple-counts", either=True)
def throttled(controls: Controls, symbol: str) -> Provoked:
    """Everything is spent: every request is refused, and whoever asks over a connection loses it under credits."""
    _venue(controls).desk.budgets.throttle(controls.time().age_ns + _THROTTLE_NS)
    return Provoked(settles_s=seconds(_THROTTLE_NS))


@provocation("rate.throttle", "deribit.ratelimit.disconnect")
def out_of_orders(controls: Controls, symbol: str) -> Provoked:
    """What the account may ask of the matching engine is spent."""
    venue = _venue(controls)
    for_ns = venue.desk.budgets.exhaust_matching(venue.account, controls.time())
    return Provoked(operation="place", settles_s=seconds(for_ns))


@provocation("clock.late", "deribit.order.valid-until")
def late_at_the_engine(controls: Controls, symbol: str) -> Provoked:
    """The next order gets to the matching engine after its time."""
    fate = AnswerVenueError(error="timed-out")
    controls.add_rule(Rule(Match(Direction.REQUEST, operation="place"), fate, "late at the engine"))
    return Provoked(operation="place")


@provocation("account.closing-only", "deribit.account.reduce-only", either=True)
def only_closing(controls: Controls, symbol: str) -> Provoked:
    """What would open is refused by the administrator's lock."""
    controls.switch_quirk(CLOSING_ONLY, True)
    return Provoked()


@provocation("token.expired", "deribit.auth.token-expiry-mid-session")
def token_ended(controls: Controls, symbol: str) -> Provoked:
    """Every access token ends now."""
    controls.expire_credential(silent=True)
    return Provoked()


@provocation("account.restricted", "deribit.account.region-restricted", either=True)
def restricted(controls: Controls, symbol: str) -> Provoked:
    """Every request is refused for where it comes from."""
    controls.switch_quirk(RESTRICTED, True)
    return Provoked()


@provocation("account.restricted", "deribit.auth.ip-whitelist", either=True)
def address_refused(controls: Controls, symbol: str) -> Provoked:
    """The key is bound to other addresses."""
    controls.switch_quirk(ADDRESSES, True)
    return Provoked()
