"""COIN-M futures: amounts in contracts of some dollars, money in coin, and where their answers have another shape."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from tests.simulators.venues.support.client import SECOND_NS

from venueproof_simulators.engine.commands import PayFunding, PrintTrade, SetPrice
from venueproof_simulators.engine.state import Side
from venueproof_simulators.host.decimals import CONTEXT

from .client import Client, order

COIN = "BTCUSD_PERP"
ORDER = "/dapi/v1/order"
FACE = 100
"""Dollars of one contract."""
ATOM = Decimal("1e-8")
DAY_MS = 86_400_000


def refused(client: Client, path: str, query: str) -> int:
    reply = client.request("GET", path, query)
    assert reply.status == 400, reply.body
    return int(msgspec.json.decode(reply.body)["code"])


def trade(client: Client, side: str, contracts: int) -> Decimal:
    """Trade at the market; gives the average price."""
    placed = client.ask("POST", ORDER, symbol=COIN, side=side, type="MARKET", quantity=contracts)
    return Decimal(client.ask("GET", ORDER, symbol=COIN, orderId=placed["orderId"])["avgPrice"])


def move_to(client: Client, price: int) -> None:
    client.command(SetPrice(COIN, price * 10))


def position(client: Client) -> Any:
    return client.ask("GET", "/dapi/v1/positionRisk", symbol=COIN)[0]


def coins(client: Client, asset: str = "BTC") -> Decimal:
    rows = client.ask("GET", "/dapi/v1/balance")
    return next(Decimal(row["balance"]) for row in rows if row["asset"] == asset)


def worth(contracts: int, price: Decimal) -> Decimal:
    """What contracts are worth in coin."""
    return CONTEXT.divide(Decimal(contracts * FACE), price)


# --- money ------------------------------------------------------------------------------------------------------------


@pytest.mark.quirk("binance.inverse.pnl")
def test_profit_in_coin_is_face_over_entry_less_face_over_exit(client: Client) -> None:
    before, dollars = coins(client), client.ask("GET", "/fapi/v3/balance")
    trade(client, "BUY", 300)
    move_to(client, 66_000)
    trade(client, "SELL", 300)
    fills = client.ask("GET", "/dapi/v1/userTrades", symbol=COIN)
    worths = [worth(int(fill["qty"]), Decimal(fill["price"])) for fill in fills]
    gains = [one if fill["buyer"] else -one for one, fill in zip(worths, fills, strict=True)]
    profit = sum((Decimal(fill["realizedPnl"]) for fill in fills), Decimal(0))
    fees = sum((Decimal(fill["commission"]) for fill in fills), Decimal(0))
    assert abs(profit - sum(gains)) <= len(fills) * ATOM
    assert {fill["commissionAsset"] for fill in fills} == {"BTC"}
    assert abs(fees - sum(worths) * Decimal("0.0005")) <= len(fills) * ATOM
    assert coins(client) == before + profit - fees
    assert client.ask("GET", "/fapi/v3/balance") == dollars


def test_entry_price_of_two_fills_is_their_harmonic_mean(client: Client) -> None:
    prices = [trade(client, "BUY", 100)]
    move_to(client, 80_000)
    prices.append(trade(client, "BUY", 100))
    harmonic = worth(200, Decimal(1)) / (worth(100, prices[0]) + worth(100, prices[1]))
    entry = Decimal(position(client)["entryPrice"])
    assert abs(entry - harmonic) < Decimal("0.001")
    assert entry < (prices[0] + prices[1]) / 2 - 100


@pytest.mark.quirk("binance.inverse.sizing")
def test_margin_divides_by_price_and_the_number_of_contracts_does_not(client: Client) -> None:
    client.ask("POST", "/dapi/v1/leverage", symbol=COIN, leverage=10)
    trade(client, "BUY", 10)
    for price in (50_000, 80_000):
        move_to(client, price)
        row = client.ask("GET", "/dapi/v1/account")["positions"][0]
        assert (row["symbol"], row["positionAmt"]) == (COIN, "10")
        assert abs(Decimal(row["positionInitialMargin"]) - worth(10, Decimal(price)) / 10) <= ATOM
        assert abs(Decimal(row["notionalValue"]) - worth(10, Decimal(price))) <= ATOM


@pytest.mark.quirk("binance.inverse.pnl-percent")
def test_coin_profit_over_coin_cost_is_the_move_over_the_price_now(client: Client) -> None:
    move_to(client, 50_000)
    entry = trade(client, "BUY", 100)
    for price, percent in ((60_000, Decimal("16.67")), (40_000, Decimal(-25))):
        move_to(client, price)
        row = position(client)
        assert not [key for key in row if "percent" in key.lower() or "roi" in key.lower()]
        gained = Decimal(row["unRealizedProfit"]) / worth(100, entry) * 100
        assert abs(gained - percent) < Decimal("0.01")


def test_each_coin_carries_its_own_positions_only(client: Client) -> None:
    assert client.refused("POST", ORDER, **order(symbol="ETHUSD_PERP", quantity=400_000, price="2950")) == (400, -2019)
    client.ask("POST", ORDER, **order(symbol="ETHUSD_PERP", quantity=100_000, price="2950"))
    free = {row["asset"]: Decimal(row["availableBalance"]) for row in client.ask("GET", "/dapi/v1/balance")}
    assert free["BTC"] == coins(client)
    assert free["ETH"] < coins(client, "ETH")


# --- candles and tickers ----------------------------------------------------------------------------------------------


@pytest.mark.quirk("binance.candles.inverse-volume")
def test_candles_count_contracts_and_then_coin(client: Client) -> None:
    price = trade(client, "BUY", 30)
    row = client.get("/dapi/v1/klines", symbol=COIN, interval="1m", limit=1)[0]
    assert (row[5], row[9]) == ("30", "30")
    assert abs(Decimal(row[7]) - worth(30, price)) <= ATOM
    assert row[10] == row[7]


def test_coin_of_a_candle_is_that_of_its_trades_each_at_its_own_price(client: Client) -> None:
    """Prices half apart: the coin at the average price would be another amount."""
    for ticks in (600_000, 300_000):
        client.command(PrintTrade(COIN, ticks, 90, Side.SELL))
    *past, row = client.get("/dapi/v1/klines", symbol=COIN, interval="1m", limit=30)
    trades = client.get("/dapi/v1/trades", symbol=COIN, limit=1000)
    for candle in [*past, row]:
        mine = [trade for trade in trades if candle[0] <= trade["time"] <= candle[6]]
        assert len(mine) == candle[8]
        assert abs(sum(Decimal(trade["baseQty"]) for trade in mine) - Decimal(candle[7])) <= ATOM * len(mine)
    assert Decimal(row[7]) == worth(90, Decimal(60_000)) + worth(90, Decimal(30_000))
    day = client.get("/dapi/v1/ticker/24hr", symbol=COIN)[0]
    assert Decimal(day["weightedAvgPrice"]) == round(100 * Decimal(day["volume"]) / Decimal(day["baseVolume"]), 1)


def test_candles_of_one_request_span_200_days_at_most(client: Client) -> None:
    now_ms = client.time().wire_ms
    for path, symbol in (("/dapi/v1/klines", COIN), ("/fapi/v1/klines", "BTCUSDT")):
        span = f"symbol={symbol}&interval=1d&endTime={now_ms}&startTime="
        assert client.request("GET", path, f"{span}{now_ms - 200 * DAY_MS}").status == 200
        longer = client.request("GET", path, f"{span}{now_ms - 201 * DAY_MS}").status
        assert longer == (400 if symbol == COIN else 200)


@pytest.mark.quirk("binance.market.dapi-arrays")
def test_coin_futures_answer_with_a_list_for_one_symbol(client: Client) -> None:
    for name in ("ticker/24hr", "ticker/price", "ticker/bookTicker", "premiumIndex"):
        rows = {how: client.get(f"/dapi/v1/{name}", **how_asked) for how, how_asked in ASKED.items()}
        assert {how: [row["symbol"] for row in found] for how, found in rows.items()} == {
            "symbol": [COIN],
            "pair": [COIN],
            "all": [COIN, "ETHUSD_PERP"],
        }
        assert isinstance(client.get(f"/fapi/v1/{name}", symbol="BTCUSDT"), dict)


ASKED: dict[str, dict[str, str]] = {"symbol": {"symbol": COIN}, "pair": {"pair": "BTCUSD"}, "all": {}}


def test_statistics_are_asked_for_by_what_each_product_calls_its_contracts(client: Client) -> None:
    path = "/futures/data/openInterestHist"
    coin = client.get(path, pair="BTCUSD", contractType="PERPETUAL", period="5m", limit=1)[0]
    usd = client.get(path, symbol="BTCUSDT", period="5m", limit=1)[0]
    assert ("symbol" in coin, usd["symbol"]) == (False, "BTCUSDT")
    assert Decimal(coin["sumOpenInterest"]) / Decimal(coin["sumOpenInterestValue"]) > 500
    assert refused(client, path, "pair=BTCUSD&contractType=WEEKLY&period=5m") == -1130
    assert refused(client, path, "pair=BTCUSD&contractType=CURRENT_QUARTER&period=5m") == -4087


def test_statistics_of_one_product_only_know_the_contracts_of_that_one(client: Client) -> None:
    asked = {"contractType": "PERPETUAL", "period": "5m", "limit": 2}
    volumes = client.get("/futures/data/takerBuySellVol", pair="BTCUSD", **asked)[-1]
    candles = client.get("/dapi/v1/klines", symbol=COIN, interval="5m", limit=2)
    row = next(candle for candle in candles if candle[0] == volumes["timestamp"])
    bought, sold = int(volumes["takerBuyVol"]), int(volumes["takerSellVol"])
    assert (bought, bought + sold) == (int(row[9]), int(row[5]))
    ratio = client.get("/futures/data/takerlongshortRatio", symbol="BTCUSDT", period="5m", limit=2)[-1]
    assert abs(Decimal(ratio["buyVol"]) / Decimal(ratio["sellVol"]) - Decimal(ratio["buySellRatio"])) < Decimal("0.001")
    assert refused(client, "/futures/data/takerlongshortRatio", f"symbol={COIN}&period=5m") == -1121
    for pair in ("BTCUSD", "BTCUSDT"):
        assert client.get("/futures/data/basis", pair=pair, **asked)[-1]["pair"] == pair


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.quirk("binance.dapi.invalid-symbol")
def test_open_orders_of_an_unknown_symbol_are_1121(client: Client) -> None:
    assert client.refused("GET", "/dapi/v1/openOrders", symbol="BTCUSD") == (400, -1121)
    assert client.ask("GET", "/dapi/v1/openOrders", symbol=COIN) == []


def test_coin_futures_have_codes_of_their_own(client: Client) -> None:
    placed = client.ask("POST", ORDER, **order(symbol=COIN, quantity=10))
    same = {"symbol": COIN, "orderId": placed["orderId"], "side": "BUY", "quantity": 10, "price": "59000"}
    assert client.refused("PUT", ORDER, **same) == (400, -4197)
    client.ask("DELETE", ORDER, symbol=COIN, orderId=placed["orderId"])
    client.ask("POST", "/dapi/v1/marginType", symbol=COIN, marginType="ISOLATED")
    trade(client, "BUY", 10)
    assert client.refused("POST", "/dapi/v1/leverage", symbol=COIN, leverage=5) == (400, -4150)
    assert client.refused("POST", ORDER, **order(symbol=COIN, quantity="0.5")) == (400, -1111)
    assert client.refused("POST", ORDER, **order(symbol=COIN, timeInForce="GTD", goodTillDate=1)) == (400, -1115)
    batch = msgspec.json.encode([same | {"quantity": "10"}]).decode()
    assert client.ask("PUT", "/dapi/v1/batchOrders", batchOrders=batch)[0]["code"] == -2013


def test_order_beyond_the_cap_in_coin_is_2027(client: Client) -> None:
    client.ask("POST", "/dapi/v1/leverage", symbol=COIN, leverage=125)
    assert client.ask("GET", "/dapi/v1/positionRisk", symbol=COIN)[0]["maxQty"] == "5"
    client.ask("POST", ORDER, **order(symbol=COIN, quantity=2_900))
    assert client.refused("POST", ORDER, **order(symbol=COIN, quantity=100)) == (400, -2027)
    client.ask("POST", ORDER, **order(symbol=COIN, quantity=40))


def test_dead_man_switch_and_good_till_times_go_by_the_clock(client: Client) -> None:
    client.ask("POST", ORDER, **order(symbol=COIN, quantity=10))
    client.ask("POST", "/dapi/v1/countdownCancelAll", symbol=COIN, countdownTime=1000)
    client.aged_ns += 2 * SECOND_NS
    assert client.ask("GET", "/dapi/v1/openOrders") == []


def test_stop_waits_in_the_algo_service_of_its_own_product_and_is_told_in_contracts(client: Client) -> None:
    session = client.open(f"/ws/{client.listen_key(prefix='/dapi')}", origin="dstream")
    trade(client, "BUY", 10)
    stop = {"symbol": COIN, "side": "SELL", "type": "STOP_MARKET"}
    assert client.refused("POST", ORDER, **stop, stopPrice="58000", quantity=10) == (400, -4120)
    waiting = {"algoType": "CONDITIONAL", "triggerPrice": "58000", "quantity": 10, "reduceOnly": "true"}
    placed = client.ask("POST", "/dapi/v1/algoOrder", **stop, **waiting)
    assert [row["algoId"] for row in client.ask("GET", "/dapi/v1/openAlgoOrders")] == [placed["algoId"]]
    assert client.ask("GET", "/fapi/v1/openAlgoOrders") == []
    client.take(session)
    move_to(client, 57_000)
    client.wait(1)
    assert position(client)["positionAmt"] == "0"
    heard = [message for message in client.take(session) if message["e"] == "ALGO_UPDATE"]
    assert [message["o"]["X"] for message in heard] == ["TRIGGERING", "TRIGGERED", "FINISHED"]
    assert (heard[-1]["o"]["aq"], heard[-1]["i"]) == ("10", client.ask("GET", "/dapi/v1/balance")[0]["accountAlias"])


def test_funding_is_paid_in_coin_on_contracts_over_mark(client: Client) -> None:
    trade(client, "BUY", 300)
    before = coins(client)
    client.command(PayFunding(COIN, 100_000))
    paid = before - coins(client)
    assert abs(paid - worth(300, Decimal(60_000)) / 10_000) <= ATOM
    row = next(one for one in client.ask("GET", "/dapi/v1/income") if one["incomeType"] == "FUNDING_FEE")
    assert (row["asset"], -Decimal(row["income"]), type(row["tranId"])) == ("BTC", paid, str)


# --- by pair ----------------------------------------------------------------------------------------------------------


def test_orders_and_fills_of_a_pair(client: Client) -> None:
    rest = client.ask("POST", ORDER, **order(symbol=COIN, quantity=1))
    client.ask("POST", ORDER, **order(symbol="ETHUSD_PERP", quantity=1, price=2900))
    trade(client, "BUY", 2)
    assert [row["orderId"] for row in client.ask("GET", "/dapi/v1/openOrders", pair="BTCUSD")] == [rest["orderId"]]
    assert {row["symbol"] for row in client.ask("GET", "/dapi/v1/allOrders", pair="BTCUSD")} == {COIN}
    fills = client.ask("GET", "/dapi/v1/userTrades", pair="BTCUSD")
    assert fills
    assert fills == client.ask("GET", "/dapi/v1/userTrades", symbol=COIN)


@pytest.mark.parametrize("path", ["/dapi/v1/allOrders", "/dapi/v1/userTrades"])
def test_lists_of_orders_and_fills_want_a_symbol_or_a_pair(client: Client, path: str) -> None:
    assert client.refused("GET", path) == (400, -1102)
    assert client.refused("GET", path, pair="BTCEUR") == (400, -4087)
    assert client.refused("GET", path, pair="BTCUSD", symbol=COIN) == (400, -1128)
    assert client.refused("GET", path, pair="BTCUSD", orderId=1) == (400, -1128)
    assert client.refused("GET", "/dapi/v1/openOrders", pair="BTCEUR") == (400, -4087)


def test_lists_have_the_fields_of_their_typed_models(client: Client) -> None:
    client.ask("POST", "/dapi/v1/leverage", symbol=COIN, leverage=50)
    trade(client, "BUY", 1200)
    move_to(client, 30_000)
    (forced,) = client.ask("GET", "/dapi/v1/forceOrders")
    assert (forced["priceProtect"], forced["goodTillDate"]) == (False, 0)
    assert not {"priceMatch", "selfTradePreventionMode"} & set(forced)
    listed = client.ask("GET", "/dapi/v1/allOrders", symbol=COIN)
    assert [row["goodTillDate"] for row in listed] == [0, 0]
    assert "goodTillDate" not in client.ask("GET", ORDER, symbol=COIN, orderId=listed[0]["orderId"])


@pytest.mark.parametrize(("prefix", "days"), [("fapi", 7), ("dapi", 90)])
def test_forced_orders_are_those_of_a_while_unless_a_start_is_asked_for(client: Client, prefix: str, days: int) -> None:
    symbol, amount, low = {"fapi": ("BTCUSDT", "20", 500_000), "dapi": (COIN, "1200", 300_000)}[prefix]
    began_ms = client.time().wire_ms
    client.ask("POST", f"/{prefix}/v1/leverage", symbol=symbol, leverage=20)
    client.ask("POST", f"/{prefix}/v1/order", symbol=symbol, side="BUY", type="MARKET", quantity=amount)
    client.command(SetPrice(symbol, low))

    def listed(**parameters: object) -> int:
        return len(client.ask("GET", f"/{prefix}/v1/forceOrders", symbol=symbol, **parameters))

    assert listed() == 1
    end_ms = began_ms + (days + 1) * DAY_MS
    assert listed(endTime=end_ms - 2 * DAY_MS) == 1
    assert listed(endTime=end_ms) == 0
    assert listed(startTime=began_ms, endTime=end_ms) == 1


def test_income_of_coins_is_asked_for_a_year_at_most(client: Client) -> None:
    year = {"startTime": DAY_MS, "endTime": 366 * DAY_MS}
    assert client.ask("GET", "/dapi/v1/income", **year) == []
    assert client.refused("GET", "/dapi/v1/income", **(year | {"startTime": 0})) == (400, -4165)
    assert client.ask("GET", "/fapi/v1/income", **(year | {"startTime": 0})) == []
