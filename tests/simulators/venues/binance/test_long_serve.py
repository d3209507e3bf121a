"""A venue that serves for months: what it holds stops growing once as much is forgotten as comes in."""

from __future__ import annotations

from tests.simulators.venues.support.client import SECOND_NS
from tests.simulators.venues.support.growth import count

from .client import Client

ORDER, ALGO, KEY = "/fapi/v1/order", "/fapi/v1/algoOrder", "/fapi/v1/listenKey"
DAY_S = 86_400


def a_day(client: Client, number: int) -> None:
    """Orders of every kind and every end, a key, and another address."""
    session = client.open_user_stream()
    client.limit(newClientOrderId=f"canceled-{number}")
    client.ask("DELETE", ORDER, symbol="BTCUSDT", origClientOrderId=f"canceled-{number}")
    until = client.time().wire_ms // 1000 * 1000 + 10**12
    dated = client.limit(timeInForce="GTD", goodTillDate=until, priceMatch="QUEUE_20", price=None)
    move = {"side": "BUY", "quantity": "0.020", "price": "58000", "modifyId": number + 1}
    client.ask("PUT", ORDER, symbol="BTCUSDT", orderId=dated["orderId"], **move)
    client.ask("DELETE", ORDER, symbol="BTCUSDT", orderId=dated["orderId"])
    client.market(quantity="0.020")
    waits = client.algo(timeInForce="GTD", goodTillDate=until)
    client.ask("DELETE", ALGO, algoId=waits["algoId"])
    client.algo(type="STOP", price="59000", triggerPrice="59000.05", timeInForce="IOC")
    client.move("59000")
    client.move("60000")
    client.ask("POST", "/fapi/v1/countdownCancelAll", symbol="BTCUSDT", countdownTime=10**10)
    client.request("GET", "/fapi/v1/ping", address=f"10.0.{number}.1")
    client.request("DELETE", KEY, headers={"x-mbx-apikey": client.keys["apiKey"]})
    client.venue.closed(session, client.time())
    client.heard.clear()
    client.messages.clear()
    client.pings.clear()
    client.wait(DAY_S)


def test_what_a_venue_holds_stops_growing(client: Client) -> None:
    client.venue.engine.run_for_long()
    sizes: list[int] = []
    for number in range(150):
        a_day(client, number)
        if number in (30, 100, 149):
            sizes.append(count(client.venue, set()))
    early, late, last = sizes
    assert late - early > 15 * (100 - 30), "a day leaves much behind for a while"
    assert last - late < 150, "a listen key a day, of a thousand; and alarms of before in the heap"
    shown = client.ask("GET", "/fapi/v1/allOrders", symbol="BTCUSDT", orderId=1, limit=1000)
    assert 90 * SECOND_NS * DAY_S > client.now_ns - shown[0]["time"] * 10**6 > 88 * SECOND_NS * DAY_S
