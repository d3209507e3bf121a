"""`certify`, as a user calls it: exit codes, files, and that broken adapters are reported while the run goes on."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from venueproof.cli import run_command
from venueproof.runner.certifying import certify as certify_plan
from venueproof.runner.jobs import Probe, probe
from venueproof.runner.plan import Wish, make_plan
from venueproof.usage import UsageError
from venueproof_contracts.outcomes import Outcome

FAST = ["--venue", "binance", "--product", "linear", "--profile", "vendor", "--no-prove"]


def certify(report: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    code = run_command(["certify", *arguments, "--report", str(report)])
    path = report / "certificate.json"
    return code, json.loads(path.read_text()) if path.exists() else {}


def outcomes(certificate: dict[str, Any]) -> dict[tuple[str, str], str]:
    return {(row["adapter"], row["clause"]): row["outcome"] for row in certificate["results"]}


def test_a_good_adapter_is_certified_and_its_reports_are_written(tmp_path: Path) -> None:
    code, certificate = certify(tmp_path, "native", *FAST, "--clause", "SYM-010,TIM-030")
    assert code == 0
    assert outcomes(certificate) == {("native", "SYM-010"): "pass", ("native", "TIM-030"): "pass"}
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "certificate.json",
        "index.html",
        "junit.xml",
        "summary.md",
        "venues",
    ]
    [run] = certificate["runs"]
    assert len(run["source_digest"]) == len(run["journal_digest"]) == 64
    assert run["virtual_seconds"] > 0


def test_broken_adapters_are_told_apart_and_the_run_goes_on(tmp_path: Path, in_support: Path) -> None:
    names = (
        *("RaisesKeyError", "EndsItsProcess", "KillsItself", "ExitsInTheBackground"),
        *("LeaksSecret", "WritesSecretToNumber"),
    )
    observed = [f"broken_adapters:{name}" for name in names]
    options = [option for name in observed for option in ("--observe", name)]
    code, certificate = certify(tmp_path, "native", *options, *FAST, "--clause", "TIM-030,SAF-020")
    assert code == 0
    found = outcomes(certificate)
    assert found["native", "TIM-030"] == found["native", "SAF-020"] == "pass"
    assert found["broken_adapters:RaisesKeyError", "TIM-030"] == "fail"
    assert found["broken_adapters:EndsItsProcess", "TIM-030"] == "fail"
    for name in ("LeaksSecret", "WritesSecretToNumber"):
        assert found[f"broken_adapters:{name}", "TIM-030"] == "pass"
        assert found[f"broken_adapters:{name}", "SAF-020"] == "fail"
    blames = {row["adapter"]: row["evidence"]["blame"] for row in certificate["results"] if row["clause"] == "TIM-030"}
    assert blames["broken_adapters:RaisesKeyError"] == "protocol-fault"
    assert blames["broken_adapters:EndsItsProcess"] == blames["broken_adapters:KillsItself"] == "lost-worker"
    messages = {
        row["adapter"]: row["evidence"]["message"] for row in certificate["results"] if row["clause"] == "TIM-030"
    }
    assert messages["broken_adapters:EndsItsProcess"] == "the adapter ended its process with code 5"
    assert messages["broken_adapters:KillsItself"] == "the adapter had its process ended by signal 9, twice"
    # In workers only: after it CPython 3.11 cannot parse some sources any more, whatever loop it ran in.
    exited = messages["broken_adapters:ExitsInTheBackground"]
    assert exited.startswith("the adapter ended the program: SystemExit: give up at broken_adapters.py:")
    code, _ = certify(tmp_path, "broken_adapters:LeaksSecret", *FAST, "--clause", "SAF-020")
    assert code == 1


def test_an_adapter_that_keeps_spinning_is_not_waited_for_in_full(
    in_support: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("venueproof.runner.patience.SHORT_LIMIT_S", 0.25)
    wish = Wish(
        adapters=("broken_adapters:SpinsAtStart",),
        venues=("binance",),
        products=("linear",),
        profile="vendor",
        clauses="SYM,TIM-030",
        prove=False,
        real_limit_s=0.5,
    )
    rows = certify_plan(make_plan(wish), [], lambda _: None).results
    short = "given 0.25 s and not 0.5: 3 cases had been stopped before it"
    assert [row.outcome for row in rows] == [Outcome.FAIL] * 4
    assert [short in row.evidence.notes for row in rows] == [False, False, False, True]


def test_one_case_of_a_clause_can_be_run_alone(tmp_path: Path, in_support: Path) -> None:
    case = "binance.order.margin-2019"
    adapter = "broken_adapters:RaisesKeyErrorWhenPlacing"
    _, certificate = certify(tmp_path, adapter, *FAST, "--clause", f"ERR-010[{case}],TIM-030")
    failed, passed = certificate["results"]
    assert (failed["case"], failed["outcome"]) == (case, "fail")
    assert (passed["clause"], passed["outcome"]) == ("TIM-030", "pass")
    assert f"--clause 'ERR-010[{case}]' --seed 1" in failed["evidence"]["reproduce"]


def test_a_failure_says_how_to_see_it_again(tmp_path: Path, in_support: Path) -> None:
    _, certificate = certify(tmp_path, "broken_adapters:RaisesKeyError", *FAST, "--clause", "TIM-030", "--seed", "4-5")
    [row] = certificate["results"]
    assert (row["seeds"], row["seed"]) == ([4, 5], 4)
    evidence = row["evidence"]
    assert evidence["reproduce"] == (
        "venueproof certify broken_adapters:RaisesKeyError --venue binance --product linear --profile vendor "
        "--clause TIM-030 --seed 4 --no-prove --report reports/again"
    )
    assert evidence["wire"]
    assert evidence["t_ns"] > 1_795_000_000 * 10**9


@pytest.mark.parametrize(
    ("adapter", "line"),
    [
        ("broken_adapters:WithoutPlace", "WithoutPlace has no method place, amend; an adapter has all methods"),
        ("broken_adapters:RaisesWhenMade", "its factory raised ConnectionError: no route at broken_adapters.py:"),
        ("broken_adapters:EndsItsProcessWhenMade", "ended its process with code 7; correct its factory"),
        ("broken_adapters:NOT_CALLABLE", "is int; name a factory(endpoint, credentials)"),
        ("broken_adapters:NoSuch", "broken_adapters has no 'NoSuch'"),
        ("exits_when_imported:make", "cannot import exits_when_imported: SystemExit: 3; let importing it not exit"),
        ("broken_adapters:TellsSecretInItsDeclaration", "raised KeyError: '<secret 1> signature=<blanked>'"),
        ("no_such_module:make", "cannot import no_such_module: ModuleNotFoundError"),
        ("nativ", "no adapter of that name; did you mean 'native'?"),
        ("exec:./adapter", "adapters in other languages are planned"),
    ],
)
def test_what_is_no_adapter_is_one_line_and_exit_code_2(
    adapter: str, line: str, tmp_path: Path, in_support: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    code, certificate = certify(tmp_path, adapter, *FAST, "--clause", "TIM-030")
    told = capfd.readouterr().err
    assert (code, certificate) == (2, {})
    assert told.startswith("venueproof: ")
    assert line in told
    assert told.count("\n") == 1


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ccxt.pro", None)
    with pytest.raises(UsageError, match=r"^ccxt: ccxt is not installed; pip install 'venueproof\[ccxt\]'$"):
        probe(Probe("ccxt", "binance", "linear"))


def test_nothing_depends_on_the_number_of_workers(tmp_path: Path) -> None:
    serial, parallel = (
        certify(tmp_path / jobs, "native", *FAST, "--clause", "orders", "--jobs", jobs)[1] for jobs in ("1", "2")
    )
    assert serial["runs"][0]["journal_digest"] == parallel["runs"][0]["journal_digest"]
    assert serial["results"] == parallel["results"]


def test_shards_put_together_are_the_whole(tmp_path: Path) -> None:
    options = ["native", *FAST, "--clause", "SYM,TIM"]
    _, whole = certify(tmp_path / "whole", *options)
    paths = []
    for shard in ("1/2", "2/2"):
        assert certify(tmp_path / shard[0], *options, "--shard", shard)[0] == 0
        paths.append(str(tmp_path / shard[0] / "certificate.json"))
    assert run_command(["report", *paths, "--report", str(tmp_path / "merged")]) == 0
    merged = json.loads((tmp_path / "merged/certificate.json").read_text())
    assert merged["results"] == whole["results"]
    assert merged["runs"][0]["journal_digest"] == whole["runs"][0]["journal_digest"]
    assert run_command(["report", paths[0], paths[0], "--report", str(tmp_path / "x")]) == 2


def test_a_baseline_forgives_what_was_there(
    tmp_path: Path, in_support: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["broken_adapters:RaisesKeyError", *FAST]
    good, bad = str(tmp_path / "good/certificate.json"), str(tmp_path / "bad/certificate.json")
    assert certify(tmp_path / "good", *options, "--clause", "SYM-010")[0] == 0
    assert certify(tmp_path / "bad", *options, "--clause", "TIM-030,SYM-010", "--baseline", good)[0] == 1
    assert certify(tmp_path / "again", *options, "--clause", "TIM-030,SYM-010", "--baseline", bad)[0] == 0
    told = capsys.readouterr().out.splitlines()
    assert told[-1] == "no worse than the baseline (not certified: 1 clause failed)"
    assert "worse than the baseline in 1 row (not certified: 1 clause failed)" in told
    assert "broken_ada…sesKeyError binance" in "\n".join(told)
    assert run_command(["compare", good, bad]) == 1
    told = capsys.readouterr().out.splitlines()
    assert " ".join(told[-2].split()) == "added - -> fail broken_ada…sesKeyError binance linear vendor TIM-030"
    assert max(map(len, told)) <= 80
    assert run_command(["compare", bad, bad]) == 0


def test_waivers_decide(tmp_path: Path, in_support: Path) -> None:
    waivers = tmp_path / "waivers.toml"
    adapter = "broken_adapters:RaisesKeyError"
    row = f'adapter = "{adapter}"\nvenue = "binance"\nclause = "TIM-030"\nreason = "known"\nexpires = 2999-01-01\n'
    waivers.write_text(f"[[waiver]]\n{row}")
    options = [adapter, *FAST, "--clause", "TIM-030,SYM-010", "--waivers", str(waivers)]
    code, certificate = certify(tmp_path / "out", *options)
    assert (code, outcomes(certificate)[adapter, "TIM-030"]) == (0, "waived")
    waivers.write_text(waivers.read_text().replace("TIM-030", "SYM-010"))
    code, certificate = certify(tmp_path / "out", *options)
    assert (code, outcomes(certificate)[adapter, "SYM-010"]) == (1, "fail")


def test_waivers_are_told(tmp_path: Path, in_support: Path, capsys: pytest.CaptureFixture[str]) -> None:
    adapter = "broken_adapters:RaisesKeyError"
    waivers = tmp_path / "waivers.toml"
    row = f'[[waiver]]\nadapter = "{adapter}"\nvenue = "binance"\nclause = "TIM-030"\nreason = "known"\n'
    waivers.write_text(f"{row}expires = 2020-01-31\n")
    options = [adapter, *FAST, "--clause", "TIM-030,SYM-010", "--waivers", str(waivers)]
    code, certificate = certify(tmp_path / "out", *options)
    assert code == 1
    assert f"the waiver of TIM-030 for {adapter} on binance expired on 2020-01-31; " in capsys.readouterr().out
    notes = [row["evidence"]["notes"] for row in certificate["results"] if row["clause"] == "TIM-030"]
    assert notes == [["its waiver expired on 2020-01-31: known"]]
    waivers.write_text(f"{row}expires = 2999-01-31\n")
    assert certify(tmp_path / "out", *options)[0] == 0
    assert "nothing against it in the selected clauses, with 1 waived\n" in capsys.readouterr().out


def test_a_selection_that_proves_nothing_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert certify(tmp_path, "ccxt", *FAST, "--clause", "REC-010")[0] == 1
    told = capsys.readouterr().out
    assert "no clause passed, so nothing is proven" in told
    assert re.search(r"REC-010 +not applicable: a library keeps no account state", told)


def test_a_clause_is_proven_by_its_mutant(tmp_path: Path) -> None:
    options = ["native", "--venue", "binance", "--profile", "vendor", "--clause", "SYM-010"]
    code, certificate = certify(tmp_path, *options)
    assert code == 0
    [kill] = certificate["kills"]
    assert (kill["clause"], kill["venue"], kill["killed"]) == ("SYM-010", "binance", True)
    assert kill["by"]
    assert certificate["not_proven"] == []
    _, certificate = certify(tmp_path, *options, "--no-prove")
    assert (certificate["header"]["proved"], certificate["kills"]) == (False, [])


def test_a_release_asks_of_a_mutant_that_a_venue_shows_it_on_any_of_its_products(tmp_path: Path) -> None:
    options = ["--venue", "binance", "--profile", "vendor", "--level", "release", "--seed", "1", "--clause", "POS-010"]
    _, certificate = certify(tmp_path, "native", *options)
    found = {(kill["mutant"], kill["venue"]): kill["killed"] for kill in certificate["kills"]}
    assert len(found) == len(certificate["kills"])
    assert found["has-one-formula-for-profit", "binance"], "an error that only inverse contracts show"
    assert certificate["not_proven"] == []
