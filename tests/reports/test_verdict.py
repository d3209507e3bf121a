from collections.abc import Callable

import pytest
from msgspec.structs import replace

from venueproof_contracts.outcomes import Outcome
from venueproof_reports import Certificate, Result, compare, exit_code_against, judge, seal, worse_than
from venueproof_reports.verdict import ChangeKind

Rebuild = Callable[[Certificate, list[Result]], Certificate]


def _with(base: Certificate, rebuild: Rebuild, clause: str, **changes: object) -> Certificate:
    """The certificate with native's rows of one clause changed."""
    rows = [replace(row, **changes) if (row.adapter, row.clause) == ("native", clause) else row for row in base.results]
    return rebuild(base, rows)


def test_observed_failures_decide_nothing(passing: Certificate) -> None:
    verdict = judge(passing)
    assert (verdict.certified, verdict.exit_code) == (True, 0)
    assert [run.certified for run in verdict.runs] == [True, False]


def test_what_is_claimed_must_be_declared_also_where_no_clause_asks(passing: Certificate) -> None:
    def lacking(*names: str, selection: str = "") -> Certificate:
        runs = [replace(run, undeclared=names) if not run.observed else run for run in passing.runs]
        header = replace(passing.header, selection=selection)
        return seal(header, runs, passing.results, passing.kills, passing.not_proven)

    verdict = judge(lacking("trailing"))
    assert (verdict.exit_code, verdict.runs[0].reason) == (1, "does not declare trailing, which is claimed")
    assert judge(lacking("trailing", selection="ORD")).exit_code == 0, "chosen clauses are judged alone"
    assert exit_code_against(lacking("trailing"), lacking("trailing")) == 0
    assert exit_code_against(lacking("trailing"), lacking("conditional", "trailing")) == 1


def test_reason_counts_clauses_and_not_rows(failing: Certificate) -> None:
    native = judge(failing).runs[0]
    assert native.reason == "2 clauses failed, 1 clause not supported though claimed"
    assert len(native.against) == 5


@pytest.mark.parametrize(
    ("outcome", "claimed", "exit_code"),
    [
        (Outcome.PASS, True, 0),
        (Outcome.FAIL, True, 1),
        (Outcome.FAIL, False, 1),
        (Outcome.TOLERATED, True, 0),
        (Outcome.NOT_APPLICABLE, True, 0),
        (Outcome.NOT_SUPPORTED, True, 1),
        (Outcome.NOT_SUPPORTED, False, 0),
        (Outcome.NOT_PROVABLE, True, 0),
        (Outcome.WAIVED, True, 0),
        (Outcome.HARNESS_ERROR, True, 3),
    ],
)
def test_what_each_outcome_does_to_the_exit_code(
    passing: Certificate, with_rows: Rebuild, outcome: Outcome, claimed: bool, exit_code: int
) -> None:
    changed = _with(passing, with_rows, "ORD-010", outcome=outcome, claimed=claimed)
    assert judge(changed).exit_code == exit_code
    assert judge(changed).certified is (exit_code == 0)


def test_harness_error_outweighs_failures(failing: Certificate, with_rows: Rebuild) -> None:
    assert judge(_with(failing, with_rows, "ORD-010", outcome=Outcome.HARNESS_ERROR)).exit_code == 3


def test_nothing_passed_is_not_certified_unless_it_is_a_shard(passing: Certificate) -> None:
    rows = [replace(row, outcome=Outcome.NOT_PROVABLE) for row in passing.results]
    assert judge(seal(passing.header, passing.runs, rows)).exit_code == 1
    assert judge(seal(replace(passing.header, shard="1/2"), passing.runs, rows)).exit_code == 0


def test_only_observed_adapters_certify_nothing(passing: Certificate) -> None:
    runs = [replace(run, observed=True) for run in passing.runs]
    watched = seal(passing.header, runs, passing.results)
    assert judge(watched).exit_code == 1
    assert exit_code_against(passing, watched) == 1


def test_baseline_forgives_what_failed_before(failing: Certificate) -> None:
    assert judge(failing).exit_code == 1
    assert exit_code_against(failing, failing) == 0


def test_baseline_does_not_forgive_what_got_worse(
    passing: Certificate, failing: Certificate, with_rows: Rebuild
) -> None:
    assert exit_code_against(passing, failing) == 1
    assert {change.key[4] for change in worse_than(passing, failing)} == {"UNK-010", "WSS-010", "MAR-010"}
    broke = _with(failing, with_rows, "MAR-010", outcome=Outcome.FAIL)
    assert [change.key[3:5] for change in worse_than(failing, broke)] == [("field", "MAR-010"), ("vendor", "MAR-010")]
    assert worse_than(broke, failing) == ()


def test_baseline_does_not_forgive_a_failure_it_never_saw(failing: Certificate, with_rows: Rebuild) -> None:
    before = with_rows(failing, [row for row in failing.results if row.clause != "UNK-010"])
    assert exit_code_against(before, failing) == 1


def test_baseline_never_asks_more_than_none(passing: Certificate, with_rows: Rebuild) -> None:
    weaker = _with(passing, with_rows, "ORD-010", outcome=Outcome.TOLERATED)
    assert exit_code_against(passing, weaker) == 0


def test_baseline_does_not_forgive_what_was_dropped(passing: Certificate, with_rows: Rebuild) -> None:
    unsupported = _with(passing, with_rows, "ORD-010", outcome=Outcome.NOT_SUPPORTED, claimed=False)
    unproven = _with(passing, with_rows, "ORD-010", outcome=Outcome.NOT_PROVABLE)
    unneeded = _with(passing, with_rows, "ORD-010", outcome=Outcome.NOT_APPLICABLE)
    gone = with_rows(passing, [row for row in passing.results if row.clause != "ORD-010"])
    asked_less = seal(replace(passing.header, level="smoke"), passing.runs, gone.results)
    for weaker in (unsupported, unproven, unneeded, gone, asked_less):
        assert judge(weaker).exit_code == 0
        assert exit_code_against(passing, weaker) == 1
        assert {change.key[4] for change in worse_than(passing, weaker)} == {"ORD-010"}
        assert exit_code_against(weaker, passing) == 0


def test_baseline_does_not_miss_what_a_selection_leaves_out(passing: Certificate) -> None:
    rows = [row for row in passing.results if row.clause != "ORD-010"]
    for header in (
        replace(passing.header, selection="FIL"),
        replace(passing.header, shard="1/2"),
        replace(passing.header, suite_digest="another suite, which lacks the clause"),
    ):
        assert worse_than(passing, seal(header, passing.runs, rows)) == ()
    vendor = [row for row in passing.results if row.profile == "vendor"]
    assert worse_than(passing, seal(replace(passing.header, profiles=("vendor",)), passing.runs, vendor)) != ()


def test_baseline_does_not_hide_a_broken_harness(failing: Certificate, with_rows: Rebuild) -> None:
    broken = _with(failing, with_rows, "ORD-010", outcome=Outcome.HARNESS_ERROR)
    assert exit_code_against(broken, broken) == 3


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (Outcome.PASS, Outcome.FAIL, "worse"),
        (Outcome.FAIL, Outcome.PASS, "better"),
        (Outcome.FAIL, Outcome.NOT_SUPPORTED, "better"),
        (Outcome.PASS, Outcome.TOLERATED, "changed"),
    ],
)
def test_compare_tells_the_direction(
    passing: Certificate, with_rows: Rebuild, old: Outcome, new: Outcome, kind: ChangeKind
) -> None:
    before, after = (_with(passing, with_rows, "ORD-010", outcome=outcome) for outcome in (old, new))
    assert [(change.kind, change.key[3]) for change in compare(before, after).changes] == [
        (kind, "field"),
        (kind, "vendor"),
    ]


def test_compare_tells_what_came_went_and_was_made_otherwise(passing: Certificate) -> None:
    rows = [row for row in passing.results if row.clause not in ("ORD-010", "ORD-020")]
    old = seal(passing.header, passing.runs, [*rows, *(row for row in passing.results if row.clause == "ORD-010")])
    header = replace(passing.header, product_version="0.2.0")
    new = seal(header, passing.runs, [*rows, *(row for row in passing.results if row.clause == "ORD-020")])
    comparison = compare(old, new)
    assert {(change.kind, change.key[4]) for change in comparison.changes} == {
        ("gone", "ORD-010"),
        ("added", "ORD-020"),
    }
    assert comparison.header == (("product", "0.1.0", "0.2.0"),)


def test_equal_certificates_do_not_differ(failing: Certificate) -> None:
    assert compare(failing, failing) == compare(failing, seal(failing.header, failing.runs, failing.results))
    assert compare(failing, failing).changes == ()
