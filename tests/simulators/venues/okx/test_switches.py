"""What can be switched, in both positions."""

from __future__ import annotations

import zlib
from typing import Any

import pytest

from venueproof_simulators.engine.commands import PrintTrade
from venueproof_simulators.engine.state import Side

from .client import COIN, ETHER, SWAP, Client, order, over_socket


@pytest.mark.quirk("okx.ticker.no-funding-or-oi")
def test_tickers_carry_side_figures_only_where_that_was_reported(client: Client, field: Client) -> None:
    [plain] = client.get("market/ticker", instId=SWAP)
    [reported] = field.get("market/ticker", instId=SWAP)
    assert not {"fundingRate", "openInterest"} & plain.keys()
    assert (reported["fundingRate"], reported["openInterest"]) == ("0.0001", "2500000")
    [interest] = client.get("public/open-interest", instType="SWAP", instId=SWAP)
    assert (interest["oi"], interest["oiCcy"]) == ("2500000", "25000")


@pytest.mark.quirk("okx.instruments.preopen-stub")
def test_a_contract_that_is_only_announced_is_a_stub(client: Client, field: Client) -> None:
    assert all(row["state"] == "live" for row in client.get("public/instruments", instType="SWAP"))
    stubs = [row for row in field.get("public/instruments", instType="SWAP") if row["state"] == "preopen"]
    assert [row.keys() for row in stubs] == [{"instType", "instId", "state"}]


@pytest.mark.quirk("okx.ws.cancel-null-instidcode")
def test_an_instrument_may_lack_its_code(client: Client) -> None:
    assert [row["instIdCode"] for row in client.get("public/instruments", instType="SWAP", instId=SWAP)] == [10459]
    client.switch("okx.ws.cancel-null-instidcode")
    assert {row["instIdCode"] for row in client.get("public/instruments", instType="SWAP")} == {None}


@pytest.mark.quirk("okx.ws.fills-tier")
def test_the_channel_of_fills_needs_a_tier(client: Client) -> None:
    session = client.login()
    assert client.subscribe(session, "fills")["code"] == "64003"
    assert client.ask("account/config")[0]["level"] == "Lv1"
    client.switch("okx.ws.fills-tier", False)
    assert client.subscribe(session, "fills")["event"] == "subscribe"
    client.market()
    assert [row["fillSz"] for row in client.rows(session, "fills")] == ["1"]


@pytest.mark.quirk("okx.account.region-restricted")
def test_a_restricted_account_is_told_so_with_status_200(client: Client) -> None:
    client.place()
    client.switch("okx.account.region-restricted")
    assert client.row_code("trade/order", order()) == "51155"
    assert client.refused("GET", "account/balance") == (200, "50027")


@pytest.mark.quirk("okx.ip.whitelist-50110")
def test_a_key_can_be_bound_to_another_address(client: Client) -> None:
    client.ask("account/balance")
    client.switch("okx.ip.whitelist-50110")
    assert client.refused("GET", "account/balance") == (401, "50110")
    client.get("public/time")
    session = client.open("private")
    assert client.answer(session, client.login_frame())["code"] == "50110"


@pytest.mark.quirk("okx.ratelimit.ip-and-uid-independent")
def test_one_budget_runs_out_while_the_other_goes_on(client: Client, field: Client) -> None:
    for instrument in (SWAP, ETHER):
        for _ in range(60):
            assert client.signed("POST", "trade/order", order(instId=instrument, sz="0.001"))[0] == 200
    assert client.refused("POST", "trade/order", order()) == (429, "50011")
    client.get("public/time")
    for number in range(20):
        field.signed("POST", "trade/order", order(instId=SWAP if number % 2 else ETHER, sz="0.001"))
    assert field.refused("POST", "trade/order", order()) == (429, "50011")
    for number in range(20):
        field.get("public/time" if number % 2 else "market/tickers", **({} if number % 2 else {"instType": "SWAP"}))
    assert field.public("public/time") == (429, {"code": "50011", "msg": "Too Many Requests", "data": []})
    field.ask("account/balance")


@pytest.mark.quirk("okx.ws.wrong-endpoint")
def test_a_channel_on_the_wrong_endpoint_is_refused(client: Client, field: Client) -> None:
    refused = client.subscribe(client.open("public"), "candle1m", instId=SWAP)
    assert (refused["event"], refused["code"]) == ("error", "60018")
    assert refused["msg"].startswith(f"Wrong URL or channel:candle1m,instId:{SWAP} doesn't exist.")
    assert field.subscribe(field.open("public"), "candle1m", instId=SWAP)["code"] == "64001"
    business = client.open("business")
    assert client.subscribe(business, "candle1m", instId=SWAP)["event"] == "subscribe"
    assert client.subscribe(business, "tickers", instId=SWAP)["code"] == "64002"


@pytest.mark.quirk("okx.book.checksum-zero")
def test_the_checksum_of_books_is_dead(client: Client) -> None:
    assert _book(client)["checksum"] == 0
    client.switch("okx.book.checksum-zero", False)
    book = _book(client)
    pairs = zip(book["bids"][:25], book["asks"][:25], strict=True)
    text = ":".join(f"{bid[0]}:{bid[1]}:{ask[0]}:{ask[1]}" for bid, ask in pairs)
    assert book["checksum"] % 2**32 == zlib.crc32(text.encode())
    assert -(2**31) <= book["checksum"] < 2**31


def _book(client: Client) -> Any:
    session = client.open("public")
    client.subscribe(session, "books", instId=SWAP)
    [row] = client.rows(session, "books")
    return row


@pytest.mark.quirk("okx.ws.fill-missing-client-id")
def test_fills_may_omit_the_client_id(client: Client) -> None:
    client.switch("okx.ws.fills-tier", False)
    session = client.login()
    client.subscribe(session, "fills")
    client.market(clOrdId="abc1")
    client.switch("okx.ws.fill-missing-client-id")
    client.market(clOrdId="abc2")
    assert [row["clOrdId"] for row in client.rows(session, "fills")] == ["abc1", ""]
    told = [row["clOrdId"] for row in client.ask("trade/fills-history", instType="SWAP")]
    assert told == ["abc2", "abc1"]


@pytest.mark.quirk("okx.ws.subscribe-before-login")
def test_subscribing_before_the_login(client: Client, field: Client) -> None:
    refused = client.subscribe(client.open("private"), "orders", instType="SWAP")
    assert (refused["event"], refused["code"], refused["msg"]) == ("error", "60011", "Please log in")
    session = field.open("private")
    assert field.subscribe(session, "orders", instType="SWAP")["event"] == "subscribe"
    field.answer(session, field.login_frame())
    field.market()
    assert field.take(session) == []


@pytest.mark.quirk("okx.demo.ws-login-flag")
def test_a_flag_in_the_login_opens_demo_trading_only_where_that_was_reported(client: Client, field: Client) -> None:
    client.demo()
    field.demo()
    for one, code in ((client, "50101"), (field, "0")):
        assert one.answer(one.open("private"), one.login_frame(simulate="1"))["code"] == code
        assert one.answer(one.open("private"), one.login_frame())["code"] == "50101"
        assert one.answer(one.open("private", origin="ws-demo"), one.login_frame())["code"] == "0"


@pytest.mark.quirk("okx.ws.instidcode-required")
def test_orders_over_the_socket_need_the_code_of_the_instrument(client: Client) -> None:
    session = client.login()
    answer = client.operate(session, "order", order())
    [row] = answer["data"]
    assert (answer["code"], row["sCode"], row["sMsg"]) == ("1", "50014", "Parameter instIdCode can not be empty")
    both = client.operate(session, "order", order(instId=ETHER) | {"instIdCode": 10459})
    assert client.order(both["data"][0]["ordId"])["instId"] == SWAP, "the code wins"
    client.switch("okx.ws.instidcode-required", False)
    assert client.operate(session, "order", order())["code"] == "0"


@pytest.mark.quirk("okx.ws.instidcode-demo-mismatch")
def test_demo_trading_may_not_know_the_published_code(client: Client, field: Client) -> None:
    for one, code in ((client, "0"), (field, "51001")):
        one.demo()
        session = one.login(origin="ws-demo")
        assert one.operate(session, "order", over_socket())["data"][0]["sCode"] == code
        status, document = one.signed("POST", "trade/order", order(), x_simulated_trading="1")
        assert (status, document["code"]) == (200, "0")


def test_market_channels_know_instruments_of_both_kinds(client: Client) -> None:
    session = client.open("public")
    for instrument in (SWAP, COIN):
        client.subscribe(session, "trades", instId=instrument)
        client.command(PrintTrade(instrument, 600_000, 3, Side.BUY))
    told = client.rows(session, "trades")
    assert [(row["instId"], row["side"], row["count"]) for row in told] == [(COIN, "buy", "1")]
