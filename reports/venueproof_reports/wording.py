"""How values are put into words, the same in every report: times, durations, seeds, outcomes, anchors."""

import re
from collections.abc import Iterable, Sequence

from venueproof_contracts.outcomes import Blame, Outcome
from venueproof_reports.certificate import Header, Result
from venueproof_reports.verdict import RunVerdict, Verdict

MEANING: dict[Outcome, str] = {
    Outcome.PASS: "kept its promise",
    Outcome.FAIL: "broke its promise",
    Outcome.TOLERATED: "a SHOULD not kept, or a failure only under a claim about the venue that is refuted",
    Outcome.NOT_APPLICABLE: "the venue or this kind of adapter has no such duty",
    Outcome.NOT_SUPPORTED: "the venue can, the adapter says it does not; within the claim it counts like a failure",
    Outcome.NOT_PROVABLE: "the bench lacks what it takes to judge it; never a pass",
    Outcome.WAIVED: "fails, and was declared so with a reason and a date",
    Outcome.HARNESS_ERROR: "the harness broke, not the adapter",
}

WORST_FIRST = (
    Outcome.HARNESS_ERROR,
    Outcome.FAIL,
    Outcome.NOT_SUPPORTED,
    Outcome.TOLERATED,
    Outcome.WAIVED,
    Outcome.NOT_PROVABLE,
    Outcome.PASS,
    Outcome.NOT_APPLICABLE,
)

_INVISIBLE = re.compile("[^\t\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BIDIRECTIONAL = re.compile("[\u202a-\u202e\u2066-\u2069]")
_NOT_IN_ANCHORS = re.compile(r"[^A-Za-z0-9]+")

_NS_PER_S = 10**9


def visible(text: str) -> str:
    """The text with what a reader could not see (controls, direction overrides, surrogates) as U+FFFD."""
    return _BIDIRECTIONAL.sub("\ufffd", _INVISIBLE.sub("\ufffd", text))


def one_line(text: str) -> str:
    """The visible text on one line."""
    return " ".join(visible(text).split())


def clock_time(t_ns: int) -> str:
    """Time of day in UTC with milliseconds, as ``12:05:00.004``."""
    seconds, rest_ns = divmod(t_ns, _NS_PER_S)
    minutes, second = divmod(seconds % 86_400, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02}:{minute:02}:{second:02}.{rest_ns // 10**6:03}"


def span(ns: int) -> str:
    """A span of time in the unit that suits it: ``2.4 ms``, ``10.0 s``, ``5 min 2 s``, ``3 h 4 min``."""
    seconds = abs(ns) / _NS_PER_S
    if seconds < 1:
        return f"{seconds * 1000:.1f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, second = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {second} s"
    return f"{minutes // 60} h {minutes % 60} min"


def offset(ns: int) -> str:
    """How long after the start, finely enough to tell neighbours apart: ``+2.4 ms``, ``+10.004 s``."""
    seconds = ns / _NS_PER_S
    return f"{seconds:+,.3f} s" if abs(seconds) >= 1 else f"{seconds * 1000:+.1f} ms"


def seconds_span(seconds: float) -> str:
    """A duration in seconds, in the unit that suits it."""
    return span(int(seconds * _NS_PER_S))


def seed_list(seeds: Iterable[int]) -> str:
    """Seeds as ranges: ``1–20``, ``3, 5, 8–9``."""
    parts: list[list[int]] = []
    for seed in sorted(set(seeds)):
        if parts and parts[-1][1] + 1 == seed:
            parts[-1][1] = seed
        else:
            parts.append([seed, seed])
    return ", ".join(str(low) if low == high else f"{low}–{high}" for low, high in parts)


def plural(count: int, word: str) -> str:
    """``1 clause``, ``2 clauses``."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def outcome_words(outcome: Outcome) -> str:
    """The outcome as people read it: ``not supported``."""
    return outcome.value.replace("-", " ")


_BLAME_WORDS: dict[Blame, str] = {
    Blame.PROMISE: "the promise was looked at, and is broken",
    Blame.FAULT: "the adapter did what no adapter may do",
    Blame.EGRESS: "the adapter reached for what is outside the run",
    Blame.STOPPED: "the adapter used up its real time",
    Blame.LOST: "the process of the adapter ended",
    Blame.HARNESS: "the harness broke, not the adapter",
}


def blame_words(blame: Blame) -> str:
    """What stands behind a failure, as people read it."""
    return _BLAME_WORDS[blame]


def verdict_words(header: Header, *, certified: bool, waived: int = 0) -> str:
    """What may be said of a run: a part of the suite, or a selection from it, certifies nobody; waivers are told."""
    if not certified:
        return "not certified"
    words = "certified"
    if header.shard:
        words = f"nothing against it in part {header.shard.replace('/', ' of ')}"
    elif header.selection:
        words = "nothing against it in the selected clauses"
    return f"{words}, with {waived} waived" if waived else words


def run_words(header: Header, item: RunVerdict) -> str:
    """What may be said of one run."""
    return verdict_words(header, certified=item.certified, waived=item.run.counts.get(Outcome.WAIVED, 0))


def whole_words(header: Header, verdict: Verdict) -> str:
    """What may be said of all runs that decide."""
    waived = sum(item.run.counts.get(Outcome.WAIVED, 0) for item in verdict.runs if not item.run.observed)
    return verdict_words(header, certified=verdict.certified, waived=waived)


def worst(rows: Sequence[Result]) -> Outcome:
    """The outcome that must not be hidden when several rows share one cell."""
    return min((row.outcome for row in rows), key=WORST_FIRST.index)


class Anchors:
    """Names for link targets: readable, safe in an attribute, never given twice."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def give(self, *words: str) -> str:
        """A new anchor made of the words."""
        base = _NOT_IN_ANCHORS.sub("-", "-".join(("at", *words))).strip("-")[:80]
        name, number = base, 1
        while name in self._given:
            number += 1
            name = f"{base}-{number}"
        self._given.add(name)
        return name
