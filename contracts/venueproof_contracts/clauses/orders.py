"""Orders: what is asked is what rests, and how it ended is said."""

from __future__ import annotations

from decimal import Decimal

from msgspec import structs

from venueproof_contracts.actions import ActAsOtherClient, AddLiquidity, PartlyFill
from venueproof_contracts.bench import HOURS, TRUTH
from venueproof_contracts.capabilities import Capability
from venueproof_contracts.case import Case, NothingToJudge, on_tick, usual_amount
from venueproof_contracts.clause import clause
from venueproof_contracts.clauses._common import (
    NS,
    check_open_orders,
    finally_order,
    near,
    outcome,
    same_terms,
)
from venueproof_contracts.errors import AdapterError, Reason, Rejected
from venueproof_contracts.model import Intent, Order, OrderRef, OrderStatus, Side, TimeInForce
from venueproof_contracts.wording import words

LONG_ID = "grid-07/BTC long entry:2026-11-24T12:05:00.000Z#"
"""Longer than any venue allows, with characters that most refuse; two orders below differ only behind it."""
GOOD_FOR_S = 900
"""Longer than the shortest life that venues ask for."""
MARGIN_S = 30
FAR_TOO_MANY = 10_000_000
"""Times the usual amount: beyond every venue's largest order and every starting account's margin."""


@clause(
    "ORD-010",
    "a limit order rests as asked",
    why="A price rounded the wrong way or an amount in the wrong unit is real money at a wrong price.",
    capabilities={Capability.PLACE, Capability.ORDER, Capability.OPEN_ORDERS},
)
async def limit_order(case: Case) -> None:
    """A limit order rests at the venue with the price, amount, side and time in force of the intent, and is found
    again, so described, by reference and among the open orders."""
    for side in Side:
        intent = case.resting(side)
        placed = await case.adapter.place(intent)
        case.check(not placed.status.final, f"a resting order was answered with {placed.status}")
        true = await case.true_order(placed.ref)
        kept = not true.status.final and same_terms(true, intent) and true.time_in_force is intent.time_in_force
        case.check(kept, f"asked {words(intent)}, at the venue {words(true)}")
        asked = await case.adapter.order(OrderRef(case.symbol, intent.intent_id, placed.ref.venue_id))
        listed = [one for one in await case.adapter.open_orders(case.symbol) if one.ref.venue_id == true.ref.venue_id]
        case.check(len(listed) == 1, f"open_orders() lists it {len(listed)} times")
        for seen in (asked, *listed):
            case.check(same_terms(seen, intent) and seen.filled == 0, f"asked {words(intent)}, told {words(seen)}")
            lasts = seen.time_in_force in (None, intent.time_in_force)
            case.check(lasts, f"asked for {intent.time_in_force}, told {seen.time_in_force}")
            kept = seen.ref.intent_id == intent.intent_id
            case.check(kept, f"placed as intent {intent.intent_id!r}, told of intent {seen.ref.intent_id!r}")


@clause(
    "ORD-020",
    "a market order reports its fill",
    why="A wrong average price is a wrong entry: stops and profit are computed from it.",
    capabilities={Capability.PLACE, Capability.ORDER},
)
async def market_order(case: Case) -> None:
    """A market order is reported as filled with the amount that was filled, and its average price, once told, is the
    venue's."""
    placed = await case.trade(times=2)
    final = await finally_order(case, placed.ref)
    true = await case.true_order(placed.ref)
    case.check(final.status is OrderStatus.FILLED, f"filled at the venue, told as {final.status}")
    case.check(final.filled == true.filled, f"filled {true.filled}, told {final.filled}")
    for seen in (placed, final):
        case.check(seen.filled in (0, true.filled), f"filled {true.filled}, answered {seen.filled}")
        if seen.average_price is not None:
            same = near(seen.average_price, true.average_price, case.instrument.price_tick / 2)
            case.check(same, f"average price {seen.average_price}, at the venue {true.average_price}")


@clause(
    "ORD-030",
    "post-only never takes",
    why="A maker's order that takes pays the spread and the taker's fee, every time.",
    capabilities={Capability.PLACE, Capability.POST_ONLY},
)
async def post_only(case: Case) -> None:
    """A post-only order that would trade at once raises `Rejected(would-cross)`, or is told as ended where the venue
    takes it in first; nothing is filled and nothing is live. One that does not cross rests."""
    intent = case.intent(price=case.crossing_price(Side.BUY), post_only=True)
    answer = await outcome(case.adapter.place(intent))
    await case.bench.settle()
    await _check_refused(case, answer, Reason.WOULD_CROSS)
    patient = await case.adapter.place(structs.replace(case.resting(), post_only=True))
    case.check(not (await case.true_order(patient.ref)).status.final, "a post-only order that rests is not live")


async def _check_refused(case: Case, answer: Order | AdapterError, reason: Reason) -> None:
    """Either documented way: refused at once, or taken in and ended without a fill."""
    orders = await case.true_orders()
    case.check(all(one.status.final and not one.filled for one in orders), f"at the venue: {words(orders)}")
    if isinstance(answer, Order):
        final = await finally_order(case, answer.ref)
        case.check(final.status.final and not final.filled, f"ended at the venue, told as {words(final)}")
    else:
        refused = isinstance(answer, Rejected) and answer.reason is reason
        case.check(refused, f"raised {words(answer)}, expected Rejected({reason})")


@clause(
    "ORD-040",
    "what does not fill at once ends",
    why="A rest that is believed to be waiting blocks its strategy, and its margin, for ever.",
    capabilities={Capability.PLACE, Capability.ORDER, Capability.IMMEDIATE_OR_CANCEL, Capability.FILL_OR_KILL},
    powers=(TRUTH, AddLiquidity),
)
async def immediate_orders(case: Case) -> None:
    """An immediate-or-cancel or fill-or-kill order that cannot fill is told as ended, or raised as
    `Rejected(not-fillable)`; one that fills in part is told as ended with that part. None is left open or pending."""
    for kind in (TimeInForce.IOC, TimeInForce.FOK):
        intent = case.intent(price=case.passive_price(Side.BUY), time_in_force=kind)
        answer = await outcome(case.adapter.place(intent))
        await case.bench.settle()
        await _check_refused(case, answer, Reason.NOT_FILLABLE)
    partly = case.intent(price=await _lone_offer(case), amount=case.amount(2), time_in_force=TimeInForce.IOC)
    placed = await case.adapter.place(partly)
    await case.bench.settle()
    true, told = await case.true_order(placed.ref), await finally_order(case, placed.ref)
    ended = told.status.final and told.filled == true.filled
    case.check(ended, f"ended at the venue with {true.filled} filled, told as {told.status} with {told.filled}")
    await check_open_orders(case)


async def _lone_offer(case: Case) -> Decimal:
    """Let a stranger offer `amount()` just above the best bid, and so alone where the spread has room. Its price."""
    price = (await case.bench.market(case.symbol)).book.bids[0].price + case.instrument.price_tick
    await case.bench.do(AddLiquidity(case.symbol, Side.SELL, price, case.amount()))
    return price


@clause(
    "ORD-050",
    "canceling or asking for an unknown order is Rejected(unknown-order)",
    why="A cancel that 'succeeds' on nothing hides that the order filled a moment before.",
    capabilities={Capability.PLACE, Capability.CANCEL, Capability.ORDER},
)
async def unknown_order(case: Case) -> None:
    """Canceling an order that ended, and canceling or asking for one that never was, raise `Rejected(unknown-order)`,
    so that it cannot be taken for a success."""
    order = await case.rest()
    await case.adapter.cancel(order.ref)
    never = OrderRef(case.symbol, case.resting().intent_id)
    for call, ref in ((case.adapter.cancel, order.ref), (case.adapter.cancel, never), (case.adapter.order, never)):
        error = await case.expect(Rejected, call(ref))
        case.check(error.reason is Reason.UNKNOWN_ORDER, f"reason {error.reason}")


@clause(
    "ORD-060",
    "reduce-only never opens",
    why="A protective order that opens the opposite position is worse than none.",
    capabilities={Capability.PLACE, Capability.REDUCE_ONLY},
)
async def reduce_only(case: Case) -> None:
    """A reduce-only order never opens or turns a position: without one it is refused or ends, and against a smaller
    one it closes at most that. One of the position's size closes it."""
    await _sell_reduce_only(case, times=1)
    case.check(await case.true_position() is None, "a reduce-only order opened a position")
    await case.trade(Side.BUY)
    await _sell_reduce_only(case, times=2)
    held = await case.true_position()
    case.check(held is None or held.amount == case.amount(), f"after a larger reduce-only sell: {words(held)}")
    await check_open_orders(case)
    if held is None:
        await case.trade(Side.BUY)
    await _sell_reduce_only(case, times=1)
    held = await case.true_position()
    case.check(held is None, f"after a reduce-only sell of the position's size: {words(held)}")


async def _sell_reduce_only(case: Case, times: int) -> None:
    intent = structs.replace(case.crossing(Side.SELL, times), reduce_only=True)
    answer = await outcome(case.adapter.place(intent))
    case.check(isinstance(answer, Order | Rejected), f"raised {words(answer)}")
    await case.bench.settle()


@clause(
    "ORD-070",
    "everything told of an order carries the caller's intent id",
    why="A fill whose id was shortened or replaced on the way belongs to no strategy and is not booked.",
    capabilities={Capability.PLACE, Capability.OPEN_ORDERS, Capability.STREAM_ORDERS},
)
async def intent_ids(case: Case) -> None:
    """Answers and events carry the caller's own intent id, also where the venue allows no such id: longer, with other
    characters, and alike over its first letters."""
    await case.listen()
    wishes = [structs.replace(case.resting(), intent_id=LONG_ID + tail) for tail in "αβ"]
    placed = {(await case.adapter.place(wish)).ref.venue_id: wish.intent_id for wish in wishes}
    await case.wait_for(lambda: len({one.ref.venue_id for one in case.fold.order_steps}) == len(wishes), 10)
    opened = await case.adapter.open_orders(case.symbol)
    for order in (*opened, *case.fold.order_steps):
        expected = placed.get(order.ref.venue_id)
        case.check(order.ref.intent_id == expected, f"{expected!r} came back as {order.ref.intent_id!r}")
    case.check(len(opened) == len(wishes), f"{len(wishes)} orders placed, {len(opened)} listed")
    heard = {order.ref.intent_id for order in case.fold.order_steps}
    case.check(heard == set(placed.values()), f"placed {sorted(placed.values())}, heard of {sorted(heard)}")


@clause(
    "ORD-080",
    "an order of another client is reported and breaks nothing",
    why="A hand-made order on the account stops the stream reader, and the bot trades on without ears.",
    capabilities={Capability.PLACE, Capability.OPEN_ORDERS, Capability.STREAM_ORDERS},
    powers=(TRUTH, ActAsOtherClient),
)
async def foreign_order(case: Case) -> None:
    """An order that another client places on the account is told in events and among the open orders, under no intent
    of ours, and the adapter goes on."""
    await case.listen()
    mine = await case.rest()
    foreign = structs.replace(case.resting(Side.SELL), intent_id="by-hand-1")
    done = await case.bench.do(ActAsOtherClient(foreign))
    await case.wait_for(lambda: _told(case, done.order_id), 10)
    told = _told(case, done.order_id)
    case.check(bool(told), "the other client's order was not heard of")
    case.check(
        all(one.ref.intent_id != mine.ref.intent_id for one in told), f"it was told under our intent: {words(told)}"
    )
    await check_open_orders(case)
    last = await case.rest(Side.SELL, percent=3)
    case.check(await case.wait_for(lambda: _told(case, last.ref.venue_id), 10) != [], "our next order was not heard of")


def _told(case: Case, venue_id: str | None) -> list[Order]:
    return [order for order in case.fold.order_steps if order.ref.venue_id == venue_id]


@clause(
    "ORD-090",
    "of several orders each has its own fate",
    why="One bad order in a batch hides that the others are live.",
    capabilities={Capability.PLACE_MANY},
)
async def several_orders(case: Case) -> None:
    """When one of several orders sent together is refused, its error stands in its place and the others are placed."""
    wishes = [case.resting(), case.resting(times=FAR_TOO_MANY), case.resting(Side.SELL)]
    answers = await case.adapter.place_many(wishes)
    kinds = [type(answer) for answer in answers]
    case.check(kinds == [Order, Rejected, Order], f"good, bad, good came back as {words(answers)}")
    live = sorted(order.side for order in await case.true_live_orders())
    case.check(live == sorted(Side), f"live at the venue: {live}")


@clause(
    "ORD-100",
    "canceling all leaves none",
    why="It is the emergency brake: what it leaves behind fills while everybody believes that nothing can.",
    capabilities={Capability.PLACE, Capability.OPEN_ORDERS, Capability.CANCEL_ALL},
    powers=(TRUTH, PartlyFill),
)
async def cancel_all(case: Case) -> None:
    """`cancel_all` ends every open order of its instrument, partly filled ones too, and succeeds when there is none."""
    for side in Side:
        await case.rest(side)
    await case.fill(await case.rest(percent=3, times=2), times=1)
    for _ in range(2):
        await case.adapter.cancel_all(case.symbol)
        await case.bench.settle()
        left = await case.true_live_orders()
        case.check(not left, f"live at the venue after canceling all: {words(left)}")
        await check_open_orders(case)


@clause(
    "ORD-110",
    "a good-till-date order ends at its date",
    why="An order that was meant for an hour fills next week, at a price that nobody remembers.",
    capabilities={Capability.PLACE, Capability.ORDER, Capability.GOOD_TILL_DATE},
    powers=(TRUTH, HOURS),
)
async def good_till_date(case: Case) -> None:
    """A good-till-date order rests until its time and not longer, and is then told as ended."""
    expires_ns = (case.bench.now_ns() // NS + GOOD_FOR_S) * NS
    wish = structs.replace(case.resting(), time_in_force=TimeInForce.GTD, expires_ns=expires_ns)
    placed = await case.adapter.place(wish)
    await case.bench.sleep(GOOD_FOR_S - MARGIN_S)
    case.check(not (await case.true_order(placed.ref)).status.final, "ended before its date")
    await case.bench.sleep(2 * MARGIN_S)
    case.check((await case.true_order(placed.ref)).status.final, "still live at the venue after its date")
    told = await finally_order(case, placed.ref)
    case.check(told.status.final, f"ended at its date, told as {words(told)}")


@clause(
    "ORD-120",
    "a protective order of the whole position is one order",
    why="Cut into slices below the venue's minimum, a stop is refused where the whole position's would be taken.",
    capabilities={Capability.PLACE, Capability.REDUCE_ONLY},
    kind="protective.minimum",
)
async def protective_order(case: Case) -> None:
    """Where orders that only reduce must be worth as much as others, one for the whole position rests whole, and one
    that is too small raises `Rejected` with the reason and is not there."""
    await case.trade(Side.BUY)
    provoked = await case.provoke()
    wish = structs.replace(case.resting(Side.SELL), reduce_only=True)
    error = await case.expect(Rejected, case.adapter.place(case.patched(wish, provoked)))
    case.check_reason(error, provoked.reason)
    whole = structs.replace(case.resting(Side.SELL), reduce_only=True)
    placed = await case.adapter.place(whole)
    live = await case.true_live_orders()
    resting = [one for one in live if one.ref.venue_id == placed.ref.venue_id and same_terms(one, whole)]
    case.check(len(live) == len(resting) == 1, f"asked {words(whole)}, live at the venue: {words(live)}")


@clause(
    "ORD-130",
    "orders of two instruments are never mixed up",
    why="Venues count orders per instrument: a book of orders keyed by number alone cancels the wrong one.",
    capabilities={Capability.PLACE, Capability.ORDER, Capability.CANCEL, Capability.INSTRUMENTS},
)
async def two_instruments(case: Case) -> None:
    """Of two orders on two instruments, also under one number, each is found, told and canceled as itself."""
    mine, other = case.resting(), await _on_another(case)
    first, second = await case.adapter.place(mine), await case.adapter.place(other)
    for placed, wish in ((first, mine), (second, other)):
        told = await case.adapter.order(placed.ref)
        right = told.ref.instrument == wish.instrument and same_terms(told, wish)
        case.check(right, f"asked {words(wish)} on {wish.instrument}, told {words(told)} on {told.ref.instrument}")
    await case.adapter.cancel(first.ref)
    live = await case.true_live_orders()
    case.check([one.ref.instrument for one in live] == [other.instrument], f"canceled the first; live: {words(live)}")


async def _on_another(case: Case) -> Intent:
    """The wish for an order that rests on another instrument, with the same money where there is one."""
    others = [one for one in await case.adapter.instruments() if one.symbol != case.symbol]
    if not others:
        raise NothingToJudge(f"{case.symbol} is all that is listed")
    other = min(others, key=lambda one: one.settle != case.instrument.settle)
    bid = (await case.bench.market(other.symbol)).book.bids[0].price
    price, amount = on_tick(other, bid * 98 / 100), usual_amount(other, bid)
    return structs.replace(case.intent(price=price, amount=amount), instrument=other.symbol)
