from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import msgspec
import pytest

from venueproof_simulators.engine.commands import PrintTrade, SetPrice
from venueproof_simulators.engine.state import Side
from venueproof_simulators.host.venue import HttpRequest

from .client import Client

KLINES = "/fapi/v1/klines"


def refused(client: Client, path: str, query: str) -> int:
    reply = client.request("GET", path, query)
    assert reply.status == 400, reply.body
    return int(msgspec.json.decode(reply.body)["code"])


def test_exchange_info_is_typed_as_documented(client: Client) -> None:
    document = client.get("/fapi/v1/exchangeInfo")
    assert [row["limit"] for row in document["rateLimits"]] == [2400, 1200, 300]
    symbol = document["symbols"][0]
    assert (symbol["symbol"], symbol["contractType"], symbol["deliveryDate"]) == ("BTCUSDT", "PERPETUAL", 4133404800000)
    filters = {row["filterType"]: row for row in symbol["filters"]}
    assert filters["PRICE_FILTER"] == {
        "filterType": "PRICE_FILTER",
        "minPrice": "261.10",
        "maxPrice": "809484",
        "tickSize": "0.10",
    }
    assert filters["LOT_SIZE"]["stepSize"] == "0.001"
    assert filters["MARKET_LOT_SIZE"]["maxQty"] == "120"
    assert filters["MIN_NOTIONAL"]["notional"] == "100"
    assert filters["PERCENT_PRICE"]["multiplierUp"] == "1.0500"
    assert filters["MAX_NUM_ORDERS"]["limit"] == 200


def test_book_is_cut_to_the_limit_and_best_first(client: Client) -> None:
    book = client.get("/fapi/v1/depth", symbol="BTCUSDT", limit=5)
    bids, asks = ([float(price) for price, _ in book[side]] for side in ("bids", "asks"))
    assert bids == sorted(bids, reverse=True)
    assert asks == sorted(asks)
    assert bids[0] < asks[0]
    assert len(bids) == len(asks) == 5
    assert isinstance(book["lastUpdateId"], int)
    assert all(isinstance(text, str) for level in book["bids"] for text in level)


def test_trades_ascend_and_go_on_from_an_id(client: Client) -> None:
    rows = client.get("/fapi/v1/trades", symbol="BTCUSDT", limit=5)
    ids = [row["id"] for row in rows]
    assert ids == list(range(ids[0], ids[0] + 5))
    headers = {"x-mbx-apikey": client.keys["apiKey"]}
    older = client.request(
        "GET", "/fapi/v1/historicalTrades", f"symbol=BTCUSDT&fromId={ids[1]}&limit=2", headers=headers
    )
    assert [row["id"] for row in msgspec.json.decode(older.body)] == ids[1:3]
    assert client.request("GET", "/fapi/v1/historicalTrades", "symbol=BTCUSDT").status == 401
    aggregates = client.get("/fapi/v1/aggTrades", symbol="BTCUSDT", fromId=ids[0], limit=5)
    assert [row["a"] for row in aggregates] == ids
    since = client.get("/fapi/v1/aggTrades", symbol="BTCUSDT", startTime=rows[3]["time"])
    assert [row["a"] for row in since] == ids[3:]


@pytest.mark.quirk("binance.candles.rest-order")
def test_candles_ascend_unless_the_row_is_on(client: Client, field: Client) -> None:
    def opened(one: Client) -> list[int]:
        return [row[0] for row in one.get(KLINES, symbol="BTCUSDT", interval="1m", limit=5)]

    assert opened(client) == sorted(opened(client))
    assert opened(field) == sorted(opened(field), reverse=True)


@pytest.mark.quirk("binance.candles.open-candle-last")
def test_last_candle_is_the_unfinished_one(client: Client) -> None:
    client.wait(30)
    client.command(PrintTrade("BTCUSDT", 600_500, 2, Side.BUY))
    rows = client.get(KLINES, symbol="BTCUSDT", interval="1m", limit=2)
    assert rows[0][6] < client.time().wire_ms <= rows[1][6]
    assert rows[1][1:6] == ["60050.00", "60050.00", "60050.00", "60050.00", "0.002"]
    assert [type(value) for value in rows[1]] == [int, str, str, str, str, str, int, str, int, str, str, str]


@pytest.mark.quirk("binance.candles.native-intervals")
def test_fifteen_intervals_and_no_other(client: Client) -> None:
    for interval in ("1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w", "1M"):
        assert len(client.get(KLINES, symbol="BTCUSDT", interval=interval, limit=3)) == 3
    for interval in ("1s", "10m", "1H", "1y", "%00"):
        assert refused(client, KLINES, f"symbol=BTCUSDT&interval={interval}") == -1120
    assert refused(client, KLINES, "symbol=BTCUSDT") == -1102


def test_candles_keep_to_start_end_and_limit(client: Client) -> None:
    minute, now = 60_000, client.time().wire_ms // 60_000 * 60_000

    def opened(**parameters: object) -> list[int]:
        return [row[0] for row in client.get(KLINES, symbol="BTCUSDT", interval="1m", **parameters)]

    assert opened(startTime=now - 5 * minute, limit=3) == [now - at * minute for at in (5, 4, 3)]
    assert opened(endTime=now - 5 * minute, limit=2) == [now - at * minute for at in (6, 5)]
    assert opened(startTime=now - 2 * minute) == [now - at * minute for at in (2, 1, 0)]
    assert opened(startTime=now + minute) == []
    assert opened(startTime=10**18) == []
    assert len(opened(limit=1500)) == 1500
    for query in ("limit=1501", "limit=0", "limit=-1", "limit=x", "startTime=2&endTime=1"):
        assert refused(client, KLINES, f"symbol=BTCUSDT&interval=1m&{query}") in (-1130, -1100, -1023)


def test_candles_by_pair(client: Client) -> None:
    plain = client.get(KLINES, symbol="BTCUSDT", interval="5m", limit=2)
    path = "/fapi/v1/continuousKlines"
    assert client.get(path, pair="BTCUSDT", contractType="PERPETUAL", interval="5m", limit=2) == plain
    assert client.get(path, pair="BTCUSDT", contractType="NEXT_QUARTER", interval="5m") == []
    assert refused(client, path, "pair=BTCUSDT&contractType=EVER&interval=5m") == -1130
    index = client.get("/fapi/v1/indexPriceKlines", pair="BTCUSDT", interval="5m", limit=2)
    mark = client.get("/fapi/v1/markPriceKlines", symbol="BTCUSDT", interval="5m", limit=2)
    assert index == mark
    assert (len(mark[0][1].partition(".")[2]), mark[0][5]) == (8, "0")
    premium = client.get("/fapi/v1/premiumIndexKlines", symbol="BTCUSDT", interval="5m", limit=2)
    assert [row[0] for row in premium] == [row[0] for row in plain]
    assert [row[1:6] for row in premium] == [["0.00000000"] * 4 + ["0"]] * 2


def test_figures_without_volume_are_counted_by_the_second(client: Client) -> None:
    client.wait(7)
    for path, name in (("markPriceKlines", "symbol"), ("indexPriceKlines", "pair"), ("premiumIndexKlines", "symbol")):
        rows = client.get(f"/fapi/v1/{path}", **{name: "BTCUSDT", "interval": "1m", "limit": 2})
        assert [row[8] for row in rows] == [60, 7]


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        ("ticker/24hr", {"priceChange", "weightedAvgPrice", "lastPrice", "volume", "quoteVolume", "firstId", "count"}),
        ("ticker/price", {"symbol", "price", "time"}),
        ("ticker/bookTicker", {"bidPrice", "bidQty", "askPrice", "askQty", "time"}),
        ("premiumIndex", {"markPrice", "indexPrice", "lastFundingRate", "nextFundingTime", "interestRate"}),
    ],
)
def test_ticker_is_an_object_for_one_symbol_and_a_list_for_all(client: Client, path: str, keys: set[str]) -> None:
    one = client.get(f"/fapi/v1/{path}", symbol="ETHUSDT")
    rows = client.get(f"/fapi/v1/{path}")
    assert keys <= set(one)
    assert len(rows) == 5
    assert one in rows


@pytest.mark.quirk("binance.market.funding-oi-separate")
def test_day_ticker_has_neither_funding_nor_open_interest(client: Client) -> None:
    ticker = client.get("/fapi/v1/ticker/24hr", symbol="BTCUSDT")
    assert not {"fundingRate", "openInterest", "markPrice", "bidPrice"} & set(ticker)
    assert client.get("/fapi/v1/premiumIndex", symbol="BTCUSDT")["lastFundingRate"] == "0.00010000"
    assert client.get("/fapi/v1/openInterest", symbol="BTCUSDT")["symbol"] == "BTCUSDT"


def test_price_moves_ticker_and_premium_index_together(client: Client) -> None:
    client.command(SetPrice("BTCUSDT", 605_000))
    assert client.get("/fapi/v1/ticker/price", symbol="BTCUSDT")["price"] == "60500.00"
    assert client.get("/fapi/v1/premiumIndex", symbol="BTCUSDT")["markPrice"] == "60500.00000000"


def test_funding_history_ascends_in_steps_of_the_interval(client: Client) -> None:
    rows = client.get("/fapi/v1/fundingRate", symbol="BTCUSDT", limit=3)
    times = [row["fundingTime"] for row in rows]
    assert [later - earlier for earlier, later in pairwise(times)] == [28_800_000] * 2
    assert times[-1] + 28_800_000 == client.get("/fapi/v1/premiumIndex", symbol="BTCUSDT")["nextFundingTime"]
    assert len(client.get("/fapi/v1/fundingRate")) == 200
    assert client.get("/fapi/v1/fundingInfo") == []


def test_funding_history_goes_on_from_its_start(client: Client) -> None:
    path, step = "/fapi/v1/fundingRate", 28_800_000
    newest = client.get(path, symbol="BTCUSDT", limit=3)
    oldest = client.get(path, symbol="BTCUSDT", startTime=1, endTime=10**18, limit=2)
    listed = client.get("/fapi/v1/exchangeInfo")["symbols"][0]["onboardDate"]
    assert listed <= oldest[0]["fundingTime"] < listed + step
    assert oldest[1]["fundingTime"] == oldest[0]["fundingTime"] + step
    assert client.get(path, symbol="BTCUSDT", startTime=newest[1]["fundingTime"]) == newest[1:]
    assert client.get(path, symbol="BTCUSDT", endTime=newest[1]["fundingTime"], limit=2) == newest[:2]
    assert client.get(path, symbol="BTCUSDT", startTime=newest[2]["fundingTime"] + 1) == []


def test_price_of_a_past_funding_is_that_of_its_time(client: Client) -> None:
    def rows() -> list[dict[str, str]]:
        return list(client.get("/fapi/v1/fundingRate", symbol="BTCUSDT", limit=3))

    before = rows()
    assert list(before[0]) == ["symbol", "fundingRate", "fundingTime", "markPrice", "rateType"]
    candle = {"symbol": "BTCUSDT", "interval": "8h", "endTime": int(before[1]["fundingTime"]) - 1, "limit": 1}
    assert float(before[1]["markPrice"]) == float(client.get(KLINES, **candle)[0][4])
    client.command(SetPrice("BTCUSDT", 605_000))
    assert rows() == before
    client.wait(28_800)
    assert rows()[:2] == before[1:]
    assert rows()[2]["markPrice"] == "60500.00000000"


def test_trades_look_back_no_further_than_the_venue_does(client: Client) -> None:
    hour, now = 3_600_000, client.time().wire_ms
    path = "/fapi/v1/aggTrades"
    assert refused(client, path, f"symbol=BTCUSDT&startTime={now - hour - 1}&endTime={now}") == -1127
    assert client.get(path, symbol="BTCUSDT", startTime=now - hour, endTime=now)
    assert client.get(path, symbol="BTCUSDT", startTime=now - 60 * hour, endTime=now - 59 * hour) == []
    assert client.get(path, symbol="BTCUSDT", endTime=now - 59 * hour) == []
    for query in ({"fromId": 0}, {"fromId": 1}, {"startTime": 0}):
        first = client.get(path, symbol="BTCUSDT", limit=2, **query)[0]
        assert now - 48 * hour <= first["T"] < now - 47 * hour
    headers = {"x-mbx-apikey": client.keys["apiKey"]}
    reply = client.request("GET", "/fapi/v1/historicalTrades", "symbol=BTCUSDT&fromId=0&limit=1", headers=headers)
    first = msgspec.json.decode(reply.body)[0]
    assert now - 720 * hour <= first["time"] < now - 719 * hour


def test_open_interest_is_what_others_hold_and_the_own_position_on_top(client: Client) -> None:
    def shown() -> Decimal:
        return Decimal(client.get("/fapi/v1/openInterest", symbol="BTCUSDT")["openInterest"])

    before = shown()
    assert before > 100
    client.market(quantity="0.035")
    assert shown() == before + Decimal("0.035")
    ticker = client.venue.engine.ticker("BTCUSDT", client.now_ns)
    assert client.venue.desk.listings["BTCUSDT"].amount(ticker.open_interest_lots) == shown()
    rows = client.get("/futures/data/openInterestHist", symbol="BTCUSDT", period="1h", limit=2)
    assert Decimal(rows[1]["sumOpenInterest"]) == shown()
    candle = {"symbol": "BTCUSDT", "interval": "1h", "endTime": rows[0]["timestamp"] - 1, "limit": 1}
    price = Decimal(client.get(KLINES, **candle)[0][4])
    assert Decimal(rows[0]["sumOpenInterestValue"]) == price * shown()
    assert Decimal(rows[0]["CMCCirculatingSupply"]) > 10**6


def test_open_interest_history_needs_a_period(client: Client) -> None:
    path = "/futures/data/openInterestHist"
    assert len(client.get(path, symbol="BTCUSDT", period="5m", limit=4)) == 4
    assert refused(client, path, "symbol=BTCUSDT&period=7m") == -1130
    assert refused(client, path, "symbol=BTCUSDT") == -1102


@pytest.mark.quirk("binance.market.symbol-format")
@pytest.mark.parametrize("path", ["depth", "trades", "klines", "ticker/24hr", "premiumIndex", "openInterest"])
def test_unknown_symbol_is_1121_and_a_malformed_one_1100(client: Client, path: str) -> None:
    for spelling, code in (("BTC", -1121), ("btcusdt", -1121), ("BTC%2FUSDT", -1100), ("B" * 40, -1100)):
        assert refused(client, f"/fapi/v1/{path}", f"symbol={spelling}&interval=1m") == code


def test_other_depths_are_4021(client: Client) -> None:
    assert refused(client, "/fapi/v1/depth", "symbol=BTCUSDT&limit=7") == -4021
    assert refused(client, "/fapi/v1/rpiDepth", "symbol=BTCUSDT&limit=500") == -4021


def test_book_with_orders_placed_by_hand_is_the_whole_book(client: Client) -> None:
    assert client.get("/fapi/v1/rpiDepth", symbol="BTCUSDT") == client.get(
        "/fapi/v1/depth", symbol="BTCUSDT", limit=1000
    )


@pytest.mark.parametrize(("method", "path"), [("GET", "/fapi/v1/nowhere"), ("PATCH", "/fapi/v1/order"), ("GET", "/")])
def test_unknown_path_is_the_venues_own_404(client: Client, method: str, path: str) -> None:
    reply = client.request(method, path)
    assert reply.status == 404
    assert msgspec.json.decode(reply.body) == {"code": -5000, "msg": f"Path {path}, Method {method} is invalid"}


def test_start_up_documents_of_spot_are_valid(client: Client) -> None:
    assert client.ask("GET", "/sapi/v1/capital/config/getall") == []
    assert client.ask("GET", "/sapi/v1/margin/allPairs") == []
    assert client.ask("GET", "/sapi/v1/margin/isolated/allPairs") == []
    assert client.ask("GET", "/api/v3/account")["balances"] == []
    assert client.get("/api/v3/exchangeInfo")["symbols"][0]["permissionSets"] == [["SPOT"]]
    assert client.get("/api/v3/ping") == {}
    assert client.get("/sapi/v1/system/status") == {"status": 0, "msg": "normal"}
    assert client.request("GET", "/dapi/v1/exchangeInfo", origin="dapi").status == 200
    assert client.request("GET", "/api/v3/time", origin="api").status == 200


def test_origins_serve_their_own_paths(client: Client) -> None:
    assert client.request("GET", "/fapi/v1/time", origin="api").status == 404
    assert client.request("GET", "/fapi/v1/time", origin="fstream").status == 404
    assert client.request("GET", "/fapi/v1/time", origin="dapi").status == 404
    assert client.request("GET", "/fapi/v1/time", origin="fapi-test").status == 200


def test_requests_are_classified_in_neutral_words(client: Client) -> None:
    request = HttpRequest("fapi", "POST", "/fapi/v1/order", "", {}, b"symbol=ETHUSDT", "127.0.0.1")
    found = client.venue.classify(request)
    assert (found.operation, found.instrument) == ("place", "ETH/USDT:USDT")


def test_funding_goes_back_to_the_day_a_symbol_was_listed(client: Client) -> None:
    for row in client.get("/fapi/v1/exchangeInfo")["symbols"]:
        first = client.get("/fapi/v1/fundingRate", symbol=row["symbol"], startTime=1, limit=1)[0]
        assert 0 <= first["fundingTime"] - row["onboardDate"] <= 8 * 3_600_000
