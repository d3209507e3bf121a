"""Two products on one account: what they share, what each keeps to itself, and where they meet."""

from __future__ import annotations

import msgspec
import pytest

from venueproof_simulators.engine.commands import Deposit
from venueproof_simulators.host.venue import HttpReply

from .client import Client, order

COIN = "BTCUSD_PERP"
VERSIONS = ("/fapi/v3", "/dapi/v1")
SEPARATE = "binance.ws.listen-key-separate"


def code(reply: HttpReply) -> int:
    return int(msgspec.json.decode(reply.body)["code"])


def events_after_deposits(client: Client, *sessions: int) -> list[list[str]]:
    """The assets that each session hears of when both products are paid into."""
    for asset in ("USDT", "BTC"):
        client.command(Deposit(client.venue.account, asset, 10**8))
    return [[message["a"]["B"][0]["a"] for message in client.take(session)] for session in sessions]


@pytest.mark.quirk("binance.ws.listen-key-separate")
@pytest.mark.parametrize("separate", [True, False], ids=["separate", "shared"])
def test_listen_keys_are_of_one_product_or_of_both(client: Client, separate: bool) -> None:
    client.venue.switch_quirk(SEPARATE, separate)
    usd, coin = client.listen_key(), client.listen_key(prefix="/dapi")
    assert (usd != coin) is separate
    sessions = client.open("/private/ws", f"listenKey={usd}"), client.open(f"/ws/{coin}", origin="dstream")
    both = ["USDT", "BTC"]
    assert events_after_deposits(client, *sessions) == ([["USDT"], ["BTC"]] if separate else [both, both])


def test_listen_key_of_one_product_is_silent_on_the_host_of_the_other(client: Client) -> None:
    usd, coin = client.listen_key(), client.listen_key(prefix="/dapi")
    wrong = client.open(f"/ws/{usd}", origin="dstream"), client.open("/private/ws", f"listenKey={coin}")
    assert events_after_deposits(client, *wrong) == [[], []]
    bare = client.open(f"/ws/{usd}", origin="fapi"), client.open(f"/ws/{coin}", origin="fapi")
    assert events_after_deposits(client, *bare) == [["USDT"], ["BTC"]]


def test_each_product_renews_and_ends_its_own_listen_key(client: Client) -> None:
    usd = client.listen_key()
    headers = {"x-mbx-apikey": client.keys["apiKey"]}
    assert client.request("PUT", "/dapi/v1/listenKey", headers=headers).status == 400
    coin = client.listen_key(prefix="/dapi")
    client.listen_key("DELETE", "/dapi")
    assert client.listen_key("PUT") == usd
    assert client.listen_key(prefix="/dapi") != coin


@pytest.mark.quirk("binance.market.linear-inverse-split")
def test_symbol_of_the_other_product_is_unknown_but_to_the_candles(client: Client) -> None:
    for prefix, own, other in (("/fapi", "BTCUSDT", COIN), ("/dapi", COIN, "BTCUSDT")):
        for path in ("v1/depth", "v1/trades", "v1/ticker/24hr", "v1/premiumIndex", "v1/openInterest"):
            assert client.request("GET", f"{prefix}/{path}", f"symbol={own}").status == 200
            assert code(client.request("GET", f"{prefix}/{path}", f"symbol={other}")) == -1121
        assert client.refused("POST", f"{prefix}/v1/order", **order(symbol=other, quantity=10)) == (400, -1121)
        for symbol in (own, other):
            for path in ("klines", "markPriceKlines", "premiumIndexKlines"):
                assert len(client.get(f"{prefix}/v1/{path}", symbol=symbol, interval="1m", limit=2)) == 2
        for pair in ("BTCUSDT", "BTCUSD"):
            wanted = {"pair": pair, "interval": "1m", "limit": 2}
            assert len(client.get(f"{prefix}/v1/indexPriceKlines", **wanted)) == 2
            assert len(client.get(f"{prefix}/v1/continuousKlines", contractType="PERPETUAL", **wanted)) == 2
    assert code(client.request("GET", "/fapi/v1/indexPriceKlines", "pair=NOPE&interval=1m")) == -4144
    assert code(client.request("GET", "/dapi/v1/indexPriceKlines", "pair=NOPE&interval=1m")) == -4087


@pytest.mark.quirk("binance.rate.um-cm-shared")
def test_both_products_spend_one_budget(client: Client) -> None:
    def used(path: str) -> int:
        return int(client.request("GET", path).headers["X-MBX-USED-WEIGHT-1M"])

    assert [used(path) for path in ("/fapi/v1/time", "/dapi/v1/time", "/fapi/v1/time")] == [1, 2, 3]
    assert [used("/dapi/v1/premiumIndex"), used("/fapi/v1/time")] == [13, 14]
    orders = [("/fapi", "BTCUSDT", "0.010"), ("/dapi", COIN, "10"), ("/fapi", "BTCUSDT", "0.010")]
    counts: list[str] = []
    for prefix, symbol, quantity in orders:
        reply = client.signed("POST", f"{prefix}/v1/order", **order(symbol=symbol, quantity=quantity))
        counts += [reply.headers[f"X-MBX-ORDER-COUNT-{window}"] for window in ("10S", "1M")]
    assert counts == ["1", "1", "2", "2", "3", "3"]


def test_streams_of_a_symbol_are_on_its_product_s_hosts_but_for_mark_prices_and_candles(client: Client) -> None:
    channels = ("aggTrade", "ticker", "kline_1m", "markPrice@1s")
    streams = "/".join(f"{symbol}@{channel}" for symbol in ("btcusdt", COIN.lower()) for channel in channels)
    usd, coin = client.open(f"/market/ws/{streams}"), client.open(f"/ws/{streams}", origin="dstream")
    client.market(quantity="0.010")
    client.ask("POST", "/dapi/v1/order", symbol=COIN, side="BUY", type="MARKET", quantity=10)
    client.wait(2)
    everywhere = {(symbol, event) for symbol in ("BTCUSDT", COIN) for event in ("kline", "markPriceUpdate")}
    for session, own in ((usd, "BTCUSDT"), (coin, COIN)):
        heard = {(message["s"], message["e"]) for message in client.take(session)}
        assert heard == everywhere | {(own, "aggTrade"), (own, "24hrTicker")}


def test_coin_account_events_name_the_account_and_list_every_position(client: Client) -> None:
    session = client.open(f"/ws/{client.listen_key(prefix='/dapi')}", origin="dstream")
    for symbol, quantity in (("ETHUSD_PERP", 3), (COIN, 2)):
        client.ask("POST", "/dapi/v1/order", symbol=symbol, side="BUY", type="MARKET", quantity=quantity)
    heard = client.take(session)
    alias = client.ask("GET", "/dapi/v1/balance")[0]["accountAlias"]
    assert {message["i"] for message in heard} == {alias}
    assert {message["e"] for message in heard} == {"ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE"}
    update = [message["a"] for message in heard if message["e"] == "ACCOUNT_UPDATE"][-1]
    assert [row["a"] for row in update["B"]] == ["BTC"]
    assert [(row["s"], row["pa"], row["ma"]) for row in update["P"]] == [
        (COIN, "2", "BTC"),
        ("ETHUSD_PERP", "3", "ETH"),
    ]


def test_an_account_has_a_pool_of_money_for_each_product(client: Client) -> None:
    found = {prefix: [row["asset"] for row in client.ask("GET", f"{prefix}/balance")] for prefix in VERSIONS}
    assert found == {"/fapi/v3": ["USDT", "USDC", "BNB"], "/dapi/v1": ["BTC", "ETH"]}
    client.command(Deposit(client.venue.account, "BTC", 10**8))
    assert client.ask("GET", "/fapi/v1/income") == []
    paid = client.ask("GET", "/dapi/v1/income")
    assert [(row["asset"], row["incomeType"], row["tranId"]) for row in paid] == [("BTC", "TRANSFER", "1")]
