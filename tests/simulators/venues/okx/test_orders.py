"""Ordinary orders: what is taken in, what is refused and how, what becomes of them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.simulators.venues.support.client import SECOND_NS

from venueproof_simulators.engine.commands import ExpireOrder, FillOrder
from venueproof_simulators.host.venue import HttpRequest

from .client import API, COIN, ETHER, SWAP, Client, algo, order

PLACE, BATCH = "trade/order", "trade/batch-orders"


@pytest.mark.quirk("okx.rest.http200-errors")
@pytest.mark.quirk("okx.order.no-margin")
def test_an_order_without_margin_is_refused_with_status_200(client: Client) -> None:
    status, document = client.signed("POST", PLACE, order(sz="100000", clOrdId="abc1"))
    [row] = document["data"]
    assert (status, document["code"], document["msg"]) == (200, "1", "All operations failed")
    assert (row["ordId"], row["clOrdId"], row["sCode"]) == ("", "abc1", "51008")
    assert row["sMsg"] == "Order failed. Insufficient USDT margin in account"


@pytest.mark.quirk("okx.rest.success-code-string-zero")
@pytest.mark.quirk("okx.rest.partial-success-2")
@pytest.mark.quirk("okx.rest.batch-single")
def test_a_batch_says_for_each_order_what_came_of_it(client: Client) -> None:
    for rows, code in (([order()], "0"), ([order(), order(sz="0")], "2"), ([order(sz="0")], "1")):
        _, document = client.signed("POST", BATCH, rows)
        assert (document["code"], len(document["data"])) == (code, len(rows))
    _, document = client.signed("POST", BATCH, [order(sz="0", clOrdId="a1"), order(clOrdId="a2")])
    assert [(row["clOrdId"], row["sCode"]) for row in document["data"]] == [("a1", "51000"), ("a2", "0")]
    assert client.refused("POST", BATCH, [order()] * 21) == (400, "51111")


@pytest.mark.quirk("okx.rest.ack-is-not-state")
def test_an_acknowledgement_has_ids_and_no_state(client: Client) -> None:
    status, document = client.signed("POST", PLACE, order(clOrdId="abc1"))
    [row] = document["data"]
    assert row.keys() == {"ordId", "clOrdId", "tag", "ts", "sCode", "sMsg"}
    assert (status, int(document["outTime"]) >= int(document["inTime"]) > 10**15) == (200, True)


@pytest.mark.quirk("okx.rest.empty-string-nulls")
def test_what_is_absent_is_an_empty_text(client: Client) -> None:
    resting = client.order(client.place())
    assert [resting[name] for name in ("avgPx", "fillPx", "tradeId", "fillTime")] == [""] * 4
    assert all(isinstance(value, str | list | dict) for value in resting.values())
    filled = client.order(client.market())
    assert [filled[name] for name in ("avgPx", "fillPx", "fillSz", "state")] == ["60000.1", "60000.1", "1", "filled"]


@pytest.mark.quirk("okx.rest.text-trailing-blank")
@pytest.mark.quirk("okx.order.price-off-tick")
@pytest.mark.quirk("okx.order.size-off-lot")
@pytest.mark.quirk("okx.order.size-minimum")
@pytest.mark.quirk("okx.order.price-band")
@pytest.mark.parametrize(
    ("change", "code", "text"),
    [
        ({"px": "59000.05"}, "51000", "Parameter px error "),
        ({"px": "-1"}, "51000", "Parameter px error "),
        ({"px": None}, "51204", "The price for the limit order can not be empty"),
        ({"px": "70000"}, "51006", None),
        ({"sz": "1.005"}, "51121", None),
        ({"sz": "0.001"}, "51020", None),
        ({"sz": "nan"}, "51000", "Parameter sz error "),
        ({"sz": None}, "50014", "Parameter sz can not be empty"),
        ({"ordType": "market", "sz": "30001"}, "51202", None),
        ({"side": "hold"}, "51000", "Parameter side error "),
        ({"ordType": "rpi"}, "51000", "Parameter ordType error "),
        ({"tdMode": "cash"}, "51000", "Parameter tdMode error "),
        ({"posSide": "long"}, "51000", "Parameter posSide error "),
        ({"clOrdId": "with-dash"}, "51000", "Parameter clOrdId error "),
        ({"tag": "x" * 17}, "51000", "Parameter tag error "),
        ({"stpMode": "cancel_both", "ordType": "fok"}, "51000", "Parameter stpMode error "),
        ({"instId": "BTC-USDT-SWAPS"}, "51001", None),
        ({"reduceOnly": True}, "51169", None),
        ({"attachAlgoOrds": "no list"}, "51000", None),
    ],
)
def test_bad_fields_of_an_order_are_refused_in_its_row(
    client: Client, change: dict[str, object], code: str, text: str | None
) -> None:
    _, document = client.signed("POST", PLACE, order(**change))
    [row] = document["data"]
    assert row["sCode"] == code
    assert text in (None, row["sMsg"])


@pytest.mark.quirk("okx.sdk.empty-params")
def test_an_empty_text_is_as_good_as_nothing(client: Client) -> None:
    empty = dict.fromkeys(("ccy", "clOrdId", "tag", "posSide", "reduceOnly", "tgtCcy", "stpMode"), "")
    [row] = client.post(PLACE, {**empty, **order(), "attachAlgoOrds": None})
    assert client.order(row["ordId"])["reduceOnly"] == "false"


@pytest.mark.quirk("okx.order.post-only-ends")
@pytest.mark.parametrize(
    ("change", "source"), [({"ordType": "post_only", "px": "60100"}, "31"), ({"ordType": "fok"}, "13")]
)
def test_what_may_not_trade_so_is_taken_in_and_canceled(client: Client, change: dict[str, str], source: str) -> None:
    session = client.login()
    client.subscribe(session, "orders", instType="SWAP")
    client.heard[session].clear()
    told = client.order(client.place(**change))
    assert (told["state"], told["cancelSource"], told["accFillSz"]) == ("canceled", source, "0")
    assert [row["state"] for row in client.rows(session, "orders")] == ["live", "canceled"]


@pytest.mark.quirk("okx.order.amend-in-place")
def test_amending_keeps_the_order_and_its_id(client: Client) -> None:
    session = client.login()
    client.subscribe(session, "orders", instType="SWAP")
    order_id = client.place(clOrdId="abc1")
    client.heard[session].clear()
    [row] = client.post("trade/amend-order", {"instId": SWAP, "clOrdId": "abc1", "newPx": "58000", "reqId": "r1"})
    assert (row["ordId"], row["reqId"], "tag" in row) == (order_id, "r1", False)
    told = client.order(order_id)
    assert (told["px"], told["sz"], told["state"]) == ("58000", "1", "live")
    [pushed] = client.rows(session, "orders")
    assert (pushed["amendResult"], pushed["reqId"], pushed["px"]) == ("0", "r1", "58000")


@pytest.mark.quirk("okx.order.amend-post-only-crossing")
def test_a_post_only_order_is_not_amended_across_the_market(client: Client) -> None:
    order_id = client.place(ordType="post_only")
    assert client.row_code("trade/amend-order", {"instId": SWAP, "ordId": order_id, "newPx": "60100"}) == "51511"
    assert client.order(order_id)["state"] == "live"
    change = {"instId": SWAP, "ordId": order_id, "newPx": "60100", "cxlOnFail": True}
    assert client.row_code("trade/amend-order", change) == "51511"
    assert client.order(order_id)["state"] == "canceled"


def test_the_total_can_be_amended_down_to_what_is_filled(client: Client) -> None:
    order_id = client.place(sz="2")
    client.command(FillOrder(SWAP, 1, 50))
    assert client.row_code("trade/amend-order", {"instId": SWAP, "ordId": order_id}) == "51500"
    client.post("trade/amend-order", {"instId": SWAP, "ordId": order_id, "newSz": "0.5"})
    told = client.order(order_id)
    assert (told["state"], told["accFillSz"]) == ("canceled", "0.5")
    assert client.row_code("trade/amend-order", {"instId": SWAP, "ordId": order_id, "newSz": "3"}) == "51509"


def test_canceling_says_how_an_order_had_ended(client: Client) -> None:
    order_id = client.place()
    [row] = client.post("trade/cancel-order", {"instId": SWAP, "ordId": order_id})
    assert row.keys() == {"ordId", "clOrdId", "ts", "sCode", "sMsg"}
    for sent, code in (
        ({"ordId": order_id}, "51401"),
        ({"ordId": client.market()}, "51402"),
        ({"ordId": "1"}, "51400"),
        ({"clOrdId": "never"}, "51400"),
        ({}, "51407"),
    ):
        assert client.row_code("trade/cancel-order", {"instId": SWAP, **sent}) == code
    assert client.refused("GET", PLACE, {"instId": SWAP, "ordId": "1"}) == (200, "51603")
    assert client.refused("GET", PLACE, {"instId": SWAP}) == (200, "51003")


def test_a_client_id_names_one_live_order_over_all_instruments(client: Client) -> None:
    client.place(clOrdId="abc1")
    assert client.row_code(PLACE, order(clOrdId="abc1", instId=ETHER, px="2990")) == "51016"
    client.post("trade/cancel-order", {"instId": SWAP, "clOrdId": "abc1"})
    client.place(clOrdId="abc1")


@pytest.mark.quirk("okx.history.canceled-2h")
def test_what_ended_without_a_fill_is_forgotten_after_two_hours(client: Client) -> None:
    order_id = client.place()
    client.post("trade/cancel-order", {"instId": SWAP, "ordId": order_id})
    client.aged_ns = 7100 * SECOND_NS
    assert client.order(order_id)["state"] == "canceled"
    assert [row["ordId"] for row in client.ask("trade/orders-history", instType="SWAP")] == [order_id]
    client.aged_ns = 7300 * SECOND_NS
    assert client.refused("GET", PLACE, {"instId": SWAP, "ordId": order_id}) == (200, "51603")
    assert client.ask("trade/orders-history", instType="SWAP") == []


@pytest.mark.quirk("okx.history.fills-limit-semantics")
def test_a_limit_takes_the_newest_fills(client: Client) -> None:
    for _ in range(4):
        client.market()
        client.wait(0.01)
    rows = client.ask("trade/fills-history", instType="SWAP", begin=client.now_ns // 10**6 - 1000, limit=2)
    everything = client.ask("trade/fills-history", instType="SWAP")
    assert rows == everything[:2]
    assert client.ask("trade/fills-history", instType="SWAP", after=rows[-1]["billId"], limit=1) == everything[2:3]
    assert client.ask("trade/fills", before=rows[-1]["billId"]) == everything[:1]


@pytest.mark.quirk("okx.order.slippage-guard")
def test_a_market_order_can_be_bound_by_its_slippage(client: Client) -> None:
    for text, code in (("0.000001", "54084"), ("0", "54085"), ("1.5", "54085"), ("much", "54085")):
        assert client.row_code(PLACE, order(ordType="market", px=None, slippagePct=text)) == code
    client.market(slippagePct="0.01")
    told = client.order(client.market(sz="1200", slippagePct="0.00001"))
    assert (told["state"], told["cancelSource"]) == ("canceled", "15")
    assert 0 < float(told["accFillSz"]) < 1200


@pytest.mark.quirk("okx.fee.sign-negative")
def test_a_fee_is_negative_when_it_is_charged(client: Client) -> None:
    order_id = client.market()
    [fill] = client.ask("trade/fills", ordId=order_id)
    assert (fill["fee"], fill["feeCcy"], fill["execType"], fill["feeRate"]) == ("-0.3000005", "USDT", "T", "-0.0005")
    assert client.order(order_id)["fee"] == "-0.3000005"
    [fees] = client.ask("account/trade-fee", instType="SWAP", instFamily="BTC-USDT")
    assert (fees["maker"], fees["takerU"]) == ("-0.0002", "-0.0005")


@pytest.mark.quirk("okx.order.amend-refused")
@pytest.mark.quirk("okx.rest.400-timeout")
@pytest.mark.quirk("okx.trade.timeout-unknown-result")
@pytest.mark.parametrize(
    ("error", "path", "status", "code"),
    [("not-amendable", "trade/amend-order", 200, "1"), ("timeout", PLACE, 400, "50004"), ("busy", PLACE, 429, "50013")],
)
def test_errors_that_levers_name_come_as_the_venue_says_them(
    client: Client, error: str, path: str, status: int, code: str
) -> None:
    body = msgspec.json.encode(order())
    request = HttpRequest("www", "POST", API + path, "", {}, body, "127.0.0.1")
    reply = client.venue.error_reply("", error, request, client.time())
    document = msgspec.json.decode(reply.body)
    assert (reply.status, document["code"]) == (status, code)
    if code == "1":
        assert document["data"][0]["sCode"] == "51506"


@pytest.mark.quirk("okx.order.end-untold")
def test_an_order_that_the_venue_ends_is_told_by_questions(client: Client) -> None:
    order_id = client.place()
    client.command(ExpireOrder(SWAP, 1, "by-the-venue"))
    told = client.order(order_id)
    assert (told["state"], told["cancelSource"]) == ("canceled", "0")


def test_all_orders_end_when_a_countdown_runs_out(client: Client) -> None:
    order_id = client.place()
    [row] = client.post("trade/cancel-all-after", {"timeOut": "10"})
    assert int(row["triggerTime"]) == client.now_ns // 10**6 + 10_000
    client.wait(9)
    assert client.order(order_id)["state"] == "live"
    client.wait(2)
    assert client.order(order_id)["state"] == "canceled"
    assert client.refused("POST", "trade/cancel-all-after", {"timeOut": "5"})[1] == "51000"


def test_a_request_that_came_too_late_is_not_carried_out(client: Client) -> None:
    late = str(client.now_ns // 10**6 - 1)
    _, document = client.signed("POST", PLACE, order(), exptime=late)
    assert document["code"] == "50036"
    assert client.ask("trade/orders-pending") == []


def test_closing_a_position_takes_all_of_it(client: Client) -> None:
    client.market(sz="3")
    assert client.refused("POST", "trade/close-position", {"instId": SWAP, "mgnMode": "isolated"})[1] == "51023"
    client.place(side="sell", px="61000", reduceOnly=True)
    assert client.refused("POST", "trade/close-position", {"instId": SWAP, "mgnMode": "cross"})[1] == "51117"
    client.post("trade/close-position", {"instId": SWAP, "mgnMode": "cross", "autoCxl": True})
    assert client.ask("account/positions") == []
    [life] = client.ask("account/positions-history")
    assert (life["type"], life["direction"], life["closeTotalPos"]) == ("2", "long", "3")


@pytest.mark.quirk("okx.ratelimit.count-based")
@pytest.mark.quirk("okx.ratelimit.http-429")
def test_the_61st_placement_is_one_too_many_and_canceling_goes_on(client: Client) -> None:
    order_id = client.place()
    for _ in range(59):
        client.signed("POST", PLACE, order(sz="0.001"))
    status, document = client.signed("POST", PLACE, order())
    assert (status, document) == (429, {"code": "50011", "msg": "Too Many Requests", "data": []})
    client.post("trade/cancel-order", {"instId": SWAP, "ordId": order_id})
    client.place(instId=ETHER, px="2990")
    client.wait(2)
    client.place()


@pytest.mark.quirk("okx.ratelimit.sub-account-order-cap")
@pytest.mark.quirk("okx.error.50061-unmapped-class")
def test_an_account_has_a_cap_on_orders(client: Client) -> None:
    for instrument in (SWAP, ETHER, COIN, "ETH-USD-SWAP", "XRP-USDT-SWAP"):
        for _ in range(10):
            status, document = client.signed("POST", BATCH, [order(instId=instrument, sz="0.001")] * 20)
            assert (status, document["code"]) == (200, "1"), "twenty bad orders, and not one too many"
    status, document = client.signed("POST", PLACE, order())
    assert (status, document["code"]) == (200, "50061")


@pytest.mark.quirk("okx.ratelimit.uid-shared-over-ips")
def test_addresses_share_the_budget_of_an_account(client: Client) -> None:
    for number in range(60):
        client.signed("POST", PLACE, order(sz="0.001"), address=f"127.0.0.{1 + number % 2}")
    assert client.signed("POST", PLACE, order(), address="127.0.0.2")[0] == 429
    for number in range(20):
        reply = client.request("GET", f"{API}public/time", address=f"127.0.0.{1 + number % 2}")
        assert reply.status == 200
    assert client.request("GET", f"{API}public/time", address="127.0.0.2").status == 429


def test_what_belongs_to_an_order_that_is_attached_waits_once_it_filled(client: Client) -> None:
    attached = [
        {"attachAlgoClOrdId": "t1", "tpTriggerPx": "61000", "tpOrdPx": "-1", "slTriggerPx": "59000", "slOrdPx": "-1"}
    ]
    order_id = client.place(px="59900", attachAlgoOrds=attached)
    assert client.ask("trade/orders-algo-pending", ordType="oco") == []
    client.move("59900")
    [waiting] = client.ask("trade/orders-algo-pending", ordType="oco")
    assert (waiting["algoClOrdId"], waiting["tpTriggerPx"], waiting["slTriggerPx"]) == ("t1", "61000", "59000")
    assert client.order(order_id)["attachAlgoOrds"][0]["attachAlgoId"] == waiting["algoId"]
    client.move("61000")
    assert client.ask("account/positions") == []
    assert client.ask("trade/orders-algo-pending", ordType="oco") == []


def test_a_spot_account_trades_no_swaps(client: Client) -> None:
    client.post("account/set-account-level", {"acctLv": "1"})
    assert client.row_code(PLACE, order()) == "51010"
    assert client.row_code("trade/order-algo", algo()) == "51010"


def pages(client: Client, path: str, **more: object) -> list[Any]:
    """Everything, three rows at a time."""
    found: list[Any] = []
    while rows := client.ask(path, limit=3, **more, **({"after": found[-1]["ordId"]} if found else {})):
        found += rows
    return found


def test_pages_go_back_from_the_newest_over_all_instruments(client: Client) -> None:
    ids = [client.place(instId=name, px=px, sz="1") for name, px in [(SWAP, "59000"), (ETHER, "2990")] * 4]
    rows = pages(client, "trade/orders-pending")
    assert [row["ordId"] for row in rows] == ids[::-1]
    newer = client.ask("trade/orders-pending", before=ids[5])
    assert [row["ordId"] for row in newer] == ids[:5:-1]
