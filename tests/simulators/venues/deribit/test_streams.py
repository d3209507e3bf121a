"""Channels: what is accepted, how each begins, what it tells, and how connections are kept alive and lost."""

from __future__ import annotations

from typing import Any

import pytest

from venueproof_simulators.engine.commands import AddLiquidity, FillOrder
from venueproof_simulators.engine.state import Side

from .client import BTC, USDC, Client

_BOOK = f"book.{BTC}.100ms"
_ORDERS = "user.orders.any.any.raw"


def _resting(client: Client, **changes: Any) -> int:
    return int(client.buy(**changes)["order_id"]) % 10**7


@pytest.mark.quirk("deribit.ws.subscribe-silently-partial")
def test_what_means_nothing_is_left_out(client: Client) -> None:
    session = client.open()
    known = [_BOOK, f"ticker.{BTC}.100ms", f"chart.trades.{BTC}.1", "trades.future.any.agg2", "platform_state"]
    unknown = ["book.BTC-PERPETUAL", "ticker.NOTHING.100ms", f"ticker.{BTC}.1s", "x", "", "user", "chart.trades.x.1"]
    assert client.call(session, "public/subscribe", channels=[*known, *unknown]) == known
    assert client.call(session, "public/unsubscribe", channels=[*unknown, known[0]]) == [known[0]]
    assert client.call(session, "public/unsubscribe_all") == "ok"


@pytest.mark.quirk("deribit.ws.raw-needs-auth")
def test_raw_channels_need_an_account(client: Client) -> None:
    session = client.open()
    assert client.fails(session, "public/subscribe", channels=[f"book.{BTC}.raw"]) == 13778
    other = client.log_on()
    assert client.subscribe(other, f"book.{BTC}.raw") == [f"book.{BTC}.raw"]


@pytest.mark.quirk("deribit.ws.private-subscribe-public-channel")
def test_private_subscribe_takes_public_channels(client: Client) -> None:
    session = client.log_on()
    assert client.subscribe(session, f"ticker.{BTC}.100ms", _ORDERS) == [f"ticker.{BTC}.100ms", _ORDERS]
    assert client.fails(session, "public/subscribe", channels=[_ORDERS]) == 13009
    assert client.fails(client.open(), "private/subscribe", channels=[_ORDERS]) == 13009


@pytest.mark.quirk("deribit.ws.private-resubscribe")
def test_nothing_survives_a_disconnect(client: Client) -> None:
    session = client.log_on()
    client.subscribe(session, _ORDERS)
    client.venue.closed(session, client.time())
    other = client.open()
    client.buy()
    assert client.take(other) == []
    assert client.fails(other, "private/get_positions") == 13009
    assert client.venue.account_sessions() == frozenset()


@pytest.mark.quirk("deribit.book.change-id-gap")
def test_changes_of_a_book_name_the_one_before(client: Client) -> None:
    session = client.open()
    client.call(session, "public/subscribe", channels=[_BOOK])
    (snapshot,) = client.told(session, _BOOK)
    assert snapshot["type"] == "snapshot"
    assert all(row[0] == "new" for row in snapshot["bids"] + snapshot["asks"])
    last = snapshot["change_id"]
    client.command(AddLiquidity(BTC, Side.BUY, 119_998, 7))
    client.wait(0.2)
    client.command(AddLiquidity(BTC, Side.SELL, 119_999, 10**4))
    client.wait(0.2)
    changes = client.told(session, _BOOK)
    assert [change["type"] for change in changes] == ["change", "change"]
    for change in changes:
        assert change["prev_change_id"] == last
        last = change["change_id"]
    words = {row[0] for row in changes[1]["bids"]}
    assert words & {"change", "delete"}
    assert all(row[2] == 0 for row in changes[1]["bids"] if row[0] == "delete")


def test_a_second_listener_joins_the_chain(client: Client) -> None:
    first, second = client.open(), client.open()
    client.call(first, "public/subscribe", channels=[_BOOK])
    last = client.told(first, _BOOK)[0]["change_id"]
    client.command(AddLiquidity(BTC, Side.BUY, 119_990, 7))
    client.call(second, "public/subscribe", channels=[_BOOK])
    (snapshot,) = client.told(second, _BOOK)
    (flushed,) = client.told(first, _BOOK)
    assert (flushed["prev_change_id"], flushed["change_id"]) == (last, snapshot["change_id"])
    client.command(AddLiquidity(BTC, Side.BUY, 119_980, 7))
    client.wait(0.2)
    assert client.told(second, _BOOK)[0]["prev_change_id"] == snapshot["change_id"]


@pytest.mark.quirk("deribit.book.snapshot-first")
def test_a_snapshot_may_precede_the_answer(client: Client) -> None:
    frame = {"jsonrpc": "2.0", "id": 1, "method": "public/subscribe", "params": {"channels": [_BOOK]}}
    first = client.open()
    client.send(first, frame)
    assert ["result" in one for one in client.take(first)] == [True, False]
    client.venue.switch_quirk("deribit.book.snapshot-first", True)
    second = client.open()
    client.send(second, frame)
    assert ["result" in one for one in client.take(second)] == [False, True]


@pytest.mark.quirk("deribit.book.grouped-two-columns")
def test_grouped_books_have_two_columns(client: Client) -> None:
    session, name = client.open(), f"book.{BTC}.5.10.100ms"
    client.call(session, "public/subscribe", channels=[name, f"book.{BTC}.none.1.100ms"])
    (picture,) = client.told(session, name)
    assert "type" not in picture
    assert all(len(row) == 2 and row[0] % 5 == 0 for row in picture["bids"] + picture["asks"])
    client.command(AddLiquidity(BTC, Side.BUY, 119_990, 7))
    client.wait(0.2)
    assert [channel for channel, _ in client.told(session)] == [name, f"book.{BTC}.none.1.100ms"]


@pytest.mark.quirk("deribit.ws.combined-changes")
@pytest.mark.quirk("deribit.dedup.trade-id")
def test_one_message_tells_of_all_that_happened(client: Client) -> None:
    session = client.log_on()
    client.subscribe(session, "user.changes.any.any.raw", f"user.trades.{BTC}.raw")
    answer = client.trade("buy", 100)
    told = client.told(session)
    assert [channel for channel, _ in told] == [f"user.trades.{BTC}.raw", "user.changes.any.any.raw"]
    changes = told[1][1]
    assert set(changes) == {"instrument_name", "trades", "positions", "orders"}
    assert changes["positions"][0]["size"] == 100.0
    assert changes["orders"][-1]["order_state"] == "filled"
    ids = [answer["trades"][0]["trade_id"], told[0][1][0]["trade_id"], changes["trades"][0]["trade_id"]]
    assert len(set(ids)) == 1


@pytest.mark.quirk("deribit.ws.order-before-trade-across-channels")
def test_of_two_channels_either_may_be_first(client: Client) -> None:
    session, trades = client.log_on(), f"user.trades.{BTC}.raw"
    client.subscribe(session, trades, _ORDERS)
    number = _resting(client)
    client.told(session)
    client.command(FillOrder(BTC, number, 3))
    assert [channel for channel, _ in client.told(session)] == [trades, _ORDERS]
    client.venue.switch_quirk("deribit.ws.order-before-trade-across-channels", True)
    client.command(FillOrder(BTC, number, 3))
    assert [channel for channel, _ in client.told(session)] == [_ORDERS, trades]


@pytest.mark.quirk("deribit.ws.orders-object-or-list")
def test_orders_come_as_an_object_or_as_a_list(client: Client) -> None:
    session, slow = client.log_on(), "user.orders.future.BTC.100ms"
    client.subscribe(session, _ORDERS, slow)
    first, second = client.buy(), client.buy(price=58000)
    client.ask("private/cancel", order_id=first["order_id"])
    client.wait(0.2)
    told = client.told(session)
    assert [data["order_state"] for channel, data in told if channel == _ORDERS] == ["open", "open", "cancelled"]
    (rows,) = [data for channel, data in told if channel == slow]
    assert [(row["order_id"], row["order_state"]) for row in rows] == [
        (first["order_id"], "cancelled"),
        (second["order_id"], "open"),
    ]


@pytest.mark.quirk("deribit.ws.no-order-snapshot")
def test_order_channels_begin_with_nothing(client: Client) -> None:
    client.buy()
    session = client.log_on()
    client.subscribe(session, _ORDERS, f"user.trades.{BTC}.raw", "user.changes.any.any.raw")
    assert client.take(session) == []


@pytest.mark.quirk("deribit.ws.portfolio-lowercase")
@pytest.mark.quirk("deribit.currencies.watch-list")
def test_portfolios_are_told_in_small_letters(client: Client) -> None:
    session = client.log_on()
    names = [f"user.portfolio.{one}" for one in ("BTC", "ETH", "SOL", "USDC", "DOGE")]
    assert client.subscribe(session, *names) == names[:4]
    assert [channel for channel, _ in client.told(session)] == [name.lower() for name in names[:4]]
    client.trade("buy", 100)
    assert {channel for channel, _ in client.told(session)} == {"user.portfolio.btc"}
    other = client.log_on()
    client.subscribe(other, "user.portfolio.any")
    told = client.told(other)
    assert {channel for channel, _ in told} == {"user.portfolio.any"}
    assert [data["currency"] for _, data in told] == ["BTC", "ETH", "SOL", "USDC"]


@pytest.mark.quirk("deribit.account.eventual-consistency")
def test_the_portfolio_may_lag_behind(client: Client) -> None:
    client.venue.switch_quirk("deribit.account.eventual-consistency", True)
    late = client.log_on()
    client.subscribe(late, "user.portfolio.BTC")
    client.told(late)
    client.trade("buy", 100)
    assert client.told(late) == []
    client.wait(0.5)
    assert len(client.told(late)) == 1
    client.venue.switch_quirk("deribit.account.eventual-consistency", False)
    other = client.log_on()
    client.venue.closed(late, client.time())
    client.subscribe(other, "user.portfolio.BTC")
    client.told(other)
    client.trade("sell", 100)
    assert client.told(other)


@pytest.mark.quirk("deribit.ws.heartbeat-test-request")
@pytest.mark.quirk("deribit.ws.unknown-notification")
def test_heartbeats_want_an_answer(client: Client) -> None:
    session = client.open()
    assert client.call(session, "public/set_heartbeat", interval=10) == "ok"
    client.wait(5)
    client.call(session, "public/test")
    client.wait(5.1)
    beat = {"jsonrpc": "2.0", "method": "heartbeat", "params": {"type": "heartbeat"}}
    assert client.take(session) == [beat]
    client.wait(10)
    assert client.take(session) == [{**beat, "params": {"type": "test_request"}}]
    client.call(session, "public/test")
    client.wait(20)
    assert [frame["params"]["type"] for frame in client.take(session)] == ["heartbeat", "test_request"]
    client.wait(10)
    assert [one.session for one in client.closed] == [session]


def test_heartbeats_can_be_switched_off(client: Client) -> None:
    session = client.open()
    client.call(session, "public/set_heartbeat", interval=10)
    client.call(session, "public/disable_heartbeat")
    client.wait(60)
    assert client.take(session) == []
    assert client.closed == []


@pytest.mark.quirk("deribit.cod.cancel-on-disconnect")
def test_a_lost_connection_cancels_what_was_placed_over_it(client: Client) -> None:
    session = client.log_on()
    assert client.call(session, "private/enable_cancel_on_disconnect") == "ok"
    assert client.call(session, "private/get_cancel_on_disconnect") == {"scope": "connection", "enabled": True}
    placed = client.call(session, "private/buy", instrument_name=BTC, amount=100, price=59000)["order"]
    elsewhere = client.buy()
    client.venue.closed(session, client.time())
    gone = client.ask("private/get_order_state", order_id=placed["order_id"])
    assert (gone["order_state"], gone["cancel_reason"]) == ("cancelled", "cancel_on_disconnect")
    assert [row["order_id"] for row in client.ask("private/get_open_orders")] == [elsewhere["order_id"]]
    client.call(client.log_on(), "private/enable_cancel_on_disconnect", scope="account")
    assert client.call(client.log_on(), "private/get_cancel_on_disconnect")["enabled"] is True


@pytest.mark.quirk("deribit.cod.not-after-logout")
def test_logging_out_leaves_orders_and_silence_does_not(client: Client) -> None:
    session = client.log_on()
    client.call(session, "private/enable_cancel_on_disconnect")
    client.call(session, "private/buy", instrument_name=BTC, amount=100, price=59000)
    client.send(session, {"jsonrpc": "2.0", "id": 1, "method": "private/logout"})
    assert client.take(session) == []
    assert [(one.session, one.code) for one in client.closed] == [(session, 1000)]
    assert len(client.ask("private/get_open_orders")) == 1
    silent = client.log_on()
    client.call(silent, "private/enable_cancel_on_disconnect")
    client.call(silent, "private/buy", instrument_name=BTC, amount=100, price=58000)
    client.wait(601)
    assert client.closed[-1].session == silent
    assert len(client.ask("private/get_open_orders")) == 1


def test_channels_stay_until_they_are_given_back(client: Client) -> None:
    session = client.open()
    client.call(session, "public/subscribe", channels=[_BOOK])
    client.told(session)
    assert client.call(session, "public/unsubscribe", channels=[_BOOK]) == [_BOOK]
    client.command(AddLiquidity(BTC, Side.BUY, 119_990, 7))
    client.wait(0.2)
    assert client.take(session) == []


def test_tickers_quotes_and_incremental_ones(client: Client) -> None:
    session = client.log_on()
    names = [f"ticker.{BTC}.100ms", f"incremental_ticker.{BTC}", f"quote.{BTC}", "deribit_price_index.btc_usd"]
    client.subscribe(session, *names)
    begun = client.told(session)
    assert [channel for channel, _ in begun] == names
    assert begun[1][1]["type"] == "snapshot"
    client.move(60100)
    client.wait(1)
    told = dict(client.told(session))
    assert told[names[0]]["last_price"] == pytest.approx(60100, abs=1)
    assert told[names[1]]["type"] == "change"
    assert "open_interest" not in told[names[1]]
    assert told[names[2]]["best_bid_price"] == pytest.approx(60100, abs=2)
    assert told[names[3]] == {"index_name": "btc_usd", "price": 60100.0, "timestamp": told[names[3]]["timestamp"]}


def test_candles_are_told_while_they_run_and_when_they_close(client: Client) -> None:
    session, name = client.open(), f"chart.trades.{BTC}.1"
    client.call(session, "public/subscribe", channels=[name])
    client.told(session)
    client.wait(0.05)
    client.trade("buy", 100)
    client.wait(0.3)
    (running,) = client.told(session, name)
    assert (running["close"], running["status"]) == (60000.5, "ok")
    client.wait(61)
    told = client.told(session, name)
    assert told[0]["tick"] == running["tick"]
    assert told[1]["tick"] == running["tick"] + 60_000
    assert told[1]["status"] == "imputed"


def test_trades_and_perpetuals(client: Client) -> None:
    session = client.open()
    names = [f"trades.{USDC}.100ms", "trades.future.USDC.agg2", f"perpetual.{BTC}.100ms"]
    client.call(session, "public/subscribe", channels=names)
    client.trade("sell", 0.01, USDC)
    client.wait(1.1)
    told = client.told(session)
    one = [data for channel, data in told if channel == names[0]]
    assert [row["direction"] for row in one[0]] == ["sell"]
    assert [data[0]["instrument_name"] for channel, data in told if channel == names[1]] == [USDC]
    ticking = [data for channel, data in told if channel == names[2]]
    assert len(ticking) >= 10
    assert ticking[0]["interest"] == 0.0001
