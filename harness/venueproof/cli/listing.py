"""Lists: venues, quirks, clauses, adapters."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Sequence

import msgspec

from venueproof.cli.output import WIDTH, line, print_json, table
from venueproof.runner.adapters import named_adapters
from venueproof.runner.plan import require_venue
from venueproof.usage import UsageError, nearest
from venueproof_contracts.capabilities import CLAIMS, Conformance
from venueproof_contracts.clause import Clause, all_clauses
from venueproof_simulators.host import discovery
from venueproof_simulators.host.facts import QuirkRow, Status


def list_venues(as_json: bool) -> int:
    """Every product of every venue with the instrument that cases trade, and how much of the register is built."""
    found = [discovery.manifest(name) for name in discovery.venue_names()]
    if as_json:
        print_json(found)
        return 0
    rows = [(one.name, product.name, product.instrument, product.title) for one in found for product in one.products]
    table(("venue", "product", "traded in cases", "title"), rows)
    for one in found:
        line()
        line(f"{one.name}: {one.title}, facts of {one.facts_date}")
        line(f"  register: {_statuses(discovery.quirks(one.name))}")
    return 0


def _statuses(rows: Sequence[QuirkRow]) -> str:
    """How many rows of a register have each status."""
    counts = Counter(row.status for row in rows)
    return ", ".join(f"{counts[status]} {status.value}" for status in Status if counts[status]) or "empty"


def list_quirks(wanted: str, as_json: bool) -> int:
    """The rows of one venue's register, or of all, or the page of one row."""
    name, dot, _ = wanted.partition(".")
    if name:
        require_venue(name)
    names = [name] if name else list(discovery.venue_names())
    rows = [(name, row) for name in names for row in discovery.quirks(name) if not dot or row.id == wanted]
    if dot and not rows:
        hint = nearest(wanted, [row.id for row in discovery.quirks(name)])
        raise UsageError(f"{wanted}: {name} has no row of that name{hint}; `venueproof quirks {name}` lists them")
    if as_json:
        print_json([{"venue": name, **msgspec.to_builtins(row)} for name, row in rows])
        return 0
    if dot:
        _print_quirk(rows[0][1])
        return 0
    for _, row in rows:
        line(row.id)
        line(f"  {row.status.value}, {row.verdict.value}, {f'clause {row.clause}' if row.clause else 'no clause'}")
        line(textwrap.fill(row.title, WIDTH, initial_indent="  ", subsequent_indent="  "))
    for name in names:
        line(f"{name}: {_statuses(discovery.quirks(name))}")
    return 0


def _print_quirk(row: QuirkRow) -> None:
    """Everything that the register says of one row."""
    line(row.id)
    told = {
        "title": row.title,
        "status": f"{row.status.value}{_profiles(row)}",
        "verdict": f"{row.verdict.value} ({row.provenance.value})",
        "venue": row.does,
        "duty": row.duty,
        "why": row.why,
        "clause": f"{row.clause}, shown by {row.provocation}" if row.clause and row.provocation else row.clause,
        "note": row.note,
        "source": row.source,
    }
    for name, text in told.items():
        if text:
            line(textwrap.fill(text, WIDTH, initial_indent=f"  {name:<9}", subsequent_indent=" " * 11))


def _profiles(row: QuirkRow) -> str:
    """The profiles in which a switch is on."""
    if row.status is not Status.SWITCH:
        return ""
    on = [name for name in ("vendor", "field") if getattr(row, name)]
    return f", on in {' and '.join(on) or 'no profile'}"


def list_clauses(as_json: bool) -> int:
    """Every promise in the suite."""
    if as_json:
        print_json([_clause_document(clause) for clause in all_clauses()])
        return 0
    rows = [(one.id, one.strength.value, _claimed_at(one), one.title) for one in all_clauses()]
    table(("clause", "binds", "claim", "title"), rows)
    return 0


def _claimed_at(clause: Clause) -> str:
    """The least claim that a clause belongs to."""
    return next(claim.value for claim in Conformance if clause.capabilities <= CLAIMS[claim])


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
        "claim": _claimed_at(clause),
    }


def list_adapters(as_json: bool) -> int:
    """Name and target of every adapter that a package offers."""
    found = [(name, one.value) for name, one in named_adapters().items()]
    if as_json:
        print_json([{"name": name, "target": target} for name, target in found])
    else:
        table(("adapter", "target"), found)
    return 0
