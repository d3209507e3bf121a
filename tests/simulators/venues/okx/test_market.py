"""Public market data: what is listed in which order, with which figures."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.simulators.venues.support.client import SECOND_NS

from venueproof_simulators.engine.commands import PayFunding, PrintTrade
from venueproof_simulators.engine.state import Side

from .client import COIN, SWAP, Client

DAY_MS = 86_400_000
NOW_MS = 1_795_521_900_000
TICKER = [
    "instType",
    "instId",
    "last",
    "lastSz",
    "askPx",
    "askSz",
    "bidPx",
    "bidSz",
    "open24h",
    "high24h",
    "low24h",
    "volCcy24h",
    "vol24h",
    "sodUtc0",
    "sodUtc8",
    "ts",
]


@pytest.mark.quirk("okx.candles.newest-first")
@pytest.mark.quirk("okx.candles.partial-last")
def test_candles_descend_and_the_first_is_running(client: Client) -> None:
    client.wait(30)
    rows = client.get("market/candles", instId=SWAP, limit=5)
    assert [int(row[0]) for row in rows] == [NOW_MS - minutes * 60_000 for minutes in range(5)]
    assert [row[8] for row in rows] == ["0", "1", "1", "1", "1"]
    assert all(len(row) == 9 and all(isinstance(value, str) for value in row) for row in rows)
    assert [row[8] for row in client.get("market/history-candles", instId=SWAP, limit=3)] == ["1", "1", "1"]


@pytest.mark.quirk("okx.candles.hk-day")
def test_a_day_begins_at_sixteen_utc_unless_it_is_said_to_be_utc(client: Client) -> None:
    [hong_kong] = client.get("market/candles", instId=SWAP, bar="1D", limit=1)
    [utc] = client.get("market/candles", instId=SWAP, bar="1Dutc", limit=1)
    assert int(utc[0]) % DAY_MS == 0
    assert int(hong_kong[0]) % DAY_MS == 16 * 3_600_000
    session = client.open("business")
    client.subscribe(session, "candle1D", instId=SWAP)
    assert client.rows(session, "candle1D")[0][0] == hong_kong[0]


@pytest.mark.quirk("okx.candles.volume-units")
def test_volume_is_contracts_then_coins_then_money(client: Client) -> None:
    for instrument, sizes in ((SWAP, ("100", "1", "60000")), (COIN, ("30", "0.05", "3000"))):
        lots = 10_000 if instrument == SWAP else 30
        before = client.get("market/candles", instId=instrument, limit=1)[0][5:8]
        client.command(PrintTrade(instrument, 600_000, lots, Side.BUY))
        after = client.get("market/candles", instId=instrument, limit=1)[0][5:8]
        assert [Decimal(b) - Decimal(a) for a, b in zip(before, after, strict=True)] == [Decimal(one) for one in sizes]


@pytest.mark.quirk("okx.candles.before-after-exclusive")
def test_cursors_of_candles_are_left_out(client: Client) -> None:
    rows = client.get("market/candles", instId=SWAP, limit=10)
    times = [row[0] for row in rows]
    older = client.get("market/candles", instId=SWAP, after=times[4], limit=3)
    assert [row[0] for row in older] == times[5:8]
    newer = client.get("market/candles", instId=SWAP, before=times[4])
    assert [row[0] for row in newer] == times[:4]
    between = client.get("market/candles", instId=SWAP, after=times[2], before=times[6])
    assert [row[0] for row in between] == times[3:6]


@pytest.mark.quirk("okx.bot.missing-interval")
def test_there_is_no_bar_of_ten_minutes(client: Client) -> None:
    status, document = client.public("market/candles", instId=SWAP, bar="10m")
    assert (status, document["code"], document["msg"]) == (400, "51000", "Parameter bar error ")


@pytest.mark.quirk("okx.symbol.swap-suffix")
def test_the_name_of_the_spot_pair_is_another_instrument(client: Client) -> None:
    client.market()
    assert client.ask("account/positions", instId="BTC-USDT") == []
    assert len(client.ask("account/positions", instId=SWAP)) == 1
    assert client.public("market/ticker", instId="BTC-USDT")[1]["code"] == "51001"
    assert client.get("public/instruments", instType="SPOT") == []


@pytest.mark.quirk("okx.order.contracts-from-notional")
def test_an_amount_counts_contracts(client: Client) -> None:
    [row] = client.get("public/instruments", instType="SWAP", instId=SWAP)
    assert (row["ctVal"], row["ctValCcy"], row["lotSz"], row["minSz"]) == ("0.01", "BTC", "0.01", "0.01")
    assert client.row_code("trade/order", {**_order(), "sz": "0.001"}) == "51020"
    client.market(sz="3")
    assert client.position()["notionalUsd"] == "1800"


def _order() -> dict[str, object]:
    return {"instId": SWAP, "tdMode": "cross", "side": "buy", "ordType": "market"}


@pytest.mark.quirk("okx.funding.next-is-empty")
def test_the_next_funding_rate_is_not_told(client: Client) -> None:
    [row] = client.get("public/funding-rate", instId=SWAP)
    assert (row["fundingRate"], row["nextFundingRate"], row["method"]) == ("0.0001", "", "current_period")
    assert int(row["nextFundingTime"]) - int(row["fundingTime"]) == 8 * 3_600_000
    assert NOW_MS < int(row["fundingTime"]) <= NOW_MS + 8 * 3_600_000
    client.command(PayFunding(SWAP, -50_000))
    history = client.get("public/funding-rate-history", instId=SWAP, limit=3)
    assert history[0]["fundingRate"] == "-0.00005"
    assert [int(one["fundingTime"]) for one in history] == sorted(int(one["fundingTime"]) for one in history)[::-1]


def test_a_ticker_has_these_texts_and_no_others(client: Client) -> None:
    [row] = client.get("market/ticker", instId=SWAP)
    assert list(row) == TICKER
    assert (row["last"], row["bidPx"], row["askPx"]) == ("60000", "59999.9", "60000.1")
    rows = client.get("market/tickers", instType="SWAP")
    assert len(rows) == 5
    assert client.get("market/tickers", instType="FUTURES") == []


def test_trades_are_newest_first_and_paged_by_id(client: Client) -> None:
    client.command(PrintTrade(SWAP, 600_000, 25, Side.SELL))
    rows = client.get("market/trades", instId=SWAP, limit=5)
    ids = [int(row["tradeId"]) for row in rows]
    assert ids == list(range(ids[0], ids[0] - 5, -1))
    assert (rows[0]["side"], rows[0]["sz"], "count" in rows[0]) == ("sell", "0.25", False)
    older = client.get("market/history-trades", instId=SWAP, after=ids[1], limit=2)
    assert [int(row["tradeId"]) for row in older] == ids[2:4]
    by_time = client.get("market/history-trades", instId=SWAP, type=2, after=NOW_MS, limit=2)
    assert all(int(row["ts"]) < NOW_MS for row in by_time)


def test_other_figures_of_the_market(client: Client) -> None:
    [book] = client.get("market/books", instId=SWAP, sz=2)
    assert [len(book["asks"]), len(book["bids"])] == [2, 2]
    assert book["asks"][0][2:] == ["0", "1"]
    [mark] = client.get("public/mark-price", instType="SWAP", instId=SWAP)
    assert mark["markPx"] == "60000"
    [limit] = client.get("public/price-limit", instId=SWAP)
    assert (limit["buyLmt"], limit["sellLmt"], limit["enabled"]) == ("61200", "58800", True)
    tiers = client.get("public/position-tiers", instType="SWAP", tdMode="cross", instFamily="BTC-USDT")
    assert [tiers[0][name] for name in ("tier", "minSz", "maxSz", "mmr", "imr", "maxLever")] == [
        "1",
        "0",
        "20000",
        "0.004",
        "0.01",
        "100",
    ]
    assert len(client.get("market/index-tickers", instId="BTC-USDT")) == 1
    assert client.get("system/status") == []


@pytest.mark.quirk("okx.failover.unavailable")
def test_a_closed_venue_says_so_to_everybody(client: Client) -> None:
    client.venue.maintenance(client.now_ns + 60 * SECOND_NS, client.time())
    assert client.public("public/time")[1]["code"] == "50001"
    assert client.refused("GET", "account/balance") == (503, "50001")
    [row] = client.get("system/status")
    assert (row["state"], row["end"]) == ("ongoing", str(NOW_MS + 60_000))
    client.wait(61)
    client.get("public/time")
