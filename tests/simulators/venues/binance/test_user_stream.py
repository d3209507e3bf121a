from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from venueproof_simulators.engine.commands import CancelAll, Deposit, FillOrder

from .client import Client

ORDER = "/fapi/v1/order"
ORDER_KEYS = set(
    [
        "s",
        "c",
        "S",
        "o",
        "f",
        "q",
        "p",
        "ap",
        "sp",
        "x",
        "X",
        "i",
        "l",
        "z",
        "L",
        "n",
        "N",
        "T",
        "t",
        "b",
        "a",
        "m",
        "R",
        "wt",
        "ot",
        "ps",
        "cp",
        "rp",
        "pP",
        "si",
        "ss",
        "V",
        "pm",
        "gtd",
        "er",
    ]
)


def events(messages: list[Any]) -> list[str]:
    return [message["e"] for message in messages]


@pytest.mark.quirk("binance.ws.no-snapshot")
@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/private/ws", "listenKey={key}"),
        ("/private/ws", "listenKey={key}&events=ORDER_TRADE_UPDATE/ACCOUNT_UPDATE"),
        ("/private/ws/{key}", ""),
        ("/private/stream", "streams={key}"),
        ("/ws/{key}", ""),
        ("/stream", "streams={key}"),
    ],
)
def test_listen_key_in_every_place_clients_put_it(client: Client, path: str, query: str) -> None:
    client.limit()
    key = client.listen_key()
    session = client.open(path.format(key=key), query.format(key=key))
    assert client.take(session) == [], "a stream begins with nothing"
    client.limit()
    message = client.take(session)[0]
    data = message["data"] if "stream" in message else message
    assert data["e"] == "ORDER_TRADE_UPDATE"
    assert client.venue.account_sessions() == {session}


def test_listen_key_can_be_subscribed_and_unsubscribed(client: Client) -> None:
    key, session = client.listen_key(), client.open("/private/stream")
    assert client.subscribe(session, key) == {"result": None, "id": 1}
    client.limit()
    assert client.take(session)[0]["stream"] == key
    client.send(session, {"method": "UNSUBSCRIBE", "params": [key], "id": 2})
    client.limit()
    assert client.take(session) == [{"result": None, "id": 2}]


@pytest.mark.parametrize("family", ["public", "market"])
def test_listen_key_on_the_wrong_route_stays_silent(client: Client, family: str) -> None:
    session = client.open(f"/{family}/ws/{client.listen_key()}")
    client.limit()
    assert client.take(session) == []


def test_key_that_was_never_given_out_stays_silent(client: Client) -> None:
    session = client.open("/private/ws", f"listenKey={'k' * 64}")
    client.listen_key()
    client.limit()
    assert client.take(session) == []
    assert client.venue.account_sessions() == frozenset()


def test_only_wanted_events_are_sent(client: Client) -> None:
    session = client.open("/private/ws", f"listenKey={client.listen_key()}&events=ACCOUNT_UPDATE")
    client.market()
    assert events(client.take(session)) == ["ACCOUNT_UPDATE"]


@pytest.mark.quirk("binance.ws.trade-lite-first")
def test_fill_is_told_short_then_long_then_as_money(client: Client) -> None:
    session = client.open_user_stream()
    client.market()
    new, lite, fill, account = client.take(session)
    assert events([new, lite, fill, account]) == [
        "ORDER_TRADE_UPDATE",
        "TRADE_LITE",
        "ORDER_TRADE_UPDATE",
        "ACCOUNT_UPDATE",
    ]
    assert set(fill["o"]) == ORDER_KEYS
    assert set(new["o"]) == ORDER_KEYS - {"n", "N"}
    assert (new["o"]["x"], fill["o"]["x"], fill["o"]["X"]) == ("NEW", "TRADE", "FILLED")
    assert lite["t"] == fill["o"]["t"] == client.ask("GET", "/fapi/v1/userTrades", symbol="BTCUSDT")[0]["id"]
    assert (lite["p"], lite["L"], lite["q"]) == ("0.00", "60000.1", "0.010")
    assert account["a"]["m"] == "ORDER"


@pytest.mark.quirk("binance.ws.order-account-interleave")
def test_money_is_told_first_only_while_the_row_is_on(client: Client, field: Client) -> None:
    for one, first in ((client, "ORDER_TRADE_UPDATE"), (field, "ACCOUNT_UPDATE")):
        session = one.open_user_stream()
        one.market()
        assert events(one.take(session))[0] == first


@pytest.mark.quirk("binance.ws.partial-account-update")
def test_account_message_holds_only_what_changed(client: Client) -> None:
    client.market()
    session = client.open_user_stream()
    client.market("SELL")
    account = client.take(session)[-1]["a"]
    assert [row["a"] for row in account["B"]] == ["USDT"]
    assert account["B"][0]["wb"] == client.ask("GET", "/fapi/v3/balance")[0]["balance"].rstrip("0")
    assert [(row["s"], row["pa"], row["ma"]) for row in account["P"]] == [("BTCUSDT", "0", "USDT")]
    client.limit()
    assert events(client.take(session)) == ["ORDER_TRADE_UPDATE"], "a resting order changes no money"
    client.command(Deposit(client.venue.account, "USDT", 5 * 10**8))
    deposit = client.take(session)[0]["a"]
    assert (deposit["m"], deposit["B"][0]["bc"], deposit["P"]) == ("DEPOSIT", "5", [])


def test_life_of_an_order_is_told_in_the_venues_words(client: Client) -> None:
    session = client.open_user_stream()
    placed = client.limit(quantity="0.020", newClientOrderId="mine", selfTradePreventionMode="EXPIRE_TAKER")
    client.ask(
        "PUT",
        ORDER,
        symbol="BTCUSDT",
        orderId=placed["orderId"],
        side="BUY",
        quantity="0.030",
        price="58999.5",
        modifyId=3,
    )
    client.command(FillOrder("BTCUSDT", placed["orderId"], 10))
    client.command(CancelAll(client.venue.account))
    steps = [message["o"] for message in client.take(session) if message["e"] == "ORDER_TRADE_UPDATE"]
    assert [(step["x"], step["X"]) for step in steps] == [
        ("NEW", "NEW"),
        ("AMENDMENT", "NEW"),
        ("TRADE", "PARTIALLY_FILLED"),
        ("CANCELED", "CANCELED"),
    ]
    assert {step["c"] for step in steps} == {"mine"}
    assert [step["V"] for step in steps] == ["EXPIRE_TAKER", "NONE", "NONE", "NONE"]
    assert steps[1]["M"] == "3"
    assert (steps[2]["l"], steps[2]["z"], steps[2]["L"], steps[2]["m"]) == ("0.010", "0.010", "58999.5", True)
    assert steps[3]["z"] == "0.010"


def test_expiry_tells_its_reason(client: Client) -> None:
    session = client.open_user_stream()
    client.limit(price="60000.1", quantity="2.000", timeInForce="IOC")
    last = [message for message in client.take(session) if message["e"] == "ORDER_TRADE_UPDATE"][-1]["o"]
    assert (last["x"], last["X"], last["er"]) == ("EXPIRED", "EXPIRED", "2")


@pytest.mark.parametrize(
    ("prefix", "symbol", "quantity", "reason"), [("fapi", "BTCUSDT", "30", "2"), ("dapi", "BTCUSD_PERP", "20000", "9")]
)
def test_rest_of_a_market_order_has_a_reason_of_its_product(
    client: Client, prefix: str, symbol: str, quantity: str, reason: str
) -> None:
    key = client.listen_key(prefix=f"/{prefix}")
    path, origin = (f"/private/ws/{key}", "fstream") if prefix == "fapi" else (f"/ws/{key}", "dstream")
    session = client.open(path, origin=origin)
    client.ask("POST", f"/{prefix}/v1/order", symbol=symbol, side="BUY", type="MARKET", quantity=quantity)
    last = [message for message in client.take(session) if message["e"] == "ORDER_TRADE_UPDATE"][-1]["o"]
    assert (last["x"], last["er"]) == ("EXPIRED", reason)


def test_settings_are_told(client: Client) -> None:
    session = client.open_user_stream()
    client.ask("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=25)
    client.ask("POST", "/fapi/v1/multiAssetsMargin", multiAssetsMargin="true")
    client.ask("POST", "/fapi/v1/multiAssetsMargin", multiAssetsMargin="false")
    client.ask("POST", "/fapi/v1/marginType", symbol="BTCUSDT", marginType="ISOLATED")
    leverage, assets, _, margin = client.take(session)
    assert leverage["ac"] == {"s": "BTCUSDT", "l": 25}
    assert assets["ai"] == {"j": True}
    assert (margin["a"]["m"], margin["a"]["P"][0]["mt"]) == ("MARGIN_TYPE_CHANGE", "isolated")


def test_streams_of_other_accounts_hear_nothing(client: Client) -> None:
    mine = client.keys
    client.keys = dict(client.venue.open_account("other", client.time()))
    session = client.open_user_stream()
    client.keys = mine
    client.market()
    assert client.take(session) == []


# --- listen keys ------------------------------------------------------------------------------------------------------


def listen(client: Client, method: str) -> tuple[int, Any]:
    headers = {"x-mbx-apikey": client.keys["apiKey"]}
    reply = client.request(method, "/fapi/v1/listenKey", headers=headers)
    return reply.status, msgspec.json.decode(reply.body)


@pytest.mark.quirk("binance.ws.listen-key-post-idempotent")
def test_asking_twice_gives_one_key_and_extends_it(client: Client) -> None:
    key = client.listen_key()
    assert len(key) == 64
    session = client.open("/private/ws", f"listenKey={key}")
    client.wait(3000)
    assert client.listen_key() == key
    client.wait(3000)
    client.limit()
    assert events(client.take(session)) == ["ORDER_TRADE_UPDATE"]
    assert listen(client, "PUT") == (200, {"listenKey": key})


def test_unknown_listen_key_cannot_be_extended_or_closed(client: Client) -> None:
    for method in ("PUT", "DELETE"):
        status, document = listen(client, method)
        assert (status, document["code"]) == (400, -1125)
    assert client.request("POST", "/fapi/v1/listenKey").status == 401


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_named_listen_key_must_be_the_callers_own(client: Client, method: str) -> None:
    mine = client.listen_key()
    headers = {"x-mbx-apikey": client.keys["apiKey"]}
    client.keys = dict(client.venue.open_account("other", client.time()))
    theirs = client.listen_key()

    def status(key: str, prefix: str = "/fapi") -> int:
        return client.request(method, f"{prefix}/v1/listenKey", f"listenKey={key}", headers=headers).status

    assert [status(theirs), status("x" * 64), status(mine, "/dapi")] == [400, 400, 400]
    assert client.listen_key("PUT") == theirs
    assert status(mine) == 200


@pytest.mark.quirk("binance.ws.listen-key-expired-event")
@pytest.mark.quirk("binance.ws.listen-key-silent-drop")
def test_every_expired_key_is_announced(client: Client) -> None:
    for _ in range(2):
        session = client.open_user_stream()
        client.wait(3600)
        message = client.take(session)[-1]
        assert message["e"] == "listenKeyExpired"
        assert len(message["listenKey"]) == 64
        client.limit()
        assert client.take(session) == [], "nothing more arrives on it"


@pytest.mark.quirk("binance.ws.listen-key-expired-text")
def test_time_of_the_announcement_is_a_string_only_while_the_row_is_on(client: Client, field: Client) -> None:
    for one, kind in ((client, int), (client, int), (field, str), (field, str)):
        session = one.open_user_stream()
        one.venue.expire_credential(False, one.time())
        one.collect()
        message = one.take(session)[-1]
        assert (message["e"], type(message["E"])) == ("listenKeyExpired", kind)
        assert int(message["E"]) == one.time().wire_ms


@pytest.mark.quirk("binance.ws.listen-key-silent-drop")
def test_expired_key_is_not_announced_while_the_row_is_on(field: Client) -> None:
    session = field.open_user_stream()
    field.wait(3599)
    field.market()
    assert events(field.take(session))
    field.wait(2)
    field.market()
    assert field.take(session) == []
    assert field.closed == []


def test_keys_age_by_the_age_clock(client: Client) -> None:
    session = client.open_user_stream()
    client.aged_ns = 3600 * 10**9
    client.wait(0)
    assert events(client.take(session)) == ["listenKeyExpired"]


@pytest.mark.quirk("binance.ws.listen-key-delete-kills-others")
def test_deleting_the_key_silences_every_stream_on_it(client: Client) -> None:
    key = client.listen_key()
    sessions = [client.open("/private/ws", f"listenKey={key}") for _ in range(2)]
    assert listen(client, "DELETE") == (200, {})
    client.market()
    assert [client.take(session) for session in sessions] == [[], []]
    assert client.listen_key() != key


@pytest.mark.quirk("binance.ws.resubscribe-after-reconnect")
def test_new_session_has_nothing_of_the_old_one(client: Client) -> None:
    old = client.open("/public/ws/btcusdt@trade")
    client.venue.closed(old, client.time())
    session = client.open("/public/ws")
    client.market()
    client.send(session, {"method": "LIST_SUBSCRIPTIONS", "id": 1})
    assert client.take(session) == [{"result": [], "id": 1}]


def test_wallet_of_cross_positions_leaves_out_what_is_isolated(client: Client) -> None:
    client.ask("POST", "/fapi/v1/marginType", symbol="ETHUSDT", marginType="ISOLATED")
    session = client.open_user_stream()
    client.market(symbol="ETHUSDT", quantity="1")
    account = client.take(session)[-1]["a"]
    balance, position = account["B"][0], account["P"][0]
    assert Decimal(position["iw"]) > 100
    assert Decimal(balance["cw"]) == Decimal(balance["wb"]) - Decimal(position["iw"])
