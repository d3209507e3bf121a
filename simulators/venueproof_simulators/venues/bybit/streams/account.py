"""What the topics of an account tell of the engine's events.

Of one fill: the order, then the execution (the other way round while that quirk is on: the vendor promises no order
between topics), then position and wallet as they are when all is over. A position is told whenever an order on it
changes, whether it is another or not.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from venueproof_simulators.engine.events import (
    BalanceCause,
    BalanceChanged,
    Cause,
    ConditionalCause,
    ConditionalChanged,
    Event,
    LeverageChanged,
    MarginMoved,
    OrderChanged,
    PositionChanged,
)
from venueproof_simulators.engine.state import FillState, OrderOrigin, OrderState, PositionSide
from venueproof_simulators.host.decimals import money
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.documents import Document
from venueproof_simulators.venues.bybit.operations.desk import Desk
from venueproof_simulators.venues.bybit.operations.ledgers import (
    execution,
    funding_execution,
    shown_order,
    shown_position,
    wallet,
)
from venueproof_simulators.venues.bybit.wire.executions import fast_execution, streamed_execution
from venueproof_simulators.venues.bybit.wire.orders import streamed_order
from venueproof_simulators.venues.bybit.wire.positions import streamed_position

EXECUTION_FIRST = "bybit.ws.order-fill-order"
CREATED = "bybit.order.created-status"
_TOLD = frozenset(ConditionalCause) - {ConditionalCause.TRIGGERED, ConditionalCause.FINISHED}
"""Changes of a conditional order that are told; of the others the order tells that it became."""
WORDS = {
    "order": "order",
    "execution": "fill",
    "execution.fast": "fill",
    "position": "position",
    "wallet": "balance",
    "dcp": "other",
}
"""The neutral word for what each topic tells."""


class AccountMessage(Struct, frozen=True):
    """One row of one topic for one account."""

    account: str
    topic: str
    row: Document
    symbol: str = ""
    category: str = ""
    """Whose topics carry it beside the one for all; empty: only that one."""


def account_messages(desk: Desk, events: Iterable[Event], time: VenueTime) -> list[AccountMessage]:
    """The messages that events make for the accounts they concern, in the order they are sent."""
    told = _Batch(desk, time)
    for event in events:
        if isinstance(event, OrderChanged):
            told.order(event)
        elif isinstance(event, ConditionalChanged):
            told.conditional(event)
        elif isinstance(event, BalanceChanged):
            told.balance(event)
        elif isinstance(event, PositionChanged | MarginMoved):
            told.touch(event.position.account, event.position.instrument, event.position.side)
        elif isinstance(event, LeverageChanged):
            for side in desk.legs(desk.account(event.account), desk.listings[event.instrument]):
                told.touch(event.account, event.instrument, side)
    return told.messages()


class _Batch:
    """What one command brought about, on its way into messages."""

    def __init__(self, desk: Desk, time: VenueTime) -> None:
        self._desk = desk
        self._time = time
        self._first: list[AccountMessage] = []
        self._positions: dict[tuple[str, str, PositionSide], None] = {}
        self._wallets: dict[str, None] = {}

    def order(self, event: OrderChanged) -> None:
        """An order is now so."""
        order = event.order
        if self._desk.accounts.get(order.account) is None:
            return
        told = [self._order_message(order)]
        plain = order.origin is OrderOrigin.USER and event.cause is Cause.OPENED
        if plain and self._desk.switches.on(CREATED):
            told.insert(0, self._order_message(order, "Created"))
        if event.fill is not None:
            executions = self._executions(event.fill)
            told = [*executions, *told] if self._desk.switches.on(EXECUTION_FIRST) else [*told, *executions]
        self._first += told
        self.touch(order.account, order.instrument, order.position_side)

    def _order_message(self, order: OrderState, status: str = "") -> AccountMessage:
        listing = self._desk.listings[order.instrument]
        row, cost = shown_order(self._desk, order, self._time)
        if status:
            row = row | {"orderStatus": status}
        shown = streamed_order(listing, row, cost)
        return AccountMessage(order.account, "order", shown, listing.symbol, listing.category)

    def _executions(self, fill: FillState) -> list[AccountMessage]:
        row = execution(self._desk, fill, self._time)
        if row is None:
            return []
        listing = self._desk.listings[fill.instrument]
        whole = streamed_execution(listing, row, money(fill.realized_atoms))
        rows = {"execution": whole, "execution.fast": fast_execution(listing, row)}
        return [
            AccountMessage(fill.account, topic, shown, listing.symbol, listing.category)
            for topic, shown in rows.items()
        ]

    def conditional(self, event: ConditionalChanged) -> None:
        """A conditional order is now so."""
        order = event.conditional
        if event.cause in _TOLD and self._desk.accounts.get(order.account) is not None:
            listing = self._desk.listings[order.instrument]
            row, cost = shown_order(self._desk, order, self._time)
            shown = streamed_order(listing, row, cost)
            self._first.append(AccountMessage(order.account, "order", shown, listing.symbol, listing.category))
            self.touch(order.account, order.instrument, order.position_side)

    def balance(self, event: BalanceChanged) -> None:
        """A wallet changed; of funding an execution tells as well."""
        account = event.balance.account
        if self._desk.accounts.get(account) is None:
            return
        if event.cause is not BalanceCause.MARGIN:
            self._wallets[account] = None
        if event.cause is BalanceCause.FUNDING:
            listing = self._desk.listings[event.instrument]
            number = self._desk.cash.payments(account)[-1][0]
            row = funding_execution(self._desk, event, number, self._time)
            shown = streamed_execution(listing, row, money(0))
            self._first.append(AccountMessage(account, "execution", shown, listing.symbol, listing.category))

    def touch(self, account: str, instrument: str, side: PositionSide) -> None:
        """A position is to be told of."""
        if self._desk.accounts.get(account) is not None:
            self._positions[account, instrument, side] = None

    def messages(self) -> list[AccountMessage]:
        """All of it."""
        desk, time = self._desk, self._time
        told = list(self._first)
        for account, instrument, side in self._positions:
            listing = desk.listings[instrument]
            if side in desk.legs(desk.account(account), listing):
                row = streamed_position(listing, shown_position(desk, desk.account(account), listing, side, time))
                told.append(AccountMessage(account, "position", row, listing.symbol, listing.category))
        told += [AccountMessage(name, "wallet", wallet(desk, desk.account(name))) for name in self._wallets]
        return told
