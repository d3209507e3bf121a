"""What one clause case takes: the native adapter through all smoke cases, one after another in this process.

The value is the mean in real milliseconds. The first case, which loads what all others share, is run twice and counted
once.
"""

from __future__ import annotations

from time import perf_counter

from venueproof.runner.jobs import run_spec
from venueproof.runner.plan import Wish, make_plan

REAL_LIMIT_S = 20.0


def row() -> dict[str, object]:
    """One line of the benchmark table; there is nothing to compare with, and no floor."""
    specs = make_plan(Wish(adapters=("native",), level="smoke", prove=False, real_limit_s=REAL_LIMIT_S)).rows()
    run_spec(specs[0])
    begin = perf_counter()
    for spec in specs:
        run_spec(spec)
    mean_ms = (perf_counter() - begin) * 1000 / len(specs)
    return {"value": round(mean_ms, 2), "reference": None, "ratio": None, "floor": None, "holds": None}


if __name__ == "__main__":
    print(row())
