"""What public and private connections say, and in which form."""

from __future__ import annotations

from typing import Any

import pytest

from venueproof_simulators.engine.commands import AddLiquidity, FillOrder, PrintTrade, SetMark, SetPrice
from venueproof_simulators.engine.state import Side

from .client import Client, order

MEANINGLESS: list[object] = [
    "",
    "{",
    "[]",
    "7",
    b"\xff\x00",
    '{"op":"dance"}',
    '{"op":["ping"]}',
    '{"args":[]}',
    '{"op":"order.create","args":[{}]}',
]
NO_TOPICS: list[object] = [
    None,
    [],
    "order",
    [7],
    ["nonsense"],
    ["kline.480.BTCUSDT"],
    ["tickers.NOPE"],
    ["tickers.BTCUSD"],
    ["orderbook.25.BTCUSDT"],
]


@pytest.mark.quirk("bybit.candles.ws-key-order")
def test_a_streamed_candle_names_close_before_high_and_low(client: Client) -> None:
    session = client.watch("kline.1.BTCUSDT")
    client.command(PrintTrade("BTCUSDT", 601_000, 100, Side.BUY))
    client.wait(1)
    [message] = client.take(session)
    [row] = message["data"]
    assert list(row)[:8] == ["start", "end", "interval", "open", "close", "high", "low", "volume"]
    assert (row["end"] - row["start"], row["confirm"], row["interval"]) == (59_999, False, "1")
    client.wait(60)
    assert client.take(session)[0]["data"][0]["confirm"] is True


@pytest.mark.quirk("bybit.market.ticker-delta")
def test_a_streamed_ticker_carries_what_changed(client: Client) -> None:
    client.wait(1)
    session = client.watch("tickers.BTCUSDT")
    [whole] = client.take(session)
    assert (whole["type"], "deliveryTime" in whole["data"], "tickDirection" in whole["data"]) == (
        "snapshot",
        False,
        True,
    )
    client.command(AddLiquidity("BTCUSDT", Side.BUY, 600_000, 5))
    client.wait(0.1)
    [delta] = client.take(session)
    assert delta["type"] == "delta"
    assert set(delta["data"]) == {"symbol", "bid1Price", "bid1Size"}
    assert delta["cs"] == whole["cs"] + 1


def follow(book: dict[str, dict[str, str]], message: Any) -> None:
    """Let a book follow a message, as a client does."""
    if message["type"] == "snapshot":
        book["b"], book["a"] = {}, {}
    for side in "ba":
        for price, amount in message["data"][side]:
            if amount == "0":
                del book[side][price]
            else:
                book[side][price] = amount


@pytest.mark.quirk("bybit.ws.book-reset-u1")
def test_a_book_is_kept_by_its_changes_and_begins_anew(client: Client) -> None:
    session = client.watch("orderbook.50.BTCUSDT")
    book: dict[str, dict[str, str]] = {}
    for price in ("60100", "59900", "60050"):
        client.command(SetPrice("BTCUSDT", int(price) * 10))
        client.wait(0.05)
    messages = client.take(session)
    numbers = [message["data"]["u"] for message in messages]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert [message["type"] for message in messages] == ["snapshot"] + ["delta"] * (len(messages) - 1)
    for message in messages:
        follow(book, message)
    shown = client.get("market/orderbook", category="linear", symbol="BTCUSDT", limit=50)
    assert book["b"] == {price: amount for price, amount in shown["b"]}
    assert book["a"] == {price: amount for price, amount in shown["a"]}

    client.venue.idle(client.time().age_ns + 10**9, client.time())
    client.collect()
    [again] = client.take(session)
    assert (again["type"], again["data"]["u"]) == ("snapshot", 1)
    follow(book, again)
    assert book["b"] == {price: amount for price, amount in shown["b"]}


@pytest.mark.quirk("bybit.ws.book-depth1-snapshots")
def test_the_book_of_depth_one_is_repeated_while_nothing_changes(client: Client) -> None:
    session = client.watch("orderbook.1.BTCUSDT")
    client.wait(3.5)
    client.command(AddLiquidity("BTCUSDT", Side.BUY, 600_000, 5))
    client.wait(0.1)
    told = client.take(session)
    assert {message["type"] for message in told} == {"snapshot"}
    numbers = [message["data"]["u"] for message in told]
    assert numbers == [numbers[0], numbers[0], numbers[0] + 1]
    assert all(len(message["data"]["b"]) == 1 for message in told)


def test_trades_of_a_moment_come_together_and_in_order(client: Client) -> None:
    session = client.watch("publicTrade.BTCUSDT")
    for ticks in (600_100, 600_100, 600_050):
        client.command(PrintTrade("BTCUSDT", ticks, 10, Side.SELL))
    client.wait(0.1)
    [message] = client.take(session)
    assert [row["p"] for row in message["data"]] == ["60010.00", "60010.00", "60005.00"]
    assert [row["L"] for row in message["data"]] == ["PlusTick", "ZeroPlusTick", "MinusTick"]
    assert {row["S"] for row in message["data"]} == {"Sell"}


@pytest.mark.quirk("bybit.ws.auth-shapes")
def test_the_answer_to_a_login_differs_by_connection(client: Client) -> None:
    private, trade = client.open("/v5/private"), client.open("/v5/trade")
    told = client.login(private)
    assert {name: told[name] for name in ("success", "ret_msg", "op")} == {"success": True, "ret_msg": "", "op": "auth"}
    assert set(told) == {"success", "ret_msg", "op", "conn_id"}
    told = client.login(trade)
    assert (set(told), told["retCode"], told["retMsg"]) == ({"retCode", "retMsg", "op", "connId"}, 0, "OK")
    assert client.login(trade)["retCode"] == 20001


@pytest.mark.quirk("bybit.auth.ws-expires")
def test_a_login_that_has_expired_fails(client: Client) -> None:
    for path in ("/v5/private", "/v5/trade"):
        session = client.open(path)
        now = client.time().wire_ms
        assert succeeded(client.login(session, expires=str(now))) is False
        assert succeeded(client.login(session, signature="0" * 64)) is False
        assert succeeded(client.login(session, key="nobody")) is False
        assert succeeded(client.login(session, expires="soon")) is False
        assert succeeded(client.login(session, expires=str(now + 1))) is True
    session = client.open("/v5/private")
    refused = client.login(session, key="nobody")
    assert (refused["ret_msg"], refused["request"]["op"]) == ("error:USVC1111", "auth")


def succeeded(told: Any) -> bool:
    return bool(told["success"]) if "success" in told else told["retCode"] == 0


@pytest.mark.quirk("bybit.ws.resubscribe-after-reconnect")
@pytest.mark.quirk("bybit.reconcile.on-reconnect")
def test_nothing_is_restored_or_told_again_on_a_new_connection(client: Client) -> None:
    first = client.listen("order", "execution")
    client.venue.closed(first, client.time())
    placed = client.place()
    client.command(FillOrder("BTCUSDT", 1, 5))
    second = client.open("/v5/private")
    assert client.subscribe(second, "order")["ret_msg"] == "Request not authorized"
    client.login(second)
    client.subscribe(second, "order", "execution")
    assert client.take(second) == []
    assert client.shown(placed)["cumExecQty"] == "0.005"
    client.command(FillOrder("BTCUSDT", 1, 5))
    assert [row["orderStatus"] for row in client.rows(second, "order")] == ["Filled"]


@pytest.mark.quirk("bybit.ws.position-entry-price")
@pytest.mark.quirk("bybit.ws.position-noise")
def test_positions_are_told_on_every_order_and_under_other_names(client: Client) -> None:
    session = client.listen("position")
    client.place()
    [noise] = client.rows(session, "position")
    assert [noise[name] for name in ("side", "size", "entryPrice", "takeProfit")] == ["", "0", "0", "0"]
    client.market()
    told = client.rows(session, "position")[-1]
    asked = client.position()
    assert (told["entryPrice"], "avgPrice" in told) == (asked["avgPrice"], False)
    assert (told["category"], told["side"], told["size"]) == ("linear", "Buy", "0.01")


@pytest.mark.quirk("bybit.ws.wallet-no-upl")
def test_a_wallet_is_told_when_it_changes_and_not_when_mark_moves(client: Client) -> None:
    client.market()
    session = client.listen("wallet", "position")
    client.command(SetMark("BTCUSDT", mark_ticks=610_000))
    client.wait(5)
    assert client.take(session) == []
    client.market("Sell", reduceOnly=True)
    assert len(client.rows(session, "wallet")) == 1


@pytest.mark.quirk("bybit.ws.fill-delay-dup-miss")
def test_each_fill_is_told_once_on_each_topic(client: Client) -> None:
    session = client.listen("execution", "execution.fast.linear")
    client.place(qty="0.02")
    for _ in range(2):
        client.command(FillOrder("BTCUSDT", 1, 10))
    told = client.take(session)
    rows = [message["data"][0] for message in told if message["topic"] == "execution"]
    assert len({row["execId"] for row in rows}) == 2
    assert [row["leavesQty"] for row in rows] == ["0.01", "0"]
    fast = [message for message in told if message["topic"] == "execution.fast.linear"]
    assert len(fast) == 2
    assert "id" not in fast[0]
    assert "execFee" not in fast[0]["data"][0]


def test_topics_of_one_category_are_told_under_their_name(client: Client) -> None:
    session = client.listen("order.inverse")
    client.place()
    client.place(category="inverse", symbol="BTCUSD", qty="100")
    [message] = client.take(session)
    assert (message["topic"], message["data"][0]["symbol"]) == ("order.inverse", "BTCUSD")
    refused = client.subscribe(session, "order", "order.linear")
    assert refused["success"] is False


def test_acknowledgements_differ_between_public_and_private(client: Client) -> None:
    public = client.open("/v5/public/linear")
    told = client.answer(public, {"op": "subscribe", "req_id": 7, "args": ["tickers.BTCUSDT"]})
    assert {name: told[name] for name in ("success", "ret_msg", "req_id", "op")} == {
        "success": True,
        "ret_msg": "subscribe",
        "req_id": "7",
        "op": "subscribe",
    }
    private = client.open("/v5/private")
    client.login(private)
    told = client.answer(private, {"op": "subscribe", "args": ["order"]})
    assert (told["ret_msg"], told["req_id"]) == ("", "")
    told = client.answer(private, {"op": "unsubscribe", "req_id": "8", "args": ["order"]})
    assert (told["success"], told["op"], told["req_id"]) == (True, "unsubscribe", "8")
    client.place()
    assert client.take(private) == []


@pytest.mark.parametrize("frame", MEANINGLESS, ids=str)
@pytest.mark.parametrize("path", ["/v5/public/linear", "/v5/private"])
def test_a_frame_that_means_nothing_is_answered(client: Client, frame: object, path: str) -> None:
    told = client.answer(client.open(path), frame)
    assert (told["success"], told["ret_msg"]) == (False, "error:invalid op")


@pytest.mark.parametrize("args", NO_TOPICS, ids=str)
def test_topics_that_do_not_exist_are_refused(client: Client, args: object) -> None:
    session = client.open("/v5/public/linear")
    told = client.answer(session, {"op": "subscribe", "args": args})
    assert told["success"] is False
    assert told["ret_msg"].startswith("error:")
    assert client.answer(session, {"op": "unsubscribe", "args": args})["success"] is True


def test_too_many_topics_are_refused(client: Client) -> None:
    spot = client.open("/v5/public/spot")
    names = [f"tickers.SYMBOL{number}" for number in range(11)]
    assert client.subscribe(spot, *names)["ret_msg"] == "args size >10"
    linear = client.open("/v5/public/linear")
    assert client.subscribe(linear, *("tickers." + "X" * 100 + str(n) for n in range(200)))["ret_msg"].startswith(
        "args"
    )


@pytest.mark.quirk("bybit.env.maintenance-failover")
def test_a_closed_venue_says_so_and_opens_again(client: Client) -> None:
    status = client.open("/v5/public/misc/status")
    assert client.subscribe(status, "system.status")["success"]
    client.venue.maintenance(client.time().age_ns + 60 * 10**9, client.time())
    client.collect()
    assert client.rows(status, "system.status")[0]["state"] == "ongoing"
    reply = client.signed("POST", "/v5/order/create", **order())
    assert reply.status == 503
    with pytest.raises(AssertionError, match="503"):
        client.open("/v5/private")
    client.wait(61)
    assert client.rows(status, "system.status")[0]["state"] == "completed"
    client.place()


def test_orders_are_cancelled_when_the_last_guarded_connection_is_gone(client: Client) -> None:
    client.post("order/disconnected-cancel-all", timeWindow=10)
    session, plain = client.listen("dcp", "order"), client.listen("order")
    kept = client.place()
    client.venue.closed(session, client.time())
    client.wait(5)
    client.venue.closed(client.listen("dcp"), client.time())
    client.wait(9)
    assert client.shown(kept)["orderStatus"] == "New"
    client.wait(2)
    assert client.shown(kept)["orderStatus"] == "Cancelled"
    assert client.rows(plain, "order")[-1]["orderStatus"] == "Cancelled"


def test_a_liquidation_is_told_to_everybody(client: Client) -> None:
    client.post("account/set-margin-mode", setMarginMode="ISOLATED_MARGIN")
    client.post("position/set-leverage", category="linear", symbol="BTCUSDT", buyLeverage="50", sellLeverage="50")
    client.market(qty="0.1")
    resting = client.place(price="50000")
    public, private = client.watch("allLiquidation.BTCUSDT"), client.listen("execution", "order")
    client.move("58000")
    client.wait(1)
    rows = client.rows(public, "allLiquidation.BTCUSDT")
    assert {(row["s"], row["S"]) for row in rows} == {("BTCUSDT", "Buy")}
    told = client.take(private)
    assert {m["data"][0]["execType"] for m in told if m["topic"] == "execution"} == {"BustTrade"}
    orders = {m["data"][0]["orderId"]: m["data"][0] for m in told if m["topic"] == "order"}
    ended = orders.pop(resting)
    assert (ended["orderStatus"], ended["cancelType"]) == ("Cancelled", "CancelAllBeforeLiq")
    assert {row["createType"] for row in orders.values()} == {"CreateByLiq"}
    assert client.position()["size"] == "0"
