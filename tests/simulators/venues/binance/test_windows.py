"""When what is spent may be spent again, and how long what was given lasts: to the millisecond."""

from __future__ import annotations

import msgspec
import pytest
from tests.simulators.venues.support.client import SECOND_NS

from venueproof_simulators.engine.commands import AddLiquidity
from venueproof_simulators.engine.state import Side
from venueproof_simulators.host.venue import HttpReply

from .client import Client, order

ORDER = "/fapi/v1/order"
COUNTDOWN = "/fapi/v1/countdownCancelAll"
JUST_BEFORE_S = 0.999


def place(client: Client) -> HttpReply:
    """One order that does not rest."""
    return client.signed("POST", ORDER, **order(timeInForce="IOC"))


def spend_orders(client: Client) -> None:
    """Use up the ten seconds' orders from the first second of a window on."""
    client.wait(10 - client.now_ns // SECOND_NS % 10)
    for _ in range(300):
        assert place(client).status == 200


def test_order_windows_turn_after_ten_seconds(client: Client) -> None:
    spend_orders(client)
    assert msgspec.json.decode(place(client).body)["code"] == -1015
    client.wait(9 + JUST_BEFORE_S)
    assert place(client).status == 429
    client.wait(1 - JUST_BEFORE_S)
    reply = place(client)
    assert (reply.status, reply.headers["X-MBX-ORDER-COUNT-10S"]) == (200, "1")


@pytest.mark.quirk("binance.rate.no-retry-after")
def test_too_many_orders_may_be_sent_again_when_their_own_window_turns(field: Client) -> None:
    spend_orders(field)
    refused = place(field)
    assert (refused.status, refused.headers["Retry-After"]) == (429, "10")


def test_countdown_runs_out_to_the_millisecond_and_can_be_renewed_and_stopped(client: Client) -> None:
    def left() -> int:
        return len(client.ask("GET", "/fapi/v1/openOrders"))

    client.limit()
    for _ in range(2):
        client.ask("POST", COUNTDOWN, symbol="BTCUSDT", countdownTime=5000)
        client.wait(4 + JUST_BEFORE_S)
        assert left() == 1
    client.wait(1 - JUST_BEFORE_S)
    assert left() == 0
    client.limit()
    for countdown in (5000, 0):
        client.ask("POST", COUNTDOWN, symbol="BTCUSDT", countdownTime=countdown)
    client.wait(60)
    assert left() == 1


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_listen_key_ends_an_hour_after_it_was_last_extended(client: Client, method: str) -> None:
    session = client.open_user_stream()
    client.wait(3000)
    client.listen_key(method)
    client.wait(3599 + JUST_BEFORE_S)
    assert client.take(session) == []
    client.wait(1 - JUST_BEFORE_S)
    assert [message["e"] for message in client.take(session)] == ["listenKeyExpired"]
    client.limit()
    assert client.take(session) == []


def test_candle_closes_on_time_and_only_once_also_without_a_trade(client: Client) -> None:
    session = client.open("/market/ws/btcusdt@kline_1m")
    client.command(AddLiquidity("BTCUSDT", Side.BUY, 600_001, 1))
    client.wait(200)
    closed = [message for message in client.take(session) if message["k"]["x"]]
    assert [message["E"] - message["k"]["T"] for message in closed] == [1, 1, 1]
    assert [message["k"]["n"] for message in closed] == [1, 0, 0]
    rows = {row[0]: row for row in client.get("/fapi/v1/klines", symbol="BTCUSDT", interval="1m", limit=5)}
    for message in closed:
        candle = message["k"]
        assert [candle[key] for key in ("t", "v", "T", "n", "V")] == [rows[candle["t"]][at] for at in (0, 5, 6, 8, 9)]
