"""Values in the words of a failure message: short, and without what a reader does not look for."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from typing import cast

from venueproof_contracts.errors import AdapterError
from venueproof_contracts.model import Candle, Fill, Intent, Level, Order, OrderRef, Position, PositionSide, Trigger

LISTED_MAX = 3


def words(value: object) -> str:
    """One line on a value that crossed between adapter, clause and bench."""
    match value:
        case Order():
            return f"{_wish(value)} [{value.status}, {value.filled} filled, {words(value.ref)}]"
        case Intent():
            return f"{_wish(value)} [{value.intent_id}]"
        case OrderRef(intent_id=intent_id, venue_id=venue_id, conditional=conditional):
            kind = "conditional order" if conditional else "order"
            return f"{kind} {venue_id} of {intent_id!r}" if venue_id else f"a {kind} of {intent_id!r}"
        case Fill():
            return f"{value.side} {value.amount} at {value.price} [fill {value.fill_id}]"
        case Position(side=side):
            leg = "" if side is PositionSide.NET else f"{side} "
            return f"{leg}{value.amount} at {value.entry_price}"
        case Level(price=price, amount=amount):
            return f"{amount} at {price}"
        case Candle():
            figures = f"{value.open}/{value.high}/{value.low}/{value.close}, {value.volume} traded"
            return f"candle of {value.open_ns} ({figures})"
        case AdapterError():
            return f"{type(value).__name__}({value})"
        case StrEnum() | Decimal():
            return str(value)
        case list() | tuple():
            return _listed(cast("Sequence[object]", value))
        case _:
            return repr(value)


def _wish(order: Order | Intent) -> str:
    price = "" if order.price is None else f" at {order.price}"
    amount = "all of the position" if order.close_position else order.amount
    condition = f" on a {_condition(order.trigger)}" if order.trigger else ""
    return f"{order.type} {order.side} {amount}{price}{condition}"


def _condition(trigger: Trigger) -> str:
    at = f"by {trigger.offset} {trigger.offset_unit}" if trigger.offset is not None else f"at {trigger.price}"
    activation = "" if trigger.activation is None else f" from {trigger.activation} on"
    return f"{trigger.kind} {at}{activation} of {trigger.watches}"


def _listed(values: Sequence[object]) -> str:
    if not values:
        return "an empty list"
    shown = ", ".join(words(value) for value in values[:LISTED_MAX])
    return shown if len(values) <= LISTED_MAX else f"{shown} … ({len(values)} in all)"
