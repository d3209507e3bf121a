"""Credits that refill, buckets of the matching engine, and connections; and the field's simpler reading."""

from __future__ import annotations

import pytest

from .client import BTC, Client


@pytest.mark.quirk("deribit.ratelimit.disconnect")
def test_who_asks_too_often_is_cut_off(client: Client) -> None:
    session = client.log_on()
    for _ in range(20):
        client.call(session, "private/cancel_all")
    assert client.fails(session, "private/cancel_all") == 10028
    assert [(one.session, one.code) for one in client.closed] == [(session, 1008)]


@pytest.mark.quirk("deribit.ratelimit.simple-counts")
def test_requests_are_weighed_or_merely_counted(client: Client) -> None:
    for _ in range(100):
        client.ask("public/get_time")
    assert client.refused("public/get_time") == (429, 10028)
    client.wait(0.05)
    assert client.ask("public/get_time")
    client.venue.switch_quirk("deribit.ratelimit.simple-counts", True)
    client.wait(1)
    session = client.open()
    for _ in range(20):
        client.call(session, "public/get_time")
    assert client.fails(session, "public/get_time") == 10028
    assert client.closed == []
    client.wait(1)
    assert client.call(session, "public/get_time")


def test_the_matching_engine_has_a_bucket_of_its_own(client: Client) -> None:
    for _ in range(20):
        client.ask("private/cancel_all")
    assert client.refused("private/cancel_all") == (429, 10028)
    assert client.ask("private/get_positions") == []
    client.wait(0.2)
    assert client.ask("private/cancel_all") == 0
    assert client.refused("private/cancel_all") == (429, 10028)


def test_instruments_have_a_bucket_of_their_own(client: Client) -> None:
    for _ in range(50):
        client.ask("public/get_instruments", currency="BTC")
    assert client.refused("public/get_instruments") == (429, 10028)
    client.wait(1)
    assert client.ask("public/get_instruments")


def test_a_venue_may_refuse_everybody_for_a_while(client: Client) -> None:
    client.venue.ban("127.0.0.1", client.time().age_ns + 10**10, client.time())
    assert client.refused("public/ticker", instrument_name=BTC) == (429, 10028)
    client.wait(10)
    assert client.ask("public/ticker", instrument_name=BTC)


@pytest.mark.quirk("deribit.connections.32-per-ip")
def test_an_address_has_32_connections(client: Client) -> None:
    for _ in range(32):
        client.open()
    refusal = client.venue.open(99, client.handshake(), client.time())
    assert refusal is not None
    assert refusal.status == 429
    assert client.refused("public/get_time") == (429, 10028)
    assert client.request("GET", "/api/v2/public/get_time", address="10.0.0.1").status == 200
    client.venue.closed(1, client.time())
    assert client.ask("public/get_time")
