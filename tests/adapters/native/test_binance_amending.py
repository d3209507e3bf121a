"""Amendments and what befalls them: whole flows of the Binance adapter against its simulator."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from msgspec import structs
from venue_desk import SYMBOL, Desk, ProfileName, each_profile, flow

from venueproof_adapters.kit import assembly
from venueproof_adapters.kit.amender import Amender, Ended
from venueproof_adapters.native import make_adapter
from venueproof_contracts.actions import (
    AnswerError,
    DropMessage,
    ExpireOrder,
    FillOrder,
    LoseReply,
    LoseRequest,
    Matcher,
    Operation,
    PartlyFill,
    RejectOrders,
    Topic,
    TriggerOrder,
)
from venueproof_contracts.errors import OutcomeUnknown, Reason, Rejected, VenueDown
from venueproof_contracts.model import Instrument, Intent, Order, OrderRef, OrderStatus, Side, Trigger, TriggerKind


@each_profile
@pytest.mark.parametrize("lost", [None, Operation.CANCEL, Operation.PLACE])
def test_amending_a_partly_filled_order(lost: Operation | None, profile: ProfileName) -> None:
    async def story(desk: Desk) -> None:
        order = await desk.rest(post_only=True)
        await desk.do(PartlyFill(SYMBOL, str(order.ref.venue_id), Decimal("0.01")))
        await asyncio.sleep(1)
        if lost is not None:
            await desk.do(LoseReply(Matcher(operation=lost)))
        amended = await desk.adapter.amend(order.ref, desk.below(3), Decimal("0.05"))
        assert (amended.amount, amended.filled) == (Decimal("0.05"), Decimal("0.01"))
        assert amended.average_price == order.price
        assert amended.post_only
        assert await desk.live() == [(desk.below(3), Decimal("0.04"))]
        twice = await desk.adapter.amend(amended.ref, desk.below(4), None)
        assert (twice.amount, twice.price, twice.filled) == (Decimal("0.05"), desk.below(4), Decimal("0.01"))
        await desk.do(FillOrder(SYMBOL, str(twice.ref.venue_id)))
        await asyncio.sleep(1)
        told = desk.fold.orders[order.ref.intent_id]
        assert (told.status, told.filled) == (OrderStatus.FILLED, Decimal("0.05"))
        assert sum(fill.amount for fill in desk.fold.fills_of(order.ref.intent_id)) == Decimal("0.05")
        ends = [step for step in desk.fold.order_steps if step.status.final]
        assert [step.status for step in ends] == [OrderStatus.FILLED]

    flow(profile, story)


def test_a_replacement_that_the_venue_refuses_leaves_the_order_as_it_was() -> None:
    async def story(desk: Desk) -> None:
        order = await desk.rest()
        await desk.do(RejectOrders(Reason.INSUFFICIENT_MARGIN))
        with pytest.raises(Rejected) as caught:
            await desk.adapter.amend(order.ref, desk.below(3), Decimal("0.08"))
        assert caught.value.reason is Reason.INSUFFICIENT_MARGIN
        assert await desk.live() == [(desk.below(2), Decimal("0.04"))]
        await asyncio.sleep(1)
        assert desk.fold.orders[order.ref.intent_id].status is OrderStatus.OPEN

    flow("field", story)


@each_profile
@pytest.mark.parametrize(
    ("price", "amount", "reason"),
    [
        ("same", "0.04", Reason.NO_CHANGE),
        ("50000.05", "0.04", Reason.PRECISION),
        ("55000", "0.001", Reason.BELOW_MINIMUM),
    ],
)
def test_a_bad_amendment_leaves_the_order_alone(price: str, amount: str, reason: Reason, profile: ProfileName) -> None:
    async def story(desk: Desk) -> None:
        order = await desk.rest()
        wanted = order.price if price == "same" else Decimal(price)
        with pytest.raises(Rejected) as caught:
            await desk.adapter.amend(order.ref, wanted, Decimal(amount))
        assert caught.value.reason is reason
        assert await desk.live() == [(order.price, Decimal("0.04"))]

    flow(profile, story)


def test_a_replaced_order_is_known_after_a_restart() -> None:
    async def story(desk: Desk) -> None:
        order = await desk.rest()
        await desk.do(PartlyFill(SYMBOL, str(order.ref.venue_id), Decimal("0.01")))
        await asyncio.sleep(1)
        new = await desk.adapter.amend(order.ref, desk.below(3), None)
        again = make_adapter(desk.venue.endpoint(), desk.venue.credentials)
        await again.start()
        (listed,) = await again.open_orders(SYMBOL)
        asked = await again.order(OrderRef(SYMBOL, order.ref.intent_id))
        for seen in (listed, asked):
            assert seen.ref == new.ref
            assert (seen.amount, seen.filled, seen.replaces) == (
                Decimal("0.04"),
                Decimal("0.01"),
                order.ref.venue_id,
            )
        fills = await again.fills(SYMBOL, None)
        assert [fill.ref.intent_id for fill in fills] == [order.ref.intent_id]
        await again.cancel(OrderRef(SYMBOL, order.ref.intent_id))
        await again.close()
        assert await desk.live() == []

    flow("field", story)


class FillsInBetween(Amender):
    """Lets a stranger fill some of the old order, or all of it, once the new one stands beside it."""

    desk: Desk
    amount: Decimal

    async def _old_after(self, instrument: Instrument, old: Order, new: Order, wish: Intent) -> Order:
        assert len(await self.desk.live()) == 2
        await self.desk.do(PartlyFill(SYMBOL, str(old.ref.venue_id), self.amount))
        return await super()._old_after(instrument, old, new, wish)


@pytest.mark.parametrize(("amount", "left"), [("0.01", ["0.07"]), ("0.04", [])])
def test_what_the_old_order_fills_beside_the_new_one_is_taken_off_it(
    amount: str, left: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(desk: Desk) -> None:
        order = await desk.rest()
        FillsInBetween.desk, FillsInBetween.amount = desk, Decimal(amount)
        amending = desk.adapter.amend(order.ref, desk.below(3), Decimal("0.08"))
        if left:
            amended = await amending
            assert (amended.amount, amended.filled) == (Decimal("0.08"), Decimal(amount))
        else:
            with pytest.raises(Rejected) as caught:
                await amending
            assert caught.value.reason is Reason.UNKNOWN_ORDER
        assert await desk.live() == [(desk.below(3), Decimal(one)) for one in left]
        await asyncio.sleep(1)
        told = desk.fold.orders[order.ref.intent_id]
        assert told.filled == Decimal(amount)
        assert told.status is (OrderStatus.FILLED if not left else OrderStatus.OPEN)

    monkeypatch.setattr(assembly, "Amender", FillsInBetween)
    flow("field", story)


class EndsInBetween(Amender):
    """The venue ends the old order by itself before we do."""

    desk: Desk

    async def _end(self, instrument: Instrument, order: Order) -> Ended:
        if order.ref.venue_id == "1":
            await self.desk.do(ExpireOrder(SYMBOL, "1"))
        return await super()._end(instrument, order)


@pytest.mark.parametrize("amount", ["0.08", "0.04"])
def test_an_order_that_ended_by_itself_is_not_replaced(amount: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(desk: Desk) -> None:
        order = await desk.rest(amount="0.08")
        EndsInBetween.desk = desk
        await desk.do(PartlyFill(SYMBOL, str(order.ref.venue_id), Decimal("0.04")))
        await asyncio.sleep(1)
        with pytest.raises(Rejected) as caught:
            await desk.adapter.amend(order.ref, desk.below(3), Decimal(amount))
        assert caught.value.reason is Reason.UNKNOWN_ORDER
        assert await desk.live() == []
        await asyncio.sleep(1)
        told = desk.fold.orders[order.ref.intent_id]
        assert (told.ref, told.status, told.filled) == (order.ref, OrderStatus.EXPIRED, Decimal("0.04"))

    monkeypatch.setattr(assembly, "Amender", EndsInBetween)
    flow("field", story)


def test_an_amendment_that_was_given_up_leaves_nothing_untold() -> None:
    async def story(desk: Desk) -> None:
        order = await desk.rest()
        await desk.do(LoseReply(Matcher(operation=Operation.CANCEL)), LoseRequest(Matcher(operation=Operation.CANCEL)))
        amending = asyncio.create_task(desk.adapter.amend(order.ref, desk.below(3), None))
        await asyncio.sleep(0.02)
        amending.cancel()
        await asyncio.gather(amending, return_exceptions=True)
        await asyncio.sleep(1)
        await desk.view_is_true()
        await desk.adapter.cancel_all(SYMBOL)
        await asyncio.sleep(1)
        await desk.view_is_true()

    flow("field", story)


def test_whoever_cancels_an_order_that_is_being_replaced_ends_the_new_one() -> None:
    async def story(desk: Desk) -> None:
        order = await desk.rest()
        amending = asyncio.create_task(desk.adapter.amend(order.ref, desk.below(3), None))
        await asyncio.sleep(0.008)
        canceled = await desk.adapter.cancel(order.ref)
        assert (await amending).ref == canceled.ref
        assert await desk.live() == []

    flow("field", story)


def test_an_order_that_cannot_be_ended_stays_and_the_new_one_goes() -> None:
    async def story(desk: Desk) -> None:
        order = await desk.rest()
        await desk.do(AnswerError(Matcher(operation=Operation.CANCEL), error="overloaded"))
        with pytest.raises(VenueDown):
            await desk.adapter.amend(order.ref, desk.below(3), None)
        assert await desk.live() == [(desk.below(2), Decimal("0.04"))]
        await asyncio.sleep(1)
        told = desk.fold.orders[order.ref.intent_id]
        assert (told.ref, told.status) == (order.ref, OrderStatus.OPEN)

    flow("field", story)


def test_where_neither_order_can_be_ended_both_are_told_of() -> None:
    async def story(desk: Desk) -> None:
        order = await desk.rest()
        await desk.do(AnswerError(Matcher(operation=Operation.CANCEL, first=2), error="overloaded"))
        with pytest.raises(OutcomeUnknown):
            await desk.adapter.amend(order.ref, desk.below(3), None)
        live = await desk.live()
        assert len(live) == 2
        listed = await desk.adapter.open_orders(SYMBOL)
        assert sorted((one.price, one.amount) for one in listed) == sorted(live)
        await desk.adapter.cancel_all(SYMBOL)
        await asyncio.sleep(1)
        assert all(one.status.final for one in desk.fold.orders.values())

    flow("field", story)


def selling_stop(desk: Desk) -> Intent:
    return structs.replace(desk.wish(), side=Side.SELL, trigger=Trigger(TriggerKind.STOP, desk.below(5)))


async def two_stops_of_one_intent(desk: Desk) -> Order:
    """A stop that was amended where neither it nor its successor could be ended."""
    stop = await desk.adapter.place(selling_stop(desk))
    await desk.do(AnswerError(Matcher(operation=Operation.CANCEL, first=2), error="overloaded"))
    with pytest.raises(OutcomeUnknown):
        await desk.adapter.amend(stop.ref, desk.below(6), None)
    assert len((await desk.venue.bench.truth()).live_orders()) == 2
    return stop


def test_of_two_live_orders_of_an_intent_each_one_is_looked_after() -> None:
    async def story(desk: Desk) -> None:
        stop = await two_stops_of_one_intent(desk)
        other = make_adapter(desk.endpoint, desk.venue.credentials)
        await other.start()
        await desk.do(DropMessage(Matcher(topic=Topic.ORDER, first=0)))
        await other.cancel_all(SYMBOL)
        await other.close()
        await asyncio.sleep(62)
        ended = {step.ref.venue_id for step in desk.fold.order_steps if step.status is OrderStatus.CANCELED}
        assert stop.ref.venue_id in ended
        assert len(ended) == 2

    flow("vendor", story)


class FiresInBetween(Amender):
    """The price of the old order comes before it can be ended."""

    desk: Desk
    both = False

    async def _old_after(self, instrument: Instrument, old: Order, new: Order, wish: Intent) -> Order:
        for order in (old, new) if self.both else (old,):
            await self.desk.do(TriggerOrder(SYMBOL, str(order.ref.venue_id)))
        return await super()._old_after(instrument, old, new, wish)


@pytest.mark.parametrize("lost", [None, LoseRequest, LoseReply])
def test_a_stop_that_fired_is_not_taken_for_one_that_was_ended(
    lost: type[LoseRequest | LoseReply] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(desk: Desk) -> None:
        FiresInBetween.desk = desk
        stop = await desk.adapter.place(selling_stop(desk))
        if lost is not None:
            await desk.do(lost(Matcher(operation=Operation.CANCEL)))
        with pytest.raises(Rejected) as caught:
            await desk.adapter.amend(stop.ref, desk.below(6), None)
        assert caught.value.reason is Reason.UNKNOWN_ORDER
        assert not (await desk.venue.bench.truth()).live_orders()
        await asyncio.sleep(1)
        assert desk.fold.conditionals[stop.ref.intent_id].status is OrderStatus.TRIGGERED

    monkeypatch.setattr(assembly, "Amender", FiresInBetween)
    flow("vendor", story)


def test_two_stops_that_fired_side_by_side_are_not_told_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(desk: Desk) -> None:
        FiresInBetween.desk = desk
        stop = await desk.adapter.place(selling_stop(desk))
        with pytest.raises(OutcomeUnknown, match="both"):
            await desk.adapter.amend(stop.ref, desk.below(6), None)
        await asyncio.sleep(1)
        assert sum(fill.amount for fill in desk.fold.fills_of(stop.ref.intent_id)) == 2 * stop.amount

    monkeypatch.setattr(FiresInBetween, "both", True)
    monkeypatch.setattr(assembly, "Amender", FiresInBetween)
    flow("vendor", story)


def test_a_stop_that_fired_unheard_is_not_replaced() -> None:
    async def story(desk: Desk) -> None:
        stop = await desk.adapter.place(selling_stop(desk))
        await desk.do(DropMessage(Matcher(topic=Topic.ORDER, first=0)), TriggerOrder(SYMBOL, str(stop.ref.venue_id)))
        with pytest.raises(Rejected) as caught:
            await desk.adapter.amend(stop.ref, desk.below(6), None)
        assert caught.value.reason is Reason.UNKNOWN_ORDER
        assert desk.requests(Operation.PLACE) == 1

    flow("vendor", story)
