"""One case: what an adapter does wrong is its own failure, told in one line, and what we do wrong never is."""

from __future__ import annotations

import asyncio
import queue
import socket
import threading
from decimal import getcontext
from pathlib import Path
from typing import cast

import broken_adapters as broken
import pytest
from harness_cases import run_clause
from msgspec.structs import replace

from venueproof.runner.guard import guarded
from venueproof.runner.jobs import Proof, prove
from venueproof.runner.judging import judge_error
from venueproof.runner.spec import ClockName
from venueproof_adapters.mutants import Mutant
from venueproof_contracts.adapter import Adapter, AdapterFactory
from venueproof_contracts.case import Breach, Case, NothingToJudge
from venueproof_contracts.clause import Clause, Strength, all_clauses
from venueproof_contracts.errors import NotSent
from venueproof_contracts.model import Credentials, Endpoint
from venueproof_contracts.outcomes import Blame, Outcome
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
        (broken.RaisesWithoutText, "server_time() raised HasNoText: (no text: __str__ raised LookupError)"),
        (broken.RejectsWithoutText, "server_time() raised RefusalWithoutText: (no text: __str__ raised LookupError)"),
        (broken.EventsBreak, "next_event() raised ZeroDivisionError: in the stream"),
    ],
)
def test_faults_of_an_adapter_are_its_failures(adapter: type, seen: str) -> None:
    result = run_clause("TIM-030", adapter)
    assert (result.outcome, result.blame) == (Outcome.FAIL, Blame.FAULT)
    assert seen in result.message


def test_a_reason_that_is_not_known_is_told_with_the_venues_words() -> None:
    result = run_clause("ERR-010", broken.KnowsNoReasons, quirk="binance.margin.size-cap")
    said = "-2027 Exceeded the maximum allowable position at current leverage."
    assert (result.blame, result.message) == (
        Blame.PROMISE,
        f"reason other, the venue refused for above-maximum: {said}",
    )


@pytest.mark.parametrize("adapter", [broken.ChangesRounding, broken.MakesDecimalsTrap])
def test_an_adapter_changes_decimals_for_itself_only(adapter: type) -> None:
    before = repr(getcontext())
    result = run_clause("BAL-010", adapter)
    assert result.outcome is Outcome.PASS, result.message
    assert repr(getcontext()) == before


@pytest.mark.parametrize(
    ("clause", "adapter", "seen"),
    [
        ("TIM-030", broken.Spins, "server_time() did not return"),
        ("TIM-030", broken.BusyWaits, "server_time() did not return"),
        ("SAF-010", broken.NeverRests, "the adapter kept its process busy"),
    ],
)
def test_an_adapter_that_spins_is_stopped(clause: str, adapter: type, seen: str) -> None:
    result = run_clause(clause, adapter, real_limit_s=1.0)
    assert (result.blame, seen in result.message) == (Blame.STOPPED, True), result.message
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
        ("SAF-010", broken.StartsProgram, "the program curl"),
        ("SAF-010", broken.StartsProgramInThread, "the program sh"),
        ("LIF-010", broken.LeavesTask, "task sleep"),
        ("LIF-010", broken.LeavesThread, "thread left"),
    ],
)
def test_what_an_adapter_does_besides_is_seen(clause: str, adapter: type, seen: str) -> None:
    result = run_clause(clause, adapter)
    assert (result.outcome, seen in result.message) == (Outcome.FAIL, True), result.message
    assert run_clause(clause).outcome is Outcome.PASS


def test_an_adapter_that_fails_for_what_it_may_not_reach_is_told_so() -> None:
    result = run_clause("TIM-030", broken.NeedsHome)
    assert (result.outcome, result.blame) == (Outcome.FAIL, Blame.EGRESS)
    assert result.notes == ("refused, since it is outside this run: telemetry.example.com",)


def test_asking_about_the_machine_is_no_egress() -> None:
    assert run_clause("SAF-010", broken.AsksAboutMachine).outcome is Outcome.PASS


def test_threads_of_others_are_let_alone() -> None:
    """A monitor of the test run goes on sending while a case runs; the thread of an adapter may not."""
    asked: queue.Queue[str] = queue.Queue()
    answers: queue.Queue[str] = queue.Queue()

    def look_up() -> None:
        answers.put(_tried(asked.get()))

    threading.Thread(target=look_up, daemon=True).start()
    with guarded() as guard:
        asked.put("no such name")
        answers.get(timeout=5)
        attempts_of_others = list(guard.attempts)
        late = threading.Thread(target=look_up, daemon=True)
        late.start()
        asked.put("no such name")
        answers.get(timeout=5)
    assert (attempts_of_others, guard.attempts) == ([], ["no such name"])


def _tried(host: str) -> str:
    try:
        socket.getaddrinfo(host, 0, flags=socket.AI_NUMERICHOST)
    except socket.gaierror as error:
        return str(error)
    return ""


@pytest.mark.parametrize("adapter", [broken.Hangs, broken.TellsSecretInError, broken.TellsSecretAtTheCut])
def test_no_secret_reaches_a_result(adapter: type[broken.Around]) -> None:
    credentials: dict[str, str] = {}

    def spy(endpoint: Endpoint, given: Credentials) -> Adapter:
        credentials.update(given)
        return cast("Adapter", adapter(endpoint, given))

    result = run_clause("TIM-030", spy)
    assert result.outcome is Outcome.FAIL
    assert result.wire
    assert sorted(credentials) == ["apiKey", "ed25519ApiKey", "ed25519PrivateKey", "secret"]
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
    stopped = run_clause("TIM-030", broken.Hangs, clock="real", real_limit_s=0.5)
    told = "server_time() did not return: not finished after 0.5 s"
    assert (stopped.outcome, stopped.blame, stopped.message) == (Outcome.FAIL, Blame.STOPPED, told)


async def _spins(case: Case) -> None:
    while True:
        pass


async def _never_rests(case: Case) -> None:
    while True:  # a clause that is written wrongly
        await case.bench.sleep(0)


async def _dawdles(case: Case) -> None:
    await asyncio.sleep(60)


@pytest.mark.parametrize(("code", "clock"), [(_spins, "virtual"), (_never_rests, "virtual"), (_dawdles, "real")])
def test_real_time_that_we_use_up_is_not_the_adapters_fault(
    code: object, clock: ClockName, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("venueproof.runner.places._our_folders", lambda: (str(Path(__file__).parent),))
    _with_code(monkeypatch, code)
    result = run_clause("TIM-030", clock=clock, real_limit_s=0.3)
    assert (result.outcome, result.blame) == (Outcome.HARNESS_ERROR, Blame.HARNESS), result.message


def test_a_simulator_that_spins_under_a_call_is_not_the_adapters_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    venue = discovery.open_venue("binance", seed=1, profile=Profile.VENDOR, pace=Pace.STILL, start_ns=10**18)

    def spin(*_: object) -> None:
        while True:
            pass

    monkeypatch.setattr("venueproof.runner.places._our_folders", lambda: (str(Path(__file__).parent),))
    monkeypatch.setattr(type(venue), "handle", spin)
    result = run_clause("TIM-030", real_limit_s=0.3)
    assert (result.outcome, result.blame) == (Outcome.HARNESS_ERROR, Blame.HARNESS), result.message


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
    assert judgement == (Outcome.NOT_APPLICABLE, "the venue takes no credentials", None)
