"""Values in the words of a failure message: short, and without what a reader does not look for."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import cast

from venueproof_contracts.errors import AdapterError, Rejected
from venueproof_contracts.model import Candle, Fill, Intent, Level, Order, OrderRef, Position, PositionSide

LISTED_MAX = 3


def words(value: object) -> str:
    """One line on a value that crossed between adapter, clause and bench."""
    match value:
        case Order():
            return f"{_wish(value)} [{value.status}, {value.filled} filled, {words(value.ref)}]"
        case Intent():
            return f"{_wish(value)} [{value.intent_id}]"
        case OrderRef(intent_id=intent_id, venue_id=venue_id):
            return f"order {venue_id} of {intent_id!r}" if venue_id else f"an order of {intent_id!r}"
        case Fill():
            return f"{value.side} {value.amount} at {value.price} [fill {value.fill_id}]"
        case Position(side=side):
            leg = "" if side is PositionSide.NET else f"{side} "
            return f"{leg}{value.amount} at {value.entry_price}"
        case Level(price=price, amount=amount):
            return f"{amount} at {price}"
        case Candle():
            return f"candle of {value.open_ns}"
        case Rejected():
            return f"Rejected({value})"
        case AdapterError():
            return f"{type(value).__name__}({value})"
        case StrEnum():
            return value.value
        case list() | tuple():
            return _listed(cast("Sequence[object]", value))
        case _:
            return repr(value)


def _wish(order: Order | Intent) -> str:
    price = "" if order.price is None else f" at {order.price}"
    return f"{order.type} {order.side} {order.amount}{price}"


def _listed(values: Sequence[object]) -> str:
    if not values:
        return "an empty list"
    shown = ", ".join(words(value) for value in values[:LISTED_MAX])
    return shown if len(values) <= LISTED_MAX else f"{shown} … ({len(values)} in all)"
