"""WebSocket: acknowledgements, channels of the market and of accounts, order entry, heartbeats, quotas."""

from __future__ import annotations

from itertools import pairwise

import pytest
from tests.simulators.venues.support.client import SECOND_NS

from venueproof_simulators.engine.commands import AddLiquidity, FillOrder, PrintTrade
from venueproof_simulators.engine.state import Side

from .client import COIN, ETHER, SWAP, Client, order, over_socket

BOOKS = {"channel": "books", "instId": SWAP}


# --- the connection ---------------------------------------------------------------------------------------------------


@pytest.mark.quirk("okx.ws.text-ping")
def test_a_text_ping_keeps_a_connection_and_silence_ends_it(client: Client) -> None:
    session = client.open("public")
    for _ in range(3):
        client.wait(29)
        client.send(session, "ping")
    assert client.heard[session] == ["pong"] * 3
    client.wait(29)
    assert client.closed == []
    client.wait(1.5)
    assert [(one.session, one.code) for one in client.closed] == [(session, 4004)]


def test_what_is_pushed_keeps_a_connection_as_well(client: Client) -> None:
    session = client.open("public")
    client.subscribe(session, "trades", instId=SWAP)
    for _ in range(6):
        client.wait(20)
        client.command(PrintTrade(SWAP, 600_000, 1, Side.BUY))
    assert client.closed == []


@pytest.mark.quirk("okx.ws.echo-illegal-request")
@pytest.mark.parametrize(
    "frame",
    ["no json", "[1]", '{"op": "subscribe", "args": [{}], "surplus": 1}', '{"args": []}', '{"op": 1, "args": []}'],
)
def test_a_frame_that_makes_no_sense_is_echoed(client: Client, frame: str) -> None:
    session = client.open("private")
    refused = client.answer(session, frame)
    assert (refused["event"], refused["code"], "id" in refused) == ("error", "60012", False)
    assert refused["msg"] == f"Illegal request: {frame}"


BAD_FRAMES: list[tuple[dict[str, object], str]] = [
    ({"op": "nonsense", "args": [{}]}, "60019"),
    ({"op": "subscribe", "args": []}, "60013"),
    ({"op": "subscribe", "args": ["books"]}, "60013"),
    ({"op": "subscribe"}, "60013"),
    ({"op": "subscribe", "args": [{"channel": "nonsense"}]}, "60018"),
    ({"op": "subscribe", "args": [{"channel": "books"}]}, "60018"),
    ({"op": "subscribe", "args": [{"channel": "books", "instId": "BTC-USDT"}]}, "60018"),
    ({"op": "subscribe", "args": [{"instId": SWAP}]}, "60013"),
    ({"op": "subscribe", "args": [{"channel": ["books"]}]}, "60013"),
    ({"op": "subscribe", "args": [{"channel": "books", "uly": "BTC-USDT"}]}, "64000"),
    ({"op": "subscribe", "args": [{"channel": "books-l2-tbt", "instId": SWAP}]}, "60011"),
    ({"op": "subscribe", "args": [{"channel": "instruments", "instType": "CASH"}]}, "60018"),
    ({"op": "subscribe", "args": [{"channel": "orders", "instType": "SWAP"}]}, "60018"),
    ({"op": "order", "args": [{}]}, "60028"),
    ({"op": "login", "args": [{}, {}]}, "60013"),
    ({"op": "subscribe", "args": [{"channel": "books", "instId": "x" * 70_000}]}, "60013"),
]


@pytest.mark.parametrize(("frame", "code"), BAD_FRAMES)
def test_bad_frames_have_their_own_refusals(client: Client, frame: dict[str, object], code: str) -> None:
    refused = client.answer(client.open("public"), frame)
    assert (refused["event"], refused["code"]) == ("error", code)


def test_each_argument_is_acknowledged_by_itself(client: Client) -> None:
    session = client.open("public")
    args = [BOOKS, {"channel": "nonsense"}, {"channel": "tickers", "instId": SWAP}]
    client.send(session, {"id": "7", "op": "subscribe", "args": args})
    said = [(one["event"], one["id"]) for one in client.take(session) if "event" in one]
    assert said == [("subscribe", "7"), ("error", "7"), ("subscribe", "7")]
    client.send(session, {"op": "unsubscribe", "args": [BOOKS]})
    assert [one["event"] for one in client.take(session)] == ["unsubscribe"]


@pytest.mark.quirk("okx.ws.op-quota-480h")
def test_a_connection_has_a_quota_of_operations(client: Client) -> None:
    session = client.open("public")
    for number in range(480):
        op = "unsubscribe" if number % 2 else "subscribe"
        assert client.answer(session, {"op": op, "args": [BOOKS]})["event"] == op
    assert client.answer(session, {"op": "subscribe", "args": [BOOKS]})["code"] == "60014"
    client.aged_ns = 3600 * SECOND_NS
    assert client.answer(session, {"op": "subscribe", "args": [BOOKS]})["event"] == "subscribe"


@pytest.mark.quirk("okx.ws.service-upgrade-notice")
@pytest.mark.quirk("okx.ws.control-frames")
def test_the_venue_talks_about_connections(client: Client) -> None:
    sessions = [client.login(), client.login()]
    for number, session in enumerate(sessions, 1):
        client.subscribe(session, "orders", instType="SWAP")
        [count] = [one for one in client.take(session) if one["event"] == "channel-conn-count"]
        assert (count["channel"], count["connCount"]) == ("orders", str(number))
    client.venue.hub.announce_upgrade(client.time())
    client.collect()
    notices = [one for session in sessions for one in client.take(session)]
    assert [(one["event"], one["code"]) for one in notices] == [("notice", "64008")] * 2
    for _ in range(3):
        client.wait(20)
        for session in sessions:
            client.send(session, "ping")
    assert {one.code for one in client.closed} == {1001}


def test_no_more_than_thirty_connections_hold_a_private_channel(client: Client) -> None:
    for number in range(31):
        session = client.login()
        client.subscribe(session, "orders", instType="SWAP")
        told = client.take(session)[-1]["event"]
        assert told == ("channel-conn-count" if number < 30 else "channel-conn-count-error")
        client.heard = {one: [] for one in client.heard}
    client.place()
    assert client.take(31) == []


@pytest.mark.quirk("okx.ws.goes-silent")
def test_a_connection_can_fall_silent(client: Client) -> None:
    session = client.login()
    client.subscribe(session, "orders", instType="SWAP")
    client.subscribe(session, "account")
    client.heard[session].clear()
    client.venue.expire_credential(True, client.time())
    client.place()
    client.wait(6)
    client.send(session, "ping")
    assert (client.heard[session], client.closed) == (["pong"], [])
    client.venue.expire_credential(False, client.time())


# --- the market -------------------------------------------------------------------------------------------------------


@pytest.mark.quirk("okx.book.seq-gap")
def test_changes_of_a_book_are_chained_to_its_snapshot(client: Client) -> None:
    session = client.open("public")
    client.subscribe(session, "books", instId=SWAP)
    [snapshot] = client.take(session)
    assert (snapshot["action"], snapshot["data"][0]["prevSeqId"]) == ("snapshot", -1)
    for price in (590_000, 590_001):
        client.command(AddLiquidity(SWAP, Side.BUY, price, 5))
        client.wait(0.2)
    updates = client.take(session, "books")
    chain = [snapshot, *updates]
    assert [one["action"] for one in updates] == ["update", "update"]
    assert all(later["data"][0]["prevSeqId"] == row["data"][0]["seqId"] for row, later in pairwise(chain))
    late = client.open("public")
    client.command(AddLiquidity(SWAP, Side.BUY, 590_002, 5))
    client.subscribe(late, "books", instId=SWAP)
    client.command(AddLiquidity(SWAP, Side.BUY, 590_003, 5))
    client.wait(0.2)
    for one in (session, late):
        rows = client.rows(one, "books")
        assert all(later["prevSeqId"] == row["seqId"] for row, later in pairwise(rows)), "also for who came later"


@pytest.mark.quirk("okx.book.heartbeat-empty-update")
def test_a_quiet_book_says_so_once_in_a_minute(client: Client) -> None:
    session = client.open("public")
    client.subscribe(session, "books", instId=SWAP)
    [snapshot] = client.rows(session, "books")
    for _ in range(6):
        client.send(session, "ping")
        client.wait(20.2)
    rows = client.rows(session, "books")
    assert [(row["asks"], row["bids"], row["prevSeqId"]) for row in rows] == [([], [], snapshot["seqId"])] * 2
    assert all(row["prevSeqId"] == row["seqId"] for row in rows)


@pytest.mark.quirk("okx.book.seq-reset")
def test_numbers_of_a_book_fall_back_once_after_the_engine_was_away(client: Client) -> None:
    session = client.open("public")
    client.subscribe(session, "books", instId=SWAP)
    [snapshot] = client.rows(session, "books")
    client.venue.idle(client.now_ns + 5 * SECOND_NS, client.time())
    client.command(AddLiquidity(SWAP, Side.BUY, 590_000, 5))
    client.wait(1)
    assert client.rows(session, "books") == []
    client.wait(5)
    client.command(AddLiquidity(SWAP, Side.BUY, 590_001, 5))
    client.wait(0.2)
    first, second = client.rows(session, "books")
    assert first["prevSeqId"] == snapshot["seqId"] > first["seqId"]
    assert second["prevSeqId"] == first["seqId"] < second["seqId"]


def test_whole_books_have_neither_action_nor_checksum(client: Client) -> None:
    session = client.open("public")
    for channel, levels in (("books5", 5), ("bbo-tbt", 1)):
        client.subscribe(session, channel, instId=SWAP)
        client.command(AddLiquidity(SWAP, Side.BUY, 600_000, 5))
        client.wait(0.2)
        pushed = client.take(session, channel)
        assert len(pushed) == 2
        assert all("action" not in one and "checksum" not in one["data"][0] for one in pushed)
        assert len(pushed[-1]["data"][0]["bids"]) == levels
        assert pushed[-1]["data"][0]["bids"][0][0] == "60000"
        client.command(AddLiquidity(SWAP, Side.BUY, 590_000, 5))
        client.wait(0.2)
        assert client.take(session, channel) == [], "what lies deeper is not told"


def test_channels_of_the_market_tell_where_things_stand_and_then_changes(client: Client) -> None:
    public, business = client.open("public"), client.open("business")
    names = ("tickers", "mark-price", "price-limit", "open-interest", "funding-rate")
    for name in names:
        client.subscribe(public, name, instId=SWAP)
        assert [row["instId"] for row in client.rows(public, name)] == [SWAP]
    client.subscribe(public, "index-tickers", instId="BTC-USDT")
    assert [row["idxPx"] for row in client.rows(public, "index-tickers")] == ["60000"]
    for name in ("candle1m", "mark-price-candle1m"):
        client.subscribe(business, name, instId=SWAP)
        assert [row[-1] for row in client.rows(business, name)] == ["0"]
    client.heard[public].clear()
    client.move("60500")
    client.wait(4)
    told = {one["arg"]["channel"]: one["data"][0] for one in client.take(public)}
    assert (told["tickers"]["last"], told["mark-price"]["markPx"], told["price-limit"]["buyLmt"]) == (
        "60500",
        "60500",
        "61710",
    )
    client.send(business, "ping")
    client.wait(25)
    client.send(business, "ping")
    client.wait(31)
    closes = [one["data"][0] for one in client.take(business, "candle1m")]
    assert [row[-1] for row in closes][-1] == "1"
    assert closes[-1][4] == "60500"


# --- the account ------------------------------------------------------------------------------------------------------


@pytest.mark.quirk("okx.ws.fills-before-orders")
@pytest.mark.quirk("okx.ws.live-then-filled")
def test_a_fill_is_told_first_and_an_order_is_live_before_it_fills(client: Client) -> None:
    client.switch("okx.ws.fills-tier", False)
    session = client.login()
    for channel in ("orders", "fills", "positions", "account", "balance_and_position"):
        client.subscribe(session, channel, instType="ANY")
    client.heard[session].clear()
    client.market(clOrdId="abc1")
    pushed = client.take(session)
    assert [one["arg"]["channel"] for one in pushed] == [
        "orders",
        "fills",
        "orders",
        "positions",
        "account",
        "balance_and_position",
    ]
    rows = [one["data"][0] for one in pushed]
    assert [rows[0]["state"], rows[2]["state"], rows[0]["tradeId"]] == ["live", "filled", ""]
    assert rows[1]["tradeId"] == rows[2]["tradeId"] != ""
    assert rows[5]["trades"] == [{"instId": SWAP, "tradeId": rows[1]["tradeId"]}]
    assert pushed[3]["eventType"] == "event_update"


def test_each_fill_is_told_once_with_what_is_filled_so_far(client: Client) -> None:
    session = client.login()
    client.subscribe(session, "orders", instType="SWAP", instId=SWAP)
    client.place(sz="2")
    client.heard[session].clear()
    for lots in (50, 150):
        client.command(FillOrder(SWAP, 1, lots))
    rows = client.rows(session, "orders")
    assert [(row["state"], row["fillSz"], row["accFillSz"], row["fillFee"], row["execType"]) for row in rows] == [
        ("partially_filled", "0.5", "0.5", "-0.059", "M"),
        ("filled", "1.5", "2", "-0.177", "M"),
    ]


@pytest.mark.quirk("okx.ws.private-resubscribe")
def test_nothing_survives_a_connection(client: Client) -> None:
    first = client.login()
    client.subscribe(first, "orders", instType="SWAP")
    client.venue.closed(first, client.time())
    second = client.open("private")
    client.heard[first].clear()
    client.place()
    assert (client.take(first), client.take(second)) == ([], [])
    assert client.subscribe(second, "orders", instType="SWAP")["code"] == "60011"


@pytest.mark.quirk("okx.ws.orders-filter-args")
def test_a_filter_leaves_out_what_it_does_not_match(client: Client) -> None:
    session = client.login()
    client.subscribe(session, "orders", instType="SWAP", instId=SWAP)
    client.subscribe(session, "orders", instType="ANY", instFamily="BTC-USD")
    client.heard[session].clear()
    client.place(instId=ETHER, px="2990")
    client.place()
    client.place(instId=COIN, px="59000")
    pushed = client.take(session)
    assert [one["data"][0]["instId"] for one in pushed] == [SWAP, COIN]
    assert pushed[0]["arg"] == {
        "channel": "orders",
        "instType": "SWAP",
        "instId": SWAP,
        "uid": client.ask("account/config")[0]["uid"],
    }


@pytest.mark.quirk("okx.ws.one-private-socket")
def test_one_connection_tells_of_both_products(client: Client) -> None:
    session = client.login()
    for channel in ("orders", "positions", "account"):
        client.subscribe(session, channel, instType="ANY")
    client.heard[session].clear()
    client.market()
    client.market(instId=COIN)
    rows = client.take(session)
    assert [row["data"][0]["instId"] for row in rows if row["arg"]["channel"] == "positions"] == [SWAP, COIN]
    [last] = [one["data"][0] for one in rows if one["arg"]["channel"] == "account"][-1:]
    assert {one["ccy"] for one in last["details"] if one["imr"] != "0"} == {"USDT", "BTC"}


def test_account_and_positions_begin_with_a_snapshot_and_go_on_by_the_clock(client: Client) -> None:
    client.market()
    session = client.login()
    for channel in ("account", "positions"):
        client.subscribe(session, channel, instType="ANY")
        [one] = client.take(session, channel)
        assert (one["eventType"], one["curPage"], one["lastPage"], len(one["data"])) == ("snapshot", 1, True, 1)
    client.wait(5.1)
    assert {one["eventType"] for one in client.take(session)} == {"interval_update"}
    client.post("trade/close-position", {"instId": SWAP, "mgnMode": "cross"})
    assert [row["pos"] for row in client.rows(session, "positions")] == ["0"], "told once more when it is closed"
    quiet = client.login()
    client.subscribe(quiet, "account", extraParams='{"updateInterval": "0"}')
    client.heard[quiet].clear()
    client.wait(6)
    assert client.take(quiet) == []


@pytest.mark.quirk("okx.trade.duplicate-fill-on-reconnect")
def test_two_overlapping_subscriptions_tell_the_same_fill(client: Client) -> None:
    session = client.login()
    client.subscribe(session, "orders", instType="SWAP")
    client.subscribe(session, "orders", instType="ANY")
    client.market()
    trades = [row["tradeId"] for row in client.rows(session, "orders") if row["tradeId"]]
    assert (len(trades), len(set(trades))) == (2, 1)
    assert [row["tradeId"] for row in client.ask("trade/fills-history", instType="SWAP")] == trades[:1]


# --- order entry ------------------------------------------------------------------------------------------------------


@pytest.mark.quirk("okx.ws.order-placement")
def test_orders_are_placed_amended_and_canceled_over_the_socket(client: Client) -> None:
    session = client.login()
    placed = client.operate(session, "order", over_socket(clOrdId="abc1"))
    [row] = placed["data"]
    assert (placed["id"], placed["op"], placed["code"], placed["msg"]) == ("1512", "order", "0", "")
    assert (row["sCode"], row["sMsg"]) == ("0", "Order successfully placed.")
    named = {"instIdCode": 10459, "ordId": row["ordId"]}
    assert client.operate(session, "amend-order", named | {"newPx": "58000"})["code"] == "0"
    assert client.order(row["ordId"])["px"] == "58000"
    assert client.operate(session, "cancel-order", named)["code"] == "0"
    assert client.order(row["ordId"])["state"] == "canceled"
    many = client.operate(
        session, "batch-orders", over_socket(), over_socket(sz="0"), over_socket() | {"instIdCode": 1}
    )
    assert (many["code"], [one["sCode"] for one in many["data"]]) == ("2", ["0", "51000", "51001"])
    options = {"instType": "OPTION", "instFamily": "BTC-USD"}
    assert client.operate(session, "mass-cancel", options)["data"] == [{"result": True}]


@pytest.mark.quirk("okx.ws.order-error-msg-empty")
def test_a_refused_operation_says_why_in_its_row_alone(client: Client) -> None:
    session = client.login()
    refused = client.operate(session, "order", over_socket(sz="100000"))
    assert (refused["code"], refused["msg"], refused["data"][0]["sCode"]) == ("1", "", "51008")
    assert client.operate(client.open("private"), "order", over_socket())["code"] == "60011"


def test_sockets_and_requests_share_the_budget_of_orders(client: Client) -> None:
    session = client.login()
    for _ in range(60):
        client.operate(session, "order", over_socket(sz="0.001"))
    assert client.operate(session, "order", over_socket())["code"] == "50011"
    assert client.refused("POST", "trade/order", order()) == (429, "50011")
