"""Orders while they live: the one place where an order's status changes, by the table `state.STEPS`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from venueproof_simulators.engine.commands import Place
from venueproof_simulators.engine.state import (
    STEPS,
    OrderKind,
    OrderOrigin,
    OrderState,
    OrderStatus,
    SelfTrade,
    Side,
)
from venueproof_simulators.engine.worth import NANO

if TYPE_CHECKING:
    from venueproof_simulators.engine.ledger import Holding
    from venueproof_simulators.engine.triggers import Conditional

_BUY = Side.BUY
_LIMIT, _MARKET = OrderKind.LIMIT, OrderKind.MARKET
_ACKNOWLEDGED, _OPEN = OrderStatus.ACKNOWLEDGED, OrderStatus.OPEN
_FILLED = OrderStatus.FILLED
_PARTLY_FILLED = OrderStatus.PARTLY_FILLED


class Resting:
    """Something that can stand in a book: an order, or a quote of the market maker (which is no more than this)."""

    __slots__ = ("holding", "leg", "open_lots", "reduce_only", "ticks")

    def __init__(self, holding: Holding, ticks: int, lots: int) -> None:
        self.holding = holding
        self.leg = holding.net
        self.ticks = ticks
        self.open_lots = lots
        self.reduce_only = False


class Order(Resting):
    """One order of an account. `open_lots` is what can still fill: 0 before it opens and after it ends."""

    __slots__ = (
        "amendments",
        "average_nano_ticks",
        "conditional",
        "created_ns",
        "filled_lots",
        "filled_value",
        "filled_worth",
        "lots",
        "order_id",
        "origin",
        "reason",
        "serial",
        "sign",
        "status",
        "terms",
        "tied",
        "updated_ns",
    )

    def __init__(
        self, holding: Holding, order_id: int, terms: Place, origin: OrderOrigin, serial: int, now_ns: int
    ) -> None:
        self.holding = holding
        self.leg = holding.net
        self.order_id = order_id
        self.terms = terms
        """What was asked for, and its mode for self-trades now; price and total may be amended since."""
        self.sign = 1 if terms.side is _BUY else -1
        self.status = _ACKNOWLEDGED
        self.ticks = terms.ticks if terms.kind is _LIMIT else 0
        self.lots = terms.lots
        self.open_lots = 0
        self.filled_lots = 0
        self.filled_value = 0
        self.filled_worth = 0
        """The value of its fills; what the average price is made of."""
        self.average_nano_ticks = 0
        self.reduce_only = terms.reduce_only
        if holding.hedged:
            self.leg = holding.leg(terms.position_side) or holding.net
            self.reduce_only = self.sign == self.leg.closes
        self.origin = origin
        self.conditional: Conditional | None = None
        """What it results from."""
        self.tied = terms.oco_group != "" or terms.attached != ()
        """Whether its fills or its end may touch others: by its group, by what is attached, or by `conditional`."""
        self.created_ns = now_ns
        self.updated_ns = now_ns
        self.reason = ""
        self.amendments = 0
        self.serial = serial
        """Counts orders over all instruments."""

    def to(self, status: OrderStatus, now_ns: int, reason: str = "") -> None:
        """Change the status; an end leaves nothing open. Raises `ValueError` for a step that the table forbids."""
        if status not in STEPS[self.status]:
            raise ValueError(f"order {self.order_id} cannot go from {self.status} to {status}")
        self.status = status
        self.updated_ns = now_ns
        if status is _OPEN:
            self.open_lots = self.lots
        elif status is not _PARTLY_FILLED:
            self.open_lots = 0
            self.reason = reason

    def fill(self, ticks: int, lots: int, value: int, now_ns: int) -> None:
        """Book an execution; the caller has taken `lots` off `open_lots` already."""
        self.filled_lots += lots
        self.filled_value += ticks * lots
        self.filled_worth += value
        if self.filled_lots == lots:
            self.average_nano_ticks = ticks * NANO
        else:
            self.average_nano_ticks = self.leg.worth.mean(self.filled_worth, self.filled_lots)
        self.to(_FILLED if self.filled_lots == self.lots else _PARTLY_FILLED, now_ns)

    def amend(self, ticks: int, lots: int, self_trade: SelfTrade | None, now_ns: int) -> None:
        """Take over a new price and a new total above what is filled, and perhaps another mode for self-trades."""
        if self_trade is not None:
            self.terms = replace(self.terms, self_trade=self_trade)
        self.ticks = ticks
        self.lots = lots
        self.open_lots = lots - self.filled_lots
        self.amendments += 1
        self.updated_ns = now_ns

    def state(self) -> OrderState:
        """The order as it stands, frozen."""
        terms = self.terms
        return OrderState(
            self.order_id,
            terms.client_id,
            terms.account,
            terms.instrument,
            terms.side,
            terms.kind,
            terms.time_in_force,
            self.status,
            self.ticks,
            self.lots,
            self.filled_lots,
            self.filled_value,
            terms.post_only,
            self.reduce_only,
            terms.position_side,
            self.created_ns,
            self.updated_ns,
            self.reason,
            self.amendments,
            terms.self_trade,
            self.origin,
            self.average_nano_ticks,
            self.conditional.conditional_id if self.conditional else 0,
            terms.ticks if terms.kind is _MARKET else 0,
            terms.oco_group,
        )
