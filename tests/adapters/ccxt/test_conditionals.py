"""The ccxt binding's conditional orders and legs: ccxt's unified words, and nothing placed that they cannot say."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest
from msgspec.structs import replace

import venueproof
from venueproof_adapters.ccxt_adapter import make_adapter
from venueproof_adapters.ccxt_adapter.ids import ClientIds
from venueproof_adapters.ccxt_adapter.placing import order_params
from venueproof_contracts import actions
from venueproof_contracts.adapter import Adapter
from venueproof_contracts.bench import Bench
from venueproof_contracts.errors import OutcomeUnknown, Reason, Rejected, Unsupported
from venueproof_contracts.model import (
    Channel,
    Event,
    Intent,
    OffsetUnit,
    Order,
    OrderEvent,
    OrderRef,
    OrderStatus,
    OrderType,
    PositionMode,
    PositionSide,
    Side,
    Trigger,
    TriggerKind,
    TriggerPrice,
)

BTC = "BTC/USDT:USDT"
COIN = "BTC/USD:BTC"
Body = Callable[[Adapter, Bench], Awaitable[None]]
STOP = Trigger(TriggerKind.STOP, price=Decimal("58000.0"))
TRAILING = Trigger(TriggerKind.TRAILING, offset=Decimal("1.5"), offset_unit=OffsetUnit.PERCENT)


def with_ccxt(body: Body, product: str = "linear") -> None:
    async def main() -> None:
        async with venueproof.simulate("binance", seed=7, proxy=True) as venue:
            adapter = make_adapter(venue.endpoint(product), venue.credentials)
            try:
                await adapter.start()
                await body(adapter, venue.bench)
            finally:
                await adapter.close()

    venueproof.run(main())


def sell(intent_id: str, trigger: Trigger | None) -> Intent:
    return Intent(intent_id, BTC, Side.SELL, OrderType.MARKET, Decimal("0.010"), trigger=trigger)


def test_a_conditional_order_is_told_from_an_ordinary_one_of_the_same_number() -> None:
    async def body(adapter: Adapter, bench: Bench) -> None:
        heard: list[Event] = []
        pump = asyncio.create_task(_hear(adapter, heard))
        await adapter.subscribe(Channel.ACCOUNT, None)
        plain = await adapter.place(replace(sell("plain", None), type=OrderType.LIMIT, price=Decimal("61000.0")))
        stop = await adapter.place(sell("stop", STOP))
        assert stop.ref == OrderRef(BTC, "stop", plain.ref.venue_id, conditional=True)
        assert (stop.status, stop.trigger, plain.ref.conditional) == (OrderStatus.WAITING, STOP, False)
        assert {order.ref for order in await adapter.open_orders(BTC)} == {plain.ref, stop.ref}
        await bench.do(actions.SetPrice(BTC, Decimal("57900.0")))
        await bench.sleep(1)
        assert (await adapter.order(stop.ref)).status is OrderStatus.TRIGGERED
        assert (await adapter.order(plain.ref)).status is OrderStatus.OPEN
        pump.cancel()
        steps = [event.order for event in heard if isinstance(event, OrderEvent)]
        assert _ends(steps, conditional=True) == {"stop": OrderStatus.TRIGGERED}
        assert _ends(steps, conditional=False)["plain"] is OrderStatus.OPEN
        again = await adapter.place(sell("again", replace(STOP, price=Decimal("57000.0"))))
        await adapter.cancel_all(BTC)
        assert await adapter.open_orders(BTC) == []
        assert (await adapter.order(again.ref)).status is OrderStatus.CANCELED

    with_ccxt(body)


def _ends(steps: list[Order], *, conditional: bool) -> dict[str, OrderStatus]:
    return {one.ref.intent_id: one.status for one in steps if one.ref.conditional is conditional}


async def _hear(adapter: Adapter, heard: list[Event]) -> None:
    while True:
        heard.append(await adapter.next_event())


def test_a_trailing_order_trails_at_the_venue() -> None:
    async def body(adapter: Adapter, bench: Bench) -> None:
        trigger = replace(TRAILING, activation=Decimal("61000.0"))
        placed = await adapter.place(sell("trail", trigger))
        true = (await bench.truth()).order(placed.ref.venue_id or "", conditional=True)
        assert true is not None
        assert (true.trigger, true.status) == (trigger, OrderStatus.WAITING)

    with_ccxt(body)


def test_each_leg_of_hedge_mode_is_opened_and_closed() -> None:
    async def body(adapter: Adapter, bench: Bench) -> None:
        await adapter.set_position_mode(PositionMode.HEDGE)
        await adapter.place(replace(sell("short", None), position_side=PositionSide.SHORT))
        long = replace(sell("long", None), side=Side.BUY, position_side=PositionSide.LONG)
        await adapter.place(long)
        held = {one.side: one.amount for one in await adapter.positions()}
        assert held == {PositionSide.LONG: Decimal("0.010"), PositionSide.SHORT: Decimal("0.010")}
        await adapter.place(replace(long, intent_id="close", side=Side.SELL))
        assert [one.side for one in await adapter.positions()] == [PositionSide.SHORT]

    with_ccxt(body)


@pytest.mark.parametrize(
    "intent",
    [
        sell("absolute", replace(TRAILING, offset_unit=OffsetUnit.ABSOLUTE)),
        replace(sell("whole", STOP), close_position=True, amount=Decimal(0)),
    ],
    ids=["absolute offset", "close position"],
)
def test_what_ccxt_has_no_word_for_is_never_placed_as_something_else(intent: Intent) -> None:
    async def body(adapter: Adapter, bench: Bench) -> None:
        for call in (adapter.place(intent), adapter.place_many([intent])):
            with pytest.raises(Unsupported):
                await call
        with pytest.raises(Unsupported):
            await adapter.amend(OrderRef(BTC, "x", "1", conditional=True), Decimal(1), None)
        assert (await bench.truth()).orders == ()

    with_ccxt(body)


def test_a_refusal_to_wait_is_told_from_one_to_rest() -> None:
    async def body(adapter: Adapter, bench: Bench) -> None:
        with pytest.raises(Rejected) as refused:
            await adapter.place(sell("there", replace(STOP, price=Decimal("61000.0"))))
        assert refused.value.reason is Reason.WOULD_TRIGGER

    with_ccxt(body)


def test_a_lost_reply_to_several_orders_is_unknown_for_each() -> None:
    async def body(adapter: Adapter, bench: Bench) -> None:
        wishes = [replace(sell(name, None), type=OrderType.LIMIT, price=Decimal("61000.0")) for name in "ab"]
        await bench.do(actions.LoseReply(actions.Matcher(operation=actions.Operation.PLACE_MANY)))
        answers = await adapter.place_many(wishes)
        assert [type(answer) for answer in answers] == [OutcomeUnknown] * 2
        assert len((await bench.truth()).live_orders()) == 2

    with_ccxt(body)


def test_a_volume_in_coins_is_no_number_of_contracts() -> None:
    async def body(adapter: Adapter, bench: Bench) -> None:
        ticker = await adapter.ticker(COIN)
        assert (ticker.volume_24h, ticker.last) == (None, (await bench.market(COIN)).ticker.last)

    with_ccxt(body, "inverse")


def test_a_condition_in_ccxts_words() -> None:
    on_mark = replace(STOP, watches=TriggerPrice.MARK)
    assert order_params(sell("i", on_mark), "c") == {
        "clientOrderId": "c",
        "stopLossPrice": 58000.0,
        "triggerPriceType": "mark",
    }
    closing = replace(sell("i", replace(STOP, kind=TriggerKind.TAKE)), position_side=PositionSide.LONG)
    assert order_params(closing, "c") == {
        "clientOrderId": "c",
        "takeProfitPrice": 58000.0,
        "hedged": True,
        "reduceOnly": True,
    }


@pytest.mark.parametrize(
    ("kind", "side", "direction"),
    [
        (TriggerKind.STOP, Side.SELL, "descending"),
        (TriggerKind.TAKE, Side.SELL, "ascending"),
        (TriggerKind.STOP, Side.BUY, "ascending"),
    ],
)
def test_a_plain_order_that_waits_says_its_direction_where_that_is_wanted(
    kind: TriggerKind, side: Side, direction: str
) -> None:
    intent = replace(sell("i", Trigger(kind, price=Decimal(5), watches=TriggerPrice.MARK)), side=side)
    assert order_params(intent, "c", directed=True) == {
        "clientOrderId": "c",
        "triggerPrice": 5.0,
        "triggerDirection": direction,
        "triggerPriceType": "mark",
    }
    word = "stopLossPrice" if kind is TriggerKind.STOP else "takeProfitPrice"
    closing = order_params(replace(intent, reduce_only=True), "c", directed=True)
    assert closing == {"clientOrderId": "c", "reduceOnly": True, word: 5.0, "triggerPriceType": "mark"}


@pytest.mark.parametrize(("said_keys", "intent"), [(("triggerPrice",), "i"), ((), "")])
def test_a_fill_is_that_of_a_conditional_order_where_it_keeps_its_number(
    said_keys: tuple[str, ...], intent: str
) -> None:
    ids = ClientIds(said_keys=said_keys)
    ref = OrderRef("S", "i", "7", conditional=True)
    ids.learn(Order(ref, Side.SELL, OrderType.MARKET, OrderStatus.WAITING, Decimal(1), Decimal(0)))
    assert ids.intent_of("S", "7") == intent
