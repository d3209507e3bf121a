"""What an account's stream tells of the engine's events.

For one fill: TRADE_LITE, then ORDER_TRADE_UPDATE, then ACCOUNT_UPDATE with wallet and position together; the last one
comes first while that quirk is on, as the vendor promises no order between kinds of events.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from venueproof_simulators.engine.events import (
    BalanceCause,
    BalanceChanged,
    Event,
    LeverageChanged,
    MarginModeChanged,
    OrderChanged,
    PositionChanged,
)
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.venues.binance.operations.desk import Desk
from venueproof_simulators.venues.binance.wire import events as wire

ACCOUNT_FIRST = "binance.ws.order-account-interleave"
_CAUSES = {
    BalanceCause.FILL: "ORDER",
    BalanceCause.FUNDING: "FUNDING_FEE",
    BalanceCause.DEPOSIT: "DEPOSIT",
    BalanceCause.WITHDRAWAL: "WITHDRAW",
}


class AccountMessage(Struct, frozen=True):
    """One message for one account. `topic` is the neutral word, `event` the venue's."""

    account: str
    event: str
    document: object
    topic: str = "other"
    symbol: str = ""


def account_messages(desk: Desk, events: Iterable[Event], time: VenueTime) -> list[AccountMessage]:
    """The messages that events make for the accounts they concern, in the order they are sent."""
    messages: list[AccountMessage] = []
    update = _Update(desk, time)
    for event in events:
        if isinstance(event, BalanceChanged | PositionChanged):
            messages += update.add(event)
            continue
        messages += update.take()
        if isinstance(event, OrderChanged):
            messages += _order_messages(desk, event, time)
        elif isinstance(event, LeverageChanged | MarginModeChanged):
            messages += _setting_messages(desk, event, time)
    messages += update.take()
    if desk.switches.on(ACCOUNT_FIRST):
        messages.sort(key=lambda message: message.event != "ACCOUNT_UPDATE")
    return messages


def _order_messages(desk: Desk, event: OrderChanged, time: VenueTime) -> list[AccountMessage]:
    order = event.order
    listing = desk.listings[order.instrument]
    messages: list[AccountMessage] = []
    if event.fill is not None:
        lite = wire.trade_lite(listing, order, event.fill, time)
        messages.append(AccountMessage(order.account, "TRADE_LITE", lite, "fill", listing.symbol))
    document = wire.order_event(listing, event, desk.note(order), time)
    topic = "fill" if event.fill is not None else "order"
    messages.append(AccountMessage(order.account, "ORDER_TRADE_UPDATE", document, topic, listing.symbol))
    return messages


def _setting_messages(desk: Desk, event: LeverageChanged | MarginModeChanged, time: VenueTime) -> list[AccountMessage]:
    listing = desk.listings[event.instrument]
    if isinstance(event, MarginModeChanged):
        entry = wire.position_entry(listing, desk.engine.position(event.account, event.instrument))
        document = wire.account_event([], [entry], "MARGIN_TYPE_CHANGE", time.true_ns, time)
        return [AccountMessage(event.account, "ACCOUNT_UPDATE", document, "position", listing.symbol)]
    document = wire.leverage_event(listing, event.leverage, time)
    return [AccountMessage(event.account, "ACCOUNT_CONFIG_UPDATE", document, "other", listing.symbol)]


class _Update:
    """Changes of wallets and positions of one account that follow one another, on their way into one message."""

    def __init__(self, desk: Desk, time: VenueTime) -> None:
        self._desk = desk
        self._time = time
        self._account = ""
        self._balances: dict[str, BalanceChanged] = {}
        self._positions: dict[str, PositionChanged] = {}

    def add(self, event: BalanceChanged | PositionChanged) -> list[AccountMessage]:
        """Take in one change; gives what must be sent before it."""
        account = event.balance.account if isinstance(event, BalanceChanged) else event.position.account
        sent = self.take() if account != self._account else []
        self._account = account
        if isinstance(event, BalanceChanged):
            self._balances[event.balance.asset] = event
        else:
            self._positions[event.position.instrument] = event
        return sent

    def take(self) -> list[AccountMessage]:
        """What was taken in, as one message."""
        if not self._balances and not self._positions:
            return []
        cause = next((change.cause for change in self._balances.values()), BalanceCause.FILL)
        told = cause is not BalanceCause.FILL
        entries = [
            wire.balance_entry(change, self._isolated_atoms(asset), told=told)
            for asset, change in self._balances.items()
        ]
        listings = self._desk.listings
        positions = [wire.position_entry(listings[name], change.position) for name, change in self._positions.items()]
        document = wire.account_event(entries, positions, _CAUSES[cause], self._time.true_ns, self._time)
        symbol = listings[next(iter(self._positions))].symbol if self._positions else ""
        message = AccountMessage(
            self._account, "ACCOUNT_UPDATE", document, "position" if positions else "balance", symbol
        )
        self._balances, self._positions = {}, {}
        return [message]

    def _isolated_atoms(self, asset: str) -> int:
        """What isolated positions had locked in of a wallet: one order may change a position several times."""
        atoms = self._desk.isolated(self._account, asset)[0]
        for name, change in self._positions.items():
            if self._desk.listings[name].row.settle == asset:
                now = self._desk.engine.position(self._account, name)
                atoms += change.position.isolated_atoms - now.isolated_atoms
        return atoms
