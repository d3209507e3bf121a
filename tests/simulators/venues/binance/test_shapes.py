"""Every document has exactly the keys and JSON types of the examples in `shapes.json` (own values, recorded shapes)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from .client import Client

SHAPES: dict[str, Any] = msgspec.json.decode(Path(__file__).with_name("shapes.json").read_bytes())
STREAMS = "btcusdt@depth@100ms/btcusdt@bookTicker/btcusdt@aggTrade/btcusdt@trade/btcusdt@markPrice@1s/btcusdt@ticker"


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
    market = client.open("/ws/" + STREAMS)
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


SEEN = seen()


@pytest.mark.parametrize("name", SHAPES)
def test_document_has_the_recorded_keys_and_types(name: str) -> None:
    assert shape(SEEN[name]) == shape(SHAPES[name])
