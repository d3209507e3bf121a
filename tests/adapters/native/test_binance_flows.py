"""Whole flows of the Binance adapter against its simulator, in virtual time: troubles that no clause names."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from decimal import Decimal

import pytest
from binance_desk import PARTS, SYMBOL, Desk, ProfileName, each_profile, flow
from msgspec import structs

from venueproof.simulation import simulate
from venueproof.virtual import run
from venueproof_adapters.kit.amender import Amender
from venueproof_adapters.kit.parts import replaced
from venueproof_adapters.native import make_adapter
from venueproof_adapters.native.binance import adapter
from venueproof_contracts.actions import (
    AddLiquidity,
    AnswerError,
    AnyAction,
    Ban,
    Drop,
    DropManner,
    DropMessage,
    DuplicateMessage,
    ExpireCredential,
    FillOrder,
    Hold,
    Lag,
    LoseReply,
    LoseRequest,
    Maintenance,
    Matcher,
    Operation,
    PartlyFill,
    PrintTrade,
    RejectOrders,
    ReorderMessages,
    SessionKind,
    Topic,
)
from venueproof_contracts.errors import AdapterError, Banned, NotSent, OutcomeUnknown, Reason, Rejected, VenueDown
from venueproof_contracts.model import (
    Channel,
    Instrument,
    Intent,
    Order,
    OrderRef,
    OrderStatus,
    Side,
    StreamState,
)

RECOVERED_S = 62

# --- streams -------------------------------------------------------------------------------------------------------

STREAM_TROUBLES: dict[str, tuple[AnyAction, ...]] = {
    "silent expiry": (ExpireCredential(silent=True),),
    "told expiry": (ExpireCredential(silent=False),),
    "silent drop": (Drop(DropManner.SILENT),),
    "reset": (Drop(DropManner.RESET, refuse_s=Decimal(8)),),
    "close": (Drop(DropManner.CLOSE, code=1001, sessions=SessionKind.ACCOUNT),),
    "lost fill message": (DropMessage(Matcher(topic=Topic.ORDER)), DropMessage(Matcher(topic=Topic.FILL))),
    "lost position message": (
        DropMessage(Matcher(topic=Topic.POSITION)),
        DropMessage(Matcher(topic=Topic.BALANCE)),
    ),
    "late messages": (Hold(Topic.ORDER, Decimal(9)), Hold(Topic.FILL, Decimal(9))),
    "twice": tuple(DuplicateMessage(Matcher(topic=topic, first=0)) for topic in (Topic.ORDER, Topic.FILL)),
    "unordered": (ReorderMessages(Matcher(topic=Topic.ORDER)),),
    "lagging answers": tuple(
        Lag(operation, Decimal(3))
        for operation in (
            Operation.ORDER,
            Operation.OPEN_ORDERS,
            Operation.FILLS,
            Operation.POSITIONS,
            Operation.BALANCES,
        )
    ),
    "maintenance": (Drop(DropManner.RESET), Maintenance(Decimal(20))),
    "ban": (Drop(DropManner.RESET), Ban(Decimal(30))),
}
SETTLED_S = {("ban", "field"): 700 + RECOVERED_S}
"""The one request that finds out about the ban makes it longer there."""


@each_profile
@pytest.mark.parametrize("trouble", STREAM_TROUBLES)
def test_the_view_is_the_venues_again_after(trouble: str, profile: ProfileName) -> None:
    async def story(desk: Desk) -> None:
        first, second = await desk.rest(2), await desk.rest(3)
        await desk.adapter.place(desk.wish())
        await asyncio.sleep(1)
        await desk.do(*STREAM_TROUBLES[trouble])
        await desk.do(PartlyFill(SYMBOL, str(first.ref.venue_id), Decimal("0.01")))
        await asyncio.sleep(0.3)
        await desk.do(FillOrder(SYMBOL, str(first.ref.venue_id)))
        await asyncio.sleep(SETTLED_S[trouble, profile] if (trouble, profile) in SETTLED_S else 40 + RECOVERED_S)
        await desk.view_is_true()
        await desk.do(FillOrder(SYMBOL, str(second.ref.venue_id)))
        await asyncio.sleep(3)
        await desk.view_is_true()
        filled = [step.filled for step in desk.fold.order_steps if step.ref == first.ref]
        assert filled == sorted(filled)

    flow(profile, story)


def test_a_stream_is_replaced_before_the_venue_cuts_it() -> None:
    async def story(desk: Desk) -> None:
        order = await desk.rest()
        await asyncio.sleep(25 * 3600)
        downs = [event.reason for event in desk.fold.stream if event.state is StreamState.DOWN]
        assert downs == ["renewed before the venue's cut"]
        await desk.do(FillOrder(SYMBOL, str(order.ref.venue_id)))
        await asyncio.sleep(1)
        await desk.view_is_true()

    flow("vendor", story, parts=replaced(PARTS, reconcile_every_s=3600.0))


def test_market_streams_are_whole_again_after_a_break() -> None:
    async def story(desk: Desk) -> None:
        for channel in (Channel.BOOK, Channel.TRADES, Channel.CANDLES, Channel.TICKER):
            await desk.adapter.subscribe(channel, SYMBOL)
        trade = PrintTrade(SYMBOL, desk.bid, Decimal("0.01"), Side.SELL)
        await desk.do(trade)
        await asyncio.sleep(1)
        await desk.do(Drop(DropManner.RESET, sessions=SessionKind.MARKET, refuse_s=Decimal(3)), trade)
        await desk.do(AddLiquidity(SYMBOL, Side.BUY, desk.bid, Decimal("0.5")))
        await asyncio.sleep(20)
        await desk.do(trade)
        await asyncio.sleep(1)
        true = await desk.venue.bench.market(SYMBOL)
        heard = desk.fold.books[SYMBOL]
        assert (heard.bids[:10], heard.asks[:10]) == (true.book.bids[:10], true.book.asks[:10])
        assert [one.amount for one in desk.fold.trades] == [Decimal("0.01")] * 3
        assert desk.fold.tickers[SYMBOL].last == true.ticker.last
        for channel in (Channel.BOOK, Channel.TRADES, Channel.CANDLES, Channel.TICKER):
            states = [event.state for event in desk.fold.stream if event.channel is channel]
            assert states[0] is StreamState.UP
            assert states[-1] is StreamState.RESYNCED
            await desk.adapter.unsubscribe(channel, SYMBOL)
        mark = len(desk.fold.events)
        await desk.do(trade)
        await asyncio.sleep(1)
        assert len(desk.fold.events) == mark

    flow("vendor", story, listening=False)


# --- orders --------------------------------------------------------------------------------------------------------


@each_profile
@pytest.mark.parametrize("percent", [2, None])
def test_an_intent_sent_twice_is_one_order(percent: int | None, profile: ProfileName) -> None:
    async def story(desk: Desk) -> None:
        wish = desk.wish(None if percent is None else desk.below(percent))
        results = await asyncio.gather(*(desk.adapter.place(wish) for _ in range(3)), return_exceptions=True)
        assert sum(isinstance(one, Order) for one in results) == 1
        again = make_adapter(desk.venue.endpoint(), desk.venue.credentials)
        await again.start()
        with pytest.raises(Rejected) as caught:
            await again.place(wish)
        await again.close()
        assert caught.value.reason is Reason.DUPLICATE_ID
        assert len((await desk.venue.bench.truth()).orders) == 1

    flow(profile, story)


def test_a_refused_intent_may_be_sent_again() -> None:
    async def story(desk: Desk) -> None:
        wish = desk.wish(desk.below(2))
        await desk.do(RejectOrders(Reason.INSUFFICIENT_MARGIN))
        with pytest.raises(Rejected):
            await desk.adapter.place(wish)
        assert (await desk.adapter.place(wish)).status is OrderStatus.OPEN

    flow("vendor", story)


@each_profile
def test_a_placement_that_was_given_up_is_not_doubled(profile: ProfileName) -> None:
    async def story(desk: Desk) -> None:
        await desk.rest()
        wish = desk.wish()
        placing = asyncio.create_task(desk.adapter.place(wish))
        await asyncio.sleep(0.001)
        placing.cancel()
        await asyncio.gather(placing, return_exceptions=True)
        with suppress(Rejected):
            await desk.adapter.place(wish)
        assert len((await desk.venue.bench.truth()).fills) == 1

    flow(profile, story)


@each_profile
@pytest.mark.parametrize("operation", [Operation.PLACE, Operation.CANCEL, Operation.AMEND, Operation.CANCEL_ALL])
@pytest.mark.parametrize("loss", [LoseReply, LoseRequest])
def test_a_lost_message_is_told_as_it_is(
    loss: type[LoseReply | LoseRequest], operation: Operation, profile: ProfileName
) -> None:
    async def story(desk: Desk) -> None:
        order = await desk.rest()
        calls: dict[Operation, Callable[[], Awaitable[object]]] = {
            Operation.PLACE: lambda: desk.rest(3),
            Operation.CANCEL: lambda: desk.adapter.cancel(order.ref),
            Operation.AMEND: lambda: desk.adapter.amend(order.ref, desk.below(4), None),
            Operation.CANCEL_ALL: lambda: desk.adapter.cancel_all(SYMBOL),
        }
        done = {
            Operation.PLACE: [(desk.below(2), Decimal("0.04")), (desk.below(3), Decimal("0.04"))],
            Operation.CANCEL: [],
            Operation.AMEND: [(desk.below(4), Decimal("0.04"))],
            Operation.CANCEL_ALL: [],
        }
        await desk.do(loss(Matcher(operation=operation)))
        try:
            await calls[operation]()
            arrived = True
        except NotSent:
            arrived = False
        assert await desk.live() == (done[operation] if arrived else [(desk.below(2), Decimal("0.04"))])
        refused_anyway = profile == "field" and operation is Operation.AMEND
        assert arrived or loss is LoseRequest or refused_anyway
        await asyncio.sleep(RECOVERED_S)
        await desk.view_is_true()

    flow(profile, story)


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


@each_profile
def test_a_cancel_that_comes_too_late_says_so_and_the_fill_is_heard(profile: ProfileName) -> None:
    async def story(desk: Desk) -> None:
        order = await desk.rest()
        await desk.do(FillOrder(SYMBOL, str(order.ref.venue_id)))
        with pytest.raises(Rejected) as caught:
            await desk.adapter.cancel(order.ref)
        assert caught.value.reason is Reason.UNKNOWN_ORDER
        await asyncio.sleep(1)
        assert (await desk.adapter.order(order.ref)).status is OrderStatus.FILLED
        await desk.view_is_true()

    flow(profile, story)


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

    monkeypatch.setattr(adapter, "Amender", FillsInBetween)
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


@pytest.mark.parametrize("lost", [None, LoseReply, LoseRequest])
@each_profile
def test_each_order_of_a_batch_has_a_fate_of_its_own(
    lost: type[LoseReply | LoseRequest] | None, profile: ProfileName
) -> None:
    async def story(desk: Desk) -> None:
        wishes = [desk.wish(desk.below(percent)) for percent in (2, 3, 4, 5, 6, 7)]
        wishes[1] = structs.replace(wishes[1], amount=Decimal("0.0001"))
        wishes[3] = structs.replace(wishes[3], intent_id=wishes[2].intent_id)
        wishes[4] = structs.replace(wishes[4], instrument="BTCUSDT")
        if lost is not None:
            await desk.do(lost(Matcher(operation=Operation.PLACE_MANY)))
        answers = await desk.adapter.place_many(wishes)
        reasons = [answer.reason if isinstance(answer, Rejected) else type(answer) for answer in answers]
        sent = Order if lost is not LoseRequest else NotSent
        bad = Reason.PRECISION if lost is None else NotSent
        assert reasons == [sent, bad, sent, Reason.DUPLICATE_ID, Reason.UNKNOWN_INSTRUMENT, Order]
        live = [desk.below(percent) for percent in ((2, 4, 7) if sent is Order else (7,))]
        assert sorted(price for price, _ in await desk.live() if price) == sorted(live)
        assert desk.requests(Operation.PLACE_MANY) == 1

    flow(profile, story)


# --- life ----------------------------------------------------------------------------------------------------------


def test_a_failed_start_leaves_nothing_and_nothing_is_sent_into_a_ban() -> None:
    async def main() -> None:
        async with simulate("binance", seed=3) as venue:
            await venue.bench.do(Ban(Decimal(3600)))
            before = asyncio.all_tasks()
            adapter = make_adapter(venue.endpoint(), venue.credentials)
            with pytest.raises(Banned):
                await adapter.start()
            sent = len(venue.bench.wire())
            await asyncio.sleep(600)
            assert asyncio.all_tasks() == before
            assert len(venue.bench.wire()) == sent
            await adapter.close()

    run(main())


def test_after_close_every_call_raises_and_a_waiting_listener_is_woken() -> None:
    async def main() -> None:
        async with simulate("binance", seed=3) as venue:
            adapter = make_adapter(venue.endpoint(), venue.credentials)
            await adapter.start()
            waiting = asyncio.create_task(adapter.next_event())
            await asyncio.sleep(1)
            await adapter.close()
            with pytest.raises(AdapterError):
                await waiting
            with pytest.raises(NotSent):
                await adapter.balances()

    run(main())
