"""What an adapter says that it can do. Declared, never sniffed; what is not declared is `missing`."""

from __future__ import annotations

from enum import StrEnum


class Capability(StrEnum):
    """A feature that a clause may ask for. One member with its docstring is all that a new one needs."""

    INSTRUMENTS = "instruments"
    """Lists the venue's instruments with steps, limits and contract sizes."""
    SERVER_TIME = "server-time"
    TICKER = "ticker"
    BOOK = "book"
    """Takes a snapshot of an instrument's order book."""
    CANDLES = "candles"
    TRADES = "trades"
    FUNDING = "funding"
    OPEN_INTEREST = "open-interest"
    PLACE = "place"
    """Places limit and market orders."""
    CANCEL = "cancel"
    CANCEL_ALL = "cancel-all"
    ORDER = "order"
    """Asks the venue for one order by reference, whether it is open or ended."""
    OPEN_ORDERS = "open-orders"
    FILLS = "fills"
    POSITIONS = "positions"
    BALANCES = "balances"
    POST_ONLY = "post-only"
    REDUCE_ONLY = "reduce-only"
    IMMEDIATE_OR_CANCEL = "immediate-or-cancel"
    FILL_OR_KILL = "fill-or-kill"
    GOOD_TILL_DATE = "good-till-date"
    AMEND = "amend"
    PLACE_MANY = "place-many"
    CONDITIONAL = "conditional"
    """Stop and take-profit orders that wait at the venue."""
    TRAILING = "trailing"
    TRAILING_ACTIVATION = "trailing-activation"
    """Trailing orders that follow from a certain price on."""
    CLOSE_POSITION = "close-position"
    LEVERAGE = "leverage"
    MARGIN_MODE = "margin-mode"
    POSITION_MODE = "position-mode"
    STREAM_ORDERS = "stream-orders"
    """Order events of the account arrive by themselves."""
    STREAM_FILLS = "stream-fills"
    STREAM_POSITIONS = "stream-positions"
    STREAM_BALANCES = "stream-balances"
    STREAM_BOOK = "stream-book"
    STREAM_TRADES = "stream-trades"
    STREAM_TICKER = "stream-ticker"
    STREAM_CANDLES = "stream-candles"


class Support(StrEnum):
    """How far a capability goes."""

    FULL = "full"
    VERSIONED = "versioned"
    """Only with certain versions or settings of the adapter; its declaration says which."""
    MISSING = "missing"
    """Not yet: the adapter could, the venue can."""
    IMPOSSIBLE = "impossible"
    """The venue cannot; said by the venue's manifest, never by the adapter."""


class Conformance(StrEnum):
    """The claim an adapter is certified at. Each includes the ones before it."""

    CORE = "core"
    TRADING = "trading"
    FULL = "full"


_CORE = frozenset(
    {
        Capability.INSTRUMENTS,
        Capability.SERVER_TIME,
        Capability.PLACE,
        Capability.CANCEL,
        Capability.ORDER,
        Capability.OPEN_ORDERS,
        Capability.FILLS,
        Capability.POSITIONS,
        Capability.BALANCES,
        Capability.STREAM_ORDERS,
        Capability.STREAM_FILLS,
    }
)
_TRADING = _CORE | {
    Capability.AMEND,
    Capability.CANCEL_ALL,
    Capability.CONDITIONAL,
    Capability.TRAILING,
    Capability.LEVERAGE,
    Capability.MARGIN_MODE,
    Capability.POST_ONLY,
    Capability.REDUCE_ONLY,
}

CLAIMS: dict[Conformance, frozenset[Capability]] = {
    Conformance.CORE: _CORE,
    Conformance.TRADING: _TRADING,
    Conformance.FULL: frozenset(Capability),
}
"""The capabilities without which a claim is not kept."""
