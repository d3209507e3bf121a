"""Which clauses a user means: ids, prefixes, sections, globs, a comma between them."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from venueproof.usage import UsageError, nearest
from venueproof_contracts.clause import SECTIONS, Clause


def select(clauses: Sequence[Clause], expression: str) -> list[Clause]:
    """The clauses that any part of `expression` names, in the suite's order; all for an empty one.

    A part is an id (`ORD-030`), the beginning of ids (`ORD-0`), a section (`ORD`, `orders`) or a glob (`*-010`).
    Raises UsageError for a part that names no clause.
    """
    parts = [part.strip() for part in expression.split(",") if part.strip()]
    if not parts:
        return list(clauses)
    for part in parts:
        if not any(_named(clause, part) for clause in clauses):
            hint = nearest(part.upper(), [clause.id for clause in clauses])
            raise UsageError(f"--clause {part}: no clause of that name{hint}; `venueproof clauses` lists them")
    return [clause for clause in clauses if any(_named(clause, part) for part in parts)]


def _named(clause: Clause, part: str) -> bool:
    upper = part.upper()
    if SECTIONS.get(clause.section, "") == part.lower():
        return True
    return clause.id.startswith(upper) or fnmatchcase(clause.id, upper)


def seeds_of(texts: Sequence[str]) -> list[int]:
    """Seeds as numbers and ranges: `7`, `1-20`. Raises UsageError for anything else."""
    seeds: dict[int, None] = {}
    for text in texts:
        first, dash, last = text.partition("-")
        if not first.isdigit() or (dash and not last.isdigit()):
            raise UsageError(f"--seed {text}: not a number; write --seed 7 or --seed 1-20")
        span = range(int(first), int(last if dash else first) + 1)
        if not span or len(span) > SEEDS_MAX:
            raise UsageError(f"--seed {text}: between 1 and {SEEDS_MAX} seeds, the smaller first")
        seeds.update(dict.fromkeys(span))
    return list(seeds)


SEEDS_MAX = 1000


def shard_of(text: str) -> tuple[int, int]:
    """`2/3` as (2, 3); (1, 1) for an empty text. Raises UsageError for anything else."""
    if not text:
        return 1, 1
    index, _, count = text.partition("/")
    if not (index.isdigit() and count.isdigit() and 1 <= int(index) <= int(count) <= 9999):
        raise UsageError(f"--shard {text}: write the part and the number of parts, like --shard 1/3")
    return int(index), int(count)
