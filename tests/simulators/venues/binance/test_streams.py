from __future__ import annotations

from typing import Any

import pytest

from venueproof_simulators.engine.commands import PrintTrade, SetPrice
from venueproof_simulators.engine.state import Side
from venueproof_simulators.host.venue import HttpRequest

from .client import Client

DAY_S = 86_400


def trade(client: Client, ticks: int = 600_500) -> None:
    client.command(PrintTrade("BTCUSDT", ticks, 2, Side.BUY))


def names(messages: list[Any]) -> list[str]:
    return [message["stream"] for message in messages]


# --- opening and frames -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/public/ws/btcusdt@bookTicker", "/ws/btcusdt@bookTicker", "/ws/0/btcusdt@bookTicker"]
)
def test_stream_in_the_path_is_sent_raw(client: Client, path: str) -> None:
    session = client.open(path)
    client.market()
    assert client.take(session)[0]["e"] == "bookTicker"


@pytest.mark.parametrize("path", ["/market/stream", "/stream"])
def test_combined_streams_are_wrapped_with_their_name(client: Client, path: str) -> None:
    session = client.open(path, "streams=btcusdt@aggTrade/ethusdt@aggTrade")
    trade(client)
    message = client.take(session)[0]
    assert (message["stream"], message["data"]["e"]) == ("btcusdt@aggTrade", "aggTrade")


@pytest.mark.parametrize("path", ["/", "/fapi/v1/time", "/public", "/public/api", "/socket", "/private/private/ws"])
def test_unknown_path_is_refused_with_404(client: Client, path: str) -> None:
    handshake = HttpRequest("fstream", "GET", path, "", {}, b"", "127.0.0.1")
    refusal = client.venue.open(1, handshake, client.time())
    assert refusal is not None
    assert refusal.status == 404


def test_rest_origin_serves_streams_too_and_spot_does_not(client: Client) -> None:
    client.open("/market/ws", origin="fapi")
    handshake = HttpRequest("api", "GET", "/ws", "", {}, b"", "127.0.0.1")
    assert client.venue.open(9, handshake, client.time()) is not None


def test_subscribing_in_a_live_session(client: Client) -> None:
    session = client.open("/public/ws/0")
    assert client.subscribe(session, "btcusdt@trade") == {"result": None, "id": 1}
    trade(client)
    assert client.take(session)[0]["t"] > 0
    client.send(session, {"method": "LIST_SUBSCRIPTIONS", "id": 2})
    assert client.take(session) == [{"result": ["btcusdt@trade"], "id": 2}]
    client.send(session, {"method": "UNSUBSCRIBE", "params": ["btcusdt@trade"], "id": 3})
    trade(client)
    assert client.take(session) == [{"result": None, "id": 3}]


def test_combined_property_can_be_read_and_set(client: Client) -> None:
    session = client.open("/market/ws/btcusdt@aggTrade")
    client.send(session, {"method": "GET_PROPERTY", "params": ["combined"], "id": 1})
    client.send(session, {"method": "SET_PROPERTY", "params": ["combined", True], "id": 2})
    trade(client)
    first, second, message = client.take(session)
    assert (first, second) == ({"result": False, "id": 1}, {"result": None, "id": 2})
    assert message["stream"] == "btcusdt@aggTrade"


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("", 3),
        ("{", 3),
        (b"\xff\xfe", 3),
        ("[" * 100_000, 3),
        ("NaN", 3),
        ("[]", 2),
        ("null", 2),
        ("{}", 2),
        ({"method": "SUBSCRIBE", "params": ["btcusdt@trade"]}, 2),
        ({"method": "SUBSCRIBE", "params": ["btcusdt@trade"], "id": -1}, 2),
        ({"method": "SUBSCRIBE", "params": ["btcusdt@trade"], "id": ""}, 2),
        ({"method": "SUBSCRIBE", "params": ["btcusdt@trade"], "id": "x" * 37}, 2),
        ({"method": "SUBSCRIBE", "params": ["btcusdt@trade"], "id": "a b"}, 2),
        ({"method": "SUBSCRIBE", "params": ["btcusdt@trade"], "id": {"id": 1}}, 2),
        ({"method": "SUBSCRIBE", "params": ["btcusdt@trade"], "id": 2**64}, 2),
        ({"method": "SUBSCRIBE", "params": ["btcusdt@trade"], "id": True}, 2),
        ({"method": "SUBSCRIBE", "params": ["btcusdt@trade"], "id": 1.5}, 2),
        ({"method": "SUBSCRIBE", "params": "btcusdt@trade", "id": 1}, 2),
        ({"method": "SUBSCRIBE", "params": [1], "id": 1}, 2),
        ({"method": "SUBSCRIBE", "params": [f"x{n}@trade" for n in range(1025)], "id": 1}, 2),
        ({"method": ["SUBSCRIBE"], "params": [], "id": 1}, 2),
        ({"method": "SET_PROPERTY", "params": ["colour", True], "id": 1}, 0),
        ({"method": "SET_PROPERTY", "params": ["combined", "yes"], "id": 1}, 1),
    ],
)
def test_malformed_frame_is_answered_and_changes_nothing(client: Client, frame: object, code: int) -> None:
    session = client.open("/ws")
    client.send(session, frame)
    assert client.take(session)[0]["error"]["code"] == code
    trade(client)
    assert client.take(session) == []


HOSTS = pytest.mark.parametrize(("origin", "most"), [("fstream", 200), ("dstream", 200)])
"""How many streams a connection may have."""


@HOSTS
def test_url_with_more_streams_than_a_connection_may_have_is_refused(client: Client, origin: str, most: int) -> None:
    def status(count: int) -> int | None:
        names = "/".join(f"x{number}@trade" for number in range(count))
        handshake = HttpRequest(origin, "GET", "/stream", f"streams={names}", {}, b"", "127.0.0.1")
        refusal = client.venue.open(count, handshake, client.time())
        return refusal.status if refusal else None

    assert (status(most), status(most + 1)) == (None, 400)


@HOSTS
def test_subscription_that_is_one_too_many_is_refused(client: Client, origin: str, most: int) -> None:
    session = client.open("/ws", origin=origin)
    names = [f"x{number}@trade" for number in range(most)]
    assert client.subscribe(session, *names)["result"] is None
    assert client.subscribe(session, *names[:9])["result"] is None
    assert client.subscribe(session, "one@trade")["error"]["code"] == 2
    client.send(session, {"method": "LIST_SUBSCRIPTIONS", "id": 3})
    assert client.take(session)[0]["result"] == names


@pytest.mark.parametrize("id", ["7d3b9b46-5f4f-4c8b-9a2d-0a8f9a4a0f5b", "1", "Abc9", 0, 2**64 - 1, None])
def test_every_legal_id_is_echoed_as_it_came(client: Client, id: str | int | None) -> None:
    session = client.open("/ws")
    client.send(session, {"method": "SUBSCRIBE", "params": ["btcusdt@trade"], "id": id})
    client.send(session, {"method": "LIST_SUBSCRIPTIONS", "id": id})
    client.send(session, {"method": "SUBSCRIBE", "params": "btcusdt@trade", "id": id})
    subscribed, listed, refused = client.take(session)
    assert subscribed == {"result": None, "id": id}
    assert listed == {"result": ["btcusdt@trade"], "id": id}
    assert (refused["error"]["code"], refused["id"]) == (2, id)
    trade(client)
    assert client.take(session)[0]["e"] == "trade"


def test_more_than_ten_messages_in_a_second_end_the_session(client: Client) -> None:
    session, other = client.open("/ws"), client.open("/ws")
    for number in range(10):
        client.send(session, {"method": "LIST_SUBSCRIPTIONS", "id": number})
    assert client.closed == []
    client.send(session, {"method": "LIST_SUBSCRIPTIONS", "id": 11})
    assert [(close.session, close.code) for close in client.closed] == [(session, 1008)]
    client.send(other, {"method": "LIST_SUBSCRIPTIONS", "id": 1})
    assert len(client.take(other)) == 1


@pytest.mark.quirk("binance.ws.route-split")
@pytest.mark.parametrize(
    ("family", "heard"),
    [
        ("public", {"depth", "bookTicker", "trade"}),
        ("market", {"aggTrade", "kline_1m", "ticker"}),
        ("private", set[str]()),
    ],
)
def test_stream_on_the_wrong_route_is_acknowledged_and_silent(client: Client, family: str, heard: set[str]) -> None:
    streams = ("depth", "bookTicker", "trade", "aggTrade", "kline_1m", "ticker")
    session = client.open(f"/{family}/stream")
    assert client.subscribe(session, *(f"btcusdt@{name}" for name in streams)) == {"result": None, "id": 1}
    client.market()
    client.wait(2)
    assert {name.partition("@")[2] for name in names(client.take(session))} == heard


@pytest.mark.parametrize(
    "name", ["nope@trade", "btcusdt@nope", "BTCUSDT@trade", "btcusdt@kline_1s", "btcusdt@depth7", ""]
)
def test_name_that_means_nothing_is_acknowledged_and_silent(client: Client, name: str) -> None:
    session = client.open("/ws")
    assert client.subscribe(session, name) == {"result": None, "id": 1}
    client.market()
    client.wait(70)
    assert client.take(session) == []


@pytest.mark.quirk("binance.ws.24h-cut")
def test_session_is_closed_after_a_day(client: Client) -> None:
    session = client.open("/ws")
    client.aged_ns = (DAY_S - 1) * 10**9
    client.wait(0)
    assert client.closed == []
    client.wait(1)
    assert [close.session for close in client.closed] == [session]


@pytest.mark.quirk("binance.ws.protocol-ping")
def test_venue_pings_every_three_minutes_and_waits_ten(client: Client) -> None:
    session = client.open("/ws")
    client.wait(179)
    assert client.pings == []
    client.wait(361)
    assert [ping.session for ping in client.pings] == [session] * 3
    assert {ping.timeout_ns for ping in client.pings} == {600 * 10**9}


def test_closed_session_leaves_nothing_to_wake_for(client: Client) -> None:
    session = client.open("/ws/btcusdt@markPrice/btcusdt@kline_1m/btcusdt@depth")
    assert client.venue.next_due_ns(client.time()) is not None
    client.venue.closed(session, client.time())
    assert client.venue.next_due_ns(client.time()) is None


# --- channels ---------------------------------------------------------------------------------------------------------


@pytest.mark.quirk("binance.ws.depth-gap")
def test_book_changes_chain_from_the_snapshot(client: Client) -> None:
    session = client.open("/public/ws/btcusdt@depth@100ms")
    book = client.get("/fapi/v1/depth", symbol="BTCUSDT", limit=1000)
    sides = {side: dict(book[side]) for side in ("bids", "asks")}
    last = book["lastUpdateId"]
    for _ in range(3):
        client.market(quantity="2.000")
        client.wait(1)
    events = client.take(session)
    assert len(events) >= 3
    for event in events:
        assert event["pu"] == last
        assert event["U"] <= event["u"]
        last = event["u"]
        for side, key in (("bids", "b"), ("asks", "a")):
            sides[side].update(dict(event[key]))
    now = client.get("/fapi/v1/depth", symbol="BTCUSDT", limit=1000)
    assert last == now["lastUpdateId"]
    left = {side: {price: lots for price, lots in rows.items() if float(lots)} for side, rows in sides.items()}
    assert left == {side: dict(now[side]) for side in ("bids", "asks")}


def test_book_changes_wait_for_the_interval(client: Client) -> None:
    session = client.open("/public/stream", "streams=btcusdt@depth/btcusdt@depth@500ms/btcusdt@depth5@100ms")
    client.limit(price="59999.9")
    client.wait(0.09)
    assert client.take(session) == []
    client.wait(0.02)
    partial = client.take(session)
    assert names(partial) == ["btcusdt@depth5@100ms"]
    assert [len(partial[0]["data"][side]) for side in "ba"] == [5, 5]
    client.wait(0.15)
    assert names(client.take(session)) == ["btcusdt@depth"]
    client.wait(0.25)
    assert names(client.take(session)) == ["btcusdt@depth@500ms"]
    client.wait(60)
    assert client.take(session) == []


@pytest.mark.quirk("binance.ws.delta-before-ack")
def test_change_precedes_the_acknowledgement_only_while_the_row_is_on(client: Client) -> None:
    client.venue.switch_quirk("binance.ws.delta-before-ack", True)
    session = client.open("/public/ws")
    client.send(session, {"method": "SUBSCRIBE", "params": ["btcusdt@depth@100ms"], "id": 1})
    client.limit()
    client.wait(0.2)
    assert [sorted(message)[0] for message in client.take(session)] == ["E", "id"]
    client.send(session, {"method": "SUBSCRIBE", "params": ["ethusdt@depth"], "id": 2})
    client.wait(0.5)
    assert client.take(session) == [{"result": None, "id": 2}]
    client.venue.switch_quirk("binance.ws.delta-before-ack", False)
    assert client.subscribe(client.open("/public/ws"), "btcusdt@depth")["id"] == 1


def test_best_levels_are_told_when_they_change(client: Client) -> None:
    session = client.open("/public/ws/btcusdt@bookTicker")
    client.limit(price="50000")
    assert client.take(session) == []
    client.limit(price="60000")
    message = client.take(session)[0]
    assert (message["b"], message["B"], message["ps"], message["st"]) == ("60000.0", "0.010", "BTCUSDT", 1)


@pytest.mark.quirk("binance.candles.ws-key-order")
def test_candle_names_close_before_high_and_low(client: Client) -> None:
    session = client.open("/market/ws/btcusdt@kline_1m")
    trade(client)
    client.wait(1)
    message = client.take(session)[0]
    assert list(message["k"]) == ["t", "T", "s", "i", "f", "L", "o", "c", "h", "l", "v", "n", "x", "q", "V", "Q", "B"]
    assert not {"st", "ps"} & set(message)


@pytest.mark.quirk("binance.candles.open-candle-last")
def test_candle_is_told_when_it_changes_and_once_more_when_it_closes(client: Client) -> None:
    session = client.open("/market/ws/btcusdt@kline_1m")
    client.wait(20)
    trade(client)
    client.wait(10)
    running = client.take(session)
    assert [(row["k"]["x"], row["k"]["c"], row["k"]["v"]) for row in running] == [(False, "60050.0", "0.002")]
    client.wait(31)
    closed = client.take(session)
    assert [(row["k"]["x"], row["k"]["c"], row["k"]["t"]) for row in closed] == [
        (True, "60050.0", running[0]["k"]["t"])
    ]
    rest = client.get("/fapi/v1/klines", symbol="BTCUSDT", interval="1m", limit=2)[0]
    assert rest[0] == closed[0]["k"]["t"]
    assert float(rest[5]) == float(closed[0]["k"]["v"])
    client.wait(120)
    assert [row["k"]["x"] for row in client.take(session)] == [True, True]


def test_continuous_candles_go_by_pair(client: Client) -> None:
    session = client.open("/market/ws/btcusdt_perpetual@continuousKline_1m")
    trade(client)
    client.wait(1)
    message = client.take(session)[0]
    assert (message["e"], message["ps"], message["ct"]) == ("continuous_kline", "BTCUSDT", "PERPETUAL")
    assert "s" not in message["k"]


def test_mark_price_goes_on_by_the_clock(client: Client) -> None:
    session = client.open("/market/stream", "streams=btcusdt@markPrice/ethusdt@markPrice@1s/!markPrice@arr@1s")
    client.wait(6)
    heard = names(client.take(session))
    counts = {name: heard.count(name) for name in heard}
    assert counts == {"btcusdt@markPrice": 2, "ethusdt@markPrice@1s": 6, "!markPrice@arr@1s": 6}


def test_tickers_come_once_a_second_and_only_after_a_change(client: Client) -> None:
    streams = "btcusdt@ticker/btcusdt@miniTicker/!ticker@arr/!miniTicker@arr/ethusdt@ticker"
    session = client.open("/market/stream", f"streams={streams}")
    client.wait(5)
    assert client.take(session) == []
    trade(client)
    trade(client, 600_600)
    client.wait(5)
    messages = client.take(session)
    assert sorted(names(messages)) == ["!miniTicker@arr", "!ticker@arr", "btcusdt@miniTicker", "btcusdt@ticker"]
    by_name = {message["stream"]: message["data"] for message in messages}
    assert [row["c"] for row in by_name["!ticker@arr"]] == ["60060.00"]
    rest = client.get("/fapi/v1/ticker/24hr", symbol="BTCUSDT")
    assert (by_name["btcusdt@ticker"]["c"], by_name["btcusdt@ticker"]["n"]) == (rest["lastPrice"], rest["count"])


def test_trades_are_told_at_once_and_as_rest_lists_them(client: Client) -> None:
    plain, aggregate = client.open("/public/ws/btcusdt@trade"), client.open("/market/ws/btcusdt@aggTrade")
    client.command(SetPrice("BTCUSDT", 599_000))
    told = client.take(plain)
    assert told
    assert [row["t"] for row in told] == [row["a"] for row in client.take(aggregate)]
    rows = client.get("/fapi/v1/trades", symbol="BTCUSDT", limit=len(told))
    assert [row["id"] for row in rows] == [row["t"] for row in told]
    assert [float(row["price"]) for row in rows] == [float(row["p"]) for row in told]


def test_messages_carry_neutral_words_for_rules(client: Client) -> None:
    client.open("/stream", "streams=btcusdt@depth@100ms/btcusdt@aggTrade/btcusdt@kline_1m/btcusdt@ticker")
    client.market()
    client.wait(2)
    assert {message.topic for message in client.messages} == {"book", "trade", "candle", "ticker"}
    assert {message.instrument for message in client.messages} == {"BTC/USDT:USDT"}
