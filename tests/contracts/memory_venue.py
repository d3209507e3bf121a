"""A venue in memory as a bench: no wire, no quirks, nothing that can fail by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal

from venueproof_contracts import actions
from venueproof_contracts.actions import ActionResult, AnyAction, Operation
from venueproof_contracts.bench import EXPOSURE, HOURS, TRUTH, IntentPatch, MarketTruth, Provocation, Provoked, Truth
from venueproof_contracts.bench import WireRow as Row
from venueproof_contracts.errors import Reason
from venueproof_contracts.model import (
    ZERO,
    CandleEvent,
    Event,
    Level,
    Order,
    OrderEvent,
    OrderRef,
    OrderStatus,
    Side,
    TickerEvent,
    TradeEvent,
    Trigger,
    TriggerKind,
)

from .memory_account import Account
from .memory_prices import MINUTE_NS, START_NS, SYMBOL, Prices

REFUSALS = {
    "order.reject": (Reason.INSUFFICIENT_MARGIN, None),
    "setting.refused": (Reason.OPEN_ORDERS, Operation.SET_LEVERAGE),
    "mode.refused": (Reason.OPEN_ORDERS, Operation.SET_POSITION_MODE),
}
NOTHING_TO_ARM = {"list.order", "amend.refused"}


class MemoryVenue:
    """One account, and the levers over it."""

    seed: int = 1
    powers = actions.POWERS | {TRUTH, HOURS, EXPOSURE}

    def __init__(self) -> None:
        self.at_ns = START_NS
        self.events: asyncio.Queue[Event] = asyncio.Queue()
        self.prices = Prices()
        self.account = Account(self.prices, self.now_ns, self._told)
        self.watches: list[Callable[[], None]] = []
        self._open_candles: set[int] = set()

    def _told(self, event: Event) -> None:
        if isinstance(event, OrderEvent):
            for look in self.watches:
                look()
        self.events.put_nowait(event)

    # --- time and truth ---

    def now_ns(self) -> int:
        return self.at_ns

    async def sleep(self, seconds: float) -> None:
        self.at_ns += int(seconds * 1e9)
        self.account.expire_dated()
        for open_ns in sorted(one for one in self._open_candles if one + MINUTE_NS <= self.at_ns):
            self._tell_candle(open_ns)
        for _ in range(5):
            await asyncio.sleep(0)

    async def settle(self) -> None:
        await self.sleep(1)

    async def truth(self) -> Truth:
        account = self.account
        positions = tuple(account.position(leg) for leg in account.held)
        return Truth(tuple(account.orders.values()), tuple(account.fills), positions, (account.balance(),))

    async def market(self, instrument: str) -> MarketTruth:
        return MarketTruth(self.prices.ticker(instrument), self.prices.book(instrument))

    def watch_exposure(self, instrument: str, side: Side) -> Callable[[], Decimal]:
        account, fills, most = self.account, len(self.account.fills), [ZERO]

        def look() -> None:
            live = sum((one.amount - one.filled for one in account.live() if one.side is side), ZERO)
            filled = sum((fill.amount for fill in account.fills[fills:] if fill.side is side), ZERO)
            most[0] = max(most[0], live + filled)

        look()
        self.watches.append(look)
        return lambda: most[0]

    def wire(self, since: int = 0) -> list[Row]:
        return []

    # --- levers ---

    def provocations(self, kind: str) -> list[Provocation]:
        return [Provocation(kind, kind, kind)]

    async def provoke(self, provocation: Provocation, instrument: str) -> Provoked:
        kind, account = provocation.kind, self.account
        if kind in REFUSALS:
            account.refusal, operation = REFUSALS[kind]
            return Provoked(reason=account.refusal, operation=operation)
        match kind:
            case "conditional.reject":
                trigger = Trigger(TriggerKind.STOP, price=self.prices.base + 100)
                return Provoked(reason=Reason.WOULD_TRIGGER, intent=IntentPatch(trigger=trigger))
            case "protective.minimum":
                account.reduce_least = Decimal("0.003")
                return Provoked(reason=Reason.BELOW_MINIMUM, intent=IntentPatch(amount=Decimal("0.001")))
            case "fill.duplicate":
                account.repeat_fill = True
            case "trigger.stuck":
                account.stuck = True
            case _ if kind not in NOTHING_TO_ARM:
                raise LookupError(kind)
            case _:
                pass
        return Provoked()

    async def do(self, action: AnyAction) -> ActionResult:
        if isinstance(action, actions.ActAsOtherClient):
            return ActionResult(order_id=self.account.place(action.intent).ref.venue_id or "")
        if not (self._traded(action) or self._moved(action) or self._settled(action)):
            raise LookupError(repr(action))
        return ActionResult()

    def _traded(self, action: AnyAction) -> bool:
        match action:
            case actions.FillOrder(order_id=order_id):
                order = self._named(order_id)
                self.account.fill(order.ref, order.amount - order.filled, maker=True)
            case actions.PartlyFill(order_id=order_id, amount=amount):
                self.account.fill(self._named(order_id).ref, amount, maker=True)
            case actions.ExpireOrder(order_id=order_id):
                self.account.end(self._named(order_id).ref, OrderStatus.EXPIRED)
            case actions.PrintTrade(price=price, amount=amount, side=side):
                self._tell_trade(price, amount, side)
            case _:
                return False
        return True

    def _named(self, order_id: str) -> Order:
        return self.account.orders[SYMBOL, order_id, False]

    def _moved(self, action: AnyAction) -> bool:
        match action:
            case actions.SetPrice(price=price):
                self.prices.base = price
            case actions.SetMark(price=price):
                self.prices.mark_apart = price - self.prices.base
            case actions.AddLiquidity(side=side, price=price, amount=amount):
                (self.prices.bids if side is Side.BUY else self.prices.offers).append(Level(price, amount))
            case _:
                return False
        self.account.prices_moved()
        self.events.put_nowait(TickerEvent(self.prices.ticker(SYMBOL)))
        return True

    def _settled(self, action: AnyAction) -> bool:
        match action:
            case actions.Fund(amount=amount):
                self.account.wallet += amount
            case actions.PayFunding(rate=rate):
                self.account.pay_funding(rate)
            case actions.SetMode(mode=mode):
                self.account.set_mode(mode)
            case actions.AnswerGarbage() | actions.DelayMessage():
                pass
            case _:
                return False
        return True

    # --- what strangers do ---

    def _tell_trade(self, price: Decimal, amount: Decimal, side: Side) -> None:
        self.events.put_nowait(TradeEvent(self.prices.print(price, amount, side, self.at_ns)))
        open_ns = self.at_ns // MINUTE_NS * MINUTE_NS
        self._open_candles.add(open_ns)
        self._tell_candle(open_ns)

    def _tell_candle(self, open_ns: int) -> None:
        candle = self.prices.candle(open_ns, 1, self.at_ns)
        if candle.closed:
            self._open_candles.discard(open_ns)
        self.events.put_nowait(CandleEvent(SYMBOL, "1m", candle))


def same_order(ref: OrderRef, order: Order) -> bool:
    """Whether `ref` names this order: by the venue's id, or else by the intent."""
    if (ref.instrument, ref.conditional) != (order.ref.instrument, order.ref.conditional):
        return False
    return ref.intent_id == order.ref.intent_id if ref.venue_id is None else ref.venue_id == order.ref.venue_id
