"""The house rules that a machine can hold: small functions, small modules, no venue named in shared code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ("simulators", "contracts", "adapters", "scenarios", "reports", "harness")
VENUES = re.compile(
    r"\b(binance|bybit|okx|kraken|kucoin|deribit|gemini|phemex|woox|bitmex|bitget|dydx)\b", re.IGNORECASE
)
FUNCTION_LINES_MAX = 70
MODULE_LINES_MAX = 500
FUNCTION_LINES_MEDIAN_MAX = 10

pytestmark = pytest.mark.skipif(not (ROOT / "pyproject.toml").exists(), reason="needs the checkout, not only the wheel")


def _modules(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def _functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", (node.end_lineno or 0) - node.lineno + 1


def test_no_function_is_too_long() -> None:
    found = [row for path in _modules(*SOURCES, "tests") for row in _functions(path) if row[1] > FUNCTION_LINES_MAX]
    assert found == []


def test_functions_are_short_as_a_rule() -> None:
    assert median(lines for path in _modules(*SOURCES) for _, lines in _functions(path)) < FUNCTION_LINES_MEDIAN_MAX


def test_no_module_is_too_long() -> None:
    sizes = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in _modules(*SOURCES, "tests")}
    assert {name: lines for name, lines in sizes.items() if lines > MODULE_LINES_MAX} == {}


def test_shared_code_names_no_venue() -> None:
    shared = _modules(
        "contracts",
        "simulators/venueproof_simulators/engine",
        "simulators/venueproof_simulators/host",
        "simulators/venueproof_simulators/kit",
        "adapters/venueproof_adapters/kit",
        "adapters/venueproof_adapters/mutants",
        "reports/venueproof_reports",
        "harness/venueproof/runner",
        "harness/venueproof/translation",
        "harness/venueproof/virtual",
    )
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in shared
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if VENUES.search(line)
    ]
    assert found == []
