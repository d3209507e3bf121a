"""JSON-RPC itself, over both ways in: ids, versions, batches, unknown methods, sizes, and one table for both."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from venueproof_simulators.venues.deribit.routes.methods import METHODS

from .client import BTC, Client, order


def _only(client: Client, session: int) -> Any:
    (frame,) = client.take(session)
    return frame


@pytest.mark.quirk("deribit.ws.jsonrpc-correlation")
@pytest.mark.parametrize("id", [1, 0, -5, "a", "", 2.5, 10**18])
def test_an_answer_carries_the_id_of_its_request(client: Client, id: object) -> None:
    session = client.open()
    client.send(session, {"jsonrpc": "2.0", "id": id, "method": "public/test"})
    answer = _only(client, session)
    assert (answer["id"], answer["result"]) == (id, {"version": "1.2.26"})
    assert answer["usOut"] - answer["usIn"] == answer["usDiff"]


def test_an_id_may_be_used_twice(client: Client) -> None:
    session = client.open()
    for method in ("public/test", "public/get_time"):
        client.send(session, {"jsonrpc": "2.0", "id": 7, "method": method})
    assert [frame["id"] for frame in client.take(session)] == [7, 7]


@pytest.mark.quirk("deribit.ws.id-required")
def test_a_frame_needs_an_id(client: Client) -> None:
    session = client.open()
    client.send(session, {"jsonrpc": "2.0", "method": "public/test"})
    answer = _only(client, session)
    assert ("id" in answer, answer["error"]["code"]) == (False, -32600)
    assert "id" not in msgspec.json.decode(client.get("public/test").body), "over HTTP it may be missing"


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("{", -32700),
        (b"\xff\xfe", -32700),
        ("[" * 3000, -32700),
        ('[{"jsonrpc":"2.0","id":1,"method":"public/test"}]', -32600),
        ("1", -32600),
        ('{"jsonrpc":"1.0","id":1,"method":"public/test"}', -32600),
        ('{"jsonrpc":"2.0","id":[1],"method":"public/test"}', -32600),
        ('{"jsonrpc":"2.0","id":true,"method":"public/test"}', -32600),
        ('{"jsonrpc":"2.0","id":1,"method":5}', -32600),
        ('{"jsonrpc":"2.0","id":1}', -32600),
        ('{"jsonrpc":"2.0","id":1,"method":"public/nothing"}', -32601),
        ('{"jsonrpc":"2.0","id":1,"method":"private/set_leverage"}', -32601),
        ('{"jsonrpc":"2.0","id":1,"method":"public/ticker","params":[1]}', -32602),
        ('{"jsonrpc":"2.0","id":1,"method":"public/ticker","params":"x"}', -32602),
        ('{"jsonrpc":"2.0","id":1,"method":"public/ticker","params":null}', -32602),
        ('{"jsonrpc":"2.0","id":1,"method":"public/ticker"}', -32602),
        ('{"jsonrpc":"2.0","id":1,"method":"private/get_positions"}', 13009),
        ('{"jsonrpc":"2.0","id":1,"method":"public/subscribe","params":{"channels":"x"}}', -32602),
        ('{"jsonrpc":"2.0","id":1,"method":"public/subscribe","params":{"channels":[1]}}', -32602),
        ('{"jsonrpc":"2.0","id":1,"method":"public/subscribe","params":{}}', -32602),
        ('{"jsonrpc":"2.0","id":1,"method":"public/set_heartbeat","params":{"interval":5}}', -32602),
    ],
)
def test_what_is_no_request_is_answered_with_its_error(client: Client, frame: str | bytes, code: int) -> None:
    session = client.open()
    client.send(session, frame)
    assert _only(client, session)["error"]["code"] == code
    assert client.answer(session, "public/test")["result"]


@pytest.mark.quirk("deribit.leverage.rejected-surfaces")
def test_there_is_no_leverage_to_set(client: Client) -> None:
    assert client.refused("private/set_leverage", instrument_name=BTC, leverage=5) == (400, -32601)


@pytest.mark.quirk("deribit.ws.error-unrouted-in-ccxt")
def test_an_error_stands_beside_the_id_of_its_request(client: Client) -> None:
    answer = client.answer(client.open(), "public/ticker", instrument_name="nothing")
    assert answer["id"].startswith("call-")
    assert answer["error"]["data"] == {"reason": "instrument not found", "param": "instrument_name"}


@pytest.mark.quirk("deribit.ws.order-placement")
def test_orders_go_over_either_way(client: Client) -> None:
    session = client.log_on()
    over_socket = client.call(session, "private/buy", **order(label="s"))["order"]
    over_get = client.buy(label="s")
    body = msgspec.json.encode({"jsonrpc": "2.0", "id": 4, "method": "private/buy", "params": order(label="s")})
    reply = client.request("POST", "/api/v2", body=body, headers=client.basic())
    over_post = msgspec.json.decode(reply.body)
    assert over_post["id"] == 4
    documents = (over_socket, over_get, over_post["result"]["order"])
    assert len({document["order_id"] for document in documents}) == 3
    assert [set(document) for document in documents] == [set(over_get)] * 3


def test_the_path_may_name_the_method_of_a_body(client: Client) -> None:
    reply = client.request("POST", "/api/v2/public/ticker", body=b'{"params":{"instrument_name":"BTC-PERPETUAL"}}')
    assert msgspec.json.decode(reply.body)["result"]["instrument_name"] == BTC


@pytest.mark.parametrize("path", ["/", "/api/v1/public/test", "/api/v2x/public/test", "/ws/api/v2"])
def test_another_path_is_unknown(client: Client, path: str) -> None:
    assert client.request("GET", path).status == 404


def test_other_http_methods_are_unknown(client: Client) -> None:
    assert client.request("DELETE", "/api/v2/public/test").status == 404
    refusal = client.venue.open(9, client.handshake(path="/ws/api/v1"), client.time())
    assert refusal is not None
    assert refusal.status == 404


@pytest.mark.parametrize("method", [method.name for method in METHODS.values() if method.websocket_only])
def test_methods_of_a_connection_are_refused_over_http(client: Client, method: str) -> None:
    assert client.refused(method) == (400, 10030)


def test_a_name_that_stands_twice_in_a_query_is_refused(client: Client) -> None:
    reply = client.request("GET", "/api/v2/public/ticker", "instrument_name=a&instrument_name=b")
    assert msgspec.json.decode(reply.body)["error"]["data"]["reason"] == "duplicate parameter"


@pytest.mark.quirk("deribit.http.error-in-success")
def test_the_status_may_say_nothing(client: Client) -> None:
    assert client.refused("public/ticker", instrument_name="nothing") == (400, 13020)
    client.venue.switch_quirk("deribit.http.error-in-success", True)
    assert client.refused("public/ticker", instrument_name="nothing") == (200, 13020)


@pytest.mark.quirk("deribit.ws.subscribe-batching")
def test_a_frame_has_at_most_32_kib(client: Client) -> None:
    session = client.open()
    client.send(session, '{"jsonrpc":"2.0","id":1,"method":"public/test","x":"' + "x" * 33_000 + '"}')
    assert client.take(session) == []
    assert [(one.session, one.code) for one in client.closed] == [(session, 1009)]
    other = client.open()
    for _ in range(10):
        client.call(other, "public/subscribe", channels=[])
    assert client.fails(other, "public/subscribe", channels=[]) == 10028


@pytest.mark.quirk("deribit.env.maintenance")
def test_a_closed_venue_says_so(client: Client) -> None:
    session = client.log_on()
    client.venue.maintenance(client.time().age_ns + 60 * 10**9, client.time())
    assert client.fails(session, "private/get_positions") == 11051
    assert client.refused("public/ticker", instrument_name=BTC) == (503, 11051)
    refusal = client.venue.open(9, client.handshake(), client.time())
    assert refusal is not None
    assert refusal.status == 503
    client.wait(61)
    assert client.call(session, "private/get_positions") == []
