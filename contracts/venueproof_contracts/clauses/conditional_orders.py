"""Conditional and trailing orders: they wait as asked, fire once at their price, and what they became is known."""

from __future__ import annotations

from decimal import Decimal

from msgspec import structs

from venueproof_contracts.actions import SetMark, SetPrice
from venueproof_contracts.bench import TRUTH
from venueproof_contracts.capabilities import Capability
from venueproof_contracts.case import Case
from venueproof_contracts.clause import clause
from venueproof_contracts.clauses._common import check_once, check_open_orders, fills_of, outcome, same_terms
from venueproof_contracts.errors import Reason, Rejected
from venueproof_contracts.model import (
    ZERO,
    Intent,
    OffsetUnit,
    Order,
    OrderRef,
    OrderStatus,
    OrderType,
    Side,
    Trigger,
    TriggerKind,
    TriggerPrice,
)
from venueproof_contracts.wording import words

NEEDS = {Capability.PLACE, Capability.CONDITIONAL}
PROMPT_S = 10
QUIET_S = 2
"""Long enough for an order that fires too early to be seen."""


@clause(
    "CON-010",
    "a conditional order waits as asked",
    why="A stop at the wrong price, on the wrong side or in the plain book is no stop, which a crash brings to light.",
    capabilities=NEEDS | {Capability.ORDER, Capability.OPEN_ORDERS},
)
async def waits_as_asked(case: Case) -> None:
    """A stop and a take-profit wait at the venue with the kind, trigger, price, amount and side of the intent, and are
    found again, so described and as waiting, by reference and among the open orders."""
    limit = case.conditional(Trigger(TriggerKind.TAKE, price=case.price_at(2)))
    for intent in (case.stop(), structs.replace(limit, type=OrderType.LIMIT, price=case.price_at(3))):
        placed = await case.wait_at_venue(intent)
        true = await case.true_order(placed.ref)
        case.check(_as_asked(true, intent), f"asked {words(intent)}, at the venue {words(true)}")
        asked = await case.adapter.order(OrderRef(case.symbol, intent.intent_id, placed.ref.venue_id, conditional=True))
        listed = [one for one in await case.adapter.open_orders(case.symbol) if one.ref == placed.ref]
        case.check(len(listed) == 1, f"open_orders() lists it {len(listed)} times")
        acknowledged = placed.status is OrderStatus.PENDING  # where that is all the venue answers, it tells no terms
        for seen in (asked, *listed) if acknowledged else (placed, asked, *listed):
            case.check(_as_asked(seen, intent), f"asked {words(intent)}, told {words(seen)}")
    await check_open_orders(case)


def _as_asked(seen: Order, intent: Intent) -> bool:
    waits = seen.status is OrderStatus.WAITING and same_terms(seen, intent)
    return waits and _condition(seen.trigger) == _condition(intent.trigger)


def _condition(trigger: Trigger | None) -> tuple[TriggerKind, Decimal | None, TriggerPrice] | None:
    return None if trigger is None else (trigger.kind, trigger.price, trigger.watches)


@clause(
    "CON-020",
    "it fires once, at its price and not before",
    why="A stop taken for a take-profit sells at once; one that fires twice opens the opposite position.",
    capabilities=NEEDS | {Capability.ORDER},
    powers=(TRUTH, SetPrice),
)
async def fires_once(case: Case) -> None:
    """A stop and a take-profit do nothing before their price comes, then become one order that fills, are told as
    triggered, and do nothing when the price comes again."""
    for sold, (kind, percent) in enumerate(((TriggerKind.STOP, -2), (TriggerKind.TAKE, 2)), 1):
        waiting = await case.wait_at_venue(case.conditional(Trigger(kind, price=case.price_at(percent))))
        await case.move_price(Decimal(percent) / 2)
        await _check_waits(case, waiting)
        for step in (Decimal(percent) * 3 / 2, 0, Decimal(percent) * 3 / 2):
            await case.move_price(step)
            await case.bench.sleep(QUIET_S)
        await case.fired(waiting)
        told = await case.adapter.order(waiting.ref)
        case.check(told.status is OrderStatus.TRIGGERED, f"it fired, and is told as {words(told)}")
        held = await case.true_position()
        expected = -case.amount(sold)
        case.check(held is not None and held.amount == expected, f"position {words(held)}, expected {expected}")
        await case.move_price(0)


async def _check_waits(case: Case, order: Order) -> None:
    await case.bench.sleep(QUIET_S)
    true = await case.true_order(order.ref)
    case.check(true.status is OrderStatus.WAITING, f"its price has not come, and it is {words(true)}")


@clause(
    "CON-030",
    "what it became is linked, and its fills are its own",
    why="The stop fired under an id that nobody knows: the position is closed and the books still hold it.",
    capabilities=NEEDS | {Capability.ORDER, Capability.STREAM_ORDERS, Capability.STREAM_FILLS},
    powers=(TRUTH, SetPrice),
)
async def linked(case: Case) -> None:
    """When a conditional order fires, answers and events tell which order it became, that order and its fills carry the
    intent id, and each fill is told once."""
    await case.listen()
    waiting = await case.wait_at_venue(case.stop())
    await case.move_price(-3)
    became, intent_id = (await case.fired(waiting)).ref, waiting.ref.intent_id
    await case.wait_for(lambda: _heard_filled(case, intent_id), PROMPT_S)
    check_once(case, case.fold.fills_of(intent_id), fills_of(await case.truth(), became), "fill events of the intent")
    for where, told in (
        ("order()", await case.adapter.order(waiting.ref)),
        ("events", await case.wait_for(lambda: _heard_linked(case, intent_id), PROMPT_S)),
    ):
        linked = told is not None and told.replaced_by == became.venue_id
        case.check(linked, f"it became order {became.venue_id}, {where}: {words(told)}, {told and told.replaced_by}")
    heard = case.fold.orders.get(intent_id)
    case.check(heard is not None and heard.ref.venue_id == became.venue_id, f"the resulting order: {words(heard)}")


def _heard_filled(case: Case, intent_id: str) -> bool:
    heard = case.fold.orders.get(intent_id)
    return heard is not None and heard.status is OrderStatus.FILLED


def _heard_linked(case: Case, intent_id: str) -> Order | None:
    heard = case.fold.conditionals.get(intent_id)
    return heard if heard is not None and heard.replaced_by else None


@clause(
    "CON-040",
    "it watches the price it was told to",
    why="One trade at a freak price fires every stop that should have looked at mark.",
    capabilities=NEEDS,
    powers=(TRUTH, SetPrice, SetMark),
)
async def watches_mark(case: Case) -> None:
    """A stop that watches mark stays when only the last price passes its trigger, and fires when mark does."""
    await case.bench.do(SetMark(case.symbol, case.price_at(3)))
    trigger = Trigger(TriggerKind.STOP, price=case.price_at(-2), watches=TriggerPrice.MARK)
    waiting = await case.wait_at_venue(case.conditional(trigger))
    await case.move_price(-3)
    await _check_waits(case, waiting)
    await case.bench.do(SetMark(case.symbol, case.price_at(-3)))
    await case.fired(waiting)


@clause(
    "CON-050",
    "a trailing stop follows by its offset",
    why="Where the venue counts in percent, 500 dollars taken for 500 or for 0.5 percent is no stop at all.",
    capabilities=NEEDS | {Capability.TRAILING},
    powers=(TRUTH, SetPrice),
)
async def trailing(case: Case) -> None:
    """A trailing stop of a position follows the best price by its offset, absolute or in percent: it stays on a smaller
    turn, and fires on a larger one."""
    for offset, unit in ((case.price_at(1) - case.price_at(0), OffsetUnit.ABSOLUTE), (Decimal(1), OffsetUnit.PERCENT)):
        trigger = Trigger(TriggerKind.TRAILING, offset=offset, offset_unit=unit)
        waiting = await _trailing_stop(case, trigger)
        await case.move_price(2)
        await case.move_price("1.3")
        await _check_waits(case, waiting)
        await case.move_price("0.7")
        await case.fired(waiting)
        await case.move_price(0)


async def _trailing_stop(case: Case, trigger: Trigger) -> Order:
    """Open a position, and have it closed by a trailing stop: some venues have them for positions only."""
    await case.trade(Side.BUY)
    return await case.wait_at_venue(structs.replace(case.conditional(trigger), reduce_only=True))


@clause(
    "CON-060",
    "close-position closes whatever there is",
    why="A stop for the amount of last week leaves the rest of the position without any.",
    capabilities=NEEDS | {Capability.CLOSE_POSITION},
    powers=(TRUTH, SetPrice),
)
async def close_position(case: Case) -> None:
    """A conditional order that closes the position closes all of it, also what was added after it was placed, and opens
    nothing."""
    await case.trade(Side.BUY)
    waiting = await case.wait_at_venue(closing_stop(case))
    await case.trade(Side.BUY, times=2)
    await case.move_price(-3)
    await case.fired(waiting)
    held = await case.wait_for_truth(lambda truth: not any(one.amount for one in truth.positions), PROMPT_S)
    case.check(held, f"it fired, and there is still {words(await case.true_position())}")


def closing_stop(case: Case, percent: int = -2) -> Intent:
    """The wish for a stop to sell all of the position."""
    return structs.replace(case.stop(percent), amount=ZERO, close_position=True)


@clause(
    "CON-070",
    "it is canceled by reference, and by canceling all",
    why="Clean-up that looks among plain orders only leaves the stop behind; it opens a position when it fires.",
    capabilities=NEEDS | {Capability.CANCEL, Capability.CANCEL_ALL, Capability.OPEN_ORDERS},
)
async def canceled(case: Case) -> None:
    """Canceling a conditional order ends it and no other; canceling it again is `Rejected(unknown-order)`; `cancel_all`
    ends those that are left, together with plain ones."""
    first, second = await case.wait_at_venue(case.stop()), await case.wait_at_venue(case.stop(-3))
    await case.rest()
    await case.adapter.cancel(first.ref)
    ended = (await case.true_order(first.ref)).status, (await case.true_order(second.ref)).status
    case.check(ended == (OrderStatus.CANCELED, OrderStatus.WAITING), f"the first was canceled, they are {words(ended)}")
    error = await case.expect(Rejected, case.adapter.cancel(first.ref))
    case.check(error.reason is Reason.UNKNOWN_ORDER, f"reason {error.reason}")
    await case.adapter.cancel_all(case.symbol)
    await case.bench.sleep(QUIET_S)
    left = await case.true_live_orders()
    case.check(not left, f"live at the venue after canceling all: {words(left)}")
    await check_open_orders(case)


@clause(
    "CON-080",
    "a refused conditional order is Rejected, with the reason",
    why="The stop would have fired at once and was refused: whoever does not hear it believes to be protected.",
    capabilities=NEEDS,
    kind="conditional.reject",
)
async def refused(case: Case) -> None:
    """A conditional order that the venue refuses raises `Rejected` with the neutral reason, and nothing of it lives or
    fills."""
    provoked = await case.provoke()
    live, fills = await case.true_live_orders(), len((await case.truth()).fills)
    error = await case.expect(Rejected, case.adapter.place(case.patched(case.stop(), provoked)))
    case.check_reason(error, provoked.reason)
    await case.bench.sleep(QUIET_S)
    case.check(await case.true_live_orders() == live, f"refused, and yet at the venue: {words(live)}")
    case.check(len((await case.truth()).fills) == fills, "refused, and yet something filled")


@clause(
    "CON-090",
    "one that is stuck on its way is no protection, and told so",
    why="The price has come and the order has not: the loss runs while the stop is believed to be at work.",
    capabilities=NEEDS | {Capability.ORDER, Capability.STREAM_ORDERS},
    powers=(TRUTH, SetPrice),
    kind="trigger.stuck",
)
async def stuck(case: Case) -> None:
    """A conditional order whose price came and whose resulting order does not appear is told as triggering, not as
    waiting and not as triggered, by reference and by a managed adapter also in events, within its recovery bound."""
    await case.listen()
    waiting = await case.wait_at_venue(case.stop())
    await case.provoke()
    await case.move_price(-3)
    await case.bench.settle()
    told = [("order()", await case.adapter.order(waiting.ref))]
    if case.managed and (heard := case.fold.conditionals.get(waiting.ref.intent_id)):
        told.append(("the last event", heard))
    for where, order in told:
        case.check(order.status is OrderStatus.TRIGGERING, f"stuck at the venue, {where} says {words(order)}")


@clause(
    "CON-100",
    "a second protective stop never costs the first",
    why="The new stop was refused and the old one canceled: the habit meant to tighten the stop removes it.",
    capabilities=NEEDS | {Capability.CLOSE_POSITION, Capability.OPEN_ORDERS},
)
async def second_stop(case: Case) -> None:
    """Where a second stop that closes the position is refused, `Rejected` is raised and the first one still waits;
    where it is taken, both wait. The adapter lists what there is."""
    await case.trade(Side.BUY)
    first = await case.wait_at_venue(closing_stop(case, -3))
    answer = await outcome(case.adapter.place(closing_stop(case, -2)))
    await case.bench.sleep(QUIET_S)
    case.check(isinstance(answer, Order | Rejected), f"raised {words(answer)}")
    case.check(not (await case.true_order(first.ref)).status.final, "the first stop is gone")
    await check_open_orders(case)


@clause(
    "CON-110",
    "a trailing stop follows from its activation on",
    why="A stop that should follow once there is a profit follows at once, and is out at the first small turn.",
    capabilities=NEEDS | {Capability.TRAILING, Capability.TRAILING_ACTIVATION},
    powers=(TRUTH, SetPrice),
)
async def trailing_from_activation(case: Case) -> None:
    """A trailing stop of a position with an activation price stays on any turn before that price came, and follows from
    there on."""
    trigger = Trigger(
        TriggerKind.TRAILING, offset=Decimal(1), offset_unit=OffsetUnit.PERCENT, activation=case.price_at(1)
    )
    waiting = await _trailing_stop(case, trigger)
    await case.move_price("-1.5")
    await _check_waits(case, waiting)
    await case.move_price("1.2")
    await case.move_price("-0.3")
    await case.fired(waiting)
