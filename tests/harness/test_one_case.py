"""One case: what an adapter does wrong is its own failure, told in one line, and what we do wrong never is."""

from __future__ import annotations

from decimal import getcontext
from typing import cast

import broken_adapters as broken
import pytest
from harness_cases import run_clause
from msgspec.structs import replace

from venueproof.runner.jobs import Proof, prove
from venueproof.runner.judging import judge_error
from venueproof_adapters.mutants import Mutant
from venueproof_contracts.adapter import Adapter, AdapterFactory
from venueproof_contracts.case import Breach, Case, NothingToJudge
from venueproof_contracts.clause import Clause, Strength, all_clauses
from venueproof_contracts.errors import NotSent
from venueproof_contracts.model import Credentials, Endpoint
from venueproof_contracts.outcomes import Outcome
from venueproof_simulators.engine.prices import Pace
from venueproof_simulators.host import discovery
from venueproof_simulators.host.facts import Verdict
from venueproof_simulators.host.venue import Profile


@pytest.mark.parametrize(
    ("adapter", "seen"),
    [
        (broken.RaisesKeyError, "server_time() raised KeyError: 'serverTime' at broken_adapters.py:"),
        (broken.ReturnsText, "server_time() returned a wrong value: result is str, not int"),
        (broken.IsNotAsync, "server_time() is not async: it returned int"),
        (broken.CancelsItself, "server_time() raised CancelledError"),
        (broken.Hangs, "server_time() did not return for"),
        (broken.HangsAtStart, "start() waits for something that nothing will bring about"),
        (broken.Exits, "server_time() raised SystemExit: give up at broken_adapters.py:"),
        (broken.RaisesWhenMade, "the factory raised ConnectionError: no route at broken_adapters.py:"),
        (broken.EventsBreak, "next_event() raised ZeroDivisionError: in the stream"),
    ],
)
def test_faults_of_an_adapter_are_its_failures(adapter: type, seen: str) -> None:
    result = run_clause("TIM-030", adapter)
    assert (result.outcome, seen in result.message) == (Outcome.FAIL, True), result.message


@pytest.mark.parametrize("adapter", [broken.ChangesRounding, broken.MakesDecimalsTrap])
def test_an_adapter_changes_decimals_for_itself_only(adapter: type) -> None:
    before = repr(getcontext())
    result = run_clause("BAL-010", adapter)
    assert result.outcome is Outcome.PASS, result.message
    assert repr(getcontext()) == before


@pytest.mark.parametrize(
    ("adapter", "seen"),
    [(broken.Spins, "server_time() did not return"), (broken.BusyWaits, "server_time() did not return")],
)
def test_an_adapter_that_spins_is_stopped(adapter: type, seen: str) -> None:
    result = run_clause("TIM-030", adapter, real_limit_s=1.0)
    assert (result.outcome, seen in result.message) == (Outcome.FAIL, True), result.message
    assert run_clause("TIM-030").outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("clause", "adapter", "seen"),
    [
        ("SAF-020", broken.LeaksSecret, "secret stands in"),
        ("SAF-020", broken.LeaksSecretToOwnLogger, "secret stands in the log"),
        ("SAF-020", broken.LeaksEncodedSecret, "apiKey stands in the log"),
        ("SAF-020", broken.PrintsSecretAndBreaksDown, "secret stands in the log"),
        ("SAF-020", broken.BreaksDown, "balances() raised KeyError: 'assets'"),
        ("SAF-010", broken.ReportsHome, "192.0.2.7:443"),
        ("SAF-010", broken.LooksUpNames, "telemetry.example.com"),
        ("LIF-010", broken.LeavesTask, "task sleep"),
        ("LIF-010", broken.LeavesThread, "thread left"),
    ],
)
def test_what_an_adapter_does_besides_is_seen(clause: str, adapter: type, seen: str) -> None:
    result = run_clause(clause, adapter)
    assert (result.outcome, seen in result.message) == (Outcome.FAIL, True), result.message
    assert run_clause(clause).outcome is Outcome.PASS


@pytest.mark.parametrize("adapter", [broken.Hangs, broken.TellsSecretInError, broken.TellsSecretAtTheCut])
def test_no_secret_reaches_a_result(adapter: type[broken.Around]) -> None:
    credentials: dict[str, str] = {}

    def spy(endpoint: Endpoint, given: Credentials) -> Adapter:
        credentials.update(given)
        return cast("Adapter", adapter(endpoint, given))

    result = run_clause("TIM-030", spy)
    assert result.outcome is Outcome.FAIL
    assert result.wire
    assert sorted(credentials) == ["apiKey", "secret"]
    assert [name for name, value in credentials.items() if value[:10] in repr(result)] == []


def _with_code(monkeypatch: pytest.MonkeyPatch, code: object, **changes: object) -> None:
    """Let TIM-030 run this code instead of its own."""
    clause = next(one for one in all_clauses() if one.id == "TIM-030")
    changed: Clause = replace(clause, code=code, **changes)
    monkeypatch.setattr("venueproof.runner.one_case.all_clauses", lambda: (changed,))


async def _breaks(case: Case) -> None:
    raise Breach("a promise was not kept")


async def _harness_bug(case: Case) -> None:
    raise IndexError("ours")


async def _refused(case: Case) -> None:
    raise NotSent("the wire is cut")


async def _rude(case: Case) -> None:
    case.check_manners(False, "asked 700 times")


@pytest.mark.parametrize(
    ("code", "strength", "outcome", "message"),
    [
        (_breaks, Strength.MUST, Outcome.FAIL, "a promise was not kept"),
        (_breaks, Strength.SHOULD, Outcome.TOLERATED, "a promise was not kept"),
        (_refused, Strength.MUST, Outcome.FAIL, "raised NotSent: the wire is cut"),
        (_rude, Strength.MUST, Outcome.FAIL, "asked 700 times"),
        (_harness_bug, Strength.MUST, Outcome.HARNESS_ERROR, "IndexError: ours at test_one_case.py"),
        (_harness_bug, Strength.SHOULD, Outcome.HARNESS_ERROR, "IndexError: ours at test_one_case.py"),
    ],
)
def test_what_ends_a_case_decides_its_outcome(
    code: object,
    strength: Strength,
    outcome: Outcome,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _with_code(monkeypatch, code, strength=strength)
    result = run_clause("TIM-030")
    assert (result.outcome, message in result.message) == (outcome, True), result.message


def test_an_adapter_that_is_judged_finds_no_levers() -> None:
    assert "raised KeyError: 404" in run_clause("TIM-030", broken.PullsTheLevers).message


def test_a_mutant_that_breaks_down_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaking_down(_: AdapterFactory) -> AdapterFactory:
        return lambda endpoint, credentials: cast("Adapter", broken.RaisesKeyError(endpoint, credentials))

    mutant = Mutant("TIM-030", "breaks-down", "Raises what no adapter may raise.", breaking_down)
    monkeypatch.setattr("venueproof.runner.jobs.all_mutants", lambda: (mutant,))
    kill = prove(Proof("TIM-030", "breaks-down", (("binance", "linear"),), 1)).kill
    assert kill is not None
    assert (kill.killed, "KeyError" in kill.by) == (False, True)


def test_a_pass_that_met_no_trouble_is_none() -> None:
    met = run_clause("MKT-020")
    missed = run_clause("MKT-020", broken.TicksWithoutSideFigures)
    assert (met.outcome, missed.outcome) == (Outcome.PASS, Outcome.NOT_APPLICABLE)
    assert missed.notes == ("no message met the rule 'answer_garbage'",) * 2


def test_manners_are_judged_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    _with_code(monkeypatch, _rude, id="RAT-990")
    result = run_clause("RAT-990")
    assert (result.result, result.manners, result.outcome) == (Outcome.PASS, Outcome.FAIL, Outcome.FAIL)


def test_a_fault_of_the_simulator_is_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    venue = discovery.open_venue("binance", seed=1, profile=Profile.VENDOR, pace=Pace.STILL, start_ns=10**18)
    monkeypatch.setattr(type(venue), "handle", lambda self, request, time: 1 // 0)
    result = run_clause("TIM-030")
    assert result.outcome is Outcome.HARNESS_ERROR
    assert "the simulator broke: " in result.message
    assert "ZeroDivisionError" in result.message


def test_hours_cannot_be_proven_in_real_time() -> None:
    assert run_clause("WSS-030", clock="real").outcome is Outcome.NOT_PROVABLE


def test_a_case_in_real_time_runs_and_a_hanging_one_is_stopped() -> None:
    assert run_clause("TIM-030", clock="real", real_limit_s=10).outcome is Outcome.PASS
    stopped = run_clause("TIM-030", broken.Hangs, clock="real", real_limit_s=2)
    assert (stopped.outcome, stopped.message) == (Outcome.FAIL, "not finished after 2 s")


def test_a_failure_under_a_refuted_claim_is_tolerated(monkeypatch: pytest.MonkeyPatch) -> None:
    """An adapter that trusts the order of candles fails only where a refuted claim about it holds."""
    refuted = [row.id for row in discovery.quirks("binance") if row.verdict is Verdict.REFUTED and row.field]
    assert refuted
    by_page = run_clause("CAN-020", broken.WantsOldestCandlesFirst)
    result = run_clause("CAN-020", broken.WantsOldestCandlesFirst, profile=Profile.FIELD)
    assert by_page.outcome is Outcome.PASS
    assert (result.outcome, set(result.refuted) <= set(refuted)) == (Outcome.TOLERATED, True)
    assert result.refuted


def test_nothing_to_judge_is_not_applicable() -> None:
    judgement = judge_error(NothingToJudge("the venue takes no credentials"), None)
    assert judgement == (Outcome.NOT_APPLICABLE, "the venue takes no credentials")
