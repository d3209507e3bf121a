"""The summary in Markdown, fit for the job summary of a CI system: the verdict, the counts, what failed, how to see it.

Text from a certificate is hostile and Markdown has no escaping that holds everywhere, so every character that could
start a construct (or mention somebody) is written as a character reference; commands stand in fenced blocks.
"""

import re
from collections.abc import Sequence

from venueproof_contracts.outcomes import Outcome
from venueproof_reports.certificate import Certificate, Header
from venueproof_reports.findings import Finding
from venueproof_reports.page import Page, lay_out
from venueproof_reports.verdict import RunVerdict
from venueproof_reports.wording import one_line, outcome_words, run_words, seconds_span, seed_list

_FINDINGS_MAX = 50
_TEXT_MAX_CHARS = 500
_SPECIAL = re.compile(r"[\\`*_{}\[\]()<>#+!|~$@&:]|(?<=www)\.", re.IGNORECASE)


def render_markdown(certificate: Certificate) -> str:
    """The certificate as a summary in Markdown."""
    page = lay_out(certificate)
    parts = [
        *(_run_line(item, certificate.header) for item in page.decides),
        _scope(certificate),
        _counts(page),
        *_failures("Failures", page.failures),
        *_failures("Observed failures, which do not decide", page.observed_failures, commands=False),
        _proof(certificate),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def escape(text: str) -> str:
    """The text on one line, of bounded length, with nothing left that Markdown or HTML would read as markup."""
    line = one_line(text)
    if len(line) > _TEXT_MAX_CHARS:
        line = line[:_TEXT_MAX_CHARS] + "…"
    return _SPECIAL.sub(lambda match: f"&#{ord(match[0])};", line)


def _run_line(item: RunVerdict, header: Header) -> str:
    words = run_words(header, item)
    line = f"## {'✅' if item.certified else '❌'} {escape(item.run.adapter)} on {escape(item.run.venue)}: {words}"
    return f"{line}\n\n{escape(item.reason)}." if item.reason else line


def _scope(certificate: Certificate) -> str:
    header = certificate.header
    parts = [
        f"claim **{header.claim}**",
        f"level **{header.level}**",
        f"profiles **{' and '.join(header.profiles)}**",
        f"venueproof {escape(header.product_version)}",
    ]
    if header.selection:
        parts.append(f"only clauses matching {escape(header.selection)}")
    if header.shard:
        parts.append(f"part {header.shard.replace('/', ' of ')}")
    return " · ".join(parts)


def _counts(page: Page) -> str:
    runs = [*page.decides, *page.observed]
    shown = [outcome for outcome in Outcome if any(item.run.counts.get(outcome) for item in runs)]
    head = ["adapter", *(outcome_words(outcome) for outcome in shown), "seeds", "time"]
    return _table(head, [_count_row(item, shown) for item in runs])


def _count_row(item: RunVerdict, shown: Sequence[Outcome]) -> list[str]:
    run = item.run
    spans = f"{seconds_span(run.virtual_seconds)} {run.clock}, {seconds_span(run.wall_seconds)} wall"
    return [_name(item), *(str(run.counts.get(outcome, 0)) for outcome in shown), seed_list(run.seeds), spans]


def _name(item: RunVerdict) -> str:
    note = " (observed)" if item.run.observed else ""
    return f"{escape(item.run.adapter)} on {escape(item.run.venue)}{note}"


def _failures(title: str, findings: Sequence[Finding], *, commands: bool = True) -> list[str]:
    if not findings:
        return []
    shown = findings[:_FINDINGS_MAX]
    head = ["clause", "outcome", "adapter", "promise", "observed"]
    parts = [f"### {title}: {len(findings)}", _table(head, [_finding_row(item) for item in shown])]
    if len(findings) > len(shown):
        parts.append(f"{len(findings) - len(shown)} more are in index.html.")
    lines = [one_line(item.first.evidence.reproduce) for item in shown if item.first.evidence.reproduce]
    return [*parts, _fenced(lines)] if commands and lines else parts


def _finding_row(item: Finding) -> list[str]:
    words = outcome_words(item.outcome)
    return [escape(item.clause), words, escape(item.adapter), escape(item.first.promise), _seen(item)]


def _seen(item: Finding) -> str:
    messages = dict.fromkeys(sighting.row.evidence.message for sighting in item.sightings)
    return "<br>".join(escape(message) for message in messages if message)


def _proof(certificate: Certificate) -> str:
    if not certificate.header.proved:
        return "The suite was not proven in this run."
    killed = sum(kill.killed for kill in certificate.kills)
    survivors = ", ".join(escape(kill.clause) for kill in certificate.kills if not kill.killed)
    text = f"{killed} of {len(certificate.kills)} mutants were caught"
    return f"{text}; survived: {survivors}." if survivors else f"{text}."


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _fenced(lines: Sequence[str]) -> str:
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join((f"{fence}sh", *lines, fence))
