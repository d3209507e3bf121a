"""What only Bybit does: whole flows of its adapter against its simulator, in virtual time."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from decimal import Decimal
from urllib.parse import urlsplit

import msgspec
import pytest
from chance import chaos
from msgspec import structs
from venue_desk import PARTS, SYMBOL, Desk, ProfileName, each_profile, flow

from venueproof.simulation import simulate
from venueproof.virtual import run
from venueproof_adapters.kit.assembly import prepare
from venueproof_adapters.kit.parts import Parts, replaced
from venueproof_adapters.kit.requests import Call
from venueproof_adapters.mutants.requests import NoWindows
from venueproof_adapters.native import make_adapter, make_adapter_with
from venueproof_adapters.native.bybit.calls import CLIENT_ID, CLIENT_ID_LENGTH
from venueproof_adapters.native.bybit.products import product_of
from venueproof_adapters.native.bybit.rest import Rest
from venueproof_contracts.actions import (
    FillOrder,
    LoseReply,
    LoseRequest,
    Matcher,
    Operation,
    SetPrice,
    SwitchQuirk,
)
from venueproof_contracts.bench import Refused, WireKind
from venueproof_contracts.errors import AdapterError, AuthFailed, NotSent, Reason, Rejected, Unsupported
from venueproof_contracts.model import (
    Endpoint,
    Intent,
    MarginMode,
    OffsetUnit,
    Order,
    OrderRef,
    OrderStatus,
    OrderType,
    PositionMode,
    Side,
    Trigger,
    TriggerKind,
    TriggerPrice,
)

AT = "bybit"
KEY, SECRET = "dummy-key", "dummy-secret"
AMOUNT = Decimal("0.04")

# --- proofs -----------------------------------------------------------------------------------------------------------


def rest() -> Rest:
    endpoint = Endpoint(AT, "linear", "http://127.0.0.1:1", "ws://127.0.0.1:1")
    ground = prepare(endpoint, {"apiKey": KEY}, Parts(), client_id=CLIENT_ID, client_id_length=CLIENT_ID_LENGTH)
    return Rest(product_of("linear"), endpoint.rest, {"apiKey": KEY, "secret": SECRET}, ground)


def test_a_proof_covers_stamp_key_window_and_the_bytes_that_are_sent() -> None:
    asked = Call("a", "GET", "/v5/order/realtime", "signed", {})
    url, headers, body = rest().written(asked, {"category": "linear", "symbol": None, "orderLinkId": "a b"})
    sent = urlsplit(url).query
    assert (sent, body) == ("category=linear&orderLinkId=a+b", None)
    assert headers["X-BAPI-SIGN"] == proof(headers, sent)
    done = Call("b", "POST", "/v5/order/create", "signed", {})
    url, headers, body = rest().written(done, {"category": "linear", "reduceOnly": True, "price": None})
    assert body is not None
    assert msgspec.json.decode(body) == {"category": "linear", "reduceOnly": True}
    assert urlsplit(url).query == ""
    assert headers["X-BAPI-SIGN"] == proof(headers, body.decode())


def proof(headers: dict[str, str], sent: str) -> str:
    text = headers["X-BAPI-TIMESTAMP"] + KEY + headers["X-BAPI-RECV-WINDOW"] + sent
    return hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()


def test_a_login_is_good_for_several_seconds() -> None:
    key, expires, sign = rest().login(10)
    assert key == KEY
    assert sign == hmac.new(SECRET.encode(), f"GET/realtime{expires}".encode(), hashlib.sha256).hexdigest()


# --- the account ------------------------------------------------------------------------------------------------------


def test_an_account_that_is_not_unified_is_refused_at_the_start() -> None:
    async def main() -> None:
        async with simulate(AT, seed=3, quirks=["+bybit.account.unified-required"]) as venue:
            adapter = make_adapter(venue.endpoint(), venue.credentials)
            with pytest.raises((AuthFailed, Unsupported)):
                await adapter.start()
            await adapter.close()

    run(main())


def test_a_position_mode_is_refused_whole_while_one_contract_has_something_open() -> None:
    async def story(desk: Desk) -> None:
        await desk.rest()
        with pytest.raises(Rejected) as caught:
            await desk.adapter.set_position_mode(PositionMode.HEDGE)
        assert caught.value.reason is Reason.OPEN_ORDERS
        await desk.adapter.cancel_all(SYMBOL)
        other = structs.replace(desk.wish(Decimal(2000), "0.1"), instrument="ETH/USDT:USDT")
        assert (await desk.adapter.place(other)).status is OrderStatus.OPEN  # it still has one leg

    flow("vendor", story, at=AT)


def test_the_margin_mode_is_asked_for_before_it_is_set() -> None:
    async def story(desk: Desk) -> None:
        await desk.adapter.set_margin(SYMBOL, MarginMode.ISOLATED, Decimal("7.25"))
        await desk.adapter.set_margin(SYMBOL, MarginMode.ISOLATED, Decimal("7.25"))
        await desk.adapter.place(desk.wish())
        await asyncio.sleep(1)
        [held] = await desk.adapter.positions()
        assert (held.margin_mode, held.leverage) == (MarginMode.ISOLATED, Decimal("7.25"))
        with pytest.raises(Rejected):
            await desk.adapter.set_margin(SYMBOL, MarginMode.CROSS, None)

    flow("vendor", story, at=AT)


# --- trailing stops ---------------------------------------------------------------------------------------------------


def trailing(desk: Desk, amount: Decimal = AMOUNT, *, reduce_only: bool = True) -> Intent:
    trigger = Trigger(TriggerKind.TRAILING, offset=Decimal(1), offset_unit=OffsetUnit.PERCENT)
    return structs.replace(desk.wish(), side=Side.SELL, amount=amount, reduce_only=reduce_only, trigger=trigger)


def test_a_trailing_stop_is_told_under_its_intent_from_its_setting_to_its_fill() -> None:
    async def story(desk: Desk) -> None:
        await desk.adapter.place(desk.wish())
        placed = await desk.adapter.place(wish := trailing(desk))
        assert (placed.status, placed.ref.intent_id) == (OrderStatus.WAITING, wish.intent_id)
        assert placed.trigger is not None
        assert placed.trigger.offset == (desk.bid / 100).quantize(Decimal("0.1"))
        await desk.do(SetPrice(SYMBOL, desk.below(2)))
        await asyncio.sleep(2)
        fills = desk.fold.fills_of(wish.intent_id)
        assert sum(fill.amount for fill in fills) == AMOUNT
        assert desk.fold.conditionals[wish.intent_id].status is OrderStatus.TRIGGERED
        assert desk.fold.orders[wish.intent_id].status is OrderStatus.FILLED
        assert await desk.adapter.positions() == []

    flow("vendor", story, at=AT)


def test_a_trailing_stop_that_is_refused_is_told_so_and_nothing_stands_for_it() -> None:
    async def story(desk: Desk) -> None:
        await desk.adapter.place(desk.wish())
        with pytest.raises(Rejected) as caught:
            await desk.adapter.place(trailing(desk))
        assert caught.value.code == "10001"
        assert await desk.adapter.open_orders(SYMBOL) == []

    flow("field", story, at=AT)


def test_a_second_trailing_stop_does_not_cost_the_first() -> None:
    async def story(desk: Desk) -> None:
        await desk.adapter.place(desk.wish())
        first = await desk.adapter.place(trailing(desk))
        with pytest.raises(Rejected):
            await desk.adapter.place(trailing(desk))
        assert [order.ref for order in await desk.adapter.open_orders(SYMBOL)] == [first.ref]

    flow("vendor", story, at=AT)


@pytest.mark.parametrize("loss", [LoseReply, LoseRequest])
def test_a_trailing_stop_whose_answer_is_lost_is_looked_for(loss: type[LoseReply | LoseRequest]) -> None:
    async def story(desk: Desk) -> None:
        await desk.adapter.place(desk.wish())
        await desk.do(loss(Matcher(operation=Operation.PLACE)))
        if loss is LoseReply:
            assert (await desk.adapter.place(trailing(desk))).status is OrderStatus.WAITING
        else:
            with pytest.raises(NotSent):
                await desk.adapter.place(trailing(desk))

    flow("vendor", story, at=AT)


def test_what_would_be_another_stop_than_the_one_asked_for_is_not_set() -> None:
    async def story(desk: Desk) -> None:
        with pytest.raises(Rejected):
            await desk.adapter.place(trailing(desk))
        await desk.adapter.place(desk.wish())
        marked = structs.replace(
            trailing(desk), trigger=Trigger(TriggerKind.TRAILING, offset=Decimal(600), watches=TriggerPrice.MARK)
        )
        for wish in (trailing(desk, AMOUNT / 2), trailing(desk, reduce_only=False), marked):
            with pytest.raises(Unsupported):
                await desk.adapter.place(wish)
        assert await desk.adapter.open_orders(SYMBOL) == []

    flow("vendor", story, at=AT)


# --- orders -----------------------------------------------------------------------------------------------------------


@each_profile
def test_orders_that_the_venue_let_out_of_its_memory_are_found_in_its_history(profile: ProfileName) -> None:
    async def story(desk: Desk) -> None:
        order = await desk.rest()
        await desk.do(FillOrder(SYMBOL, str(order.ref.venue_id)))
        await asyncio.sleep(1)
        await desk.venue.bench.sleep(1)
        again = make_adapter(desk.venue.endpoint(), desk.venue.credentials)
        await again.start()
        found = await again.order(OrderRef(SYMBOL, order.ref.intent_id))
        await again.close()
        assert (found.status, found.filled) == (OrderStatus.FILLED, AMOUNT)

    flow(profile, story, at=AT)


def test_a_batch_counts_its_items_so_that_none_is_refused_for_haste() -> None:
    async def story(desk: Desk) -> None:
        wishes = [desk.wish(desk.below(2 + number % 5)) for number in range(30)]
        answers = await desk.adapter.place_many(wishes)
        assert not [one for one in answers if isinstance(one, AdapterError)]
        assert not [row for row in desk.venue.bench.wire() if row.refused is Refused.HASTE]

    flow("vendor", story, at=AT)


def test_an_adapter_that_counts_nothing_is_refused_for_haste_with_status_200() -> None:
    async def story(desk: Desk) -> None:
        await asyncio.gather(*(desk.adapter.fills(SYMBOL, None) for _ in range(80)), return_exceptions=True)
        refused = [row for row in desk.venue.bench.wire() if row.refused is Refused.HASTE]
        assert refused
        assert {row.status for row in refused} == {200}

    flow("vendor", story, at=AT, parts=replaced(PARTS, budget=NoWindows))


# --- chaos ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
@each_profile
def test_whatever_happens_the_view_is_the_venues_in_the_end(profile: ProfileName, seed: int) -> None:
    async def story(desk: Desk) -> None:
        await chaos(desk, seed)
        truth = await desk.venue.bench.truth()
        waiting = {order.ref.venue_id for order in truth.live_orders()}
        listed = {order.ref.venue_id for order in await desk.adapter.open_orders(SYMBOL)}
        assert listed == waiting
        requests = sum(row.kind is WireKind.REQUEST for row in desk.venue.bench.wire())
        assert requests < 1500

    flow(profile, story, at=AT, seed=seed + 1)


# --- the trade connection ---------------------------------------------------------------------------------------------

SOCKET = replaced(PARTS, orders_over_socket=True)


def frames(desk: Desk, label: str) -> int:
    return sum(row.kind is WireKind.FRAME_IN and row.label == label for row in desk.venue.bench.wire())


@each_profile
def test_orders_go_over_a_connection_of_their_own(profile: ProfileName) -> None:
    async def story(desk: Desk) -> None:
        order = await desk.rest()
        await desk.adapter.amend(order.ref, desk.below(3), None)
        answers = await desk.adapter.place_many([desk.wish(desk.below(4)), desk.wish(desk.below(5), "0.0001")])
        assert [type(answer) for answer in answers] == [Order, Rejected]
        await desk.adapter.cancel(order.ref)
        with pytest.raises(Rejected) as caught:
            await desk.adapter.cancel(order.ref)
        assert caught.value.reason is Reason.UNKNOWN_ORDER
        sent = [frames(desk, f"order.{name}") for name in ("create", "amend", "create-batch", "cancel")]
        assert sent == [1, 1, 1, 2]
        assert desk.requests(Operation.PLACE) + desk.requests(Operation.CANCEL) == 0
        await asyncio.sleep(1)
        await desk.view_is_true()

    flow(profile, story, at=AT, parts=SOCKET)


@pytest.mark.parametrize("operation", [Operation.PLACE, Operation.CANCEL, Operation.PLACE_MANY])
@pytest.mark.parametrize("loss", [LoseReply, LoseRequest])
def test_a_frame_that_is_lost_is_looked_for_and_never_sent_again_blindly(
    loss: type[LoseReply | LoseRequest], operation: Operation
) -> None:
    async def story(desk: Desk) -> None:
        order = await desk.rest()
        await desk.do(loss(Matcher(operation=operation)))
        arrived = loss is LoseReply
        if operation is Operation.CANCEL:
            assert (await desk.adapter.cancel(order.ref)).status is OrderStatus.CANCELED
            assert await desk.live() == []
            return
        wishes = [desk.wish(desk.below(3)), desk.wish(desk.below(4))]
        if operation is Operation.PLACE:
            wishes = wishes[:1]
        if operation is Operation.PLACE_MANY:
            answers = await desk.adapter.place_many(wishes)
        else:
            answers = [await placed(desk, wishes[0])]
        assert {type(answer) for answer in answers} == {Order if arrived else NotSent}
        assert len(await desk.live()) == 1 + (len(wishes) if arrived else 0)

    flow("vendor", story, at=AT, parts=SOCKET)


async def placed(desk: Desk, wish: Intent) -> Order | AdapterError:
    try:
        return await desk.adapter.place(wish)
    except AdapterError as error:
        return error


def test_a_service_that_begins_anew_and_one_that_is_away_leave_orders_to_rest() -> None:
    async def main() -> None:
        async with simulate(AT, seed=3, quirks=["+bybit.ws.trade-restart-10019"]) as venue:
            adapter = make_adapter_with(venue.endpoint(), venue.credentials, SOCKET)
            await adapter.start()
            price = (await adapter.book(SYMBOL, 1)).bids[0].price - 1000
            wish = Intent("i", SYMBOL, Side.BUY, OrderType.LIMIT, AMOUNT, price=price)
            assert (await adapter.place(wish)).status is OrderStatus.OPEN
            assert len((await venue.bench.truth()).live_orders()) == 1
            await adapter.close()

    run(main())


def test_a_refusal_without_a_number_is_the_answer_to_the_only_request() -> None:
    async def main() -> None:
        async with simulate(AT, seed=3, quirks=["+bybit.ws.trade-missing-reqid"]) as venue:
            adapter = make_adapter_with(venue.endpoint(), venue.credentials, SOCKET)
            await adapter.start()
            price = (await adapter.book(SYMBOL, 1)).bids[0].price - 1000
            first = Intent("i", SYMBOL, Side.BUY, OrderType.LIMIT, AMOUNT, price=price)
            await adapter.place(first)
            await venue.bench.do(SwitchQuirk("bybit.account.mode-probe", True))
            with pytest.raises(AuthFailed):
                await adapter.place(structs.replace(first, intent_id="j"))
            await adapter.close()

    run(main())


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_to_orders_over_the_socket_the_view_is_the_venues_in_the_end(seed: int) -> None:
    async def story(desk: Desk) -> None:
        await chaos(desk, seed)

    flow("vendor", story, at=AT, seed=seed + 1, parts=SOCKET)
