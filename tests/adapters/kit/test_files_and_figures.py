"""The file of calls, origins, and figures that may be missing."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from venueproof_adapters.kit.callfile import read_calls
from venueproof_adapters.kit.figures import figure
from venueproof_adapters.kit.origins import located
from venueproof_adapters.kit.requests import Call
from venueproof_contracts.errors import BadAnswer
from venueproof_contracts.model import Endpoint

TEXT = """
[[call]]
name = "place"
method = "POST"
path = "order"
auth = "signed"
costs = { orders = 1, reads = 2 }
on.inverse = { path = "coin/order", costs = { reads = 5 } }
source = "docs"

[[window]]
name = "orders"
limit = 10
length_s = 0.5
counting = "sliding"
source = "docs"

[[window]]
name = "reads"
limit = 100
length_s = 60
source = "docs"
"""


def test_a_call_is_what_its_product_makes_of_it(tmp_path: Path) -> None:
    path = tmp_path / "calls.toml"
    path.write_text(TEXT)
    found = read_calls(path)
    assert found.calls("linear", "/v5/") == [Call("place", "POST", "/v5/order", "signed", {"orders": 1, "reads": 2})]
    inverse = Call("place", "POST", "/v5/coin/order", "signed", {"orders": 1, "reads": 5})
    assert found.calls("inverse", "/v5/") == [inverse]
    assert [window.limit for window in found.windows({"orders": 20})] == [20, 100]


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [("reads = 5", "reeds = 5", ValueError), ('source = "docs"', "", msgspec.ValidationError)],
)
def test_a_file_with_a_slip_is_refused(tmp_path: Path, old: str, new: str, error: type[Exception]) -> None:
    path = tmp_path / "calls.toml"
    path.write_text(TEXT.replace(old, new, 1))
    with pytest.raises(error):
        read_calls(path)


@pytest.mark.parametrize(
    ("proxy", "official", "found"),
    [
        ("", "wss://known", "ws://127.0.0.1:2"),
        ("", "wss://unknown", "ws://127.0.0.1:1"),
        ("http://127.0.0.1:3", "wss://known", "wss://known"),
    ],
)
def test_an_official_origin_is_looked_for_where_it_is(proxy: str, official: str, found: str) -> None:
    endpoint = Endpoint(
        venue="v",
        product="p",
        rest="",
        ws="ws://127.0.0.1:1",
        origins={"wss://known": "ws://127.0.0.1:2/"},
        proxy=proxy,
    )
    assert located(endpoint, official, endpoint.ws) == found


def test_a_figure_is_there_or_missing_or_wrong() -> None:
    assert (figure("1e-10"), figure("")) == (Decimal("1e-10"), None)
    with pytest.raises(BadAnswer):
        figure("n/a")
