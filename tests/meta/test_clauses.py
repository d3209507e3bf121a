"""The suite is whole: every clause says what it promises and why, and names an adapter that breaks it."""

import re
from itertools import pairwise

import pytest

from venueproof_adapters.mutants import all_mutants
from venueproof_contracts.clause import SECTIONS, Clause, all_clauses
from venueproof_contracts.provocations import KINDS


@pytest.mark.parametrize("clause", all_clauses(), ids=lambda clause: clause.id)
def test_a_clause_is_complete(clause: Clause) -> None:
    assert re.fullmatch(r"[A-Z]{3}-\d{2}0", clause.id)
    assert clause.section in SECTIONS
    assert clause.promise.endswith(".")
    assert len(clause.promise) > len(clause.title)
    assert clause.why.endswith(".")
    assert len(clause.title) <= 70
    assert not clause.kind or clause.kind in KINDS


def test_clause_ids_are_unique_and_ascend_in_their_file() -> None:
    by_module: dict[str, list[Clause]] = {}
    for clause in all_clauses():
        by_module.setdefault(clause.code.__module__, []).append(clause)
    for clauses in by_module.values():
        assert len({clause.section for clause in clauses}) == 1
        lines = [clause.code.__code__.co_firstlineno for clause in clauses]
        assert all(earlier < later for earlier, later in pairwise(lines))
    ids = [clause.id for clause in all_clauses()]
    assert len(set(ids)) == len(ids)


def test_every_kind_of_trouble_is_judged_by_a_clause() -> None:
    assert set(KINDS) == {clause.kind for clause in all_clauses()} - {""}


def test_every_clause_has_a_mutant_and_every_mutant_a_clause() -> None:
    assert {mutant.clause for mutant in all_mutants()} == {clause.id for clause in all_clauses()}


def test_mutant_names_are_unique() -> None:
    names = [mutant.name for mutant in all_mutants()]
    assert len(set(names)) == len(names)
