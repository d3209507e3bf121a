"""Whatever comes in, on any route and any session: the venue's own answer, never an exception; and always the same."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from venueproof_simulators.host.routing import Route
from venueproof_simulators.host.venue import Profile
from venueproof_simulators.venues.kraken.routes.table import CHARTS, DERIVATIVES, HISTORY, ROUTES, Endpoint
from venueproof_simulators.venues.kraken.streams.control import EVENTS, PRIVATE, PUBLIC

from .client import PF, PI, Client, order

NAMES = sorted(
    {
        *("symbol", "orderType", "side", "size", "limitPrice", "stopPrice", "triggerSignal", "reduceOnly", "cliOrdId"),
        *("trailingStopMaxDeviation", "trailingStopDeviationUnit", "processBefore", "order_id", "orderId", "orderIds"),
        *("cliOrdIds", "timeout", "json", "maxLeverage", "pnlPreference", "strategy", "lastFillTime", "lastTime"),
        *("fromAccount", "toAccount", "unit", "amount", "currency", "targetAddress", "since", "before", "count"),
        *("sort", "continuation_token", "tradeable", "closed", "from", "to", "info", "orderIds[]"),
    }
)
WORDS = st.one_of(
    st.sampled_from([PF, PI, "lmt", "post", "mkt", "ioc", "fok", "stp", "take_profit", "trailing_stop", "buy", "sell"]),
    st.sampled_from(["1", "0", "-1", "0.5", "59000", "1e5", "1e-999", "NaN", "", "PERCENT", "QUOTE_CURRENCY", "asc"]),
    st.sampled_from(["cash", "flex", "fi_xbtusd", "true", "2026-11-24T12:00:00Z", "2026-11-24", '{"batchOrder":[{}]}']),
    st.text(max_size=12),
)
SENT = st.dictionaries(st.sampled_from(NAMES), WORDS, max_size=8)
SEGMENTS = st.one_of(st.sampled_from([PF, "trade", "mark", "1m", "3m"]), st.text(min_size=1, max_size=8))
PROOF = st.dictionaries(st.sampled_from(["api_key", "original_challenge", "signed_challenge"]), WORDS, max_size=3)


FEEDS = sorted(PUBLIC | PRIVATE | {"heartbeat", "open_position"})


def _frame(event: object, feed: str, products: object, proof: dict[str, str]) -> dict[str, object]:
    return {"event": event, "feed": feed, "product_ids": products, **proof}


def has_envelope(family: str, status: int, document: Any) -> bool:
    """Whether an answer has the shape of its surface."""
    if isinstance(document, list):
        return family == CHARTS and status == 200
    if family == DERIVATIVES:
        return document["result"] in {"success", "error"} and "serverTime" in document
    if status == 200:
        return "result" not in document
    return "requestId" in document or set(document) == {"reason", "status"} or document["result"] == "error"


@pytest.mark.parametrize("route", ROUTES.routes, ids=lambda route: f"{route.method} {route.path}")
@settings(max_examples=8, deadline=None)
@given(
    sent=st.one_of(SENT, st.just(order())),
    segments=st.lists(SEGMENTS, min_size=3, max_size=3),
    raw=st.binary(max_size=20),
)
def test_any_parameters_get_an_envelope(
    route: Route[Endpoint], sent: dict[str, object], segments: list[str], raw: bytes
) -> None:
    client = Client()
    path = route.path
    for name, segment in zip(("{kind}", "{symbol}", "{resolution}"), segments, strict=True):
        path = path.replace(name, urlencode({"": segment})[1:])
    query = urlencode(sent)
    for body in (b"", raw):
        data = query + body.decode("utf-8", "surrogateescape")
        headers = client.headers(data, path)
        reply = client.request(route.method, path, query, body, headers)
        assert has_envelope(route.handler.family, reply.status, msgspec.json.decode(reply.body)), reply.body


@settings(max_examples=150, deadline=None)
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH"]),
    path=st.one_of(st.text(max_size=20), st.sampled_from([route.path for route in ROUTES.routes])),
    query=st.text(max_size=40),
    body=st.binary(max_size=60),
    headers=st.dictionaries(st.sampled_from(["apikey", "authent", "nonce"]), st.text(max_size=10)),
)
def test_any_bytes_get_an_answer(method: str, path: str, query: str, body: bytes, headers: dict[str, str]) -> None:
    reply = Client().request(method, path, query, body, headers)
    assert reply.status in {200, 400, 401, 404}
    assert msgspec.json.decode(reply.body)


@settings(max_examples=200, deadline=None)
@given(
    frames=st.lists(
        st.one_of(
            st.text(max_size=40),
            st.binary(max_size=40),
            st.builds(
                _frame,
                st.one_of(st.sampled_from(EVENTS), WORDS, st.integers()),
                st.one_of(st.sampled_from(FEEDS), WORDS),
                st.one_of(st.lists(WORDS, max_size=3), WORDS, st.none()),
                PROOF,
            ),
        ),
        max_size=4,
    ),
    honest=st.booleans(),
)
def test_any_frame_gets_an_answer(frames: list[str | bytes | dict[str, object]], honest: bool) -> None:
    client = Client()
    session = client.open()
    proof: dict[str, object] = {**client.proof(session)} if honest else {}
    for frame in frames:
        heard = client.say(session, {**frame, **proof} if isinstance(frame, dict) else frame)
        assert heard
        assert all("event" in one or "feed" in one for one in heard)


@pytest.mark.parametrize(
    ("path", "family"),
    [
        ("/derivatives/api/v3/nothing", DERIVATIVES),
        ("/derivatives/api/v5/tickers", DERIVATIVES),
        ("/nothing", DERIVATIVES),
        ("/api/history/v2/nothing", HISTORY),
        ("/api/charts/v1/trade/PF_XBTUSD/1h/more", CHARTS),
    ],
)
def test_a_path_that_is_not_there(client: Client, path: str, family: str) -> None:
    reply = client.request("GET", path)
    document = msgspec.json.decode(reply.body)
    assert reply.status == 404
    assert document["error"] == ("notFound" if family == DERIVATIVES else "Not Found")


def _story(seed: int) -> list[bytes]:
    """Everything that a busy client hears."""
    client = Client(Profile.FIELD, seed)
    session = client.listen("open_orders", "fills", "balances", "open_positions", "account_log")
    client.subscribe(session, "book", PF)
    replies = [client.signed("POST", "/derivatives/api/v3/sendorder", **order(cliOrdId="a1")).body]
    client.market(size="0.3")
    client.stop()
    client.move("57900")
    client.wait(2)
    replies += [client.signed("GET", route.path).body for route in ROUTES.routes if "{" not in route.path]
    return [*replies, *(str(message.payload).encode() for message in client.messages)]


def test_the_same_seed_says_the_same() -> None:
    assert _story(3) == _story(3)
    assert _story(3) != _story(4)


@pytest.mark.parametrize("text", ["true", "e", "1e", "one", "1e9999999999999999999", "1e2e3"])
def test_a_number_that_is_none_is_a_bad_parameter(client: Client, text: str) -> None:
    assert client.refused("POST", "sendorder", **order(size=text)) == (200, "invalidArgument: size")
