"""What is public: documents with their wire types, charts, histories, and what is not there."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.simulators.venues.support.client import SECOND_NS

from venueproof_simulators.engine.commands import SetMark

from .client import PF, PI, V3, Client, decoded, exact

CHART = "/api/charts/v1/trade/"


@pytest.mark.quirk("kraken.candle.partial-last")
@pytest.mark.quirk("kraken.charts.no-result-field")
def test_charts_have_no_result_and_end_with_the_running_candle(client: Client) -> None:
    document = client.public(f"{CHART}{PF}/1h")
    assert list(document) == ["candles", "more_candles"]
    opened = [candle["time"] for candle in document["candles"]]
    assert opened == sorted(opened)
    assert len(opened) == 2000
    assert opened[-1] <= client.now_ns // 1_000_000 < opened[-1] + 3_600_000


@pytest.mark.quirk("kraken.charts.seconds-in-ms-out")
def test_charts_are_asked_in_seconds_and_answer_in_milliseconds(client: Client) -> None:
    begin = client.now_ns // SECOND_NS - 7200
    candles = client.public(f"{CHART}{PF}/1h", **{"from": begin})["candles"]
    assert [candle["time"] // 1000 >= begin for candle in candles] == [True, True]
    assert [type(candle[name]) for candle in candles[:1] for name in candle] == [int, str, str, str, str, str]
    assert client.public(f"{CHART}{PF}/1h", **{"from": begin * 1000})["candles"] == []
    assert client.public(f"/api/charts/v1/mark/{PF}/1h", **{"from": begin})["candles"][0]["volume"] == "0"


def test_charts_go_on_where_there_are_more(client: Client) -> None:
    begin = client.now_ns // SECOND_NS - 10**7
    page = client.public(f"{CHART}{PF}/1h", **{"from": begin})
    assert (len(page["candles"]), page["more_candles"]) == (2000, True)
    rest = client.public(f"{CHART}{PF}/1h", **{"from": page["candles"][-1]["time"] // 1000 + 3600})
    assert rest["candles"][0]["time"] == page["candles"][-1]["time"] + 3_600_000
    assert rest["more_candles"] is False


@pytest.mark.quirk("kraken.candle.interval-unavailable-stays-up")
def test_other_resolutions_are_not_found(client: Client) -> None:
    assert client.public("/api/charts/v1/") == ["mark", "spot", "trade"]
    assert PI in client.public("/api/charts/v1/trade")
    known = client.public(f"{CHART}{PF}")
    assert known == ["1m", "5m", "15m", "30m", "1h", "4h", "12h", "1d", "1w"]
    for resolution in ("3m", "2h", "6h", "1M", "x"):
        reply = client.request("GET", f"{CHART}{PF}/{resolution}")
        assert (reply.status, decoded(reply)["status"], decoded(reply)["error"]) == (404, 404, "Not Found")
        assert list(decoded(reply)) == ["timestamp", "path", "status", "error", "message", "requestId"]


@pytest.mark.quirk("kraken.symbol.prefixes")
def test_prefixes_tell_the_kind(client: Client) -> None:
    rows = {row["symbol"]: row for row in client.public(V3 + "instruments")["instruments"]}
    assert {name: row["type"] for name, row in rows.items()} == {
        "PF_XBTUSD": "flexible_futures",
        "PF_ETHUSD": "flexible_futures",
        "PI_XBTUSD": "futures_inverse",
        "FI_XBTUSD_261225": "futures_inverse",
        "in_xbtusd": "spot index",
        "rr_xbtusd": "spot index",
    }
    linear, inverse, dated = rows[PF], rows[PI], rows["FI_XBTUSD_261225"]
    assert next(iter(linear["marginLevels"][0])) == "numNonContractUnits"
    assert next(iter(inverse["marginLevels"][0])) == "contracts"
    assert ("underlying" in linear, inverse["underlying"]) == (False, "rr_xbtusd")
    assert (linear["contractValueTradePrecision"], inverse["contractValueTradePrecision"]) == (4, 0)
    assert (dated["lastTradingTime"], "fundingRateCoefficient" in dated) == ("2026-12-25T16:00:00.000Z", False)
    assert (inverse["base"], inverse["pair"]) == ("BTC", "BTC:USD")


@pytest.mark.quirk("kraken.ticker.funding-included")
@pytest.mark.quirk("kraken.funding.absolute-rate")
def test_the_ticker_has_funding_as_an_amount_and_open_interest(client: Client) -> None:
    client.command(SetMark(PF, mark_ticks=61000))
    tickers = {row["symbol"]: row for row in exact(client.request("GET", V3 + "tickers"))["tickers"]}
    linear, inverse, dated = tickers[PF], tickers[PI], tickers["FI_XBTUSD_261225"]
    assert linear["fundingRate"] == Decimal("0.000006044") * 61000
    assert abs(inverse["fundingRate"] * inverse["indexPrice"] - Decimal("0.000006044")) < Decimal("1e-19")
    assert (linear["openInterest"], "fundingRate" in dated) == (Decimal("1950.5"), False)
    assert list(tickers["in_xbtusd"]) == ["symbol", "last", "lastTime"]
    streamed = client.subscribe(client.open(), "ticker", PF)[-1]
    assert streamed["relative_funding_rate"] == 0.000006044


def test_ticker_has_every_field_with_its_type(client: Client) -> None:
    row = decoded(client.request("GET", V3 + "tickers/" + PF.lower()))["ticker"]
    texts = {"symbol", "lastTime", "tag", "pair"}
    assert {name for name, value in row.items() if isinstance(value, str)} == texts
    assert {name for name, value in row.items() if isinstance(value, bool)} == {"suspended", "postOnly"}
    assert len(row) == 23
    assert row["lastTime"].endswith("2000Z")


@pytest.mark.quirk("kraken.time.server-time")
def test_every_answer_of_the_trading_surface_tells_the_time(client: Client) -> None:
    client.skew_ns = 3600 * SECOND_NS
    assert client.public(V3 + "tickers")["serverTime"] == "2026-11-24T13:05:00.000Z"
    assert client.ask("GET", "openorders")["serverTime"] == "2026-11-24T13:05:00.000Z"
    reply = client.request("GET", V3 + "time")
    assert (reply.status, decoded(reply)["error"]) == (404, "notFound")
    assert decoded(reply)["serverTime"] == "2026-11-24T13:05:00.000Z"


@pytest.mark.quirk("kraken.fees.schedule-stale")
def test_fee_schedules_are_served_in_percent(client: Client) -> None:
    schedules = client.public(V3 + "feeschedules")["feeSchedules"]
    assert schedules[0]["tiers"] == [{"makerFee": 0.02, "takerFee": 0.05, "usdVolume": 0}]
    client.market(size="0.1")
    volumes = client.ask("GET", "feeschedules/volumes")["volumesByFeeSchedule"]
    assert volumes[schedules[0]["uid"]] == 6000.1


def test_trades_come_newest_first_and_are_numbered_down(client: Client) -> None:
    rows = client.public(V3 + "history", symbol=PF)["history"]
    assert [row["trade_id"] for row in rows] == list(range(100, 0, -1))
    assert [row["time"] for row in rows] == sorted((row["time"] for row in rows), reverse=True)
    older = client.public(V3 + "history", symbol=PF, lastTime=rows[-1]["time"])["history"]
    assert older[0]["time"] < rows[-1]["time"]


def test_public_histories_go_on_page_by_page(client: Client) -> None:
    path = f"/api/history/v3/market/{PF}/executions"
    page = client.public(path, count=5)
    more = client.public(path, count=5, continuation_token=page["continuationToken"])
    times = [row["timestamp"] for row in page["elements"] + more["elements"]]
    assert (page["len"], len(times)) == (5, 10)
    assert times == sorted(times, reverse=True)
    execution = page["elements"][0]["event"]["Execution"]["execution"]
    assert [type(execution[name]) for name in ("quantity", "price", "markPrice", "usdValue")] == [str] * 4
    assert {execution["makerOrder"]["direction"], execution["takerOrder"]["direction"]} == {"Buy", "Sell"}
    since = page["elements"][-1]["timestamp"]
    rising = client.public(path, since=since, sort="asc", count=5)["elements"]
    assert [row["timestamp"] for row in rising] == times[4::-1]
    assert client.public(f"/api/history/v3/market/{PF}/price", count=2)["len"] == 2
    assert client.public(f"/api/history/v3/market/{PF}/orders", count=2)["elements"][0]["event"]["OrderPlaced"]


def test_funding_history_rises_and_has_both_rates(client: Client) -> None:
    client.wait(2 * 3600)
    document = client.public("/derivatives/api/v4/historicalfundingrates", symbol=PF)
    assert [row["timestamp"] for row in document["rates"]] == ["2026-11-24T13:00:00.000Z", "2026-11-24T14:00:00.000Z"]
    assert document["rates"][0]["relativeFundingRate"] == 0.000006044
    assert document["rates"][0]["fundingRate"] == 0.36264


def test_status_of_one_contract_stands_beside_the_result(client: Client) -> None:
    one = client.public(f"{V3}instruments/{PF}/status")
    rows = client.public(f"{V3}instruments/status")["instrumentStatus"]
    assert {key: one[key] for key in rows[0]} == rows[0]
    assert (rows[0]["tradeable"], rows[0]["priceDislocationDirection"]) == (PF, None)


@pytest.mark.parametrize("path", ["tickers/PF_NONEUSD", "instruments/PF_NONEUSD/status"])
def test_unknown_contracts_are_not_found(client: Client, path: str) -> None:
    reply = client.request("GET", V3 + path)
    assert (reply.status, decoded(reply)["error"]) == (404, "contractNotFound")
    assert client.request("GET", V3 + "orderbook", "symbol=nothing").status == 404
    assert decoded(client.request("GET", V3 + "orderbook"))["error"] == "requiredArgumentMissing"


def test_candles_may_be_counted_back_from_a_moment(client: Client) -> None:
    path = f"/api/charts/v1/trade/{PF}/1m"
    newest = client.public(path)["candles"]
    assert client.public(path, count=3)["candles"] == newest[-3:]
    to = newest[-4]["time"] // 1000
    assert client.public(path, count=2, to=to)["candles"] == newest[-5:-3]
    since = newest[-9]["time"] // 1000
    assert client.public(path, **{"from": since, "count": 2}) == {"candles": newest[-9:-7], "more_candles": True}
    assert len(client.public(path, count=999_999)["candles"]) == len(newest)
    assert client.request("GET", path, "count=0").status == 400
