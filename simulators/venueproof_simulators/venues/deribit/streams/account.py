"""What an account's channels tell of the engine's events: orders, trades, both with positions, money.

A raw channel of orders sends one object each, one with an interval a list. Of one thing that happens, trades are told
before orders unless the register says otherwise; `user.changes` has all of it in one message.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from msgspec.structs import replace

from venueproof_simulators.engine.conditional_state import ConditionalState
from venueproof_simulators.engine.events import (
    BalanceChanged,
    ConditionalCause,
    ConditionalChanged,
    Event,
    OrderChanged,
    PositionChanged,
)
from venueproof_simulators.engine.state import OrderState
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.documents import Document
from venueproof_simulators.kit.feeds import Documents, Start
from venueproof_simulators.kit.whose import instrument_of
from venueproof_simulators.venues.deribit.operations.account import portfolio, position_row
from venueproof_simulators.venues.deribit.operations.desk import Desk
from venueproof_simulators.venues.deribit.streams.feeds import Feed
from venueproof_simulators.venues.deribit.streams.names import Channel, Kind
from venueproof_simulators.venues.deribit.wire.numbers import Listing
from venueproof_simulators.venues.deribit.wire.orders import fill_document, order_document, trigger_document

ORDERS_FIRST = "deribit.ws.order-before-trade-across-channels"
PORTFOLIO_LATE = "deribit.account.eventual-consistency"
_UNTOLD = frozenset({ConditionalCause.TRIGGERING, ConditionalCause.TRIGGERED, ConditionalCause.FINISHED})
"""What becomes of a trigger order that fired is told of the order that it became."""


class AccountFeed(Feed):
    """Base: a channel of one account, and one that never has anything to say."""

    def changed(self, instrument: str, event: Event) -> bool:
        """Whether an event on one of its instruments, or on none, gives something to tell."""
        return (not instrument or instrument in self.listings) and self.marks(event)

    def wants(self, listing: Listing) -> bool:
        """Also of what is listed later."""
        return self.channel.covers(listing)

    def _with_symbol(self, documents: list[object]) -> Documents:
        return [(self._symbol(document), document) for document in documents]

    def _symbol(self, document: Any) -> str:
        row: Document = cast(list[Document], document)[0] if isinstance(document, list) else document
        listing = self.listings.get(row.get("instrument_name", ""))
        return listing.symbol if listing is not None else ""


def _document(desk: Desk, order: OrderState | ConditionalState, time: VenueTime) -> Document:
    listing, note = desk.listings[order.instrument], desk.note_of(order)
    if isinstance(order, ConditionalState):
        return trigger_document(listing, order, note, time)
    return order_document(listing, order, note, time)


def _told_order(event: Event) -> OrderState | ConditionalState | None:
    """The order that an event is about, where it is to be told."""
    if isinstance(event, OrderChanged):
        return event.order
    if isinstance(event, ConditionalChanged) and event.cause not in _UNTOLD:
        return event.conditional
    return None


class OrdersFeed(AccountFeed):
    """user.orders: no snapshot, only what changes."""

    rank = 2

    def begin(self, time: VenueTime) -> None:
        """Nothing yet."""
        self._orders: list[OrderState | ConditionalState] = []

    def marks(self, event: Event) -> bool:
        """An order changed: to be told after its fills, unless the register says otherwise."""
        order = _told_order(event)
        if order is not None:
            self._orders.append(order)
        return order is not None and not self._first

    @property
    def _first(self) -> bool:
        return not self.channel.interval_ns and self.desk.switches.on(ORDERS_FIRST)

    def hear(self, instrument: str, event: Event, time: VenueTime) -> Documents:
        """Before its fills, where the register says so."""
        return self.due(time) if self._first and self._orders else []

    def told(self, time: VenueTime) -> list[object]:
        """One object each, or a list of the last state of each."""
        orders, self._orders = self._orders, []
        if self.channel.raw:
            return [_document(self.desk, order, time) for order in orders]
        rows = [_document(self.desk, order, time) for order in orders]
        return [list({row["order_id"]: row for row in rows}.values())] if rows else []


class FillsFeed(AccountFeed):
    """user.trades: lists."""

    rank = 0

    def begin(self, time: VenueTime) -> None:
        """Nothing yet."""
        self._fills: list[OrderChanged] = []

    def marks(self, event: Event) -> bool:
        """An order was filled, in part or in whole."""
        if not isinstance(event, OrderChanged) or event.fill is None:
            return False
        self._fills.append(event)
        return True

    def told(self, time: VenueTime) -> list[object]:
        """What was collected."""
        fills, self._fills = self._fills, []
        return [[fill_row(self.desk, event, time) for event in fills]] if fills else []


def fill_row(desk: Desk, event: OrderChanged, time: VenueTime) -> Document:
    """A fill as a document."""
    fill = event.fill
    assert fill is not None
    listing = desk.listings[fill.instrument]
    return fill_document(listing, fill, event.order, desk.note_of(event.order), desk.around(fill), time)


class ChangesFeed(AccountFeed):
    """user.changes: trades, positions and orders of one instrument in one message."""

    rank = 1

    def begin(self, time: VenueTime) -> None:
        """Nothing yet."""
        self._events: dict[str, list[Event]] = {}

    def marks(self, event: Event) -> bool:
        """An order, a fill or a position."""
        if not isinstance(event, PositionChanged) and _told_order(event) is None:
            return False
        self._events.setdefault(instrument_of(event), []).append(event)
        return True

    def told(self, time: VenueTime) -> list[object]:
        """One message for each instrument."""
        collected, self._events = self._events, {}
        return [self._told(name, events, time) for name, events in collected.items()]

    def _told(self, name: str, events: list[Event], time: VenueTime) -> Document:
        desk = self.desk
        fills = [one for one in events if isinstance(one, OrderChanged) and one.fill is not None]
        orders: dict[str, Document] = {}
        for event in events:
            order = _told_order(event)
            if order is not None:
                document = _document(desk, order, time)
                orders[document["order_id"]] = document
        moved = any(isinstance(event, PositionChanged) for event in events)
        return {
            "instrument_name": name,
            "trades": [fill_row(desk, event, time) for event in fills],
            "positions": [position_row(desk, self.account, desk.listings[name], time)] if moved else [],
            "orders": list(orders.values()),
        }


class PortfolioFeed(AccountFeed):
    """user.portfolio: once at the beginning, then whenever something moved."""

    rank = 3

    def begin(self, time: VenueTime) -> None:
        """Nothing yet."""
        self._moved: dict[str, None] = {}

    def _currencies(self) -> list[str]:
        wanted = self.channel.currency
        return [one for one in self.desk.currencies if wanted in ("any", one)]

    def greeting(self, time: VenueTime) -> list[object]:
        """Money as it is."""
        return [portfolio(self.desk, self.account, currency, time) for currency in self._currencies()]

    def marks(self, event: Event) -> bool:
        """A wallet, a position, or what orders tie up."""
        instrument = instrument_of(event)
        if isinstance(event, BalanceChanged):
            currency = event.balance.asset
        elif instrument:
            currency = self.desk.listings[instrument].currency
        else:
            return False
        if currency not in self._currencies():
            return False
        self._moved[currency] = None
        return True

    def told(self, time: VenueTime) -> list[object]:
        """What moved, as it is now."""
        moved, self._moved = self._moved, {}
        return [portfolio(self.desk, self.account, currency, time) for currency in moved]


_FEEDS: dict[Kind, Callable[[Start[Channel, Listing], Desk], Feed]] = {
    Kind.ORDERS: OrdersFeed,
    Kind.FILLS: FillsFeed,
    Kind.CHANGES: ChangesFeed,
    Kind.PORTFOLIO: PortfolioFeed,
    Kind.SILENT: AccountFeed,
}


def make_account_feed(account: str, channel: Channel, desk: Desk, time: VenueTime) -> Feed:
    """The feed of an account's channel; that of its money is late, where the register says so."""
    if channel.kind is Kind.PORTFOLIO and desk.switches.on(PORTFOLIO_LATE):
        channel = replace(channel, interval_ns=desk.limits.named("portfolio-lag").limit * 1_000_000)
    listings = {name: listing for name, listing in desk.listings.items() if channel.covers(listing)}
    start = Start(channel=channel, engine=desk.engine, listings=listings, time=time, account=account)
    return _FEEDS[channel.kind](start, desk)


def topic_of(channel: Channel, data: Any) -> str:
    """The neutral word for a message."""
    if channel.kind is not Kind.CHANGES:
        return channel.topic
    return "fill" if data["trades"] else "order" if data["orders"] else "position"
