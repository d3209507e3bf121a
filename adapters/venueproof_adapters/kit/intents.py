"""What an intent means by itself, before any venue is asked."""

from __future__ import annotations

from venueproof_contracts.errors import Reason, Rejected
from venueproof_contracts.model import Intent, Order, OrderType, PositionSide, Side, TimeInForce, TriggerKind


def waits(intent: Intent) -> bool:
    """True for a conditional order."""
    return intent.trigger is not None


def leg_of(order: Order | Intent) -> PositionSide | None:
    """The leg that is named, None in net mode."""
    return None if order.position_side is PositionSide.NET else order.position_side


def only_reduces(order: Order | Intent) -> bool:
    """True for an order that can only make a position smaller: said so, or by the leg that it names."""
    leg = leg_of(order)
    if leg is None:
        return order.reduce_only or order.close_position
    return (order.side is Side.SELL) == (leg is PositionSide.LONG)


def check(intent: Intent) -> None:
    """Raise `Rejected` for what contradicts itself or lacks what it needs."""
    trigger = intent.trigger
    if intent.type is OrderType.LIMIT and intent.price is None:
        raise Rejected(Reason.BAD_PARAMETER, "a limit order needs a price")
    if intent.time_in_force is TimeInForce.GTD and intent.expires_ns is None:
        raise Rejected(Reason.BAD_PARAMETER, "good-till-date needs a date")
    if intent.reduce_only and not only_reduces(intent):
        raise Rejected(Reason.REDUCE_ONLY, f"{intent.side} opens the {intent.position_side} leg")
    if trigger is None:
        if intent.close_position:
            raise Rejected(Reason.BAD_PARAMETER, "only a conditional order can close a position of any size")
        return
    given = trigger.offset if trigger.kind is TriggerKind.TRAILING else trigger.price
    if given is None or given <= 0:
        raise Rejected(Reason.BAD_PARAMETER, f"a {trigger.kind} order needs the price or offset that it waits for")
