"""Streams: what a subscription is answered, what each feed sends, and what ends a connection."""

from __future__ import annotations

from typing import Any

import pytest
from tests.simulators.venues.support.client import ADDRESS, SECOND_NS

from venueproof_simulators.engine.commands import AddLiquidity
from venueproof_simulators.engine.events import Forgotten
from venueproof_simulators.engine.state import Side
from venueproof_simulators.host.venue import HttpRequest

from .client import PF, PI, V3, Client, decoded


@pytest.mark.quirk("kraken.candle.no-ws-feed")
@pytest.mark.quirk("kraken.ws.no-order-entry")
@pytest.mark.parametrize(
    ("frame", "event", "message"),
    [
        ("{", "error", "Json Error"),
        (b"\xff\xfe", "error", "Json Error"),
        ("[]", "error", "Json Error"),
        ('"text"', "error", "Json Error"),
        ({"event": "challenge"}, "error", "Json Error"),
        ({"event": "challenge", "api_key": 7}, "error", "Json Error"),
        ({"event": "add_order", "symbol": PF}, "alert", "Bad websocket message"),
        ({"feed": "ticker"}, "alert", "Bad websocket message"),
        ({"event": "subscribe"}, "alert", "Bad websocket message"),
        ({"event": "subscribe", "feed": ["ticker"]}, "alert", "Bad websocket message"),
        ({"event": "subscribe", "feed": "candles", "product_ids": [PF]}, "error", "Invalid feed"),
        ({"event": "subscribe", "feed": "ticker", "product_ids": ["PF_NONEUSD"]}, "error", "Invalid product id"),
        ({"event": "subscribe", "feed": "ticker"}, "error", "Invalid product id"),
        ({"event": "subscribe", "feed": "book", "product_ids": [PF, 1]}, "error", "Invalid product id"),
        ({"event": "unsubscribe", "feed": "candles"}, "error", "Invalid feed"),
    ],
)
def test_what_cannot_be_carried_out_has_its_answer(client: Client, frame: Any, event: str, message: str) -> None:
    session = client.open()
    assert client.take(session) == [{"event": "info", "version": 1}]
    assert client.say(session, frame) == [{"event": event, "message": message}]
    assert client.say(session, {"event": "ping"}) == [{"event": "pong"}]


@pytest.mark.quirk("kraken.ws.book-seq-gap")
def test_book_changes_are_numbered_one_level_a_frame(client: Client) -> None:
    session = client.open()
    ack, snapshot = client.subscribe(session, "book", PF)[1:]
    assert ack == {"event": "subscribed", "feed": "book", "product_ids": [PF]}
    assert list(snapshot) == ["feed", "product_id", "timestamp", "seq", "tickSize", "bids", "asks"]
    bids = {level["price"]: level["qty"] for level in snapshot["bids"]}
    client.placed(limitPrice=59500)
    client.market("sell", size=2)
    seq = snapshot["seq"]
    for change in client.take(session):
        seq += 1
        assert (change["seq"], change["product_id"]) == (seq, PF)
        if change["side"] == "buy":
            bids[change["price"]] = change["qty"]
    again = client.subscribe(session, "book", PF)[-1]
    assert {level["price"]: level["qty"] for level in again["bids"]} == {
        price: qty for price, qty in bids.items() if qty
    }
    assert again["seq"] == seq


@pytest.mark.quirk("kraken.ws.already-subscribed")
def test_subscribing_twice_is_an_alert_and_a_new_snapshot(client: Client) -> None:
    session = client.open()
    first = client.subscribe(session, "trade", PF)[1:]
    again = client.subscribe(session, "trade", PF)
    assert again == [{"event": "alert", "message": "Already subscribed to feed, re-requesting"}, *first]
    client.market(size="0.001")
    assert [frame["feed"] for frame in client.take(session)] == ["trade"]
    gone = client.say(session, {"event": "unsubscribe", "feed": "trade", "product_ids": [PF.lower()]})
    assert gone == [{"event": "unsubscribed", "feed": "trade", "product_ids": [PF]}]
    client.market(size="0.001")
    assert client.take(session) == []


def test_trades_of_a_snapshot_are_those_that_are_streamed(client: Client) -> None:
    session = client.open()
    client.subscribe(session, "trade", PF)
    client.market(size="0.001")
    (trade,) = client.take(session)
    snapshot = client.subscribe(session, "trade", PF)[-1]
    assert (snapshot["feed"], snapshot["trades"][0], len(snapshot["trades"])) == ("trade_snapshot", trade, 100)
    assert list(trade) == ["feed", "product_id", "uid", "side", "type", "seq", "time", "qty", "price"]
    assert client.ask("GET", "fills")["fills"][0]["fill_id"] == trade["uid"]


def test_tickers_come_once_a_second_when_something_moved(client: Client) -> None:
    session = client.open()
    first = client.subscribe(session, "ticker", PF)[-1]
    lite = client.subscribe(session, "ticker_lite", "FI_XBTUSD_261225")[-1]
    dated = client.subscribe(session, "ticker", "FI_XBTUSD_261225")[-1]
    assert (first["dtm"], first["maturityTime"], "funding_rate" in dated) == (0, 0, False)
    assert (lite["dtm"], lite["maturityTime"], lite["tag"]) == (31, 1798214400000, "quarter")
    assert {name for name, value in first.items() if isinstance(value, str)} == {
        "product_id",
        "feed",
        "leverage",
        "tag",
        "pair",
    }
    client.wait(5)
    assert client.take(session) == []
    client.market(size="0.001")
    client.wait(1)
    assert [frame["product_id"] for frame in client.take(session)] == [PF]


def test_the_heartbeat_beats(client: Client) -> None:
    session = client.open()
    assert client.say(session, {"event": "subscribe", "feed": "heartbeat"})[1] == {
        "event": "subscribed",
        "feed": "heartbeat",
    }
    client.wait(3)
    beats = client.take(session)
    assert [beat["time"] % 1000 for beat in beats] == [0, 0, 0]
    assert client.say(session, {"event": "unsubscribe", "feed": "heartbeat"})[0]["event"] == "unsubscribed"


# --- of an account ----------------------------------------------------------------------------------------------------


@pytest.mark.quirk("kraken.ws.zero-means-unset")
def test_what_has_no_price_says_zero(client: Client) -> None:
    session = client.listen("open_orders")
    client.placed(cliOrdId="a1")
    client.stop()
    limit, stop = (frame["order"] for frame in client.take(session))
    assert '"stop_price":0.0' in str(client.messages[-2].payload)
    assert '"limit_price":0.0' in str(client.messages[-1].payload)
    assert (limit["limit_price"], limit["type"], stop["stop_price"], stop["type"]) == (
        59000.0,
        "limit",
        58000.0,
        "stop",
    )
    assert (stop["triggerSignal"], "triggerSignal" in limit) == ("last", False)
    again = client.say(session, {"event": "subscribe", "feed": "open_orders_verbose", **client.proof(session)})
    assert again[-1]["orders"] == [limit, stop]


@pytest.mark.quirk("kraken.ws.qty-is-remaining")
@pytest.mark.quirk("kraken.ws.is-cancel-means-removed")
@pytest.mark.quirk("kraken.ws.full-form-removal-ignored")
def test_filled_is_cumulative_and_a_full_fill_is_a_removal_in_full(client: Client) -> None:
    session = client.listen("open_orders", "fills")
    uid = client.placed()
    client.fill(uid, 2000)
    client.fill(uid, 1000)
    client.fill(uid)
    frames = [frame for frame in client.take(session) if frame["feed"] == "open_orders"]
    told = [(frame["order"]["qty"], frame["order"]["filled"], frame["is_cancel"], frame["reason"]) for frame in frames]
    assert told == [
        (0.5, 0.0, False, "new_placed_order_by_user"),
        (0.3, 0.2, False, "partial_fill"),
        (0.2, 0.3, False, "partial_fill"),
        (0.0, 0.5, True, "full_fill"),
    ]


def test_a_cancel_is_told_in_short(client: Client) -> None:
    session = client.listen("open_orders")
    uid = client.placed()
    client.take(session)
    client.ask("POST", "cancelorder", order_id=uid)
    assert client.take(session) == [
        {"feed": "open_orders", "order_id": uid, "is_cancel": True, "reason": "cancelled_by_user"}
    ]


def test_a_post_order_that_would_take_is_told_by_the_verbose_feed_alone(client: Client) -> None:
    session = client.listen("open_orders", "open_orders_verbose")
    client.submit(orderType="post", limitPrice=60500, cliOrdId="p1")
    (frame,) = client.take(session)
    assert (frame["feed"], frame["is_cancel"]) == ("open_orders_verbose", True)
    assert frame["reason"] == "post_order_failed_because_it_would_filled"
    assert (frame["order"]["cli_ord_id"], frame["order"]["limit_price"]) == ("p1", 60500.0)


@pytest.mark.quirk("kraken.ws.fill-dedup")
def test_fills_are_told_again_on_each_subscription(client: Client) -> None:
    session = client.listen("fills")
    client.market(size="0.1", cliOrdId="m1")
    (frame,) = client.take(session)
    (live,) = frame["fills"]
    assert (frame["feed"], "username" in frame) == ("fills", True)
    assert (live["fee_paid"], live["fee_currency"], live["fill_type"], live["buy"]) == (3.00005, "USD", "taker", True)
    for _ in range(2):
        snapshot = client.say(session, {"event": "subscribe", "feed": "fills", **client.proof(session)})[-1]
        (told,) = snapshot["fills"]
        assert told == {name: value for name, value in live.items() if name != "cli_ord_id"}


@pytest.mark.quirk("kraken.ws.positions-full-list")
def test_positions_are_a_list_of_all_once_a_second(client: Client) -> None:
    session = client.listen("open_positions")
    client.market()
    client.market(symbol=PI, size=100)
    assert client.take(session) == []
    client.wait(1)
    (frame,) = client.take(session)
    assert [row["instrument"] for row in frame["positions"]] == [PF, PI]
    client.market("sell")
    client.wait(1)
    (after,) = client.take(session)
    assert [row["instrument"] for row in after["positions"]] == [PI]
    assert after["seq"] == frame["seq"] + 1


def test_balances_are_told_whole_and_then_by_group(client: Client) -> None:
    session = client.open()
    frames = client.say(session, {"event": "subscribe", "feed": "balances", **client.proof(session)})
    assert list(frames[-1]) == ["feed", "account", "seq", "timestamp", "holding", "futures", "flex_futures"]
    client.market(symbol=PI, size=100)
    (delta,) = client.take(session)
    assert list(delta) == ["feed", "account", "seq", "timestamp", "futures"]
    assert (frames[-1]["feed"], delta["feed"]) == ("balances_snapshot", "balances")


def test_the_log_is_streamed_row_by_row(client: Client) -> None:
    client.market()
    session = client.listen("account_log")
    client.market("sell")
    frames = client.take(session)
    assert [(frame["feed"], frame["new_entry"]["id"]) for frame in frames] == [("account_log", 3), ("account_log", 4)]
    assert frames[-1]["new_entry"] == client.history("account-log")["logs"][0]


def test_what_is_forgotten_is_missing_from_the_past_and_new_rows_go_on(client: Client) -> None:
    client.market()
    session = client.listen("account_log")
    books = client.venue.desk.books
    (order,) = client.venue.engine.orders("trader")
    books.forget(Forgotten(((PF, order.order_id),), ()))
    del books.of("trader").log[:1]
    assert client.history("orders")["elements"] == []
    client.market("sell")
    assert [frame["new_entry"]["id"] for frame in client.take(session)] == [3, 4]
    assert [row["id"] for row in client.history("account-log")["logs"]] == [4, 3, 2]


def test_notices_are_sent_on_subscription(client: Client) -> None:
    client.venue.owner.notices.append({"type": "general", "priority": "low", "note": "hello"})
    session = client.open()
    frames = client.say(session, {"event": "subscribe", "feed": "notifications_auth", **client.proof(session)})
    assert frames[-1]["notifications"] == [{"id": 1, "type": "general", "priority": "low", "note": "hello"}]
    assert client.ask("GET", "notifications")["notifications"][0]["note"] == "hello"


@pytest.mark.quirk("kraken.ws.goes-silent")
def test_a_subscription_may_end_with_or_without_a_word(client: Client) -> None:
    session = client.listen("fills", "open_positions")
    client.venue.expire_credential(True, client.time())
    client.market()
    client.wait(1)
    assert client.take(session) == []
    client.say(session, {"event": "subscribe", "feed": "fills", **client.proof(session)})
    client.venue.expire_credential(False, client.time())
    client.collect()
    assert client.take(session) == [{"event": "alert", "message": "Failed to subscribe to authenticated feed"}]


# --- connections ------------------------------------------------------------------------------------------------------


@pytest.mark.quirk("kraken.ws.ping-60s")
def test_silence_ends_a_connection(client: Client) -> None:
    silent, pings, native = client.open(), client.open(), client.open()
    for _ in range(3):
        client.wait(25)
        client.say(pings, {"event": "ping"})
        client.venue.heard(native, "ping", client.time())
        client.venue.heard(silent, "pong", client.time())
    assert [(end.session, end.code) for end in client.closed] == [(silent, 1000)]


@pytest.mark.quirk("kraken.ws.resubscribe")
def test_a_new_connection_knows_nothing(client: Client) -> None:
    session = client.listen("fills")
    client.venue.closed(session, client.time())
    again = client.open()
    client.market()
    assert client.take(again) == [{"event": "info", "version": 1}]
    assert client.venue.account_sessions() == frozenset()
    assert client.say(again, {"event": "subscribe", "feed": "fills"})[0]["event"] == "alert"


def test_connections_and_frames_are_counted(client: Client) -> None:
    session = client.open()
    for _ in range(101):
        client.say(session, {"event": "ping"})
    assert [(end.session, end.code) for end in client.closed] == [(session, 1008)]
    for _ in range(100):
        client.open()
    refusal = client.venue.open(999, HttpRequest("futures", "GET", "/ws/v1", "", {}, b"", ADDRESS), client.time())
    assert refusal is not None
    assert refusal.status == 429
    other = HttpRequest("futures", "GET", "/ws/v2", "", {}, b"", ADDRESS)
    assert getattr(client.venue.open(1000, other, client.time()), "status", None) == 404


def test_a_closed_venue_serves_nobody(client: Client) -> None:
    session = client.open()
    client.subscribe(session, "ticker", PF)
    client.venue.maintenance(client.now_ns + 10 * SECOND_NS, client.time())
    reply = client.request("GET", V3 + "tickers")
    assert (reply.status, decoded(reply)["error"]) == (503, "unavailable")
    handshake = HttpRequest("futures", "GET", "/ws/v1", "", {}, b"", ADDRESS)
    assert getattr(client.venue.open(77, handshake, client.time()), "status", None) == 503
    client.command(AddLiquidity(PF, Side.SELL, 60001, 10))
    client.wait(5)
    assert client.take(session) == []
    client.wait(6)
    assert [frame["feed"] for frame in client.take(session)] == ["ticker"]
    client.venue.ban(ADDRESS, client.now_ns + SECOND_NS, client.time())
    assert client.request("GET", V3 + "tickers").status == 429
