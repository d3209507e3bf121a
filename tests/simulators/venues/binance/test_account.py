from __future__ import annotations

from decimal import Decimal

import pytest

from venueproof_simulators.engine.commands import SetPrice

from .client import Client, order

ORDER = "/fapi/v1/order"


def test_balances_agree_with_each_other_and_with_the_engine(client: Client) -> None:
    client.market(quantity="0.100")
    client.limit(quantity="0.100")
    client.command(SetPrice("BTCUSDT", 601_000))
    account = client.ask("GET", "/fapi/v3/account")
    asset = next(row for row in account["assets"] if row["asset"] == "USDT")
    assert asset["walletBalance"] == "99996.99999500"
    assert asset["unrealizedProfit"] == "9.99000000"
    assert asset["marginBalance"] == "100006.98999500"
    assert asset["positionInitialMargin"] == "300.50000000"
    assert account["totalPositionInitialMargin"] == "300.50000000"
    for version in ("v2", "v3"):
        row = next(one for one in client.ask("GET", f"/fapi/{version}/balance") if one["asset"] == "USDT")
        assert (row["balance"], row["crossUnPnl"]) == (asset["walletBalance"], asset["unrealizedProfit"])
        assert row["availableBalance"] == asset["availableBalance"]
        assert row["marginAvailable"] is True


@pytest.mark.quirk("binance.account.free-vs-total")
def test_available_is_less_than_the_wallet_once_margin_is_tied_up(client: Client) -> None:
    client.limit(quantity="1.000")
    row = client.ask("GET", "/fapi/v3/balance")[0]
    assert float(row["balance"]) - float(row["availableBalance"]) == pytest.approx(2950)


@pytest.mark.quirk("binance.account.stale-assets")
def test_unused_asset_has_time_0_only_while_the_row_is_on(client: Client, field: Client) -> None:
    def unused(one: Client) -> int:
        rows = one.ask("GET", "/fapi/v3/account")["assets"]
        return int(next(row["updateTime"] for row in rows if row["asset"] == "BNB"))

    assert unused(client) == client.time().wire_ms
    assert unused(field) == 0


@pytest.mark.quirk("binance.margin.leverage-missing-in-v3")
def test_positions_v3_have_neither_leverage_nor_margin_type(client: Client) -> None:
    client.market("SELL")
    row = client.ask("GET", "/fapi/v3/positionRisk")[0]
    assert (row["positionAmt"], row["entryPrice"], row["notional"]) == ("-0.010", "59999.9", "-600.00000000")
    assert not {"leverage", "marginType"} & set(row)
    old = client.ask("GET", "/fapi/v2/positionRisk", symbol="BTCUSDT")[0]
    assert (old["leverage"], old["marginType"]) == ("20", "cross")


def test_positions_v2_list_every_symbol_and_v3_only_busy_ones(client: Client) -> None:
    client.limit(symbol="ETHUSDT", price="2900", quantity="1")
    assert [row["symbol"] for row in client.ask("GET", "/fapi/v3/positionRisk")] == ["ETHUSDT"]
    rows = client.ask("GET", "/fapi/v2/positionRisk")
    assert len(rows) == len(client.get("/fapi/v1/exchangeInfo")["symbols"])
    assert {row["positionAmt"] for row in rows if row["symbol"] == "BTCUSDT"} == {"0.000"}
    assert {row["updateTime"] for row in rows} == {0}


@pytest.mark.quirk("binance.position.symbol-mismatch-empty")
@pytest.mark.parametrize("spelling", ["BTC/USDT", "btcusdt", "BTCUSDT_PERP"])
def test_position_of_an_unknown_spelling_is_an_error(client: Client, spelling: str) -> None:
    client.market()
    status, code = client.refused("GET", "/fapi/v3/positionRisk", symbol=spelling)
    assert status == 400
    assert code in (-1100, -1121)
    assert len(client.ask("GET", "/fapi/v3/positionRisk")) == 1


@pytest.mark.quirk("binance.http.mixed-scalar-types")
def test_each_figure_has_its_own_wire_type(client: Client) -> None:
    client.market()
    bracket = client.ask("GET", "/fapi/v1/leverageBracket", symbol="BTCUSDT")[0]["brackets"][0]
    assert all(isinstance(value, int | float) for value in bracket.values())
    assert client.ask("GET", "/fapi/v2/positionRisk")[0]["isAutoAddMargin"] == "false"
    assert client.ask("GET", "/fapi/v1/symbolConfig")[0]["isAutoAddMargin"] is False
    assert isinstance(client.ask("GET", "/fapi/v1/income")[0]["tranId"], int)
    countdown = client.ask("POST", "/fapi/v1/countdownCancelAll", symbol="BTCUSDT", countdownTime=0)
    assert countdown["countdownTime"] == "0"


@pytest.mark.quirk("binance.margin.leverage-nochange-ok")
def test_leverage_can_be_set_twice(client: Client) -> None:
    for _ in range(2):
        reply = client.ask("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=21)
        assert (reply["leverage"], reply["symbol"]) == (21, "BTCUSDT")
    assert client.ask("GET", "/fapi/v1/symbolConfig", symbol="BTCUSDT")[0]["leverage"] == 21


@pytest.mark.quirk("binance.margin.type-nochange-4046")
def test_margin_type_that_is_set_is_4046(client: Client) -> None:
    change = {"symbol": "BTCUSDT", "marginType": "ISOLATED"}
    assert client.ask("POST", "/fapi/v1/marginType", **change) == {"code": 200, "msg": "success"}
    assert client.refused("POST", "/fapi/v1/marginType", **change) == (400, -4046)


@pytest.mark.quirk("binance.margin.rejected-setting-visible")
def test_settings_are_refused_with_orders_or_a_position(client: Client) -> None:
    change = {"symbol": "BTCUSDT", "marginType": "ISOLATED"}
    client.limit()
    assert client.refused("POST", "/fapi/v1/marginType", **change) == (400, -4047)
    assert client.refused("POST", "/fapi/v1/positionSide/dual", dualSidePosition="true") == (400, -4067)
    client.ask("DELETE", "/fapi/v1/allOpenOrders", symbol="BTCUSDT")
    client.market(quantity="10")
    assert client.refused("POST", "/fapi/v1/marginType", **change) == (400, -4048)
    assert client.refused("POST", "/fapi/v1/positionSide/dual", dualSidePosition="true") == (400, -4068)
    assert client.refused("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=1) == (400, -2028)
    for leverage in (0, 126, 10**18):
        assert client.refused("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=leverage) == (400, -4028)


def test_isolated_leverage_only_goes_up(client: Client) -> None:
    client.ask("POST", "/fapi/v1/marginType", symbol="BTCUSDT", marginType="ISOLATED")
    client.market()
    assert client.refused("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=10) == (400, -4161)
    row = client.ask("GET", "/fapi/v3/positionRisk")[0]
    assert float(row["isolatedWallet"]) > 0


@pytest.mark.parametrize(
    ("path", "parameters", "code"),
    [
        ("marginType", {"symbol": "BTCUSDT"}, -1102),
        ("marginType", {"symbol": "BTCUSDT", "marginType": "isolated"}, -1130),
        ("leverage", {"symbol": "BTCUSDT"}, -1102),
        ("leverage", {"symbol": "BTCUSDT", "leverage": "ten"}, -1100),
        ("positionSide/dual", {}, -1102),
        ("positionSide/dual", {"dualSidePosition": "maybe"}, -1130),
        ("positionSide/dual", {"dualSidePosition": "false"}, -4059),
        ("multiAssetsMargin", {}, -1102),
        ("multiAssetsMargin", {"multiAssetsMargin": "false"}, -4171),
        ("feeBurn", {}, -1102),
    ],
)
def test_settings_refuse_bad_values(client: Client, path: str, parameters: dict[str, object], code: int) -> None:
    assert client.refused("POST", f"/fapi/v1/{path}", **parameters) == (400, code)


@pytest.mark.quirk("binance.http.errors-are-4xx")
def test_refusals_stand_in_a_success_only_while_the_row_is_on(client: Client, field: Client) -> None:
    wrong = order(price="59000.05")
    off, on = client.signed("POST", ORDER, **wrong), field.signed("POST", ORDER, **wrong)
    assert (off.status, on.status) == (400, 200)
    assert off.body == on.body
    assert field.request("GET", "/fapi/v1/nowhere").status == 404


def test_cross_figures_leave_out_isolated_positions(client: Client) -> None:
    client.ask("POST", "/fapi/v1/marginType", symbol="ETHUSDT", marginType="ISOLATED")
    client.market(symbol="ETHUSDT", quantity="1")
    client.market(quantity="0.100")
    for name, ticks in (("BTCUSDT", 601_000), ("ETHUSDT", 310_000)):
        client.command(SetPrice(name, ticks))
    account = client.ask("GET", "/fapi/v3/account")
    asset = next(row for row in account["assets"] if row["asset"] == "USDT")
    held = {row["symbol"]: row for row in account["positions"]}
    isolated = Decimal(held["ETHUSDT"]["isolatedWallet"])
    assert isolated > 100
    assert Decimal(asset["crossWalletBalance"]) == Decimal(asset["walletBalance"]) - isolated
    assert asset["crossUnPnl"] == held["BTCUSDT"]["unrealizedProfit"] == "9.99000000"
    assert Decimal(account["totalCrossWalletBalance"]) == Decimal(account["totalWalletBalance"]) - isolated
    assert account["totalCrossUnPnl"] == asset["crossUnPnl"]
    row = client.ask("GET", "/fapi/v3/balance")[0]
    assert (row["crossWalletBalance"], row["crossUnPnl"]) == (asset["crossWalletBalance"], asset["crossUnPnl"])


@pytest.mark.parametrize("path", ["/fapi/v2/account", "/fapi/v3/account"])
def test_totals_are_those_of_usdt_until_assets_carry_positions_together(client: Client, path: str) -> None:
    client.market(symbol="BTCUSDC", quantity="0.100")

    def total_and_wallets() -> tuple[Decimal, dict[str, Decimal]]:
        account = client.ask("GET", path)
        return Decimal(account["totalWalletBalance"]), {
            row["asset"]: Decimal(row["walletBalance"]) for row in account["assets"]
        }

    total, wallets = total_and_wallets()
    assert total == wallets["USDT"]
    assert Decimal(client.ask("GET", path)["totalInitialMargin"]) == 0
    client.ask("POST", "/fapi/v1/multiAssetsMargin", multiAssetsMargin="true")
    total, wallets = total_and_wallets()
    assert total == sum(wallets.values()) > wallets["USDT"]


def test_time_of_an_asset_is_that_of_its_last_change(client: Client) -> None:
    def times() -> dict[str, int]:
        rows = client.ask("GET", "/fapi/v3/account")["assets"]
        assert [(row["asset"], row["updateTime"]) for row in client.ask("GET", "/fapi/v2/balance")] == [
            (row["asset"], row["updateTime"]) for row in rows
        ]
        return {row["asset"]: row["updateTime"] for row in rows}

    opened = client.time().wire_ms
    client.wait(5)
    client.market()
    traded = client.time().wire_ms
    client.wait(5)
    client.command(SetPrice("BTCUSDT", 601_000))
    assert times() == {"USDT": traded, "USDC": opened, "BNB": opened}


def test_account_v2_lists_no_break_even_price(client: Client) -> None:
    client.market()
    assert "breakEvenPrice" not in client.ask("GET", "/fapi/v2/account")["positions"][0]
