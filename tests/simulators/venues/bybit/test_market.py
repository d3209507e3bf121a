"""Public market data: candles, tickers, books, trades, funding, instruments."""

from __future__ import annotations

import itertools

import pytest

from venueproof_simulators.engine.commands import PrintTrade
from venueproof_simulators.engine.state import Side

from .client import Client

MINUTE_MS = 60_000


def klines(client: Client, **more: object) -> list[list[str]]:
    asked = {"category": "linear", "symbol": "BTCUSDT", "interval": "1", **more}
    rows: list[list[str]] = client.get("market/kline", **asked)["list"]
    return rows


@pytest.mark.quirk("bybit.candles.rest-newest-first")
@pytest.mark.quirk("bybit.candles.open-included")
def test_candles_are_newest_first_and_the_first_one_runs(client: Client) -> None:
    rows = klines(client, limit=5)
    opened = [int(row[0]) for row in rows]
    assert opened == sorted(opened, reverse=True)
    assert len(opened) == 5
    assert opened[0] <= client.time().wire_ms < opened[0] + MINUTE_MS
    client.wait(61)
    again = klines(client, limit=6)
    assert again[2:] == rows[1:]


@pytest.mark.quirk("bybit.candles.rest-column-order")
@pytest.mark.quirk("bybit.candles.inverse-volume")
def test_columns_are_open_high_low_close_volume_turnover(client: Client) -> None:
    for symbol, category, lots in (("BTCUSDT", "linear", 100), ("BTCUSD", "inverse", 700)):
        for ticks in (600_200, 601_000, 599_000, 600_500):
            client.command(PrintTrade(symbol, ticks, lots, Side.BUY))
        row = klines(client, category=category, symbol=symbol, limit=1)[0]
        assert row[1:5] == ["60020.00", "60100.00", "59900.00", "60050.00"]
        traded, earned = float(row[5]), float(row[6])
        if category == "linear":
            assert traded == pytest.approx(0.4)
            assert earned == pytest.approx(0.1 * (60020 + 60100 + 59900 + 60050))
        else:
            assert traded == 2800
            assert earned == pytest.approx(sum(700 / price for price in (60020, 60100, 59900, 60050)))


@pytest.mark.quirk("bybit.candles.start-bucket")
def test_the_candle_that_holds_the_start_is_listed(client: Client) -> None:
    start = client.time().wire_ms - 10 * MINUTE_MS + 20_000
    [row] = klines(client, start=start, limit=1)
    assert int(row[0]) == start - start % MINUTE_MS
    both = klines(client, start=start, end=start + 3 * MINUTE_MS)
    assert [int(row[0]) for row in both][-1] == start - start % MINUTE_MS
    assert len(both) == 4


@pytest.mark.quirk("bybit.candles.intervals")
def test_thirteen_intervals_and_no_other(client: Client) -> None:
    for interval in ["1", "3", "5", "15", "30", "60", "120", "240", "360", "720", "D", "W", "M"]:
        rows = klines(client, interval=interval, limit=3)
        assert len(rows) == 3
        assert all(int(newer[0]) > int(older[0]) for newer, older in itertools.pairwise(rows))
    asked = {"category": "linear", "symbol": "BTCUSDT"}
    for interval in ("480", "1m", "", "d"):
        assert client.public("market/kline", **asked, interval=interval)["retCode"] == 10001


def test_candles_of_prices_have_five_columns(client: Client) -> None:
    asked = {"category": "inverse", "symbol": "BTCUSD", "interval": "5", "limit": 2}
    for name in ("mark-price-kline", "index-price-kline", "premium-index-price-kline"):
        assert [len(row) for row in client.get(f"market/{name}", **asked)["list"]] == [5, 5]


@pytest.mark.quirk("bybit.market.funding-in-ticker")
def test_tickers_carry_funding_and_open_interest(client: Client) -> None:
    [row] = client.get("market/tickers", category="linear", symbol="BTCUSDT")["list"]
    assert (row["fundingRate"], row["fundingIntervalHour"], row["openInterest"]) == ("0.0001", "8", "50000.123")
    assert int(row["nextFundingTime"]) - client.time().wire_ms < 8 * 3_600_000
    [inverse] = client.get("market/tickers", category="inverse", symbol="BTCUSD")["list"]
    assert float(inverse["openInterestValue"]) == pytest.approx(400123456 / 60000, abs=0.001)


@pytest.mark.quirk("bybit.market.same-base-url")
def test_category_alone_tells_linear_from_inverse(client: Client) -> None:
    listed = {
        category: [row["symbol"] for row in client.get("market/instruments-info", category=category)["list"]]
        for category in ("linear", "inverse", "spot", "option")
    }
    assert listed["linear"] == ["BTCUSDT", "ETHUSDT", "BTCPERP"]
    assert set(listed["inverse"]) >= {"BTCUSD", "ETHUSD"}
    assert listed["spot"] == listed["option"] == []
    assert client.public("market/tickers", category="inverse", symbol="BTCUSDT")["retCode"] == 10001


def test_instruments_come_in_pages(client: Client) -> None:
    first = client.get("market/instruments-info", category="linear", limit=2)
    assert [row["symbol"] for row in first["list"]] == ["BTCUSDT", "ETHUSDT"]
    second = client.get("market/instruments-info", category="linear", limit=2, cursor=first["nextPageCursor"])
    assert ([row["symbol"] for row in second["list"]], second["nextPageCursor"]) == (["BTCPERP"], "")
    assert client.public("market/instruments-info", category="linear", cursor="nobody")["retCode"] == 10001


def test_a_book_is_best_first_with_numbers_of_its_own(client: Client) -> None:
    book = client.get("market/orderbook", category="linear", symbol="BTCUSDT", limit=50)
    bids, asks = ([float(price) for price, _ in book[side]] for side in "ba")
    assert bids == sorted(bids, reverse=True)
    assert asks == sorted(asks)
    assert bids[0] < asks[0]
    assert {type(book[name]) for name in ("u", "seq", "ts", "cts")} == {int}
    assert book["u"] > 1


def test_trades_are_newest_first_and_seq_is_text(client: Client) -> None:
    rows = client.get("market/recent-trade", category="linear", symbol="BTCUSDT", limit=3)["list"]
    times = [int(row["time"]) for row in rows]
    assert times == sorted(times, reverse=True)
    assert isinstance(rows[0]["seq"], str)


def test_funding_history_wants_an_end_to_a_start(client: Client) -> None:
    asked = {"category": "linear", "symbol": "BTCUSDT"}
    rows = client.get("market/funding/history", **asked, limit=3)["list"]
    assert [row["fundingRate"] for row in rows] == ["0.0001"] * 3
    gaps = {int(a["fundingRateTimestamp"]) - int(b["fundingRateTimestamp"]) for a, b in itertools.pairwise(rows)}
    assert gaps == {8 * 3_600_000}
    assert client.public("market/funding/history", **asked, startTime=1)["retCode"] == 10001
