"""What the venue does in either position of each switch of its register."""

from __future__ import annotations

from typing import Any

import pytest

from .client import Client, order, stop

POSITIONS = "position/list"


def on(client: Client, quirk: str) -> Client:
    client.venue.switch_quirk(f"bybit.{quirk}", True)
    return client


# --- orders -----------------------------------------------------------------------------------------------------------


@pytest.mark.quirk("bybit.order.no-native-trailing")
def test_a_trailing_stop_is_set_or_refused(client: Client) -> None:
    client.market()
    trailing: dict[str, Any] = {"category": "linear", "symbol": "BTCUSDT", "trailingStop": "500"}
    assert client.post("position/trading-stop", **trailing) == {}
    assert client.position()["trailingStop"] == "500"

    on(client, "order.no-native-trailing")
    code, text = client.refused("position/trading-stop", **trailing | {"trailingStop": "600"})
    assert (code, text) == (10001, "params error: trailingStop invalid")
    assert client.position()["trailingStop"] == "500"


@pytest.mark.quirk("bybit.order.deactivated")
@pytest.mark.parametrize(("switched", "status"), [(False, "Cancelled"), (True, "Deactivated")])
def test_a_conditional_order_that_fires_into_nothing_ends(client: Client, switched: bool, status: str) -> None:
    client.venue.switch_quirk("bybit.order.deactivated", switched)
    untriggered = client.place(**stop())
    client.post("order/cancel", category="linear", symbol="BTCUSDT", orderId=untriggered)
    assert client.shown(untriggered)["orderStatus"] == "Deactivated"

    fires = client.place(**stop(orderType="Limit", price="58500", timeInForce="IOC"))
    client.move("58000")
    row = client.shown(fires)
    assert (row["orderStatus"], row["cumExecQty"], row["leavesQty"]) == (status, "0", "0")


@pytest.mark.quirk("bybit.order.created-status")
@pytest.mark.parametrize(("switched", "told"), [(False, ["New"]), (True, ["Created", "New"])])
def test_a_new_order_is_told_as_created_or_not(client: Client, switched: bool, told: list[str]) -> None:
    client.venue.switch_quirk("bybit.order.created-status", switched)
    session = client.listen("order")
    client.place()
    assert [row["orderStatus"] for row in client.rows(session, "order")] == told


@pytest.mark.quirk("bybit.order.type-case")
@pytest.mark.parametrize(("switched", "passing"), [(False, "Market"), (True, "market")])
def test_one_spelling_of_an_order_type_passes(client: Client, switched: bool, passing: str) -> None:
    client.venue.switch_quirk("bybit.order.type-case", switched)
    for spelling in ("Market", "market", "MARKET"):
        client.wait(1)
        answer = client.envelope("POST", "order/create", **order(orderType=spelling, price=None))
        assert answer["retCode"] == (0 if spelling == passing else 10001)
        assert passing == spelling or answer["retMsg"] == "Request parameter error."
    assert client.position()["size"] == "0.01"


# --- the account ------------------------------------------------------------------------------------------------------


@pytest.mark.quirk("bybit.auth.ip-whitelist")
@pytest.mark.quirk("bybit.account.mode-probe")
@pytest.mark.quirk("bybit.account.region-restricted")
@pytest.mark.parametrize(
    ("quirk", "code"),
    [("auth.ip-whitelist", 10010), ("account.mode-probe", 10005), ("account.region-restricted", 10024)],
)
def test_signed_requests_are_refused(client: Client, quirk: str, code: int) -> None:
    for path in ("user/query-api", "account/info"):
        assert client.envelope("GET", path)["retCode"] == 0
    on(client, quirk)
    for path in ("user/query-api", "account/info"):
        assert client.refused(path, "GET")[0] == code
    assert client.refused("order/create", **order())[0] == code
    assert client.public("market/time")["retCode"] == 0
    trade = client.open("/v5/trade")
    client.login(trade)
    header = {"X-BAPI-TIMESTAMP": client.time().wire_ms}
    assert client.answer(trade, {"op": "order.create", "header": header, "args": [order()]})["retCode"] == code


@pytest.mark.quirk("bybit.auth.bare-401")
def test_a_missing_or_unknown_key_is_refused_in_the_envelope_or_with_an_empty_page(client: Client) -> None:
    known = client.headers("")
    unknown = known | {"x-bapi-api-key": "nobody"}
    for headers, code in (({}, b'"retCode":10001'), (unknown, b'"retCode":10003')):
        reply = client.request("GET", "/v5/account/info", headers=headers)
        assert (reply.status, code in reply.body) == (200, True)
    on(client, "auth.bare-401")
    for headers in ({}, unknown):
        reply = client.request("GET", "/v5/account/info", headers=headers)
        assert (reply.status, reply.body) == (401, b"")
    assert client.request("GET", "/v5/account/info", headers=known).status == 200


@pytest.mark.quirk("bybit.account.region-page")
def test_a_blocked_country_gets_the_page_of_a_blocked_address(client: Client) -> None:
    assert client.request("GET", "/v5/market/time").status == 200
    on(client, "account.region-page")
    reply = client.request("GET", "/v5/market/time")
    assert (reply.status, reply.body) == (403, b"access too frequent")


@pytest.mark.quirk("bybit.account.unified-required")
def test_a_classic_account_is_refused_the_unified_wallet(client: Client) -> None:
    assert client.ask("user/query-api")["uta"] == 1
    assert client.ask("account/info")["unifiedMarginStatus"] == 6
    on(client, "account.unified-required")
    assert client.ask("user/query-api")["uta"] == 0
    assert client.ask("account/info")["unifiedMarginStatus"] == 1
    assert client.refused("account/wallet-balance", "GET", accountType="UNIFIED")[0] == 10028


@pytest.mark.quirk("bybit.account.balance-lag")
def test_the_wallet_is_behind_after_a_fill_or_not(client: Client) -> None:
    def wallet() -> str:
        (account,) = client.ask("account/wallet-balance", accountType="UNIFIED", coin="USDT")["list"]
        return str(account["coin"][0]["walletBalance"])

    before = wallet()
    client.market()
    first = wallet()
    assert first != before
    client.wait(1)
    on(client, "account.balance-lag")
    streamed = client.listen("wallet")
    client.market("Sell")
    assert wallet() == first
    told = client.rows(streamed, "wallet")[0]["coin"][0]["walletBalance"]
    assert told != first
    client.wait(0.4)
    assert wallet() == told


@pytest.mark.quirk("bybit.position.symbol-mismatch-empty")
def test_positions_of_a_wrong_symbol_are_refused_or_none(client: Client) -> None:
    client.market()
    assert client.ask(POSITIONS, category="linear", settleCoin="BTC")["list"] == []
    assert client.ask(POSITIONS, category="linear", settleCoin="USDT")["list"][0]["size"] == "0.01"
    for symbol in ("BTC/USDT", "BTCUSD", "NONSENSE"):
        assert client.refused(POSITIONS, "GET", category="linear", symbol=symbol)[0] == 10001
    on(client, "position.symbol-mismatch-empty")
    for symbol in ("BTC/USDT", "BTCUSD", "NONSENSE"):
        assert client.ask(POSITIONS, category="linear", symbol=symbol)["list"] == []


# --- streams ----------------------------------------------------------------------------------------------------------


@pytest.mark.quirk("bybit.ws.ping-20s")
def test_silent_connections_are_cut_off_late_or_soon(client: Client) -> None:
    idle, pinging = client.open("/v5/public/linear"), client.open("/v5/public/linear")
    client.wait(590)
    client.send(pinging, {"op": "ping"})
    client.wait(20)
    assert [one.session for one in client.closed] == [idle]

    on(client, "ws.ping-20s")
    client.wait(31)
    assert [one.session for one in client.closed] == [idle, pinging]


def test_max_active_time_is_kept_on_private_connections(client: Client) -> None:
    short = client.open("/v5/private", "max_active_time=30s")
    longer = client.open("/v5/private", "max_active_time=2m")
    client.wait(61)
    assert [one.session for one in client.closed] == [short]
    client.wait(90)
    assert [one.session for one in client.closed] == [short, longer]


@pytest.mark.quirk("bybit.ws.ping-json-only")
@pytest.mark.parametrize("switched", [False, True])
def test_pings_of_the_protocol_count_or_not(client: Client, switched: bool) -> None:
    client.venue.switch_quirk("bybit.ws.ping-json-only", switched)
    session = client.open("/v5/public/linear")
    for _ in range(7):
        client.wait(100)
        client.venue.heard(session, "ping", client.time())
    assert bool(client.closed) is switched


@pytest.mark.quirk("bybit.ws.pong-shapes")
def test_pongs_have_three_shapes_or_one(client: Client) -> None:
    sessions = [client.open(path) for path in ("/v5/public/linear", "/v5/private", "/v5/trade")]
    ping = {"op": "ping", "req_id": "7"}
    now = str(client.time().wire_ms)
    public, private, trade = (client.answer(session, ping) for session in sessions)
    names = [public.pop("conn_id"), private.pop("conn_id"), trade.pop("connId")]
    assert len(set(names)) == 3
    assert public == {"success": True, "ret_msg": "pong", "req_id": "7", "op": "ping"}
    assert private == {"req_id": "7", "op": "pong", "args": [now]}
    assert trade == {"retCode": 0, "retMsg": "OK", "op": "pong", "data": [now]}

    on(client, "ws.pong-shapes")
    for session, name in zip(sessions, names, strict=True):
        pong = client.answer(session, ping)
        assert {"op", "ret_msg", "conn_id", "ret_code", "success"} <= set(pong)
        assert (pong["op"], pong["ret_code"], pong["conn_id"]) == ("pong", 0, name)


@pytest.mark.quirk("bybit.ws.order-fill-order")
@pytest.mark.parametrize(("switched", "topics"), [(False, ["order", "execution"]), (True, ["execution", "order"])])
def test_of_a_fill_the_order_or_the_execution_comes_first(client: Client, switched: bool, topics: list[str]) -> None:
    client.venue.switch_quirk("bybit.ws.order-fill-order", switched)
    session = client.listen("order", "execution")
    client.market()
    told = client.take(session)
    assert [message["topic"] for message in told[1:]] == topics


@pytest.mark.quirk("bybit.ws.bad-topic-poisons")
@pytest.mark.parametrize(("switched", "heard"), [(False, ["publicTrade.BTCUSDT"]), (True, [])])
def test_a_refused_topic_silences_its_request_or_the_connection(
    client: Client, switched: bool, heard: list[str]
) -> None:
    client.venue.switch_quirk("bybit.ws.bad-topic-poisons", switched)
    session = client.watch("publicTrade.BTCUSDT")
    answer = client.subscribe(session, "tickers.BTCUSDT", "orderbook.500.BTCUSDT")
    assert (answer["success"], answer["ret_msg"]) == (False, "error:handler not found,topic:orderbook.500.BTCUSDT")
    client.move("60500")
    assert [message["topic"] for message in client.take(session)] == heard
    assert client.answer(session, {"op": "ping"})["ret_msg"] == "pong"


@pytest.mark.quirk("bybit.ws.trade-restart-10019")
def test_a_restarting_trade_service_refuses_what_is_new(client: Client) -> None:
    session = client.open("/v5/trade")
    client.login(session)
    resting = client.answer(session, framed(client, "1", order()))["data"]["orderId"]
    on(client, "ws.trade-restart-10019")
    assert client.answer(session, framed(client, "2", order()))["retCode"] == 10019
    assert client.shown(resting)["orderStatus"] == "New"


@pytest.mark.quirk("bybit.ws.trade-missing-reqid")
def test_a_refusal_may_lack_the_request_id(client: Client) -> None:
    session = client.open("/v5/trade")
    refused = client.answer(session, framed(client, "1", order()))
    assert (refused["retCode"], refused["reqId"]) == (10003, "1")
    on(client, "ws.trade-missing-reqid")
    refused = client.answer(session, framed(client, "2", order()))
    assert refused["retCode"] == 10003
    assert "reqId" not in refused


def framed(client: Client, request: str, args: object, op: str = "order.create") -> dict[str, Any]:
    header = {"X-BAPI-TIMESTAMP": str(client.time().wire_ms), "X-BAPI-RECV-WINDOW": "5000"}
    return {"reqId": request, "header": header, "op": op, "args": [args]}
