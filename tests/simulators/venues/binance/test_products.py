"""Two products on one account: what they share, what each keeps to itself, and where they meet."""

from __future__ import annotations

import pytest

from venueproof_simulators.engine.commands import Deposit

from .client import Client

SEPARATE = "binance.ws.listen-key-separate"


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
