"""Conditional orders, both legs and the inverse product: whole flows of the Binance adapter against its simulator."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from msgspec import structs
from venue_desk import SYMBOL, Desk, ProfileName, each_profile, flow

from venueproof_adapters.native import make_adapter
from venueproof_contracts.actions import (
    AnyAction,
    Drop,
    DropManner,
    DropMessage,
    DuplicateMessage,
    ExpireCredential,
    HoldTriggers,
    LoseReply,
    LoseRequest,
    Matcher,
    Operation,
    ReorderMessages,
    SetPrice,
    Topic,
)
from venueproof_contracts.errors import NotSent, Reason, Rejected, Unsupported
from venueproof_contracts.model import (
    Intent,
    OffsetUnit,
    Order,
    OrderRef,
    OrderStatus,
    OrderType,
    PositionSide,
    Side,
    Trigger,
    TriggerKind,
    TriggerPrice,
)

RECOVERED_S = 62
each_product = pytest.mark.parametrize("symbol", [SYMBOL, "BTC/USD:BTC"])


def held(symbol: str) -> str:
    return "0.04" if symbol == SYMBOL else "40"


def stop(desk: Desk, percent: int = 5, kind: TriggerKind = TriggerKind.STOP, **changes: object) -> Intent:
    """A protective sell of what is held, `percent` below the market (a take-profit: above)."""
    price = desk.below(percent if kind is TriggerKind.STOP else -percent)
    wish = structs.replace(desk.wish(None, held(desk.symbol)), side=Side.SELL, reduce_only=True)
    return structs.replace(structs.replace(wish, trigger=Trigger(kind, price)), **changes)


def closing(desk: Desk, percent: int = 5) -> Intent:
    return stop(desk, percent, amount=Decimal(0), reduce_only=False, close_position=True)


async def enter(desk: Desk) -> None:
    await desk.adapter.place(desk.wish(None, held(desk.symbol)))


async def waiting(desk: Desk) -> list[Order]:
    truth = await desk.venue.bench.truth()
    return [order for order in truth.live_orders() if order.ref.conditional]


@each_profile
@each_product
def test_a_stop_that_fires_becomes_an_order_of_the_same_intent(symbol: str, profile: ProfileName) -> None:
    async def story(desk: Desk) -> None:
        await enter(desk)
        wish = stop(desk)
        placed = await desk.adapter.place(wish)
        assert (placed.status, placed.ref.conditional, placed.trigger) == (OrderStatus.WAITING, True, wish.trigger)
        assert [order.ref for order in await desk.adapter.open_orders(symbol)] == [placed.ref]
        await desk.do(SetPrice(symbol, desk.below(6)))
        await asyncio.sleep(2)
        fired, became = desk.fold.conditionals[wish.intent_id], desk.fold.orders[wish.intent_id]
        assert (fired.status, fired.replaced_by) == (OrderStatus.TRIGGERED, became.ref.venue_id)
        assert (became.status, became.replaces) == (OrderStatus.FILLED, placed.ref.venue_id)
        assert became.average_price is not None
        assert [fill.ref for fill in desk.fold.fills_of(wish.intent_id)] == [became.ref]
        assert (await desk.adapter.order(placed.ref)).replaced_by == became.ref.venue_id
        assert (await desk.adapter.order(OrderRef(symbol, wish.intent_id))).ref == became.ref
        assert not await desk.adapter.positions()

    flow(profile, story, symbol=symbol)


TROUBLES: dict[str, tuple[AnyAction, ...]] = {
    "silent expiry": (ExpireCredential(silent=True),),
    "reset": (Drop(DropManner.RESET, refuse_s=Decimal(8)),),
    "all messages lost": (DropMessage(Matcher(topic=Topic.ORDER, first=0)), DropMessage(Matcher(topic=Topic.FILL))),
    "the order before its condition": (ReorderMessages(Matcher(topic=Topic.ORDER)),),
    "twice": (DuplicateMessage(Matcher(topic=Topic.ORDER, first=0)),),
}


@each_profile
@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_stop_that_fires_in_trouble_is_known_to_have_fired(trouble: str, profile: ProfileName) -> None:
    async def story(desk: Desk) -> None:
        await enter(desk)
        placed = await desk.adapter.place(stop(desk))
        await desk.do(*TROUBLES[trouble], SetPrice(SYMBOL, desk.below(6)))
        await asyncio.sleep(RECOVERED_S + 40)
        fired, became = desk.fold.conditionals[placed.ref.intent_id], desk.fold.orders[placed.ref.intent_id]
        assert (fired.status, fired.replaced_by) == (OrderStatus.TRIGGERED, became.ref.venue_id)
        assert (became.status, became.filled, became.replaces) == (
            OrderStatus.FILLED,
            placed.amount,
            placed.ref.venue_id,
        )
        fills = desk.fold.fills_of(placed.ref.intent_id)
        assert sum(fill.amount for fill in fills) == placed.amount
        assert desk.fold.positions[SYMBOL, PositionSide.NET].amount == 0

    flow(profile, story)


TERMS: list[tuple[Trigger, OrderType]] = [
    (Trigger(TriggerKind.STOP, Decimal(57000)), OrderType.MARKET),
    (Trigger(TriggerKind.STOP, Decimal(57000), watches=TriggerPrice.MARK), OrderType.LIMIT),
    (Trigger(TriggerKind.TAKE, Decimal(63000)), OrderType.LIMIT),
    (Trigger(TriggerKind.TAKE, Decimal(63000), watches=TriggerPrice.MARK), OrderType.MARKET),
    (
        Trigger(
            TriggerKind.TRAILING,
            offset=Decimal("2.5"),
            offset_unit=OffsetUnit.PERCENT,
            activation=Decimal(62000),
        ),
        OrderType.MARKET,
    ),
]


@each_product
@pytest.mark.parametrize(("trigger", "kind"), TERMS)
def test_what_is_asked_is_what_waits(trigger: Trigger, kind: OrderType, symbol: str) -> None:
    async def story(desk: Desk) -> None:
        price = Decimal(56900) if kind is OrderType.LIMIT else None
        wish = stop(desk, trigger=trigger, type=kind, price=price, reduce_only=False)
        placed = await desk.adapter.place(wish)
        (true,) = await waiting(desk)
        for told in (placed, true):
            assert (told.side, told.type, told.price, told.amount) == (wish.side, kind, price, wish.amount)
            assert told.trigger is not None
            asked = structs.replace(told.trigger, price=trigger.price)  # where a trailing one stands is not asked for
            assert asked == trigger
        assert true.ref.venue_id == placed.ref.venue_id

    flow("vendor", story, symbol=symbol)


@each_product
def test_a_trailing_offset_becomes_the_nearest_percentage(symbol: str) -> None:
    async def story(desk: Desk) -> None:
        price = (await desk.adapter.ticker(symbol)).last
        assert price is not None
        wish = stop(desk, trigger=Trigger(TriggerKind.TRAILING, offset=price * Decimal("0.0226")), reduce_only=False)
        placed = await desk.adapter.place(wish)
        assert placed.trigger is not None
        assert (placed.trigger.offset, placed.trigger.offset_unit) == (Decimal("2.3"), OffsetUnit.PERCENT)
        for offset, reason in ((price / 10_000, Reason.BELOW_MINIMUM), (price / 4, Reason.ABOVE_MAXIMUM)):
            with pytest.raises(Rejected) as caught:
                await desk.adapter.place(stop(desk, trigger=Trigger(TriggerKind.TRAILING, offset=offset)))
            assert caught.value.reason is reason
        assert desk.requests(Operation.PLACE) == 1

    flow("vendor", story, symbol=symbol)


def test_what_the_venue_has_no_words_for_is_not_sent() -> None:
    async def story(desk: Desk) -> None:
        index = Trigger(TriggerKind.STOP, desk.below(5), watches=TriggerPrice.INDEX)
        trailing = Trigger(TriggerKind.TRAILING, offset=Decimal(100))
        lower = desk.below(6)
        for wish in (
            stop(desk, trigger=index),
            stop(desk, trigger=trailing, type=OrderType.LIMIT, price=lower),
            structs.replace(closing(desk), type=OrderType.LIMIT, price=lower),
        ):
            with pytest.raises(Unsupported):
                await desk.adapter.place(wish)
        for wish in (structs.replace(closing(desk), trigger=None), stop(desk, trigger=Trigger(TriggerKind.STOP))):
            with pytest.raises(Rejected) as caught:
                await desk.adapter.place(wish)
            assert caught.value.reason is Reason.BAD_PARAMETER
        assert not desk.requests(Operation.PLACE)

    flow("vendor", story)


@each_product
@pytest.mark.parametrize("loss", [None, LoseReply, LoseRequest])
def test_the_outcome_of_a_lost_placement_is_asked_for(loss: type[LoseReply | LoseRequest] | None, symbol: str) -> None:
    async def story(desk: Desk) -> None:
        wish = stop(desk, reduce_only=False)
        if loss is not None:
            await desk.do(loss(Matcher(operation=Operation.PLACE)))
        try:
            assert (await desk.adapter.place(wish)).status is OrderStatus.WAITING
            arrived = True
        except NotSent:
            arrived = False
        assert arrived == (loss is not LoseRequest)
        assert len(await waiting(desk)) == arrived
        assert desk.requests(Operation.PLACE) == 1
        again = make_adapter(desk.endpoint, desk.venue.credentials)
        await again.start()
        if arrived:
            with pytest.raises(Rejected) as caught:
                await again.place(wish)
            assert caught.value.reason is Reason.DUPLICATE_ID
        else:
            await again.place(wish)
        await again.close()
        assert len(await waiting(desk)) == 1

    flow("vendor", story, symbol=symbol)


@each_product
def test_moving_a_stop_never_leaves_none(symbol: str) -> None:
    async def story(desk: Desk) -> None:
        await enter(desk)
        old = await desk.adapter.place(stop(desk, 5))
        moved = await desk.adapter.amend(old.ref, desk.below(4), None)
        (true,) = await waiting(desk)
        assert true.trigger is not None
        assert (true.trigger.price, true.amount, true.reduce_only) == (desk.below(4), old.amount, True)
        assert (moved.ref.intent_id, moved.replaces) == (old.ref.intent_id, old.ref.venue_id)
        with pytest.raises(Rejected) as caught:
            await desk.adapter.amend(moved.ref, desk.below(-4), None)
        assert caught.value.reason is Reason.WOULD_TRIGGER
        assert [order.ref.venue_id for order in await waiting(desk)] == [moved.ref.venue_id]
        await asyncio.sleep(1)
        told = desk.fold.conditionals[old.ref.intent_id]
        assert (told.ref, told.status) == (moved.ref, OrderStatus.WAITING)
        assert not [step for step in desk.fold.order_steps if step.ref.conditional and step.status.final]

    flow("vendor", story, symbol=symbol)


@each_product
def test_an_order_that_closes_the_position_is_not_lost_to_a_refused_one(symbol: str) -> None:
    async def story(desk: Desk) -> None:
        await enter(desk)
        old = await desk.adapter.place(closing(desk, 5))
        with pytest.raises(Rejected):
            await desk.adapter.place(closing(desk, 4))
        assert [order.ref.venue_id for order in await waiting(desk)] == [old.ref.venue_id]
        with pytest.raises(Rejected) as caught:
            await desk.adapter.amend(old.ref, desk.below(-4), None)
        assert caught.value.reason is Reason.WOULD_TRIGGER
        (back,) = await waiting(desk)
        assert back.trigger is not None
        assert (back.trigger.price, back.close_position) == (desk.below(5), True)
        moved = await desk.adapter.amend(old.ref, desk.below(4), None)
        (true,) = await waiting(desk)
        assert true.ref.venue_id == moved.ref.venue_id
        assert true.trigger is not None
        assert true.trigger.price == desk.below(4)
        await desk.do(SetPrice(symbol, desk.below(6)))
        await asyncio.sleep(2)
        assert desk.fold.orders[old.ref.intent_id].status is OrderStatus.FILLED
        assert not await desk.adapter.positions()

    flow("vendor", story, symbol=symbol)


@each_profile
def test_a_stop_that_is_stuck_is_told_to_protect_nothing(profile: ProfileName) -> None:
    async def story(desk: Desk) -> None:
        await enter(desk)
        wish = stop(desk)
        placed = await desk.adapter.place(wish)
        await desk.do(HoldTriggers(on=True), SetPrice(SYMBOL, desk.below(6)))
        await asyncio.sleep(1)
        assert desk.fold.conditionals[wish.intent_id].status is OrderStatus.TRIGGERING
        await asyncio.sleep(8)
        told = desk.fold.conditionals[wish.intent_id]
        assert told.status is OrderStatus.TRIGGERING
        assert "protects nothing" in told.reason
        with pytest.raises(Rejected) as caught:
            await desk.adapter.cancel(placed.ref)
        assert caught.value.reason is Reason.UNKNOWN_ORDER
        with pytest.raises(Rejected) as caught:
            await desk.adapter.amend(placed.ref, desk.below(8), None)
        assert caught.value.reason is Reason.UNKNOWN_ORDER
        assert len(await waiting(desk)) == 1
        await desk.do(HoldTriggers(on=False))
        await asyncio.sleep(2)
        told = desk.fold.conditionals[wish.intent_id]
        assert (told.status, told.reason) == (OrderStatus.TRIGGERED, "")
        assert desk.fold.orders[wish.intent_id].status is OrderStatus.FILLED

    flow(profile, story)


@each_product
def test_what_only_reduced_a_closed_position_is_ended_before_the_next_entry(symbol: str) -> None:
    async def story(desk: Desk) -> None:
        await enter(desk)
        sibling = await desk.adapter.place(stop(desk))
        await desk.adapter.place(stop(desk, kind=TriggerKind.TAKE))
        await desk.do(SetPrice(symbol, desk.below(-6)))
        await asyncio.sleep(2)
        assert [order.ref.venue_id for order in await waiting(desk)] == [sibling.ref.venue_id]
        await enter(desk)
        assert await waiting(desk) == []
        await asyncio.sleep(1)
        assert desk.fold.conditionals[sibling.ref.intent_id].status is OrderStatus.CANCELED

    flow("vendor", story, symbol=symbol)


@each_product
def test_what_reduced_a_position_that_turned_is_ended_too(symbol: str) -> None:
    async def story(desk: Desk) -> None:
        await enter(desk)
        old = await desk.adapter.place(stop(desk))
        turning = structs.replace(desk.wish(None, held(symbol)), side=Side.SELL)
        await desk.adapter.place(structs.replace(turning, amount=turning.amount * 2))
        await asyncio.sleep(1)
        rising = desk.below(-5)
        new = await desk.adapter.place(stop(desk, side=Side.BUY, trigger=Trigger(TriggerKind.STOP, rising)))
        assert {order.ref.venue_id for order in await waiting(desk)} == {old.ref.venue_id, new.ref.venue_id}
        await desk.adapter.place(structs.replace(turning, intent_id="more of it"))
        assert [order.ref.venue_id for order in await waiting(desk)] == [new.ref.venue_id]

    flow("vendor", story, symbol=symbol)


@each_profile
@each_product
def test_canceling_all_leaves_neither_kind(symbol: str, profile: ProfileName) -> None:
    async def story(desk: Desk) -> None:
        amount = held(symbol)
        await desk.rest(2, amount)
        first = await desk.adapter.place(stop(desk, reduce_only=False))
        await desk.adapter.place(stop(desk, 7, reduce_only=False))
        await desk.adapter.cancel(first.ref)
        assert len(await waiting(desk)) == 1
        await desk.adapter.cancel_all(symbol)
        assert not (await desk.venue.bench.truth()).live_orders()
        await asyncio.sleep(1)
        assert all(order.status is OrderStatus.CANCELED for order in desk.fold.conditionals.values())

    flow(profile, story, symbol=symbol)


def test_a_conditional_of_an_earlier_process_is_known() -> None:
    async def story(desk: Desk) -> None:
        await enter(desk)
        wish = stop(desk, intent_id="an intent id longer than the venue allows, with signs it does not know §")
        placed = await desk.adapter.place(wish)
        again = make_adapter(desk.endpoint, desk.venue.credentials)
        await again.start()
        (listed,) = await again.open_orders(SYMBOL)
        assert listed.ref.venue_id == placed.ref.venue_id
        moved = await again.amend(OrderRef(SYMBOL, wish.intent_id, conditional=True), desk.below(4), None)
        assert [order.ref.venue_id for order in await waiting(desk)] == [moved.ref.venue_id]
        await again.close()
        await desk.do(SetPrice(SYMBOL, desk.below(6)))
        await asyncio.sleep(2)
        fills = await desk.adapter.fills(SYMBOL, None)
        assert [fill.ref.intent_id for fill in fills[1:]] == [wish.intent_id]

    flow("vendor", story)
