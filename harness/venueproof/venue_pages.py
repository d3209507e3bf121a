"""The page of a venue, put together from what the venue says of itself, its register and the suite."""

from __future__ import annotations

from venueproof_contracts.clause import all_clauses
from venueproof_reports.venue_page import VenuePage, VenueProduct, VenueRow
from venueproof_simulators.host import discovery
from venueproof_simulators.host.facts import QuirkRow, Status


def venue_page(name: str) -> VenuePage:
    """Everything that is known of a venue. Raises `UnknownVenue`."""
    manifest, titles = discovery.manifest(name), {clause.id: clause.title for clause in all_clauses()}
    return VenuePage(
        name=name,
        title=manifest.title,
        facts_date=manifest.facts_date,
        products=tuple(
            VenueProduct(name=one.name, title=one.title, instrument=one.instrument) for one in manifest.products
        ),
        rows=tuple(_row(row, titles.get(row.clause, "")) for row in discovery.quirks(name)),
    )


def _row(row: QuirkRow, clause_title: str) -> VenueRow:
    on = [name for name in ("vendor", "field") if row.status is Status.SWITCH and getattr(row, name)]
    return VenueRow(
        id=row.id,
        title=row.title,
        status=row.status.value,
        profiles=tuple(on),
        does=row.does,
        duty=row.duty,
        clause=row.clause,
        clause_title=clause_title,
        provocation=row.provocation,
        source=row.source,
        provenance=row.provenance.value,
        verdict=row.verdict.value,
        note=row.note,
        why=row.why,
    )
