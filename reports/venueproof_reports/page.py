"""What the page shows, worked out from a certificate: verdicts, matrices, failures, the rest. Knows nothing of HTML."""

from msgspec import Struct

from venueproof_reports.certificate import Certificate
from venueproof_reports.findings import Finding, Quiet, findings_of, quiet_of
from venueproof_reports.matrix import Matrix, matrix_of
from venueproof_reports.verdict import RunVerdict, Verdict, judge
from venueproof_reports.wording import Anchors


class Page(Struct, frozen=True, kw_only=True):
    """The whole page. ``decides``/``observed`` are runs by their say; findings likewise, worst first."""

    certificate: Certificate
    verdict: Verdict
    decides: tuple[RunVerdict, ...]
    observed: tuple[RunVerdict, ...]
    matrices: tuple[Matrix, ...]
    failures: tuple[Finding, ...]
    observed_failures: tuple[Finding, ...]
    explained: tuple[Finding, ...]
    quiet: tuple[Quiet, ...]


def lay_out(certificate: Certificate) -> Page:
    """Work out the page of a certificate."""
    verdict = judge(certificate)
    anchors = Anchors()
    findings = findings_of(certificate, anchors)
    quiet = quiet_of(certificate.results, anchors)
    against = [item for item in findings if item.against]
    told: list[Finding | Quiet] = [*quiet, *reversed(findings)]
    targets = {(item.adapter, item.venue, item.clause): item.anchor for item in told}
    venues = dict.fromkeys(run.venue for run in certificate.runs)
    return Page(
        certificate=certificate,
        verdict=verdict,
        decides=tuple(item for item in verdict.runs if not item.run.observed),
        observed=tuple(item for item in verdict.runs if item.run.observed),
        matrices=tuple(matrix_of(certificate, venue, targets) for venue in venues),
        failures=tuple(item for item in against if not item.observed),
        observed_failures=tuple(item for item in against if item.observed),
        explained=tuple(item for item in findings if not item.against),
        quiet=quiet,
    )
