"""Lists: venues, quirks, clauses, adapters."""

from __future__ import annotations

import textwrap

import msgspec

from venueproof.cli.output import WIDTH, line, print_json, table
from venueproof.runner.adapters import named_adapters
from venueproof.runner.plan import require_venue
from venueproof_contracts.clause import Clause, all_clauses
from venueproof_simulators.host import discovery


def list_venues(as_json: bool) -> int:
    """Name, title, products and the date of the facts."""
    found = [discovery.manifest(name) for name in discovery.venue_names()]
    if as_json:
        print_json(found)
        return 0
    rows = [(one.name, ", ".join(product.name for product in one.products), one.facts_date, one.title) for one in found]
    table(("venue", "products", "facts of", "title"), rows)
    return 0


def list_quirks(venue: str, as_json: bool) -> int:
    """The rows of one venue's register, or of all."""
    if venue:
        require_venue(venue)
    names = [venue] if venue else list(discovery.venue_names())
    rows = [(name, row) for name in names for row in discovery.quirks(name)]
    if as_json:
        print_json([{"venue": name, **msgspec.to_builtins(row)} for name, row in rows])
        return 0
    for _, row in rows:
        line(row.id)
        line(f"  {row.status.value}, {row.verdict.value}, {f'clause {row.clause}' if row.clause else 'no clause'}")
        line(textwrap.fill(row.title, WIDTH, initial_indent="  ", subsequent_indent="  "))
    return 0


def list_clauses(as_json: bool) -> int:
    """Every promise in the suite."""
    if as_json:
        print_json([_clause_document(clause) for clause in all_clauses()])
        return 0
    table(("clause", "binds", "title"), [(one.id, one.strength.value, one.title) for one in all_clauses()])
    return 0


def _clause_document(clause: Clause) -> dict[str, object]:
    return {
        "id": clause.id,
        "section": clause.section,
        "title": clause.title,
        "promise": clause.promise,
        "why": clause.why,
        "strength": clause.strength.value,
        "capabilities": sorted(clause.capabilities),
        "powers": sorted(clause.powers),
        "kind": clause.kind,
        "managed_only": clause.managed_only,
    }


def list_adapters(as_json: bool) -> int:
    """Name and target of every adapter that a package offers."""
    found = [(name, one.value) for name, one in named_adapters().items()]
    if as_json:
        print_json([{"name": name, "target": target} for name, target in found])
    else:
        table(("adapter", "target"), found)
    return 0
