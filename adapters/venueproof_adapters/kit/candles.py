"""Candles in one order, each once, honest about whether they are finished, and of intervals that a venue lacks."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Sequence

from msgspec import structs

from venueproof_adapters.kit.clock import SECOND_NS
from venueproof_contracts.errors import Reason, Rejected
from venueproof_contracts.model import ZERO, Candle

_INTERVAL = re.compile(r"^([1-9][0-9]{0,3})([mhd])$")
_UNIT_NS = {"m": 60 * SECOND_NS, "h": 3600 * SECOND_NS, "d": 86_400 * SECOND_NS}


def orderly_candles(rows: Iterable[tuple[Candle, int]], now_ns: int) -> list[Candle]:
    """Sort (candle, end in ns) by open time whatever the venue's order, the last of two with one open time winning.

    `closed` is told by the clock: a candle is closed when its end has passed.
    """
    by_open = {candle.open_ns: structs.replace(candle, closed=end_ns <= now_ns) for candle, end_ns in rows}
    return [by_open[open_ns] for open_ns in sorted(by_open)]


def length_ns(interval: str) -> int | None:
    """How long an interval of minutes, hours or days is; None for any other, which have no fixed length."""
    found = _INTERVAL.match(interval)
    return int(found[1]) * _UNIT_NS[found[2]] if found else None


def made_of(interval: str, native: Sequence[str]) -> str | None:
    """The longest of the venue's intervals that `interval` can be made of; only what divides a day is made at all."""
    whole_ns = length_ns(interval)
    if whole_ns is None or _UNIT_NS["d"] % whole_ns:
        return None
    lengths = {one: length_ns(one) or 0 for one in native}
    fitting = [one for one, part_ns in lengths.items() if part_ns and whole_ns % part_ns == 0]
    return max(fitting, key=lambda one: lengths[one], default=None)


def whole_groups(candles: Sequence[Candle], part_ns: int, whole_ns: int) -> list[Candle]:
    """Candles of `whole_ns` out of ordered ones of `part_ns`; a group that lacks one of its parts is left out."""
    groups: dict[int, list[Candle]] = {}
    for candle in candles:
        groups.setdefault(candle.open_ns - candle.open_ns % whole_ns, []).append(candle)
    return [_joined(open_ns, parts) for open_ns, parts in groups.items() if len(parts) == whole_ns // part_ns]


Native = Callable[[str, int | None, int], Awaitable[list[Candle]]]
"""Asks for candles of an interval that the venue has: from a time in ns on or the latest, and how many."""


async def gathered(
    interval: str, since_ns: int | None, count: int, natives: Sequence[str], native: Native, now_ns: int
) -> list[Candle]:
    """Candles from `since_ns` on, or the latest ones; of intervals that the venue lacks, made of shorter ones.

    Raises `Rejected(bad-parameter)` for an interval that cannot be made.
    """
    part = interval if interval in natives else made_of(interval, natives)
    if part is None:
        raise Rejected(Reason.BAD_PARAMETER, f"no candles of {interval!r} can be made of {', '.join(natives)}")
    if part == interval:
        return await native(interval, since_ns, count)
    whole_ns, part_ns = length_ns(interval) or 0, length_ns(part) or 1
    first_ns = now_ns - count * whole_ns if since_ns is None else since_ns
    first_ns = -(-first_ns // whole_ns) * whole_ns
    made = whole_groups(await native(part, first_ns, count * whole_ns // part_ns), part_ns, whole_ns)
    return made[-count:] if since_ns is None else made[:count]


def _joined(open_ns: int, parts: Sequence[Candle]) -> Candle:
    return Candle(
        open_ns=open_ns,
        open=parts[0].open,
        high=max(part.high for part in parts),
        low=min(part.low for part in parts),
        close=parts[-1].close,
        volume=sum((part.volume for part in parts), ZERO),
        closed=parts[-1].closed,
    )
