"""Who asks: signatures, nonces, challenges, and the two ways to say that nobody is let in."""

from __future__ import annotations

import base64

import pytest
from tests.simulators.venues.support.client import SECOND_NS

from venueproof_simulators.venues.kraken.signing import sign_challenge

from .client import PF, V3, Client, decoded

OPEN = V3 + "openorders"
REFUSED = {"event": "alert", "message": "Failed to subscribe to authenticated feed"}


@pytest.mark.quirk("kraken.auth.strip-derivatives")
def test_the_prefix_is_no_part_of_what_is_signed(client: Client) -> None:
    good = {"apikey": client.keys["apiKey"], "authent": client.signature("", "/api/v3/openorders")}
    bad = {**good, "authent": client.signature("", OPEN)}
    assert decoded(client.request("GET", OPEN, headers=good))["result"] == "success"
    assert decoded(client.request("GET", OPEN, headers=bad))["error"] == "authenticationError"


def test_query_and_form_are_signed_alike(client: Client) -> None:
    path, data = V3 + "cancelallorders", "symbol=" + PF
    for query, body in ((data, b""), ("", data.encode())):
        reply = client.request("POST", path, query, body, client.headers(data, path))
        assert decoded(reply)["cancelStatus"]["cancelOnly"] == PF
    unsigned = client.request("POST", path, data, headers=client.headers("", path))
    assert decoded(unsigned)["error"] == "authenticationError"


@pytest.mark.quirk("kraken.auth.two-bodies")
@pytest.mark.parametrize("headers", ["none", "key", "signature"])
def test_each_surface_has_its_own_words_for_nobody(client: Client, headers: str) -> None:
    past = "/api/history/v2/orders"
    for path in (OPEN, past):
        sent = client.headers("", path)
        if headers == "none":
            sent = {}
        elif headers == "key":
            sent["apikey"] = "nobody"
        else:
            sent["authent"] = "é" * 88
        reply = client.request("GET", path, headers=sent)
        document = decoded(reply)
        if path == past:
            words = {"reason": "You are not authorized to access this endpoint.", "status": "unauthorized"}
            assert (reply.status, document) == (401, words)
        else:
            assert (reply.status, document["result"], document["error"]) == (200, "error", "authenticationError")
            assert list(document) == ["result", "error", "serverTime"]


@pytest.mark.quirk("kraken.auth.nonce-no-time")
def test_no_nonce_is_needed_and_no_clock(client: Client) -> None:
    client.skew_ns = 3600 * SECOND_NS
    assert client.ask("GET", "openorders")["openOrders"] == []
    assert client.placed()


@pytest.mark.quirk("kraken.auth.nonce-out-of-order")
def test_nonces_are_used_once_and_may_be_in_disorder_for_a_while(client: Client) -> None:
    def asked(nonce: str) -> str:
        document = decoded(client.request("GET", OPEN, headers=client.headers("", OPEN, nonce)))
        return str(document.get("error", document["result"]))

    assert [asked("100"), asked("101"), asked("99"), asked("101"), asked("x1")] == [
        "success",
        "success",
        "success",
        "nonceDuplicate",
        "invalidArgument: nonce",
    ]
    client.wait(11)
    assert [asked("100"), asked("101"), asked("102")] == ["nonceBelowThreshold", "nonceDuplicate", "success"]
    path = "/api/history/v2/orders"
    assert client.request("GET", path, headers=client.headers("", path, "50")).status == 401


def test_a_challenge_is_signed_as_the_vendor_shows() -> None:
    """The vendor's page has this challenge, secret and result."""
    secret = "7zxMEF5p/Z8l2p2U7Ghv6x14Af+Fx+92tPgUdVQ748FOIrEoT9bgT+bTRfXc5pz8na+hL/QdrCVG7bh9KpT0eMTm"
    signed = sign_challenge(secret, "c100b894-1729-464d-ace1-52dbce11db42")
    assert signed == ("4JEpF3ix66GA2B+ooK128Ift4XQVtc137N9yeg4Kqsn9PI0Kpzbysl9M1IeCEdjg0zl00wkVqcsnG4bmnlMb3A==")


@pytest.mark.quirk("kraken.auth.challenge-response")
def test_feeds_of_an_account_need_a_signed_challenge_of_the_connection(client: Client) -> None:
    session, other = client.open(), client.open()
    client.take(session)
    proof = client.proof(session)
    frame = {"event": "subscribe", "feed": "fills"}
    for wrong in (
        {},
        {**proof, "signed_challenge": base64.b64encode(b"no").decode()},
        {**proof, "original_challenge": "another"},
        {**proof, "api_key": "nobody"},
    ):
        assert client.say(session, {**frame, **wrong}) == [REFUSED]
    assert client.say(other, {**frame, **proof})[-1] == REFUSED
    ack, snapshot = client.say(session, {**frame, **proof})
    assert ack == {"event": "subscribed", "feed": "fills", **proof}
    assert (snapshot["feed"], snapshot["fills"]) == ("fills_snapshot", [])
    assert client.say(session, {"event": "unsubscribe", "feed": "fills"}) == [REFUSED]
    client.market()
    assert [frame["feed"] for frame in client.take(session)] == ["fills"]
    gone = client.say(session, {"event": "unsubscribe", "feed": "fills", **proof})
    assert gone == [{"event": "unsubscribed", "feed": "fills", **proof}]
    client.market()
    assert client.take(session) == []


def test_secrets_are_told_to_the_journal(client: Client) -> None:
    assert client.keys["secret"] in client.venue.secrets()
    assert client.venue.open_account("other", client.time())["apiKey"] != client.keys["apiKey"]


@pytest.mark.quirk("kraken.testnet.demo")
def test_the_demo_is_another_host_of_the_same_routes(client: Client) -> None:
    names = [(origin.name, origin.environment.value) for origin in client.venue.manifest.origins]
    assert names == [("futures", "production"), ("demo-futures", "test")]
    assert [origin.official[0] for origin in client.venue.manifest.origins] == [
        "https://futures.kraken.com",
        "https://demo-futures.kraken.com",
    ]
