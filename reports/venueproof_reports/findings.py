"""What an adapter did not pass, and what nobody judged, gathered so that one cause is told once."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from venueproof_contracts.outcomes import Outcome
from venueproof_reports.certificate import Certificate, Result
from venueproof_reports.sequence import Picture, draw
from venueproof_reports.verdict import severity
from venueproof_reports.wording import Anchors, one_line, worst

_EXPLAINED = frozenset({Outcome.TOLERATED, Outcome.WAIVED})
_QUIET = frozenset({Outcome.NOT_APPLICABLE, Outcome.NOT_SUPPORTED, Outcome.NOT_PROVABLE})


class Sighting(Struct, frozen=True, kw_only=True):
    """What was observed in one or more columns: rows that differ in nothing but product and profile."""

    row: Result
    where: tuple[str, ...]
    picture: Picture | None


class Finding(Struct, frozen=True, kw_only=True):
    """One clause that one adapter did not pass on one venue, with everything that was seen."""

    anchor: str
    adapter: str
    venue: str
    clause: str
    outcome: Outcome
    observed: bool
    against: bool
    first: Result
    sightings: tuple[Sighting, ...]


class Quiet(Struct, frozen=True, kw_only=True):
    """Rows that were not judged, put together by adapter, clause, outcome and reason."""

    anchor: str
    adapter: str
    venue: str
    clause: str
    title: str
    outcome: Outcome
    reason: str
    where: tuple[str, ...]


def findings_of(certificate: Certificate, anchors: Anchors) -> list[Finding]:
    """What counts against an adapter, tolerated and waived apart from it; worst first."""
    observed = {(run.adapter, run.venue) for run in certificate.runs if run.observed}
    groups: dict[tuple[str, str, str, bool], list[Result]] = {}
    for row in certificate.results:
        if severity(row) or row.outcome in _EXPLAINED:
            groups.setdefault((row.adapter, row.venue, row.clause, bool(severity(row))), []).append(row)
    findings = [
        Finding(
            anchor=anchors.give(adapter, venue, clause),
            adapter=adapter,
            venue=venue,
            clause=clause,
            outcome=worst(rows),
            observed=(adapter, venue) in observed,
            against=against,
            first=rows[0],
            sightings=_sightings(rows),
        )
        for (adapter, venue, clause, against), rows in groups.items()
    ]
    return sorted(findings, key=lambda item: -max(severity(sighting.row) for sighting in item.sightings))


def _sightings(rows: Sequence[Result]) -> tuple[Sighting, ...]:
    """Rows of one case with the same outcome and the same message are one sighting in several places."""
    alike: dict[tuple[str, str, str], list[Result]] = {}
    for row in rows:
        alike.setdefault((row.quirk, row.outcome, row.evidence.message), []).append(row)
    return tuple(
        Sighting(
            row=group[0],
            where=_places(group),
            picture=draw(group[0].evidence.wire),
        )
        for group in alike.values()
    )


def quiet_of(results: Iterable[Result], anchors: Anchors) -> tuple[Quiet, ...]:
    """What was not judged: not applicable, not provable, not supported outside the claim."""
    groups: dict[tuple[str, str, str, Outcome, str], list[Result]] = {}
    for row in results:
        if row.outcome in _QUIET and not severity(row):
            key = (row.adapter, row.venue, row.clause, row.outcome, one_line(row.evidence.message))
            groups.setdefault(key, []).append(row)
    return tuple(
        Quiet(
            anchor=anchors.give(adapter, venue, clause),
            adapter=adapter,
            venue=venue,
            clause=clause,
            title=rows[0].evidence.title,
            outcome=outcome,
            reason=reason,
            where=_places(rows),
        )
        for (adapter, venue, clause, outcome, reason), rows in groups.items()
    )


def _places(rows: Sequence[Result]) -> tuple[str, ...]:
    """Where it was seen: products that agree in case and profiles are told together."""
    profiles: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        profiles.setdefault((row.product, row.quirk), []).append(row.profile)
    products: dict[tuple[str, str], list[str]] = {}
    for (product, quirk), names in profiles.items():
        products.setdefault((_and(names), quirk), []).append(product)
    return tuple(" · ".join(filter(None, (_and(names), told, quirk))) for (told, quirk), names in products.items())


def _and(names: Sequence[str]) -> str:
    return " and ".join(dict.fromkeys(names))
