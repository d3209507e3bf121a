"""Rows of the register that can be turned on and off: the wire in both positions."""

from __future__ import annotations

from urllib.parse import quote_plus

import pytest
from tests.simulators.venues.support.client import SECOND_NS

from venueproof_simulators.venues.kraken.streams.account import FILLS_FIRST, NO_CLIENT_IDS, SILENT_CANCEL

from .client import PF, PI, V3, Client, decoded


@pytest.mark.quirk("kraken.candle.poll-60s")
def test_a_closed_bar_is_published_late_or_at_once(client: Client) -> None:
    client.wait(61)
    begin = client.now_ns // SECOND_NS - 300

    def opens() -> list[int]:
        found = client.public(f"/api/charts/v1/trade/{PF}/1m", **{"from": begin})["candles"]
        return [candle["time"] // 1000 for candle in found]

    minute = client.now_ns // SECOND_NS // 60 * 60
    client.switch("kraken.candle.poll-60s", False)
    assert opens()[-2:] == [minute - 60, minute]
    client.switch("kraken.candle.poll-60s", True)
    assert opens()[-2:] == [minute - 120, minute]
    client.wait(5)
    assert opens()[-2:] == [minute - 60, minute]


@pytest.mark.quirk("kraken.charts.volume-number")
def test_volume_of_a_candle_is_a_text_or_a_number(client: Client) -> None:
    path = f"/api/charts/v1/trade/{PF}/1h"
    volume = client.public(path)["candles"][-2]["volume"]
    client.switch("kraken.charts.volume-number", True)
    candle = client.public(path)["candles"][-2]
    assert float(volume) == candle["volume"] > 0
    assert isinstance(volume, str)
    assert isinstance(candle["open"], str)


@pytest.mark.quirk("kraken.rest.string-numbers")
def test_numbers_of_the_trading_surface_are_numbers_or_texts(client: Client) -> None:
    plain = client.public(V3 + "tickers/" + PF)["ticker"]
    client.switch("kraken.rest.string-numbers", True)
    quoted = client.public(V3 + "tickers/" + PF)["ticker"]
    assert (plain["last"], quoted["last"]) == (60000, "60000")
    assert quoted["suspended"] is False
    assert client.public(V3 + "orderbook", symbol=PF)["orderBook"]["bids"][0] == ["59999", "1.5936"]


@pytest.mark.quirk("kraken.order.trailing-none")
def test_trailing_stops_are_taken_or_refused(client: Client, field: Client) -> None:
    trailing = {
        "orderType": "trailing_stop",
        "side": "sell",
        "limitPrice": None,
        "trailingStopMaxDeviation": 1,
        "trailingStopDeviationUnit": "PERCENT",
    }
    assert client.submit(**trailing)["status"] == "placed"
    (row,) = client.ask("GET", "openorders")["openOrders"]
    assert (row["orderType"], row["stopPrice"]) == ("trailing_stop", 59400)
    assert field.submit(**trailing) == {**field.submit(**trailing), "status": "invalidOrderType", "orderEvents": []}
    field.switch("kraken.order.trailing-none", False)
    assert field.submit(**trailing)["status"] == "placed"


@pytest.mark.quirk("kraken.order.trailing-not-amendable")
def test_the_deviation_of_a_trailing_stop_can_be_edited_or_not(client: Client) -> None:
    uid = client.placed(
        orderType="trailing_stop",
        side="sell",
        limitPrice=None,
        trailingStopMaxDeviation=600,
        trailingStopDeviationUnit="QUOTE_CURRENCY",
    )
    deviation = {"trailingStopMaxDeviation": 300, "trailingStopDeviationUnit": "QUOTE_CURRENCY"}

    def edit(**changes: object) -> str:
        return str(client.ask("POST", "editorder", orderId=uid, **changes)["editStatus"]["status"])

    assert edit(**deviation) == "edited"
    assert client.ask("GET", "openorders")["openOrders"][0]["stopPrice"] == 59700
    assert edit(stopPrice=59000) == "cannotEditTriggerPriceOfTrailingStop"
    assert edit(limitPrice=59000) == "cannotEditLimitPriceOfTrailingStop"
    client.switch("kraken.order.trailing-not-amendable", True)
    assert edit(**deviation) == "cannotEditTriggerPriceOfTrailingStop"
    assert edit(size="0.4") == "cannotEditTriggerPriceOfTrailingStop"


@pytest.mark.quirk("kraken.order.maker-protection-hold")
def test_what_may_take_is_held_back_or_not(client: Client) -> None:
    session = client.listen("open_orders", "fills")
    client.switch("kraken.order.maker-protection-hold", True)
    assert client.public(V3 + "instruments")["instruments"][0]["makerProtectionMillis"] == 20
    post = client.placed(orderType="post", limitPrice=58000)
    uid = client.placed(cliOrdId="held")
    assert [row["order_id"] for row in client.ask("GET", "openorders")["openOrders"]] == [post]
    (state,) = client.ask("GET", "orders/status", orderIds=uid)["orders"]
    assert (state["status"], state["updateReason"]) == ("ENTERED_BOOK", "LOADING_MARKET")
    client.wait(0.02)
    assert client.ask("GET", "openorders")["openOrders"][0]["order_id"] == uid
    client.take(session)
    crossing = client.placed(limitPrice=60001, size="0.1")
    cancel = client.ask("POST", "cancelorder", order_id=crossing)["cancelStatus"]
    assert cancel["status"] == "cancelled"
    client.wait(0.02)
    assert [fill["order_id"] for fill in client.ask("GET", "fills")["fills"]] == [crossing]
    passive = client.placed(limitPrice=57000)
    client.ask("POST", "cancelorder", order_id=passive)
    client.wait(0.02)
    last = client.take(session)[-1]
    assert (last["order_id"], last["reason"]) == (passive, "ioc_order_failed_because_it_would_not_be_executed")
    refused = client.placed(size=400)
    client.wait(0.02)
    gone = client.take(session)[-1]
    assert (gone["order_id"], gone["reason"]) == (refused, "not_enough_margin")
    (state,) = client.ask("GET", "orders/status", orderIds=refused)["orders"]
    assert (state["status"], state["error"]) == ("REJECTED", "INSUFFICIENT_MARGIN")
    client.switch("kraken.order.maker-protection-hold", False)
    assert client.placed(limitPrice=57001) == client.ask("GET", "openorders")["openOrders"][0]["order_id"]
    assert "makerProtectionMillis" not in client.public(V3 + "instruments")["instruments"][0]


@pytest.mark.quirk("kraken.error.two-envelopes")
def test_errors_are_a_word_or_a_list(client: Client) -> None:
    assert client.refused("POST", "sendorder", orderType="lmt") == (200, "requiredArgumentMissing")
    client.switch("kraken.error.two-envelopes", True)
    reply = client.signed("POST", V3 + "sendorder", orderType="lmt")
    assert (reply.status, decoded(reply)["errors"]) == (400, [{"code": 0, "message": "requiredArgumentMissing"}])
    assert "error" not in decoded(reply)


@pytest.mark.quirk("kraken.auth.encoded-postdata")
def test_decoded_data_may_be_signed_or_not(client: Client) -> None:
    path, plain = V3 + "cancelorder", "cliOrdId=a b+c"
    sent = f"cliOrdId={quote_plus('a b+c')}"

    def asked(signed: str) -> str:
        return str(decoded(client.request("POST", path, sent, headers=client.headers(signed, path)))["result"])

    assert (asked(sent), asked(plain)) == ("success", "error")
    client.switch("kraken.auth.encoded-postdata", False)
    assert (asked(sent), asked(plain), asked("cliOrdId=other")) == ("success", "success", "error")


@pytest.mark.quirk("kraken.auth.ip-whitelist")
def test_a_key_may_be_bound_to_an_address(client: Client) -> None:
    assert client.ask("GET", "openorders")["openOrders"] == []
    client.switch("kraken.auth.ip-whitelist", True)
    assert client.refused("GET", "openorders") == (200, "authenticationError")
    assert client.signed("GET", "/api/history/v2/orders").status == 401


@pytest.mark.quirk("kraken.account.region-restricted")
def test_an_account_may_be_closed_to_a_region(client: Client) -> None:
    client.switch("kraken.account.region-restricted", True)
    assert client.refused("GET", "openorders") == (200, "accountInactive")
    assert client.signed("GET", "/api/history/v2/orders").status == 401
    assert client.public(V3 + "tickers")["result"] == "success"
    client.switch("kraken.account.region-restricted", False)
    assert client.ask("GET", "openorders")["openOrders"] == []


@pytest.mark.quirk("kraken.rate.cost-budget")
def test_requests_have_costs_or_are_counted(client: Client, field: Client) -> None:
    for _ in range(50):
        client.placed()
        field.placed()
    assert client.refused("GET", "openorders") == (429, "apiLimitExceeded")
    assert field.refused("GET", "openorders") == (429, "apiLimitExceeded")
    assert client.history("orders")["len"] == 50
    assert field.signed("GET", "/api/history/v2/orders").status == 429
    client.wait(10)
    field.wait(10)
    for _ in range(50):
        client.ask("GET", "openorders")
        field.ask("GET", "openorders")
    client.ask("GET", "openorders")
    assert field.refused("GET", "openorders") == (429, "apiLimitExceeded")


@pytest.mark.quirk("kraken.symbol.case-drift")
def test_contracts_in_the_log_are_in_small_letters_or_in_capitals(client: Client) -> None:
    client.market()
    position, money = client.history("account-log")["logs"]
    assert (position["asset"], money["contract"], money["asset"]) == ("pf_xbtusd", "pf_xbtusd", "usd")
    client.switch("kraken.symbol.case-drift", False)
    assert client.history("account-log")["logs"][0]["asset"] == PF
    assert client.submit(symbol="pf_xbtusd", size="0.1", limitPrice=58000)["status"] == "placed"


@pytest.mark.quirk("kraken.ws.client-id-omitted")
def test_the_client_id_stands_in_streams_or_not(client: Client, field: Client) -> None:
    shown = _ids_heard(client)
    assert shown == {"open_orders": {"a1"}, "fills": {"a1"}, "removal": {None}, "fills_snapshot": {None}}
    field.switch(SILENT_CANCEL, False)
    assert set().union(*_ids_heard(field).values()) == {None}
    field.switch(NO_CLIENT_IDS, False)
    assert client.keys["apiKey"] == field.keys["apiKey"]


def _ids_heard(client: Client) -> dict[str, set[str | None]]:
    """Which client ids stand in the frames of an order that is filled in part and canceled."""
    session = client.listen("open_orders", "fills")
    uid = client.placed(cliOrdId="a1")
    client.fill(uid, 1000)
    client.ask("POST", "cancelorder", order_id=uid)
    frames = client.take(session)
    again = client.say(session, {"event": "subscribe", "feed": "fills", **client.proof(session)})
    found: dict[str, set[str | None]] = {
        "open_orders": set(),
        "fills": set(),
        "removal": set(),
        "fills_snapshot": set(),
    }
    for frame in frames:
        if frame["feed"] == "fills":
            found["fills"].add(frame["fills"][0].get("cli_ord_id"))
        elif "order" in frame:
            found["open_orders"].add(frame["order"].get("cli_ord_id"))
        else:
            found["removal"].add(frame.get("cli_ord_id"))
    found["fills_snapshot"].add(again[-1]["fills"][0].get("cli_ord_id"))
    return found


@pytest.mark.quirk("kraken.ws.no-cancel-event")
def test_a_cancel_is_told_or_not(client: Client, field: Client) -> None:
    for one, reasons in ((client, ["cancelled_by_user"] * 2), (field, [])):
        session = one.listen("open_orders")
        first, second = one.placed(), one.stop()["order_id"]
        one.take(session)
        one.ask("POST", "cancelorder", order_id=first)
        one.ask("POST", "cancelorder", order_id=second)
        assert [frame["reason"] for frame in one.take(session)] == reasons
        snapshot = one.say(one.listen(), {"event": "ping"})
        assert snapshot[-1]["event"] == "pong"
        assert one.ask("GET", "openorders")["openOrders"] == []


@pytest.mark.quirk("kraken.ws.event-order")
def test_fills_come_before_orders_or_after_them(client: Client) -> None:
    session = client.listen("open_orders", "fills")
    heard: list[list[str]] = []
    for on in (False, True):
        client.switch(FILLS_FIRST, on)
        client.market(symbol=PI, size=100)
        heard.append([frame["feed"] for frame in client.take(session)])
    assert heard == [["open_orders", "open_orders", "fills"], ["fills", "open_orders", "open_orders"]]


@pytest.mark.quirk("kraken.fill.rest-no-fee")
def test_fills_over_rest_have_no_fee_or_one(client: Client) -> None:
    client.market(size="0.1")
    (fill,) = client.ask("GET", "fills")["fills"]
    client.switch("kraken.fill.rest-no-fee", True)
    (paid,) = client.ask("GET", "fills")["fills"]
    assert paid == {**fill, "fee_paid": 3.00005, "fee_currency": "USD"}
    assert "fee_paid" not in fill
