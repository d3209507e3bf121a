"""Public market data: wire types, names, candles in columns, funding, books."""

from __future__ import annotations

from itertools import pairwise

import pytest

from venueproof_simulators.engine.commands import AddLiquidity
from venueproof_simulators.engine.state import Side

from .client import BTC, USDC, Client

_HOUR_MS = 3_600_000


def test_every_instrument_is_listed_without_parameters(client: Client) -> None:
    rows = {row["instrument_name"]: row for row in client.ask("public/get_instruments")}
    row = rows[BTC]
    assert (row["kind"], row["instrument_type"], row["settlement_period"]) == ("future", "reversed", "perpetual")
    assert (row["tick_size"], row["min_trade_amount"], row["contract_size"]) == (0.5, 10.0, 10.0)
    assert (row["expiration_timestamp"], row["is_active"], row["state"]) == (32503708800000, True, "open")
    assert (rows[USDC]["instrument_type"], rows[USDC]["settlement_currency"]) == ("linear", "USDC")
    only = client.ask("public/get_instruments", currency="BTC", kind="future")
    assert {one["settlement_currency"] for one in only} == {"BTC"}
    assert client.ask("public/get_instrument", instrument_name=BTC) == row


@pytest.mark.quirk("deribit.ticker.funding-included")
def test_the_ticker_has_funding_and_open_interest(client: Client) -> None:
    ticker = client.ask("public/ticker", instrument_name=BTC)
    assert (ticker["current_funding"], ticker["funding_8h"]) == (0.0001, 0.0001)
    assert ticker["open_interest"] == 900_000_000
    assert ticker["min_price"] < ticker["mark_price"] < ticker["max_price"]
    assert {"high", "low", "price_change", "volume", "volume_usd", "volume_notional"} == set(ticker["stats"])
    assert isinstance(ticker["timestamp"], int)


@pytest.mark.quirk("deribit.book.empty-side-zero")
def test_an_empty_side_has_price_zero(client: Client) -> None:
    asks = client.venue.engine.book(BTC, 10**6).asks
    client.command(AddLiquidity(BTC, Side.BUY, asks[-1][0], sum(lots for _, lots in asks)))
    book = client.ask("public/get_order_book", instrument_name=BTC, depth=5)
    if book["asks"]:
        pytest.fail("the maker was not drained")
    assert (book["best_ask_price"], book["best_ask_amount"]) == (0, 0)
    summary = client.ask("public/get_book_summary_by_instrument", instrument_name=BTC)
    assert (summary[0]["ask_price"], summary[0]["mid_price"]) == (None, None)


def test_a_book_is_a_ticker_with_levels(client: Client) -> None:
    book = client.ask("public/get_order_book", instrument_name=BTC, depth=5)
    assert (len(book["bids"]), len(book["asks"])) == (5, 5)
    assert book["bids"][0] == [book["best_bid_price"], book["best_bid_amount"]]
    assert [row[0] for row in book["bids"]] == sorted((row[0] for row in book["bids"]), reverse=True)
    assert client.refused("public/get_order_book", instrument_name=BTC, depth=7) == (400, -32602)


@pytest.mark.quirk("deribit.candles.column-arrays")
def test_candles_come_as_columns(client: Client) -> None:
    end = client.time().wire_ms
    chart = client.ask(
        "public/get_tradingview_chart_data",
        instrument_name=BTC,
        start_timestamp=end - 50 * 60_000,
        end_timestamp=end,
        resolution="1",
    )
    columns = [chart[name] for name in ("ticks", "open", "high", "low", "close", "volume", "cost")]
    assert chart["status"] == "ok"
    assert {len(column) for column in columns} == {51}
    assert {later - earlier for earlier, later in pairwise(chart["ticks"])} == {60_000}
    later = {"start_timestamp": end + _HOUR_MS, "end_timestamp": end + 2 * _HOUR_MS}
    none = client.ask("public/get_tradingview_chart_data", instrument_name=BTC, resolution="1", **later)
    assert (none["status"], none["ticks"]) == ("no_data", [])


@pytest.mark.quirk("deribit.candles.no-4h")
@pytest.mark.quirk("deribit.bot.missing-interval-stays-up")
@pytest.mark.parametrize("resolution", ["240", "4h", "1W", "0", ""])
def test_there_are_no_candles_of_four_hours(client: Client, resolution: str) -> None:
    known: dict[str, object] = {"instrument_name": BTC, "start_timestamp": 0, "end_timestamp": 1}
    refused = client.error("public/get_tradingview_chart_data", resolution=resolution, **known)
    assert (refused["code"], refused["data"]["param"]) == (-32602, "resolution")
    session = client.open()
    names = [f"chart.trades.{BTC}.{resolution}", f"chart.trades.{BTC}.60"]
    assert client.call(session, "public/subscribe", channels=names) == [f"chart.trades.{BTC}.60"]


@pytest.mark.quirk("deribit.candles.incomplete-group")
def test_the_newest_candle_is_unfinished(client: Client) -> None:
    end = client.time().wire_ms
    known: dict[str, object] = {"instrument_name": BTC, "start_timestamp": end - 7 * _HOUR_MS, "end_timestamp": end}
    ticks = client.ask("public/get_tradingview_chart_data", resolution="60", **known)["ticks"]
    assert ticks[-1] <= end < ticks[-1] + _HOUR_MS
    assert (ticks[-1] // _HOUR_MS + 1) % 4, "the last group of four hours is not complete"


@pytest.mark.parametrize("resolution", ["1", "3", "5", "10", "15", "30", "60", "120", "180", "360", "720", "1D"])
def test_every_resolution_is_served(client: Client, resolution: str) -> None:
    end, step = client.time().wire_ms, 86_400_000 if resolution == "1D" else int(resolution) * 60_000
    known: dict[str, object] = {"instrument_name": BTC, "start_timestamp": end - 3 * step, "end_timestamp": end}
    ticks = client.ask("public/get_tradingview_chart_data", resolution=resolution, **known)["ticks"]
    assert all(tick % step == 0 for tick in ticks)
    assert len(ticks) in (3, 4)


@pytest.mark.quirk("deribit.funding.continuous")
def test_funding_is_told_for_any_period(client: Client) -> None:
    end = client.time().wire_ms
    known: dict[str, object] = {"instrument_name": BTC, "start_timestamp": end - 8 * _HOUR_MS, "end_timestamp": end}
    assert client.ask("public/get_funding_rate_value", **known) == 0.0001
    half = {**known, "start_timestamp": end - 4 * _HOUR_MS}
    assert client.ask("public/get_funding_rate_value", **half) == 0.00005
    rows = client.ask("public/get_funding_rate_history", **known)
    assert {later["timestamp"] - earlier["timestamp"] for earlier, later in pairwise(rows)} == {_HOUR_MS}
    assert all(row["interest_8h"] == 0.0001 and row["index_price"] > 0 for row in rows)


@pytest.mark.quirk("deribit.id.trade-id-string")
def test_trade_ids_are_strings_with_their_currency(client: Client) -> None:
    client.trade("buy", 5, "ETH-PERPETUAL")
    trades = client.ask("public/get_last_trades_by_instrument", instrument_name="ETH-PERPETUAL", count=3)
    assert all(row["trade_id"].startswith("ETH-") for row in trades["trades"])
    assert [row["trade_seq"] for row in trades["trades"]] == sorted(
        (row["trade_seq"] for row in trades["trades"]), reverse=True
    )
    client.trade("buy", 100)
    mine = client.ask("private/get_user_trades_by_instrument", instrument_name=BTC)["trades"][0]
    assert mine["trade_id"].isdigit()
    assert isinstance(mine["trade_id"], str)


def test_trades_are_paged_by_sequence_and_by_time(client: Client) -> None:
    for _ in range(5):
        client.trade("buy", 10)
    newest = client.ask("public/get_last_trades_by_instrument", instrument_name=BTC, count=2)
    assert newest["has_more"] is True
    last = newest["trades"][0]["trade_seq"]
    page = client.ask(
        "public/get_last_trades_by_instrument", instrument_name=BTC, start_seq=last - 3, count=2, sorting="asc"
    )
    assert [row["trade_seq"] for row in page["trades"]] == [last - 3, last - 2]
    before = client.ask("public/get_last_trades_by_instrument", instrument_name=BTC, end_seq=last - 4, count=2)
    assert [row["trade_seq"] for row in before["trades"]] == [last - 4, last - 5]


@pytest.mark.quirk("deribit.status.locked-string")
def test_locked_is_a_string(client: Client) -> None:
    assert client.ask("public/status") == {"locked": "false", "locked_indices": []}
    client.venue.desk.locked = "locked"
    assert client.ask("public/status")["locked"] == "true"
    assert client.refused("private/buy", instrument_name=BTC, amount=10, type="market") == (400, 10019)


def test_indices_and_currencies(client: Client) -> None:
    assert client.ask("public/get_index_price", index_name="btc_usd")["index_price"] == 60000.0
    assert {"btc_usd", "btc_usdc", "eth_usd"} <= set(client.ask("public/get_index_price_names"))
    assert client.refused("public/get_index_price", index_name="btc_eur") == (400, -32602)
    assert [row["currency"] for row in client.ask("public/get_currencies")] == ["BTC", "ETH", "SOL", "USDC"]
    assert client.ask("public/get_expirations", currency="any", kind="future")["future"][-1] == "PERPETUAL"


def test_a_trade_reads_the_same_wherever_it_is_told(client: Client) -> None:
    session = client.log_on()
    client.subscribe(session, f"trades.{BTC}.raw")
    client.trade("buy", 100_000)
    rows = client.ask("public/get_last_trades_by_instrument", instrument_name=BTC, count=5)["trades"]
    assert len({row["price"] for row in rows[:2]}) == 2, "one order filled on two levels"
    for row in rows:
        seq = row["trade_seq"]
        alone = client.ask("public/get_last_trades_by_instrument", instrument_name=BTC, start_seq=seq, end_seq=seq)
        assert alone["trades"] == [row]
    assert rows[0]["tick_direction"] == 0, "higher than the trade before"
    mine = client.ask("private/get_user_trades_by_instrument", instrument_name=BTC)["trades"]
    for own, row in zip(mine, rows, strict=False):
        assert {name: own[name] for name in row} == row
    told = [row for frame in client.told(session, f"trades.{BTC}.raw") for row in frame]
    assert told[::-1] == rows[: len(told)]


def test_pages_of_a_currency_hold_what_is_next_to_their_edge(client: Client) -> None:
    for instrument in (BTC, BTC, "BTC-27NOV26"):
        client.trade("buy", 10, instrument)
        client.wait(1)
    method = "public/get_last_trades_by_currency"
    newest = client.ask(method, currency="BTC", count=2)["trades"]
    assert [row["instrument_name"] for row in newest] == ["BTC-27NOV26", BTC]
    assert client.ask(method, currency="BTC", count=2, sorting="asc")["trades"] == newest[::-1]
    begin = client.ask("private/get_user_trades_by_instrument", instrument_name=BTC, sorting="asc")["trades"][0]
    page = client.ask(f"{method}_and_time", currency="BTC", start_timestamp=begin["timestamp"], count=2)
    assert [row["trade_seq"] for row in page["trades"]] == [begin["trade_seq"] + 1, begin["trade_seq"]]
    assert page["has_more"] is True
