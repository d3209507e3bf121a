"""Every documented field is there, with its wire type: `shapes.json` has those of the fact sheet's examples."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from venueproof_simulators.engine.commands import FillOrder

from .client import Client

SHAPES: dict[str, Any] = json.loads(Path(__file__).with_name("shapes.json").read_text("utf-8"))
OPEN = {"cumFeeDetail"}
"""Objects whose keys are coins."""


def kind(value: object) -> Any:
    """The wire type of a value; of an object, those of its fields; of a list, that of its first member."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, dict):
        return {name: kind(field) for name, field in value.items()}
    if isinstance(value, list):
        return [kind(value[0])] if value else []
    return "null" if value is None else "text"


def same(shown: Any, wanted: Any) -> None:
    if not isinstance(wanted, dict):
        assert shown == wanted
        return
    assert sorted(shown) == sorted(wanted)
    for name in wanted:
        if name not in OPEN and not isinstance(wanted[name], list):
            same(shown[name], wanted[name])


def rows(client: Client) -> dict[str, Any]:
    """One of each document, of an account that holds a position."""
    client.place()
    client.command(FillOrder("BTCUSDT", 1, 10))
    asked = {"category": "linear", "symbol": "BTCUSDT"}
    [wallet] = client.ask("account/wallet-balance", accountType="UNIFIED")["list"]
    return {
        "instrument": client.get("market/instruments-info", **asked)["list"][0],
        "ticker": client.get("market/tickers", **asked)["list"][0],
        "order": client.ask("order/history", **asked)["list"][0],
        "position": client.position(),
        "execution": client.ask("execution/list", **asked)["list"][0],
        "wallet": wallet,
        "query-api": client.ask("user/query-api"),
    }


@pytest.mark.parametrize("name", [name for name in SHAPES if not name.startswith("stream")])
def test_documents_have_every_field_with_its_type(client: Client, name: str) -> None:
    shown = rows(client)[name]
    same(kind(shown), SHAPES[name])
    if name == "wallet":
        same(kind(shown["coin"][0]), SHAPES[name]["coin"][0])


@pytest.mark.parametrize("topic", [name.partition(" ")[2] for name in SHAPES if name.startswith("stream")])
def test_messages_have_every_field_with_its_type(client: Client, topic: str) -> None:
    session = client.listen(topic)
    client.place()
    client.command(FillOrder("BTCUSDT", 1, 10))
    message = client.take(session)[-1]
    wanted = SHAPES[f"stream {topic}"]
    same(kind(message), wanted)
    same(kind(message["data"][0]), wanted["data"][0])
    if topic == "wallet":
        same(kind(message["data"][0]["coin"][0]), wanted["data"][0]["coin"][0])


@pytest.mark.parametrize("category", ["linear", "inverse"])
def test_a_streamed_ticker_has_the_keys_of_rest_but_for_those_of_dated_contracts(client: Client, category: str) -> None:
    symbol = "BTCUSDT" if category == "linear" else "BTCUSD"
    [message] = client.take(client.watch(f"tickers.{symbol}", category=category))
    dated = {"predictedDeliveryPrice", "basisRate", "basisRateYear", "basis", "deliveryFeeRate", "deliveryTime"}
    assert set(message["data"]) == set(SHAPES["ticker"]) - dated | {"tickDirection"}
    assert {kind(value) for value in message["data"].values()} == {"text"}
