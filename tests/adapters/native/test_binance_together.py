"""What becomes of calls that cross each other, or the adapter's own end, at a simulated Binance."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from decimal import Decimal

import pytest
from msgspec import structs
from venue_desk import SYMBOL, Desk, ProfileName, each_profile, flow

from venueproof_adapters.native import make_adapter
from venueproof_adapters.native.binance.adapter import Binance
from venueproof_adapters.native.binance.stream import BinanceAccountSource
from venueproof_contracts.actions import (
    DelayMessage,
    Drop,
    DropManner,
    DropMessage,
    FillOrder,
    Freeze,
    Lag,
    LoseReply,
    LoseRequest,
    Maintenance,
    Matcher,
    Operation,
    PrintTrade,
    Topic,
)
from venueproof_contracts.errors import AdapterError, OutcomeUnknown, Reason, Rejected, Unsupported
from venueproof_contracts.model import (
    Channel,
    Instrument,
    Intent,
    OrderRef,
    OrderStatus,
    Side,
    TimeInForce,
    Trigger,
    TriggerKind,
)


@each_profile
def test_orders_of_one_batch_do_not_trade_with_each_other(profile: ProfileName) -> None:
    async def story(desk: Desk) -> None:
        inside = desk.bid + Decimal("0.1")
        sell, buy = structs.replace(desk.wish(inside), side=Side.SELL), desk.wish(inside)
        await desk.adapter.place_many([sell, buy])
        truth = await desk.venue.bench.truth()
        assert truth.fills == ()
        assert [order.side for order in truth.live_orders()] == [Side.BUY]

    flow(profile, story)


def test_a_fill_is_that_of_its_intent_also_where_answers_about_orders_lag() -> None:
    async def story(desk: Desk) -> None:
        other = make_adapter(desk.endpoint, desk.venue.credentials)
        await other.start()
        wishes = [desk.wish(), desk.wish()]
        for wish in wishes:
            await desk.adapter.place(wish)
            fills = await other.fills(SYMBOL, None)
            await desk.do(Lag(Operation.ORDER, Decimal(3)))
        await other.close()
        assert {fill.ref.intent_id for fill in fills} == {wish.intent_id for wish in wishes}

    flow("vendor", story)


def test_no_order_takes_the_place_of_one_that_filled_while_the_venue_was_slow_to_refuse_the_amendment() -> None:
    async def story(desk: Desk) -> None:
        order = await desk.rest()
        await desk.do(Freeze(Decimal(2)))
        amending = asyncio.create_task(desk.adapter.amend(order.ref, desk.below(3), None))
        await asyncio.sleep(0.5)
        await desk.do(FillOrder(SYMBOL, str(order.ref.venue_id)))
        with pytest.raises(Rejected) as caught:
            await amending
        assert caught.value.reason is Reason.UNKNOWN_ORDER
        assert desk.requests(Operation.PLACE) == 1
        await desk.view_is_true()

    flow("field", story)


def closing_stop(desk: Desk) -> Intent:
    wish = structs.replace(desk.wish(), side=Side.SELL, amount=Decimal(0), close_position=True)
    return structs.replace(wish, trigger=Trigger(TriggerKind.STOP, desk.below(5)))


def test_canceling_all_ends_what_an_amendment_in_flight_places_after_it() -> None:
    async def story(desk: Desk) -> None:
        await desk.adapter.place(desk.wish())
        stop = await desk.adapter.place(closing_stop(desk))
        await desk.do(DelayMessage(Matcher(operation=Operation.CANCEL), Decimal(2)))
        amending = asyncio.create_task(desk.adapter.amend(stop.ref, desk.below(4), None))
        await asyncio.sleep(0.5)
        await desk.adapter.cancel_all(SYMBOL)
        assert not (await desk.venue.bench.truth()).live_orders()
        await amending
        await asyncio.sleep(5)
        assert not (await desk.venue.bench.truth()).live_orders()

    flow("vendor", story)


def test_canceling_all_ends_at_once_what_stands_whatever_is_in_flight() -> None:
    async def story(desk: Desk) -> None:
        order = await desk.rest()
        await desk.rest(3)
        await desk.do(DelayMessage(Matcher(operation=Operation.AMEND), Decimal(4)))
        amending = asyncio.create_task(desk.adapter.amend(order.ref, desk.below(4), None))
        await asyncio.sleep(0.5)
        ending = asyncio.create_task(desk.adapter.cancel_all(SYMBOL))
        await asyncio.sleep(0.5)
        assert not await desk.live()
        await asyncio.gather(amending, ending, return_exceptions=True)
        assert not await desk.live()

    flow("vendor", story)


def test_a_trailing_order_whose_terms_the_venue_does_not_tell_is_not_amended_by_half() -> None:
    async def story(desk: Desk) -> None:
        await desk.adapter.place(desk.wish())
        trailing = Trigger(TriggerKind.TRAILING, offset=Decimal(500))
        wish = structs.replace(desk.wish(), side=Side.SELL, trigger=trailing)
        placed = await desk.adapter.place(wish)
        again = make_adapter(desk.endpoint, desk.venue.credentials)
        await again.start()
        with pytest.raises(Unsupported):
            await again.amend(OrderRef(SYMBOL, wish.intent_id, conditional=True), None, Decimal("0.02"))
        await again.close()
        (true,) = (await desk.venue.bench.truth()).live_orders()
        assert (true.ref.venue_id, true.amount) == (placed.ref.venue_id, wish.amount)

    flow("vendor", story)


def test_what_became_of_a_placement_is_told_once_the_venue_can_be_asked_again() -> None:
    async def story(desk: Desk) -> None:
        await desk.do(LoseReply(Matcher(operation=Operation.PLACE)), DropMessage(Matcher(topic=Topic.ORDER, first=0)))
        await desk.do(LoseRequest(Matcher(operation=Operation.ORDER, first=3)))
        wish = structs.replace(desk.wish(desk.below(2)), time_in_force=TimeInForce.IOC)
        placing = asyncio.create_task(desk.adapter.place(wish))
        await asyncio.sleep(0.1)
        await desk.do(Maintenance(Decimal(30)))
        with pytest.raises(OutcomeUnknown):
            await placing
        assert wish.intent_id not in desk.fold.orders
        await asyncio.sleep(92)
        assert desk.fold.orders[wish.intent_id].status is OrderStatus.EXPIRED

    flow("vendor", story)


# --- life ----------------------------------------------------------------------------------------------------------


def test_closing_wakes_who_waits_for_a_subscription() -> None:
    async def story(desk: Desk) -> None:
        await desk.do(DelayMessage(Matcher(operation=Operation.STREAM_CREDENTIAL), Decimal(5)))
        waiting = asyncio.create_task(desk.adapter.subscribe(Channel.ACCOUNT, None))
        await asyncio.sleep(1)
        await desk.adapter.close()
        with pytest.raises(AdapterError):
            await asyncio.wait_for(waiting, 1)

    flow("vendor", story, listening=False)


def test_who_subscribes_twice_at_once_hears_once_and_leaves_nothing_behind() -> None:
    async def story(desk: Desk) -> None:
        before = asyncio.all_tasks()
        await asyncio.gather(*(desk.adapter.subscribe(Channel.ACCOUNT, None) for _ in range(2)))
        await desk.rest()
        await asyncio.sleep(1)
        await desk.adapter.unsubscribe(Channel.ACCOUNT, None)
        assert not [task for task in asyncio.all_tasks() - before if "venueproof_adapters" in repr(task)]
        assert len(desk.fold.order_steps) == 1

    flow("vendor", story, listening=False)


def test_a_channel_asked_for_while_another_is_being_confirmed_is_delivered_too() -> None:
    async def story(desk: Desk) -> None:
        await desk.do(DelayMessage(Matcher(topic=Topic.SESSION), Decimal(2)))
        first = asyncio.create_task(desk.adapter.subscribe(Channel.CANDLES, SYMBOL))
        await asyncio.sleep(1)
        await asyncio.gather(first, desk.adapter.subscribe(Channel.TRADES, SYMBOL))
        await desk.do(PrintTrade(SYMBOL, desk.bid, Decimal(1), Side.BUY))
        await asyncio.sleep(1)
        assert [trade.amount for trade in desk.fold.trades] == [1]

    flow("vendor", story, listening=False)


def test_a_feed_of_what_is_listed_no_more_does_not_keep_the_others_down(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(desk: Desk) -> None:
        gone = "ETH/USDT:USDT"
        for symbol in (gone, SYMBOL):
            await desk.adapter.subscribe(Channel.TRADES, symbol)
        load = Binance.load
        monkeypatch.setattr(Binance, "load", lambda self: without(gone, load(self)))
        await desk.adapter.instruments()
        await desk.do(Drop(DropManner.RESET))
        await asyncio.sleep(10)
        await desk.do(PrintTrade(SYMBOL, desk.bid, Decimal(1), Side.BUY))
        await asyncio.sleep(1)
        assert [trade.amount for trade in desk.fold.trades] == [1]
        await desk.adapter.unsubscribe(Channel.TRADES, gone)

    flow("vendor", story, listening=False)


async def without(symbol: str, load: Awaitable[Sequence[Instrument]]) -> list[Instrument]:
    return [one for one in await load if one.symbol != symbol]


def test_a_fault_of_the_adapter_ends_one_connection_and_is_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(desk: Desk) -> None:
        handle = BinanceAccountSource.handle

        def faulty(*_: object) -> None:
            monkeypatch.setattr(BinanceAccountSource, "handle", handle)
            raise KeyError("a fault")

        monkeypatch.setattr(BinanceAccountSource, "handle", faulty)
        await desk.rest()
        await asyncio.sleep(5)
        await desk.rest(3)
        await asyncio.sleep(1)
        await desk.view_is_true()

    flow("vendor", story)
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == [
        "account: a connection ended by a fault of the adapter: KeyError"
    ]


@pytest.mark.parametrize("loss", [LoseRequest, LoseReply])
def test_a_lost_cancellation_is_sent_again_at_once(loss: type[LoseRequest | LoseReply]) -> None:
    async def story(desk: Desk) -> None:
        order = await desk.rest()
        await desk.rest(3)
        for call in (desk.adapter.cancel(order.ref), desk.adapter.cancel_all(SYMBOL)):
            live = len(await desk.live())
            await desk.do(
                loss(Matcher(operation=Operation.CANCEL)), loss(Matcher(operation=Operation.CANCEL_ALL, first=2))
            )
            await asyncio.wait_for(call, 1)
            assert len(await desk.live()) == live - 1

    flow("vendor", story)
