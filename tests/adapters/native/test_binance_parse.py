"""Parsing of the venue's documents, field by field, from its pages' shapes with values of our own."""

from __future__ import annotations

import json
from decimal import Decimal

import msgspec
import pytest

from venueproof_adapters.kit.catalog import Catalog
from venueproof_adapters.kit.ids import IdMap
from venueproof_adapters.kit.orders import later_of
from venueproof_adapters.native.binance import wire
from venueproof_adapters.native.binance.calls import CLIENT_ID, CLIENT_ID_LENGTH
from venueproof_adapters.native.binance.instruments import instrument
from venueproof_adapters.native.binance.parse import Parser, candle, public_trade
from venueproof_adapters.native.binance.products import product_of
from venueproof_contracts.errors import BadAnswer, Reason, Rejected
from venueproof_contracts.model import (
    ContractUnit,
    MarginMode,
    OffsetUnit,
    Order,
    OrderRef,
    OrderStatus,
    OrderType,
    Position,
    PositionSide,
    Side,
    TimeInForce,
    Trigger,
    TriggerKind,
    TriggerPrice,
)

AT_MS = 1_795_000_000_123
LINEAR, INVERSE = product_of("linear"), product_of("inverse")
PERPETUAL = {
    "symbol": "BTCUSDT",
    "contractType": "PERPETUAL",
    "deliveryDate": 4133404800000,
    "status": "TRADING",
    "baseAsset": "BTC",
    "quoteAsset": "USDT",
    "marginAsset": "USDT",
    "filters": [
        {"filterType": "PRICE_FILTER", "minPrice": "261.10", "maxPrice": "809484", "tickSize": "0.10"},
        {"filterType": "LOT_SIZE", "minQty": "0.002", "maxQty": "1000", "stepSize": "0.001"},
        {"filterType": "MAX_NUM_ORDERS", "limit": 200},
        {"filterType": "MIN_NOTIONAL", "notional": "100"},
    ],
}
DATED = PERPETUAL | {
    "symbol": "BTCUSDT_261225",
    "contractType": "CURRENT_QUARTER",
    "deliveryDate": 1798185600000,
    "status": "SETTLING",
}
COIN = {
    "symbol": "BTCUSD_PERP",
    "contractType": "PERPETUAL",
    "deliveryDate": 4133404800000,
    "contractStatus": "TRADING",
    "contractSize": 100,
    "baseAsset": "BTC",
    "quoteAsset": "USD",
    "marginAsset": "BTC",
    "filters": [
        {"filterType": "PRICE_FILTER", "minPrice": "1000", "maxPrice": "4520958", "tickSize": "0.1"},
        {"filterType": "LOT_SIZE", "minQty": "1", "maxQty": "1000000", "stepSize": "1"},
    ],
}
ORDER = {
    "orderId": 8_389_765_123_456,
    "symbol": "BTCUSDT",
    "status": "PARTIALLY_FILLED",
    "clientOrderId": "grid-1:r2",
    "price": "61000.50",
    "origQty": "0.030",
    "executedQty": "0.010",
    "cumQty": "0.010",
    "timeInForce": "GTX",
    "type": "LIMIT",
    "reduceOnly": True,
    "side": "SELL",
    "positionSide": "BOTH",
    "updateTime": AT_MS,
}
UPDATE = {
    "s": "BTCUSDT",
    "c": "grid-1",
    "S": "BUY",
    "o": "LIMIT",
    "f": "IOC",
    "q": "0.030",
    "p": "61000.5",
    "ap": "60990.1",
    "x": "TRADE",
    "X": "PARTIALLY_FILLED",
    "i": 4001,
    "l": "0.010",
    "z": "0.020",
    "L": "60980.2",
    "n": "-0.00012",
    "N": "BNB",
    "T": AT_MS,
    "t": 77,
    "m": True,
    "R": False,
    "ps": "BOTH",
    "er": "2",
}


@pytest.fixture(name="parser")
def _parser() -> Parser:
    catalog = Catalog()
    catalog.load([instrument(row, LINEAR) for row in _symbols()])
    return Parser(catalog, IdMap(CLIENT_ID, CLIENT_ID_LENGTH))


def _symbols() -> list[wire.SymbolRow]:
    return msgspec.json.decode(json.dumps([PERPETUAL, DATED]), type=list[wire.SymbolRow])


def order(parser: Parser, **changes: object) -> Order:
    return parser.order(msgspec.json.decode(json.dumps(ORDER | changes), type=wire.OrderRow))


def test_instruments_are_read_from_the_filters() -> None:
    catalog = Catalog()
    catalog.load([instrument(row, LINEAR) for row in _symbols()])
    perpetual, dated = catalog.all()
    assert (perpetual.symbol, perpetual.price_tick, perpetual.amount_step) == (
        "BTC/USDT:USDT",
        Decimal("0.1"),
        Decimal("0.001"),
    )
    assert [perpetual.amount_min, perpetual.amount_max, perpetual.notional_min] == [Decimal("0.002"), 1000, 100]
    assert perpetual.expires_ns is None
    assert perpetual.active
    assert (dated.symbol, dated.expires_ns, dated.active) == ("BTC/USDT:USDT-261225", 1798185600 * 10**9, False)


def test_inverse_instruments_count_quote_money() -> None:
    row = msgspec.json.decode(json.dumps(COIN), type=wire.SymbolRow)
    coin = instrument(row, INVERSE)
    assert (coin.symbol, coin.product, coin.settle) == ("BTC/USD:BTC", "inverse", "BTC")
    assert (coin.contract_size, coin.contract_unit, coin.amount_step) == (Decimal(100), ContractUnit.QUOTE, Decimal(1))
    assert (coin.active, coin.notional_min) == (True, None)


@pytest.mark.parametrize("name", ["BTCUSDT", "BTC/USDT", "btc/usdt:usdt", ""])
def test_other_spellings_are_refused(name: str) -> None:
    catalog = Catalog()
    catalog.load([instrument(row, LINEAR) for row in _symbols()])
    with pytest.raises(Rejected) as caught:
        catalog.find(name)
    assert caught.value.reason is Reason.UNKNOWN_INSTRUMENT


def test_an_answer_about_an_order(parser: Parser) -> None:
    told = order(parser)
    assert (told.ref.instrument, told.ref.intent_id, told.ref.venue_id) == ("BTC/USDT:USDT", "grid-1", "8389765123456")
    assert (told.side, told.type, told.status) == (Side.SELL, OrderType.LIMIT, OrderStatus.PARTLY_FILLED)
    assert (told.price, told.amount, told.filled) == (Decimal("61000.50"), Decimal("0.030"), Decimal("0.010"))
    assert told.post_only
    assert told.reduce_only
    assert told.time_in_force is TimeInForce.GTC
    assert told.average_price is None
    assert told.updated_ns == AT_MS * 10**6


def test_an_average_of_zero_is_no_average_and_a_price_of_zero_no_price(parser: Parser) -> None:
    told = order(parser, avgPrice="0.00", price="0", type="MARKET", timeInForce="GTC")
    assert (told.average_price, told.price, told.type) == (None, None, OrderType.MARKET)


@pytest.mark.parametrize("spoilt", [{"status": "SLEEPING"}, {"side": "buy"}, {"positionSide": "NET"}])
def test_unknown_words_are_not_guessed(parser: Parser, spoilt: dict[str, str]) -> None:
    with pytest.raises(BadAnswer):
        order(parser, **spoilt)


def test_a_streamed_execution(parser: Parser) -> None:
    told = msgspec.json.decode(json.dumps({"e": "ORDER_TRADE_UPDATE", "o": UPDATE}), type=wire.OrderMessage).order
    fill, state = parser.fill_update(told), parser.order(told)
    assert fill is not None
    assert (fill.fill_id, fill.price, fill.amount) == ("77", Decimal("60980.2"), Decimal("0.010"))
    assert (fill.fee, fill.fee_asset, fill.maker) == (Decimal("-0.00012"), "BNB", True)
    assert (state.filled, state.average_price, state.time_in_force) == (
        Decimal("0.020"),
        Decimal("60990.1"),
        TimeInForce.IOC,
    )


def test_a_new_order_without_fee_fields_is_no_execution(parser: Parser) -> None:
    bare = {name: value for name, value in UPDATE.items() if name not in ("n", "N")}
    told = msgspec.json.decode(json.dumps(bare | {"x": "NEW", "X": "NEW", "l": "0"}), type=wire.OrderUpdate)
    assert parser.fill_update(told) is None
    assert parser.order(told).status is OrderStatus.OPEN


POSITION = {
    "symbol": "BTCUSDT",
    "positionSide": "BOTH",
    "positionAmt": "-0.010",
    "entryPrice": "60000.0",
    "unRealizedProfit": "-1.5",
    "updateTime": AT_MS,
}


def _position(parser: Parser, **changes: object) -> Position:
    row = msgspec.json.decode(json.dumps(POSITION | changes), type=wire.PositionRow)
    return parser.position(row)


def test_a_short_is_negative_in_net_mode_and_a_positive_leg_in_hedge_mode(parser: Parser) -> None:
    net, leg = _position(parser), _position(parser, positionSide="SHORT")
    assert (net.side, net.amount, net.unrealized_pnl) == (PositionSide.NET, Decimal("-0.010"), Decimal("-1.5"))
    assert (leg.side, leg.amount) == (PositionSide.SHORT, Decimal("0.010"))


def test_profit_of_an_inverse_position_is_told_against_its_cost_in_coin() -> None:
    catalog = Catalog()
    catalog.load([instrument(msgspec.json.decode(json.dumps(COIN), type=wire.SymbolRow), INVERSE)])
    parser = Parser(catalog, IdMap(CLIENT_ID, CLIENT_ID_LENGTH))
    row = {
        "symbol": "BTCUSD_PERP",
        "positionAmt": "10",
        "entryPrice": "50000.0",
        "unRealizedProfit": "0.00333333",
        "leverage": "20",
        "marginType": "isolated",
        "positionSide": "BOTH",
        "updateTime": AT_MS,
    }
    told = parser.position(msgspec.json.decode(json.dumps(row), type=wire.PositionRow))
    assert (told.instrument, told.amount, told.leverage) == ("BTC/USD:BTC", Decimal(10), Decimal(20))
    assert told.margin_mode is MarginMode.ISOLATED
    assert told.profit_rate is not None
    assert round(told.profit_rate, 4) == Decimal("0.1667")


ALGO = {
    "algoId": 901,
    "clientAlgoId": "stop-1",
    "algoType": "CONDITIONAL",
    "orderType": "STOP",
    "symbol": "BTCUSDT",
    "side": "SELL",
    "positionSide": "BOTH",
    "timeInForce": "GTX",
    "quantity": "0.010",
    "algoStatus": "NEW",
    "triggerPrice": "58000.00",
    "price": "57900.00",
    "icebergQuantity": None,
    "workingType": "MARK_PRICE",
    "closePosition": False,
    "reduceOnly": True,
    "createTime": AT_MS,
    "updateTime": AT_MS,
    "triggerTime": 0,
    "goodTillDate": 0,
}
ALGO_EVENT = {
    "caid": "stop-1",
    "aid": 901,
    "at": "CONDITIONAL",
    "o": "STOP_MARKET",
    "s": "BTCUSDT",
    "S": "SELL",
    "ps": "LONG",
    "f": "GTE_GTC",
    "q": "0",
    "X": "NEW",
    "ai": "",
    "tp": "58000",
    "p": "0",
    "wt": "CONTRACT_PRICE",
    "cp": True,
    "R": True,
    "tt": 0,
    "gtd": 0,
    "ia": False,
}


def algo(parser: Parser, **changes: object) -> Order:
    row = msgspec.json.decode(json.dumps(ALGO | changes), type=wire.AlgoRow)
    return parser.conditional(row, row.update_time)


def test_a_conditional_order_in_an_answer(parser: Parser) -> None:
    told = algo(parser)
    assert told.ref == OrderRef("BTC/USDT:USDT", "stop-1", "901", conditional=True)
    assert (told.status, told.type, told.price) == (OrderStatus.WAITING, OrderType.LIMIT, Decimal(57900))
    assert told.trigger == Trigger(TriggerKind.STOP, Decimal(58000), watches=TriggerPrice.MARK)
    assert told.post_only
    assert told.reduce_only


def test_a_trailing_order_where_its_terms_are_told_and_where_not(parser: Parser) -> None:
    placed = algo(parser, orderType="TRAILING_STOP_MARKET", callbackRate="0.5", activatePrice="61000.00")
    percent = OffsetUnit.PERCENT
    assert placed.trigger == Trigger(
        TriggerKind.TRAILING, None, Decimal("0.5"), percent, TriggerPrice.MARK, Decimal(61000)
    )
    listed = algo(parser, orderType="TRAILING_STOP_MARKET", updateTime=AT_MS + 1)
    assert listed.trigger == Trigger(TriggerKind.TRAILING, None, None, percent, TriggerPrice.MARK)
    assert later_of(placed, listed).trigger == placed.trigger


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("TRIGGERING", OrderStatus.TRIGGERING),
        ("TRIGGERED", OrderStatus.TRIGGERED),
        ("FINISHED", OrderStatus.TRIGGERED),
        ("EXPIRED", OrderStatus.EXPIRED),
        ("REJECTED", OrderStatus.REJECTED),
    ],
)
def test_the_life_of_a_conditional_order_in_events(parser: Parser, word: str, status: OrderStatus) -> None:
    became = "4002" if status is OrderStatus.TRIGGERED else ""
    event = {"e": "ALGO_UPDATE", "T": AT_MS, "E": AT_MS, "o": ALGO_EVENT | {"X": word, "ai": became, "rm": "why"}}
    message = msgspec.json.decode(json.dumps(event), type=wire.AlgoMessage)
    told = parser.conditional(message.order, message.at_ms)
    assert (told.status, told.replaced_by, told.reason) == (status, became or None, "why")
    assert (told.amount, told.close_position, told.position_side) == (Decimal(0), True, PositionSide.LONG)
    assert told.updated_ns == AT_MS * 10**6


def test_the_side_of_a_public_trade_is_the_takers() -> None:
    row = msgspec.json.decode(
        f'{{"a":26,"p":"60100.0","q":"0.010","f":77,"l":78,"T":{AT_MS},"m":true}}', type=wire.AggTradeRow
    )
    assert public_trade(row, "BTC/USDT:USDT").side is Side.SELL


def test_a_candle_ends_after_its_last_millisecond() -> None:
    text = b'[1795000020000,"1","4","0.5","2","30",1795000079999,"60",7,"15","30","0"]'
    told, end_ns = candle(msgspec.json.decode(text, type=wire.KlineRow))
    assert [told.open, told.high, told.low, told.close, told.volume] == [1, 4, Decimal("0.5"), 2, 30]
    assert end_ns - told.open_ns == 60 * 10**9


BODIES: list[tuple[type, bytes]] = [
    (wire.AccountMessage, b'{"e":"ACCOUNT_UPDATE","T":1,"E":2,"a":{"m":"ORDER"}}'),
    (wire.Head, b'{"e":"listenKeyExpired","E":"1760003600000","listenKey":"k"}'),
    (wire.Head, b'{"result":null,"id":3}'),
    (wire.Head, b'{"error":{"code":2,"msg":"Invalid request"},"id":1}'),
    (wire.CodeRow, b'{"code":"200","msg":"success"}'),
    (wire.AlgoDone, b'{"algoId":901,"clientAlgoId":"stop-1","code":"200","msg":"success"}'),
    (wire.SettingRow, b'{"symbol":"BTCUSDT","marginType":"CROSSED","leverage":20}'),
    (wire.SettingRow, b'{"symbol":"BTCUSD_PERP","marginType":"cross","leverage":"20","isAutoAddMargin":"false"}'),
]


@pytest.mark.parametrize(("shape", "body"), BODIES)
def test_scalars_of_either_kind_are_read(shape: type, body: bytes) -> None:
    assert isinstance(msgspec.json.decode(body, type=shape), shape)
