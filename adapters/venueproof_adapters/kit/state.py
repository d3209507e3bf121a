"""What the adapter knows of the account, and the one place where news of it becomes events."""

from __future__ import annotations

import asyncio

from msgspec import structs

from venueproof_adapters.kit.catalog import Catalog
from venueproof_adapters.kit.ids import IdMap
from venueproof_adapters.kit.intents import only_reduces
from venueproof_adapters.kit.ledger import OrderKey, ref_key
from venueproof_adapters.kit.orders import Told, order_key
from venueproof_adapters.kit.parts import Parts
from venueproof_adapters.kit.recent import Recent
from venueproof_contracts.errors import NotSent
from venueproof_contracts.model import (
    ZERO,
    Balance,
    BalanceEvent,
    Event,
    Fill,
    FillEvent,
    Order,
    OrderEvent,
    OrderRef,
    Position,
    PositionEvent,
    PositionSide,
    Side,
)

Stamp = tuple[int, int]


class Events:
    """The queue behind `next_event`."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Event | None] = asyncio.Queue()

    def put(self, event: Event) -> None:
        """Add an event."""
        self._queue.put_nowait(event)

    def end(self) -> None:
        """No event will follow: whoever waits is told."""
        self._queue.put_nowait(None)

    async def next(self) -> Event:
        """Wait for an event. Raises `NotSent` after the end."""
        event = await self._queue.get()
        if event is None:
            self.end()
            raise NotSent("the adapter is closed")
        return event


class State:
    """Orders, fills, positions and balances; events go out while `told` is on (somebody subscribed)."""

    def __init__(self, parts: Parts, ids: IdMap, events: Events, catalog: Catalog) -> None:
        self.orders = parts.orders(catalog.inverse)
        self.fills = parts.fills(catalog.inverse)
        self.positions = parts.positions()
        self.balances = parts.balances()
        self.ids = ids
        self.told = False
        self.since_ns = 0
        """Executions before this moment are not told as events."""
        self._stale_ns = 0
        self._late = False
        self._events = events
        self._client_ids: Recent[OrderKey, str] = Recent()
        self._successors: dict[tuple[str, str, bool], Order] = {}
        self._owners: Recent[OrderKey, str] = Recent()
        """Intent ids of orders that conditional ones became: the venue may name them as it likes."""
        self._unseen: dict[OrderKey, OrderRef] = {}
        self._orphans: dict[OrderKey, None] = {}
        """Orders that only reduce and outlived their position."""

    # --- orders ---

    def name(self, key: OrderKey, client_id: str) -> None:
        """Remember an order's client id; an order that was announced as a successor takes over from the one before."""
        if self._client_ids.get(key):
            return
        self._client_ids[key] = client_id
        if old := self._successors.pop((key[0], client_id, key[2]), None):
            self.orders.replaced(old, key)

    def client_id(self, key: OrderKey) -> str | None:
        """The client id of an order, if it was ever told."""
        return self._client_ids.get(key)

    def intent_id(self, key: OrderKey) -> str | None:
        """The intent that an order belongs to, as far as it was ever told."""
        client_id = self._client_ids.get(key)
        return self._owners.get(key) or (None if client_id is None else self.ids.intent_id(client_id))

    def announce_successor(self, old: Order, client_id: str) -> None:
        """The order to be placed under `client_id` takes the place of `old`."""
        self._successors[old.ref.instrument, client_id, old.ref.conditional] = old

    def withdraw_successor(self, old: Order, client_id: str) -> None:
        """It was not placed, or is known by now."""
        self._successors.pop((old.ref.instrument, client_id, old.ref.conditional), None)

    def hear_order(self, told: Told) -> Order:
        """Take in a telling of an order. Returns the order as it stands."""
        order = structs.replace(told.order, ref=self._owned(told.order.ref))
        key = order_key(order)
        self.name(key, told.client_id)
        self._unseen.pop(key, None)
        changed = self.orders.merge(order)
        if changed is not None:
            self.tell(OrderEvent(self._averaged(changed)))
        if order.ref.conditional and order.replaced_by:
            self._link(order, (order.ref.instrument, order.replaced_by, False))
        return self.current(key) or order

    def _owned(self, ref: OrderRef) -> OrderRef:
        owner = self._owners.get(ref_key(ref))
        return ref if owner is None else structs.replace(ref, intent_id=owner)

    def _link(self, conditional: Order, became: OrderKey) -> None:
        """The order that a conditional one became belongs to the same intent, also if it was told before."""
        if became in self._owners:
            return
        self._owners[became] = conditional.ref.intent_id
        if order := self.orders.became(conditional, became):
            self.tell(OrderEvent(self._averaged(order)))
        else:
            self._unseen[became] = OrderRef(became[0], conditional.ref.intent_id, became[1])

    def unseen(self) -> list[OrderRef]:
        """Orders that conditional ones became and that were not told of by themselves so far."""
        return list(self._unseen.values())

    def give_up_replacing(self, key: OrderKey, successor: OrderKey | None = None) -> None:
        """No order took the place of this one after all, or `successor` in vain: its own end is that of its intent."""
        if order := self.orders.give_up_replacing(key, successor):
            self.tell(OrderEvent(self._averaged(order)))

    def current(self, key: OrderKey) -> Order | None:
        """An order as the caller asked for it."""
        order = self.orders.get(key)
        return self._averaged(self.orders.shown(order)) if order else None

    def _averaged(self, order: Order) -> Order:
        """Answers to actions lack the average price; the fills may have told it."""
        raw = self.orders.get(order_key(order))
        if order.average_price is not None or not order.filled or raw is None or raw.filled != order.filled:
            return order
        return structs.replace(order, average_price=self.fills.average(order_key(order), order.filled))

    # --- fills ---

    def hear_fill(self, fill: Fill) -> bool:
        """Book a fill; True when it is new. Executions before `since_ns` are left alone."""
        fill = structs.replace(fill, ref=self._owned(fill.ref))
        if fill.at_ns < self.since_ns or not self.fills.add(fill):
            return False
        self.tell(FillEvent(fill))
        return True

    def missing(self, key: OrderKey) -> bool:
        """True when an order is known to be filled further than its known fills add up to."""
        order = self.orders.get(key)
        return order is not None and self.fills.missing(key, order.filled) > ZERO

    def behind(self, key: OrderKey) -> bool:
        """True when the known fills of an order add up to more than it is known to be filled."""
        order = self.orders.get(key)
        return self.fills.missing(key, ZERO if order is None else order.filled) < ZERO

    # --- positions and balances ---

    def hear_position(self, position: Position, stamp: Stamp) -> None:
        """A position out of a streamed message of this time."""
        before = self.positions.get((position.instrument, position.side))
        if self.positions.hear((position.instrument, position.side), position, stamp):
            self._tell_position(before, position)

    def answer_position(self, position: Position, stamp_ns: int, asked_ns: int) -> None:
        """A position out of an answer."""
        key = (position.instrument, position.side)
        before = self.positions.get(key)
        if self.positions.answer(key, position, stamp_ns, asked_ns):
            self._tell_position(before, position)

    def orphans(self, instrument: str | None) -> list[OrderRef]:
        """Live orders that only reduce and whose position was closed since; of one instrument or of all."""
        orders = {key: self.orders.get(key) for key in self._orphans}
        left = {key: order.ref for key, order in orders.items() if order is not None and not order.status.final}
        self._orphans = dict.fromkeys(left)
        return [ref for key, ref in left.items() if instrument in (None, key[0])]

    def _mark_orphans(self, before: Position | None, now: Position) -> None:
        """Mark what reduced a position that was closed or turned; unmark what reduces the one that is held now."""
        leg = None if now.side is PositionSide.NET else now.side
        ended = before is not None and before.amount * now.amount <= 0 and bool(before.amount)
        for order in self.orders.live(now.instrument):
            if not only_reduces(order) or order.position_side is not leg:
                continue
            if now.amount and (leg is not None or (order.side is Side.SELL) == (now.amount > 0)):
                self._orphans.pop(order_key(order), None)
            elif ended:
                self._orphans[order_key(order)] = None

    def _tell_position(self, before: Position | None, now: Position) -> None:
        self._mark_orphans(before, now)
        if before is None or (before.amount, before.entry_price) != (now.amount, now.entry_price):
            self.tell(PositionEvent(now))

    def hear_balance(self, balance: Balance, stamp: Stamp) -> None:
        """A balance out of a streamed message of this time."""
        before = self.balances.get(balance.asset)
        if self.balances.hear(balance.asset, balance, stamp):
            self._tell_balance(before, balance)

    def answer_balance(self, balance: Balance, stamp_ns: int, asked_ns: int) -> None:
        """A balance out of an answer."""
        before = self.balances.get(balance.asset)
        if self.balances.answer(balance.asset, balance, stamp_ns, asked_ns):
            self._tell_balance(before, balance)

    def _tell_balance(self, before: Balance | None, now: Balance) -> None:
        if before is None or before.wallet != now.wallet:
            self.tell(BalanceEvent(now))

    # --- events ---

    def expect_fresh(self, stale_ns: int) -> None:
        """Notice from now on whether orders and fills are told that are older than `stale_ns`."""
        self._stale_ns, self._late = stale_ns, False

    def was_late(self) -> bool:
        """True when one was told since `expect_fresh`."""
        return self._late

    def tell(self, event: Event) -> None:
        """Put an event of the account out, if somebody listens."""
        match event:
            case OrderEvent(order=order):
                self._late = self._late or order.updated_ns < self._stale_ns
            case FillEvent(fill=fill):
                self._late = self._late or fill.at_ns < self._stale_ns
            case _:
                pass
        if self.told:
            self._events.put(event)

    def tell_all(self) -> None:
        """Put out everything that is known: the state from which the events go on."""
        for order in self.orders.live():
            self.tell(OrderEvent(self._averaged(self.orders.shown(order))))
        for position in self.positions.all().values():
            if position.amount:
                self.tell(PositionEvent(position))
        for balance in self.balances.all().values():
            self.tell(BalanceEvent(balance))
