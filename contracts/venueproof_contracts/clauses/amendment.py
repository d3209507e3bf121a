"""Amendment: one order before, one order after."""

from __future__ import annotations

from decimal import Decimal

from venueproof_contracts.actions import FillOrder
from venueproof_contracts.bench import EXPOSURE, TRUTH
from venueproof_contracts.capabilities import Capability
from venueproof_contracts.case import Case
from venueproof_contracts.clause import clause
from venueproof_contracts.clauses._common import check_open_orders, outcome, same_end
from venueproof_contracts.errors import Rejected
from venueproof_contracts.model import AmendManner, Order, Side
from venueproof_contracts.wording import words

NEEDS = {Capability.PLACE, Capability.AMEND, Capability.OPEN_ORDERS, Capability.FILLS}


@clause(
    "AMD-010",
    "amending leaves one live order, as asked",
    why="Two live orders where one was meant fill twice; a new id nobody linked is canceled by nobody.",
    capabilities=NEEDS,
    powers=(TRUTH, EXPOSURE),
)
async def amend(case: Case) -> None:
    """After `amend` exactly one order is live, of the asked price and total amount, and it names the order it replaces
    if its id changed. Meanwhile never more is live and filled than the larger of the two totals, or than both where the
    adapter declares that it places the new order first."""
    await _amend_and_judge(case, await case.rest())


@clause(
    "AMD-020",
    "an amendment that the venue refuses is still made",
    why="Quotes that cannot be moved stay at the old price while the market leaves; two of them fill twice.",
    capabilities=NEEDS,
    powers=(TRUTH, EXPOSURE),
    kind="amend.refused",
)
async def refused_amendment(case: Case) -> None:
    """Where the venue does not change an order in place the adapter replaces it: afterwards exactly one order is live,
    of the asked price and total amount, and it names the order it replaces. Meanwhile never more is live and filled
    than the larger of the two totals, or than both where the adapter declares that it places the new order first."""
    order = await case.rest()
    await case.provoke()
    await _amend_and_judge(case, order)


async def _amend_and_judge(case: Case, old: Order) -> None:
    price, amount = case.passive_price(Side.BUY, 3), case.amount(2)
    new = await _amended(case, old, price, amount)
    await _check_only(case, price, amount)
    moved = new.ref.venue_id != old.ref.venue_id
    case.check(not moved or new.replaces == old.ref.venue_id, f"{old.ref.venue_id} became {words(new.ref)}, not linked")
    listed = await case.adapter.open_orders(case.symbol)
    case.check([(one.price, one.amount) for one in listed] == [(price, amount)], f"open_orders() lists {words(listed)}")
    await case.adapter.cancel(new.ref)
    case.check(not await case.true_live_orders(), "an order is left after canceling the amended one")


async def _amended(case: Case, old: Order, price: Decimal, amount: Decimal) -> Order:
    """The answer of `amend`; `Breach` when more was exposed at any moment than the adapter declares."""
    before = await case.true_order(old.ref)
    both = case.declaration.amend is AmendManner.PLACE_THEN_CANCEL
    bound = (before.amount + amount if both else max(before.amount, amount)) - before.filled
    most = case.bench.watch_exposure(case.symbol, old.side)
    new = await case.adapter.amend(old.ref, price, amount)
    await case.bench.settle()
    manner = case.declaration.amend.value
    case.check(most() <= bound, f"{most()} live and filled while amending, {manner} allows {bound}")
    return new


async def _check_only(case: Case, price: Decimal, left: Decimal) -> None:
    live = await case.true_live_orders()
    rests = [(order.price, order.amount - order.filled) for order in live]
    case.check(rests == [(price, left)], f"asked for {left} at {price}, live at the venue: {words(live)}")


@clause(
    "AMD-030",
    "what was filled before an amendment stays booked",
    why="The filled part is forgotten with the old order, and the position is larger than the books say.",
    capabilities=NEEDS | {Capability.ORDER},
    powers=(TRUTH, EXPOSURE),
)
async def amend_after_partial_fill(case: Case) -> None:
    """Amending an order that is partly filled leaves the filled part booked and the rest of the asked total amount
    live, and never exposes more than the larger of the two totals (both where it places the new order first)."""
    old = await case.rest(times=4)
    await case.fill(old, times=1)
    await case.bench.settle()
    price = case.passive_price(Side.BUY, 3)
    await _amended(case, old, price, case.amount(3))
    await _check_only(case, price, case.amount(2))
    fills = await case.adapter.fills(case.symbol, None)
    booked = sum((fill.amount for fill in fills if fill.ref.venue_id == old.ref.venue_id), Decimal(0))
    case.check(booked == case.amount(), f"filled {case.amount()} before the amendment, fills() adds up to {booked}")
    filled = (await case.adapter.order(old.ref)).filled
    case.check(filled == case.amount(), f"filled {case.amount()} before the amendment, order() says {filled}")


@clause(
    "AMD-040",
    "an amendment that ends the order is told so",
    why="An order believed to rest protects nothing; the next amendment of it is refused, again and again.",
    capabilities=NEEDS | {Capability.ORDER, Capability.STREAM_ORDERS},
)
async def amendment_that_ends(case: Case) -> None:
    """Where amending the total to what is filled ends the order, the answer, `order` and the last event say that it
    ended and what was filled; where it is refused, the order is told as live."""
    await case.listen()
    old = await case.rest(times=4)
    await case.fill(old, times=1)
    await case.bench.settle()
    answer = await outcome(case.adapter.amend(old.ref, old.price, case.amount()))
    await case.bench.settle()
    true = await case.true_order(old.ref)
    case.check(
        isinstance(answer, Order) or not true.status.final, f"raised {words(answer)}, the order is {true.status}"
    )
    told = {"amend()": answer, "order()": await case.adapter.order(old.ref), "the last event": _heard(case, old)}
    for where, order in told.items():
        if isinstance(order, Order):
            case.check(same_end(order, true), f"{where} says {words(order)}, at the venue {words(true)}")
    await check_open_orders(case)


@clause(
    "AMD-050",
    "an order that is gone is not replaced",
    why="The amendment comes too late, and what is placed in the order's stead fills once more what was meant once.",
    capabilities=NEEDS,
    powers=(TRUTH, FillOrder),
)
async def amendment_too_late(case: Case) -> None:
    """Amending an order that was filled, or canceled, raises `Rejected` and places nothing."""
    filled, canceled = await case.rest(), await case.rest()
    await case.fill(filled)
    await case.adapter.cancel(canceled.ref)
    orders = len((await case.truth()).orders)
    for old in (filled, canceled):
        answer = await outcome(case.adapter.amend(old.ref, case.passive_price(Side.BUY, 3), case.amount(2)))
        case.check(isinstance(answer, Rejected), f"amended when it was gone: {words(answer)}")
    await case.bench.settle()
    placed = (await case.truth()).orders[orders:]
    case.check(not placed, f"the order was gone, and in its stead there is {words(placed)}")


def _heard(case: Case, order: Order) -> Order | None:
    return case.fold.orders.get(order.ref.intent_id)
