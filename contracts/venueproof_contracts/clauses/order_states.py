"""Order states: how an order ended, and how much of it was filled by then."""

from __future__ import annotations

from venueproof_contracts.actions import PartlyFill
from venueproof_contracts.bench import TRUTH
from venueproof_contracts.capabilities import Capability
from venueproof_contracts.case import Case
from venueproof_contracts.clause import clause
from venueproof_contracts.clauses._common import (
    check_once,
    check_open_orders,
    fills_of,
    finally_order,
    outcome,
    same_end,
)
from venueproof_contracts.errors import Rejected
from venueproof_contracts.model import Order, OrderStatus, Side
from venueproof_contracts.wording import words


@clause(
    "STA-010",
    "a partial fill before a cancel is booked",
    why="'Canceled' is read as 'nothing happened': the filled part stays open, unhedged and unseen.",
    capabilities={Capability.PLACE, Capability.CANCEL, Capability.ORDER, Capability.STREAM_ORDERS},
    powers=(TRUTH, PartlyFill),
)
async def partial_fill_then_cancel(case: Case) -> None:
    """An order that is partly filled and then canceled is told as canceled with the filled part kept, in answers and in
    events alike."""
    await case.listen()
    order = await case.rest(times=4)
    await case.fill(order, times=1)
    await case.bench.settle()
    await case.adapter.cancel(order.ref)
    await case.wait_for(lambda: _heard_end(case, order), 10)
    for where, seen in (("order()", await finally_order(case, order.ref)), ("events", _heard(case, order))):
        kept = seen is not None and (seen.status, seen.filled) == (OrderStatus.CANCELED, case.amount())
        case.check(kept, f"{where}: {words(seen)}, at the venue canceled with {case.amount()} filled")
    if case.supports(Capability.STREAM_FILLS):
        true = fills_of(await case.truth(), (await case.true_order(order.ref)).ref)
        check_once(case, case.fold.fills_of(order.ref.intent_id), true, "fill events")


def _heard(case: Case, order: Order) -> Order | None:
    return case.fold.orders.get(order.ref.intent_id)


def _heard_end(case: Case, order: Order) -> bool:
    heard = _heard(case, order)
    return heard is not None and heard.status.final


@clause(
    "STA-020",
    "an order that ended without an event is noticed",
    why="The venue expired a stop and nobody was told: the position is believed to be protected and is not.",
    capabilities={Capability.PLACE, Capability.OPEN_ORDERS, Capability.STREAM_ORDERS},
    kind="order.end-without-event",
    managed_only=True,
)
async def end_without_event(case: Case) -> None:
    """An order that the venue ended without telling is known to have ended within the adapter's recovery bound."""
    await case.listen()
    order = await case.rest()
    await case.provoke()
    await case.bench.settle()
    heard = _heard(case, order)
    case.check(_heard_end(case, order), f"ended at the venue, the adapter's last word is {heard and heard.status}")
    await check_open_orders(case)


@clause(
    "STA-030",
    "what the venue forgot is still known",
    why="Asked for an order of last week the venue knows none: taken for 'never placed' it is placed again.",
    capabilities={Capability.PLACE, Capability.CANCEL, Capability.ORDER},
    kind="order.forgotten",
    managed_only=True,
)
async def forgotten_order(case: Case) -> None:
    """An order that ended is told as it ended also when the venue does not know it any more."""
    order = await case.rest()
    await case.adapter.cancel(order.ref)
    await case.provoke()
    told = await case.adapter.order(order.ref)
    case.check(told.status is OrderStatus.CANCELED, f"canceled, then forgotten by the venue, told as {words(told)}")


@clause(
    "STA-040",
    "when an account meets itself, what ended is known",
    why="Two strategies on one account cross: the venue ends one order, and its owner waits for a fill for ever.",
    capabilities={Capability.PLACE, Capability.ORDER, Capability.OPEN_ORDERS, Capability.STREAM_ORDERS},
)
async def self_trade(case: Case) -> None:
    """When an order would trade with another one of the account, answers and events tell of both what the venue made
    of them; where it takes the second one not at all, that is `Rejected`."""
    await case.listen()
    price = (await case.bench.market(case.symbol)).book.bids[0].price + case.instrument.price_tick
    resting = await case.adapter.place(case.intent(Side.BUY, price=price))
    second = await outcome(case.adapter.place(case.intent(Side.SELL, price=price)))
    case.check(isinstance(second, Order | Rejected), f"raised {words(second)}")
    await case.bench.settle()
    for placed in (resting, second):
        if not isinstance(placed, Order):
            continue
        true = await case.true_order(placed.ref)
        for where, told in (("order()", await case.adapter.order(placed.ref)), ("events", _heard(case, placed))):
            kept = told is not None and same_end(told, true)
            case.check(kept, f"{where}: {words(told)}, at the venue {words(true)}")
    await check_open_orders(case)
