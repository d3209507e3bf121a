"""Every document has exactly the keys and JSON types of the examples in `shapes.json` for USDⓈ-M futures and in
`shapes_coin.json` for COIN-M ones (own values, recorded shapes).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from .client import Client, order

SHAPES: dict[str, Any] = msgspec.json.decode(Path(__file__).with_name("shapes.json").read_bytes())
COIN_SHAPES: dict[str, Any] = msgspec.json.decode(Path(__file__).with_name("shapes_coin.json").read_bytes())
CHANNELS = ("depth@100ms", "bookTicker", "aggTrade", "trade", "markPrice@1s", "ticker", "miniTicker", "kline_1m")
COIN = "BTCUSD_PERP"
TICKERS = "ticker/24hr ticker/price ticker/bookTicker premiumIndex"
PUBLIC = f"exchangeInfo depth trades aggTrades {TICKERS} fundingRate openInterest"
SIGNED = "positionRisk userTrades commissionRate adlQuantile balance account"


def streams(symbol: str) -> str:
    return "/ws/" + "/".join(f"{symbol.lower()}@{channel}" for channel in CHANNELS)


def shape(value: object) -> object:
    """Keys and types, all the way down; of a list the shape of its first row."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


def seen() -> dict[str, Any]:
    """One of each document, from a busy account."""
    client = Client()
    account = client.open_user_stream()
    market = client.open(streams("BTCUSDT"))
    resting = client.limit()
    client.market()
    client.wait(2)
    portfolio = client.ask("GET", "/fapi/v3/account")
    documents = {
        "POST order": resting,
        "GET order": client.ask("GET", "/fapi/v1/order", symbol="BTCUSDT", orderId=resting["orderId"]),
        "userTrades": client.ask("GET", "/fapi/v1/userTrades", symbol="BTCUSDT")[0],
        "ticker/24hr": client.get("/fapi/v1/ticker/24hr", symbol="BTCUSDT"),
        "premiumIndex": client.get("/fapi/v1/premiumIndex", symbol="BTCUSDT"),
        "v3/positionRisk": client.ask("GET", "/fapi/v3/positionRisk")[0],
        "v2/positionRisk": client.ask("GET", "/fapi/v2/positionRisk")[0],
        "v3/account.assets": portfolio["assets"][0],
        "v3/account.positions": portfolio["positions"][0],
        "v3/account": portfolio | {"assets": [], "positions": []},
        "exchangeInfo.symbols": client.get("/fapi/v1/exchangeInfo")["symbols"][0],
    }
    # The last message of a kind: that of the order is the fill.
    return documents | {message["e"]: message for message in (*client.take(account), *client.take(market))}


def seen_of_coin() -> dict[str, Any]:
    """The same of COIN-M futures."""
    client = Client()
    account = client.open(f"/ws/{client.listen_key(prefix='/dapi')}", origin="dstream")
    market = client.open(streams(COIN), origin="dstream")
    leverage = client.ask("POST", "/dapi/v1/leverage", symbol=COIN, leverage=21)
    resting = client.ask("POST", "/dapi/v1/order", **order(symbol=COIN, quantity="10"))
    client.ask("POST", "/dapi/v1/order", symbol=COIN, side="BUY", type="MARKET", quantity="10")
    client.wait(2)
    public = {name: client.get(f"/dapi/v1/{name}", symbol=COIN) for name in PUBLIC.split()}
    signed = {name: client.ask("GET", f"/dapi/v1/{name}", symbol=COIN) for name in SIGNED.split()}
    history = {"pair": "BTCUSD", "contractType": "PERPETUAL", "period": "5m"}
    documents = {
        **public,
        **signed,
        "exchangeInfo.symbols": public["exchangeInfo"]["symbols"][0],
        "exchangeInfo": public["exchangeInfo"] | {"symbols": []},
        "openInterestHist": client.get("/futures/data/openInterestHist", **history),
        "POST order": resting,
        "GET order": client.ask("GET", "/dapi/v1/order", symbol=COIN, orderId=resting["orderId"]),
        "income": client.ask("GET", "/dapi/v1/income"),
        "account.assets": signed["account"]["assets"][0],
        "account.positions": signed["account"]["positions"][0],
        "account": signed["account"] | {"assets": [], "positions": []},
        "leverage": leverage,
        "v2/leverageBracket": client.ask("GET", "/dapi/v2/leverageBracket"),
        "v1/leverageBracket": client.ask("GET", "/dapi/v1/leverageBracket", pair="BTCUSD"),
    }
    rows = {name: found[0] if isinstance(found, list) else found for name, found in documents.items()}
    return rows | {message["e"]: message for message in (*client.take(account), *client.take(market))}


SEEN = seen()
COIN_SEEN = seen_of_coin()


@pytest.mark.parametrize("name", SHAPES)
def test_document_has_the_recorded_keys_and_types(name: str) -> None:
    assert shape(SEEN[name]) == shape(SHAPES[name])


@pytest.mark.parametrize("name", COIN_SHAPES)
def test_document_of_coin_futures_has_the_documented_keys_and_types(name: str) -> None:
    assert shape(COIN_SEEN[name]) == shape(COIN_SHAPES[name])
