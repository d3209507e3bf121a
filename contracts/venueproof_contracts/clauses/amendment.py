"""Amendment: one order before, one order after."""

from __future__ import annotations

from decimal import Decimal

from venueproof_contracts.capabilities import Capability
from venueproof_contracts.case import Case
from venueproof_contracts.clause import clause
from venueproof_contracts.model import Order, Side
from venueproof_contracts.wording import words

NEEDS = {Capability.PLACE, Capability.AMEND, Capability.OPEN_ORDERS, Capability.FILLS}


@clause(
    "AMD-010",
    "amending leaves one live order, as asked",
    why="Two live orders where one was meant fill twice; a new id nobody linked is canceled by nobody.",
    capabilities=NEEDS,
)
async def amend(case: Case) -> None:
    """After `amend` exactly one order is live, of the asked price and total amount, and it names the order it replaces
    if its id changed."""
    await _amend_and_judge(case, await case.rest())


@clause(
    "AMD-020",
    "an amendment that the venue refuses is still made",
    why="Quotes that cannot be moved stay at the old price while the market leaves; two of them fill twice.",
    capabilities=NEEDS,
    kind="amend.refused",
)
async def refused_amendment(case: Case) -> None:
    """Where the venue does not change an order in place the adapter replaces it: afterwards exactly one order is live,
    of the asked price and total amount, and it names the order it replaces."""
    order = await case.rest()
    await case.provoke()
    await _amend_and_judge(case, order)


async def _amend_and_judge(case: Case, old: Order) -> None:
    price, amount = case.passive_price(Side.BUY, 3), case.amount(2)
    new = await case.adapter.amend(old.ref, price, amount)
    await case.bench.settle()
    await _check_only(case, price, amount)
    moved = new.ref.venue_id != old.ref.venue_id
    case.check(not moved or new.replaces == old.ref.venue_id, f"{old.ref.venue_id} became {words(new.ref)}, not linked")
    listed = await case.adapter.open_orders(case.symbol)
    case.check([(one.price, one.amount) for one in listed] == [(price, amount)], f"open_orders() lists {words(listed)}")
    await case.adapter.cancel(new.ref)
    case.check(not await case.true_live_orders(), "an order is left after canceling the amended one")


async def _check_only(case: Case, price: Decimal, left: Decimal) -> None:
    live = await case.true_live_orders()
    rests = [(order.price, order.amount - order.filled) for order in live]
    case.check(rests == [(price, left)], f"asked for {left} at {price}, live at the venue: {words(live)}")


@clause(
    "AMD-030",
    "what was filled before an amendment stays booked",
    why="The filled part is forgotten with the old order, and the position is larger than the books say.",
    capabilities=NEEDS | {Capability.ORDER},
)
async def amend_after_partial_fill(case: Case) -> None:
    """Amending an order that is partly filled leaves the filled part booked and the rest of the asked total amount
    live."""
    old = await case.rest(times=4)
    await case.fill(old, times=1)
    await case.bench.settle()
    price = case.passive_price(Side.BUY, 3)
    await case.adapter.amend(old.ref, price, case.amount(3))
    await case.bench.settle()
    await _check_only(case, price, case.amount(2))
    fills = await case.adapter.fills(case.symbol, None)
    booked = sum((fill.amount for fill in fills if fill.ref.venue_id == old.ref.venue_id), Decimal(0))
    case.check(booked == case.amount(), f"filled {case.amount()} before the amendment, fills() adds up to {booked}")
    filled = (await case.adapter.order(old.ref)).filled
    case.check(filled == case.amount(), f"filled {case.amount()} before the amendment, order() says {filled}")
