"""How Deribit's documents are read: rows as they were recorded, or as its reference has them."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from venueproof_adapters.kit.catalog import Catalog
from venueproof_adapters.kit.feeds import Snapshot
from venueproof_adapters.kit.http import Reply
from venueproof_adapters.kit.ids import IdMap
from venueproof_adapters.kit.line import Ack, Heard
from venueproof_adapters.kit.line import Reply as Back
from venueproof_adapters.native.deribit import wire
from venueproof_adapters.native.deribit.calls import CLIENT_ID, CLIENT_ID_LENGTH
from venueproof_adapters.native.deribit.errors import Judge
from venueproof_adapters.native.deribit.instruments import expired_symbol, instrument
from venueproof_adapters.native.deribit.parse import Parser, candles
from venueproof_adapters.native.deribit.signing import signature
from venueproof_adapters.native.deribit.stream import DeribitMarketSource
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
from venueproof_contracts.model import Candle, Channel, ContractUnit, OrderStatus, OrderType, Side, TriggerKind

PERPETUAL = {
    "instrument_name": "BTC-PERPETUAL",
    "kind": "future",
    "base_currency": "BTC",
    "quote_currency": "USD",
    "counter_currency": "USD",
    "settlement_currency": "BTC",
    "settlement_period": "perpetual",
    "expiration_timestamp": 32503708800000,
    "tick_size": 0.5,
    "min_trade_amount": 10.0,
    "contract_size": 10.0,
}
ORDER = {
    "order_id": "5100001",
    "order_state": "open",
    "order_type": "limit",
    "time_in_force": "good_til_cancelled",
    "instrument_name": "BTC-PERPETUAL",
    "direction": "buy",
    "price": 93000.5,
    "amount": 100,
    "filled_amount": 0.0,
    "average_price": 0.0,
    "label": "wish",
    "last_update_timestamp": 1735689601000,
}
STOP = {
    "order_id": "SLMS-19641",
    "order_state": "untriggered",
    "order_type": "stop_market",
    "instrument_name": "BTC-PERPETUAL",
    "direction": "sell",
    "price": "market_price",
    "amount": 100.0,
    "label": "stop",
    "trigger": "mark_price",
    "trigger_price": 90000.0,
}


def row(**changes: object) -> wire.OrderRow:
    return msgspec.convert({**ORDER, **changes}, wire.OrderRow, strict=False)


def listed(**changes: object) -> wire.InstrumentRow:
    return msgspec.json.decode(msgspec.json.encode({**PERPETUAL, **changes}), type=wire.InstrumentRow)


def catalog() -> Catalog:
    found = Catalog()
    found.load([instrument(listed())])
    return found


def parser() -> Parser:
    return Parser(catalog(), IdMap(CLIENT_ID, CLIENT_ID_LENGTH))


# --- instruments ---


@pytest.mark.parametrize(
    ("changes", "product", "symbol", "unit"),
    [
        ({}, "inverse", "BTC/USD:BTC", ContractUnit.QUOTE),
        (
            {"settlement_period": "month", "expiration_timestamp": 1653638400000},
            "future",
            "BTC/USD:BTC-220527",
            ContractUnit.QUOTE,
        ),
        (
            {"quote_currency": "USDC", "counter_currency": "USDC", "settlement_currency": "USDC"},
            "linear",
            "BTC/USDC:USDC",
            ContractUnit.BASE,
        ),
        (
            {
                "kind": "option",
                "quote_currency": "BTC",
                "settlement_period": "week",
                "expiration_timestamp": 1656057600000,
                "strike": 52000.0,
                "option_type": "put",
            },
            "option",
            "BTC/USD:BTC-220624-52000-P",
            ContractUnit.BASE,
        ),
    ],
)
def test_symbols_come_from_fields_and_amounts_stay_as_they_are(
    changes: dict[str, object], product: str, symbol: str, unit: ContractUnit
) -> None:
    found = instrument(listed(**changes))
    assert found.product == product
    assert (found.symbol, found.contract_unit, found.contract_size) == (symbol, unit, Decimal(1))
    assert (found.amount_step, found.price_tick) == (Decimal(10), Decimal("0.5"))


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("BTC-5JAN24-42000-C", "BTC/USD:BTC-240105-42000-C"),
        ("XRP_USDC-30JUN24-0d625-C", "XRP/USDC:USDC-240630-0.625-C"),
        ("ETH-27DEC24", "ETH/USD:ETH-241227"),
        ("BTC-FS-27DEC24_PERP", "BTC-FS-27DEC24_PERP"),
        ("BTC-05JAN24", "BTC-05JAN24"),
        ("BTC-5XXX24", "BTC-5XXX24"),
    ],
)
def test_a_name_tells_what_is_listed_no_more(name: str, symbol: str) -> None:
    assert expired_symbol(name) == symbol
    assert parser().symbol(name) == symbol


# --- orders ---


def test_an_open_order_that_filled_in_part_is_told_so() -> None:
    told = parser().order(row(filled_amount=40.0, average_price=93000.25))
    assert (told.status, told.filled, told.average_price) == (
        OrderStatus.PARTLY_FILLED,
        Decimal(40),
        Decimal("93000.25"),
    )
    assert (told.price, told.ref.intent_id) == (Decimal("93000.5"), "wish")


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        ({"cancel_reason": "user_request"}, OrderStatus.CANCELED),
        ({"cancel_reason": "edit_post_only_reject"}, OrderStatus.CANCELED),
        ({"cancel_reason": "cancel_on_disconnect"}, OrderStatus.EXPIRED),
        ({}, OrderStatus.EXPIRED),
    ],
)
def test_who_ended_an_order_is_told_apart_and_what_it_filled_is_kept(
    reason: dict[str, object], status: OrderStatus
) -> None:
    told = parser().order(row(order_state="cancelled", filled_amount=40.0, **reason))
    assert (told.status, told.filled) == (status, Decimal(40))


def test_an_untriggered_order_lacks_figures() -> None:
    (told,) = parser().told(msgspec.convert(STOP, wire.OrderRow, strict=False))
    order = told.order
    assert (order.status, order.filled, order.price, order.type) == (
        OrderStatus.WAITING,
        Decimal(0),
        None,
        OrderType.MARKET,
    )
    assert order.ref.conditional
    assert order.trigger is not None
    assert (order.trigger.kind, order.trigger.price) == (TriggerKind.STOP, Decimal(90000))


@pytest.mark.parametrize("order_type", ["market", "stop_market"])
def test_what_fired_goes_on_under_another_id(order_type: str) -> None:
    filled = row(
        order_id="77", order_type=order_type, order_state="filled", trigger_order_id="SLMS-19641", label="stop"
    )
    before, after = (one.order for one in parser().told(filled))
    assert (before.ref.venue_id, before.status, before.replaced_by) == ("SLMS-19641", OrderStatus.TRIGGERED, "77")
    assert (after.ref.venue_id, after.status, after.ref.conditional) == ("77", OrderStatus.FILLED, False)
    assert before.ref.intent_id == after.ref.intent_id == "stop"


def test_an_unknown_word_is_not_guessed() -> None:
    with pytest.raises(BadAnswer):
        parser().order(row(order_state="partially_filled"))


def test_figures_are_read_as_they_are_spelled_and_ids_are_text() -> None:
    body = b"""{"trade_id":"ETH-284830839","order_id":"ETH-5","instrument_name":"BTC-PERPETUAL","direction":"sell",
        "price":93500,"amount":100.0,"fee":5.3e-07,"fee_currency":"BTC","liquidity":"M","timestamp":1735689602000,
        "label":"","matching_id":null}"""
    fill = parser().fill(msgspec.json.decode(body, type=wire.TradeRow))
    assert (fill.fill_id, fill.fee, fill.fee_asset, fill.maker) == ("ETH-284830839", Decimal("5.3E-7"), "BTC", True)
    assert fill.side is Side.SELL


@pytest.mark.parametrize(
    ("direction", "size", "amount"), [("sell", -100.0, -100), ("sell", 100, -100), ("buy", 100, 100)]
)
def test_a_position_has_the_sign_of_its_direction(direction: str, size: float, amount: int) -> None:
    told = wire.PositionRow("BTC-PERPETUAL", direction, Decimal(size), Decimal(93500), Decimal(0), Decimal(50))
    assert parser().position(told).amount == amount


# --- the market ---

COLUMNS = {"status": "ok", "ticks": [0, 60000], **{name: [1, 2] for name in ("open", "high", "low", "close")}}


def test_columns_become_candles_whose_volume_counts_contracts() -> None:
    chart = msgspec.convert({**COLUMNS, "volume": [3.2, 1.2], "cost": [300000, 112200]}, wire.ChartRow, strict=False)
    inverse = instrument(listed())
    assert [(one.open_ns, one.volume) for one in candles(chart, inverse)] == [
        (0, Decimal(300000)),
        (60 * 10**9, Decimal(112200)),
    ]


@pytest.mark.parametrize(
    "wrong", [{"volume": [1], "cost": [1, 1]}, {"volume": [1, 1], "cost": [1, 1], "status": "err"}]
)
def test_columns_that_do_not_fit_are_no_candles(wrong: dict[str, object]) -> None:
    chart = msgspec.convert({**COLUMNS, **wrong}, wire.ChartRow, strict=False)
    with pytest.raises(BadAnswer):
        candles(chart, instrument(listed()))


def source() -> DeribitMarketSource:
    return DeribitMarketSource(Judge(lambda: 0), "ws://nowhere", catalog())


def notice(channel: str, data: object) -> bytes:
    params = {"channel": channel, "data": data}
    return msgspec.json.encode({"jsonrpc": "2.0", "method": "subscription", "params": params})


def bar(tick: int, close: float) -> bytes:
    figures = {"open": 1, "high": 9, "low": 1, "close": close, "volume": 1.0, "cost": 60000}
    return notice("chart.trades.BTC-PERPETUAL.1", {"tick": tick, **figures, "status": "ok"})


def test_a_candle_is_closed_when_the_next_begins_and_not_after_a_break() -> None:
    market = source()
    name = market.streams(Channel.CANDLES, catalog().find("BTC/USD:BTC"))[0][1]
    told = [
        one.news
        for frame in (bar(0, 2), bar(0, 3), bar(60000, 4))
        for one in market.read(frame)
        if isinstance(one, Heard)
    ]
    closed = [(one.close, one.closed) for one in told if isinstance(one, Candle)]
    assert closed == [(Decimal(2), False), (Decimal(3), False), (Decimal(3), True), (Decimal(4), False)]
    market.command(True, [name], 1)
    assert len(market.read(bar(120000, 5))) == 1


def test_a_book_begins_with_a_snapshot_and_names_the_change_before() -> None:
    head: dict[str, object] = {"timestamp": 1, "instrument_name": "BTC-PERPETUAL", "asks": []}
    first = notice("book.BTC-PERPETUAL.100ms", {**head, "type": "snapshot", "change_id": 7, "bids": [["new", 1.5, 10]]})
    change = {"type": "change", "prev_change_id": 7, "change_id": 12, "bids": [["delete", 1.5, 0.0]]}
    heard = [
        one for frame in (first, notice("book.BTC-PERPETUAL.100ms", {**head, **change})) for one in source().read(frame)
    ]
    snapshot, changed = (one.news for one in heard if isinstance(one, Heard))
    assert isinstance(snapshot, Snapshot)
    assert (snapshot.last, snapshot.bids[0].price) == (7, Decimal("1.5"))
    assert (getattr(changed, "previous", 0), getattr(changed, "last", 0)) == (7, 12)


def test_a_channel_left_out_of_the_answer_is_refused() -> None:
    market = source()
    names = [name for _, name in market.streams(Channel.TRADES, catalog().find("BTC/USD:BTC"))]
    command = market.command(True, [*names, "trades.NOTHING.100ms"], 1)
    (ack,) = market.read(msgspec.json.encode({"jsonrpc": "2.0", "id": command.keys[0], "result": names}))
    assert isinstance(ack, Ack)
    assert isinstance(ack.error, Rejected)
    assert ack.error.reason is Reason.UNKNOWN_INSTRUMENT


def test_a_call_for_a_sign_of_life_is_answered_and_what_is_unknown_left_alone() -> None:
    beat = {"jsonrpc": "2.0", "method": "heartbeat", "params": {"type": "test_request"}}
    (back,) = source().read(msgspec.json.encode(beat))
    assert isinstance(back, Back)
    assert msgspec.json.decode(back.frame)["method"] == "public/test"
    assert source().read(msgspec.json.encode({**beat, "params": {"type": "heartbeat"}})) == []
    assert source().read(notice("platform_state", {"locked": False})) == []
    assert source().read(notice("trades.BTC-5JAN24.100ms", [])) == []


# --- errors ---


@pytest.mark.parametrize(
    ("code", "message", "data", "kind", "reason"),
    [
        (10009, "not_enough_funds", None, Rejected, Reason.INSUFFICIENT_MARGIN),
        (11030, "other_reject reduce_only", None, Rejected, Reason.REDUCE_ONLY),
        (11030, "other_reject whatever", None, Rejected, Reason.OTHER),
        (
            -32602,
            "Invalid params",
            {"reason": "wrong format", "param": "instrument_name"},
            Rejected,
            Reason.UNKNOWN_INSTRUMENT,
        ),
        (-32602, "Invalid params", {"reason": "invalid format", "param": "nonce"}, Rejected, Reason.BAD_PARAMETER),
        (4711, "news", None, Rejected, Reason.OTHER),
        (13888, "timed_out", None, ClockSkew, None),
        (10028, "too_many_requests", None, RateLimited, None),
        (10041, "settlement_in_progress", None, RateLimited, None),
        (11051, "system_maintenance", None, VenueDown, None),
        (11094, "internal_server_error", None, OutcomeUnknown, None),
        (13004, "invalid_credentials", None, AuthFailed, None),
    ],
)
@pytest.mark.parametrize("status", [200, 400])
def test_codes_are_judged_whatever_the_status_is(
    code: int, message: str, data: object, kind: type[AdapterError], reason: Reason | None, status: int
) -> None:
    body = msgspec.json.encode({"jsonrpc": "2.0", "error": {"message": message, "data": data, "code": code}})
    error = Judge(lambda: 0).error(Reply(status, {}, body))
    assert error is not None
    assert type(error) is kind
    assert error.code == str(code)
    assert (error.reason if isinstance(error, Rejected) else None) is reason


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, b'{"jsonrpc":"2.0","result":null}', type(None)),
        (200, b"<html>", OutcomeUnknown),
        (502, b"", OutcomeUnknown),
        (429, b"slow down", RateLimited),
        (403, b"", AuthFailed),
    ],
)
def test_without_a_code_the_status_counts(status: int, body: bytes, kind: type) -> None:
    assert isinstance(Judge(lambda: 0).error(Reply(status, {}, body)), kind)


def test_an_empty_text_is_signed_with_its_line_break() -> None:
    # HMAC-SHA256 of "1576074319000\n1iqt2wls\n", worked out with openssl.
    expected = "cc2f6d30eac209b474b3911453a33cb05ae3670cfe96e3f3aa1eabd5b47f4116"
    assert signature("dummy-secret-of-a-test", "1576074319000", "1iqt2wls") == expected
