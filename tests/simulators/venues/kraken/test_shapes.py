"""Every document has exactly the keys and JSON types of the examples in `shapes.json` (own values, recorded shapes)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from tests.simulators.venues.support.client import SECOND_NS

from .client import PF, PI, V3, Client, decoded, order

SHAPES: dict[str, Any] = msgspec.json.decode(Path(__file__).with_name("shapes.json").read_bytes())


def shape(value: object) -> object:
    """Keys and types, all the way down; of a list the shape of its first row. A number is a number."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in cast(dict[str, object], value).items()}
    if isinstance(value, list):
        return [shape(one) for one in cast(list[object], value)[:1]]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "number"
    return type(value).__name__


def _row(rows: list[Any], symbol: str) -> Any:
    return next(row for row in rows if row["symbol"] == symbol)


def seen() -> dict[str, Any]:
    """One of each document, from a busy account."""
    client = Client()
    session = client.listen("open_orders", "fills")
    sent = client.ask("POST", "sendorder", **order(cliOrdId="a1"))
    uid = sent["sendStatus"]["order_id"]
    history = client.history("orders")["elements"][0]
    placed = client.take(session)[0]
    client.fill(uid, 1000)
    filled = next(frame for frame in client.take(session) if frame["feed"] == "fills")
    client.ask("PUT", "leveragepreferences", symbol="PF_ETHUSD", maxLeverage=5)
    market = client.market(symbol="PF_ETHUSD", size="0.1")["orderEvents"][0]
    client.wait(3600)
    return {
        "instruments PI_XBTUSD": _row(client.public(V3 + "instruments")["instruments"], PI),
        "public execution": client.public(f"/api/history/v3/market/{PF}/executions", count=1)["elements"][0],
        "sendorder": sent,
        "market fill": market,
        "tickers PF_XBTUSD": _row(client.public(V3 + "tickers")["tickers"], PF),
        "accounts": client.ask("GET", "accounts"),
        "openpositions": _isolated_first(client.ask("GET", "openpositions")),
        "openorders": client.ask("GET", "openorders")["openOrders"][0],
        "fills": next(row for row in client.ask("GET", "fills")["fills"] if row["symbol"] == PF),
        "orders/status": _untouched(client),
        "history/v2/orders": history,
        "charts": client.public(f"/api/charts/v1/trade/{PF}/1h", **{"from": client.now_ns // SECOND_NS - 7200}),
        "historicalfundingrates": client.public("/derivatives/api/v4/historicalfundingrates", symbol=PF),
        "leveragepreferences": client.ask("GET", "leveragepreferences"),
        "cancel unknown": client.ask("POST", "cancelorder", order_id="nothing"),
        "error": decoded(client.signed("POST", V3 + "sendorder")),
        "stop": client.stop(cliOrdId="a2", triggerSignal="mark", reduceOnly="true")["orderEvents"][0],
        "stream open_orders": placed,
        "stream fills": filled,
        **_streams(client),
    }


def _isolated_first(document: Any) -> Any:
    rows = sorted(document["openPositions"], key=lambda row: "maxFixedLeverage" not in row)
    return {**document, "openPositions": rows}


def _untouched(client: Client) -> Any:
    uid = client.placed(cliOrdId="a3", limitPrice=58000)
    return client.ask("GET", "orders/status", orderIds=uid)["orders"][0]


def _streams(client: Client) -> dict[str, Any]:
    session = client.open()
    ticker = client.subscribe(session, "ticker", PF)[-1]
    book = client.subscribe(session, "book", PF)[-1]
    client.subscribe(session, "trade", PF)
    client.market("sell", size="0.01")
    frames = {frame["feed"]: frame for frame in client.take(session)}
    return {
        "stream ticker": ticker,
        "stream book_snapshot": book,
        "stream book": frames["book"],
        "stream trade": frames["trade"],
    }


SEEN = seen()


@pytest.mark.parametrize("name", SHAPES)
def test_document_has_the_shape_of_its_example(name: str) -> None:
    assert shape(SEEN[name]) == shape(SHAPES[name])


def test_every_document_has_an_example() -> None:
    assert set(SEEN) == set(SHAPES)
