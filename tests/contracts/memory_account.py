"""One account of a venue in memory: its orders, those that wait for a price, its fills, legs and money."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import count

from msgspec import structs

from venueproof_contracts.errors import Reason, Rejected
from venueproof_contracts.model import (
    ZERO,
    Balance,
    BalanceEvent,
    Event,
    Fill,
    FillEvent,
    Intent,
    MarginMode,
    OffsetUnit,
    Order,
    OrderEvent,
    OrderRef,
    OrderStatus,
    OrderType,
    Position,
    PositionEvent,
    PositionMode,
    PositionSide,
    Side,
    TimeInForce,
    Trigger,
    TriggerKind,
    TriggerPrice,
)

from .memory_prices import SYMBOL, Prices

AMOUNT_MAX = Decimal(1000)
FEE = Decimal("0.0005")
Key = tuple[str, str | None, bool]


def key_of(ref: OrderRef) -> Key:
    return ref.instrument, ref.venue_id, ref.conditional


def sign_of(side: Side) -> int:
    return 1 if side is Side.BUY else -1


class Account:
    """Everything that happens to it is told at once."""

    def __init__(self, prices: Prices, now_ns: Callable[[], int], tell: Callable[[Event], None]) -> None:
        self.prices, self.now_ns, self.tell = prices, now_ns, tell
        self.orders: dict[Key, Order] = {}
        self.intents: dict[Key, Intent] = {}
        self.bests: dict[Key, Decimal] = {}
        self.fills: list[Fill] = []
        self.held: dict[PositionSide, tuple[Decimal, Decimal]] = {PositionSide.NET: (ZERO, ZERO)}
        self.wallet = Decimal(10_000)
        self.leverage = Decimal(20)
        self.margin_mode = MarginMode.CROSS
        self.mode = PositionMode.NET
        self.refusal: Reason | None = None
        self.reduce_least = ZERO
        self.stuck = self.repeat_fill = False
        self.numbers: defaultdict[tuple[str, bool], Iterator[int]] = defaultdict(lambda: count(1))

    # --- placing ---

    def place(self, intent: Intent) -> Order:
        self.refuse()
        self._check(intent)
        return self._wait(intent) if intent.trigger else self._accept(intent)

    def refuse(self) -> None:
        if reason := self.refusal:
            self.refusal = None
            raise Rejected(reason)

    def _check(self, intent: Intent) -> None:
        if intent.amount > AMOUNT_MAX:
            raise Rejected(Reason.ABOVE_MAXIMUM)
        if (intent.position_side is None) is (self.mode is PositionMode.HEDGE):
            raise Rejected(Reason.POSITION_SIDE)
        if intent.post_only and self._there(intent):
            raise Rejected(Reason.WOULD_CROSS)
        if intent.reduce_only and not self._reducible(intent):
            raise Rejected(Reason.REDUCE_ONLY)
        if intent.reduce_only and intent.amount < self.reduce_least:
            raise Rejected(Reason.BELOW_MINIMUM)

    def _reducible(self, intent: Intent) -> Decimal:
        held = self.held[intent.position_side or PositionSide.NET][0]
        return abs(held) if held * sign_of(intent.side) < 0 else ZERO

    def _there(self, intent: Intent) -> Decimal:
        """What an order would meet at once."""
        book, sign = self.prices.book(intent.instrument), sign_of(intent.side)
        best = (book.asks if intent.side is Side.BUY else book.bids)[0]
        crosses = intent.price is None or (intent.price - best.price) * sign >= 0
        return best.amount if crosses else ZERO

    def _accept(self, intent: Intent, replaces: str | None = None) -> Order:
        order = self._born(intent, OrderStatus.OPEN, replaces)
        self._meet_itself(order)
        if there := self._there(intent):
            wanted = min(intent.amount, self._reducible(intent)) if intent.reduce_only else intent.amount
            self.fill(order.ref, min(wanted, there), maker=False)
        if intent.time_in_force in (TimeInForce.IOC, TimeInForce.FOK) or intent.type is OrderType.MARKET:
            self.end(order.ref, OrderStatus.EXPIRED)
        return self.orders[key_of(order.ref)]

    def _meet_itself(self, order: Order) -> None:
        for own in list(self.live()):
            opposite = own.side is not order.side and own.ref.instrument == order.ref.instrument
            if opposite and own.price and order.price and (order.price - own.price) * sign_of(order.side) >= 0:
                self.end(own.ref, OrderStatus.EXPIRED)

    def _born(self, intent: Intent, status: OrderStatus, replaces: str | None = None) -> Order:
        conditional = intent.trigger is not None
        number = str(next(self.numbers[intent.instrument, conditional]))
        order = Order(
            ref=OrderRef(intent.instrument, intent.intent_id, number, conditional),
            side=intent.side,
            type=intent.type,
            status=status,
            amount=intent.amount,
            filled=ZERO,
            price=intent.price,
            time_in_force=intent.time_in_force,
            reduce_only=intent.reduce_only,
            close_position=intent.close_position,
            trigger=intent.trigger,
            position_side=intent.position_side,
            expires_ns=intent.expires_ns,
            replaces=replaces,
        )
        self.intents[key_of(order.ref)] = intent
        self.tell_order(order)
        return order

    # --- waiting ---

    def _wait(self, intent: Intent) -> Order:
        closing = [one for one in self.waiting() if one.close_position and intent.close_position]
        if closing:
            raise Rejected(Reason.NOT_ALLOWED)
        trigger = intent.trigger
        if trigger is not None and trigger.kind is not TriggerKind.TRAILING and self._reached(trigger, intent.side):
            raise Rejected(Reason.WOULD_TRIGGER)
        order = self._born(intent, OrderStatus.WAITING)
        if trigger is not None and trigger.activation is None:
            self.bests[key_of(order.ref)] = self._watched(trigger)
        return order

    def _watched(self, trigger: Trigger) -> Decimal:
        return self.prices.mark if trigger.watches is TriggerPrice.MARK else self.prices.base

    def _reached(self, trigger: Trigger, side: Side) -> bool:
        falling = (trigger.kind is TriggerKind.STOP) is (side is Side.SELL)
        apart = self._watched(trigger) - (trigger.price or ZERO)
        return apart <= 0 if falling else apart >= 0

    def _turned(self, order: Order, trigger: Trigger) -> bool:
        """Of a trailing stop to sell; those to buy are not asked for."""
        key, now = key_of(order.ref), self._watched(trigger)
        if key not in self.bests and now < (trigger.activation or ZERO):
            return False
        best = self.bests[key] = max(self.bests.get(key, now), now)
        offset = trigger.offset or ZERO
        return now <= best - (offset if trigger.offset_unit is OffsetUnit.ABSOLUTE else best * offset / 100)

    def prices_moved(self) -> None:
        for order in list(self.waiting()):
            trigger = order.trigger
            if trigger is None or order.status is not OrderStatus.WAITING:
                continue
            trailing = trigger.kind is TriggerKind.TRAILING
            if self._turned(order, trigger) if trailing else self._reached(trigger, order.side):
                self._fire(order)
        self._liquidate()

    def _fire(self, order: Order) -> None:
        if self.stuck:
            self.tell_order(structs.replace(order, status=OrderStatus.TRIGGERING))
            return
        intent = structs.replace(self.intents[key_of(order.ref)], trigger=None, close_position=False)
        if order.close_position:
            intent = structs.replace(intent, amount=self._reducible(intent), reduce_only=True)
        became = self._accept(intent, replaces=order.ref.venue_id)
        self.tell_order(structs.replace(order, status=OrderStatus.TRIGGERED, replaced_by=became.ref.venue_id))

    def _liquidate(self) -> None:
        if self.wallet + sum((self.profit(leg) for leg in self.held), ZERO) >= 0:
            return
        for leg, (held, _) in self.held.items():
            if held:
                side, own = (Side.SELL if held > 0 else Side.BUY), None if leg is PositionSide.NET else leg
                self._accept(Intent("by-force", SYMBOL, side, OrderType.MARKET, abs(held), position_side=own))

    # --- what becomes of orders ---

    def live(self) -> list[Order]:
        return [one for one in self.orders.values() if not one.status.final and not one.ref.conditional]

    def waiting(self) -> list[Order]:
        return [one for one in self.orders.values() if not one.status.final and one.ref.conditional]

    def tell_order(self, order: Order) -> None:
        self.orders[key_of(order.ref)] = order
        self.tell(OrderEvent(order))

    def end(self, ref: OrderRef, status: OrderStatus) -> Order:
        order = self.orders[key_of(ref)]
        if not order.status.final:
            self.tell_order(structs.replace(order, status=status))
        return self.orders[key_of(ref)]

    def expire_dated(self) -> None:
        for order in self.live():
            if order.expires_ns is not None and order.expires_ns <= self.now_ns():
                self.end(order.ref, OrderStatus.EXPIRED)

    def fill(self, ref: OrderRef, amount: Decimal, *, maker: bool) -> None:
        order = self.orders[key_of(ref)]
        price = self.prices.base if order.price is None or not maker else order.price
        fee, number = price * amount * FEE, f"f{len(self.fills) + 1}"
        leg = order.position_side
        fill = Fill(number, order.ref, order.side, price, amount, fee, "USDT", maker, self.now_ns(), leg)
        self.fills.append(fill)
        filled = order.filled + amount
        status = OrderStatus.FILLED if filled == order.amount else OrderStatus.PARTLY_FILLED
        self._hold(leg or PositionSide.NET, amount * sign_of(order.side), price, fee)
        for _ in range(2 if self.repeat_fill else 1):
            self.tell(FillEvent(fill))
        self.tell_order(structs.replace(order, filled=filled, status=status, average_price=price))

    # --- what is held ---

    def _hold(self, leg: PositionSide, signed: Decimal, price: Decimal, fee: Decimal) -> None:
        before, entry = self.held[leg]
        after = before + signed
        if before * signed >= 0:
            entry = (abs(before) * entry + abs(signed) * price) / abs(after)
        else:
            closed = min(abs(before), abs(signed)) * (1 if before > 0 else -1)
            self.wallet += closed * (price - entry)
            entry = entry if before * after > 0 else price
        self.held[leg] = after, entry
        self.wallet -= fee
        self.tell(PositionEvent(self.position(leg)))
        self.tell(BalanceEvent(self.balance()))

    def pay_funding(self, rate: Decimal) -> None:
        self.wallet -= sum((held for held, _ in self.held.values()), ZERO) * self.prices.mark * rate
        self.tell(BalanceEvent(self.balance()))

    def set_mode(self, mode: PositionMode) -> None:
        self.mode = mode
        legs = (PositionSide.NET,) if mode is PositionMode.NET else (PositionSide.LONG, PositionSide.SHORT)
        self.held = dict.fromkeys(legs, (ZERO, ZERO))

    def profit(self, leg: PositionSide) -> Decimal:
        held, entry = self.held[leg]
        return held * (self.prices.mark - entry)

    def position(self, leg: PositionSide) -> Position:
        held, entry = self.held[leg]
        return Position(
            SYMBOL,
            leg,
            held if leg is PositionSide.NET else abs(held),
            entry,
            unrealized_pnl=self.profit(leg),
            leverage=self.leverage,
            margin_mode=self.margin_mode,
        )

    def balance(self) -> Balance:
        tied = sum((abs(held) * entry for held, entry in self.held.values()), ZERO) / self.leverage
        return Balance("USDT", self.wallet, self.wallet - tied)
