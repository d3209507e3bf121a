"""Which clauses a user means: ids, prefixes, sections, globs, a comma between them."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from venueproof.usage import UsageError, nearest
from venueproof_contracts.clause import SECTIONS, Clause


def select(clauses: Sequence[Clause], expression: str) -> list[Clause]:
    """The clauses that any part of `expression` names, in the suite's order; all for an empty one.

    A part is an id (`ORD-030`), one of its cases (`ERR-010[venue.row]`), the beginning of ids (`ORD-0`), a section
    (`ORD`, `orders`) or a glob (`*-010`). Raises UsageError for a part that names no clause.
    """
    parts = _parts(expression)
    if not expression.strip():
        return list(clauses)
    if not parts:
        raise UsageError(f"--clause {expression}: names no clause; `venueproof clauses` lists them")
    for part in parts:
        if not any(_named(clause, part) for clause in clauses):
            hint = nearest(part.upper(), [clause.id for clause in clauses])
            raise UsageError(f"--clause {part}: no clause of that name{hint}; `venueproof clauses` lists them")
    return [clause for clause in clauses if any(_named(clause, part) for part in parts)]


def wanted_cases(clause: Clause, cases: Sequence[str], expression: str) -> list[str]:
    """Those of a chosen clause's cases that `expression` names; all unless each part that names it names one case."""
    named = [_case(clause, part) for part in _parts(expression) if _named(clause, part)]
    return [case for case in cases if not named or None in named or case in named]


def require_cases(clause: Clause, cases: Sequence[str], expression: str) -> None:
    """Raise UsageError when a part of `expression` names a case that the clause does not have."""
    for part in _parts(expression):
        case = _case(clause, part)
        if case is not None and case not in cases:
            known = [one for one in cases if one]
            hint = f"{nearest(case, known)}; it has {', '.join(known)}" if known else "; write the clause alone"
            raise UsageError(f"--clause {part}: no such case of {clause.id}{hint}")


def _parts(expression: str) -> list[str]:
    return [part.strip() for part in expression.split(",") if part.strip()]


def _case(clause: Clause, part: str) -> str | None:
    """The case that a part names, None when it does not name one of this clause."""
    name, bracket, case = part.partition("[")
    return case[:-1] if name.upper() == clause.id and bracket and case.endswith("]") else None


def _named(clause: Clause, part: str) -> bool:
    upper = part.upper()
    if _case(clause, part) is not None:
        return True
    if SECTIONS.get(clause.section, "") == part.lower():
        return True
    return clause.id.startswith(upper) or fnmatchcase(clause.id, upper)


def seeds_of(texts: Sequence[str]) -> list[int]:
    """Seeds as numbers and ranges: `7`, `1-20`. Raises UsageError for anything else."""
    seeds: dict[int, None] = {}
    for text in texts:
        first, dash, last = text.partition("-")
        if not first and last.isdigit():
            raise UsageError(f"--seed {text}: a seed is 0 or more; write --seed 7 or --seed 1-20")
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
