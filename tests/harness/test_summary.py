"""The end of a run on a terminal of 80 columns."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from venueproof.cli.reporting import compare_certificates, judge_against
from venueproof.cli.summary import print_summary
from venueproof_contracts.clause import Strength
from venueproof_contracts.outcomes import Outcome
from venueproof_reports import Certificate, Evidence, Header, NotProven, Result, Run, Waiver, seal
from venueproof_reports.writing import write_all

ADAPTER = "mybot.trading.adapters:make_binance_futures"


def _certificate(*outcomes: Outcome, waived: tuple[str, ...] = ()) -> Certificate:
    header = Header(
        product_version="1",
        suite_digest="0",
        facts_dates={},
        dependencies={},
        level="standard",
        profiles=("vendor",),
        claim="core",
        waivers=tuple(
            Waiver(adapter=ADAPTER, venue="binance", clause=clause, reason="known", expires="2999-01-01")
            for clause in waived
        ),
        proved=False,
        created="2026-11-20T12:00:00Z",
    )
    run = Run(
        adapter=ADAPTER,
        adapter_version="",
        source_digest="",
        dirty=False,
        kind="library",
        venue="binance",
        seeds=(1,),
        clock="virtual",
        journal_digest="",
        virtual_seconds=0.0,
        wall_seconds=0.0,
    )
    return seal(header, [run], [_row(number, outcome) for number, outcome in enumerate(outcomes)])


def _row(number: int, outcome: Outcome) -> Result:
    return Result(
        adapter=ADAPTER,
        venue="binance",
        product="linear",
        profile="vendor",
        clause=f"ORD-{number:03}",
        quirk="binance.order.min-notional-reduce-only",
        outcome=outcome,
        seeds=(1,),
        claimed=False,
        promise="",
        evidence=Evidence(title="a title", section="ORD", level=Strength.MUST, why="", message="because"),
    )


def test_a_summary_fits_and_says_the_verdict_in_one_piece(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    print_summary(_certificate(*list(Outcome) * 120), tmp_path)
    told = capsys.readouterr().out.splitlines()
    assert max(map(len, told[:4])) <= 80
    assert told[2].split() == ["mybot.trad…nce_futures", "binance", *["120"] * 8, "not", "certified"]
    assert "tol tolerated, n/a not applicable, n/s not supported" in " ".join(told[3:5])


def test_outcomes_that_nobody_has_take_no_room(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    print_summary(_certificate(Outcome.PASS, Outcome.WAIVED, Outcome.WAIVED), tmp_path)
    told = capsys.readouterr().out.splitlines()
    assert told[1].split() == ["adapter", "venue", "pass", "fail", "wvd", "verdict"]
    assert told[-1] == "certified, with 2 waived"


def test_a_failure_of_one_product_says_of_which(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = _certificate(Outcome.FAIL, Outcome.FAIL)
    of_inverse = [replace(row, product="inverse") for row in whole.results if row.clause == "ORD-000"]
    print_summary(seal(whole.header, whole.runs, [*whole.results, *of_inverse]), tmp_path)
    told = [line.split() for line in capsys.readouterr().out.splitlines() if line.startswith("ORD-00")]
    assert told == [
        ["ORD-000", "2", "a", "title:", "because"],
        ["ORD-001", "1", "linear", "only:", "a", "title:", "because"],
    ]


def test_what_failed_is_told_before_what_is_lacking(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = _certificate(*[Outcome.NOT_SUPPORTED] * 50, Outcome.FAIL)
    print_summary(seal(whole.header, whole.runs, [replace(row, claimed=True) for row in whole.results]), tmp_path)
    told = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line.startswith("ORD-")]
    assert told[:2] == ["ORD-050", "ORD-000"]


def test_why_a_clause_is_not_proven_is_told_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plain = _certificate(Outcome.PASS)
    reason = "mine is not-applicable on somewhere: the venue cannot do stream-candles"
    unproven = [NotProven(clause="CAN-060", reason=reason)]
    print_summary(seal(replace(plain.header, proved=True), plain.runs, plain.results, (), unproven), tmp_path)
    told = capsys.readouterr().out
    assert f"not proven: CAN-060: {reason}" in " ".join(told.split())
    assert max(map(len, told[told.index("not proven") : told.index("report:")].splitlines())) <= 80


def test_a_waiver_for_nothing_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    print_summary(_certificate(Outcome.PASS, waived=("ORD-000", "FIL-010")), tmp_path)
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("the waiver")]
    matched = f"the waiver of FIL-010 for {ADAPTER} on binance matched nothing that was run"
    assert told == [f"{matched}; correct its names, or take it out"]


def test_a_comparison_fits_and_counts_what_was_dropped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, outcomes in {"old": (Outcome.PASS, Outcome.PASS), "new": (Outcome.NOT_SUPPORTED,)}.items():
        write_all(_certificate(*outcomes), tmp_path / name)
    assert compare_certificates(tmp_path / "old/certificate.json", tmp_path / "new/certificate.json") == 1
    told = capsys.readouterr().out.splitlines()
    assert max(map(len, told)) <= 80
    assert told[0].split() == ["change", "old", "->", "new", "row"]
    assert told[1].startswith("worse   pass -> not-supported  mybot.trad…nce_futures binance linear vendor")
    assert told[-1] == "2 rows changed, 2 of them for the worse"


def test_a_comparison_says_what_came_into_the_claim(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = _certificate(Outcome.NOT_SUPPORTED)
    write_all(old, tmp_path / "old")
    write_all(seal(old.header, old.runs, [replace(row, claimed=True) for row in old.results]), tmp_path / "new")
    assert compare_certificates(tmp_path / "old/certificate.json", tmp_path / "new/certificate.json") == 1
    told = " ".join(capsys.readouterr().out.split())
    assert "worse not-supported (not claimed) -> not-supported (claimed)" in told


def test_a_long_list_of_what_is_worse_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    assert judge_against(_certificate(*[Outcome.PASS] * 50), _certificate(*[Outcome.FAIL] * 50)) == 1
    told = capsys.readouterr().out.splitlines()
    assert sum(line.startswith("worse   ") for line in told) == 40
    assert told[-2:] == [
        "… and 10 more; `venueproof compare` tells all",
        "worse than the baseline in 50 rows (not certified: 50 clauses failed)",
    ]
