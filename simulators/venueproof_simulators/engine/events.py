"""Everything the engine tells. A command gives the events of its acknowledgement, and later those of its verdict."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from venueproof_simulators.engine.conditional_state import ConditionalState
from venueproof_simulators.engine.instruments import Instrument
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.engine.state import (
    FillState,
    LevelState,
    MarginMode,
    MarginState,
    OrderState,
    PositionMode,
    PositionState,
    TradeState,
    WalletState,
)


class Event(Struct, frozen=True, tag=True, gc=False):
    """Base of all events."""


class Acknowledged(Event, frozen=True, gc=False):
    """An order was taken in; nothing is decided yet. Told only of orders whose verdict is delayed."""

    order: OrderState


class Refused(Event, frozen=True, gc=False):
    """A command was not carried out. `order_id` is 0 when no order came into being."""

    account: str
    instrument: str
    client_id: str
    refusal: Refusal
    order_id: int = 0


class Cause(StrEnum):
    """Why an order changed."""

    OPENED = "opened"
    AMENDED = "amended"
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REJECTED = "rejected"
    """The verdict on an acknowledged order was no; follows the `Refused` that says why."""


class OrderChanged(Event, frozen=True, gc=False):
    """An order is now so. With cause FILLED, `fill` is the execution that changed it."""

    order: OrderState
    cause: Cause
    fill: FillState | None = None


class Forgotten(Event, frozen=True, gc=False):
    """The engine knows these no more: (instrument, id) of orders and of conditional orders. Stands in no journal."""

    orders: tuple[tuple[str, int], ...]
    conditionals: tuple[tuple[str, int], ...]


class ConditionalCause(StrEnum):
    """Why a conditional order changed."""

    ACKNOWLEDGED = "acknowledged"
    """Taken in, to be decided later."""
    OPENED = "opened"
    AMENDED = "amended"
    ACTIVATED = "activated"
    """A trailing one whose activation price came."""
    MOVED = "moved"
    """A trailing one whose trigger followed the price."""
    TRIGGERING = "triggering"
    TRIGGERED = "triggered"
    FINISHED = "finished"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REJECTED = "rejected"


class ConditionalChanged(Event, frozen=True, gc=False):
    """A conditional order is now so."""

    conditional: ConditionalState
    cause: ConditionalCause


class Traded(Event, frozen=True, gc=False):
    """A public trade happened."""

    trade: TradeState


class PositionChanged(Event, frozen=True, gc=False):
    """A position is now so."""

    position: PositionState


class BalanceCause(StrEnum):
    """Why a balance changed."""

    FILL = "fill"
    FUNDING = "funding"
    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    MARGIN = "margin"
    """Moved into or out of an isolated position; the wallet as a whole is as it was."""
    INSURANCE = "insurance"
    """A liquidated account's debt was taken over."""
    SETTLEMENT = "settlement"
    """Unrealized profit moved into the wallet at the end of a session; the position is as it was."""
    DELIVERY = "delivery"
    """A dated position was settled at the delivery price; the fee for that is in it."""


class BalanceChanged(Event, frozen=True, gc=False):
    """An asset's wallet is now so; it changed by `change_atoms`. What is tied up of it can be read at any time."""

    balance: WalletState
    change_atoms: int
    cause: BalanceCause
    instrument: str = ""
    """The position it comes from, for all that is about one."""


class BookChanged(Event, frozen=True, gc=False):
    """Levels of a book are now so.

    `first_sequence`–`sequence` are the changes this covers; the one before it ended at `first_sequence` − 1.
    """

    instrument: str
    levels: tuple[LevelState, ...]
    first_sequence: int
    sequence: int


class LeverageChanged(Event, frozen=True, gc=False):
    """The leverage of one instrument is now so."""

    account: str
    instrument: str
    leverage_centi: int


class MarginModeChanged(Event, frozen=True, gc=False):
    """The margin mode of one instrument, or of all (empty), is now so."""

    account: str
    instrument: str
    mode: MarginMode


class PriceMoved(Event, frozen=True, gc=False):
    """The base price of an instrument moved to `ticks`."""

    instrument: str
    ticks: int


class MarkMoved(Event, frozen=True, gc=False):
    """Mark and index prices of an instrument were set to these, in billionths of a tick.

    When the base price moves (`PriceMoved`), both move along and this is not told.
    """

    instrument: str
    mark_nano_ticks: int
    index_nano_ticks: int


class PositionModeChanged(Event, frozen=True, gc=False):
    """The position mode of an account, or of one instrument of it, is now so."""

    account: str
    mode: PositionMode
    instrument: str = ""


class Listed(Event, frozen=True, gc=False):
    """An instrument can be traded from now on."""

    instrument: Instrument


class Delivered(Event, frozen=True, gc=False):
    """An instrument has expired. Before this the ends of its orders are told, after it wallet and position of each user
    who held any.
    """

    instrument: str
    nano_ticks: int
    """The delivery price in billionths of a tick."""


class PoolSharingChanged(Event, frozen=True, gc=False):
    """The assets of a pool carry positions together, or each its own."""

    account: str
    pool: str
    shared: bool


class MarginMoved(Event, frozen=True, gc=False):
    """Atoms went into (negative: out of) an isolated position."""

    account: str
    instrument: str
    atoms: int
    position: PositionState


class MarginCalled(Event, frozen=True, gc=False):
    """Little is left above the maintenance margin of these positions; told once until there is more again.

    Told when maintenance margin is more than 80 % of what stands behind the positions (`liquidation.CALL_PPM`): all
    cross positions of an asset or a shared pool together, an isolated position alone.
    """

    account: str
    asset: str
    """The asset that the margin is of; of a shared pool its first."""
    cross_atoms: int
    """The wallet behind the cross positions, their profit or loss left out; 0 for an isolated position."""
    positions: tuple[PositionState, ...]
    margins: tuple[MarginState, ...]
