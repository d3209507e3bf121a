"""Every field of the documented examples is there with its wire type, and hardly any other.

`shapes.json` was made of the fact sheet's examples, which are the vendor's and recordings; what cross-margin accounts
have besides was left out.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest

from .client import BTC, Client, order

SHAPES: dict[str, Any] = json.loads((Path(__file__).parent / "shapes.json").read_text())
ADDED = {"private/get_positions": {"interest_value"}}
"""What the OpenAPI file says of perpetuals beyond the example."""


def _chart(client: Client) -> Any:
    end = client.time().wire_ms
    known = {"instrument_name": BTC, "start_timestamp": end - 120_000, "end_timestamp": end, "resolution": "1"}
    return client.ask("public/get_tradingview_chart_data", **known)


def _portfolio(client: Client) -> Any:
    session = client.log_on()
    client.subscribe(session, "user.portfolio.BTC")
    return client.told(session)[0][1]


def told(client: Client, name: str) -> Any:
    """What the venue answers where an example stands."""
    client.trade("buy", 100)
    answers: dict[str, Any] = {
        "public/get_instruments": lambda: [client.ask("public/get_instrument", instrument_name=BTC)],
        "public/ticker": lambda: client.ask("public/ticker", instrument_name=BTC),
        "public/get_order_book": lambda: client.ask("public/get_order_book", instrument_name=BTC),
        "public/get_tradingview_chart_data": lambda: _chart(client),
        "public trade row": lambda: client.ask("public/get_last_trades_by_instrument", instrument_name=BTC)["trades"][
            0
        ],
        "private/buy": lambda: client.ask("private/buy", **order(post_only=True, reject_post_only=True)),
        "stop order": lambda: client.stop(trigger="mark_price"),
        "private trade row": lambda: client.trade("sell", 50)["trades"][0],
        "private/get_account_summaries": lambda: client.ask("private/get_account_summaries", extended=True),
        "private/get_positions": lambda: client.ask("private/get_positions"),
        "user.portfolio data": lambda: _portfolio(client),
    }
    return answers[name]()


def shape(value: object) -> Any:
    """The types of a document, as `shapes.json` has them."""
    if isinstance(value, dict):
        return {name: shape(one) for name, one in cast(dict[str, object], value).items()}
    if isinstance(value, list):
        rows = cast(list[object], value)
        return [shape(rows[0])] if rows else []
    if value is None:
        return "null"
    return "flag" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"


@pytest.mark.parametrize("name", SHAPES)
def test_a_document_is_as_documented(client: Client, name: str) -> None:
    mine, documented = told(client, name), SHAPES[name]
    for extra in ADDED.get(name, ()):
        assert mine[0].pop(extra)
    assert shape(mine) == documented


def test_moments_are_integers_and_amounts_numbers(client: Client) -> None:
    fill = client.trade("buy", 100)["trades"][0]
    assert (type(fill["timestamp"]), type(fill["trade_seq"]), type(fill["amount"])) == (int, int, float)
    reply = client.get("public/get_time").body
    assert b'"usIn":1795521900000000,' in reply
