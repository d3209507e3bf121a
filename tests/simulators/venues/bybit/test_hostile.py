"""Whatever is sent gets the venue's own answer, and the same run gives the same bytes."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from venueproof_simulators.host.venue import Profile
from venueproof_simulators.venues.bybit.routes.table import METHODS, ROUTES

from .client import CREATE, Client, order, stop

NAMES = [
    "category",
    "symbol",
    "side",
    "orderType",
    "qty",
    "price",
    "timeInForce",
    "positionIdx",
    "orderLinkId",
    "orderId",
    "reduceOnly",
    "triggerPrice",
    "triggerDirection",
    "takeProfit",
    "stopLoss",
    "trailingStop",
    "tpslMode",
    "limit",
    "cursor",
    "startTime",
    "endTime",
    "interval",
    "mode",
    "buyLeverage",
    "sellLeverage",
    "setMarginMode",
    "margin",
    "settleCoin",
    "request",
    "coin",
    "timeWindow",
    "accountType",
]
WORDS = [
    "linear",
    "inverse",
    "BTCUSDT",
    "BTCUSD",
    "Buy",
    "Sell",
    "Market",
    "Limit",
    "PostOnly",
    "1",
    "0",
    "0.01",
    "60000",
]
SCALARS = st.one_of(
    st.sampled_from(WORDS), st.text(max_size=12), st.integers(), st.floats(allow_nan=False), st.booleans(), st.none()
)
VALUES = st.one_of(SCALARS, st.lists(SCALARS, max_size=3), st.dictionaries(st.sampled_from(NAMES), SCALARS, max_size=4))
BODIES = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=8)
PATHS = sorted({(route.method, route.path) for route in ROUTES.routes})
QUICK = settings(max_examples=150, deadline=None, derandomize=True, database=None)


@QUICK
@given(route=st.sampled_from(PATHS), sent=BODIES)
def test_every_path_answers_anything_in_its_envelope(route: tuple[str, str], sent: dict[str, Any]) -> None:
    client = Client()
    method, path = route
    body = msgspec.json.encode({"category": "linear", "symbol": "BTCUSDT", **sent})
    if method == "POST":
        reply = client.request(method, path, body=body, headers=client.headers(body.decode()))
    else:
        query = "&".join(f"{name}={value}" for name, value in sent.items() if "&" not in str(value))
        reply = client.request(method, path, query, headers=client.headers(query))
    assert reply.status == 200
    envelope = msgspec.json.decode(reply.body)
    assert set(envelope) == {"retCode", "retMsg", "result", "retExtInfo", "time"}
    assert isinstance(envelope["retCode"], int)


@QUICK
@given(body=st.binary(max_size=60), query=st.text(max_size=30))
def test_bytes_that_mean_nothing_are_refused(body: bytes, query: str) -> None:
    client = Client()
    text = body.decode("utf-8", "replace")
    reply = client.request("POST", CREATE, query, body, client.headers(text))
    assert reply.status == 200
    assert msgspec.json.decode(reply.body)["retCode"] in {10001, 10004}


@QUICK
@given(
    op=st.sampled_from([*sorted(route.path for route in METHODS.routes), "ping", "auth", "x"]),
    args=VALUES,
    frame=BODIES,
)
def test_every_frame_is_answered(op: str, args: object, frame: dict[str, Any]) -> None:
    client = Client()
    for path in ("/v5/trade", "/v5/private", "/v5/public/linear"):
        session = client.open(path)
        if path != "/v5/public/linear":
            client.login(session)
        header = {"X-BAPI-TIMESTAMP": client.time().wire_ms}
        client.send(session, {"header": header, **frame, "op": op, "args": [args]})
        client.send(session, {"header": header, **frame, "op": op, "args": args})
        told = client.take(session)
        assert len(told) >= 2
        assert all({"success", "retCode", "args"} & set(one) for one in told if "topic" not in one)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v5/nowhere", 404),
        ("GET", "/v5/order/create", 404),
        ("POST", "/v5/market/time", 404),
        ("GET", "/", 404),
        ("PUT", "/v5/order/create", 400),
        ("DELETE", "/v5/order/create", 400),
        ("get", "/v5/market/time", 400),
    ],
)
def test_wrong_paths_and_verbs_have_pages_of_their_own(client: Client, method: str, path: str, status: int) -> None:
    reply = client.request(method, path)
    assert (reply.status, reply.body) == (status, b"")


def test_a_get_with_a_body_never_reaches_the_venue(client: Client) -> None:
    reply = client.request("GET", "/v5/market/time", body=b"{}")
    assert (reply.status, b"403 Forbidden" in reply.body) == (403, True)


def test_the_signature_is_over_the_bytes_as_they_came(client: Client) -> None:
    body = (
        b'{ "category" : "linear","symbol":"BTCUSDT" , "side":"Buy","orderType":"Limit","qty":"0.010","price":"59000"}'
    )
    reply = client.request("POST", CREATE, body=body, headers=client.headers(body.decode()))
    assert msgspec.json.decode(reply.body)["retCode"] == 0
    query = "symbol=BTCUSDT&category=linear&baseCoin=%42TC"
    reply = client.request("GET", "/v5/order/realtime", query, headers=client.headers(query))
    assert len(msgspec.json.decode(reply.body)["result"]["list"]) == 1


def test_parameters_are_read_strictly(client: Client) -> None:
    for query in ("category=linear&category=linear", "&".join(f"a{n}=1" for n in range(300))):
        reply = client.request("GET", "/v5/market/tickers", query)
        assert msgspec.json.decode(reply.body)["retCode"] == 10001
    for limit in ("0", "-1", "1001", "x", "1.5"):
        asked = client.public("market/recent-trade", category="linear", symbol="BTCUSDT", limit=limit)
        assert asked["retCode"] == 10001


def transcript(profile: Profile, seed: int) -> list[object]:
    client = Client(profile, seed)
    session, market = client.listen("order", "execution", "position", "wallet"), client.watch("orderbook.50.BTCUSDT")
    for number in range(3):
        client.place(price=str(59000 - number))
        client.market(qty="0.02")
        client.place(**stop())
    client.move("59500")
    return [client.take(session), client.take(market), client.ask("execution/list", category="linear"), client.keys]


@pytest.mark.parametrize("profile", list(Profile))
def test_the_same_run_gives_the_same_bytes(profile: Profile) -> None:
    assert transcript(profile, 7) == transcript(profile, 7)
    assert transcript(profile, 7) != transcript(profile, 8)


def test_words_that_there_are_not_are_refused(client: Client) -> None:
    wrong = order(slippageToleranceType="x")
    assert client.refused("order/create", **wrong) == (10001, "params error: slippageToleranceType invalid")
    client.post("order/create", **order(slippageToleranceType="Percent"))
    for path, name, value, good in (
        ("order/realtime", "openOnly", "2", "1"),
        ("order/history", "orderStatus", "Foo", "Filled"),
    ):
        asked = {"category": "linear", "symbol": "BTCUSDT"}
        assert client.envelope("GET", path, **asked, **{name: value})["retCode"] == 10001
        assert client.ask(path, **asked, **{name: good})["category"] == "linear"
