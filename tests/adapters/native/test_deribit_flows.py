"""What the adapter makes of a simulated Deribit's good and bad days, in virtual time."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from chance import chaos
from msgspec import structs
from venue_desk import Desk, ProfileName, each_profile, flow

from venueproof_adapters.kit.candles import whole_groups
from venueproof_contracts.actions import (
    ActAsOtherClient,
    Drop,
    DropManner,
    DropMessage,
    ExpireCredential,
    FillOrder,
    Matcher,
    Operation,
    SessionKind,
    SetPrice,
    SkewVenueClock,
    Topic,
)
from venueproof_contracts.bench import WireKind
from venueproof_contracts.errors import Reason, Rejected, Unsupported, VenueDown
from venueproof_contracts.model import (
    Channel,
    OffsetUnit,
    OrderRef,
    OrderStatus,
    PositionMode,
    PositionSide,
    Side,
    StreamState,
    TimeInForce,
    Trigger,
    TriggerKind,
)
from venueproof_simulators.host.rules import Delay, Direction, Match, Rule

VENUE = "deribit"
LINEAR, INVERSE = "BTC/USDC:USDC", "BTC/USD:BTC"
MINUTE_NS, HOURS_NS = 60 * 10**9, 4 * 3600 * 10**9


@each_profile
@pytest.mark.parametrize("behind_ms", [-8000, 90_000])
def test_a_key_that_was_good_logs_on_again_by_the_right_time(profile: ProfileName, behind_ms: int) -> None:
    async def story(desk: Desk) -> None:
        await desk.do(SkewVenueClock(behind_ms), ExpireCredential(silent=True))
        await desk.do(Drop(DropManner.RESET, sessions=SessionKind.ALL))
        await asyncio.sleep(15)
        assert desk.fold.stream[-1].state is StreamState.RESYNCED
        await desk.adapter.balances()
        await desk.rest()

    flow(profile, story, symbol=LINEAR, at=VENUE)


def test_a_token_that_ended_early_is_exchanged_and_the_order_is_placed_once() -> None:
    async def story(desk: Desk) -> None:
        await desk.rest()
        await desk.do(ExpireCredential(silent=True))
        await desk.rest()
        assert len(await desk.live()) == 2
        assert desk.requests(Operation.PLACE) == 3

    flow("vendor", story, symbol=LINEAR, at=VENUE)


def test_tokens_are_renewed_half_a_minute_before_their_end_over_http_and_on_the_connection() -> None:
    async def story(desk: Desk) -> None:
        mark, begun_ns = len(desk.venue.bench.wire()), desk.venue.bench.now_ns()
        await asyncio.sleep(895)
        asked = [row for row in desk.venue.bench.wire()[mark:] if row.label.endswith("public/auth")]
        sent = [row for row in asked if row.kind in (WireKind.REQUEST, WireKind.FRAME_IN)]
        assert {row.kind for row in sent} == {WireKind.REQUEST, WireKind.FRAME_IN}
        assert len(sent) == 2
        for row in sent:
            assert '"grant_type":"refresh_token"' in row.text
            assert 868 < (row.at_ns - begun_ns) / 1e9 < 895
        assert StreamState.DOWN not in [event.state for event in desk.fold.stream]

    flow("vendor", story, symbol=LINEAR, at=VENUE)


def test_an_answer_that_comes_late_is_dropped_and_nothing_waits_for_it() -> None:
    async def story(desk: Desk) -> None:
        await desk.adapter.subscribe(Channel.TRADES, LINEAR)
        match = Match(Direction.REQUEST, contains='"chart.trades')
        desk.venue.simulator.add_rule(Rule(match, Delay(11 * 10**9), "answered late"))
        with pytest.raises(VenueDown):
            await desk.adapter.subscribe(Channel.CANDLES, LINEAR)
        await asyncio.sleep(3)
        await desk.adapter.subscribe(Channel.CANDLES, LINEAR)
        await asyncio.sleep(61)
        assert any(candle.closed for candle in desk.fold.candles[LINEAR, "1m"])

    flow("vendor", story, listening=False, symbol=LINEAR, at=VENUE)


def test_an_order_of_which_nothing_was_heard_is_told_with_its_fill() -> None:
    async def story(desk: Desk) -> None:
        await desk.do(DropMessage(Matcher(topic=Topic.FILL)))
        await desk.do(ActAsOtherClient(structs.replace(desk.wish(), intent_id="foreign")))
        await asyncio.sleep(60)
        assert desk.fold.orders["foreign"].status is OrderStatus.FILLED
        await desk.view_is_true()

    flow("vendor", story, symbol=LINEAR, at=VENUE)


@each_profile
def test_a_trigger_order_that_fired_unheard_is_linked_to_what_it_became(profile: ProfileName) -> None:
    async def story(desk: Desk) -> None:
        wish = structs.replace(desk.wish(), side=Side.SELL, trigger=Trigger(TriggerKind.STOP, desk.below(2)))
        waiting = await desk.adapter.place(wish)
        await desk.do(DropMessage(Matcher(topic=Topic.FILL, first=0)), DropMessage(Matcher(topic=Topic.ORDER, first=0)))
        await desk.do(SetPrice(LINEAR, desk.below(3)))
        told = await desk.adapter.order(OrderRef(LINEAR, wish.intent_id, conditional=True))
        became = await desk.adapter.order(OrderRef(LINEAR, wish.intent_id, told.replaced_by))
        assert (told.ref.venue_id, told.status) == (waiting.ref.venue_id, OrderStatus.TRIGGERED)
        assert (became.ref.venue_id, became.status) == (told.replaced_by, OrderStatus.FILLED)
        assert became.ref.venue_id != waiting.ref.venue_id

    flow(profile, story, symbol=LINEAR, at=VENUE)


def test_what_a_post_only_amendment_ended_is_told_as_ended() -> None:
    async def story(desk: Desk) -> None:
        order = await desk.rest(post_only=True)
        with pytest.raises(Rejected) as caught:
            await desk.adapter.amend(order.ref, desk.bid * 2 - desk.below(1), None)
        assert caught.value.reason is Reason.WOULD_CROSS
        await asyncio.sleep(1)
        assert desk.fold.orders[order.ref.intent_id].status is OrderStatus.CANCELED
        await desk.view_is_true()

    flow("vendor", story, symbol=LINEAR, at=VENUE)


def test_dollars_are_contracts_and_coin_is_what_they_earn() -> None:
    async def story(desk: Desk) -> None:
        await desk.adapter.place(desk.wish(amount="500"))
        await desk.do(SetPrice(INVERSE, desk.below(-25)))
        (held,) = await desk.adapter.positions()
        assert held.amount == 500
        assert held.entry_price is not None
        assert held.profit_rate is not None
        mark = (await desk.adapter.ticker(INVERSE)).mark
        assert mark is not None
        assert held.profit_rate == pytest.approx((mark - held.entry_price) / mark, rel=Decimal("1e-4"))

    flow("vendor", story, symbol=INVERSE, at=VENUE)


def test_what_the_venue_has_no_words_for_is_refused_and_not_sent() -> None:
    async def story(desk: Desk) -> None:
        wish = desk.wish(desk.below(2))
        trail = Trigger(
            TriggerKind.TRAILING, offset=Decimal(1), offset_unit=OffsetUnit.PERCENT, activation=desk.below(1)
        )
        with pytest.raises(Unsupported):
            await desk.adapter.place(structs.replace(desk.wish(), trigger=trail))
        with pytest.raises(Unsupported):
            await desk.adapter.place(structs.replace(wish, time_in_force=TimeInForce.GTD, expires_ns=10**19))
        for wrong in (
            structs.replace(wish, post_only=True, time_in_force=TimeInForce.IOC),
            structs.replace(wish, position_side=PositionSide.LONG),
        ):
            with pytest.raises(Rejected):
                await desk.adapter.place(wrong)
        with pytest.raises(Unsupported):
            await desk.adapter.set_margin(LINEAR, None, Decimal(3))
        with pytest.raises(Unsupported):
            await desk.adapter.set_position_mode(PositionMode.HEDGE)
        await desk.adapter.set_position_mode(PositionMode.NET)
        assert desk.requests(Operation.PLACE) == 0

    flow("vendor", story, symbol=LINEAR, at=VENUE)


def test_candles_of_four_hours_are_the_same_asked_for_and_streamed() -> None:
    async def story(desk: Desk) -> None:
        await desk.adapter.subscribe(Channel.CANDLES, LINEAR)
        begun_ns = -(-desk.venue.bench.now_ns() // HOURS_NS) * HOURS_NS
        await asyncio.sleep((begun_ns + HOURS_NS - desk.venue.bench.now_ns()) / 1e9 + 62)
        heard = {one.open_ns: one for one in desk.fold.candles[LINEAR, "1m"] if one.closed}
        streamed = whole_groups(sorted(heard.values(), key=lambda one: one.open_ns), MINUTE_NS, HOURS_NS)
        listed = await desk.adapter.candles(LINEAR, "4h", begun_ns, 2)
        assert streamed == listed
        assert [one.open_ns for one in listed] == [begun_ns]

    flow("vendor", story, listening=False, symbol=LINEAR, at=VENUE)


def test_subscriptions_of_one_moment_share_a_frame_and_so_do_their_ends() -> None:
    async def story(desk: Desk) -> None:
        symbols = [one.symbol for one in await desk.adapter.instruments() if not one.expires_ns]
        channels = (Channel.TICKER, Channel.TRADES, Channel.BOOK)
        await desk.adapter.subscribe(Channel.CANDLES, LINEAR)
        mark = len(desk.venue.bench.wire())
        await asyncio.gather(*(desk.adapter.subscribe(one, symbol) for symbol in symbols for one in channels))
        await asyncio.gather(*(desk.adapter.unsubscribe(one, symbol) for symbol in symbols for one in channels))
        frames = [row.label for row in desk.venue.bench.wire()[mark:] if row.kind is WireKind.FRAME_IN]
        assert frames == ["public/subscribe", "public/unsubscribe"]

    flow("vendor", story, listening=False, symbol=LINEAR, at=VENUE)


def test_subscriptions_to_a_chain_end_with_it_in_frames_of_fifty() -> None:
    async def story(desk: Desk) -> None:
        dated = [one for one in await desk.adapter.instruments() if one.expires_ns]
        first_ns = min(one.expires_ns or 0 for one in dated)
        chain = [one.symbol for one in dated if one.expires_ns == first_ns]
        await asyncio.gather(*(desk.adapter.subscribe(Channel.TRADES, symbol) for symbol in chain))
        mark = len(desk.venue.bench.wire())
        await asyncio.sleep((first_ns - desk.venue.bench.now_ns()) / 1e9 + 70)
        asked = [row for row in desk.venue.bench.wire()[mark:] if row.label == "public/unsubscribe"]
        frames = [row for row in asked if row.kind is WireKind.FRAME_IN]
        assert len(frames) == -(-len(chain) // 50)
        ended = {event.instrument for event in desk.fold.stream if event.state is StreamState.DOWN}
        assert ended == set(chain)
        assert [one.symbol for one in await desk.adapter.instruments() if one.symbol in chain] == []

    flow("vendor", story, listening=False, symbol=LINEAR, at=VENUE)


def test_an_option_that_is_delivered_is_told_as_gone_and_its_money_as_paid() -> None:
    async def story(desk: Desk) -> None:
        options = [one for one in await desk.adapter.instruments() if one.product == "option" and one.settle == "BTC"]
        first_ns = min(one.expires_ns or 0 for one in options)
        symbols = [one.symbol for one in options if one.expires_ns == first_ns and one.symbol.endswith("-C")]
        best = {symbol: (await desk.adapter.ticker(symbol)).ask for symbol in symbols[:5]}
        symbol = max(best, key=lambda one: best[one] or 0)
        bought = await desk.adapter.place(structs.replace(desk.wish(amount="0.3"), instrument=symbol))
        assert (bought.filled, bought.average_price) == (Decimal("0.3"), best[symbol])
        await asyncio.sleep((first_ns - desk.venue.bench.now_ns()) / 1e9 - 60)
        await desk.adapter.subscribe(Channel.ACCOUNT, None)
        assert desk.fold.positions[symbol, PositionSide.NET].amount == Decimal("0.3")
        before = desk.fold.balances["BTC"].wallet
        await asyncio.sleep(90)
        assert desk.fold.positions[symbol, PositionSide.NET].amount == 0
        paid = next(one.wallet for one in (await desk.venue.bench.truth()).balances if one.asset == "BTC")
        assert before != desk.fold.balances["BTC"].wallet == paid

    flow("vendor", story, listening=False, symbol=INVERSE, at=VENUE)


def test_a_fill_and_what_it_moved_are_told_before_and_after_their_order_as_they_belong() -> None:
    async def story(desk: Desk) -> None:
        order = await desk.rest()
        steps = len(desk.fold.order_steps)
        await desk.do(FillOrder(LINEAR, str(order.ref.venue_id)))
        await asyncio.sleep(1)
        (filled,) = desk.fold.order_steps[steps:]
        assert (filled.status, filled.average_price) == (OrderStatus.FILLED, order.price)
        (fill,) = desk.fold.fills_of(order.ref.intent_id)
        assert (fill.fee_asset, fill.fee, fill.maker) == ("USDC", Decimal(0), True)
        await desk.view_is_true()

    flow("vendor", story, symbol=LINEAR, at=VENUE)


@pytest.mark.parametrize("seed", range(6))
@each_profile
def test_whatever_happens_the_view_is_the_venues_in_the_end(profile: ProfileName, seed: int) -> None:
    async def story(desk: Desk) -> None:
        await chaos(desk, seed)
        waiting = {order.ref.venue_id for order in (await desk.venue.bench.truth()).live_orders()}
        listed = {order.ref.venue_id for order in await desk.adapter.open_orders(LINEAR)}
        assert listed == waiting

    flow(profile, story, symbol=LINEAR, at=VENUE, seed=seed + 1)
