"""Whole flows of our adapters against their simulators, in virtual time: troubles that no clause names."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from decimal import Decimal

import pytest
from msgspec import structs
from venue_desk import PARTS, PROFILES, SYMBOL, Desk, ProfileName, each_profile, each_venue, flow

from venueproof.simulation import simulate
from venueproof.virtual import run
from venueproof_adapters.kit.parts import replaced
from venueproof_adapters.native import make_adapter
from venueproof_contracts.actions import (
    AddLiquidity,
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
from venueproof_contracts.errors import AdapterError, Banned, NotSent, Reason, Rejected
from venueproof_contracts.model import (
    Channel,
    Order,
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
SETTLED_S = {("ban", "field", "binance"): 700 + RECOVERED_S}
SETTLED_S |= {("ban", profile, "bybit"): 640 + RECOVERED_S for profile in PROFILES}
"""The one request that finds out about the ban makes it longer on one; on the other nothing says when it is over."""


@each_venue
@each_profile
@pytest.mark.parametrize("trouble", STREAM_TROUBLES)
def test_the_view_is_the_venues_again_after(trouble: str, profile: ProfileName, at: str) -> None:
    async def story(desk: Desk) -> None:
        first, second = await desk.rest(2), await desk.rest(3)
        await desk.adapter.place(desk.wish())
        await asyncio.sleep(1)
        await desk.do(*STREAM_TROUBLES[trouble])
        await desk.do(PartlyFill(SYMBOL, str(first.ref.venue_id), Decimal("0.01")))
        await asyncio.sleep(0.3)
        await desk.do(FillOrder(SYMBOL, str(first.ref.venue_id)))
        await asyncio.sleep(SETTLED_S.get((trouble, profile, at), 40 + RECOVERED_S))
        await desk.view_is_true()
        await desk.do(FillOrder(SYMBOL, str(second.ref.venue_id)))
        await asyncio.sleep(3)
        await desk.view_is_true()
        filled = [step.filled for step in desk.fold.order_steps if step.ref == first.ref]
        assert filled == sorted(filled)

    flow(profile, story, at=at)


@each_venue
def test_a_stream_is_replaced_before_the_venue_cuts_it(at: str) -> None:
    async def story(desk: Desk) -> None:
        order = await desk.rest()
        await asyncio.sleep(25 * 3600)
        downs = [event.reason for event in desk.fold.stream if event.state is StreamState.DOWN]
        assert downs == ["renewed before the venue's cut"]
        await desk.do(FillOrder(SYMBOL, str(order.ref.venue_id)))
        await asyncio.sleep(1)
        await desk.view_is_true()

    flow("vendor", story, at=at, parts=replaced(PARTS, reconcile_every_s=3600.0))


@each_venue
def test_market_streams_are_whole_again_after_a_break(at: str) -> None:
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

    flow("vendor", story, at=at, listening=False)


# --- orders --------------------------------------------------------------------------------------------------------


@each_venue
@each_profile
@pytest.mark.parametrize("percent", [2, None])
def test_an_intent_sent_twice_is_one_order(percent: int | None, profile: ProfileName, at: str) -> None:
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

    flow(profile, story, at=at)


@each_venue
def test_a_refused_intent_may_be_sent_again(at: str) -> None:
    async def story(desk: Desk) -> None:
        wish = desk.wish(desk.below(2))
        await desk.do(RejectOrders(Reason.INSUFFICIENT_MARGIN))
        with pytest.raises(Rejected):
            await desk.adapter.place(wish)
        assert (await desk.adapter.place(wish)).status is OrderStatus.OPEN

    flow("vendor", story, at=at)


@each_venue
@each_profile
def test_a_placement_that_was_given_up_is_not_doubled(profile: ProfileName, at: str) -> None:
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

    flow(profile, story, at=at)


@each_venue
@each_profile
@pytest.mark.parametrize("operation", [Operation.PLACE, Operation.CANCEL, Operation.AMEND, Operation.CANCEL_ALL])
@pytest.mark.parametrize("loss", [LoseReply, LoseRequest])
def test_a_lost_message_is_told_as_it_is(
    loss: type[LoseReply | LoseRequest], operation: Operation, profile: ProfileName, at: str
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
        refused_anyway = (profile, at) == ("field", "binance") and operation is Operation.AMEND
        assert arrived or loss is LoseRequest or refused_anyway
        await asyncio.sleep(RECOVERED_S)
        await desk.view_is_true()

    flow(profile, story, at=at)


@each_venue
@each_profile
def test_a_cancel_that_comes_too_late_says_so_and_the_fill_is_heard(profile: ProfileName, at: str) -> None:
    async def story(desk: Desk) -> None:
        order = await desk.rest()
        await desk.do(FillOrder(SYMBOL, str(order.ref.venue_id)))
        with pytest.raises(Rejected) as caught:
            await desk.adapter.cancel(order.ref)
        assert caught.value.reason is Reason.UNKNOWN_ORDER
        await asyncio.sleep(1)
        assert (await desk.adapter.order(order.ref)).status is OrderStatus.FILLED
        await desk.view_is_true()

    flow(profile, story, at=at)


@pytest.mark.parametrize("lost", [None, LoseReply, LoseRequest])
@each_venue
@each_profile
def test_each_order_of_a_batch_has_a_fate_of_its_own(
    lost: type[LoseReply | LoseRequest] | None, profile: ProfileName, at: str
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
        last = Order if at == "binance" else sent  # whose batches are too small for it
        assert reasons == [sent, bad, sent, Reason.DUPLICATE_ID, Reason.UNKNOWN_INSTRUMENT, last]
        live = [desk.below(percent) for percent in ((2, 4) if sent is Order else ())]
        live += [desk.below(7)] if last is Order else []
        assert sorted(price for price, _ in await desk.live() if price) == sorted(live)
        assert desk.requests(Operation.PLACE_MANY) == 1

    flow(profile, story, at=at)


# --- life ----------------------------------------------------------------------------------------------------------


@each_venue
def test_a_failed_start_leaves_nothing_and_nothing_is_sent_into_a_ban(at: str) -> None:
    async def main() -> None:
        async with simulate(at, seed=3) as venue:
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


@each_venue
def test_after_close_every_call_raises_and_a_waiting_listener_is_woken(at: str) -> None:
    async def main() -> None:
        async with simulate(at, seed=3) as venue:
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
