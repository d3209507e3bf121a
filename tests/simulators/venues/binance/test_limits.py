from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.simulators.venues.support.client import ADDRESS

from venueproof_simulators.engine.commands import SetPrice
from venueproof_simulators.host.venue import HttpReply, HttpRequest

from .client import Client, order

ORDER = "/fapi/v1/order"


def ping(client: Client) -> HttpReply:
    return client.request("GET", "/fapi/v1/ping")


def used(reply: HttpReply) -> int:
    return int(reply.headers["X-MBX-USED-WEIGHT-1M"])


def spend(client: Client) -> None:
    """Spend what is left of the minute, in big steps."""
    client.venue.desk.budgets.exhaust("127.0.0.1", 2400, client.time())


def banned(client: Client) -> HttpReply:
    """Ask on after the limit until the address is banned."""
    spend(client)
    for _ in range(10):
        assert ping(client).status == 429
    return ping(client)


@pytest.mark.quirk("binance.rate.weights")
@pytest.mark.parametrize(
    ("path", "query", "weight"),
    [
        ("/fapi/v1/ping", "", 1),
        ("/fapi/v1/depth", "symbol=BTCUSDT&limit=5", 2),
        ("/fapi/v1/depth", "symbol=BTCUSDT", 10),
        ("/fapi/v1/depth", "symbol=BTCUSDT&limit=1000", 20),
        ("/fapi/v1/klines", "symbol=BTCUSDT&interval=1m&limit=99", 1),
        ("/fapi/v1/klines", "symbol=BTCUSDT&interval=1m&limit=1000", 5),
        ("/fapi/v1/ticker/24hr", "symbol=BTCUSDT", 1),
        ("/fapi/v1/ticker/24hr", "", 40),
        ("/fapi/v1/premiumIndex", "", 10),
        ("/fapi/v1/aggTrades", "symbol=BTCUSDT&limit=1", 20),
        ("/fapi/v1/premiumIndexKlines", "symbol=BTCUSDT&interval=1m&limit=1500", 10),
        ("/futures/data/openInterestHist", "symbol=BTCUSDT&period=5m", 0),
        ("/fapi/v1/nowhere", "", 1),
        ("/fapi/v1/depth", "symbol=BTCUSDT&limit=NaN", 2),
    ],
)
def test_each_request_costs_its_weight(client: Client, path: str, query: str, weight: int) -> None:
    assert used(client.request("GET", path, query)) == weight


def test_weight_is_counted_per_minute(client: Client) -> None:
    assert [used(ping(client)) for _ in range(3)] == [1, 2, 3]
    client.wait(60)
    assert used(ping(client)) == 1


def test_minutes_are_those_of_the_age_clock(client: Client) -> None:
    ping(client)
    client.aged_ns += 60 * 10**9
    assert used(ping(client)) == 1


@pytest.mark.quirk("binance.rate.shared-ip")
def test_accounts_behind_one_address_share_its_weight(client: Client) -> None:
    client.signed("GET", "/fapi/v3/balance")
    client.keys = dict(client.venue.open_account("other", client.time()))
    assert used(client.signed("GET", "/fapi/v3/balance")) == 10
    elsewhere = client.request("GET", "/fapi/v1/ping", address="127.0.0.2")
    assert used(elsewhere) == 1


@pytest.mark.quirk("binance.rate.429-backoff")
def test_over_the_weight_everything_is_429_until_the_minute_turns(client: Client) -> None:
    spend(client)
    reply = ping(client)
    assert reply.status == 429
    assert msgspec.json.decode(reply.body)["code"] == -1003
    client.wait(60)
    assert ping(client).status == 200


@pytest.mark.quirk("binance.rate.ban-escalation")
def test_going_on_is_418_for_two_minutes_then_longer(client: Client) -> None:
    reply = banned(client)
    document = msgspec.json.decode(reply.body)
    assert (reply.status, document["code"]) == (418, -1003)
    assert f"banned until {client.time().wire_ms + 120_000}." in document["msg"]
    client.wait(119)
    assert ping(client).status == 418
    client.wait(1)
    assert ping(client).status == 200
    assert f"until {client.time().wire_ms + 480_000}." in banned(client).body.decode()


@pytest.mark.quirk("binance.rate.ban-escalation")
def test_field_ban_lasts_two_hours_and_longer_with_each_request(field: Client) -> None:
    first = banned(field).body.decode()
    assert f"until {field.time().wire_ms + 7_200_000}." in first
    assert f"until {field.time().wire_ms + 7_200_000 + 600_000}." in ping(field).body.decode()


@pytest.mark.quirk("binance.rate.no-retry-after")
def test_retry_after_is_sent_in_the_field_profile_only(client: Client, field: Client) -> None:
    assert "Retry-After" not in banned(client).headers
    assert int(banned(field).headers["Retry-After"]) >= 7200


@pytest.mark.quirk("binance.auth.2015-during-ban")
def test_good_key_is_refused_during_a_ban_only_while_the_row_is_on(client: Client) -> None:
    banned(client)
    assert client.refused("GET", "/fapi/v3/balance") == (418, -1003)
    client.venue.switch_quirk("binance.auth.2015-during-ban", True)
    assert client.refused("GET", "/fapi/v3/balance") == (401, -2015)
    assert ping(client).status == 418


@pytest.mark.quirk("binance.rate.order-count")
def test_orders_are_counted_per_account_and_refused_with_1015(client: Client) -> None:
    reply = client.signed("POST", ORDER, **order())
    assert (reply.headers["X-MBX-ORDER-COUNT-10S"], reply.headers["X-MBX-ORDER-COUNT-1M"]) == ("1", "1")
    assert used(reply) == 0
    client.venue.desk.budgets.exhaust_orders(client.venue.account, client.time())
    assert client.refused("POST", ORDER, **order()) == (429, -1015)
    assert client.signed("GET", "/fapi/v1/openOrders").status == 200
    client.wait(10)
    assert client.signed("POST", ORDER, **order()).status == 200


@pytest.mark.quirk("binance.rate.order-count")
def test_amendments_count_like_orders(client: Client) -> None:
    placed = client.limit()
    change = {"symbol": "BTCUSDT", "orderId": placed["orderId"], "side": "BUY", "quantity": "0.020", "price": "58000"}
    reply = client.signed("PUT", ORDER, **change)
    assert (reply.headers["X-MBX-ORDER-COUNT-10S"], reply.headers["X-MBX-ORDER-COUNT-1M"]) == ("2", "2")
    assert (reply.status, used(reply)) == (200, 0)
    many = client.signed("PUT", "/fapi/v1/batchOrders", batchOrders=msgspec.json.encode([change]).decode())
    assert (many.headers["X-MBX-ORDER-COUNT-10S"], many.headers["X-MBX-ORDER-COUNT-1M"]) == ("7", "3")
    assert used(many) == 5


def test_trading_status_costs_more_without_a_symbol(client: Client) -> None:
    assert used(client.signed("GET", "/fapi/v1/apiTradingStatus", symbol="BTCUSDT")) == 1
    assert used(client.signed("GET", "/fapi/v1/apiTradingStatus")) == 11


def test_statistics_have_a_pool_of_their_own(client: Client) -> None:
    query = "symbol=BTCUSDT&period=5m&limit=1"
    for _ in range(1000):
        assert client.request("GET", "/futures/data/openInterestHist", query).status == 200
    assert client.request("GET", "/futures/data/openInterestHist", query).status == 429
    assert ping(client).status == 200


def test_funding_has_a_pool_of_its_own(client: Client) -> None:
    reply = client.request("GET", "/fapi/v1/fundingRate", "symbol=BTCUSDT&limit=1")
    assert (reply.status, used(reply)) == (200, 0)


def test_ban_from_behind_is_on_the_clients_address_alone(client: Client) -> None:
    client.venue.ban("127.0.0.1", client.time().age_ns + 30 * 10**9, client.time())
    assert ping(client).status == 418
    assert client.request("GET", "/fapi/v1/ping", address="127.0.0.2").status == 200
    client.aged_ns += 30 * 10**9
    assert ping(client).status == 200


@pytest.mark.quirk("binance.env.maintenance-failover")
def test_closed_venue_answers_503_and_keeps_streams_open_and_idle(client: Client) -> None:
    session = client.open("/market/ws/btcusdt@markPrice@1s")
    client.open("/public/ws/btcusdt@depth/btcusdt@bookTicker/btcusdt@kline_1m")
    client.venue.maintenance(client.time().age_ns + 10 * 10**9, client.time())
    reply = client.signed("GET", "/fapi/v3/balance")
    assert (reply.status, msgspec.json.decode(reply.body)["code"]) == (503, -1008)
    client.wait(5)
    assert (client.take(session), client.closed) == ([], [])
    refusal = client.venue.open(99, HttpRequest("fstream", "GET", "/market/ws", "", {}, b"", ADDRESS), client.time())
    assert refusal is not None
    assert (refusal.status, msgspec.json.decode(refusal.body)["code"]) == (503, -1008)
    client.wait(7)
    assert client.take(session)
    client.open("/market/ws")
    assert client.signed("GET", "/fapi/v3/balance").status == 200


def test_what_changed_while_the_venue_was_closed_is_told_when_it_opens(client: Client) -> None:
    session = client.open("/public/ws/btcusdt@depth@100ms")
    client.venue.maintenance(client.time().age_ns + 100 * 10**9, client.time())
    client.command(SetPrice("BTCUSDT", 600_500))
    client.wait(99)
    assert client.take(session) == []
    client.wait(2)
    event = client.take(session)[0]
    assert event["u"] == client.get("/fapi/v1/depth", symbol="BTCUSDT")["lastUpdateId"]


@pytest.mark.quirk("binance.rate.um-cm-shared")
def test_both_products_count_in_the_same_windows(client: Client) -> None:
    counts: list[tuple[str, str, str]] = []
    for path, symbol in (("/fapi/v1/order", "BTCUSDT"), ("/dapi/v1/order", "BTCUSD_PERP")) * 2:
        quantity = "0.010" if symbol == "BTCUSDT" else "1"
        headers = client.signed("POST", path, **order(symbol=symbol, quantity=quantity)).headers
        used = client.request("GET", path.replace("order", "ping")).headers["X-MBX-USED-WEIGHT-1M"]
        counts.append((used, headers["X-MBX-ORDER-COUNT-10S"], headers["X-MBX-ORDER-COUNT-1M"]))
    assert counts == [("1", "1", "1"), ("2", "2", "2"), ("3", "3", "3"), ("4", "4", "4")]


def handshake(client: Client, number: int, address: str = ADDRESS) -> int:
    """The status with which a WebSocket is refused; 101 when it is let in."""
    request = HttpRequest("fstream", "GET", "/ws", "", {}, b"", address)
    refusal = client.venue.open(number, request, client.time())
    return 101 if refusal is None else refusal.status


def test_address_opens_300_connections_in_five_minutes(client: Client) -> None:
    client.wait(300 - client.now_ns // 10**9 % 300)
    assert {handshake(client, number) for number in range(1, 301)} == {101}
    assert handshake(client, 301) == 429
    assert handshake(client, 302, "10.0.0.1") == 101
    client.wait(300)
    assert handshake(client, 303) == 101


def test_address_whose_connections_are_cut_off_again_and_again_is_banned(client: Client) -> None:
    for number in range(1, 12):
        assert handshake(client, number) == 101
        client.heard[number] = []
        for id in range(11):
            client.send(number, {"method": "LIST_SUBSCRIPTIONS", "id": id})
    assert [close.code for close in client.closed] == [1008] * 11
    assert (ping(client).status, handshake(client, 12)) == (418, 418)


OPENING = order()
STOP = {"symbol": "BTCUSDT", "side": "SELL", "type": "STOP_MARKET", "quantity": "0.010", "triggerPrice": "50000"}


@pytest.mark.parametrize(
    ("quirk", "refusal"),
    [
        pytest.param(
            "binance.account.region-reduce-only",
            (400, -4401),
            marks=pytest.mark.quirk("binance.account.region-reduce-only"),
        ),
        pytest.param(
            "binance.http.overload-exempts-closing",
            (503, -1008),
            marks=pytest.mark.quirk("binance.http.overload-exempts-closing"),
        ),
    ],
)
@pytest.mark.parametrize("hedged", [False, True])
def test_only_what_closes_is_taken_while_the_row_is_on(
    client: Client, quirk: str, refusal: tuple[int, int], hedged: bool
) -> None:
    if hedged:
        client.ask("POST", "/fapi/v1/positionSide/dual", dualSidePosition="true")
    leg: dict[str, Any] = {"positionSide": "LONG"} if hedged else {}
    closing: dict[str, Any] = leg if hedged else {"reduceOnly": "true"}
    client.market(quantity="0.030", **leg)
    resting = client.limit(**leg)["orderId"]
    client.venue.switch_quirk(quirk, True)
    assert client.refused("POST", ORDER, **OPENING, **leg) == refusal
    algo = {"algoType": "CONDITIONAL", **STOP, **leg}
    if not hedged:
        assert client.refused("POST", "/fapi/v1/algoOrder", **algo) == refusal
    assert client.ask("POST", "/fapi/v1/algoOrder", **algo | closing)["algoStatus"] == "NEW"
    batch = msgspec.json.encode([OPENING | leg, OPENING | leg | closing | {"side": "SELL", "price": "61000"}]).decode()
    first, second = client.ask("POST", "/fapi/v1/batchOrders", batchOrders=batch)
    assert (first["code"], second["status"]) == (refusal[1], "NEW")
    assert client.ask("DELETE", ORDER, symbol="BTCUSDT", orderId=resting)["status"] == "CANCELED"
    assert client.market(side="SELL", quantity="0.010", **closing)["status"] == "NEW"
    client.venue.switch_quirk(quirk, False)
    assert client.ask("POST", ORDER, **OPENING, **leg)["status"] == "NEW"


@pytest.mark.quirk("binance.account.region-feature")
def test_conditional_orders_are_refused_while_the_row_is_on(client: Client) -> None:
    client.venue.switch_quirk("binance.account.region-feature", True)
    assert client.refused("POST", "/fapi/v1/algoOrder", algoType="CONDITIONAL", **STOP) == (400, -4402)
    assert client.limit()["status"] == "NEW"
    client.venue.switch_quirk("binance.account.region-feature", False)
    assert client.ask("POST", "/fapi/v1/algoOrder", algoType="CONDITIONAL", **STOP)["algoStatus"] == "NEW"
