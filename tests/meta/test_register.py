"""Rows of the quirk registers are joined to code, tests, provocations and clauses; none hangs in the air."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from venueproof_contracts.bench import IntentPatch
from venueproof_contracts.clause import all_clauses
from venueproof_contracts.errors import Reason
from venueproof_contracts.model import Trigger
from venueproof_contracts.provocations import KINDS
from venueproof_simulators import venues
from venueproof_simulators.engine.refusals import REASONS, Refusal
from venueproof_simulators.host import discovery
from venueproof_simulators.host.facts import QuirkRow, Status, load_errors

ROOT = Path(__file__).parents[2]
VENUES = Path(venues.__file__).parent
TESTS = ROOT / "tests" / "simulators" / "venues"
ID = re.compile(r"[a-z]+(\.[a-z]+(-[a-z]+)*)?\.[a-z0-9]+(-[a-z0-9]+)*")
MARK = re.compile(r'pytest\.mark\.quirk\("([^"]+)"\)')

pytestmark = pytest.mark.skipif(not TESTS.exists(), reason="needs the checkout, not only the wheel")

OUT_OF_SCOPE = ("spot", "option", "portfolio margin")
"""Products that a venue has and its simulator is not for."""
CLAUSES = {clause.id: clause for clause in all_clauses()}
ROWS = [pytest.param(name, row, id=row.id) for name in discovery.venue_names() for row in discovery.quirks(name)]


def marks(venue: str) -> Counter[str]:
    """How many wire tests of a venue show each row."""
    return Counter(mark for path in (TESTS / venue).glob("test_*.py") for mark in MARK.findall(path.read_text()))


def code_of(venue: str) -> str:
    """All code of a venue, without its provocations."""
    paths = (path for path in (VENUES / venue).rglob("*.py") if "provocations" not in path.parts)
    return "\n".join(path.read_text() for path in paths)


@pytest.mark.parametrize(("venue", "row"), ROWS)
def test_row_is_well_formed(venue: str, row: QuirkRow) -> None:
    assert ID.fullmatch(row.id), "an id is venue.subject.words-with-dashes, or without a subject"
    assert row.id.startswith(f"{venue}.")
    assert all((row.title, row.does, row.duty, row.source))
    assert not row.title.endswith(".")
    assert row.does.endswith(".")
    assert row.duty.endswith(".")


@pytest.mark.parametrize(("venue", "row"), ROWS)
def test_status_is_kept(venue: str, row: QuirkRow) -> None:
    shown, consulted = marks(venue)[row.id], f'"{row.id}"' in code_of(venue)
    if row.status is Status.SWITCH:
        assert consulted, "a switch must be consulted in the venue's code"
        assert shown, "a switch needs a wire test with it on and off"
    else:
        assert not consulted, "only a switch may be consulted"
        assert (row.vendor, row.field) == (False, False), "only a switch is on in a profile"
    if row.status is Status.ALWAYS:
        assert shown, "needs a wire test"
    if row.status in (Status.NOTE, Status.PLANNED):
        assert row.why, "must say why"
        assert (shown, row.clause, row.provocation) == (0, "", ""), "nothing of it is built"
    if row.status is Status.PLANNED:
        assert any(product in row.why for product in OUT_OF_SCOPE), "only what nobody set out to build may be unbuilt"
    if row.status is Status.ADAPTER_ONLY:
        assert row.clause, "must name its clause"


@pytest.mark.parametrize(("venue", "row"), ROWS)
def test_duty_names_a_clause_that_exists(venue: str, row: QuirkRow) -> None:
    assert row.clause in {"", "system", *CLAUSES}
    assert row.clause or row.status in (Status.NOTE, Status.PLANNED), "a duty is judged by a clause, or is a system's"
    if row.provocation:
        assert row.clause in CLAUSES, "what is provoked is judged by a clause"
        assert CLAUSES[row.clause].kind == row.provocation, "the row's clause must run over what the row provokes"
    provoked = [one.kind for one in discovery.provocations(venue) if one.quirk == row.id]
    assert (row.provocation in provoked) if row.provocation else not provoked


@pytest.mark.parametrize("venue", discovery.venue_names())
def test_provocations_are_rows_of_known_kinds_each_once(venue: str) -> None:
    rows = {row.id: row for row in discovery.quirks(venue)}
    found = [(one.kind, one.quirk) for one in discovery.provocations(venue)]
    assert len(found) == len(set(found))
    assert {kind for kind, _ in found} <= set(KINDS)
    assert {quirk for _, quirk in found} <= set(rows)


@pytest.mark.parametrize("venue", discovery.venue_names())
def test_only_a_switch_is_shown_in_either_position(venue: str) -> None:
    switches = {row.id for row in discovery.quirks(venue) if row.status is Status.SWITCH}
    assert {one.quirk for one in discovery.provocations(venue) if one.either} <= switches


@pytest.mark.parametrize("venue", discovery.venue_names())
def test_marks_of_tests_are_rows(venue: str) -> None:
    assert set(marks(venue)) <= {row.id for row in discovery.quirks(venue)}


@pytest.mark.parametrize("venue", discovery.venue_names())
def test_error_table_has_a_word_for_each_refusal_that_can_be_met(venue: str) -> None:
    table = load_errors(f"venueproof_simulators.venues.{venue}")
    worded = [row.refusal for row in table.rows if row.refusal is not None]
    never = [row.refusal for row in table.never]
    assert sorted(worded + never) == sorted(Refusal), "each stands once: with the venue's word, or with why it has none"
    assert all(row.why and not row.why.endswith(".") for row in table.never)


@pytest.mark.parametrize("venue", discovery.venue_names())
def test_error_table_speaks_the_contracts_language(venue: str) -> None:
    table = load_errors(f"venueproof_simulators.venues.{venue}")
    said = {row.reason for row in table.rows} - {""}
    assert said <= {reason.value for reason in Reason}
    assert said >= {REASONS[row.refusal] for row in table.rows if row.refusal is not None}


def test_patches_of_intents_are_fields_of_an_intent() -> None:
    fields = {*IntentPatch.__struct_fields__, *Trigger.__struct_fields__}
    for venue in discovery.venue_names():
        text = "\n".join(path.read_text() for path in (VENUES / venue / "provocations").glob("*.py"))
        assert set(re.findall(r'[{ ]"([a-z_]+)": ', text)) <= fields
