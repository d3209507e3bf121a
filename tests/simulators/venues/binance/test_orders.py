from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from msgspec import structs

from venueproof_simulators.engine.commands import AddLiquidity, ExpireOrder, FillOrder, SetPrice
from venueproof_simulators.engine.state import Side
from venueproof_simulators.venues.binance.wire.numbers import Listing

from .client import Client, order

ORDER = "/fapi/v1/order"
REPLY_KEYS = [
    "orderId",
    "symbol",
    "status",
    "clientOrderId",
    "price",
    "origQty",
    "executedQty",
    "cumQty",
    "timeInForce",
    "type",
    "reduceOnly",
    "closePosition",
    "side",
    "positionSide",
    "stopPrice",
    "workingType",
    "priceProtect",
    "origType",
    "priceMatch",
    "selfTradePreventionMode",
    "goodTillDate",
    "updateTime",
]


@pytest.mark.quirk("binance.order.ack-without-fill-money")
def test_reply_has_exactly_the_documented_fields_and_no_money(client: Client) -> None:
    placed = client.market(newOrderRespType="RESULT")
    assert list(placed) == REPLY_KEYS
    assert (placed["status"], placed["executedQty"], placed["price"]) == ("FILLED", "0.010", "0.00")
    canceled = client.ask("DELETE", ORDER, symbol="BTCUSDT", orderId=client.limit()["orderId"])
    assert list(canceled) == REPLY_KEYS
    assert canceled["status"] == "CANCELED"


@pytest.mark.quirk("binance.order.reply-with-fill-money")
@pytest.mark.parametrize(
    ("path", "asked", "money"),
    [
        (ORDER, {"symbol": "BTCUSDT", "quantity": "0.010"}, ("60000.10000", "cumQuote", "600.00100")),
        ("/dapi/v1/order", {"symbol": "BTCUSD_PERP", "quantity": "6"}, ("60000.1", "cumBase", "0.00999998")),
    ],
)
def test_replies_had_money_before_the_integration(
    client: Client, path: str, asked: dict[str, object], money: tuple[str, str, str]
) -> None:
    keys: list[list[str]] = []
    for on in (False, True, False):
        client.venue.switch_quirk("binance.order.reply-with-fill-money", on)
        rests = client.ask("POST", path, **order(**asked, newOrderRespType="RESULT"))
        target = {"symbol": asked["symbol"], "orderId": rests["orderId"]}
        changed = {"side": "BUY", "quantity": asked["quantity"], "price": "58000"}
        replies = [rests, client.ask("PUT", path, **target, **changed), client.ask("DELETE", path, **target)]
        filled = client.ask("POST", path, **asked, side="BUY", type="MARKET", newOrderRespType="RESULT")
        keys.append(list(filled))
        assert all(("avgPrice" in one, money[1] in one) == (on, on) for one in replies)
        if on:
            assert (filled["avgPrice"], filled[money[1]]) == (money[0], money[2])
            assert {float(one["avgPrice"]) for one in replies} == {0}
            assert keys[-1][keys[-1].index("price") + 1] == "avgPrice"
            assert keys[-1][keys[-1].index("cumQty") + 1] == money[1]
            assert [key for key in keys[-1] if key not in ("avgPrice", money[1])] == keys[0]
    assert keys[0] == keys[2]


def test_average_price_has_the_decimals_of_price_and_quantity_together(client: Client) -> None:
    """As recorded: 43676.62353 for BTCUSDT after several fills; 0.00 before the first one, whatever the symbol."""
    for quantity, price in (("0.001", "60001.0"), ("0.002", "60001.4")):
        client.command(AddLiquidity("BTCUSDT", Side.SELL, int(Decimal(price) * 10), int(Decimal(quantity) * 1000)))
    client.command(SetPrice("BTCUSDT", 600_009))
    placed = client.market(quantity="0.003")
    shown = client.ask("GET", ORDER, symbol="BTCUSDT", orderId=placed["orderId"])
    mean = Decimal(shown["cumQuote"]) / 3 * 1000
    assert shown["avgPrice"] == f"{mean:.5f}"
    rests = client.limit(symbol="XRPUSDT", price="0.5000", quantity="100")
    assert client.ask("GET", ORDER, symbol="XRPUSDT", orderId=rests["orderId"])["avgPrice"] == "0.00"


@pytest.mark.quirk("binance.order.ack-default")
def test_default_answer_is_new_although_it_filled(client: Client) -> None:
    placed = client.market()
    assert (placed["status"], placed["executedQty"]) == ("NEW", "0.000")
    stands = client.ask("GET", ORDER, symbol="BTCUSDT", orderId=placed["orderId"])
    assert (stands["status"], stands["executedQty"], stands["avgPrice"]) == ("FILLED", "0.010", "60000.10000")


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"symbol": None}, (400, -1102)),
        ({"symbol": "NOPEUSDT"}, (400, -1121)),
        ({"symbol": "BTC/USDT"}, (400, -1100)),
        ({"side": None}, (400, -1102)),
        ({"type": None}, (400, -1102)),
        ({"type": "STOPP"}, (400, -1116)),
        ({"timeInForce": None}, (400, -1102)),
        ({"timeInForce": "gtc"}, (400, -1115)),
        ({"quantity": None}, (400, -1102)),
        ({"price": None}, (400, -1102)),
        ({"quantity": "NaN"}, (400, -1100)),
        ({"quantity": "-1"}, (400, -1100)),
        ({"quantity": "1e3"}, (400, -1100)),
        ({"quantity": "Infinity"}, (400, -1100)),
        ({"quantity": ""}, (400, -1105)),
        ({"quantity": "0"}, (400, -4003)),
        ({"quantity": "0.000"}, (400, -4003)),
        ({"quantity": "1000.001"}, (400, -4005)),
        ({"quantity": "99999999999999999999"}, (400, -4005)),
        ({"price": "0"}, (400, -4001)),
        ({"price": "261.0"}, (400, -4013)),
        ({"price": "809484.1"}, (400, -4002)),
        ({"positionSide": "LONG"}, (400, -4061)),
        ({"positionSide": "long"}, (400, -4060)),
        ({"reduceOnly": "yes"}, (400, -1130)),
        ({"newOrderRespType": "FULL"}, (400, -1130)),
        ({"selfTradePreventionMode": "SOME"}, (400, -5039)),
        ({"priceMatch": "BEST", "price": None}, (400, -5037)),
        ({"priceMatch": "QUEUE"}, (400, -1106)),
        ({"closePosition": "true"}, (400, -4136)),
        ({"timeInForce": "GTD"}, (400, -1102)),
        ({"timeInForce": "GTD", "goodTillDate": "1"}, (400, -5040)),
    ],
)
def test_bad_parameters_have_the_venues_own_error(
    client: Client, changes: dict[str, object], refusal: tuple[int, int]
) -> None:
    assert client.refused("POST", ORDER, **order(**changes)) == refusal
    assert client.ask("GET", "/fapi/v1/openOrders") == []


@pytest.mark.quirk("binance.order.type-case")
def test_lower_case_type_and_side_are_refused(client: Client) -> None:
    assert client.refused("POST", ORDER, **order(type="limit")) == (400, -1116)
    assert client.refused("POST", ORDER, **order(side="buy")) == (400, -1117)


@pytest.mark.quirk("binance.order.market-without-price")
def test_market_order_takes_no_price(client: Client) -> None:
    market = {"type": "MARKET", "timeInForce": None}
    assert client.refused("POST", ORDER, **order(**market)) == (400, -1106)
    assert client.signed("POST", ORDER, **order(**market, price=None)).status == 200


@pytest.mark.quirk("binance.order.min-notional-4164")
@pytest.mark.parametrize(
    ("symbol", "price", "quantity", "number"),
    [("BTCUSDT", "59000", "0.001", "100"), ("ETHUSDT", "2900", "0.006", "20"), ("XRPUSDT", "0.59", "8.4", "5")],
)
def test_order_below_the_symbols_notional_is_4164_with_its_number(
    client: Client, symbol: str, price: str, quantity: str, number: str
) -> None:
    reply = client.signed("POST", ORDER, **order(symbol=symbol, price=price, quantity=quantity))
    assert reply.status == 400
    assert f'-4164,"msg":"Order\'s notional must be no smaller than {number} (' in reply.body.decode()


@pytest.mark.quirk("binance.order.min-notional-market")
def test_market_order_is_weighed_at_mark(client: Client) -> None:
    client.command(SetPrice("BTCUSDT", 500_000))
    assert client.refused("POST", ORDER, **order(type="MARKET", timeInForce=None, price=None, quantity="0.001")) == (
        400,
        -4164,
    )
    assert client.market(quantity="0.002")["status"] == "NEW"


@pytest.mark.quirk("binance.order.min-notional-reduce-only")
def test_reduce_only_is_exempt_from_notional_unless_the_row_is_on(client: Client, field: Client) -> None:
    for one in (client, field):
        one.market(quantity="0.010")
    slice_ = order(side="SELL", price="61000", quantity="0.001", reduceOnly="true")
    assert client.signed("POST", ORDER, **slice_).status == 200
    field.venue.switch_quirk("binance.http.errors-are-4xx", False)
    assert field.refused("POST", ORDER, **slice_) == (400, -4164)
    assert field.signed("POST", ORDER, **(slice_ | {"quantity": "0.010"})).status == 200


@pytest.mark.quirk("binance.order.precision-1111")
def test_surplus_decimals_are_1111_and_trailing_zeros_are_none(client: Client) -> None:
    assert client.refused("POST", ORDER, **order(quantity="0.0101")) == (400, -1111)
    assert client.refused("POST", ORDER, **order(price="59000.001")) == (400, -1111)
    assert client.signed("POST", ORDER, **order(quantity="0.01000000", price="59000.00000")).status == 200


@pytest.mark.quirk("binance.order.tick-4014")
def test_price_between_ticks_is_4014(client: Client) -> None:
    assert client.refused("POST", ORDER, **order(price="59000.05")) == (400, -4014)


@pytest.mark.quirk("binance.order.tick-4014")
def test_amount_off_a_step_that_is_no_power_of_ten_is_4023(client: Client) -> None:
    listing = client.venue.desk.listings["BTCUSDT"]
    coarse = structs.replace(listing.row, amount_step=Decimal("0.005"), amount_min=Decimal("0.005"))
    client.venue.desk.listings["BTCUSDT"] = Listing(coarse, listing.steps)
    assert client.refused("POST", ORDER, **order(quantity="0.012")) == (400, -4023)
    assert client.refused("POST", ORDER, **order(quantity="0.0125")) == (400, -1111)


@pytest.mark.quirk("binance.order.price-band-4016")
def test_price_far_on_the_aggressive_side_is_refused(client: Client) -> None:
    assert client.refused("POST", ORDER, **order(price="63000.1")) == (400, -4016)
    assert client.refused("POST", ORDER, **order(side="SELL", price="56999.9")) == (400, -4024)
    assert client.signed("POST", ORDER, **order(price="40000")).status == 200


@pytest.mark.quirk("binance.order.margin-2019")
def test_order_beyond_the_margin_is_2019(client: Client) -> None:
    assert client.refused("POST", ORDER, **order(quantity="40")) == (400, -2019)


@pytest.mark.quirk("binance.order.post-only-reject")
def test_crossing_post_only_order_is_5022_and_leaves_no_record(client: Client) -> None:
    assert client.refused("POST", ORDER, **order(timeInForce="GTX", price="60100")) == (400, -5022)
    assert client.ask("GET", "/fapi/v1/allOrders", symbol="BTCUSDT") == []
    assert client.limit(timeInForce="GTX")["timeInForce"] == "GTX"


@pytest.mark.quirk("binance.order.fill-or-kill-5021")
def test_unfillable_fill_or_kill_is_5021_and_leaves_no_record(client: Client) -> None:
    assert client.refused("POST", ORDER, **order(timeInForce="FOK")) == (400, -5021)
    assert client.ask("GET", "/fapi/v1/allOrders", symbol="BTCUSDT") == []


@pytest.mark.quirk("binance.order.reduce-only-2022")
def test_reduce_only_without_a_position_is_2022(client: Client) -> None:
    assert client.refused("POST", ORDER, **order(reduceOnly="true")) == (400, -2022)


def test_immediate_or_cancel_keeps_what_it_filled_and_expires(client: Client) -> None:
    placed = client.limit(price="60000.1", quantity="2.000", timeInForce="IOC", newOrderRespType="RESULT")
    assert (placed["status"], placed["executedQty"], placed["timeInForce"]) == ("EXPIRED", "1.152", "IOC")


def test_good_till_date_ends_by_itself(client: Client) -> None:
    until_ms = client.time().wire_ms + 700_000
    placed = client.limit(timeInForce="GTD", goodTillDate=until_ms)
    assert (placed["timeInForce"], placed["goodTillDate"]) == ("GTD", until_ms // 1000 * 1000)
    client.wait(699)
    assert client.ask("GET", ORDER, symbol="BTCUSDT", orderId=placed["orderId"])["status"] == "NEW"
    client.wait(2)
    assert client.ask("GET", ORDER, symbol="BTCUSDT", orderId=placed["orderId"])["status"] == "EXPIRED"


@pytest.mark.parametrize(
    ("word", "side", "price"),
    [("OPPONENT", "SELL", "59999.90"), ("QUEUE", "BUY", "59999.90"), ("QUEUE_5", "BUY", "59999.50")],
)
def test_price_match_takes_the_price_from_the_book(client: Client, word: str, side: str, price: str) -> None:
    placed = client.limit(side=side, price=None, priceMatch=word)
    assert (placed["price"], placed["priceMatch"]) == (price, word)


def test_own_order_in_the_way_expires_in_match(client: Client) -> None:
    resting = client.limit(price="59999.9")
    client.limit(side="SELL", price="59999.9", quantity="1.000")
    stands = client.ask("GET", ORDER, symbol="BTCUSDT", orderId=resting["orderId"])
    assert stands["status"] == "EXPIRED_IN_MATCH"


@pytest.mark.quirk("binance.order.self-trade-modes")
@pytest.mark.parametrize(
    ("mode", "taker", "maker", "why"),
    [
        ("EXPIRE_TAKER", "EXPIRED_IN_MATCH", "NEW", {"T": "1"}),
        ("EXPIRE_MAKER", "NEW", "EXPIRED_IN_MATCH", {"M": "1"}),
        ("EXPIRE_BOTH", "EXPIRED_IN_MATCH", "EXPIRED_IN_MATCH", {"T": "1", "M": "1"}),
        ("NONE", "FILLED", "PARTIALLY_FILLED", {}),
    ],
)
def test_self_trade_mode_of_the_taker_says_which_order_ends(
    client: Client, mode: str, taker: str, maker: str, why: dict[str, str]
) -> None:
    client.limit(price="60000.0", quantity="0.500", newClientOrderId="M")
    session = client.open_user_stream()
    ask = {"side": "SELL", "selfTradePreventionMode": mode, "newClientOrderId": "T"}
    shown = client.limit(**ask, price="60000.0", newOrderRespType="RESULT")
    assert (shown["status"], shown["selfTradePreventionMode"]) == (taker, mode)
    assert client.ask("GET", ORDER, symbol="BTCUSDT", origClientOrderId="M")["status"] == maker
    updates = [one["o"] for one in client.take(session) if one["e"] == "ORDER_TRADE_UPDATE"]
    assert {one["c"]: one["er"] for one in updates if one["x"] == "EXPIRED"} == why
    assert {one["V"] for one in updates if one["c"] == "T"} == {mode}


def test_orders_of_a_batch_trade_with_each_other_unless_they_say_otherwise(client: Client) -> None:
    client.limit(price="60000.0")
    sell = '{"symbol":"BTCUSDT","side":"SELL","type":"LIMIT","timeInForce":"IOC","quantity":"0.010","price":"60000.0"'
    both = f'[{sell},"selfTradePreventionMode":"EXPIRE_TAKER"}},{sell},"newOrderRespType":"RESULT"}}]'
    first, second = client.ask("POST", "/fapi/v1/batchOrders", batchOrders=both)
    assert (first["selfTradePreventionMode"], second["selfTradePreventionMode"]) == ("EXPIRE_TAKER", "NONE")
    assert client.ask("GET", ORDER, symbol="BTCUSDT", orderId=first["orderId"])["status"] == "EXPIRED_IN_MATCH"
    assert second["status"] == "FILLED"


@pytest.mark.quirk("binance.order.amend-drops-self-trade")
def test_an_amended_order_trades_with_its_own_account(client: Client) -> None:
    client.limit(price="60000.0")
    moved = client.limit(side="SELL", price="60000.1", selfTradePreventionMode="EXPIRE_TAKER")
    ask = {"symbol": "BTCUSDT", "orderId": moved["orderId"], "side": "SELL", "quantity": "0.010", "price": "60000.0"}
    shown = client.ask("PUT", ORDER, **ask)
    assert (shown["status"], shown["selfTradePreventionMode"]) == ("FILLED", "NONE")


def test_order_that_others_fill_first_meets_none_of_its_own(client: Client) -> None:
    resting = client.limit(price="59990")
    client.market("SELL", selfTradePreventionMode="EXPIRE_TAKER", newOrderRespType="RESULT")
    assert client.ask("GET", "/fapi/v1/openOrders")[0]["orderId"] == resting["orderId"]
    assert len(client.ask("GET", "/fapi/v1/userTrades", symbol="BTCUSDT")) == 1


def test_order_test_places_nothing(client: Client) -> None:
    shown = client.ask("POST", "/fapi/v1/order/test", **order())
    assert list(shown) == [*REPLY_KEYS, "avgPrice", "cumQuote"]
    assert (shown["avgPrice"], shown["cumQuote"]) == ("0.00", "0.00000")
    assert client.refused("POST", "/fapi/v1/order/test", **order(price="59000.05")) == (400, -4014)
    assert client.ask("GET", "/fapi/v1/allOrders", symbol="BTCUSDT") == []


@pytest.mark.parametrize("name", ["symbol", "type", "side", "newClientOrderId"])
def test_empty_parameter_is_1105_whichever_it_is(client: Client, name: str) -> None:
    assert client.refused("POST", ORDER, **order(**{name: ""})) == (400, -1105)


@pytest.mark.quirk("binance.clientid.regex-36")
@pytest.mark.parametrize("name", ["x" * 37, "a b", "ü", "a;b", "x" * 500])
def test_client_id_out_of_bounds_is_4015(client: Client, name: str) -> None:
    assert client.refused("POST", ORDER, **order(newClientOrderId=name)) == (400, -4015)


def test_client_id_of_36_characters_is_kept(client: Client) -> None:
    name = "A.:/a0_-" + "x" * 28
    assert client.limit(newClientOrderId=name)["clientOrderId"] == name
    assert client.refused("POST", ORDER, **order(newClientOrderId=name)) == (400, -4116)


def test_order_without_client_id_gets_one(client: Client) -> None:
    names = {client.limit()["clientOrderId"] for _ in range(3)}
    assert len(names) == 3
    assert all(names)


@pytest.mark.quirk("binance.clientid.reuse-after-close")
def test_client_id_is_free_again_once_the_order_filled(client: Client) -> None:
    first, second = (client.market(newClientOrderId="again") for _ in range(2))
    assert first["orderId"] != second["orderId"]
    assert client.ask("GET", "/fapi/v3/positionRisk", symbol="BTCUSDT")[0]["positionAmt"] == "0.020"
    found = client.ask("GET", ORDER, symbol="BTCUSDT", origClientOrderId="again")
    assert found["orderId"] == second["orderId"]


def test_query_and_cancel_of_unknown_orders_differ_in_code(client: Client) -> None:
    unknown = {"symbol": "BTCUSDT", "orderId": 999}
    assert client.refused("GET", ORDER, **unknown) == (400, -2013)
    assert client.refused("DELETE", ORDER, **unknown) == (400, -2011)
    assert client.refused("GET", "/fapi/v1/openOrder", **unknown) == (400, -2013)
    assert client.refused("GET", ORDER, symbol="BTCUSDT") == (400, -1102)
    ended = client.market()
    assert client.refused("DELETE", ORDER, symbol="BTCUSDT", orderId=ended["orderId"]) == (400, -2011)
    assert client.refused("GET", "/fapi/v1/openOrder", symbol="BTCUSDT", orderId=ended["orderId"]) == (400, -2013)


@pytest.mark.quirk("binance.order.symbol-scoped-ids")
def test_order_ids_count_per_symbol(client: Client) -> None:
    bitcoin, ether = client.limit(), client.limit(symbol="ETHUSDT", price="2900", quantity="1")
    assert bitcoin["orderId"] == ether["orderId"]
    assert client.ask("GET", ORDER, symbol="ETHUSDT", orderId=ether["orderId"])["origQty"] == "1.000"
    assert client.refused("GET", ORDER, orderId=ether["orderId"]) == (400, -1102)


@pytest.mark.quirk("binance.order.stale-expiry")
def test_ended_orders_are_forgotten_after_3_and_90_days(client: Client) -> None:
    unfilled, filled, open_ = client.limit(), client.market(), client.limit()
    client.ask("DELETE", ORDER, symbol="BTCUSDT", orderId=unfilled["orderId"])
    client.aged_ns = 3 * 86_400 * 10**9
    assert len(client.ask("GET", "/fapi/v1/allOrders", symbol="BTCUSDT")) == 3
    client.aged_ns += 1
    assert client.refused("GET", ORDER, symbol="BTCUSDT", orderId=unfilled["orderId"]) == (400, -2013)
    client.aged_ns = 91 * 86_400 * 10**9
    left = client.ask("GET", "/fapi/v1/allOrders", symbol="BTCUSDT")
    assert [row["orderId"] for row in left] == [open_["orderId"]]
    assert filled["orderId"] != open_["orderId"]


@pytest.mark.quirk("binance.http.success-code-200")
def test_cancel_all_answers_code_200_also_for_none(client: Client) -> None:
    for _ in range(2):
        client.limit()
    for _ in range(2):
        assert client.ask("DELETE", "/fapi/v1/allOpenOrders", symbol="BTCUSDT")["code"] == 200
        assert client.ask("GET", "/fapi/v1/openOrders", symbol="BTCUSDT") == []


def test_countdown_cancels_unless_it_is_renewed(client: Client) -> None:
    client.limit()
    path, hour = "/fapi/v1/countdownCancelAll", {"symbol": "BTCUSDT"}
    assert client.ask("POST", path, **hour, countdownTime=10_000) == {"symbol": "BTCUSDT", "countdownTime": "10000"}
    client.wait(9)
    client.ask("POST", path, **hour, countdownTime=10_000)
    client.wait(9)
    assert len(client.ask("GET", "/fapi/v1/openOrders")) == 1
    client.wait(2)
    assert client.ask("GET", "/fapi/v1/openOrders") == []


@pytest.mark.quirk("binance.order.batch-partial")
def test_batch_fails_item_by_item_inside_a_success(client: Client) -> None:
    items = '[{"symbol":"BTCUSDT","side":"BUY","type":"LIMIT","timeInForce":"GTC","quantity":"0.010","price":"59000"},'
    items += '{"symbol":"BTCUSDT","side":"BUY","type":"LIMIT","timeInForce":"GTC","quantity":0.0101,"price":59000}]'
    placed, refused = client.ask("POST", "/fapi/v1/batchOrders", batchOrders=items)
    assert placed["status"] == "NEW"
    assert refused == {"code": -1111, "msg": "Precision is over the maximum defined for this asset."}
    ended = client.ask("DELETE", "/fapi/v1/batchOrders", symbol="BTCUSDT", orderIdList=f"[{placed['orderId']},77]")
    assert [row.get("status", row.get("code")) for row in ended] == ["CANCELED", -2011]


@pytest.mark.parametrize("items", ["[]", "{}", "x", "[1]", "[null]", '["a"]', "[" * 5000, "[{}" + ",{}" * 5 + "]"])
def test_malformed_batch_is_refused_whole(client: Client, items: str) -> None:
    assert client.refused("POST", "/fapi/v1/batchOrders", batchOrders=items)[0] == 400


def test_orders_answer_what_the_engine_did_by_itself(client: Client) -> None:
    first, second = client.limit(), client.limit()
    client.command(FillOrder("BTCUSDT", first["orderId"], 4))
    client.command(ExpireOrder("BTCUSDT", second["orderId"], "venue"))
    stands = client.ask("GET", ORDER, symbol="BTCUSDT", orderId=first["orderId"])
    assert (stands["status"], stands["executedQty"], stands["cumQuote"]) == ("PARTIALLY_FILLED", "0.004", "236.00000")
    assert client.ask("GET", ORDER, symbol="BTCUSDT", orderId=second["orderId"])["status"] == "EXPIRED"


def test_null_in_a_batch_is_not_sent(client: Client) -> None:
    items = '[{"symbol":null},{"symbol":"BTCUSDT","side":"BUY","type":"MARKET","quantity":"0.010","price":null}]'
    refused, placed = client.ask("POST", "/fapi/v1/batchOrders", batchOrders=items)
    assert (refused["code"], placed["symbol"]) == (-1102, "BTCUSDT")


@pytest.mark.parametrize("ids", ["[]", str(list(range(11)))])
def test_cancellation_of_too_many_or_no_orders_is_1130(client: Client, ids: str) -> None:
    sent = {"symbol": "BTCUSDT", "orderIdList": ids}
    assert client.refused("DELETE", "/fapi/v1/batchOrders", **sent) == (400, -1130)


@pytest.mark.parametrize(("value", "code"), [(2**63 - 1, 0), (2**63, -1130), (10**19, -1100)])
def test_whole_numbers_have_63_bits(client: Client, value: int, code: int) -> None:
    reply = client.signed("POST", "/fapi/v1/countdownCancelAll", symbol="BTCUSDT", countdownTime=value)
    assert msgspec.json.decode(reply.body).get("code", 0) == code
