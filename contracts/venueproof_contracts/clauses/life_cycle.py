"""Life-cycle: an adapter leaves nothing behind, and one that starts again finds what is there."""

from __future__ import annotations

from venueproof_contracts.capabilities import Capability
from venueproof_contracts.case import Case
from venueproof_contracts.clause import clause


@clause(
    "LIF-010",
    "close() leaves nothing behind",
    why="A task that lives on after close() keeps trading, or keeps the program from ending.",
    capabilities={Capability.PLACE, Capability.STREAM_ORDERS},
)
async def close_leaves_nothing(case: Case) -> None:
    """`close()` ends every task, thread and socket of the adapter, and calling it twice does no harm."""
    await case.listen()
    await case.rest()
    await case.adapter.close()
    await case.adapter.close()
    await case.bench.sleep(1)
    left = case.surroundings.leftovers()
    case.check(not left, f"still alive after close(): {', '.join(left)}")


@clause(
    "LIF-020",
    "a restarted adapter finds its orders",
    why="After a crash the orders still rest; a bot that does not recognise them places them again.",
    capabilities={Capability.PLACE, Capability.OPEN_ORDERS, Capability.CANCEL},
)
async def restart(case: Case) -> None:
    """An adapter started afresh lists the orders that an earlier one left, under the same intent ids, and can cancel
    them."""
    left = await case.rest()
    await case.adapter.close()
    again = case.surroundings.make_adapter()
    await again.start()
    found = await again.open_orders(case.symbol)
    ids = [order.ref.intent_id for order in found]
    case.check(ids == [left.ref.intent_id], f"left {left.ref.intent_id!r}, found {ids}")
    await again.cancel(found[0].ref)
    case.check(not await case.true_live_orders(), "canceled after the restart, and still live")
    await again.close()


@clause(
    "LIF-030",
    "a restarted adapter finds what waits, and sweeps it",
    why="The take-profit closed the position and its stop still waits: found by nobody, it opens one some day.",
    capabilities={Capability.PLACE, Capability.OPEN_ORDERS, Capability.CONDITIONAL, Capability.CANCEL_ALL},
)
async def leftover_conditional(case: Case) -> None:
    """An adapter started afresh lists a conditional order that an earlier one left, under the same intent id, and
    `cancel_all` ends it."""
    left = await case.wait_at_venue(case.stop())
    await case.adapter.close()
    again = case.surroundings.make_adapter()
    await again.start()
    found = [(one.ref.intent_id, one.ref.conditional) for one in await again.open_orders(case.symbol)]
    case.check(found == [(left.ref.intent_id, True)], f"left {left.ref.intent_id!r}, found {found}")
    await again.cancel_all(case.symbol)
    case.check(not await case.true_live_orders(), "swept after the restart, and still live")
    await again.close()
