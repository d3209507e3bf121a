"""Rows tell each step as it was then, and each answer has the names of its kind and no others."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from .client import SWAP, Client, algo, order, over_socket

AMEND, CANCEL = "trade/amend-order", "trade/cancel-order"
ALGO = "trade/order-algo"


def pushed_orders(client: Client, session: int) -> list[Any]:
    return client.rows(session, "orders")


def listening(client: Client, channel: str = "orders", url: str = "private") -> int:
    session = client.login(url)
    client.subscribe(session, channel, instType="SWAP")
    client.take(session)
    return session


def test_each_message_of_an_order_has_the_fees_and_the_fill_of_that_step(client: Client) -> None:
    session = listening(client)
    client.market(sz="1000")
    live, *fills = pushed_orders(client, session)
    assert (live["state"], live["fee"], live["pnl"], live["tradeId"]) == ("live", "0", "0", "")
    assert len(fills) > 1
    paid = Decimal(0)
    for row in fills:
        paid += Decimal(row["fillFee"])
        assert Decimal(row["fee"]) == paid
    assert len({row["tradeId"] for row in fills}) == len(fills)
    assert sum(Decimal(row["fillSz"]) for row in fills) == Decimal(fills[-1]["accFillSz"]) == Decimal(1000)


def test_a_position_that_turned_keeps_its_entry_and_its_greatest_size(client: Client) -> None:
    client.market(sz="3")
    entry = client.position()["avgPx"]
    client.move("61000")
    client.market("sell", sz="10")
    [told] = client.ask("account/positions-history", limit=1)
    assert (told["direction"], told["openAvgPx"], told["openMaxPos"]) == ("long", entry, "3")
    gained = (Decimal(told["closeAvgPx"]) - Decimal(told["openAvgPx"])) * Decimal("0.03")
    assert Decimal(told["pnl"]) == gained


def test_two_that_wait_together_are_told_to_end_once(client: Client) -> None:
    session = listening(client, "orders-algo", "business")
    algo_id = client.algo(ordType="oco", tpTriggerPx="66000", tpOrdPx="-1")
    client.post("trade/cancel-algos", [{"instId": SWAP, "algoId": algo_id}])
    assert [row["state"] for row in client.rows(session, "orders-algo")] == ["live", "canceled"]


def test_an_order_that_ends_for_a_failed_amendment_says_so(client: Client) -> None:
    session = listening(client)
    order_id = client.place(ordType="post_only")
    change = {"instId": SWAP, "ordId": order_id, "newPx": "60100", "cxlOnFail": True, "reqId": "r7"}
    assert client.row_code(AMEND, change) == "51511"
    row = pushed_orders(client, session)[-1]
    assert (row["state"], row["amendResult"], row["reqId"]) == ("canceled", "1", "r7")


@pytest.mark.parametrize(
    ("path", "sent", "names"),
    [
        ("trade/order", order(sz="0"), {"ordId", "clOrdId", "tag", "ts"}),
        (AMEND, {"instId": SWAP, "ordId": "1", "newSz": "2"}, {"ordId", "clOrdId", "reqId", "ts"}),
        (CANCEL, {"instId": SWAP, "ordId": "1"}, {"ordId", "clOrdId", "ts"}),
        (ALGO, algo(sz="0"), {"algoId", "clOrdId", "algoClOrdId", "tag"}),
        ("trade/amend-algos", {"instId": SWAP, "algoId": "1", "newSz": "2"}, {"algoId", "algoClOrdId", "reqId"}),
        ("trade/cancel-algos", [{"instId": SWAP, "algoId": "1"}], {"algoId", "algoClOrdId"}),
    ],
)
def test_a_refused_row_has_the_names_of_its_kind(client: Client, path: str, sent: object, names: set[str]) -> None:
    _, document = client.signed("POST", path, sent)
    [row] = document["data"]
    assert row.keys() == names | {"sCode", "sMsg"}


def test_a_socket_takes_no_more_orders_at_once_than_rest(client: Client) -> None:
    session = client.login()
    answer = client.operate(session, "batch-orders", *[over_socket()] * 21)
    assert (answer["code"], answer["data"]) == ("51111", [])
    assert client.ask("trade/orders-pending") == []


def test_a_refused_amendment_over_the_socket_has_no_tag(client: Client) -> None:
    session = client.login()
    answer = client.operate(session, "amend-order", {"instIdCode": 10459, "ordId": "1", "newSz": "2"})
    [row] = answer["data"]
    assert row.keys() == {"ordId", "clOrdId", "reqId", "ts", "sCode", "sMsg"}


def test_history_gives_as_many_completed_candles_as_were_asked_for(client: Client) -> None:
    running, last = client.get("market/candles", instId=SWAP, limit=2)
    for path in ("market/history-candles", "market/history-mark-price-candles"):
        [row] = client.get(path, instId=SWAP, limit=1)
        assert (row[0], row[-1]) == (last[0], "1"), path
    assert running[-1] == "0"


def test_the_total_of_an_account_does_not_depend_on_the_coins_asked_for(client: Client) -> None:
    [whole] = client.ask("account/balance")
    for coins, count in (("USDT", 1), ("USDT,BTC", 2), ("XYZ", 0)):
        [part] = client.ask("account/balance", ccy=coins)
        assert (part["totalEq"], len(part["details"])) == (whole["totalEq"], count)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"newSz": "-1"}, "Parameter newSz error "),
        ({"newSz": "x"}, "Parameter newSz error "),
        ({"newPx": "x"}, "Parameter newPx error "),
    ],
)
def test_an_amendment_names_the_parameter_that_is_wrong(client: Client, change: dict[str, str], code: str) -> None:
    sent = {"instId": SWAP, "ordId": client.place(), **change}
    _, document = client.signed("POST", AMEND, sent)
    assert document["data"][0]["sMsg"] == code


def test_a_price_out_of_all_bounds_names_the_bound(client: Client) -> None:
    _, document = client.signed("POST", "trade/order", order(px="99999999"))
    row = document["data"][0]
    assert (row["sCode"], row["sMsg"]) == ("51116", "Order price or trigger price exceeds 1000000")


@pytest.mark.parametrize(
    ("change", "leg", "code"),
    [
        ({}, {"tpTriggerPx": "58000"}, "51046"),
        ({}, {"slTriggerPx": "59500"}, "51047"),
        ({"side": "sell", "px": "61000"}, {"tpTriggerPx": "61500"}, "51048"),
        ({"side": "sell", "px": "61000"}, {"slTriggerPx": "60500"}, "51049"),
        ({"ordType": "market", "px": None}, {"tpTriggerPx": "59000"}, "51050"),
        ({"ordType": "market", "px": None}, {"slTriggerPx": "61000"}, "51051"),
        ({"ordType": "market", "px": None, "side": "sell"}, {"tpTriggerPx": "61000"}, "51052"),
        ({"ordType": "market", "px": None, "side": "sell"}, {"slTriggerPx": "59000"}, "51053"),
        ({}, {"tpTriggerPx": "65000.05"}, "51000"),
        ({}, {"tpTriggerPx": "-1"}, "51000"),
    ],
)
def test_what_is_attached_lies_on_its_side_of_the_price(
    client: Client, change: dict[str, Any], leg: dict[str, str], code: str
) -> None:
    [name] = leg
    attached = [{**leg, f"{name[:2]}OrdPx": "-1"}]
    assert client.row_code("trade/order", order(attachAlgoOrds=attached, **change)) == code
    assert client.ask("trade/orders-pending") == []


def test_a_fill_over_the_socket_is_the_fill_over_rest(client: Client) -> None:
    session = listening(client)
    client.market(sz="1000")
    pushed = {row["tradeId"]: (row["fillPx"], row["fillSz"], row["fillFee"]) for row in pushed_orders(client, session)}
    pushed.pop("")
    told = {row["tradeId"]: (row["fillPx"], row["fillSz"], row["fee"]) for row in client.ask("trade/fills")}
    assert pushed == told


@pytest.mark.parametrize("expires", ["abc", "9" * 20])
def test_a_frame_expires_at_a_time_or_is_refused(client: Client, expires: str) -> None:
    session = client.login()
    frame = {"id": "1512", "op": "order", "expTime": expires, "args": [over_socket()]}
    answer = client.answer(session, frame)
    assert (answer["code"], answer["data"]) == ("51000", [])
    assert client.ask("trade/orders-pending") == []
