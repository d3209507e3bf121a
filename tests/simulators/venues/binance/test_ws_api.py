"""Orders and questions over WebSocket: the same operations as over REST, in frames."""

from __future__ import annotations

import base64
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from tests.simulators.venues.support.client import SECOND_NS

from venueproof_simulators.host.venue import HttpRequest

from .client import Client, order

ORDERS_10S = {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 300}
ORDERS_1M = {"rateLimitType": "ORDERS", "interval": "MINUTE", "intervalNum": 1, "limit": 1200}
WEIGHT = {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 2400}


def refused(answer: Any) -> tuple[int, int]:
    """Status and code of an error."""
    return answer["status"], answer["error"]["code"]


# --- methods ----------------------------------------------------------------------------------------------------------


@pytest.mark.quirk("binance.ws.order-placement")
def test_order_is_placed_amended_asked_for_and_canceled(client: Client) -> None:
    session = client.open_api()
    placed = client.call_signed(session, "order.place", **order(newClientOrderId="over-a-socket"))
    assert (placed["id"], placed["status"], placed["result"]["status"]) == ("call-order-place", 200, "NEW")
    assert placed["rateLimits"] == [ORDERS_10S | {"count": 1}, ORDERS_1M | {"count": 1}, WEIGHT | {"count": 5}]
    number = placed["result"]["orderId"]
    assert "avgPrice" not in placed["result"]
    amended = client.call_signed(
        session, "order.modify", symbol="BTCUSDT", orderId=number, side="BUY", quantity="0.010", price="58000"
    )
    assert (amended["result"]["price"], amended["rateLimits"][0]["count"]) == ("58000.00", 2)
    asked = client.call_signed(session, "order.status", symbol="BTCUSDT", orderId=number)
    assert asked["result"] == client.ask("GET", "/fapi/v1/order", symbol="BTCUSDT", orderId=number)
    canceled = client.call_signed(session, "order.cancel", symbol="BTCUSDT", origClientOrderId="over-a-socket")
    assert canceled["result"]["status"] == "CANCELED"
    assert canceled["rateLimits"] == [WEIGHT | {"count": 7}]
    assert client.ask("GET", "/fapi/v1/openOrders") == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("account.position", "/fapi/v2/positionRisk"),
        ("v2/account.position", "/fapi/v3/positionRisk"),
        ("account.balance", "/fapi/v2/balance"),
        ("v2/account.balance", "/fapi/v3/balance"),
    ],
)
def test_account_is_told_as_over_rest(client: Client, method: str, path: str) -> None:
    client.market()
    answer = client.call_signed(client.open_api(), method)
    assert answer["result"] == client.ask("GET", path)
    assert answer["rateLimits"] == [WEIGHT | {"count": 10}]


@pytest.mark.parametrize(
    ("surface", "method", "path", "part", "more"),
    [
        ("fapi", "account.status", "/fapi/v2/account", "positions", "breakEvenPrice"),
        ("fapi", "v2/account.status", "/fapi/v3/account", "assets", "marginAvailable"),
        ("dapi", "account.status", "/dapi/v1/account", "positions", "isolatedWallet"),
    ],
)
def test_status_of_an_account_has_a_field_more_than_over_rest(
    client: Client, surface: str, method: str, path: str, part: str, more: str
) -> None:
    client.market()
    told = client.call_signed(client.open_api(surface=surface), method)["result"]
    assert all(more in row for row in told[part])
    bare = [{name: value for name, value in row.items() if name != more} for row in told[part]]
    assert told | {part: bare} == client.ask("GET", path)


def test_best_prices_come_with_the_last_change_of_the_book(client: Client) -> None:
    session = client.open_api()
    told = client.call(session, "ticker.book", symbol="BTCUSDT")["result"]
    assert told.pop("lastUpdateId") == client.get("/fapi/v1/depth", symbol="BTCUSDT")["lastUpdateId"]
    assert told == client.get("/fapi/v1/ticker/bookTicker", symbol="BTCUSDT")
    assert {row["symbol"] for row in client.call(session, "ticker.book")["result"]} > {"BTCUSDT", "ETHUSDT"}


@pytest.mark.parametrize(
    ("spelled", "shown"), [("0.01", "0.010"), ("0.0100", "0.010"), ("1.0", "1.000"), ("2", "2.000")]
)
def test_amount_may_be_a_number_and_is_signed_as_it_is_spelled(client: Client, spelled: str, shown: str) -> None:
    params = client.signed_params(**order(quantity=spelled))
    frame = msgspec.json.encode({"id": 1, "method": "order.place", "params": params}).decode()
    quoted = f'"quantity":"{spelled}"'
    assert quoted in frame
    answer = client.answer(client.open_api(), frame.replace(quoted, f'"quantity":{spelled}'))
    assert (answer["status"], answer["result"]["origQty"]) == (200, shown)


@pytest.mark.parametrize(
    ("method", "path", "params"),
    [
        ("depth", "/fapi/v1/depth", {"symbol": "BTCUSDT", "limit": 5}),
        ("ticker.price", "/fapi/v1/ticker/price", {"symbol": "BTCUSDT"}),
        ("ticker.price", "/fapi/v1/ticker/price", {}),
    ],
)
def test_market_is_told_without_a_key(client: Client, method: str, path: str, params: dict[str, object]) -> None:
    assert client.call(client.open_api(), method, **params)["result"] == client.get(path, **params)


def test_conditional_order_is_placed_and_ended(client: Client) -> None:
    session = client.open_api()
    wish = {"symbol": "BTCUSDT", "side": "SELL", "type": "STOP_MARKET", "quantity": "0.010", "triggerPrice": "58000"}
    placed = client.call_signed(session, "algoOrder.place", algoType="CONDITIONAL", clientAlgoId="stop", **wish)
    assert (placed["result"]["algoStatus"], placed["rateLimits"][0]["count"]) == ("NEW", 1)
    assert not {"activatePrice", "callbackRate"} & set(placed["result"])
    assert [row["clientAlgoId"] for row in client.ask("GET", "/fapi/v1/openAlgoOrders")] == ["stop"]
    ended = client.call_signed(session, "algoOrder.cancel", algoId=placed["result"]["algoId"])
    assert (ended["result"]["clientAlgoId"], ended["result"]["code"]) == ("stop", "200")
    assert refused(client.call_signed(session, "algoOrder.cancel", clientAlgoId="stop")) == (400, -2011)


def test_listen_key_is_made_kept_and_ended_with_the_key_alone(client: Client) -> None:
    session, key = client.open_api(), client.keys["apiKey"]
    made = client.call(session, "userDataStream.start", apiKey=key)["result"]["listenKey"]
    assert made == client.listen_key()
    assert client.call(session, "userDataStream.ping", apiKey=key)["result"] == {"listenKey": made}
    stream = client.open("/private/ws", f"listenKey={made}")
    client.call_signed(session, "order.place", **order())
    assert [event["e"] for event in client.take(stream)] == ["ORDER_TRADE_UPDATE"]
    assert client.call(session, "userDataStream.stop", apiKey=key)["result"] == {}
    assert refused(client.call(session, "userDataStream.ping", apiKey=key)) == (400, -1125)


COIN_ORDER = order(symbol="BTCUSD_PERP", quantity="2", price="58000")


@pytest.mark.quirk("binance.ws.api-inverse-no-algo")
def test_inverse_surface_takes_orders_and_knows_neither_algo_orders_nor_the_market(client: Client) -> None:
    session = client.open_api(surface="dapi")
    placed = client.call_signed(session, "order.place", **COIN_ORDER)["result"]
    assert (placed["symbol"], placed["pair"], placed["origQty"]) == ("BTCUSD_PERP", "BTCUSD", "2")
    named = {"symbol": "BTCUSD_PERP", "orderId": placed["orderId"]}
    asked = client.call_signed(session, "order.status", **named)["result"]
    assert asked == client.ask("GET", "/dapi/v1/order", **named)
    for method, path in (
        ("account.position", "positionRisk"),
        ("account.balance", "balance"),
    ):
        assert client.call_signed(session, method)["result"] == client.ask("GET", f"/dapi/v1/{path}")
    assert client.call_signed(session, "order.cancel", **named)["result"]["status"] == "CANCELED"
    for method in ("algoOrder.place", "algoOrder.cancel", "depth", "ticker.price", "v2/account.status"):
        assert refused(client.call_signed(session, method)) == (400, -5000)
    assert refused(client.call_signed(session, "order.place", **order())) == (400, -1121)
    assert client.ask("GET", "/dapi/v1/openOrders") == []


# --- frames -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", ["7d3b9b46-5f4f-4c8b-9a2d-0a8f9a4a0f5b", "a_b", 0, -7, 2**63 - 1, None])
def test_every_legal_id_is_echoed_as_it_came(client: Client, id: object) -> None:
    session = client.open_api()
    assert client.answer(session, {"id": id, "method": "depth", "params": {"symbol": "BTCUSDT"}})["id"] == id
    assert client.answer(session, {"id": id, "method": "nothing"})["id"] == id


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("", -1135),
        ("{", -1135),
        (b"\xff\xfe", -1135),
        (b"\x00\x01\x02", -1135),
        ("[" * 100_000, -1135),
        ("[]", -1135),
        ("null", -1135),
        ('{"id":1e400,"method":"depth"}', -1135),
        ('{"id":"\\ud800","method":"depth"}', -1135),
        ({"method": "depth", "params": {"symbol": "BTCUSDT"}}, -1135),
        ({"id": 1.5, "method": "depth"}, -1135),
        ({"id": True, "method": "depth"}, -1135),
        ({"id": {}, "method": "depth"}, -1135),
        ({"id": [1], "method": "depth"}, -1135),
        ({"id": "", "method": "depth"}, -1135),
        ({"id": "x" * 37, "method": "depth"}, -1135),
        ('{"id":' + "9" * 5000 + ',"method":"depth"}', -1135),
    ],
)
def test_frame_without_a_legal_id_is_answered_with_id_null(client: Client, frame: object, code: int) -> None:
    session = client.open_api()
    answer = client.answer(session, frame)
    assert (answer["id"], *refused(answer)) == (None, 400, code)
    assert client.call(session, "ticker.price")["status"] == 200


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ({}, -1102),
        ({"method": 7}, -1102),
        ({"method": ["order.place"]}, -1102),
        ({"method": "order.place", "params": []}, -1102),
        ({"method": "order.place", "params": "symbol=BTCUSDT"}, -1102),
        ({"method": "depth", "params": {"symbol": None}}, -1102),
        ({"method": "depth", "params": {"symbol": ["BTCUSDT"]}}, -1102),
        ({"method": "depth", "params": {"symbol": {"a": 1}}}, -1102),
        ({"method": "depth", "params": {"symbol": "BTCUSDT", "limit": 5.0}}, -1100),
        ({"method": "depth", "params": {f"p{number}": 1 for number in range(201)}}, -1101),
        ({"method": "depth"}, -1102),
        ({"method": "depth", "params": {"symbol": "NOPE"}}, -1121),
        ({"method": "depth", "params": {"symbol": "BTCUSDT", "limit": "9" * 4000}}, -1100),
        ({"method": "SUBSCRIBE", "params": ["btcusdt@trade"]}, -1102),
        ({"method": "order.cancelReplace", "params": {}}, -5000),
        ({"method": "x" * 10_000, "params": {}}, -5000),
        ({"method": "GET /fapi/v1/time"}, -5000),
    ],
)
def test_malformed_request_is_answered_under_its_id(client: Client, frame: dict[str, object], code: int) -> None:
    answer = client.answer(client.open_api(), {"id": "mine", **frame})
    assert (answer["id"], *refused(answer)) == ("mine", 400, code)
    assert len(msgspec.json.encode(answer)) < 1000


def test_timestamp_is_a_number(client: Client) -> None:
    session = client.open_api()
    stamp = str(client.time().wire_ms)
    assert refused(client.call_signed(session, "order.place", **order(timestamp=stamp))) == (400, -1102)
    assert client.ask("GET", "/fapi/v1/openOrders") == []
    placed = client.call_signed(session, "order.place", **order(reduceOnly=False, recvWindow="6000"))
    number = str(placed["result"]["orderId"])
    assert client.call_signed(session, "order.cancel", symbol="BTCUSDT", orderId=number)["status"] == 200


@pytest.mark.quirk("binance.ws.api-own-socket")
def test_orders_are_an_unknown_method_on_a_stream_and_streams_on_the_socket_of_orders(client: Client) -> None:
    stream, session = client.open("/private/ws"), client.open_api()
    client.send(stream, {"method": "order.place", "params": client.signed_params(**order()), "id": 1})
    answer = client.take(stream)[0]
    assert (answer["error"]["code"], answer["id"]) == (2, 1)
    assert client.ask("GET", "/fapi/v1/allOrders", symbol="BTCUSDT") == []
    assert refused(client.answer(session, {"id": 1, "method": "SUBSCRIBE", "params": {}})) == (400, -5000)
    client.market()
    client.wait(10)
    assert client.take(session) == []


# --- who asks ---------------------------------------------------------------------------------------------------------


def test_signature_covers_the_sorted_parameters_with_truths_in_small_letters(client: Client) -> None:
    session = client.open_api()
    right = client.signed_params(**order(newClientOrderId="a:b/c"), returnRateLimits=False)
    assert set(client.call(session, "order.place", **right)) == {"id", "status", "result"}
    unsorted = "&".join(f"{name}={value}" for name, value in right.items() if name != "signature")
    assert refused(client.call(session, "order.place", **right | {"signature": client.signature(unsorted)})) == (
        400,
        -1022,
    )
    assert refused(client.call(session, "order.place", **right | {"price": "59001"})) == (400, -1022)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"apiKey": None}, (401, -2014)),
        ({"apiKey": "short"}, (401, -2014)),
        ({"apiKey": "x" * 64}, (401, -2015)),
        ({"signature": None}, (400, -1102)),
        ({"signature": "0" * 64}, (400, -1022)),
        ({"signature": "\u00e9"}, (400, -1022)),
        ({"timestamp": None}, (400, -1102)),
    ],
)
def test_caller_must_prove_who_it_is(client: Client, changed: dict[str, object], error: tuple[int, int]) -> None:
    params = client.signed_params(**order()) | changed
    sent = {name: value for name, value in params.items() if value is not None}
    assert refused(client.call(client.open_api(), "order.place", **sent)) == error
    assert client.ask("GET", "/fapi/v1/openOrders") == []


@pytest.mark.parametrize(("skew_ms", "code"), [(-10_000, -1021), (1_000, -1021), (-4_000, None)])
def test_timestamp_is_checked(client: Client, skew_ms: int, code: int | None) -> None:
    stamp = client.time().wire_ms + skew_ms
    answer = client.call_signed(client.open_api(), "account.balance", timestamp=stamp)
    assert answer.get("error", {}).get("code") == code


def logged_on(client: Client, session: int) -> Any:
    """Log on with the account's Ed25519 key."""
    private = load_pem_private_key(client.keys["ed25519PrivateKey"].encode(), password=None)
    assert isinstance(private, Ed25519PrivateKey)
    params = {"apiKey": client.keys["ed25519ApiKey"], "timestamp": client.time().wire_ms}
    text = f"apiKey={params['apiKey']}&timestamp={params['timestamp']}"
    signature = base64.b64encode(private.sign(text.encode())).decode()
    return client.call(session, "session.logon", **params, signature=signature)


def test_who_logged_on_needs_no_more_signatures(client: Client) -> None:
    session, began_ms = client.open_api(), client.time().wire_ms
    client.wait(1)
    said = logged_on(client, session)["result"]
    assert said == {
        "apiKey": client.keys["ed25519ApiKey"],
        "authorizedSince": began_ms + 1000,
        "connectedSince": began_ms,
        "returnRateLimits": True,
        "serverTime": began_ms + 1000,
    }
    assert client.call(session, "order.place", **order(), timestamp=client.time().wire_ms)["status"] == 200
    assert refused(client.call(session, "order.place", **order())) == (400, -1102)
    assert client.call(session, "userDataStream.start")["status"] == 200
    assert client.call(session, "session.status")["result"]["apiKey"] == client.keys["ed25519ApiKey"]
    assert client.call(session, "session.logout")["result"]["authorizedSince"] is None
    assert refused(client.call(session, "order.place", **order(), timestamp=client.time().wire_ms)) == (401, -2014)
    assert refused(client.call(client.open_api(), "account.balance", timestamp=0)) == (401, -2014)


def test_only_keys_of_kind_ed25519_log_on(client: Client) -> None:
    session = client.open_api()
    assert refused(client.call_signed(session, "session.logon")) == (400, -4056)
    forged = client.signed_params(apiKey=client.keys["ed25519ApiKey"])
    assert refused(client.call(session, "session.logon", **forged)) == (400, -1022)
    assert client.call(session, "session.status")["result"]["apiKey"] is None


@pytest.mark.quirk("binance.auth.ip-whitelist")
def test_revoked_key_of_a_session_is_refused_with_id_null_as_long_as_the_row_is_on(client: Client) -> None:
    session = client.open_api()
    logged_on(client, session)
    client.venue.switch_quirk("binance.auth.ip-whitelist", True)
    answer = client.call(session, "account.balance", timestamp=client.time().wire_ms)
    assert (answer["id"], *refused(answer)) == (None, 401, -2015)
    answer = client.call_signed(session, "account.balance")
    assert (answer["id"], *refused(answer)) == ("call-account-balance", 401, -2015)
    client.venue.switch_quirk("binance.auth.ip-whitelist", False)
    assert client.call(session, "account.balance", timestamp=client.time().wire_ms)["status"] == 200


# --- budgets and bad days ---------------------------------------------------------------------------------------------


def test_weight_is_counted_apart_and_orders_together_with_rest(client: Client) -> None:
    session = client.open_api()
    client.limit()
    placed = client.call_signed(session, "order.place", **order())
    assert [row["count"] for row in placed["rateLimits"]] == [2, 2, 5]
    client.call(session, "session.status")
    assert client.call(session, "ticker.price", symbol="BTCUSDT")["rateLimits"] == [WEIGHT | {"count": 8}]
    reply = client.request("GET", "/fapi/v1/ping")
    assert reply.headers["X-MBX-USED-WEIGHT-1M"] == "1"


@pytest.mark.parametrize(("query", "asked", "told"), [("", None, True), ("", False, False), ("", True, True)])
@pytest.mark.parametrize("url", [True, False])
def test_budgets_are_told_unless_the_url_or_the_request_says_otherwise(
    client: Client, url: bool, query: str, asked: bool | None, told: bool
) -> None:
    session = client.open_api("" if url else "returnRateLimits=false")
    params = {} if asked is None else {"returnRateLimits": asked}
    expected = url if asked is None else told
    assert ("rateLimits" in client.call(session, "ticker.price", **params)) is expected
    assert ("rateLimits" in client.call(session, "nothing", **params)) is expected


def test_too_much_weight_is_refused_and_then_banned_with_the_end_in_the_answer(client: Client) -> None:
    session = client.open_api()
    client.venue.desk.budgets.exhaust("127.0.0.1", 2400, client.time(), "socket-weight")
    answer = client.call(session, "ticker.price")
    assert refused(answer) == (429, -1003)
    minute_ms = 60_000
    end_ms = (client.time().wire_ms // minute_ms + 1) * minute_ms
    assert answer["error"]["data"] == {"serverTime": client.time().wire_ms, "retryAfter": end_ms}
    assert client.request("GET", "/fapi/v1/ping").status == 200
    for _ in range(10):
        answer = client.call(session, "ticker.price")
    assert refused(answer) == (418, -1003)
    assert answer["error"]["data"]["retryAfter"] == client.time().wire_ms + 120_000
    assert client.request("GET", "/fapi/v1/ping").status == 418
    handshake = HttpRequest("ws-fapi", "GET", "/ws-fapi/v1", "", {}, b"", "127.0.0.1")
    refusal = client.venue.open(99, handshake, client.time())
    assert refusal is not None
    assert refusal.status == 418


def test_too_many_orders_are_refused_until_their_window_ends(client: Client) -> None:
    session = client.open_api()
    client.venue.desk.budgets.exhaust_orders("trader", client.time())
    answer = client.call_signed(session, "order.place", **order())
    assert refused(answer) == (429, -1015)
    window_ms = 10_000
    assert answer["error"]["data"]["retryAfter"] == (client.time().wire_ms // window_ms + 1) * window_ms


def test_closed_venue_answers_503_and_lets_nobody_in(client: Client) -> None:
    session = client.open_api()
    client.venue.maintenance(client.time().age_ns + 60 * SECOND_NS, client.time())
    assert refused(client.call_signed(session, "order.place", **order())) == (503, -1008)
    handshake = HttpRequest("ws-fapi", "GET", "/ws-fapi/v1", "", {}, b"", "127.0.0.1")
    refusal = client.venue.open(99, handshake, client.time())
    assert refusal is not None
    assert refusal.status == 503
    client.wait(61)
    assert client.call_signed(session, "order.place", **order())["status"] == 200


@pytest.mark.parametrize(
    ("origin", "path", "let_in"),
    [
        ("fapi", "/ws-fapi/v1", True),
        ("fapi-test", "/ws-fapi/v1", True),
        ("ws-dapi", "/ws-dapi/v1", True),
        ("fapi-test", "/ws-dapi/v1", True),
        ("ws-dapi", "/ws-fapi/v1", False),
        ("ws-fapi", "/ws-dapi/v1", False),
        ("fstream", "/ws-fapi/v1", False),
        ("ws-fapi", "/ws-fapi/v2", False),
        ("ws-fapi", "/ws", False),
        ("ws-fapi", "/", False),
    ],
)
def test_path_belongs_to_its_host(client: Client, origin: str, path: str, let_in: bool) -> None:
    refusal = client.venue.open(1, HttpRequest(origin, "GET", path, "", {}, b"", "127.0.0.1"), client.time())
    assert (refusal is None) is let_in
    if refusal is not None:
        assert refusal.status == 404
