"""A venue that serves for long: what it holds stops growing once as much is forgotten as comes in."""

from __future__ import annotations

from tests.simulators.venues.support.growth import count

from venueproof_simulators.engine.forgetting import Keep

from .client import Client, order, stop

DAY_S = 86_400
SHORT = Keep(ended_ns=3 * DAY_S * 10**9, unfilled_ns=DAY_S * 10**9)


def a_day(client: Client, number: int) -> None:
    """Orders of every kind and every end, connections, and another address."""
    session, trade = client.listen("order", "dcp"), client.open("/v5/trade")
    client.login(trade)
    header = {"X-BAPI-TIMESTAMP": client.time().wire_ms}
    client.send(
        trade, {"reqId": "1", "header": header, "op": "order.create", "args": [order(orderLinkId=f"a-{number}")]}
    )
    client.market()
    client.place(**stop())
    client.post("order/cancel-all", category="linear", symbol="BTCUSDT")
    client.market("Sell")
    client.request("GET", "/v5/market/time", address=f"10.0.{number}.1")
    for one in (session, trade):
        client.venue.closed(one, client.time())
    client.heard.clear()
    client.messages.clear()
    client.wait(DAY_S)


def test_what_a_venue_holds_stops_growing(client: Client) -> None:
    client.venue.engine.run_for_long(SHORT)
    sizes: list[int] = []
    for number in range(12):
        a_day(client, number)
        sizes.append(count(client.venue, set()))
    assert sizes[5] > sizes[0] + 50, "a day leaves much behind for a while"
    assert sizes[-1] == sizes[5], sizes
