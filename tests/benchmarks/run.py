"""The figures of venueproof, each as a ratio against a reference measured in the same run.

Usage: python tests/benchmarks/run.py [--json] [NAME …]

Every other module of this folder that has a function `row` is one figure: it measures ours and its reference in turn
and returns a `Row`. Nothing here is asserted by a test; machines are noisy, ratios less so.
"""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import sys
from pathlib import Path

HERE = Path(__file__).parent


def figures() -> list[str]:
    """Names of the figures, found by walking this folder."""
    sys.path.insert(0, str(HERE))
    names = sorted(module.name for module in pkgutil.iter_modules([str(HERE)]))
    return [name for name in names if hasattr(importlib.import_module(name), "row")]


def measure(name: str) -> dict[str, object]:
    """One row: its name, ours, the reference, ratio, floor, and whether the floor holds."""
    row: dict[str, object] = importlib.import_module(name).row()
    return {"name": name, **row}


def main() -> None:
    """Measure the figures asked for and print them."""
    parser = argparse.ArgumentParser(description="measure venueproof against references in the same run")
    parser.add_argument("names", nargs="*", help="figures to measure; all when none is named")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    rows = [measure(name) for name in figures() if not options.names or name in options.names]
    if options.json:
        print(json.dumps({"rows": rows}))
        return
    print(f"{'figure':24} {'ours':>12} {'reference':>12} {'ratio':>8} {'floor':>8}  holds")
    for row in rows:
        cells = [_cell(row[key]) for key in ("value", "reference", "ratio", "floor")]
        print(f"{row['name']:24} {cells[0]:>12} {cells[1]:>12} {cells[2]:>8} {cells[3]:>8}  {_cell(row['holds'])}")


def _cell(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
