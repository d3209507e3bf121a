"""The ccxt binding: ccxt's words as ours, nothing lost or added, over its production URLs through the proxy."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest
from msgspec import structs

import venueproof
from venueproof_adapters.ccxt_adapter import make_adapter
from venueproof_adapters.ccxt_adapter.errors import translate, translated
from venueproof_adapters.ccxt_adapter.exchanges import ccxt_pro, exchange_rows
from venueproof_adapters.ccxt_adapter.ids import ClientIds
from venueproof_adapters.ccxt_adapter.placing import order_params
from venueproof_adapters.ccxt_adapter.reading import open_interest
from venueproof_contracts import actions
from venueproof_contracts.adapter import Adapter
from venueproof_contracts.bench import Bench, WireKind
from venueproof_contracts.capabilities import Capability, Support
from venueproof_contracts.errors import (
    AuthFailed,
    BadAnswer,
    ClockSkew,
    OutcomeUnknown,
    RateLimited,
    Reason,
    Rejected,
    Unsupported,
    VenueDown,
)
from venueproof_contracts.model import (
    AdapterKind,
    AmendManner,
    Channel,
    Endpoint,
    Event,
    Fill,
    FillEvent,
    Intent,
    OrderEvent,
    OrderRef,
    OrderStatus,
    OrderType,
    Side,
    TimeInForce,
)

BTC = "BTC/USDT:USDT"
Body = Callable[[Adapter, Bench], Awaitable[None]]
ccxt = ccxt_pro()


def with_ccxt(body: Body, *, proxy: bool) -> None:
    async def main() -> None:
        async with venueproof.simulate("binance", seed=7, proxy=proxy) as venue:
            adapter = make_adapter(venue.endpoint("linear"), venue.credentials)
            try:
                await adapter.start()
                await body(adapter, venue.bench)
            finally:
                await adapter.close()

    venueproof.run(main())


def buy(intent_id: str, price: str | None = "59000.0", amount: str = "0.010") -> Intent:
    return Intent(
        intent_id=intent_id,
        instrument=BTC,
        side=Side.BUY,
        type=OrderType.MARKET if price is None else OrderType.LIMIT,
        amount=Decimal(amount),
        price=None if price is None else Decimal(price),
    )


@pytest.mark.parametrize("proxy", [True, False], ids=["proxy", "plain"])
def test_an_order_lives_through_the_binding(proxy: bool) -> None:
    async def body(adapter: Adapter, bench: Bench) -> None:
        placed = await adapter.place(buy("mine"))
        assert (placed.ref.intent_id, placed.status, placed.amount) == ("mine", OrderStatus.OPEN, Decimal("0.01"))
        by_intent = await adapter.order(OrderRef(BTC, "mine"))
        assert by_intent.ref.venue_id == placed.ref.venue_id
        amended = await adapter.amend(placed.ref, Decimal("58000.0"), None)
        assert (amended.price, amended.amount) == (Decimal(58000), Decimal("0.01"))
        assert [order.price for order in await adapter.open_orders(BTC)] == [Decimal(58000)]
        await adapter.cancel(OrderRef(BTC, "mine"))
        assert await adapter.open_orders(BTC) == []
        await adapter.place(buy("bought", None))
        [position] = await adapter.positions()
        assert (position.amount, position.instrument) == (Decimal("0.01"), BTC)
        assert [fill.ref.intent_id for fill in await adapter.fills(BTC, None)] == ["bought"]
        assert {one.asset for one in await adapter.balances()} >= {"USDT"}
        assert [row for row in bench.wire() if row.kind is WireKind.REFUSED] == []

    with_ccxt(body, proxy=proxy)


def test_an_order_for_an_unknown_symbol_is_refused() -> None:
    async def body(adapter: Adapter, bench: Bench) -> None:
        stray = structs.replace(buy("stray"), instrument="ZQX/USDT:USDT")
        for placing in (adapter.place(stray), adapter.place_many([stray])):
            with pytest.raises(Rejected) as caught:
                await placing
            assert caught.value.reason is Reason.UNKNOWN_INSTRUMENT

    with_ccxt(body, proxy=False)


def test_events_arrive_and_watches_are_called_again_after_an_error() -> None:
    async def body(adapter: Adapter, bench: Bench) -> None:
        heard: list[Event] = []
        pump = asyncio.create_task(_hear(adapter, heard))
        await adapter.subscribe(Channel.ACCOUNT, None)
        first = await adapter.place(buy("first"))
        await bench.do(actions.FillOrder(BTC, first.ref.venue_id or ""))
        await bench.sleep(1)
        await bench.do(actions.Drop(actions.DropManner.RESET))
        await bench.sleep(10)
        second = await adapter.place(buy("second"))
        await bench.do(actions.FillOrder(BTC, second.ref.venue_id or ""))
        await bench.sleep(5)
        pump.cancel()
        fills = [event.fill.ref.intent_id for event in heard if isinstance(event, FillEvent)]
        orders = [event.order.ref.intent_id for event in heard if isinstance(event, OrderEvent)]
        assert (fills, set(orders)) == (["first", "second"], {"first", "second"})

    with_ccxt(body, proxy=True)


async def _hear(adapter: Adapter, heard: list[Event]) -> None:
    while True:
        heard.append(await adapter.next_event())


def test_contracts_with_a_date_are_a_product_of_their_own() -> None:
    async def main() -> None:
        async with venueproof.simulate("deribit", seed=7) as venue:
            adapter = make_adapter(venue.endpoint("future"), venue.credentials)
            await adapter.start()
            products = {one.symbol: one.product for one in await adapter.instruments()}
            await adapter.close()
            symbol = venue.simulator.venue.manifest.product("future").instrument
            assert (products[symbol], products["BTC/USD:BTC"]) == ("future", "inverse")

    venueproof.run(main())


def test_market_data_is_ccxts() -> None:
    async def body(adapter: Adapter, bench: Bench) -> None:
        true = await bench.market(BTC)
        instruments = {one.symbol: one for one in await adapter.instruments()}
        assert instruments[BTC].price_tick == Decimal("0.1")
        assert {one.product for one in instruments.values()} == {"linear"}
        assert (await adapter.book(BTC, 5)).bids[0] == true.book.bids[0]
        assert (await adapter.ticker(BTC)).last == true.ticker.last
        candles = await adapter.candles(BTC, "1m", None, 3)
        assert [one.closed for one in candles] == [True, True, False]
        assert (await adapter.funding(BTC)).rate == Decimal("0.0001")
        assert (await adapter.open_interest(BTC)).amount == true.ticker.open_interest
        assert (await adapter.trades(BTC))[0].instrument == BTC
        assert abs(await adapter.server_time() - bench.now_ns()) < 10**8

    with_ccxt(body, proxy=False)


def test_several_orders_find_their_places() -> None:
    async def body(adapter: Adapter, bench: Bench) -> None:
        good, bad, other = await adapter.place_many([buy("a"), buy("b", amount="0.001", price="100.0"), buy("c")])
        assert isinstance(bad, Rejected)
        assert [order.ref.intent_id for order in (good, other) if not isinstance(order, Exception)] == ["a", "c"]

    with_ccxt(body, proxy=True)


def test_it_declares_what_ccxts_own_table_says() -> None:
    async def body(adapter: Adapter, bench: Bench) -> None:
        said = await adapter.declare()
        assert (said.kind, said.version, said.amend) == (AdapterKind.LIBRARY, ccxt.__version__, AmendManner.IN_PLACE)
        assert said.recovery_bound_s == 0
        assert said.capabilities[Capability.STREAM_FILLS] is Support.FULL
        assert Capability.GOOD_TILL_DATE not in said.capabilities

    with_ccxt(body, proxy=False)


@pytest.mark.parametrize(
    ("kind", "changes", "ours"),
    [
        ("InsufficientFunds", True, Rejected),
        ("OrderNotFound", True, Rejected),
        ("BadSymbol", False, Rejected),
        ("InvalidOrder", True, Rejected),
        ("PermissionDenied", False, AuthFailed),
        ("RateLimitExceeded", True, RateLimited),
        ("DDoSProtection", False, RateLimited),
        ("InvalidNonce", True, ClockSkew),
        ("RequestTimeout", True, OutcomeUnknown),
        ("ExchangeNotAvailable", True, OutcomeUnknown),
        ("BadResponse", True, OutcomeUnknown),
        ("OnMaintenance", True, VenueDown),
        ("ExchangeNotAvailable", False, VenueDown),
        ("RequestTimeout", False, BadAnswer),
        ("NullResponse", False, BadAnswer),
        ("NotSupported", True, Unsupported),
    ],
)
def test_classes_of_errors(kind: str, changes: bool, ours: type) -> None:
    error = translate(getattr(ccxt, kind)("the venue's words"), changes=changes, until_ns=5)
    assert (type(error), error.text) == (ours, "the venue's words")


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("InsufficientFunds", Reason.INSUFFICIENT_MARGIN),
        ("MarginModeAlreadySet", Reason.NO_CHANGE),
        ("OrderImmediatelyFillable", Reason.WOULD_CROSS),
        ("DuplicateOrderId", Reason.DUPLICATE_ID),
        ("BadSymbol", Reason.UNKNOWN_INSTRUMENT),
        ("BadRequest", Reason.BAD_PARAMETER),
        ("InvalidOrder", Reason.OTHER),
    ],
)
def test_reasons_of_refusals(kind: str, reason: Reason) -> None:
    error = translate(getattr(ccxt, kind)("no"), changes=True, until_ns=5)
    assert isinstance(error, Rejected)
    assert error.reason is reason


def test_an_error_of_none_of_ccxts_classes_passes_as_it_is() -> None:
    with pytest.raises(KeyError), translated(ccxt.binanceusdm(), changes=True):
        raise KeyError("a fault inside ccxt")


@pytest.mark.parametrize("intent_id", ["abc1", "vp-1-1", "a_Z-b", "vpZoo"])
def test_ids_that_a_venue_does_not_take_are_written_so_that_another_run_reads_them(intent_id: str) -> None:
    written = ClientIds(fits="[A-Za-z0-9]{1,32}").client_id(intent_id)
    assert written.isalnum()
    assert ClientIds(fits="[A-Za-z0-9]{1,32}").intent_id(written) == intent_id


def test_an_answer_without_a_plain_orders_keys_is_about_a_conditional_one() -> None:
    ids = ClientIds(["actualSz"], ["ordId"])
    told = [{"algoId": "6812"}, {"ordId": "1", "algoId": ""}, {"ordId": "", "actualSz": ""}, None]
    assert [ids.is_conditional(info) for info in told] == [True, False, True, False]


def test_a_key_that_says_nothing_is_no_sign_of_a_conditional_order() -> None:
    ids = ClientIds(said_keys=["triggerPrice"])
    told = [{"triggerPrice": "58000"}, {"triggerPrice": ""}, {}]
    assert [ids.is_conditional(info) for info in told] == [True, False, False]


def test_client_ids_fit_and_come_back() -> None:
    ids = ClientIds()
    assert ids.client_id("vp-1-1") == "vp-1-1"
    long = ids.client_id("ein Wunsch/" + "x" * 60)
    assert len(long) == 32
    assert long.isalnum()
    assert ids.intent_id(long) == "ein Wunsch/" + "x" * 60
    assert ids.client_id("ein Wunsch/" + "x" * 60) == long
    assert ids.intent_id("somebody-elses") == "somebody-elses"


def test_an_intent_in_ccxts_words() -> None:
    intent = Intent("i", BTC, Side.SELL, OrderType.LIMIT, Decimal(1), Decimal(2), TimeInForce.IOC, reduce_only=True)
    assert order_params(intent, "c") == {"clientOrderId": "c", "timeInForce": "IOC", "reduceOnly": True}


def test_every_exchange_that_is_written_down_exists() -> None:
    assert [row.id for row in exchange_rows() if not hasattr(ccxt, row.id)] == []


def test_without_ccxt_there_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ccxt.pro", None)
    with pytest.raises(LookupError, match=r"^ccxt is not installed; install venueproof\[ccxt\]$"):
        make_adapter(Endpoint("binance", "linear", "http://127.0.0.1", "ws://127.0.0.1"), {})


def test_a_venue_that_ccxt_does_not_serve() -> None:
    with pytest.raises(LookupError, match="no ccxt exchange is known for nowhere linear"):
        make_adapter(Endpoint("nowhere", "linear", "http://127.0.0.1", "ws://127.0.0.1"), {})


def test_a_fill_keeps_its_venue_id_when_its_order_was_never_seen() -> None:
    from venueproof_adapters.ccxt_adapter.reading import fill

    found: Fill = fill(
        {"id": 7, "order": "99", "symbol": BTC, "side": "buy", "price": 1.5, "amount": 2.0, "timestamp": 3}, ClientIds()
    )
    assert (found.ref, found.fee, found.maker, found.at_ns) == (OrderRef(BTC, "", "99"), None, None, 3_000_000)


@pytest.mark.parametrize(
    ("amount", "value", "inverse", "contracts"), [(7.0, 420_000.0, False, 7), (None, 420_000.0, True, 4200)]
)
def test_open_interest_is_told_in_contracts(amount: float | None, value: float, inverse: bool, contracts: int) -> None:
    found = {"symbol": "S", "openInterestAmount": amount, "openInterestValue": value, "timestamp": 5}
    assert open_interest(found, {"inverse": inverse, "contractSize": 100.0}).amount == contracts
