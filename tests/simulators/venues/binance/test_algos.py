"""The algo service: conditional orders, their documents, their own ids, and what is refused."""

from __future__ import annotations

import pytest

from .client import Client, events, order, stop, words

ALGO = "/fapi/v1/algoOrder"
REPLY_KEYS = words(
    "algoId clientAlgoId algoType orderType symbol side positionSide timeInForce quantity algoStatus triggerPrice",
    "price icebergQuantity selfTradePreventionMode workingType priceMatch closePosition priceProtect reduceOnly",
    "activatePrice callbackRate createTime updateTime triggerTime goodTillDate",
)
ROW_KEYS = words(
    "algoId clientAlgoId algoType orderType symbol side positionSide timeInForce quantity algoStatus actualOrderId",
    "actualPrice triggerPrice price icebergQuantity tpTriggerPrice tpPrice slTriggerPrice slPrice tpOrderType",
    "selfTradePreventionMode workingType priceMatch closePosition priceProtect reduceOnly createTime updateTime",
    "triggerTime goodTillDate",
)
ASKED_KEYS = words(
    "algoId clientAlgoId algoType orderType symbol side positionSide timeInForce quantity algoStatus actualOrderId",
    "actualPrice actualType actualQty triggerPrice price icebergQuantity tpOrderType selfTradePreventionMode",
    "workingType priceMatch closePosition priceProtect reduceOnly createTime updateTime triggerTime goodTillDate",
)


# --- documents --------------------------------------------------------------------------------------------------------


def test_reply_has_the_documented_fields_and_types(client: Client) -> None:
    shown = client.algo(clientAlgoId="ca-1", reduceOnly="true", workingType="MARK_PRICE", priceProtect="TRUE")
    assert list(shown) == REPLY_KEYS
    now_ms = client.time().wire_ms
    assert shown == {
        "algoId": 1,
        "clientAlgoId": "ca-1",
        "algoType": "CONDITIONAL",
        "orderType": "STOP_MARKET",
        "symbol": "BTCUSDT",
        "side": "SELL",
        "positionSide": "BOTH",
        "timeInForce": "GTC",
        "quantity": "0.010",
        "algoStatus": "NEW",
        "triggerPrice": "58000.00",
        "price": "0.00",
        "icebergQuantity": None,
        "selfTradePreventionMode": "EXPIRE_MAKER",
        "workingType": "MARK_PRICE",
        "priceMatch": "NONE",
        "closePosition": False,
        "priceProtect": True,
        "reduceOnly": True,
        "activatePrice": "",
        "callbackRate": "",
        "createTime": now_ms,
        "updateTime": now_ms,
        "triggerTime": 0,
        "goodTillDate": 0,
    }


def test_lists_and_queries_before_and_after_the_trigger(client: Client) -> None:
    client.market(quantity="0.010")
    shown = client.algo(reduceOnly="true")
    rows = client.ask("GET", "/fapi/v1/openAlgoOrders")
    assert [list(row) for row in rows] == [ROW_KEYS]
    assert (rows[0]["actualOrderId"], rows[0]["actualPrice"], rows[0]["tpPrice"]) == ("", "0.00000", "0.000")
    waiting = client.ask("GET", ALGO, algoId=shown["algoId"])
    assert list(waiting) == ASKED_KEYS
    assert (waiting["actualOrderId"], waiting["actualType"], waiting["actualQty"]) == ("", "MARKET", "0.010")
    client.wait(1)
    client.move("57900")
    done = client.ask("GET", ALGO, clientAlgoId=shown["clientAlgoId"])
    assert list(done) == ASKED_KEYS
    assert (done["algoStatus"], done["actualOrderId"], done["actualType"]) == ("FINISHED", "2", "MARKET")
    assert done["actualQty"] == "0.010"
    assert done["triggerTime"] > done["createTime"]
    made = client.ask("GET", "/fapi/v1/order", symbol="BTCUSDT", orderId=done["actualOrderId"])
    assert float(done["actualPrice"]) == float(made["avgPrice"]) > 0
    assert (made["type"], made["origType"], made["stopPrice"]) == ("MARKET", "STOP_MARKET", "58000.00")
    assert client.ask("GET", "/fapi/v1/openAlgoOrders") == []
    history = client.ask("GET", "/fapi/v1/allAlgoOrders", symbol="BTCUSDT")
    assert [(list(row), row["algoStatus"]) for row in history] == [(ROW_KEYS, "FINISHED")]


@pytest.mark.quirk("binance.http.success-code-200")
def test_canceling_one_says_200_as_text_and_all_as_number(client: Client) -> None:
    shown = client.algo()
    assert client.ask("DELETE", ALGO, algoId=shown["algoId"]) == {
        "algoId": shown["algoId"],
        "clientAlgoId": shown["clientAlgoId"],
        "code": "200",
        "msg": "success",
    }
    assert client.refused("DELETE", ALGO, algoId=shown["algoId"]) == (400, -2011)
    client.algo()
    elsewhere = client.algo(symbol="ETHUSDT", quantity="0.100", triggerPrice="2500")
    assert client.ask("DELETE", "/fapi/v1/algoOpenOrders", symbol="BTCUSDT")["code"] == 200
    assert [row["algoId"] for row in client.ask("GET", "/fapi/v1/openAlgoOrders")] == [elsewhere["algoId"]]
    assert client.ask("GET", ALGO, algoId=shown["algoId"])["algoStatus"] == "CANCELED"


def test_all_algo_orders_go_by_id_time_and_number_and_forget(client: Client) -> None:
    ids = [client.algo(triggerPrice=price)["algoId"] for price in ("58000", "58100", "58200")]
    ask = {"symbol": "BTCUSDT"}
    listed = client.ask("GET", "/fapi/v1/allAlgoOrders", **ask, algoId=ids[1])
    assert [row["algoId"] for row in listed] == ids[1:]
    assert [row["algoId"] for row in client.ask("GET", "/fapi/v1/allAlgoOrders", **ask, limit=1)] == ids[2:]
    assert client.ask("GET", "/fapi/v1/allAlgoOrders", symbol="ETHUSDT") == []
    assert client.ask("GET", "/fapi/v1/openAlgoOrders", **ask, algoId=ids[0])[0]["algoId"] == ids[0]
    client.ask("DELETE", ALGO, algoId=ids[0])
    client.aged_ns = 4 * 86_400 * 10**9
    assert client.refused("GET", ALGO, algoId=ids[0]) == (400, -2013)
    assert client.ask("GET", ALGO, algoId=ids[1])["algoStatus"] == "NEW"


# --- two spaces of ids ------------------------------------------------------------------------------------------------


@pytest.mark.quirk("binance.order.conditional-algo-service")
@pytest.mark.parametrize("kind", ["STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"])
def test_conditional_types_are_sent_away_from_the_order_endpoints(client: Client, kind: str) -> None:
    assert client.refused("POST", "/fapi/v1/order", **order(type=kind, stopPrice="58000")) == (400, -4120)
    batch = f'[{{"symbol":"BTCUSDT","side":"SELL","type":"{kind}","quantity":"0.010","stopPrice":"58000"}}]'
    assert client.ask("POST", "/fapi/v1/batchOrders", batchOrders=batch)[0]["code"] == -4120
    coin = order(symbol="BTCUSD_PERP", quantity="1", type=kind, stopPrice="58000")
    assert client.refused("POST", "/dapi/v1/order", **coin) == (400, -4120)


def test_ids_of_orders_and_of_conditional_orders_are_apart(client: Client) -> None:
    resting = client.limit(newClientOrderId="same")
    shown = client.algo(clientAlgoId="same")
    assert client.refused("POST", ALGO, **stop(clientAlgoId="same", triggerPrice="57000")) == (400, -4116)
    assert client.refused("DELETE", ALGO, algoId=999) == (400, -2011)
    assert client.refused("GET", ALGO, algoId=999) == (400, -2013)
    assert client.refused("DELETE", ALGO) == (400, -1102)
    client.ask("DELETE", ALGO, clientAlgoId="same")
    assert client.ask("GET", "/fapi/v1/order", symbol="BTCUSDT", origClientOrderId="same")["status"] == "NEW"
    assert resting["orderId"] == shown["algoId"] == 1
    assert client.algo(clientAlgoId="same")["algoId"] == 2


@pytest.mark.quirk("binance.order.open-orders-hide-conditionals")
def test_open_orders_and_cancel_all_know_nothing_of_conditional_orders(client: Client) -> None:
    client.algo()
    client.limit()
    assert [row["type"] for row in client.ask("GET", "/fapi/v1/openOrders")] == ["LIMIT"]
    client.ask("DELETE", "/fapi/v1/allOpenOrders", symbol="BTCUSDT")
    assert len(client.ask("GET", "/fapi/v1/openAlgoOrders")) == 1


def test_either_product_knows_its_own_conditional_orders_alone(client: Client) -> None:
    mine = client.algo()
    coin = client.ask("POST", "/dapi/v1/algoOrder", **stop(symbol="BTCUSD_PERP", quantity="2"))
    assert (coin["symbol"], coin["quantity"], coin["triggerPrice"]) == ("BTCUSD_PERP", "2", "58000.0")
    assert coin["algoId"] != mine["algoId"]
    assert [row["symbol"] for row in client.ask("GET", "/dapi/v1/openAlgoOrders")] == ["BTCUSD_PERP"]
    assert client.refused("GET", "/dapi/v1/algoOrder", algoId=mine["algoId"]) == (400, -2013)
    assert client.refused("DELETE", "/fapi/v1/algoOrder", algoId=coin["algoId"]) == (400, -2011)
    assert client.refused("POST", "/dapi/v1/algoOrder", **stop()) == (400, -1121)
    client.move("57900", "BTCUSD_PERP")
    done = client.ask("GET", "/dapi/v1/algoOrder", algoId=coin["algoId"])
    assert (done["algoStatus"], done["actualQty"]) == ("FINISHED", "2")
    assert client.ask("DELETE", "/dapi/v1/algoOpenOrders", symbol="BTCUSD_PERP")["code"] == 200


def test_another_account_has_nothing_to_do_with_them(client: Client) -> None:
    shown = client.algo()
    client.keys = dict(client.venue.open_account("other", client.time()))
    assert client.refused("GET", ALGO, algoId=shown["algoId"]) == (400, -2013)
    assert client.refused("DELETE", ALGO, algoId=shown["algoId"]) == (400, -2011)
    assert client.ask("GET", "/fapi/v1/openAlgoOrders") == []


# --- closing the position ---------------------------------------------------------------------------------------------


@pytest.mark.quirk("binance.order.close-position-single")
def test_second_stop_that_closes_the_position_is_4130(client: Client) -> None:
    session = client.open_user_stream()
    client.market(quantity="0.010")
    close = {"closePosition": "true", "quantity": None}
    first = client.algo(**close)
    assert (first["quantity"], first["timeInForce"], first["closePosition"], first["reduceOnly"]) == (
        "0",
        "GTE_GTC",
        True,
        True,
    )
    assert client.refused("POST", ALGO, **stop(**close, triggerPrice="57000")) == (400, -4130)
    assert client.algo(**close, type="TAKE_PROFIT_MARKET", triggerPrice="65000")["algoStatus"] == "NEW"
    assert client.algo(**close, side="BUY", triggerPrice="65000")["algoStatus"] == "NEW"
    assert client.algo(**close, symbol="ETHUSDT", triggerPrice="2000")["algoStatus"] == "NEW"
    told = events(client, session, "ALGO_UPDATE")[0]
    assert (told["q"], told["f"], told["R"], told["cp"]) == ("0", "GTE_GTC", True, True)
    client.ask("DELETE", ALGO, algoId=first["algoId"])
    assert client.algo(**close, triggerPrice="57000")["algoStatus"] == "NEW"


@pytest.mark.quirk("binance.order.leftover-tp-sl")
def test_filled_take_profit_leaves_the_stop_of_fixed_quantity_and_expires_the_closing_one(client: Client) -> None:
    client.market(quantity="0.010")
    fixed = client.algo(reduceOnly="true")
    closing = client.algo(closePosition="true", quantity=None, triggerPrice="57500")
    client.algo(type="TAKE_PROFIT_MARKET", triggerPrice="62000", reduceOnly="true")
    session = client.open_user_stream()
    client.move("62000")
    assert client.ask("GET", "/fapi/v3/positionRisk") == []
    assert client.ask("GET", ALGO, algoId=fixed["algoId"])["algoStatus"] == "NEW"
    gone = client.ask("GET", ALGO, algoId=closing["algoId"])
    assert (gone["algoStatus"], gone["actualOrderId"]) == ("EXPIRED", "")
    told = [one for one in events(client, session, "ALGO_UPDATE") if one["aid"] == closing["algoId"]]
    assert [(one["X"], one["rm"]) for one in told] == [("EXPIRED", "Order has expired as GTE condition unsatisfied")]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, -4137),
        ({"quantity": None, "reduceOnly": "true"}, -1106),
        ({"quantity": None, "reduceOnly": "false"}, -4138),
        ({"quantity": None, "type": "STOP", "price": "58000"}, -4136),
        ({"quantity": None, "type": "TAKE_PROFIT", "price": "65000", "triggerPrice": "65000"}, -4136),
        ({"quantity": None, "closePosition": "yes"}, -1130),
        ({"quantity": None, "closePosition": "false"}, -1102),
    ],
)
def test_conflicts_of_close_position(client: Client, changes: dict[str, object], code: int) -> None:
    assert client.refused("POST", ALGO, **stop(**{"closePosition": "true", **changes})) == (400, code)


# --- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"algoType": None}, -1102),
        ({"algoType": "VP"}, -1130),
        ({"symbol": None}, -1102),
        ({"symbol": "NOPEUSDT"}, -1121),
        ({"side": None}, -1102),
        ({"side": "sell"}, -1117),
        ({"type": None}, -1102),
        ({"type": "stop_market"}, -1116),
        ({"type": "MARKET"}, -1116),
        ({"type": "LIMIT"}, -1116),
        ({"quantity": None}, -1102),
        ({"quantity": "0"}, -4003),
        ({"quantity": "-0.010"}, -1100),
        ({"quantity": "120.001"}, -4005),
        ({"quantity": "0.0105"}, -1111),
        ({"quantity": "0.001", "triggerPrice": "50000"}, -4164),
        ({"triggerPrice": None}, -1102),
        ({"triggerPrice": ""}, -1105),
        ({"triggerPrice": "0"}, -4006),
        ({"triggerPrice": "0.00"}, -4006),
        ({"triggerPrice": "58000.001"}, -1111),
        ({"triggerPrice": "809484.1", "side": "BUY"}, -4007),
        ({"triggerPrice": "99999999999999999999", "side": "BUY"}, -4007),
        ({"triggerPrice": "60000"}, -2021),
        ({"triggerPrice": "61000"}, -2021),
        ({"triggerPrice": "59000", "type": "TAKE_PROFIT_MARKET"}, -2021),
        ({"activatePrice": "61000"}, -1106),
        ({"callbackRate": "1"}, -1106),
        ({"price": "58000"}, -1106),
        ({"type": "STOP"}, -1102),
        ({"type": "STOP", "price": "58000", "priceMatch": "QUEUE"}, -1106),
        ({"type": "STOP", "priceMatch": "queue"}, -5037),
        ({"priceMatch": "QUEUE"}, -1106),
        ({"type": "STOP", "price": "58000.05"}, -4014),
        ({"type": "STOP", "price": "58000", "timeInForce": "GTE_GTC"}, -1115),
        ({"type": "STOP", "price": "58000", "timeInForce": "gtc"}, -1115),
        ({"timeInForce": "IOC"}, -1115),
        ({"timeInForce": "GTE_GTC"}, -1115),
        ({"timeInForce": "GTD"}, -1102),
        ({"timeInForce": "GTD", "goodTillDate": "1"}, -5040),
        ({"workingType": "INDEX_PRICE"}, -4031),
        ({"priceProtect": "yes"}, -1130),
        ({"reduceOnly": "yes"}, -1130),
        ({"positionSide": "LONG"}, -4061),
        ({"positionSide": "UP"}, -4060),
        ({"clientAlgoId": "x" * 37}, -4015),
        ({"clientAlgoId": "a b"}, -4015),
        ({"clientAlgoId": ""}, -1105),
        ({"selfTradePreventionMode": "expire_maker"}, -5039),
    ],
)
def test_bad_parameters_have_the_venues_own_error(client: Client, changes: dict[str, object], code: int) -> None:
    assert client.refused("POST", ALGO, **stop(**changes)) == (400, code)
    assert client.ask("GET", "/fapi/v1/openAlgoOrders") == []


def test_201st_conditional_order_is_4045_over_all_symbols(client: Client) -> None:
    for number in range(200):
        symbol, price = ("BTCUSDT", 50_000 + number) if number % 2 else ("XRPUSDT", "0.4")
        amount = "0.010" if number % 2 else "100"
        client.aged_ns += 10 * 10**9
        client.algo(symbol=symbol, triggerPrice=price, quantity=amount)
    client.aged_ns += 60 * 10**9
    assert client.refused("POST", ALGO, **stop()) == (400, -4045)


def test_placing_counts_as_an_order_and_weighs_nothing(client: Client) -> None:
    before = int(client.signed("GET", "/fapi/v1/openAlgoOrders", symbol="BTCUSDT").headers["X-MBX-USED-WEIGHT-1M"])
    reply = client.signed("POST", ALGO, **stop())
    assert reply.headers["X-MBX-ORDER-COUNT-10S"] == "1"
    assert int(reply.headers["X-MBX-USED-WEIGHT-1M"]) == before
    listed = client.signed("GET", "/fapi/v1/openAlgoOrders")
    assert int(listed.headers["X-MBX-USED-WEIGHT-1M"]) == before + 40
