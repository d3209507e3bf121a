"""One view of the account's orders out of stream events and answers, which never goes back in an order's life."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct, structs

from venueproof_adapters.kit.ledger import OrderKey
from venueproof_contracts.model import ZERO, Order


class Told(Struct, frozen=True):
    """One telling of an order, and the client id that it came with."""

    order: Order
    client_id: str


class Carried(Struct, frozen=True):
    """What earlier orders of an intent filled before this one took their place."""

    replaces: str
    filled: Decimal
    money: Decimal | None
    """Sum of price × amount, None while it is not known."""


def order_key(order: Order) -> OrderKey:
    """What an order is kept by."""
    return order.ref.instrument, order.ref.venue_id or ""


def later_of(known: Order, told: Order) -> Order:
    """Of two tellings of one order the one that is further on, whichever came first."""
    if told.filled < known.filled or (known.status.final and not told.status.final):
        return known
    further = told.filled > known.filled or (told.status.final and not known.status.final)
    if told.updated_ns < known.updated_ns:
        if not further:
            return known
        told = structs.replace(told, price=known.price, amount=known.amount, updated_ns=known.updated_ns)
    if told.average_price is None and told.filled == known.filled:
        told = structs.replace(told, average_price=known.average_price)
    return told if told.reason else structs.replace(told, reason=known.reason)


class OrderView:
    """The last word on each order; finished ones are forgotten, oldest first, beyond `keep`."""

    def __init__(self, keep: int = 20_000) -> None:
        self._keep = keep
        self._orders: dict[OrderKey, Order] = {}
        self._current: dict[tuple[str, str], OrderKey] = {}
        self._carried: dict[OrderKey, Carried] = {}
        self._replaced: set[OrderKey] = set()

    def merge(self, told: Order) -> Order | None:
        """Take in a telling; the order as it now stands if a reader would see a difference, else None."""
        key = order_key(told)
        known = self._orders.get(key)
        merged = told if known is None else later_of(known, told)
        self._orders[key] = merged
        if key in self._replaced:
            return None
        if known is None:
            self._current[told.ref.instrument, told.ref.intent_id] = key
            self._forget()
        return None if known is not None and _looks(known) == _looks(merged) else self.shown(merged)

    def get(self, key: OrderKey) -> Order | None:
        """The venue's own order under this key."""
        return self._orders.get(key)

    def of_intent(self, instrument: str, intent_id: str) -> Order | None:
        """The order that stands for an intent now, as the venue has it."""
        key = self._current.get((instrument, intent_id))
        return self._orders.get(key) if key else None

    def live(self, instrument: str | None = None) -> list[Order]:
        """Orders that can still fill, as the venue has them."""
        return [
            order
            for key, order in self._orders.items()
            if not order.status.final and key not in self._replaced and instrument in (None, key[0])
        ]

    def shown(self, order: Order) -> Order:
        """The order as the caller asked for it: with what the orders before it filled."""
        carried = self._carried.get(order_key(order))
        if carried is None:
            return order
        filled = order.filled + carried.filled
        return structs.replace(
            order,
            amount=order.amount + carried.filled,
            filled=filled,
            average_price=self._average(order, carried, filled),
            replaces=carried.replaces,
        )

    @staticmethod
    def _average(order: Order, carried: Carried, filled: Decimal) -> Decimal | None:
        if carried.money is None or (order.filled and order.average_price is None) or not filled:
            return None
        return (carried.money + order.filled * (order.average_price or ZERO)) / filled

    def begin_replacing(self, key: OrderKey) -> None:
        """From now on the end of this order is not the end of its intent."""
        self._replaced.add(key)

    def give_up_replacing(self, key: OrderKey) -> Order | None:
        """No order took its place after all; the order as it stands, None if there is one after all."""
        order = self._orders.get(key)
        if order is None or self._current.get((order.ref.instrument, order.ref.intent_id)) != key:
            return None
        self._replaced.discard(key)
        return self.shown(order)

    def replaced(self, old: Order, new: OrderKey) -> None:
        """Let the order under `new` carry on what `old` filled."""
        before = self.shown(old)
        money = before.filled * before.average_price if before.average_price is not None else None
        self._carried[new] = Carried(old.ref.venue_id or "", before.filled, ZERO if not before.filled else money)

    def _forget(self) -> None:
        if len(self._orders) <= self._keep:
            return
        for key in [key for key, order in self._orders.items() if order.status.final][: self._keep // 10]:
            order = self._orders.pop(key)
            self._carried.pop(key, None)
            self._replaced.discard(key)
            intent = (order.ref.instrument, order.ref.intent_id)
            if self._current.get(intent) == key:
                del self._current[intent]


def _looks(order: Order) -> tuple[object, ...]:
    return order.status, order.amount, order.filled, order.price, order.average_price, order.reason
