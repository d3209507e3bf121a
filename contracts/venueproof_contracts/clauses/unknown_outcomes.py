"""Unknown outcomes: an order whose answer was lost is asked for, not sent again."""

from __future__ import annotations

from collections.abc import Sequence

from venueproof_contracts.actions import LoseReply, LoseRequest, Matcher, Operation
from venueproof_contracts.bench import TRUTH
from venueproof_contracts.capabilities import Capability
from venueproof_contracts.case import Case
from venueproof_contracts.clause import clause
from venueproof_contracts.clauses._common import check_open_orders, outcome, place_and_judge
from venueproof_contracts.errors import AdapterError, OutcomeUnknown, Reason, Rejected
from venueproof_contracts.model import Intent, Order, Side
from venueproof_contracts.wording import words


@clause(
    "UNK-010",
    "a lost reply never doubles an order",
    why="The order was filled and its reply lost; sent again it fills again, and the position is twice what was meant.",
    capabilities={Capability.PLACE, Capability.OPEN_ORDERS},
    kind="reply.lost",
)
async def lost_reply(case: Case) -> None:
    """When the reply to an order is lost the order is carried out once, and what the adapter says agrees with the
    venue, or is `OutcomeUnknown`."""
    await _judge_placements(case)


@clause(
    "UNK-020",
    "an error that tells nothing never doubles an order",
    why="503 after the order was accepted reads like 'not executed' and is retried into a second position.",
    capabilities={Capability.PLACE, Capability.OPEN_ORDERS},
    kind="reply.unknown",
)
async def unknown_reply(case: Case) -> None:
    """When the venue answers an order with an error that leaves open whether it was carried out, it is carried out
    once, and the adapter does not deny it."""
    await _judge_placements(case)


async def _judge_placements(case: Case) -> None:
    # A filled order's client id is free again on some venues, so only a market order shows blind resending there.
    for intent in (case.resting(), case.crossing()):
        await case.provoke()
        await place_and_judge(case, intent, executed=True)


@clause(
    "UNK-030",
    "a lost request is not claimed",
    why="An order that never arrived and is reported as placed is a hedge that does not exist.",
    capabilities={Capability.PLACE, Capability.OPEN_ORDERS},
    powers=(TRUTH, LoseRequest),
)
async def lost_request(case: Case) -> None:
    """When an order is lost on its way the adapter raises `NotSent` or `OutcomeUnknown`, or places it once after all;
    it never answers with an order that the venue does not have, and the next order is placed."""
    for intent in (case.resting(), case.crossing()):
        await case.bench.do(LoseRequest(Matcher(operation=Operation.PLACE)))
        await place_and_judge(case, intent, executed=False)
    await case.rest()


@clause(
    "UNK-040",
    "a lost cancellation is neither claimed nor denied",
    why="An order believed to be canceled fills; one believed to rest is canceled again, or counted as protection.",
    capabilities={Capability.PLACE, Capability.CANCEL, Capability.OPEN_ORDERS},
    powers=(TRUTH, LoseReply, LoseRequest),
)
async def lost_cancellation(case: Case) -> None:
    """When a cancellation or its reply is lost the adapter never tells a live order as ended, and never says that
    nothing was done when the order is canceled; where it cannot find out it raises `OutcomeUnknown`."""
    for lost in (LoseReply, LoseRequest):
        order = await case.rest()
        await case.bench.do(lost(Matcher(operation=Operation.CANCEL)))
        answer = await outcome(case.adapter.cancel(order.ref))
        await case.bench.settle()
        true = await case.true_order(order.ref)
        if not isinstance(answer, OutcomeUnknown):
            said = f"cancel() said {words(answer)}, at the venue {words(true)}"
            case.check(_tells_an_end(answer) == true.status.final, said)
        await check_open_orders(case)
        if not true.status.final:
            await case.adapter.cancel(order.ref)


def _tells_an_end(answer: Order | AdapterError) -> bool:
    if isinstance(answer, Order):
        return answer.status.final
    return isinstance(answer, Rejected) and answer.reason is Reason.UNKNOWN_ORDER


@clause(
    "UNK-050",
    "a lost reply never doubles or denies a stop",
    why="The stop waits although its reply was lost: placed again there are two, believed lost there seems to be none.",
    capabilities={Capability.PLACE, Capability.CONDITIONAL, Capability.OPEN_ORDERS},
    powers=(TRUTH, LoseReply, LoseRequest),
)
async def lost_stop(case: Case) -> None:
    """When a conditional order or its reply is lost, at most one of it waits at the venue, and what the adapter says
    agrees with that or is `OutcomeUnknown`."""
    for lost, executed in ((LoseReply, True), (LoseRequest, False)):
        await case.bench.do(lost(Matcher(operation=Operation.PLACE)))
        await place_and_judge(case, case.stop(), executed=executed)


@clause(
    "UNK-060",
    "a lost reply to several orders is resolved for each",
    why="Five orders were sent together and the reply was lost: resent blindly they are ten.",
    capabilities={Capability.PLACE, Capability.PLACE_MANY, Capability.OPEN_ORDERS, Capability.CANCEL_ALL},
    powers=(TRUTH, LoseReply, LoseRequest),
)
async def lost_batch(case: Case) -> None:
    """When several orders that are sent together, or their replies, are lost, each of them is at the venue once or not
    at all, and what the adapter says of each agrees with that or is `OutcomeUnknown`."""
    for lost in (LoseReply, LoseRequest):
        # Sent as one request, or as one for each: whichever comes is lost.
        for operation, number in ((Operation.PLACE_MANY, 1), (Operation.PLACE, len(Side))):
            await case.bench.do(lost(Matcher(operation=operation, first=number)))
        wishes = [case.resting(side) for side in Side]
        before = {order.ref.venue_id for order in await case.true_orders()}
        answers = await _each_of(case, wishes)
        await case.bench.settle()
        born = [order for order in await case.true_orders() if order.ref.venue_id not in before]
        for wish, answer in zip(wishes, answers, strict=True):
            alike = [order for order in born if order.side is wish.side]
            case.check(len(alike) <= 1, f"one intent became {len(alike)} orders at the venue")
            if not isinstance(answer, OutcomeUnknown):
                agrees = isinstance(answer, Order) == bool(alike)
                case.check(agrees, f"{words(wish)} came to {words(answer)}, at the venue: {words(alike)}")
        await case.adapter.cancel_all(case.symbol)
    await check_open_orders(case)


async def _each_of(case: Case, wishes: Sequence[Intent]) -> Sequence[Order | AdapterError]:
    """What several orders came to; an error over all of them holds for each."""
    try:
        return await case.adapter.place_many(wishes)
    except AdapterError as error:
        return [error] * len(wishes)
