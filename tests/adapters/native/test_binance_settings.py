"""Both legs, margin and position modes: whole flows of the Binance adapter against its simulator."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal

import pytest
from msgspec import structs
from venue_desk import PARTS, SYMBOL, Desk, ProfileName, each_profile, flow

from venueproof_adapters.kit.budget import Budget
from venueproof_adapters.kit.parts import replaced
from venueproof_adapters.native import make_adapter, make_adapter_with
from venueproof_contracts.actions import Operation, SetPrice
from venueproof_contracts.errors import RateLimited, Reason, Rejected
from venueproof_contracts.model import (
    Intent,
    MarginMode,
    Order,
    OrderStatus,
    PositionMode,
    PositionSide,
    Side,
    Trigger,
    TriggerKind,
)

INVERSE = "BTC/USD:BTC"
each_product = pytest.mark.parametrize("symbol", [SYMBOL, INVERSE])
LEGS = (PositionSide.LONG, PositionSide.SHORT)


def trade(desk: Desk, leg: PositionSide, *, closing: bool = False) -> Intent:
    side = Side.BUY if leg is PositionSide.LONG else Side.SELL
    wish = desk.wish(None, "0.04" if desk.symbol == SYMBOL else "40")
    return structs.replace(wish, side=side.opposite if closing else side, position_side=leg, reduce_only=closing)


def waiting(desk: Desk, leg: PositionSide, kind: TriggerKind, percent: int) -> Intent:
    return structs.replace(trade(desk, leg, closing=True), trigger=Trigger(kind, desk.below(percent)))


async def held(desk: Desk) -> dict[PositionSide, Decimal]:
    return {one.side: one.amount for one in await desk.adapter.positions()}


@each_profile
@each_product
def test_each_leg_is_its_own(symbol: str, profile: ProfileName) -> None:
    async def story(desk: Desk) -> None:
        await desk.adapter.set_position_mode(PositionMode.HEDGE)
        await desk.adapter.set_position_mode(PositionMode.HEDGE)
        with pytest.raises(Rejected) as caught:
            await desk.rest(2, "0.04" if symbol == SYMBOL else "40")
        assert caught.value.reason is Reason.POSITION_SIDE
        amount = trade(desk, PositionSide.LONG).amount
        for leg in LEGS:
            await desk.adapter.place(trade(desk, leg))
        assert await held(desk) == dict.fromkeys(LEGS, amount)
        take = await desk.adapter.place(waiting(desk, PositionSide.LONG, TriggerKind.TAKE, -3))
        stops = [
            await desk.adapter.place(waiting(desk, PositionSide.LONG, TriggerKind.STOP, 5)),
            await desk.adapter.place(waiting(desk, PositionSide.SHORT, TriggerKind.STOP, -9)),
        ]
        await desk.do(SetPrice(symbol, desk.below(-4)))
        await asyncio.sleep(2)
        assert await held(desk) == {PositionSide.SHORT: amount}
        heard = {leg: desk.fold.positions[symbol, leg].amount for leg in LEGS}
        assert heard == {PositionSide.LONG: 0, PositionSide.SHORT: amount}
        assert [fill.position_side for fill in desk.fold.fills_of(take.ref.intent_id)] == [PositionSide.LONG]
        with pytest.raises(Rejected) as caught:
            await desk.adapter.set_position_mode(PositionMode.NET)
        assert caught.value.reason in (Reason.OPEN_ORDERS, Reason.OPEN_POSITION)
        # The long leg's stop is an orphan and ends before the next entry; the other leg's protects a position.
        await desk.adapter.place(trade(desk, PositionSide.LONG))
        live = [order.ref.venue_id for order in await desk.adapter.open_orders(symbol)]
        assert live == [stops[1].ref.venue_id]

    flow(profile, story, symbol=symbol)


def test_an_order_is_amended_on_its_leg_where_the_venue_does_not_amend() -> None:
    async def story(desk: Desk) -> None:
        await desk.adapter.set_position_mode(PositionMode.HEDGE)
        wish = structs.replace(desk.wish(desk.below(2)), position_side=PositionSide.LONG)
        placed = await desk.adapter.place(wish)
        amended: Order = await desk.adapter.amend(placed.ref, desk.below(3), None)
        assert (amended.position_side, amended.replaces) == (PositionSide.LONG, placed.ref.venue_id)
        assert await desk.live() == [(desk.below(3), wish.amount)]
        await desk.adapter.cancel(amended.ref)
        await asyncio.sleep(1)
        assert desk.fold.orders[wish.intent_id].status is OrderStatus.CANCELED

    flow("field", story)


@each_product
def test_a_refused_leverage_says_that_the_margin_mode_is_set(symbol: str) -> None:
    async def story(desk: Desk) -> None:
        with pytest.raises(Rejected) as caught:
            await desk.adapter.set_margin(symbol, MarginMode.ISOLATED, Decimal(500))
        assert caught.value.reason is Reason.BAD_PARAMETER
        assert "isolated" in str(caught.value)
        await desk.adapter.set_margin(symbol, MarginMode.ISOLATED, Decimal(7))
        await desk.adapter.place(trade(desk, PositionSide.NET))
        (position,) = await desk.adapter.positions()
        assert (position.margin_mode, position.leverage) == (MarginMode.ISOLATED, Decimal(7))
        with pytest.raises(Rejected) as caught:
            await desk.adapter.set_margin(symbol, MarginMode.CROSS, None)
        assert caught.value.reason is Reason.OPEN_POSITION

    flow("vendor", story, symbol=symbol)


def test_a_setting_that_another_client_changed_is_looked_at_soon() -> None:
    async def story(desk: Desk) -> None:
        other = make_adapter(desk.endpoint, desk.venue.credentials)
        await other.start()
        await asyncio.sleep(1)
        before = desk.requests(Operation.POSITIONS)
        await other.set_margin(SYMBOL, None, Decimal(7))
        await asyncio.sleep(1)
        assert desk.requests(Operation.POSITIONS) == before + 1
        await other.close()

    flow("vendor", story)


def test_adapters_of_both_products_can_share_one_limiter() -> None:
    async def story(desk: Desk) -> None:
        for _ in range(2):
            await desk.adapter.book(SYMBOL, 1000)
        other = make_adapter_with(
            structs.replace(desk.endpoint, product="inverse"), desk.venue.credentials, limited.parts
        )
        with pytest.raises(RateLimited):
            await other.start()
        asked = {row.label.split(" ")[-1] for row in desk.venue.bench.wire()}
        assert "/fapi/v1/exchangeInfo" in asked
        assert "/dapi/v1/exchangeInfo" not in asked

    limited = Limited()
    flow("vendor", story, parts=limited.parts, listening=False)


class Limited:
    """One limiter for all adapters made of its parts: it lets through 76 units a minute."""

    def __init__(self) -> None:
        self.parts = replaced(PARTS, budget=self.budget)
        self._limiter: Budget | None = None

    def budget(self, now_ns: Callable[[], int]) -> Budget:
        self._limiter = self._limiter or Budget(now_ns, share=0.032, patience_s=0)
        return self._limiter
