"""Reading Bybit's documents, field by field, from its pages' shapes with values of our own; and what its codes mean."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal

import msgspec
import pytest

from venueproof_adapters.kit.catalog import Catalog
from venueproof_adapters.kit.clock import MS_NS, SECOND_NS
from venueproof_adapters.kit.http import Reply
from venueproof_adapters.kit.ids import IdMap
from venueproof_adapters.native.bybit import wire
from venueproof_adapters.native.bybit.calls import CLIENT_ID, CLIENT_ID_LENGTH
from venueproof_adapters.native.bybit.errors import Judge
from venueproof_adapters.native.bybit.parse import Expected, Parser, balances, candle
from venueproof_adapters.native.bybit.products import product_of
from venueproof_contracts.errors import (
    AdapterError,
    AuthFailed,
    BadAnswer,
    Banned,
    ClockSkew,
    OutcomeUnknown,
    RateLimited,
    Reason,
    Rejected,
    VenueDown,
)
from venueproof_contracts.model import (
    ContractUnit,
    Fill,
    OffsetUnit,
    Order,
    OrderStatus,
    OrderType,
    PositionSide,
    Side,
    TimeInForce,
    Trigger,
    TriggerKind,
    TriggerPrice,
)

AT_MS = 1_795_000_000_123
LINEAR, INVERSE = product_of("linear"), product_of("inverse")
INSTRUMENT = {
    "symbol": "BTCUSDT",
    "status": "Trading",
    "baseCoin": "BTC",
    "quoteCoin": "USDT",
    "settleCoin": "USDT",
    "deliveryTime": "0",
    "priceFilter": {"minPrice": "0.10", "maxPrice": "1999999.80", "tickSize": "0.10"},
    "lotSizeFilter": {
        "maxOrderQty": "1190.000",
        "minOrderQty": "0.002",
        "qtyStep": "0.001",
        "minNotionalValue": "5",
    },
}
ORDER = {
    "symbol": "BTCUSDT",
    "orderId": "5f6a-1",
    "orderLinkId": "mine-7",
    "side": "Sell",
    "orderType": "Limit",
    "orderStatus": "PartiallyFilled",
    "price": "60000.5",
    "qty": "0.03",
    "avgPrice": "60001.1",
    "cumExecQty": "0.01",
    "timeInForce": "PostOnly",
    "positionIdx": 2,
    "reduceOnly": True,
    "closeOnTrigger": False,
    "stopOrderType": "",
    "triggerPrice": "",
    "triggerDirection": 0,
    "triggerBy": "",
    "rejectReason": "EC_NoError",
    "cancelType": "UNKNOWN",
    "createdTime": str(AT_MS - 5),
    "updatedTime": str(AT_MS),
}
STOP = ORDER | {
    "orderType": "Market",
    "orderStatus": "Untriggered",
    "price": "0",
    "avgPrice": "",
    "cumExecQty": "0",
    "timeInForce": "IOC",
    "positionIdx": 0,
    "stopOrderType": "Stop",
    "triggerPrice": "59000",
    "triggerDirection": 2,
    "triggerBy": "MarkPrice",
}
EXECUTION = {
    "symbol": "BTCUSDT",
    "orderId": "5f6a-1",
    "orderLinkId": "mine-7",
    "execId": "e-1",
    "execType": "Trade",
    "side": "Sell",
    "execPrice": "60000.5",
    "execQty": "0.01",
    "execFee": "-0.12",
    "feeCurrency": "",
    "isMaker": True,
    "execTime": str(AT_MS),
}


def parser(product: str = "linear") -> Parser:
    found = Parser(product_of(product), catalog := Catalog(), IdMap(CLIENT_ID, CLIENT_ID_LENGTH))
    catalog.load([found.instrument(msgspec.convert(INSTRUMENT, wire.InstrumentRow, strict=False))])
    return found


def row(changes: Mapping[str, object], base: Mapping[str, object] = STOP) -> wire.OrderRow:
    return msgspec.json.decode(json.dumps({**base, **changes}), type=wire.OrderRow)


def told(changes: Mapping[str, object], base: Mapping[str, object] = STOP) -> list[Order]:
    return [one.order for one in parser().tellings(row(changes, base))]


# --- orders -----------------------------------------------------------------------------------------------------------


def test_an_order_is_read_field_by_field() -> None:
    [order] = told({}, ORDER)
    assert (order.ref.instrument, order.ref.intent_id, order.ref.venue_id) == ("BTC/USDT:USDT", "mine-7", "5f6a-1")
    assert (order.side, order.type, order.status) == (Side.SELL, OrderType.LIMIT, OrderStatus.PARTLY_FILLED)
    assert (order.price, order.amount, order.filled) == (Decimal("60000.5"), Decimal("0.03"), Decimal("0.01"))
    assert (order.average_price, order.post_only, order.reduce_only) == (Decimal("60001.1"), True, True)
    assert (order.time_in_force, order.position_side) == (TimeInForce.GTC, PositionSide.SHORT)
    assert (order.updated_ns, order.reason, order.trigger) == (AT_MS * MS_NS, "", None)
    assert not order.ref.conditional


def test_the_price_that_bounds_a_market_order_is_none_of_its_own() -> None:
    [order] = told({"orderType": "Market", "timeInForce": "IOC", "price": "61234.5"}, ORDER)
    assert (order.price, order.time_in_force) == (None, TimeInForce.IOC)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("Created", OrderStatus.PENDING),
        ("New", OrderStatus.OPEN),
        ("Filled", OrderStatus.FILLED),
        ("Cancelled", OrderStatus.CANCELED),
        ("PartiallyFilledCanceled", OrderStatus.CANCELED),
        ("Rejected", OrderStatus.REJECTED),
    ],
)
def test_what_was_filled_is_told_whatever_the_status(word: str, status: OrderStatus) -> None:
    [order] = told({"orderStatus": word}, ORDER)
    assert (order.status, order.filled) == (status, Decimal("0.01"))


def test_a_word_that_is_not_known_is_not_guessed() -> None:
    with pytest.raises(BadAnswer):
        told({"orderStatus": "Pondering"}, ORDER)


# --- conditional orders -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "direction", "kind"),
    [("Sell", 2, TriggerKind.STOP), ("Sell", 1, TriggerKind.TAKE), ("Buy", 1, TriggerKind.STOP)],
)
def test_a_conditional_order_is_known_by_its_trigger_price(side: str, direction: int, kind: TriggerKind) -> None:
    [order] = told({"side": side, "triggerDirection": direction, "stopOrderType": ""})
    assert order.ref.conditional
    assert order.status is OrderStatus.WAITING
    assert order.trigger == Trigger(kind, price=Decimal(59000), watches=TriggerPrice.MARK)


@pytest.mark.parametrize("word", ["New", "PartiallyFilled", "Filled", "Cancelled"])
def test_one_that_fired_is_two_orders_under_one_id(word: str) -> None:
    before, after = told({"orderStatus": word, "cumExecQty": "0.01"})
    assert (before.ref.conditional, after.ref.conditional) == (True, False)
    assert (before.status, before.replaced_by, before.filled) == (OrderStatus.TRIGGERED, "5f6a-1", Decimal(0))
    assert (after.ref.intent_id, after.filled, after.trigger) == ("mine-7", Decimal("0.01"), None)


@pytest.mark.parametrize(
    ("reason", "filled", "statuses"),
    [
        ("EC_PerCancelRequest", "0", [OrderStatus.CANCELED]),
        ("EC_NoImmediateQtyToFill", "0", [OrderStatus.TRIGGERED, OrderStatus.CANCELED]),
        ("EC_PerCancelRequest", "0.01", [OrderStatus.TRIGGERED, OrderStatus.CANCELED]),
    ],
)
def test_deactivated_is_the_end_of_one_that_waited_and_of_one_that_fired(
    reason: str, filled: str, statuses: list[OrderStatus]
) -> None:
    orders = told({"orderStatus": "Deactivated", "rejectReason": reason, "cumExecQty": filled})
    assert [order.status for order in orders] == statuses
    assert orders[-1].filled == Decimal(filled)


def test_deactivated_ends_what_was_seen_to_fire_whatever_reason_is_given() -> None:
    reader = parser()
    reader.tellings(row({"orderStatus": "New"}))
    ended = reader.tellings(row({"orderStatus": "Deactivated", "rejectReason": "EC_NoError"}))
    assert [one.order.status for one in ended] == [OrderStatus.TRIGGERED, OrderStatus.CANCELED]


def test_one_that_was_refused_when_its_price_came_never_fired() -> None:
    [order] = told({"orderStatus": "Rejected", "rejectReason": "EC_Others"})
    assert (order.status, order.ref.conditional, order.reason) == (OrderStatus.REJECTED, True, "EC_Others")


def test_a_stop_for_the_whole_position_has_no_amount() -> None:
    [order] = told({"qty": "0", "closeOnTrigger": True})
    assert (order.close_position, order.amount) == (True, Decimal(0))


def test_a_trailing_stop_without_a_client_id_is_ours_when_it_began_with_our_asking() -> None:
    trail = {"orderLinkId": "", "stopOrderType": "TrailingStop", "triggerPrice": "", "createdTime": str(AT_MS + 40)}
    trigger = Trigger(TriggerKind.TRAILING, offset=Decimal(600), offset_unit=OffsetUnit.ABSOLUTE)
    reader = parser()
    reader.expect("BTCUSDT", 0, Expected("trail-1", trigger, AT_MS))
    [old] = reader.tellings(row(trail | {"orderId": "old", "createdTime": str(AT_MS - 60_000)}))
    [ours] = reader.tellings(row(trail))
    [later] = reader.tellings(row(trail | {"orderId": "later"}))
    assert [one.client_id for one in (old, ours, later)] == ["", "trail-1", ""]
    assert ours.order.trigger == trigger
    filled = reader.fill(msgspec.convert(EXECUTION | {"orderLinkId": ""}, wire.ExecutionRow, strict=False))
    assert filled is not None
    assert filled.ref.intent_id == "trail-1"


# --- executions -------------------------------------------------------------------------------------------------------


def filled(**changes: str) -> Fill | None:
    return parser().fill(msgspec.convert(EXECUTION | changes, wire.ExecutionRow, strict=False))


def test_an_execution_is_read_field_by_field_and_a_rebate_is_a_negative_fee() -> None:
    fill = filled()
    assert fill is not None
    assert (fill.fill_id, fill.ref.intent_id, fill.ref.venue_id) == ("e-1", "mine-7", "5f6a-1")
    assert (fill.side, fill.price, fill.amount) == (Side.SELL, Decimal("60000.5"), Decimal("0.01"))
    assert (fill.fee, fill.fee_asset, fill.maker) == (Decimal("-0.12"), "USDT", True)
    assert fill.at_ns == AT_MS * MS_NS


@pytest.mark.parametrize("kind", ["Funding", "Settle", "Delivery"])
def test_what_is_booked_as_an_execution_and_trades_nothing_is_no_fill(kind: str) -> None:
    assert filled(execType=kind) is None


@pytest.mark.parametrize("kind", ["AdlTrade", "BustTrade"])
def test_what_the_venue_closes_is_a_fill(kind: str) -> None:
    assert filled(execType=kind) is not None


# --- positions and money ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["avgPrice", "entryPrice"])
def test_a_position_has_its_price_under_either_name(name: str) -> None:
    held = {"symbol": "BTCUSDT", "positionIdx": 0, "side": "Sell", "size": "0.5", name: "60000", "leverage": "12.5"}
    position = parser().position(msgspec.convert(held, wire.PositionRow, strict=False))
    assert (position.side, position.amount, position.entry_price) == (PositionSide.NET, Decimal("-0.5"), Decimal(60000))
    assert position.leverage == Decimal("12.5")


def test_legs_are_told_by_their_index_and_a_closed_one_has_no_side() -> None:
    held = {"symbol": "BTCUSDT", "positionIdx": 2, "side": "Sell", "size": "0.5", "unrealisedPnl": "300"}
    flat = {"symbol": "BTCUSDT", "positionIdx": 1, "side": "", "size": "0", "entryPrice": "0", "unrealisedPnl": ""}
    short, long = (parser().position(msgspec.convert(one, wire.PositionRow, strict=False)) for one in (held, flat))
    assert (short.side, short.amount) == (PositionSide.SHORT, Decimal("0.5"))
    assert (long.side, long.amount, long.entry_price) == (PositionSide.LONG, Decimal(0), None)


COIN = {"coin": "BTC", "equity": "2", "usdValue": "120000", "walletBalance": "1.9", "totalPositionIM": "0.25"}
NONE_HELD = {"coin": "ETH", "equity": "0", "usdValue": "0", "walletBalance": "0", "totalOrderIM": "0"}


@pytest.mark.parametrize(("total", "free"), [("90000", [Decimal("1.5"), None]), ("", [Decimal("1.65"), 0])])
def test_what_is_free_is_worked_out_by_margin_mode(total: str, free: list[Decimal | None]) -> None:
    wallet = msgspec.convert({"totalAvailableBalance": total, "coin": [COIN, NONE_HELD]}, wire.WalletRow, strict=False)
    assert [one.available for one in balances(wallet)] == free
    assert [one.wallet for one in balances(wallet)] == [Decimal("1.9"), 0]


# --- instruments and candles ------------------------------------------------------------------------------------------


def test_instruments_of_both_products_and_dated_ones() -> None:
    dated = INSTRUMENT | {
        "symbol": "BTCUSDZ26",
        "quoteCoin": "USD",
        "settleCoin": "BTC",
        "deliveryTime": "1798185600000",
        "status": "Closed",
        "lotSizeFilter": {"maxOrderQty": "25000", "minOrderQty": "1", "qtyStep": "1"},
    }
    linear, inverse = (
        Parser(product, Catalog(), IdMap(CLIENT_ID, CLIENT_ID_LENGTH)).instrument(
            msgspec.convert(one, wire.InstrumentRow, strict=False)
        )
        for product, one in ((LINEAR, INSTRUMENT), (INVERSE, dated))
    )
    assert (linear.symbol, linear.contract_unit, linear.expires_ns) == ("BTC/USDT:USDT", ContractUnit.BASE, None)
    assert (linear.amount_min, linear.amount_step, linear.notional_min) == (
        Decimal("0.002"),
        Decimal("0.001"),
        Decimal(5),
    )
    assert (inverse.symbol, inverse.contract_unit) == ("BTC/USD:BTC-261225", ContractUnit.QUOTE)
    assert (inverse.expires_ns, inverse.notional_min, inverse.active) == (1_798_185_600_000 * MS_NS, None, False)


@pytest.mark.parametrize(
    ("interval", "open_s", "length_s"),
    [("4h", 0, 14_400), ("1w", 345_600, 604_800), ("1M", 1_764_547_200, 2_678_400), ("1M", 1_769_904_000, 2_419_200)],
)
def test_a_candle_ends_with_its_interval_and_a_month_with_the_calendar(
    interval: str, open_s: int, length_s: int
) -> None:
    columns = [str(open_s * 1000), "5", "9", "2", "7", "11", "660000"]
    found, end_ns = candle(msgspec.convert(columns, wire.KlineRow, strict=False), interval)
    assert [found.open, found.high, found.low, found.close, found.volume] == [5, 9, 2, 7, 11]
    assert end_ns == (open_s + length_s) * SECOND_NS


# --- codes ------------------------------------------------------------------------------------------------------------

NOW_NS = 1_795_000_000 * SECOND_NS


def error_of(code: int, text: str, status: int = 200, headers: dict[str, str] | None = None) -> AdapterError | None:
    body = json.dumps({"retCode": code, "retMsg": text, "result": {}, "retExtInfo": {}, "time": AT_MS}).encode()
    return Judge(lambda: NOW_NS).error(Reply(status, headers or {}, body))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("params error: symbol invalid BTCUSDTT", Reason.UNKNOWN_INSTRUMENT),
        ("order not modified", Reason.NO_CHANGE),
        ("The number of contracts exceeds minimum limit allowed", Reason.BELOW_MINIMUM),
        ("The number of contracts exceeds maximum limit allowed: too large", Reason.ABOVE_MAXIMUM),
        ("Qty invalid", Reason.PRECISION),
        ("position idx not match position mode", Reason.POSITION_SIDE),
        ("StopLoss:324000000 set for Buy position should lower than base_price:1??LastPrice", Reason.WOULD_TRIGGER),
        ("OrderType invalid.", Reason.BAD_PARAMETER),
    ],
)
def test_the_code_for_everything_is_told_apart_by_its_text(text: str, reason: Reason) -> None:
    error = error_of(10001, text)
    assert isinstance(error, Rejected)
    assert (error.reason, error.code, error.text) == (reason, "10001", text)


@pytest.mark.parametrize(
    ("code", "text", "kind"),
    [
        (10002, "invalid request, please check your server timestamp", ClockSkew),
        (10003, "API key is invalid.", AuthFailed),
        (10024, "not available to you", AuthFailed),
        (10000, "Server Timeout", OutcomeUnknown),
        (10016, "Server error.", OutcomeUnknown),
        (10016, "Service is restarting.", VenueDown),
        (10019, "service is restarting", VenueDown),
    ],
)
def test_codes_that_are_no_refusals(code: int, text: str, kind: type[AdapterError]) -> None:
    assert type(error_of(code, text)) is kind


def test_success_is_the_number_nought_whatever_the_text() -> None:
    assert error_of(0, "") is None
    assert error_of(0, "OK") is None


def test_haste_is_told_by_its_code_and_lasts_as_long_as_the_header_says() -> None:
    reset_ms = NOW_NS // MS_NS + 7000
    error = error_of(10006, "Too many visits!", headers={"x-bapi-limit-reset-timestamp": str(reset_ms)})
    assert isinstance(error, RateLimited)
    assert error.until_ns == reset_ms * MS_NS


def test_a_refused_proof_is_told_without_the_key_in_it() -> None:
    error = error_of(10004, "error sign! origin_string[1795000000123my-own-key5000]")
    assert isinstance(error, AuthFailed)
    assert "my-own-key" not in error.text + str(error)


def test_a_blocked_address_waits_ten_minutes_and_one_that_stays_blocked_is_not_served() -> None:
    clock = [NOW_NS]
    judge = Judge(lambda: clock[0])
    page = Reply(403, {}, b"access too frequent")
    first = judge.error(page)
    assert isinstance(first, Banned)
    assert first.until_ns == NOW_NS + 600 * SECOND_NS
    clock[0] += 600 * SECOND_NS
    assert isinstance(judge.error(page), Banned)
    clock[0] += 600 * SECOND_NS
    assert type(judge.error(page)) is AuthFailed
    judge.error(Reply(200, {}, b'{"retCode":0}'))
    assert isinstance(judge.error(page), Banned)
