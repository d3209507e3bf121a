"""Helpers that every venue uses: facts, routes, alarms, windows, numbers, switches, discovery."""

from __future__ import annotations

import copy
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from functools import partial

import pytest
from msgspec import structs

from venueproof_simulators.engine.prices import Pace
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.host import discovery
from venueproof_simulators.host.alarms import Alarms
from venueproof_simulators.host.decimals import fixed, money, places, plain, steps
from venueproof_simulators.host.facts import ErrorRow, ErrorTable, FactsError, NeverRow, WeightRow
from venueproof_simulators.host.routing import Route, RouteTable
from venueproof_simulators.host.tokens import token
from venueproof_simulators.host.venue import Profile, VenueTime
from venueproof_simulators.host.windows import FixedWindow

NOON = VenueTime(0, 0, 0)


def error(key: str, reason: str = "", refusal: Refusal | None = None) -> ErrorRow:
    return ErrorRow(key=key, status=400, code=-1, text="no", source="here", reason=reason, refusal=refusal)


def test_error_is_found_by_key_refusal_and_first_reason() -> None:
    rows = [error("a", "precision", Refusal.PRICE_OFF_TICK), error("b", "precision"), error("c")]
    table = ErrorTable(rows)
    assert table.row("c") is rows[2]
    assert table.for_refusal(Refusal.PRICE_OFF_TICK) is rows[0]
    assert table.for_reason("precision") is rows[0]
    with pytest.raises(LookupError):
        table.row("z")
    with pytest.raises(LookupError, match="no error for 'no-change'"):
        table.for_reason("no-change")
    with pytest.raises(LookupError, match="'reduce-only': its table has no row"):
        table.for_refusal(Refusal.REDUCE_ONLY)


def test_refusal_that_nobody_can_meet_says_why() -> None:
    table = ErrorTable([error("a")], [NeverRow(Refusal.POSITION_SIDE, "there is one leg")])
    with pytest.raises(LookupError, match="never refuses for 'position-side': there is one leg"):
        table.for_refusal(Refusal.POSITION_SIDE)


def test_two_errors_of_one_key_or_refusal_are_a_fault() -> None:
    with pytest.raises(FactsError, match="'a' stands twice"):
        ErrorTable([error("a"), error("a")])
    with pytest.raises(FactsError, match="price-off-tick"):
        ErrorTable([error("a", refusal=Refusal.PRICE_OFF_TICK), error("b", refusal=Refusal.PRICE_OFF_TICK)])


@pytest.mark.parametrize(("value", "cost"), [(None, 5), ("1", 1), ("10", 1), ("11", 5), ("999", 5), ("x", 1), ("²", 1)])
def test_cost_follows_its_parameter(value: str | None, cost: int) -> None:
    row = WeightRow(key="k", source="s", by="limit", by_default=20, steps=[(10, 1), (50, 5)])
    assert row.cost(value) == cost


def test_cost_without_the_parameter() -> None:
    row = WeightRow(key="k", source="s", by="symbol", weight=1, without=40)
    assert (row.cost("BTC"), row.cost(None)) == (1, 40)


def test_routes_match_exact_paths_before_named_segments() -> None:
    exact, named = Route("GET", "/orders/all", "all"), Route("GET", "/orders/{id}", "one")
    table = RouteTable([named, exact])
    found = table.find("GET", "/orders/all")
    assert found is not None
    assert found.route is exact
    found = table.find("GET", "/orders/a%2Fb")
    assert found is not None
    assert (found.route, found.segments) == (named, {"id": "a/b"})
    assert table.find("POST", "/orders/all") is None
    assert table.find("GET", "/orders/a/b") is None
    with pytest.raises(ValueError, match="two routes for GET /orders/all"):
        RouteTable([exact, exact])


class Diary:
    """Notes what was done; a thing that a venue copy must take along."""

    def __init__(self) -> None:
        self.rows: list[str] = []
        self.alarms = Alarms()

    def note(self, what: str, time: VenueTime) -> None:
        self.rows.append(what)

    def again(self, left: int, time: VenueTime) -> None:
        self.rows.append(str(left))
        if left:
            self.alarms.set("again", 0, partial(self.again, left - 1))

    def set(self, key: str, due_ns: int) -> None:
        self.alarms.set(key, due_ns, partial(self.note, f"{key}@{due_ns}"))


def test_alarms_go_off_in_order_and_once() -> None:
    diary = Diary()
    for key, due_ns in (("a", 5), ("b", 3), ("c", 5), ("a", 4), ("d", 9)):
        diary.set(key, due_ns)
    diary.alarms.clear("d")
    assert diary.alarms.next_due_ns() == 3
    diary.alarms.run(5, NOON)
    diary.alarms.run(99, NOON)
    assert diary.rows == ["b@3", "a@4", "c@5"]
    assert diary.alarms.next_due_ns() is None


def test_alarm_may_set_another_that_is_due_at_once() -> None:
    diary = Diary()
    diary.again(3, NOON)
    diary.alarms.run(0, NOON)
    assert diary.rows == ["3", "2", "1", "0"]


def test_copied_alarms_act_on_the_copy() -> None:
    diary = Diary()
    diary.set("a", 1)
    twin = copy.deepcopy(diary)
    twin.alarms.run(1, NOON)
    assert (diary.rows, twin.rows) == ([], ["a@1"])


def test_window_counts_per_key_and_starts_anew() -> None:
    window, second = FixedWindow(10), 10**9
    assert [window.add("a", 2, second), window.add("a", 3, 9 * second), window.add("b", 1, 9 * second)] == [2, 5, 1]
    assert window.count("a", 10 * second) == 0
    assert window.add("a", 1, 10 * second) == 1
    assert window.ends_ns(10 * second) == 20 * second


def test_numbers_are_printed_alike_in_any_decimal_context() -> None:
    with localcontext(Context(prec=3, rounding=ROUND_HALF_UP)):
        assert [fixed(Decimal("0.125"), 2), fixed(Decimal("60000.125"), 2)] == ["0.12", "60000.12"]
        assert steps(Decimal("60000.1"), Decimal("0.1")) == 600001


def test_numbers_are_printed_exactly() -> None:
    assert [fixed(Decimal(text), 2) for text in ("1", "-0.001", "0.125", "1e3")] == ["1.00", "0.00", "0.12", "1000.00"]
    assert [plain(Decimal(text)) for text in ("60000.00", "1E+3", "0.10", "-0.0", "100")] == [
        "60000",
        "1000",
        "0.1",
        "0",
        "100",
    ]
    assert money(1) == Decimal("0.00000001")
    assert [places(Decimal(text)) for text in ("0.10", "0.001", "5", "1E+2")] == [1, 3, 0, 0]
    assert steps(Decimal("0.3"), Decimal("0.1")) == 3
    assert steps(Decimal("0.35"), Decimal("0.1")) is None


def test_tokens_depend_on_seed_and_label() -> None:
    assert token(1, "a") == token(1, "a")
    assert len({token(1, "a"), token(1, "b"), token(2, "a"), token(11, "a")}) == 4
    assert set(token(1, "a", 500, "xy")) == {"x", "y"}


def test_unknown_venue_is_told_the_nearest_name() -> None:
    with pytest.raises(discovery.UnknownVenue, match=r"no venue is called 'binanse'; did you mean 'binance'\?"):
        discovery.manifest("binanse")


@pytest.mark.parametrize("name", discovery.venue_names())
@pytest.mark.parametrize("profile", Profile)
def test_every_venue_opens_and_can_be_copied_whole(name: str, profile: Profile) -> None:
    venue = discovery.open_venue(name, seed=3, profile=profile, pace=Pace.CALM, start_ns=10**18)
    told = discovery.manifest(name)
    assert structs.replace(venue.manifest, products=told.products) == told
    assert [one.name for one in venue.manifest.products] == [one.name for one in told.products]
    assert tuple(venue.credentials) == venue.manifest.credential_keys
    for product in venue.manifest.products:
        assert venue.engine.by_symbol(product.instrument).product == product.name
    twin = copy.deepcopy(venue)
    later = VenueTime(2 * 10**18, 2 * 10**18, 2 * 10**18)
    twin.open_account("another", later)
    assert "another" in twin.engine.accounts
    assert "another" not in venue.engine.accounts
