"""Shapes of values, the guard, waivers, and which clauses a user means."""

from __future__ import annotations

import socket
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from venueproof.runner.guard import as_adapter, guarded
from venueproof.runner.plan import Wish, make_plan
from venueproof.runner.selection import seeds_of, select, shard_of
from venueproof.runner.shapes import misfit
from venueproof.runner.spec import CaseResult, CaseSpec
from venueproof.runner.waivers import read_waivers, waived, waiver_for
from venueproof.usage import UsageError
from venueproof_contracts.clause import all_clauses
from venueproof_contracts.errors import AdapterError, NotSent
from venueproof_contracts.model import Book, Candle, Fill, Level, Order, OrderRef, OrderStatus, OrderType, Side
from venueproof_contracts.outcomes import Outcome
from venueproof_simulators.host import discovery
from venueproof_simulators.host.venue import Profile

ORDER = Order(OrderRef("B", "i"), Side.BUY, OrderType.LIMIT, OrderStatus.OPEN, Decimal(1), Decimal(0))
CANDLE = Candle(0, *(Decimal(1),) * 5, closed=True)


@pytest.mark.parametrize(
    ("value", "expected", "text"),
    [
        (1.5, Decimal, " is float, not Decimal"),
        (True, int, " is bool, not int"),
        (None, Order, " is NoneType, not Order"),
        ({"ref": 1}, Order, " is dict, not Order"),
        ([ORDER, 3], list[Order | AdapterError], "[1] is int, not Order or AdapterError"),
        (Level(Decimal(1), 2.5), Level, ".amount is float, not Decimal"),  # type: ignore[arg-type]
        (Book("B", bids=([1],), asks=()), Book, ".bids[0] is list, not Level"),  # type: ignore[arg-type]
        (Book("B", bids=[], asks=()), Book, ".bids is list, not tuple"),  # type: ignore[arg-type]
        (
            Fill("1", OrderRef("B", "i"), "buy", Decimal(1), Decimal(1), None, None, None, 1),  # type: ignore[arg-type]
            Fill,
            ".side is str, not Side",
        ),
        (3, None, " is int, not None"),
    ],
)
def test_a_wrong_shape_is_named(value: object, expected: object, text: str) -> None:
    assert misfit(value, expected) == text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (ORDER, Order),
        ([ORDER, NotSent()], list[Order | AdapterError]),
        ([CANDLE], list[Candle]),
        (Book("B", bids=(Level(Decimal(1), Decimal(2)),), asks=()), Book),
        (None, None),
    ],
)
def test_a_right_shape_is_not(value: object, expected: object) -> None:
    assert misfit(value, expected) == ""


def test_the_guard_lets_through_what_is_allowed_and_notes_the_rest() -> None:
    with socket.create_server(("127.0.0.1", 0)) as ours, socket.create_server(("127.0.0.1", 0)) as theirs:
        with guarded() as guard:
            guard.allow(ours.getsockname()[1])
            socket.create_connection(ours.getsockname()).close()
            with pytest.raises(ConnectionRefusedError, match="outside this run"):
                socket.create_connection(theirs.getsockname())
            with pytest.raises(OSError, match="outside this run"):
                socket.getaddrinfo("venue.example.com", 443)
            with pytest.raises(ConnectionRefusedError), socket.socket(type=socket.SOCK_DGRAM) as datagrams:
                datagrams.sendto(b"x", ("192.0.2.1", 53))
            with pytest.raises(ConnectionRefusedError), socket.socket(type=socket.SOCK_DGRAM) as datagrams:
                datagrams.sendmsg([b"x"], [], 0, ("192.0.2.2", 53))
            with pytest.raises(OSError, match="outside this run"):
                socket.gethostbyaddr("192.0.2.3.example.com")
            port, names = theirs.getsockname()[1], "192.0.2.3.example.com"
        assert guard.attempts == [f"127.0.0.1:{port}", "venue.example.com", "192.0.2.1:53", "192.0.2.2:53", names]
        socket.create_connection(theirs.getsockname()).close()


def test_only_sockets_of_the_adapter_count_as_its_own() -> None:
    with guarded() as guard:
        first = socket.socket()
        with as_adapter():
            second = socket.socket()
        assert len(guard.open_sockets()) == 1
        second.close()
        assert guard.open_sockets() == []
        first.close()


def test_two_cases_in_one_process_cannot_run_at_once() -> None:
    with guarded(), pytest.raises(RuntimeError, match="one after the other"), guarded():
        pass


@pytest.mark.parametrize(
    ("expression", "first", "count_min"),
    [("ORD-010", "ORD-010", 1), ("ord-0", "ORD-010", 5), ("orders", "ORD-010", 5), ("*-010", "SYM-010", 10)],
)
def test_clauses_are_named_in_many_ways(expression: str, first: str, count_min: int) -> None:
    found = select(all_clauses(), expression)
    assert found[0].id == first
    assert len(found) >= count_min


def test_a_shard_holds_whole_clauses() -> None:
    def clauses(shard: str) -> list[str]:
        plan = make_plan(Wish(adapters=("native",), venues=("binance",), clauses="ORD,ERR,FIL", shard=shard))
        return [spec.clause for spec in plan.rows()]

    first, second, whole = clauses("1/2"), clauses("2/2"), clauses("")
    assert set(first).isdisjoint(second)
    assert sorted(first + second) == sorted(whole)


def test_a_product_leaves_out_the_venues_that_have_none_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = discovery.manifest("binance")
    option = structs.replace(ours.products[0], name="option")
    theirs = structs.replace(ours, name="second", products=(*ours.products, option))
    monkeypatch.setattr(discovery, "venue_names", lambda: ("binance", "second"))
    monkeypatch.setattr(discovery, "manifest", {"binance": ours, "second": theirs}.__getitem__)
    monkeypatch.setattr(discovery, "quirks", lambda _: ())
    monkeypatch.setattr(discovery, "provocations", lambda _: ())

    def products(*wanted: str) -> dict[str, tuple[str, ...]]:
        return make_plan(Wish(adapters=("native",), products=wanted)).products

    assert products("option") == {"second": ("option",)}
    assert products("linear") == {"binance": ("linear",), "second": ("linear",)}
    assert products()["second"] == ("linear", "inverse", "option")
    with pytest.raises(UsageError, match="binance, second have linear, inverse, option; did you mean 'option'"):
        products("options")


def test_a_list_of_clauses_keeps_the_suites_order() -> None:
    assert [clause.id for clause in select(all_clauses(), "UNK-010, SYM-010")] == ["SYM-010", "UNK-010"]
    assert len(select(all_clauses(), "")) == len(all_clauses())


def test_names_that_mean_nothing() -> None:
    with pytest.raises(UsageError, match="did you mean 'ORD-030'"):
        select(all_clauses(), "SYM-010,ORDD-030")
    for text in ("x", "3-1", "1-", "-1", "1-100000"):
        with pytest.raises(UsageError, match="--seed"):
            seeds_of([text])
    for text in ("0/3", "4/3", "x", "1/", "1/0"):
        with pytest.raises(UsageError, match="--shard"):
            shard_of(text)


@given(st.integers(0, 500), st.integers(1, 100))
def test_seed_ranges_are_inclusive(first: int, count: int) -> None:
    assert seeds_of([f"{first}-{first + count - 1}", str(first)]) == list(range(first, first + count))


WAIVER = """
[[waiver]]
adapter = "mine"
venue = "binance"
clause = "FIL-010"
reason = "ticket 42"
expires = 2027-05-31
"""


def _result(outcome: Outcome, clause: str = "FIL-010") -> CaseResult:
    spec = CaseSpec(adapter="mine", venue="binance", product="linear", profile=Profile.VENDOR, clause=clause)
    return CaseResult(spec=spec, outcome=outcome)


def test_a_waiver_is_strict_and_expires(tmp_path: Path) -> None:
    path = tmp_path / "waivers.toml"
    path.write_text(WAIVER)
    waivers = read_waivers(path, ["FIL-010"])
    failed, passed = _result(Outcome.FAIL), _result(Outcome.PASS)
    assert waiver_for(failed.spec, waivers, "2027-05-31") == waivers[0]
    assert waiver_for(failed.spec, waivers, "2027-06-01") is None
    assert waiver_for(_result(Outcome.FAIL, "FIL-020").spec, waivers, "2027-01-01") is None
    assert [one.outcome for one in waived([failed, passed], waivers[0])] == [Outcome.WAIVED, Outcome.PASS]
    assert [one.outcome for one in waived([passed], waivers[0])] == [Outcome.FAIL]
    broke = _result(Outcome.HARNESS_ERROR)
    assert [one.outcome for one in waived([broke], waivers[0])] == [Outcome.HARNESS_ERROR]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[[waiver", "not TOML"),
        ("\x00", "not TOML"),
        ("", "waiver"),
        ("waiver = 3", "array"),
        (WAIVER.replace("reason", "because"), "because"),
        (WAIVER.replace("2027-05-31", '"soon"'), "date"),
        (WAIVER.replace("ticket 42", " "), "has no reason"),
        (WAIVER.replace("FIL-010", "FIL-011"), "did you mean 'FIL-010'"),
    ],
)
def test_a_broken_waiver_file_is_one_line(text: str, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "waivers.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=complaint) as caught:
        read_waivers(path, ["FIL-010"])
    assert "\n" not in str(caught.value)


def test_a_missing_waiver_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        read_waivers(tmp_path / "none.toml", [])
