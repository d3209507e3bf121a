"""Snapshots of conditional orders: orders that wait at the venue until a price comes. Frozen; integers throughout.

`CONDITIONAL_STEPS` is the one table of the ways through their life; `triggers.py` makes all changes through it.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from venueproof_simulators.engine.state import OrderKind, PositionSide, SelfTrade, Side, TimeInForce


class TriggerKind(StrEnum):
    """What makes a conditional order fire."""

    STOP = "stop"
    """The watched price comes up to the trigger of a buy, down to that of a sell."""
    TAKE = "take"
    """The other way round."""
    TRAILING = "trailing"
    """The watched price turns back by the callback from its best since activation."""


class WatchedPrice(StrEnum):
    """Which price a trigger watches."""

    LAST = "last"
    MARK = "mark"
    INDEX = "index"


class ConditionalStatus(StrEnum):
    """Where a conditional order is in its life.

    ACKNOWLEDGED ──> WAITING | REJECTED | CANCELED
    WAITING ──> TRIGGERING ──> TRIGGERED ──> FINISHED
       │             └──> REJECTED | EXPIRED
       └──> CANCELED | EXPIRED
    """

    ACKNOWLEDGED = "acknowledged"
    """Taken in; nothing is decided yet."""
    WAITING = "waiting"
    TRIGGERING = "triggering"
    """The price has come; the resulting order is not there yet."""
    TRIGGERED = "triggered"
    """The resulting order is there (`order_id`) and live."""
    FINISHED = "finished"
    """The resulting order has ended."""
    CANCELED = "canceled"
    EXPIRED = "expired"
    REJECTED = "rejected"
    """It was acknowledged and may not wait after all, or the resulting order was refused; `reason` says why."""

    __hash__ = str.__hash__


CONDITIONAL_STEPS: dict[ConditionalStatus, frozenset[ConditionalStatus]] = {
    ConditionalStatus.ACKNOWLEDGED: frozenset(
        {ConditionalStatus.WAITING, ConditionalStatus.REJECTED, ConditionalStatus.CANCELED}
    ),
    ConditionalStatus.WAITING: frozenset(
        {ConditionalStatus.TRIGGERING, ConditionalStatus.CANCELED, ConditionalStatus.EXPIRED}
    ),
    ConditionalStatus.TRIGGERING: frozenset(
        {ConditionalStatus.TRIGGERED, ConditionalStatus.REJECTED, ConditionalStatus.EXPIRED}
    ),
    ConditionalStatus.TRIGGERED: frozenset({ConditionalStatus.FINISHED}),
    ConditionalStatus.FINISHED: frozenset(),
    ConditionalStatus.CANCELED: frozenset(),
    ConditionalStatus.EXPIRED: frozenset(),
    ConditionalStatus.REJECTED: frozenset(),
}
"""The statuses that may follow each status of a conditional order."""


class ConditionalState(Struct, frozen=True, gc=False):
    """One conditional order as it stood when this was taken.

    `trigger_ticks` is the trigger price of a stop or a take; of a trailing one where it stands now, 0 before
    activation. `lots` is 0 for one that closes whatever the position is.
    """

    conditional_id: int
    """Counts up over all instruments, apart from the ids of orders."""
    client_id: str
    account: str
    instrument: str
    side: Side
    trigger: TriggerKind
    watches: WatchedPrice
    status: ConditionalStatus
    trigger_ticks: int
    kind: OrderKind
    """Kind of the resulting order, and its price and lots:"""
    ticks: int
    lots: int
    time_in_force: TimeInForce
    post_only: bool
    reduce_only: bool
    close_position: bool
    position_side: PositionSide
    created_ns: int
    updated_ns: int
    triggered_ns: int = 0
    activation_ticks: int = 0
    """Trailing: the price from which on it follows; 0 for from the start."""
    callback_ppm: int = 0
    """Trailing: how far the price must turn back, in parts per million of its best."""
    activated: bool = False
    order_id: int = 0
    """Id of the resulting order; 0 before there is one."""
    reason: str = ""
    self_trade: SelfTrade = SelfTrade.EXPIRE_MAKER
    protect_ppm: int = 0
    """How far apart mark and last price may be when it fires; 0 for any distance."""
    reserved_id: int = 0
    """The id that its resulting order has or would have had, where that was taken beforehand."""
    callback_ticks: int = 0
    """Trailing: the same as a distance in ticks, instead of `callback_ppm`."""
    oco_group: str = ""
    """What it shares with those that end when it fires or ends."""
    ends_when_flat: bool = False
    """Whether it ends with the position that it closes."""
    amendments: int = 0
