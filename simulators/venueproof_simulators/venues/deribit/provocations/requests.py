"""Trouble with what is asked: answers of another kind, limits, identity, lists."""

from __future__ import annotations

from venueproof_simulators.host.controls import Controls
from venueproof_simulators.host.provoking import provocation
from venueproof_simulators.host.venue import Provoked
from venueproof_simulators.kit import provocations as shown
from venueproof_simulators.kit.troubles import seconds
from venueproof_simulators.venues.deribit.operations.order_reading import CLOSING_ONLY
from venueproof_simulators.venues.deribit.routes.calls import ADDRESSES, RESTRICTED
from venueproof_simulators.venues.deribit.routes.gateway import IN_SUCCESS
from venueproof_simulators.venues.deribit.venue import DeribitVenue

_THROTTLE_S = 10


refusal_in_success = provocation("error.inside-success", "deribit.http.error-in-success", either=True)(
    shown.when_placing(shown.post_only_crossing, quirk=IN_SUCCESS)
)
candles_in_columns = provocation("list.order", "deribit.candles.column-arrays")(shown.candles)
throttled = provocation("rate.throttle", "deribit.ratelimit.simple-counts", either=True)(shown.throttled(_THROTTLE_S))


@provocation("rate.throttle", "deribit.ratelimit.disconnect")
def out_of_orders(controls: Controls, symbol: str) -> Provoked:
    """What the account may ask of the matching engine is spent."""
    venue = shown.venue_of(controls, DeribitVenue)
    for_ns = venue.desk.budgets.exhaust_matching(venue.account, controls.time())
    return Provoked(operation="place", settles_s=seconds(for_ns))


late_at_the_engine = provocation("clock.late", "deribit.order.valid-until")(
    shown.placing_answered("timed-out", "late at the engine")
)
only_closing = provocation("account.closing-only", "deribit.account.reduce-only", either=True)(
    shown.switched(CLOSING_ONLY)
)
token_ended = provocation("token.expired", "deribit.auth.token-expiry-mid-session")(shown.account_silent)
restricted = provocation("account.restricted", "deribit.account.region-restricted", either=True)(
    shown.switched(RESTRICTED)
)
address_refused = provocation("account.restricted", "deribit.auth.ip-whitelist", either=True)(shown.switched(ADDRESSES))
