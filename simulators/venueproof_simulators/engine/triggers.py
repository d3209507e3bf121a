"""Conditional orders while they wait: when a price fires them, and what becomes of them once they have fired.

A watched price is looked at whenever it moves: the last price after every public trade, mark and index when they are
told. What fires is queued on `Floor.fired`; `conditionals.py` makes the resulting orders, after the command or job
under way, so that one trade never runs inside another. All changes of a status go through `Conditional.to`, by the
table `conditional_state.CONDITIONAL_STEPS`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from venueproof_simulators.engine.commands import PlaceConditional
from venueproof_simulators.engine.conditional_state import (
    CONDITIONAL_STEPS,
    ConditionalState,
    ConditionalStatus,
    TriggerKind,
    WatchedPrice,
)
from venueproof_simulators.engine.events import ConditionalCause, ConditionalChanged
from venueproof_simulators.engine.ledger import Holding
from venueproof_simulators.engine.legs import Leg
from venueproof_simulators.engine.worth import PPM

if TYPE_CHECKING:
    from venueproof_simulators.engine.floor import Floor
    from venueproof_simulators.engine.market import Market

POSITION_CLOSED = "position-closed"
"""Why an order that closes the position expires when there is nothing (more) to close."""

_ENDED = frozenset(status for status, following in CONDITIONAL_STEPS.items() if not following)
_TRAILING, _TAKE = TriggerKind.TRAILING, TriggerKind.TAKE
_WAITING = ConditionalStatus.WAITING
_CAUSES = {status: ConditionalCause(status.value) for status in ConditionalStatus if status is not _WAITING} | {
    _WAITING: ConditionalCause.OPENED
}


class Conditional:
    """One conditional order of an account. Its trigger never moves but for a trailing one, and then one way only."""

    __slots__ = (
        "activated",
        "amendments",
        "command",
        "conditional_id",
        "created_ns",
        "direction",
        "holding",
        "order_id",
        "reason",
        "reserved_id",
        "sign",
        "status",
        "trigger_ticks",
        "triggered_ns",
        "updated_ns",
    )

    def __init__(self, holding: Holding, conditional_id: int, command: PlaceConditional, now_ns: int) -> None:
        self.holding = holding
        self.conditional_id = conditional_id
        self.command = command
        self.sign = command.side.sign
        self.direction = -self.sign if command.trigger is _TAKE else self.sign
        """+1: fires at or above its trigger; −1: at or below."""
        self.status = ConditionalStatus.ACKNOWLEDGED if command.verdict_delay_ns else _WAITING
        self.trigger_ticks = 0 if command.trigger is _TRAILING else command.trigger_ticks
        self.activated = False
        self.amendments = 0
        self.order_id = 0
        self.reserved_id = 0
        self.reason = ""
        self.created_ns = now_ns
        self.updated_ns = now_ns
        self.triggered_ns = 0

    def reached(self, ticks: int) -> bool:
        """Whether a watched price of `ticks` fires it."""
        return self.trigger_ticks > 0 and (ticks - self.trigger_ticks) * self.direction >= 0

    def activates(self, ticks: int) -> bool:
        """Whether a watched price of `ticks` makes a trailing one follow from now on."""
        if self.activated or self.command.trigger is not _TRAILING:
            return False
        return not self.command.activation_ticks or (self.command.activation_ticks - ticks) * self.sign >= 0

    def follow(self, ticks: int) -> None:
        """Let the trigger of an active trailing order follow a better price."""
        if not self.activated:
            return
        ppm, distance = self.command.callback_ppm, self.command.callback_ticks
        if self.sign < 0:
            self.trigger_ticks = max(self.trigger_ticks, ticks - distance if distance else ticks * (PPM - ppm) // PPM)
        else:
            trigger = ticks + distance if distance else -(-ticks * (PPM + ppm) // PPM)
            self.trigger_ticks = min(self.trigger_ticks or trigger, trigger)

    def begin(self, ticks: int) -> None:
        """Follow a watched price of `ticks` from now on, if that is a trailing order not to be activated later."""
        if self.activates(ticks):
            self.activated = True
            self.follow(ticks)

    def amend(self, command: PlaceConditional, ticks: int, now_ns: int, *, anew: bool) -> ConditionalChanged:
        """Take over other terms at a watched price of `ticks`; a trailing one may begin `anew`. Returns the event."""
        activated = self.activated and command.activation_ticks == self.command.activation_ticks
        self.command = command
        if command.trigger is not _TRAILING:
            self.trigger_ticks = command.trigger_ticks
        elif anew:
            self.activated, self.trigger_ticks = activated, 0
            self.begin(ticks)
            self.follow(ticks)
        self.amendments += 1
        self.updated_ns = now_ns
        return ConditionalChanged(self.state(), ConditionalCause.AMENDED)

    def closing_lots(self) -> int:
        """How much of its position it would close if it closed all; 0 when it would open one."""
        leg = self.holding.leg(self.command.position_side)
        lots = leg.lots if leg else 0
        return abs(lots) if lots * self.sign < 0 else 0

    def to(self, status: ConditionalStatus, now_ns: int, reason: str = "") -> ConditionalChanged:
        """Change the status; returns the event to tell. Raises `ValueError` for a step that the table forbids."""
        if status not in CONDITIONAL_STEPS[self.status]:
            raise ValueError(f"conditional order {self.conditional_id} cannot go from {self.status} to {status}")
        self.status = status
        self.updated_ns = now_ns
        self.reason = reason
        if status is ConditionalStatus.TRIGGERING:
            self.triggered_ns = now_ns
        return ConditionalChanged(self.state(), _CAUSES[status])

    def state(self) -> ConditionalState:
        """The order as it stands, frozen."""
        command = self.command
        return ConditionalState(
            conditional_id=self.conditional_id,
            client_id=command.client_id,
            account=command.account,
            instrument=command.instrument,
            side=command.side,
            trigger=command.trigger,
            watches=command.watches,
            status=self.status,
            trigger_ticks=self.trigger_ticks,
            kind=command.kind,
            ticks=command.ticks,
            lots=command.lots,
            time_in_force=command.time_in_force,
            post_only=command.post_only,
            reduce_only=command.reduce_only or command.close_position,
            close_position=command.close_position,
            position_side=command.position_side,
            created_ns=self.created_ns,
            updated_ns=self.updated_ns,
            triggered_ns=self.triggered_ns,
            activation_ticks=command.activation_ticks,
            callback_ppm=command.callback_ppm,
            activated=self.activated,
            order_id=self.order_id,
            reason=self.reason,
            self_trade=command.self_trade,
            protect_ppm=command.protect_ppm,
            reserved_id=self.reserved_id,
            callback_ticks=command.callback_ticks,
            oco_group=command.oco_group,
            ends_when_flat=command.ends_when_flat,
            amendments=self.amendments,
        )


class Register:
    """All conditional orders of a floor."""

    def __init__(self) -> None:
        self.by_id: dict[tuple[str, int], Conditional] = {}
        """By instrument and id, ended ones included, oldest first."""
        self.holding_back = False
        """While on, fired ones stay TRIGGERING."""
        self.held: list[Conditional] = []
        """Those that wait for `holding_back` to end."""
        self._of: dict[str, list[Conditional]] = {}
        self._waiting: dict[str, dict[Conditional, None]] = {}
        self.pending: dict[Conditional, None] = {}
        """Those that are acknowledged and not decided, oldest first."""
        self._serial = 0

    def add(self, market: Market, holding: Holding, command: PlaceConditional, now_ns: int) -> Conditional:
        """Take in a new one, which waits, or is to wait if its delayed verdict says so."""
        self._serial += 1
        added = Conditional(holding, self._serial, command, now_ns)
        if command.takes_order_id:
            market.last_order_id = added.reserved_id = market.last_order_id + 1
        self.by_id[command.instrument, added.conditional_id] = added
        self._of.setdefault(command.account, []).append(added)
        if command.verdict_delay_ns:
            self.pending[added] = None
        else:
            self.wait(market, added)
        return added

    def wait(self, market: Market, conditional: Conditional) -> None:
        """One waits from now on."""
        self.pending.pop(conditional, None)
        self._waiting.setdefault(conditional.command.account, {})[conditional] = None
        market.waiting[conditional] = None

    def leave(self, market: Market, conditional: Conditional) -> None:
        """One does not wait any more."""
        del self._waiting[conditional.command.account][conditional]
        del market.waiting[conditional]

    def forget(self, before_ns: int, without_order_before_ns: int) -> list[tuple[str, int]]:
        """Drop those that ended before a time; the second one is for those that never became an order."""
        old = [
            key
            for key, one in self.by_id.items()
            if one.status in _ENDED and one.updated_ns < (before_ns if one.order_id else without_order_before_ns)
        ]
        for key in old:
            del self.by_id[key]
        for account, ever in self._of.items():
            self._of[account] = [one for one in ever if (one.command.instrument, one.conditional_id) in self.by_id]
        return old

    def ever(self, account: str) -> Iterable[Conditional]:
        """All of an account, oldest first."""
        return self._of.get(account, ())

    def waiting(self, account: str) -> Iterable[Conditional]:
        """Those of an account that wait, oldest first."""
        return self._waiting.get(account, ())

    def waiting_count(self, account: str) -> int:
        """How many of an account wait."""
        return len(self._waiting.get(account, ()))


def watched_ticks(market: Market, watches: WatchedPrice) -> int:
    """Where a watched price is now."""
    if watches is WatchedPrice.LAST:
        last = market.tape.last()
        return last.ticks if last else market.start_ticks
    return market.worth.mark if watches is WatchedPrice.MARK else market.index


def look_marks(floor: Floor, market: Market) -> None:
    """Mark or index have moved."""
    if market.waiting:
        look(floor, market, WatchedPrice.MARK, market.worth.mark)
        look(floor, market, WatchedPrice.INDEX, market.index)


def look(floor: Floor, market: Market, watches: WatchedPrice, ticks: int) -> None:
    """A watched price is now `ticks`: trailing orders follow, and what waits for this price fires."""
    for conditional in list(market.waiting):
        if conditional.command.watches is not watches or conditional.status is not _WAITING:
            continue
        if conditional.activates(ticks):
            activate(floor, conditional, ticks)
        if fires(market, conditional, ticks):
            fire(floor, market, conditional)
        else:
            conditional.follow(ticks)


def fires(market: Market, conditional: Conditional, ticks: int) -> bool:
    """Whether a watched price of `ticks` fires one that waits, now that mark and last price are where they are."""
    return conditional.reached(ticks) and not _protected(market, conditional)


def _protected(market: Market, conditional: Conditional) -> bool:
    """Whether mark and last price are too far apart for it to fire."""
    most_ppm = conditional.command.protect_ppm
    if not most_ppm:
        return False
    mark = market.worth.mark
    return abs(watched_ticks(market, WatchedPrice.LAST) - mark) * PPM > mark * most_ppm


def activate(floor: Floor, conditional: Conditional, ticks: int) -> None:
    """Let a trailing order follow the price from now on."""
    conditional.activated = True
    conditional.updated_ns = floor.now_ns
    conditional.follow(ticks)
    floor.events.append(ConditionalChanged(conditional.state(), ConditionalCause.ACTIVATED))


def fire(floor: Floor, market: Market, conditional: Conditional) -> None:
    """Its price has come; the resulting order is made later."""
    floor.conditionals.leave(market, conditional)
    floor.events.append(conditional.to(ConditionalStatus.TRIGGERING, floor.now_ns))
    floor.fired.append(conditional)
    floor.groups.close(conditional.command, conditional)


def end_waiting(
    floor: Floor, market: Market, conditional: Conditional, status: ConditionalStatus, reason: str = ""
) -> None:
    """One that waits, or is to wait, ends: canceled or expired. One that has fired or ended stays as it is: what ended
    before it may have been of its group.
    """
    if conditional.status is _WAITING:
        floor.conditionals.leave(market, conditional)
    elif conditional in floor.conditionals.pending:
        del floor.conditionals.pending[conditional]
    else:
        return
    floor.events.append(conditional.to(status, floor.now_ns, reason))
    floor.groups.close(conditional.command, conditional)


def expire_closing(floor: Floor, market: Market, leg: Leg, holding: Holding) -> None:
    """After a fill on a leg: what was bound to a position that is no longer there expires."""
    for conditional in list(market.waiting):
        command = conditional.command
        bound = conditional.holding is holding and (command.close_position or command.ends_when_flat)
        if bound and holding.leg(command.position_side) is leg and not conditional.closing_lots():
            end_waiting(floor, market, conditional, ConditionalStatus.EXPIRED, POSITION_CLOSED)


def finish(floor: Floor, conditional: Conditional) -> None:
    """The resulting order has ended; so has the conditional one, at once or a little later."""
    if conditional.command.finish_ns:
        floor.due.add(floor.now_ns + conditional.command.finish_ns, partial(_finish, floor, conditional))
    else:
        _finish(floor, conditional)


def _finish(floor: Floor, conditional: Conditional) -> None:
    floor.events.append(conditional.to(ConditionalStatus.FINISHED, floor.now_ns))
