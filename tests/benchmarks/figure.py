"""What a figure looks like: ours, the reference that was measured in the same run, their ratio, and its floor."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median


def figure(
    value: float, reference: float, floor: float | None = None, *, digits: int | None = None
) -> dict[str, object]:
    """One line of the benchmark table; without a floor nothing has to hold. `digits`: decimals of ours and theirs."""
    ratio = value / reference
    return {
        "value": round(value, digits),
        "reference": round(reference, digits),
        "ratio": round(ratio, 3),
        "floor": floor,
        "holds": None if floor is None else ratio >= floor,
    }


def of_rounds(
    rounds: Iterable[tuple[float, float]], floor: float | None = None, *, digits: int | None = None
) -> dict[str, object]:
    """The same of the medians of ours and of the reference, which were measured in turn."""
    ours, theirs = zip(*rounds, strict=True)
    return figure(median(ours), median(theirs), floor, digits=digits)
