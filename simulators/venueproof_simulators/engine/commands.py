"""Everything the engine can be told. A command and the time are all it needs: the same list gives the same state."""

from __future__ import annotations

from msgspec import Struct

from venueproof_simulators.engine.conditional_state import TriggerKind, WatchedPrice
from venueproof_simulators.engine.instruments import Instrument
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.engine.state import (
    MarginMode,
    OrderKind,
    PositionMode,
    PositionSide,
    SelfTrade,
    Side,
    TimeInForce,
)


class Command(Struct, frozen=True, tag=True, gc=False):
    """Base of all commands."""


class PoolSpec(Struct, frozen=True, gc=False):
    """A margin pool to open: which assets count in it, with what haircut in parts per million."""

    name: str
    assets: dict[str, int]
    """Asset → haircut; 0 counts in full. A position belongs to the pool that holds its settle asset."""
    shared: bool = False
    """True: all assets together carry all positions (multi-asset). False: each asset carries its own."""
    isolates: bool = False
    """Whether positions may have margin of their own beside a shared pool."""


class OpenAccount(Command, frozen=True, gc=False):
    """Open an account with its pools and starting money (asset → atoms)."""

    account: str
    pools: tuple[PoolSpec, ...]
    money: dict[str, int]


class Deposit(Command, frozen=True, gc=False):
    """Pay atoms into an account; negative pays out."""

    account: str
    asset: str
    atoms: int


class Place(Command, frozen=True, gc=False):
    """A new order. The acknowledgement is given at once, the verdict `verdict_delay_ns` later.

    Without a delay the verdict is the acknowledgement: no `Acknowledged` is told, and a refused order leaves no trace.
    """

    account: str
    instrument: str
    side: Side
    kind: OrderKind
    lots: int
    ticks: int = 0
    """The limit price; of a market order the worst price at which it trades, 0 for any."""
    time_in_force: TimeInForce = TimeInForce.GTC
    post_only: bool = False
    reduce_only: bool = False
    position_side: PositionSide = PositionSide.NET
    client_id: str = ""
    """Empty: the venue makes one up before it sends the command."""
    unique_client_id: bool = True
    """Refuse a client id that a live order has already."""
    notional_exempt: bool = False
    """Do not ask for the smallest notional (reduce-only orders on venues that exempt them)."""
    verdict_delay_ns: int = 0
    self_trade: SelfTrade = SelfTrade.EXPIRE_MAKER
    oco_group: str = ""
    """One cancels the others: of all orders and conditional orders that an account gave this word on this instrument,
    the first that fills (a part will do), fires or ends ends all others, with reason `groups.ONE_CANCELS_OTHER`.
    """
    attached: tuple[Place | PlaceConditional, ...] = ()
    """What is placed when this order has ended with a part filled at least: for no more lots than that, and refused
    like any other. Of an order that ends without a fill nothing comes.
    """
    margin_mode: MarginMode | None = None
    """The margin mode that the instrument has from now on; another one than now only without orders and position."""
    late: tuple[Refusal, ...] = ()
    """Refusals that are told only after the order was taken in: it ends REJECTED, with an id and for all to see."""


class PlaceConditional(Command, frozen=True, gc=False):
    """An order that waits at the venue until a price comes. Fields as in `ConditionalState`.

    `handover_ns` passes between the price and the resulting order. Refused with WOULD_TRIGGER when the price is there
    already (but see `fires_at_once`), and with CLOSE_POSITION_EXISTS for a second one of its kind and direction that
    closes the position.
    """

    account: str
    instrument: str
    side: Side
    trigger: TriggerKind
    kind: OrderKind
    lots: int
    trigger_ticks: int = 0
    ticks: int = 0
    watches: WatchedPrice = WatchedPrice.LAST
    activation_ticks: int = 0
    callback_ppm: int = 0
    time_in_force: TimeInForce = TimeInForce.GTC
    post_only: bool = False
    reduce_only: bool = False
    close_position: bool = False
    position_side: PositionSide = PositionSide.NET
    client_id: str = ""
    self_trade: SelfTrade = SelfTrade.EXPIRE_MAKER
    notional_exempt: bool = False
    handover_ns: int = 0
    """How long after it fires the resulting order comes, and how long after that order's end it is FINISHED itself:"""
    finish_ns: int = 0
    takes_order_id: bool = False
    """Take the id of the order that it is to become at once, instead of when it fires."""
    protect_ppm: int = 0
    """Do not fire while mark and last price are further apart than so many parts per million; 0: always fire."""
    level: int = 0
    """Whose price the resulting limit order takes: 0 its own, n the n-th best level of the other side when it fires,
    −n that of its own side; of fewer levels the last one.
    """
    worst_ppm: int = 0
    """How far the worst price of a resulting market order lies beyond the best one when it fires, in parts per million
    and whole steps; 0 for any price.
    """
    callback_ticks: int = 0
    """Trailing: either this distance or `callback_ppm`."""
    oco_group: str = ""
    """As in `Place`."""
    fires_at_once: bool = False
    """When the price is there already: fire, instead of being refused."""
    ends_when_flat: bool = False
    """Bound to the position: it ends when a fill leaves its leg with nothing that it could close."""
    verdict_delay_ns: int = 0
    """As in `Place`: it is ACKNOWLEDGED until it is checked, and ends REJECTED when it may not wait."""


class CancelConditional(Command, frozen=True, gc=False):
    """End a conditional order that waits or is acknowledged."""

    account: str
    instrument: str
    conditional_id: int
    keeps_others: bool = False
    """Leave the others of its `oco_group` as they are."""
    verdict_delay_ns: int = 0
    """As in `Cancel`."""


class AmendConditional(Command, frozen=True, gc=False):
    """Change a conditional order that waits; None leaves a value as it is. Checked like a new one.

    A trailing one that is given a callback, new or not, follows anew from where the watched price is now. Refused with
    NO_CHANGE when all is as before.
    """

    account: str
    instrument: str
    conditional_id: int
    trigger_ticks: int | None = None
    ticks: int | None = None
    lots: int | None = None
    watches: WatchedPrice | None = None
    activation_ticks: int | None = None
    callback_ppm: int | None = None
    callback_ticks: int | None = None
    verdict_delay_ns: int = 0
    """As in `Amend`."""


class CancelAllConditional(Command, frozen=True, gc=False):
    """End all waiting and acknowledged conditional orders of an account, on one instrument or on all (empty)."""

    account: str
    instrument: str = ""


class ExpireConditional(Command, frozen=True, gc=False):
    """The venue ends a conditional order that waits, of any account, by itself."""

    instrument: str
    conditional_id: int
    reason: str


class TriggerConditional(Command, frozen=True, gc=False):
    """Fire a waiting conditional order of any account as if its price had come."""

    instrument: str
    conditional_id: int


class HoldTriggers(Command, frozen=True, gc=False):
    """While on, conditional orders that fire stay TRIGGERING; once off they go on."""

    on: bool


class Amend(Command, frozen=True, gc=False):
    """Change price and total amount of a live limit order. It loses its place in the queue.

    A total no larger than what is filled, or a post-only order that would trade at its new price, cancels it, or is
    refused with NOT_AMENDABLE and WOULD_CROSS.
    """

    account: str
    instrument: str
    order_id: int
    ticks: int
    lots: int
    self_trade: SelfTrade | None = None
    """What gives way from now on when it meets an order of its account; None: as before."""
    keeps_place: bool = False
    """Keep the place in the queue when the price stands and the total does not grow."""
    cancels_on_failure: bool = True
    verdict_delay_ns: int = 0
    """Whether there is such an order is said at once; all else, and the change itself, comes so much later."""


class Cancel(Command, frozen=True, gc=False):
    """End a live order, or one that is only acknowledged."""

    account: str
    instrument: str
    order_id: int
    verdict_delay_ns: int = 0
    """Whether there is such an order is said at once; it ends so much later, or is refused if it ended meanwhile."""


class CancelAll(Command, frozen=True, gc=False):
    """End all live and acknowledged orders of an account, on one instrument or on all (empty)."""

    account: str
    instrument: str = ""


class SetLeverage(Command, frozen=True, gc=False):
    """Set the leverage of one instrument."""

    account: str
    instrument: str
    leverage_centi: int
    tops_up: tuple[PositionSide, ...] = tuple(PositionSide)
    """Legs whose isolated positions lock in what they have too little of for it."""


class SetMarginMode(Command, frozen=True, gc=False):
    """Set cross or isolated margin of one instrument, or of all there are and will be (empty)."""

    account: str
    instrument: str
    mode: MarginMode


class SetPositionMode(Command, frozen=True, gc=False):
    """Net or hedge mode of one instrument or for all of an account (empty); only without orders and positions."""

    account: str
    mode: PositionMode
    instrument: str = ""


class SetPoolSharing(Command, frozen=True, gc=False):
    """Let the assets of a pool carry all its positions together, or each its own."""

    account: str
    pool: str
    shared: bool


class MoveMargin(Command, frozen=True, gc=False):
    """Move atoms of free money into an isolated position; negative takes out what it does not need.

    Refused with NOT_ISOLATED, NO_POSITION, or MARGIN_AMOUNT for more than may be moved, or nothing.
    """

    account: str
    instrument: str
    side: PositionSide
    atoms: int


class PayFunding(Command, frozen=True, gc=False):
    """Every position of an instrument pays (a positive rate: longs to shorts) or receives its notional × rate."""

    instrument: str
    rate_ppb: int


class SettleFunding(Command, frozen=True, gc=False):
    """Pay now what continuous funding has accrued on every position of an instrument, to the whole atom."""

    instrument: str


class SetFundingRate(Command, frozen=True, gc=False):
    """The rate at which continuous funding accrues from now on, per interval."""

    instrument: str
    rate_ppb: int


class List(Command, frozen=True, gc=False):
    """A new instrument can be traded from now on. Raises `ValueError` for a name or symbol in use."""

    instrument: Instrument


class Deliver(Command, frozen=True, gc=False):
    """Let a dated instrument expire now, whatever its time: orders end, positions settle at the delivery price."""

    instrument: str
    nano_ticks: int = 0
    """The delivery price in billionths of a tick; 0: the index price, of an option what it is worth at that."""


class SettleSession(Command, frozen=True, gc=False):
    """Move the unrealized profit of every position into its wallet; average entry prices stay as they are.

    On one instrument, or on all (empty). Options are paid for when they are traded and have nothing to settle.
    """

    instrument: str = ""


class SetMark(Command, frozen=True, gc=False):
    """Move the mark price away from the base price by an offset that stays; 0 brings it back. `index` likewise.

    Mark is what positions are valued, margined, funded and liquidated at; orders and trades stay where they are.
    """

    instrument: str
    mark_ticks: int = 0
    """Where mark is now; 0: follow the base price again."""
    index_ticks: int = 0


class SetInsurance(Command, frozen=True, gc=False):
    """Whether the insurance account has money to take over what a liquidation cannot sell; it has from the start.

    While it has none, positions of users on the other side are reduced first (auto-deleveraging).
    """

    funded: bool


class SetPrice(Command, frozen=True, gc=False):
    """Move the base price to `ticks`, through every order on the way; `over_ns` > 0 drifts there in steps.

    `gap` jumps: orders passed over fill at the new price and not at their own.
    """

    instrument: str
    ticks: int
    over_ns: int = 0
    gap: bool = False


class PrintTrade(Command, frozen=True, gc=False):
    """Two strangers trade at this price; no resting order is touched."""

    instrument: str
    ticks: int
    lots: int
    taker: Side


class AddLiquidity(Command, frozen=True, gc=False):
    """A stranger rests a limit order that fills what it crosses."""

    instrument: str
    side: Side
    ticks: int
    lots: int


class FillOrder(Command, frozen=True, gc=False):
    """A stranger trades `lots` (0: all that is left) against a live order, at its own price."""

    instrument: str
    order_id: int
    lots: int = 0


class ExpireOrder(Command, frozen=True, gc=False):
    """The venue ends a live order by itself."""

    instrument: str
    order_id: int
    reason: str


class RefuseOrders(Command, frozen=True, gc=False):
    """Refuse the next `first` orders of an account for `refusal`."""

    account: str
    refusal: str
    first: int = 1


class Tick(Command, frozen=True, gc=False):
    """Nothing but time: whatever is due by now happens (verdicts, base price steps, drifts)."""
