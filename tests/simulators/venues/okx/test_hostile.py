"""Whatever comes in, on any route and any endpoint: the venue's own answer, never an exception."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from venueproof_simulators.host.routing import Route
from venueproof_simulators.host.venue import HttpRequest
from venueproof_simulators.venues.okx.routes.methods import METHODS
from venueproof_simulators.venues.okx.routes.table import ROUTES, Endpoint

from .client import API, SWAP, Client, order

NAMES = sorted(
    {
        *("instId", "instType", "tdMode", "side", "ordType", "sz", "px", "clOrdId", "ordId", "algoId", "bar", "after"),
        *("before", "limit", "begin", "end", "mgnMode", "lever", "posSide", "posMode", "ccy", "newSz", "newPx"),
        *("slTriggerPx", "slOrdPx", "callbackRatio", "activePx", "attachAlgoOrds", "reduceOnly", "timeOut", "type"),
        *("amt", "acctLv", "channel", "instIdCode", "triggerPx", "orderPx", "closeFraction", "instFamily", "state"),
    }
)
WORDS = st.one_of(
    st.sampled_from(
        [SWAP, "SWAP", "cross", "isolated", "buy", "sell", "limit", "market", "1", "0", "-1", "59000", "1m"]
    ),
    st.sampled_from(["conditional", "oco", "trigger", "move_order_stop", "0.01", "long", "net", "1e5", "ANY", ""]),
    st.text(max_size=12),
)
VALUES = st.one_of(
    WORDS,
    st.integers(),
    st.booleans(),
    st.none(),
    st.floats(allow_nan=False),
    st.lists(WORDS, max_size=2),
    st.dictionaries(st.sampled_from(NAMES), WORDS, max_size=3),
)
SENT = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=8)
CALM = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("route", ROUTES.routes, ids=lambda route: f"{route.method} {route.path}")
@settings(max_examples=12, deadline=None)
@given(sent=st.one_of(SENT, st.lists(SENT, max_size=3), st.just(order())))
def test_any_parameters_get_an_envelope(route: Route[Endpoint], sent: dict[str, object] | list[object]) -> None:
    client = Client()
    if route.method == "GET":
        sent = {} if isinstance(sent, list) else {name: str(value) for name, value in sent.items()}
    status, document = client.signed(route.method, route.path.removeprefix(API), sent)
    assert status in {200, 400, 429}
    assert isinstance(document["code"], str)
    assert isinstance(document["data"], list)


@CALM
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
    path=st.one_of(st.text(max_size=20), st.sampled_from([route.path for route in ROUTES.routes])),
    query=st.text(max_size=40),
    body=st.binary(max_size=60),
)
def test_any_bytes_get_an_answer(client: Client, method: str, path: str, query: str, body: bytes) -> None:
    reply = client.request(method, path, query, body, {"content-type": "application/json"})
    assert reply.status in {200, 400, 401, 404, 405, 429}
    assert isinstance(msgspec.json.decode(reply.body)["code"], str)


@CALM
@given(
    frame=st.one_of(
        st.text(max_size=40),
        st.binary(max_size=40),
        st.fixed_dictionaries(
            {
                "op": st.sampled_from(["login", "subscribe", "unsubscribe", *METHODS, "nonsense"]),
                "args": st.one_of(VALUES, st.lists(SENT, max_size=3)),
            },
            optional={"id": VALUES, "expTime": VALUES},
        ),
    ),
    logged_in=st.booleans(),
    url=st.sampled_from(["public", "private", "business"]),
)
def test_any_frame_gets_an_answer(frame: object, logged_in: bool, url: str) -> None:
    client = Client()
    session = client.login(url) if logged_in else client.open(url)
    client.send(session, frame)
    for text in client.heard[session]:
        assert text == "pong" or isinstance(msgspec.json.decode(text), dict)
    assert client.heard[session]


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "status", "code"),
    [
        ("GET", "/api/v5/trade/nothing", {}, b"", 404, "404"),
        ("GET", "/api/v4/public/time", {}, b"", 404, "404"),
        ("POST", "/api/v5/public/time", {}, b"", 405, "50115"),
        ("GET", "/api/v5/trade/batch-orders", {}, b"", 405, "50115"),
    ],
)
def test_what_there_is_not(
    client: Client, method: str, path: str, headers: dict[str, str], body: bytes, status: int, code: str
) -> None:
    reply = client.request(method, path, "", body, headers)
    assert (reply.status, msgspec.json.decode(reply.body)["code"]) == (status, code)


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        ("", "application/json", "50000"),
        ("{", "application/json", "50002"),
        ("1", "application/json", "50002"),
        ("[[]]", "application/json", "50002"),
        ("a=b", "application/x-www-form-urlencoded", "50006"),
    ],
)
def test_a_body_must_be_json_and_say_so(client: Client, body: str, kind: str, code: str) -> None:
    path = f"{API}trade/batch-orders"
    headers = client.headers("POST", path, body) | {"content-type": kind}
    reply = client.request("POST", path, "", body.encode(), headers)
    assert (reply.status, msgspec.json.decode(reply.body)["code"]) == (400, code)


def test_a_name_that_is_sent_twice_is_refused(client: Client) -> None:
    reply = client.request("GET", f"{API}market/ticker", f"instId={SWAP}&instId={SWAP}")
    assert (reply.status, msgspec.json.decode(reply.body)["code"]) == (400, "51000")


def test_a_banned_address_is_turned_away_in_front_of_the_venue(client: Client) -> None:
    client.venue.ban("127.0.0.1", client.now_ns + 10**10, client.time())
    reply = client.request("GET", f"{API}public/time")
    assert (reply.status, reply.content_type) == (403, "text/html")
    client.wait(11)
    client.get("public/time")


def test_a_path_without_streams_is_refused(client: Client) -> None:
    refused = client.venue.open(9, HttpRequest("www", "GET", "/ws/v5/nothing", "", {}, b"", "127.0.0.1"), client.time())
    assert refused is not None
    assert refused.status == 404
    too_many = [
        client.venue.open(n, HttpRequest("www", "GET", "/ws/v5/public", "", {}, b"", "127.0.0.1"), client.time())
        for n in range(10, 14)
    ]
    assert [one.status if one else 101 for one in too_many] == [101, 101, 101, 429]


@pytest.mark.parametrize(("name", "wrong", "right"), [("tgtCcy", "foo", "base_ccy"), ("banAmend", "x", "true")])
def test_words_of_orders_that_change_nothing_on_swaps_are_read_all_the_same(
    client: Client, name: str, wrong: str, right: str
) -> None:
    assert client.row_code("trade/order", order() | {name: wrong}) == "51000"
    assert client.ask("trade/orders-pending") == []
    client.post("trade/order", order() | {name: right})


def test_a_kind_of_bill_is_a_number(client: Client) -> None:
    for name in ("type", "subType"):
        assert client.refused("GET", "account/bills", {name: "foo"}) == (400, "51000")
        assert client.ask("account/bills", **{name: "999"}) == []


def test_orders_are_not_told_of_an_instrument_that_there_is_not(client: Client) -> None:
    session = client.login()
    told = [
        client.subscribe(session, "orders", instType="SWAP", instId=name).get("code", "") for name in ("NO-SWAP", SWAP)
    ]
    assert told == ["60018", ""]
