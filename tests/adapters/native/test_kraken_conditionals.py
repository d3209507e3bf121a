"""Conditional orders, candles and accounts at a simulated Kraken Futures."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from itertools import pairwise

import msgspec
import pytest
from kraken_desk import LINEAR, each_product, flow, recording, size
from msgspec import structs
from venue_desk import PARTS, Desk, ProfileName, each_profile

from venueproof_adapters.kit.http import Http, Reply
from venueproof_adapters.kit.parts import replaced
from venueproof_contracts.actions import (
    AnswerGarbage,
    DropMessage,
    ExpireOrder,
    Garbage,
    Matcher,
    Operation,
    PrintTrade,
    SetPrice,
    Topic,
)
from venueproof_contracts.model import (
    Channel,
    Intent,
    OffsetUnit,
    OrderStatus,
    OrderType,
    Side,
    Trigger,
    TriggerKind,
)

# --- conditional orders -----------------------------------------------------------------------------------------------


def stop(desk: Desk, percent: int = 2, amount: str = "0.04", kind: TriggerKind = TriggerKind.STOP) -> Intent:
    wish = structs.replace(desk.wish(amount=amount), side=Side.SELL)
    return structs.replace(wish, trigger=Trigger(kind, price=desk.below(percent)))


@each_profile
@each_product
def test_a_stop_that_fired_is_told_as_two_orders_of_one_id(profile: ProfileName, symbol: str) -> None:
    async def story(desk: Desk) -> None:
        amount = size(symbol)
        market = await desk.adapter.place(stop(desk, amount=amount))
        limit = structs.replace(stop(desk, amount=amount), type=OrderType.LIMIT, price=desk.below(1))
        resting = await desk.adapter.place(limit)
        await desk.do(SetPrice(symbol, desk.below(3)))
        await asyncio.sleep(8)
        for placed, ended in ((market, OrderStatus.FILLED), (resting, OrderStatus.OPEN)):
            told = await desk.adapter.order(placed.ref)
            became = await desk.adapter.order(structs.replace(placed.ref, conditional=False))
            assert (told.status, told.replaced_by) == (OrderStatus.TRIGGERED, placed.ref.venue_id)
            assert told.trigger == placed.trigger
            assert (became.status, became.ref.intent_id) == (ended, placed.ref.intent_id)
            assert desk.fold.orders[placed.ref.intent_id].status is ended
            assert desk.fold.conditionals[placed.ref.intent_id].status is OrderStatus.TRIGGERED
        assert [order.ref.conditional for order in await desk.adapter.open_orders(symbol)] == [False]

    flow(story, profile, symbol=symbol)


def test_canceling_a_stop_that_fired_unheard_does_not_tell_that_it_was_canceled() -> None:
    async def story(desk: Desk) -> None:
        limit = structs.replace(stop(desk), type=OrderType.LIMIT, price=desk.below(1))
        waiting = await desk.adapter.place(limit)
        await asyncio.sleep(3)
        await desk.do(DropMessage(Matcher(topic=Topic.ORDER, first=2)))  # that it fired, and what it became
        await desk.do(SetPrice(LINEAR, desk.below(3)))
        ended = await desk.adapter.cancel(waiting.ref)  # under one id for both, the venue cancels what it became
        assert (ended.status, ended.replaced_by) == (OrderStatus.TRIGGERED, waiting.ref.venue_id)
        await asyncio.sleep(50)
        assert desk.fold.conditionals[waiting.ref.intent_id].status is OrderStatus.TRIGGERED
        assert desk.fold.orders[waiting.ref.intent_id].status is OrderStatus.CANCELED

    flow(story)


def moved(desk: Desk, per_mille: int) -> Decimal:
    return (desk.bid * (1000 + per_mille) / 1000).quantize(Decimal(1))


def test_the_end_of_what_a_stop_became_is_not_that_of_the_stop() -> None:
    async def story(desk: Desk) -> None:
        limit = structs.replace(stop(desk), type=OrderType.LIMIT, price=desk.below(1))
        waiting = await desk.adapter.place(limit)
        await asyncio.sleep(3)
        await desk.do(DropMessage(Matcher(topic=Topic.ORDER, skip=1)))  # the word that there is an order now
        await desk.do(SetPrice(LINEAR, desk.below(3)))
        await desk.do(ExpireOrder(LINEAR, str(waiting.ref.venue_id)))
        await asyncio.sleep(8)
        told = desk.fold.conditionals[waiting.ref.intent_id]
        assert (told.status, told.replaced_by) == (OrderStatus.TRIGGERED, waiting.ref.venue_id)
        assert desk.fold.orders[waiting.ref.intent_id].status is OrderStatus.EXPIRED

    flow(story)


@each_profile
@pytest.mark.parametrize(("side", "sign"), [(Side.SELL, 1), (Side.BUY, -1)])
@pytest.mark.parametrize(("offset", "unit"), [("600", OffsetUnit.ABSOLUTE), ("1", OffsetUnit.PERCENT)])
def test_a_trailing_stop_follows_whether_or_not_the_venue_has_any(
    profile: ProfileName, side: Side, sign: int, offset: str, unit: OffsetUnit
) -> None:
    async def story(desk: Desk) -> None:
        trigger = Trigger(TriggerKind.TRAILING, offset=Decimal(offset), offset_unit=unit)
        placed = await desk.adapter.place(structs.replace(desk.wish(), side=side, trigger=trigger))
        assert (placed.status, placed.trigger) == (OrderStatus.WAITING, trigger)
        for per_mille in (20, 13):
            await desk.do(SetPrice(LINEAR, moved(desk, sign * per_mille)))
            await asyncio.sleep(0.2)
        await asyncio.sleep(3)
        told = await desk.adapter.order(placed.ref)
        assert (told.status, told.trigger) == (OrderStatus.WAITING, trigger)
        await desk.do(SetPrice(LINEAR, moved(desk, sign * 7)))
        await asyncio.sleep(3)
        assert (await desk.adapter.order(placed.ref)).status is OrderStatus.TRIGGERED
        await desk.view_is_true()

    flow(story, profile)


def test_a_stop_that_is_moved_from_here_is_left_alone_once_it_is_canceled() -> None:
    parts, sent = recording()

    async def story(desk: Desk) -> None:
        trigger = Trigger(TriggerKind.TRAILING, offset=Decimal(600))
        placed = await desk.adapter.place(structs.replace(desk.wish(), side=Side.SELL, trigger=trigger))
        await desk.adapter.cancel(placed.ref)
        await desk.do(SetPrice(LINEAR, desk.below(-3)))
        await asyncio.sleep(5)
        assert not [url for _, url, _ in sent if "editorder" in url]
        looks = [url for _, url, _ in sent if "/history?" in url]
        await asyncio.sleep(5)
        assert [url for _, url, _ in sent if "/history?" in url] == looks

    flow(story, "field", parts=parts)


# --- candles and accounts ---------------------------------------------------------------------------------------------


@each_profile
@pytest.mark.parametrize("phase_s", [2, 30])
def test_polled_candles_have_no_hole_and_no_doublet_though_bars_are_late_and_polls_fail(
    profile: ProfileName, phase_s: int
) -> None:
    async def story(desk: Desk) -> None:
        await asyncio.sleep(-desk.venue.bench.now_ns() / 1e9 % 60 + phase_s)
        await desk.adapter.subscribe(Channel.CANDLES, LINEAR)
        for minute in range(10):
            await desk.do(PrintTrade(LINEAR, desk.bid + minute, Decimal(1), Side.BUY))
            if minute in (3, 4):
                await desk.do(AnswerGarbage(Matcher(operation=Operation.CANDLES), Garbage.HTML, 502))
            await asyncio.sleep(60)
        told = [candle for candle in desk.fold.candles[LINEAR, "1m"] if candle.closed]
        opens = [candle.open_ns for candle in told]
        assert len(opens) >= 7
        assert {later - earlier for earlier, later in pairwise(opens)} == {60 * 10**9}
        listed = await desk.adapter.candles(LINEAR, "1m", opens[0], len(opens))
        assert told == listed

    flow(story, profile, listening=False)


class WithoutFlex(Http):
    """An account that has no multi-collateral part."""

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Reply:
        reply = await super().send(method, url, headers, body)
        if not url.endswith("/accounts"):
            return reply
        document = msgspec.json.decode(reply.body)
        del document["accounts"]["flex"]
        return structs.replace(reply, body=msgspec.json.encode(document))


def test_without_a_flexible_account_the_single_ones_are_told_and_it_is_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story(desk: Desk) -> None:
        assert [(one.asset, one.wallet) for one in await desk.adapter.balances()] == [("BTC", Decimal(2))]

    flow(story, listening=False, parts=replaced(PARTS, http=WithoutFlex))
    assert [record.levelname for record in caplog.records if "multi-collateral" in record.getMessage()] == ["WARNING"]
