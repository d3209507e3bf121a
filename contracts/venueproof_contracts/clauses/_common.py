"""Words that several sections share: asking every question, judging a placement, comparing figures and fills."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from decimal import Decimal

from msgspec import Struct

from venueproof_contracts.actions import Operation
from venueproof_contracts.bench import Truth, WireKind
from venueproof_contracts.capabilities import Capability
from venueproof_contracts.case import Case
from venueproof_contracts.errors import AdapterError, OutcomeUnknown
from venueproof_contracts.model import Book, Fill, Intent, Order, OrderRef, Ticker
from venueproof_contracts.wording import words

NS = 1_000_000_000


async def outcome(call: Awaitable[Order]) -> Order | AdapterError:
    """What a call about an order came to: its answer, or the error it raised."""
    try:
        return await call
    except AdapterError as error:
        return error


# --- questions ----------------------------------------------------------------------------------------------------


class Question(Struct, frozen=True):
    """One thing that can be asked of every adapter, given an order that exists."""

    operation: Operation
    capability: Capability
    ask: Callable[[Case, OrderRef], Awaitable[object]]


QUESTIONS: tuple[Question, ...] = (
    Question(Operation.TICKER, Capability.TICKER, lambda case, _: case.adapter.ticker(case.symbol)),
    Question(Operation.BOOK, Capability.BOOK, lambda case, _: case.adapter.book(case.symbol, 5)),
    Question(Operation.CANDLES, Capability.CANDLES, lambda case, _: case.adapter.candles(case.symbol, "1m", None, 5)),
    Question(Operation.ORDER, Capability.ORDER, lambda case, ref: case.adapter.order(ref)),
    Question(Operation.OPEN_ORDERS, Capability.OPEN_ORDERS, lambda case, _: case.adapter.open_orders(case.symbol)),
    Question(Operation.FILLS, Capability.FILLS, lambda case, _: case.adapter.fills(case.symbol, None)),
    Question(Operation.POSITIONS, Capability.POSITIONS, lambda case, _: case.adapter.positions()),
    Question(Operation.BALANCES, Capability.BALANCES, lambda case, _: case.adapter.balances()),
)
"""All of them have an answer that is not empty once an order rests and a position is open."""


def questions(case: Case) -> list[Question]:
    """The questions that this adapter declares to answer."""
    return [question for question in QUESTIONS if case.supports(question.capability)]


def hollow(answer: object) -> bool:
    """True for an answer that reads as 'there is nothing', or as a price or amount of nothing."""
    match answer:
        case Ticker():
            return not answer.last
        case Book():
            return not (answer.bids and answer.asks)
        case Order():
            return not answer.amount
        case _:
            return not answer


async def busy_account(case: Case) -> Order:
    """Open a position and rest an order, so that no question has an empty answer. Returns the resting order."""
    await case.trade()
    return await case.rest()


# --- orders -------------------------------------------------------------------------------------------------------


async def place_and_judge(case: Case, intent: Intent, *, executed: bool) -> None:
    """Place `intent` into trouble: at most one order may come of it, and the answer must not deny or invent it.

    `executed`: the venue carries out what it receives, so that exactly one order comes of it.
    """
    before = {_id(order) for order in await case.true_orders()}
    answer = await outcome(case.adapter.place(intent))
    await case.bench.settle()
    born = [order for order in await case.true_orders() if _id(order) not in before]
    case.check(len(born) <= 1, f"one intent became {len(born)} orders at the venue")
    case.check(bool(born) or not executed, f"the venue never had the order: {words(answer)}")
    if isinstance(answer, Order):
        case.check(bool(born), f"answered {words(answer)}, and the venue has no such order")
    elif not isinstance(answer, OutcomeUnknown):
        case.check(
            not born, f"raised {words(answer)}, which says that nothing was executed, and the venue has {words(born)}"
        )
    await check_open_orders(case)


async def check_open_orders(case: Case) -> None:
    """The adapter's list of open orders names exactly the live orders of the venue."""
    if not case.supports(Capability.OPEN_ORDERS):
        return
    listed = sorted(_id(order) for order in await case.adapter.open_orders(case.symbol))
    live = sorted(_id(order) for order in await case.true_live_orders())
    case.check(listed == live, f"open_orders() lists {listed}, live at the venue are {live}")


def _id(order: Order) -> str:
    return f"conditional {order.ref.venue_id}" if order.ref.conditional else str(order.ref.venue_id)


def same_terms(order: Order, intent: Intent) -> bool:
    """True when an order says what the intent asked."""
    asked = (intent.side, intent.type, intent.price, intent.amount)
    return (order.side, order.type, order.price, order.amount) == asked


def same_end(told: Order, true: Order) -> bool:
    """True when both tell the same of whether an order ended, and of what was filled."""
    return (told.status.final, told.filled) == (true.status.final, true.filled)


async def finally_order(case: Case, ref: OrderRef, seconds: float = 10) -> Order:
    """What the adapter says of an order once it says that the order ended, or when `seconds` have passed."""
    until_ns = case.bench.now_ns() + int(seconds * NS)
    while not (order := await case.adapter.order(ref)).status.final and case.bench.now_ns() < until_ns:
        await case.bench.sleep(0.5)
    return order


# --- figures ------------------------------------------------------------------------------------------------------


def near(seen: Decimal | None, true: Decimal | None, within: Decimal) -> bool:
    """True when both figures are there and differ by no more than `within`, or neither is."""
    if seen is None or true is None:
        return seen is true
    return abs(seen - true) <= within


def fills_of(truth: Truth, ref: OrderRef) -> list[Fill]:
    """The venue's fills of one order."""
    return [fill for fill in truth.fills if fill.ref.instrument == ref.instrument and fill.ref.venue_id == ref.venue_id]


def check_once(case: Case, seen: Sequence[Fill], true: Sequence[Fill], where: str) -> None:
    """`seen` holds each of the venue's fills once, and no other."""
    case.check(
        sorted((fill.price, fill.amount) for fill in seen) == sorted((fill.price, fill.amount) for fill in true),
        f"{where}: {_amounts(seen)}, at the venue: {_amounts(true)}",
    )
    case.check(len({fill.fill_id for fill in seen}) == len(seen), f"{where}: a fill id stands there twice")


def _amounts(fills: Iterable[Fill]) -> str:
    return ", ".join(f"{fill.amount} at {fill.price}" for fill in fills) or "no fills"


# --- the wire -----------------------------------------------------------------------------------------------------


def requests_since(case: Case, mark: int) -> int:
    """Requests the adapter sent since the journal was `mark` rows long: over HTTP, or asking over a WebSocket. Signs of
    life that the venue wants are none."""
    rows = case.bench.wire()[mark:]
    asked = (row for row in rows if row.kind is WireKind.FRAME_IN and row.operation is not None)
    return sum(row.kind is WireKind.REQUEST for row in rows) + sum(1 for _ in asked)


def connections_since(case: Case, mark: int) -> int:
    """Connections the adapter opened, or tried to, since the journal was `mark` rows long."""
    return sum(row.kind in (WireKind.OPEN, WireKind.REFUSED) for row in case.bench.wire()[mark:])
