"""Whole flows of the OKX adapter against its simulator, in virtual time: duties that no clause names."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import cast

import pytest
from msgspec import structs
from venue_desk import SYMBOL, Desk, ProfileName, each_profile, flow

from venueproof.simulation import simulate
from venueproof.virtual import run
from venueproof_adapters.native import make_adapter
from venueproof_contracts.actions import (
    AnyAction,
    Drop,
    DropManner,
    DropMessage,
    DuplicateMessage,
    ExpireCredential,
    FillOrder,
    Hold,
    Lag,
    Maintenance,
    Matcher,
    Operation,
    PartlyFill,
    ReorderMessages,
    SetMode,
    SkewVenueClock,
    Topic,
)
from venueproof_contracts.adapter import Adapter
from venueproof_contracts.bench import WireKind
from venueproof_contracts.errors import AuthFailed, Reason, Rejected, Unsupported
from venueproof_contracts.model import (
    Channel,
    FillEvent,
    Intent,
    MarginMode,
    OrderStatus,
    OrderType,
    PositionMode,
    PositionSide,
    Side,
    StreamState,
    Trigger,
    TriggerKind,
)
from venueproof_simulators.venues.okx.venue import OkxVenue

INVERSE = "BTC/USD:BTC"
DEMO_STREAMS = "wss://wspap.okx.com:8443"
RECOVERED_S = 62


def okx(profile: ProfileName, story: Callable[[Desk], Awaitable[None]], symbol: str = SYMBOL) -> None:
    flow(profile, story, symbol=symbol, at="okx")


def sent(desk: Desk, contains: str) -> int:
    """Messages of the adapter that hold a text."""
    kinds = (WireKind.REQUEST, WireKind.FRAME_IN)
    return sum(row.kind in kinds and contains in row.text for row in desk.venue.bench.wire())


# --- streams ---------------------------------------------------------------------------------------------------------

LAGGING = (Operation.ORDER, Operation.OPEN_ORDERS, Operation.FILLS, Operation.POSITIONS, Operation.BALANCES)
TROUBLES: dict[str, tuple[AnyAction, ...]] = {
    "silent expiry": (ExpireCredential(silent=True),),
    "announced upgrade": (ExpireCredential(silent=False),),
    "silent drop": (Drop(DropManner.SILENT),),
    "reset": (Drop(DropManner.RESET, refuse_s=Decimal(8)),),
    "close": (Drop(DropManner.CLOSE, code=4004),),
    "lost fill messages": (DropMessage(Matcher(topic=Topic.FILL, first=2)),),
    "late messages": (Hold(Topic.ORDER, Decimal(9)), Hold(Topic.FILL, Decimal(9))),
    "twice": tuple(DuplicateMessage(Matcher(topic=topic, first=0)) for topic in (Topic.ORDER, Topic.FILL)),
    "unordered": (ReorderMessages(Matcher(topic=Topic.FILL)),),
    "lagging answers": tuple(Lag(operation, Decimal(3)) for operation in LAGGING),
    "maintenance": (Drop(DropManner.RESET), Maintenance(Decimal(20))),
    "a clock that is off": (Drop(DropManner.RESET), SkewVenueClock(40_000)),
}


@each_profile
@pytest.mark.parametrize("trouble", TROUBLES)
def test_the_view_is_the_venues_again_after(trouble: str, profile: ProfileName) -> None:
    async def story(desk: Desk) -> None:
        first, second = await desk.rest(2), await desk.rest(3)
        await desk.adapter.place(desk.wish())
        await asyncio.sleep(1)
        await desk.do(*TROUBLES[trouble])
        await desk.do(PartlyFill(SYMBOL, str(first.ref.venue_id), Decimal("0.01")))
        await asyncio.sleep(0.3)
        await desk.do(FillOrder(SYMBOL, str(first.ref.venue_id)))
        await asyncio.sleep(40 + RECOVERED_S)
        await desk.view_is_true()
        await desk.do(FillOrder(SYMBOL, str(second.ref.venue_id)))
        await asyncio.sleep(3)
        await desk.view_is_true()

    okx(profile, story)


def test_nothing_private_is_asked_for_before_the_login_is_answered() -> None:
    async def story(desk: Desk) -> None:
        await desk.do(DropMessage(Matcher(topic=Topic.SESSION, contains='"event":"login"')))
        before = sent(desk, '"op":"subscribe"')
        await desk.do(Drop(DropManner.RESET))
        await asyncio.sleep(4)
        assert sent(desk, '"op":"subscribe"') - before < 3, "two frames on the one line, one on the other"
        await asyncio.sleep(8)
        assert desk.fold.stream[-1].state is StreamState.RESYNCED
        await desk.rest()
        await desk.view_is_true()

    okx("field", story)


def test_a_first_login_that_is_refused_for_its_time_is_made_by_the_right_one() -> None:
    async def story(desk: Desk) -> None:
        await desk.do(SkewVenueClock(-40_000))
        await desk.adapter.subscribe(Channel.ACCOUNT, None)
        await desk.adapter.place(desk.wish())
        await asyncio.sleep(1)
        await desk.view_is_true()

    flow("vendor", story, listening=False, at="okx")


def test_a_fill_whose_order_was_not_told_is_found_by_its_id() -> None:
    async def story(desk: Desk) -> None:
        order = await desk.rest()
        await desk.do(DropMessage(Matcher(contains='"channel":"orders"', first=0)))
        await desk.do(FillOrder(SYMBOL, str(order.ref.venue_id)))
        await asyncio.sleep(8)
        (fill,) = desk.fold.fills
        assert (fill.ref.intent_id, fill.maker) == (order.ref.intent_id, True)
        assert fill.fee is not None
        assert fill.fee > 0
        assert desk.fold.orders[order.ref.intent_id].status is OrderStatus.FILLED

    okx("field", story)  # where fills are told without a client id


@each_profile
def test_where_the_channel_of_fills_is_refused_orders_tell_of_them(profile: ProfileName) -> None:
    async def story(desk: Desk) -> None:
        await desk.adapter.place(desk.wish())
        await asyncio.sleep(0.5)
        refused = [row for row in desk.venue.bench.wire() if '"code":"64003"' in row.text]
        assert bool(refused) is (profile == "vendor")
        await desk.view_is_true()
        first = {
            word: next(n for n, row in enumerate(desk.venue.bench.wire()) if f'"channel":"{word}"' in row.text)
            for word in ("fills", "orders")
        }
        assert first["fills"] < first["orders"]

    okx(profile, story)


@each_profile
def test_connections_are_made_at_the_pace_that_the_venue_allows(profile: ProfileName) -> None:
    async def story(desk: Desk) -> None:
        await asyncio.gather(*(desk.adapter.subscribe(one, SYMBOL) for one in Channel if one is not Channel.ACCOUNT))
        rows = [row.kind for row in desk.venue.bench.wire()]
        assert (rows.count(WireKind.OPEN), rows.count(WireKind.REFUSED)) == (4, 0)

    okx(profile, story)


def test_an_announced_upgrade_is_not_waited_for() -> None:
    async def story(desk: Desk) -> None:
        await desk.rest()
        await desk.do(ExpireCredential(silent=False))
        await asyncio.sleep(10)
        states = [one.state for one in desk.fold.stream[-3:]]
        assert states == [StreamState.DOWN, StreamState.UP, StreamState.RESYNCED]
        await asyncio.sleep(80)
        assert len(desk.fold.stream) == 4, "the old connections ended, and nobody listened to them any more"

    okx("vendor", story)


# --- orders ----------------------------------------------------------------------------------------------------------


def test_canceling_all_takes_as_many_requests_as_there_must_be() -> None:
    async def story(desk: Desk) -> None:
        await desk.adapter.place(desk.wish())
        await desk.adapter.place_many([desk.wish(desk.below(3), "0.01") for _ in range(24)])
        for number in range(12):
            stop = structs.replace(
                desk.wish(), side=Side.SELL, trigger=Trigger(TriggerKind.STOP, desk.below(4 + number))
            )
            await desk.adapter.place(stop)
        assert len((await desk.venue.bench.truth()).live_orders()) == 36
        await desk.adapter.cancel_all(SYMBOL)
        assert not (await desk.venue.bench.truth()).live_orders()
        assert (sent(desk, "cancel-batch-orders"), sent(desk, "cancel-algos")) == (2, 2)

    okx("vendor", story)


def test_what_an_earlier_process_sent_is_known_however_much_it_sent_after_that() -> None:
    async def story(desk: Desk) -> None:
        wish = desk.wish(amount="0.01")
        await desk.adapter.place(wish)
        for _ in range(6):
            await desk.adapter.place_many([desk.wish(amount="0.01") for _ in range(20)])
            await asyncio.sleep(2)
        later = make_adapter(desk.endpoint, desk.venue.credentials)
        await later.start()
        with pytest.raises(Rejected) as caught:
            await later.place(wish)
        assert caught.value.reason is Reason.DUPLICATE_ID
        await later.close()
        assert len((await desk.venue.bench.truth()).orders) == 121

    okx("vendor", story)


def test_fills_are_paged_back_to_where_they_are_asked_from() -> None:
    async def story(desk: Desk) -> None:
        order = await desk.rest(amount="1.2")
        for _ in range(120):
            await desk.do(PartlyFill(SYMBOL, str(order.ref.venue_id), Decimal("0.01")))
        other = make_adapter(desk.endpoint, desk.venue.credentials)
        await other.start()
        fills = await other.fills(SYMBOL, desk.venue.bench.now_ns() - 60 * 10**9)
        await other.close()
        true = (await desk.venue.bench.truth()).fills
        assert [fill.fill_id for fill in fills] == [fill.fill_id for fill in true]

    okx("vendor", story)


def test_candles_go_further_back_than_the_quick_list() -> None:
    async def story(desk: Desk) -> None:
        minute_ns = 60 * 10**9
        since_ns = (desk.venue.bench.now_ns() // minute_ns - 1700) * minute_ns
        candles = await desk.adapter.candles(SYMBOL, "1m", since_ns, 1650)
        assert [candle.open_ns for candle in candles] == [since_ns + number * minute_ns for number in range(1650)]

    okx("vendor", story)


# --- settings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("symbol", [SYMBOL, INVERSE])
def test_a_change_of_mode_takes_the_leverage_along(symbol: str) -> None:
    async def story(desk: Desk) -> None:
        await desk.adapter.set_margin(symbol, None, Decimal(7))
        await desk.adapter.set_margin(symbol, MarginMode.ISOLATED, None)
        await desk.adapter.place(desk.wish(amount="1"))
        (held,) = await desk.adapter.positions()
        assert (held.margin_mode, held.leverage) == (MarginMode.ISOLATED, Decimal(7))
        await desk.adapter.set_margin(symbol, None, Decimal(9))
        (true,) = (await desk.venue.bench.truth()).positions
        assert (true.margin_mode, true.leverage) == (MarginMode.ISOLATED, Decimal(9))

    okx("vendor", story, symbol)


def test_isolated_margin_has_a_leverage_for_each_leg() -> None:
    async def story(desk: Desk) -> None:
        await desk.adapter.set_position_mode(PositionMode.HEDGE)
        await desk.adapter.set_margin(SYMBOL, MarginMode.ISOLATED, Decimal(3))
        for side, leg in ((Side.BUY, PositionSide.LONG), (Side.SELL, PositionSide.SHORT)):
            await desk.adapter.place(structs.replace(desk.wish(), side=side, position_side=leg))
        assert [one.leverage for one in await desk.adapter.positions()] == [Decimal(3), Decimal(3)]

    okx("field", story)


def test_what_an_earlier_process_holds_is_reduced_in_its_own_mode() -> None:
    async def story(desk: Desk) -> None:
        await desk.adapter.set_margin(SYMBOL, MarginMode.ISOLATED, Decimal(4))
        await desk.adapter.place(desk.wish())
        later = make_adapter(desk.endpoint, desk.venue.credentials)
        await later.start()
        await later.place(structs.replace(desk.wish(), side=Side.SELL, reduce_only=True))
        await later.close()
        assert not [one for one in (await desk.venue.bench.truth()).positions if one.amount]

    okx("vendor", story)


def test_an_account_in_spot_mode_is_refused_at_the_start() -> None:
    async def story(desk: Desk) -> None:
        venue = cast(OkxVenue, desk.venue.simulator.venue)
        venue.desk.account(venue.account).level = "1"
        other = make_adapter(desk.endpoint, desk.venue.credentials)
        with pytest.raises(Unsupported):
            await other.start()

    okx("vendor", story)


def test_an_order_that_was_held_up_is_refused_and_not_executed_late() -> None:
    async def story(desk: Desk) -> None:
        await desk.do(SkewVenueClock(7_000))  # well inside the time that a stamp is good for
        order = await desk.rest()
        replies = [row.text for row in desk.venue.bench.wire() if row.kind is WireKind.REPLY]
        assert any('"code":"50036"' in text for text in replies), "refused by its own time to expire"
        assert [one.ref.venue_id for one in (await desk.venue.bench.truth()).orders] == [order.ref.venue_id]

    okx("vendor", story)


# --- demo trading ----------------------------------------------------------------------------------------------------


@each_profile
def test_demo_trading_has_its_own_streams_keys_and_header(profile: ProfileName) -> None:
    async def main() -> None:
        async with simulate("okx", seed=3, profile=profile) as venue:
            endpoint = structs.replace(venue.endpoint("linear"), ws=venue.origins[DEMO_STREAMS])
            adapter = make_adapter(endpoint, venue.credentials)
            assert await traded(adapter)
            assert not (await venue.bench.truth()).orders, "nothing of it on the live account"
            for key in ("demoApiKey", "apiKey"):
                live = {name: text for name, text in venue.credentials.items() if not name.startswith("demo")}
                mixed = live if key == "apiKey" else live | {"apiKey": venue.credentials[key]}
                where = endpoint if key == "apiKey" else venue.endpoint("linear")
                stranger = make_adapter(where, mixed)
                with pytest.raises(AuthFailed) as caught:
                    await stranger.start()
                assert caught.value.code == "50101"

    run(main())


async def traded(adapter: Adapter) -> bool:
    """Whether a market order was filled, and told so by the account's stream."""
    await adapter.start()
    await adapter.subscribe(Channel.ACCOUNT, None)
    await adapter.place(Intent("demo-1", SYMBOL, Side.BUY, OrderType.MARKET, Decimal("0.04")))
    async with asyncio.timeout(5):
        while not isinstance(await adapter.next_event(), FillEvent):
            pass
    await adapter.close()
    return True


def test_a_refused_leverage_leaves_the_mode_as_it_was() -> None:
    async def story(desk: Desk) -> None:
        with pytest.raises(Rejected):
            await desk.adapter.set_margin(SYMBOL, MarginMode.ISOLATED, Decimal(500))
        await desk.adapter.place(desk.wish())
        (held,) = await desk.adapter.positions()
        assert held.margin_mode is MarginMode.CROSS

    okx("vendor", story)


# --- one account, two products ---------------------------------------------------------------------------------------


@each_profile
def test_what_the_account_does_on_another_product_is_not_told(profile: ProfileName) -> None:
    async def story(desk: Desk) -> None:
        other = make_adapter(structs.replace(desk.endpoint, product="inverse"), desk.venue.credentials)
        await other.start()
        bid = (await other.book(INVERSE, 1)).bids[0].price
        wish = Intent(
            "coin-1", INVERSE, Side.BUY, OrderType.LIMIT, Decimal(40), price=(bid * 98 / 100).quantize(Decimal(1))
        )
        await other.place(wish)
        await other.place(structs.replace(wish, intent_id="coin-2", type=OrderType.MARKET, price=None))
        stop = Trigger(TriggerKind.STOP, (bid * 95 / 100).quantize(Decimal(1)))
        waiting = structs.replace(
            wish, intent_id="coin-3", side=Side.SELL, type=OrderType.MARKET, price=None, trigger=stop
        )
        await other.place(waiting)
        await asyncio.sleep(45)
        assert (desk.fold.orders, desk.fold.conditionals, desk.fold.fills, desk.fold.positions) == ({}, {}, [], {})
        assert await desk.adapter.open_orders(None) == []
        with pytest.raises(Rejected) as caught:
            await desk.adapter.set_position_mode(PositionMode.HEDGE)
        assert caught.value.reason is Reason.OPEN_POSITION
        await other.close()

    okx(profile, story)


def test_only_what_was_refused_for_haste_waits() -> None:
    async def story(desk: Desk) -> None:
        await desk.rest()
        (spent,) = (
            one
            for one in desk.venue.bench.provocations("rate.throttle")
            if one.quirk == "okx.ratelimit.ip-and-uid-independent"
        )
        provoked = await desk.venue.bench.provoke(spent, SYMBOL)
        began_ns = desk.venue.bench.now_ns()
        placing = asyncio.create_task(desk.rest(3))
        await asyncio.sleep(0.1)
        await desk.adapter.book(SYMBOL, 5)
        await desk.adapter.balances()
        assert desk.venue.bench.now_ns() - began_ns < 10**9
        await placing
        assert desk.venue.bench.now_ns() - began_ns > (provoked.settles_s - 1) * 10**9

    okx("field", story)


def test_hedge_mode_is_said_at_the_start(caplog: pytest.LogCaptureFixture) -> None:
    async def story(desk: Desk) -> None:
        await desk.do(SetMode(PositionMode.HEDGE))
        other = make_adapter(desk.endpoint, desk.venue.credentials)
        await other.start()
        await other.close()
        assert "hedge mode" in caplog.text

    okx("vendor", story)
