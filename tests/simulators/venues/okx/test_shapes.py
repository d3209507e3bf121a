"""Every documented field with its wire type, after the examples of the fact sheet (`shapes.json`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .client import SWAP, Client, algo, order

SHAPES: dict[str, dict[str, str]] = json.loads(Path(__file__).with_name("shapes.json").read_text())
KNOWN_MORE = {"channel orders-algo"}
"""What has fields beyond the example, which are those of the same order over REST."""


def shown(client: Client) -> dict[str, Any]:
    """A document of each shape."""
    session, business = client.login(), client.login("business")
    client.switch("okx.ws.fills-tier", False)
    private = ("orders", "positions", "account", "balance_and_position", "fills")
    for channel in private:
        client.subscribe(session, channel, instType="ANY")
    client.subscribe(business, "orders-algo", instType="SWAP")
    _, placed = client.signed("POST", "trade/batch-orders", [order(clOrdId="abc1")])
    order_id = placed["data"][0]["ordId"]
    pushed = client.rows(session, "orders")
    client.market()
    told = {f"channel {one['arg']['channel']}": one["data"][0] for one in client.take(session) if "data" in one}
    told["channel orders"] = pushed[0]
    algo_id = client.algo()
    told["channel orders-algo"] = client.rows(business, "orders-algo")[0]
    swap = {"instType": "SWAP", "instId": SWAP}
    public = ("public/time", "public/instruments", "market/ticker", "market/books", "public/funding-rate")
    for path in (*public, "public/open-interest"):
        told[f"GET {path}"] = client.get(path, **swap)[0]
    for path in ("account/config", "account/balance", "account/positions", "trade/fills-history"):
        told[f"GET {path}"] = client.ask(path, instType="SWAP")[0]
    told["balance details"] = told["GET account/balance"]["details"][0]
    told["GET trade/order"] = client.order(order_id)
    told["GET trade/order-algo"] = client.algo_row(algo_id)
    told["POST trade/order-algo"] = client.post("trade/order-algo", algo(slTriggerPx="57000"))[0]
    told["POST trade/batch-orders"] = placed["data"][0]
    told["POST trade/amend-order"] = client.post(
        "trade/amend-order", {"instId": SWAP, "ordId": order_id, "newPx": "58000"}
    )[0]
    told["POST account/set-leverage"] = client.post(
        "account/set-leverage", {"instId": SWAP, "mgnMode": "cross", "lever": "5"}
    )[0]
    return told


@pytest.fixture(scope="module")
def documents() -> dict[str, Any]:
    return shown(Client())


@pytest.mark.parametrize("name", SHAPES)
def test_a_document_has_the_fields_of_its_example_and_their_types(documents: dict[str, Any], name: str) -> None:
    found = {key: type(value).__name__ for key, value in documents[name].items()}
    if name in KNOWN_MORE:
        assert SHAPES[name].items() <= found.items()
    else:
        assert found == SHAPES[name]
