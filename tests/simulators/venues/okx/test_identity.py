"""Who is let in: every part of a credential, over REST and over WebSocket."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.simulators.venues.support.client import SECOND_NS

from .client import API, SWAP, Client

BALANCE = f"{API}account/balance"


def ask(client: Client, headers: dict[str, str], path: str = BALANCE, method: str = "GET") -> tuple[int, Any]:
    reply = client.request(method, path, headers=headers)
    return reply.status, msgspec.json.decode(reply.body)


@pytest.mark.quirk("okx.auth.passphrase-third-credential")
@pytest.mark.parametrize(
    ("header", "value", "code"),
    [
        ("ok-access-key", None, "50103"),
        ("ok-access-passphrase", None, "50104"),
        ("ok-access-passphrase", "another", "50105"),
        ("ok-access-sign", None, "50106"),
        ("ok-access-timestamp", None, "50107"),
        ("ok-access-key", "no key at all", "50111"),
        ("ok-access-key", "00000000-0000-0000-0000-000000000000", "50119"),
        ("ok-access-sign", "AAAA", "50113"),
        ("ok-access-sign", "ü", "50113"),
    ],
)
def test_each_part_of_a_credential_has_its_own_refusal(
    client: Client, header: str, value: str | None, code: str
) -> None:
    good = client.headers("GET", BALANCE)
    assert ask(client, good)[0] == 200
    bad = {name: text for name, text in (good | {header: value}).items() if text is not None}
    status, document = ask(client, bad)
    assert (status, document["code"], document.keys()) == (401, code, {"code", "msg"})


@pytest.mark.quirk("okx.auth.two-timestamp-formats")
def test_time_is_written_in_two_ways(client: Client) -> None:
    for stamp in (str(client.now_ns // SECOND_NS), "2026-11-24 12:05:00", "2026-13-24T12:05:00.000Z"):
        assert ask(client, client.headers("GET", BALANCE, stamp=stamp))[1]["code"] == "50112"
    for stamp, code in ((client.stamp(), "60004"), (str(client.now_ns // 10**6), "60004")):
        assert client.answer(client.open("private"), client.login_frame(timestamp=stamp))["code"] == code
    whole = client.now_ns // SECOND_NS + 1
    number = client.login_frame(timestamp=whole)
    assert client.answer(client.open("private"), number)["code"] == "0", "a JSON number will do"


@pytest.mark.quirk("okx.time.skew-rejected")
@pytest.mark.parametrize(("seconds", "refused"), [(31, True), (-31, True), (29, False), (-29, False)])
def test_a_time_that_is_off_is_refused(client: Client, seconds: int, refused: bool) -> None:
    headers = client.headers("GET", BALANCE)
    client.skew_ns = seconds * SECOND_NS
    assert ask(client, headers)[1]["code"] == ("50102" if refused else "0")
    session = client.open("private")
    client.skew_ns = 0
    frame = client.login_frame()
    client.skew_ns = seconds * SECOND_NS
    assert client.answer(session, frame)["code"] == ("60006" if refused else "0")


@pytest.mark.quirk("okx.demo.rest-header")
def test_a_key_belongs_to_one_environment(client: Client) -> None:
    live = client.headers("GET", BALANCE)
    assert ask(client, live | {"x-simulated-trading": "1"}) == (
        401,
        {"code": "50101", "msg": "APIKey does not match current environment."},
    )
    client.demo()
    demo = client.headers("GET", BALANCE)
    assert ask(client, demo)[1]["code"] == "50101"
    assert ask(client, demo | {"x-simulated-trading": "1"})[1]["code"] == "0"
    for where in ({"query": "brokerId=9999"}, {"prefix": "/pap"}, {"origin": "ws-demo"}):
        assert client.answer(client.open("private", **where), client.login_frame())["code"] == "0"


@pytest.mark.quirk("okx.demo.real-market-prices")
def test_demo_orders_meet_the_same_book(client: Client) -> None:
    order_id = client.place(px="59500")
    book = client.get("market/books", instId=SWAP, sz=400)
    client.demo()
    status, document = client.signed(
        "POST",
        "trade/order",
        {"instId": SWAP, "tdMode": "cross", "side": "sell", "ordType": "limit", "sz": "1", "px": "59500"},
        x_simulated_trading="1",
    )
    assert (status, document["code"]) == (200, "0")
    assert book[0]["bids"][0][0] == "59999.9"
    client.keys = dict(client.venue.credentials)
    assert client.order(order_id)["state"] == "live", "better prices of the market come first"


@pytest.mark.quirk("okx.key.region-host")
def test_a_key_is_not_known_in_other_regions(client: Client) -> None:
    headers = client.headers("GET", BALANCE)
    for origin in ("eea", "us"):
        reply = client.request("GET", BALANCE, headers=headers, origin=origin)
        assert (reply.status, msgspec.json.decode(reply.body)["code"]) == (401, "50119")
        assert client.answer(client.open("private", origin=f"ws-{origin}"), client.login_frame())["code"] == "60032"


@pytest.mark.quirk("okx.auth.ws-login-recipe")
@pytest.mark.parametrize("text", ["{}POST/users/self/verify", "{}GET/users/self", "{}GET/users/self/verify?a=1", "{}"])
def test_a_login_signed_otherwise_is_refused_and_ends_the_connection(client: Client, text: str) -> None:
    session = client.open("private")
    stamp = str(client.now_ns // SECOND_NS)
    refused = client.answer(session, client.login_frame(sign=client.signature(text.format(stamp))))
    assert (refused["event"], refused["code"]) == ("error", "60007")
    assert [one.session for one in client.closed] == [session]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"apiKey": None}, "60001"),
        ({"sign": None}, "60002"),
        ({"passphrase": None}, "60003"),
        ({"timestamp": None}, "60004"),
        ({"apiKey": "nonsense"}, "60005"),
        ({"apiKey": "00000000-0000-0000-0000-000000000000"}, "60032"),
        ({"passphrase": "another"}, "60024"),
    ],
)
def test_each_part_of_a_login_has_its_own_refusal(client: Client, changes: dict[str, object], code: str) -> None:
    refused = client.answer(client.open("private"), client.login_frame(**changes))
    assert (refused["code"], refused.keys()) == (code, {"event", "code", "msg", "connId"})


def test_a_login_says_so_in_four_texts_and_is_done_once(client: Client) -> None:
    session = client.open("business")
    answer = client.answer(session, client.login_frame())
    assert (answer["event"], answer["msg"], answer["code"], len(answer["connId"])) == ("login", "", "0", 8)
    assert client.answer(session, client.login_frame())["code"] == "60010"


def test_secrets_are_told_so_that_journals_can_blank_them(client: Client) -> None:
    keys = client.venue.credentials
    hidden = {keys[name] for name in ("secret", "password", "demoSecret", "demoPassword")}
    assert hidden <= set(client.venue.secrets())
