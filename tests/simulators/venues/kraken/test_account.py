"""Money, positions, settings and what is written down of an account."""

from __future__ import annotations

import pytest

from venueproof_simulators.engine.commands import SetMark
from venueproof_simulators.engine.state import MarginMode

from .client import PF, PI, V3, Client, decoded

HOUR_S = 3600


@pytest.mark.quirk("kraken.account.flex-and-legacy")
@pytest.mark.quirk("kraken.symbol.xbt-three-spellings")
def test_accounts_has_cash_one_for_the_coin_and_flex(client: Client) -> None:
    client.market(symbol=PI, size=100)
    session = client.listen("fills", "balances")
    client.market(symbol=PI, size=100)
    frames = client.take(session)
    fee_currency = next(frame for frame in frames if frame["feed"] == "fills")["fills"][0]["fee_currency"]
    futures = next(frame["futures"] for frame in frames if "futures" in frame)
    accounts = client.ask("GET", "accounts")["accounts"]
    assert list(accounts) == ["cash", "fi_xbtusd", "flex"]
    assert (accounts["cash"]["balances"]["xbt"], accounts["fi_xbtusd"]["currency"], fee_currency) == (0.5, "xbt", "BTC")
    assert futures["F-XBT:USD"]["unit"] == "XBT"
    assert list(accounts["flex"]["currencies"]) == ["USD", "USDT"]
    assert accounts["flex"]["currencies"]["USDT"] == {
        "quantity": 10000,
        "value": 10000,
        "collateral": 9800,
        "available": 109800,
    }


def test_flex_adds_up(client: Client) -> None:
    client.market(size="0.5")
    client.placed()
    client.command(SetMark(PF, mark_ticks=61000))
    flex = client.ask("GET", "accounts")["accounts"]["flex"]
    assert flex["pnl"] == flex["totalUnrealized"] == 499.5
    assert flex["initialMargin"] == 0.5 * 61000 / 50
    assert flex["initialMarginWithOrders"] == pytest.approx(0.5 * 61000 / 50 + 0.5 * 59000 / 50)
    assert flex["maintenanceMargin"] == 305
    assert flex["portfolioValue"] == pytest.approx(flex["balanceValue"] + flex["pnl"])
    assert flex["marginEquity"] == pytest.approx(flex["collateralValue"] + flex["pnl"])
    assert flex["availableMargin"] == pytest.approx(flex["marginEquity"] - flex["initialMarginWithOrders"])


@pytest.mark.quirk("kraken.account.wallet-split")
def test_cash_is_apart_until_it_is_transferred(client: Client) -> None:
    session = client.listen("balances")
    before = client.ask("GET", "accounts")["accounts"]
    client.ask("POST", "transfer", fromAccount="cash", toAccount="flex", unit="usd", amount=1000)
    client.ask("POST", "transfer", fromAccount="cash", toAccount="fi_xbtusd", unit="xbt", amount="0.25")
    after = client.ask("GET", "accounts")["accounts"]
    assert (before["cash"]["balances"]["usd"], after["cash"]["balances"]["usd"]) == (5000, 4000)
    assert after["flex"]["availableMargin"] - before["flex"]["availableMargin"] == 1000
    assert (after["cash"]["balances"]["xbt"], after["fi_xbtusd"]["balances"]["xbt"]) == (0.25, 2.25)
    groups = [
        name for frame in client.take(session) for name in frame if name in {"holding", "futures", "flex_futures"}
    ]
    assert groups == ["holding", "flex_futures", "holding", "futures"]
    for parameters, word in (
        ({"toAccount": "fi_xbtusd", "unit": "usd"}, "invalidAccount"),
        ({"toAccount": "flex", "unit": "usd", "amount": 99999}, "insufficientFunds"),
        ({"toAccount": "flex", "unit": "doge"}, "invalidUnit"),
        ({"toAccount": "flex", "unit": "usd", "amount": 0}, "invalidAmount"),
    ):
        asked = {"fromAccount": "cash", "amount": 1, **parameters}
        assert client.refused("POST", "transfer", **asked) == (200, word)
    client.ask("POST", "withdrawal", targetAddress="x", currency="usd", amount=4000)
    assert client.ask("GET", "accounts")["accounts"]["cash"]["balances"]["usd"] == 0


@pytest.mark.quirk("kraken.inverse.maths")
@pytest.mark.quirk("kraken.inverse.pnl-percent")
def test_inverse_contracts_are_dollars_and_earn_coin(client: Client) -> None:
    client.market(symbol=PI, size=6000)
    client.command(SetMark(PI, mark_ticks=140_000))
    (row,) = client.ask("GET", "openpositions")["openPositions"]
    entry = row["price"]
    profit = 6000 * (1 / entry - 1 / 70000)
    assert (row["size"], row["symbol"], "pnlCurrency" in row) == (6000, PI, False)
    assert row["unrealizedPnl"] == pytest.approx(profit, abs=1e-8)
    single = client.ask("GET", "accounts")["accounts"]["fi_xbtusd"]
    assert single["marginRequirements"]["im"] == pytest.approx(6000 / 70000 / 50, abs=1e-8)
    assert single["auxiliary"]["pv"] == pytest.approx(single["balances"]["xbt"] + profit, abs=1e-8)
    session = client.open()
    frames = client.say(session, {"event": "subscribe", "feed": "open_positions", **client.proof(session)})
    (streamed,) = frames[-1]["positions"]
    assert streamed["return_on_equity"] == pytest.approx(100 * 50 * (70000 - entry) / entry, rel=1e-4)
    assert streamed["balance"] == 6000.0


@pytest.mark.quirk("kraken.leverage.sets-isolated")
def test_a_leverage_isolates_and_its_end_makes_cross(client: Client) -> None:
    engine = client.venue.engine
    assert client.ask("GET", "leveragepreferences")["leveragePreferences"] == []
    reply = decoded(client.signed("PUT", V3 + "leveragepreferences", symbol=PF, maxLeverage=5))
    assert sorted(reply) == ["result", "serverTime"]
    client.ask("PUT", "leveragepreferences", symbol=PF, maxLeverage=5)
    assert client.ask("GET", "leveragepreferences")["leveragePreferences"] == [{"symbol": PF, "maxLeverage": 5}]
    assert engine.margin_mode("trader", PF) is MarginMode.ISOLATED
    client.market(size="0.1")
    assert client.ask("GET", "openpositions")["openPositions"][0]["maxFixedLeverage"] == 5
    client.market("sell", size="0.1", reduceOnly="true")
    for method in ("DELETE", "PUT"):
        client.ask("PUT", "leveragepreferences", symbol=PF, maxLeverage="2.5")
        client.ask(method, "leveragepreferences", symbol=PF)
        assert engine.margin_mode("trader", PF) is MarginMode.CROSS
        assert engine.leverage_centi("trader", PF) == 5000
    assert client.refused("PUT", "leveragepreferences", symbol=PF, maxLeverage=51) == (
        200,
        "invalidArgument: maxLeverage",
    )
    assert client.refused("PUT", "leveragepreferences", symbol=PI, maxLeverage=5) == (200, "invalidArgument: symbol")


def test_the_profit_currency_is_a_preference(client: Client) -> None:
    client.ask("PUT", "pnlpreferences", symbol=PF, pnlPreference="usdt")
    assert client.ask("GET", "pnlpreferences")["preferences"] == [{"symbol": PF, "pnlCurrency": "USDT"}]
    client.market()
    assert client.ask("GET", "openpositions")["openPositions"][0]["pnlCurrency"] == "USDT"
    refused = client.refused("PUT", "pnlpreferences", symbol=PF, pnlPreference="XYZ")
    assert refused == (200, "invalidArgument: pnlPreference")


@pytest.mark.quirk("kraken.log.two-rows-per-trade")
def test_a_trade_makes_two_rows_of_the_log(client: Client) -> None:
    client.market(size="0.1")
    client.market("sell", size="0.1")
    rows = client.history("account-log", sort="asc")["logs"]
    assert [(row["id"], row["asset"], row["info"]) for row in rows] == [
        (1, "usd", "futures trade"),
        (2, "pf_xbtusd", "futures trade"),
        (3, "usd", "futures trade"),
        (4, "pf_xbtusd", "futures trade"),
    ]
    money, position = rows[2:]
    assert (position["old_balance"], position["new_balance"]) == (0.1, 0)
    assert money["realized_pnl"] == pytest.approx(-0.2)
    assert money["new_balance"] == pytest.approx(money["old_balance"] + money["realized_pnl"] - money["fee"])
    assert (money["execution"], money["margin_account"]) == (position["execution"], "flex")
    assert {name for name, value in money.items() if value is None} == {
        "old_average_entry_price",
        "new_average_entry_price",
        "funding_rate",
        "realized_funding",
        "liquidation_fee",
        "conversion_spread_percentage",
    }
    assert [row["id"] for row in client.history("account-log", **{"from": 2, "to": 3})["logs"]] == [3, 2]
    kinds = [row["event"]["PositionUpdate"]["positionChange"] for row in client.history("positions")["elements"]]
    assert kinds == ["close", "open"]
    assert client.history("positions", closed="true")["len"] == 1


def test_funding_accrues_all_the_time_and_is_realized_every_hour(client: Client) -> None:
    client.market(size="1")
    client.wait(HOUR_S / 2)
    (position,) = client.ask("GET", "openpositions")["openPositions"]
    flex = client.ask("GET", "accounts")["accounts"]["flex"]
    assert position["unrealizedFunding"] == flex["unrealizedFunding"] == pytest.approx(-60000 * 0.000006044 / 2)
    assert flex["totalUnrealized"] == pytest.approx(flex["pnl"] + flex["unrealizedFunding"])
    client.wait(HOUR_S / 2)
    (row,) = client.history("account-log", info="funding rate change")["logs"]
    assert row["realized_funding"] == pytest.approx(-60000 * 0.000006044 * 55 / 60)
    assert (row["funding_rate"], row["contract"], row["asset"]) == (0.000006044, "pf_xbtusd", "usd")
    assert row["date"] == "2026-11-24T13:00:00.000Z"


def test_a_dated_contract_settles_and_is_listed_no_more(client: Client) -> None:
    dated = "FI_XBTUSD_261225"
    client.market(symbol=dated, size=100)
    uid = client.placed(symbol=dated, size=100, limitPrice=59000)
    client.wait(32 * 24 * HOUR_S)
    ended = client.history("orders")["elements"][0]["event"]["OrderCancelled"]
    assert (ended["order"]["uid"], ended["reason"]) == (uid, "contract_expired")
    assert client.ask("GET", "openpositions")["openPositions"] == []
    assert client.ask("GET", "openorders")["openOrders"] == []
    assert dated not in {row["symbol"] for row in client.public(V3 + "instruments")["instruments"]}
    assert client.submit(symbol=dated, size=1)["status"] == "contractExpired"
    assert [row["info"] for row in client.history("account-log")["logs"][:2]] == ["settlement", "settlement"]


def test_a_liquidation_is_told_as_one(client: Client) -> None:
    client.market(size=25)
    client.placed(limitPrice=54100, size=1)
    client.stop(stopPrice=54050, size=1)
    session = client.listen("open_orders", "fills", "open_positions")
    client.move("54500")
    frames = client.take(session)
    ends = [frame["reason"] for frame in frames if frame.get("is_cancel") and "order_id" in frame]
    kinds = {fill["fill_type"] for frame in frames if frame["feed"] == "fills" for fill in frame["fills"]}
    assert (ends[0], kinds) == ("liquidation", {"liquidation"})
    assert {fill["fillType"] for fill in client.ask("GET", "fills")["fills"][:1]} == {"liquidation"}
    assert client.ask("GET", "openpositions")["openPositions"] == []


def test_small_answers_have_their_shapes(client: Client) -> None:
    assert client.ask("GET", "notifications")["notifications"] == []
    assert client.ask("GET", "subaccounts")["subaccounts"] == []
    client.market()
    assert client.ask("GET", "unwindqueue")["queue"] == [{"symbol": PF, "percentile": 0}]
    assert client.refused("POST", "transfer/subaccount", fromUser="a") == (200, "requiredArgumentMissing")
