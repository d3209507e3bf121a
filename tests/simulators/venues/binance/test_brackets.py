"""How large a position may become at a leverage, told in five places and enforced."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest

from .client import Client, order

ORDER = "/fapi/v1/order"


def test_brackets_rise_in_size_fall_in_leverage_and_leave_no_gap(client: Client) -> None:
    listings = client.venue.desk.listings
    for row in client.ask("GET", "/fapi/v1/leverageBracket"):
        brackets, facts = row["brackets"], listings[row["symbol"]].row
        assert (brackets[0]["initialLeverage"], brackets[-1]["initialLeverage"]) == (facts.leverage_max, 1)
        assert [bracket["bracket"] for bracket in brackets] == list(range(1, len(brackets) + 1))
        assert brackets[0]["notionalFloor"] == 0
        assert (brackets[0]["maintMarginRatio"], brackets[0]["cum"]) == (float(facts.maintenance), 0)
        for lower, upper in pairwise(brackets):
            assert lower["initialLeverage"] > upper["initialLeverage"]
            assert lower["notionalFloor"] < lower["notionalCap"] == upper["notionalFloor"] < upper["notionalCap"]
            kept = [lower["notionalCap"] * row["maintMarginRatio"] - row["cum"] for row in (lower, upper)]
            assert kept[0] == pytest.approx(kept[1])
            assert lower["maintMarginRatio"] < upper["maintMarginRatio"] < 1 / upper["initialLeverage"]


@pytest.mark.quirk("binance.margin.size-cap")
@pytest.mark.parametrize(("leverage", "bracket"), [(125, 125), (101, 125), (100, 100), (21, 25), (1, 1)])
def test_every_document_tells_the_cap_of_the_bracket(client: Client, leverage: int, bracket: int) -> None:
    rows = client.ask("GET", "/fapi/v1/leverageBracket", symbol="BTCUSDT")[0]["brackets"]
    cap = str(next(row["notionalCap"] for row in rows if row["initialLeverage"] == bracket))
    changed = client.ask("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=leverage)
    config = client.ask("GET", "/fapi/v1/symbolConfig", symbol="BTCUSDT")[0]
    risk = client.ask("GET", "/fapi/v2/positionRisk", symbol="BTCUSDT")[0]
    position = client.ask("GET", "/fapi/v2/account")["positions"][0]
    told = [changed["maxNotionalValue"], config["maxNotionalValue"], risk["maxNotionalValue"], position["maxNotional"]]
    assert told == [cap] * 4


@pytest.mark.quirk("binance.margin.size-cap")
def test_orders_beyond_the_cap_are_2027(client: Client) -> None:
    client.ask("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=125)
    resting = client.limit(price="59000", quantity="4.000")
    assert client.refused("POST", ORDER, **order(price="59000", quantity="1.100")) == (400, -2027)
    market = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "1.100"}
    assert client.refused("POST", ORDER, **market) == (400, -2027)
    change = {"symbol": "BTCUSDT", "orderId": resting["orderId"], "side": "BUY", "price": "59000"}
    assert client.refused("PUT", ORDER, **change, quantity="5.100") == (400, -2027)
    assert client.ask("PUT", ORDER, **change, quantity="5.000")["origQty"] == "5.000"
    client.limit(side="SELL", price="61000", quantity="4.000")


@pytest.mark.quirk("binance.margin.size-cap")
def test_leverage_too_high_for_the_position_is_2027(client: Client) -> None:
    client.market(quantity="10")
    assert client.refused("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=125) == (400, -2027)
    assert client.ask("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=100)["leverage"] == 100
    assert client.ask("GET", "/fapi/v1/symbolConfig", symbol="BTCUSDT")[0]["leverage"] == 100
    client.market("SELL", quantity="10")
    assert Decimal(client.ask("GET", "/fapi/v2/positionRisk", symbol="BTCUSDT")[0]["positionAmt"]) == 0


def test_order_that_lacks_margin_as_well_is_2019(client: Client) -> None:
    client.ask("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=125)
    assert client.refused("POST", ORDER, **order(quantity="900")) == (400, -2019)
