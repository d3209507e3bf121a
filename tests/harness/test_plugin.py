"""The pytest plugin: three lines certify an adapter, and nobody else's tests notice that it is installed."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

pytest_plugins = ["pytester"]

MINE = """
import venueproof
from venueproof_adapters.native import make_adapter

class TestMine(venueproof.Contract):
    venue = "binance"
    clauses = "TIM-030,SYM-010"
    def make_adapter(self, endpoint, credentials):
        return make_adapter(endpoint, credentials)
"""
OPTIONS = ("-p", "no:cacheprovider", "-W", "error")


def test_three_lines_are_enough(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_mine=MINE)
    result = pytester.runpytest_subprocess(*OPTIONS, "-v")
    result.assert_outcomes(passed=8)
    result.stdout.fnmatch_lines_random(
        ["*::TestMine::TIM-030[[]linear-vendor[]] PASSED*", "*::TestMine::SYM-010[[]inverse-field[]] PASSED*"]
    )


def test_the_whole_suite_is_collected_and_cannot_be_thinned_out(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_mine=MINE.replace('clauses = "TIM-030,SYM-010"', "def FIL_010(self): pass\n    FIL010 = None")
    )
    result = pytester.runpytest_subprocess(*OPTIONS, "--collect-only", "-q")
    collected = {
        line.partition("::TestMine::")[2].partition("[")[0] for line in result.outlines if "::TestMine::" in line
    }
    from venueproof_contracts.clause import all_clauses

    assert collected == {clause.id for clause in all_clauses()}


def test_failures_are_told_with_promise_wire_and_command(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_mine=MINE.replace("return make_adapter(endpoint, credentials)", "return Broken(endpoint, credentials)")
        + """
class Broken:
    def __init__(self, endpoint, credentials):
        self.inner = make_adapter(endpoint, credentials)
    def __getattr__(self, name):
        return getattr(self.inner, name)
    async def server_time(self):
        raise KeyError("serverTime")
"""
    )
    result = pytester.runpytest_subprocess(*OPTIONS, "-k", "vendor")
    result.assert_outcomes(passed=2, failed=2, deselected=4)
    result.stdout.fnmatch_lines(
        [
            "TIM-030 *(MUST): fail",
            "  blame:   protocol-fault",
            "  promise: *",
            "  seen:    server_time() raised KeyError: 'serverTime' at test_mine.py:16",
            "  where:   binance linear, profile vendor, seed 1, at 12:*",
            "*adapter -> venue*",
            "  again:   pytest 'test_mine.py::TestMine::TIM-030[[]linear-vendor[]]'",
        ]
    )


WAIVER = """
[[waiver]]
adapter = "TestMine"
venue = "binance"
clause = "TIM-030"
reason = "ticket 42"
expires = 2999-01-31
"""


def test_waived_failures_are_expected_and_strict_as_for_certify(pytester: pytest.Pytester) -> None:
    """A waiver is for all rows of its clause: it is needed while any of them fails, and not needed when none does."""
    waived = MINE.replace("    def make", '    waivers = "waivers.toml"\n    def make')
    (pytester.path / "waivers.toml").write_text(WAIVER)
    pytester.makepyfile(test_mine=waived.replace("return make_adapter(endpoint, credentials)", "raise OSError('no')"))
    pytester.runpytest_subprocess(*OPTIONS, "-n", "2").assert_outcomes(xfailed=4, passed=1, failed=4)
    pytester.makepyfile(test_mine=waived)
    result = pytester.runpytest_subprocess(*OPTIONS)
    result.assert_outcomes(passed=8, failed=1)
    result.stdout.fnmatch_lines(["*passed although a waiver expects a failure; * (ticket 42)*"])
    (pytester.path / "waivers.toml").write_text(WAIVER.replace("2999", "2020"))
    pytester.makepyfile(test_mine=waived.replace("return make_adapter(endpoint, credentials)", "raise OSError('no')"))
    result = pytester.runpytest_subprocess(*OPTIONS)
    result.assert_outcomes(failed=8)
    result.stdout.fnmatch_lines(["  note:    its waiver expired on 2020-01-31: ticket 42"])


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (('venue = "binance"', 'venue = "binanse"'), "*did you mean 'binance'*"),
        (('clauses = "TIM-030,SYM-010"', 'waivers = "none.toml"'), "*none.toml: No such file*"),
        (('clauses = "TIM-030,SYM-010"', 'claim = "ful"'), "TestMine: claim = 'ful': write one of core, trading, full"),
        (('clauses = "TIM-030,SYM-010"', 'profiles = "field"'), "TestMine: profiles = 'field': Expected `array`*"),
        (('clauses = "TIM-030,SYM-010"', "clauses = 3"), "TestMine: clauses = 3: Expected `str`, got `int`"),
    ],
)
def test_a_class_that_says_nonsense_is_an_error(
    change: tuple[str, str], complaint: str, pytester: pytest.Pytester
) -> None:
    pytester.makepyfile(test_mine=MINE.replace(*change))
    result = pytester.runpytest_subprocess(*OPTIONS)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([complaint])


def test_a_base_that_names_no_venue_is_not_collected(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_mine=MINE.replace("TestMine", "TestBase").replace('venue = "binance"', "pass")
        + '\nclass TestMine(TestBase):\n    venue = "binance"\n'
    )
    pytester.runpytest_subprocess(*OPTIONS).assert_outcomes(passed=8)


def test_a_broken_promise_is_failed_and_told_without_noise(pytester: pytest.Pytester, tmp_path: Path) -> None:
    pytester.makepyfile(
        test_mine="import logging, sys\n"
        + MINE.replace("return make_adapter(endpoint, credentials)", "return Broken(endpoint, credentials)")
        + """
class Broken:
    def __init__(self, endpoint, credentials):
        self.inner = make_adapter(endpoint, credentials)
    def __getattr__(self, name):
        return getattr(self.inner, name)
    async def server_time(self):
        logging.getLogger("theirs").debug("chatter")
        logging.getLogger("theirs").warning("worth a look")
        sys.exit("I give up")
"""
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-k", "TIM", "--alluredir", str(tmp_path))
    result.assert_outcomes(failed=4, deselected=4)
    text = result.stdout.str()
    assert "seen:    server_time() raised SystemExit: I give up at test_mine.py:" in text
    assert ("worth a look" in text, "chatter" in text, "DEBUG" in text) == (True, False, False)
    statuses = [json.loads(path.read_text())["status"] for path in tmp_path.glob("*-result.json")]
    assert statuses == ["failed"] * 4


ALL_KINDS = (
    MINE.replace('"TIM-030,SYM-010"', '"TIM-030,SYM-010,CAN-010,REC-010"').replace(
        "return make_adapter(endpoint, credentials)", "return Mixed(endpoint, credentials)"
    )
    + """
    products = ("linear",)

from msgspec.structs import replace
from venueproof_contracts.model import AdapterKind
from venueproof_simulators.venues.binance.venue import BinanceVenue

class Mixed:
    def __init__(self, endpoint, credentials):
        self.inner = make_adapter(endpoint, credentials)
    def __getattr__(self, name):
        return getattr(self.inner, name)
    async def declare(self):
        return replace(await self.inner.declare(), kind=AdapterKind.LIBRARY)
    async def server_time(self):
        raise KeyError("serverTime")

sound = BinanceVenue.handle
def handle(self, request, time):
    return 1 // 0 if "klines" in request.path else sound(self, request, time)
BinanceVenue.handle = handle
"""
)
STATUSES = {"TIM-030": "failed", "SYM-010": "passed", "CAN-010": "broken", "REC-010": "skipped"}
TAGS = {"failed": "failure", "broken": "error", "skipped": "skipped", "passed": "passed"}


def _told(pytester: pytest.Pytester, folder: Path, *options: str) -> tuple[dict[str, str], dict[str, tuple[str, str]]]:
    """What a run left in its JUnit file (test → tag), and for Allure (history → name and status)."""
    files = (f"--junitxml={folder}.xml", f"--alluredir={folder}")
    pytester.runpytest_subprocess("-p", "no:cacheprovider", f"--rootdir={pytester.path}", *files, *options)
    cases = list(ElementTree.parse(f"{folder}.xml").iter("testcase"))
    names = [f"{case.get('classname')}.{case.get('name')}" for case in cases]
    tags = {name: next((child.tag for child in case), "passed") for name, case in zip(names, cases, strict=True)}
    assert len(tags) == len(cases)
    results = [json.loads(path.read_text()) for path in folder.glob("*-result.json")]
    histories = {result["historyId"]: (result["name"], result["status"]) for result in results}
    assert len(histories) == len(results)
    return tags, histories


def test_reports_are_the_same_in_parallel_and_tell_every_row_apart(pytester: pytest.Pytester, tmp_path: Path) -> None:
    pytester.makepyfile(test_mine=ALL_KINDS)
    tags, histories = _told(pytester, tmp_path / "serial")
    assert _told(pytester, tmp_path / "parallel", "-n", "2") == (tags, histories)
    assert len(tags) == len(histories)
    assert {name.partition("[")[0]: status for name, status in histories.values()} == STATUSES
    by_clause = {name.partition("[")[0].rpartition(".")[2]: tag for name, tag in tags.items()}
    assert by_clause == {clause: TAGS[status] for clause, status in STATUSES.items()}


def test_other_tests_are_left_alone(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_theirs="""
import sys, time

class TestTheirs:
    venue = "binance"
    def test_nothing_of_venueproof_is_loaded(self):
        assert [name for name in sys.modules if name.startswith("venueproof")] == ["venueproof", "venueproof.plugin"]
        assert time.monotonic is __import__("time").monotonic
"""
    )
    pytester.runpytest_subprocess(*OPTIONS).assert_outcomes(passed=1)


def test_a_marked_coroutine_runs_in_virtual_time(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_bot="""
import asyncio, time
import pytest, venueproof

@pytest.fixture
def days():
    return 2

@pytest.mark.venueproof
async def test_two_days(days):
    async with venueproof.simulate("binance", seed=7) as venue:
        before = time.time()
        await asyncio.sleep(days * 86_400)
        assert time.time() - before == days * 86_400
        assert (await venue.bench.truth()).orders == ()
"""
    )
    pytester.runpytest_subprocess(*OPTIONS, "--strict-markers").assert_outcomes(passed=1)
