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
    ConditionalChanged,
    Event,
    LeverageChanged,
    MarginCalled,
    MarginModeChanged,
    MarginMoved,
    OrderChanged,
    PoolSharingChanged,
    PositionChanged,
)
from venueproof_simulators.engine.state import PositionSide, PositionState
from venueproof_simulators.engine.worth import CENTI
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.documents import Document
from venueproof_simulators.venues.binance.operations.desk import Desk
from venueproof_simulators.venues.binance.products import USD_MARGINED, ProductRules, product_of_asset
from venueproof_simulators.venues.binance.wire import events as wire
from venueproof_simulators.venues.binance.wire.algos import algo_event, failure, is_told
from venueproof_simulators.venues.binance.wire.numbers import Listing
from venueproof_simulators.venues.binance.wire.stops import stop_event

ACCOUNT_FIRST = "binance.ws.order-account-interleave"
_CAUSES = {
    BalanceCause.FILL: "ORDER",
    BalanceCause.FUNDING: "FUNDING_FEE",
    BalanceCause.DEPOSIT: "DEPOSIT",
    BalanceCause.WITHDRAWAL: "WITHDRAW",
    BalanceCause.MARGIN: "MARGIN_TRANSFER",
    BalanceCause.INSURANCE: "INSURANCE_CLEAR",
}


class AccountMessage(Struct, frozen=True):
    """One message for one account. `topic` is the neutral word, `event` the venue's."""

    account: str
    event: str
    document: object
    topic: str = "other"
    symbol: str = ""
    product: str = ""
    """Whose streams carry it; empty for those of both."""


def account_messages(desk: Desk, events: Iterable[Event], time: VenueTime) -> list[AccountMessage]:
    """The messages that events make for the accounts they concern, in the order they are sent."""
    messages: list[AccountMessage] = []
    update = _Update(desk, time)
    for event in events:
        if isinstance(event, BalanceChanged | PositionChanged | MarginMoved):
            messages += update.add(event)
            continue
        messages += update.take()
        if isinstance(event, OrderChanged):
            messages += _order_messages(desk, event, time)
        elif isinstance(event, ConditionalChanged):
            messages += _algo_messages(desk, event, time)
        elif isinstance(event, MarginCalled):
            messages += _margin_calls(desk, event, time)
        elif isinstance(event, PoolSharingChanged):
            document = wire.multi_assets_event(event.shared, time)
            messages.append(AccountMessage(event.account, "ACCOUNT_CONFIG_UPDATE", document, product=event.pool))
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
    if event.fill is not None and listing.product.short_fills:
        lite = wire.trade_lite(listing, order, event.fill, time)
        messages.append(_message(desk, order.account, listing, lite, "fill"))
    document = wire.order_event(listing, event, desk.notes.of(order), time)
    topic = "fill" if event.fill is not None else "order"
    messages.append(_message(desk, order.account, listing, document, topic))
    return messages


def _algo_messages(desk: Desk, event: ConditionalChanged, time: VenueTime) -> list[AccountMessage]:
    if not is_told(event):
        return []
    algo = event.conditional
    listing = desk.listings[algo.instrument]
    if algo.reserved_id:
        told = stop_event(listing, event, desk.notes.stop(algo), time)
        return [] if told is None else [_message(desk, algo.account, listing, told, "order")]
    document = algo_event(listing, event, desk.notes.algo(algo), desk.order_of(algo), failure(desk.errors, algo), time)
    return [_message(desk, algo.account, listing, document, "order")]


def _margin_calls(desk: Desk, event: MarginCalled, time: VenueTime) -> list[AccountMessage]:
    rows = [
        (desk.listings[position.instrument], position, margin)
        for position, margin in zip(event.positions, event.margins, strict=True)
    ]
    document = wire.margin_call_event(event, rows, time)
    return [_message(desk, event.account, rows[0][0], document, "position")]


def _setting_messages(desk: Desk, event: LeverageChanged | MarginModeChanged, time: VenueTime) -> list[AccountMessage]:
    listing = desk.listings[event.instrument]
    if isinstance(event, MarginModeChanged):
        engine, legs = desk.engine, desk.account(event.account).legs
        entries = [wire.position_entry(listing, engine.position(event.account, listing.name, leg)) for leg in legs]
        document = wire.account_event([], entries, "MARGIN_TYPE_CHANGE", time.true_ns, time)
        return [_message(desk, event.account, listing, document, "position")]
    document = wire.leverage_event(listing, event.leverage_centi // CENTI, time)
    return [_message(desk, event.account, listing, document)]


def _message(desk: Desk, account: str, listing: Listing, document: Document, topic: str = "other") -> AccountMessage:
    """A message about an instrument."""
    said = _signed(desk, account, listing.product, document)
    return AccountMessage(account, str(document["e"]), said, topic, listing.symbol, listing.product.name)


def _signed(desk: Desk, account: str, product: ProductRules, document: Document) -> Document:
    """A message as its product sends it: COIN-M futures say whose it is."""
    return document | {"i": desk.account(account).alias} if product.alias_in_events else document


class _Update:
    """Changes of wallets and positions of one account that follow one another, on their way into one message."""

    def __init__(self, desk: Desk, time: VenueTime) -> None:
        self._desk = desk
        self._time = time
        self._account = ""
        self._product = USD_MARGINED
        self._balances: dict[str, BalanceChanged] = {}
        self._positions: dict[tuple[str, PositionSide], PositionState] = {}

    def add(self, event: BalanceChanged | PositionChanged | MarginMoved) -> list[AccountMessage]:
        """Take in one change; gives what must be sent before it."""
        if isinstance(event, BalanceChanged):
            account, product = event.balance.account, product_of_asset(event.balance.asset)
        else:
            account, product = event.position.account, self._desk.listings[event.position.instrument].product
        sent = self.take() if (account, product.name) != (self._account, self._product.name) else []
        self._account, self._product = account, product
        if isinstance(event, BalanceChanged):
            self._balances[event.balance.asset] = event
        else:
            self._positions[event.position.instrument, event.position.side] = event.position
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
        positions = [wire.position_entry(listings[state.instrument], state) for state in self._told()]
        document = wire.account_event(entries, positions, _CAUSES[cause], self._time.true_ns, self._time)
        document = _signed(self._desk, self._account, self._product, document)
        symbol = listings[next(iter(self._positions))[0]].symbol if self._positions else ""
        topic = "position" if positions else "balance"
        message = AccountMessage(self._account, "ACCOUNT_UPDATE", document, topic, symbol, self._product.name)
        self._balances, self._positions = {}, {}
        return [message]

    def _told(self) -> list[PositionState]:
        """The positions to tell of: those that changed, on COIN-M futures all others besides."""
        changed = list(self._positions.values())
        if not changed or not self._product.all_positions_in_events:
            return changed
        others = [
            state
            for state in self._desk.engine.positions(self._account)
            if (state.instrument, state.side) not in self._positions
            and self._desk.listings[state.instrument].product.name == self._product.name
        ]
        return changed + others

    def _isolated_atoms(self, asset: str) -> int:
        """What isolated positions had locked in of a wallet: one order may change a position several times."""
        engine, listings = self._desk.engine, self._desk.listings
        held = [state for state in engine.positions(self._account) if listings[state.instrument].row.settle == asset]
        atoms = sum(state.isolated_atoms for state in held)
        for (name, side), position in self._positions.items():
            if listings[name].row.settle == asset:
                now = engine.position(self._account, name, side)
                atoms += position.isolated_atoms - now.isolated_atoms
        return atoms
