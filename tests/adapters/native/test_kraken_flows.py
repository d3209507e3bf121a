"""What becomes of calls at a simulated Kraken Futures, with its rows of the register on and off."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from kraken_desk import HOLD, INVERSE, LINEAR, each_product, flow, recording, size
from msgspec import structs
from venue_desk import Desk, ProfileName, each_profile

from venueproof_contracts.actions import (
    Drop,
    DropManner,
    DropMessage,
    FillOrder,
    Matcher,
    Operation,
    PartlyFill,
    PrintTrade,
    SkewVenueClock,
    StepAdapterClock,
    SwitchQuirk,
    Topic,
)
from venueproof_contracts.errors import Reason, Rejected, Unsupported
from venueproof_contracts.model import (
    MarginMode,
    OrderRef,
    OrderStatus,
    Side,
    TimeInForce,
)

# --- requests ---------------------------------------------------------------------------------------------------------


def test_nonces_rise_strictly_however_many_requests_are_under_way_and_whatever_the_clock_does() -> None:
    parts, sent = recording()

    async def story(desk: Desk) -> None:
        await desk.do(StepAdapterClock(-3_600_000))
        await asyncio.gather(*(desk.rest(number % 5 + 1) for number in range(30)))
        await desk.do(StepAdapterClock(7_200_000), SkewVenueClock(-500))
        await asyncio.gather(*(desk.adapter.open_orders(None) for _ in range(10)))
        assert len(await desk.live()) == 30

    flow(story, parts=parts)
    nonces = [int(headers["Nonce"]) for _, _, headers in sent if "Nonce" in headers]
    assert nonces == sorted(set(nonces))
    assert len(nonces) > 40


def test_what_changes_something_is_good_for_seconds_and_fills_are_asked_without_a_time() -> None:
    parts, sent = recording()

    async def story(desk: Desk) -> None:
        order = await desk.rest()
        await desk.adapter.amend(order.ref, desk.below(3), None)
        await desk.adapter.place(desk.wish())
        await asyncio.sleep(200)
        await desk.adapter.fills(LINEAR, desk.venue.bench.now_ns() - 100 * 10**9)

    flow(story, parts=parts)
    assert {url.rpartition("?")[0].rpartition("/")[2] for _, url, _ in sent if "processBefore" in url} == {
        "sendorder",
        "editorder",
    }
    assert sum("/fills" in url for _, url, _ in sent) > 3
    assert not [url for _, url, _ in sent if "lastFillTime" in url]


@pytest.mark.parametrize("strict", [True, False])
def test_an_id_with_a_space_and_a_plus_is_signed_as_it_is_sent(strict: bool) -> None:
    async def story(desk: Desk) -> None:
        await desk.do(SwitchQuirk("kraken.auth.encoded-postdata", strict))
        placed = await desk.adapter.place(structs.replace(desk.wish(desk.below(2)), intent_id="a+b &c=d:e"))
        truth = await desk.venue.bench.truth()
        assert [order.ref.intent_id for order in truth.live_orders()] == ["a+b &c=d:e"]
        await desk.adapter.cancel(placed.ref)
        assert await desk.live() == []

    flow(story)


@pytest.mark.parametrize(
    ("amount", "price_off", "reason"),
    [
        ("0.00001", 0, Reason.BELOW_MINIMUM),
        ("0.00015", 0, Reason.PRECISION),
        ("900", 0, Reason.ABOVE_MAXIMUM),
        ("0.04", "0.3", Reason.PRECISION),
    ],
)
def test_what_is_wrong_with_a_size_or_a_price_is_said_although_the_venue_does_not(
    amount: str, price_off: Decimal | int | str, reason: Reason
) -> None:
    async def story(desk: Desk) -> None:
        wish = desk.wish(desk.below(2) + Decimal(price_off), amount)
        with pytest.raises(Rejected) as caught:
            await desk.adapter.place(wish)
        assert caught.value.reason is reason
        assert caught.value.code in ("invalidSize", "invalidPrice")
        (answer,) = await desk.adapter.place_many([wish])
        assert isinstance(answer, Rejected)
        assert answer.reason is reason

    flow(story)


@each_profile
def test_orders_of_a_batch_have_outcomes_of_their_own(profile: ProfileName) -> None:
    async def story(desk: Desk) -> None:
        wishes = [
            desk.wish(desk.below(2)),
            desk.wish(desk.below(3), "0.00001"),
            desk.wish(desk.below(-5), post_only=True),
            desk.wish(),
        ]
        placed, small, crossing, market = await desk.adapter.place_many(wishes)
        assert isinstance(small, Rejected)
        assert isinstance(crossing, Rejected)
        assert (small.reason, crossing.reason) == (Reason.BELOW_MINIMUM, Reason.WOULD_CROSS)
        assert not isinstance(placed, Exception)
        assert not isinstance(market, Exception)
        assert (placed.status, market.status) == (OrderStatus.OPEN, OrderStatus.FILLED)
        await asyncio.sleep(3)
        await desk.view_is_true()

    flow(story, profile)


@each_product
def test_what_fills_at_once_is_told_with_its_average_price(symbol: str) -> None:
    async def story(desk: Desk) -> None:
        order = await desk.adapter.place(desk.wish(amount=size(symbol, 50)))
        true = (await desk.venue.bench.truth()).order(str(order.ref.venue_id))
        assert true is not None
        assert true.average_price is not None
        assert order.average_price is not None
        assert abs(order.average_price - true.average_price) < Decimal("0.001")
        assert (await desk.adapter.order(order.ref)).average_price == order.average_price

    flow(story, symbol=symbol, listening=False)


def test_numbers_may_be_texts() -> None:
    async def story(desk: Desk) -> None:
        await desk.do(SwitchQuirk("kraken.rest.string-numbers", True))
        order = await desk.rest()
        assert [one.price for one in await desk.adapter.open_orders(LINEAR)] == [order.price]
        await desk.adapter.place(desk.wish())
        assert [position.amount for position in await desk.adapter.positions()] == [Decimal("0.04")]
        assert await desk.adapter.balances()
        assert (await desk.adapter.ticker(LINEAR)).funding_rate is not None

    flow(story)


# --- orders that are held back ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("percent", "status"), [(-1, OrderStatus.FILLED), (1, OrderStatus.CANCELED)])
def test_a_cancel_that_is_acknowledged_while_an_order_is_held_back_is_not_its_end(
    percent: int, status: OrderStatus
) -> None:
    async def story(desk: Desk) -> None:
        await desk.do(HOLD)
        await desk.adapter.instruments()
        order = await desk.adapter.place(desk.wish(desk.below(percent)))
        held = [one for one in (await desk.venue.bench.truth()).orders if one.ref.venue_id == order.ref.venue_id]
        assert held == []
        ended = await desk.adapter.cancel(order.ref)
        true = (await desk.venue.bench.truth()).order(str(order.ref.venue_id))
        assert true is not None
        assert (ended.status.final, ended.filled) == (True, true.filled)
        assert (true.filled > 0) == (status is OrderStatus.FILLED)
        await asyncio.sleep(3)
        await desk.view_is_true()

    flow(story)


@each_product
def test_orders_are_what_they_are_told_to_be_where_they_are_held_back(symbol: str) -> None:
    async def story(desk: Desk) -> None:
        await desk.do(HOLD)
        await desk.adapter.instruments()
        resting = await desk.rest(amount=size(symbol))
        amended = await desk.adapter.amend(resting.ref, desk.below(3), None)
        assert (amended.ref.venue_id, amended.price) == (resting.ref.venue_id, desk.below(3))
        bought = await desk.adapter.place(desk.wish(amount=size(symbol)))
        assert bought.status is OrderStatus.FILLED
        canceled = await desk.adapter.cancel(resting.ref)
        assert canceled.status is OrderStatus.CANCELED
        await asyncio.sleep(3)
        await desk.view_is_true()

    flow(story, symbol=symbol)


# --- streams ----------------------------------------------------------------------------------------------------------


@each_profile
@each_product
@pytest.mark.parametrize("fills_first", [True, False])
def test_fills_and_orders_are_told_in_either_order(profile: ProfileName, symbol: str, fills_first: bool) -> None:
    async def story(desk: Desk) -> None:
        await desk.do(SwitchQuirk("kraken.ws.event-order", fills_first))
        resting = await desk.rest(amount=size(symbol, 2))
        await desk.adapter.place(desk.wish(amount=size(symbol)))
        await desk.do(FillOrder(symbol, str(resting.ref.venue_id)))
        await asyncio.sleep(3)
        await desk.view_is_true()
        heard = desk.fold.orders[resting.ref.intent_id]
        assert (heard.status, heard.filled) == (OrderStatus.FILLED, Decimal(size(symbol, 2)))
        assert all(fill.fee is not None for fill in desk.fold.fills)

    flow(story, profile, symbol=symbol)


@pytest.mark.parametrize("named", [True, False])
def test_orders_keep_their_names_where_the_stream_leaves_them_out(named: bool) -> None:
    async def story(desk: Desk) -> None:
        await desk.do(SwitchQuirk("kraken.ws.client-id-omitted", not named))
        order = await desk.rest()
        await desk.adapter.place(desk.wish())
        await desk.adapter.cancel(order.ref)
        await asyncio.sleep(3)
        assert set(desk.fold.orders) == {"wish-1", "wish-2"}
        assert {fill.ref.intent_id for fill in desk.fold.fills} == {"wish-2"}
        assert desk.fold.orders["wish-1"].status is OrderStatus.CANCELED

    flow(story)


@each_profile
def test_what_ended_and_filled_while_the_stream_was_away_is_told_once(profile: ProfileName) -> None:
    async def story(desk: Desk) -> None:
        first, second = await desk.rest(), await desk.rest(3)
        await desk.do(Drop(DropManner.RESET, refuse_s=Decimal(4)))
        await desk.do(PartlyFill(LINEAR, str(first.ref.venue_id), Decimal("0.01")))
        await desk.adapter.cancel(second.ref)
        await asyncio.sleep(20)
        await desk.view_is_true()
        assert desk.fold.orders[first.ref.intent_id].filled == Decimal("0.01")

    flow(story, profile)


def test_fees_come_from_the_history_where_no_stream_told_them() -> None:
    async def story(desk: Desk) -> None:
        await desk.adapter.place(desk.wish())
        true = (await desk.venue.bench.truth()).fills
        told = await desk.adapter.fills(LINEAR, None)
        assert [(fill.fill_id, fill.fee, fill.fee_asset, fill.maker) for fill in told] == [
            (fill.fill_id, fill.fee, "USD", False) for fill in true
        ]

    flow(story, listening=False)


def test_all_fills_are_found_where_there_are_more_than_the_venue_lists() -> None:
    async def story(desk: Desk) -> None:
        for _ in range(60):
            await desk.do(PrintTrade(LINEAR, desk.bid, Decimal(1), Side.BUY))
            for side in (Side.BUY, Side.SELL):
                await desk.adapter.place(structs.replace(desk.wish(), side=side))
            await asyncio.sleep(0.5)
        true = (await desk.venue.bench.truth()).fills
        assert len(true) > 100
        told = await desk.adapter.fills(LINEAR, true[0].at_ns - 10**9)
        assert [fill.fill_id for fill in told] == [fill.fill_id for fill in true]

    flow(story, listening=False)


# --- settings ---------------------------------------------------------------------------------------------------------


def test_leverage_and_margin_mode_are_one_setting() -> None:
    async def story(desk: Desk) -> None:
        async def held() -> tuple[MarginMode | None, Decimal | None]:
            (position,) = await desk.adapter.positions()
            return position.margin_mode, position.leverage

        for mode, leverage, then in (
            (None, Decimal(5), (MarginMode.ISOLATED, Decimal(5))),
            (MarginMode.ISOLATED, None, (MarginMode.ISOLATED, Decimal(5))),
            (MarginMode.CROSS, None, (MarginMode.CROSS, None)),
            (MarginMode.ISOLATED, None, (MarginMode.ISOLATED, Decimal(50))),
        ):
            await desk.adapter.set_margin(LINEAR, mode, leverage)
            await desk.adapter.place(desk.wish())
            assert await held() == then
            await desk.adapter.place(structs.replace(desk.wish(), side=Side.SELL))
        with pytest.raises(Unsupported):
            await desk.adapter.set_margin(LINEAR, MarginMode.CROSS, Decimal(5))

    flow(story)


def test_nothing_is_set_for_one_of_the_contracts_that_share_a_coin() -> None:
    async def story(desk: Desk) -> None:
        with pytest.raises(Unsupported):
            await desk.adapter.set_margin(INVERSE, MarginMode.ISOLATED, None)
        assert [balance.asset for balance in await desk.adapter.balances()] == ["BTC"]
        assert desk.requests(Operation.SET_LEVERAGE) == 0

    flow(story, symbol=INVERSE)


def test_what_was_said_long_ago_of_an_order_without_a_name_is_not_told_when_the_name_is_learned() -> None:
    async def story(desk: Desk) -> None:
        await desk.do(SwitchQuirk("kraken.ws.client-id-omitted", True))
        await desk.do(DropMessage(Matcher(topic=Topic.ORDER, skip=1)))  # the word that it is gone
        far = structs.replace(desk.wish(desk.below(3)), time_in_force=TimeInForce.IOC)
        with pytest.raises(Rejected):
            await desk.adapter.place(far)
        await asyncio.sleep(20)
        with pytest.raises(Rejected):
            await desk.adapter.order(OrderRef(LINEAR, "nobody"))
        await asyncio.sleep(1)
        told = desk.fold.orders.get(far.intent_id)
        assert told is None or told.status.final

    flow(story)
