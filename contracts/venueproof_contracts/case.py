"""What a clause is run with: an adapter, a bench, an instrument, and a few words to work with.

A case belongs to one clause, one venue, one product, one profile, one seed and at most one provocation.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import ROUND_CEILING, Decimal
from typing import Protocol, TypeVar

from msgspec import structs

from venueproof_contracts.actions import FillOrder, PartlyFill, SetPrice
from venueproof_contracts.adapter import Adapter
from venueproof_contracts.bench import TRUTH, Bench, Provocation, Provoked, Truth
from venueproof_contracts.capabilities import Capability, Support
from venueproof_contracts.errors import AdapterError, Reason, Rejected
from venueproof_contracts.fold import Fold
from venueproof_contracts.model import (
    AdapterKind,
    Channel,
    ContractUnit,
    Credentials,
    Declaration,
    Instrument,
    Intent,
    Order,
    OrderRef,
    OrderType,
    Position,
    PositionSide,
    Side,
    TimeInForce,
    Trigger,
    TriggerKind,
)
from venueproof_contracts.wording import words

Raised = TypeVar("Raised", bound=AdapterError)
Value = TypeVar("Value")

_Key = tuple[str, str | None, bool]
"""What names an order at a venue."""


class Breach(AssertionError):
    """A promise was not kept. The message says what was seen instead."""


class NothingToJudge(Exception):
    """This venue has nothing that the promise is about: the case is not applicable. The message says what is not there.

    For what only the case itself can see; what a clause needs of adapter, venue and bench it says in its mark.
    """


class Surroundings(Protocol):
    """What the runner saw of the adapter besides its answers."""

    def log_text(self) -> str:
        """Everything the adapter logged, warned or printed so far."""
        ...

    def egress(self) -> list[str]:
        """Addresses outside this run that the adapter tried to reach."""
        ...

    def leftovers(self) -> list[str]:
        """Tasks, threads and sockets of the adapter that are still alive, described."""
        ...

    def make_adapter(self, credentials: Credentials | None = None) -> Adapter:
        """Another adapter of the same factory, as after a restart of the program; closed by the runner."""
        ...


class Case:
    """The hands of a clause. `fold` fills by itself with the adapter's events once the clause subscribed."""

    def __init__(
        self,
        *,
        adapter: Adapter,
        bench: Bench,
        declaration: Declaration,
        instrument: Instrument,
        credentials: Credentials,
        surroundings: Surroundings,
        provocation: Provocation | None = None,
    ) -> None:
        self.adapter = adapter
        self.bench = bench
        self.declaration = declaration
        self.instrument = instrument
        self.credentials = credentials
        self.surroundings = surroundings
        self.provocation = provocation
        self.fold = Fold()
        self.manners: list[str] = []
        self._intents = 0
        self._unit = self._bid = self._ask = Decimal(0)
        self._orders_before: frozenset[_Key] = frozenset()

    @property
    def symbol(self) -> str:
        """The instrument's unified symbol."""
        return self.instrument.symbol

    @property
    def managed(self) -> bool:
        """True when the adapter promises that its own view equals the venue's."""
        return self.declaration.kind is AdapterKind.MANAGED

    def supports(self, *capabilities: Capability) -> bool:
        """True when the adapter declares all of them."""
        declared = self.declaration.capabilities
        return all(declared.get(one) in (Support.FULL, Support.VERSIONED) for one in capabilities)

    # --- verdicts ---

    def check(self, kept: bool, seen: str) -> None:
        """Raise `Breach(seen)` unless the promise was kept."""
        if not kept:
            raise Breach(seen)

    def check_manners(self, kept: bool, seen: str) -> None:
        """Note a breach of good manners towards the venue; the case goes on and its result is judged apart."""
        if not kept:
            self.manners.append(seen)

    def check_reason(self, error: Rejected, due: Reason | None) -> None:
        """Raise `Breach` unless a refusal has the neutral reason that it is `due`; told with the venue's own words."""
        own = " ".join(str(part) for part in (error.code, error.text) if part)
        self.check(error.reason is due, f"reason {error.reason}, the venue refused for {due}{own and f': {own}'}")

    async def expect(self, kind: type[Raised], call: Awaitable[object]) -> Raised:
        """The error that `call` must raise; `Breach` when it raises another or none."""
        try:
            answer = await call
        except kind as error:
            return error
        except AdapterError as error:
            raise Breach(f"raised {type(error).__name__}({error}), expected {kind.__name__}") from error
        raise Breach(f"returned {words(answer)}, expected {kind.__name__}")

    # --- orders ---

    def intent(
        self,
        side: Side = Side.BUY,
        *,
        price: Decimal | None = None,
        amount: Decimal | None = None,
        type: OrderType = OrderType.LIMIT,
        time_in_force: TimeInForce = TimeInForce.GTC,
        post_only: bool = False,
        reduce_only: bool = False,
        trigger: Trigger | None = None,
        position_side: PositionSide | None = None,
    ) -> Intent:
        """A new intent on this case's instrument with an id of its own. `amount` defaults to `self.amount()`."""
        self._intents += 1
        return Intent(
            intent_id=f"vp-{self.bench.seed}-{self._intents}",
            instrument=self.symbol,
            side=side,
            type=type,
            amount=self.amount() if amount is None else amount,
            price=price,
            time_in_force=time_in_force,
            post_only=post_only,
            reduce_only=reduce_only,
            trigger=trigger,
            position_side=position_side,
        )

    def amount(self, times: int = 1) -> Decimal:
        """A round number of contracts, clear of the venue's minimum, `times` over: 4 × the step at the least."""
        return self._unit * times

    async def prepare(self) -> None:
        """Learn the price from which amounts and prices are worked out. Run once by the runner, before the clause."""
        if TRUTH in self.bench.powers:
            self._orders_before = frozenset(_key(order.ref) for order in (await self.bench.truth()).orders)
        market = await self.bench.market(self.symbol)
        self._bid, self._ask = market.book.bids[0].price, market.book.asks[0].price
        self._unit = usual_amount(self.instrument, self._bid)

    def price_at(self, percent: Decimal | int | str) -> Decimal:
        """The price so many percent above (negative: below) the market as it was when the case began, on the tick."""
        return self._tick(self._bid * (100 + Decimal(percent)) / 100)

    def passive_price(self, side: Side, percent: int = 2) -> Decimal:
        """A price at which an order of `side` rests: `percent` away from the market, on the tick."""
        return self._tick(self._bid * (100 - percent) / 100 if side is Side.BUY else self._ask * (100 + percent) / 100)

    def crossing_price(self, side: Side, percent: int = 1) -> Decimal:
        """A price at which an order of `side` trades at once."""
        return self._tick(self._ask * (100 + percent) / 100 if side is Side.BUY else self._bid * (100 - percent) / 100)

    def _tick(self, price: Decimal) -> Decimal:
        return on_tick(self.instrument, price)

    def resting(self, side: Side = Side.BUY, percent: int = 2, times: int = 1) -> Intent:
        """The wish for a limit order that rests."""
        return self.intent(side, price=self.passive_price(side, percent), amount=self.amount(times))

    def crossing(self, side: Side = Side.BUY, times: int = 1, leg: PositionSide | None = None) -> Intent:
        """The wish for a market order."""
        return self.intent(side, type=OrderType.MARKET, amount=self.amount(times), position_side=leg)

    def conditional(self, trigger: Trigger, side: Side = Side.SELL, times: int = 1) -> Intent:
        """The wish for a market order once the trigger's price comes."""
        return self.intent(side, type=OrderType.MARKET, amount=self.amount(times), trigger=trigger)

    def stop(self, percent: Decimal | int = -2, side: Side = Side.SELL, times: int = 1) -> Intent:
        """The wish for a stop, so many percent from the market as it was when the case began."""
        return self.conditional(Trigger(TriggerKind.STOP, price=self.price_at(percent)), side, times)

    async def wait_at_venue(self, intent: Intent) -> Order:
        """Place a conditional order; `Breach` unless it waits at the venue."""
        order = await self.adapter.place(intent)
        live = await self.wait_for_truth(lambda truth: _named(truth.live_orders(), order.ref), 5)
        self.check(live is not None, f"nothing waits behind the answer {words(order)}")
        self.check(order.ref.conditional, f"a conditional order was answered as a plain one: {words(order)}")
        return order

    async def fired(self, order: Order, seconds: float = 10) -> Order:
        """The order that a conditional one became, as the engine has it; `Breach` unless it fired."""

        def became(truth: Truth) -> Order | None:
            waited = _named(truth.orders, order.ref)
            return truth.order(waited.replaced_by) if waited is not None and waited.replaced_by else None

        result = await self.wait_for_truth(became, seconds)
        if result is None:
            raise Breach(f"its price came, and it did not fire: {words(await self.true_order(order.ref))}")
        return result

    async def move_price(self, percent: Decimal | int | str) -> None:
        """Move the market to so many percent from where it was when the case began."""
        await self.bench.do(SetPrice(self.symbol, self.price_at(percent)))

    async def rest(self, side: Side = Side.BUY, percent: int = 2, times: int = 1) -> Order:
        """Place a limit order that rests; `Breach` unless the venue has it live."""
        order = await self.adapter.place(self.resting(side, percent, times))
        live = await self.wait_for_truth(lambda truth: _named(truth.live_orders(), order.ref), 5)
        self.check(live is not None, f"no live order behind the answer {words(order)}")
        return order

    async def trade(self, side: Side = Side.BUY, times: int = 1, leg: PositionSide | None = None) -> Order:
        """Place a market order; `Breach` unless the venue filled it."""
        order = await self.adapter.place(self.crossing(side, times, leg))

        def filled(truth: Truth) -> bool:
            found = _named(truth.orders, order.ref)
            return found is not None and found.filled == self.amount(times)

        self.check(await self.wait_for_truth(filled, 5), f"the market order is not filled at the venue: {words(order)}")
        return order

    async def fill(self, order: Order, times: int | None = None) -> None:
        """Let the venue fill `times` × `amount()` of a resting order, or all that is left of it."""
        venue_id = (await self.true_order(order.ref)).ref.venue_id or ""
        if times is None:
            await self.bench.do(FillOrder(self.symbol, venue_id))
        else:
            await self.bench.do(PartlyFill(self.symbol, venue_id, self.amount(times)))

    async def listen(self) -> None:
        """Subscribe to the account's events; `fold` hears them from now on."""
        await self.adapter.subscribe(Channel.ACCOUNT, None)

    # --- trouble and time ---

    async def provoke(self) -> Provoked:
        """Make the venue show this case's trouble."""
        if self.provocation is None:
            raise LookupError("this clause names no kind of provocation")
        return await self.bench.provoke(self.provocation, self.symbol)

    async def truth(self) -> Truth:
        """The account as the venue's engine has it."""
        return await self.bench.truth()

    async def true_orders(self) -> tuple[Order, ...]:
        """Orders that came into being during this case, as the venue's engine has them."""
        return tuple(one for one in (await self.truth()).orders if _key(one.ref) not in self._orders_before)

    async def true_live_orders(self) -> tuple[Order, ...]:
        """Those that can still fill."""
        return tuple(order for order in await self.true_orders() if not order.status.final)

    async def true_order(self, ref: OrderRef) -> Order:
        """The order that the adapter means by `ref`, as the engine has it; `Breach` when there is none."""
        order = _named(await self.true_orders(), ref)
        if order is None:
            raise Breach(f"the venue has no order {words(ref)}")
        return order

    async def true_position(self) -> Position | None:
        """The net position of this case's instrument, None when flat."""
        return (await self.true_legs()).get(PositionSide.NET)

    async def true_legs(self) -> dict[PositionSide, Position]:
        """What is held of this case's instrument, by leg."""
        positions = (await self.truth()).positions
        return {one.side: one for one in positions if one.instrument == self.symbol and one.amount}

    async def told_legs(self) -> dict[PositionSide, Position]:
        """What `positions()` tells of this case's instrument, by leg; `Breach` when it tells of one twice."""
        told = [one for one in await self.adapter.positions() if one.instrument == self.symbol and one.amount]
        legs = {one.side: one for one in told}
        self.check(len(legs) == len(told), f"positions() lists {words(told)}")
        return legs

    async def wait_for_truth(
        self, seen: Callable[[Truth], Value], seconds: float = 30.0, step_s: float = 0.05
    ) -> Value:
        """What `seen` returns of the truth once it is true, or last returned when `seconds` have passed."""
        until_ns = self.bench.now_ns() + int(seconds * 1e9)
        while not (value := seen(await self.truth())) and self.bench.now_ns() < until_ns:
            await self.bench.sleep(step_s)
        return value

    async def wait_for(self, seen: Callable[[], Value], seconds: float = 30.0, step_s: float = 0.05) -> Value:
        """What `seen` returns once it is true, or last returned when `seconds` have passed."""
        until_ns = self.bench.now_ns() + int(seconds * 1e9)
        while not (value := seen()) and self.bench.now_ns() < until_ns:
            await self.bench.sleep(step_s)
        return value

    def patched(self, intent: Intent, provoked: Provoked) -> Intent:
        """The intent changed as the provocation needs it."""
        patch = provoked.intent
        if patch is None:
            return intent
        changes = {name: value for name, value in structs.asdict(patch).items() if value is not None}
        if patch.type is OrderType.MARKET:
            changes["price"] = None
        return structs.replace(intent, **changes)


def on_tick(instrument: Instrument, price: Decimal) -> Decimal:
    """The price of the instrument next to this one."""
    return (price / instrument.price_tick).to_integral_value() * instrument.price_tick


def usual_amount(instrument: Instrument, price: Decimal) -> Decimal:
    """Contracts clear of the smallest amount, and worth twice the smallest notional at 10 % below `price`."""
    per_contract = instrument.contract_size
    if instrument.contract_unit is ContractUnit.BASE:
        per_contract *= price * Decimal("0.9")
    amount = max(instrument.amount_min * 4, 2 * (instrument.notional_min or Decimal(0)) / per_contract)
    quantum = 4 * instrument.amount_step
    return (amount / quantum).to_integral_value(ROUND_CEILING) * quantum


def _key(ref: OrderRef) -> _Key:
    return ref.instrument, ref.venue_id, ref.conditional


def _named(orders: tuple[Order, ...], ref: OrderRef) -> Order | None:
    """The one of `orders` that `ref` names: by the venue's id, or else by the client id where that is the intent's."""
    if ref.venue_id is None:
        alike = (ref.intent_id, ref.conditional)
        return next((order for order in orders if (order.ref.intent_id, order.ref.conditional) == alike), None)
    return next((order for order in orders if _key(order.ref) == _key(ref)), None)
