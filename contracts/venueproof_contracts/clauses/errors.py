"""Errors: a refusal is told as one, and an answer that cannot be read is not taken for 'nothing'."""

from __future__ import annotations

from decimal import Decimal

from venueproof_contracts.actions import AnswerGarbage, Garbage, Maintenance, Matcher, Operation
from venueproof_contracts.bench import TRUTH
from venueproof_contracts.capabilities import Capability
from venueproof_contracts.case import Case
from venueproof_contracts.clause import clause
from venueproof_contracts.clauses._common import (
    Question,
    busy_account,
    check_open_orders,
    hollow,
    outcome,
    place_and_judge,
    questions,
)
from venueproof_contracts.errors import AdapterError, OutcomeUnknown, Rejected, VenueDown
from venueproof_contracts.model import OrderRef
from venueproof_contracts.wording import words

MAINTENANCE_S = Decimal(30)


@clause(
    "ERR-010",
    "a refused order is Rejected, with the reason",
    why="A refusal without its reason is retried or resized blindly; one taken for success is a position nobody has.",
    capabilities={Capability.PLACE},
    kind="order.reject",
)
async def refused_order(case: Case) -> None:
    """An order that the venue refuses raises `Rejected` with the neutral reason of the refusal, and nothing of it is
    live."""
    provoked = await case.provoke()
    error = await case.expect(Rejected, case.adapter.place(case.patched(case.resting(), provoked)))
    case.check_reason(error, provoked.reason)
    live = await case.true_live_orders()
    case.check(not live, f"refused, and yet live at the venue: {words(live)}")


@clause(
    "ERR-020",
    "an unreadable answer is an error",
    why="A proxy's error page read as 'no positions' makes a bot open the same position again.",
    capabilities={Capability.PLACE, Capability.OPEN_ORDERS},
    powers=(TRUTH, AnswerGarbage),
)
async def unreadable_answers(case: Case) -> None:
    """A question whose answer is a web page, cut short, empty or of another shape raises an error, and is never
    answered with an empty list, a zero or a figure that is missing."""
    order = await busy_account(case)
    for question in questions(case):
        for garbage in Garbage:
            await case.bench.do(AnswerGarbage(Matcher(operation=question.operation), garbage))
            await _check_not_hollow(case, question, order.ref, garbage)


async def _check_not_hollow(case: Case, question: Question, ref: OrderRef, what: str) -> None:
    try:
        answer = await question.ask(case, ref)
    except AdapterError:
        return
    case.check(not hollow(answer), f"{question.operation} was answered with {what} and came out as {words(answer)}")


@clause(
    "ERR-030",
    "an error inside a success is an error",
    why="Status 200 with an error in the body, taken for success, books an order that does not exist.",
    capabilities={Capability.PLACE, Capability.OPEN_ORDERS},
    kind="error.inside-success",
)
async def error_inside_success(case: Case) -> None:
    """A refusal that stands inside an answer with a status of success is raised as an error, an order's as
    `Rejected`."""
    order = await busy_account(case)
    provoked = await case.provoke()
    if provoked.operation is Operation.PLACE:
        await case.expect(Rejected, case.adapter.place(case.patched(case.resting(), provoked)))
        return await check_open_orders(case)
    for question in questions(case):
        if question.operation is provoked.operation:
            await case.expect(AdapterError, question.ask(case, order.ref))


@clause(
    "ERR-040",
    "an unreadable answer to an order neither doubles nor loses it",
    why="The order is live although its answer was unreadable: resent it is doubled, forgotten it is unhedged.",
    capabilities={Capability.PLACE, Capability.OPEN_ORDERS},
    powers=(TRUTH, AnswerGarbage),
)
async def unreadable_placement(case: Case) -> None:
    """When the answer to an order cannot be read, at most one order comes of it, and what the adapter says agrees
    with what the venue has."""
    for garbage in Garbage:
        for executed in (True, False):
            await case.bench.do(AnswerGarbage(Matcher(operation=Operation.PLACE), garbage, executed=executed))
            await place_and_judge(case, case.resting(), executed=executed)


@clause(
    "ERR-050",
    "a closed venue is VenueDown, and trading goes on afterwards",
    why="Maintenance taken for a refused key or a lost order stops a strategy for good, or makes it resend.",
    capabilities={Capability.PLACE, Capability.OPEN_ORDERS},
    powers=(TRUTH, Maintenance),
)
async def closed_venue(case: Case) -> None:
    """While the venue is closed questions raise `VenueDown`, an order raises that or `OutcomeUnknown`, nothing is
    executed, and both work again when it opens."""
    await case.bench.do(Maintenance(MAINTENANCE_S))
    answer = await outcome(case.adapter.place(case.resting()))
    case.check(isinstance(answer, VenueDown | OutcomeUnknown), f"placing at a closed venue came to {words(answer)}")
    await case.expect(VenueDown, case.adapter.open_orders(case.symbol))
    await case.bench.sleep(float(MAINTENANCE_S) + 1)
    await case.bench.settle()
    await check_open_orders(case)
    await case.rest()
