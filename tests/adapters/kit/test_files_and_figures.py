"""The files of calls and errors, origins, figures that may be missing, and offsets in a venue's own terms."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from venueproof_adapters.kit.callfile import read_calls
from venueproof_adapters.kit.errortable import ErrorTable, Meaning
from venueproof_adapters.kit.figures import figure
from venueproof_adapters.kit.origins import located
from venueproof_adapters.kit.requests import Call
from venueproof_adapters.kit.trailing import as_distance
from venueproof_contracts.errors import BadAnswer, Reason
from venueproof_contracts.model import Endpoint, OffsetUnit, Trigger, TriggerKind

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


ERRORS = """
[[error]]
code = "1"
means = "precision"
text = "qty invalid"
source = "docs"

[[error]]
code = "1"
means = "auth"
text = "empty value"
source = "docs"

[[error]]
code = "1"
means = "bad-parameter"
text = ""
source = "docs"
"""


def test_a_code_for_many_things_is_told_apart_by_its_text(tmp_path: Path) -> None:
    path = tmp_path / "errors.toml"
    path.write_text(ERRORS)
    table = ErrorTable(path)
    texts = ("params error: qty invalid", "empty value: apiKey[]", "something else", "")
    meanings = [Reason.PRECISION, Meaning.AUTH, Reason.BAD_PARAMETER, Reason.BAD_PARAMETER]
    assert [table.meaning("1", text) for text in texts] == meanings
    assert table.meaning("2", "qty invalid") is Reason.OTHER


@pytest.mark.parametrize(
    ("offset", "unit", "distance"),
    [("1", OffsetUnit.PERCENT, "600.4"), ("0.00001", OffsetUnit.PERCENT, "0.1"), ("7", OffsetUnit.ABSOLUTE, "7")],
)
def test_an_offset_in_percent_is_the_nearest_distance(offset: str, unit: OffsetUnit, distance: str) -> None:
    trigger = Trigger(TriggerKind.TRAILING, offset=Decimal(offset), offset_unit=unit)
    found = as_distance(trigger, Decimal("60039"), Decimal("0.1"))
    assert (found.offset, found.offset_unit) == (Decimal(distance), OffsetUnit.ABSOLUTE)
