"""What a clause holds in its other hand: the venue, seen and moved from behind.

A bench is a simulator with all powers, or a venue's test environment with few. A clause declares the powers that it
needs; where one is missing it is `not-provable`, never passed.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from msgspec import Struct, field

from venueproof_contracts.actions import ActionResult, AnyAction, Operation, Topic
from venueproof_contracts.errors import Reason
from venueproof_contracts.model import (
    Balance,
    Book,
    Fill,
    MarginMode,
    Order,
    OrderType,
    Position,
    PositionSide,
    Side,
    Ticker,
    TimeInForce,
    Trigger,
)

TRUTH = "truth"
"""The power to tell the account's state from behind."""
HOURS = "hours"
"""The power to let hours go by: only where time is virtual."""
EXPOSURE = "exposure"
"""The power to tell what was at stake at every moment, also between two messages."""


class Truth(Struct, frozen=True, forbid_unknown_fields=True):
    """The state of the account under test, from the venue's engine and not over the wire.

    `ref.intent_id` of an order here is the client id as the venue has it. Conditional orders are among the orders, with
    `ref.conditional`; both legs of a position are among the positions.
    """

    orders: tuple[Order, ...]
    fills: tuple[Fill, ...]
    positions: tuple[Position, ...]
    balances: tuple[Balance, ...]

    def order(self, venue_id: str, *, conditional: bool = False) -> Order | None:
        """The order with this venue id; conditional orders have ids of their own."""
        key = (venue_id, conditional)
        return next((order for order in self.orders if (order.ref.venue_id, order.ref.conditional) == key), None)

    def live_orders(self) -> tuple[Order, ...]:
        """Orders that can still fill, or become one that can."""
        return tuple(order for order in self.orders if not order.status.final)


class MarketTruth(Struct, frozen=True, forbid_unknown_fields=True):
    """The market of one instrument, from the engine."""

    ticker: Ticker
    book: Book


class WireKind(StrEnum):
    """What a row of the journal records."""

    REQUEST = "request"
    REPLY = "reply"
    OPEN = "open"
    CLOSE = "close"
    FRAME_IN = "frame-in"
    """From the client to the venue."""
    FRAME_OUT = "frame-out"
    REFUSED = "refused"
    """A connection to somewhere that is not a venue of this run, or one turned away."""
    RULE = "rule"
    """A rule acted on a message."""


class Refused(StrEnum):
    """What a reply refuses for, where it is not for what was asked."""

    HASTE = "haste"
    CLOCK = "clock"


class WireRow(Struct, frozen=True, forbid_unknown_fields=True):
    """One message on the wire. Secrets are blanked, connections are numbered in the order they were opened."""

    at_ns: int
    kind: WireKind
    connection: int
    label: str
    """Method and path, or the channel."""
    operation: Operation | None = None
    topic: Topic | None = None
    status: int = 0
    text: str = ""
    note: str = ""
    refused: Refused | None = None
    """Told by the simulator where the status does not tell."""


class Provocation(Struct, frozen=True, forbid_unknown_fields=True):
    """One way in which this venue shows a neutral kind of trouble. `quirk` is the id of its row in the register."""

    kind: str
    quirk: str = field(name="case")
    """Called `case` where it is written down, as in a certificate."""
    title: str
    refuted: bool = False
    """The row's claim is contradicted by the vendor's page and by a live client."""


class IntentPatch(Struct, frozen=True, forbid_unknown_fields=True):
    """What must differ from an ordinary intent so that the venue shows the trouble."""

    type: OrderType | None = None
    amount: Decimal | None = None
    price: Decimal | None = None
    time_in_force: TimeInForce | None = None
    post_only: bool | None = None
    reduce_only: bool | None = None
    close_position: bool | None = None
    trigger: Trigger | None = None
    position_side: PositionSide | None = None


class Provoked(Struct, frozen=True, forbid_unknown_fields=True):
    """What a provocation prepared, as far as a clause must know it."""

    reason: Reason | None = None
    """The neutral reason the adapter must report."""
    intent: IntentPatch | None = None
    operation: Operation | None = None
    """The request that will meet the trouble."""
    leverage: Decimal | None = None
    """The leverage to ask for, where the trouble is about that."""
    margin_mode: MarginMode | None = None
    until_ns: int | None = None
    """When the venue says that the trouble ends."""
    settles_s: Decimal = Decimal(0)
    """How long the trouble lasts; `settle` waits at least so long."""


class Bench(Protocol):
    """The venue from behind."""

    @property
    def seed(self) -> int:
        """The seed of this run."""
        ...

    @property
    def powers(self) -> frozenset[str]:
        """Names of the actions that this bench can do, and `TRUTH`, `HOURS` and `EXPOSURE` where it has these."""
        ...

    def now_ns(self) -> int:
        """True time."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let time go by on the clock that this bench runs on."""
        ...

    async def do(self, action: AnyAction) -> ActionResult:
        """Carry out one action. Raises `LookupError` when it names something that does not exist."""
        ...

    async def truth(self) -> Truth:
        """The account as the engine has it."""
        ...

    async def market(self, instrument: str) -> MarketTruth:
        """The market as the engine has it."""
        ...

    def watch_exposure(self, instrument: str, side: Side) -> Callable[[], Decimal]:
        """Watch from now on what is at stake on one side: contracts of the account's live orders that can still fill,
        and those that were filled since. What is returned tells the most there was at any moment, however short.
        """
        ...

    def wire(self, since: int = 0) -> list[WireRow]:
        """The journal from the `since`-th row ever written on, as far as it is kept."""
        ...

    def provocations(self, kind: str) -> list[Provocation]:
        """The ways of this venue, in this profile, to show `kind`."""
        ...

    async def provoke(self, provocation: Provocation, instrument: str) -> Provoked:
        """Make the venue show it, on `instrument` where one is concerned. Raises `case.NothingToJudge` where that
        instrument has nothing that the trouble could befall."""
        ...

    async def settle(self) -> None:
        """Return when nothing is pending.

        No rule with a count is open, no message undelivered, and the largest lag, the trouble provoked and the
        adapter's `recovery_bound_s` have passed.
        """
        ...
