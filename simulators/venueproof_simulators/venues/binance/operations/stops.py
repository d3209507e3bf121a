"""Finding conditional orders that stand among ordinary ones, as COIN-M's order endpoint took them once.

Only those that have not become an ordinary order: from then on the engine knows it under the same id.
"""

from __future__ import annotations

from venueproof_simulators.engine.conditional_state import ConditionalState
from venueproof_simulators.engine.state import OrderState
from venueproof_simulators.venues.binance.operations.desk import Call
from venueproof_simulators.venues.binance.wire.numbers import Listing
from venueproof_simulators.venues.binance.wire.stops import stop_order


def stop_orders(call: Call, listing: Listing, *, live: bool = False) -> list[OrderState]:
    """All of the caller on an instrument as orders, oldest first; `live`: only those that wait."""
    return [stop_order(one) for one in _stops(call, listing, live=live)]


def _stops(call: Call, listing: Listing, *, live: bool = False) -> list[ConditionalState]:
    if not call.desk.notes.has_stops:
        return []
    engine = call.desk.engine
    found = (engine.waiting if live else engine.conditionals)(call.account.name, listing.name)
    return [one for one in found if one.reserved_id and not one.order_id]


def find_stop(call: Call, listing: Listing, order_id: int | None, own_id: str | None) -> ConditionalState | None:
    """One by its id, or the newest of a client id."""
    found = [
        one
        for one in _stops(call, listing)
        if (one.reserved_id == order_id if order_id is not None else one.client_id == own_id)
    ]
    return found[-1] if found else None
