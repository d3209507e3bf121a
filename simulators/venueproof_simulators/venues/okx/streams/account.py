"""What an account's channels tell of the engine's events, for one fill in this order: the fill, the order, then
position, balance, and both together.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from venueproof_simulators.engine.conditional_state import ConditionalStatus
from venueproof_simulators.engine.events import (
    BalanceCause,
    BalanceChanged,
    Cause,
    ConditionalCause,
    ConditionalChanged,
    Event,
    MarginMoved,
    OrderChanged,
    PositionChanged,
)
from venueproof_simulators.engine.state import OrderStatus, PositionSide, PositionState
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.venues.okx.operations.account import balance_of, position_of
from venueproof_simulators.venues.okx.operations.algos import document as algo_document
from venueproof_simulators.venues.okx.operations.desk import Desk
from venueproof_simulators.venues.okx.wire.algos import advance_event, algo_event
from venueproof_simulators.venues.okx.wire.numbers import Document, Listing, atoms_text, ms, now_ms
from venueproof_simulators.venues.okx.wire.orders import fill_event, order_event

WITHOUT_CLIENT_ID = "okx.ws.fill-missing-client-id"
ALGO_CHANNEL, ADVANCE_CHANNEL = "orders-algo", "algo-advance"
_WORDS = {
    BalanceCause.FILL: "filled",
    BalanceCause.FUNDING: "funding_fee",
    BalanceCause.INSURANCE: "liquidated",
    BalanceCause.DEPOSIT: "transferred",
    BalanceCause.WITHDRAWAL: "transferred",
    BalanceCause.MARGIN: "set_leverage",
}
_SILENT_CAUSES = frozenset({ConditionalCause.FINISHED, ConditionalCause.TRIGGERING, ConditionalCause.ACKNOWLEDGED})


class Told(Struct, frozen=True):
    """Rows of one channel of one account."""

    account: str
    channel: str
    rows: list[Document]
    topic: str
    instrument: str = ""
    """By its name; empty for none."""
    event_type: str = ""


def account_messages(desk: Desk, events: Iterable[Event], time: VenueTime) -> list[Told]:
    """What events make for the accounts that they concern, in the order in which it is sent."""
    told: list[Told] = []
    changes = _Changes(desk, time)
    for event in events:
        if isinstance(event, BalanceChanged | PositionChanged | MarginMoved):
            changes.add(event)
            continue
        if isinstance(event, OrderChanged):
            told += changes.take()
            told += _order(desk, event, time)
            changes.note(event)
        elif isinstance(event, ConditionalChanged):
            told += changes.take()
            told += _algo(desk, event, time)
    return told + changes.take()


def _order(desk: Desk, event: OrderChanged, time: VenueTime) -> list[Told]:
    order = event.order
    listing = desk.listings[order.instrument]
    told: list[Told] = []
    if event.fill is not None:
        told.append(_fill(desk, listing, event, time))
    rows = [_row(desk, listing, one, time) for one in _steps(event)]
    topic = "fill" if event.fill is not None else "order"
    told += [Told(order.account, "orders", [row], topic, listing.name) for row in rows]
    return told


def _steps(event: OrderChanged) -> list[OrderChanged]:
    """One that was taken in and ended at once is told as live first."""
    if event.cause is not Cause.REJECTED:
        return [event]
    alive = replace(event.order, status=OrderStatus.OPEN, reason="")
    return [OrderChanged(alive, Cause.OPENED), event]


def _row(desk: Desk, listing: Listing, event: OrderChanged, time: VenueTime) -> Document:
    key = (listing.name, event.order.order_id)
    mark = desk.engine.mark_nano_ticks(listing.name, time.true_ns)
    last = desk.engine.ticker(listing.name, time.true_ns).last
    return order_event(listing, event, desk.keep.order(key), desk.keep.number(key), (mark, last), time)


def _fill(desk: Desk, listing: Listing, event: OrderChanged, time: VenueTime) -> Told:
    fill = event.fill
    if fill is None:
        raise ValueError("no fill")
    key = (listing.name, fill.order_id)
    client_id = "" if desk.switches.on(WITHOUT_CLIENT_ID) else desk.keep.order(key).client_id
    row = fill_event(listing, fill, client_id, desk.keep.number(key), time)
    return Told(fill.account, "fills", [row], "fill", listing.name)


def _algo(desk: Desk, event: ConditionalChanged, time: VenueTime) -> list[Told]:
    waiting = event.conditional
    algo = desk.keep.algo_of.get(waiting.conditional_id)
    if algo is None or event.cause in _SILENT_CAUSES or not _leads(desk, event):
        return []
    listing = desk.listings[waiting.instrument]
    document = algo_document(desk, algo, time)
    ticker = desk.engine.ticker(listing.name, time.true_ns)
    if algo.kind == "move_order_stop":
        return [Told(algo.account, ADVANCE_CHANNEL, [advance_event(document, time)], "order", listing.name)]
    amended = (algo.request_id or " ") if event.cause is ConditionalCause.AMENDED else ""
    row = algo_event(document, listing, desk.waiting_of(algo), ticker, amended)
    return [Told(algo.account, ALGO_CHANNEL, [row], "order", listing.name)]


def _leads(desk: Desk, event: ConditionalChanged) -> bool:
    """Of two that belong together one tells: the first when it begins, and not the one that ends with the other."""
    algo = desk.keep.algo_of[event.conditional.conditional_id]
    if len(algo.waiting) < 2:
        return not (event.cause is ConditionalCause.OPENED and algo.kind == "oco" and not algo.waiting)
    if event.cause is ConditionalCause.OPENED:
        return False
    if event.conditional.status in {ConditionalStatus.CANCELED, ConditionalStatus.EXPIRED}:
        states = desk.waiting_of(algo).values()
        last = max(states, key=lambda one: (one.updated_ns, one.conditional_id))
        fired = any(one.triggered_ns for one in states)
        still = any(one.status is ConditionalStatus.WAITING for one in states)
        return not fired and not still and event.conditional.conditional_id == last.conditional_id
    return True


class _Changes:
    """Changes of wallets and positions that follow one another, on their way into messages."""

    def __init__(self, desk: Desk, time: VenueTime) -> None:
        self._desk = desk
        self._time = time
        self._balances: dict[tuple[str, str], BalanceChanged] = {}
        self._positions: dict[tuple[str, str, PositionSide], PositionState] = {}
        self._trades: dict[str, list[Document]] = {}

    def add(self, event: BalanceChanged | PositionChanged | MarginMoved) -> None:
        """Take in one change."""
        if isinstance(event, BalanceChanged):
            self._balances[event.balance.account, event.balance.asset] = event
        else:
            state = event.position
            self._positions[state.account, state.instrument, state.side] = state

    def note(self, event: OrderChanged) -> None:
        """A trade that changes will follow from."""
        fill = event.fill
        if fill is not None:
            self._trades.setdefault(fill.account, []).append({"instId": fill.instrument, "tradeId": str(fill.trade_id)})

    def take(self) -> list[Told]:
        """What was taken in, account by account."""
        names = dict.fromkeys([key[0] for key in (*self._positions, *self._balances)])
        told = [one for name in names for one in self._of(name)]
        if names:
            self._balances, self._positions, self._trades = {}, {}, {}
        return told

    def _of(self, name: str) -> list[Told]:
        desk, time = self._desk, self._time
        account = desk.accounts.get(name)
        if account is None:
            return []
        states = [state for key, state in self._positions.items() if key[0] == name]
        moved = [event for key, event in self._balances.items() if key[0] == name]
        told: list[Told] = []
        for state in states:
            row = position_of(desk, account, state, time)
            told.append(Told(name, "positions", [row], "position", state.instrument, "event_update"))
        if moved or states:
            told.append(Told(name, "account", [balance_of(desk, account, time)], "balance", "", "event_update"))
        both = self._both(name, states, moved)
        instrument = states[0].instrument if states else ""
        return [*told, Told(name, "balance_and_position", [both], "position", instrument)]

    def _both(self, name: str, states: list[PositionState], moved: list[BalanceChanged]) -> Document:
        time = self._time
        cause = moved[0].cause if moved else BalanceCause.FILL
        return both_document(
            _WORDS.get(cause, "filled"),
            [balance_row(event, time) for event in moved],
            [position_row(self._desk, state, time) for state in states],
            self._trades.get(name, []),
            time,
        )


def both_document(
    word: str, balances: list[Document], positions: list[Document], trades: list[Document], time: VenueTime
) -> Document:
    """A row of balance_and_position."""
    return {"pTime": now_ms(time), "eventType": word, "balData": balances, "posData": positions, "trades": trades}


def balance_row(event: BalanceChanged, time: VenueTime) -> Document:
    """A wallet in it."""
    balance = event.balance
    return {
        "ccy": balance.asset,
        "cashBal": atoms_text(balance.wallet_atoms),
        "uTime": ms(time, balance.updated_ns),
    }


_SHORT = ("posId", "tradeId", "instId", "instType", "mgnMode", "posSide", "pos", "ccy", "posCcy", "avgPx", "uTime")


def position_row(desk: Desk, state: PositionState, time: VenueTime) -> Document:
    """A position in it."""
    account = desk.account(state.account)
    whole = position_of(desk, account, state, time)
    return {name: whole[name] for name in _SHORT}
