"""How an account trades: two legs or one, cross or isolated, one margin asset or all; what keeps it from changing."""

from __future__ import annotations

from typing import Any

import pytest

from venueproof_simulators.engine.commands import Deposit

from .client import Client, order, stop

ORDER = "/fapi/v1/order"
DUAL = "positionSide/dual"
MARGIN = "/fapi/v1/positionMargin"
COIN = {
    "symbol": "BTCUSD_PERP",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "1",
    "price": "59000",
}


def hedge(client: Client) -> None:
    """Two legs from now on."""
    done = {"code": 200, "msg": "success"}
    assert client.ask("POST", f"/fapi/v1/{DUAL}", dualSidePosition="true") == done


def legs(client: Client, path: str = "/fapi/v3/positionRisk", **parameters: object) -> dict[str, Any]:
    """The legs of BTCUSDT by their name."""
    rows = client.ask("GET", path, **{"symbol": "BTCUSDT", **parameters})
    return {row["positionSide"]: row for row in rows}


# --- hedge mode -------------------------------------------------------------------------------------------------------


@pytest.mark.quirk("binance.order.reduce-only-hedge")
@pytest.mark.parametrize("value", ["true", "false"])
def test_hedge_mode_wants_a_leg_and_no_reduce_only(client: Client, value: str) -> None:
    assert client.refused("POST", ORDER, **order(positionSide="LONG")) == (400, -4061)
    hedge(client)
    reply = client.signed("POST", ORDER, **order(positionSide="LONG", reduceOnly=value))
    assert reply.body == b'{"code":-1106,"msg":"Parameter \'reduceonly\' sent when not required."}'
    for path, request in ((ORDER, order()), ("/fapi/v1/algoOrder", stop())):
        assert client.refused("POST", path, **request) == (400, -4061)
        assert client.refused("POST", path, **request, positionSide="BOTH") == (400, -4061)
        assert client.refused("POST", path, **request, positionSide="long") == (400, -4060)
        assert client.refused("POST", path, **request, positionSide="LONG", reduceOnly=value) == (400, -1106)


def test_two_legs_are_held_side_by_side_and_closed_apart(client: Client) -> None:
    hedge(client)
    session = client.open_user_stream()
    client.market("BUY", "0.020", positionSide="LONG")
    client.market("SELL", "0.010", positionSide="SHORT")
    held = legs(client)
    assert {name: row["positionAmt"] for name, row in held.items()} == {"LONG": "0.020", "SHORT": "-0.010"}
    assert {row["positionSide"] for row in client.ask("GET", "/fapi/v3/account")["positions"]} == {"LONG", "SHORT"}
    assert legs(client, "/fapi/v2/positionRisk").keys() == {"LONG", "SHORT"}
    heard = client.take(session)
    orders = [one["o"] for one in heard if one["e"] == "ORDER_TRADE_UPDATE"]
    assert [(one["x"], one["ps"], one["R"]) for one in orders] == [
        ("NEW", "LONG", False),
        ("TRADE", "LONG", False),
        ("NEW", "SHORT", False),
        ("TRADE", "SHORT", False),
    ]
    told = [one["a"]["P"] for one in heard if one["e"] == "ACCOUNT_UPDATE"]
    assert [[(row["ps"], row["pa"]) for row in rows] for rows in told] == [[("LONG", "0.020")], [("SHORT", "-0.010")]]
    assert client.refused(
        "POST", ORDER, **order(side="SELL", quantity="0.021", positionSide="LONG", price="61000")
    ) == (
        400,
        -2022,
    )
    closed = client.market("SELL", "0.020", positionSide="LONG", newOrderRespType="RESULT")
    assert (closed["status"], closed["positionSide"], closed["reduceOnly"]) == ("FILLED", "LONG", True)
    assert {name: row["positionAmt"] for name, row in legs(client).items()} == {"LONG": "0.000", "SHORT": "-0.010"}
    fills = client.ask("GET", "/fapi/v1/userTrades", symbol="BTCUSDT")
    assert [row["positionSide"] for row in fills] == ["LONG", "SHORT", "LONG"]
    client.move("59000")
    quantile = client.ask("GET", "/fapi/v1/adlQuantile", symbol="BTCUSDT")[0]["adlQuantile"]
    assert quantile == {"LONG": 0, "SHORT": 2, "HEDGE": 0}
    assert [row["adl"] for row in client.ask("GET", "/fapi/v3/positionRisk")] == [0, 2]


def test_leg_may_be_closed_below_the_least_notional(client: Client) -> None:
    hedge(client)
    client.market("BUY", "0.010", positionSide="LONG")
    assert client.refused("POST", ORDER, **order(quantity="0.001", positionSide="LONG")) == (400, -4164)
    assert client.market("SELL", "0.001", positionSide="LONG")["status"] == "NEW"


def test_size_of_a_leg_counts_for_the_leverage(client: Client) -> None:
    hedge(client)
    client.ask("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=125)
    client.market("BUY", "4.900", positionSide="LONG")
    assert client.refused("POST", ORDER, **order(quantity="0.200", positionSide="LONG")) == (400, -2027)
    assert client.limit(quantity="0.200", side="SELL", price="61000", positionSide="SHORT")["status"] == "NEW"
    assert client.limit(quantity="0.500", side="SELL", price="61000", positionSide="LONG")["status"] == "NEW"


def test_conditional_orders_of_hedge_mode_close_their_leg(client: Client) -> None:
    hedge(client)
    client.market("BUY", "0.020", positionSide="LONG")
    client.market("SELL", "0.010", positionSide="SHORT")
    close = {"closePosition": "true", "quantity": None}
    wrong = stop(**close, positionSide="SHORT")
    assert client.refused("POST", "/fapi/v1/algoOrder", **wrong) == (400, -4136)
    assert client.algo(**close, positionSide="LONG")["positionSide"] == "LONG"
    assert client.algo(**close, positionSide="SHORT", side="BUY", triggerPrice="62000")["positionSide"] == "SHORT"
    client.move("58000")
    assert {name: row["positionAmt"] for name, row in legs(client).items()} == {"LONG": "0.000", "SHORT": "-0.010"}


@pytest.mark.quirk("binance.margin.position-mode-shared")
@pytest.mark.parametrize("prefix", ["fapi", "dapi"])
def test_position_mode_is_one_for_both_products_and_held_up_by_either(client: Client, prefix: str) -> None:
    other = "dapi" if prefix == "fapi" else "fapi"
    change = {"dualSidePosition": "true"}
    shown = client.algo()
    assert client.refused("POST", f"/{prefix}/v1/{DUAL}", **change) == (400, -4067)
    client.ask("DELETE", "/fapi/v1/algoOrder", algoId=shown["algoId"])
    client.market(quantity="0.010")
    assert client.refused("POST", f"/{prefix}/v1/{DUAL}", **change) == (400, -4068)
    client.market("SELL", quantity="0.010")
    client.ask("POST", f"/{prefix}/v1/{DUAL}", **change)
    assert client.refused("POST", f"/{other}/v1/{DUAL}", **change) == (400, -4059)
    assert client.ask("GET", f"/{other}/v1/{DUAL}") == {"dualSidePosition": True}
    assert client.ask("GET", "/fapi/v1/accountConfig")["dualSidePosition"] is True


# --- what is left behind ----------------------------------------------------------------------------------------------


@pytest.mark.quirk("binance.order.leftover-blocks-entry")
def test_leftover_conditional_order_blocks_the_modes_and_opens_or_expires(client: Client) -> None:
    client.market(quantity="0.010")
    kept = [client.algo(reduceOnly=flag)["algoId"] for flag in ("true", "false")]
    client.algo(type="TAKE_PROFIT_MARKET", triggerPrice="62000", reduceOnly="true")
    client.move("62000")
    assert client.ask("GET", "/fapi/v3/positionRisk") == []
    isolated = {"symbol": "BTCUSDT", "marginType": "ISOLATED"}
    assert client.refused("POST", "/fapi/v1/marginType", **isolated) == (400, -4047)
    assert client.refused("POST", f"/fapi/v1/{DUAL}", dualSidePosition="true") == (400, -4067)
    client.move("58000")
    ends = [client.ask("GET", "/fapi/v1/algoOrder", algoId=one)["algoStatus"] for one in kept]
    assert ends == ["EXPIRED", "FINISHED"]
    assert legs(client)["BOTH"]["positionAmt"] == "-0.010"


@pytest.mark.quirk("binance.order.protective-full-size")
@pytest.mark.parametrize("path", ["order", "algoOrder"])
def test_slice_of_a_protective_order_may_be_too_small_where_the_whole_is_not(
    client: Client, field: Client, path: str
) -> None:
    for one, answer in ((client, 200), (field, 400)):
        one.venue.switch_quirk("binance.http.errors-are-4xx", False)
        one.market(quantity="0.003")
        request = {**order(type="LIMIT"), "side": "SELL", "price": "61000", "reduceOnly": "true"}
        if path == "algoOrder":
            request = stop(reduceOnly="true")
        small = one.signed("POST", f"/fapi/v1/{path}", **(request | {"quantity": "0.001"}))
        assert small.status == answer
        assert (b"-4164" in small.body) is (answer == 400)
        assert one.signed("POST", f"/fapi/v1/{path}", **(request | {"quantity": "0.003"})).status == 200
    assert field.algo(closePosition="true", quantity=None)["algoStatus"] == "NEW"


# --- margin models ----------------------------------------------------------------------------------------------------


@pytest.mark.quirk("binance.account.margin-models")
def test_configuration_tells_margin_model_and_leverage(client: Client) -> None:
    client.ask("POST", "/fapi/v1/marginType", symbol="ETHUSDT", marginType="ISOLATED")
    rows = {row["symbol"]: row for row in client.ask("GET", "/fapi/v1/symbolConfig")}
    assert (rows["ETHUSDT"]["marginType"], rows["BTCUSDT"]["marginType"]) == ("ISOLATED", "CROSSED")
    multi = {"multiAssetsMargin": "true"}
    assert client.refused("POST", "/fapi/v1/multiAssetsMargin", **multi) == (400, -4167)
    client.ask("POST", "/fapi/v1/marginType", symbol="ETHUSDT", marginType="CROSSED")
    resting = client.limit()
    assert client.refused("POST", "/fapi/v1/multiAssetsMargin", **multi) == (400, -4170)
    client.ask("DELETE", ORDER, symbol="BTCUSDT", orderId=resting["orderId"])
    assert client.ask("POST", "/fapi/v1/multiAssetsMargin", **multi) == {"code": 200, "msg": "success"}
    assert client.refused("POST", "/fapi/v1/multiAssetsMargin", **multi) == (400, -4171)
    assert client.ask("GET", "/fapi/v1/multiAssetsMargin") == {"multiAssetsMargin": True}
    assert client.ask("GET", "/fapi/v1/accountConfig")["multiAssetsMargin"] is True
    change = {"symbol": "ETHUSDT", "marginType": "ISOLATED"}
    assert client.refused("POST", "/fapi/v1/marginType", **change) == (400, -4168)


def test_in_multi_assets_mode_one_asset_carries_the_positions_of_another(client: Client) -> None:
    client.command(Deposit("trader", "USDC", -100_000 * 10**8))
    buy = {"symbol": "BTCUSDC", "side": "BUY", "type": "MARKET", "quantity": "0.010"}
    assert client.refused("POST", ORDER, **buy) == (400, -2019)
    client.ask("POST", "/fapi/v1/multiAssetsMargin", multiAssetsMargin="true")
    client.ask("POST", ORDER, **buy)
    assert client.refused("POST", "/fapi/v1/multiAssetsMargin", multiAssetsMargin="false") == (400, -4169)
    client.ask("POST", ORDER, **(buy | {"side": "SELL"}))


# --- margin of isolated positions -------------------------------------------------------------------------------------


def isolated(client: Client) -> None:
    """A long position of 0.1 with its own margin."""
    client.ask("POST", "/fapi/v1/marginType", symbol="BTCUSDT", marginType="ISOLATED")
    client.market(quantity="0.100")


@pytest.mark.quirk("binance.margin.position-margin")
def test_margin_is_moved_in_and_out_told_and_listed(client: Client) -> None:
    isolated(client)
    session = client.open_user_stream()
    before = client.ask("GET", "/fapi/v3/account")
    move = {"symbol": "BTCUSDT", "amount": "100.5"}
    assert client.ask("POST", MARGIN, **move, type=1) == {
        "amount": 100.5,
        "code": 200,
        "msg": "Successfully modify position margin.",
        "type": 1,
    }
    after = client.ask("GET", "/fapi/v3/account")
    wallets = [float(one["positions"][0]["isolatedWallet"]) for one in (before, after)]
    assert wallets[1] - wallets[0] == pytest.approx(100.5)
    assert before["totalWalletBalance"] == after["totalWalletBalance"]
    assert float(before["availableBalance"]) - float(after["availableBalance"]) == pytest.approx(100.5)
    (told,) = client.take(session)
    assert (told["e"], told["a"]["m"]) == ("ACCOUNT_UPDATE", "MARGIN_TRANSFER")
    wallet, position = told["a"]["B"][0], told["a"]["P"][0]
    assert wallet["bc"] == "0"
    assert float(position["iw"]) == pytest.approx(wallets[1])
    assert float(wallet["wb"]) - float(wallet["cw"]) == pytest.approx(wallets[1])
    client.wait(1)
    client.ask("POST", MARGIN, symbol="BTCUSDT", amount="0.5", type=2, positionSide="BOTH")
    rows = client.ask("GET", f"{MARGIN}/history", symbol="BTCUSDT")
    now_ms = client.time().wire_ms
    assert rows == [
        {
            "symbol": "BTCUSDT",
            "type": kind,
            "deltaType": "USER_ADJUST",
            "amount": amount,
            "asset": "USDT",
            "time": at_ms,
            "positionSide": "BOTH",
        }
        for kind, amount, at_ms in ((1, "100.50000000", now_ms - 1000), (2, "0.50000000", now_ms))
    ]
    asked = client.ask("GET", f"{MARGIN}/history", symbol="BTCUSDT", type=2)
    assert asked == rows[1:]
    assert client.ask("GET", f"{MARGIN}/history", symbol="ETHUSDT") == []
    assert client.ask("GET", f"{MARGIN}/history", symbol="BTCUSDT", startTime=now_ms - 999) == rows[1:]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"symbol": None}, -1102),
        ({"amount": None}, -1102),
        ({"amount": "-1"}, -1100),
        ({"amount": "0"}, -4055),
        ({"amount": "0.000000001"}, -1111),
        ({"amount": "99999999999999999999"}, -4050),
        ({"amount": "99999999999999999999", "type": 2}, -4051),
        ({"type": None}, -1102),
        ({"type": 3}, -1130),
        ({"positionSide": "LONG"}, -4061),
        ({"symbol": "ETHUSDT"}, -4049),
    ],
)
def test_margin_that_cannot_be_moved(client: Client, changes: dict[str, object], code: int) -> None:
    isolated(client)
    sent: dict[str, object] = {"symbol": "BTCUSDT", "amount": "1", "type": 1, **changes}
    request = {name: value for name, value in sent.items() if value is not None}
    assert client.refused("POST", MARGIN, **request) == (400, code)
    client.market("SELL", quantity="0.100")
    assert client.refused("POST", MARGIN, symbol="BTCUSDT", amount="1", type=1) == (400, -4054)
    assert client.refused("GET", f"{MARGIN}/history") == (400, -1102)
    assert client.refused("GET", f"{MARGIN}/history", symbol="BTCUSDT", type=0) == (400, -1130)


# --- coin-margined futures --------------------------------------------------------------------------------------------


def coin(**changes: object) -> dict[str, object]:
    """A passive order of one contract."""
    return order(symbol="BTCUSD_PERP", quantity="1", **changes)


@pytest.mark.parametrize("prefix", ["fapi", "dapi"])
def test_orders_of_the_other_product_hold_up_the_position_mode(client: Client, prefix: str) -> None:
    change = {"dualSidePosition": "true"}
    resting = client.ask("POST", "/dapi/v1/order", **coin())
    assert client.refused("POST", f"/{prefix}/v1/{DUAL}", **change) == (400, -4067)
    client.ask("DELETE", "/dapi/v1/order", symbol="BTCUSD_PERP", orderId=resting["orderId"])
    client.ask("POST", f"/{prefix}/v1/{DUAL}", **change)
    assert client.refused("POST", "/dapi/v1/order", **coin()) == (400, -4061)
    assert client.ask("POST", "/dapi/v1/order", **coin(positionSide="LONG"))["positionSide"] == "LONG"
    assert client.refused("POST", f"/{prefix}/v1/{DUAL}", dualSidePosition="false") == (400, -4067)


def test_inverse_isolated_leverage_has_its_own_refusal(client: Client) -> None:
    client.ask("POST", "/dapi/v1/marginType", symbol="BTCUSD_PERP", marginType="ISOLATED")
    client.ask("POST", "/dapi/v1/order", symbol="BTCUSD_PERP", side="BUY", type="MARKET", quantity="10")
    assert client.refused("POST", "/dapi/v1/leverage", symbol="BTCUSD_PERP", leverage=10) == (400, -4150)
