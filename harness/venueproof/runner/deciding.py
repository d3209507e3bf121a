"""Whether a case can be run at all: what the clause asks for against what adapter, venue and bench have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from venueproof_contracts.capabilities import Capability, Support
from venueproof_contracts.clause import Clause
from venueproof_contracts.model import AdapterKind, Declaration
from venueproof_contracts.outcomes import Outcome
from venueproof_simulators.host.venue import Manifest

_SUPPORTED = frozenset({Support.FULL, Support.VERSIONED})


class Decision(NamedTuple):
    """An outcome without a run, and why."""

    outcome: Outcome
    message: str


def decide(
    clause: Clause, declaration: Declaration, impossible: frozenset[str], powers: frozenset[str], *, has_case: bool
) -> Decision | None:
    """The outcome that needs no run, None when the case must be run. What the venue cannot comes first."""
    if cannot := clause.capabilities & impossible:
        return Decision(Outcome.NOT_APPLICABLE, f"the venue cannot do {_listed(cannot)}")
    if clause.kind and not has_case:
        return Decision(Outcome.NOT_APPLICABLE, f"the venue shows no trouble of the kind {clause.kind} in this profile")
    if clause.managed_only and declaration.kind is not AdapterKind.MANAGED:
        return Decision(Outcome.NOT_APPLICABLE, "a library keeps no account state and makes no such promise")
    if lacking := unsupported(clause.capabilities, declaration):
        return Decision(Outcome.NOT_SUPPORTED, f"the adapter does not declare {_listed(lacking)}")
    if missing := clause.powers - powers:
        return Decision(Outcome.NOT_PROVABLE, f"this bench cannot {_listed(missing)}")
    return None


def unsupported(wanted: Iterable[Capability], declaration: Declaration) -> list[str]:
    """Capabilities that an adapter does not declare, sorted."""
    declared = declaration.capabilities
    return sorted(one.value for one in wanted if declared.get(one, Support.MISSING) not in _SUPPORTED)


def undeclared(claimed: frozenset[Capability], manifest: Manifest, told: Mapping[str, Declaration]) -> list[str]:
    """What is claimed and not declared for some product, though the venue has it there."""
    impossible = {one.name: manifest.impossible | one.impossible for one in manifest.products}
    return sorted({lack for name, one in told.items() for lack in unsupported(claimed - impossible[name], one)})


def unjudged(declaration: Declaration, clauses: Iterable[Clause]) -> list[str]:
    """Capabilities that an adapter declares and none of these clauses asks for, sorted."""
    judged = frozenset[Capability]().union(*(clause.capabilities for clause in clauses))
    declared = (one for one, support in declaration.capabilities.items() if support in _SUPPORTED)
    return sorted(one.value for one in declared if one not in judged)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
