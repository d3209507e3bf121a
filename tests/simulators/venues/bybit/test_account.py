"""Wallet, positions, settings, and who may ask."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from venueproof_simulators.engine.commands import PayFunding, SetMark

from .client import Client, order

BTC: dict[str, Any] = {"category": "linear", "symbol": "BTCUSDT"}
INVERSE: dict[str, Any] = {"category": "inverse", "symbol": "BTCUSD"}


def wallet(client: Client) -> Any:
    return client.ask("account/wallet-balance", accountType="UNIFIED")["list"][0]


def coin(client: Client, name: str) -> Any:
    return next(row for row in wallet(client)["coin"] if row["coin"] == name)


@pytest.mark.quirk("bybit.account.free-field-empty")
def test_what_is_free_must_be_worked_out(client: Client) -> None:
    client.market()
    account, dollars = wallet(client), coin(client, "USDT")
    assert dollars["availableToWithdraw"] == ""
    free = float(account["totalMarginBalance"]) - float(account["totalInitialMargin"])
    assert float(account["totalAvailableBalance"]) == pytest.approx(free)
    assert float(dollars["totalPositionIM"]) == pytest.approx(60)


@pytest.mark.quirk("bybit.account.margin-models")
@pytest.mark.quirk("bybit.margin.mode-account-wide")
def test_the_margin_mode_is_the_accounts(client: Client) -> None:
    assert client.ask("account/info")["marginMode"] == "REGULAR_MARGIN"
    assert client.post("account/set-margin-mode", setMarginMode="ISOLATED_MARGIN") == {"reasons": []}
    assert client.ask("account/info")["marginMode"] == "ISOLATED_MARGIN"
    assert wallet(client)["totalAvailableBalance"] == ""
    client.market()
    client.place(category="inverse", symbol="BTCUSD", orderType="Market", price=None, qty="600")
    held = [client.position(), client.position("BTCUSD", "inverse")]
    assert [row["tradeMode"] for row in held] == [1, 1]
    assert [float(row["positionBalance"]) > 0 for row in held] == [True, True]
    assert client.refused("account/set-margin-mode", setMarginMode="ISOLATED_MARGIN")[0] == 3400045


def test_portfolio_margin_knows_no_leverage(client: Client) -> None:
    client.post("account/set-margin-mode", setMarginMode="PORTFOLIO_MARGIN")
    client.market()
    row = client.position()
    assert [row[name] for name in ("leverage", "positionIM", "riskLimitValue", "riskId")] == ["", "", "", 0]
    assert client.refused("position/symbol-info", "GET", **BTC)[0] == 3405112
    assert client.refused("position/set-leverage", **BTC, buyLeverage="5", sellLeverage="5")[0] == 110038


@pytest.mark.quirk("bybit.margin.rejected-setting-visible")
@pytest.mark.quirk("bybit.margin.mode-refused")
def test_settings_are_refused_while_something_is_open(client: Client) -> None:
    client.place()
    assert client.refused("account/set-margin-mode", setMarginMode="ISOLATED_MARGIN")[0] == 3400045
    assert client.refused("position/switch-mode", **BTC, mode=3)[0] == 110028
    client.post("order/cancel-all", **BTC)
    client.market()
    assert client.refused("account/set-margin-mode", setMarginMode="ISOLATED_MARGIN")[0] == 3400045
    assert client.refused("position/switch-mode", **BTC, mode=3)[0] == 110024


@pytest.mark.quirk("bybit.margin.leverage-nochange-110043")
@pytest.mark.quirk("bybit.margin.leverage-110013")
def test_leverage_is_set_once_and_no_higher_than_allowed(client: Client) -> None:
    def leverage(buy: str, sell: str) -> dict[str, Any]:
        return {**BTC, "buyLeverage": buy, "sellLeverage": sell}

    client.post("position/set-leverage", **leverage("12.5", "12.5"))
    assert client.position()["leverage"] == "12.5"
    assert client.refused("position/set-leverage", **leverage("12.5", "12.5")) == (110043, "leverage not modified")
    assert client.refused("position/set-leverage", **leverage("101", "101"))[0] == 110013
    for wrong in (("5", "6"), ("0.5", "0.5"), ("5.123", "5.123"), ("x", "x")):
        assert client.refused("position/set-leverage", **leverage(*wrong))[0] == 10001
    assert client.ask("position/symbol-info", **BTC)["list"] == [
        {"symbol": "BTCUSDT", "leverage": "12.5", "side": "", "positionIdx": 0}
    ]


@pytest.mark.quirk("bybit.order.position-idx")
def test_the_leg_must_fit_the_position_mode(client: Client) -> None:
    mismatch = (10001, "position idx not match position mode")
    assert client.refused("order/create", **order(positionIdx=1)) == mismatch
    client.post("position/switch-mode", **BTC, mode=3)
    assert client.refused("order/create", **order()) == mismatch
    client.market(positionIdx=1)
    client.market("Sell", positionIdx=2)
    legs = client.ask("position/list", **BTC)["list"]
    assert [(row["positionIdx"], row["side"], row["size"]) for row in legs] == [(1, "Buy", "0.01"), (2, "Sell", "0.01")]
    cut = client.shown(client.market("Sell", qty="0.03", positionIdx=1, reduceOnly=True))
    assert (cut["cumExecQty"], cut["cumExecFee"] != "0") == ("0.01", True)
    nothing = order(side="Sell", orderType="Market", price=None, positionIdx=1, reduceOnly=True)
    assert client.refused("order/create", **nothing)[0] == 110017
    [left] = client.ask("position/list", category="linear", settleCoin="USDT")["list"]
    assert (left["positionIdx"], left["side"]) == (2, "Sell")


@pytest.mark.quirk("bybit.margin.hedge-unsupported-110029")
def test_only_usdt_perpetuals_have_two_legs(client: Client) -> None:
    assert client.refused("position/switch-mode", **INVERSE, mode=3)[0] == 110029
    assert client.refused("position/switch-mode", category="linear", coin="USDC", mode=3)[0] == 110029
    assert client.refused("position/switch-mode", **BTC, mode=0) == (110025, "Position mode is not modified")
    assert client.refused("position/switch-mode", **BTC, mode=1) == (10001, "params error: position_mode invalid")
    client.post("position/switch-mode", category="linear", coin="USDT", mode=3)
    client.place(category="inverse", symbol="BTCUSD", qty="100", price="59000")
    client.place(positionIdx=1)


@pytest.mark.quirk("bybit.position.flat-row")
@pytest.mark.quirk("bybit.position.ccxt-one-symbol")
def test_by_symbol_there_is_always_a_row_and_never_two_symbols(client: Client) -> None:
    row = client.position()
    assert (row["side"], row["size"], row["avgPrice"], row["openTime"]) == ("", "0", "0", 0)
    assert client.ask("position/list", category="linear", settleCoin="USDT")["list"] == []
    assert client.refused("position/list", "GET", category="linear", symbol="BTCUSDT,ETHUSDT")[0] == 10001
    assert client.refused("position/list", "GET", category="linear")[0] == 10001


@pytest.mark.quirk("bybit.position.reversal")
def test_a_position_is_turned_within_a_moment(client: Client) -> None:
    client.market(qty="0.01")
    client.post("order/create", **order(side="Sell", orderType="Market", price=None, qty="0.03"))
    row = client.position()
    assert (row["side"], row["size"]) == ("Sell", "0.02")


@pytest.mark.quirk("bybit.linear.pnl")
@pytest.mark.quirk("bybit.inverse.pnl")
@pytest.mark.quirk("bybit.inverse.pnl-percent")
def test_profit_is_in_the_quote_or_in_coin(client: Client) -> None:
    before = {name: float(coin(client, name)["walletBalance"]) for name in ("USDT", "BTC")}
    client.market(qty="0.1")
    client.place(category="inverse", symbol="BTCUSD", orderType="Market", price=None, qty="6000")
    client.command(SetMark("BTCUSDT", mark_ticks=720_000))
    client.command(SetMark("BTCUSD", mark_ticks=720_000))
    linear, inverse = client.position(), client.position("BTCUSD", "inverse")
    assert float(linear["unrealisedPnl"]) == pytest.approx(0.1 * (72000 - 60000.1))
    profit = float(inverse["unrealisedPnl"])
    assert profit == pytest.approx(6000 * (1 / 60000.1 - 1 / 72000), abs=1e-8)
    assert profit / float(inverse["positionValue"]) == pytest.approx((72000 - 60000.1) / 72000, abs=1e-6)
    client.market("Sell", qty="0.1", reduceOnly=True)
    fees = 0.00055 * (6000.01 + 5999.99)
    assert float(coin(client, "USDT")["walletBalance"]) - before["USDT"] == pytest.approx(-0.02 - fees)


@pytest.mark.quirk("bybit.inverse.sizing")
def test_inverse_orders_count_dollars_and_tie_up_coin(client: Client) -> None:
    client.place(category="inverse", symbol="BTCUSD", orderType="Market", price=None, qty="10000")
    row = client.position("BTCUSD", "inverse")
    assert (row["size"], row["leverage"]) == ("10000", "10")
    assert float(row["positionIM"]) == pytest.approx(10000 / 60000 / 10, abs=1e-7)
    client.command(SetMark("BTCUSD", mark_ticks=500_000))
    row = client.position("BTCUSD", "inverse")
    assert row["size"] == "10000"
    assert float(row["positionIM"]) == pytest.approx(10000 / 50000 / 10, abs=1e-7)
    assert client.refused("order/create", **order(**INVERSE, qty="0.5"))[0] == 10001


@pytest.mark.quirk("bybit.ws.funding-execution")
def test_funding_is_told_as_an_execution(client: Client) -> None:
    client.market(qty="0.1")
    session = client.listen("execution", "wallet")
    client.command(PayFunding("BTCUSDT", 100_000))
    [told] = client.rows(session, "execution")
    assert (told["execType"], told["orderId"], told["orderType"]) == ("Funding", "", "UNKNOWN")
    assert (told["execFee"], told["isMaker"], told["execQty"]) == ("0.6", False, "0.1")
    [row] = client.ask("execution/list", **BTC, execType="Funding")["list"]
    assert (row["execId"], row["execFee"], row["side"]) == (told["execId"], "0.6", "Buy")
    assert [row["execType"] for row in client.ask("execution/list", **BTC)["list"]] == ["Funding", "Trade"]


def test_margin_is_moved_into_an_isolated_position_only(client: Client) -> None:
    client.market()
    assert client.refused("position/add-margin", **BTC, margin="10")[0] == 110015
    client.market("Sell", reduceOnly=True)
    client.post("account/set-margin-mode", setMarginMode="ISOLATED_MARGIN")
    client.market()
    before = float(client.position()["positionBalance"])
    row = client.post("position/add-margin", **BTC, margin="10")
    assert float(row["positionBalance"]) - before == pytest.approx(10)
    for wrong in ("", "x", "0", "1e3"):
        assert client.refused("position/add-margin", **BTC, margin=wrong)[0] == 10001


# --- who asks ---------------------------------------------------------------------------------------------------------


def asked(client: Client, **changes: str) -> Any:
    headers = client.headers("", **{name: value for name, value in changes.items() if name in {"stamp", "window"}})
    headers |= {f"x-bapi-{name}": value for name, value in changes.items() if name in {"sign", "api-key"}}
    return msgspec.json.decode(client.request("GET", "/v5/account/info", headers=headers).body)


@pytest.mark.quirk("bybit.auth.clock-skew")
def test_a_timestamp_must_lie_in_its_window(client: Client) -> None:
    now = client.time().wire_ms
    for stamp, code in ((now - 5000, 0), (now - 5001, 10002), (now + 999, 0), (now + 1000, 10002), (now - 9000, 10002)):
        assert asked(client, stamp=str(stamp))["retCode"] == code
    assert asked(client, stamp=str(now - 9000), window="10000")["retCode"] == 0
    for wrong in ("x", " ", "-1", "9" * 30):
        assert asked(client, stamp=wrong)["retCode"] == 10002
    text = asked(client, stamp=str(now - 6000))["retMsg"]
    assert f"req_timestamp[{now - 6000}],server_timestamp[{now}],recv_window[5000]" in text


def test_who_is_not_known_is_told_so(client: Client) -> None:
    wrong = dict(client.headers(""))
    bare = msgspec.json.decode(client.request("GET", "/v5/account/info").body)
    assert (bare["retCode"], "apiKey[]" in bare["retMsg"]) == (10001, True)
    assert asked(client, **{"api-key": "nobody"})["retCode"] == 10003
    assert asked(client, sign="0" * 64)["retCode"] == 10004
    assert asked(client, sign="ü")["retCode"] == 10004
    wrong["x-bapi-sign"] = wrong["x-bapi-sign"].upper()
    assert msgspec.json.decode(client.request("GET", "/v5/account/info", headers=wrong).body)["retCode"] == 10004


@pytest.mark.quirk("bybit.env.testnet")
def test_each_environment_knows_its_own_keys_alone(client: Client, field: Client) -> None:
    live = dict(client.keys)
    kept = {
        "api": live,
        "api-test": {"apiKey": live["testnetApiKey"], "secret": live["testnetSecret"]},
        "demo-api": {"apiKey": live["demoApiKey"], "secret": live["demoSecret"]},
    }
    streams = {"api": "stream", "api-test": "stream-test", "demo-api": "demo-stream"}
    for whose, keys in kept.items():
        client.keys = keys
        for origin, stream in streams.items():
            reply = client.request("GET", "/v5/account/info", headers=client.headers(""), origin=origin)
            known = origin == whose
            assert msgspec.json.decode(reply.body)["retCode"] == (0 if known else 10003)
            assert client.login(client.open("/v5/private", origin=stream))["success"] is known
    client.keys = kept["api-test"]
    refused = client.login(client.open("/v5/trade", origin="stream"))
    assert (refused["op"], refused["retCode"]) == ("auth", 10003)
    bare = field.request("GET", "/v5/account/info", headers=field.headers(""), origin="api-test")
    assert (bare.status, bare.body) == (401, b"")


@pytest.mark.quirk("bybit.env.testnet")
def test_the_demo_lacks_order_entry_by_socket_and_key_information(client: Client) -> None:
    for origin, status in (("api", 200), ("api-test", 200), ("demo-api", 404)):
        reply = client.request("GET", "/v5/user/query-api", headers=client.headers(""), origin=origin)
        assert reply.status == status
    client.open("/v5/trade", origin="stream-test")
    client.open("/v5/private", origin="demo-stream")
    with pytest.raises(AssertionError, match="404"):
        client.open("/v5/trade", origin="demo-stream")
