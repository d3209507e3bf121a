"""Whom an event concerns: the account that it is about, and the instrument."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from venueproof_simulators.engine.events import (
    Acknowledged,
    BalanceChanged,
    BookChanged,
    ConditionalChanged,
    Delivered,
    Event,
    LeverageChanged,
    Listed,
    MarginCalled,
    MarginModeChanged,
    MarginMoved,
    MarkMoved,
    OrderChanged,
    PoolSharingChanged,
    PositionChanged,
    PositionModeChanged,
    PriceMoved,
    Refused,
    Traded,
)

MARKET = frozenset({BookChanged, Delivered, Listed, MarkMoved, OrderChanged, PriceMoved, Traded})
"""What the market hears of; of orders, those by which the venue closes positions."""
_Get = Callable[[Any], str]
_ACCOUNTS: dict[type[Event], _Get] = {
    Acknowledged: attrgetter("order.account"),
    BalanceChanged: attrgetter("balance.account"),
    ConditionalChanged: attrgetter("conditional.account"),
    OrderChanged: attrgetter("order.account"),
    PositionChanged: attrgetter("position.account"),
    **dict.fromkeys(
        (
            LeverageChanged,
            MarginCalled,
            MarginModeChanged,
            MarginMoved,
            PoolSharingChanged,
            PositionModeChanged,
            Refused,
        ),
        attrgetter("account"),
    ),
}
_INSTRUMENTS: dict[type[Event], _Get] = {
    Acknowledged: attrgetter("order.instrument"),
    ConditionalChanged: attrgetter("conditional.instrument"),
    Listed: attrgetter("instrument.name"),
    MarginMoved: attrgetter("position.instrument"),
    OrderChanged: attrgetter("order.instrument"),
    PositionChanged: attrgetter("position.instrument"),
    Traded: attrgetter("trade.instrument"),
    **dict.fromkeys(
        (
            BalanceChanged,
            BookChanged,
            Delivered,
            LeverageChanged,
            MarginModeChanged,
            MarkMoved,
            PositionModeChanged,
            PriceMoved,
            Refused,
        ),
        attrgetter("instrument"),
    ),
}


def account_of(event: Event) -> str:
    """The account that an event is about; empty for one of the market."""
    get = _ACCOUNTS.get(type(event))
    return "" if get is None else get(event)


def instrument_of(event: Event) -> str:
    """The instrument that an event is about; empty for one of none, or of several."""
    get = _INSTRUMENTS.get(type(event))
    return "" if get is None else get(event)
