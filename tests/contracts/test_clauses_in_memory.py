"""Clauses keep quiet about a good adapter and bite a broken one, before any socket is involved."""

from collections.abc import Callable

import pytest

from venueproof_adapters.mutants import Mutant, all_mutants
from venueproof_contracts.case import NothingToJudge
from venueproof_contracts.clause import Clause, all_clauses

Judge = Callable[[Clause, Mutant | None], str]

PROVOKED_HERE = {
    "",
    "amend.refused",
    "conditional.reject",
    "fill.duplicate",
    "list.order",
    "mode.refused",
    "order.reject",
    "protective.minimum",
    "setting.refused",
    "trigger.stuck",
}
NOT_HERE = {"TIM", "AUT", "REC", "UNK", "RAT", "SAF"}
"""Sections about sockets, clocks, keys and the wire: a venue in memory has none."""
NEEDS_WIRE = {"ERR-020", "ERR-040", "ERR-050", "FIL-010", "LIF-010", "MKT-020", "MKT-030", "WSS-030"}
NEEDS_LESS = {"MAR-030"}
"""About settings that are not there: the venue in memory has all."""


def _provable_here(clause: Clause) -> bool:
    """True for a clause that says something of an adapter without a wire."""
    elsewhere = NEEDS_WIRE | NEEDS_LESS
    return clause.kind in PROVOKED_HERE and clause.section not in NOT_HERE and clause.id not in elsewhere


CLAUSES = {clause.id: clause for clause in all_clauses() if _provable_here(clause)}
PART_MUTANTS = {"FIL-020", "LIF-020"}
"""Their mutants are native adapters with a part exchanged, which need a wire."""
UNSEEN = {
    "leaves-the-replaced-order-live",
    "does-not-link-a-replacement",
    "has-one-formula-for-profit",
}
"""A venue that amends in place has no replacement, and a linear one no other formula."""


SAME_HERE = {"AMD-020"}
"""Where every order is amended in place it asks for the same as AMD-010."""
MUTANTS = [mutant for mutant in all_mutants() if mutant.clause in CLAUSES.keys() - PART_MUTANTS and not mutant.venue]
"""Those that only a venue's own messages show need that venue."""


@pytest.mark.parametrize("clause", CLAUSES.values(), ids=CLAUSES)
def test_a_good_adapter_keeps_it(clause: Clause, breach: Judge) -> None:
    assert breach(clause, None) == ""


@pytest.mark.parametrize("clause_id", sorted(CLAUSES.keys() - PART_MUTANTS))
def test_its_mutant_breaks_it(clause_id: str, breach: Judge) -> None:
    mutants = [mutant for mutant in MUTANTS if mutant.clause == clause_id]
    assert mutants
    for mutant in mutants:
        assert mutant.name in UNSEEN or breach(CLAUSES[clause_id], mutant), mutant.name


def test_wrong_keys_are_not_judged_where_there_are_none(breach: Judge) -> None:
    wrong_key = next(clause for clause in all_clauses() if clause.id == "AUT-010")
    with pytest.raises(NothingToJudge, match="no credentials"):
        breach(wrong_key, None)


def test_every_clause_kills_what_no_other_kills(breach: Judge) -> None:
    kills = {
        clause_id: {mutant.name for mutant in MUTANTS if breach(clause, mutant)}
        for clause_id, clause in CLAUSES.items()
        if clause_id not in PART_MUTANTS | SAME_HERE
    }
    for clause_id, killed in kills.items():
        others = set[str]().union(*(names for other, names in kills.items() if other != clause_id))
        assert killed - others, clause_id
