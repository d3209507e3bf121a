"""Whatever is sent, the venue answers in its own words: no exception leaves it, and nothing is lost."""

from __future__ import annotations

from urllib.parse import quote, urlencode

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from venueproof_simulators.host.venue import HttpRequest, Profile
from venueproof_simulators.venues.binance.routes.table import ROUTES

from .client import Client, stop

NAMES = [
    "symbol pair side type timeInForce quantity price orderId origClientOrderId newClientOrderId reduceOnly limit",
    "fromId startTime endTime interval period contractType leverage marginType dualSidePosition multiAssetsMargin ",
    "incomeType countdownTime batchOrders orderIdList orderidlist origClientOrderIdList goodTillDate priceMatch",
    "positionSide selfTradePreventionMode newOrderRespType modifyId recvWindow timestamp signature",
    "stopPrice closePosition feeBurn algoType algoId clientAlgoId triggerPrice activatePrice callbackRate workingType",
    "priceProtect amount autoCloseType marginAsset page",
]
VALUES = [
    "BTCUSDT ETHUSDT BUY SELL LIMIT MARKET GTC IOC FOK GTX GTD 0.010 59000 1 0 -1 -0 NaN Infinity 1e400 0x10",
    "1_000 true false null [] {} [1] [{}] PERPETUAL 5m 1m 1M ISOLATED ACK RESULT OPPONENT_20 9999999999999999999",
    "18446744073709551616 99999999999999999999.99999999999999999999",
    "CONDITIONAL STOP TAKE_PROFIT STOP_MARKET TRAILING_STOP_MARKET GTE_GTC MARK_PRICE BOTH LONG SHORT 58000.05 20.1",
    "LIQUIDATION ADL EXPIRE_BOTH BTCUSD_PERP BTCUSD BTC 1795536000000",
    "0.00000000000000000001 ٣ ²  %s {0} {parameter} BTC/USDT btcusdt",
]
value = st.one_of(
    st.sampled_from([word for line in VALUES for word in line.split(" ")]),
    st.integers().map(str),
    st.floats().map(str),
    st.text(max_size=40),
)
parameters = st.dictionaries(st.sampled_from([name for line in NAMES for name in line.split()]), value, max_size=9)
COMPLETE: dict[str, dict[str, object]] = {
    "order": {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "quantity": "0.010", "price": "59000"},
    "algoOrder": {**stop(), "clientAlgoId": "one"},
    "positionMargin": {"symbol": "BTCUSDT", "amount": "1", "type": "1"},
}
"""What makes sense on some paths, to be spoilt."""
KEPT = Client()


def hedged() -> Client:
    """A venue in hedge mode with something on either leg, and a conditional order that closes one."""
    client = Client()
    client.ask("POST", "/fapi/v1/positionSide/dual", dualSidePosition="true")
    client.market("BUY", "0.100", positionSide="LONG")
    client.market("SELL", "0.100", positionSide="SHORT")
    client.algo(closePosition="true", quantity=None, positionSide="LONG")
    return client


HEDGED = hedged()


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    route=st.sampled_from(ROUTES.routes),
    sent=parameters,
    complete=st.booleans(),
    which=st.sampled_from(["vendor", "hedged", "field"]),
)
def test_every_route_answers_hostile_values_in_json(
    route: object, sent: dict[str, str], complete: bool, which: str
) -> None:
    method, path = getattr(route, "method", ""), getattr(route, "path", "")
    client = Client(Profile.FIELD) if which == "field" else HEDGED if which == "hedged" else KEPT
    client.wait(61)
    usual = COMPLETE.get(path.split("/")[-1], COMPLETE["order"]) if complete else {}
    reply = client.signed(method, path, **(usual | sent))
    document = msgspec.json.decode(reply.body)
    assert reply.status < 500
    if reply.status >= 400:
        assert isinstance(document["code"], int)
        assert document["msg"]
    assert client.signed("GET", "/fapi/v3/balance").status == 200


@settings(max_examples=150)
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "", "get"]),
    path=st.one_of(st.sampled_from([route.path for route in ROUTES.routes]), st.text(max_size=60)),
    query=st.one_of(st.text(max_size=200), st.binary(max_size=60).map(quote)),
    body=st.binary(max_size=300),
    key=st.one_of(st.text(max_size=70), st.just(KEPT.keys["apiKey"])),
)
def test_raw_requests_are_refused_in_the_venues_words(
    method: str, path: str, query: str, body: bytes, key: str
) -> None:
    KEPT.wait(61)
    reply = KEPT.request(method, path, query, body, {"x-mbx-apikey": key})
    assert reply.status < 500
    msgspec.json.decode(reply.body)


def test_thousands_of_parameters_are_refused() -> None:
    client = Client()
    query = urlencode({f"a{number}": number for number in range(5000)})
    reply = client.request("GET", "/fapi/v1/ticker/price", query)
    assert (reply.status, msgspec.json.decode(reply.body)["code"]) == (400, -1101)


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("symbol=BTCUSDT&symbol=ETHUSDT", ""),
        ("symbol=BTCUSDT&symbol=BTCUSDT", ""),
        ("symbol=%42TCUSDT&limit=5&symbol=BTCUSDT", ""),
        ("", "symbol=BTCUSDT&leverage=5&leverage=6"),
    ],
)
def test_parameter_that_is_sent_twice_is_refused(client: Client, query: str, body: str) -> None:
    path = "/fapi/v1/leverage" if body else "/fapi/v1/depth"
    reply = client.request("POST" if body else "GET", path, query, body.encode())
    document = msgspec.json.decode(reply.body)
    assert (reply.status, document["code"]) == (400, -1101)
    assert document["msg"] == "Duplicate values for a parameter detected."


@settings(max_examples=200)
@given(path=st.text(alphabet="/wstream?publicmarket%0@!bd", max_size=40), query=st.text(max_size=60))
def test_any_handshake_is_let_in_or_refused(path: str, query: str) -> None:
    client = Client() if len(path) % 50 == 49 else KEPT
    refusal = client.venue.open(10**6, HttpRequest("fstream", "GET", path, query, {}, b"", "127.0.0.1"), client.time())
    client.venue.closed(10**6, client.time())
    assert refusal is None or refusal.status == 404


frame_value = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | value,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
frame_object = st.fixed_dictionaries(
    {},
    optional={
        "method": st.one_of(st.sampled_from(["SUBSCRIBE", "UNSUBSCRIBE", "SET_PROPERTY", "GET_PROPERTY"]), frame_value),
        "params": st.one_of(st.lists(st.sampled_from(["btcusdt@depth", "combined", "!ticker@arr", "x"])), frame_value),
        "id": st.one_of(st.integers(0, 5), frame_value),
    },
)


@settings(max_examples=200)
@given(frame=st.one_of(frame_object.map(lambda one: msgspec.json.encode(one)), st.binary(max_size=80), st.text()))
def test_any_frame_is_answered_once(frame: bytes | str) -> None:
    KEPT.wait(1)
    session = KEPT.open("/ws", session=7)
    KEPT.send(session, frame)
    answers = KEPT.take(session)
    KEPT.venue.closed(session, KEPT.time())
    assert len(answers) == 1
    assert {"result", "error"} & set(answers[0])


def test_the_venue_has_an_answer_to_what_is_no_http(client: Client) -> None:
    reply = client.venue.error_reply("", "malformed-request", None, client.time())
    assert (reply.status, msgspec.json.decode(reply.body)["code"]) == (400, -1000)
