"""Budgets of accounts and of addresses."""

from __future__ import annotations

import pytest

from .client import Client, order


def create(client: Client) -> tuple[int, dict[str, str]]:
    reply = client.signed("POST", "/v5/order/create", **order(price="1"))
    return reply.status, {name.lower(): value for name, value in reply.headers.items()}


@pytest.mark.quirk("bybit.rate.count-per-uid")
@pytest.mark.quirk("bybit.rate.10006-in-200")
def test_an_endpoint_is_counted_per_account_and_second(client: Client) -> None:
    left = [int(create(client)[1]["x-bapi-limit-status"]) for _ in range(10)]
    assert left == list(range(9, -1, -1))
    code, text = client.refused("order/create", **order())
    assert (code, text) == (10006, "Too many visits. Exceeded the API Rate Limit.")
    status, headers = create(client)
    assert (status, headers["x-bapi-limit"], headers["x-bapi-limit-status"]) == (200, "10", "0")
    assert int(headers["x-bapi-limit-reset-timestamp"]) == client.time().wire_ms + 1000
    client.post("order/cancel-all", category="linear", symbol="BTCUSDT")
    other = client.venue.open_account("other", client.time())
    client.keys = dict(other)
    client.post("order/create", **order())


def test_the_window_slides(client: Client) -> None:
    for _ in range(5):
        create(client)
    client.wait(0.5)
    for _ in range(5):
        create(client)
    client.wait(0.5)
    assert [create(client)[1]["x-bapi-limit-status"] for _ in range(6)] == ["4", "3", "2", "1", "0", "0"]


def test_batches_count_their_items(client: Client) -> None:
    rows = [order(category=None, price=str(50000 + number)) for number in range(8)]
    client.post("order/create-batch", category="linear", request=rows)
    told = client.envelope("POST", "order/create-batch", category="linear", request=rows[:3])
    assert [one["code"] for one in told["retExtInfo"]["list"]] == [0, 0, 10006]
    assert client.refused("order/create-batch", category="linear", request=rows[:2])[0] == 10006
    assert len(client.ask("order/realtime", category="linear", symbol="BTCUSDT")["list"]) == 10


@pytest.mark.quirk("bybit.rate.ip-403-10min")
@pytest.mark.quirk("bybit.rate.shared-ip")
@pytest.mark.quirk("bybit.rate.backoff-jitter")
def test_an_address_that_goes_on_asking_is_blocked_for_ten_minutes(client: Client) -> None:
    other = dict(client.venue.open_account("other", client.time()))
    refused = [client.envelope("GET", "position/symbol-info", category="linear")["retCode"] for _ in range(600)]
    assert (refused[:2], set(refused[2:])) == ([0, 0], {10006})
    client.keys = other
    blocked = client.signed("GET", "/v5/account/info")
    assert (blocked.status, blocked.body) == (403, b"access too frequent")
    client.wait(599)
    assert client.request("GET", "/v5/market/time").status == 403
    assert client.request("GET", "/v5/market/time", address="127.0.0.2").status == 200
    client.wait(1)
    assert client.request("GET", "/v5/market/time").status == 200


def test_an_address_may_open_five_hundred_connections(client: Client) -> None:
    for _ in range(500):
        client.venue.closed(client.open("/v5/public/linear"), client.time())
    with pytest.raises(AssertionError, match="403"):
        client.open("/v5/public/linear")
