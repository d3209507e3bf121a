"""Conditional orders that stand among ordinary ones, as all did before the algo service: one id for their whole life.

When one fires its stream message says EXPIRED, and the next one NEW under the same id, now as LIMIT or MARKET: so
clients of that time read it.
"""

from __future__ import annotations

from venueproof_simulators.engine.conditional_state import ConditionalState, ConditionalStatus
from venueproof_simulators.engine.events import Cause, ConditionalCause, ConditionalChanged, OrderChanged
from venueproof_simulators.engine.state import OrderState, OrderStatus
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.documents import Document
from venueproof_simulators.venues.binance.wire.events import order_event
from venueproof_simulators.venues.binance.wire.numbers import Listing
from venueproof_simulators.venues.binance.wire.orders import OrderNote

_STATUSES = {
    ConditionalStatus.WAITING: OrderStatus.OPEN,
    ConditionalStatus.TRIGGERING: OrderStatus.OPEN,
    ConditionalStatus.CANCELED: OrderStatus.CANCELED,
}
_CAUSES = {
    ConditionalCause.OPENED: Cause.OPENED,
    ConditionalCause.CANCELED: Cause.CANCELED,
    ConditionalCause.TRIGGERED: Cause.EXPIRED,
    ConditionalCause.EXPIRED: Cause.EXPIRED,
    ConditionalCause.REJECTED: Cause.EXPIRED,
}
"""What is told of a change as one of an order; of others nothing."""


def stop_order(stop: ConditionalState) -> OrderState:
    """A conditional order as the order that it shows as."""
    return OrderState(
        order_id=stop.reserved_id,
        client_id=stop.client_id,
        account=stop.account,
        instrument=stop.instrument,
        side=stop.side,
        kind=stop.kind,
        time_in_force=stop.time_in_force,
        status=_STATUSES.get(stop.status, OrderStatus.EXPIRED),
        ticks=stop.ticks,
        lots=stop.lots,
        filled_lots=0,
        filled_value=0,
        post_only=stop.post_only,
        reduce_only=stop.reduce_only,
        position_side=stop.position_side,
        created_ns=stop.created_ns,
        updated_ns=stop.updated_ns,
        reason=stop.reason,
        self_trade=stop.self_trade,
    )


def stop_event(listing: Listing, changed: ConditionalChanged, note: OrderNote, time: VenueTime) -> Document | None:
    """ORDER_TRADE_UPDATE of a conditional order; None where nothing is told."""
    cause = _CAUSES.get(changed.cause)
    if cause is None:
        return None
    return order_event(listing, OrderChanged(stop_order(changed.conditional), cause), note, time)
