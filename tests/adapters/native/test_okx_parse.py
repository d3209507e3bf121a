"""OKX's documents, proofs and refusals, field by field, from its pages' shapes with values of our own."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from msgspec import structs

from venueproof_adapters.kit.catalog import Catalog
from venueproof_adapters.kit.http import Reply
from venueproof_adapters.kit.ids import IdMap
from venueproof_adapters.native.okx import wire
from venueproof_adapters.native.okx.calls import CLIENT_ID, CLIENT_ID_LENGTH
from venueproof_adapters.native.okx.errors import Judge
from venueproof_adapters.native.okx.instruments import instruments
from venueproof_adapters.native.okx.margin import Modes
from venueproof_adapters.native.okx.parse import Parser, balance, candle
from venueproof_adapters.native.okx.products import hosts_of, product_of
from venueproof_adapters.native.okx.signing import Signer, signer_of
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
    Endpoint,
    MarginMode,
    OffsetUnit,
    OrderStatus,
    OrderType,
    PositionSide,
    Side,
    TimeInForce,
    TriggerKind,
    TriggerPrice,
)

AT_MS = 1_795_168_419_152
SWAP = {
    "instId": "BTC-USDT-SWAP",
    "instIdCode": 10459,
    "instFamily": "BTC-USDT",
    "state": "live",
    "settleCcy": "USDT",
    "ctType": "linear",
    "ctVal": "0.01",
    "ctMult": "1",
    "tickSz": "0.1",
    "lotSz": "0.01",
    "minSz": "0.01",
    "maxLmtSz": "100000000",
    "expTime": "",
}
COIN = SWAP | {
    "instId": "BTC-USD-SWAP",
    "instFamily": "BTC-USD",
    "settleCcy": "BTC",
    "ctType": "inverse",
    "ctVal": "100",
    "lotSz": "1",
    "minSz": "1",
    "state": "suspend",
}
STUB = {"instId": "NEW-USDT-SWAP", "instType": "SWAP", "state": "preopen"}
ORDER = {
    "instId": "BTC-USDT-SWAP",
    "ordId": "2510789768709120000",
    "clOrdId": "gridQ2D1Zr2",
    "px": "61000.5",
    "sz": "0.03",
    "ordType": "post_only",
    "side": "sell",
    "posSide": "net",
    "state": "partially_filled",
    "accFillSz": "0.01",
    "avgPx": "61000.5",
    "reduceOnly": "true",
    "cancelSource": "",
    "algoId": "",
    "algoClOrdId": "",
    "tradeId": "9001",
    "fillPx": "61000.5",
    "fillSz": "0.01",
    "fillTime": str(AT_MS - 2),
    "fillFee": "-0.00122",
    "fillFeeCcy": "USDT",
    "execType": "M",
    "uTime": str(AT_MS),
}
STOP = {
    "instId": "BTC-USDT-SWAP",
    "algoId": "6812",
    "algoClOrdId": "s1",
    "ordType": "conditional",
    "state": "live",
    "side": "sell",
    "posSide": "net",
    "sz": "1",
    "closeFraction": "",
    "reduceOnly": "true",
    "slTriggerPx": "58000",
    "slTriggerPxType": "mark",
    "slOrdPx": "-1",
    "ordId": "",
    "uTime": str(AT_MS),
}


def listed(product: str, *rows: dict[str, Any]) -> list[Any]:
    return list(instruments(msgspec.json.decode(json.dumps(rows), type=list[wire.InstrumentRow]), product_of(product)))


@pytest.fixture(name="parser")
def _parser() -> Parser:
    catalog = Catalog()
    catalog.load([*listed("linear", SWAP), *listed("inverse", COIN)])
    return Parser(catalog, IdMap(CLIENT_ID, CLIENT_ID_LENGTH))


def order_row(**changes: object) -> wire.OrderRow:
    return msgspec.json.decode(json.dumps(ORDER | changes), type=wire.OrderRow)


def algo_row(**changes: object) -> wire.AlgoRow:
    return msgspec.json.decode(json.dumps(STOP | changes), type=wire.AlgoRow)


# --- instruments -----------------------------------------------------------------------------------------------------


def test_a_product_has_its_own_instruments_and_none_that_is_only_announced() -> None:
    (linear,), (inverse,) = (listed(name, SWAP, COIN, STUB) for name in ("linear", "inverse"))
    assert (linear.symbol, linear.contract_size, linear.contract_unit) == (
        "BTC/USDT:USDT",
        Decimal("0.01"),
        ContractUnit.BASE,
    )
    assert (linear.price_tick, linear.amount_step, linear.amount_min) == (
        Decimal("0.1"),
        Decimal("0.01"),
        Decimal("0.01"),
    )
    assert (inverse.symbol, inverse.contract_size, inverse.contract_unit) == (
        "BTC/USD:BTC",
        Decimal(100),
        ContractUnit.QUOTE,
    )
    assert (linear.active, inverse.active, linear.notional_min, linear.expires_ns) == (True, False, None, None)


# --- orders ----------------------------------------------------------------------------------------------------------


def test_an_order_and_the_execution_in_its_row(parser: Parser) -> None:
    row = order_row()
    order, fill = parser.order(row).order, parser.fill_update(row)
    assert (order.ref.instrument, order.ref.intent_id, order.ref.venue_id) == (
        "BTC/USDT:USDT",
        "grid-1",
        ORDER["ordId"],
    )
    assert (order.side, order.type, order.status, order.time_in_force) == (
        Side.SELL,
        OrderType.LIMIT,
        OrderStatus.PARTLY_FILLED,
        TimeInForce.GTC,
    )
    assert (order.amount, order.filled, order.post_only, order.reduce_only) == (
        Decimal("0.03"),
        Decimal("0.01"),
        True,
        True,
    )
    assert fill is not None
    assert (fill.fill_id, fill.fee, fill.fee_asset, fill.maker, fill.at_ns) == (
        "9001",
        Decimal("0.00122"),
        "USDT",
        True,
        (AT_MS - 2) * 10**6,
    )


def test_a_row_without_a_trade_is_no_execution_and_empty_texts_are_nothing(parser: Parser) -> None:
    row = order_row(tradeId="", fillPx="", fillSz="0", fillTime="", px="", avgPx="", ordType="market", state="live")
    assert parser.fill_update(row) is None
    order = parser.order(row).order
    assert (order.price, order.average_price, order.type) == (None, None, OrderType.MARKET)


def test_what_a_conditional_order_became_goes_by_the_id_of_that(parser: Parser) -> None:
    told = parser.order(order_row(clOrdId="", algoId="6812", algoClOrdId="s1"))
    assert (told.order.ref.intent_id, told.client_id, told.order.ref.conditional) == ("s1", "s1", False)


@pytest.mark.parametrize(
    ("source", "status"),
    [
        ("1", OrderStatus.CANCELED),
        ("20", OrderStatus.CANCELED),
        ("31", OrderStatus.EXPIRED),
        ("99", OrderStatus.EXPIRED),
    ],
)
def test_what_the_venue_ended_by_itself_expired_and_says_why(parser: Parser, source: str, status: OrderStatus) -> None:
    order = parser.order(order_row(state="canceled", cancelSource=source)).order
    assert (order.status, bool(order.reason)) == (status, status is OrderStatus.EXPIRED)


@pytest.mark.parametrize("spoilt", [{"state": "sleeping"}, {"side": "BUY"}, {"posSide": "both"}])
def test_unknown_words_are_not_guessed(parser: Parser, spoilt: dict[str, str]) -> None:
    with pytest.raises(BadAnswer):
        parser.order(order_row(**spoilt))


# --- conditional orders ----------------------------------------------------------------------------------------------


def test_a_stop_and_a_take_profit_are_told_by_their_fields(parser: Parser) -> None:
    stop = parser.conditional(algo_row()).order
    take = parser.conditional(
        algo_row(slTriggerPx="", slOrdPx="", tpTriggerPx="62000", tpTriggerPxType="last", tpOrdPx="61990.5")
    ).order
    assert stop.trigger is not None
    assert take.trigger is not None
    assert (stop.trigger.kind, stop.trigger.price, stop.trigger.watches) == (
        TriggerKind.STOP,
        Decimal(58000),
        TriggerPrice.MARK,
    )
    assert (stop.type, stop.price, stop.status, stop.ref.conditional) == (
        OrderType.MARKET,
        None,
        OrderStatus.WAITING,
        True,
    )
    assert (take.trigger.kind, take.type, take.price) == (TriggerKind.TAKE, OrderType.LIMIT, Decimal("61990.5"))


@pytest.mark.parametrize(
    ("fields", "offset", "unit"),
    [
        ({"callbackRatio": "0.015"}, Decimal("1.5"), OffsetUnit.PERCENT),
        ({"callbackSpread": "500"}, Decimal(500), OffsetUnit.ABSOLUTE),
    ],
)
def test_a_trailing_order_follows_by_a_fraction_or_a_distance(
    parser: Parser, fields: dict[str, str], offset: Decimal, unit: OffsetUnit
) -> None:
    told = parser.conditional(algo_row(ordType="move_order_stop", slTriggerPx="", slOrdPx="", **fields)).order
    assert told.trigger is not None
    assert (told.trigger.kind, told.trigger.offset, told.trigger.offset_unit) == (TriggerKind.TRAILING, offset, unit)


@pytest.mark.parametrize(
    ("side", "trigger", "kind"),
    [
        ("buy", "61000", TriggerKind.STOP),
        ("buy", "59000", TriggerKind.TAKE),
        ("sell", "61000", TriggerKind.TAKE),
        ("sell", "59000", TriggerKind.STOP),
    ],
)
def test_a_plain_trigger_is_told_by_where_it_lies(parser: Parser, side: str, trigger: str, kind: TriggerKind) -> None:
    fields = {"triggerPx": trigger, "triggerPxType": "last", "ordPx": "-1", "last": "60000", "side": side}
    told = parser.conditional(algo_row(ordType="trigger", slTriggerPx="", slOrdPx="", **fields)).order
    assert told.trigger is not None
    assert told.trigger.kind is kind


def test_one_that_fired_names_the_order_that_it_became(parser: Parser) -> None:
    fired = parser.conditional(algo_row(state="effective", ordId="251")).order
    assert (fired.status, fired.replaced_by) == (OrderStatus.TRIGGERED, "251")
    closing = parser.conditional(algo_row(sz="", closeFraction="1")).order
    assert closing.close_position
    assert closing.amount == 0


# --- the account -----------------------------------------------------------------------------------------------------


def test_a_short_is_negative_in_net_mode_and_a_positive_leg_in_hedge_mode(parser: Parser) -> None:
    row = {
        "instId": "BTC-USDT-SWAP",
        "posSide": "net",
        "mgnMode": "isolated",
        "pos": "-5",
        "avgPx": "50000",
        "upl": "-2.5",
        "lever": "5",
        "uTime": str(AT_MS),
    }
    net, leg = (
        parser.position(msgspec.json.decode(json.dumps(row | changes), type=wire.PositionRow))
        for changes in ({}, {"posSide": "short", "pos": "5"})
    )
    assert (net.side, net.amount, net.leverage, net.margin_mode) == (
        PositionSide.NET,
        Decimal(-5),
        Decimal(5),
        MarginMode.ISOLATED,
    )
    assert (leg.side, leg.amount, leg.unrealized_pnl) == (PositionSide.SHORT, Decimal(5), Decimal("-2.5"))


def test_available_money_stands_in_one_of_two_fields() -> None:
    coin = {"ccy": "USDT", "cashBal": "10000", "availEq": "", "availBal": "9900", "uTime": str(AT_MS)}
    told = [
        balance(msgspec.json.decode(json.dumps(coin | changes), type=wire.CoinRow)).available
        for changes in ({}, {"availEq": "9800"})
    ]
    assert told == [Decimal(9900), Decimal(9800)]


def test_a_candle_counts_contracts() -> None:
    row = msgspec.json.decode(
        f'["{AT_MS}","93500.1","93510","93480.5","93502","120","1.2","112202.4","0"]', type=wire.CandleRow
    )
    told = candle(row)
    assert [told.open, told.high, told.low, told.close, told.volume] == [
        Decimal(text) for text in ("93500.1", "93510", "93480.5", "93502", "120")
    ]
    assert (told.open_ns, told.closed) == (AT_MS * 10**6, False)


def test_orders_go_by_the_mode_that_was_set_else_by_that_of_the_position(parser: Parser) -> None:
    modes, row = Modes(), {"instId": "BTC-USDT-SWAP", "posSide": "net", "mgnMode": "isolated", "pos": "1", "avgPx": ""}
    held = parser.position(
        msgspec.json.decode(json.dumps(row | {"upl": "", "lever": "", "uTime": "1"}), type=wire.PositionRow)
    )
    assert modes.of(held.instrument) is MarginMode.CROSS
    modes.hear(structs.replace(held, amount=Decimal(0)))
    assert modes.of(held.instrument) is MarginMode.CROSS, "a position that is flat has no mode"
    modes.hear(held)
    assert modes.of(held.instrument) is MarginMode.ISOLATED
    modes.set(held.instrument, MarginMode.CROSS)
    assert modes.of(held.instrument) is MarginMode.CROSS


# --- proofs ----------------------------------------------------------------------------------------------------------

SIGNER = Signer("dummy-key", "dummy-secret", "dummy-phrase")


@pytest.mark.parametrize(
    ("method", "path", "body", "proof"),
    [
        ("GET", "/api/v5/account/balance?ccy=BTC", b"", "nQV0AVzcU5qHUvJY2OUOIHdUcFNdiLNzpZRFKi2wsQY="),
        ("POST", "/api/v5/trade/order", b'{"instId":"BTC-USDT-SWAP"}', "GPDsmyMoSktuoE1/bXJEfiQdmN6WvGe6UCCLzqUGTG0="),
    ],
)
def test_a_request_is_stamped_in_iso_and_signed_with_its_query_or_body(
    method: str, path: str, body: bytes, proof: str
) -> None:
    assert SIGNER.headers(AT_MS * 10**6 + 999, method, path, body) == {
        "OK-ACCESS-KEY": "dummy-key",
        "OK-ACCESS-SIGN": proof,
        "OK-ACCESS-TIMESTAMP": "2026-11-20T09:53:39.152Z",
        "OK-ACCESS-PASSPHRASE": "dummy-phrase",
    }


def test_a_login_is_stamped_in_seconds() -> None:
    assert json.loads(SIGNER.login(AT_MS * 10**6)) == {
        "op": "login",
        "args": [
            {
                "apiKey": "dummy-key",
                "passphrase": "dummy-phrase",
                "timestamp": "1795168419",
                "sign": "lPDMfidrB8vd5cDqnaPqmPS1Rn7CMlSB3uQ0YfEk+QQ=",
            }
        ],
    }


def test_demo_trading_has_keys_and_streams_of_its_own() -> None:
    keys = {"apiKey": "a", "secret": "b", "password": "c", "demoApiKey": "d", "demoSecret": "e", "demoPassword": "f"}
    assert signer_of(keys, demo=False) == Signer("a", "b", "c")
    assert signer_of(keys, demo=True) == Signer("d", "e", "f")
    assert signer_of({"apiKey": "a", "secret": "b", "password": "c"}, demo=True) == Signer("a", "b", "c")
    origins = {"wss://ws.okx.com:8443": "ws://127.0.0.1:1", "wss://wspap.okx.com:8443": "ws://127.0.0.1:2"}
    live, demo = (hosts_of(Endpoint("okx", "linear", "http://127.0.0.1:1", ws, origins)) for ws in origins.values())
    assert (live.demo, live.stream("public")) == (False, "ws://127.0.0.1:1/ws/v5/public")
    assert (demo.demo, demo.stream("private")) == (True, "ws://127.0.0.1:2/ws/v5/private")
    region = hosts_of(Endpoint("okx", "linear", "https://eea.okx.com", "wss://wseea.okx.com:8443"))
    assert (region.rest, region.stream("business")) == (
        "https://eea.okx.com",
        "wss://wseea.okx.com:8443/ws/v5/business",
    )


# --- refusals --------------------------------------------------------------------------------------------------------


def judged(status: int, body: str) -> AdapterError | None:
    return Judge(lambda: 10**18).error(Reply(status, {}, body.encode()))


def row(code: str, text: str = "…") -> str:
    return f'{{"ordId":"","clOrdId":"x","sCode":"{code}","sMsg":"{text}"}}'


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, '{"code":"50004","msg":"timeout","data":[]}', OutcomeUnknown),
        (500, '{"code":"50026","msg":"","data":[]}', OutcomeUnknown),
        (503, '{"code":"50001","msg":"","data":[]}', VenueDown),
        (429, '{"code":"50013","msg":"","data":[]}', VenueDown),
        (200, '{"code":"50061","msg":"","data":[]}', RateLimited),
        (429, '{"msg":"Too Many Requests","code":"50011"}', RateLimited),
        (429, "<html></html>", RateLimited),
        (403, "<html></html>", Banned),
        (401, '{"msg":"","code":"50102"}', ClockSkew),
        (401, '{"msg":"","code":"50105"}', AuthFailed),
        (401, "", AuthFailed),
        (502, "<html></html>", OutcomeUnknown),
        (200, '{"code":"1","msg":"","data":[' + row("51155") + "]}", AuthFailed),
        (200, '{"code":"0","msg":"","data":[' + row("50061") + "]}", RateLimited),
    ],
)
def test_codes_count_before_the_status(status: int, body: str, kind: type[AdapterError]) -> None:
    assert type(judged(status, body)) is kind


@pytest.mark.parametrize(
    ("code", "text", "reason"),
    [
        ("51000", "Parameter px error ", Reason.PRECISION),
        ("51000", "Parameter posSide error", Reason.POSITION_SIDE),
        ("51000", "Parameter triggerPx error", Reason.BAD_PARAMETER),
        ("51008", "…", Reason.INSUFFICIENT_MARGIN),
        ("51169", "…", Reason.REDUCE_ONLY),
        ("51603", "…", Reason.UNKNOWN_ORDER),
        ("59102", "…", Reason.BAD_PARAMETER),
        ("77777", "…", Reason.OTHER),
    ],
)
def test_the_refusal_of_a_single_order_stands_in_its_row(code: str, text: str, reason: Reason) -> None:
    error = judged(200, f'{{"code":"1","msg":"All operations failed","data":[{row(code, text)}]}}')
    assert isinstance(error, Rejected)
    assert (error.reason, error.code) == (reason, code)


def test_of_several_orders_each_row_is_judged_by_itself() -> None:
    judge = Judge(lambda: 10**18)
    for code in ("1", "2"):
        assert judged(200, f'{{"code":"{code}","msg":"","data":[{row("51008")},{row("0")}]}}') is None
    assert judge.refusal(row("0").encode()) is None
    assert isinstance(judge.refusal(row("51008").encode()), Rejected)
    assert judged(200, '{"code":"0","msg":"","data":[]}') is None
    assert isinstance(judged(200, '{"code":"1","msg":"failed","data":[]}'), Rejected)
