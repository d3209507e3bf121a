"""What the venue keeps of orders beyond what the engine needs."""

from __future__ import annotations

from msgspec import Struct, field

from venueproof_simulators.engine.conditional_state import ConditionalState, TriggerKind
from venueproof_simulators.engine.state import FillState
from venueproof_simulators.venues.okx.wire.numbers import algo_id

TAKE, STOP, TRIGGER, TRAIL = "take", "stop", "trigger", "trail"
_ROLES = {"trigger": TRIGGER, "move_order_stop": TRAIL}
"""What waits for a conditional order that is neither a take-profit nor a stop-loss."""


class Leg(Struct, frozen=True):
    """One side of a take-profit and stop-loss: its trigger, and the order that it leads to."""

    trigger: str
    """Price as it was sent."""
    price: str
    """Of the resulting order; `-1` for a market order."""
    watches: str = "last"


class Attached(Struct, frozen=True):
    """A take-profit and a stop-loss that begin to wait when the order that they came with has filled."""

    client_id: str
    take: Leg | None
    stop: Leg | None
    algo_id: str = ""


class OrderNote(Struct):
    """On an ordinary order."""

    td_mode: str = "cross"
    leverage_centi: int = 0
    kind: str = ""
    """`ordType` as it was sent."""
    client_id: str = ""
    """`clOrdId` as it is shown: an order that a conditional one led to has none of its own."""
    tag: str = ""
    stp_mode: str = "cancel_maker"
    attached: tuple[Attached, ...] = ()
    algo_id: str = ""
    algo_client_id: str = ""
    fee_atoms: int = 0
    """Paid so far; negative when received."""
    pnl_atoms: int = 0
    steps: dict[int, tuple[int, int]] = field(default_factory=dict[int, tuple[int, int]])
    """Lots filled by then → fees and profit so far: rows that tell of earlier states need them."""
    last_fill: FillState | None = None
    request_id: str = ""
    """`reqId` of the last amendment."""
    amend_failed: bool = False
    """It ended because an amendment with `cxlOnFail` was refused."""


class Algo(Struct):
    """On a conditional order as the venue knows it: one id, and one or two that wait in the engine."""

    algo_id: str
    account: str
    instrument: str
    kind: str
    td_mode: str
    leverage_centi: int
    client_id: str = ""
    """`algoClOrdId`"""
    order_client_id: str = ""
    """`clOrdId`: that of the order to be."""
    tag: str = ""
    take: Leg | None = None
    stop: Leg | None = None
    trigger: Leg | None = None
    callback_ratio: str = ""
    callback_spread: str = ""
    activation: str = ""
    close_fraction: str = ""
    waiting: dict[str, int] = field(default_factory=dict[str, int])
    """`take`, `stop`, `trigger` or `trail` → the engine's number of what waits."""
    request_id: str = ""
    ended_age_ns: int = 0


class Keep:
    """Both kinds of notes, and the numbers that orders are known by."""

    def __init__(self) -> None:
        self.orders: dict[tuple[str, int], OrderNote] = {}
        self.algos: dict[str, Algo] = {}
        """By id, oldest first."""
        self.algo_of: dict[int, Algo] = {}
        """By each number of what waits in the engine."""
        self.ended: dict[tuple[str, int], int] = {}
        """When an order ended, on the age clock."""
        self.live_ids: dict[tuple[str, str], tuple[str, int]] = {}
        """(account, client id) → the live order that has it."""
        self._serials: dict[tuple[str, int], int] = {}
        self._keys: dict[int, tuple[str, int]] = {}

    def number(self, key: tuple[str, int]) -> int:
        """The serial of an order over all instruments; the first to ask gets the next one."""
        serial = self._serials.get(key)
        if serial is None:
            serial = self._serials[key] = len(self._serials) + 1
            self._keys[serial] = key
        return serial

    def key_of(self, serial: int) -> tuple[str, int] | None:
        """The order of a serial."""
        return self._keys.get(serial)

    def order(self, key: tuple[str, int]) -> OrderNote:
        """The note on an order; one that nobody wrote is made."""
        note = self.orders.get(key)
        if note is None:
            note = self.orders[key] = OrderNote()
        return note

    def begin(self, algo: Algo, waiting: ConditionalState) -> None:
        """Something waits for a conditional order now; what waits first gives it its id."""
        if not algo.algo_id:
            algo.algo_id = algo_id(waiting.conditional_id)
            self.algos[algo.algo_id] = algo
        self.algo_of[waiting.conditional_id] = algo
        sides = TAKE if waiting.trigger is TriggerKind.TAKE else STOP
        algo.waiting[_ROLES.get(algo.kind, sides)] = waiting.conditional_id

    def forget(self, orders: tuple[tuple[str, int], ...], conditionals: tuple[tuple[str, int], ...]) -> None:
        """Drop what there is on orders that the engine knows no more. Serials stay: they only count."""
        for key in orders:
            self.orders.pop(key, None)
            self.ended.pop(key, None)
            serial = self._serials.get(key)
            if serial is not None:
                self._keys.pop(serial, None)
        for _, number in conditionals:
            algo = self.algo_of.pop(number, None)
            if algo is not None:
                self.algos.pop(algo.algo_id, None)
