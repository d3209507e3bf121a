"""One view of the account's orders out of stream events and answers, which never goes back in an order's life."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from msgspec import Struct, structs

from venueproof_adapters.kit.ledger import OrderKey, ref_key
from venueproof_contracts.model import ZERO, Order, OrderStatus, Trigger

IntentKey = tuple[str, str, bool]
"""Instrument, intent id, and whether the order is conditional: one that fired and the one it became share an intent."""


class Told(Struct, frozen=True):
    """One telling of an order, and the client id that it came with."""

    order: Order
    client_id: str


def order_key(order: Order) -> OrderKey:
    """What an order is kept by."""
    return ref_key(order.ref)


def intent_key(order: Order) -> IntentKey:
    """What the order that stands for an intent is found by."""
    return order.ref.instrument, order.ref.intent_id, order.ref.conditional


def fired(told: Told) -> tuple[Told, Told]:
    """The conditional order that fired and the order that it became, where the venue keeps one id for both.

    `told` is the latter, as the venue has it, with the terms of its trigger.
    """
    order = told.order
    ref = structs.replace(order.ref, conditional=True)
    before = structs.replace(
        order, ref=ref, status=OrderStatus.TRIGGERED, filled=ZERO, average_price=None, replaced_by=ref.venue_id
    )
    after = structs.replace(order, ref=structs.replace(ref, conditional=False), trigger=None)
    return Told(before, told.client_id), Told(after, told.client_id)


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
    return structs.replace(
        told,
        trigger=_fuller(known.trigger, told.trigger),
        replaced_by=told.replaced_by or known.replaced_by,
        reason=told.reason or (known.reason if told.status is known.status else ""),
    )


def _fuller(known: Trigger | None, told: Trigger | None) -> Trigger | None:
    """Some answers leave out a trailing order's terms."""
    if known is None or told is None:
        return told or known
    return structs.replace(
        told,
        offset=told.offset if told.offset is not None else known.offset,
        offset_unit=told.offset_unit if told.offset is not None else known.offset_unit,
        activation=told.activation if told.activation is not None else known.activation,
    )


class OrderView:
    """The last word on each order; finished ones are forgotten, oldest first, beyond `keep`.

    An order may follow another one of its intent: placed in its stead, or made by a conditional one that fired.
    `inverse` as in the ledger.
    """

    def __init__(self, inverse: Callable[[str], bool] = lambda _: False, keep: int = 20_000) -> None:
        self._inverse = inverse
        self._keep = keep
        self._orders: dict[OrderKey, Order] = {}
        self._live: dict[OrderKey, None] = {}
        """Those that have not ended: few of many, and looked through with each change of a position."""
        self._current: dict[IntentKey, OrderKey] = {}
        self._before: dict[OrderKey, OrderKey] = {}
        self._silent: set[OrderKey] = set()
        """Orders that another one takes or took the place of: nothing is told of them under their intent."""

    def merge(self, told: Order) -> Order | None:
        """Take in a telling; the order as it now stands if a reader would see a difference, else None."""
        key = order_key(told)
        known = self._orders.get(key)
        merged = told if known is None else later_of(known, told)
        self._orders[key] = merged
        if merged.status.final:
            self._live.pop(key, None)
        else:
            self._live[key] = None
        if key in self._silent:
            return self._in_its_place(merged) if known is not None and known.filled != merged.filled else None
        if known is None:
            self._current[intent_key(told)] = key
            self._forget()
        return None if known is not None and _looks(known) == _looks(merged) else self.shown(merged)

    def _in_its_place(self, order: Order) -> Order | None:
        """The order that carries on what this one filled, once there is one."""
        key = current = self._current.get(intent_key(order))
        while key is not None and key != order_key(order):
            key = self._before.get(key)
        return None if key is None or current is None or key == current else self.shown(self._orders[current])

    def get(self, key: OrderKey) -> Order | None:
        """The venue's own order under this key."""
        return self._orders.get(key)

    def of_intent(self, instrument: str, intent_id: str, conditional: bool = False) -> Order | None:
        """The order that stands for an intent now, as the venue has it."""
        key = self._current.get((instrument, intent_id, conditional))
        return self._orders.get(key) if key else None

    def live(self, instrument: str | None = None) -> list[Order]:
        """Orders that can still fill, as the venue has them."""
        keys = (key for key in self._live if key not in self._silent and instrument in (None, key[0]))
        return [self._orders[key] for key in keys]

    def shown(self, order: Order) -> Order:
        """The order as the caller asked for it: with what the orders before it filled."""
        before = self._orders.get(self._before.get(order_key(order), ("", "", False)))
        if before is None:
            return order
        carried = self.shown(before)
        filled = order.filled + carried.filled
        return structs.replace(
            order,
            amount=order.amount + carried.filled,
            filled=filled,
            average_price=self._mean(order, carried) if carried.filled else order.average_price,
            replaces=before.ref.venue_id,
        )

    def _mean(self, *orders: Order) -> Decimal | None:
        """The average price over several orders, None while one of theirs is not known."""
        inverse, total = self._inverse(orders[0].ref.instrument), ZERO
        for order in orders:
            if order.filled and order.average_price is None:
                return None
            price = order.average_price or Decimal(1)
            total += order.filled / price if inverse else order.filled * price
        filled = sum((order.filled for order in orders), ZERO)
        return filled / total if inverse else total / filled

    # --- one order after another ---

    def begin_replacing(self, key: OrderKey) -> None:
        """From now on the end of this order is not the end of its intent."""
        self._silent.add(key)

    def give_up_replacing(self, key: OrderKey, successor: OrderKey | None = None) -> Order | None:
        """Nothing took this order's place after all, or `successor` only in vain. Without effect on an order that ended
        and that another one stands for; the order, if there is something to tell of it again."""
        order = self._orders.get(key)
        if order is None or key not in self._silent:
            return None
        intent = intent_key(order)
        current = self._current.get(intent)
        if current != key and current is not None and (current == successor or not order.status.final):
            # Either the successor is gone, or both live: then neither is left untold.
            self._before.pop(current, None)
            if current == successor:
                self._silent.add(current)
                current = self._current[intent] = key
        elif current != key:
            return None
        self._silent.discard(key)
        return self.shown(order)

    def replaced(self, old: Order, new: OrderKey) -> None:
        """Let the order under `new` carry on what `old` filled."""
        key = order_key(old)
        self._orders.setdefault(key, old)
        self._silent.add(key)
        self._before[new] = key

    def became(self, conditional: Order, new: OrderKey) -> Order | None:
        """A conditional order fired and is the order under `new` from now on; that order, if it was told before."""
        self._before[new] = order_key(conditional)
        order = self._orders.get(new)
        if order is None:
            return None
        order = structs.replace(order, ref=structs.replace(order.ref, intent_id=conditional.ref.intent_id))
        self._orders[new] = order
        self._current[intent_key(order)] = new
        return self.shown(order)

    def _forget(self) -> None:
        if len(self._orders) <= self._keep:
            return
        needed = set(self._before.values())
        ended = [key for key, order in self._orders.items() if order.status.final and key not in needed]
        for key in ended[: self._keep // 10]:
            order = self._orders.pop(key)
            self._before.pop(key, None)
            self._silent.discard(key)
            if self._current.get(intent_key(order)) == key:
                del self._current[intent_key(order)]


def _looks(order: Order) -> tuple[object, ...]:
    return (
        *(order.status, order.amount, order.filled, order.price, order.average_price, order.reason),
        *(order.trigger, order.replaced_by),
    )
