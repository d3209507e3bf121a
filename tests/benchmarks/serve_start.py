"""How fast `venueproof serve binance --json` is ready, beside a bare aiohttp server process.

Values are starts a second, from the start of the process to its ready line; so a floor of 1/3 is three times as long.
"""

from __future__ import annotations

import sysconfig
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from time import perf_counter

from figure import figure
from processes import script, serving

ROUNDS = 9
FLOOR = 1 / 3


def start_s(command: Sequence[str]) -> float:
    """Seconds from the start of a process to its ready line."""
    begin = perf_counter()
    with serving(command):
        return perf_counter() - begin


def row() -> dict[str, object]:
    """One line of the benchmark table; values are starts a second."""
    ours = [str(Path(sysconfig.get_path("scripts")) / "venueproof"), "serve", "binance", "--json"]
    bare = script("bare_aiohttp")
    measured = [(start_s(ours), start_s(bare)) for _ in range(ROUNDS + 1)][1:]
    value = 1 / median(one for one, _ in measured)
    reference = 1 / median(other for _, other in measured)
    return figure(value, reference, round(FLOOR, 3), digits=3)


if __name__ == "__main__":
    print(row())
