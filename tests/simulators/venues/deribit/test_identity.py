"""Who asks: the four proofs, tokens and their ends, scopes, and what is refused in which words."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from .client import BTC, Client, order


def _auth(client: Client, **more: object) -> Any:
    keys = {"client_id": client.keys["apiKey"], "client_secret": client.keys["secret"]}
    return client.ask("public/auth", grant_type="client_credentials", **keys, **more)


def _bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


@pytest.mark.quirk("deribit.auth.oauth2-client-credentials")
def test_a_token_is_given_for_a_secret_and_renewed_once(client: Client) -> None:
    given = _auth(client, state="s")
    assert {"access_token", "refresh_token", "expires_in", "scope", "token_type", "state"} <= set(given)
    assert (given["expires_in"], given["token_type"], given["state"]) == (900, "bearer", "s")
    assert client.get("private/get_positions", headers=_bearer(given["access_token"])).status == 200
    renewed = client.ask("public/auth", grant_type="refresh_token", refresh_token=given["refresh_token"])
    assert renewed["access_token"] != given["access_token"]
    again = client.refused("public/auth", grant_type="refresh_token", refresh_token=given["refresh_token"])
    assert again == (400, 13004)


@pytest.mark.quirk("deribit.auth.token-expiry-mid-session")
def test_a_token_ends_in_the_middle_of_a_session(client: Client) -> None:
    session = client.log_on()
    client.subscribe(session, "user.orders.any.any.raw")
    assert client.call(session, "private/get_positions") == []
    client.aged_ns += 901 * 10**9
    answer = client.answer(session, "private/get_positions")
    assert (answer["error"]["code"], answer["error"]["data"]["reason"]) == (13009, "token has expired")
    client.buy()
    assert len(client.told(session, "user.orders.any.any.raw")) == 1
    keys = {"client_id": client.keys["apiKey"], "client_secret": client.keys["secret"]}
    client.call(session, "public/auth", grant_type="client_credentials", **keys)
    assert client.call(session, "private/get_positions") == []


@pytest.mark.quirk("deribit.auth.client-signature")
def test_the_signature_of_auth_has_two_line_breaks(client: Client) -> None:
    session, stamp = client.open(), client.time().wire_ms
    known: dict[str, object] = {"grant_type": "client_signature", "client_id": client.keys["apiKey"], "nonce": "n"}
    right, short = client.sign(f"{stamp}\nn\n"), client.sign(f"{stamp}\nn")
    assert client.fails(session, "public/auth", **known, timestamp=stamp, data="", signature=short) == 13004
    given = client.call(session, "public/auth", **known, timestamp=stamp, data="", signature=right)
    assert given["scope"].startswith("connection ")
    assert client.call(session, "private/get_positions") == []


@pytest.mark.quirk("deribit.auth.no-time-dependency")
def test_signatures_look_at_the_clock_and_tokens_do_not(client: Client) -> None:
    now_ms = client.time().wire_ms
    late_ms = now_ms - 90_000
    assert client.signed("private/get_positions", "n1", now_ms).status == 200
    client.wait(0.01)
    assert client.signed("private/get_positions", "n1", now_ms).status == 400, "a nonce is good once"
    assert client.signed("private/get_positions", "n1", client.time().wire_ms).status == 400, "not with a newer time"
    assert client.signed("private/get_positions", "n2", late_ms).status == 400
    token = _auth(client)["access_token"]
    client.skew_ns = 90 * 10**9
    assert client.get("private/get_positions", headers=_bearer(token)).status == 200
    assert client.signed("private/get_positions", "n3", client.now_ns // 10**6).status == 400


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, (401, 13009)),
        ({"authorization": "Basic bm9ib2R5Om5vdGhpbmc="}, (400, 13004)),
        ({"authorization": "Basic ???"}, (401, 13009)),
        ({"authorization": "Bearer nothing"}, (401, 13009)),
        ({"authorization": "Digest x"}, (401, 13009)),
        ({"authorization": "deri-hmac-sha256 id=x"}, (400, 13004)),
    ],
)
def test_a_bad_proof_is_refused(client: Client, headers: dict[str, str], expected: tuple[int, int]) -> None:
    assert client.refused("private/get_positions", headers=headers) == expected


def test_a_malformed_nonce_is_named(client: Client) -> None:
    stamp = client.time().wire_ms
    answer = client.error(
        "public/auth",
        grant_type="client_signature",
        client_id=client.keys["apiKey"],
        timestamp=stamp,
        nonce="",
        signature=client.sign(f"{stamp}\n\n"),
    )
    assert answer == {
        "message": "Invalid params",
        "data": {"reason": "invalid format", "param": "nonce"},
        "code": -32602,
    }


def test_a_scope_too_low_is_forbidden(client: Client) -> None:
    token = _auth(client, scope="trade:read account:read expires:60")
    assert (token["expires_in"], "trade:read " in token["scope"]) == (60, True)
    headers = _bearer(token["access_token"])
    assert client.get("private/get_positions", headers=headers).status == 200
    assert client.refused("private/buy", headers=headers, **order()) == (403, 13021)


def test_a_token_of_a_connection_is_good_on_no_other(client: Client) -> None:
    session = client.open()
    keys = {"client_id": client.keys["apiKey"], "client_secret": client.keys["secret"]}
    token = client.call(session, "public/auth", grant_type="client_credentials", **keys)["access_token"]
    other = client.open()
    assert client.fails(other, "private/get_positions", access_token=token) == 13009
    named = client.call(session, "public/auth", grant_type="client_credentials", scope="session:one", **keys)
    assert client.call(other, "private/get_positions", access_token=named["access_token"]) == []


def test_a_key_has_sixteen_named_sessions(client: Client) -> None:
    for number in range(16):
        _auth(client, scope=f"session:s{number}")
    keys = {"client_id": client.keys["apiKey"], "client_secret": client.keys["secret"]}
    refused = client.refused("public/auth", grant_type="client_credentials", scope="session:more", **keys)
    assert refused == (400, 13012)


@pytest.mark.quirk("deribit.auth.ip-whitelist")
def test_a_key_may_be_bound_to_addresses(client: Client) -> None:
    assert client.ask("private/get_positions") == []
    client.venue.switch_quirk("deribit.auth.ip-whitelist", True)
    assert client.refused("private/get_positions") == (403, 13021)
    assert client.ask("public/get_time") == client.time().wire_ms


@pytest.mark.quirk("deribit.account.region-restricted")
def test_an_account_may_be_served_no_more(client: Client) -> None:
    assert client.ask("public/test") == {"version": "1.2.26"}
    client.venue.switch_quirk("deribit.account.region-restricted", True)
    assert client.refused("private/get_positions") == (403, 12005)
    assert client.refused("public/ticker", instrument_name=BTC) == (403, 12005)


@pytest.mark.quirk("deribit.testnet.same-paths")
def test_the_test_environment_says_so(client: Client) -> None:
    reply = client.request("GET", "/api/v2/public/get_time", origin="api-test")
    assert msgspec.json.decode(reply.body)["testnet"] is True
    assert msgspec.json.decode(client.get("public/get_time").body)["testnet"] is False
    assert client.answer(client.open("api-test"), "public/test")["testnet"] is True


def test_no_secret_is_left_out(client: Client) -> None:
    token = _auth(client)
    assert {client.keys["secret"], token["access_token"], token["refresh_token"]} <= set(client.venue.secrets())
