"""JUnit XML, for the test views of CI systems: one suite per adapter, venue, product and profile; one case per row.

Only what decides may turn a build red: a failure of an adapter that is merely observed is a skipped case that says so.
"""

from itertools import groupby
from xml.etree import ElementTree

from venueproof_contracts.outcomes import Outcome
from venueproof_reports.certificate import Certificate, Result, Run
from venueproof_reports.verdict import severity
from venueproof_reports.wording import blame_words, clock_time, one_line, outcome_words, seed_list, visible


def render_junit(certificate: Certificate) -> str:
    """The certificate as JUnit XML."""
    root = ElementTree.Element("testsuites", name="venueproof")
    runs = {(run.adapter, run.venue): run for run in certificate.runs}
    groups = groupby(certificate.results, key=lambda row: (row.adapter, row.venue, row.product, row.profile))
    for (adapter, venue, *_), rows in groups:
        _add_suite(root, runs[adapter, venue], list(rows), certificate.header.created)
    ElementTree.indent(root, " ")
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=False) + "\n"


def _add_suite(root: ElementTree.Element, run: Run, rows: list[Result], created: str) -> None:
    words = (run.adapter, run.venue, rows[0].product, rows[0].profile)
    suite = ElementTree.SubElement(root, "testsuite", name=one_line(" ".join(filter(None, words))))
    properties = ElementTree.SubElement(suite, "properties")
    facts = {"seeds": seed_list(run.seeds), "clock": run.clock, "observed": str(run.observed).lower()}
    for name, value in facts.items():
        ElementTree.SubElement(properties, "property", name=name, value=value)
    tags = [_add_case(suite, row, ".".join(filter(None, words)), observed=run.observed) for row in rows]
    suite.attrib.update(
        tests=str(len(rows)),
        failures=str(tags.count("failure")),
        errors=str(tags.count("error")),
        skipped=str(tags.count("skipped")),
        timestamp=created.removesuffix("Z"),
        time="0",
    )


def _add_case(suite: ElementTree.Element, row: Result, path: str, *, observed: bool) -> str:
    name = f"{row.clause}[{row.quirk}]" if row.quirk else row.clause
    case = ElementTree.SubElement(suite, "testcase", classname=one_line(path), name=one_line(name), time="0")
    if row.outcome == Outcome.PASS:
        return "passed"
    tag = _tag(row, observed=observed)
    message = _message(row)
    if observed and severity(row):
        message = f"observed, does not decide; {message}"
    detail = ElementTree.SubElement(case, tag, message=message)
    if tag != "skipped":
        detail.set("type", row.outcome.value)
    detail.text = _details(row)
    return tag


def _tag(row: Result, *, observed: bool) -> str:
    if observed or not severity(row):
        return "skipped"
    return "error" if row.outcome == Outcome.HARNESS_ERROR else "failure"


def _message(row: Result) -> str:
    said = one_line(row.evidence.message) or one_line(row.promise)
    return f"{outcome_words(row.outcome)}: {said}"


def _details(row: Result) -> str:
    evidence = row.evidence
    lines = [
        f"{row.clause} {evidence.title}",
        f"Promise: {row.promise}",
        f"Why it hurts: {evidence.why}",
        *([f"Observed: {evidence.message}"] if evidence.message else []),
        *([f"Blame: {blame_words(evidence.blame)}"] if evidence.blame is not None else []),
        *(f"Note: {note}" for note in evidence.notes),
        *(f"{clock_time(step.t_ns)} {step.sender} > {step.receiver}: {step.label}" for step in evidence.wire),
        *([f"Reproduce: {evidence.reproduce}"] if evidence.reproduce else []),
    ]
    return visible("\n".join(lines))
