"""Recovery: after trouble the adapter's view is the venue's again."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from msgspec import structs

from venueproof_contracts.actions import ActAsOtherClient, Drop, DropManner, ExpireOrder, FillOrder, SetPrice
from venueproof_contracts.bench import TRUTH
from venueproof_contracts.capabilities import Capability
from venueproof_contracts.case import Case
from venueproof_contracts.clause import clause
from venueproof_contracts.clauses._common import near
from venueproof_contracts.model import PositionMode, PositionSide, Side
from venueproof_contracts.wording import words

REFUSE_S = Decimal(10)
ROUNDING = Decimal("1e-7")


@clause(
    "REC-010",
    "after trouble the view is the venue's",
    why="Whatever happened while the line was down is real: a view that misses it trades against its own account.",
    capabilities={
        Capability.PLACE,
        Capability.STREAM_ORDERS,
        Capability.STREAM_FILLS,
        Capability.STREAM_POSITIONS,
        Capability.STREAM_BALANCES,
    },
    powers=(TRUTH, ActAsOtherClient, Drop, ExpireOrder, FillOrder),
    managed_only=True,
)
async def view_after_trouble(case: Case) -> None:
    """Orders, position and balance that a listener knows from events equal the venue's within the recovery bound after
    a lost connection, during which an order filled, one expired and another client placed one."""
    await case.listen()
    filled, expired = await case.rest(percent=2), await case.rest(percent=3)
    await case.rest(percent=4)
    await case.bench.do(Drop(DropManner.RESET, refuse_s=REFUSE_S))
    await case.fill(filled)
    await case.bench.do(ExpireOrder(case.symbol, (await case.true_order(expired.ref)).ref.venue_id or ""))
    foreign = structs.replace(case.resting(Side.SELL), intent_id="by-hand-1")
    await case.bench.do(ActAsOtherClient(foreign))
    await case.bench.sleep(float(REFUSE_S))
    await case.bench.settle()
    await _check_view(case)


async def _check_view(case: Case) -> None:
    live = {order.ref.venue_id for order in await case.true_live_orders()}
    known = {order.ref.venue_id for order in case.fold.orders.values() if not order.status.final}
    case.check(known == live, f"live at the venue: {sorted(map(str, live))}, in events: {sorted(map(str, known))}")
    held = await case.true_position()
    heard = case.fold.positions.get((case.symbol, PositionSide.NET))
    amounts = (heard and heard.amount, held and held.amount)
    case.check(amounts[0] == amounts[1], f"position in events {amounts[0]}, at the venue {amounts[1]}")
    for true in (await case.truth()).balances:
        told = case.fold.balances.get(true.asset)
        if told is not None or true.asset == case.instrument.settle:
            same = told is not None and near(told.wallet, true.wallet, ROUNDING)
            case.check(same, f"{true.asset} wallet in events {told and told.wallet}, at the venue {true.wallet}")


@clause(
    "REC-020",
    "after trouble both legs and what waits are known",
    why="A stop fired and a leg was closed while the line was down: a net view of the account hides both.",
    capabilities={
        Capability.PLACE,
        Capability.POSITION_MODE,
        Capability.CONDITIONAL,
        Capability.STREAM_ORDERS,
        Capability.STREAM_POSITIONS,
    },
    powers=(TRUTH, Drop, SetPrice),
    managed_only=True,
)
async def legs_after_trouble(case: Case) -> None:
    """In hedge mode, after a lost connection during which a stop fired, a listener knows both legs and every
    conditional order as the venue has them."""
    await case.adapter.set_position_mode(PositionMode.HEDGE)
    await case.listen()
    await case.trade(Side.BUY, times=2, leg=PositionSide.LONG)
    await case.trade(Side.SELL, leg=PositionSide.SHORT)
    stops = [structs.replace(case.stop(percent), position_side=PositionSide.LONG) for percent in (-2, -5)]
    fires, waits = [await case.wait_at_venue(stop) for stop in stops]
    await case.bench.settle()
    await case.bench.do(Drop(DropManner.RESET, refuse_s=REFUSE_S))
    await case.move_price(-3)
    await case.fired(fires)
    await case.bench.sleep(float(REFUSE_S))
    await case.bench.settle()
    true = {leg: position.amount for leg, position in (await case.true_legs()).items()}
    heard = {leg: case.fold.positions.get((case.symbol, leg)) for leg in (PositionSide.LONG, PositionSide.SHORT)}
    told = {leg: position.amount for leg, position in heard.items() if position is not None and position.amount}
    case.check(told == true, f"legs in events: {_legs(told)}, at the venue: {_legs(true)}")
    for order in (fires, waits):
        last, fact = case.fold.conditionals.get(order.ref.intent_id), await case.true_order(order.ref)
        case.check(last is not None and last.status is fact.status, f"{words(last)} heard, at the venue {words(fact)}")


def _legs(amounts: Mapping[PositionSide, Decimal]) -> str:
    return ", ".join(f"{leg} {amount}" for leg, amount in sorted(amounts.items())) or "none"
