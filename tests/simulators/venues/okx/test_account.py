"""Accounts: balances, positions, settings, the statement."""

from __future__ import annotations

from decimal import Decimal

import pytest

from venueproof_simulators.engine.commands import PayFunding

from .client import COIN, ETHER, SWAP, Client, order

COINS = ["USDT", "USDC", "BTC", "ETH"]


@pytest.mark.quirk("okx.account.classic-vs-unified-schema")
def test_what_concerns_the_whole_account_is_empty_at_lower_levels(client: Client) -> None:
    names = ("adjEq", "imr", "mmr", "mgnRatio", "upl")
    [balance] = client.ask("account/balance")
    assert client.ask("account/config")[0]["acctLv"] == "2"
    assert (len(balance), [balance[name] for name in names]) == (17, [""] * 5)
    assert [len(row) for row in balance["details"]] == [45] * 4
    client.post("account/set-account-level", {"acctLv": "3"})
    client.market()
    [balance] = client.ask("account/balance")
    assert all(Decimal(balance[name]) or name == "upl" for name in names)


@pytest.mark.quirk("okx.margin.unified-shared-pool")
def test_orders_on_two_instruments_draw_on_one_margin(client: Client) -> None:
    def free() -> Decimal:
        [row] = client.ask("account/balance", ccy="USDT")[0]["details"]
        assert row["eq"] == "100000"
        return Decimal(row["availEq"])

    before = free()
    client.place(sz="10")
    between = free()
    client.place(instId=ETHER, sz="10", px="2990")
    assert (before - between, between - free()) == (Decimal(590), Decimal(299))


@pytest.mark.quirk("okx.position.inverse-maths")
@pytest.mark.quirk("okx.position.pnl-percent-base")
def test_coin_settled_profit_is_that_of_the_inverse_price(client: Client) -> None:
    client.market(instId=COIN, sz="100")
    entry = Decimal(client.position(COIN)["avgPx"])
    client.move("72000", COIN)
    told = client.position(COIN)
    profit = 10_000 * (1 / entry - 1 / Decimal(72_000))
    assert abs(Decimal(told["upl"]) - profit) < Decimal("1e-7")
    gain = (Decimal(72_000) - entry) / 72_000 * 10
    assert abs(Decimal(told["uplRatio"]) - gain) < Decimal("1e-5")
    assert told["ccy"] == "BTC"


@pytest.mark.quirk("okx.position.inverse-sizing")
def test_a_coin_settled_contract_is_a_number_of_dollars(client: Client) -> None:
    client.market(instId=COIN, sz="60")
    told = client.position(COIN)
    assert (told["notionalUsd"], told["imr"]) == ("6000", "0.01"), "6,000 dollars at 60,000, ten times levered"


@pytest.mark.quirk("okx.margin.mode-and-leverage-bundled")
@pytest.mark.quirk("okx.lever.number-or-string")
def test_leverage_is_set_for_one_margin_mode(client: Client) -> None:
    setting = {"instId": SWAP, "mgnMode": "isolated", "lever": 5}
    assert client.post("account/set-leverage", setting)[0]["lever"] == "5"
    assert client.post("account/set-leverage", setting | {"lever": "5"})[0]["lever"] == "5", "the same is a success"

    def told(mode: str) -> list[str]:
        return [row["lever"] for row in client.ask("account/leverage-info", instId=SWAP, mgnMode=mode)]

    assert (told("cross"), told("isolated")) == (["10"], ["5"])
    client.market(tdMode="isolated")
    row = client.position()
    assert (row["mgnMode"], row["lever"], row["imr"], bool(Decimal(row["margin"]))) == ("isolated", "5", "", True)


@pytest.mark.quirk("okx.leverage.rejected-surfaces")
def test_a_refused_leverage_is_said_with_status_200(client: Client) -> None:
    setting = {"instId": SWAP, "mgnMode": "isolated", "lever": "101"}
    assert client.refused("POST", "account/set-leverage", setting) == (200, "59102")
    assert client.refused("POST", "account/set-leverage", setting | {"lever": "0.5"}) == (200, "59105")
    client.place(tdMode="isolated")
    assert client.refused("POST", "account/set-leverage", setting | {"lever": "7"}) == (200, "59101")
    client.post("account/set-leverage", setting | {"lever": "10"})
    client.market(instId=ETHER, sz="3000")
    low = {"instId": ETHER, "mgnMode": "cross", "lever": "1"}
    assert client.refused("POST", "account/set-leverage", low) == (200, "59108")


def test_a_lower_leverage_takes_margin_into_the_isolated_position_of_its_leg_alone(client: Client) -> None:
    client.post("account/set-position-mode", {"posMode": "long_short_mode"})
    setting = {"instId": SWAP, "mgnMode": "isolated"}
    for leg, side in (("long", "buy"), ("short", "sell")):
        client.post("account/set-leverage", setting | {"lever": "20", "posSide": leg})
        client.market(tdMode="isolated", side=side, posSide=leg, sz="100")

    def margins() -> dict[str, Decimal]:
        return {row["posSide"]: Decimal(row["margin"]) for row in client.ask("account/positions")}

    before = margins()
    client.post("account/set-leverage", setting | {"lever": "10", "posSide": "short"})
    after = margins()
    assert after["long"] == before["long"]
    assert abs(after["short"] - 2 * before["short"]) <= Decimal("0.00000001")
    client.market(tdMode="isolated", side="buy", posSide="long", sz="1")
    client.market(tdMode="isolated", side="sell", posSide="short", sz="1")
    assert margins()["long"] < before["long"] * Decimal("1.02"), "an order moves no margin of what is open"
    client.market(tdMode="isolated", side="buy", posSide="long", sz="1000")
    low = setting | {"lever": "1", "posSide": "long"}
    assert client.refused("POST", "account/set-leverage", low) == (200, "59108")


@pytest.mark.quirk("okx.account.net-mode-required")
@pytest.mark.quirk("okx.hedge.reduceonly-ignored")
def test_the_position_mode_is_that_of_the_whole_account(client: Client) -> None:
    assert client.ask("account/config")[0]["posMode"] == "net_mode"
    client.post("account/set-position-mode", {"posMode": "net_mode"})
    client.post("account/set-position-mode", {"posMode": "long_short_mode"})
    assert client.ask("account/config")[0]["posMode"] == "long_short_mode"
    assert client.row_code("trade/order", order()) == "51000"
    client.market(posSide="long", reduceOnly=True, sz="2")
    client.market(posSide="short", side="sell")
    rows = {row["posSide"]: row["pos"] for row in client.ask("account/positions")}
    assert rows == {"long": "2", "short": "1"}, "unsigned, with their sides"
    assert client.row_code("trade/order", order(side="sell", posSide="long", ordType="market", sz="3")) == "51112"
    client.market(posSide="long", side="sell", sz="2")
    assert [row["posSide"] for row in client.ask("account/positions")] == ["short"]


@pytest.mark.quirk("okx.mode.change-blocked")
def test_the_position_mode_stays_while_anything_is_open(client: Client) -> None:
    order_id = client.place(instId=COIN, px="59000")
    change = {"posMode": "long_short_mode"}
    assert client.refused("POST", "account/set-position-mode", change) == (200, "59000")
    client.post("trade/cancel-order", {"instId": COIN, "ordId": order_id})
    client.market()
    assert client.refused("POST", "account/set-position-mode", change) == (200, "59000")
    assert client.refused("POST", "account/set-account-level", {"acctLv": "3"}) == (200, "59000")


def test_a_short_net_position_is_negative(client: Client) -> None:
    client.market(side="sell", sz="2")
    row = client.position()
    assert (row["pos"], row["posSide"], row["mgnMode"], row["margin"], row["closeOrderAlgo"]) == (
        "-2",
        "net",
        "cross",
        "",
        [],
    )
    strings = [value for name, value in row.items() if name != "closeOrderAlgo"]
    assert all(isinstance(value, str) for value in strings)


def test_margin_is_moved_into_an_isolated_position(client: Client) -> None:
    client.market(tdMode="isolated")
    before = Decimal(client.position()["margin"])
    move = {"instId": SWAP, "posSide": "net", "type": "add", "amt": "10"}
    assert client.post("account/position/margin-balance", move)[0]["amt"] == "10"
    assert Decimal(client.position()["margin"]) - before == 10
    assert client.refused("POST", "account/position/margin-balance", move | {"amt": "1000000"})[1] == "59301"
    assert client.refused("POST", "account/position/margin-balance", move | {"instId": ETHER})[1] == "59300"


def test_cross_and_isolated_on_one_instrument_are_not_had_at_a_time(client: Client) -> None:
    client.market()
    assert client.row_code("trade/order", order(tdMode="isolated")) == "51010"


def test_the_statement_has_every_change_newest_first(client: Client) -> None:
    client.market()
    client.command(PayFunding(SWAP, 100_000))
    funding, trade = client.ask("account/bills")
    assert [(row["type"], row["subType"], row["ccy"]) for row in (funding, trade)] == [
        ("8", "173", "USDT"),
        ("2", "1", "USDT"),
    ]
    assert (trade["balChg"], trade["bal"], funding["balChg"]) == ("-0.3000005", "99999.6999995", "-0.06")
    assert client.ask("account/bills", after=funding["billId"]) == [trade]
    assert client.ask("account/bills", type="8") == [funding]
    assert client.position()["fundingFee"] == "-0.06"


def test_other_questions_about_an_account(client: Client) -> None:
    [size] = client.ask("account/max-size", instId=SWAP, tdMode="cross")
    assert size["maxBuy"] == "1666.66"
    [free] = client.ask("account/max-avail-size", instId=COIN, tdMode="cross")
    assert free["availBuy"] == "2"
    assert client.ask("account/greeks") == []
    assert [row["ccy"] for row in client.ask("asset/currencies")] == COINS
    assert client.ask("asset/balances") == []
    client.market()
    [risk] = client.ask("account/account-position-risk")
    assert [row["pos"] for row in risk["posData"]] == ["1"]
    assert client.refused("POST", "trade/order-precheck", order())[1] == "51010"
    client.wait(2)
    assert client.ask("trade/account-rate-limit")[0]["accRateLimit"] == "1000"
    assert "longPosRemainingQuota" in client.ask("account/instruments", instType="SWAP")[0]


def test_in_multi_currency_margin_all_coins_stand_behind_all_positions(client: Client) -> None:
    large = order(instId=COIN, ordType="market", px=None, sz="15000")
    assert client.row_code("trade/order", large) == "51008", "1,500,000 dollars on two bitcoin, ten times levered"
    client.post("account/set-account-level", {"acctLv": "3"})
    client.market(instId=COIN, sz="15000")
    client.market(tdMode="isolated", sz="10")
    told = {row["instId"]: row["mgnMode"] for row in client.ask("account/positions")}
    assert told == {COIN: "cross", SWAP: "isolated"}
    [balance] = client.ask("account/balance")
    assert Decimal(balance["adjEq"]) < Decimal(balance["totalEq"]), "coins count for less than they are worth"
    assert Decimal(balance["imr"]) > 150_000


def test_a_liquidation_is_told_as_such(client: Client) -> None:
    session = client.login()
    client.subscribe(session, "orders", instType="SWAP")
    client.market(tdMode="isolated", sz="10")
    resting = client.place(tdMode="isolated", px="50000")
    client.heard[session].clear()
    client.move("54200")
    rows = client.rows(session, "orders")
    assert {row["category"] for row in rows if row["ordId"] != resting} == {"full_liquidation"}
    told = client.order(resting)
    assert (told["state"], told["cancelSource"]) == ("canceled", "3")
    assert client.ask("account/positions") == []
    [life] = client.ask("account/positions-history")
    assert (life["type"], life["direction"]) == ("3", "long")
