"""Fills: each one once, whatever way and however often it is told."""

from __future__ import annotations

from decimal import Decimal

from venueproof_contracts.actions import Drop, DropManner, FillOrder, PartlyFill
from venueproof_contracts.bench import TRUTH
from venueproof_contracts.capabilities import Capability
from venueproof_contracts.case import Case
from venueproof_contracts.clause import clause
from venueproof_contracts.clauses._common import NS, check_once, fills_of, near
from venueproof_contracts.model import Fill, OrderStatus, Side
from venueproof_contracts.wording import words

REFUSE_S = Decimal(5)
QUIET_S = 20


@clause(
    "FIL-010",
    "fills arrive exactly once over a reconnect",
    why="A fill that fell between two connections is a position nobody knows of; one told twice is a hedge too many.",
    capabilities={Capability.PLACE, Capability.FILLS, Capability.STREAM_FILLS},
    powers=(TRUTH, Drop, FillOrder),
)
async def fills_over_reconnect(case: Case) -> None:
    """Fills before, during and after a lost connection are each in `fills()` once, and a managed adapter tells each of
    them once."""
    await case.listen()
    order = await case.rest(times=4)
    await case.fill(order, times=1)
    await case.bench.sleep(1)
    await case.bench.do(Drop(DropManner.RESET, refuse_s=REFUSE_S))
    await case.fill(order, times=1)
    await case.bench.sleep(float(REFUSE_S) + QUIET_S)
    await case.fill(order)
    await case.bench.settle()
    true = fills_of(await case.truth(), (await case.true_order(order.ref)).ref)
    answered = [one for one in await case.adapter.fills(case.symbol, None) if one.ref.venue_id == order.ref.venue_id]
    check_once(case, answered, true, "fills()")
    if case.managed:
        check_once(case, case.fold.fills_of(order.ref.intent_id), true, "fill events")


@clause(
    "FIL-020",
    "a repeated fill message is booked once",
    why="The same execution booked twice doubles the position in the books, and the hedge with it.",
    capabilities={Capability.PLACE, Capability.STREAM_FILLS},
    kind="fill.duplicate",
)
async def repeated_fill(case: Case) -> None:
    """A fill that the venue tells twice is one fill event."""
    await case.listen()
    order = await case.rest()
    await case.provoke()
    await case.fill(order)
    await case.wait_for(lambda: case.fold.fills_of(order.ref.intent_id), 10)
    await case.bench.settle()
    true = fills_of(await case.truth(), (await case.true_order(order.ref)).ref)
    check_once(case, case.fold.fills_of(order.ref.intent_id), true, "fill events")


@clause(
    "FIL-030",
    "price, amount, fee and maker flag of a fill are the venue's",
    why="Fees with the wrong sign or asset, and maker taken for taker, make a losing strategy look profitable.",
    capabilities={Capability.PLACE, Capability.FILLS},
    powers=(TRUTH, FillOrder),
)
async def fill_figures(case: Case) -> None:
    """Each fill in `fills()` has the venue's id of its order, side, price, amount, fee with its asset, maker flag and
    time, oldest first."""
    await case.trade(Side.BUY, times=2)
    await case.bench.sleep(1)
    await case.fill(await case.rest(Side.SELL))
    await case.bench.settle()
    true = sorted((await case.truth()).fills, key=lambda fill: fill.at_ns)[-2:]
    seen = await case.adapter.fills(case.symbol, None)
    case.check(len(seen) >= len(true), f"{len(true)} fills at the venue, fills() lists {len(seen)}")
    for told, fact in zip(seen[-len(true) :], true, strict=True):
        _check_fill(case, told, fact)


def _check_fill(case: Case, told: Fill, fact: Fill) -> None:
    for name in ("side", "price", "amount", "fee_asset", "maker"):
        seen, true = getattr(told, name), getattr(fact, name)
        case.check(seen == true, f"{name} is {seen}, at the venue {true}")
    case.check(
        told.ref.venue_id == fact.ref.venue_id, f"of order {told.ref.venue_id}, at the venue {fact.ref.venue_id}"
    )
    fee = fact.fee or Decimal(0)
    case.check(near(told.fee, fact.fee, abs(fee) / 1000), f"fee {told.fee}, at the venue {fact.fee}")
    case.check(abs(told.at_ns - fact.at_ns) < NS, f"at {told.at_ns}, at the venue {fact.at_ns}")


@clause(
    "FIL-040",
    "late, lost and unordered fill messages add up all the same",
    why="The last fill overtakes the first: an order is closed half booked, or goes back from filled to open.",
    capabilities={Capability.PLACE, Capability.STREAM_ORDERS, Capability.STREAM_FILLS},
    powers=(TRUTH, PartlyFill, FillOrder),
    kind="fill.delayed",
    managed_only=True,
)
async def delayed_fills(case: Case) -> None:
    """However late and in whatever order messages about fills arrive, each fill is told once, the fills add up to the
    order's filled amount, and that never goes back."""
    await case.listen()
    order = await case.rest(times=2)
    await case.provoke()
    await case.fill(order, times=1)
    await case.fill(order)
    # The answer may overtake the messages: what they tell later is older.
    await case.adapter.order(order.ref)
    await case.bench.settle()
    true = fills_of(await case.truth(), (await case.true_order(order.ref)).ref)
    check_once(case, case.fold.fills_of(order.ref.intent_id), true, "fill events")
    filled = [step.filled for step in case.fold.order_steps if step.ref.venue_id == order.ref.venue_id]
    case.check(filled == sorted(filled), f"the filled amount went back: {[str(one) for one in filled]}")
    last = case.fold.orders.get(order.ref.intent_id)
    case.check(last is not None and last.status is OrderStatus.FILLED, f"filled at the venue, last heard {words(last)}")
