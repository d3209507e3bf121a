"""The sequence picture: a wire excerpt as lanes, arrows and notes, ready to be drawn.

Nothing here knows how it is drawn. At most ``LANES_MAX`` lanes are told apart (more share the last one) and at most
``STEPS_MAX`` steps are kept: the first few, which set the scene, and the last, which show what went wrong.
"""

from collections.abc import Sequence

from msgspec import Struct

from venueproof_reports.certificate import WireRow
from venueproof_reports.wording import clock_time, offset, span

LANES_MAX = 4
STEPS_MAX = 60
_STEPS_AT_THE_START = 12
_TEXT_MAX_CHARS = 4000
_PAUSE_NS = 10**9
_NOTES = frozenset({"fault", "action"})
_KINDS = frozenset({"request", "reply", "frame", "close"}) | _NOTES


class Step(Struct, frozen=True, kw_only=True):
    """One arrow (``first`` < ``last`` are lane numbers, ``rightwards`` its direction) or a note across the picture.

    ``pause`` is the time that passed before it, where that is worth saying; ``offset`` is counted from the first step.
    """

    time: str
    offset: str
    pause: str
    kind: str
    sender: str
    receiver: str
    first: int
    last: int
    rightwards: bool
    label: str
    text: str

    @property
    def note(self) -> bool:
        """True when the step does not go from one lane to another."""
        return self.first == self.last


class Picture(Struct, frozen=True, kw_only=True):
    """Lanes from left to right and the steps in order; ``left_out`` steps are missing before step ``cut``."""

    lanes: tuple[str, ...]
    steps: tuple[Step, ...]
    cut: int
    left_out: int


def draw(wire: Sequence[WireRow]) -> Picture | None:
    """The picture of an excerpt, None when there is nothing to draw."""
    if not wire:
        return None
    left_out = max(0, len(wire) - STEPS_MAX)
    kept = list(wire) if not left_out else [*wire[:_STEPS_AT_THE_START], *wire[_STEPS_AT_THE_START + left_out :]]
    lanes = _lanes(kept)
    before = [kept[0], *kept]
    steps = tuple(_step(row, kept[0], previous, lanes) for row, previous in zip(kept, before, strict=False))
    return Picture(lanes=_named(lanes), steps=steps, cut=_STEPS_AT_THE_START, left_out=left_out)


def _lanes(rows: Sequence[WireRow]) -> list[str]:
    """The adapter on the left, the venue next, then whoever else sends to somebody, by first appearance."""
    lanes = ["adapter", "venue"]
    for row in rows:
        if not _is_note(row):
            lanes.extend(name for name in dict.fromkeys((row.sender, row.receiver)) if name not in lanes)
    return lanes


def _named(lanes: list[str]) -> tuple[str, ...]:
    if len(lanes) <= LANES_MAX:
        return tuple(lanes)
    return (*lanes[: LANES_MAX - 1], "others")


def _step(row: WireRow, start: WireRow, previous: WireRow, lanes: list[str]) -> Step:
    sender, receiver = _ends(row, lanes)
    gap_ns = row.t_ns - previous.t_ns
    return Step(
        time=clock_time(row.t_ns),
        offset=offset(row.t_ns - start.t_ns),
        pause=span(gap_ns) if gap_ns >= _PAUSE_NS else "",
        kind=row.kind if row.kind in _KINDS else "other",
        sender=row.sender,
        receiver=row.receiver,
        first=min(sender, receiver),
        last=max(sender, receiver),
        rightwards=receiver >= sender,
        label=row.label,
        text=_shortened(row.text),
    )


def _is_note(row: WireRow) -> bool:
    return row.kind in _NOTES or row.receiver in ("", row.sender)


def _ends(row: WireRow, lanes: list[str]) -> tuple[int, int]:
    if _is_note(row):
        return 0, 0
    sender, receiver = (min(lanes.index(name), LANES_MAX - 1) for name in (row.sender, row.receiver))
    return sender, receiver


def _shortened(text: str) -> str:
    if len(text) <= _TEXT_MAX_CHARS:
        return text
    return f"{text[:_TEXT_MAX_CHARS]} … ({len(text) - _TEXT_MAX_CHARS} more characters in certificate.json)"
