"""Streams: a connection that ends comes back by itself, and one that died silently is noticed."""

from __future__ import annotations

from collections.abc import Sequence

from venueproof_contracts.actions import FillOrder
from venueproof_contracts.bench import HOURS, TRUTH
from venueproof_contracts.capabilities import Capability
from venueproof_contracts.case import Case
from venueproof_contracts.clause import clause
from venueproof_contracts.clauses._common import check_once, connections_since, fills_of
from venueproof_contracts.model import Channel, Order, OrderStatus, StreamEvent, StreamState
from venueproof_contracts.wording import words

COMES_BACK_S = 60
IDLE_S = 2 * 3600
PROMPT_S = 10
NEEDS = {Capability.PLACE, Capability.STREAM_ORDERS, Capability.STREAM_FILLS}


@clause(
    "WSS-010",
    "a dropped stream comes back by itself",
    why="Streams end every day; a bot that does not hear its fills again trades blind until somebody looks.",
    capabilities=NEEDS,
    powers=(TRUTH, FillOrder),
    kind="stream.drop",
)
async def dropped_stream(case: Case) -> None:
    """A stream that the venue ended is connected and subscribed again by the adapter, which says that it went down and
    came up; events go on, and reconnecting does not storm the venue."""
    await case.listen()
    order = await case.rest()
    mark, said = len(case.bench.wire()), len(case.fold.stream)
    provoked = await case.provoke()
    await case.bench.sleep(float(provoked.settles_s) + COMES_BACK_S)
    opened = connections_since(case, mark)
    # One stream and its questions need a handful; a second for each try is a patient rhythm.
    limit = 10 + float(provoked.settles_s)
    case.check_manners(opened <= limit, f"{opened} connections in {provoked.settles_s} s of refusal and a minute after")
    _check_said(case, case.fold.stream[said:])
    await _check_heard(case, order)


def _check_said(case: Case, events: Sequence[StreamEvent]) -> None:
    states = [event.state for event in events if event.channel is Channel.ACCOUNT]
    down = states.index(StreamState.DOWN) if StreamState.DOWN in states else None
    case.check(down is not None, f"the stream was dropped and said {words(states)}")
    up = down is not None and any(state in (StreamState.UP, StreamState.RESYNCED) for state in states[down:])
    case.check(up, f"the stream came back and said {words(states)}")


async def _check_heard(case: Case, order: Order, seconds: float = PROMPT_S) -> None:
    """Fill the order now: its fill and its end are heard promptly, each once."""
    await case.fill(order)
    intent_id = order.ref.intent_id
    fills = await case.wait_for(lambda: case.fold.fills_of(intent_id), seconds)
    true = fills_of(await case.truth(), (await case.true_order(order.ref)).ref)
    check_once(case, fills, true, "fill events")
    await case.wait_for(lambda: _heard_status(case, order) is OrderStatus.FILLED, seconds)
    status = _heard_status(case, order)
    case.check(status is OrderStatus.FILLED, f"filled at the venue, last heard {status}")


def _heard_status(case: Case, order: Order) -> OrderStatus | None:
    heard = case.fold.orders.get(order.ref.intent_id)
    return None if heard is None else heard.status


@clause(
    "WSS-020",
    "a stream that died silently is noticed",
    why="The socket stays open and nothing comes: the bot believes that its orders rest while they fill.",
    capabilities=NEEDS,
    powers=(TRUTH, FillOrder),
    kind="stream.silent-death",
    managed_only=True,
)
async def silent_death(case: Case) -> None:
    """An account stream that died without a word is noticed within the adapter's recovery bound, what was missed is
    told, and events go on."""
    await case.listen()
    order, later = await case.rest(), await case.rest(percent=3)
    await case.provoke()
    await case.fill(order)
    await case.bench.settle()
    true = fills_of(await case.truth(), (await case.true_order(order.ref)).ref)
    check_once(case, case.fold.fills_of(order.ref.intent_id), true, "fill events")
    await _check_heard(case, later)


@clause(
    "WSS-030",
    "an idle stream stays alive",
    why="Sessions need pings and keys need renewing; a quiet afternoon must not end in deafness.",
    capabilities=NEEDS,
    powers=(TRUTH, FillOrder, HOURS),
)
async def idle_stream(case: Case) -> None:
    """In two hours in which nothing happens the account stream never goes down, and it still tells of a fill within
    seconds afterwards."""
    await case.listen()
    order = await case.rest()
    mark = len(case.fold.stream)
    await case.bench.sleep(IDLE_S)
    await _check_heard(case, order)
    downs = [one for one in case.fold.stream[mark:] if one.state is StreamState.DOWN]
    case.check(not downs, f"went down {len(downs)} times: {', '.join(one.reason for one in downs)}")


@clause(
    "WSS-040",
    "a stream whose credential expired is set up anew",
    why="The venue says that the stream ended; a client that does not know the message waits for ever.",
    capabilities=NEEDS,
    powers=(TRUTH, FillOrder),
    kind="credential.expired",
)
async def expired_credential(case: Case) -> None:
    """When the venue says that the credential of the account's stream expired, the adapter gets a new one and events go
    on."""
    await case.listen()
    order = await case.rest()
    await case.provoke()
    await case.bench.sleep(COMES_BACK_S)
    await _check_heard(case, order)
