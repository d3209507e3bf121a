"""What an order shows beyond what the engine knows of it."""

from __future__ import annotations

from msgspec import Struct


class Stop(Struct, frozen=True):
    """A take-profit or a stop-loss that was asked for with an order: it begins to hold once that order fills."""

    name: str
    """`takeProfit` or `stopLoss`."""
    ticks: int
    by: str = "LastPrice"
    limit_ticks: int = 0
    """Of a stop that ends in a limit order; 0: in a market order."""


class OrderNote(Struct, frozen=True):
    """What the venue keeps of an order. Texts are the venue's words."""

    create_type: str = "CreateByUser"
    stop_type: str = ""
    """`stopOrderType`."""
    trigger_by: str = ""
    trigger_direction: int = 0
    trigger_ticks: int = 0
    close_on_trigger: bool = False
    shown_ticks: int = 0
    """The price that a market order shows: the worst at which it may trade."""
    last_ticks: int = 0
    """The last price when it came in."""
    self_match: str = "None"
    stops: tuple[Stop, ...] = ()
    partial: bool = False
    """Its stops are for what it fills alone, not for the whole position."""
    lasting: str = ""
    """`timeInForce` where it is another than the engine's."""


PLAIN_NOTE = OrderNote()
"""The note of an order that nobody here placed by a request."""
