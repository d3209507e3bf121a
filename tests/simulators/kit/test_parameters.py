"""Parameters are read alike from a query, a form and JSON, and what is wrong with one has a neutral name."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from venueproof_simulators.kit.parameters import Parameters, decode_json, read_json, read_pairs
from venueproof_simulators.kit.refusing import VenueError

Read = Callable[[Parameters], object]


def key_of(read: Callable[[], object]) -> str:
    """The error that reading raises."""
    with pytest.raises(VenueError) as raised:
        read()
    return raised.value.key


@pytest.mark.parametrize(
    ("sent", "number"),
    [
        (b'{"size": "0.010"}', "0.010"),
        (b'{"size": 0.010}', "0.010"),
        (b'{"size": 10}', "10"),
        (b'{"size": 1e-05}', "0.00001"),
        (b'{"size": 2.5E3}', "2500"),
    ],
)
def test_a_number_of_json_keeps_its_digits_whether_quoted_or_not(sent: bytes, number: str) -> None:
    assert read_json(sent).number("size") == number


def test_a_number_out_of_all_proportion_is_malformed() -> None:
    sent = read_json(b'{"size": 1e99999999999999999999, "price": 1e-99999999999999999999}')
    assert key_of(lambda: sent.number("size")) == key_of(lambda: sent.number("price")) == "malformed"


def test_scalars_of_json_read_like_those_of_a_query() -> None:
    sent = read_json(b'{"reduce": true, "count": 5, "side": "Buy", "gone": null, "empty": ""}')
    assert sent.flag("reduce") is True
    assert sent.integer("count") == 5
    assert sent.choice("side", {"Buy": 1}, "side") == 1
    assert not sent.has("gone")
    assert key_of(lambda: sent.optional("empty")) == "empty"


def test_lists_of_json_are_rows_and_words() -> None:
    sent = read_json(b'{"request": [{"qty": "1"}, {"qty": 2}], "args": ["a", "b"], "one": "x"}')
    assert [row.number("qty") for row in sent.rows("request")] == ["1", "2"]
    assert sent.words("args") == ["a", "b"]
    assert key_of(lambda: sent.rows("one")) == "not-valid"
    assert key_of(lambda: sent.rows("none")) == "missing"
    assert key_of(lambda: sent.rows("args")) == "not-valid"
    assert key_of(lambda: sent.words("request")) == "not-valid"


@pytest.mark.parametrize(
    ("sent", "read", "key"),
    [
        ("", lambda sent: sent.number("size"), "missing"),
        ("size=", lambda sent: sent.number("size"), "empty"),
        ("size=-1", lambda sent: sent.number("size"), "malformed"),
        ("size=1e5", lambda sent: sent.number("size"), "malformed"),
        ("size=%D9%A1", lambda sent: sent.integer("size"), "malformed"),
        ("size=9999999999999999999", lambda sent: sent.integer("size"), "not-valid"),
        ("size=11", lambda sent: sent.within("size", 1, 10, 5), "not-valid"),
        ("size=yes", lambda sent: sent.flag("size"), "not-valid"),
        ("size=a", lambda sent: sent.choice("size", {"b": 1}, "side"), "side"),
        ("size=a", lambda sent: sent.refuse(["other", "size"]), "surplus"),
        ("from=2&to=1", lambda sent: sent.period("from", "to"), "time-range"),
        ("from=0&to=864000000", lambda sent: sent.period("from", "to", days_max=7), "time-span"),
    ],
)
def test_what_is_wrong_has_a_neutral_name(sent: str, read: Read, key: str) -> None:
    assert key_of(lambda: read(Parameters(read_pairs(sent)))) == key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("a=1&a=2", "duplicate"),
        ("&".join(f"a{number}=1" for number in range(201)), "too-many-parameters"),
        ("&".join(f"a{number}=%31" for number in range(201)), "too-many-parameters"),
    ],
)
def test_a_query_is_refused_as_a_whole(text: str, key: str) -> None:
    assert key_of(lambda: read_pairs(text)) == key


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b'"a"', b"[" * 100_000, b"\xff", b'{"a": nan}'])
def test_a_body_that_is_no_object_is_not_json(body: bytes) -> None:
    assert key_of(lambda: read_json(body)) == "not-json"


def test_a_number_out_of_all_proportion_is_malformed_and_costs_nothing() -> None:
    assert key_of(lambda: read_json(b'{"size": 1e300000000}').number("size")) == "malformed"
    assert isinstance(decode_json(b"1.50"), str)
