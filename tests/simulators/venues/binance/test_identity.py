from __future__ import annotations

import msgspec
import pytest
from tests.simulators.venues.support.client import SECOND_NS

from .client import Client, order

ORDER = "/fapi/v1/order"


def code(body: bytes) -> int:
    return int(msgspec.json.decode(body)["code"])


@pytest.mark.parametrize("headers", [{}, {"x-mbx-apikey": ""}, {"x-mbx-apikey": "short"}, {"x-mbx-apikey": "é" * 64}])
def test_request_without_proper_key_is_401_2014(client: Client, headers: dict[str, str]) -> None:
    reply = client.request("GET", "/fapi/v3/balance", client.signed_query({}), headers=headers)
    assert (reply.status, code(reply.body)) == (401, -2014)


def test_unknown_key_is_401_2015_with_the_weight_header(client: Client) -> None:
    reply = client.request("GET", "/fapi/v3/balance", client.signed_query({}), headers={"x-mbx-apikey": "a" * 64})
    assert (reply.status, code(reply.body)) == (401, -2015)
    assert "X-MBX-USED-WEIGHT-1M" in reply.headers
    assert len(reply.body) == 69, "the body recorded on the live venue has 69 bytes"


@pytest.mark.quirk("binance.auth.ip-whitelist")
def test_good_key_is_refused_from_a_foreign_address_only_while_the_row_is_on(client: Client) -> None:
    query = client.signed_query({})
    stranger = client.request("GET", "/fapi/v3/balance", query, headers={"x-mbx-apikey": "a" * 64})
    client.venue.switch_quirk("binance.auth.ip-whitelist", True)
    bound = client.request("GET", "/fapi/v3/balance", query, headers=key(client))
    assert (bound.status, bound.body) == (401, stranger.body)
    assert client.request("GET", "/fapi/v1/time").status == 200
    client.venue.switch_quirk("binance.auth.ip-whitelist", False)
    assert client.request("GET", "/fapi/v3/balance", query, headers=key(client)).status == 200


def test_wrong_secret_is_400_1022(client: Client) -> None:
    client.keys["secret"] = "x" * 64
    assert client.refused("GET", "/fapi/v3/balance") == (400, -1022)


def test_signature_may_be_in_upper_case(client: Client) -> None:
    query = client.signed_query({})
    head, _, digest = query.rpartition("=")
    reply = client.request("GET", "/fapi/v3/balance", f"{head}={digest.upper()}", headers=key(client))
    assert reply.status == 200


@pytest.mark.parametrize("missing", ["timestamp", "signature"])
def test_missing_stamp_or_signature_is_1102(client: Client, missing: str) -> None:
    pairs = [pair for pair in client.signed_query({}).split("&") if not pair.startswith(missing)]
    reply = client.request("GET", "/fapi/v3/balance", "&".join(pairs), headers=key(client))
    assert (reply.status, code(reply.body)) == (400, -1102)
    assert missing in reply.body.decode()


def key(client: Client) -> dict[str, str]:
    return {"x-mbx-apikey": client.keys["apiKey"]}


@pytest.mark.quirk("binance.auth.query-plus-body")
def test_query_and_body_are_signed_as_one_and_the_query_wins(client: Client) -> None:
    query = f"symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&timestamp={client.time().wire_ms}"
    body = "quantity=0.010&price=59000&side=SELL"
    signature = client.signature(query + body)
    reply = client.request("POST", ORDER, query, f"{body}&signature={signature}".encode(), key(client))
    assert reply.status == 200, reply.body
    assert msgspec.json.decode(reply.body)["side"] == "BUY"


def test_what_is_signed_are_the_bytes_and_not_their_meaning(client: Client) -> None:
    text = f"symbol=BTCUSDT&newClientOrderId=a%3Ab&timestamp={client.time().wire_ms}"
    decoded = client.signature(text.replace("%3A", ":"))
    reply = client.request("GET", "/fapi/v3/balance", f"{text}&signature={decoded}", headers=key(client))
    assert code(reply.body) == -1022
    right = f"{text}&signature={client.signature(text)}"
    assert client.request("GET", "/fapi/v3/balance", right, headers=key(client)).status == 200


def test_same_signed_request_twice_is_accepted(client: Client) -> None:
    query = client.signed_query({})
    replies = [client.request("GET", "/fapi/v3/balance", query, headers=key(client)) for _ in range(2)]
    assert [reply.status for reply in replies] == [200, 200]


@pytest.mark.quirk("binance.auth.clock-skew")
@pytest.mark.parametrize(
    ("age_ms", "window_ms", "refused"),
    [(5000, None, False), (5001, None, True), (-999, None, False), (-1000, None, True), (9000, 10_000, False)],
)
def test_timestamp_must_lie_in_the_window(client: Client, age_ms: int, window_ms: int | None, refused: bool) -> None:
    parameters: dict[str, object] = {"timestamp": client.time().wire_ms - age_ms}
    if window_ms is not None:
        parameters["recvWindow"] = window_ms
    reply = client.signed("GET", "/fapi/v3/balance", **parameters)
    assert reply.status == (400 if refused else 200)
    assert not refused or code(reply.body) == -1021


def test_timestamps_are_checked_against_the_venues_own_clock(client: Client) -> None:
    honest_ms = client.time().wire_ms
    client.skew_ns = 60 * SECOND_NS
    assert client.get("/fapi/v1/time")["serverTime"] == honest_ms + 60_000
    assert client.refused("GET", "/fapi/v3/balance", timestamp=honest_ms) == (400, -1021)
    assert client.signed("GET", "/fapi/v3/balance").status == 200


@pytest.mark.quirk("binance.auth.me-recvwindow")
def test_engine_looks_at_the_window_again_only_while_the_row_is_on(client: Client) -> None:
    tight = order(recvWindow=3000)
    assert client.signed("POST", ORDER, **tight).status == 200
    client.venue.switch_quirk("binance.auth.me-recvwindow", True)
    assert client.refused("POST", ORDER, **tight) == (400, -5028)
    assert client.signed("POST", ORDER, **order(recvWindow=10_000)).status == 200


def test_accounts_do_not_see_each_other(client: Client) -> None:
    mine = client.limit()
    client.keys = dict(client.venue.open_account("other", client.time()))
    assert client.ask("GET", "/fapi/v1/openOrders") == []
    assert client.refused("DELETE", ORDER, symbol="BTCUSDT", orderId=mine["orderId"]) == (400, -2011)


def test_credentials_depend_on_the_seed_alone() -> None:
    assert Client(seed=3).keys == Client(seed=3).keys != Client(seed=4).keys
    keys = Client().keys
    assert {len(keys[name]) for name in ("apiKey", "secret", "ed25519ApiKey")} == {64}


def test_secrets_hold_what_must_not_be_journalled(client: Client) -> None:
    listen_key = client.listen_key()
    assert {client.keys["secret"], listen_key} <= set(client.venue.secrets())


@pytest.mark.quirk("binance.account.region-restricted")
def test_restricted_account_hears_451_only_while_the_row_is_on(client: Client) -> None:
    client.venue.switch_quirk("binance.account.region-restricted", True)
    assert client.request("GET", "/fapi/v1/time").status == 451
    client.venue.switch_quirk("binance.account.region-restricted", False)
    assert client.request("GET", "/fapi/v1/time").status == 200
