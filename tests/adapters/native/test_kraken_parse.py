"""Signing, judging and parsing of Kraken's documents, field by field, from its pages' shapes with values of our own."""

from __future__ import annotations

import json
from decimal import Decimal

import msgspec
import pytest

from venueproof_adapters.kit.catalog import Catalog
from venueproof_adapters.kit.http import Reply
from venueproof_adapters.kit.ids import IdMap
from venueproof_adapters.native.kraken import frames, wire
from venueproof_adapters.native.kraken.calls import CLIENT_ID, CLIENT_ID_LENGTH
from venueproof_adapters.native.kraken.errors import Judge, reason_of
from venueproof_adapters.native.kraken.known import Known
from venueproof_adapters.native.kraken.parse import Parser, gone, instrument
from venueproof_adapters.native.kraken.products import product_of
from venueproof_adapters.native.kraken.rest import Signer
from venueproof_contracts.errors import (
    AdapterError,
    AuthFailed,
    BadAnswer,
    ClockSkew,
    OutcomeUnknown,
    RateLimited,
    Reason,
    Rejected,
    VenueDown,
)
from venueproof_contracts.model import (
    ContractUnit,
    Intent,
    MarginMode,
    OffsetUnit,
    OrderStatus,
    OrderType,
    Side,
    TimeInForce,
    Trigger,
    TriggerKind,
    TriggerPrice,
)

NOW_NS = 1_795_168_335_000_000_000
LINEAR, INVERSE = product_of("linear"), product_of("inverse")
ROW = {
    "symbol": "PF_XBTUSD",
    "type": "flexible_futures",
    "tickSize": 0.5,
    "contractSize": 1,
    "tradeable": True,
    "maxPositionSize": 500.0,
    "marginLevels": [{"numNonContractUnits": 0, "initialMargin": 0.02, "maintenanceMargin": 0.01}],
    "contractValueTradePrecision": 4,
    "base": "BTC",
    "quote": "USD",
}
SMALL = ROW | {"symbol": "PF_PEPEUSD", "base": "PEPE", "contractValueTradePrecision": -3, "tickSize": "1e-10"}
DATED = ROW | {
    "symbol": "FI_XBTUSD_261225",
    "type": "futures_inverse",
    "base": "XBT",
    "contractValueTradePrecision": 0,
    "lastTradingTime": "2026-12-25T16:00:00.000Z",
    "isExpired": True,
}
UID = "c1f0a2b4-0000-4000-a000-000000000001"


@pytest.fixture(name="parser")
def _parser() -> Parser:
    catalog = Catalog()
    catalog.load([instrument(msgspec.convert(row, wire.InstrumentRow), LINEAR) for row in (ROW, SMALL)])
    return Parser(catalog, IdMap(CLIENT_ID, CLIENT_ID_LENGTH), Known())


# --- signing ----------------------------------------------------------------------------------------------------------


def test_a_challenge_is_signed_as_in_the_vendor_s_example() -> None:
    secret = "7zxMEF5p/Z8l2p2U7Ghv6x14Af+Fx+92tPgUdVQ748FOIrEoT9bgT+bTRfXc5pz8na+hL/QdrCVG7bh9KpT0eMTm"
    signed = Signer({"apiKey": "k", "secret": secret}).challenged("c100b894-1729-464d-ace1-52dbce11db42")
    assert signed == "4JEpF3ix66GA2B+ooK128Ift4XQVtc137N9yeg4Kqsn9PI0Kpzbysl9M1IeCEdjg0zl00wkVqcsnG4bmnlMb3A=="


def test_what_is_signed_is_data_nonce_and_path_in_this_order() -> None:
    signer = Signer({"apiKey": "k", "secret": "c2VjcmV0"})
    one = signer.headers("/api/v3/sendorder", "a=1", "7")
    assert one == signer.headers("/v3/sendorder", "a=1", "7/api") | {"Nonce": "7"}
    assert one["Authent"] != signer.headers("/derivatives/api/v3/sendorder", "a=1", "7")["Authent"]


def test_a_secret_that_is_no_base64_is_said_to_be_one_and_not_shown() -> None:
    with pytest.raises(AuthFailed, match="base64") as caught:
        Signer({"apiKey": "k", "secret": "not*base64"}).challenged("x")
    assert "not*" not in str(caught.value)


# --- judging ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "kind", "reason"),
    [
        (200, {"result": "error", "error": "authenticationError"}, AuthFailed, None),
        (
            401,
            {"reason": "You are not authorized.", "status": "unauthorized"},
            AuthFailed,
            None,
        ),
        (200, {"result": "error", "error": "invalidArgument: symbol"}, Rejected, Reason.UNKNOWN_INSTRUMENT),
        (200, {"result": "error", "error": "invalidArgument: size"}, Rejected, Reason.BAD_PARAMETER),
        (
            500,
            {"result": "error", "errors": [{"code": 92, "message": "INSUFFICIENT_MARGIN"}]},
            Rejected,
            Reason.INSUFFICIENT_MARGIN,
        ),
        (
            400,
            {"result": "error", "errors": [{"code": 0, "message": "requiredArgumentMissing"}]},
            Rejected,
            Reason.BAD_PARAMETER,
        ),
        (500, {"result": "error", "errors": [{"code": 92, "message": "?"}]}, Rejected, Reason.INSUFFICIENT_MARGIN),
        (200, {"result": "success", "sendStatus": {"status": "postWouldExecute"}}, Rejected, Reason.WOULD_CROSS),
        (200, {"result": "success", "sendStatus": {"status": "neverHeardOf"}}, Rejected, Reason.OTHER),
        (200, {"result": "success", "sendStatus": {"status": "attempted"}}, OutcomeUnknown, None),
        (200, {"result": "success", "cancelStatus": {"status": "filled"}}, Rejected, Reason.UNKNOWN_ORDER),
        (200, {"result": "success", "editStatus": {"status": "placed"}}, Rejected, Reason.OTHER),
        (200, {"result": "success", "sendStatus": {"status": "wouldProcessAfterSpecifiedTime"}}, ClockSkew, None),
        (200, {"result": "error", "error": "nonceBelowThreshold"}, ClockSkew, None),
        (200, {"result": "error", "error": "apiLimitExceeded"}, RateLimited, None),
        (429, {"result": "error", "error": "apiLimitExceeded"}, RateLimited, None),
        (503, {"status": 503, "error": "Service Unavailable", "message": "Service Unavailable"}, VenueDown, None),
        (404, {"status": 404, "error": "Not Found", "message": "Not Found"}, Rejected, Reason.UNKNOWN_INSTRUMENT),
        (500, {"status": 500, "error": "Internal Server Error"}, OutcomeUnknown, None),
    ],
)
def test_a_refusal_is_seen_on_either_level(
    status: int, body: object, kind: type[AdapterError], reason: Reason | None
) -> None:
    error = Judge(lambda: NOW_NS).error(Reply(status, {}, json.dumps(body).encode()))
    assert type(error) is kind
    assert getattr(error, "reason", None) is reason
    if isinstance(error, RateLimited):
        assert error.until_ns > NOW_NS


@pytest.mark.parametrize(
    "body",
    [
        {"candles": [], "more_candles": False},
        {"elements": [], "len": 0},
        {"result": "success", "sendStatus": {"status": "placed"}},
        {"result": "success", "cancelStatus": {"status": "noOrdersToCancel"}},
        ["mark", "spot", "trade"],
    ],
)
def test_an_answer_without_a_result_is_none_that_failed(body: object) -> None:
    assert Judge(lambda: NOW_NS).error(Reply(200, {}, json.dumps(body).encode())) is None


def test_a_reason_is_known_in_both_of_its_spellings() -> None:
    assert reason_of("IOC_WOULD_NOT_EXECUTE") is reason_of("iocWouldNotExecute") is Reason.NOT_FILLABLE


# --- instruments ------------------------------------------------------------------------------------------------------


def test_steps_are_powers_of_ten_either_way_and_xbt_is_btc() -> None:
    linear, small = (instrument(msgspec.convert(row, wire.InstrumentRow, strict=False), LINEAR) for row in (ROW, SMALL))
    dated = instrument(msgspec.convert(DATED, wire.InstrumentRow, strict=False), INVERSE)
    assert (linear.symbol, linear.settle, linear.amount_step) == ("BTC/USD:USD", "USD", Decimal("0.0001"))
    assert (small.amount_step, small.price_tick) == (Decimal(1000), Decimal("1e-10"))
    assert (dated.symbol, dated.settle, dated.contract_unit) == ("BTC/USD:BTC-261225", "BTC", ContractUnit.QUOTE)
    assert dated.expires_ns == 1_798_214_400_000_000_000
    assert not dated.active


# --- orders -----------------------------------------------------------------------------------------------------------


def test_a_stop_that_is_listed_is_one_by_its_other_name_too(parser: Parser) -> None:
    row = {
        "order_id": UID,
        "cliOrdId": "a2",
        "symbol": "pf_xbtusd",
        "side": "sell",
        "stopPrice": 88000,
        "unfilledSize": 0.5,
        "filledSize": 0,
        "lastUpdateTime": "2026-11-20T10:00:00.000Z",
        "reduceOnly": True,
        "triggerSignal": "mark",
    }
    for name in ("stop", "stp"):
        order = parser.open_order(msgspec.convert(row | {"orderType": name}, wire.OpenOrderRow, strict=False)).order
        assert order.ref.conditional
        assert order.ref.instrument == "BTC/USD:USD"
        assert (order.status, order.type, order.price) == (OrderStatus.WAITING, OrderType.MARKET, None)
        assert order.trigger == Trigger(TriggerKind.STOP, Decimal(88000), watches=TriggerPrice.MARK)


def test_what_is_streamed_counts_what_is_left_and_what_filled_and_zero_is_no_price(parser: Parser) -> None:
    row = {
        "instrument": "PF_XBTUSD",
        "last_update_time": NOW_NS // 10**6,
        "qty": 0.3,
        "filled": 0.2,
        "limit_price": 90000.0,
        "stop_price": 0.0,
        "type": "limit",
        "order_id": UID,
        "direction": 1,
    }
    order = parser.streamed(msgspec.convert(row, frames.StreamedOrder, strict=False))
    assert (order.amount, order.filled, order.side) == (Decimal("0.5"), Decimal("0.2"), Side.SELL)
    assert (order.status, order.trigger, order.type) == (OrderStatus.PARTLY_FILLED, None, OrderType.LIMIT)
    trailing = row | {
        "type": "trailing_stop",
        "limit_price": 0.0,
        "stop_price": 1.0,
        "trailing_stop_options": {"max_deviation": 1.5, "unit": "PERCENT"},
    }
    order = parser.streamed(msgspec.convert(trailing, frames.StreamedOrder, strict=False))
    assert order.type is OrderType.MARKET
    assert order.trigger == Trigger(TriggerKind.TRAILING, offset=Decimal("1.5"), offset_unit=OffsetUnit.PERCENT)


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        ("full_fill", OrderStatus.FILLED),
        ("cancelled_by_user", OrderStatus.CANCELED),
        ("dead_man_switch", OrderStatus.CANCELED),
        ("contract_expired", OrderStatus.EXPIRED),
        ("a_word_of_tomorrow", OrderStatus.CANCELED),
    ],
)
def test_why_an_order_went_is_told_by_the_reason(parser: Parser, reason: str, status: OrderStatus) -> None:
    row = {
        "instrument": "PF_XBTUSD",
        "last_update_time": NOW_NS // 10**6,
        "qty": 0.0,
        "filled": 0.5,
        "limit_price": 90000.0,
        "type": "limit",
        "order_id": UID,
        "direction": 0,
    }
    order = gone(parser.streamed(msgspec.convert(row, frames.StreamedOrder, strict=False)), reason, NOW_NS)
    assert (order.status, order.filled, order.amount) == (status, Decimal("0.5"), Decimal("0.5"))


def test_what_was_sent_tells_a_market_order_from_one_that_may_not_wait(parser: Parser) -> None:
    wish = Intent("m1", "BTC/USD:USD", Side.BUY, OrderType.MARKET, Decimal("0.5"), time_in_force=TimeInForce.IOC)
    document = {
        "orderId": UID,
        "cliOrdId": "m1",
        "type": "ioc",
        "symbol": "PF_XBTUSD",
        "side": "buy",
        "quantity": 0.5,
        "filled": 0.5,
        "limitPrice": 91910,
        "lastUpdateTimestamp": "2026-11-20T10:00:00.000Z",
    }
    row = msgspec.convert(document, wire.OrderDocument, strict=False)
    assert (parser.event(row).order.type, parser.event(row).order.price) == (OrderType.LIMIT, Decimal(91910))
    parser.known.wish("m1", wish, NOW_NS)
    told = parser.event(row).order
    assert (told.type, told.price, told.status) == (OrderType.MARKET, None, OrderStatus.FILLED)


def test_the_last_change_of_a_history_is_how_an_order_stands(parser: Parser) -> None:
    order = {
        "uid": UID,
        "tradeable": "PF_XBTUSD",
        "direction": "Buy",
        "quantity": "0.5",
        "filled": "0",
        "timestamp": 1,
        "limitPrice": "90000",
        "orderType": "Post",
        "clientId": "a1",
        "reduceOnly": False,
        "lastUpdateTimestamp": 1,
    }
    after = order | {"quantity": "0.3", "filled": "0.2", "lastUpdateTimestamp": 5}
    elements = [
        {"uid": "e3", "timestamp": 6, "event": {"OrderCancelled": {"order": after, "reason": "cancelled_by_user"}}},
        {
            "uid": "e2",
            "timestamp": 5,
            "event": {"OrderUpdated": {"newOrder": after, "oldOrder": order, "reason": "partial_fill"}},
        },
        {"uid": "e1", "timestamp": 1, "event": {"OrderPlaced": {"order": order, "reason": "new_user_order"}}},
    ]
    rows = msgspec.convert({"elements": elements}, wire.PastOrders, strict=False).elements
    (told,) = parser.past(rows)
    assert (told.order.status, told.order.amount, told.order.filled) == (
        OrderStatus.CANCELED,
        Decimal("0.5"),
        Decimal("0.2"),
    )
    assert (told.client_id, told.order.post_only, told.order.updated_ns) == ("a1", True, 6_000_000)
    (partly,) = parser.past(rows[1:])
    assert partly.order.status is OrderStatus.PARTLY_FILLED


@pytest.mark.parametrize(
    ("side", "direction", "kind"),
    [
        ("Sell", "Below", TriggerKind.STOP),
        ("Sell", "Above", TriggerKind.TAKE),
        ("Buy", "Above", TriggerKind.STOP),
        ("Buy", "Below", TriggerKind.TAKE),
    ],
)
def test_a_stop_is_told_from_a_take_by_the_side_it_waits_on(
    parser: Parser, side: str, direction: str, kind: TriggerKind
) -> None:
    order = {
        "uid": UID,
        "tradeable": "PF_XBTUSD",
        "direction": side,
        "quantity": "0.5",
        "filled": "0",
        "limitPrice": "",
        "orderType": "IoC",
        "clientId": "a1",
        "lastUpdateTimestamp": 1,
        "triggerOptions": {"triggerPrice": "88000", "triggerSignal": "MarkPrice", "triggerSide": direction},
    }
    element = {"timestamp": 2, "event": {"OrderTriggerActivated": {"order": order, "reason": ""}}}
    (told,) = parser.past([msgspec.convert(element, wire.PastOrderElement, strict=False)])
    assert told.order.trigger == Trigger(kind, Decimal(88000), watches=TriggerPrice.MARK)
    assert (told.order.status, told.order.replaced_by) == (OrderStatus.TRIGGERED, UID)


def test_a_fee_heard_on_the_stream_is_that_of_the_listed_fill(parser: Parser) -> None:
    streamed = {
        "instrument": "PF_XBTUSD",
        "time": NOW_NS // 10**6,
        "price": 91000.0,
        "buy": True,
        "qty": 0.2,
        "order_id": UID,
        "fill_id": "f1",
        "fill_type": "maker",
        "fee_paid": -0.5,
        "fee_currency": "XBT",
    }
    listed = {
        "fill_id": "f1",
        "symbol": "PF_XBTUSD",
        "side": "buy",
        "order_id": UID,
        "size": 0.2,
        "price": 91000,
        "fillTime": "2026-11-20T09:52:15.000Z",
        "fillType": "maker",
    }
    row = msgspec.convert(listed, wire.FillRow, strict=False)
    assert parser.fill(row).fee is None
    heard = parser.streamed_fill(msgspec.convert(streamed, frames.StreamedFill, strict=False))
    assert (heard.fee, heard.fee_asset, heard.maker, heard.at_ns) == (Decimal("-0.5"), "BTC", True, NOW_NS)
    assert parser.fill(row) == heard


def test_a_position_with_a_leverage_is_isolated_and_a_short_is_negative(parser: Parser) -> None:
    row = {"side": "short", "symbol": "PF_XBTUSD", "price": 90000, "size": 0.5, "unrealizedPnl": 450}
    cross = parser.position(msgspec.convert(row, wire.PositionRow, strict=False))
    own = parser.position(msgspec.convert(row | {"maxFixedLeverage": 5}, wire.PositionRow, strict=False))
    assert (cross.amount, cross.margin_mode, cross.leverage) == (Decimal("-0.5"), MarginMode.CROSS, None)
    assert (own.margin_mode, own.leverage) == (MarginMode.ISOLATED, Decimal(5))
    assert cross.profit_rate == Decimal("0.01")


def test_an_answer_without_its_list_is_none() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"result":"success","serverTime":"2026-11-20T10:00:00.000Z"}', type=wire.Positions)
    with pytest.raises(BadAnswer):
        wire.time_ns("yesterday")
