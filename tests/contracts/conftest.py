"""A venue in memory with a good adapter straight on top of it: no wire, no quirks, nothing that can fail by itself.

What clauses say of it must be 'kept', and what they say of the same adapter wrapped in a mutant must be 'broken'.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import count

import pytest
from msgspec import structs

from venueproof_adapters.mutants import Mutant
from venueproof_contracts import actions
from venueproof_contracts.actions import ActionResult, AnyAction
from venueproof_contracts.adapter import Adapter
from venueproof_contracts.bench import MarketTruth, Provocation, Provoked, Truth, WireRow
from venueproof_contracts.capabilities import Capability, Support
from venueproof_contracts.case import Breach, Case
from venueproof_contracts.clause import Clause
from venueproof_contracts.errors import AdapterError, Reason, Rejected
from venueproof_contracts.model import (
    AdapterKind,
    AmendManner,
    Balance,
    BalanceEvent,
    Book,
    Candle,
    Channel,
    ClientIdUniqueness,
    ContractUnit,
    Credentials,
    Declaration,
    Endpoint,
    Event,
    Fill,
    FillEvent,
    Funding,
    Instrument,
    Intent,
    Level,
    MarginMode,
    OpenInterest,
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
    Ticker,
    TimeInForce,
    Trade,
)

SYMBOL = "BTC/USDT:USDT"
TICK = Decimal("0.1")
INSTRUMENT = Instrument(
    symbol=SYMBOL,
    spelling="BTCUSDT",
    product="linear",
    base="BTC",
    quote="USDT",
    settle="USDT",
    price_tick=TICK,
    amount_step=Decimal("0.001"),
    amount_min=Decimal("0.001"),
    contract_size=Decimal(1),
    contract_unit=ContractUnit.BASE,
    notional_min=Decimal(100),
)
AMOUNT_MAX = Decimal(1000)
FEE = Decimal("0.0005")
FUNDING_RATE = Decimal("0.0001")
OPEN_CONTRACTS = Decimal(500)
INTERVALS_NS = {"1m": 60 * 10**9, "1h": 3600 * 10**9}
START_NS = 1_795_521_900 * 10**9


class MemoryVenue:
    """The state of one account on one instrument, and the bench that moves it."""

    seed: int = 1
    powers = actions.POWERS | {"truth", "hours", "exposure"}

    def __init__(self) -> None:
        self.at_ns = START_NS
        self.base = Decimal(60000)
        self.offers: list[Level] = []
        self.bids: list[Level] = []
        self.orders: dict[str, Order] = {}
        self.fills: list[Fill] = []
        self.trades: list[Trade] = []
        self.held = Decimal(0)
        self.entry = Decimal(0)
        self.wallet = Decimal(10_000)
        self.leverage = Decimal(20)
        self.margin_mode = MarginMode.CROSS
        self.refusal: Reason | None = None
        self.repeat_fill = False
        self.events: asyncio.Queue[Event] = asyncio.Queue()
        self.numbers = count(1)
        self.watches: list[Callable[[], None]] = []

    # --- the bench ---

    def now_ns(self) -> int:
        return self.at_ns

    async def sleep(self, seconds: float) -> None:
        self.at_ns += int(seconds * 1e9)
        for _ in range(5):
            await asyncio.sleep(0)

    async def settle(self) -> None:
        await self.sleep(1)

    async def truth(self) -> Truth:
        position = Position(
            SYMBOL, PositionSide.NET, self.held, self.entry, None, None, self.leverage, self.margin_mode
        )
        return Truth(tuple(self.orders.values()), tuple(self.fills), (position,), (self.balance(),))

    async def market(self, instrument: str) -> MarketTruth:
        return MarketTruth(self.ticker(), self.book())

    def watch_exposure(self, instrument: str, side: Side) -> Callable[[], Decimal]:
        fills, watch = len(self.fills), {"most": Decimal(0)}

        def look() -> None:
            live = sum((one.amount - one.filled for one in self.live(side)), Decimal(0))
            filled = sum((fill.amount for fill in self.fills[fills:] if fill.side is side), Decimal(0))
            watch["most"] = max(watch["most"], live + filled)

        look()
        self.watches.append(look)
        return lambda: watch["most"]

    def live(self, side: Side) -> list[Order]:
        return [one for one in self.orders.values() if one.side is side and not one.status.final]

    def wire(self) -> list[WireRow]:
        return []

    def provocations(self, kind: str) -> list[Provocation]:
        return [Provocation(kind, kind, kind)]

    async def provoke(self, provocation: Provocation, instrument: str) -> Provoked:
        match provocation.kind:
            case "order.reject":
                self.refusal = Reason.INSUFFICIENT_MARGIN
                return Provoked(reason=self.refusal)
            case "setting.refused":
                self.refusal = Reason.OPEN_ORDERS
                return Provoked(reason=self.refusal, operation=actions.Operation.SET_LEVERAGE)
            case "fill.duplicate":
                self.repeat_fill = True
            case "list.order" | "amend.refused":
                pass
            case kind:
                raise LookupError(kind)
        return Provoked()

    async def do(self, action: AnyAction) -> ActionResult:
        match action:
            case actions.FillOrder(order_id=order_id):
                self.fill(order_id, self.orders[order_id].amount - self.orders[order_id].filled, maker=True)
            case actions.PartlyFill(order_id=order_id, amount=amount):
                self.fill(order_id, amount, maker=True)
            case actions.SetPrice(price=price):
                self.base = price
            case actions.PrintTrade(price=price, amount=amount, side=side):
                self.trades.append(Trade(SYMBOL, f"t{next(self.numbers)}", price, amount, side, self.at_ns))
            case actions.AddLiquidity(side=side, price=price, amount=amount):
                (self.bids if side is Side.BUY else self.offers).append(Level(price, amount))
            case actions.ActAsOtherClient(intent=intent):
                return ActionResult(order_id=self.place(intent).ref.venue_id or "")
            case actions.AnswerGarbage() | actions.DelayMessage():
                pass
            case _:
                raise LookupError(repr(action))
        return ActionResult()

    # --- the state ---

    def book(self) -> Book:
        bids, asks = ([Level(self.base + side * n * TICK, Decimal(1)) for n in range(1, 6)] for side in (-1, 1))
        return Book(SYMBOL, _levels(bids + self.bids, -1), _levels(asks + self.offers, 1))

    def ticker(self) -> Ticker:
        book = self.book()
        bid, ask = book.bids[0].price, book.asks[0].price
        return Ticker(SYMBOL, self.base, bid, ask, self.base, funding_rate=FUNDING_RATE, open_interest=OPEN_CONTRACTS)

    def balance(self) -> Balance:
        return Balance("USDT", self.wallet, self.wallet - abs(self.held) * self.entry / self.leverage)

    def place(self, intent: Intent) -> Order:
        self.refuse()
        if intent.amount > AMOUNT_MAX:
            raise Rejected(Reason.ABOVE_MAXIMUM)
        book = self.book()
        opposite = book.asks[0].price if intent.side is Side.BUY else book.bids[0].price
        sign = 1 if intent.side is Side.BUY else -1
        crosses = intent.price is None or (intent.price - opposite) * sign >= 0
        if intent.post_only and crosses:
            raise Rejected(Reason.WOULD_CROSS)
        if intent.reduce_only and self.held * sign >= 0:
            raise Rejected(Reason.REDUCE_ONLY)
        return self.accept(intent, crosses, (book.asks if intent.side is Side.BUY else book.bids)[0].amount)

    def accept(self, intent: Intent, crosses: bool, there: Decimal) -> Order:
        order_id = str(next(self.numbers))
        order = Order(
            ref=OrderRef(intent.instrument, intent.intent_id, order_id),
            side=intent.side,
            type=intent.type,
            status=OrderStatus.OPEN,
            amount=intent.amount,
            filled=Decimal(0),
            price=intent.price,
        )
        self.tell(order)
        if crosses:
            amount = min(intent.amount, abs(self.held)) if intent.reduce_only else intent.amount
            self.fill(order_id, min(amount, there), maker=False)
        if intent.time_in_force is not TimeInForce.GTC or intent.type is OrderType.MARKET:
            self.end(order_id, OrderStatus.EXPIRED)
        return self.orders[order_id]

    def refuse(self) -> None:
        if reason := self.refusal:
            self.refusal = None
            raise Rejected(reason)

    def tell(self, order: Order) -> None:
        self.orders[order.ref.venue_id or ""] = order
        for look in self.watches:
            look()
        self.events.put_nowait(OrderEvent(order))

    def end(self, order_id: str, status: OrderStatus) -> Order:
        if not self.orders[order_id].status.final:
            self.tell(structs.replace(self.orders[order_id], status=status))
        return self.orders[order_id]

    def fill(self, order_id: str, amount: Decimal, *, maker: bool) -> None:
        order = self.orders[order_id]
        price = self.base if order.price is None or not maker else order.price
        fee = price * amount * FEE
        fill = Fill(f"f{next(self.numbers)}", order.ref, order.side, price, amount, fee, "USDT", maker, self.at_ns)
        self.fills.append(fill)
        filled = order.filled + amount
        status = OrderStatus.FILLED if filled == order.amount else OrderStatus.PARTLY_FILLED
        self.hold(amount if order.side is Side.BUY else -amount, price, fee)
        for _ in range(2 if self.repeat_fill else 1):
            self.events.put_nowait(FillEvent(fill))
        self.tell(structs.replace(order, filled=filled, status=status, average_price=price))

    def hold(self, signed: Decimal, price: Decimal, fee: Decimal) -> None:
        before, self.held = self.held, self.held + signed
        if before * signed >= 0:
            self.entry = (abs(before) * self.entry + abs(signed) * price) / abs(self.held)
        else:
            closed = min(abs(before), abs(signed)) * (1 if before > 0 else -1)
            self.wallet += closed * (price - self.entry)
            self.entry = self.entry if before * self.held > 0 else price
        self.wallet -= fee
        self.events.put_nowait(PositionEvent(Position(SYMBOL, PositionSide.NET, self.held, self.entry)))
        self.events.put_nowait(BalanceEvent(self.balance()))


def _levels(levels: Sequence[Level], sign: int) -> tuple[Level, ...]:
    amounts: dict[Decimal, Decimal] = {}
    for level in levels:
        amounts[level.price] = amounts.get(level.price, Decimal(0)) + level.amount
    return tuple(Level(price, amounts[price]) for price in sorted(amounts, key=lambda price: price * sign))


class MemoryAdapter:
    """Answers straight from a `MemoryVenue`."""

    def __init__(self, venue: MemoryVenue) -> None:
        self.venue = venue
        self.listening = False
        self.told: set[str] = set()

    async def declare(self) -> Declaration:
        able = dict.fromkeys(Capability, Support.FULL)
        return Declaration(
            "memory", "1", AdapterKind.MANAGED, able, Decimal(5), ClientIdUniqueness.OPEN_ORDERS, AmendManner.IN_PLACE
        )

    async def start(self) -> None: ...

    async def close(self) -> None: ...

    async def server_time(self) -> int:
        return self.venue.at_ns

    async def instruments(self) -> list[Instrument]:
        return [INSTRUMENT]

    async def ticker(self, instrument: str) -> Ticker:
        _known(instrument)
        return self.venue.ticker()

    async def book(self, instrument: str, depth: int) -> Book:
        book = self.venue.book()
        return structs.replace(book, bids=book.bids[:depth], asks=book.asks[:depth])

    async def candles(self, instrument: str, interval: str, since_ns: int | None, limit: int | None) -> list[Candle]:
        _known(instrument)
        length_ns, now_ns = INTERVALS_NS.get(interval), self.venue.at_ns
        if length_ns is None:
            raise Rejected(Reason.BAD_PARAMETER)
        number = limit or 100
        first_ns = now_ns // length_ns * length_ns - (number - 1) * length_ns if since_ns is None else since_ns
        opens = [open_ns for n in range(number) if (open_ns := first_ns + n * length_ns) <= now_ns]
        base = self.venue.base
        return [Candle(one, base, base, base, base, Decimal(1), one + length_ns <= now_ns) for one in opens]

    async def trades(self, instrument: str) -> list[Trade]:
        return list(self.venue.trades)

    async def funding(self, instrument: str) -> Funding:
        return Funding(SYMBOL, FUNDING_RATE, self.venue.at_ns + INTERVALS_NS["1h"])

    async def open_interest(self, instrument: str) -> OpenInterest:
        return OpenInterest(SYMBOL, OPEN_CONTRACTS, self.venue.at_ns)

    async def place(self, intent: Intent) -> Order:
        _known(intent.instrument)
        return self.venue.place(intent)

    async def place_many(self, intents: Sequence[Intent]) -> list[Order | AdapterError]:
        answers: list[Order | AdapterError] = []
        for intent in intents:
            try:
                answers.append(await self.place(intent))
            except AdapterError as error:
                answers.append(error)
        return answers

    def find(self, ref: OrderRef) -> Order:
        _known(ref.instrument)
        for order in self.venue.orders.values():
            if order.ref.venue_id == ref.venue_id or (ref.venue_id is None and order.ref.intent_id == ref.intent_id):
                return order
        raise Rejected(Reason.UNKNOWN_ORDER)

    async def amend(self, ref: OrderRef, price: Decimal | None, amount: Decimal | None) -> Order:
        order = self.find(ref)
        total = amount or order.amount
        status = OrderStatus.CANCELED if total <= order.filled else order.status
        self.venue.tell(structs.replace(order, price=price or order.price, amount=total, status=status))
        return self.find(ref)

    async def cancel(self, ref: OrderRef) -> Order:
        order = self.find(ref)
        if order.status.final:
            raise Rejected(Reason.UNKNOWN_ORDER)
        return self.venue.end(order.ref.venue_id or "", OrderStatus.CANCELED)

    async def cancel_all(self, instrument: str) -> None:
        for order_id in list(self.venue.orders):
            self.venue.end(order_id, OrderStatus.CANCELED)

    async def order(self, ref: OrderRef) -> Order:
        return self.find(ref)

    async def open_orders(self, instrument: str | None) -> list[Order]:
        _known(instrument or SYMBOL)
        return [order for order in self.venue.orders.values() if not order.status.final]

    async def fills(self, instrument: str, since_ns: int | None) -> list[Fill]:
        _known(instrument)
        return list(self.venue.fills)

    async def positions(self) -> list[Position]:
        return [one for one in (await self.venue.truth()).positions if one.amount]

    async def balances(self) -> list[Balance]:
        return [self.venue.balance()]

    async def set_margin(self, instrument: str, mode: MarginMode | None, leverage: Decimal | None) -> None:
        self.venue.refuse()
        self.venue.margin_mode = mode or self.venue.margin_mode
        self.venue.leverage = leverage or self.venue.leverage

    async def set_position_mode(self, mode: PositionMode) -> None: ...

    async def subscribe(self, channel: Channel, instrument: str | None) -> None:
        self.listening = True

    async def unsubscribe(self, channel: Channel, instrument: str | None) -> None:
        self.listening = False

    async def next_event(self) -> Event:
        while True:
            event = await self.venue.events.get()
            if isinstance(event, FillEvent) and event.fill.fill_id in self.told:
                continue
            if isinstance(event, FillEvent):
                self.told.add(event.fill.fill_id)
            if self.listening:
                return event


def _known(symbol: str) -> None:
    if symbol != SYMBOL:
        raise Rejected(Reason.UNKNOWN_INSTRUMENT)


class MemorySurroundings:
    """Nothing logged, nothing reached, nothing left; another adapter is one on the same venue."""

    def __init__(self, venue: MemoryVenue) -> None:
        self.venue = venue

    def log_text(self) -> str:
        return ""

    def egress(self) -> list[str]:
        return []

    def leftovers(self) -> list[str]:
        return []

    def make_adapter(self, credentials: dict[str, str] | None = None) -> MemoryAdapter:
        return MemoryAdapter(self.venue)


async def _pump(case: Case) -> None:
    while True:
        case.fold.hear(await case.adapter.next_event())


async def _judge(clause: Clause, mutant: Mutant | None) -> str:
    venue = MemoryVenue()

    def good(_: Endpoint, __: Credentials) -> Adapter:
        return MemoryAdapter(venue)

    factory = mutant.make(good) if mutant else good
    adapter = factory(Endpoint("memory", "linear", "", ""), {})
    case = Case(
        adapter=adapter,
        bench=venue,
        declaration=await adapter.declare(),
        instrument=INSTRUMENT,
        credentials={},
        surroundings=MemorySurroundings(venue),
        provocation=Provocation(clause.kind, clause.kind, clause.kind) if clause.kind else None,
    )
    await case.prepare()
    pump = asyncio.create_task(_pump(case))
    try:
        await clause.code(case)
    except (Breach, AdapterError) as error:
        return repr(error)
    finally:
        pump.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await pump
    return ""


@pytest.fixture
def breach() -> Callable[[Clause, Mutant | None], str]:
    """Run a clause on the good adapter or on a mutant of it: what was broken, empty when the promise was kept."""

    def run(clause: Clause, mutant: Mutant | None = None) -> str:
        return asyncio.run(_judge(clause, mutant))

    return run
